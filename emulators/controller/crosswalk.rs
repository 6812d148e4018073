//! The people on the crosswalk: is somebody there (extension, P36), did somebody step on at red (TRIP, P56), and is
//! the detector to be believed (P37).

use super::camera_link::Walkers;
use super::config::Detectors;
use super::detector::{Change, Detector};
use crate::time::{Instant, Span};

/// One camera's view of the crosswalk.
#[derive(Clone, Debug)]
pub(super) struct Crosswalk {
    detector: Detector,
    last: Walkers,
    last_at: Option<Instant>,
    /// Since when nobody is there.
    empty_since: Option<Instant>,
    /// People there who stepped on at red.
    on_red: u8,
    /// Somebody was seen since the last clearance ended.
    active: bool,
}

impl Crosswalk {
    /// A view from which frames are expected from `from` on.
    pub(super) fn new(limits: Detectors, capacity: u16, from: Instant) -> Crosswalk {
        // Presence on a crosswalk says nothing about a stuck, quiet or restless zone.
        let limits = Detectors { stuck: Span::MAX, no_activity: Span::ZERO, erratic_per_min: 0, ..limits };
        Crosswalk {
            detector: Detector::new(limits, capacity, from),
            last: Walkers::default(),
            last_at: None,
            empty_since: None,
            on_red: 0,
            active: false,
        }
    }

    /// The zone's diagnostics.
    pub(super) const fn detector(&mut self) -> &mut Detector {
        &mut self.detector
    }

    /// Whether it can be believed.
    pub(super) const fn healthy(&self) -> bool {
        self.detector.healthy()
    }

    /// When to look again.
    pub(super) fn due(&self) -> Option<Instant> {
        self.detector.due()
    }

    /// A fresh frame. `red_since`: since when the pedestrian heads show red, if they do. Answers whether somebody
    /// has just stepped on at red.
    pub(super) fn frame(
        &mut self,
        now: Instant,
        seen: Walkers,
        red_since: Option<Instant>,
        changes: &mut Vec<Change>,
    ) -> bool {
        let believable = self.detector.frame(now, seen.count, changes);
        if !self.detector.healthy() {
            // What was seen before says nothing about who is there when it is trusted again.
            self.on_red = 0;
            self.last_at = None;
            self.last = Walkers::default();
            self.empty_since = None;
            return false;
        }
        if !believable {
            return false;
        }
        let before = std::mem::replace(&mut self.last, seen);
        // What changed across the end of the green belongs to those who started on green or flashing green.
        let comparable = self.last_at.is_some_and(|at| red_since.is_some_and(|red| at >= red));
        self.last_at = Some(now);
        if seen.count == 0 {
            self.empty_since.get_or_insert(now);
        } else {
            self.empty_since = None;
            self.active = true;
        }
        if red_since.is_none() {
            self.on_red = 0;
            return false;
        }
        let entered = if comparable { entered(before, seen) } else { 0 };
        // Those who leave first are counted as those who started on green: a prompt rather lasts too long.
        self.on_red = self.on_red.saturating_add(entered).min(seen.count);
        entered > 0
    }

    /// Somebody is there.
    pub(super) fn occupied(&self) -> bool {
        self.healthy() && self.last.count > 0
    }

    /// Since when nobody is there.
    pub(super) const fn empty_since(&self) -> Option<Instant> {
        self.empty_since
    }

    /// Somebody who stepped on at red is still there.
    pub(super) fn on_red(&self) -> bool {
        self.healthy() && self.on_red > 0
    }

    /// Nobody was seen since the last clearance.
    pub(super) const fn inactive(&self) -> bool {
        !self.active
    }

    /// A clearance ended.
    pub(super) const fn clearance_ended(&mut self) {
        self.active = false;
    }
}

/// How many stepped on between two frames: the total may stay the same while one leaves and another comes.
fn entered(before: Walkers, seen: Walkers) -> u8 {
    let by_direction =
        seen.up.saturating_sub(before.up).saturating_add(seen.down.saturating_sub(before.down));
    by_direction.max(seen.count.saturating_sub(before.count))
}
