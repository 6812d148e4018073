//! Serve when the accumulated waiting of the pedestrians has reached what a stage costs the vehicles' occupants
//! (`domain.md` §3.1): announce when the accumulated person·seconds, plus those of the announcement itself, reach
//! K / w, with K = occ · s q r² / (2 (s − q)); at the latest when the first has waited `wait_cap`; never before the
//! vehicle minimum green. Whole numbers throughout: K is taken in person·µs.

use super::super::config::Timing;
use super::{Policy, View};
use crate::time::{Instant, Span};

#[derive(Clone, Copy, Debug)]
pub(super) struct Balanced {
    /// w in percent.
    pub(super) weight: u16,
    /// q, vehicles per hour, by hour of day.
    pub(super) flow: [u16; 24],
    /// s, vehicles per hour.
    pub(super) saturation: u16,
    /// Persons per vehicle, in tenths.
    pub(super) occupancy_tenths: u16,
    pub(super) wait_cap: Span,
    pub(super) timing: Timing,
}

impl Balanced {
    /// K / w in person·µs; `None` where the vehicles already fill the road.
    fn threshold(&self, hour: usize) -> Option<u128> {
        let q = u128::from(self.flow.get(hour).copied().unwrap_or(0));
        let s = u128::from(self.saturation);
        let spare = s.checked_sub(q).filter(|&spare| spare > 0)?;
        let timing = &self.timing;
        let red = timing.yellow + timing.all_red + timing.walk + timing.walk_flash + timing.buffer;
        let r = u128::from(red.as_us());
        // occ/10 persons, s q / (s - q) vehicles per 3600 s, r²/2 in µs² of which one µs stays, w/100.
        let dividend = u128::from(self.occupancy_tenths) * s * q * r * r * 100;
        let divisor = 10 * 3_600_000_000 * 2 * spare * u128::from(self.weight.max(1));
        Some(dividend / divisor)
    }
}

impl Policy for Balanced {
    fn serve_at(&self, view: &View) -> Option<Instant> {
        let since = view.waiting_since?;
        let mut at = since + self.wait_cap;
        if let Some(threshold) = self.threshold(view.hour) {
            let people = u128::from(view.people);
            let during_announcement = people * u128::from(self.timing.announcement.as_us());
            let missing = threshold.saturating_sub(view.person_us.saturating_add(during_announcement));
            if missing == 0 {
                at = at.min(view.now);
            } else if people > 0 {
                let us = u64::try_from(missing.div_ceil(people)).unwrap_or(u64::MAX);
                at = at.min(view.now + Span::from_us(us));
            }
        }
        Some(at.max(view.green_since + self.timing.green_min))
    }

    fn number(&self) -> u16 {
        1
    }
}
