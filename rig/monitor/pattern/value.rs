//! `at = EDGE, value = SIGNAL, min = N, max = N`, and `unit = "ms"` where it is a time: the number lies between these at the edge. For an event it is the
//! number the event carries, each one of the instant.
//!
//! Exercised: each edge at which `while` is true. Margin: the distance to the nearer bound, in the signal's unit. No
//! value at the edge is a violation.

use emulators::time::Span;

use super::{Frame, Trigger, number};
use crate::monitor::verdict::Unit;

/// The machine; it holds nothing.
#[derive(Clone, Debug)]
pub(in crate::monitor) struct Value {
    edge: Trigger,
    signal: u16,
    min: Option<i64>,
    max: Option<i64>,
    /// The signal is a time in ms, and the bounds are µs.
    ms: bool,
    text: [String; 2],
}

impl Value {
    pub(in crate::monitor) fn new(
        edge: Trigger,
        signal: u16,
        (min, max): (Option<i64>, Option<i64>),
        text: [String; 2],
    ) -> Value {
        Value { edge, signal, min, max, ms: false, text }
    }

    /// The same for a signal that is a time in ms, with bounds in µs.
    pub(in crate::monitor) fn in_ms(self) -> Value {
        Value { ms: true, ..self }
    }

    pub(in crate::monitor) fn step(&mut self, frame: &mut Frame<'_>) -> u64 {
        let now = frame.now;
        let Some(edge) = self.edge.fires(&now).filter(|_| now.holds(frame.scope)) else { return u64::MAX };
        frame.tally.triggers += 1;
        let row = &now.board.rows[self.signal as usize];
        if row.event {
            for event in now.board.events.iter().filter(|event| event.signal == self.signal) {
                self.judge(event.number, edge.lo, frame);
            }
        } else if let Some(value) = number(row.value) {
            self.judge(value, edge.lo, frame);
        } else {
            frame.tally.violate(edge.lo, || match &self.text {
                [says, nothing] if nothing.is_empty() => format!("{says}: no value"),
                [edge, signal] => format!("{signal} has no value at {edge}"),
            });
        }
        u64::MAX
    }

    fn judge(&self, value: i64, at: u64, frame: &mut Frame<'_>) {
        let value = if self.ms { value.saturating_mul(1_000) } else { value };
        let over = |min: i64, max: i64| max.saturating_sub(min);
        let low = self.min.map_or(i64::MAX, |min| over(min, value));
        let high = self.max.map_or(i64::MAX, |max| over(value, max));
        let margin = low.min(high);
        frame.tally.margin(margin, if self.ms { Unit::Time } else { Unit::Value }, at);
        if margin < 0 {
            let (word, bound) = if low < 0 { ("at least", self.min) } else { ("at most", self.max) };
            let bound = bound.unwrap_or_default();
            let shown = |number: i64| {
                if self.ms {
                    format!("{} s", Span::from_us(number.unsigned_abs()))
                } else {
                    number.to_string()
                }
            };
            frame.tally.violate(at, || match &self.text {
                [says, nothing] if nothing.is_empty() => {
                    format!("{says}: {}, {word} {}", shown(value), shown(bound))
                }
                [edge, signal] => format!("{signal} was {} at {edge}, {word} {}", shown(value), shown(bound)),
            });
        }
    }
}
