//! The judge: takes changes of signals in order of time, steps the checks that depend on them, lets deadlines run out
//! at their own instants, and tells what became of each property.
//!
//! An instant has three parts: its inputs (all changes and events with that time, judged together, with every `held`
//! that becomes true then), the `recent`s that end after it, and the deadlines that run out with it. So an input at the
//! instant of a deadline is in time, and a state that lasted no time at all never was.

use emulators::time::{Instant, Span};

use super::assemble::{Assembled, Assembler};
use super::board::Board;
use super::compile::Compiler;
use super::parse::{ParseError, Scope, closest};
use super::pattern::{Frame, Now, Pattern};
use super::property::{Property, PropertyError};
use super::signal::{Change, SignalId, Value, Vocabulary};
use super::tally::Tally;
use super::timers::Timers;
use super::verdict::{Found, PropertyResult, Unit, Verdict, Violation};
use crate::site::{CableRole, Limits};

/// A check that runs.
#[derive(Clone)]
struct Running {
    pattern: Pattern,
    scope: Option<u32>,
    tolerance: u64,
    lag: u64,
    /// What it depends on has been seen without a break since.
    since: u64,
    due: u64,
    tally: Tally,
    /// Its property's place.
    property: usize,
    /// Violations already told.
    told: usize,
}

/// A property in the engine.
#[derive(Clone)]
struct Judged {
    id: String,
    title: String,
    sentence: String,
    /// Why it is not judged at all.
    excused: Option<Verdict>,
    /// What to say if nothing of it was exercised.
    unseen: Verdict,
}

/// Judges properties over changes of signals.
#[derive(Clone)]
pub struct Engine {
    board: Board,
    checks: Vec<Running>,
    properties: Vec<Judged>,
    timers: Timers,
    /// The instant whose inputs are being collected.
    now: u64,
    begun: bool,
    expiring: Vec<u32>,
    ending: Vec<u32>,
    fresh: Vec<Found>,
    sight: Option<Box<Sight>>,
}

/// Checks that can be judged only while something is seen.
#[derive(Clone)]
struct Sight {
    /// True while it is not.
    signal: SignalId,
    /// Places of the checks, and each as it was before anything happened.
    checks: Vec<(usize, Pattern)>,
    why: &'static str,
}

impl Engine {
    /// Compiles properties for a site: its limits, its policy, the cables it has.
    ///
    /// # Errors
    /// A text that cannot be read, or a name nobody knows; with file, line, key and hint.
    pub fn new(
        properties: &[Property],
        vocabulary: &Vocabulary,
        limits: &Limits,
        policy: &str,
        cables: &[CableRole],
    ) -> Result<Engine, PropertyError> {
        let mut compiler = Compiler::new(Scope { vocabulary, limits });
        let mut checks = Vec::new();
        let mut judged = Vec::new();
        for (place, property) in properties.iter().enumerate() {
            let excused = excuse(property, policy, cables)?;
            if excused.is_none() {
                for check in &property.checks {
                    let mut assembler = Assembler { compiler: &mut compiler, property, check };
                    let Assembled { pattern, scope, tolerance } = assembler.assemble()?;
                    let tally = Tally::default();
                    let (lag, since, due, told) = (0, 0, u64::MAX, 0);
                    checks.push(Running {
                        pattern,
                        scope,
                        tolerance,
                        lag,
                        since,
                        due,
                        tally,
                        property: place,
                        told,
                    });
                }
            }
            let unseen = missing(property, "partly", &property.partly, cables)?;
            let unseen = unseen.unwrap_or(Verdict::NotExercised);
            let (id, title, sentence) =
                (property.id.clone(), property.title.clone(), property.sentence.clone());
            judged.push(Judged { id, title, sentence, excused, unseen });
        }
        let items = compiler.derived() + checks.len();
        Ok(Engine {
            board: compiler.board(),
            checks,
            properties: judged,
            timers: Timers::new(items),
            now: 0,
            begun: false,
            expiring: Vec::new(),
            ending: Vec::new(),
            fresh: Vec::new(),
            sight: None,
        })
    }

    /// Says that a signal may be known up to `lag` later than it became true, so that deadlines of checks that depend
    /// on it wait that long before they speak. The verdict and its instant stay those of the deadline.
    pub fn set_lag(&mut self, signal: SignalId, lag: Span) {
        for place in self.depend_on(signal) {
            let check = &mut self.checks[place];
            check.lag = check.lag.max(lag.as_us());
        }
    }

    /// As [`Engine::set_lag`], for every signal.
    pub fn set_lag_of_all(&mut self, lag: Span) {
        for check in &mut self.checks {
            check.lag = check.lag.max(lag.as_us());
        }
    }

    /// Says that while the flag `blind` is true nothing is known of `signals`: checks that depend on them are
    /// inconclusive from then on (unless they are violated by what is seen), with the reason `why`, and begin anew when it
    /// becomes false.
    pub fn set_sight(&mut self, blind: SignalId, signals: &[SignalId], why: &'static str) {
        let mut places: Vec<usize> = signals.iter().flat_map(|signal| self.depend_on(*signal)).collect();
        places.sort_unstable();
        places.dedup();
        let checks = places.into_iter().map(|place| (place, self.checks[place].pattern.clone())).collect();
        self.sight = Some(Box::new(Sight { signal: blind, checks, why }));
    }

    /// The places of the checks that look at a signal, directly or through what is derived from it.
    fn depend_on(&self, signal: SignalId) -> Vec<usize> {
        let mut checks =
            self.board.rows.get(signal.0 as usize).map(|row| row.checks.to_vec()).unwrap_or_default();
        checks.resize(self.checks.len().div_ceil(64), 0);
        let mut sources = vec![u32::from(signal.0)];
        for watch in &self.board.watches {
            if watch.sources.iter().any(|source| sources.contains(source)) {
                checks.iter_mut().zip(&watch.checks).for_each(|(checks, more)| *checks |= more);
                sources.extend(watch.feeds.iter().map(|feed| self.board.rows.len() as u32 + feed));
            }
        }
        let holds = |place: &usize| checks[place / 64] & (1 << (place % 64)) != 0;
        (0..self.checks.len()).filter(holds).collect()
    }

    /// Something is not seen any more, or again.
    #[cold]
    fn looks(&mut self, blind: bool) {
        let Some(sight) = &self.sight else { return };
        for (place, pattern) in &sight.checks {
            let check = &mut self.checks[*place];
            check.due = u64::MAX;
            if blind {
                check.pattern = Pattern::Blind;
                check.tally.doubt(self.now, || sight.why.to_owned());
            } else {
                check.pattern = pattern.clone();
                check.since = self.now;
                self.board.awake[place / 64] |= 1 << (place % 64);
                self.board.woken = true;
                self.board.pending = true;
            }
        }
    }

    /// Takes a change. Changes come in order of `at`; what lies before is judged first.
    #[inline(always)]
    pub fn change(&mut self, change: &Change) {
        if self.sight.as_ref().is_some_and(|sight| sight.signal == change.signal) {
            self.move_to(change.at.as_us().max(self.now));
            self.looks(change.value == Value::Level(1));
        }
        if !self.begun || self.board.uses(change.signal.0) {
            self.take(change);
        }
        // Otherwise time passes with the next change that matters.
    }

    #[inline]
    fn take(&mut self, change: &Change) {
        let at = change.at.as_us();
        if at > self.now || !self.begun {
            self.move_to(at);
        }
        self.board.apply(change);
    }

    /// Lets time pass: all deadlines before `now` run out at their own instants. Those at `now` wait for the inputs of
    /// that instant, until the next call.
    pub fn advance(&mut self, now: Instant) {
        let now = now.as_us();
        if now > self.now || !self.begun {
            self.move_to(now);
        }
    }

    /// The next instant at which something is to be judged, if nothing happens before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let next = if self.board.pending { self.now } else { self.timers.next() };
        (next != u64::MAX).then(|| Instant::from_us(next))
    }

    /// Whether there is a property of this id, judged or not.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        self.properties.iter().any(|property| property.id == id)
    }

    /// Violations since the last call.
    pub fn take_violations(&mut self) -> Vec<Found> {
        std::mem::take(&mut self.fresh)
    }

    /// Ends the record at `now` and tells what became of every property.
    #[must_use]
    pub fn finish(&mut self, now: Instant) -> Vec<PropertyResult> {
        self.advance(now);
        let end = self.now;
        self.catch_up(end.saturating_add(1));
        let mut results = Vec::with_capacity(self.properties.len());
        for (place, property) in self.properties.iter().enumerate() {
            let mut sum = Sum::default();
            for check in self.checks.iter().filter(|check| check.property == place) {
                let mut tally = check.tally.clone();
                let now = Now { board: &self.board, at: end, after: true, first: false };
                let (scope, tolerance, lag, since) = (check.scope, check.tolerance, check.lag, check.since);
                let left = check.pattern.close(&mut Frame {
                    now,
                    tally: &mut tally,
                    scope,
                    tolerance,
                    lag,
                    since,
                    counted: false,
                });
                sum.add(tally, left);
            }
            results.push(sum.result(property));
        }
        results
    }

    #[inline]
    fn move_to(&mut self, at: u64) {
        if !self.begun {
            self.now = at;
            self.begun = true;
            self.board.begin(at, &mut self.timers);
            self.board.pending = true;
            return;
        }
        if self.board.pending || self.timers.next() < at {
            self.catch_up(at);
        }
        self.now = at;
    }

    /// Judges every instant before `at`.
    fn catch_up(&mut self, at: u64) {
        loop {
            let next = if self.board.pending { self.now } else { self.timers.next() };
            if next >= at {
                return;
            }
            self.instant(next);
        }
    }

    #[inline]
    fn instant(&mut self, at: u64) {
        let first = self.board.pending && self.board.is_first();
        if self.timers.next() <= at {
            self.collect(at);
        }
        self.board.pending = false;
        self.turn(at, false, first);
        if first {
            self.board.begun();
        }
        if self.timers.next() > at && self.ending.is_empty() && self.expiring.is_empty() {
            return;
        }
        self.collect(at);
        for derived in std::mem::take(&mut self.ending) {
            self.board.look_again(derived);
        }
        self.turn(at, true, false);
        self.collect(at);
        let mut expiring = std::mem::take(&mut self.expiring);
        for place in expiring.drain(..) {
            if self.checks[place as usize].due <= at {
                self.step(place as usize, at, (true, false), Pattern::expire);
            } else {
                let items = self.board.derived.len() as u32;
                self.timers.set(items + place, self.checks[place as usize].due);
            }
        }
        self.expiring = expiring;
    }

    /// Sorts the items whose instant has come.
    fn collect(&mut self, at: u64) {
        let derived = self.board.derived.len() as u32;
        while let Some(item) = self.timers.pop(at) {
            if item >= derived {
                self.expiring.push(item - derived);
                continue;
            }
            match self.board.due(item) {
                (due, _) if due > at => self.timers.set(item, due),
                (_, true) => self.board.look_again(item),
                (_, false) => self.ending.push(item),
            }
        }
    }

    /// Brings watches up to date and steps the checks that follow those that changed.
    #[inline]
    fn turn(&mut self, at: u64, after: bool, first: bool) {
        self.board.run(at, after, &mut self.timers);
        if !std::mem::take(&mut self.board.woken) && !first {
            self.board.end_turn();
            return;
        }
        for word in 0..self.board.awake.len() {
            let mut awake = std::mem::take(&mut self.board.awake[word]);
            while awake != 0 {
                let place = word * 64 + awake.trailing_zeros() as usize;
                awake &= awake - 1;
                if place < self.checks.len() {
                    self.step(place, at, (after, first), Pattern::step);
                }
            }
        }
        self.board.end_turn();
    }

    #[inline]
    fn step(
        &mut self,
        place: usize,
        at: u64,
        (after, first): (bool, bool),
        what: impl FnOnce(&mut Pattern, &mut Frame<'_>) -> u64,
    ) {
        let check = &mut self.checks[place];
        let now = Now { board: &self.board, at, after, first };
        let (scope, tolerance, lag, since) = (check.scope, check.tolerance, check.lag, check.since);
        let mut frame = Frame { now, tally: &mut check.tally, scope, tolerance, lag, since, counted: false };
        check.due = what(&mut check.pattern, &mut frame);
        let counted = frame.counted;
        self.timers.set((self.board.derived.len() + place) as u32, check.due);
        if counted {
            self.board.unfollow(place);
        }
        if check.tally.first.len() > check.told {
            let id = &self.properties[check.property].id;
            let new = check.tally.first[check.told..].iter();
            self.fresh.extend(new.map(|violation| Found { id: id.clone(), violation: violation.clone() }));
            check.told = check.tally.first.len();
        }
    }

    /// Obligations, timers and events held, for tests of boundedness.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.checks.iter().map(|check| check.pattern.held()).sum::<usize>() + self.timers.len()
    }
}

/// Why a property is not judged on this site, if so.
fn excuse(property: &Property, policy: &str, cables: &[CableRole]) -> Result<Option<Verdict>, PropertyError> {
    let missing = missing(property, "needs", &property.needs, cables)?;
    let applies = property.policies.is_empty() || property.policies.iter().any(|name| name == policy);
    Ok(if applies { missing } else { Some(Verdict::NotApplicable) })
}

/// The cables of a list that this site does not have make a property not observable.
fn missing(
    property: &Property,
    key: &str,
    list: &[String],
    cables: &[CableRole],
) -> Result<Option<Verdict>, PropertyError> {
    let mut missing = None;
    for need in list {
        let names = CableRole::ALL.map(CableRole::name);
        let Some(role) = CableRole::ALL.into_iter().find(|role| role.name() == need) else {
            let ParseError { message, .. } = ParseError::unknown("cable", need, names.into_iter());
            let hint = closest(need, names.into_iter()).map_or_else(
                || format!("cables are {}", names.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            let (file, line, key) = (property.file.clone(), property.line, key.to_owned());
            return Err(PropertyError { file, line, key, message, hint: Some(hint) });
        };
        if !cables.contains(&role) {
            missing = Some(Verdict::NotObservable { reason: format!("no {need} cable") });
        }
    }
    Ok(missing)
}

/// The checks of a property together.
#[derive(Default)]
struct Sum {
    tally: Tally,
    left: Option<u64>,
}

impl Sum {
    fn add(&mut self, tally: Tally, left: Option<u64>) {
        let sum = &mut self.tally;
        sum.triggers += tally.triggers;
        sum.violations += tally.violations;
        sum.first.extend(tally.first);
        sum.first.sort_by_key(|violation| violation.at);
        let earlier = |a: &Violation, b: &Violation| if a.at <= b.at { a.clone() } else { b.clone() };
        sum.unsure = match (sum.unsure.take(), tally.unsure) {
            (Some(a), Some(b)) => Some(earlier(&a, &b)),
            (a, b) => a.or(b),
        };
        // What is beyond its bound first; then a margin in time says more than one in a signal's unit.
        let rank =
            |margin: &super::verdict::Margin| (margin.amount >= 0, margin.unit != Unit::Time, margin.amount);
        sum.worst = sum.worst.into_iter().chain(tally.worst).min_by_key(rank);
        self.left = self.left.into_iter().chain(left).min();
    }

    fn result(self, property: &Judged) -> PropertyResult {
        let tally = self.tally;
        let verdict = if let Some(excused) = &property.excused {
            excused.clone()
        } else if let Some(first) = tally.first.first() {
            Verdict::Violated(first.clone())
        } else if let Some(place) = tally.unsure {
            Verdict::Inconclusive(place)
        } else if let Some(left) = self.left {
            Verdict::Pending { left: Span::from_us(left) }
        } else if tally.triggers > 0 {
            Verdict::Passed
        } else {
            property.unseen.clone()
        };
        // What is wrong by its order or its number has no margin, and a margin that was kept is not that of the violation.
        let kept = |worst: &super::verdict::Margin| worst.amount >= 0;
        let violated = matches!(verdict, Verdict::Violated(_));
        PropertyResult {
            id: property.id.clone(),
            title: property.title.clone(),
            sentence: property.sentence.clone(),
            worst: tally.worst.filter(|worst| !violated || !kept(worst)),
            verdict,
            triggers: tally.triggers,
            violations: tally.violations,
            first: tally.first,
        }
    }
}
