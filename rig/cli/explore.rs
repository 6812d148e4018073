//! `rig explore`.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant as Clock};

use clap::ValueEnum;

use super::{Exit, Manner, STOP, complain};
use crate::explore::{Found, Hunt, Progress, Waits};
use crate::runner::RunError;
use crate::site::library as sites;

/// Arguments of `rig explore`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A site's name (see `rig list sites`) or the path of a site file.
    #[arg(default_value = "yudaihe-beixiaoyuan")]
    site: String,
    /// How long to search.
    #[arg(long, default_value = "60s", value_name = "TIME", value_parser = budget)]
    budget: Duration,
    /// End after so many cases.
    #[arg(long, value_name = "N")]
    cases: Option<u64>,
    /// Begin with this case.
    #[arg(long, value_name = "N", default_value_t = 0)]
    from: u64,
    /// Decides which cases there are.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How waits are drawn.
    #[arg(long, value_enum, default_value_t = Drawn::Anchored)]
    waits: Drawn,
    /// Trials that each of the two stages of shrinking may take.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    shrink_budget: usize,
    /// How many cases run beside each other. Default: one a core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Go on after a failure.
    #[arg(long)]
    keep_going: bool,
    /// Write what was found into this folder.
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Drawn {
    Uniform,
    Mixed,
    Anchored,
}

fn budget(text: &str) -> Result<Duration, String> {
    crate::site::duration(text)
        .map(|span| Duration::from_micros(span.as_us()))
        .map_err(|error| format!("{}; {}", error.message, error.hint))
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, _manner: Manner) -> Exit {
    let site = match sites::find(&arguments.site) {
        Ok(site) => site,
        Err(error) => {
            complain(&error);
            return Exit::Usage;
        }
    };
    let waits = match arguments.waits {
        Drawn::Uniform => Waits::Uniform,
        Drawn::Mixed => Waits::Mixed,
        Drawn::Anchored => Waits::Anchored,
    };
    let hunt = Hunt::new(&site, waits, arguments.seed, arguments.shrink_budget, &STOP);
    let workers =
        arguments.jobs.map_or_else(|| thread::available_parallelism().map_or(1, usize::from), usize::from);
    let (next, enough, begun) = (AtomicU64::new(arguments.from), AtomicBool::new(false), Clock::now());
    let (tell, told) = mpsc::channel::<(u64, Result<Progress, RunError>)>();
    let last = arguments.cases.map_or(u64::MAX, |cases| arguments.from + cases);
    let (mut cases, mut minutes, mut found) = (0u64, 0.0, Vec::<(u64, Found)>::new());
    thread::scope(|scope| {
        for _ in 0..workers {
            let (tell, next, enough, hunt) = (tell.clone(), &next, &enough, &hunt);
            scope.spawn(move || {
                while !enough.load(Ordering::Relaxed) && begun.elapsed() < arguments.budget {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= last || tell.send((number, hunt.case(number))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(tell);
        for (number, result) in told {
            cases += 1;
            match result {
                Ok(progress) => {
                    minutes += progress.lasted.as_us() as f64 / 60e6;
                    if let Some(one) = progress.found {
                        complain_line!(
                            "case {number}: {} ({} -> {} events, {} trials, {})",
                            one.property,
                            one.events.0,
                            one.events.1,
                            one.trials,
                            one.reproduces
                        );
                        found.push((number, one));
                        if !arguments.keep_going {
                            enough.store(true, Ordering::Relaxed);
                        }
                    }
                }
                Err(error) => {
                    complain_line!("case {number}: {error}");
                    enough.store(true, Ordering::Relaxed);
                }
            }
        }
    });
    say!("{cases} cases, {minutes:.0} crossing minutes, {:.1} s", begun.elapsed().as_secs_f64());
    for (number, one) in &found {
        say!("== case {number}: {}", one.property);
        say!("{}", one.scenario.text);
        if let Some(folder) = &arguments.save {
            let _ = std::fs::create_dir_all(folder);
            let _ = std::fs::write(
                folder.join(format!("{}-{number}.toml", one.property.to_lowercase())),
                &one.scenario.text,
            );
        }
    }
    if found.is_empty() { Exit::Passed } else { Exit::Violated }
}
