//! Case after case: generated from a number, run, and shrunk where it fails.

use std::sync::atomic::AtomicBool;

use emulators::time::Span;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::generate::{Palette, Waits};
use super::minimise::{Timeline, minimise};
use super::piece::Piece;
use super::player::{Player, Resolved};
use crate::monitor::Verdict;
use crate::runner::{Options, Outcome, RunError, Status, Subject, play, run_on};
use crate::scenario::Scenario;
use crate::site::Site;

/// The seed of everything that is left to chance on the bench: a case is found again by its timeline alone.
const BENCH_SEED: u64 = 1;
/// Every case is at least this long.
const SHORTEST: Span = Span::from_secs(300);
/// Quiet at the end, longer than the longest deadline.
const TAIL: Span = Span::from_secs(150);
/// 2019-06-03 12:00:00, as scenarios that name no time.
const NOON: u32 = 1_559_563_200;

/// One search.
#[derive(Clone, Debug)]
pub struct Hunt<'a, S> {
    subject: &'a S,
    site: &'a Site,
    palette: Palette,
    seed: u64,
    /// Trials that shrinking may take, of each of its stages.
    shrink_budget: usize,
    stop: &'a AtomicBool,
}

/// What a case came to.
#[derive(Debug)]
pub struct Progress {
    /// How long it was.
    pub lasted: Span,
    /// The outcome.
    pub outcome: Outcome,
    /// What was found, if anything.
    pub found: Option<Found>,
}

/// A case that fails, as small as it became.
#[derive(Debug)]
pub struct Found {
    /// The property that it breaks.
    pub property: String,
    /// The scenario.
    pub scenario: Scenario,
    /// Events before and after shrinking.
    pub events: (usize, usize),
    /// Trials that shrinking took.
    pub trials: usize,
    /// Whether the file that is written down breaks the property again.
    pub reproduces: bool,
    /// The outcome of the small case.
    pub outcome: Outcome,
}

/// When a case begins.
#[derive(Clone, Copy, Debug)]
struct Setting {
    starts_at: u32,
    uptime_ms: u64,
}

impl<'a, S: Subject> Hunt<'a, S> {
    /// A search for what `subject` does wrong on a site.
    #[must_use]
    pub fn new(
        subject: &'a S,
        site: &'a Site,
        waits: Waits,
        seed: u64,
        shrink_budget: usize,
        stop: &'a AtomicBool,
    ) -> Hunt<'a, S> {
        Hunt { subject, site, palette: Palette::new(site, waits), seed, shrink_budget, stop }
    }

    /// Runs the case of this number; shrinks it if it fails.
    ///
    /// # Errors
    /// Only what is not the controller's fault.
    pub fn case(&self, number: u64) -> Result<Progress, RunError> {
        let mut runner = runner(self.seed, number);
        let bits = drawn(&mut runner, &any::<u64>());
        let setting = drawn(&mut runner, &setting());
        let strategy = self.palette.pieces(&Palette::swarm(bits));
        let mut tree =
            strategy.new_tree(&mut runner).expect("strategies without filters always give something");
        let (outcome, timeline, resolved) = self.play(setting, tree.current(), Resolved::new(), SHORTEST)?;
        let lasted = timeline.lasts;
        let Some(property) = broken(&outcome) else {
            return Ok(Progress { lasted, outcome, found: None });
        };
        let found = self.shrink(setting, &mut tree, timeline, &resolved, &property)?;
        Ok(Progress { lasted, outcome, found: Some(found) })
    }

    fn play(
        &self,
        setting: Setting,
        pieces: Vec<Piece>,
        resolved: Resolved,
        shortest: Span,
    ) -> Result<(Outcome, Timeline, Resolved), RunError> {
        let mut player = Player::new(pieces, resolved, shortest, TAIL);
        let scenario = template(setting);
        let outcome = play(self.subject, self.site, &scenario, BENCH_SEED, &mut player, self.stop)?;
        let (steps, lasts, resolved) = player.finish();
        Ok((outcome, Timeline { steps, lasts }, resolved))
    }

    fn again(&self, setting: Setting, timeline: &Timeline) -> Result<Outcome, RunError> {
        let scenario = template(setting);
        let mut fixed = crate::driver::Fixed::new(&timeline.steps, timeline.lasts);
        play(self.subject, self.site, &scenario, BENCH_SEED, &mut fixed, self.stop)
    }

    /// The small case as the file that is kept, like any other in the library: what it is for, and what it must exercise.
    fn written(&self, setting: Setting, small: &Timeline, outcome: &Outcome, property: &str) -> Scenario {
        let result = outcome.results.iter().find(|result| result.id == property);
        let title = format!("Breaks {property}, {}", result.map_or("", |result| result.title.as_str()));
        let why = format!(
            "Generated for {}; found by seed {}. Say here what was wrong.",
            self.site.name, self.seed
        );
        // What is violated without having been triggered cannot be asked for.
        let exercised =
            outcome.results.iter().filter(|result| result.triggers > 0).map(|result| result.id.as_str());
        let wanted = exercised.clone().find(|id| *id == property).or(exercised.clone().next());
        let must_exercise = wanted.map(str::to_owned).into_iter().collect();
        let Setting { starts_at, uptime_ms } = setting;
        Scenario::made([&title, &why], must_exercise, starts_at, uptime_ms, small.steps.clone(), small.lasts)
    }

    fn shrink<T: ValueTree<Value = Vec<Piece>>>(
        &self,
        setting: Setting,
        tree: &mut T,
        timeline: Timeline,
        resolved: &Resolved,
        property: &str,
    ) -> Result<Found, RunError> {
        let events = timeline.steps.len();
        let mut best = timeline;
        let mut trials = 0;
        // First stage: proptest's, with every anchor waiting as long as it did.
        let mut more = tree.simplify();
        while more && trials < self.shrink_budget {
            trials += 1;
            let (outcome, timeline, _) = self.play(setting, tree.current(), resolved.clone(), Span::ZERO)?;
            more = if breaks(&outcome, property) {
                best = timeline;
                tree.simplify()
            } else {
                tree.complicate()
            };
        }
        // Second stage: the timeline.
        let mut trouble = None;
        let small = minimise(best, self.shrink_budget, &mut |timeline| {
            trials += 1;
            match self.again(setting, timeline) {
                Ok(outcome) => breaks(&outcome, property),
                Err(error) => {
                    trouble.get_or_insert(error);
                    false
                }
            }
        });
        if let Some(error) = trouble {
            return Err(error);
        }
        let outcome = self.again(setting, &small)?;
        let scenario = self.written(setting, &small, &outcome, property);
        let reproduces = Scenario::load(&scenario.text, "found", BENCH_SEED)
            .map_err(RunError::from)
            .and_then(|loaded| {
                let options = Options { out: None, draw: false, stop: self.stop };
                run_on(self.subject, self.site, &loaded, BENCH_SEED, options)
            })
            .is_ok_and(|outcome| breaks(&outcome, property));
        let events = (events, small.steps.len());
        Ok(Found { property: property.to_owned(), scenario, events, trials, reproduces, outcome })
    }
}

fn runner(seed: u64, number: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&number.to_le_bytes());
    let config = Config { failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

fn drawn<S: Strategy>(runner: &mut TestRunner, strategy: &S) -> S::Value {
    strategy.new_tree(runner).expect("strategies without filters always give something").current()
}

/// Mostly noon and a fresh controller; sometimes where clocks and counters turn over.
fn setting() -> impl Strategy<Value = Setting> {
    let morning = NOON - 5 * 3_600;
    let starts_at = prop_oneof![
        6 => Just(NOON),
        1 => (0u32..86_400).prop_map(|second| NOON - 43_200 + second),
        1 => (0u32..240).prop_map(move |early| morning - early),
        1 => (0u32..240).prop_map(|early| NOON + 9 * 3_600 - early),
        1 => (0u32..240).prop_map(|early| NOON + 12 * 3_600 - early),
    ];
    let uptime_ms = prop_oneof![
        6 => Just(0u64),
        1 => (0u64..240_000).prop_map(|early| (1 << 32) - early),
        1 => (0u64..60_000).prop_map(|early| (1 << 16) * 1_000 - early),
    ];
    (starts_at, uptime_ms).prop_map(|(starts_at, uptime_ms)| Setting { starts_at, uptime_ms })
}

fn broken(outcome: &Outcome) -> Option<String> {
    if outcome.status != Status::Violated {
        return None;
    }
    let mut first: Option<(emulators::time::Instant, &str)> = None;
    for result in &outcome.results {
        if let Verdict::Violated(violation) = &result.verdict
            && first.is_none_or(|(at, _)| violation.at < at)
        {
            first = Some((violation.at, &result.id));
        }
    }
    first.map(|(_, id)| id.to_owned())
}

fn breaks(outcome: &Outcome, property: &str) -> bool {
    outcome
        .results
        .iter()
        .any(|result| result.id == property && matches!(result.verdict, Verdict::Violated(_)))
}

/// What a run needs to know of a case besides its script: clock and counters.
fn template(setting: Setting) -> Scenario {
    let Setting { starts_at, uptime_ms } = setting;
    Scenario::made(["case", "generated"], Vec::new(), starts_at, uptime_ms, Vec::new(), Span::ZERO)
}
