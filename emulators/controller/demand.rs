//! From raw presence to a demand: debounce that confirms and backdates, hold over drop-outs, cancel, latch.
//!
//! *Raw presence* is "somebody at either kerb" in the last good frames. *Held presence* bridges drop-outs shorter
//! than T27. A held presence becomes a demand once raw presence has lasted T26 without a break, and its waiting
//! clock then starts at the end of the first frame that showed somebody (T26 only confirms). A controller that
//! restarts its clock at every empty frame starves people under a flickering camera (`domain.md` §6.5).

use super::config::Detectors;
use crate::time::{Instant, Span};

/// The demand of both kerbs together, and who takes part in it.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    debounce: Span,
    hold: Span,
    /// A demand is never cancelled (push button).
    latching: bool,
    counts: [u16; 2],
    /// Start of the raw presence that lasts now.
    raw_since: Option<Instant>,
    /// Start of the held presence.
    held_since: Option<Instant>,
    /// When raw presence last ended, per kerb; `None` while it lasts or where it never was.
    ended: [Option<Instant>; 2],
    /// Kerbs that take part in the held presence.
    kerbs: [bool; 2],
    registered: bool,
    latched: bool,
    /// The pedestrians have their steady green: who is there now is being served (P30).
    served: bool,
    /// Waiting so far, person·µs, up to `counted_at`.
    person_us: u128,
    counted_at: Instant,
}

impl Demand {
    /// Nobody is there.
    pub(super) const fn new(limits: &Detectors, latching: bool, now: Instant) -> Demand {
        Demand {
            debounce: limits.debounce,
            hold: limits.hold,
            latching,
            counts: [0, 0],
            raw_since: None,
            held_since: None,
            ended: [None, None],
            kerbs: [false, false],
            registered: false,
            latched: false,
            served: false,
            person_us: 0,
            counted_at: now,
        }
    }

    /// The good counts of both kerbs, after a frame or a change of what is trusted.
    pub(super) fn observe(&mut self, now: Instant, counts: [u16; 2]) {
        self.count_waiting(now);
        for (kerb, count) in counts.into_iter().enumerate() {
            if self.counts[kerb] > 0 && count == 0 {
                self.ended[kerb] = Some(now);
            } else if count > 0 {
                self.ended[kerb] = None;
            }
        }
        self.counts = counts;
        if self.served {
            return;
        }
        for (kerb, count) in counts.into_iter().enumerate() {
            self.kerbs[kerb] |= count > 0;
        }
        if self.people() > 0 {
            self.raw_since.get_or_insert(now);
            self.held_since.get_or_insert(now);
        } else {
            self.raw_since = None;
        }
    }

    /// A kerb's detector is not trusted any more: a demand it takes part in stays until it is served.
    pub(super) fn kerb_failed(&mut self, kerb: usize) {
        if self.registered && self.kerbs[kerb] {
            self.latched = true;
        }
    }

    /// Looks at what only time can show. `announced`: the change is promised, nothing is cancelled (P29).
    pub(super) fn handle_timeout(&mut self, now: Instant, announced: bool) {
        if self.raw_since.is_some_and(|since| now >= since + self.debounce) {
            self.registered = true;
        }
        if announced || self.latched || (self.latching && self.registered) {
            return;
        }
        for kerb in 0..2 {
            if self.counts[kerb] == 0 && self.ended[kerb].is_none_or(|at| now >= at + self.hold) {
                self.kerbs[kerb] = false;
            }
        }
        if self.people() == 0 && self.cancel_at().is_none_or(|at| now >= at) {
            self.clear(now);
        }
    }

    /// When to look again.
    pub(super) fn due(&self, announced: bool) -> Option<Instant> {
        let confirm = if self.registered { None } else { self.raw_since.map(|since| since + self.debounce) };
        let kept = announced || self.latched || (self.latching && self.registered);
        let cancel =
            if kept || self.held_since.is_none() || self.people() > 0 { None } else { self.cancel_at() };
        match (confirm, cancel) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// The walk begins: all demands are served, and who is there now is served too.
    pub(super) fn walk_started(&mut self, now: Instant) {
        self.clear(now);
        self.served = true;
    }

    /// Whether the walk that serves everybody is under way.
    pub(super) const fn is_served(&self) -> bool {
        self.served
    }

    /// Flashing green begins: who is still there asks anew (P30).
    pub(super) fn flash_started(&mut self, now: Instant) {
        self.clear(now);
        self.served = false;
        self.observe(now, self.counts);
    }

    /// Since when the first person of a registered demand has been waiting.
    pub(super) fn waiting_since(&self) -> Option<Instant> {
        if self.registered { self.held_since } else { None }
    }

    /// Whether this kerb takes part in a registered demand.
    pub(super) const fn kerb(&self, kerb: usize) -> bool {
        self.registered && self.kerbs[kerb]
    }

    /// People at both kerbs.
    pub(super) fn people(&self) -> u64 {
        u64::from(self.counts[0]) + u64::from(self.counts[1])
    }

    /// Waiting of all people since the last walk, person·µs.
    pub(super) fn person_us(&self, now: Instant) -> u128 {
        let span = now.since(self.counted_at);
        self.person_us.saturating_add(u128::from(span.as_us()) * u128::from(self.people()))
    }

    /// When the last kerb's hold ends.
    fn cancel_at(&self) -> Option<Instant> {
        self.ended.iter().flatten().max().map(|&at| at + self.hold)
    }

    fn count_waiting(&mut self, now: Instant) {
        self.person_us = if self.served { 0 } else { self.person_us(now) };
        self.counted_at = now;
    }

    fn clear(&mut self, now: Instant) {
        self.raw_since = None;
        self.held_since = None;
        self.kerbs = [false, false];
        self.registered = false;
        self.latched = false;
        self.person_us = 0;
        self.counted_at = now;
    }
}
