//! `steps = SIGNAL, by = N, every = B, last = N`: as long as a number is shown it changes by N every B.
//!
//! Exercised: each step judged. A start from nil is free, and so is what follows the last value; going nil from another
//! value is a fault where `last` is given, unless `unless` is true. Without `last` going nil is free. Margin: the
//! tolerance left of each step's time; a step that does not come is found at its deadline.

use emulators::time::Span;

use super::{Frame, Length, due, minus, number};
use crate::monitor::parts::Stamp;
use crate::monitor::verdict::Unit;

/// The value shown and when its successor must come.
#[derive(Clone, Copy, Debug)]
struct Shown {
    value: i64,
    since: Stamp,
    earliest: u64,
    latest: u64,
    late: bool,
}

/// The machine.
#[derive(Clone, Debug)]
pub(in crate::monitor) struct Steps {
    signal: u16,
    by: i64,
    every: Length,
    last: Option<i64>,
    unless: Option<u32>,
    text: String,
    shown: Option<Shown>,
}

impl Steps {
    pub(in crate::monitor) fn new(
        signal: u16,
        (by, every, last): (i64, Length, Option<i64>),
        unless: Option<u32>,
        text: String,
    ) -> Steps {
        Steps { signal, by, every, last, unless, text, shown: None }
    }

    pub(in crate::monitor) fn step(&mut self, frame: &mut Frame<'_>) -> u64 {
        let now = frame.now;
        if !now.holds(frame.scope) {
            self.shown = None;
            return u64::MAX;
        }
        if now.board.changed(self.signal).is_some() {
            let row = &now.board.rows[self.signal as usize];
            let value = number(row.value);
            if let Some(shown) =
                self.shown.take().filter(|_| self.unless.is_none_or(|unless| !now.is(unless)))
            {
                self.judge(shown, value, row.stamp, frame);
            }
            let every = self.every.now(&now);
            self.shown = value.zip(every).map(|(value, every)| Shown {
                value,
                since: row.stamp,
                earliest: every.saturating_sub(frame.tolerance),
                latest: every.saturating_add(frame.tolerance),
                late: false,
            });
        }
        self.deadline(frame.lag)
    }

    fn judge(&self, shown: Shown, value: Option<i64>, at: Stamp, frame: &mut Frame<'_>) {
        if self.last == Some(shown.value) {
            return;
        }
        let Some(value) = value else {
            if let Some(last) = self.last {
                frame.tally.triggers += 1;
                let text = || format!("{} went out at {}, not at {last}", self.text, shown.value);
                frame.tally.violate(at.lo, text);
            }
            return;
        };
        frame.tally.triggers += u64::from(!shown.late);
        if value != shown.value.saturating_add(self.by) {
            let text = || format!("{} went from {} to {value}", self.text, shown.value);
            frame.tally.violate(at.lo, text);
            return;
        }
        let (shortest, longest) = at.after(shown.since);
        let certain = minus(shortest, shown.earliest).min(minus(shown.latest, longest));
        if shown.late {
            frame.tally.margin(certain, Unit::Time, at.lo);
            return;
        }
        let possible = minus(longest, shown.earliest).min(minus(shown.latest, shortest));
        frame.tally.judge(certain, possible, at.lo, || {
            let (length, low, high) =
                (Span::from_us(longest), Span::from_us(shown.earliest), Span::from_us(shown.latest));
            format!("{} showed {} for {length} s, {low} s to {high} s", self.text, shown.value)
        });
    }

    pub(in crate::monitor) fn expire(&mut self, frame: &mut Frame<'_>) -> u64 {
        let unless = self.unless.is_some_and(|unless| frame.now.is(unless));
        let last = self.last;
        if let Some(shown) = self.shown.as_mut().filter(|one| !one.late && last != Some(one.value))
            && due(shown.since.hi, shown.latest, frame.lag) <= frame.now.at
        {
            shown.late = true;
            if unless {
                self.shown = None;
                return u64::MAX;
            }
            frame.tally.triggers += 1;
            let (since, latest, value) = (shown.since.instant(), Span::from_us(shown.latest), shown.value);
            let text = || format!("{} shows {value} since {since}, at most {latest} s", self.text);
            frame.tally.violate(shown.since.hi + shown.latest, text);
        }
        self.deadline(frame.lag)
    }

    pub(in crate::monitor) fn close(&self, frame: &mut Frame<'_>) -> Option<u64> {
        let shown = self.shown.filter(|one| self.last != Some(one.value))?;
        let deadline = shown.since.hi.saturating_add(shown.latest);
        if shown.late || deadline < frame.now.at {
            frame.tally.margin(minus(deadline, frame.now.at), Unit::Time, frame.now.at);
            return None;
        }
        Some(deadline - frame.now.at)
    }

    fn deadline(&self, lag: u64) -> u64 {
        let running = self.shown.filter(|one| !one.late && self.last != Some(one.value));
        running.map_or(u64::MAX, |one| due(one.since.hi, one.latest, lag))
    }
}
