//! What the board is made of: signals with their bits, watched expressions, derived atoms, and instants that may be
//! known only between two bounds.

use emulators::time::Instant;

use super::expr::Relation;
use super::predicate::Predicate;
use super::signal::Value;

/// When something happened: between `lo` and `hi`, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) lo: u64,
    pub(super) hi: u64,
}

impl Stamp {
    pub(super) const fn exact(at: u64) -> Stamp {
        Stamp { lo: at, hi: at }
    }

    pub(super) fn later(self, span: u64) -> Stamp {
        Stamp { lo: self.lo.saturating_add(span), hi: self.hi.saturating_add(span) }
    }

    pub(super) fn instant(self) -> Instant {
        Instant::from_us(self.lo)
    }

    /// The shortest and the longest time from `earlier` to here.
    pub(super) fn after(self, earlier: Stamp) -> (u64, u64) {
        (self.lo.saturating_sub(earlier.hi), self.hi.saturating_sub(earlier.lo))
    }
}

/// An expression somebody looks at.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    pub(super) predicate: Predicate,
    pub(super) value: bool,
    /// The turn in which it last became something else.
    pub(super) flipped: u64,
    pub(super) up: Stamp,
    pub(super) down: Stamp,
    /// The `up` before the last.
    pub(super) up_before: Stamp,
    /// It has been true since before the record, or since its signals were first observed.
    pub(super) open: bool,
    /// It has been true in this record.
    pub(super) ever: bool,
    /// Signals, and behind them derived atoms, that it reads.
    pub(super) sources: Box<[u32]>,
    /// Derived atoms that read it.
    pub(super) feeds: Box<[u32]>,
    /// Checks that follow it, as bits.
    pub(super) checks: Box<[u64]>,
}

impl Watch {
    /// Since when it had been true at `at`, if it was; judged by its last two intervals.
    pub(super) fn run_at(&self, at: u64) -> Option<Stamp> {
        if self.value {
            if self.up.lo <= at {
                return Some(self.up);
            }
            return (self.up_before.lo <= at && at < self.down.lo).then_some(self.up_before);
        }
        (self.up.lo <= at && at < self.down.lo).then_some(self.up)
    }
}

/// `held` or `recent`.
#[derive(Clone, Debug)]
pub(super) struct Derived {
    pub(super) held: bool,
    pub(super) span: u64,
    pub(super) inner: u32,
    pub(super) bit: u32,
    pub(super) on: bool,
    pub(super) stamp: Stamp,
    pub(super) due: u64,
}

impl Derived {
    pub(super) fn new(held: bool, span: u64, inner: u32, bit: u32) -> Derived {
        Derived { held, span, inner, bit, on: false, stamp: Stamp::default(), due: u64::MAX }
    }
}

/// A comparison of a number, or of two signals, kept as a bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Atom {
    Number(Relation, i64),
    Known,
    /// Disagreement of two signals, by their places.
    Disagree {
        first: u16,
        second: u16,
        offset: i64,
        both_shown: bool,
    },
}

/// A signal.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) used: bool,
    pub(super) event: bool,
    pub(super) number: bool,
    /// Where its levels have their bits, and how many they are (0: none looked at).
    pub(super) word: u32,
    pub(super) shift: u32,
    pub(super) levels: u32,
    /// The bits of its levels.
    pub(super) group: u64,
    pub(super) atoms: Box<[(Atom, u32)]>,
    pub(super) value: Value,
    /// Its value before this turn.
    pub(super) before: Value,
    pub(super) touched: u64,
    /// The turn in which it was first observed.
    pub(super) fresh: u64,
    pub(super) stamp: Stamp,
    /// Checks that read it directly, as bits; whether there are any.
    pub(super) checks: Box<[u64]>,
    pub(super) sampled: bool,
}

impl Row {
    pub(super) fn new(event: bool, number: bool) -> Row {
        Row {
            used: false,
            event,
            number,
            word: 0,
            shift: 0,
            levels: 0,
            group: 0,
            atoms: Box::default(),
            value: Value::Nil,
            before: Value::Nil,
            touched: 0,
            fresh: 0,
            stamp: Stamp::default(),
            checks: Box::default(),
            sampled: false,
        }
    }
}

/// An event of this turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Occurrence {
    pub(super) signal: u16,
    pub(super) number: i64,
    pub(super) stamp: Stamp,
}
