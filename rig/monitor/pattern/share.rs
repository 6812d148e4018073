//! `share = E, window = B, at_least = N`: in every window of length B inside the record (and inside one stretch of
//! `while`), E is true for at least N thousandths of B.
//!
//! The time true in a window changes its slope only where E changes at one of the window's ends, so it is smallest at
//! such a place: there it is looked at. Exercised: once when a first window is complete, then again for each further B.
//! Margin: the time true minus the time wanted. A shortage counts once until it is over.
//!
//! At most [`MOST`] changes a window are held; more of them make the check inconclusive.

use std::collections::VecDeque;

use emulators::time::Span;

use super::{Frame, Length, due, minus};

/// Changes of E held.
pub(in crate::monitor) const MOST: usize = 4_096;

/// The machine.
#[derive(Clone, Debug)]
pub(in crate::monitor) struct Share {
    watch: u32,
    window: Length,
    thousandths: u64,
    text: String,
    /// Since when windows may begin.
    start: Option<u64>,
    /// The length of windows in this stretch.
    length: u64,
    /// Starts and ends of the times E was true; no end: still true.
    times: VecDeque<(u64, Option<u64>)>,
    counted: u64,
    short: bool,
}

impl Share {
    pub(in crate::monitor) fn new(watch: u32, window: Length, thousandths: u64, text: String) -> Share {
        Share {
            watch,
            window,
            thousandths,
            text,
            start: None,
            length: 0,
            times: VecDeque::new(),
            counted: 0,
            short: false,
        }
    }

    pub(in crate::monitor) fn step(&mut self, frame: &mut Frame<'_>) -> u64 {
        let now = frame.now;
        if self.start.is_some() {
            if let Some(down) = now.down(self.watch)
                && let Some(last) = self.times.back_mut()
            {
                last.1 = Some(down.lo.max(last.0));
            }
            self.look(frame);
        }
        if !now.holds(frame.scope) {
            self.start = None;
            return u64::MAX;
        }
        if self.start.is_none() {
            let Some(length) = self.window.now(&now) else { return u64::MAX };
            (self.start, self.length, self.counted, self.short) = (Some(now.at), length.max(1), 0, false);
            self.times.clear();
            if now.is(self.watch) {
                self.times.push_back((now.at, None));
            }
        } else if let Some(up) = now.up(self.watch) {
            let after = self.times.back().and_then(|last| last.1).unwrap_or(0);
            self.times.push_back((up.lo.max(after), None));
            if self.times.len() > MOST {
                self.times.pop_front();
                frame
                    .tally
                    .doubt(now.at, || format!("{} changes more than {MOST} times a window", self.text));
            }
        }
        self.deadline(frame)
    }

    pub(in crate::monitor) fn expire(&mut self, frame: &mut Frame<'_>) -> u64 {
        self.look(frame);
        self.deadline(frame)
    }

    /// Judges the window that ends with the record.
    pub(in crate::monitor) fn close(&self, frame: &mut Frame<'_>) {
        frame.lag = 0;
        self.clone().look(frame);
    }

    /// Judges the window that ends now, if it is complete, and forgets what is older.
    fn look(&mut self, frame: &mut Frame<'_>) {
        let end = frame.now.at.saturating_sub(frame.lag);
        let Some(start) = self.start.filter(|start| end >= start.saturating_add(self.length)) else { return };
        let begin = end - self.length;
        let passed = (end - start) / self.length;
        frame.tally.triggers += passed - self.counted;
        self.counted = passed;
        let inside =
            |(up, down): &(u64, Option<u64>)| down.unwrap_or(end).min(end).saturating_sub((*up).max(begin));
        let time: u64 = self.times.iter().map(inside).sum();
        let wanted = u128::from(self.length) * u128::from(self.thousandths) / 1_000;
        let wanted = (wanted as u64).saturating_sub(frame.tolerance);
        let margin = minus(time, wanted);
        frame.tally.margin(margin, crate::monitor::verdict::Unit::Time, end);
        if margin < 0 && !self.short {
            let (begin, time, wanted) =
                (emulators::time::Instant::from_us(begin), Span::from_us(time), Span::from_us(wanted));
            frame
                .tally
                .violate(end, || format!("{} for {time} s since {begin}, at least {wanted} s", self.text));
        }
        self.short = margin < 0;
        while self.times.front().is_some_and(|(_, down)| down.is_some_and(|down| down <= begin)) {
            self.times.pop_front();
        }
    }

    /// The next place where a window's beginning meets a change, or where the first window is complete.
    fn deadline(&self, frame: &Frame<'_>) -> u64 {
        let Some(start) = self.start else { return u64::MAX };
        let seen = frame.now.at.saturating_sub(frame.lag);
        let first = start.saturating_add(self.length);
        if seen < first {
            return due(first, 0, frame.lag);
        }
        let places = self.times.iter().flat_map(|(up, down)| [Some(*up), *down]).flatten();
        let next = places.map(|at| at.saturating_add(self.length)).find(|at| *at > seen);
        // A window that stays true or false changes nothing, but it counts.
        let count = start.saturating_add(self.length.saturating_mul(self.counted + 1));
        due(next.map_or(count, |next| next.min(count)), 0, frame.lag)
    }

    #[cfg(test)]
    pub(in crate::monitor) fn held(&self) -> usize {
        self.times.len()
    }
}
