//! Plays a list of pieces on a bench: waits that are tied to lamps are resolved as the lamps change, and what was done in
//! the end is a plain scenario.

use std::collections::{BTreeMap, VecDeque};

use emulators::device::Operator;
use emulators::time::{Instant, Span};

use super::piece::{Deed, Onset, Piece};
use crate::bench::Observation;
use crate::driver::Script;
use crate::scenario::{Head, Side, Stimulus};

/// How long a wait that is tied to a change of lamps waits for it.
const PATIENCE: Span = Span::from_secs(120);
/// A person at a panel needs this long from one switch to the next.
const HAND: Span = Span::from_ms(1_500);
/// Nothing more is done after this time.
const LATEST: Span = Span::from_secs(900);

/// How long anchors waited, by salt.
pub type Resolved = BTreeMap<u32, Span>;

/// Lamps as last seen: vehicle green, yellow, red, pedestrian green, red.
type Lamps = [bool; 5];

/// A script made of pieces.
#[derive(Debug)]
pub struct Player {
    pieces: VecDeque<Piece>,
    resolved: Resolved,
    /// Where the next piece begins.
    cursor: Instant,
    /// The anchor that is waited for: what for, how much longer, salt.
    awaited: Option<(Onset, Span, u32)>,
    /// What is to come, in order of time.
    coming: VecDeque<(Instant, Stimulus)>,
    done: Vec<(Instant, Stimulus)>,
    lamps: Lamps,
    off_until: Instant,
    /// When somebody at the panel has a hand free.
    hand_free: Instant,
    shortest: Span,
    tail: Span,
    end: Instant,
}

impl Player {
    /// Plays `pieces`; anchors in `resolved` wait as long as it says. The run lasts at least `shortest`, and ends `tail` after
    /// everything has been mended.
    #[must_use]
    pub fn new(pieces: Vec<Piece>, resolved: Resolved, shortest: Span, tail: Span) -> Player {
        let mut player = Player {
            pieces: pieces.into(),
            resolved,
            cursor: Instant::ZERO,
            awaited: None,
            coming: VecDeque::new(),
            done: Vec::new(),
            lamps: [false; 5],
            off_until: Instant::ZERO,
            hand_free: Instant::ZERO,
            shortest,
            tail,
            end: Instant::MAX,
        };
        player.proceed();
        player
    }

    /// What was done, how long it lasted, and how long each anchor waited.
    #[must_use]
    pub fn finish(self) -> (Vec<(Instant, Stimulus)>, Span, Resolved) {
        (self.done, self.end.since(Instant::ZERO), self.resolved)
    }

    /// Goes on to the next anchor, or to the end.
    fn proceed(&mut self) {
        while self.awaited.is_none()
            && let Some(piece) = self.pieces.pop_front()
        {
            if self.cursor > Instant::ZERO + LATEST {
                self.pieces.clear();
                break;
            }
            match piece {
                Piece::Wait(span) => self.cursor += span,
                Piece::Await { onset, after, salt } => match self.resolved.get(&salt) {
                    Some(waited) => self.cursor += *waited,
                    None => self.awaited = Some((onset, after, salt)),
                },
                Piece::Do(deed) => self.schedule(&deed),
            }
        }
        if self.awaited.is_none() && self.end == Instant::MAX {
            self.wind_up();
        }
    }

    fn schedule(&mut self, deed: &Deed) {
        let at = self.cursor;
        match *deed {
            Deed::Once(ref stimulus) => self.put(at, stimulus.clone()),
            Deed::Panel(operator) => {
                let at = at.max(self.hand_free);
                self.hand_free = at + HAND;
                self.put(at, Stimulus::Operator(operator));
            }
            // Within another one it would only end that one early.
            Deed::Dip(span) if at >= self.off_until => {
                self.off_until = at + span;
                self.put(at, Stimulus::Power(false));
                self.put(at + span, Stimulus::Power(true));
            }
            Deed::Dip(_) => {}
        }
    }

    fn put(&mut self, at: Instant, stimulus: Stimulus) {
        let place = self.coming.partition_point(|step| step.0 <= at);
        self.coming.insert(place, (at, stimulus));
    }

    /// Mends what is broken, and lets obligations close.
    fn wind_up(&mut self) {
        let last = self.coming.back().map_or(self.cursor, |step| step.0.max(self.cursor));
        let mut standing: Vec<Stimulus> = Vec::new();
        let mut reset = false;
        for (_, stimulus) in self.done.iter().chain(&self.coming) {
            reset |= matches!(
                stimulus,
                Stimulus::LampFails(..) | Stimulus::Operator(_) | Stimulus::CableFails(..)
            );
            if let Some(mend) = mends(stimulus)
                && !standing.contains(&mend)
            {
                standing.push(mend);
            }
        }
        let at = last + Span::from_secs(1);
        for mend in standing {
            self.put(at, mend);
        }
        if reset {
            // Lamps must have been seen to burn again.
            self.put(at + Span::from_secs(10), Stimulus::Operator(Operator::Reset));
            self.put(at + Span::from_secs(10), Stimulus::Operator(Operator::Automatic));
        }
        self.end = (at + self.tail).max(Instant::ZERO + self.shortest);
    }

    fn onset(&mut self, now: Instant, onset: Onset) {
        let Some((awaited, after, salt)) = self.awaited else { return };
        if awaited != onset || now < self.cursor {
            return;
        }
        self.resolve(now + after, salt);
    }

    fn resolve(&mut self, cursor: Instant, salt: u32) {
        self.resolved.insert(salt, cursor.since(self.cursor));
        self.cursor = cursor;
        self.awaited = None;
        self.proceed();
    }
}

/// What ends a fault.
fn mends(stimulus: &Stimulus) -> Option<Stimulus> {
    Some(match *stimulus {
        Stimulus::CameraFails(side, _) => Stimulus::CameraHeals(side),
        Stimulus::CableFails(role, _) => Stimulus::CableMended(role),
        Stimulus::LampFails(head, lamp, _) => Stimulus::LampMended(head, lamp),
        Stimulus::SenseFails(head, lamp, _) => Stimulus::SenseMended(head, lamp),
        Stimulus::DisplayFails(head, _) => Stimulus::DisplayMended(head),
        Stimulus::PostFails(side, _) => Stimulus::PostMended(side),
        _ => return None,
    })
}

impl Script for Player {
    fn due(&self) -> Instant {
        let coming = self.coming.front().map_or(Instant::MAX, |step| step.0);
        let patience = self.awaited.map_or(Instant::MAX, |_| self.cursor + PATIENCE);
        coming.min(patience)
    }

    fn act(&mut self, now: Instant) -> Option<Stimulus> {
        if self.coming.front().is_some_and(|step| step.0 <= now) {
            let (_, stimulus) = self.coming.pop_front()?;
            self.done.push((now, stimulus.clone()));
            return Some(stimulus);
        }
        if let Some((_, _, salt)) = self.awaited {
            self.resolve(now, salt);
        }
        None
    }

    fn see(&mut self, now: Instant, observation: &Observation) {
        let Observation::Head { head, sight } = observation else { return };
        let driven = sight.driven;
        let (places, lit): (&[usize], [bool; 3]) = match head {
            Head::Vehicle(Side::A) => (&[0, 1, 2], [driven.green, driven.yellow, driven.red]),
            Head::Pedestrian(Side::A) => (&[3, 4], [driven.green, driven.red, false]),
            Head::Vehicle(Side::B) | Head::Pedestrian(Side::B) => return,
        };
        for (&place, lit) in places.iter().zip(lit) {
            let before = std::mem::replace(&mut self.lamps[place], lit);
            let onset = match (place, before, lit) {
                (0, false, true) => Onset::VehicleGreen,
                (1, false, true) => Onset::VehicleYellow,
                (2, false, true) => Onset::VehicleRed,
                (3, false, true) => Onset::PedestrianGreen,
                (3, true, false) => Onset::PedestrianGreenOut,
                (4, false, true) => Onset::PedestrianRed,
                _ => continue,
            };
            self.onset(now, onset);
        }
    }

    fn end(&self) -> Instant {
        self.end
    }
}
