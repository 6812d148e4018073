//! The service port: a Modbus server with the map of [`super::map`]. It reads what it is given and collects what is
//! asked for; nothing is carried out here.

use super::fault_log::{Entry, FaultLog};
use super::map;
use crate::time::Instant;
use crate::wire::modbus::{Exception, Registers, Request, Response, Words};

/// Entries in the log window.
const WINDOW: u16 = 8;
/// Holding registers.
const HOLDING: u16 = map::MANUAL_STEP + 1;

/// What somebody at the service port asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Another mode: normal, flash, manual or off.
    Mode(map::Mode),
    /// Acknowledge latched faults.
    Reset,
    /// Set the clock, local seconds since 1970-01-01.
    Clock(u32),
    /// Step in manual mode.
    Step,
}

/// The holding registers that have a memory.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Holding {
    clock_hi: u16,
    clock_lo: u16,
    cursor: u16,
    mode: u16,
}

/// The registers during one request.
#[derive(Debug)]
pub(super) struct ServicePort<'a> {
    /// Input registers 0..=15.
    pub(super) state: [u16; map::STATE_LEN as usize],
    /// The log behind the window.
    pub(super) log: &'a FaultLog,
    /// Holding registers.
    pub(super) holding: &'a mut Holding,
    /// What was asked for, in order.
    pub(super) wishes: &'a mut Vec<Wish>,
}

impl ServicePort<'_> {
    fn input(&self, register: u16) -> Option<u16> {
        if let Some(&value) = self.state.get(usize::from(register)) {
            return Some(value);
        }
        let offset = register.checked_sub(map::LOG_WINDOW)?;
        if offset >= WINDOW * map::LOG_ENTRY_LEN {
            return None;
        }
        let number = self.holding.cursor.wrapping_add(offset / map::LOG_ENTRY_LEN);
        Some(self.log.entry(number).map_or(0, |entry| word(&entry, offset % map::LOG_ENTRY_LEN)))
    }

    fn holding(&self, register: u16) -> Option<u16> {
        match register {
            map::MODE_REQUEST => Some(self.holding.mode),
            map::FAULT_RESET | map::MANUAL_STEP => Some(0),
            map::CLOCK_HI => Some(self.holding.clock_hi),
            map::CLOCK_LO => Some(self.holding.clock_lo),
            map::LOG_CURSOR => Some(self.holding.cursor),
            _ => None,
        }
    }

    /// Whether this value may be written there.
    fn check(register: u16, value: u16) -> Result<(), Exception> {
        match register {
            map::MODE_REQUEST => match map::Mode::of(value) {
                Some(map::Mode::Normal | map::Mode::Flash | map::Mode::Manual | map::Mode::Off) => Ok(()),
                Some(map::Mode::Boot | map::Mode::Fallback) | None => Err(Exception::IllegalValue),
            },
            map::FAULT_RESET | map::MANUAL_STEP if value > 1 => Err(Exception::IllegalValue),
            _ if register < HOLDING => Ok(()),
            _ => Err(Exception::IllegalAddress),
        }
    }

    fn write(&mut self, register: u16, value: u16) {
        match register {
            map::MODE_REQUEST => {
                self.holding.mode = value;
                self.wishes.extend(map::Mode::of(value).map(Wish::Mode));
            }
            map::FAULT_RESET if value == 1 => self.wishes.push(Wish::Reset),
            map::CLOCK_HI => self.holding.clock_hi = value,
            map::CLOCK_LO => {
                self.holding.clock_lo = value;
                let high = u32::from(self.holding.clock_hi) << 16;
                self.wishes.push(Wish::Clock(high | u32::from(value)));
            }
            map::LOG_CURSOR => self.holding.cursor = value,
            map::MANUAL_STEP if value == 1 => self.wishes.push(Wish::Step),
            _ => {}
        }
    }

    /// All or nothing: every value is checked before the first is written.
    fn write_all(&mut self, start: u16, values: &[u16]) -> Result<(), Exception> {
        let registers =
            || (0..values.len()).map(|n| start.saturating_add(u16::try_from(n).unwrap_or(u16::MAX)));
        for (register, &value) in registers().zip(values) {
            Self::check(register, value)?;
        }
        for (register, &value) in registers().zip(values) {
            self.write(register, value);
        }
        Ok(())
    }
}

impl Registers for ServicePort<'_> {
    fn serve(&mut self, _now: Instant, request: &Request) -> Result<Response, Exception> {
        let read = |start: u16, count: u16, of: &dyn Fn(u16) -> Option<u16>| {
            (0..count)
                .map(|n| start.checked_add(n).and_then(of))
                .collect::<Option<Words>>()
                .ok_or(Exception::IllegalAddress)
        };
        match *request {
            Request::ReadInputs(start, count) => read(start, count, &|register| self.input(register))
                .map(|values| Response::Registers(4, values)),
            Request::ReadHolding(start, count) => read(start, count, &|register| self.holding(register))
                .map(|values| Response::Registers(3, values)),
            Request::WriteRegister(register, value) => {
                self.write_all(register, &[value])?;
                Ok(Response::Written(6, register, value))
            }
            Request::WriteRegisters(start, ref values) => {
                self.write_all(start, values)?;
                Ok(Response::Written(16, start, u16::try_from(values.len()).unwrap_or(u16::MAX)))
            }
            Request::ReadCoils(..)
            | Request::ReadDiscreteInputs(..)
            | Request::WriteCoil(..)
            | Request::WriteCoils(..)
            | Request::Other(..) => Err(Exception::IllegalFunction),
        }
    }
}

/// One register of an entry: code, argument, uptime high, low, local seconds high, low.
fn word(entry: &Entry, register: u16) -> u16 {
    match register {
        0 => entry.code,
        1 => entry.arg,
        2 => high(entry.uptime_ms),
        3 => low(entry.uptime_ms),
        4 => high(entry.local),
        _ => low(entry.local),
    }
}

/// High word.
pub(super) fn high(value: u32) -> u16 {
    u16::try_from(value >> 16).unwrap_or(0)
}

/// Low word.
pub(super) fn low(value: u32) -> u16 {
    u16::try_from(value & 0xffff).unwrap_or(0)
}
