//! The interlock: the last word on every lamp.
//!
//! Nothing reaches the lamp bus that has not passed [`Interlock::permit`]: the bus takes only a [`Permitted`], and
//! only this file can make one. It knows no stages and no policies, keeps its own clocks from the commands that
//! passed, and checks each change of aspect against the conflict table and the shortest times. What it refuses
//! never lights a lamp: it answers with flashing yellow, remembers the rule, and permits nothing else until it is
//! acknowledged. It does not look at the feedback; that is `feedback.rs`.

use super::config::Config;
use crate::time::{Instant, Span};

/// Shortest yellow, whatever a site says (GB 14886: 3 to 5 s).
const YELLOW_MIN: Span = Span::from_secs(3);

/// What the vehicle heads show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VehicleAspect {
    /// Nothing.
    Dark,
    /// Flashing yellow.
    FlashYellow,
    /// Red.
    Red,
    /// Yellow.
    Yellow,
    /// Green.
    Green,
}

/// What the pedestrian heads show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PedestrianAspect {
    /// Nothing.
    Dark,
    /// Red.
    Red,
    /// Steady green.
    Green,
    /// Flashing green.
    FlashGreen,
}

/// A command for both groups. `lit` is the half of the flash, for aspects that flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Groups {
    /// Vehicle group.
    pub(super) vehicle: VehicleAspect,
    /// Pedestrian group.
    pub(super) pedestrian: PedestrianAspect,
    /// Whether a flashing aspect is in its lit half.
    pub(super) lit: bool,
}

impl Groups {
    /// All lamps off.
    pub(super) const DARK: Groups =
        Groups { vehicle: VehicleAspect::Dark, pedestrian: PedestrianAspect::Dark, lit: false };

    /// Flashing yellow, pedestrian heads dark.
    pub(super) const fn flash(lit: bool) -> Groups {
        Groups { vehicle: VehicleAspect::FlashYellow, pedestrian: PedestrianAspect::Dark, lit }
    }

    /// Red, yellow, green of a vehicle head.
    pub(super) fn vehicle_lamps(self) -> [bool; 3] {
        match self.vehicle {
            VehicleAspect::Dark => [false, false, false],
            VehicleAspect::FlashYellow => [false, self.lit, false],
            VehicleAspect::Red => [true, false, false],
            VehicleAspect::Yellow => [false, true, false],
            VehicleAspect::Green => [false, false, true],
        }
    }

    /// Red, green of a pedestrian head.
    pub(super) fn pedestrian_lamps(self) -> [bool; 2] {
        match self.pedestrian {
            PedestrianAspect::Dark => [false, false],
            PedestrianAspect::Red => [true, false],
            PedestrianAspect::Green => [false, true],
            PedestrianAspect::FlashGreen => [false, self.lit],
        }
    }
}

/// A command that has passed. Only the interlock makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Permitted(Groups);

impl Permitted {
    /// The command.
    pub(super) const fn groups(self) -> Groups {
        self.0
    }
}

/// Why a command was refused; the number is the argument of the log entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The site has no conflict table.
    NoTable = 1,
    /// Pedestrian green while the vehicles are not at red.
    Conflict = 2,
    /// Flashing yellow beside lit pedestrian heads.
    FlashBesidePedestrians = 3,
    /// An order of aspects that does not exist (P08, P09).
    Sequence = 4,
    /// Vehicle green shorter than its minimum.
    GreenTooShort = 5,
    /// Yellow shorter than 3 s.
    YellowTooShort = 6,
    /// All-red before the walk too short.
    AllRedTooShort = 7,
    /// Clearance before vehicle green too short.
    ClearanceTooShort = 8,
    /// All-red after flashing or darkness too short.
    StartTooShort = 9,
}

/// The interlock's own limits, copied from the site when it is built.
#[derive(Clone, Copy, Debug)]
struct Limits {
    conflict_table: bool,
    green_min: Span,
    all_red: Span,
    buffer: Span,
    /// L / v: from the end of the steady green to vehicle green.
    clearance: Span,
    startup_all_red: Span,
}

/// See the module's documentation.
#[derive(Clone, Debug)]
pub(super) struct Interlock {
    limits: Limits,
    shown: Groups,
    vehicle_since: Instant,
    pedestrian_since: Instant,
    /// When the last steady green ended.
    steady_ended: Option<Instant>,
    /// Red on both sides since a start from flash or darkness, before any green.
    starting: bool,
    refused: Option<Refusal>,
    /// How long what may not end yet, or may not be followed, had been shown when that was refused.
    refused_after: Option<Span>,
}

impl Interlock {
    /// An interlock for heads that are dark.
    pub(super) fn new(config: &Config, now: Instant) -> Interlock {
        let timing = &config.timing;
        let speed = u64::from(config.geometry.design_speed_mm_s.max(1));
        let limits = Limits {
            conflict_table: config.conflict,
            green_min: timing.green_min,
            all_red: timing.all_red,
            buffer: timing.buffer,
            clearance: Span::from_us((u64::from(config.geometry.width_mm) * 1_000_000).div_ceil(speed)),
            startup_all_red: timing.startup_all_red,
        };
        Interlock {
            limits,
            shown: Groups::DARK,
            vehicle_since: now,
            pedestrian_since: now,
            steady_ended: None,
            starting: true,
            refused: None,
            refused_after: None,
        }
    }

    /// Checks a command. What is refused becomes flashing yellow, until [`Interlock::acknowledge`].
    pub(super) fn permit(&mut self, now: Instant, wanted: Groups) -> Permitted {
        if self.refused.is_some() && !is_safe(wanted) {
            return self.pass(now, Groups::flash(wanted.lit));
        }
        match self.check(now, wanted) {
            Ok(()) => self.pass(now, wanted),
            Err(refusal) => {
                self.refused = Some(refusal);
                self.refused_after = self.lasted(now, refusal);
                self.pass(now, Groups::flash(true))
            }
        }
    }

    /// What was refused and not yet acknowledged.
    pub(super) const fn refused(&self) -> Option<Refusal> {
        self.refused
    }

    /// The log's argument for what was refused: its rule, and 16 times one more than the hundredths of a second after which it
    /// was (at most 40.93 s; 0 where no time is concerned).
    pub(super) fn log_arg(&self, refusal: Refusal) -> u16 {
        let hundredths = self.refused_after.map_or(0, |span| span.as_ms() / 10 + 1);
        u16::try_from(hundredths.min(0xfff) << 4).unwrap_or(u16::MAX) | refusal as u16
    }

    /// What a rule about a time has measured.
    fn lasted(&self, now: Instant, refusal: Refusal) -> Option<Span> {
        let vehicle = now.since(self.vehicle_since);
        let pedestrian = match self.shown.pedestrian {
            PedestrianAspect::Red => now.since(self.pedestrian_since),
            PedestrianAspect::Dark | PedestrianAspect::Green | PedestrianAspect::FlashGreen => Span::ZERO,
        };
        match refusal {
            Refusal::GreenTooShort | Refusal::YellowTooShort => Some(vehicle),
            Refusal::AllRedTooShort if self.shown.vehicle == VehicleAspect::Red => Some(vehicle),
            Refusal::AllRedTooShort => Some(Span::ZERO),
            Refusal::ClearanceTooShort => Some(pedestrian),
            Refusal::StartTooShort => Some(vehicle.min(pedestrian)),
            Refusal::NoTable | Refusal::Conflict | Refusal::FlashBesidePedestrians | Refusal::Sequence => {
                None
            }
        }
    }

    /// A person has acknowledged the fault.
    pub(super) const fn acknowledge(&mut self) {
        self.refused = None;
    }

    fn pass(&mut self, now: Instant, groups: Groups) -> Permitted {
        if groups.vehicle != self.shown.vehicle {
            self.vehicle_since = now;
        }
        if groups.pedestrian != self.shown.pedestrian {
            self.pedestrian_since = now;
            if self.shown.pedestrian == PedestrianAspect::Green {
                self.steady_ended = Some(now);
            }
        }
        if is_safe(groups) {
            self.starting = true;
            self.steady_ended = None;
        } else if groups.vehicle == VehicleAspect::Green || walking(groups.pedestrian) {
            self.starting = false;
        }
        self.shown = groups;
        Permitted(groups)
    }

    fn check(&self, now: Instant, wanted: Groups) -> Result<(), Refusal> {
        if is_safe(wanted) {
            return Ok(());
        }
        if !self.limits.conflict_table {
            return Err(Refusal::NoTable);
        }
        if walking(wanted.pedestrian) && wanted.vehicle != VehicleAspect::Red {
            return Err(Refusal::Conflict);
        }
        if wanted.vehicle == VehicleAspect::FlashYellow && wanted.pedestrian != PedestrianAspect::Dark {
            return Err(Refusal::FlashBesidePedestrians);
        }
        self.check_vehicle(now, wanted)?;
        self.check_pedestrian(now, wanted)
    }

    fn check_vehicle(&self, now: Instant, wanted: Groups) -> Result<(), Refusal> {
        use VehicleAspect::{Dark, FlashYellow, Green, Red, Yellow};
        let lasted = now.since(self.vehicle_since);
        match (self.shown.vehicle, wanted.vehicle) {
            (Dark, Dark)
            | (FlashYellow, FlashYellow)
            | (Red | Dark | FlashYellow, Red)
            | (Yellow, Yellow)
            | (Green, Green) => Ok(()),
            (Red, Green) => self.check_clearance(now, wanted, lasted),
            (Green, Yellow) if lasted >= self.limits.green_min => Ok(()),
            (Green, Yellow) => Err(Refusal::GreenTooShort),
            (Yellow, Red) if lasted >= YELLOW_MIN => Ok(()),
            (Yellow, Red) => Err(Refusal::YellowTooShort),
            (Dark | FlashYellow | Yellow, Green)
            | (Dark | FlashYellow | Red, Yellow)
            | (Green, Red)
            | (Dark | Red | Yellow | Green, FlashYellow)
            | (FlashYellow | Red | Yellow | Green, Dark) => Err(Refusal::Sequence),
        }
    }

    /// Red to vehicle green: after a start, the whole start-up red; otherwise the buffer and L / v.
    fn check_clearance(&self, now: Instant, wanted: Groups, red_for: Span) -> Result<(), Refusal> {
        if wanted.pedestrian != PedestrianAspect::Red || self.shown.pedestrian != PedestrianAspect::Red {
            return Err(Refusal::ClearanceTooShort);
        }
        let pedestrians_red_for = now.since(self.pedestrian_since);
        if self.starting {
            let both = red_for.min(pedestrians_red_for);
            return if both >= self.limits.startup_all_red { Ok(()) } else { Err(Refusal::StartTooShort) };
        }
        let cleared = self.steady_ended.is_none_or(|ended| now.since(ended) >= self.limits.clearance);
        if cleared && pedestrians_red_for >= self.limits.buffer {
            Ok(())
        } else {
            Err(Refusal::ClearanceTooShort)
        }
    }

    fn check_pedestrian(&self, now: Instant, wanted: Groups) -> Result<(), Refusal> {
        use PedestrianAspect::{Dark, FlashGreen, Green, Red};
        match (self.shown.pedestrian, wanted.pedestrian) {
            (Dark, Dark)
            | (Red | Dark | FlashGreen, Red)
            | (Green, Green)
            | (FlashGreen | Green, FlashGreen) => Ok(()),
            (Red, Green) => {
                let red_for = now.since(self.vehicle_since);
                let all_red = self.shown.vehicle == VehicleAspect::Red && red_for >= self.limits.all_red;
                if all_red && !self.starting { Ok(()) } else { Err(Refusal::AllRedTooShort) }
            }
            (Dark | FlashGreen, Green)
            | (Red | Dark, FlashGreen)
            | (Green, Red)
            | (Red | Green | FlashGreen, Dark) => Err(Refusal::Sequence),
        }
    }
}

/// Flashing yellow or darkness beside dark pedestrian heads: always permitted.
fn is_safe(groups: Groups) -> bool {
    groups.pedestrian == PedestrianAspect::Dark
        && matches!(groups.vehicle, VehicleAspect::Dark | VehicleAspect::FlashYellow)
}

fn walking(aspect: PedestrianAspect) -> bool {
    matches!(aspect, PedestrianAspect::Green | PedestrianAspect::FlashGreen)
}

#[cfg(test)]
mod tests {
    use super::super::tests::default_site;
    use super::PedestrianAspect as Foot;
    use super::VehicleAspect as Car;
    use super::*;

    fn groups(vehicle: Car, pedestrian: Foot) -> Groups {
        Groups { vehicle, pedestrian, lit: true }
    }

    fn at(s: u64) -> Instant {
        Instant::from_ms(s * 1_000)
    }

    /// Commands that all pass: flash 0, all red 10, vehicle green 15, yellow 40, all red 43, walk 45, flash 52, red 60.
    fn cycle(until: u64) -> Interlock {
        let mut interlock = Interlock::new(&default_site(), at(0));
        let commands = [
            (0, Groups::flash(true)),
            (10, groups(Car::Red, Foot::Red)),
            (15, groups(Car::Green, Foot::Red)),
            (40, groups(Car::Yellow, Foot::Red)),
            (43, groups(Car::Red, Foot::Red)),
            (45, groups(Car::Red, Foot::Green)),
            (52, groups(Car::Red, Foot::FlashGreen)),
            (60, groups(Car::Red, Foot::Red)),
            (65, groups(Car::Green, Foot::Red)),
        ];
        for (s, command) in commands.into_iter().filter(|(s, _)| *s <= until) {
            assert_eq!(interlock.permit(at(s), command).groups(), command, "at {s}");
        }
        interlock
    }

    #[track_caller]
    fn refuses(mut interlock: Interlock, s: u64, command: Groups, refusal: Refusal) {
        let answer = interlock.permit(at(s), command).groups();
        assert_eq!(interlock.refused(), Some(refusal));
        assert_eq!(answer, Groups::flash(true));
        // Nothing else passes until a person has acknowledged it.
        let red = groups(Car::Red, Foot::Red);
        assert_eq!(interlock.permit(at(s + 100), red).groups(), Groups::flash(true));
        interlock.acknowledge();
        assert_eq!(interlock.permit(at(s + 101), red).groups(), red);
    }

    #[test]
    fn a_whole_cycle_passes() {
        assert_eq!(cycle(100).refused(), None);
    }

    #[test]
    fn pedestrian_green_beside_anything_but_vehicle_red_is_refused() {
        for vehicle in [Car::Green, Car::Yellow, Car::FlashYellow, Car::Dark] {
            refuses(cycle(20), 50, groups(vehicle, Foot::Green), Refusal::Conflict);
        }
        refuses(cycle(45), 46, groups(Car::Green, Foot::FlashGreen), Refusal::Conflict);
    }

    #[test]
    fn every_shortest_time_is_kept_to_the_last_microsecond() {
        let early = |s: u64| Instant::from_us(s * 1_000_000 - 1);
        let cases = [
            (15, 40, groups(Car::Yellow, Foot::Red), Refusal::GreenTooShort),
            (40, 43, groups(Car::Red, Foot::Red), Refusal::YellowTooShort),
            (43, 45, groups(Car::Red, Foot::Green), Refusal::AllRedTooShort),
            (60, 65, groups(Car::Green, Foot::Red), Refusal::ClearanceTooShort),
            (10, 15, groups(Car::Green, Foot::Red), Refusal::StartTooShort),
        ];
        for (until, due, command, refusal) in cases {
            let mut interlock = cycle(until);
            assert_eq!(interlock.permit(early(due), command).groups(), Groups::flash(true));
            assert_eq!(interlock.refused(), Some(refusal));
            assert_eq!(cycle(until).permit(at(due), command).groups(), command);
        }
    }

    #[test]
    fn orders_that_do_not_exist_are_refused() {
        let cases = [
            (15, groups(Car::Red, Foot::Red)),
            (40, groups(Car::Green, Foot::Red)),
            (45, groups(Car::Red, Foot::Red)),
            (52, groups(Car::Red, Foot::Green)),
            (10, groups(Car::Yellow, Foot::Red)),
            (43, groups(Car::Red, Foot::FlashGreen)),
            (43, groups(Car::Red, Foot::Dark)),
        ];
        for (until, command) in cases {
            refuses(cycle(until), until + 40, command, Refusal::Sequence);
        }
    }

    #[test]
    fn without_a_conflict_table_nothing_but_flash_passes() {
        let site = Config { conflict: false, ..default_site() };
        let mut interlock = Interlock::new(&site, at(0));
        assert_eq!(interlock.permit(at(0), Groups::flash(true)).groups(), Groups::flash(true));
        refuses_only(&mut interlock, groups(Car::Red, Foot::Red));
    }

    fn refuses_only(interlock: &mut Interlock, command: Groups) {
        assert_eq!(interlock.permit(at(10), command).groups(), Groups::flash(true));
        assert_eq!(interlock.refused(), Some(Refusal::NoTable));
    }
}
