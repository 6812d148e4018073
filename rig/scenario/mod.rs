//! Scenarios: what happens to a crossing from outside, in order. Never wiring, never bounds.

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
    /// P44: both cameras send every frame twice.
    Repeats,
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
    /// Local time when it begins, seconds since 1970-01-01.
    pub starts_at: u32,
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

impl std::fmt::Display for Stimulus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}
