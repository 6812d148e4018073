//! Baseline: a pedestrian stage once per cycle, asked for or not. Cycles are counted from walk to walk, so that an
//! extension shortens the next vehicle green instead of shifting the plan; the minimum green comes first.

use super::super::config::Timing;
use super::{Policy, View};
use crate::time::{Instant, Span};

#[derive(Clone, Copy, Debug)]
pub(super) struct FixedTime {
    pub(super) cycle: Span,
    pub(super) timing: Timing,
}

impl Policy for FixedTime {
    fn serve_at(&self, view: &View) -> Option<Instant> {
        let timing = &self.timing;
        let intergreen = timing.yellow + timing.all_red;
        let walk = match view.last_walk {
            Some(last) => last + self.cycle,
            // The first cycle since the start begins with its vehicle green.
            None => {
                let rest = timing.walk + timing.walk_flash + timing.buffer;
                view.green_since + self.cycle.saturating_sub(rest)
            }
        };
        let earliest = view.green_since + timing.green_min + intergreen;
        Some(walk.max(earliest).back(timing.announcement).max(view.green_since))
    }

    fn asks_detectors(&self) -> bool {
        false
    }

    fn number(&self) -> u16 {
        2
    }
}
