//! Cables, addresses, channels.

use emulators::cable::Duplex;
use emulators::time::{Line, Span};
use emulators::wire::gat508::Edition;
use emulators::wire::gbt43229::{Address, Crc};

/// What a cable is for. The number is its place in every table of cables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CableRole {
    /// Camera at kerb A.
    CameraA,
    /// Camera at kerb B.
    CameraB,
    /// Lamp bus.
    Lamps,
    /// Lamp feedback.
    Feedback,
    /// Countdown broadcast.
    Countdown,
    /// Service port.
    Service,
    /// Lamp sense: the rig polls a module whose inputs hang on the lamps' mains. The controller has no end on it.
    Sense,
}

impl CableRole {
    /// How many there are.
    pub const COUNT: usize = 7;

    /// All roles, in order. New ones come last: traces carry a cable as its place.
    pub const ALL: [CableRole; CableRole::COUNT] = [
        CableRole::CameraA,
        CableRole::CameraB,
        CableRole::Lamps,
        CableRole::Feedback,
        CableRole::Countdown,
        CableRole::Service,
        CableRole::Sense,
    ];

    /// Whether the controller has an end on it.
    #[must_use]
    pub const fn is_controllers(self) -> bool {
        !matches!(self, CableRole::Sense)
    }

    /// Its name in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            CableRole::CameraA => "camera-a",
            CableRole::CameraB => "camera-b",
            CableRole::Lamps => "lamps",
            CableRole::Feedback => "feedback",
            CableRole::Countdown => "countdown",
            CableRole::Service => "service",
            CableRole::Sense => "sense",
        }
    }

    /// Its place in [`CableRole::ALL`]; also the controller's port number, where it has one.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// A cable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CableWiring {
    /// Line.
    pub line: Line,
    /// Use.
    pub duplex: Duplex,
}

impl CableWiring {
    /// Whether all its ends send on one line.
    #[must_use]
    pub fn is_shared(self) -> bool {
        self.duplex == Duplex::Shared
    }
}

/// A camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CameraWiring {
    /// Address.
    pub address: Address,
    /// Checksum variant.
    pub crc: Crc,
    /// 4 or 5.
    pub crosswalk_info_len: u8,
    /// Channel of the waiting area.
    pub waiting_channel: u8,
    /// Channel of the crosswalk, if this camera covers it.
    pub crosswalk_channel: Option<u8>,
    /// Real-time period at power-on.
    pub period: Span,
    /// Statistics period.
    pub statistics_period: Span,
    /// Waiting area's capacity in persons.
    pub waiting_capacity: u16,
    /// Crosswalk's capacity in persons.
    pub crosswalk_capacity: u16,
    /// The camera's clock is this far from the controller's at the start, in s.
    pub clock_error_s: i32,
}

/// Units on the lamp bus. Where a site has no lamp bus nobody asks them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LampWiring {
    /// Vehicle heads A and B.
    pub vehicle: [u8; 2],
    /// Pedestrian heads A and B.
    pub pedestrian: [u8; 2],
    /// Posts A and B.
    pub posts: [u8; 2],
    /// Length of the go sentence.
    pub go_lasts: Span,
    /// Length of the stop sentence.
    pub stop_lasts: Span,
}

/// The feedback module. Where a site has no feedback cable nobody asks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedbackWiring {
    /// Unit.
    pub unit: u8,
    /// Inputs: red, yellow, green of vehicle heads A and B.
    pub vehicle: [[u8; 3]; 2],
    /// Inputs: red, green of pedestrian heads A and B.
    pub pedestrian: [[u8; 2]; 2],
}

/// The displays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountdownWiring {
    /// Edition.
    pub edition: Edition,
    /// Numbers at vehicle heads A and B.
    pub vehicle: [u8; 2],
    /// Numbers at pedestrian heads A and B.
    pub pedestrian: [u8; 2],
}

/// The service port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceWiring {
    /// The controller's unit.
    pub unit: u8,
    /// How often the panel reads.
    pub period: Span,
}

/// The lamp-sense module: opto-isolated inputs that hang on the lamps' mains and are read by the rig.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenseWiring {
    /// Unit.
    pub unit: u8,
    /// How often the rig reads.
    pub period: Span,
    /// How far an input may lag behind its lamp.
    pub latency: Span,
    /// Inputs: red, yellow, green of vehicle heads A and B.
    pub vehicle: [[u8; 3]; 2],
    /// Inputs: red, green of pedestrian heads A and B.
    pub pedestrian: [[u8; 2]; 2],
    /// Bit n: input n reads 1 while its lamp is dark.
    pub inverted: u64,
}

impl SenseWiring {
    /// How many inputs are read: up to the last one that has a lamp.
    #[must_use]
    pub fn inputs(&self) -> u8 {
        let all = self.vehicle.iter().flatten().chain(self.pedestrian.iter().flatten());
        all.max().map_or(1, |last| last.saturating_add(1))
    }

    /// What the poller is told.
    #[must_use]
    pub fn poller(&self, line: Line) -> emulators::lamp_sense::Config {
        let SenseWiring { unit, period, latency, .. } = *self;
        emulators::lamp_sense::Config { unit, line, inputs: self.inputs(), period, latency }
    }
}

/// Everything that is wired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wiring {
    /// The controller's address on the camera cables.
    pub controller: Address,
    /// Cables by [`CableRole::index`]; `None` where a site has no such cable (service and sense; with sense also lamps and
    /// feedback).
    pub cables: [Option<CableWiring>; CableRole::COUNT],
    /// Cameras at kerb A and B.
    pub cameras: [CameraWiring; 2],
    /// Lamp bus.
    pub lamps: LampWiring,
    /// Feedback.
    pub feedback: FeedbackWiring,
    /// Displays.
    pub countdown: CountdownWiring,
    /// Service port, if there is one.
    pub service: Option<ServiceWiring>,
    /// Lamp sense, if the lamps are sensed.
    pub sense: Option<SenseWiring>,
}

impl Wiring {
    /// Whether the site has this cable.
    #[must_use]
    pub const fn has(&self, role: CableRole) -> bool {
        self.cables[role.index()].is_some()
    }
}
