//! The other side of the buses: heads, posts, feedback module, cameras and displays, as far as bytes can tell.
//!
//! Nothing here looks into the controller. What the street sees is recorded with its instant; tests ask the record.

use std::collections::BTreeMap;

use super::super::{Config, Controller};
use super::site;
use crate::device::{Device, Input, Operator, Output, Port};
use crate::time::{Instant, Line, Span};
use crate::wire::Parsed;
use crate::wire::gat508;
use crate::wire::gbt43229::{self, DeviceTime, Message, RealTime, Region, ZoneReport};
use crate::wire::modbus::{Request, Response, emit_request, emit_response, parse_request, parse_response};

pub(super) const LAMPS: Port = Port(2);
pub(super) const FEEDBACK: Port = Port(3);
pub(super) const COUNTDOWN: Port = Port(4);
pub(super) const SERVICE: Port = Port(5);
const SILENCE: Span = Span::from_us(1_824);

/// What the street shows: circuits as in `feedback.rs` (vehicle A, B: red, yellow, green; pedestrian A, B: red, green).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Sight {
    pub(super) lit: u16,
    /// Colour and seconds of the vehicle and the pedestrian countdown.
    pub(super) vehicle_digits: (Option<gat508::Colour>, u16),
    pub(super) pedestrian_digits: (Option<gat508::Colour>, u16),
    /// Light of posts A and B.
    pub(super) lights: [u16; 2],
    /// Volume of posts A and B.
    pub(super) volumes: [u16; 2],
}

/// A camera as bytes show it.
#[derive(Clone, Debug)]
pub(super) struct Eye {
    decoder: gbt43229::Decoder,
    pub(super) waiting: u8,
    pub(super) count: u8,
    pub(super) up: u8,
    pub(super) down: u8,
    pub(super) connected: bool,
    /// Sends nothing at all.
    pub(super) silent: bool,
    /// Does not answer heartbeats.
    pub(super) deaf: bool,
    /// Sends each upload twice.
    pub(super) repeats: bool,
    /// Wrong checksums.
    pub(super) damaged: bool,
    /// Seconds its clock is ahead of the run.
    pub(super) clock: i64,
    /// What the controller said to it.
    pub(super) heard: Vec<(Instant, Message)>,
}

#[derive(Debug)]
enum Event {
    ToController(Port, Vec<u8>),
    ToUnits(Vec<u8>),
    ToFeedback(Vec<u8>),
    ToDisplays(Vec<u8>),
    ToCamera(usize, Vec<u8>),
    ToPanel(Vec<u8>),
    Upload(usize),
    Connect(usize),
}

pub(super) struct Street {
    pub(super) controller: Controller,
    pub(super) config: Config,
    pub(super) now: Instant,
    events: BTreeMap<(Instant, u64), Event>,
    number: u64,
    /// Coils of vehicle A, B, pedestrian A, B.
    coils: [[bool; 3]; 4],
    pub(super) posts: [[u16; 4]; 2],
    pub(super) watchdogs: [u16; 4],
    /// Circuits that never light, and that always do.
    pub(super) broken: u16,
    pub(super) shorted: u16,
    /// Units that do not answer.
    pub(super) dead: Vec<u8>,
    pub(super) feedback_dead: bool,
    pub(super) eyes: [Eye; 2],
    pub(super) history: Vec<(Instant, Sight)>,
    /// Prompts written to posts.
    pub(super) prompts: Vec<(Instant, usize, u16)>,
    /// All broadcasts.
    pub(super) broadcasts: Vec<Instant>,
    pub(super) writes: Vec<(Instant, u8)>,
    pub(super) answers: Vec<Response>,
    pub(super) rejects: usize,
    pub(super) persisted: Option<Vec<u8>>,
}

impl Street {
    /// The default site, power on at 0, cameras there.
    pub(super) fn new() -> Street {
        Street::with(site::config(), None)
    }

    pub(super) fn with(config: Config, persisted: Option<&[u8]>) -> Street {
        // The cameras report at different phases, so that the order of arrival is not an accident.
        Street::with_phases(config, persisted, [100, 230])
    }

    /// Both cameras report at the same instants.
    pub(super) fn in_step(config: Config) -> Street {
        Street::with_phases(config, None, [100, 100])
    }

    fn with_phases(config: Config, persisted: Option<&[u8]>, phases: [u64; 2]) -> Street {
        let eye = |kerb: usize| Eye {
            decoder: gbt43229::Decoder::new(config.cameras[kerb].crc),
            waiting: 0,
            count: 0,
            up: 0,
            down: 0,
            connected: false,
            silent: false,
            deaf: false,
            repeats: false,
            damaged: false,
            clock: 1_000,
            heard: Vec::new(),
        };
        let mut street = Street {
            controller: Controller::new(config.clone(), persisted),
            eyes: [eye(0), eye(1)],
            config,
            now: Instant::ZERO,
            events: BTreeMap::new(),
            number: 0,
            coils: [[false; 3]; 4],
            posts: [[0; 4]; 2],
            watchdogs: [0; 4],
            broken: 0,
            shorted: 0,
            dead: Vec::new(),
            feedback_dead: false,
            history: vec![(Instant::ZERO, Sight::default())],
            prompts: Vec::new(),
            broadcasts: Vec::new(),
            writes: Vec::new(),
            answers: Vec::new(),
            rejects: 0,
            persisted: None,
        };
        for (kerb, phase) in phases.into_iter().enumerate() {
            let phase = Span::from_ms(phase);
            street.at(Instant::from_ms(1_000) + phase, Event::Connect(kerb));
            street.at(Instant::ZERO + phase, Event::Upload(kerb));
        }
        street.input(Input::Power(true));
        street
    }

    /// Runs up to (and including) an instant in ms.
    pub(super) fn run_to(&mut self, ms: u64) {
        let end = Instant::from_ms(ms);
        loop {
            let event = self.events.keys().next().map(|&(at, _)| at);
            let wake = self.controller.poll_timeout().map(|wake| wake.at.max(self.now));
            // At one instant inputs come before timeouts.
            match (event, wake) {
                (Some(at), wake) if at <= end && wake.is_none_or(|wake| at <= wake) => {
                    self.now = self.now.max(at);
                    let (_, event) = self.events.pop_first().expect("there is one");
                    self.happen(event);
                }
                (_, Some(at)) if at <= end => {
                    self.now = at;
                    self.controller.handle_timeout(at);
                    self.collect();
                }
                (_, _) => break,
            }
        }
        self.now = end;
    }

    /// Runs on for some ms.
    pub(super) fn run(&mut self, ms: u64) {
        self.run_to(self.now.as_us() / 1_000 + ms);
    }

    pub(super) fn operate(&mut self, operator: Operator) {
        self.input(Input::Operator(operator));
    }

    pub(super) fn power(&mut self, on: bool) {
        if !on {
            self.coils = [[false; 3]; 4];
            self.look();
        }
        self.input(Input::Power(on));
    }

    /// People at a kerb, from the next upload on.
    pub(super) fn wait(&mut self, kerb: usize, count: u8) {
        self.eyes[kerb].waiting = count;
    }

    /// Everybody at a kerb and `count` in all step onto the crosswalk, from A up, from B down.
    pub(super) fn walk(&mut self, kerb: usize, count: u8) {
        self.eyes[kerb].waiting = 0;
        self.eyes[0].count = count;
        (self.eyes[0].up, self.eyes[0].down) = if kerb == 0 { (count, 0) } else { (0, count) };
    }

    /// Nobody is on the crosswalk any more.
    pub(super) fn arrive(&mut self) {
        (self.eyes[0].count, self.eyes[0].up, self.eyes[0].down) = (0, 0, 0);
    }

    /// Raw bytes to one of the controller's ports, now.
    pub(super) fn bytes(&mut self, port: Port, bytes: &[u8]) {
        self.input(Input::Bytes { port, bytes });
    }

    /// Asks the service port and runs until it answers.
    pub(super) fn ask(&mut self, request: &Request) -> Response {
        let mut bytes = Vec::new();
        emit_request(self.config.units.service, request, &mut bytes);
        self.bytes(SERVICE, &bytes);
        self.run(200);
        self.answers.pop().expect("the controller answers")
    }

    /// Input register of the service port.
    pub(super) fn register(&mut self, register: u16) -> u16 {
        match self.ask(&Request::ReadInputs(register, 1)) {
            Response::Registers(4, values) => values[0],
            other => panic!("not registers: {other:?}"),
        }
    }

    /// Codes and arguments of all log entries.
    pub(super) fn log(&mut self) -> Vec<(u16, u16)> {
        let mut entries = Vec::new();
        let count = self.register(super::super::map::LOG_COUNT);
        for first in (0..count).step_by(8) {
            self.ask(&Request::WriteRegister(super::super::map::LOG_CURSOR, first));
            match self.ask(&Request::ReadInputs(super::super::map::LOG_WINDOW, 48)) {
                Response::Registers(4, values) => {
                    let left = usize::from(count - first).min(8);
                    entries.extend(values.chunks(6).take(left).map(|entry| (entry[0], entry[1])));
                }
                other => panic!("not registers: {other:?}"),
            }
        }
        entries
    }

    pub(super) fn sight(&self) -> Sight {
        self.history.last().expect("never empty").1
    }

    /// The first instant in ms at or after `from_ms` at which the sight is like this.
    pub(super) fn first(&self, from_ms: u64, like: impl Fn(&Sight) -> bool) -> Option<u64> {
        let from = Instant::from_ms(from_ms);
        let mut held = None;
        for (at, sight) in &self.history {
            if *at <= from {
                held = like(sight).then_some(from_ms);
            } else if held.is_some() {
                return held;
            } else if like(sight) {
                return Some(at.as_us() / 1_000);
            }
        }
        held
    }

    /// One character per second: vehicle and pedestrian lamps (heads A), countdowns as last digits.
    pub(super) fn strip(&self, from_s: u64, to_s: u64) -> String {
        let (mut cars, mut feet, mut car_digits, mut foot_digits) =
            (String::new(), String::new(), String::new(), String::new());
        for second in from_s..to_s {
            let sight = self.sight_at(Instant::from_ms(second * 1_000 + 250));
            cars.push(match sight.lit & 0b111 {
                0b001 => 'R',
                0b010 => 'Y',
                0b100 => 'G',
                0 => '.',
                _ => '!',
            });
            feet.push(match sight.lit >> 6 & 0b11 {
                0b01 => 'R',
                0b10 => 'G',
                0 => '.',
                _ => '!',
            });
            let digit = |(_, seconds): (Option<gat508::Colour>, u16)| {
                if seconds == 0 { '.' } else { char::from(b'0' + u8::try_from(seconds % 10).unwrap_or(0)) }
            };
            car_digits.push(digit(sight.vehicle_digits));
            foot_digits.push(digit(sight.pedestrian_digits));
        }
        format!(
            "vehicle     {cars}\npedestrian  {feet}\nvehicle s   {car_digits}\npedestrian s{foot_digits}\n"
        )
    }

    pub(super) fn sight_at(&self, at: Instant) -> Sight {
        self.history.iter().rev().find(|(since, _)| *since <= at).expect("begins at 0").1
    }

    fn input(&mut self, input: Input<'_, ()>) {
        self.controller.handle_input(self.now, input);
        self.collect();
    }

    fn at(&mut self, at: Instant, event: Event) {
        self.number += 1;
        self.events.insert((at, self.number), event);
    }

    fn collect(&mut self) {
        let mut outputs = 0;
        while let Some(output) = self.controller.poll_output() {
            outputs += 1;
            assert!(outputs < 100, "too many outputs at {}", self.now);
            match output {
                Output::Bytes { port, bytes } => {
                    let line = if port == COUNTDOWN { Line::n81(9_600) } else { Line::n81(19_200) };
                    let at = self.now + line.time_of(bytes.len());
                    let event = match port {
                        LAMPS => Event::ToUnits(bytes),
                        FEEDBACK => Event::ToFeedback(bytes),
                        COUNTDOWN => Event::ToDisplays(bytes),
                        SERVICE => Event::ToPanel(bytes),
                        Port(kerb) => Event::ToCamera(usize::from(kerb), bytes),
                    };
                    self.at(at, event);
                }
                Output::Persist(bytes) => self.persisted = Some(bytes),
                Output::Reject { .. } => self.rejects += 1,
                Output::Sight(()) => panic!("a controller has nothing to show"),
            }
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::ToController(port, bytes) => self.input(Input::Bytes { port, bytes: &bytes }),
            Event::ToUnits(bytes) => self.units(&bytes),
            Event::ToFeedback(bytes) => self.feedback(&bytes),
            Event::ToDisplays(bytes) => self.displays(&bytes),
            Event::ToCamera(kerb, bytes) => self.camera(kerb, &bytes),
            Event::ToPanel(bytes) => {
                if let Parsed::Frame { frame: (_, response), .. } = parse_response(&bytes) {
                    self.answers.push(response);
                }
            }
            Event::Upload(kerb) => self.upload(kerb),
            Event::Connect(kerb) => {
                if !self.eyes[kerb].connected && !self.eyes[kerb].silent {
                    self.say(kerb, &Message::ConnectRequest);
                }
                self.at(self.now + Span::from_secs(5), Event::Connect(kerb));
            }
        }
    }

    fn answer(&mut self, port: Port, unit: u8, response: &Response) {
        let mut bytes = Vec::new();
        emit_response(unit, response, &mut bytes);
        let at = self.now + SILENCE + Line::n81(19_200).time_of(bytes.len());
        self.at(at, Event::ToController(port, bytes));
    }

    fn units(&mut self, bytes: &[u8]) {
        let Parsed::Frame { frame: (unit, request), used } = parse_request(bytes) else {
            panic!("not a request: {bytes:?}")
        };
        assert_eq!(used, bytes.len());
        if self.dead.contains(&unit) {
            return;
        }
        self.writes.push((self.now, unit));
        let units = self.config.units;
        let all = [units.vehicle, units.pedestrian, units.posts];
        let index = all.iter().flatten().position(|&address| address == unit).expect("a unit of the site");
        let response = match request {
            Request::WriteCoils(0, coils) => {
                assert!(index < 4, "posts have no coils");
                assert_eq!(coils.len(), if index < 2 { 3 } else { 2 });
                self.coils[index][..coils.len()].copy_from_slice(&coils);
                Response::Written(15, 0, u16::try_from(coils.len()).expect("few"))
            }
            Request::WriteRegister(register, value) if index < 4 => {
                assert_eq!(register, 0);
                self.watchdogs[index] = value;
                Response::Written(6, register, value)
            }
            Request::WriteRegister(register, value) => {
                self.post(index - 4, register, value);
                Response::Written(6, register, value)
            }
            Request::WriteRegisters(start, values) => {
                for (register, &value) in (start..).zip(&values) {
                    self.post(index - 4, register, value);
                }
                Response::Written(16, start, u16::try_from(values.len()).expect("few"))
            }
            other => panic!("nobody should ask {other:?}"),
        };
        self.look();
        self.answer(LAMPS, unit, &response);
    }

    fn post(&mut self, post: usize, register: u16, value: u16) {
        self.posts[post][usize::from(register)] = value;
        if register == 0 {
            self.prompts.push((self.now, post, value));
        }
    }

    fn feedback(&mut self, bytes: &[u8]) {
        let Parsed::Frame { frame: (unit, request), .. } = parse_request(bytes) else {
            panic!("not a request")
        };
        assert_eq!(request, Request::ReadDiscreteInputs(0, 10));
        if !self.feedback_dead {
            let lit = self.lit();
            let bits = (0..16).map(|circuit| lit & 1 << circuit != 0).collect();
            self.answer(FEEDBACK, unit, &Response::Bits(2, bits));
        }
    }

    fn lit(&self) -> u16 {
        let mut lit = 0;
        for (head, coils) in self.coils.iter().enumerate() {
            let (first, count) = [(0, 3), (3, 3), (6, 2), (8, 2)][head];
            for (lamp, &on) in coils.iter().enumerate().take(count) {
                lit |= u16::from(on) << (first + lamp);
            }
        }
        lit & !self.broken | self.shorted
    }

    /// Looks at the street and writes down what changed.
    pub(super) fn look(&mut self) {
        let mut sight = self.sight();
        sight.lit = self.lit();
        sight.lights = [self.posts[0][2], self.posts[1][2]];
        sight.volumes = [self.posts[0][1], self.posts[1][1]];
        self.remember(sight);
    }

    fn remember(&mut self, sight: Sight) {
        if sight != self.sight() {
            self.history.push((self.now, sight));
        }
    }

    fn displays(&mut self, bytes: &[u8]) {
        let mut decoder = gat508::Decoder::new(self.config.countdown_edition);
        decoder.push(bytes);
        let Parsed::Frame { frame: entries, .. } = decoder.poll() else { panic!("not a broadcast") };
        self.broadcasts.push(self.now);
        let shown = |number: u8| {
            let entry = entries.iter().find(|entry| entry.number == number).expect("every display is told");
            (Some(entry.colour), entry.seconds)
        };
        let units = self.config.units;
        assert_eq!(shown(units.vehicle_displays[0]), shown(units.vehicle_displays[1]));
        assert_eq!(shown(units.pedestrian_displays[0]), shown(units.pedestrian_displays[1]));
        let mut sight = self.sight();
        sight.vehicle_digits = shown(units.vehicle_displays[0]);
        sight.pedestrian_digits = shown(units.pedestrian_displays[0]);
        self.remember(sight);
    }

    fn camera(&mut self, kerb: usize, bytes: &[u8]) {
        let length = self.config.cameras[kerb].crosswalk_info_len;
        self.eyes[kerb].decoder.push(bytes);
        while let Parsed::Frame { frame, .. } = self.eyes[kerb].decoder.poll() {
            let message = Message::of(&frame, length);
            self.eyes[kerb].heard.push((self.now, message.clone()));
            match message {
                Message::ConnectReply => {
                    self.eyes[kerb].connected = true;
                    let at = self.stamp(kerb);
                    self.say(kerb, &Message::TimeUpload(at, 28_800));
                }
                Message::HeartbeatQuery if !self.eyes[kerb].deaf => self.say(kerb, &Message::HeartbeatReply),
                Message::ConfigSet(_) => self.say(kerb, &Message::ConfigSetReply),
                _ => {}
            }
        }
    }

    pub(super) fn stamp(&self, kerb: usize) -> DeviceTime {
        let ms = self.now.as_us() / 1_000;
        let s = i64::try_from(ms / 1_000).expect("short") + self.eyes[kerb].clock;
        DeviceTime {
            s: u32::try_from(s).expect("after 1970"),
            ms: u16::try_from(ms % 1_000).expect("below 1000"),
        }
    }

    fn upload(&mut self, kerb: usize) {
        self.at(self.now + Span::from_ms(500), Event::Upload(kerb));
        if self.eyes[kerb].connected && !self.eyes[kerb].silent {
            let message = self.realtime(kerb);
            self.say(kerb, &message);
            if self.eyes[kerb].repeats {
                self.say(kerb, &message);
            }
        }
    }

    /// What a camera would upload now.
    pub(super) fn realtime(&self, kerb: usize) -> Message {
        let eye = &self.eyes[kerb];
        let link = &self.config.cameras[kerb];
        let empty = ZoneReport {
            channel: link.waiting_channel,
            region: Region::Waiting,
            count: eye.waiting,
            occupancy: 0,
            waiting_s: 0,
            up: 0,
            down: None,
        };
        let mut zones = vec![empty];
        if let Some(channel) = link.crosswalk_channel {
            let (count, up, down) = (eye.count, eye.up, Some(eye.down));
            zones.push(ZoneReport { channel, region: Region::Crosswalk, count, up, down, ..empty });
        }
        Message::RealTime(RealTime { at: self.stamp(kerb), zones })
    }

    /// A camera sends a message; it arrives after its character time.
    pub(super) fn say(&mut self, kerb: usize, message: &Message) {
        let link = self.config.cameras[kerb];
        let mut bytes = Vec::new();
        message.packet(link.address, self.config.address, link.crosswalk_info_len).emit(link.crc, &mut bytes);
        if self.eyes[kerb].damaged {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x01;
        }
        let at = self.now + Line::n81(19_200).time_of(bytes.len());
        let port = self.config.ports.cameras[kerb].0;
        self.at(at, Event::ToController(port, bytes));
    }
}
