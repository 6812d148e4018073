//! `at = EDGE, seen = EXPR or EDGE, within = B`: in the last B before the edge (both ends included) it was true, or
//! happened.
//!
//! Exercised: each edge at which `while` is true and that the record decides: an interval that begins before the record,
//! (or its signals were observed again), in whose known part nothing was seen, is not judged. Margin: B minus the time since it was last true; where it
//! never was, B minus the time since the record began.

use emulators::time::Span;

use super::{Answer, Frame, Length, Trigger, minus};
use crate::monitor::parts::Stamp;

/// The machine; for an edge it holds the last two occurrences.
#[derive(Clone, Debug)]
pub(in crate::monitor) struct Seen {
    edge: Trigger,
    seen: Answer,
    within: Length,
    text: [String; 2],
    last: [Option<Stamp>; 2],
}

impl Seen {
    pub(in crate::monitor) fn new(edge: Trigger, seen: Answer, within: Length, text: [String; 2]) -> Seen {
        Seen { edge, seen, within, text, last: [None; 2] }
    }

    pub(in crate::monitor) fn step(&mut self, frame: &mut Frame<'_>) -> u64 {
        let now = &frame.now;
        if let Answer::Edge(seen) = &self.seen
            && let Some(stamp) = seen.fires(now)
        {
            self.last = [Some(stamp), self.last[0]];
        }
        let Some(edge) = self.edge.fires(now).filter(|_| now.holds(frame.scope)) else { return u64::MAX };
        let Some(within) = self.within.now(now) else { return u64::MAX };
        let within = within.saturating_add(frame.tolerance);
        let last = match &self.seen {
            Answer::Edge(_) => self.last.iter().flatten().find(|stamp| stamp.lo <= edge.hi).copied(),
            Answer::State(watch) => {
                let watch = &now.board.watches[*watch as usize];
                if watch.run_at(edge.lo).is_some() {
                    Some(edge)
                } else {
                    // True now, but only since after the edge: its last end counts, if it had one.
                    let ended = watch.ever && (!watch.value || watch.down != Stamp::default());
                    Some(watch.down).filter(|down| ended && down.lo <= edge.lo)
                }
            }
        };
        let began = Stamp::exact(now.board.began.max(frame.since));
        let (shortest, longest) = match last {
            Some(last) if last == edge => (0, 0),
            Some(last) => edge.after(last),
            None => edge.after(began),
        };
        let before = began.lo == frame.since && shortest > within && edge.after(began).0 <= within;
        if last.is_none() && longest <= within || before {
            return u64::MAX;
        }
        frame.tally.triggers += 1;
        let [edge_text, text] = &self.text;
        frame.tally.judge(minus(within, longest), minus(within, shortest), edge.lo, || {
            let (ago, within) = (Span::from_us(longest), Span::from_us(within));
            if text.is_empty() {
                let last = last.map_or("never".to_owned(), |_| format!("last {ago} s before"));
                format!("{edge_text}: {last}, within {within} s")
            } else if last.is_some() {
                format!("{text} last {ago} s before {edge_text}, at most {within} s")
            } else {
                format!("{text} never before {edge_text}, within {within} s")
            }
        });
        u64::MAX
    }
}
