//! `agree = [A, B], offset = N, within = B`: two signals differ (numbers: by something else than N) for at most B.
//!
//! A value against none is a disagreement, unless `both_shown = true`. Exercised: each change of the first signal to a
//! value while `while` is true. Margin: B minus the length of each disagreement.

use super::never::{Exercise, Never};
use super::{Frame, Length, number};

/// The machine: a `never` on the disagreement.
#[derive(Clone, Debug)]
pub(in crate::monitor) struct Agree {
    first: u16,
    differs: Never,
}

impl Agree {
    /// `watch`: that they disagree (while `while` is true).
    pub(in crate::monitor) fn new(first: u16, watch: u32, within: Length, text: String) -> Agree {
        Agree { first, differs: Never::new(watch, Some(within), Exercise::Done, text) }
    }

    pub(in crate::monitor) fn step(&mut self, frame: &mut Frame<'_>) -> u64 {
        let board = frame.now.board;
        let changed = board.changed(self.first).is_some();
        if changed && number(board.rows[self.first as usize].value).is_some() && frame.now.holds(frame.scope)
        {
            frame.tally.triggers += 1;
        }
        self.differs.step(frame)
    }

    pub(in crate::monitor) fn expire(&mut self, frame: &mut Frame<'_>) -> u64 {
        self.differs.expire(frame)
    }

    pub(in crate::monitor) fn close(&self, frame: &mut Frame<'_>) -> Option<u64> {
        self.differs.close(frame)
    }
}
