//! `rig calibrate`: how late each port hands over, written into the ports file.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use emulators::time::Span;
use serde_json::json;

use super::{Exit, STOP, complain};
use crate::driver::PortsFile;
use crate::driver::calibration::{self, Entry};
use crate::driver::probe::{LoopBack, MeasureError, Measured, measure};
use crate::site::{CableRole, Site, library as sites, read};

/// Arguments of `rig calibrate`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Which cable is plugged into which port; what is measured is written into it.
    #[arg(long, value_name = "FILE")]
    ports: PathBuf,
    /// A site's name or the path of a site file.
    #[arg(long, default_value = "yudaihe-beixiaoyuan")]
    site: String,
    /// This cable's port is looped back (TX bridged to RX); may be repeated.
    #[arg(long, value_name = "CABLE", value_parser = cable)]
    loopback: Vec<CableRole>,
    /// Messages for each port.
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    samples: u32,
    /// The results as JSON on stdout.
    #[arg(long)]
    json: bool,
}

fn cable(text: &str) -> Result<CableRole, String> {
    CableRole::ALL
        .into_iter()
        .find(|role| role.name() == text)
        .ok_or_else(|| format!("no such cable; there are {}", CableRole::ALL.map(CableRole::name).join(", ")))
}

/// How soon an interrupt is noticed.
const SOON: Duration = Duration::from_millis(50);

/// What came of one cable.
type Result1 = (CableRole, Result<Measured, MeasureError>);

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Exit {
    let shown = arguments.ports.display().to_string();
    let files = sites::find(&arguments.site).and_then(|site| {
        let text = read(&arguments.ports)?;
        let file = PortsFile::load(&text, &shown)?;
        Ok((site, text, file))
    });
    let (site, text, file) = match files {
        Ok(files) => files,
        Err(error) => {
            complain(&error);
            return Exit::Usage;
        }
    };
    if let Some(role) = arguments.loopback.iter().find(|role| file.ports[role.index()].is_none()) {
        complain_line!("error: {shown}: {} is not in [ports]: nothing to loop back", role.name());
        return Exit::Usage;
    }
    if let Err(error) = calibration::writable(&arguments.ports) {
        complain_line!(
            "error: {shown}: cannot be written: {error} (hint: nothing was measured; make it writable)"
        );
        return Exit::Usage;
    }
    let results = match measure_all(arguments, &site, &file) {
        Ok(results) => results,
        Err(error) => {
            complain(&error);
            return Exit::Broken;
        }
    };
    if STOP.load(Ordering::Relaxed) {
        complain_line!("interrupted: nothing was written");
        return Exit::Interrupted;
    }
    let entries = entries(&results);
    if !entries.is_empty() {
        let new = match calibration::written(&text, &shown, &entries) {
            Ok(new) => new,
            Err(error) => {
                complain(&error);
                return Exit::Usage;
            }
        };
        if let Err(error) = calibration::replace(&arguments.ports, &new) {
            complain_line!("error: {shown}: {error}: the file is as it was");
            return Exit::Broken;
        }
    }
    show(arguments, &results, &entries);
    let failed = results
        .iter()
        .any(|(_, result)| matches!(result, Err(error) if !matches!(error, MeasureError::NobodyAsked(_))));
    if failed || entries.is_empty() { Exit::Broken } else { Exit::Passed }
}

fn measure_all(arguments: &Arguments, site: &Site, file: &PortsFile) -> std::io::Result<Vec<Result1>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut results = Vec::new();
    for role in CableRole::ALL {
        let (Some(url), Some(_)) = (&file.ports[role.index()], site.wiring.cables[role.index()]) else {
            continue;
        };
        if STOP.load(Ordering::Relaxed) {
            break;
        }
        complain_line!("measuring {} at {url}", role.name());
        let loop_back = if arguments.loopback.contains(&role) { LoopBack::Yes } else { LoopBack::No };
        let measured = runtime.block_on(async {
            tokio::select! {
                measured = measure(url, role, &site.wiring, loop_back, arguments.samples) => Some(measured),
                () = interrupted() => None,
            }
        });
        results.extend(measured.map(|measured| (role, measured)));
    }
    Ok(results)
}

/// Returns soon after somebody wants it all to end.
async fn interrupted() {
    while !STOP.load(Ordering::Relaxed) {
        tokio::time::sleep(SOON).await;
    }
}

fn entries(results: &[Result1]) -> Vec<Entry> {
    let date = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let date: String = date.chars().take(10).collect();
    results
        .iter()
        .filter_map(|(role, result)| {
            let measured = result.as_ref().ok()?;
            Some(Entry {
                role: *role,
                p50: measured.times.quantile(500),
                p99_9: measured.times.quantile(999),
                worst: measured.times.worst(),
                samples: measured.times.total(),
                date: date.clone(),
                method: measured.method.name(),
            })
        })
        .collect()
}

fn ms(span: Span) -> String {
    format!("{}.{:03} ms", span.as_us() / 1_000, span.as_us() % 1_000)
}

fn show(arguments: &Arguments, results: &[Result1], entries: &[Entry]) {
    if arguments.json {
        let cables: Vec<_> = results
            .iter()
            .map(|(role, result)| match result {
                Ok(measured) => json!({
                    "cable": role.name(), "method": measured.method.name(), "samples": measured.times.total(),
                    "lost": measured.lost, "p50_us": measured.times.quantile(500).as_us(),
                    "p99_9_us": measured.times.quantile(999).as_us(), "worst_us": measured.times.worst().as_us(),
                }),
                Err(error) => json!({ "cable": role.name(), "not_measured": error.to_string() }),
            })
            .collect();
        say!("{:#}", json!({ "version": 1, "cables": cables, "written": !entries.is_empty() }));
        return;
    }
    for (role, result) in results {
        match result {
            Ok(measured) => {
                let lost =
                    if measured.lost > 0 { format!(", {} lost", measured.lost) } else { String::new() };
                say!(
                    "{:<10} half within {}, 99.9 % within {}, worst {} of {} ({}{lost})",
                    role.name(),
                    ms(measured.times.quantile(500)),
                    ms(measured.times.quantile(999)),
                    ms(measured.times.worst()),
                    measured.times.total(),
                    measured.method.name()
                );
            }
            Err(error) => say!("{:<10} not measured: {error}", role.name()),
        }
    }
    if entries.is_empty() {
        say!("nothing was measured, nothing written");
    } else {
        say!(
            "written to {}: instants at these ports are known to the worst of it",
            arguments.ports.display()
        );
    }
}
