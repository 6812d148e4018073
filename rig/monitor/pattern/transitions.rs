//! `transitions = SIGNAL, allow = ["R>G", "*>OFF", …]`: it goes from name to name on these ways only.
//!
//! Exercised: each transition while `while` is true before and after it. From nil and to nil everything is free. There
//! is no margin.

use super::{Frame, number};

/// The machine; it holds nothing.
#[derive(Clone, Debug)]
pub(in crate::monitor) struct Transitions {
    signal: u16,
    names: &'static [&'static str],
    /// The names that may follow each name, as bits.
    allowed: Box<[u64]>,
    text: String,
}

impl Transitions {
    pub(in crate::monitor) fn new(
        signal: u16,
        names: &'static [&'static str],
        allowed: Box<[u64]>,
        text: String,
    ) -> Transitions {
        Transitions { signal, names, allowed, text }
    }

    pub(in crate::monitor) fn step(&mut self, frame: &mut Frame<'_>) -> u64 {
        let now = &frame.now;
        let scope = |watch| now.is(watch) && !now.board.flipped(watch);
        let row = &now.board.rows[self.signal as usize];
        let (Some(before), true) = (now.board.changed(self.signal), frame.scope.is_none_or(scope)) else {
            return u64::MAX;
        };
        let (Some(from), Some(to)) = (number(before), number(row.value)) else { return u64::MAX };
        frame.tally.triggers += 1;
        if self.allowed.get(from as usize).is_none_or(|allowed| allowed & (1 << to) == 0) {
            let name = |level: i64| self.names.get(level as usize).copied().unwrap_or("?");
            let text = || format!("{} went from {} to {}", self.text, name(from), name(to));
            frame.tally.violate(row.stamp.lo, text);
        }
        u64::MAX
    }
}
