//! Scenarios: what happens to a crossing from outside, in order. Never wiring, never bounds.
//!
//! # The file
//! ```toml
//! version = 1                            # required, first
//! title = "one sentence for people"
//! starts_at = "17:40:00"                 # local time, also "2019-06-03 17:40:00"; default noon
//! lasts = "2m 30s"                       # at most 48h
//! uptime = "49d 17h"                     # default 0s: how long the controller has been running
//! must_exercise = ["P25", "P26"]         # default none: not triggered makes the run inconclusive
//! policies = ["observed"]                # default all: others are skipped
//! pair = "more-people"                   # or "swapped-kerbs", "repeats", "damaged-frames", { noise = "lamps" }, { clock_step = "1h" }
//!
//! [[do]]                                 # a time and exactly one of the following
//! at = "40s"
//! arrive = { kerb = "a", count = 3, speed = "1.2 m/s", habit = "crosses" }
//! #   count: default 1; speed: default 1.3 m/s; habit: crosses (default), runs-red (after = "3s", default 0s),
//! #   gives-up (after = "10s"), turns-back, starts-late, stands
//! leave = { kerb = "a", count = 1 }
//! camera = { kerb = "a", fails = "flicker", share = "30%" }      # and { kerb = "a", heals = true }
//! #   miss, flicker (share); clip, stuck (count); ghosts (per_hour, lasts); late, jitter, clock-step (by); raw-count
//! #   (value); reboot (lasts); frozen, silent, no-heartbeat, bad-crc, repeats, self-reported,
//! #   impostor, misdirected
//! cable = { name = "countdown", fails = "flip", share = "0.1%" } # and { name = "countdown", mended = true }
//! #   drop, flip, duplicate (share); delay, jitter, split, merge (by); stall (lasts); garbage (per_hour); echo, break,
//! #   unplugged
//! lamp = { head = "vehicle-a", lamp = "red", fails = "out" }     # and mended = true
//! #   out, stuck-on, flicker (by: its period)
//! sense = { head = "vehicle-a", lamp = "green", fails = "stuck-on" }  # and mended = true; the lamp-sense module's input
//! #   stuck-on, out
//! display = { head = "pedestrian-a", fails = "lag", by = "1s" }  # and mended = true
//! #   dark, frozen, missing-segment, wrong-colour (colour), lag (by), ignores-link-loss
//! post = { kerb = "a", fails = "mute" }                          # and mended = true
//! #   stuck-colour, mute, loops
//! power = "off"                          # and "on"
//! dip = "300ms"                          # off now, on after that time
//! operator = "manual"                    # automatic, manual, step, flash, off, reset
//! stall = "2s"                           # also "begins" and "ends"
//! service = { register = 0, value = 5 }  # a holding register is written
//!
//! [[arrivals]]                           # groups at random, drawn from the seed
//! kerb = "a"
//! per_hour = 120                         # people
//! from = "1m"                            # default 0s
//! to = "10m"                             # default: the end
//! group = "1.5 people"                   # default 1: mean of a geometric size
//! speeds = ["1.0 m/s", "1.5 m/s"]        # default
//! red_runners = "2%"                     # default 0%: of the groups; they lose patience within 20 s
//! slow_walkers = "5%"                    # default 0%: of the groups; 0.5 to 0.8 m/s
//!
//! [[burst]]                              # so many people within so long; group, speeds, shares as above
//! kerb = "b"
//! at = "1m"
//! people = 60
//! over = "2m"
//! ```
//! Unknown keys are refused; so are steps after the end and more than 100,000 of them. A [`Stimulus`] shows itself as
//! the line of a file that would repeat it.

mod action;
mod date;
mod draw;
pub mod library;
mod load;
mod said;
#[cfg(test)]
mod tests;
mod words;
mod write;

pub use load::{LASTS_MAX, STEPS_MAX};
pub use said::{EXAMPLES, said};

/// One of two like things: at kerb (or approach) A or B.
pub use emulators::crowd::Kerb as Side;
use emulators::crowd::{Habit, Kerb};
use emulators::device::Operator;
use emulators::lamps::{Lamp, LampFault};
use emulators::time::{Instant, Span};
use emulators::{cable, camera, countdown, light_post};

use crate::site::CableRole;

/// Which head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// Vehicle head.
    Vehicle(Side),
    /// Pedestrian head.
    Pedestrian(Side),
}

/// Something that happens from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stimulus {
    /// People arrive together.
    Arrive {
        /// Where.
        kerb: Kerb,
        /// How many.
        count: u16,
        /// Walking speed, mm/s.
        speed_mm_s: u32,
        /// What they do.
        habit: Habit,
    },
    /// The longest-waiting people leave.
    Leave {
        /// Where.
        kerb: Kerb,
        /// How many.
        count: u16,
    },
    /// A camera starts to fail.
    CameraFails(Side, camera::Fault),
    /// A camera is well again.
    CameraHeals(Side),
    /// A cable gets a fault.
    CableFails(CableRole, cable::Fault),
    /// A cable is mended (also plugged in again).
    CableMended(CableRole),
    /// A lamp breaks.
    LampFails(Head, Lamp, LampFault),
    /// A lamp is replaced.
    LampMended(Head, Lamp),
    /// A lamp's input at the lamp-sense module sticks: reads as if lit (`true`) or dark, whatever the lamp does.
    SenseFails(Head, Lamp, bool),
    /// The input reads its lamp again.
    SenseMended(Head, Lamp),
    /// A display breaks.
    DisplayFails(Head, countdown::Fault),
    /// A display is replaced.
    DisplayMended(Head),
    /// A post breaks.
    PostFails(Side, light_post::Fault),
    /// A post is replaced.
    PostMended(Side),
    /// The cabinet's supply goes or comes (controller, heads, displays, posts, feedback module; cameras have their own).
    Power(bool),
    /// Somebody at the controller's panel.
    Operator(Operator),
    /// The controller's processor stalls: it neither hears nor acts until `Resume`.
    Stall,
    /// The controller goes on.
    Resume,
    /// A holding register is written over the service cable.
    ServiceWrite {
        /// Register.
        register: u16,
        /// Value.
        value: u16,
    },
}

/// A second run that is compared with the first (metamorphic properties).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pair {
    /// P31: the same with more people in each arrival.
    MorePeople,
    /// P32: kerbs swapped.
    SwappedKerbs,
    /// P43: noise on this cable.
    Noise(CableRole),
    /// P44: both cameras send every frame twice, and every report once more when it is old.
    Repeats,
    /// P43: where the scenario damages a camera's frames they do not come at all.
    DamagedFrames,
    /// P54: the cameras' clocks jump by this many seconds.
    ClockStep(i32),
}

/// A scenario, checked and expanded.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name, as on the command line.
    pub name: String,
    /// One sentence for people.
    pub title: String,
    /// What it is called in complaints: the file it came from.
    pub file: String,
    /// Local time when it begins, seconds since 1970-01-01.
    pub starts_at: u32,
    /// Whether the file says so: what happens depends on the time of day.
    pub clock_matters: bool,
    /// How long it lasts.
    pub lasts: Span,
    /// The controller's uptime when it begins (counters that wrap).
    pub uptime_ms: u64,
    /// Properties that must be triggered, or the run is inconclusive.
    pub must_exercise: Vec<String>,
    /// Policies it makes sense for; empty = all. For others it is skipped with that reason.
    pub policies: Vec<String>,
    /// A second run to compare with.
    pub pair: Option<Pair>,
    /// What happens, in order of time; things at one instant in file order. Generators already expanded with the seed.
    pub steps: Vec<(Instant, Stimulus)>,
    /// The file's text.
    pub text: String,
    /// SHA-256 of the text, hex.
    pub hash: String,
}
