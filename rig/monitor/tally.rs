//! What a check has found so far.

use emulators::time::Instant;

use super::verdict::{KEPT, Margin, Unit, Violation};

/// Triggers, the worst margin, violations.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) triggers: u64,
    pub(super) worst: Option<Margin>,
    pub(super) violations: u64,
    pub(super) first: Vec<Violation>,
    pub(super) unsure: Option<Violation>,
}

impl Tally {
    /// Remembers a margin if it is the smallest so far.
    #[inline]
    pub(super) fn margin(&mut self, amount: i64, unit: Unit, at: u64) {
        if self.worst.is_none_or(|worst| amount < worst.amount) {
            self.worst = Some(Margin { amount, unit, at: Instant::from_us(at) });
        }
    }

    /// Judges a time: `certain` is the margin at the least favourable position of what is not known exactly,
    /// `possible` at the most favourable one.
    #[inline]
    pub(super) fn judge(&mut self, certain: i64, possible: i64, at: u64, text: impl FnOnce() -> String) {
        self.margin(certain, Unit::Time, at);
        if possible < 0 {
            self.violate(at, text);
        } else if certain < 0 {
            self.doubt(at, text);
        }
    }

    pub(super) fn violate(&mut self, at: u64, text: impl FnOnce() -> String) {
        self.violations += 1;
        if self.first.len() < KEPT {
            self.first.push(Violation { at: Instant::from_us(at), text: text() });
        }
    }

    pub(super) fn doubt(&mut self, at: u64, text: impl FnOnce() -> String) {
        if self.unsure.is_none() {
            self.unsure = Some(Violation { at: Instant::from_us(at), text: text() });
        }
    }
}
