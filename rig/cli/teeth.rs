//! `rig teeth`.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant as Clock;

use super::{Exit, Manner, complain};
use crate::campaign::teeth::{Bite, Caught, Defect, Matrix, Order, TeethError, Workshop, tasks, try_out};

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
    #[arg(long, value_name = "N", default_value_t = 500)]
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
    /// The repository: wrong controllers are made from its source.
    #[arg(long, value_name = "DIR", default_value = ".")]
    source: PathBuf,
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
    match bite(arguments, &defects, manner) {
        Ok(matrix) if matrix.survivors().next().is_none() => Exit::Passed,
        Ok(_) => Exit::Violated,
        Err(error) => {
            complain(&error);
            Exit::Broken
        }
    }
}

fn chosen(arguments: &Arguments) -> Result<Vec<Defect>, TeethError> {
    let folder = arguments.source.join(DEFECTS);
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

fn bite(arguments: &Arguments, defects: &[Defect], manner: Manner) -> Result<Matrix, TeethError> {
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    let order = Order {
        tasks: tasks(defects, &arguments.site)?,
        seed: arguments.seed,
        cases: arguments.cases,
        shrink_budget: arguments.shrink_budget,
        jobs: arguments.jobs.map_or_else(cores, usize::from),
    };
    let folder = arguments.source.join("target/teeth");
    let workshop = Workshop { source: arguments.source.clone(), folder };
    let begun = Clock::now();
    complain_line!("building {} wrong controllers ({})", defects.len(), workshop.folder.display());
    let program = workshop.build(defects)?;
    complain_line!("built in {:.0} s", begun.elapsed().as_secs_f64());
    let begun = Clock::now();
    let bites = try_out(&program, &order, &mut |bite| {
        if !manner.quiet || !bite.is_caught() {
            show(bite);
        }
    })?;
    if let Some(folder) = &arguments.save_cases {
        save_cases(folder, &bites)?;
    }
    let matrix = Matrix::new(defects, bites, arguments.cases > 0)?;
    if let Some(path) = &arguments.save {
        write(path, &matrix.to_string())?;
    }
    say!("{matrix}");
    say!("{} defects tried in {:.0} s", defects.len(), begun.elapsed().as_secs_f64());
    Ok(matrix)
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
