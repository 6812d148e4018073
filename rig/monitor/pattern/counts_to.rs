//! `counts_to = EDGE, counter = SIGNAL`: when the counter first shows k, the edge is k seconds away.
//!
//! Exercised: each value shown. Every value is an obligation of its own, and the next edge settles all of them: an early
//! edge is as much a fault as a late or missing one. `unless` and the end of `while` discharge them. Margin: the
//! tolerance minus the distance of the edge from the announced instant.

use std::collections::VecDeque;

use emulators::time::Span;

use super::{Frame, Trigger, due, minus, number};
use crate::monitor::parts::Stamp;
use crate::monitor::verdict::Unit;

/// Values that can be owed an edge at once; a counter has at most 256.
pub(in crate::monitor) const MOST: usize = 256;

/// A value shown.
#[derive(Clone, Copy, Debug)]
struct Announced {
    value: i64,
    shown: Stamp,
    target: Stamp,
    late: bool,
}

/// The machine.
#[derive(Clone, Debug)]
pub(in crate::monitor) struct CountsTo {
    edge: Trigger,
    counter: u16,
    unless: Option<u32>,
    text: [String; 2],
    last_edge: Option<Stamp>,
    open: VecDeque<Announced>,
}

impl CountsTo {
    pub(in crate::monitor) fn new(
        edge: Trigger,
        counter: u16,
        unless: Option<u32>,
        text: [String; 2],
    ) -> CountsTo {
        CountsTo { edge, counter, unless, text, last_edge: None, open: VecDeque::new() }
    }

    pub(in crate::monitor) fn step(&mut self, frame: &mut Frame<'_>) -> u64 {
        let now = frame.now;
        if let Some(edge) = self.edge.fires(&now) {
            self.last_edge = Some(edge);
            for one in std::mem::take(&mut self.open) {
                self.settle(one, edge, frame);
            }
        }
        // A value shown at the very edge speaks of the next one; only a zero may come after its edge.
        if now.board.changed(self.counter).is_some() && now.holds(frame.scope) {
            let row = &now.board.rows[self.counter as usize];
            if let Some(value) = number(row.value).filter(|value| *value >= 0) {
                self.announce(value, row.stamp, frame);
            }
        }
        if self.unless.is_some_and(|unless| now.is(unless)) || !now.holds(frame.scope) {
            let kept = self.open.drain(..).filter(|one| !one.late).count();
            frame.tally.triggers -= kept as u64;
        }
        self.deadline(frame)
    }

    fn announce(&mut self, value: i64, shown: Stamp, frame: &mut Frame<'_>) {
        let away = (value as u64).saturating_mul(1_000_000);
        let target = Stamp { lo: shown.lo.saturating_add(away), hi: shown.hi.saturating_add(away) };
        let one = Announced { value, shown, target, late: false };
        frame.tally.triggers += 1;
        if let Some(last) = self.last_edge.filter(|last| value == 0 && last.hi + frame.tolerance >= shown.lo)
        {
            self.settle(one, last, frame);
        } else if self.open.len() < MOST {
            self.open.push_back(one);
        } else {
            frame.tally.doubt(shown.lo, || format!("more than {MOST} values of {} open", self.text[1]));
        }
    }

    fn settle(&self, one: Announced, edge: Stamp, frame: &mut Frame<'_>) {
        let early = minus(one.target.hi, edge.lo).max(0);
        let late = minus(edge.hi, one.target.lo).max(0);
        let certain = (frame.tolerance as i64).saturating_sub(early.max(late));
        if one.late {
            frame.tally.margin(certain, Unit::Time, edge.lo);
            return;
        }
        let early = minus(one.target.lo, edge.hi).max(0);
        let late = minus(edge.lo, one.target.hi).max(0);
        let possible = (frame.tolerance as i64).saturating_sub(early.max(late));
        frame.tally.judge(certain, possible, edge.lo, || {
            let [edge_text, counter] = &self.text;
            let after = Span::from_us(edge.lo.saturating_sub(one.shown.lo));
            if counter.is_empty() {
                format!("{edge_text}: {} was shown, and it came after {after} s", one.value)
            } else {
                format!("{counter} showed {}, {edge_text} came after {after} s", one.value)
            }
        });
    }

    pub(in crate::monitor) fn expire(&mut self, frame: &mut Frame<'_>) -> u64 {
        let (now, tolerance, lag) = (frame.now.at, frame.tolerance, frame.lag);
        for one in self.open.iter_mut().filter(|one| !one.late) {
            if due(one.target.hi, tolerance, lag) <= now {
                one.late = true;
                let [edge, counter] = &self.text;
                let (value, shown) = (one.value, one.shown.instant());
                let text = || match counter.as_str() {
                    "" => format!("{edge}: {value} was shown at {shown}, and it did not come"),
                    counter => format!("{counter} showed {value} at {shown}, {edge} did not come"),
                };
                frame.tally.violate(one.target.hi.saturating_add(tolerance), text);
            }
        }
        self.deadline(frame)
    }

    pub(in crate::monitor) fn close(&self, frame: &mut Frame<'_>) -> Option<u64> {
        let end = frame.now.at;
        let mut left = None;
        for one in &self.open {
            let deadline = one.target.hi.saturating_add(frame.tolerance);
            if one.late || deadline < end {
                frame.tally.margin(minus(deadline, end), Unit::Time, end);
            } else {
                left = Some(left.map_or(deadline - end, |left: u64| left.min(deadline - end)));
            }
        }
        left
    }

    fn deadline(&self, frame: &Frame<'_>) -> u64 {
        let open = self.open.iter().filter(|one| !one.late);
        open.map(|one| due(one.target.hi, frame.tolerance, frame.lag)).min().unwrap_or(u64::MAX)
    }

    #[cfg(test)]
    pub(in crate::monitor) fn held(&self) -> usize {
        self.open.len()
    }
}
