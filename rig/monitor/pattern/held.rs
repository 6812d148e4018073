//! `at = EDGE, held = E, for = B`: E has been true throughout the last B before the edge, up to and with the edge.
//!
//! Exercised: each edge at which `while` is true and that the record decides: where E has been true since before the
//! record, or before its signals were observed (again), and that is less than B ago, nothing can be said. Margin: the time E has
//! been true minus B; where E is not true at the edge, minus B. Where it only may have been: inconclusive.

use emulators::time::Span;

use super::{Frame, Length, Trigger, minus};

/// The machine; it holds nothing.
#[derive(Clone, Debug)]
pub(in crate::monitor) struct Held {
    edge: Trigger,
    watch: u32,
    span: Length,
    /// The edge must not happen at all.
    never: bool,
    text: [String; 2],
}

impl Held {
    pub(in crate::monitor) fn new(
        edge: Trigger,
        watch: u32,
        span: Length,
        never: bool,
        text: [String; 2],
    ) -> Held {
        Held { edge, watch, span, never, text }
    }

    pub(in crate::monitor) fn step(&mut self, frame: &mut Frame<'_>) -> u64 {
        let now = &frame.now;
        let Some(edge) = self.edge.fires(now).filter(|_| now.holds(frame.scope)) else { return u64::MAX };
        let Some(span) = self.span.now(now) else { return u64::MAX };
        let span = span.saturating_sub(frame.tolerance);
        let watch = &now.board.watches[self.watch as usize];
        let [edge_text, text] = &self.text;
        let Some(up) = watch.run_at(edge.lo) else {
            frame.tally.triggers += 1;
            let margin = minus(0, span.max(1));
            // It may have ended after the edge, or begun before it, for all that is known of the instants.
            let ended = !watch.value && (watch.down.lo..watch.down.hi).contains(&edge.lo);
            let began = watch.value && edge.lo < watch.up.lo && watch.up.lo <= edge.hi;
            let undecided = now.board.undecided(self.watch, edge.hi);
            let possible = if ended || began || undecided { 0 } else { margin };
            frame.tally.judge(margin, possible, edge.lo, || match text.as_str() {
                "" if self.never => edge_text.clone(),
                "" => format!("{edge_text}: none"),
                "false" => format!("{edge_text} must not happen"),
                text => format!("{text} is not true at {edge_text}"),
            });
            return u64::MAX;
        };
        let (shortest, longest) = edge.after(up);
        if watch.open && watch.up == up && shortest < span {
            return u64::MAX;
        }
        if up.lo < frame.since && edge.lo < frame.since.saturating_add(span) {
            return u64::MAX;
        }
        frame.tally.triggers += 1;
        frame.tally.judge(minus(shortest, span), minus(longest, span), edge.lo, || {
            let (held, span) = (Span::from_us(shortest), Span::from_us(span));
            if text.is_empty() {
                format!("{edge_text}: {held} s, at least {span} s")
            } else {
                format!("{text} for {held} s before {edge_text}, at least {span} s")
            }
        });
        u64::MAX
    }
}
