//! Everything a site tells its controller. Read from the site file's `[wiring]`, `[geometry]`, `[conflicts]` and
//! `[controller]`, never from `[limits]`.

use crate::device::Port;
use crate::time::{Line, Span};
use crate::wire::gat508::Edition;
use crate::wire::gbt43229::{Address, Crc};

/// The controller's connectors and the lines on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// Camera A and B.
    pub cameras: [(Port, Line); 2],
    /// Lamp bus.
    pub lamps: (Port, Line),
    /// Lamp feedback.
    pub feedback: (Port, Line),
    /// Countdown broadcast.
    pub countdown: (Port, Line),
    /// Service port, if there is one.
    pub service: Option<(Port, Line)>,
}

/// One camera as the controller knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CameraLink {
    /// The camera's address.
    pub address: Address,
    /// Checksum variant.
    pub crc: Crc,
    /// 4 or 5.
    pub crosswalk_info_len: u8,
    /// Half duplex: send only after an upload has ended, within 50 ms.
    pub half_duplex: bool,
    /// Channel that looks at the waiting area.
    pub waiting_channel: u8,
    /// Channel that looks at the crosswalk, if this camera covers it.
    pub crosswalk_channel: Option<u8>,
    /// Real-time period that the controller sets after connecting, in 0.1 s (1..20).
    pub period: u8,
    /// Waiting area's capacity in persons (4 /m2 x area, P40).
    pub waiting_capacity: u16,
    /// Crosswalk's capacity in persons.
    pub crosswalk_capacity: u16,
}

/// Modbus units and display numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Units {
    /// Vehicle heads A and B.
    pub vehicle: [u8; 2],
    /// Pedestrian heads A and B.
    pub pedestrian: [u8; 2],
    /// Light posts A and B.
    pub posts: [u8; 2],
    /// Feedback module.
    pub feedback: u8,
    /// The controller's own unit on the service cable.
    pub service: u8,
    /// Displays at the vehicle heads.
    pub vehicle_displays: [u8; 2],
    /// Displays at the pedestrian heads.
    pub pedestrian_displays: [u8; 2],
}

/// Which feedback input carries which lamp circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedbackInputs {
    /// Red, yellow, green of vehicle heads A and B.
    pub vehicle: [[u8; 3]; 2],
    /// Red, green of pedestrian heads A and B.
    pub pedestrian: [[u8; 2]; 2],
}

/// The crossing's measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// L: carriageway width in mm.
    pub width_mm: u32,
    /// W: width of the crosswalk in mm.
    pub crosswalk_width_mm: u32,
    /// Design walking speed in mm/s (T08).
    pub design_speed_mm_s: u32,
}

/// What the vehicle countdown runs to (`domain.md` §0.3, D = cdP - cdV).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountdownTarget {
    /// To the pedestrian green: D = 0 (the reported "same 15 s").
    PedestrianGreen,
    /// To the vehicle red: D = all-red.
    VehicleRed,
    /// To the vehicle yellow: D = yellow + all-red.
    VehicleYellow,
}

/// Durations of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// T01.
    pub startup_flash: Span,
    /// T02.
    pub startup_all_red: Span,
    /// T03.
    pub yellow: Span,
    /// T05: vehicle red before pedestrian green.
    pub all_red: Span,
    /// T12.
    pub green_min: Span,
    /// T13.
    pub decision: Span,
    /// T14.
    pub announcement: Span,
    /// T06: steady part of the pedestrian green.
    pub walk: Span,
    /// T07: flashing part.
    pub walk_flash: Span,
    /// Longest pedestrian green in total (P35 cap).
    pub walk_max: Span,
    /// T09: pedestrian red before vehicle green.
    pub buffer: Span,
    /// T10.
    pub extension_max: Span,
    /// How long the crosswalk must be empty to end an extension.
    pub extension_gap: Span,
    /// Half period of flashing (T11: 500 ms).
    pub flash_half: Span,
    /// What the vehicle countdown runs to.
    pub countdown_target: CountdownTarget,
    /// P35: many waiting lengthen the green.
    pub count_lengthens_green: bool,
    /// Added to the all-red when one of several vehicle reds is out (P50).
    pub red_out_extra: Span,
}

/// Demand and detector diagnostics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detectors {
    /// T26.
    pub debounce: Span,
    /// T27.
    pub hold: Span,
    /// T29.
    pub silence: Span,
    /// T30.
    pub stuck: Span,
    /// Served walks within that time before a detector counts as stuck.
    pub stuck_walks: u8,
    /// T31.
    pub no_activity: Span,
    /// T32, changes of the count per minute.
    pub erratic_per_min: u16,
    /// P40: largest believable jump between successive received frames.
    pub jump_max: u8,
    /// P40: how long the last good frame is held.
    pub bad_hold: Span,
    /// T33.
    pub readmit: u8,
    /// Service interval of a kerb whose detector has failed (recall), at most T16.
    pub recall: Span,
    /// Cycle of the fixed plan when both cameras are lost.
    pub fallback_cycle: Span,
}

/// Sentences and when they may be spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voice {
    /// Length of the go sentence.
    pub go_lasts: Span,
    /// Length of the stop sentence.
    pub stop_lasts: Span,
    /// The stop sentence is repeated after this while somebody walks on red (<= 5 s).
    pub stop_repeat: Span,
    /// Minutes after midnight: voice is on from the first to the second (T60: 07-21 h).
    pub active: (u16, u16),
    /// Volume in percent while active.
    pub volume: u8,
    /// Volume in percent outside (0 = silent).
    pub quiet_volume: u8,
}

/// What to do when a pedestrian red is out (P50).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedOut {
    /// No pedestrian green until it is mended.
    NoWalk,
    /// Flash.
    Flash,
}

/// Which policy decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyChoice {
    /// 20 s after the first arrival, as reported (F4).
    Observed,
    /// Serve when the accumulated waiting reaches the cost to the vehicles (`domain.md` §3.1).
    Balanced {
        /// w, in percent: weight of a pedestrian second against a vehicle occupant's second.
        weight: u16,
        /// Vehicles per hour, by hour of day.
        flow: [u16; 24],
        /// Saturation flow in vehicles per hour.
        saturation: u16,
        /// Persons per vehicle, in tenths.
        occupancy_tenths: u16,
        /// Announce at the latest when the first has waited this long.
        wait_cap: Span,
    },
    /// Pedestrian stage once per cycle, asked for or not.
    FixedTime {
        /// Cycle.
        cycle: Span,
    },
    /// The first held presence is the press, latched; no announcement.
    PushButton,
}

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Own address on the camera cables.
    pub address: Address,
    /// Connectors.
    pub ports: Ports,
    /// Cameras at kerb A and B.
    pub cameras: [CameraLink; 2],
    /// Which edition the displays speak.
    pub countdown_edition: Edition,
    /// Units on the buses.
    pub units: Units,
    /// Feedback wiring.
    pub feedback: FeedbackInputs,
    /// The flash watchdog that the heads are given, ms.
    pub watchdog_ms: u16,
    /// Measures.
    pub geometry: Geometry,
    /// Whether vehicle and pedestrian groups conflict (the interlock's table; a site without it is refused).
    pub conflict: bool,
    /// Durations.
    pub timing: Timing,
    /// Demand and diagnostics.
    pub detectors: Detectors,
    /// Voice.
    pub voice: Voice,
    /// What to do when a pedestrian red is out.
    pub red_out: RedOut,
    /// The policy.
    pub policy: PolicyChoice,
    /// Local time when the run begins, seconds since 1970-01-01.
    pub clock: u32,
    /// Milliseconds the controller has been running when the run begins (counters that wrap).
    pub uptime_ms: u64,
}
