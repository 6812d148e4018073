//! Lets suite and exploration at wrong controllers. Runs in the generated crate's program.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant as Clock};

use emulators::controller::Config;
use emulators::device::Device;
use emulators::time::{Instant, Span};
use serde::{Deserialize, Serialize};

use crate::campaign::{Hunt, Waits, first_broken};
use crate::monitor::Verdict;
use crate::runner::{Options, Outcome, RunError, Subject, run_on};
use crate::scenario::library as scenarios;
use crate::site::{Site, library as sites};

/// Makes a controller.
pub type Make = fn(&Config, Option<&[u8]>) -> Box<dyn Device<Act = (), Sight = ()>>;

/// A wrong controller, compiled.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    /// Its defect's name.
    pub name: &'static str,
    /// Makes one.
    pub make: Make,
}

impl Subject for Made {
    type Controller = Box<dyn Device<Act = (), Sight = ()>>;

    fn make(&self, config: &Config, persisted: Option<&[u8]>) -> Self::Controller {
        (self.make)(config, persisted)
    }
}

/// What is to be done, as JSON on the program's standard input.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Order {
    /// Defects in order.
    pub tasks: Vec<Task>,
    /// Whether the suite is run.
    pub suite: bool,
    /// Exploration gives up after so many cases; 0: no exploration.
    pub cases: u64,
    /// Exploration gives up after so long, too; no limit if it is not there.
    pub budget: Option<Duration>,
    /// Trials for each of the two stages of shrinking.
    pub shrink_budget: usize,
    /// Defects tried beside each other.
    pub jobs: usize,
}

/// One defect to be tried.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Task {
    /// Its name.
    pub name: String,
    /// Sites, in order, until one catches it.
    pub sites: Vec<String>,
    /// What is left to chance.
    pub search: Search,
}

/// What decides the cases of an exploration. The suite has the seed alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// Everything that is left to chance.
    pub seed: u64,
    /// How waits are drawn.
    pub waits: Waits,
}

/// A line of the program's: the place of a task in the order, and what of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Told {
    Begins(usize),
    Done(usize, Box<Bite>),
}

/// What came of a defect.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Bite {
    /// The defect's name.
    pub name: String,
    /// By which search.
    pub search: Search,
    /// How the suite caught it.
    pub suite: Option<Caught>,
    /// All properties that it broke in the suite, on the site where it was caught.
    pub properties: Vec<String>,
    /// How exploration caught it.
    pub explored: Option<Caught>,
    /// Cases that exploration tried.
    pub cases: u64,
    /// Events of the shrunk case.
    pub events: Option<usize>,
    /// The shrunk case as a scenario file.
    pub scenario: Option<String>,
    /// The shrunk case as a strip.
    pub strip: Option<String>,
    /// What stopped the trial: a crash of the controller, or trouble of the rig's own.
    pub trouble: Option<String>,
    /// The controller went round in circles within itself and had to be killed.
    pub hangs: bool,
}

/// The first violation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Caught {
    /// On which site.
    pub site: String,
    /// The scenario's name, or the case's number.
    pub scenario: String,
    /// The property.
    pub property: String,
    /// Crossing time up to it, all runs before it included, in µs.
    pub virtual_us: u64,
    /// Time on the wall up to it, in ms.
    pub wall_ms: u64,
}

/// Tries the defects that are ordered on standard input; a line of JSON each.
#[must_use]
pub fn serve(table: &[Made]) -> ExitCode {
    let order: Order = match serde_json::from_reader(std::io::stdin().lock()) {
        Ok(order) => order,
        Err(error) => {
            eprintln!("this program is started by `rig teeth`: {error}");
            return ExitCode::from(2);
        }
    };
    // A controller that crashes is told of in its line.
    std::panic::set_hook(Box::new(|_| {}));
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..order.jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(task) = order.tasks.get(place) else { return };
                    if !tell(&Told::Begins(place)) {
                        return;
                    }
                    let made = table.iter().find(|made| made.name == task.name);
                    let bite = made.map_or_else(|| missing(task), |made| bite(made, task, &order));
                    if !tell(&Told::Done(place, Box::new(bite))) {
                        return;
                    }
                }
            });
        }
    });
    ExitCode::SUCCESS
}

/// Whether anybody still listens.
fn tell(told: &Told) -> bool {
    let line = serde_json::to_string(told).unwrap_or_default();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).is_ok()
}

fn missing(task: &Task) -> Bite {
    let trouble = Some("this program has no such controller".to_owned());
    Bite { name: task.name.clone(), search: task.search, trouble, ..Bite::default() }
}

fn bite(made: &Made, task: &Task, order: &Order) -> Bite {
    let mut bite = Bite { name: task.name.clone(), search: task.search, ..Bite::default() };
    let tried = catch_unwind(AssertUnwindSafe(|| {
        for name in task.sites.iter().filter(|_| order.suite) {
            suite(made, name, &mut bite)?;
            if bite.suite.is_some() {
                break;
            }
        }
        if order.cases > 0 {
            let site = bite.suite.as_ref().map_or(&task.sites[0], |caught| &caught.site).clone();
            explore(made, &site, order, &mut bite)?;
        }
        Ok::<(), String>(())
    }));
    match tried {
        Ok(Ok(())) => {}
        Ok(Err(trouble)) => bite.trouble = Some(trouble),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("no words");
            bite.trouble = Some(format!("crashed: {text}"));
        }
    }
    bite
}

/// Every scenario on a site; goes on after the first violation, to see all properties that bite.
fn suite(made: &Made, site: &str, bite: &mut Bite) -> Result<(), String> {
    let stop = AtomicBool::new(false);
    let site = site_of(site)?;
    let begun = Clock::now();
    let mut before = Span::ZERO;
    for name in scenarios::names() {
        let seed = bite.search.seed;
        let scenario = scenarios::find(&name, seed).map_err(|error| error.to_string())?;
        let options = Options { out: None, draw: false, stop: &stop };
        let Some(outcome) = attempt(run_on(made, &site, &scenario, seed, options), bite)? else {
            continue;
        };
        if let Some((at, property)) = first_broken(&outcome) {
            bite.suite.get_or_insert_with(|| caught(&site, &scenario.name, property, before, at, begun));
            bite.properties.extend(violated(&outcome));
        }
        before += outcome.ended.since(Instant::ZERO);
    }
    bite.properties.sort();
    bite.properties.dedup();
    Ok(())
}

/// A run that went round in circles is told of, and the next one may still catch the defect.
fn attempt(result: Result<Outcome, RunError>, bite: &mut Bite) -> Result<Option<Outcome>, String> {
    match result {
        Ok(outcome) => Ok(Some(outcome)),
        Err(error @ RunError::RunAway(_)) => {
            bite.trouble.get_or_insert_with(|| error.to_string());
            Ok(None)
        }
        Err(error) => Err(error.to_string()),
    }
}

fn explore(made: &Made, site: &str, order: &Order, bite: &mut Bite) -> Result<(), String> {
    let stop = AtomicBool::new(false);
    let site = site_of(site)?;
    let Search { seed, waits } = bite.search;
    let hunt = Hunt::new(made, &site, waits, seed, order.shrink_budget, &stop).compared();
    let begun = Clock::now();
    let mut before = Span::ZERO;
    for number in 0..order.cases {
        if order.budget.is_some_and(|budget| begun.elapsed() > budget) {
            break;
        }
        bite.cases = number + 1;
        let mut attempt = match hunt.attempt(number) {
            Ok(attempt) => attempt,
            Err(RunError::RunAway(_)) => continue,
            Err(error) => return Err(error.to_string()),
        };
        if let Some((at, property)) = hunt.first_of_its_own(&attempt).map_err(|error| error.to_string())? {
            let case = format!("case {number}");
            bite.explored = Some(caught(&site, &case, property, before, at, begun));
            let found = hunt.shrink(&mut attempt).map_err(|error| error.to_string())?;
            if let Some(found) = found.filter(|found| found.reproduces) {
                bite.events = Some(found.events.1);
                bite.scenario = Some(found.scenario.text);
                bite.strip = Some(found.strip);
            }
            return Ok(());
        }
        before += attempt.lasted();
    }
    Ok(())
}

fn site_of(name: &str) -> Result<Site, String> {
    sites::find(name).map_err(|error| error.to_string())
}

fn caught(site: &Site, scenario: &str, property: &str, before: Span, at: Instant, begun: Clock) -> Caught {
    Caught {
        site: site.name.clone(),
        scenario: scenario.to_owned(),
        property: property.to_owned(),
        virtual_us: (before + at.since(Instant::ZERO)).as_us(),
        wall_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    }
}

fn violated(outcome: &Outcome) -> impl Iterator<Item = String> + '_ {
    let violated = |verdict: &Verdict| matches!(verdict, Verdict::Violated(_));
    outcome.results.iter().filter(move |result| violated(&result.verdict)).map(|result| result.id.clone())
}

/// Sites in the order in which they are tried: those that `needs` names, else all, the usual one first.
pub(super) fn sites_for(needs: Option<&str>, usual: &str) -> Result<Vec<String>, String> {
    let all = sites::names();
    let Some(needs) = needs else {
        let others = all.into_iter().filter(|name| name != usual);
        return Ok(std::iter::once(usual.to_owned()).chain(others).collect());
    };
    let fits = |name: &String| {
        sites::find(name)
            .is_ok_and(|site| site.policy() == needs || (needs == "sensed" && site.wiring.sense.is_some()))
    };
    let fitting: Vec<String> = all.into_iter().filter(fits).collect();
    if fitting.is_empty() {
        return Err(format!("no site has `{needs}`: a policy (see `rig list sites`) or `sensed`"));
    }
    Ok(fitting)
}
