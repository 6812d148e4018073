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
use crate::wire::gbt43229::{self, Message};
use crate::wire::modbus::{Request, Response, emit_request, parse_response};

pub(super) const LAMPS: Port = Port(2);
pub(super) const FEEDBACK: Port = Port(3);
pub(super) const COUNTDOWN: Port = Port(4);
pub(super) const SERVICE: Port = Port(5);

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
    pub(super) decoder: gbt43229::Decoder,
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
pub(super) enum Event {
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
    pub(super) coils: [[bool; 3]; 4],
    pub(super) posts: [[u16; 4]; 2],
    pub(super) watchdogs: [u16; 4],
    /// Circuits that never light, and that always do.
    pub(super) broken: u16,
    pub(super) shorted: u16,
    /// Units that do not answer.
    pub(super) dead: Vec<u8>,
    pub(super) feedback_dead: bool,
    /// The cabinet's supply: heads, posts and feedback module have it from there.
    pub(super) supplied: bool,
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
            supplied: true,
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
        self.supplied = on;
        if !on {
            self.coils = [[false; 3]; 4];
            self.look();
        }
        self.input(Input::Power(on));
    }

    /// The controller alone starts anew: its process was killed, the street goes on.
    pub(super) fn restart_controller(&mut self) {
        self.controller = Controller::new(self.config.clone(), self.persisted.as_deref());
        self.input(Input::Power(true));
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

    /// The controller's process does not run for a while; what is sent to it is lost.
    pub(super) fn stall(&mut self, ms: u64) {
        let end = self.now + Span::from_ms(ms);
        self.events.retain(|&(at, _), event| at > end || !matches!(event, Event::ToController(..)));
        self.now = end;
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

    pub(super) fn at(&mut self, at: Instant, event: Event) {
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
}
