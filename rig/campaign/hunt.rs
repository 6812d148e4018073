//! Case after case: generated from a number, run, and shrunk where it fails.

use std::fmt;
use std::sync::atomic::AtomicBool;

use emulators::time::{Instant, Span};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::generate::{Palette, Waits};
use super::minimise::{Timeline, minimise};
use super::piece::Piece;
use super::player::{Player, Resolved};
use crate::monitor::Verdict;
use crate::runner::{Options, Outcome, RunError, Soft, Subject, play, run_on};
use crate::scenario::{Scenario, Stimulus};
use crate::site::Site;

/// The seed of everything that is left to chance on the bench: a case is found again by its timeline alone.
pub const BENCH_SEED: u64 = 1;
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
    compared: bool,
    stop: &'a AtomicBool,
}

/// A case that was run, and what is needed to shrink it.
pub struct Attempt {
    setting: Setting,
    tree: Box<dyn ValueTree<Value = Vec<Piece>>>,
    timeline: Timeline,
    resolved: Resolved,
    outcome: Outcome,
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("timeline", &self.timeline).finish_non_exhaustive()
    }
}

impl Attempt {
    /// What came of it.
    #[must_use]
    pub const fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// How long it was.
    #[must_use]
    pub const fn lasted(&self) -> Span {
        self.timeline.lasts
    }

    /// The outcome alone.
    #[must_use]
    pub fn into_outcome(self) -> Outcome {
        self.outcome
    }

    /// What was done.
    #[must_use]
    pub fn steps(&self) -> &[(Instant, Stimulus)] {
        &self.timeline.steps
    }
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
    /// The small case, drawn.
    pub strip: String,
}

/// When a case begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    pub(super) starts_at: u32,
    pub(super) uptime_ms: u64,
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
        Hunt { subject, site, palette: Palette::new(site, waits), seed, shrink_budget, compared: false, stop }
    }

    /// Runs the case of this number.
    ///
    /// # Errors
    /// Only what is not the controller's fault.
    pub fn attempt(&self, number: u64) -> Result<Attempt, RunError> {
        let (setting, tree) = self.draw(number);
        let (outcome, timeline, resolved) = self.play(setting, tree.current(), Resolved::new(), SHORTEST)?;
        Ok(Attempt { setting, tree, timeline, resolved, outcome })
    }

    fn draw(&self, number: u64) -> (Setting, Box<dyn ValueTree<Value = Vec<Piece>>>) {
        let mut runner = runner(self.seed, number);
        let bits = drawn(&mut runner, &any::<u64>());
        let setting = drawn(&mut runner, &setting());
        let strategy = self.palette.pieces(&Palette::swarm(bits));
        let tree = strategy.new_tree(&mut runner).expect("strategies without filters always give something");
        (setting, Box::new(tree))
    }

    /// The case of this number, no longer than its events and their consequences take, and what came of it.
    pub(super) fn propose(&self, number: u64) -> Result<(Setting, Timeline, Outcome), RunError> {
        let (setting, tree) = self.draw(number);
        let (outcome, timeline, _) = self.play(setting, tree.current(), Resolved::new(), Span::ZERO)?;
        Ok((setting, timeline, outcome))
    }

    /// Whether a timeline breaks the property.
    pub(super) fn breaks_again(
        &self,
        setting: Setting,
        timeline: &Timeline,
        property: &str,
    ) -> Result<bool, RunError> {
        Ok(breaks(&self.again(setting, timeline)?, property))
    }

    /// A timeline as the file that is kept.
    pub(super) fn write_down(
        &self,
        setting: Setting,
        timeline: &Timeline,
        property: &str,
    ) -> Result<Scenario, RunError> {
        let outcome = self.again(setting, timeline)?;
        Ok(self.written(setting, timeline, &outcome, property))
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

    /// The same search with another controller.
    fn of<'b, T: Subject>(&'b self, subject: &'b T) -> Hunt<'b, T> {
        Hunt {
            subject,
            site: self.site,
            palette: self.palette.clone(),
            seed: self.seed,
            shrink_budget: self.shrink_budget,
            compared: false,
            stop: self.stop,
        }
    }

    /// The same search, in which every violation is held against the sound controller's run of the same case.
    #[must_use]
    pub const fn compared(mut self) -> Hunt<'a, S> {
        self.compared = true;
        self
    }

    /// Whether the sound controller keeps the property that this one breaks. Without a comparison it is taken to.
    fn is_its_own(&self, setting: Setting, timeline: &Timeline, property: &str) -> Result<bool, RunError> {
        if !self.compared {
            return Ok(true);
        }
        Ok(!breaks(&self.of(&Soft).again(setting, timeline)?, property))
    }

    /// The property that a case broke first, and when, unless the sound controller breaks it as well: then it is the judge that
    /// errs.
    ///
    /// # Errors
    /// Only what is not the controller's fault.
    pub fn first_of_its_own<'b>(&self, attempt: &'b Attempt) -> Result<Option<(Instant, &'b str)>, RunError> {
        let Some((at, property)) = first_broken(&attempt.outcome) else { return Ok(None) };
        let own = self.is_its_own(attempt.setting, &attempt.timeline, property)?;
        Ok(own.then_some((at, property)))
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

    /// Makes a case smaller as long as it breaks the property that it broke first. Nothing if it broke none.
    ///
    /// # Errors
    /// Only what is not the controller's fault.
    pub fn shrink(&self, attempt: &mut Attempt) -> Result<Option<Found>, RunError> {
        let Some((_, property)) = first_broken(&attempt.outcome) else { return Ok(None) };
        let property = property.to_owned();
        let Attempt { setting, tree, timeline, resolved, .. } = attempt;
        let setting = *setting;
        let events = timeline.steps.len();
        let mut best = timeline.clone();
        let mut trials = 0;
        // First stage: proptest's, with every anchor waiting as long as it did.
        let mut more = tree.simplify();
        while more && trials < self.shrink_budget {
            trials += 1;
            let (outcome, timeline, _) = self.play(setting, tree.current(), resolved.clone(), Span::ZERO)?;
            more = if breaks(&outcome, &property) && self.is_its_own(setting, &timeline, &property)? {
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
                Ok(outcome) if breaks(&outcome, &property) => {
                    self.is_its_own(setting, timeline, &property).unwrap_or(false)
                }
                Ok(_) => false,
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
        let scenario = self.written(setting, &small, &outcome, &property);
        let again = Scenario::load(&scenario.text, "found", BENCH_SEED).map_err(RunError::from).and_then(
            |loaded| {
                let options = Options { out: None, draw: true, stop: self.stop };
                run_on(self.subject, self.site, &loaded, BENCH_SEED, options)
            },
        )?;
        let reproduces = breaks(&again, &property);
        let events = (events, small.steps.len());
        Ok(Some(Found { property, scenario, events, trials, reproduces, strip: again.strip }))
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

/// The property that was broken first, and when.
#[must_use]
pub fn first_broken(outcome: &Outcome) -> Option<(Instant, &str)> {
    let mut first: Option<(Instant, &str)> = None;
    for result in &outcome.results {
        if let Verdict::Violated(violation) = &result.verdict
            && first.is_none_or(|(at, _)| violation.at < at)
        {
            first = Some((violation.at, &result.id));
        }
    }
    first
}

pub(super) fn breaks(outcome: &Outcome, property: &str) -> bool {
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
