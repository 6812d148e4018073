//! `when = EDGE, then = EXPR or EDGE, within = B or [A, B]`: after each edge the answer comes in that time.
//!
//! An answer that is a state counts if it is true at some instant of the interval, one that is an edge if it occurs in
//! it; both ends belong to the interval. `unless` (before the answer) and the end of `while` discharge the obligation,
//! and a discharged one is no exercise. Margin: the deadline minus the answer (for an edge also the answer minus the
//! earliest instant, where there is one); negative for a late answer, or for the end of the record if none came.
//! An obligation found broken at its deadline stays only to learn how late the answer was.
//!
//! At most [`MOST`] obligations are held. Where only a latest instant is set, further ones cannot be worse than those
//! held and are let go; otherwise more of them make the check inconclusive.

use std::collections::VecDeque;

use emulators::time::{Instant, Span};

use super::{Answer, Frame, Length, Trigger, due, minus};
use crate::monitor::parts::Stamp;
use crate::monitor::verdict::Unit;

/// Obligations held at once.
pub(in crate::monitor) const MOST: usize = 256;

/// An answer that is owed.
#[derive(Clone, Copy, Debug)]
struct Obligation {
    start: Stamp,
    /// Widened; `None`: from the start.
    from: Option<u64>,
    within: u64,
    /// The bound may lie so much later.
    vague: u64,
    late: bool,
}

/// The machine.
#[derive(Clone, Debug)]
pub(in crate::monitor) struct Responds {
    when: Trigger,
    then: Answer,
    from: Option<Length>,
    within: Length,
    unless: Option<u32>,
    text: [String; 2],
    open: VecDeque<Obligation>,
}

impl Responds {
    pub(in crate::monitor) fn new(
        when: Trigger,
        then: Answer,
        (from, within): (Option<Length>, Length),
        unless: Option<u32>,
        text: [String; 2],
    ) -> Responds {
        Responds { when, then, from, within, unless, text, open: VecDeque::new() }
    }

    pub(in crate::monitor) fn step(&mut self, frame: &mut Frame<'_>) -> u64 {
        // A timer that ends the state at this instant ends it after this instant, for whoever waited before.
        if let Answer::State(watch) = &self.then
            && frame.now.after
            && frame.now.down(*watch).is_some()
        {
            let up = frame.now.board.watches[*watch as usize].up;
            self.open.retain(|one| !one.state(up, frame, &self.text));
        }
        if let Some(start) = self.when.fires(&frame.now)
            && frame.now.holds(frame.scope)
        {
            self.start(start, frame);
        }
        if self.open.is_empty() {
            return u64::MAX;
        }
        self.answer(frame);
        let now = &frame.now;
        if self.unless.is_some_and(|unless| now.is(unless)) || !now.holds(frame.scope) {
            for obligation in self.open.drain(..) {
                if obligation.late {
                    let (_, longest) = Stamp::exact(now.at).after(obligation.start);
                    frame.tally.margin(minus(obligation.within, longest), Unit::Time, now.at);
                } else {
                    frame.tally.triggers -= 1;
                }
            }
        }
        self.deadline(frame.now.at, frame.lag)
    }

    fn start(&mut self, start: Stamp, frame: &mut Frame<'_>) {
        let from = self.from.as_ref().map(|from| from.now(&frame.now));
        let (Some(within), true) = (self.within.now(&frame.now), from != Some(None)) else { return };
        frame.tally.triggers += 1;
        let from = from.flatten().map(|from| from.saturating_sub(frame.tolerance)).filter(|from| *from > 0);
        let within = within.saturating_add(frame.tolerance);
        let vague = self.within.vague(&frame.now);
        let obligation = Obligation { start, from, within, vague, late: false };
        if self.open.len() >= MOST {
            let latest = self.open.iter().map(|one| one.start.hi.saturating_add(one.within)).min();
            if from.is_some() || latest.is_some_and(|latest| start.hi.saturating_add(within) < latest) {
                frame.tally.doubt(start.lo, || format!("more than {MOST} answers owed at once"));
            }
            return;
        }
        self.open.push_back(obligation);
    }

    /// Strikes out what is answered now.
    fn answer(&mut self, frame: &mut Frame<'_>) {
        let now = frame.now;
        match &self.then {
            Answer::Edge(edge) => {
                if let Some(stamp) = edge.fires(&now) {
                    self.open.retain(|one| !one.edge(stamp, frame, &self.text));
                }
            }
            Answer::State(watch) => {
                let watch = *watch;
                let state = &now.board.watches[watch as usize];
                if state.value {
                    let up = state.up;
                    self.open.retain(|one| !one.state(up, frame, &self.text));
                }
            }
        }
    }

    pub(in crate::monitor) fn expire(&mut self, frame: &mut Frame<'_>) -> u64 {
        if matches!(self.then, Answer::State(_)) {
            self.answer(frame);
        }
        let (now, lag) = (frame.now.at, frame.lag);
        for one in self.open.iter_mut().filter(|one| !one.late) {
            if due(one.start.hi, one.within + one.vague, lag) <= now {
                one.late = true;
                let (start, within) = (one.start.instant(), one.within);
                frame.tally.violate(one.start.hi + within + one.vague, || words(&self.text, within, start));
            }
        }
        self.deadline(frame.now.at, frame.lag)
    }

    pub(in crate::monitor) fn close(&self, frame: &mut Frame<'_>) -> Option<u64> {
        let mut left = None;
        let end = frame.now.at;
        for one in &self.open {
            let (shortest, longest) = Stamp::exact(end).after(one.start);
            if one.late || one.within + one.vague < shortest {
                frame.tally.margin(minus(one.within, longest), Unit::Time, end);
            } else {
                let still = (one.within + one.vague) - shortest;
                left = Some(left.map_or(still, |left: u64| left.min(still)));
            }
        }
        left
    }

    fn deadline(&self, now: u64, lag: u64) -> u64 {
        let state = matches!(self.then, Answer::State(_));
        let next = |one: &Obligation| match one.from {
            // Not yet answered by a state that may be true already: look when the interval opens.
            Some(from) if state && now < one.start.hi.saturating_add(from) => due(one.start.hi, from, 0),
            Some(_) | None => due(one.start.hi, one.within + one.vague, lag),
        };
        self.open.iter().filter(|one| !one.late).map(next).min().unwrap_or(u64::MAX)
    }

    #[cfg(test)]
    pub(in crate::monitor) fn held(&self) -> usize {
        self.open.len()
    }
}

impl Obligation {
    /// An edge happened: whether that settles the obligation.
    fn edge(&self, edge: Stamp, frame: &mut Frame<'_>, text: &[String; 2]) -> bool {
        let soonest = minus(edge.lo, self.start.hi);
        let latest = minus(edge.hi, self.start.lo);
        if latest < self.from.unwrap_or(0) as i64 {
            return false;
        }
        let early = |delay: i64| self.from.map_or(i64::MAX, |from| delay.saturating_sub(from as i64));
        // What was seen after the start is no answer from before it: instants are late by what the ports make them late,
        // and that does not turn the order round.
        let certain = minus(self.within, latest.max(0) as u64).min(early(soonest));
        let possible = minus(self.within + self.vague, soonest.max(0) as u64).min(early(latest));
        self.settle(certain, possible, edge.lo, frame, text);
        true
    }

    /// The state is true since `up`: whether that settles the obligation.
    fn state(&self, up: Stamp, frame: &mut Frame<'_>, text: &[String; 2]) -> bool {
        let from = self.from.unwrap_or(0);
        if frame.now.at < self.start.hi.saturating_add(from) {
            return false;
        }
        let (soonest, latest) = up.after(self.start);
        let (soonest, latest) = (soonest.max(from), latest.max(from));
        let at = up.lo.max(self.start.lo.saturating_add(from));
        let possible = minus(self.within + self.vague, soonest);
        self.settle(minus(self.within, latest), possible, at, frame, text);
        true
    }

    fn settle(&self, certain: i64, possible: i64, at: u64, frame: &mut Frame<'_>, text: &[String; 2]) {
        if self.late {
            frame.tally.margin(certain, Unit::Time, at);
            return;
        }
        let (start, within) = (self.start.instant(), self.within);
        frame.tally.judge(certain, possible, at, || words(text, within, start));
    }
}

fn words(text: &[String; 2], within: u64, start: Instant) -> String {
    let within = Span::from_us(within);
    match text {
        [says, nothing] if nothing.is_empty() => format!("{says}: not within {within} s of {start}"),
        [when, then] => format!("{then} not within {within} s of {when} at {start}"),
    }
}
