//! The session with one camera (GB/T 43229): who may speak when, which uploads count, and what its clock is worth.
//!
//! A camera that connects is answered and told its reporting period; from then on it is asked every 5 s whether it
//! still lives, and is off-line after three questions without an answer. Uploads are used only if they come from
//! that camera, are meant for us, are new and are not late. How late a frame is follows from the camera's own time
//! stamp and the distance of its clock from ours, learnt when it connects: a camera whose clock is an hour wrong is
//! as good as any other (P54).

use std::collections::VecDeque;

use super::config::CameraLink;
use crate::device::Wake;
use crate::time::{Instant, Span};
use crate::wire::Parsed;
use crate::wire::gbt43229::{
    Address, Decoder, DetectorConfig, DeviceTime, Message, RealTime, Region, ZoneReport,
};

/// Heartbeat period (GB/T 43229: 5 s).
const HEARTBEAT: Span = Span::from_secs(5);
/// On a half-duplex cable a query waits for the end of an upload, at most one reporting period: ask for it a
/// little early, so that queries stay within 5 s +- 0.5 s (P62).
const HEARTBEAT_HALF: Span = Span::from_ms(4_750);
/// How long a half-duplex cable must have been quiet before we speak. A camera may follow one frame with another
/// (status after time, statistics after counts: up to 37 ms), and a frame is heard only when it has ended.
const QUIET_HALF: Span = Span::from_ms(45);
/// So much earlier or later than the last one an upload may end within its period.
const WANDER: Span = Span::from_ms(5);
/// Missed answers after which a camera is off-line (GB/T 43229).
const MISSED_LIMIT: u8 = 3;
/// Statistics period that cameras are given, s (2..3600).
const STATISTICS_S: u16 = 60;
/// How often the reporting period is set again while the camera has not confirmed it.
const CONFIG_TRIES: u8 = 3;
/// Frames in a row, advancing with our own time, before a clock that went back is believed. Fewer are replays.
const BACKWARD_FRAMES: u8 = 3;
/// How far such frames may stray from each other's clock distance.
const BACKWARD_SPREAD_US: i64 = 1_000_000;
/// Most frames that wait for the end of an upload; a camera that asks for more without reading is mistaken.
const QUEUE_LIMIT: usize = 8;

/// What a camera said that matters to others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// It connected.
    Online,
    /// It stopped answering.
    Offline,
    /// An upload that counts.
    Seen(Sighting),
    /// Whether its channels (waiting area, crosswalk) work; `None` where it did not say.
    Health([Option<bool>; 2]),
    /// Bytes that could not be used.
    Rejected(usize, &'static str),
}

/// People on the crosswalk, as one upload counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Walkers {
    /// All.
    pub(super) count: u8,
    /// From kerb A to kerb B.
    pub(super) up: u8,
    /// From kerb B to kerb A, where the record has room for it.
    pub(super) down: u8,
}

/// One upload that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Sighting {
    /// People in the waiting area.
    pub(super) waiting: Option<u8>,
    /// People on the crosswalk.
    pub(super) walkers: Option<Walkers>,
}

/// Whether a camera is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Session {
    /// Nothing was heard since power came: an upload shows that the camera still counts itself connected.
    Unknown,
    /// Connected; next query and unanswered queries so far.
    Online {
        /// When to ask next.
        next: Instant,
        /// Queries without an answer.
        missed: u8,
        /// Whether the last query is still unanswered.
        asked: bool,
    },
    /// It stopped answering: only a connect request brings it back.
    Offline,
}

/// Frames whose stamps lie before those already used: replays, or a clock that was set back.
#[derive(Clone, Copy, Debug)]
struct Backward {
    distance_us: i64,
    stamp_us: i64,
    frames: u8,
}

/// One camera's session.
#[derive(Clone, Debug)]
pub(super) struct CameraSession {
    link: CameraLink,
    own: Address,
    /// T29.
    silence: Span,
    decoder: Decoder,
    pub(super) session: Session,
    config_tries: u8,
    /// Camera clock minus ours, us.
    distance_us: Option<i64>,
    last_stamp_us: Option<i64>,
    backward: Option<Backward>,
    queue: VecDeque<Message>,
    /// On a half-duplex cable: when the line is ours, if the camera says nothing more.
    ours_at: Option<Instant>,
    /// When an intact upload of counts that was no copy last ended: the next ones end whole reporting periods later.
    upload_at: Option<Instant>,
    /// When the camera was last heard.
    heard_at: Instant,
    sends: VecDeque<Vec<u8>>,
}

impl CameraSession {
    /// A session with nobody yet.
    pub(super) fn new(link: CameraLink, own: Address, silence: Span) -> CameraSession {
        CameraSession {
            link,
            own,
            silence,
            decoder: Decoder::new(link.crc),
            session: Session::Unknown,
            config_tries: 0,
            distance_us: None,
            last_stamp_us: None,
            backward: None,
            queue: VecDeque::new(),
            ours_at: None,
            upload_at: None,
            heard_at: Instant::ZERO,
            sends: VecDeque::new(),
        }
    }

    /// Bytes arrived.
    pub(super) fn handle_bytes(&mut self, now: Instant, bytes: &[u8], heard: &mut Vec<Heard>) {
        self.decoder.push(bytes);
        // Somebody is speaking; the line is ours again only afterwards.
        self.heard_at = now;
        let mut whole = false;
        loop {
            match self.decoder.poll() {
                Parsed::NeedMore => break,
                Parsed::Reject { skip, why } => heard.push(Heard::Rejected(skip, why)),
                Parsed::Frame { frame, used } => {
                    if frame.sender != self.link.address || frame.receiver != self.own {
                        heard.push(Heard::Rejected(used, "not from this camera to this controller"));
                        continue;
                    }
                    let message = Message::of(&frame, self.link.crosswalk_info_len);
                    self.handle_message(now, &message, heard);
                    // An error frame answers what nobody meant to say: it comes at any time, also just before an upload.
                    whole |= !matches!(message, Message::Error { .. });
                }
            }
        }
        let at = now + QUIET_HALF;
        let ours = self.link.half_duplex && self.far_from_uploads(at).unwrap_or(whole);
        self.ours_at = ours.then_some(at);
    }

    /// Until now nothing could be heard: on a half-duplex cable somebody may be speaking.
    pub(super) fn was_deaf(&mut self, now: Instant) {
        self.heard_at = now;
        self.ours_at = None;
    }

    /// Whether an instant lies in the half of a reporting period that follows an upload and what follows it at once, damaged or not; `None` while it
    /// is not known when they come. What we say then, and the answer, have ended long before the next upload begins.
    fn far_from_uploads(&self, at: Instant) -> Option<bool> {
        let since = at.since(self.upload_at?);
        let period = (Span::from_ms(100) * u64::from(self.link.period.max(1))).as_us();
        // A camera that has not confirmed its period may keep another; one that is silent may come back at any time.
        let known = self.config_tries == 0 && since <= self.silence;
        // Just after the end of an upload another frame may have begun.
        let earliest = QUIET_HALF.as_us() - WANDER.as_us();
        known.then(|| (earliest..=period / 2).contains(&(since.as_us() % period)))
    }

    /// The wake has come.
    pub(super) fn handle_timeout(&mut self, now: Instant, heard: &mut Vec<Heard>) {
        self.ours_at = self.ours_at.filter(|&at| now <= at || !self.queue.is_empty());
        if let Session::Online { next, missed, asked } = self.session
            && now >= next
        {
            self.ask_whether_alive(now, if asked { missed + 1 } else { missed }, heard);
        }
        if self.may_speak_at().is_some_and(|at| now >= at) {
            self.speak(now);
        }
        // The moment after an upload passes, used or not.
        self.ours_at = self.ours_at.filter(|&at| now < at);
    }

    /// A frame to send now.
    pub(super) fn poll_send(&mut self) -> Option<Vec<u8>> {
        self.sends.pop_front()
    }

    /// When to call again.
    pub(super) fn poll_timeout(&self) -> Option<Wake> {
        let heartbeat = match self.session {
            Session::Online { next, .. } => Some(Wake { at: next, why: "camera heartbeat" }),
            Session::Unknown | Session::Offline => None,
        };
        let ours = self.may_speak_at().map(|at| Wake { at, why: "camera line is ours" });
        ours.into_iter().chain(heartbeat).min_by_key(|wake| wake.at)
    }

    /// On a half-duplex cable with something to say: after an upload, or when the camera has missed two uploads; one
    /// that has fallen silent leaves nothing to follow, and its line is free.
    fn may_speak_at(&self) -> Option<Instant> {
        if self.queue.is_empty() {
            return None;
        }
        let period = Span::from_ms(100) * u64::from(self.link.period);
        Some(self.ours_at.unwrap_or(self.heard_at + period * 2))
    }

    fn ask_whether_alive(&mut self, now: Instant, missed: u8, heard: &mut Vec<Heard>) {
        if missed >= MISSED_LIMIT {
            self.session = Session::Offline;
            self.queue.clear();
            heard.push(Heard::Offline);
            return;
        }
        self.session = Session::Online { next: now + HEARTBEAT, missed, asked: true };
        self.send(Message::HeartbeatQuery);
        if (1..CONFIG_TRIES).contains(&self.config_tries) {
            self.set_period();
        }
    }

    fn handle_message(&mut self, now: Instant, message: &Message, heard: &mut Vec<Heard>) {
        match message {
            Message::ConnectRequest => self.connected(now, heard),
            Message::HeartbeatReply => {
                if let Session::Online { next, .. } = self.session {
                    self.session = Session::Online { next, missed: 0, asked: false };
                }
            }
            Message::TimeUpload(at, _) => {
                self.distance_us = Some(stamp_us(*at).saturating_sub(own_us(now)));
                self.last_stamp_us = None;
                self.backward = None;
            }
            Message::ConfigSetReply => self.config_tries = 0,
            Message::StatusUpload(status) => {
                self.send(Message::StatusAck);
                heard.push(self.health(&status.channels));
            }
            Message::StatusReply(status) => heard.push(self.health(&status.channels)),
            Message::Statistics(_) => self.send(Message::StatisticsAck),
            Message::RealTime(seen) => self.handle_upload(now, seen, heard),
            Message::ConnectReply
            | Message::HeartbeatQuery
            | Message::TimeQuery
            | Message::TimeSet(..)
            | Message::TimeReply(..)
            | Message::TimeSetReply
            | Message::SerialQuery
            | Message::SerialSet(_)
            | Message::SerialReply(_)
            | Message::SerialSetReply(_)
            | Message::ConfigQuery
            | Message::ConfigSet(_)
            | Message::ConfigReply(_)
            | Message::StatusQuery
            | Message::StatusAck
            | Message::StatisticsAck
            | Message::HistoryQuery { .. }
            | Message::HistoryReply { .. }
            | Message::Error { .. }
            | Message::Unknown { .. } => {}
        }
    }

    fn connected(&mut self, now: Instant, heard: &mut Vec<Heard>) {
        // What waited was meant for the session before; the reply must not wait behind it.
        self.queue.clear();
        self.send(Message::ConnectReply);
        self.upload_at = None;
        self.distance_us = None;
        self.last_stamp_us = None;
        self.backward = None;
        self.go_online(now, heard);
        self.config_tries = 0;
        self.set_period();
    }

    fn go_online(&mut self, now: Instant, heard: &mut Vec<Heard>) {
        // A camera that connects twice keeps the rhythm of its heartbeats.
        let next = match self.session {
            Session::Online { next, .. } => next,
            Session::Unknown | Session::Offline => now + HEARTBEAT,
        };
        self.session = Session::Online { next, missed: 0, asked: false };
        heard.push(Heard::Online);
    }

    fn set_period(&mut self) {
        self.config_tries += 1;
        let realtime = self.link.period.clamp(1, 20);
        self.send(Message::ConfigSet(DetectorConfig { realtime, statistics_s: STATISTICS_S }));
    }

    fn handle_upload(&mut self, now: Instant, seen: &RealTime, heard: &mut Vec<Heard>) {
        match self.session {
            Session::Unknown => self.go_online(now, heard),
            Session::Online { .. } => {}
            Session::Offline => return,
        }
        if self.is_news(now, stamp_us(seen.at)) {
            self.upload_at = Some(now);
            heard.push(Heard::Seen(Sighting {
                waiting: self.zone(seen, self.link.waiting_channel, Region::Waiting).map(|zone| zone.count),
                walkers: self
                    .link
                    .crosswalk_channel
                    .and_then(|channel| self.zone(seen, channel, Region::Crosswalk))
                    .map(|zone| Walkers { count: zone.count, up: zone.up, down: zone.down.unwrap_or(0) }),
            }));
        }
    }

    fn zone<'a>(&self, seen: &'a RealTime, channel: u8, region: Region) -> Option<&'a ZoneReport> {
        seen.zones.iter().find(|zone| zone.channel == channel && zone.region == region)
    }

    /// Whether a frame stamped so is new and fresh (P44). Learns where a camera's clock was set anew.
    fn is_news(&mut self, now: Instant, stamp: i64) -> bool {
        let silence = i64::try_from(self.silence.as_us()).unwrap_or(i64::MAX);
        let distance_now = stamp.saturating_sub(own_us(now));
        let distance = *self.distance_us.get_or_insert(distance_now);
        if self.last_stamp_us.is_some_and(|last| stamp <= last) {
            return self.went_back(stamp, distance_now);
        }
        let age = distance.saturating_sub(distance_now);
        if age > silence {
            // Nothing used so far: the clock may have been set back since the camera told its time.
            return self.last_stamp_us.is_none() && self.went_back(stamp, distance_now);
        }
        if age < -silence {
            // No cable delivers tomorrow's frame: the camera's clock was set forward.
            self.distance_us = Some(distance_now);
        }
        self.last_stamp_us = Some(stamp);
        self.backward = None;
        true
    }

    /// A stamp that is not after the last one used. A duplicate or a replay, unless several in a row advance with
    /// our own time: then the clock was set back.
    fn went_back(&mut self, stamp: i64, distance_now: i64) -> bool {
        if self.last_stamp_us == Some(stamp) {
            return false;
        }
        let frames = match self.backward {
            Some(before) if stamp == before.stamp_us => return false,
            Some(before)
                if stamp > before.stamp_us
                    && before.distance_us.abs_diff(distance_now) < BACKWARD_SPREAD_US.unsigned_abs() =>
            {
                before.frames + 1
            }
            Some(_) | None => 1,
        };
        if frames < BACKWARD_FRAMES {
            self.backward = Some(Backward { distance_us: distance_now, stamp_us: stamp, frames });
            return false;
        }
        self.distance_us = Some(distance_now);
        self.last_stamp_us = Some(stamp);
        self.backward = None;
        true
    }

    fn health(&self, channels: &[(u8, bool)]) -> Heard {
        let of = |wanted: u8| channels.iter().find(|(channel, _)| *channel == wanted).map(|(_, bad)| *bad);
        Heard::Health([of(self.link.waiting_channel), self.link.crosswalk_channel.and_then(of)])
    }

    /// Sends at once, or on a half-duplex cable after the next upload.
    fn send(&mut self, message: Message) {
        if !self.link.half_duplex {
            self.emit(&message);
        } else if message == Message::HeartbeatQuery && self.queue.contains(&message) {
            // One that still waits for the line will do: an answer to it would be taken for one to the next.
        } else if self.queue.len() < QUEUE_LIMIT {
            self.queue.push_back(message);
        }
    }

    /// The line is ours for a moment: one frame per upload, so that we are done long before the next.
    fn speak(&mut self, now: Instant) {
        let Some(message) = self.queue.pop_front() else { return };
        if message == Message::HeartbeatQuery
            && let Session::Online { missed, asked, .. } = self.session
        {
            // The rhythm counts from when the query really leaves.
            self.session = Session::Online { next: now + HEARTBEAT_HALF, missed, asked };
        }
        self.emit(&message);
    }

    fn emit(&mut self, message: &Message) {
        let mut bytes = Vec::with_capacity(40);
        message
            .packet(self.own, self.link.address, self.link.crosswalk_info_len)
            .emit(self.link.crc, &mut bytes);
        self.sends.push_back(bytes);
    }
}

fn stamp_us(at: DeviceTime) -> i64 {
    i64::from(at.s) * 1_000_000 + i64::from(at.ms) * 1_000
}

fn own_us(now: Instant) -> i64 {
    i64::try_from(now.as_us()).unwrap_or(i64::MAX)
}
