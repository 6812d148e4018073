//! What the camera makes of the bytes it receives.

use super::Camera;
use super::session::{PORT, State};
use crate::device::{Output, Port};
use crate::time::{Instant, Span};
use crate::wire::Parsed;
use crate::wire::gbt43229::codes::{
    CONFIG, CONNECTION, ERROR_REPLY, HISTORY, QUERY, QUERY_REPLY, REAL_TIME, SERIAL, SET, STATISTICS, STATUS,
    TIME, UPLOAD,
};
use crate::wire::gbt43229::{
    Address, Damage, DetectorConfig, Message, Packet, SerialParameters, Statistics, VERSION,
};

/// At most one error reply to damaged frames in this time (our choice: the protocol sets no limit).
const ERROR_GAP: Span = Span::from_secs(1);
const LINK_ADDRESS: u8 = 4;
const VERSION_UNKNOWN: u8 = 5;
const OPERATION: u8 = 6;
const OBJECT: u8 = 7;
const CONTENT: u8 = 128;

impl Camera {
    /// Bytes have arrived.
    pub(super) fn receive(&mut self, now: Instant, port: Port, bytes: &[u8]) {
        if !self.state.watches() {
            return;
        }
        if port != PORT {
            self.outputs.push_back(Output::Reject { port, skipped: bytes.len(), why: "no such connector" });
            return;
        }
        self.decoder.push(bytes);
        loop {
            match self.decoder.poll() {
                Parsed::NeedMore => return,
                Parsed::Frame { frame, .. } => self.packet(now, &frame),
                Parsed::Reject { skip, why } => {
                    self.outputs.push_back(Output::Reject { port, skipped: skip, why });
                    self.complain(now, why);
                }
            }
        }
    }

    /// Answers a damaged frame. Nobody knows which object it was about: 0.
    fn complain(&mut self, now: Instant, why: &str) {
        if let Some(damage) = Damage::of(why)
            && self.state == State::Online
            && now >= self.quiet_until
        {
            self.quiet_until = now + ERROR_GAP;
            self.send(now, self.config.controller, &Message::Error { object: 0, code: damage.code() });
        }
    }

    fn packet(&mut self, now: Instant, packet: &Packet) {
        let broadcast = packet.receiver.number == Address::BROADCAST;
        if (packet.receiver != self.config.address && !broadcast) || packet.sender == self.config.address {
            return;
        }
        let asker = Asker((!broadcast).then_some(packet.sender));
        let unusable = if packet.link != 0 {
            Some(LINK_ADDRESS)
        } else if packet.version != VERSION {
            Some(VERSION_UNKNOWN)
        } else {
            None
        };
        match (self.state, unusable) {
            (State::Off | State::Rebooting, _) => {}
            (State::Offline, None)
                if Message::of(packet, self.config.crosswalk_info_len) == Message::ConnectReply =>
            {
                self.go_online(now);
            }
            (State::Offline, _) => {}
            (State::Online, Some(code)) => self.refuse(now, asker, packet.operation, packet.object, code),
            (State::Online, None) => {
                if packet.operation == QUERY {
                    self.heard_query(now);
                }
                let message = Message::of(packet, self.config.crosswalk_info_len);
                self.obey(now, asker, &message);
            }
        }
    }

    fn obey(&mut self, now: Instant, asker: Asker, message: &Message) {
        let (operation, object) = message.code();
        match message {
            Message::HeartbeatQuery => {
                if !self.faults.no_heartbeat {
                    self.answer(now, asker, &Message::HeartbeatReply);
                }
            }
            Message::TimeQuery => {
                self.answer(now, asker, &Message::TimeReply(self.clock.at(now), self.clock.utc_offset));
            }
            Message::TimeSet(at, utc_offset) => {
                self.clock.set(now, *at, *utc_offset);
                self.answer(now, asker, &Message::TimeSetReply);
            }
            Message::SerialQuery => self.answer(now, asker, &Message::SerialReply(self.serial)),
            Message::SerialSet(serial) => {
                let accepted = coded(*serial);
                if accepted {
                    self.serial = *serial;
                }
                self.answer(now, asker, &Message::SerialSetReply(accepted));
            }
            Message::ConfigQuery => self.answer(now, asker, &Message::ConfigReply(self.periods())),
            Message::ConfigSet(DetectorConfig { realtime: tenths @ 1..=20, statistics_s: s @ 2..=3_600 }) => {
                let period = Span::from_ms(100 * u64::from(*tenths));
                self.set_periods(now, period, Span::from_secs(u64::from(*s)));
                self.answer(now, asker, &Message::ConfigSetReply);
            }
            Message::ConfigSet(_) => self.refuse(now, asker, operation, object, CONTENT),
            Message::StatusQuery => self.answer(now, asker, &Message::StatusReply(self.status(now))),
            Message::HistoryQuery { start, end } => self.tell_history(now, asker, *start, *end),
            Message::StatisticsAck => self.statistics_acknowledged(),
            Message::ConnectReply
            | Message::HeartbeatReply
            | Message::TimeReply(..)
            | Message::TimeSetReply
            | Message::SerialReply(_)
            | Message::SerialSetReply(_)
            | Message::ConfigReply(_)
            | Message::ConfigSetReply
            | Message::StatusReply(_)
            | Message::StatusAck
            | Message::HistoryReply { .. }
            | Message::Error { .. } => {}
            Message::ConnectRequest
            | Message::TimeUpload(..)
            | Message::StatusUpload(_)
            | Message::RealTime(_)
            | Message::Statistics(_)
            | Message::Unknown { .. } => {
                self.refuse(now, asker, operation, object, complaint(operation, object));
            }
        }
    }

    /// The periods as object 0204 says them; a site's odd period is rounded down to 0.1 s.
    fn periods(&self) -> DetectorConfig {
        DetectorConfig {
            realtime: u8::try_from(self.period.as_ms() / 100).unwrap_or(u8::MAX),
            statistics_s: u16::try_from(self.statistics_period.as_secs()).unwrap_or(u16::MAX),
        }
    }

    /// One reply for each kept block within the range, numbered from 1; without any, the content was wrong.
    fn tell_history(&mut self, now: Instant, asker: Asker, start: u32, end: u32) {
        let blocks: Vec<Statistics> = self.ledger.within(start, end);
        if blocks.is_empty() {
            self.refuse(now, asker, QUERY, HISTORY, CONTENT);
        }
        for (serial, block) in (1..).zip(blocks) {
            self.answer(now, asker, &Message::HistoryReply { serial, block });
        }
    }

    fn answer(&mut self, now: Instant, Asker(asker): Asker, message: &Message) {
        if let Some(address) = asker {
            self.send(now, address, message);
        }
    }

    /// An error reply; never to a reply, or two devices could go on for ever.
    fn refuse(&mut self, now: Instant, asker: Asker, operation: u8, object: u16, code: u8) {
        if !(QUERY_REPLY..=ERROR_REPLY).contains(&operation) {
            self.answer(now, asker, &Message::Error { object, code });
        }
    }
}

/// Who is answered: nobody, after a broadcast.
#[derive(Clone, Copy)]
struct Asker(Option<Address>);

/// What is wrong with a packet that means nothing to a camera.
fn complaint(operation: u8, object: u16) -> u8 {
    let served = match object {
        CONNECTION | STATUS | HISTORY => operation == QUERY,
        TIME | SERIAL | CONFIG => operation == QUERY || operation == SET,
        REAL_TIME | STATISTICS => false,
        _ if (QUERY..=UPLOAD).contains(&operation) => return OBJECT,
        _ => false,
    };
    if served { CONTENT } else { OPERATION }
}

/// Whether every serial parameter is one that the protocol has a code for.
fn coded(serial: SerialParameters) -> bool {
    let SerialParameters { port, baud, data_bits, stop_bits, parity } = serial;
    (1..=3).contains(&port)
        && (1..=10).contains(&baud)
        && (1..=4).contains(&data_bits)
        && (1..=3).contains(&stop_bits)
        && (1..=3).contains(&parity)
}
