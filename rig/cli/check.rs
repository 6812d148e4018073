//! `rig check`.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Instant as Clock;

use super::dut::{self, Dut};
use super::show;
use super::{Exit, Manner, READING, STOP, complain};
use crate::driver::PortsFile;
use crate::runner::{Options, Outcome, RunError, Status, Table};
use crate::scenario::{Scenario, library as scenarios};
use crate::site::{FileError, Site, library as sites};

/// Arguments of `rig check`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A site's name (see `rig list sites`) or the path of a site file.
    #[arg(default_value = "yudaihe-beixiaoyuan")]
    site: String,
    /// Only this scenario, by name or path; may be repeated. Without it: all scenarios.
    #[arg(long, value_name = "NAME")]
    scenario: Vec<String>,
    /// Decides everything that is left to chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write `<DIR>/<scenario>/trace.rig` (records) and `trace.txt` (for reading).
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What is tested: the soft controller in virtual time; in a process of its own, in real time; or what is
    /// connected to ports.
    #[arg(long, value_enum, default_value_t = Dut::Virtual)]
    dut: Dut,
    /// Which cable is plugged into which port.
    #[arg(long, value_name = "FILE", required_if_eq("dut", "ports"))]
    ports: Option<PathBuf>,
    /// How many scenarios run beside each other. Default: one a core in virtual time, one in real time.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Stop after the first scenario that does not pass.
    #[arg(long)]
    fail_fast: bool,
    /// Results as JSON on stdout.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, manner: Manner) -> Exit {
    match check(arguments, manner) {
        Ok(exit) => exit,
        Err(error) => {
            complain(&error);
            Exit::Usage
        }
    }
}

fn check(arguments: &Arguments, manner: Manner) -> Result<Exit, FileError> {
    READING.store(true, Ordering::Relaxed);
    let site = sites::find(&arguments.site)?;
    let names = if arguments.scenario.is_empty() { scenarios::names() } else { arguments.scenario.clone() };
    let mut chosen = Vec::new();
    for name in names {
        let scenario = scenarios::find(&name, arguments.seed)?;
        chosen.push((name, scenario));
    }
    let ports = dut::ports_file(arguments.dut, arguments.ports.as_deref())?;
    READING.store(false, Ordering::Relaxed);
    let begun = Clock::now();
    let mut printed = 0;
    let outcomes = run_all(&site, &chosen, arguments, ports, &mut |outcome: &Outcome| {
        printed += 1;
        if !arguments.json {
            show::outcome(outcome, manner);
        }
    });
    let outcomes = match outcomes {
        Ok(outcomes) => outcomes,
        Err(RunError::Interrupted(at)) => {
            complain_line!("interrupted at {at} of scenario {}; a stopped run is not a pass", printed + 1);
            return Ok(Exit::Interrupted);
        }
        Err(error @ (RunError::Property(_) | RunError::Scenario(_))) => {
            complain(&error);
            return Ok(Exit::Usage);
        }
        Err(
            error
            @ (RunError::Out { .. } | RunError::RunAway(_) | RunError::Ports(_) | RunError::Port { .. }),
        ) => {
            complain(&error);
            return Ok(Exit::Broken);
        }
    };
    if arguments.json {
        show::json(&outcomes);
    } else {
        show::summary(&site.name, &outcomes, begun.elapsed(), manner);
    }
    Ok(Exit::of(&outcomes))
}

/// Runs the scenarios on all cores and hands each outcome on as soon as it and all before it are there. Each run is a
/// world of its own, so nothing depends on how they are spread.
fn run_all(
    site: &Site,
    chosen: &[(String, Scenario)],
    arguments: &Arguments,
    ports: Option<PortsFile>,
    done: &mut dyn FnMut(&Outcome),
) -> Result<Vec<Outcome>, RunError> {
    let options = Options { out: arguments.out.as_deref(), draw: true, stop: &STOP };
    let (next, enough) = (AtomicUsize::new(0), AtomicBool::new(false));
    if let Some(file) = ports {
        return run_on_table(site, chosen, arguments, options, file, done);
    }
    let workers = workers(arguments).min(chosen.len());
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (tell, next, enough) = (tell.clone(), &next, &enough);
            scope.spawn(move || {
                while !enough.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some((argument, scenario)) = chosen.get(index) else { break };
                    let result = one(argument, scenario, arguments, || {
                        dut::run_soft(site, scenario, arguments.seed, arguments.dut, options)
                    });
                    if arguments.fail_fast && !matches!(&result, Ok(outcome) if fine(outcome)) {
                        enough.store(true, Ordering::Relaxed);
                    }
                    // Nobody listens any more: somebody before this one failed.
                    let _ = tell.send((index, result));
                }
            });
        }
        drop(tell);
        let outcomes = in_order(&told, chosen.len(), arguments.fail_fast, done);
        enough.store(true, Ordering::Relaxed);
        outcomes
    })
}

/// How many runs at a time. In real time one, where nothing else is asked for: runs beside each other make each other
/// late; and a table holds one crossing.
fn workers(arguments: &Arguments) -> usize {
    let asked = arguments.jobs.map(usize::from);
    match arguments.dut {
        Dut::Virtual => asked.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from)),
        Dut::Soft => asked.unwrap_or(1),
        Dut::Ports => 1,
    }
}

/// Hands outcomes on in the order asked for, up to the first error, or with `fail_fast` the first that is not fine.
fn in_order(
    told: &mpsc::Receiver<(usize, Result<Outcome, RunError>)>,
    expected: usize,
    fail_fast: bool,
    done: &mut dyn FnMut(&Outcome),
) -> Result<Vec<Outcome>, RunError> {
    let mut early: Vec<Option<Result<Outcome, RunError>>> = (0..expected).map(|_| None).collect();
    let mut outcomes = Vec::with_capacity(expected);
    for (index, result) in told {
        early[index] = Some(result);
        while let Some(result) = early.get_mut(outcomes.len()).and_then(Option::take) {
            let outcome = result?;
            done(&outcome);
            let stop_here = fail_fast && !fine(&outcome);
            outcomes.push(outcome);
            if stop_here {
                return Ok(outcomes);
            }
        }
    }
    Ok(outcomes)
}

fn fine(outcome: &Outcome) -> bool {
    matches!(outcome.status, Status::Passed | Status::Skipped(_))
}

/// One run, with its beginning and end told to who wants to hear, under the names that were asked for.
fn one(
    argument: &str,
    scenario: &Scenario,
    arguments: &Arguments,
    run: impl FnOnce() -> Result<Outcome, RunError>,
) -> Result<Outcome, RunError> {
    tracing::info!(scenario = scenario.name, seed = arguments.seed, "begins");
    let mut outcome = run()?;
    outcome.site_argument.clone_from(&arguments.site);
    argument.clone_into(&mut outcome.scenario_argument);
    outcome.how = dut::how(arguments.dut, arguments.ports.as_deref());
    tracing::info!(scenario = scenario.name, records = outcome.records, "ended at {}", outcome.ended);
    Ok(outcome)
}

/// Runs the scenarios one after the other against what is connected.
fn run_on_table(
    site: &Site,
    chosen: &[(String, Scenario)],
    arguments: &Arguments,
    options: Options<'_>,
    file: PortsFile,
    done: &mut dyn FnMut(&Outcome),
) -> Result<Vec<Outcome>, RunError> {
    let mut table = Table::open(site, file, &STOP)?;
    let mut outcomes = Vec::new();
    for (argument, scenario) in chosen {
        let outcome =
            one(argument, scenario, arguments, || table.run(site, scenario, arguments.seed, options))?;
        done(&outcome);
        let enough = arguments.fail_fast && !fine(&outcome);
        outcomes.push(outcome);
        if enough {
            break;
        }
    }
    Ok(outcomes)
}
