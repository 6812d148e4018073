//! `never = E, longer_than = B`: E is at no time true for longer than B. Without B one instant is too long.
//!
//! Exercised: each `triggers`; without it each start of `while`; without both, once, when a signal of E is first
//! observed. Margin: B minus the length of each interval of E (none for intervals that are no fault by themselves
//! because there was none).

use emulators::time::Span;

use super::{Frame, Length, Trigger, due, minus};
use crate::monitor::parts::Stamp;
use crate::monitor::signal::Value;

/// How often a `never` counts as exercised.
#[derive(Clone, Debug)]
pub(in crate::monitor) enum Exercise {
    Edge(Trigger),
    Starts(u32),
    /// Signals of the expression: once when one of them is known.
    Known(Box<[u16]>),
    Done,
}

/// An interval that may be too long.
#[derive(Clone, Copy, Debug)]
struct Interval {
    up: Stamp,
    bound: u64,
    /// Already found too long.
    over: bool,
}

/// The machine.
#[derive(Clone, Debug)]
pub(in crate::monitor) struct Never {
    watch: u32,
    /// `None`: not even an instant.
    longest: Option<Length>,
    exercise: Exercise,
    text: String,
    open: Option<Interval>,
}

impl Never {
    pub(in crate::monitor) fn new(
        watch: u32,
        longest: Option<Length>,
        exercise: Exercise,
        text: String,
    ) -> Never {
        Never { watch, longest, exercise, text, open: None }
    }

    pub(in crate::monitor) fn step(&mut self, frame: &mut Frame<'_>) -> u64 {
        self.count(frame);
        let now = &frame.now;
        if let Some(up) = now.starts(self.watch) {
            let bound = self.longest.as_ref().map_or(Some(0), |longest| longest.now(now));
            self.open = bound.map(|bound| {
                let bound = if self.longest.is_some() { bound + frame.tolerance } else { 0 };
                Interval { up, bound, over: false }
            });
            if self.longest.is_none() {
                frame.tally.violate(up.lo, || self.text.clone());
                self.open.iter_mut().for_each(|interval| interval.over = true);
            }
        }
        if let Some(down) = now.down(self.watch)
            && let Some(interval) = self.open.take()
        {
            let (shortest, longest) = down.after(interval.up);
            let certain = self.margin(interval.bound, longest);
            if interval.over {
                frame.tally.margin(certain, crate::monitor::verdict::Unit::Time, down.lo);
            } else if longest > 0 {
                let text = || self.words(longest, interval.bound);
                frame.tally.judge(certain, minus(interval.bound, shortest), down.lo, text);
            }
        }
        self.deadline(frame.lag)
    }

    pub(in crate::monitor) fn expire(&mut self, frame: &mut Frame<'_>) -> u64 {
        if let Some(interval) = self.open.as_mut().filter(|one| !one.over)
            && due(interval.up.hi, interval.bound, frame.lag) <= frame.now.at
        {
            interval.over = true;
            let at = interval.up.hi + interval.bound;
            let (since, bound) = (interval.up.instant(), Span::from_us(interval.bound));
            frame.tally.violate(at, || format!("{} since {since}, longer than {bound} s", self.text));
        }
        self.deadline(frame.lag)
    }

    pub(in crate::monitor) fn close(&self, frame: &mut Frame<'_>) -> Option<u64> {
        let interval = self.open.as_ref()?;
        let end = frame.now.at;
        let deadline = interval.up.hi.saturating_add(interval.bound);
        if interval.over || deadline < end {
            let length = end.saturating_sub(interval.up.lo);
            frame.tally.margin(self.margin(interval.bound, length), crate::monitor::verdict::Unit::Time, end);
            return None;
        }
        Some(deadline - end)
    }

    fn count(&mut self, frame: &mut Frame<'_>) {
        let counts = match &self.exercise {
            Exercise::Edge(trigger) => trigger.fires(&frame.now).is_some() && frame.now.holds(frame.scope),
            Exercise::Starts(watch) => frame.now.starts(*watch).is_some(),
            Exercise::Known(signals) => {
                signals.iter().any(|signal| frame.now.board.rows[*signal as usize].value != Value::Nil)
            }
            Exercise::Done => false,
        };
        frame.tally.triggers += u64::from(counts);
        if counts && matches!(self.exercise, Exercise::Known(_)) {
            self.exercise = Exercise::Done;
            frame.counted = true;
        }
    }

    /// A time that is too long by nothing is too long all the same where not even an instant is allowed.
    fn margin(&self, bound: u64, length: u64) -> i64 {
        let margin = minus(bound, length);
        if self.longest.is_none() { margin.min(-1) } else { margin }
    }

    fn words(&self, length: u64, bound: u64) -> String {
        format!("{} for {} s, at most {} s", self.text, Span::from_us(length), Span::from_us(bound))
    }

    fn deadline(&self, lag: u64) -> u64 {
        self.open.filter(|one| !one.over).map_or(u64::MAX, |one| due(one.up.hi, one.bound, lag))
    }
}
