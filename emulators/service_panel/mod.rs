//! Service panel: the rig's own Modbus client on the controller's service port.
//!
//! Every period, for the first time one period after power came, it reads the state block. The grid is steady: the
//! k-th question is due at power-on + k * period whatever the answers take; a beat whose predecessor is still
//! unanswered is left out. A question that fails is not repeated, the next beat is.
//!
//! When the log has grown by more than the one entry that the state block shows, the panel fetches the entries in
//! between, eight at a time; of more than [`CATCH_UP`] entries only the newest. What a log held before the panel
//! got power is not fetched. A log whose count has gone back has begun anew, and everything in it is new.
//!
//! What the panel reads it does not interpret: it is on the cable, for whoever judges.

use crate::device::{Device, Input, Output, Port, Wake};
use crate::time::{Instant, Line, Span};
use crate::timer::Timers;
use crate::wire::modbus::{Client, ClientConfig, Done, Failure, Request, Response};
use std::collections::VecDeque;

pub mod map;
#[cfg(test)]
mod tests;

/// The most log entries fetched in one go.
pub const CATCH_UP: u16 = 128;
/// How long the controller may take to begin its answer.
pub const ANSWER_WITHIN: Span = Span::from_ms(200);
/// How often a write that failed is tried again. Not for a manual step: the controller may have taken it, and
/// must not take two.
const WRITE_AGAIN: u8 = 2;
/// No panel asks more often, whatever the site says.
const SHORTEST_PERIOD: Span = Span::from_ms(10);

crate::timers! {
    enum Timer {
        /// The state block is read.
        Poll = "service poll",
    }
}

/// What the panel has asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    State,
    Cursor,
    Window,
    Write { register: u16, value: u16, again: u8 },
}

/// Log entries being fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CatchUp {
    /// Number of the next entry wanted.
    next: u16,
    /// Number after the last entry wanted.
    end: u16,
}

/// The panel's wiring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The controller's Modbus unit on this cable.
    pub unit: u8,
    /// The service cable.
    pub line: Line,
    /// How often the panel reads the controller's input registers, at least 10 ms.
    pub period: Span,
}

/// What a person at the panel can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Write a holding register, before whatever else waits.
    Write {
        /// Register.
        register: u16,
        /// Value.
        value: u16,
    },
}

/// The panel. Port 0 is the service cable. Nothing of it can be seen, so it sends no sight; what it learns is on the
/// cable for everybody to see.
#[derive(Clone, Debug)]
pub struct ServicePanel {
    config: Config,
    powered: bool,
    client: Client<Ask>,
    timers: Timers<Timer>,
    /// The state block is asked for and not answered.
    state_asked: bool,
    /// Log entries known so far; `None` before the first answer.
    seen: Option<u16>,
    catch_up: Option<CatchUp>,
    outputs: VecDeque<Output<()>>,
}

impl ServicePanel {
    /// A panel without power.
    #[must_use]
    pub fn new(config: Config) -> ServicePanel {
        let period = config.period.max(SHORTEST_PERIOD);
        ServicePanel {
            config: Config { period, ..config },
            powered: false,
            client: Client::new(ClientConfig {
                line: config.line,
                timeout: ANSWER_WITHIN,
                urgent_timeout: ANSWER_WITHIN,
                retries: 0,
            }),
            timers: Timers::default(),
            state_asked: false,
            seen: None,
            catch_up: None,
            outputs: VecDeque::new(),
        }
    }

    fn power(&mut self, now: Instant, on: bool) {
        if self.powered == on {
            return;
        }
        *self = ServicePanel { powered: on, ..ServicePanel::new(self.config) };
        if on {
            self.timers.set(Timer::Poll, now + self.config.period);
        }
    }

    fn ask(&mut self, now: Instant, ask: Ask) -> bool {
        let (request, urgent) = match ask {
            Ask::State => (Request::ReadInputs(map::STATE, map::STATE_LEN), false),
            Ask::Cursor => {
                let next = self.catch_up.map_or(0, |catch_up| catch_up.next);
                (Request::WriteRegister(map::LOG_CURSOR, next), false)
            }
            Ask::Window => {
                (Request::ReadInputs(map::LOG_WINDOW, map::LOG_ENTRIES * map::LOG_ENTRY_LEN), false)
            }
            Ask::Write { register, value, again: _ } => (Request::WriteRegister(register, value), true),
        };
        self.client.ask(now, ask, self.config.unit, request, urgent)
    }

    fn write(&mut self, now: Instant, register: u16, value: u16, again: u8) {
        if !self.ask(now, Ask::Write { register, value, again }) {
            let why = "too many writes waiting at the panel";
            self.outputs.push_back(Output::Reject { port: Port(0), skipped: 0, why });
        }
    }

    /// The beat that was due at `due`.
    fn poll(&mut self, due: Instant, now: Instant) {
        if !self.state_asked {
            self.state_asked = self.ask(now, Ask::State);
        }
        let missed = (now - due).as_us() / self.config.period.as_us();
        self.timers.set(Timer::Poll, due + self.config.period * (missed + 1));
    }

    fn answer(&mut self, now: Instant, ask: Ask, result: Result<Option<Response>, Failure>) {
        match (ask, result) {
            (Ask::State, result) => {
                self.state_asked = false;
                if let Ok(Some(Response::Registers(_, state))) = result
                    && let Some(&count) = state.get(usize::from(map::LOG_COUNT))
                {
                    self.learn(now, count);
                }
            }
            (Ask::Cursor, Ok(Some(Response::Written(..)))) => self.fetch(now, Ask::Window),
            (Ask::Window, Ok(Some(Response::Registers(..)))) => self.fetched(now),
            // No answer: the log has still grown when the next beat looks.
            (Ask::Cursor | Ask::Window, Err(Failure::Silence | Failure::Garbled)) => self.catch_up = None,
            // Refused, or no answer to this question: this controller has no log window.
            (Ask::Cursor | Ask::Window, Ok(_)) => {
                self.seen = self.catch_up.take().map(|catch_up| catch_up.end).or(self.seen);
            }
            (Ask::Write { register, value, again }, Err(Failure::Silence | Failure::Garbled)) => {
                if again > 0 && register != map::MANUAL_STEP {
                    self.write(now, register, value, again - 1);
                }
            }
            (Ask::Write { .. }, Ok(_)) => {}
        }
    }

    /// The log has `count` entries.
    fn learn(&mut self, now: Instant, count: u16) {
        if self.catch_up.is_some() {
            return;
        }
        let seen = match self.seen {
            None => count,
            Some(seen) if count.wrapping_sub(seen) > u16::MAX / 2 => 0,
            Some(seen) => seen,
        };
        let unseen = count.wrapping_sub(seen);
        if unseen <= 1 {
            self.seen = Some(count);
            return;
        }
        self.catch_up = Some(CatchUp { next: count.wrapping_sub(unseen.min(CATCH_UP)), end: count });
        self.fetch(now, Ask::Cursor);
    }

    fn fetch(&mut self, now: Instant, ask: Ask) {
        if !self.ask(now, ask) {
            self.catch_up = None;
        }
    }

    /// A window has been read.
    fn fetched(&mut self, now: Instant) {
        let Some(catch_up) = &mut self.catch_up else { return };
        if catch_up.end.wrapping_sub(catch_up.next) > map::LOG_ENTRIES {
            catch_up.next = catch_up.next.wrapping_add(map::LOG_ENTRIES);
            self.fetch(now, Ask::Cursor);
        } else {
            self.seen = Some(catch_up.end);
            self.catch_up = None;
        }
    }

    fn drain_client(&mut self, now: Instant) {
        while let Some(Done { tag, unit: _, result }) = self.client.poll_done() {
            self.answer(now, tag, result);
        }
        while let Some(bytes) = self.client.poll_send() {
            self.outputs.push_back(Output::Bytes { port: Port(0), bytes });
        }
        while let Some((skipped, why)) = self.client.poll_reject() {
            self.outputs.push_back(Output::Reject { port: Port(0), skipped, why });
        }
    }
}

impl Device for ServicePanel {
    type Act = Act;
    type Sight = ();

    fn handle_input(&mut self, now: Instant, input: Input<'_, Act>) {
        match input {
            Input::Power(on) => self.power(now, on),
            Input::Bytes { port: Port(0), bytes } if self.powered => {
                self.client.handle_bytes(now, bytes);
                self.drain_client(now);
            }
            Input::Act(Act::Write { register, value }) if self.powered => {
                self.write(now, register, value, WRITE_AGAIN);
                self.drain_client(now);
            }
            Input::Bytes { .. } | Input::Act(Act::Write { .. }) | Input::Operator(_) => {}
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
            }
        }
        self.drain_client(now);
    }

    fn poll_output(&mut self) -> Option<Output<()>> {
        self.outputs.pop_front()
    }

    fn poll_timeout(&self) -> Option<Wake> {
        match (self.client.poll_timeout(), self.timers.wake()) {
            (Some(client), Some(own)) => Some(if own.at < client.at { own } else { client }),
            (client, own) => client.or(own),
        }
    }
}
