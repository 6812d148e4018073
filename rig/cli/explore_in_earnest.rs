//! `rig explore` on a controller outside this process, in real time: one case after the other, told as they end.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Instant as Clock;

use emulators::time::Span;

use super::dut::{self, Dut};
use super::explore::{Arguments, save, show_coverage, show_exercised};
use super::{Exit, Manner, READING, STOP, complain};
use crate::campaign::{BENCH_SEED, Came, Earnest, Exercised, Hunt, Shrunk, Sighting};
use crate::runner::{Options, Outcome, RunError, Soft, Table};
use crate::scenario::Scenario;
use crate::site::Site;

/// What all cases came to.
#[derive(Default)]
struct Sum {
    cases: u64,
    lasted: Span,
    exercised: Exercised,
    broken: u64,
    /// Cases without a verdict, by reason.
    without: BTreeMap<String, u64>,
}

/// Runs the command.
pub(super) fn run(site: &Site, arguments: &Arguments, manner: Manner) -> Exit {
    READING.store(true, Ordering::Relaxed);
    let file = match dut::ports_file(arguments.dut, arguments.ports.as_deref()) {
        Ok(file) => file,
        Err(error) => {
            complain(&error);
            return Exit::Usage;
        }
    };
    READING.store(false, Ordering::Relaxed);
    let options = Options { out: None, draw: true, stop: &STOP };
    let mut table = match file.map(|file| Table::open(site, file, &STOP)).transpose() {
        Ok(table) => table,
        Err(error) => return ended_by(&error),
    };
    let bench = move |scenario: &Scenario| match &mut table {
        Some(table) => table.run(site, scenario, BENCH_SEED, options),
        None => dut::run_soft(site, scenario, BENCH_SEED, Dut::Soft, options),
    };
    let begun = Clock::now();
    let left = || {
        let left = arguments.budget.saturating_sub(begun.elapsed());
        Span::from_us(u64::try_from(left.as_micros()).unwrap_or(u64::MAX))
    };
    let hunt =
        Hunt::new(&Soft, site, arguments.waits.waits(), arguments.seed, arguments.shrink_budget, &STOP);
    let mut search = Earnest::new(hunt, bench, arguments.from, arguments.runs, &left);
    let mut sum = Sum::default();
    let trouble = all(&mut search, arguments, &mut sum).err();
    if !manner.quiet {
        show_exercised(&sum.exercised);
        show_coverage(search.covered());
    }
    for (why, cases) in &sum.without {
        say!("{cases} cases without a verdict: {why}");
    }
    say!(
        "{}: {} cases in real time, {} crossing minutes in {:.1} s; {} broke a property",
        site.name,
        sum.cases,
        sum.lasted.as_secs() / 60,
        begun.elapsed().as_secs_f64(),
        sum.broken
    );
    match trouble {
        Some(error) => ended_by(&error),
        None if sum.broken > 0 => Exit::Violated,
        None if sum.cases == 0 => {
            complain_line!(
                "no case came to a verdict; each takes some minutes: give it more time (--budget 30m)"
            );
            Exit::Nothing
        }
        None => Exit::Passed,
    }
}

fn ended_by(error: &RunError) -> Exit {
    if let RunError::Interrupted(_) = error {
        complain_line!("interrupted: what was found up to then is told above");
        return Exit::Interrupted;
    }
    complain(error);
    Exit::Broken
}

fn all(search: &mut Earnest<'_>, arguments: &Arguments, sum: &mut Sum) -> Result<(), RunError> {
    let end = arguments.cases.map_or(u64::MAX, |cases| arguments.from.saturating_add(cases));
    while let Some(case) = search.next(end)? {
        let (number, events, lasts) = (case.number(), case.events(), case.lasts());
        tracing::info!(number, events, "a case of {} s begins", lasts.as_secs());
        let (came, outcome) = search.run(case)?;
        if let Some(outcome) = &outcome {
            count(sum, outcome);
        }
        match came {
            Came::Fine => say!("case {number}: {events} events, {} s: nothing broken", lasts.as_secs()),
            Came::NoVerdict(why) => {
                tracing::info!(number, why, "no verdict");
                *sum.without.entry(why).or_default() += 1;
            }
            Came::Broken(sighting) => {
                sum.broken += 1;
                show(arguments, number, &sighting)?;
                if !arguments.keep_going {
                    break;
                }
            }
        }
        if let Some(trouble) = search.take_trouble() {
            return Err(trouble);
        }
    }
    search.take_trouble().map_or(Ok(()), Err)
}

fn count(sum: &mut Sum, outcome: &Outcome) {
    sum.cases += 1;
    sum.lasted += outcome.ended.since(emulators::time::Instant::ZERO);
    sum.exercised.add(outcome);
}

fn show(arguments: &Arguments, number: u64, sighting: &Sighting) -> Result<(), RunError> {
    let Sighting { property, scenario, events, drawn, small, shrunk, strip } = sighting;
    say!("== case {number} breaks {property}: reproduces {}/{}", drawn.0, drawn.1);
    let by = match shrunk {
        Shrunk::InTheTwin => "in the virtual twin, which fails in the same way",
        Shrunk::InEarnest => "in real time (its virtual twin does not fail)",
    };
    say!("   {} events, shrunk to {} {by}; that reproduces {}/{}", events.0, events.1, small.0, small.1);
    if small.0 == 0 {
        say!("   Time was over before the small case could be seen to fail, or it does not fail.");
    }
    say!("{strip}");
    say!("{}", scenario.text);
    let how = dut::how(arguments.dut, arguments.ports.as_deref()).join(" ");
    let Some(folder) = &arguments.save else {
        say!("   keep it: --save DIR");
        return Ok(());
    };
    let path = save(arguments, folder, number, property, scenario)
        .map_err(|source| RunError::Out { path: folder.clone(), source })?;
    say!("   again: rig check {} {how} --scenario {}", arguments.site, path.display());
    Ok(())
}
