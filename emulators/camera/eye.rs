//! What the camera makes of the people before it: counts and waiting times, with all its errors of sight.
//!
//! The order in which errors of sight apply is fixed: stuck, missed, ghosts, clipped, flicker; a frozen picture
//! is taken behind all of them.

use std::collections::VecDeque;

use rand_core::Rng;
use rand_pcg::Pcg64Mcg;

use super::View;
use super::faults::Faults;
use crate::time::{Instant, Span};

/// People whose detection is drawn one by one; more than this hide nobody any more.
const DRAWN: u16 = 512;
/// Ghosts at one time.
const GHOSTS: usize = 64;
/// Groups of arrivals that are told apart.
const GROUPS: usize = 1_024;
/// Microseconds in an hour.
const HOUR_US: u64 = 3_600_000_000;

/// What one frame shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Picture {
    /// People counted in the waiting area.
    pub(super) waiting: u16,
    /// The longest wait in s; 255 is "at least".
    pub(super) wait_s: u8,
    /// People counted on the crosswalk walking up.
    pub(super) up: u16,
    /// And down.
    pub(super) down: u16,
}

/// The people in view and the camera's memory of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Eye {
    view: View,
    /// When the people who wait now came: whoever came first leaves first.
    arrivals: VecDeque<(Instant, u16)>,
    /// Waits that have ended since they were last asked for: their number, and their sum in ms.
    ended: (u32, u64),
    /// Since when somebody has been reported though nobody is there.
    phantom_since: Option<Instant>,
    /// Until when each ghost stays.
    ghosts: Vec<Instant>,
    looked: Option<Instant>,
    frozen: Option<Picture>,
}

impl Eye {
    /// The street changes. Without supply (`watching` false) nobody notices who came when.
    pub(super) fn see(&mut self, now: Instant, view: View, watching: bool) {
        self.view = view;
        if watching {
            self.follow(now);
        }
    }

    /// Supply comes: whoever is there has just come, as far as the camera knows.
    pub(super) fn open(&mut self, now: Instant) {
        *self = Eye { view: self.view, ..Eye::default() };
        self.follow(now);
    }

    /// Supply goes: only the street itself stays what it is.
    pub(super) fn close(&mut self) {
        *self = Eye { view: self.view, ..Eye::default() };
    }

    /// From now on every picture is the one that would be taken now.
    pub(super) fn freeze(&mut self, now: Instant, faults: &Faults, rng: &mut Pcg64Mcg) {
        if self.frozen.is_none() {
            self.frozen = Some(self.take(now, faults, rng));
        }
    }

    /// Pictures change again, and nobody is there who is not.
    pub(super) fn heal(&mut self) {
        self.frozen = None;
        self.ghosts.clear();
    }

    /// Number and sum (ms) of the waits that have ended since the last call.
    pub(super) fn ended_waits(&mut self) -> (u32, u64) {
        std::mem::take(&mut self.ended)
    }

    /// Takes a picture.
    pub(super) fn look(&mut self, now: Instant, faults: &Faults, rng: &mut Pcg64Mcg) -> Picture {
        if faults.frozen {
            self.freeze(now, faults, rng);
        }
        match self.frozen {
            Some(picture) => picture,
            None => self.take(now, faults, rng),
        }
    }

    fn take(&mut self, now: Instant, faults: &Faults, rng: &mut Pcg64Mcg) -> Picture {
        let View { mut waiting, mut up, mut down } = self.view;
        if let Some(stuck) = faults.stuck {
            waiting = stuck;
        }
        if faults.miss > 0 {
            waiting = detected(waiting, faults.miss, rng);
            up = detected(up, faults.miss, rng);
            down = detected(down, faults.miss, rng);
        }
        waiting = waiting.saturating_add(self.haunt(now, faults.ghosts, rng));
        if let Some(most) = faults.clip {
            waiting = waiting.min(most);
            up = up.min(most);
            down = down.min(most - up);
        }
        if faults.flicker > 0 && hits(faults.flicker, rng) {
            (waiting, up, down) = (0, 0, 0);
        }
        self.looked = Some(now);
        Picture { waiting, wait_s: self.wait_s(now, waiting), up, down }
    }

    /// Keeps the queue as long as the area is full.
    fn follow(&mut self, now: Instant) {
        let known: u16 = self.arrivals.iter().fold(0, |sum, &(_, people)| sum.saturating_add(people));
        let came = self.view.waiting.saturating_sub(known);
        let mut left = known.saturating_sub(self.view.waiting);
        let crowded = self.arrivals.len() >= GROUPS;
        match self.arrivals.back_mut() {
            _ if came == 0 => {}
            // Whoever comes in such a crowd counts as having come with the group before.
            Some((_, people)) if crowded => *people += came,
            Some(_) | None => self.arrivals.push_back((now, came)),
        }
        while left > 0
            && let Some((since, people)) = self.arrivals.front_mut()
        {
            let go = left.min(*people);
            self.ended.0 = self.ended.0.saturating_add(u32::from(go));
            self.ended.1 = self.ended.1.saturating_add((now - *since).as_ms().saturating_mul(u64::from(go)));
            *people -= go;
            left -= go;
            if *people == 0 {
                self.arrivals.pop_front();
            }
        }
    }

    /// Whoever is there longest; where nobody is there, since when somebody has been reported.
    fn wait_s(&mut self, now: Instant, reported: u16) -> u8 {
        let since = if reported == 0 {
            self.phantom_since = None;
            return 0;
        } else if let Some(&(since, _)) = self.arrivals.front() {
            self.phantom_since = None;
            since
        } else {
            *self.phantom_since.get_or_insert(now)
        };
        u8::try_from((now - since).as_secs()).unwrap_or(u8::MAX)
    }

    /// Ghosts come at random and stay for a while. Returns how many are there.
    fn haunt(&mut self, now: Instant, ghosts: Option<(u16, Span)>, rng: &mut Pcg64Mcg) -> u16 {
        let Some((per_hour, longest)) = ghosts else {
            self.ghosts.clear();
            return 0;
        };
        self.ghosts.retain(|&until| until > now);
        let gap_us = now.since(self.looked.unwrap_or(now)).as_us();
        // Expected arrivals since the last look, in 1/HOUR_US.
        let expected = u64::from(per_hour).saturating_mul(gap_us);
        let fraction = u64::from(rng.next_u64() % HOUR_US < expected % HOUR_US);
        let come = usize::try_from(expected / HOUR_US + fraction).unwrap_or(GHOSTS);
        for _ in 0..come.min(GHOSTS - self.ghosts.len()) {
            let stay_us = 1 + rng.next_u64() % longest.as_us().max(1);
            self.ghosts.push(now + Span::from_us(stay_us));
        }
        u16::try_from(self.ghosts.len()).unwrap_or(u16::MAX)
    }
}

/// True with a probability of `per_mille`.
fn hits(per_mille: u16, rng: &mut Pcg64Mcg) -> bool {
    rng.next_u32() % 1_000 < u32::from(per_mille)
}

/// How many of `people` are detected when each is missed with a probability of `per_mille`.
fn detected(people: u16, per_mille: u16, rng: &mut Pcg64Mcg) -> u16 {
    let drawn = people.min(DRAWN);
    (0..drawn).fold(people - drawn, |seen, _| seen + u16::from(!hits(per_mille, rng)))
}
