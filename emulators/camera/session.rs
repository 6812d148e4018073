//! The session: power, connection, the grid of uploads, and what leaves when.

use super::ledger::occupancy;
use super::transmitter::spoil;
use super::{CATCH_UP, Camera};
use crate::device::{Output, Port};
use crate::time::{Instant, Line, Span};
use crate::timers;
use crate::wire::gbt43229::{Address, Message, RealTime, Region, SerialParameters, Status, ZoneReport};

/// Off-line, a connect request is sent this often (GB/T 43229).
const CONNECT_EVERY: Span = Span::from_secs(5);
/// Without a query for *more* than this the camera considers itself disconnected (GB/T 43229).
const SILENCE: Span = Span::from_secs(15);
/// A statistics upload is acknowledged within this, or repeated once (the shortest reply timeout, 3..5 s).
const ACKNOWLEDGED_WITHIN: Span = Span::from_secs(3);
/// What a booting camera says before it speaks the protocol (invented; real ones differ).
const BANNER: &[u8] = b"CAM BOOT 1.4.2\r\n";
/// The camera's only connector.
pub(super) const PORT: Port = Port(0);

/// Where the session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Without supply.
    Off,
    /// Supplied, silent, deaf and blind until the boot is done.
    Rebooting,
    /// Asks to connect.
    Offline,
    /// Reports.
    Online,
}

impl State {
    /// Whether the camera notices who comes and goes.
    pub(super) fn watches(self) -> bool {
        match self {
            State::Off | State::Rebooting => false,
            State::Offline | State::Online => true,
        }
    }
}

timers! {
    /// What a camera waits for.
    pub(super) enum Timer {
        /// The end of a reboot.
        Boot = "reboot done",
        /// A late frame leaves.
        Departure = "late frame leaves",
        /// No query for too long.
        Silence = "no query for 15 s",
        /// Next connect request.
        Connect = "connect request due",
        /// Next picture.
        Frame = "picture due",
        /// End of a statistics period.
        Statistics = "statistics period ends",
        /// Statistics upload not acknowledged.
        Repeat = "statistics not acknowledged",
    }
}

/// The real-time period within the protocol's range, 0.1..2 s.
pub(super) fn realtime_period(wanted: Span) -> Span {
    wanted.clamp(Span::from_ms(100), Span::from_ms(2_000))
}

/// The statistics period within the protocol's range, 2..3600 s.
pub(super) fn statistics_period(wanted: Span) -> Span {
    wanted.clamp(Span::from_secs(2), Span::from_secs(3_600))
}

/// A line as object 0202 codes it: 10 bits are 8N1, 11 are taken for 8E1; RS-485. An uncoded baud rate is 0.
pub(super) fn serial_parameters(line: Line) -> SerialParameters {
    const BAUD: [u32; 10] = [1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 43_000, 56_000, 57_600, 115_200];
    let baud = (1..).zip(BAUD).find(|&(_, baud)| baud == line.baud).map_or(0, |(code, _)| code);
    SerialParameters {
        port: 2,
        baud,
        data_bits: 4,
        stop_bits: 1,
        parity: if line.bits == 11 { 2 } else { 1 },
    }
}

/// The next point of a grid after one that was due; far-missed points are skipped.
fn next_due(due: Instant, period: Span, now: Instant) -> Instant {
    let behind = now.since(due).as_us() / period.as_us().max(1);
    due + period * (1 + behind.saturating_sub(CATCH_UP))
}

impl Camera {
    pub(super) fn power_on(&mut self, now: Instant) {
        if self.state == State::Off {
            self.start(now);
        }
    }

    pub(super) fn power_off(&mut self) {
        self.forget();
        self.state = State::Off;
    }

    pub(super) fn reboot(&mut self, now: Instant, silence: Span) {
        if self.state != State::Off {
            self.forget();
            self.state = State::Rebooting;
            self.timers.set(Timer::Boot, now + silence);
        }
    }

    /// Everything that needs supply to be remembered goes; the clock stays.
    fn forget(&mut self) {
        self.timers.clear_all();
        self.eye.close();
        self.transmitter.clear();
        self.decoder.clear();
        self.ledger = super::Ledger::default();
        self.period = realtime_period(self.config.period);
        self.statistics_period = statistics_period(self.config.statistics_period);
        self.serial = serial_parameters(self.config.line);
        self.quiet_until = Instant::ZERO;
    }

    fn start(&mut self, now: Instant) {
        self.eye.open(now);
        self.ledger = super::Ledger::new(self.clock.at(now).s);
        self.next_frame_at(now + self.period);
        self.statistics_end_at(now + self.statistics_period);
        self.go_offline(now);
    }

    pub(super) fn go_offline(&mut self, now: Instant) {
        self.state = State::Offline;
        self.timers.clear(Timer::Silence);
        self.timers.clear(Timer::Repeat);
        self.request_connection(now);
    }

    fn request_connection(&mut self, now: Instant) {
        self.send(now, self.config.controller, &Message::ConnectRequest);
        self.timers.set(Timer::Connect, now + CONNECT_EVERY);
    }

    pub(super) fn go_online(&mut self, now: Instant) {
        self.state = State::Online;
        self.timers.clear(Timer::Connect);
        self.heard_query(now);
        self.upload(now, &Message::TimeUpload(self.clock.at(now), self.clock.utc_offset));
        self.upload(now, &Message::StatusUpload(self.status(now)));
        self.next_frame_at(now + self.period);
    }

    /// The controller is there: "more than" 15 s begins one microsecond later.
    pub(super) fn heard_query(&mut self, now: Instant) {
        self.timers.set(Timer::Silence, now + SILENCE + Span::from_us(1));
    }

    pub(super) fn statistics_acknowledged(&mut self) {
        self.timers.clear(Timer::Repeat);
    }

    /// Periods set over the wire: the picture's grid begins anew, the running statistics period becomes as long
    /// as it now should be.
    pub(super) fn set_periods(&mut self, now: Instant, period: Span, statistics: Span) {
        let began = self.statistics_due.back(self.statistics_period);
        self.period = period;
        self.statistics_period = statistics;
        self.next_frame_at(now + period);
        self.statistics_end_at((began + statistics).max(now));
    }

    pub(super) fn expire(&mut self, now: Instant, timer: Timer) {
        match timer {
            Timer::Boot => {
                self.put(now, BANNER.to_vec());
                self.start(now);
            }
            Timer::Departure => {
                while let Some(bytes) = self.transmitter.departing(now) {
                    self.depart(bytes);
                }
                self.schedule_departure();
            }
            Timer::Silence => self.go_offline(now),
            Timer::Connect => self.request_connection(now),
            Timer::Frame => self.frame(now),
            Timer::Statistics => self.end_statistics(now),
            Timer::Repeat => self.upload_statistics(now),
        }
    }

    fn next_frame_at(&mut self, at: Instant) {
        self.frame_due = at;
        self.timers.set(Timer::Frame, at);
    }

    fn statistics_end_at(&mut self, at: Instant) {
        self.statistics_due = at;
        self.timers.set(Timer::Statistics, at);
    }

    /// Takes a picture, and uploads it when on-line.
    fn frame(&mut self, now: Instant) {
        let picture = self.eye.look(now, &self.faults, &mut self.rng);
        self.ledger.add(picture, &self.config);
        self.next_frame_at(next_due(self.frame_due, self.period, now));
        if self.state != State::Online {
            return;
        }
        let config = &self.config;
        let byte = |people: u16| u8::try_from(people).unwrap_or(u8::MAX);
        let mut zones = Vec::with_capacity(2);
        zones.push(ZoneReport {
            channel: config.waiting_channel,
            region: Region::Waiting,
            count: self.faults.raw_count.unwrap_or(byte(picture.waiting)),
            occupancy: occupancy(picture.waiting, config.waiting_capacity),
            waiting_s: picture.wait_s,
            up: 0,
            down: None,
        });
        if let Some(channel) = config.crosswalk_channel {
            let walking = picture.up.saturating_add(picture.down);
            zones.push(ZoneReport {
                channel,
                region: Region::Crosswalk,
                count: byte(walking),
                occupancy: occupancy(walking, config.crosswalk_capacity),
                waiting_s: 0,
                up: byte(picture.up),
                down: (config.crosswalk_info_len > 4).then_some(byte(picture.down)),
            });
        }
        self.upload(now, &Message::RealTime(RealTime { at: self.clock.at(now), zones }));
    }

    fn end_statistics(&mut self, now: Instant) {
        let waits = self.eye.ended_waits();
        self.ledger.close(self.clock.at(now).s, waits, &self.config);
        self.statistics_end_at(next_due(self.statistics_due, self.statistics_period, now));
        if self.state == State::Online {
            self.upload_statistics(now);
            self.timers.set(Timer::Repeat, now + ACKNOWLEDGED_WITHIN);
        }
    }

    fn upload_statistics(&mut self, now: Instant) {
        if let Some(block) = self.ledger.newest() {
            let message = Message::Statistics(block.clone());
            self.upload(now, &message);
        }
    }

    /// Which channels work.
    pub(super) fn status(&self, now: Instant) -> Status {
        let abnormal = self.faults.self_reported;
        let mut channels = vec![(self.config.waiting_channel, abnormal)];
        channels.extend(self.config.crosswalk_channel.map(|channel| (channel, abnormal)));
        Status { at: self.clock.at(now), channels }
    }

    /// Uploads the status, if anybody is connected.
    pub(super) fn status_changed(&mut self, now: Instant) {
        if self.state == State::Online {
            self.upload(now, &Message::StatusUpload(self.status(now)));
        }
    }

    fn upload(&mut self, now: Instant, message: &Message) {
        self.send(now, self.config.controller, message);
    }

    /// Writes a frame and puts it on its way.
    pub(super) fn send(&mut self, now: Instant, to: Address, message: &Message) {
        let mut bytes = Vec::new();
        let from = next_to(self.config.address, self.faults.impostor);
        let to = next_to(to, self.faults.misdirected);
        message.packet(from, to, self.config.crosswalk_info_len).emit(self.config.crc, &mut bytes);
        if self.faults.bad_crc {
            spoil(&mut bytes);
        }
        let copy = self.faults.repeats.then(|| bytes.clone());
        if self.faults.replays > Span::ZERO && matches!(message, Message::RealTime(_)) {
            self.transmitter.replay(now + self.faults.replays, bytes.clone());
            self.schedule_departure();
        }
        self.put(now, bytes);
        if let Some(copy) = copy {
            self.transmitter.again(now, copy);
            self.schedule_departure();
        }
    }

    fn put(&mut self, now: Instant, bytes: Vec<u8>) {
        match self.transmitter.take(now, bytes, &self.faults, &mut self.rng) {
            Some(bytes) => self.depart(bytes),
            None => self.schedule_departure(),
        }
    }

    fn depart(&mut self, bytes: Vec<u8>) {
        if !self.faults.silent {
            self.outputs.push_back(Output::Bytes { port: PORT, bytes });
        }
    }

    fn schedule_departure(&mut self) {
        match self.transmitter.next() {
            Some(at) => self.timers.set(Timer::Departure, at),
            None => self.timers.clear(Timer::Departure),
        }
    }
}

/// The device of the next number, if so.
const fn next_to(address: Address, other: bool) -> Address {
    // The highest is everybody: below it one back is as good.
    let number =
        if address.number >= Address::BROADCAST - 1 { address.number - 1 } else { address.number + 1 };
    if other { Address { number, ..address } } else { address }
}
