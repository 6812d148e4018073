//! `lasts = E, at_least = A, at_most = B`: every interval in which E is true lasts that long.
//!
//! Exercised: each interval that is judged or still runs. Not judged: an interval before whose end `while` was not
//! true, one after which `unless_then` is true, one that never held because its end is not later than its start; and
//! one that ran before the record or before its signals were observed is judged for `at_most` alone, from there.
//! Margin: the smaller distance of the length to its bounds. Found too long at the deadline, too short at the end.

use emulators::time::Span;

use super::{Frame, Length, Now, due, minus};
use crate::monitor::parts::Stamp;
use crate::monitor::tally::Tally;
use crate::monitor::verdict::Unit;

/// An interval that runs.
#[derive(Clone, Copy, Debug)]
struct Interval {
    up: Stamp,
    at_least: Option<u64>,
    at_most: Option<u64>,
    /// `while` has been true all the time.
    judged: bool,
    /// Already found too long.
    over: bool,
}

/// The machine.
#[derive(Clone, Debug)]
pub(in crate::monitor) struct Lasts {
    watch: u32,
    at_least: Option<Length>,
    at_most: Option<Length>,
    unless_then: Option<u32>,
    text: String,
    running: Option<Interval>,
}

impl Lasts {
    pub(in crate::monitor) fn new(
        watch: u32,
        at_least: Option<Length>,
        at_most: Option<Length>,
        unless_then: Option<u32>,
        text: String,
    ) -> Lasts {
        Lasts { watch, at_least, at_most, unless_then, text, running: None }
    }

    pub(in crate::monitor) fn step(&mut self, frame: &mut Frame<'_>) -> u64 {
        let now = frame.now;
        if let Some(running) = &mut self.running
            && running.judged
            && !now.holds(frame.scope)
        {
            running.judged = false;
            frame.tally.triggers -= u64::from(!running.over);
        }
        if let Some(down) = now.down(self.watch)
            && let Some(interval) = self.running.take().filter(|one| one.judged)
        {
            self.end(interval, down, &now, frame.tally);
        }
        if let Some(up) = now.starts(self.watch) {
            self.start(up, &now, frame);
        }
        self.deadline(frame.lag)
    }

    fn start(&mut self, up: Stamp, now: &Now<'_>, frame: &mut Frame<'_>) {
        let open = now.board.watches[self.watch as usize].open;
        let length = |bound: &Option<Length>| bound.as_ref().and_then(|bound| bound.now(now));
        let at_least = length(&self.at_least).filter(|_| !open);
        let at_most = length(&self.at_most);
        let judged = now.holds(frame.scope) && (at_least.is_some() || at_most.is_some());
        frame.tally.triggers += u64::from(judged);
        self.running = Some(Interval {
            up,
            at_least: at_least.map(|us| us.saturating_sub(frame.tolerance)),
            at_most: at_most.map(|us| us.saturating_add(frame.tolerance)),
            judged,
            over: false,
        });
    }

    fn end(&self, interval: Interval, down: Stamp, now: &Now<'_>, tally: &mut Tally) {
        let (shortest, longest) = down.after(interval.up);
        if interval.over {
            let at_most = interval.at_most.unwrap_or(u64::MAX);
            tally.margin(minus(at_most, longest), Unit::Time, down.lo);
            return;
        }
        if longest == 0 || self.unless_then.is_some_and(|watch| now.is(watch)) {
            tally.triggers -= 1;
            return;
        }
        let (mut certain, mut possible) = (i64::MAX, i64::MAX);
        if let Some(at_least) = interval.at_least {
            certain = certain.min(minus(shortest, at_least));
            possible = possible.min(minus(longest, at_least));
        }
        if let Some(at_most) = interval.at_most {
            certain = certain.min(minus(at_most, longest));
            possible = possible.min(minus(at_most, shortest));
        }
        tally.judge(certain, possible, down.lo, || {
            let least = interval.at_least.filter(|at_least| shortest < *at_least);
            let (word, bound) = match least {
                Some(at_least) => ("at least", at_least),
                None => ("at most", interval.at_most.unwrap_or_default()),
            };
            let bound = Span::from_us(bound);
            if shortest == longest {
                format!("{} lasted {} s, {word} {bound} s", self.text, Span::from_us(longest))
            } else {
                let (shortest, longest) = (Span::from_us(shortest), Span::from_us(longest));
                format!("{} lasted {shortest} s to {longest} s, {word} {bound} s", self.text)
            }
        });
    }

    pub(in crate::monitor) fn expire(&mut self, frame: &mut Frame<'_>) -> u64 {
        if let Some(interval) = self.running.as_mut().filter(|one| one.judged && !one.over)
            && let Some(at_most) = interval.at_most
            && due(interval.up.hi, at_most, frame.lag) <= frame.now.at
        {
            interval.over = true;
            let (since, bound) = (interval.up.instant(), Span::from_us(at_most));
            let text = || format!("{} lasts since {since}, at most {bound} s", self.text);
            frame.tally.violate(interval.up.hi + at_most, text);
        }
        self.deadline(frame.lag)
    }

    pub(in crate::monitor) fn close(&self, frame: &mut Frame<'_>) -> Option<u64> {
        let interval = self.running.as_ref().filter(|one| one.judged)?;
        let end = frame.now.at;
        let length = end.saturating_sub(interval.up.lo);
        if let Some(at_most) = interval.at_most {
            if interval.over || at_most < length {
                frame.tally.margin(minus(at_most, length), Unit::Time, end);
                return None;
            }
            return Some(at_most - length);
        }
        interval.at_least.filter(|at_least| *at_least > length).map(|at_least| at_least - length)
    }

    fn deadline(&self, lag: u64) -> u64 {
        let judged = self.running.filter(|one| one.judged && !one.over);
        judged.and_then(|one| one.at_most.map(|at_most| due(one.up.hi, at_most, lag))).unwrap_or(u64::MAX)
    }
}
