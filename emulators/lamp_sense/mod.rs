//! Lamp sense: the rig's own Modbus client that polls an opto-isolated discrete-input module, whose inputs hang on the
//! mains of the lamps.
//!
//! Every period, for the first time when power comes, it reads inputs 0..n (function 02). The grid is steady: the k-th
//! question is due at power-on + k * period whatever the answers take; a beat whose predecessor is still unanswered
//! is left out. A question that fails is not repeated, a later beat is.
//!
//! **What an answer proves.** The module looks at its inputs after it has heard the whole question and before the last
//! byte of its answer; an input lags behind its lamp by up to [`Config::latency`] (opto-couplers on mains need some
//! half-waves). So an answer shows the lamps as they were at some instant between the end of its question less the
//! latency, and its own arrival. Where an answer differs from the one before, the change happened between the earliest
//! instant that the older one may show and the arrival of the newer one. While answers fail the interval grows; what
//! comes and goes between two answers is not seen at all.
//!
//! **Late answers.** An answer carries no number: one that is late would pass for the answer to the next question, and prove
//! what it does not. So a question that is not answered in time is followed by a pause, in which its answer may come and is
//! thrown away. While nothing is known a question waits until the module would be lost, and a late answer to it is not
//! believed: a module that is always late is never believed. (One that becomes later than the pause covers, 100 ms, in the
//! middle of a run is not recognised.)
//!
//! Inputs are told as they are read. Which lamp hangs on which input, and whether inverted, the device does not know.

use crate::device::{Device, Input, Output, Port, Wake};
use crate::time::{CharacterTimes, Instant, Line, Span};
use crate::timer::Timers;
use crate::wire::modbus::{Client, ClientConfig, Done, Failure, Request, Response};
use std::collections::VecDeque;

#[cfg(test)]
mod matrix;
#[cfg(test)]
mod tests;

/// The most inputs that are read.
pub const MOST_INPUTS: u8 = 64;
/// How long the module may take to begin its answer: a USB adapter's latency timer costs 16 ms, a slow module's
/// turn-around as much.
pub const ANSWER_WITHIN: Span = Span::from_ms(40);
/// How long nothing is asked after a question that was not answered in time. With it one answer may be missing before a
/// flash could hide between two others.
pub const PAUSE: Span = Span::from_ms(60);
/// Nothing is known of the lamps any more when what was proven last is so old: half a flash (454 ms at 66 a minute) could
/// hide behind it.
pub const LOST_AFTER: Span = Span::from_ms(400);
/// No poller asks more often, whatever the site says.
pub const SHORTEST_PERIOD: Span = Span::from_ms(5);
/// Bytes of the question: unit, function, start, count, checksum.
const QUESTION: usize = 8;
/// Bytes of an answer around the inputs: unit, function, count, checksum.
const AROUND: usize = 5;

/// How long a question and its answer take on a line, with the silences that Modbus wants around them, if the module
/// answers at once.
#[must_use]
pub fn exchange(line: Line, inputs: u8) -> Span {
    let silence = line.modbus_silence();
    let answer = AROUND + usize::from(inputs.min(MOST_INPUTS)).div_ceil(8);
    line.time_of(QUESTION) + silence + line.time_of(answer) + silence
}

crate::timers! {
    enum Timer {
        /// The inputs are read.
        Poll = "sense poll",
        /// An answer comes too late.
        Late = "sense answer",
        /// Nothing is known of the lamps any more.
        Lost = "sense silence",
    }
}

/// How the module is wired and asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The module's Modbus unit, 1..247.
    pub unit: u8,
    /// Its line.
    pub line: Line,
    /// Number of inputs read, 1..64.
    pub inputs: u8,
    /// How often they are read.
    pub period: Span,
    /// How far an input may lag behind its lamp.
    pub latency: Span,
}

impl Config {
    /// The longest time from a lamp's change to the arrival of the answer that shows it, if no answer is missing: the
    /// latency, a beat, and an exchange. No interval that is told is longer.
    #[must_use]
    pub fn seen_within(&self) -> Span {
        self.latency + self.period + exchange(self.line, self.inputs)
    }

    /// After the end of a question its answer must have ended within this.
    #[must_use]
    pub fn answered_within(&self) -> Span {
        ANSWER_WITHIN + self.line.time_of(AROUND + usize::from(self.inputs).div_ceil(8))
    }
}

/// What is known of the lamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenseSight {
    /// The inputs are read differently than before, or for the first time (since power came, since they were lost).
    Inputs {
        /// Bit n: input n reads 1.
        on: u64,
        /// Bit n: input n is new or has changed.
        changed: u64,
        /// The changes happened between this instant and now.
        earliest: Instant,
    },
    /// The module has proven nothing for [`LOST_AFTER`].
    Lost {
        /// What was read last may be untrue from this instant on.
        since: Instant,
    },
}

/// The poller. Port 0 is the module's bus.
#[derive(Clone, Debug)]
pub struct LampSense {
    config: Config,
    powered: bool,
    client: Client<()>,
    timers: Timers<Timer>,
    times: CharacterTimes,
    /// A question is not answered yet.
    asked: bool,
    /// When the last question ended.
    asked_at: Instant,
    /// Nothing is asked before this.
    paused: Instant,
    /// The module refuses; said once.
    refused: bool,
    /// What was read last; `None` if nothing is known.
    inputs: Option<u64>,
    /// Since when the last reading may be untrue.
    proven: Instant,
    outputs: VecDeque<Output<SenseSight>>,
}

impl LampSense {
    /// A poller without power.
    #[must_use]
    pub fn new(config: Config) -> LampSense {
        let period = config.period.max(SHORTEST_PERIOD);
        let inputs = config.inputs.clamp(1, MOST_INPUTS);
        LampSense {
            config: Config { period, inputs, ..config },
            powered: false,
            client: Client::new(ClientConfig {
                line: config.line,
                timeout: LOST_AFTER,
                urgent_timeout: LOST_AFTER,
                retries: 0,
            }),
            timers: Timers::default(),
            times: CharacterTimes::new(config.line),
            asked: false,
            asked_at: Instant::ZERO,
            paused: Instant::ZERO,
            refused: false,
            inputs: None,
            proven: Instant::ZERO,
            outputs: VecDeque::new(),
        }
    }

    fn power(&mut self, now: Instant, on: bool) {
        if self.powered == on {
            return;
        }
        let known = self.inputs.is_some();
        let outputs = std::mem::take(&mut self.outputs);
        *self = LampSense { powered: on, outputs, proven: self.proven, ..LampSense::new(self.config) };
        if on {
            self.proven = now;
            self.timers.set(Timer::Poll, now);
            self.timers.set(Timer::Lost, now + LOST_AFTER);
        } else if known {
            self.outputs.push_back(Output::Sight(SenseSight::Lost { since: self.proven }));
        }
    }

    /// The beat that was due at `due`.
    fn poll(&mut self, due: Instant, now: Instant) {
        if !self.asked && now >= self.paused {
            let read = Request::ReadDiscreteInputs(0, u16::from(self.config.inputs));
            self.asked = self.client.ask(now, (), self.config.unit, read, false);
        }
        let missed = (now - due).as_us() / self.config.period.as_us();
        self.timers.set(Timer::Poll, due + self.config.period * (missed + 1));
    }

    fn drain_client(&mut self, now: Instant) {
        while let Some(Done { result, .. }) = self.client.poll_done() {
            self.asked = false;
            self.answer(now, result);
        }
        while let Some(bytes) = self.client.poll_send() {
            self.asked_at = now + self.times.of(bytes.len());
            self.timers.set(Timer::Late, self.asked_at + self.config.answered_within());
            self.outputs.push_back(Output::Bytes { port: Port(0), bytes });
        }
        while let Some((skipped, why)) = self.client.poll_reject() {
            self.outputs.push_back(Output::Reject { port: Port(0), skipped, why });
        }
    }

    fn answer(&mut self, now: Instant, result: Result<Option<Response>, Failure>) {
        let count = usize::from(self.config.inputs);
        if self.timers.get(Timer::Late).is_none() && result.is_ok() {
            self.paused = now + PAUSE;
            self.reject("the lamp-sense module answers too late");
            return;
        }
        self.timers.clear(Timer::Late);
        match result {
            Ok(Some(Response::Bits(_, bits))) if bits.len() >= count => {
                let on = bits.iter().take(count).rev().fold(0, |all, bit| all << 1 | u64::from(*bit));
                self.read(on);
            }
            Ok(Some(Response::Exception(..))) => {
                // Told once: a module that refuses does so at every beat.
                if !std::mem::replace(&mut self.refused, true) {
                    self.reject("the lamp-sense module refuses the question");
                }
            }
            Ok(_) | Err(Failure::Silence | Failure::Garbled) => {}
        }
    }

    fn reject(&mut self, why: &'static str) {
        self.outputs.push_back(Output::Reject { port: Port(0), skipped: 0, why });
    }

    fn read(&mut self, on: u64) {
        let all = u64::MAX >> (64 - u32::from(self.config.inputs));
        let changed = self.inputs.map_or(all, |before| before ^ on);
        if changed != 0 {
            let sight = SenseSight::Inputs { on, changed, earliest: self.proven };
            self.outputs.push_back(Output::Sight(sight));
        }
        self.inputs = Some(on);
        self.proven = self.asked_at.back(self.config.latency).max(self.proven);
        self.timers.set(Timer::Lost, self.proven + LOST_AFTER);
        self.refused = false;
    }

    /// The answer is overdue. It is waited for only while nothing is known: then it shows how late the module is.
    fn late(&mut self, now: Instant) {
        if self.asked && self.inputs.is_some() {
            self.client.clear();
            self.asked = false;
            self.paused = now + PAUSE;
        }
    }

    /// Nobody has answered for too long. Said once.
    fn lost(&mut self) {
        self.inputs = None;
        self.outputs.push_back(Output::Sight(SenseSight::Lost { since: self.proven }));
    }
}

impl Device for LampSense {
    type Act = ();
    type Sight = SenseSight;

    fn handle_input(&mut self, now: Instant, input: Input<'_, ()>) {
        match input {
            Input::Power(on) => self.power(now, on),
            Input::Bytes { port: Port(0), bytes } if self.powered => {
                self.client.handle_bytes(now, bytes);
                self.drain_client(now);
            }
            Input::Bytes { .. } | Input::Act(()) | Input::Operator(_) => {}
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        if !self.powered {
            return;
        }
        self.client.handle_timeout(now);
        self.drain_client(now);
        let due = self.timers.get(Timer::Poll);
        while let Some(timer) = self.timers.expired(now) {
            match timer {
                Timer::Poll => self.poll(due.unwrap_or(now), now),
                Timer::Late => self.late(now),
                Timer::Lost => self.lost(),
            }
        }
        self.drain_client(now);
    }

    fn poll_output(&mut self) -> Option<Output<SenseSight>> {
        self.outputs.pop_front()
    }

    fn poll_timeout(&self) -> Option<Wake> {
        match (self.client.poll_timeout(), self.timers.wake()) {
            (Some(client), Some(own)) => Some(if own.at < client.at { own } else { client }),
            (client, own) => client.or(own),
        }
    }
}
