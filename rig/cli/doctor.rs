//! `rig doctor`: what is wrong with the bench, before a run.

use std::path::PathBuf;

use emulators::time::Span;
use serde_json::{Value, json};

use super::{Exit, Manner, STOP, complain};
use crate::driver::PortsFile;
use crate::driver::port::PortUrl;
use crate::driver::probe::{Examination, ExamineError, Finding, Report, Seen, Severity, describe};
use crate::site::{CableRole, library as sites, read};

/// Arguments of `rig doctor`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Which cable is plugged into which port.
    #[arg(long, value_name = "FILE")]
    ports: PathBuf,
    /// A site's name or the path of a site file.
    #[arg(long, default_value = "yudaihe-beixiaoyuan")]
    site: String,
    /// How long to listen; with a whole cycle (120) heads that never change are found too.
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u64).range(2..=3_600))]
    seconds: u64,
    /// The report as JSON on stdout.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, manner: Manner) -> Exit {
    let files = sites::find(&arguments.site).and_then(|site| {
        let text = read(&arguments.ports)?;
        let ports = PortsFile::load(&text, &arguments.ports.display().to_string())?;
        Ok((site, ports))
    });
    let (site, file) = match files {
        Ok(files) => files,
        Err(error) => {
            complain(&error);
            return Exit::Usage;
        }
    };
    for role in CableRole::ALL {
        if site.wiring.cables[role.index()].is_none() && file.ports[role.index()].is_some() {
            complain_line!(
                "error: {}: {}: this site has no such cable (hint: leave it out)",
                arguments.ports.display(),
                role.name()
            );
            return Exit::Usage;
        }
    }
    let examination = Examination {
        site: &site,
        file: &file,
        listens: Span::from_secs(arguments.seconds),
        clock: super::machine_time(),
        stop: &STOP,
    };
    let quiet = manner.quiet;
    let report = examination.run(&mut |line| {
        if !quiet {
            complain_line!("{line}");
        }
    });
    let report = match report {
        Ok(report) => report,
        Err(ExamineError::Interrupted) => return Exit::Interrupted,
        Err(error) => {
            complain(&error);
            return Exit::Broken;
        }
    };
    let limits = limits(&file);
    if arguments.json {
        say!("{:#}", as_json(arguments, &site.name, &report, &limits, &site.wiring));
    } else {
        show(arguments, &report, &limits, &file, &site.wiring);
    }
    let wrong = report.findings.iter().any(|finding| finding.severity == Severity::Wrong);
    if wrong { Exit::Broken } else { Exit::Passed }
}

/// What this command cannot tell on these ports.
fn limits(file: &PortsFile) -> Vec<String> {
    let of = |wanted: fn(&PortUrl) -> bool| {
        let names =
            CableRole::ALL.into_iter().filter(|role| file.ports[role.index()].as_ref().is_some_and(wanted));
        names.map(CableRole::name).collect::<Vec<_>>().join(", ")
    };
    let mut limits = Vec::new();
    let ptys = of(|url| matches!(url, PortUrl::Pty(_)));
    if !ptys.is_empty() {
        limits.push(format!(
            "a pseudo-terminal carries no parity, no data bits, no voltages: a wrong parity, or wires A and B the wrong \
             way round, cannot be seen at {ptys}"
        ));
    }
    let others = of(|url| matches!(url, PortUrl::Device(_)) && url.is_timeless());
    if !others.is_empty() {
        limits.push(format!(
            "a pseudo-terminal that another program made carries bytes at every rate: neither a wrong rate or parity, nor \
             wires A and B the wrong way round, can be seen at {others}"
        ));
    }
    let networks = of(|url| matches!(url, PortUrl::Tcp(_) | PortUrl::TcpListen(_)));
    if !networks.is_empty() {
        limits.push(format!(
            "a raw network port carries no line settings: other rates were not tried at {networks}"
        ));
    }
    let wires = of(|url| {
        let serial = matches!(url, PortUrl::Device(_) | PortUrl::ById(_) | PortUrl::Usb { .. });
        (serial || matches!(url, PortUrl::Rfc2217(_))) && !url.is_timeless()
    });
    if !wires.is_empty() {
        limits.push(format!(
            "wires A and B the wrong way round look like garbage or like silence, and so does a missing ground: {wires}"
        ));
    }
    limits
}

fn show(
    arguments: &Arguments,
    report: &Report,
    limits: &[String],
    file: &PortsFile,
    wiring: &crate::site::Wiring,
) {
    for seen in &report.seen {
        let bad = concerns(report, seen);
        let word = if bad { "WRONG" } else { "ok" };
        say!("{:<10} {:<28} {word:<6} {}", seen.role.name(), seen.url, describe(wiring, seen));
    }
    let absent: Vec<&str> = CableRole::ALL
        .into_iter()
        .filter(|role| wiring.cables[role.index()].is_some() && file.ports[role.index()].is_none())
        .map(CableRole::name)
        .collect();
    if !absent.is_empty() {
        say!("not in {}: {}", arguments.ports.display(), absent.join(", "));
    }
    for (place, finding) in report.findings.iter().enumerate() {
        say!("");
        let advice = if finding.severity == Severity::Advice { "advice: " } else { "" };
        say!("{}. {advice}{}", place + 1, finding.what);
        say!("   seen: {}", finding.seen);
        say!("   do:   {}", finding.change);
    }
    say!("");
    let wrong = report.findings.iter().filter(|finding| finding.severity == Severity::Wrong).count();
    match wrong {
        0 => say!("nothing is wrong with this bench, as far as {} s tell", arguments.seconds),
        1 => say!("1 thing is wrong with this bench"),
        more => say!("{more} things are wrong with this bench"),
    }
    for limit in limits {
        say!("cannot be told: {limit}");
    }
}

fn concerns(report: &Report, seen: &Seen) -> bool {
    report
        .findings
        .iter()
        .any(|finding| finding.severity == Severity::Wrong && finding.cables.contains(&seen.role))
}

fn as_json(
    arguments: &Arguments,
    site: &str,
    report: &Report,
    limits: &[String],
    wiring: &crate::site::Wiring,
) -> Value {
    let ports: Vec<Value> = report
        .seen
        .iter()
        .map(|seen| {
            json!({
                "cable": seen.role.name(),
                "port": seen.url,
                "ok": !concerns(report, seen),
                "bytes": seen.heard.bytes,
                "seen": describe(wiring, seen),
            })
        })
        .collect();
    let findings: Vec<Value> = report.findings.iter().map(finding).collect();
    json!({
        "version": 1,
        "site": site,
        "ports_file": arguments.ports.display().to_string(),
        "seconds": arguments.seconds,
        "ports": ports,
        "findings": findings,
        "cannot_be_told": limits,
    })
}

fn finding(finding: &Finding) -> Value {
    json!({
        "kind": finding.kind,
        "severity": match finding.severity { Severity::Wrong => "wrong", Severity::Advice => "advice" },
        "cables": finding.cables.iter().map(|role| role.name()).collect::<Vec<_>>(),
        "what": finding.what,
        "seen": finding.seen,
        "do": finding.change,
    })
}
