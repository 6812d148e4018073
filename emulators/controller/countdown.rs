//! The countdown broadcast (GA/T 508): what all four displays show, at least once a second, and at the very moment
//! when a digit or a colour changes.
//!
//! A number is shown only where its end is known: from the announcement to the walk at both groups, and from the
//! walk to its end at the pedestrians. Everything else is dark (P23), and a promise that is broken off goes dark
//! with the next frame, which leaves at once (P20).

use super::config::{Config, CountdownTarget, Timing};
use super::interlock::{Groups, PedestrianAspect, VehicleAspect};
use super::plan::Plan;
use crate::time::{Instant, Span};
use crate::wire::gat508::{Colour, Edition, Entry, emit};

/// Longest silence of the broadcast, and the step of a countdown.
const SECOND: Span = Span::from_secs(1);
/// Largest number a frame carries (2014 edition).
const LARGEST: u64 = 255;

/// What one group's displays show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Digits {
    colour: Colour,
    seconds: u16,
}

const DARK: Digits = Digits { colour: Colour::Dark, seconds: 0 };

/// The broadcaster.
#[derive(Clone, Debug)]
pub(super) struct Broadcast {
    edition: Edition,
    vehicle_displays: [u8; 2],
    pedestrian_displays: [u8; 2],
    timing: Timing,
    shown: [Digits; 2],
    next: Instant,
}

impl Broadcast {
    /// A broadcaster that has not said anything.
    pub(super) fn new(config: &Config, now: Instant) -> Broadcast {
        Broadcast {
            edition: config.countdown_edition,
            vehicle_displays: config.units.vehicle_displays,
            pedestrian_displays: config.units.pedestrian_displays,
            timing: config.timing,
            shown: [DARK; 2],
            next: now,
        }
    }

    /// Says everything again at once: the displays may have been without supply.
    pub(super) const fn repeat(&mut self, now: Instant) {
        self.next = now;
    }

    /// When the next frame is due.
    pub(super) const fn due(&self) -> Instant {
        self.next
    }

    /// A frame, if one is due or something changed. `known`: whether numbers may be shown at all.
    pub(super) fn speak(
        &mut self,
        now: Instant,
        plan: &Plan,
        groups: Groups,
        known: bool,
    ) -> Option<Vec<u8>> {
        let ends = if known { self.ends(plan) } else { [None, None] };
        let colours = [vehicle_colour(groups.vehicle), pedestrian_colour(groups.pedestrian)];
        let wanted = [digits(now, ends[0], colours[0]), digits(now, ends[1], colours[1])];
        if now < self.next && wanted == self.shown {
            return None;
        }
        self.shown = wanted;
        self.next = now + SECOND;
        for (end, shown) in ends.into_iter().zip(wanted) {
            if let Some(end) = end
                && shown.seconds > 0
            {
                // The digit drops when this many whole seconds are left.
                let drop = end.back(SECOND * u64::from(shown.seconds - 1));
                if drop > now {
                    self.next = self.next.min(drop);
                }
            }
        }
        Some(self.frame())
    }

    /// Where the countdowns of the vehicle and the pedestrian group end.
    fn ends(&self, plan: &Plan) -> [Option<Instant>; 2] {
        let Some(walk) = plan.walk_at() else { return [None, plan.green_until()] };
        let vehicle = match self.timing.countdown_target {
            CountdownTarget::PedestrianGreen => walk,
            CountdownTarget::VehicleRed => walk.back(plan.all_red()),
            CountdownTarget::VehicleYellow => walk.back(plan.all_red() + self.timing.yellow),
        };
        [Some(vehicle), Some(walk)]
    }

    fn frame(&self) -> Vec<u8> {
        let entry = |number, digits: Digits| Entry { number, colour: digits.colour, seconds: digits.seconds };
        let entries = [
            entry(self.vehicle_displays[0], self.shown[0]),
            entry(self.vehicle_displays[1], self.shown[0]),
            entry(self.pedestrian_displays[0], self.shown[1]),
            entry(self.pedestrian_displays[1], self.shown[1]),
        ];
        let mut bytes = Vec::with_capacity(20);
        emit(self.edition, &entries, &mut bytes);
        bytes
    }
}

fn digits(now: Instant, end: Option<Instant>, colour: Colour) -> Digits {
    let left = end.map_or(0, |end| end.since(now).as_us().div_ceil(SECOND.as_us()));
    if left == 0 || colour == Colour::Dark {
        return DARK;
    }
    Digits { colour, seconds: u16::try_from(left.min(LARGEST)).unwrap_or(0) }
}

fn vehicle_colour(aspect: VehicleAspect) -> Colour {
    match aspect {
        VehicleAspect::Dark | VehicleAspect::FlashYellow => Colour::Dark,
        VehicleAspect::Red => Colour::Red,
        VehicleAspect::Yellow => Colour::Yellow,
        VehicleAspect::Green => Colour::Green,
    }
}

fn pedestrian_colour(aspect: PedestrianAspect) -> Colour {
    match aspect {
        PedestrianAspect::Dark => Colour::Dark,
        PedestrianAspect::Red => Colour::Red,
        PedestrianAspect::Green | PedestrianAspect::FlashGreen => Colour::Green,
    }
}
