//! The failures that hold now: one of each kind.

use super::Fault;
use crate::time::Span;

/// One slot for each kind of lasting failure. Clock steps live in the clock; a reboot is an event.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    /// Per mille of people missed in each frame.
    pub(super) miss: u16,
    /// Most people a frame can show.
    pub(super) clip: Option<u16>,
    /// People per hour who are not there, and how long they stay at most.
    pub(super) ghosts: Option<(u16, Span)>,
    /// Per mille of frames that show nobody.
    pub(super) flicker: u16,
    /// The number reported whoever is there.
    pub(super) stuck: Option<u16>,
    /// The picture never changes.
    pub(super) frozen: bool,
    /// How much later frames leave.
    pub(super) late: Span,
    /// Up to how much later each frame leaves besides.
    pub(super) jitter: Span,
    /// The count byte, whatever was counted.
    pub(super) raw_count: Option<u8>,
    /// Sends nothing.
    pub(super) silent: bool,
    /// Does not answer heartbeats.
    pub(super) no_heartbeat: bool,
    /// Checksums are wrong.
    pub(super) bad_crc: bool,
    /// Sends every frame twice.
    pub(super) repeats: bool,
    /// Sends every report once more so much later; zero is never.
    pub(super) replays: Span,
    /// Reports itself abnormal.
    pub(super) self_reported: bool,
    /// Speaks under another camera's number.
    pub(super) impostor: bool,
    /// Speaks to another controller.
    pub(super) misdirected: bool,
}

impl Faults {
    /// Another failure begins; it replaces one of its own kind.
    pub(super) fn add(&mut self, fault: Fault) {
        match fault {
            Fault::Miss(per_mille) => self.miss = per_mille,
            Fault::Clip(most) => self.clip = Some(most),
            Fault::Ghosts(per_hour, longest) => self.ghosts = Some((per_hour, longest)),
            Fault::Flicker(per_mille) => self.flicker = per_mille,
            Fault::Stuck(people) => self.stuck = Some(people),
            Fault::Frozen => self.frozen = true,
            Fault::Late(span) => self.late = span,
            Fault::Jitter(span) => self.jitter = span,
            Fault::RawCount(raw) => self.raw_count = Some(raw),
            Fault::ClockStep(_) | Fault::Reboot(_) => {}
            Fault::Silent => self.silent = true,
            Fault::NoHeartbeat => self.no_heartbeat = true,
            Fault::BadCrc => self.bad_crc = true,
            Fault::Repeats => self.repeats = true,
            Fault::Replays(span) => self.replays = span,
            Fault::SelfReported => self.self_reported = true,
            Fault::Impostor => self.impostor = true,
            Fault::Misdirected => self.misdirected = true,
        }
    }
}
