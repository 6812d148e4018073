//! Discrete-input module: opto-isolated inputs read over Modbus (lamp feedback; lamp sense on a bench).
//!
//! Public interface: function 02 reads inputs 0..n; an address beyond the last input is refused with exception 2, a
//! count of 0 with 3, every other function with 1. An input reads 1 while voltage stands at its terminal, without
//! filter or memory: a change is seen by the next read.

use crate::device::{Device, Input, Output, Port, Wake};
use crate::time::{Instant, Line};
use crate::wire::modbus::{Exception, Registers, Request, Response, Server};
use std::collections::VecDeque;

#[cfg(test)]
mod tests;

/// The most inputs a module has.
pub const MOST_INPUTS: u8 = 64;

/// A module's wiring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Modbus unit, 1..247.
    pub unit: u8,
    /// Its bus.
    pub line: Line,
    /// Number of inputs, 1..64. Input n is discrete input n.
    pub inputs: u8,
}

/// What can happen to the module besides bytes and power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// An input's wire carries voltage, or no longer does.
    Wire {
        /// Input, from 0; one that the module does not have changes nothing.
        input: u8,
        /// Voltage present.
        on: bool,
    },
}

/// The module. Port 0 is its bus. Nothing of it can be seen, so it sends no sight.
#[derive(Clone, Debug)]
pub struct DiscreteInputs {
    powered: bool,
    server: Server,
    terminals: Terminals,
    outputs: VecDeque<Output<()>>,
}

/// The input terminals. Voltage stands at them whether the module has power or not.
#[derive(Clone, Debug)]
struct Terminals {
    count: u8,
    /// Bit n: voltage at input n.
    live: u64,
}

impl DiscreteInputs {
    /// A module without power, and no voltage at its inputs.
    #[must_use]
    pub fn new(config: Config) -> DiscreteInputs {
        DiscreteInputs {
            powered: false,
            server: Server::new(config.unit, config.line),
            terminals: Terminals { count: config.inputs.min(MOST_INPUTS), live: 0 },
            outputs: VecDeque::new(),
        }
    }

    fn power(&mut self, on: bool) {
        if self.powered == on {
            return;
        }
        self.powered = on;
        self.server.clear();
    }

    fn drain_server(&mut self) {
        while let Some(bytes) = self.server.poll_send() {
            self.outputs.push_back(Output::Bytes { port: Port(0), bytes });
        }
        while let Some((skipped, why)) = self.server.poll_reject() {
            self.outputs.push_back(Output::Reject { port: Port(0), skipped, why });
        }
    }
}

impl Terminals {
    fn wire(&mut self, input: u8, on: bool) {
        if input < self.count {
            let bit = 1 << input;
            self.live = if on { self.live | bit } else { self.live & !bit };
        }
    }
}

impl Registers for Terminals {
    fn serve(&mut self, _now: Instant, request: &Request) -> Result<Response, Exception> {
        match request {
            &Request::ReadDiscreteInputs(_, 0) => Err(Exception::IllegalValue),
            &Request::ReadDiscreteInputs(start, count) => {
                let end = start.checked_add(count).filter(|&end| end <= u16::from(self.count));
                let end = end.ok_or(Exception::IllegalAddress)?;
                Ok(Response::Bits(2, (start..end).map(|input| self.live & (1 << input) != 0).collect()))
            }
            Request::ReadCoils(..)
            | Request::ReadHolding(..)
            | Request::ReadInputs(..)
            | Request::WriteCoil(..)
            | Request::WriteRegister(..)
            | Request::WriteCoils(..)
            | Request::WriteRegisters(..)
            | Request::Other(..) => Err(Exception::IllegalFunction),
        }
    }
}

impl Device for DiscreteInputs {
    type Act = Act;
    type Sight = ();

    fn handle_input(&mut self, now: Instant, input: Input<'_, Act>) {
        match input {
            Input::Bytes { port: Port(0), bytes } if self.powered => {
                self.server.handle_bytes(now, bytes, &mut self.terminals);
                self.drain_server();
            }
            Input::Bytes { .. } | Input::Operator(_) => {}
            Input::Power(on) => self.power(on),
            Input::Act(Act::Wire { input, on }) => self.terminals.wire(input, on),
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.powered {
            self.server.handle_timeout(now);
            self.drain_server();
        }
    }

    fn poll_output(&mut self) -> Option<Output<()>> {
        self.outputs.pop_front()
    }

    fn poll_timeout(&self) -> Option<Wake> {
        if self.powered { self.server.poll_timeout() } else { None }
    }
}
