//! `every = EDGE, at_least = A, at_most = B`: successive edges are that far apart while `while` holds.
//!
//! Exercised: each gap judged. The gap that is open at the end is judged at its deadline; before that it counts as
//! pending only if no gap has been judged yet, as there is always an open one. Margin: the distance of the gap to the
//! nearer bound.

use emulators::time::Span;

use super::{Frame, Length, Trigger, due, minus};
use crate::monitor::parts::Stamp;
use crate::monitor::verdict::Unit;

/// The gap that is open.
#[derive(Clone, Copy, Debug)]
struct Gap {
    start: Stamp,
    at_least: Option<u64>,
    at_most: Option<u64>,
    over: bool,
}

/// The machine.
#[derive(Clone, Debug)]
pub(in crate::monitor) struct Every {
    edge: Trigger,
    at_least: Option<Length>,
    at_most: Option<Length>,
    text: String,
    gap: Option<Gap>,
}

impl Every {
    pub(in crate::monitor) fn new(
        edge: Trigger,
        at_least: Option<Length>,
        at_most: Option<Length>,
        text: String,
    ) -> Every {
        Every { edge, at_least, at_most, text, gap: None }
    }

    pub(in crate::monitor) fn step(&mut self, frame: &mut Frame<'_>) -> u64 {
        let now = frame.now;
        if !now.holds(frame.scope) {
            self.gap = None;
            return u64::MAX;
        }
        if let Some(edge) = self.edge.fires(&now) {
            if let Some(gap) = self.gap {
                self.judge(gap, edge, frame);
            }
            let length = |bound: &Option<Length>| bound.as_ref().and_then(|bound| bound.now(&now));
            self.gap = Some(Gap {
                start: edge,
                at_least: length(&self.at_least).map(|us| us.saturating_sub(frame.tolerance)),
                at_most: length(&self.at_most).map(|us| us.saturating_add(frame.tolerance)),
                over: false,
            });
        }
        self.deadline(frame.lag)
    }

    fn judge(&self, gap: Gap, edge: Stamp, frame: &mut Frame<'_>) {
        let (shortest, longest) = edge.after(gap.start);
        let (mut certain, mut possible) = (i64::MAX, i64::MAX);
        if let Some(at_least) = gap.at_least {
            certain = minus(shortest, at_least);
            possible = minus(longest, at_least);
        }
        if let Some(at_most) = gap.at_most {
            certain = certain.min(minus(at_most, longest));
            possible = possible.min(minus(at_most, shortest));
        }
        if gap.over {
            frame.tally.margin(certain, Unit::Time, edge.lo);
            return;
        }
        frame.tally.triggers += 1;
        frame.tally.judge(certain, possible, edge.lo, || {
            let (word, bound) = match gap.at_least.filter(|at_least| shortest < *at_least) {
                Some(at_least) => ("at least", at_least),
                None => ("at most", gap.at_most.unwrap_or_default()),
            };
            format!(
                "{} s between two {}, {word} {} s",
                Span::from_us(longest),
                self.text,
                Span::from_us(bound)
            )
        });
    }

    pub(in crate::monitor) fn expire(&mut self, frame: &mut Frame<'_>) -> u64 {
        if let Some(gap) = self.gap.as_mut().filter(|gap| !gap.over)
            && let Some(at_most) = gap.at_most
            && due(gap.start.hi, at_most, frame.lag) <= frame.now.at
        {
            gap.over = true;
            frame.tally.triggers += 1;
            let (since, bound) = (gap.start.instant(), Span::from_us(at_most));
            let text = || format!("no {} since {since}, at most {bound} s apart", self.text);
            frame.tally.violate(gap.start.hi + at_most, text);
        }
        self.deadline(frame.lag)
    }

    pub(in crate::monitor) fn close(&self, frame: &mut Frame<'_>) -> Option<u64> {
        let gap = self.gap?;
        let (end, at_most) = (frame.now.at, gap.at_most?);
        let deadline = gap.start.hi.saturating_add(at_most);
        if gap.over || deadline < end {
            frame.tally.margin(minus(deadline, end), Unit::Time, end);
            return None;
        }
        (frame.tally.triggers == 0).then(|| deadline - end)
    }

    fn deadline(&self, lag: u64) -> u64 {
        let running = self.gap.filter(|gap| !gap.over);
        running.and_then(|gap| gap.at_most.map(|at_most| due(gap.start.hi, at_most, lag))).unwrap_or(u64::MAX)
    }
}
