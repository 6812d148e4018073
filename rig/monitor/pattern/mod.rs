//! The patterns a check can have, one file each. Every pattern is a small machine: `step` when something it follows
//! changed, `expire` when its deadline came, `close` at the end of the record. What it holds is bounded.
//!
//! Common rules: closed intervals, in whole microseconds; an input at the instant of a deadline comes before the
//! deadline; every time bound is widened by the check's tolerance; a thing that happened between two instants is
//! judged for all of them: kept for all, passed; for none, violated; otherwise inconclusive. `while` must be true at the
//! instant something starts and as long as it runs, otherwise it is not judged.

mod agree;
mod counts_to;
mod every;
mod held;
mod lasts;
mod never;
mod responds;
mod seen;
mod share;
mod steps;
mod transitions;
mod value;

pub(super) use agree::Agree;
pub(super) use counts_to::CountsTo;
pub(super) use every::Every;
pub(super) use held::Held;
pub(super) use lasts::Lasts;
pub(super) use never::{Exercise, Never};
pub(super) use responds::Responds;
pub(super) use seen::Seen;
pub(super) use share::Share;
pub(super) use steps::Steps;
pub(super) use transitions::Transitions;
pub(super) use value::Value;

use super::board::Board;
use super::parts::Stamp;
use super::signal;
use super::tally::Tally;

/// The instant a check is stepped at, and what it may look at.
#[derive(Clone, Copy)]
pub(super) struct Now<'a> {
    pub(super) board: &'a Board,
    pub(super) at: u64,
    /// Only timers ran out since the inputs of this instant were judged.
    pub(super) after: bool,
    /// The record begins.
    pub(super) first: bool,
}

impl Now<'_> {
    pub(super) fn is(&self, watch: u32) -> bool {
        self.board.watches[watch as usize].value
    }

    /// Whether the optional expression holds; `true` if there is none.
    pub(super) fn holds(&self, scope: Option<u32>) -> bool {
        scope.is_none_or(|watch| self.is(watch))
    }

    pub(super) fn up(&self, watch: u32) -> Option<Stamp> {
        let state = &self.board.watches[watch as usize];
        (state.value && self.board.flipped(watch)).then_some(state.up)
    }

    pub(super) fn down(&self, watch: u32) -> Option<Stamp> {
        let state = &self.board.watches[watch as usize];
        (!state.value && self.board.flipped(watch)).then_some(state.down)
    }

    /// `up`, or already true when the record begins.
    pub(super) fn starts(&self, watch: u32) -> Option<Stamp> {
        let state = &self.board.watches[watch as usize];
        (state.value && (self.first || self.board.flipped(watch))).then_some(state.up)
    }

    pub(super) fn number(&self, signal: u16) -> Option<i64> {
        number(self.board.rows[signal as usize].value)
    }
}

pub(super) fn number(value: signal::Value) -> Option<i64> {
    match value {
        signal::Value::Nil => None,
        signal::Value::Level(level) => Some(i64::from(level)),
        signal::Value::Number(number) => Some(number),
    }
}

/// What happens at an edge.
#[derive(Clone, Debug)]
pub(super) enum What {
    Up(u32),
    Down(u32),
    Event(u16, Option<i64>),
    Change(u16),
}

/// What must be true beside an edge.
#[derive(Clone, Debug)]
pub(super) enum Guard {
    Now(u32),
    Before(u32),
    Not(Box<Guard>),
    All(Vec<Guard>),
    Any(Vec<Guard>),
}

impl Guard {
    fn holds(&self, now: &Now<'_>) -> bool {
        match self {
            Guard::Now(watch) => now.is(*watch),
            Guard::Before(watch) => now.is(*watch) != now.board.flipped(*watch),
            Guard::Not(inner) => !inner.holds(now),
            Guard::All(parts) => parts.iter().all(|part| part.holds(now)),
            Guard::Any(parts) => parts.iter().any(|part| part.holds(now)),
        }
    }
}

/// An edge, compiled.
#[derive(Clone, Debug)]
pub(super) struct Trigger {
    pub(super) what: What,
    pub(super) guard: Option<Guard>,
}

impl Trigger {
    /// When it happened, if it happened in this turn. Equal events at one instant count once.
    #[inline]
    pub(super) fn fires(&self, now: &Now<'_>) -> Option<Stamp> {
        let stamp = match &self.what {
            What::Up(watch) => now.up(*watch),
            What::Down(watch) => now.down(*watch),
            What::Event(signal, wanted) => now
                .board
                .events
                .iter()
                .find(|event| event.signal == *signal && wanted.is_none_or(|number| number == event.number))
                .map(|event| event.stamp),
            What::Change(signal) => {
                now.board.changed(*signal).map(|_| now.board.rows[*signal as usize].stamp)
            }
        }?;
        self.guard.as_ref().is_none_or(|guard| guard.holds(now)).then_some(stamp)
    }
}

/// What an obligation waits for or looks back to.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Edge(Trigger),
    State(u32),
}

/// A bound, compiled; fixed when an obligation starts.
#[derive(Clone, Debug)]
pub(super) enum Length {
    Constant(u64),
    Plus(Box<(Length, Length)>),
    Minus(Box<(Length, Length)>),
    Times(u64, Box<Length>),
    Max(Box<(Length, Length)>),
    Min(Box<(Length, Length)>),
    Left(u32, Box<Length>),
    Signal(u16),
}

impl Length {
    /// Its value now, in microseconds; `None` if a signal it needs has no value.
    #[inline]
    pub(super) fn now(&self, now: &Now<'_>) -> Option<u64> {
        if let Length::Constant(us) = self { Some(*us) } else { self.compute(now) }
    }

    fn compute(&self, now: &Now<'_>) -> Option<u64> {
        Some(match self {
            Length::Constant(us) => *us,
            Length::Plus(both) => both.0.compute(now)?.saturating_add(both.1.compute(now)?),
            Length::Minus(both) => both.0.compute(now)?.saturating_sub(both.1.compute(now)?),
            Length::Times(n, one) => one.compute(now)?.saturating_mul(*n),
            Length::Max(both) => both.0.compute(now)?.max(both.1.compute(now)?),
            Length::Min(both) => both.0.compute(now)?.min(both.1.compute(now)?),
            Length::Left(watch, bound) => {
                let watch = &now.board.watches[*watch as usize];
                let bound = bound.compute(now)?;
                if watch.value { bound.saturating_sub(now.at.saturating_sub(watch.up.lo)) } else { 0 }
            }
            Length::Signal(signal) => (now.number(*signal)?.max(0) as u64).saturating_mul(1_000),
        })
    }

    /// How much longer it may be, because what it counts from is known only between two instants.
    pub(super) fn vague(&self, now: &Now<'_>) -> u64 {
        match self {
            Length::Constant(_) | Length::Signal(_) => 0,
            Length::Plus(both) => both.0.vague(now).saturating_add(both.1.vague(now)),
            Length::Minus(both) | Length::Max(both) | Length::Min(both) => {
                both.0.vague(now).max(both.1.vague(now))
            }
            Length::Times(n, one) => one.vague(now).saturating_mul(*n),
            Length::Left(watch, bound) => {
                let watch = &now.board.watches[*watch as usize];
                let up = if watch.value { watch.up.hi.saturating_sub(watch.up.lo) } else { 0 };
                up.saturating_add(bound.vague(now))
            }
        }
    }
}

/// Everything a pattern is given besides its own state.
pub(super) struct Frame<'a> {
    pub(super) now: Now<'a>,
    pub(super) tally: &'a mut Tally,
    /// The check's `while`.
    pub(super) scope: Option<u32>,
    pub(super) tolerance: u64,
    /// How much later than it happened a thing may become known.
    pub(super) lag: u64,
    /// What it speaks about has been seen without a break since; 0: for as long as there is a record.
    pub(super) since: u64,
    /// Set by a check that has been waiting for a signal to be observed, when it was.
    pub(super) counted: bool,
}

/// `at + span`, and the lag behind it: when a deadline can be judged.
pub(super) fn due(at: u64, span: u64, lag: u64) -> u64 {
    at.saturating_add(span).saturating_add(lag)
}

/// The signed difference, saturating.
pub(super) fn minus(a: u64, b: u64) -> i64 {
    i64::try_from(i128::from(a) - i128::from(b)).unwrap_or(if a > b { i64::MAX } else { i64::MIN })
}

/// Enum dispatch: one machine of some pattern.
#[derive(Clone)]
pub(super) enum Pattern {
    Never(Never),
    Lasts(Lasts),
    Responds(Responds),
    Held(Held),
    Seen(Seen),
    Value(Value),
    Steps(Steps),
    CountsTo(CountsTo),
    Transitions(Transitions),
    Every(Every),
    Agree(Agree),
    Share(Share),
    /// What it speaks about is not seen.
    Blind,
}

impl Pattern {
    /// Something it follows changed. Returns its next deadline, `u64::MAX` if it has none.
    #[inline]
    pub(super) fn step(&mut self, frame: &mut Frame<'_>) -> u64 {
        match self {
            Pattern::Never(one) => one.step(frame),
            Pattern::Lasts(one) => one.step(frame),
            Pattern::Responds(one) => one.step(frame),
            Pattern::Held(one) => one.step(frame),
            Pattern::Seen(one) => one.step(frame),
            Pattern::Value(one) => one.step(frame),
            Pattern::Steps(one) => one.step(frame),
            Pattern::CountsTo(one) => one.step(frame),
            Pattern::Transitions(one) => one.step(frame),
            Pattern::Every(one) => one.step(frame),
            Pattern::Agree(one) => one.step(frame),
            Pattern::Share(one) => one.step(frame),
            Pattern::Blind => u64::MAX,
        }
    }

    /// Its deadline came.
    pub(super) fn expire(&mut self, frame: &mut Frame<'_>) -> u64 {
        match self {
            Pattern::Never(one) => one.expire(frame),
            Pattern::Lasts(one) => one.expire(frame),
            Pattern::Responds(one) => one.expire(frame),
            Pattern::Steps(one) => one.expire(frame),
            Pattern::CountsTo(one) => one.expire(frame),
            Pattern::Every(one) => one.expire(frame),
            Pattern::Agree(one) => one.expire(frame),
            Pattern::Share(one) => one.expire(frame),
            Pattern::Held(_)
            | Pattern::Seen(_)
            | Pattern::Value(_)
            | Pattern::Transitions(_)
            | Pattern::Blind => u64::MAX,
        }
    }

    /// The record ends: margins of what is overdue, and the time left of what is open.
    pub(super) fn close(&self, frame: &mut Frame<'_>) -> Option<u64> {
        match self {
            Pattern::Never(one) => one.close(frame),
            Pattern::Lasts(one) => one.close(frame),
            Pattern::Responds(one) => one.close(frame),
            Pattern::Steps(one) => one.close(frame),
            Pattern::CountsTo(one) => one.close(frame),
            Pattern::Every(one) => one.close(frame),
            Pattern::Agree(one) => one.close(frame),
            Pattern::Share(one) => {
                one.close(frame);
                None
            }
            Pattern::Held(_)
            | Pattern::Seen(_)
            | Pattern::Value(_)
            | Pattern::Transitions(_)
            | Pattern::Blind => None,
        }
    }

    /// Obligations held, for tests of boundedness.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        match self {
            Pattern::Responds(one) => one.held(),
            Pattern::CountsTo(one) => one.held(),
            Pattern::Share(one) => one.held(),
            Pattern::Never(_)
            | Pattern::Lasts(_)
            | Pattern::Held(_)
            | Pattern::Seen(_)
            | Pattern::Value(_)
            | Pattern::Steps(_)
            | Pattern::Transitions(_)
            | Pattern::Every(_)
            | Pattern::Agree(_)
            | Pattern::Blind => 1,
        }
    }
}
