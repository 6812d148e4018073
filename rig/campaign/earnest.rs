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
/// A violation is certain when so much more has been recorded.
const SETTLED: Span = Span::from_secs(10);
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
    /// In how many of how many runs of the case as it was drawn (but no longer than needed) the property was broken, the first
    /// included.
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
    trouble: Option<RunError>,
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
        Earnest { hunt, bench, runs: runs.max(1), left, next: from, pool, covered, trouble: None }
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
    /// Only what is not the controller's fault, and ends the search. What comes up once a property has been broken is kept
    /// ([`Earnest::take_trouble`]).
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
        let Some((at, property)) = first_broken(&outcome) else { return Ok((Came::Fine, Some(outcome))) };
        let (at, property) = (at.back(begins), property.to_owned());
        let sighting = self.pursue(case, at, &property, outcome.strip.clone())?;
        Ok((Came::Broken(Box::new(sighting)), Some(outcome)))
    }

    /// What ended the pursuit of a case early, if anything did: what is known of the case is told all the same.
    pub const fn take_trouble(&mut self) -> Option<RunError> {
        self.trouble.take()
    }

    /// What is broken `at` is run again, made smaller, and run again.
    fn pursue(
        &mut self,
        case: Proposal,
        at: Instant,
        property: &str,
        mut strip: String,
    ) -> Result<Sighting, RunError> {
        let Proposal { setting, timeline: whole, number, .. } = case;
        tracing::info!(number, property, "broken; it is run again");
        let events = whole.steps.len();
        // What comes after need not be waited for again, unless it takes part.
        let mut timeline = whole.until(at + SETTLED);
        let mut again = self.confirm(setting, &timeline, property, self.runs - 1, &mut strip);
        if again.0 == 0 && timeline != whole {
            again = self.confirm(setting, &whole, property, self.runs - 1, &mut strip);
            timeline = whole;
        }
        let drawn = (again.0 + 1, again.1 + 1);
        tracing::info!(number, property, "reproduces {}/{}; it is made smaller", drawn.0, drawn.1);
        let twin = self.hunt.breaks_again(setting, &timeline, property)?;
        let (small, shrunk) = if twin {
            let small = minimise(timeline.clone(), TWIN_TRIALS, &mut |smaller| {
                self.hunt.breaks_again(setting, smaller, property).unwrap_or(false)
            });
            (small, Shrunk::InTheTwin)
        } else {
            // What fails now and then must be given as many chances as it took.
            let tries = if drawn.0 == drawn.1 { 1 } else { self.runs };
            (self.shrink_in_earnest(setting, timeline.clone(), property, tries), Shrunk::InEarnest)
        };
        let small_runs = if small == timeline {
            drawn
        } else {
            self.confirm(setting, &small, property, self.runs, &mut strip)
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
    ) -> (u32, u32) {
        let (mut broken, mut done) = (0, 0);
        while done < runs
            && let Some(outcome) = self.once_more(setting, timeline)
        {
            done += 1;
            if breaks(&outcome, property) {
                broken += 1;
                strip.clone_from(&outcome.strip);
            }
        }
        (broken, done)
    }

    fn shrink_in_earnest(
        &mut self,
        setting: Setting,
        timeline: Timeline,
        property: &str,
        tries: u32,
    ) -> Timeline {
        minimise(timeline, usize::MAX, &mut |smaller| {
            (0..tries)
                .any(|_| self.once_more(setting, smaller).is_some_and(|outcome| breaks(&outcome, property)))
        })
    }

    /// Another run of a case, if there is time. Nothing either if rig or host were in trouble: such a run says nothing.
    fn once_more(&mut self, setting: Setting, timeline: &Timeline) -> Option<Outcome> {
        if self.trouble.is_some() || (self.left)() < timeline.lasts {
            return None;
        }
        match self.once(setting, timeline) {
            Ok(outcome) => {
                let broken = first_broken(&outcome).map_or("nothing", |(_, property)| property);
                tracing::info!(events = timeline.steps.len(), broken, "run again");
                (!matches!(outcome.status, Status::Skipped(_) | Status::Broken(_))).then_some(outcome)
            }
            Err(error) => {
                self.trouble = Some(error);
                None
            }
        }
    }

    fn once(&mut self, setting: Setting, timeline: &Timeline) -> Result<Outcome, RunError> {
        let Setting { starts_at, uptime_ms } = setting;
        let steps = timeline.steps.clone();
        let title = ["A generated case", "generated"];
        (self.bench)(&Scenario::made(title, Vec::new(), starts_at, uptime_ms, steps, timeline.lasts))
    }
}
