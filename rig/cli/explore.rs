//! `rig explore`.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant as Clock};

use clap::ValueEnum;
use emulators::time::{Instant, Span};

use super::dut::Dut;
use super::{Exit, Manner, STOP, complain, explore_in_earnest};
use crate::campaign::{Coverage, Exercised, Found, Hunt, Waits};
use crate::runner::{Outcome, RunError, Soft};
use crate::scenario::{Scenario, Stimulus};
use crate::site::library as sites;

/// Arguments of `rig explore`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A site's name (see `rig list sites`) or the path of a site file.
    #[arg(default_value = "yudaihe-beixiaoyuan")]
    pub(super) site: String,
    /// How long to search, such as 90s or 30m.
    #[arg(long, default_value = "60s", value_name = "TIME", value_parser = budget)]
    pub(super) budget: Duration,
    /// End after so many cases, whatever the budget.
    #[arg(long, value_name = "N")]
    pub(super) cases: Option<u64>,
    /// Begin with this case.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) from: u64,
    /// Decides which cases there are.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// How waits are drawn: any length; the site's own durations more or less; or tied to the lamps as well.
    #[arg(long, value_enum, default_value_t = Drawn::Anchored)]
    pub(super) waits: Drawn,
    /// Trials that each of the two stages of shrinking may take.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(super) shrink_budget: usize,
    /// What is tested: the soft controller in virtual time; in a process of its own, in real time; or what is
    /// connected to ports.
    #[arg(long, value_enum, default_value_t = Dut::Virtual)]
    pub(super) dut: Dut,
    /// Which cable is plugged into which port.
    #[arg(long, value_name = "FILE", required_if_eq("dut", "ports"))]
    pub(super) ports: Option<PathBuf>,
    /// In real time: how often a case that fails is run, the first time included.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) runs: u32,
    /// How many cases run beside each other. Default: one a core; in real time always one.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Go on after a failure.
    #[arg(long)]
    pub(super) keep_going: bool,
    /// Write what was found into this folder, as scenarios (`fixtures/regressions` is run by `rig check` from then on).
    #[arg(long, value_name = "DIR")]
    pub(super) save: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Drawn {
    Uniform,
    Mixed,
    Anchored,
}

impl Drawn {
    pub(super) const fn waits(self) -> Waits {
        match self {
            Drawn::Uniform => Waits::Uniform,
            Drawn::Mixed => Waits::Mixed,
            Drawn::Anchored => Waits::Anchored,
        }
    }
}

/// A time as people write it.
pub(super) fn budget(text: &str) -> Result<Duration, String> {
    let span = crate::site::duration(text).map_err(|error| format!("{}; {}", error.message, error.hint))?;
    Ok(Duration::from_micros(span.as_us()))
}

/// What all cases came to.
#[derive(Default)]
struct Sum {
    cases: u64,
    lasted: Span,
    exercised: Exercised,
    coverage: Coverage,
    found: Vec<(u64, Found)>,
    trouble: Option<RunError>,
}

/// What a case came to.
struct Case {
    lasted: Span,
    steps: Vec<(Instant, Stimulus)>,
    outcome: Outcome,
    found: Option<Found>,
}

fn case(hunt: &Hunt<'_, Soft>, number: u64) -> Result<Case, RunError> {
    let mut attempt = hunt.attempt(number)?;
    let found = hunt.shrink(&mut attempt)?;
    let (lasted, steps) = (attempt.lasted(), attempt.steps().to_vec());
    Ok(Case { lasted, steps, outcome: attempt.into_outcome(), found })
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, manner: Manner) -> Exit {
    let site = match sites::find(&arguments.site) {
        Ok(site) => site,
        Err(error) => {
            complain(&error);
            return Exit::Usage;
        }
    };
    if arguments.dut != Dut::Virtual {
        return explore_in_earnest::run(&site, arguments, manner);
    }
    let waits = arguments.waits.waits();
    let hunt = Hunt::new(&Soft, &site, waits, arguments.seed, arguments.shrink_budget, &STOP);
    let begun = Clock::now();
    let sum = search(&hunt, arguments, begun);
    if !manner.quiet {
        show_exercised(&sum.exercised);
        show_coverage(&sum.coverage);
    }
    let saved = sum.found.iter().try_for_each(|(number, found)| show_found(arguments, *number, found));
    say!(
        "{}: {} cases, {} crossing minutes in {:.1} s; {} found",
        site.name,
        sum.cases,
        sum.lasted.as_secs() / 60,
        begun.elapsed().as_secs_f64(),
        sum.found.len()
    );
    match (sum.trouble, saved) {
        (Some(RunError::Interrupted(_)), _) => {
            complain_line!("interrupted: what was found up to then is told above");
            Exit::Interrupted
        }
        (Some(error), _) => {
            complain(&error);
            Exit::Broken
        }
        (None, Err(error)) => {
            complain(&error);
            Exit::Broken
        }
        (None, Ok(())) if !sum.found.is_empty() => Exit::Violated,
        (None, Ok(())) if sum.cases == 0 => Exit::Nothing,
        (None, Ok(())) => Exit::Passed,
    }
}

/// Cases on all cores until time is over, something is found, or somebody has had enough.
fn search(hunt: &Hunt<'_, Soft>, arguments: &Arguments, begun: Clock) -> Sum {
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    let workers = arguments.jobs.map_or_else(cores, usize::from);
    let end = arguments.cases.map_or(u64::MAX, |cases| arguments.from.saturating_add(cases));
    let (next, enough) = (AtomicU64::new(arguments.from), AtomicBool::new(false));
    let (tell, told) = mpsc::channel::<(u64, Result<Case, RunError>)>();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (tell, next, enough) = (tell.clone(), &next, &enough);
            scope.spawn(move || {
                while !enough.load(Ordering::Relaxed) && begun.elapsed() < arguments.budget {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= end || tell.send((number, case(hunt, number))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(tell);
        let mut sum = Sum::default();
        for (number, result) in told {
            match result {
                Ok(case) => {
                    sum.cases += 1;
                    sum.lasted += case.lasted;
                    sum.exercised.add(&case.outcome);
                    sum.coverage.add(&case.steps, &case.outcome.seen, case.outcome.ended);
                    if let Some(found) = case.found {
                        tracing::info!(number, property = found.property, "found");
                        sum.found.push((number, found));
                    }
                }
                Err(error) => _ = sum.trouble.get_or_insert(error),
            }
            if sum.trouble.is_some() || (!sum.found.is_empty() && !arguments.keep_going) {
                enough.store(true, Ordering::Relaxed);
            }
        }
        // The order in which they ended is the machine's.
        sum.found.sort_by_key(|(number, _)| *number);
        sum
    })
}

pub(super) fn show_exercised(exercised: &Exercised) {
    say!("property                              cases exercised   smallest margin");
    for (id, row) in exercised.rows() {
        let margin = row.worst.map(|worst| worst.to_string()).unwrap_or_default();
        say!("  {id:<4} {:<30} {:>7} of {:<7}  {margin}", row.title, row.cases, row.of);
    }
    let never: Vec<&str> = exercised.never().collect();
    if !never.is_empty() {
        say!("  never exercised: {}", never.join(" "));
    }
    say!();
}

pub(super) fn show_coverage(coverage: &Coverage) {
    say!("{coverage}");
    let empty = coverage.empty().count();
    say!(
        "cells touched (event, state, third, mode): {}; pairs of event and state never touched: {empty} (dots above)",
        coverage.cells()
    );
    say!();
}

fn show_found(arguments: &Arguments, number: u64, found: &Found) -> std::io::Result<()> {
    let (before, after) = found.events;
    say!(
        "== case {number} breaks {}: {before} events, shrunk to {after} in {} trials",
        found.property,
        found.trials
    );
    say!("{}", found.strip);
    say!("{}", found.scenario.text);
    if !found.reproduces {
        say!(
            "   It does not fail again from this text: the case itself is `--seed {} --from {number} --cases 1`.",
            arguments.seed
        );
    }
    let Some(folder) = &arguments.save else {
        say!(
            "   again: rig explore {} --seed {} --from {number} --cases 1 --save DIR",
            arguments.site,
            arguments.seed
        );
        return Ok(());
    };
    let path = save(arguments, folder, number, &found.property, &found.scenario)?;
    say!("   again: rig check {} --scenario {}", arguments.site, path.display());
    Ok(())
}

/// Writes a case that fails into a folder.
pub(super) fn save(
    arguments: &Arguments,
    folder: &Path,
    number: u64,
    property: &str,
    scenario: &Scenario,
) -> std::io::Result<PathBuf> {
    let name = format!("{}-{}-{number}.toml", property.to_lowercase(), arguments.seed);
    let path = folder.join(name);
    let named =
        |error: std::io::Error| std::io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    std::fs::create_dir_all(folder).map_err(named)?;
    std::fs::write(&path, &scenario.text).map_err(named)?;
    Ok(path)
}
