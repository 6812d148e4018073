//! The same search in earnest: cases on a controller outside the process, in real time, where each takes minutes.
//!
//! Cases are drawn in the virtual twin, where the soft controller stands in for whatever is connected: that resolves what is
//! tied to the lamps, and says what each would touch. Those that promise most for their time go first. What fails is tried
//! again, and made smaller in the twin where the twin fails in the same way, else in earnest while there is time.

use emulators::time::{Instant, Span};

use super::coverage::{Coverage, Touched};
use super::hunt::{Hunt, Setting, breaks, first_broken};
use super::minimise::{Timeline, minimise};
use crate::runner::{Outcome, RunError, Soft, Status};
use crate::scenario::Scenario;

/// So many cases are drawn ahead, to choose from.
const POOL: usize = 60;
/// At most so many trials of shrinking in the twin; in earnest the time decides.
const TWIN_TRIALS: usize = 1_000;

/// Runs a scenario in real time; the error is only ever what is not the controller's fault.
type RunInEarnest<'a> = Box<dyn FnMut(&Scenario) -> Result<Outcome, RunError> + 'a>;

/// A case that waits for its turn.
#[derive(Debug)]
pub struct Proposal {
    number: u64,
    setting: Setting,
    timeline: Timeline,
    touches: Touched,
}

impl Proposal {
    /// The case's number.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Its events.
    #[must_use]
    pub fn events(&self) -> usize {
        self.timeline.steps.len()
    }

    /// How long it takes.
    #[must_use]
    pub const fn lasts(&self) -> Span {
        self.timeline.lasts
    }
}

/// Who made a failing case smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shrunk {
    /// The soft controller in virtual time, which fails in the same way.
    InTheTwin,
    /// What is connected, as far as time allowed.
    InEarnest,
}

/// A case that fails in real time.
#[derive(Debug)]
pub struct Sighting {
    /// The property that it breaks.
    pub property: String,
    /// The scenario, as small as it became.
    pub scenario: Scenario,
    /// Events before and after shrinking.
    pub events: (usize, usize),
    /// In how many of how many runs of the case as it was drawn the property was broken, the first included.
    pub drawn: (u32, u32),
    /// The same of the scenario above.
    pub small: (u32, u32),
    /// Who made it smaller.
    pub shrunk: Shrunk,
    /// The last run in which it failed, drawn.
    pub strip: String,
}

/// What came of a case.
#[derive(Debug)]
pub enum Came {
    /// Nothing was broken.
    Fine,
    /// It cannot be done on this bench, or rig or host were in trouble.
    NoVerdict(String),
    /// A property was broken.
    Broken(Box<Sighting>),
}

/// A search in real time.
pub struct Earnest<'a> {
    hunt: Hunt<'a, Soft>,
    bench: RunInEarnest<'a>,
    /// How often a case that fails is run, the first time included.
    runs: u32,
    /// How much time is left.
    left: &'a dyn Fn() -> Span,
    next: u64,
    pool: Vec<Proposal>,
    covered: Coverage,
}

impl std::fmt::Debug for Earnest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Earnest").field("next", &self.next).finish_non_exhaustive()
    }
}

impl<'a> Earnest<'a> {
    /// A search that begins with case `from`. `bench` runs a scenario in real time, `left` says how much time there still is.
    #[must_use]
    pub fn new(
        hunt: Hunt<'a, Soft>,
        bench: impl FnMut(&Scenario) -> Result<Outcome, RunError> + 'a,
        from: u64,
        runs: u32,
        left: &'a dyn Fn() -> Span,
    ) -> Earnest<'a> {
        let (pool, covered, bench) = (Vec::new(), Coverage::default(), Box::new(bench));
        Earnest { hunt, bench, runs: runs.max(1), left, next: from, pool, covered }
    }

    /// What has been touched in real time.
    #[must_use]
    pub const fn covered(&self) -> &Coverage {
        &self.covered
    }

    /// The case to run next, out of those up to `end`: it touches most that is new for its time, and ends in time.
    ///
    /// # Errors
    /// Only what is not the controller's fault.
    pub fn next(&mut self, end: u64) -> Result<Option<Proposal>, RunError> {
        while self.pool.len() < POOL && self.next < end {
            let (setting, timeline, outcome) = self.hunt.propose(self.next)?;
            let touches = Touched::by(&timeline.steps, &outcome.seen, outcome.ended);
            self.pool.push(Proposal { number: self.next, setting, timeline, touches });
            self.next += 1;
        }
        let left = (self.left)();
        // New cells an hour; of equals the first drawn.
        let worth = |case: &Proposal| {
            let new = self.covered.new_in(&case.touches) as u64;
            new * 3_600_000_000 / case.lasts().as_us().max(1)
        };
        let fits = self.pool.iter().enumerate().filter(|(_, case)| case.lasts() <= left);
        let best = fits.max_by_key(|(_, case)| (worth(case), u64::MAX - case.number)).map(|(place, _)| place);
        Ok(best.map(|place| self.pool.remove(place)))
    }

    /// Runs a case; what fails is run again, made smaller, and run again.
    ///
    /// # Errors
    /// Only what is not the controller's fault, and ends the search.
    pub fn run(&mut self, case: Proposal) -> Result<(Came, Option<Outcome>), RunError> {
        let outcome = self.once(case.setting, &case.timeline)?;
        let why = match &outcome.status {
            Status::Passed | Status::Inconclusive(_) | Status::Violated => None,
            Status::Skipped(why) | Status::Broken(why) => Some(why.clone()),
        };
        if let Some(why) = why {
            return Ok((Came::NoVerdict(why), None));
        }
        // A bench may need a while before the case begins.
        let begins = outcome.ended.since(Instant::ZERO + case.timeline.lasts);
        let steps: Vec<_> =
            case.timeline.steps.iter().map(|(at, what)| (*at + begins, what.clone())).collect();
        self.covered.add(&steps, &outcome.seen, outcome.ended);
        let Some((_, property)) = first_broken(&outcome) else { return Ok((Came::Fine, Some(outcome))) };
        let property = property.to_owned();
        let sighting = self.pursue(case, &property, outcome.strip.clone())?;
        Ok((Came::Broken(Box::new(sighting)), Some(outcome)))
    }

    fn pursue(&mut self, case: Proposal, property: &str, strip: String) -> Result<Sighting, RunError> {
        let Proposal { setting, timeline, .. } = case;
        let events = timeline.steps.len();
        let mut strip = strip;
        let (more, of) = self.confirm(setting, &timeline, property, self.runs - 1, &mut strip)?;
        let drawn = (more + 1, of + 1);
        let twin = self.hunt.breaks_again(setting, &timeline, property)?;
        let (small, shrunk) = if twin {
            let small = minimise(timeline.clone(), TWIN_TRIALS, &mut |smaller| {
                self.hunt.breaks_again(setting, smaller, property).unwrap_or(false)
            });
            (small, Shrunk::InTheTwin)
        } else {
            // What fails now and then must be given as many chances as it took.
            let tries = if drawn.0 == drawn.1 { 1 } else { self.runs };
            (self.shrink_in_earnest(setting, timeline.clone(), property, tries)?, Shrunk::InEarnest)
        };
        let small_runs = if small == timeline {
            drawn
        } else {
            self.confirm(setting, &small, property, self.runs, &mut strip)?
        };
        let scenario = self.hunt.write_down(setting, &small, property)?;
        let events = (events, small.steps.len());
        let property = property.to_owned();
        Ok(Sighting { property, scenario, events, drawn, small: small_runs, shrunk, strip })
    }

    /// In how many of `runs` runs the property is broken; fewer where time is over.
    fn confirm(
        &mut self,
        setting: Setting,
        timeline: &Timeline,
        property: &str,
        runs: u32,
        strip: &mut String,
    ) -> Result<(u32, u32), RunError> {
        let (mut broken, mut done) = (0, 0);
        while done < runs && (self.left)() >= timeline.lasts {
            let outcome = self.once(setting, timeline)?;
            // A run in which the rig was in trouble says nothing.
            if matches!(outcome.status, Status::Skipped(_) | Status::Broken(_)) {
                break;
            }
            done += 1;
            if breaks(&outcome, property) {
                broken += 1;
                strip.clone_from(&outcome.strip);
            }
        }
        Ok((broken, done))
    }

    fn shrink_in_earnest(
        &mut self,
        setting: Setting,
        timeline: Timeline,
        property: &str,
        tries: u32,
    ) -> Result<Timeline, RunError> {
        let mut trouble = None;
        let small = minimise(timeline, usize::MAX, &mut |smaller| {
            let mut fails = false;
            for _ in 0..tries {
                if trouble.is_some() || fails || (self.left)() < smaller.lasts {
                    break;
                }
                match self.once(setting, smaller) {
                    Ok(outcome) => {
                        fails = !matches!(outcome.status, Status::Broken(_)) && breaks(&outcome, property);
                    }
                    Err(error) => trouble = Some(error),
                }
            }
            fails
        });
        trouble.map_or(Ok(small), Err)
    }

    fn once(&mut self, setting: Setting, timeline: &Timeline) -> Result<Outcome, RunError> {
        let Setting { starts_at, uptime_ms } = setting;
        let steps = timeline.steps.clone();
        let title = ["A generated case", "generated"];
        (self.bench)(&Scenario::made(title, Vec::new(), starts_at, uptime_ms, steps, timeline.lasts))
    }
}
