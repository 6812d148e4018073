//! Baseline: a push button. The first held presence is the press; it is latched and served after the vehicle
//! minimum green, without announcement.

use super::{Policy, View};
use crate::time::{Instant, Span};

#[derive(Clone, Copy, Debug)]
pub(super) struct PushButton {
    /// T12.
    pub(super) green_min: Span,
}

impl Policy for PushButton {
    fn serve_at(&self, view: &View) -> Option<Instant> {
        view.waiting_since.map(|_| view.green_since + self.green_min)
    }

    fn announces(&self) -> bool {
        false
    }

    fn latches(&self) -> bool {
        true
    }

    fn number(&self) -> u16 {
        3
    }
}
