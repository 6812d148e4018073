//! Policies: when shall the pedestrians be served? Each answers with an instant; everything that follows from it
//! (announcement, yellow, clearance) is the plan's, and what must never be is the interlock's.

mod balanced;
mod fixed_time;
mod observed;
mod push_button;

use super::config::{PolicyChoice, Timing};
use crate::time::{Instant, Span};
use balanced::Balanced;
use fixed_time::FixedTime;
use observed::Observed;
use push_button::PushButton;

/// What a policy may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct View {
    /// Now.
    pub(super) now: Instant,
    /// Start of the vehicle green.
    pub(super) green_since: Instant,
    /// Start of the last pedestrian green, if there was one since power came.
    pub(super) last_walk: Option<Instant>,
    /// Since when the first person of a registered demand has been waiting.
    pub(super) waiting_since: Option<Instant>,
    /// People at both kerbs now.
    pub(super) people: u64,
    /// Waiting of all people since the last walk, person·µs.
    pub(super) person_us: u128,
    /// Hour of the day, 0..23.
    pub(super) hour: usize,
}

/// Decides when to serve.
pub(super) trait Policy: std::fmt::Debug {
    /// When to announce (or, without announcement, to begin the change) if nothing else happens. An instant that has
    /// passed means now.
    fn serve_at(&self, view: &View) -> Option<Instant>;

    /// Whether the change is announced by a countdown.
    fn announces(&self) -> bool {
        true
    }

    /// Whether a demand stays once it is registered, even if everybody leaves.
    fn latches(&self) -> bool {
        false
    }

    /// Whether it serves only those it knows of, so that a kerb with a failed detector needs a recall.
    fn asks_detectors(&self) -> bool {
        true
    }

    /// Number in the service register.
    fn number(&self) -> u16;
}

/// The policy a site has chosen.
pub(super) fn chosen(choice: &PolicyChoice, timing: &Timing) -> Box<dyn Policy> {
    match *choice {
        PolicyChoice::Observed => {
            Box::new(Observed { decision: timing.decision, green_min: timing.green_min })
        }
        PolicyChoice::Balanced { weight, flow, saturation, occupancy_tenths, wait_cap } => {
            Box::new(Balanced { weight, flow, saturation, occupancy_tenths, wait_cap, timing: *timing })
        }
        PolicyChoice::FixedTime { cycle } => fixed(cycle, timing),
        PolicyChoice::PushButton => Box::new(PushButton { green_min: timing.green_min }),
    }
}

/// The fixed plan with this cycle (also the fallback when both cameras are lost).
pub(super) fn fixed(cycle: Span, timing: &Timing) -> Box<dyn Policy> {
    Box::new(FixedTime { cycle, timing: *timing })
}

/// When to serve a kerb whose detector has failed (P38): walks no further apart than `recall`, whoever is there.
pub(super) fn recall_at(recall: Span, timing: &Timing, view: &View) -> Instant {
    let last = view.last_walk.unwrap_or(view.green_since);
    (last + recall).back(timing.announcement).max(view.green_since + timing.green_min)
}
