//! A camera, a street and a controller's voice for tests.

mod any;
mod failures;
mod matrix;
mod sight;
mod talk;

use super::*;
use crate::device::{Device, Input, Output, Port};
use crate::wire::Parsed;
use crate::wire::gbt43229::{Decoder, Message, RealTime, Region, ZoneReport};

const CAMERA: Address = Address { admin: 110_112, kind: Address::CAMERA, number: 101 };
const CONTROLLER: Address = Address { admin: 110_112, kind: Address::CONTROLLER, number: 1 };
/// Local time at the beginning of every test.
const CLOCK: u32 = 1_760_000_000;
/// When [`Bench::online`] connects.
const CONNECTED: Instant = Instant::from_ms(200);

fn config() -> Config {
    Config {
        address: CAMERA,
        controller: CONTROLLER,
        crc: Crc::Modbus,
        crosswalk_info_len: 5,
        line: Line::n81(19_200),
        waiting_channel: 1,
        crosswalk_channel: Some(2),
        waiting_capacity: 12,
        crosswalk_capacity: 40,
        period: Span::from_ms(500),
        statistics_period: Span::from_secs(60),
        clock: CLOCK,
        utc_offset: 28_800,
        seed: 7,
    }
}

fn at(ms: u64) -> Instant {
    Instant::from_ms(ms)
}

fn see(waiting: u16, up: u16, down: u16) -> Act {
    Act::See(View { waiting, up, down })
}

/// A camera and everything it has sent.
struct Bench {
    camera: Camera,
    now: Instant,
    /// Whether a heartbeat query is sent every 5 s.
    heartbeat: bool,
    raw: Vec<(Instant, Vec<u8>)>,
    rejects: Vec<&'static str>,
}

impl Bench {
    fn off(config: Config) -> Bench {
        let camera = Camera::new(config);
        Bench { camera, now: Instant::ZERO, heartbeat: false, raw: Vec::new(), rejects: Vec::new() }
    }

    /// Power at 0 and nobody who answers.
    fn offline(config: Config) -> Bench {
        let mut bench = Bench::off(config);
        bench.input(Input::Power(true));
        bench
    }

    /// Power at 0, connected at [`CONNECTED`], what was sent until then forgotten.
    fn online(config: Config) -> Bench {
        let mut bench = Bench::offline(config);
        bench.run(CONNECTED);
        bench.tell(&Message::ConnectReply);
        bench.heartbeat = true;
        bench.raw.clear();
        bench
    }

    fn input(&mut self, input: Input<'_, Act>) {
        self.camera.handle_input(self.now, input);
        self.drain();
    }

    fn act(&mut self, act: Act) {
        self.input(Input::Act(act));
    }

    fn fail(&mut self, fault: Fault) {
        self.act(Act::Fail(fault));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.input(Input::Bytes { port: Port(0), bytes });
    }

    fn tell(&mut self, message: &Message) {
        self.bytes(&frame(message, CONTROLLER, CAMERA));
    }

    /// What the camera answers at once.
    fn ask(&mut self, message: &Message) -> Vec<Message> {
        let before = self.raw.len();
        self.tell(message);
        self.raw[before..].iter().filter_map(|(_, bytes)| read(bytes)).collect()
    }

    fn run(&mut self, until: Instant) {
        loop {
            let beat = at((self.now.as_us() / 5_000_000 + 1) * 5_000);
            let wake = self.camera.poll_timeout().map_or(Instant::MAX, |wake| wake.at);
            if self.heartbeat && beat <= wake && beat <= until {
                self.now = beat;
                self.tell(&Message::HeartbeatQuery);
            } else if wake <= until {
                self.now = wake;
                self.camera.handle_timeout(wake);
                self.drain();
            } else {
                break;
            }
        }
        self.now = until;
    }

    fn run_ms(&mut self, ms: u64) {
        self.run(self.now + Span::from_ms(ms));
    }

    fn drain(&mut self) {
        while let Some(output) = self.camera.poll_output() {
            match output {
                Output::Bytes { port, bytes } => {
                    assert_eq!(port, Port(0));
                    assert!(!bytes.is_empty());
                    self.raw.push((self.now, bytes));
                }
                Output::Reject { why, .. } => self.rejects.push(why),
                Output::Sight(()) | Output::Persist(_) => panic!("a camera shows and keeps nothing"),
            }
        }
    }

    /// Everything sent that can be read, but heartbeat replies.
    fn sent(&self) -> Vec<(Instant, Message)> {
        self.raw
            .iter()
            .filter_map(|(when, bytes)| Some((*when, read(bytes)?)))
            .filter(|(_, message)| *message != Message::HeartbeatReply)
            .collect()
    }

    fn uploads(&self) -> Vec<(Instant, RealTime)> {
        let real_time = |(when, message)| match message {
            Message::RealTime(seen) => Some((when, seen)),
            _ => None,
        };
        self.sent().into_iter().filter_map(real_time).collect()
    }

    /// The waiting counts of all uploads.
    fn counts(&self) -> Vec<u8> {
        self.uploads().iter().map(|(_, seen)| seen.zones[0].count).collect()
    }

    /// The zones of the next upload.
    fn next_upload(&mut self) -> Vec<ZoneReport> {
        let before = self.uploads().len();
        for _ in 0..4 {
            self.run_ms(500);
            if let Some((_, seen)) = self.uploads().get(before) {
                return seen.zones.clone();
            }
        }
        panic!("no upload within 2 s");
    }

    fn forget_sent(&mut self) {
        self.raw.clear();
    }
}

fn frame(message: &Message, from: Address, to: Address) -> Vec<u8> {
    let mut out = Vec::new();
    message.packet(from, to, 5).emit(Crc::Modbus, &mut out);
    out
}

/// One transmission, if it is a whole frame addressed to the controller.
fn read(bytes: &[u8]) -> Option<Message> {
    let mut decoder = Decoder::new(Crc::Modbus);
    decoder.push(bytes);
    match decoder.poll() {
        Parsed::Frame { frame, used } => {
            assert_eq!(used, bytes.len(), "one frame in one transmission");
            assert_eq!(frame.sender, CAMERA);
            assert_eq!(frame.receiver, CONTROLLER);
            Some(Message::of(&frame, 5))
        }
        Parsed::NeedMore | Parsed::Reject { .. } => None,
    }
}
