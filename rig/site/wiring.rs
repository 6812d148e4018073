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
}

impl CableRole {
    /// All roles, in order.
    pub const ALL: [CableRole; 6] = [
        CableRole::CameraA,
        CableRole::CameraB,
        CableRole::Lamps,
        CableRole::Feedback,
        CableRole::Countdown,
        CableRole::Service,
    ];

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
        }
    }

    /// Its place in [`CableRole::ALL`]; also the controller's port number.
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

/// Units on the lamp bus.
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

/// The feedback module.
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

/// Everything that is wired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wiring {
    /// The controller's address on the camera cables.
    pub controller: Address,
    /// Cables by [`CableRole::index`]; `None` where a site has no such cable (service only).
    pub cables: [Option<CableWiring>; 6],
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
}
