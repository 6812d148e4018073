//! Records. Everything the judge knows is here; stimuli are written down for readers and are never evidence.

use emulators::time::Instant;
use serde::{Deserialize, Serialize};

/// What a trace file says about itself, as JSON. Site and scenario are inside, so that a trace stands alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Format version of the file.
    pub format: u32,
    /// Version of the tool that wrote it.
    pub tool: String,
    /// Site name.
    pub site: String,
    /// SHA-256 of the site file.
    pub site_hash: String,
    /// Scenario name.
    pub scenario: String,
    /// SHA-256 of the scenario file.
    pub scenario_hash: String,
    /// Seed.
    pub seed: u64,
    /// `virtual` or `live`.
    pub clock: String,
    /// Local time when the run began, seconds since 1970-01-01.
    pub starts_at: u32,
    /// The site file.
    pub site_text: String,
    /// The scenario file.
    pub scenario_text: String,
}

/// Which head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HeadName {
    /// Vehicle head A.
    VehicleA,
    /// Vehicle head B.
    VehicleB,
    /// Pedestrian head A.
    PedestrianA,
    /// Pedestrian head B.
    PedestrianB,
}

impl HeadName {
    /// All heads, in order.
    pub const ALL: [HeadName; 4] =
        [HeadName::VehicleA, HeadName::VehicleB, HeadName::PedestrianA, HeadName::PedestrianB];
}

/// One transmission on a cable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Place of the cable in `CableRole::ALL`.
    pub cable: u8,
    /// The end that sent it (0 is the controller; on the cable `sense` a module on the table); `None` for garbage that
    /// nobody sent.
    pub from: Option<u8>,
    /// When its first bit was on the line. Its end is the record's instant.
    pub start: Instant,
    /// What arrived; empty if nothing did.
    pub bytes: Vec<u8>,
    /// What was sent, where it differs from what arrived. On the countdown cable what is held up on its way is recorded
    /// when it is sent (nothing arrived) and when it arrives (nothing was sent).
    pub sent: Option<Vec<u8>>,
    /// Another transmission was on the line at the same time.
    pub collided: bool,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A transmission ended.
    Frame(Frame),
    /// A head's lamps, bit 0 red, 1 yellow, 2 green: what its board drives and what is lit.
    Head {
        /// Which.
        head: HeadName,
        /// Driven.
        driven: u8,
        /// Lit.
        lit: u8,
    },
    /// What a head's lamps are seen to be by the lamp-sense module, bits as in `Head`; it has become so between the
    /// record's two instants.
    Sensed {
        /// Which.
        head: HeadName,
        /// Lit; `None`: the module does not answer, nothing is known.
        lit: Option<u8>,
    },
    /// A display (at that head): colour 0 dark, 1 green, 2 yellow, 3 red, and the number; told and shown.
    Display {
        /// At which head.
        head: HeadName,
        /// What it was told.
        told: (u8, u16),
        /// What it shows.
        shown: (u8, u16),
    },
    /// A light post: light 0 dark, 1 red, 2 green; voice 0 silent, 1 go, 2 stop; volume in percent.
    Post {
        /// 0 = A, 1 = B.
        post: u8,
        /// Light.
        light: u8,
        /// Voice.
        voice: u8,
        /// Volume.
        volume: u8,
    },
    /// The cabinet's supply, as measured.
    Power(bool),
    /// Where people are (for readers; no evidence): waiting at A and B, walking up and down.
    People {
        /// Waiting.
        waiting: [u16; 2],
        /// Walking.
        walking: [u16; 2],
    },
    /// A stimulus, in the scenario's own words (for readers; no evidence. Only an operator's deed may excuse, where no
    /// service port tells of it).
    Stimulus(String),
    /// A device threw bytes away.
    Reject {
        /// Which device.
        device: String,
        /// Place of the cable in `CableRole::ALL`.
        cable: u8,
        /// How many bytes.
        skipped: u32,
        /// Why.
        why: String,
    },
    /// A remark of the rig's own.
    Note(String),
    /// The run ended here, as planned. A trace without it was cut off.
    End,
}

/// One record. What it says became true between `earliest` and `latest`; in virtual time the two are equal, except for
/// lamps that are sensed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Not before.
    pub earliest: Instant,
    /// Not after; records are in order of this.
    pub latest: Instant,
    /// What.
    pub what: What,
}
