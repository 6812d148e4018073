//! Cameras: what the controller has been told, and the session in which it was.

use std::collections::VecDeque;

use emulators::time::{Instant, Span};
use emulators::wire::Parsed;
use emulators::wire::gbt43229::{Address, Decoder, Message, Packet, RealTime, Region};

use super::Timer;
use super::camera_clock::CameraClock;
use super::sink::{Sink, flag, number};
use super::walkers::{Crosswalk, Walkers};
use crate::site::{CableRole, CableWiring, CameraWiring, Limits, Wiring};

/// A count of 255 says "at least 255" and is no number to judge a jump by.
const OVERFLOW: u8 = 255;
/// Frames in a row are counted up to here.
const STREAK_MAX: i64 = 20;
/// Heartbeat queries are owed for so long after a reply: two of them may then have gone unanswered.
const SESSION_LASTS: Span = Span::from_secs(12);
/// So many queries without an answer make a camera off-line (GB/T 43229).
const GIVEN_UP: i64 = 3;
/// A controller that shares the line with the camera waits for an intact upload before it says anything; T29.
const LINE_NOISE_LASTS: Span = Span::from_secs(3);
/// A report that is so much later than its period is overdue (T38).
const OVERDUE: Span = Span::from_ms(100);
/// On a line that both share a question waits so long for its turn: an answer to the one before counts for it.
const TURN: Span = Span::from_secs(1);
/// What was reported last may be forgotten so much sooner or later than a camera may be silent (T38).
const FORGETTING: Span = Span::from_ms(100);
/// Window of the erratic count (T32 is per minute).
const MINUTE: Span = Span::from_secs(60);

#[derive(Clone, Debug)]
pub(super) struct Camera {
    place: usize,
    wiring: CameraWiring,
    /// Whether both send on one line.
    shared: bool,
    controller: Address,
    uploads: Decoder,
    orders: Decoder,
    silence: Span,
    clock: CameraClock,
    capacity: i64,
    crosswalk_capacity: i64,
    jump_max: i64,
    erratic_per_min: usize,
    /// Counts of the last received frame, believed or not: waiting, crosswalk.
    received: [Option<u8>; 2],
    /// The same of a camera that fell silent then.
    forgotten: (Instant, [Option<u8>; 2]),
    walkers: Walkers,
    count: i64,
    streak: i64,
    /// Queries since the camera last answered one.
    unanswered: i64,
    /// When it did.
    answered_at: Option<Instant>,
    /// When good frames arrived since the detector was lost; the newest few.
    good_at: VecDeque<Instant>,
    changes: VecDeque<Instant>,
}

/// What became of a camera's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// The number of people waiting may have changed.
    pub(super) people: bool,
}

impl Camera {
    pub(super) fn new(place: usize, wiring: &Wiring, limits: &Limits) -> Camera {
        let cable = wiring.cables[[CableRole::CameraA, CableRole::CameraB][place].index()];
        let shared = cable.is_some_and(CableWiring::is_shared);
        let (controller, wiring) = (wiring.controller, wiring.cameras[place]);
        let number = |name: &str| limits.number(name);
        let silence = limits.time("camera_silence").unwrap_or(Span::from_secs(3));
        let capacity = number(["waiting_capacity_a", "waiting_capacity_b"][place]);
        Camera {
            place,
            wiring,
            shared,
            controller,
            uploads: Decoder::new(wiring.crc),
            orders: Decoder::new(wiring.crc),
            silence,
            clock: CameraClock::new(silence),
            capacity: capacity.unwrap_or(i64::from(wiring.waiting_capacity)),
            crosswalk_capacity: number("crosswalk_capacity").unwrap_or(i64::from(wiring.crosswalk_capacity)),
            jump_max: number("jump_max").unwrap_or(10),
            erratic_per_min: number("erratic_per_min").and_then(|n| usize::try_from(n).ok()).unwrap_or(120),
            received: [None; 2],
            forgotten: (Instant::ZERO, [None; 2]),
            walkers: Walkers::default(),
            count: 0,
            streak: 0,
            unanswered: 0,
            answered_at: None,
            good_at: VecDeque::new(),
            changes: VecDeque::new(),
        }
    }

    /// How often it reports.
    pub(super) const fn period(&self) -> Span {
        self.wiring.period
    }

    /// People waiting, as last believed.
    pub(super) const fn count(&self) -> i64 {
        self.count
    }

    /// Bytes towards the controller. `red_since`: since when the pedestrian head is red, if it is.
    pub(super) fn upload(
        &mut self,
        sink: &mut Sink,
        start: Instant,
        bytes: &[u8],
        red_since: Option<Instant>,
    ) -> Outcome {
        self.uploads.push(bytes);
        let mut bad = 0;
        let mut people = false;
        loop {
            match self.uploads.poll() {
                Parsed::Frame { frame, used: _ } => people |= self.packet(sink, start, &frame, red_since),
                Parsed::Reject { .. } => bad += 1,
                Parsed::NeedMore => break,
            }
        }
        if bad > 0 {
            self.bad(sink, bad);
            self.line_disturbed(sink);
        }
        Outcome { people }
    }

    /// Damage, or a report that is overdue: whoever shares the line has to wait for the next intact one.
    pub(super) fn line_disturbed(&self, sink: &mut Sink) {
        if self.shared {
            sink.set_flag(sink.ids.line_noise[self.place], true);
            sink.wake(Timer::LINES[self.place], sink.now + LINE_NOISE_LASTS);
        }
    }

    fn bad(&mut self, sink: &mut Sink, how_many: i64) {
        self.streak = 0;
        sink.set(sink.ids.streak[self.place], number(Some(0)));
        sink.event(sink.ids.camera_bad[self.place], how_many);
    }

    /// The controller says that it has lost this detector, some time after `since`: good frames count anew.
    pub(super) fn lost(&mut self, sink: &mut Sink, since: Instant) {
        self.good_at.retain(|at| *at >= since);
        self.count_good(sink);
    }

    fn count_good(&self, sink: &mut Sink) {
        sink.set(sink.ids.clean[self.place], number(Some(self.good_at.len() as i64)));
    }

    fn packet(
        &mut self,
        sink: &mut Sink,
        start: Instant,
        packet: &Packet,
        red_since: Option<Instant>,
    ) -> bool {
        let place = self.place;
        if packet.sender != self.wiring.address || packet.receiver != self.controller {
            // Somebody else's: nobody here has to do with it.
            return false;
        }
        match Message::of(packet, self.wiring.crosswalk_info_len) {
            Message::RealTime(report) => return self.report(sink, start, &report, red_since),
            Message::ConnectRequest => {
                // Its clock may have been set meanwhile.
                self.clock = CameraClock::new(self.silence);
                if self.unanswered >= GIVEN_UP {
                    // What it reported before it was given up is forgotten.
                    self.received = [None; 2];
                }
                // It is lost no longer, and its session is new, although the reply may have to wait for the line.
                self.asked(sink, 0);
                sink.set_flag(sink.ids.in_session[place], false);
                sink.event(sink.ids.connect_request[place], 0);
            }
            Message::TimeUpload(at, _) => self.clock.told(sink.now, at),
            Message::HeartbeatReply => {
                self.asked(sink, 0);
                self.answered_at = Some(sink.now);
                sink.wake(Timer::SESSIONS[place], sink.now + SESSION_LASTS);
            }
            Message::StatusUpload(status) => {
                sink.event(sink.ids.status_upload[place], 0);
                self.health(sink, &status.channels);
            }
            Message::StatusReply(status) => self.health(sink, &status.channels),
            Message::Statistics(_) => sink.event(sink.ids.statistics_upload[place], 0),
            Message::ConnectReply
            | Message::HeartbeatQuery
            | Message::StatusAck
            | Message::StatisticsAck
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
            | Message::ConfigSetReply
            | Message::StatusQuery
            | Message::HistoryQuery { .. }
            | Message::HistoryReply { .. }
            | Message::Error { .. }
            | Message::Unknown { .. } => {}
        }
        false
    }

    /// What a camera says of its channels: each and whether it is abnormal.
    fn health(&self, sink: &mut Sink, channels: &[(u8, bool)]) {
        let waiting = channels.iter().find(|(channel, _)| *channel == self.wiring.waiting_channel);
        if let Some((_, abnormal)) = waiting {
            sink.set_flag(sink.ids.ill[self.place], *abnormal);
        }
    }

    /// An intact 0801.
    fn report(
        &mut self,
        sink: &mut Sink,
        start: Instant,
        report: &RealTime,
        red_since: Option<Instant>,
    ) -> bool {
        let place = self.place;
        if self.shared {
            sink.wake(Timer::OVERDUES[place], sink.now + self.wiring.period + OVERDUE);
        }
        if !self.clock.is_news(sink.now, report.at) {
            self.line_disturbed(sink);
            return false;
        }
        if sink.now.since(self.forgotten.0) <= FORGETTING && self.received == [None; 2] {
            self.received = self.forgotten.1;
        }
        let zone = |channel: Option<u8>, region| {
            report.zones.iter().find(|zone| Some(zone.channel) == channel && zone.region == region)
        };
        let waiting = zone(Some(self.wiring.waiting_channel), Region::Waiting);
        let walking = zone(self.wiring.crosswalk_channel, Region::Crosswalk);
        let walkers = self.believe(1, walking.map(|zone| zone.count), self.crosswalk_capacity);
        let waiters = self.believe(0, waiting.map(|zone| zone.count), self.capacity);
        let believed = waiters & walkers;
        let walking =
            walking.map(|zone| Crosswalk { count: zone.count, up: zone.up, down: zone.down.unwrap_or(0) });
        sink.wake(Timer::SILENCES[place], sink.now + self.silence);
        sink.set_flag(sink.ids.camera_link[place], true);
        sink.set_flag(sink.ids.unwatched[place], false);
        sink.set_flag(sink.ids.implausible[place], !believed);
        sink.set_flag(sink.ids.waiters_implausible[place], !believed && !waiters);
        sink.event(sink.ids.camera_frame[place], waiting.map_or(0, |zone| i64::from(zone.count)));
        if !believed {
            // The waiting area may be taken back although the other region is doubtful.
            if waiters {
                self.good_at.push_back(sink.now);
            } else {
                self.good_at.clear();
            }
            self.count_good(sink);
            self.bad(sink, 1);
            // Who waits cannot be so many; who walks may be there, and a controller may trust that region of the frame.
            if let Some(seen) = walking.filter(|_| walkers) {
                self.walkers.glimpsed(sink, (start, sink.now), seen, red_since);
            }
            return false;
        }
        sink.wake(Timer::GOODS[place], sink.now + self.silence);
        sink.set_flag(sink.ids.camera_good[place], true);
        self.streak = (self.streak + 1).min(STREAK_MAX);
        sink.set(sink.ids.streak[place], number(Some(self.streak)));
        if self.good_at.len() == STREAK_MAX as usize {
            self.good_at.pop_front();
        }
        self.good_at.push_back(sink.now);
        self.count_good(sink);
        if let Some(seen) = walking {
            self.walkers.seen(sink, (start, sink.now), seen, red_since);
        }
        let Some(zone) = waiting else { return false };
        let count = i64::from(zone.count);
        if count == self.count {
            sink.set(sink.ids.count[place], number(Some(count)));
            return false;
        }
        self.count = count;
        self.changed(sink);
        sink.set(sink.ids.count[place], number(Some(count)));
        sink.set_flag(sink.ids.present[place], count > 0);
        true
    }

    /// The controller loses its supply, or gets it back without what it knew of the camera's clock, of its questions and of its
    /// counts.
    pub(super) fn power_changes(&mut self, sink: &mut Sink) {
        self.clock.forget_distance();
        self.asked(sink, 0);
        sink.set_flag(sink.ids.implausible[self.place], false);
        sink.set_flag(sink.ids.waiters_implausible[self.place], false);
    }

    fn asked(&mut self, sink: &mut Sink, unanswered: i64) {
        self.unanswered = unanswered;
        sink.set(sink.ids.unanswered[self.place], number(Some(unanswered)));
    }

    /// Whether a count can be true: below the capacity and near the last received one (P40).
    fn believe(&mut self, which: usize, count: Option<u8>, capacity: i64) -> bool {
        let Some(count) = count else { return true };
        let before = self.received[which].replace(count);
        let jumps = |before: u8| {
            before != OVERFLOW && count != OVERFLOW && i64::from(before.abs_diff(count)) > self.jump_max
        };
        (count == OVERFLOW || i64::from(count) <= capacity) && !before.is_some_and(jumps)
    }

    /// Counts that change too often (P42).
    fn changed(&mut self, sink: &mut Sink) {
        self.changes.push_back(sink.now);
        if self.changes.len() > self.erratic_per_min {
            let first = self.changes.pop_front();
            if first.is_some_and(|first| sink.now.since(first) <= MINUTE) {
                sink.set(sink.ids.churn[self.place], flag(true));
                sink.wake(Timer::CHURNS[self.place], sink.now + MINUTE);
            }
        }
    }

    /// The pedestrian head is no longer red: nobody is there who should not be.
    pub(super) fn red_ends(&mut self, sink: &mut Sink) {
        self.walkers.red_ends(sink);
    }

    /// Bytes from the controller, as it sent them: it is not to blame for the cable.
    pub(super) fn order(&mut self, sink: &mut Sink, bytes: &[u8]) {
        let place = self.place;
        self.orders.push(bytes);
        loop {
            let packet = match self.orders.poll() {
                Parsed::Frame { frame, used: _ } => frame,
                Parsed::Reject { .. } => continue,
                Parsed::NeedMore => return,
            };
            match Message::of(&packet, self.wiring.crosswalk_info_len) {
                Message::ConnectReply => {
                    self.asked(sink, 0);
                    sink.event(sink.ids.connect_reply[place], 0);
                    sink.wake(Timer::SESSIONS[place], sink.now + SESSION_LASTS);
                    sink.set_flag(sink.ids.in_session[place], true);
                }
                Message::HeartbeatQuery => {
                    let waited = |at: Instant| self.shared && sink.now.since(at) <= TURN;
                    if !self.answered_at.is_some_and(waited) {
                        self.asked(sink, self.unanswered + 1);
                    }
                    sink.event(sink.ids.heartbeat_query[place], 0);
                }
                Message::StatusAck => sink.event(sink.ids.status_ack[place], 0),
                Message::StatisticsAck => sink.event(sink.ids.statistics_ack[place], 0),
                Message::ConnectRequest
                | Message::HeartbeatReply
                | Message::StatusUpload(_)
                | Message::RealTime(_)
                | Message::Statistics(_)
                | Message::TimeQuery
                | Message::TimeSet(..)
                | Message::TimeReply(..)
                | Message::TimeSetReply
                | Message::TimeUpload(..)
                | Message::SerialQuery
                | Message::SerialSet(_)
                | Message::SerialReply(_)
                | Message::SerialSetReply(_)
                | Message::ConfigQuery
                | Message::ConfigSet(_)
                | Message::ConfigReply(_)
                | Message::ConfigSetReply
                | Message::StatusQuery
                | Message::StatusReply(_)
                | Message::HistoryQuery { .. }
                | Message::HistoryReply { .. }
                | Message::Error { .. }
                | Message::Unknown { .. } => {}
            }
        }
    }

    /// No intact 0801 for as long as makes a camera lost. Gives whether the number of people changes.
    pub(super) fn silent(&mut self, sink: &mut Sink) -> bool {
        let place = self.place;
        sink.set_flag(sink.ids.camera_link[place], false);
        sink.set_flag(sink.ids.unwatched[place], self.wiring.crosswalk_channel.is_some());
        sink.set_flag(sink.ids.in_session[place], false);
        self.streak = 0;
        self.forgotten = (sink.now, std::mem::take(&mut self.received));
        sink.set(sink.ids.streak[place], number(Some(0)));
        if self.wiring.crosswalk_channel.is_some() {
            self.walkers.unseen(sink);
        }
        let changed = std::mem::replace(&mut self.count, 0) != 0;
        sink.set_flag(sink.ids.present[place], false);
        changed
    }

    /// No believable 0801 for that long.
    pub(super) fn unbelieved(&self, sink: &mut Sink) {
        sink.set_flag(sink.ids.camera_good[self.place], false);
    }
}
