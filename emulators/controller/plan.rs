//! The stages of the crossing and what leads from one to the next.
//!
//! ```text
//! start flash → start all red → vehicle green → yellow → all red → walk → walk flash → buffer → vehicle green
//!                                                                                         ↘ extension ↗
//! any → flash → start all red;   any → off → start flash
//! ```
//! The announcement runs inside the vehicle green: once made, the instants of yellow, red and walk are fixed
//! (P20). Stages count from the instant they really began; a late wake lengthens, it never shortens.

use super::config::Timing;
use super::interlock::{Groups, PedestrianAspect, VehicleAspect};
use crate::time::{Instant, Span};

/// One second, the step of a countdown.
const SECOND: Span = Span::from_secs(1);
/// Flash and darkness last at least as long as the shortest yellow: they stand between a green and a red.
const FLASH_MIN: Span = Span::from_secs(3);

/// Where the plan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// After power came: vehicle heads flash yellow, pedestrian heads dark (T01).
    StartFlash,
    /// Before the first vehicle green: all red (T02).
    StartAllRed,
    /// Vehicle green, resting or announced.
    VehicleGreen,
    /// Vehicle yellow.
    Yellow,
    /// All red before the walk.
    AllRed,
    /// Steady pedestrian green.
    Walk,
    /// Flashing pedestrian green.
    WalkFlash,
    /// All red after the walk (T09).
    Buffer,
    /// All red, lengthened for somebody who is still on the crosswalk (T10).
    Extension,
    /// Flashing yellow.
    Flash,
    /// Lamps off.
    Off,
}

/// What the plan is told each time it looks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Circumstances {
    /// When the policy wants to serve.
    pub(super) serve_at: Option<Instant>,
    /// Whether that is announced.
    pub(super) announces: bool,
    /// An operator holds the signals.
    pub(super) held: bool,
    /// Somebody is on the crosswalk.
    pub(super) occupied: bool,
    /// Since when nobody is; a site without such a camera says since ever.
    pub(super) empty_since: Option<Instant>,
    /// The crosswalk detector is not to be believed: run the extension in full (P37).
    pub(super) full_extension: bool,
    /// No pedestrian green may be given (a pedestrian red is out, P50).
    pub(super) no_walk: bool,
    /// A vehicle red is out: lengthen the all-red of changes that are not announced yet (P50).
    pub(super) longer_all_red: bool,
    /// How long the pedestrian green shall be in total (P35).
    pub(super) green_total: Span,
}

/// What happened when the plan looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happened {
    /// The change was announced.
    Announced,
    /// The announcement was broken off by a severe fault.
    Withdrawn,
    /// Another stage began.
    Began {
        /// Stage that ended.
        left: Stage,
        /// The extension ran out while somebody was still there.
        exhausted: bool,
    },
}

/// See the module's documentation.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    timing: Timing,
    stage: Stage,
    since: Instant,
    /// When the flash that shows began: one that goes on for another reason does not begin anew.
    flash_from: Instant,
    /// Flash may not be left before this: the start-up's own must have lasted, and whoever started on a green that was
    /// broken off must be across before the start's all red ends.
    flash_until: Instant,
    /// When the announced walk begins.
    walk_at: Option<Instant>,
    /// All-red of the change under way.
    all_red: Span,
    /// End of the steady green.
    steady_until: Instant,
    /// Start of the last pedestrian green.
    last_walk: Option<Instant>,
    /// An operator asked for the other green.
    step: bool,
    /// The walk was held by an operator: its end is not known.
    open_end: bool,
}

impl Plan {
    /// A plan that starts up.
    pub(super) const fn new(timing: Timing, now: Instant) -> Plan {
        Plan {
            timing,
            stage: Stage::StartFlash,
            since: now,
            flash_from: now,
            flash_until: now,
            walk_at: None,
            all_red: timing.all_red,
            steady_until: now,
            last_walk: None,
            step: false,
            open_end: false,
        }
    }

    /// The stage.
    pub(super) const fn stage(&self) -> Stage {
        self.stage
    }

    /// When it began.
    pub(super) const fn since(&self) -> Instant {
        self.since
    }

    /// When the announced walk begins, from the decision to the walk.
    pub(super) const fn walk_at(&self) -> Option<Instant> {
        self.walk_at
    }

    /// All-red of the change under way.
    pub(super) const fn all_red(&self) -> Span {
        self.all_red
    }

    /// Start of the last pedestrian green.
    pub(super) const fn last_walk(&self) -> Option<Instant> {
        self.last_walk
    }

    /// End of the steady green, where it is known.
    pub(super) fn steady_until(&self) -> Option<Instant> {
        (self.stage == Stage::Walk && !self.open_end).then_some(self.steady_until)
    }

    /// End of the pedestrian green, flashing part included, where it is known.
    pub(super) fn green_until(&self) -> Option<Instant> {
        match self.stage {
            Stage::Walk if !self.open_end => Some(self.steady_until + self.timing.walk_flash),
            Stage::WalkFlash if !self.open_end => Some(self.since + self.timing.walk_flash),
            Stage::StartFlash
            | Stage::StartAllRed
            | Stage::VehicleGreen
            | Stage::Yellow
            | Stage::AllRed
            | Stage::Walk
            | Stage::WalkFlash
            | Stage::Buffer
            | Stage::Extension
            | Stage::Flash
            | Stage::Off => None,
        }
    }

    /// Whether a countdown has promised something that has not come yet.
    pub(super) fn promised(&self) -> bool {
        self.walk_at.is_some() || self.green_until().is_some()
    }

    /// Leaves everything for flashing yellow, at once.
    pub(super) fn flash(&mut self, now: Instant) -> bool {
        self.stop(now, Stage::Flash)
    }

    /// Leaves everything for darkness, at once.
    pub(super) fn off(&mut self, now: Instant) -> bool {
        self.stop(now, Stage::Off)
    }

    /// In flash and darkness: when they may be left.
    pub(super) fn free_at(&self) -> Option<Instant> {
        matches!(self.stage, Stage::Flash | Stage::Off)
            .then(|| (self.since + FLASH_MIN).max(self.flash_until))
    }

    /// The heads have flashed by themselves for long enough: all red at once.
    pub(super) fn leave_flash(&mut self, now: Instant) {
        if self.stage == Stage::Flash {
            self.begin(now, Stage::StartAllRed);
        }
    }

    /// From flash: all red. From darkness: the whole start-up. Not before [`Plan::free_at`].
    pub(super) fn start_again(&mut self, now: Instant) {
        if self.free_at().is_some_and(|at| now < at) {
            return;
        }
        match self.stage {
            Stage::Flash => self.begin(now, Stage::StartAllRed),
            Stage::Off => self.begin(now, Stage::StartFlash),
            Stage::StartFlash
            | Stage::StartAllRed
            | Stage::VehicleGreen
            | Stage::Yellow
            | Stage::AllRed
            | Stage::Walk
            | Stage::WalkFlash
            | Stage::Buffer
            | Stage::Extension => {}
        }
    }

    /// An operator asks for the other green; heeded only where a green is held.
    pub(super) fn step(&mut self) {
        self.step = matches!(self.stage, Stage::VehicleGreen | Stage::Walk);
    }

    /// What is due. Call it until it answers `None`.
    pub(super) fn advance(&mut self, now: Instant, seen: &Circumstances) -> Option<Happened> {
        if seen.no_walk && self.walk_at.take().is_some() {
            return Some(Happened::Withdrawn);
        }
        self.heed_operator(now, seen.held);
        if now < self.due(seen)? {
            return None;
        }
        let left = self.stage;
        let mut exhausted = false;
        match self.stage {
            Stage::StartFlash => self.begin(now, Stage::StartAllRed),
            Stage::StartAllRed | Stage::Extension => {
                exhausted = self.stage == Stage::Extension && seen.occupied;
                self.begin(now, Stage::VehicleGreen);
            }
            Stage::VehicleGreen => return Some(self.leave_vehicle_green(now, seen)),
            Stage::Yellow => self.begin(now, Stage::AllRed),
            Stage::AllRed if seen.no_walk => self.begin(now, Stage::Buffer),
            Stage::AllRed => {
                self.begin(now, Stage::Walk);
                self.last_walk = Some(now);
                self.open_end = seen.held;
                self.steady_until = now + self.steady_of(seen.green_total);
            }
            Stage::Walk => self.begin(now, Stage::WalkFlash),
            Stage::WalkFlash => self.begin(now, Stage::Buffer),
            Stage::Buffer if self.is_clear(now, seen) => self.begin(now, Stage::VehicleGreen),
            Stage::Buffer => self.begin(now, Stage::Extension),
            Stage::Flash | Stage::Off => return None,
        }
        Some(Happened::Began { left, exhausted })
    }

    /// When the plan wants to look again.
    pub(super) fn due(&self, seen: &Circumstances) -> Option<Instant> {
        let timing = &self.timing;
        match self.stage {
            Stage::StartFlash => Some(self.since + timing.startup_flash),
            Stage::StartAllRed => Some(self.since + timing.startup_all_red),
            Stage::VehicleGreen => self.green_due(seen),
            Stage::Yellow => {
                let planned = self.walk_at.map(|walk| walk.back(self.all_red));
                Some((self.since + timing.yellow).max(planned.unwrap_or(Instant::ZERO)))
            }
            Stage::AllRed => Some((self.since + self.all_red).max(self.walk_at.unwrap_or(Instant::ZERO))),
            Stage::Walk if seen.held => self.step.then_some(self.since + timing.walk),
            Stage::Walk => Some(self.steady_until),
            Stage::WalkFlash => Some(self.since + timing.walk_flash),
            Stage::Buffer => Some(self.since + timing.buffer),
            Stage::Extension => {
                let longest = self.since + timing.extension_max;
                let empty = if seen.full_extension || seen.occupied { None } else { seen.empty_since };
                Some(empty.map_or(longest, |at| (at + timing.extension_gap).min(longest)))
            }
            Stage::Flash | Stage::Off => None,
        }
    }

    /// What the heads shall show, and when the flash changes its half.
    pub(super) fn groups(&self, now: Instant) -> (Groups, Option<Instant>) {
        use PedestrianAspect as Foot;
        use VehicleAspect as Car;
        let (vehicle, pedestrian) = match self.stage {
            Stage::StartFlash | Stage::Flash => (Car::FlashYellow, Foot::Dark),
            Stage::StartAllRed | Stage::AllRed | Stage::Buffer | Stage::Extension => (Car::Red, Foot::Red),
            Stage::VehicleGreen => (Car::Green, Foot::Red),
            Stage::Yellow => (Car::Yellow, Foot::Red),
            Stage::Walk => (Car::Red, Foot::Green),
            Stage::WalkFlash => (Car::Red, Foot::FlashGreen),
            Stage::Off => (Car::Dark, Foot::Dark),
        };
        let flashes = vehicle == Car::FlashYellow || pedestrian == Foot::FlashGreen;
        let half = self.timing.flash_half.as_us().max(1);
        let halves = now.since(self.flash_from).as_us() / half;
        let lit = !flashes || halves.is_multiple_of(2);
        let turns = flashes.then(|| self.flash_from + Span::from_us(half.saturating_mul(halves + 1)));
        (Groups { vehicle, pedestrian, lit }, turns)
    }

    /// At the end of the buffer: nobody on the crosswalk, and not just since now.
    fn is_clear(&self, now: Instant, seen: &Circumstances) -> bool {
        let empty = seen.empty_since.is_some_and(|at| now >= at + self.timing.extension_gap);
        empty && !seen.occupied && !seen.full_extension
    }

    /// In vehicle green: when to announce, or when the announced or ordered yellow is due.
    fn green_due(&self, seen: &Circumstances) -> Option<Instant> {
        let earliest = self.since + self.timing.green_min;
        if let Some(walk) = self.walk_at {
            return Some(walk.back(self.all_red + self.timing.yellow).max(earliest));
        }
        if seen.no_walk {
            return None;
        }
        if seen.held {
            return self.step.then_some(earliest);
        }
        let serve = seen.serve_at?;
        Some(if seen.announces { serve } else { serve.max(earliest) })
    }

    fn leave_vehicle_green(&mut self, now: Instant, seen: &Circumstances) -> Happened {
        if self.walk_at.is_none() {
            let extra = if seen.longer_all_red { self.timing.red_out_extra } else { Span::ZERO };
            self.all_red = self.timing.all_red + extra;
            if seen.announces && !seen.held {
                let intergreen = self.timing.yellow + self.all_red;
                // A site whose announcement is shorter than its intergreen gets the intergreen.
                let soonest = now.max(self.since + self.timing.green_min) + intergreen;
                let walk = (now + self.timing.announcement).max(soonest);
                self.walk_at = Some(walk);
                return Happened::Announced;
            }
        }
        self.begin(now, Stage::Yellow);
        Happened::Began { left: Stage::VehicleGreen, exhausted: false }
    }

    /// Steady part of a green of this length: at least T06, in whole seconds beyond it, at most the cap.
    fn steady_of(&self, green_total: Span) -> Span {
        let least = self.timing.walk + self.timing.walk_flash;
        let wanted = green_total.min(self.timing.walk_max).saturating_sub(least).as_us();
        let longest = self.timing.walk_max.saturating_sub(least).as_us();
        let seconds = wanted.div_ceil(SECOND.as_us());
        let extra = SECOND * seconds;
        let extra = if extra.as_us() > longest { SECOND * (longest / SECOND.as_us()) } else { extra };
        self.timing.walk + extra
    }

    /// A held walk has no known end; when automatic running comes back it ends after its steady part, so that its
    /// countdown starts at a whole second.
    fn heed_operator(&mut self, now: Instant, held: bool) {
        if held {
            self.open_end |= self.stage == Stage::Walk;
            return;
        }
        self.step = false;
        if std::mem::take(&mut self.open_end) && self.stage == Stage::Walk {
            let rest = (self.since + self.timing.walk).since(now) + self.timing.walk_flash;
            let whole = SECOND * rest.as_us().div_ceil(SECOND.as_us());
            self.steady_until = now + whole.saturating_sub(self.timing.walk_flash);
        }
    }

    fn stop(&mut self, now: Instant, stage: Stage) -> bool {
        if self.stage == stage {
            return false;
        }
        let timing = &self.timing;
        let clearance = (timing.walk_flash + timing.buffer).saturating_sub(timing.startup_all_red);
        match self.stage {
            Stage::StartFlash => self.flash_until = self.since + timing.startup_flash,
            Stage::Walk => self.flash_until = now + clearance,
            // Until it first goes dark a flashing green looks like a steady one.
            Stage::WalkFlash => {
                let looked_steady = now.min(self.since + timing.flash_half);
                self.flash_until = self.flash_until.max(looked_steady + clearance);
            }
            Stage::Buffer => self.flash_until = self.flash_until.max(self.since + clearance),
            Stage::StartAllRed
            | Stage::VehicleGreen
            | Stage::Yellow
            | Stage::AllRed
            | Stage::Extension
            | Stage::Flash
            | Stage::Off => {}
        }
        self.begin(now, stage);
        self.walk_at = None;
        true
    }

    fn begin(&mut self, now: Instant, stage: Stage) {
        let flashes_on = self.stage == Stage::StartFlash && stage == Stage::Flash;
        if !flashes_on {
            self.flash_from = now;
        }
        self.stage = stage;
        self.since = now;
        self.step = false;
        if stage == Stage::Walk || stage == Stage::Buffer {
            self.walk_at = None;
        }
        if stage == Stage::VehicleGreen {
            self.open_end = false;
        }
    }
}
