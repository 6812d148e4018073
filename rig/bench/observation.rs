//! What the bench sees happen, in order.

use emulators::countdown::DisplaySight;
use emulators::crowd::CrowdSight;
use emulators::device::Operator;
use emulators::lamps::{HeadSight, Lamps};
use emulators::light_post::PostSight;
use emulators::time::Instant;

use crate::scenario::{Head, Side, Stimulus};
use crate::site::CableRole;

/// Something to be done to the controller that no cable carries. The driver sees to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DutAction {
    /// The cabinet's supply comes or goes.
    Power(bool),
    /// Somebody at its panel.
    Operator(Operator),
    /// Its processor stalls.
    Stall,
    /// It goes on.
    Resume,
}

/// Something that happened on the bench.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observation {
    /// A transmission ended now.
    Frame {
        /// On which cable.
        cable: CableRole,
        /// Which end sent it (0 is the controller); `None` for garbage nobody sent.
        from: Option<u8>,
        /// When it began.
        start: Instant,
        /// What arrived.
        bytes: Vec<u8>,
        /// What was sent, where that differs.
        sent: Option<Vec<u8>>,
        /// Another transmission was on the line.
        collided: bool,
    },
    /// A head's lamps changed.
    Head {
        /// Which.
        head: Head,
        /// What can be seen.
        sight: HeadSight,
    },
    /// A head's lamps as the lamp-sense module tells: they have become so between `earliest` and now.
    Sensed {
        /// Which.
        head: Head,
        /// What is lit; `None`: the module does not answer, nothing is known.
        lit: Option<Lamps>,
        /// Not before.
        earliest: Instant,
    },
    /// A display's digits changed.
    Display {
        /// At which head.
        head: Head,
        /// What can be seen.
        sight: DisplaySight,
    },
    /// A post's light or voice changed.
    Post {
        /// Which.
        side: Side,
        /// What can be seen and heard.
        sight: PostSight,
    },
    /// People moved.
    People(CrowdSight),
    /// The cabinet's supply came or went.
    Power(bool),
    /// A stimulus was carried out.
    Stimulus(Stimulus),
    /// A device threw bytes away.
    Reject {
        /// Which device.
        device: &'static str,
        /// On which cable.
        cable: CableRole,
        /// How many bytes.
        skipped: usize,
        /// Why.
        why: &'static str,
    },
    /// To be done to the controller.
    Dut(DutAction),
    /// A remark of the bench's own.
    Note(String),
}
