//! `rig teeth`.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant as Clock};

use serde_json::json;

use super::explore::Drawn;
use super::{Exit, Manner, complain};
use crate::campaign::Waits;
use crate::campaign::teeth::{
    Bite, Caught, Defect, Matrix, Odds, Order, Search, TeethError, Workshop, odds_tasks, tasks, try_out,
};

/// Where defects live, below the repository's root.
const DEFECTS: &str = "fixtures/defects";

/// Arguments of `rig teeth`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only defects whose name begins so; may be repeated.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Only every Nth defect.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    every: u16,
    /// Only defects that a property is known to catch; others say `new` (see `fixtures/defects/README.md`).
    #[arg(long)]
    known: bool,
    /// Exploration gives a defect up after so many cases; 0: the suite alone.
    #[arg(long, value_name = "N", default_value_t = 200)]
    cases: u64,
    /// Trials that each of the two stages of shrinking may take.
    #[arg(long, value_name = "N", default_value_t = 400)]
    shrink_budget: usize,
    /// Decides everything that is left to chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The site that defects are tried on, unless they need another.
    #[arg(long, default_value = "yudaihe-beixiaoyuan")]
    site: String,
    /// How many defects are tried beside each other. Default: one a core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Write the table into this file (Markdown, no times on the wall: the same on every machine).
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Write the shrunk cases into this folder, as scenarios.
    #[arg(long, value_name = "DIR")]
    save_cases: Option<PathBuf>,
    /// The folder of the defects. Default: the repository's own.
    #[arg(long, value_name = "DIR")]
    defects: Option<PathBuf>,
    /// Leave out what does not compile, and name it: mutants that a program made need not.
    #[arg(long)]
    sift: bool,
    /// What came of each as JSON on stdout.
    #[arg(long)]
    json: bool,
    /// A wrong controller that goes round in circles is given up after this long.
    #[arg(long, default_value = "10m", value_name = "TIME", value_parser = super::explore::budget)]
    patience: Duration,
    /// The repository: wrong controllers are made from its source.
    #[arg(long, value_name = "DIR", default_value = ".")]
    source: PathBuf,
    /// Instead of the matrix: how soon exploration alone finds each defect, with so many seeds and each way to draw waits.
    #[arg(long, value_name = "SEEDS", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    odds: Option<u64>,
    /// With `--odds`: only this way to draw waits; may be repeated.
    #[arg(long, value_enum, requires = "odds")]
    waits: Vec<Drawn>,
    /// What a search of `--odds` may take on one core.
    #[arg(long, default_value = "60s", value_name = "TIME", value_parser = super::explore::budget)]
    within: Duration,
    /// Name the defects and what each does wrong; build and try nothing.
    #[arg(long)]
    list: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, manner: Manner) -> Exit {
    let defects = match chosen(arguments) {
        Ok(defects) => defects,
        Err(error) => {
            complain(&error);
            return Exit::Usage;
        }
    };
    if defects.is_empty() {
        complain_line!("error: no defect fits; see `rig teeth --list`");
        return Exit::Nothing;
    }
    if arguments.list {
        for defect in defects {
            say!("{}  {}", defect.name, defect.what);
        }
        return Exit::Passed;
    }
    let built = built(arguments, defects);
    let caught_all = built.and_then(|built| match arguments.odds {
        Some(seeds) => odds(arguments, &built, seeds, manner).map(|()| true),
        None => bite(arguments, &built, manner).map(|matrix| matrix.survivors().next().is_none()),
    });
    match caught_all {
        Ok(true) => Exit::Passed,
        Ok(false) => Exit::Violated,
        Err(error) => {
            complain(&error);
            Exit::Broken
        }
    }
}

fn chosen(arguments: &Arguments) -> Result<Vec<Defect>, TeethError> {
    let folder = arguments.defects.clone().unwrap_or_else(|| arguments.source.join(DEFECTS));
    if !folder.is_dir() {
        return Err(TeethError::Build(format!(
            "{} is not there: wrong controllers are made from the source; run this in the repository, or name it with --source",
            folder.display()
        )));
    }
    let all = Defect::all(&folder)?;
    let begins = |defect: &Defect| {
        arguments.only.is_empty() || arguments.only.iter().any(|name| defect.name.starts_with(name.as_str()))
    };
    let known = |defect: &Defect| !arguments.known || !defect.expected.iter().any(|id| id == "new");
    Ok(all.into_iter().filter(begins).filter(known).step_by(usize::from(arguments.every)).collect())
}

/// Wrong controllers, and the program with all of them in it.
struct Built {
    defects: Vec<Defect>,
    /// What did not compile and was left out.
    unviable: Vec<String>,
    program: PathBuf,
}

fn built(arguments: &Arguments, mut defects: Vec<Defect>) -> Result<Built, TeethError> {
    let folder = arguments.source.join("target/teeth");
    let workshop = Workshop { source: arguments.source.clone(), folder };
    let begun = Clock::now();
    complain_line!("building {} wrong controllers ({})", defects.len(), workshop.folder.display());
    let unviable = if arguments.sift { workshop.sift(&mut defects)? } else { Vec::new() };
    if !unviable.is_empty() {
        complain_line!("{} of them do not compile: {}", unviable.len(), unviable.join(", "));
    }
    let program = workshop.build(&defects)?;
    complain_line!("built in {:.0} s", begun.elapsed().as_secs_f64());
    Ok(Built { defects, unviable, program })
}

fn bite(arguments: &Arguments, built: &Built, manner: Manner) -> Result<Matrix, TeethError> {
    let Built { defects, unviable, program } = built;
    let order = Order {
        tasks: tasks(defects, &arguments.site, search(arguments))?,
        suite: true,
        cases: arguments.cases,
        budget: None,
        shrink_budget: arguments.shrink_budget,
        jobs: jobs(arguments),
    };
    let begun = Clock::now();
    let bites = try_out(program, &order, arguments.patience, &mut |bite| {
        if !arguments.json && (!manner.quiet || !bite.is_caught()) {
            show(bite);
        }
    })?;
    if let Some(folder) = &arguments.save_cases {
        save_cases(folder, &bites)?;
    }
    if arguments.json {
        say!("{:#}", json!({ "version": 1, "unviable": unviable, "bites": bites }));
    }
    let matrix = Matrix::new(defects, bites, arguments.cases > 0)?;
    if let Some(path) = &arguments.save {
        write(path, &matrix.to_string())?;
    }
    if arguments.json {
        return Ok(matrix);
    }
    say!("{matrix}");
    say!("{} defects tried in {:.0} s", defects.len(), begun.elapsed().as_secs_f64());
    Ok(matrix)
}

/// How soon exploration finds each defect.
fn odds(arguments: &Arguments, built: &Built, seeds: u64, manner: Manner) -> Result<(), TeethError> {
    let Built { defects, program, .. } = built;
    let tasks = tasks(defects, &arguments.site, search(arguments))?;
    let ways: Vec<Waits> = arguments.waits.iter().map(|drawn| drawn.waits()).collect();
    let order = Order {
        tasks: odds_tasks(&tasks, &ways, arguments.seed, seeds),
        suite: false,
        cases: u64::MAX,
        budget: Some(arguments.within),
        // How small a case becomes is the matrix's.
        shrink_budget: 0,
        jobs: jobs(arguments),
    };
    let bites = try_out(program, &order, arguments.patience, &mut |bite| {
        if !manner.quiet {
            let (name, Search { seed, waits }, cases) = (&bite.name, bite.search, bite.cases);
            let verdict = if bite.explored.is_some() { "found" } else { "not found" };
            complain_line!("{name}, seed {seed}, {}: {verdict} after {cases} cases", waits.name());
        }
    })?;
    let odds = Odds::new(defects, &bites, arguments.within);
    if let Some(path) = &arguments.save {
        write(path, &odds.to_string())?;
    }
    say!("{odds}");
    Ok(())
}

fn search(arguments: &Arguments) -> Search {
    Search { seed: arguments.seed, waits: Waits::Anchored }
}

fn jobs(arguments: &Arguments) -> usize {
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    arguments.jobs.map_or_else(cores, usize::from)
}

/// A line for a defect that has just been tried.
fn show(bite: &Bite) {
    let told = |caught: &Option<Caught>| {
        caught.as_ref().map_or_else(
            || "not caught".to_owned(),
            |caught| {
                let seconds = caught.wall_ms as f64 / 1_000.0;
                format!("{} in {} ({}, {seconds:.1} s)", caught.property, caught.scenario, caught.site)
            },
        )
    };
    let verdict = if bite.is_caught() { "caught  " } else { "SURVIVED" };
    let mut line = format!("{verdict} {}: suite: {}", bite.name, told(&bite.suite));
    if bite.cases > 0 {
        line = format!("{line}; explored: {} after {} cases", told(&bite.explored), bite.cases);
    }
    if let Some(events) = bite.events {
        line = format!("{line}, {events} events");
    }
    if bite.hangs {
        line.push_str(" [hangs within itself]");
    }
    if let Some(trouble) = &bite.trouble {
        line = format!("{line} [{trouble}]");
    }
    say!("{line}");
}

fn save_cases(folder: &Path, bites: &[Bite]) -> Result<(), TeethError> {
    for bite in bites {
        if let (Some(scenario), Some(strip)) = (&bite.scenario, &bite.strip) {
            write(&folder.join(format!("{}.toml", bite.name)), scenario)?;
            write(&folder.join(format!("{}.txt", bite.name)), strip)?;
        }
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), TeethError> {
    let failed = |source| TeethError::Io { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, text).map_err(failed)
}
