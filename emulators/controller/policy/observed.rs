//! The rule seen in the street (F4): decide 20 s after the first arrival, not before the vehicle minimum green.

use super::{Policy, View};
use crate::time::{Instant, Span};

#[derive(Clone, Copy, Debug)]
pub(super) struct Observed {
    /// T13.
    pub(super) decision: Span,
    /// T12.
    pub(super) green_min: Span,
}

impl Policy for Observed {
    fn serve_at(&self, view: &View) -> Option<Instant> {
        let since = view.waiting_since?;
        Some((since + self.decision).max(view.green_since + self.green_min))
    }

    fn number(&self) -> u16 {
        0
    }
}
