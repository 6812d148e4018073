//! What one detection zone is worth: lost, implausible, stuck, without activity, erratic, abnormal by its own
//! report; and when it is trusted again (P38, P40 to P42, P45).
//!
//! A failed zone counts nobody; what takes its place (recall, fixed plan, full clearance) is others' business.

use super::config::Detectors;
use super::map::log;
use crate::time::{Instant, Span};

/// A zone that has failed stays failed at least this long (P45: not more than one change per 10 s).
const HYSTERESIS: Span = Span::from_secs(10);
/// A frame may come this much later than T29 before its zone is lost (T38; P38 allows 0.5 s).
const LATENESS: Span = Span::from_ms(100);
/// Count that means "at least 255" (GB/T 43229).
const OVERFLOW: u8 = u8::MAX;
/// The window in which changes of the count are counted (T32).
const MINUTE: Span = Span::from_secs(60);

/// Why a zone is not trusted: bits of the service register, see [`super::map::DETECTOR_A`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ailment {
    /// No fresh frame within T29, or the camera is off-line.
    Lost = 1,
    /// Counts that can't be.
    Implausible = 2,
    /// Somebody there all the time, over several walks.
    Stuck = 4,
    /// Nobody there for too long.
    NoActivity = 8,
    /// The count changes too often.
    Erratic = 16,
    /// The camera says so itself.
    SelfReported = 32,
}

impl Ailment {
    /// Its log code.
    pub(super) const fn code(self) -> u16 {
        match self {
            Ailment::Lost => log::DETECTOR_LOST,
            Ailment::Implausible => log::DETECTOR_IMPLAUSIBLE,
            Ailment::Stuck => log::DETECTOR_STUCK,
            Ailment::NoActivity => log::DETECTOR_NO_ACTIVITY,
            Ailment::Erratic => log::DETECTOR_ERRATIC,
            Ailment::SelfReported => log::DETECTOR_SELF_REPORTED,
        }
    }
}

/// What changed about a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It is not trusted, for this reason (one may follow another).
    Fails(Ailment),
    /// It is trusted again.
    Readmitted,
}

/// One zone.
#[derive(Clone, Debug)]
pub(super) struct Detector {
    limits: Detectors,
    capacity: u16,
    ailments: u16,
    /// When it last failed or was readmitted.
    changed_at: Option<Instant>,
    /// Good frames in a row since it failed.
    clean: u8,
    /// Age counts from here: the last frame, or the moment from which frames are expected.
    last_frame: Instant,
    /// Count of the last received frame, good or not.
    received: Option<u8>,
    /// The count of the last good frame.
    good: u8,
    /// Since when frames are not to be believed.
    doubted_since: Option<Instant>,
    present_since: Option<Instant>,
    walks_present: u8,
    last_activity: Instant,
    /// When a good frame last showed somebody.
    last_present: Option<Instant>,
    /// Its count is trusted again, and the demand of the time before has not been held for T27.
    lingers: bool,
    seen_empty: bool,
    changes: u16,
    window: Instant,
    abnormal: bool,
}

impl Detector {
    /// A zone from which frames are expected from `from` on (cameras need time to connect).
    pub(super) fn new(limits: Detectors, capacity: u16, from: Instant) -> Detector {
        Detector {
            limits,
            capacity,
            ailments: 0,
            changed_at: None,
            clean: 0,
            last_frame: from,
            received: None,
            good: 0,
            doubted_since: None,
            present_since: None,
            walks_present: 0,
            last_activity: from,
            last_present: None,
            lingers: false,
            seen_empty: false,
            changes: 0,
            window: from,
            abnormal: false,
        }
    }

    /// Whether it is trusted.
    pub(super) const fn healthy(&self) -> bool {
        self.ailments == 0
    }

    /// Whether its kerb counts as asking though nobody is seen: for good while it is not trusted (P38), and for the
    /// hold time after the last presence once it is trusted again (P27).
    pub(super) fn asks(&self, now: Instant) -> bool {
        let held = self.last_present.is_some_and(|at| now < at + self.limits.hold);
        !self.healthy() || (self.lingers && held)
    }

    /// The bits of the service register.
    pub(super) const fn bits(&self) -> u16 {
        self.ailments
    }

    /// People in the zone; nobody while it is not trusted. An overflow counts as a full zone or 255.
    pub(super) fn count(&self) -> u16 {
        match (self.healthy(), self.good) {
            (false, _) => 0,
            (true, OVERFLOW) => self.capacity.max(u16::from(OVERFLOW)),
            (true, count) => u16::from(count),
        }
    }

    /// A fresh frame arrived. Answers whether its count can be.
    pub(super) fn frame(&mut self, now: Instant, count: u8, changes: &mut Vec<Change>) -> bool {
        self.last_frame = now;
        let believable = self.believable(count);
        self.count_changes(now, count, changes);
        self.received = Some(count);
        if !believable {
            self.clean = 0;
            self.doubted_since.get_or_insert(now);
            self.give_up_doubt(now, changes);
            return false;
        }
        self.doubted_since = None;
        self.good = count;
        if count == 0 {
            self.lingers &= self.last_present.is_some_and(|at| now < at + self.limits.hold);
            self.present_since = None;
            self.walks_present = 0;
            self.seen_empty = true;
            self.quiet_too_long(now, changes);
        } else {
            self.last_activity = now;
            self.last_present = Some(now);
            let since = *self.present_since.get_or_insert(now);
            let stuck = now.since(since) > self.limits.stuck && self.walks_present >= self.limits.stuck_walks;
            if stuck && self.ailments & Ailment::Stuck as u16 == 0 {
                self.seen_empty = false;
                self.fail(now, Ailment::Stuck, changes);
            }
        }
        self.readmit(now, changes);
        true
    }

    /// The camera reports its channel abnormal, or normal again.
    pub(super) fn self_report(&mut self, now: Instant, abnormal: bool, changes: &mut Vec<Change>) {
        self.abnormal = abnormal;
        if abnormal {
            self.clean = 0;
            self.fail(now, Ailment::SelfReported, changes);
        }
    }

    /// The camera went off-line.
    pub(super) fn offline(&mut self, now: Instant, changes: &mut Vec<Change>) {
        self.lose(now, changes);
    }

    /// A pedestrian stage was served.
    pub(super) fn walk_served(&mut self) {
        if self.present_since.is_some() {
            self.walks_present = self.walks_present.saturating_add(1);
        }
    }

    /// Looks at what only time can show.
    pub(super) fn handle_timeout(&mut self, now: Instant, changes: &mut Vec<Change>) {
        if now >= self.silent_at() {
            self.lose(now, changes);
        }
        self.give_up_doubt(now, changes);
    }

    /// When to look again.
    pub(super) fn due(&self) -> Option<Instant> {
        let silent = (self.ailments & Ailment::Lost as u16 == 0).then(|| self.silent_at());
        let doubt = self.doubted_since.filter(|_| self.ailments & Ailment::Implausible as u16 == 0);
        let doubt = doubt.map(|since| since + self.limits.bad_hold);
        match (silent, doubt) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    fn silent_at(&self) -> Instant {
        self.last_frame + self.limits.silence + LATENESS
    }

    /// P40. A jump is judged against the last received frame, so that a real batch of people is doubted only once.
    fn believable(&self, count: u8) -> bool {
        if count == OVERFLOW {
            return true;
        }
        let jump = match self.received {
            None | Some(OVERFLOW) => 0,
            Some(before) => before.abs_diff(count),
        };
        u16::from(count) <= self.capacity && jump <= self.limits.jump_max
    }

    fn give_up_doubt(&mut self, now: Instant, changes: &mut Vec<Change>) {
        if self.doubted_since.is_some_and(|since| now >= since + self.limits.bad_hold) {
            self.fail(now, Ailment::Implausible, changes);
        }
    }

    fn quiet_too_long(&mut self, now: Instant, changes: &mut Vec<Change>) {
        let limit = self.limits.no_activity;
        if limit > Span::ZERO && now.since(self.last_activity) > limit {
            self.fail(now, Ailment::NoActivity, changes);
        }
    }

    /// Counts in whole minutes one after another: a burst across a border may show up to twice the limit unseen.
    fn count_changes(&mut self, now: Instant, count: u8, changes: &mut Vec<Change>) {
        if now.since(self.window) >= MINUTE {
            self.window = now;
            self.changes = 0;
        }
        if self.received.is_some_and(|before| before != count) {
            self.changes = self.changes.saturating_add(1);
        }
        let limit = self.limits.erratic_per_min;
        if limit > 0 && self.changes > limit {
            self.clean = 0;
            self.fail(now, Ailment::Erratic, changes);
        }
    }

    fn lose(&mut self, now: Instant, changes: &mut Vec<Change>) {
        self.received = None;
        self.doubted_since = None;
        self.present_since = None;
        self.walks_present = 0;
        self.clean = 0;
        self.fail(now, Ailment::Lost, changes);
    }

    fn fail(&mut self, now: Instant, ailment: Ailment, changes: &mut Vec<Change>) {
        if self.ailments & ailment as u16 == 0 {
            self.ailments |= ailment as u16;
            self.changed_at = Some(now);
            self.clean = 0;
            changes.push(Change::Fails(ailment));
        }
    }

    /// A good frame of a failed zone: enough of them, every cause gone, and not too soon.
    fn readmit(&mut self, now: Instant, changes: &mut Vec<Change>) {
        if self.healthy() {
            return;
        }
        let has = |ailment: Ailment| self.ailments & ailment as u16 != 0;
        let failed_at = self.changed_at.unwrap_or(now);
        let cured = (!has(Ailment::Stuck) || self.seen_empty)
            && (!has(Ailment::NoActivity) || self.last_activity > failed_at)
            && (!has(Ailment::Erratic) || (self.window > failed_at && now.since(failed_at) >= MINUTE))
            && !self.abnormal;
        if !cured {
            self.clean = 0;
            return;
        }
        self.clean = self.clean.saturating_add(1);
        if self.clean >= self.limits.readmit && now.since(failed_at) >= HYSTERESIS {
            self.ailments = 0;
            self.changed_at = Some(now);
            self.clean = 0;
            self.last_activity = now;
            self.lingers = true;
            changes.push(Change::Readmitted);
        }
    }
}
