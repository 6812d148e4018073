//! Eight relays and the flash unit behind a register map: what a request does, and what time does.

use super::board::Kind;
use super::{Lamps, map};
use crate::device::Wake;
use crate::time::{Instant, Span};
use crate::timer::Timers;
use crate::wire::modbus::{Exception, Registers, Request, Response};

crate::timers! {
    /// What the relays wait for.
    pub(super) enum Timer {
        /// The flash unit takes over.
        Watchdog = "flash watchdog",
        /// The flash unit's next half period.
        FlashEdge = "flash edge",
        /// A timed flash of a relay ends.
        Relay0 = "relay 0 timed flash ends",
        /// Of relay 1.
        Relay1 = "relay 1 timed flash ends",
        /// Of relay 2.
        Relay2 = "relay 2 timed flash ends",
        /// Of relay 3.
        Relay3 = "relay 3 timed flash ends",
        /// Of relay 4.
        Relay4 = "relay 4 timed flash ends",
        /// Of relay 5.
        Relay5 = "relay 5 timed flash ends",
        /// Of relay 6.
        Relay6 = "relay 6 timed flash ends",
        /// Of relay 7.
        Relay7 = "relay 7 timed flash ends",
    }
}

/// The end of a timed flash, by relay.
const RELAY_TIMERS: [Timer; map::RELAYS as usize] = [
    Timer::Relay0,
    Timer::Relay1,
    Timer::Relay2,
    Timer::Relay3,
    Timer::Relay4,
    Timer::Relay5,
    Timer::Relay6,
    Timer::Relay7,
];

const LAST_RELAY: u16 = map::RELAYS - 1;
const FLASH_ON_LAST: u16 = map::FLASH_ON + LAST_RELAY;
const FLASH_OFF_LAST: u16 = map::FLASH_OFF + LAST_RELAY;

/// Who drives the lamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Drive {
    /// Nobody: no power.
    Nobody,
    /// The relays.
    Relays,
    /// The flash unit, since this instant.
    FlashUnit { since: Instant, on: bool },
}

/// The relays of one board.
#[derive(Clone, Debug)]
pub(super) struct Relays {
    drive: Drive,
    /// Bit n: relay n is closed.
    closed: u8,
    watchdog_ms: u16,
    /// A write was carried out since this was last asked for.
    written: bool,
    timers: Timers<Timer>,
}

impl Relays {
    /// Relays without power.
    pub(super) fn new() -> Relays {
        Relays {
            drive: Drive::Nobody,
            closed: 0,
            watchdog_ms: map::WATCHDOG_DEFAULT_MS,
            written: false,
            timers: Timers::default(),
        }
    }

    /// Power comes or goes. Either way nothing is remembered.
    pub(super) fn power(&mut self, now: Instant, on: bool) {
        *self = Relays::new();
        if on {
            self.feed(now);
        }
    }

    /// What the lamps of a head of this kind are given.
    pub(super) fn driven(&self, kind: Kind) -> Lamps {
        let relay = |coil: u16| self.closed & (1 << coil) != 0;
        match (self.drive, kind) {
            (Drive::Nobody, Kind::Vehicle | Kind::Pedestrian)
            | (Drive::FlashUnit { .. }, Kind::Pedestrian) => Lamps::default(),
            (Drive::FlashUnit { since: _, on }, Kind::Vehicle) => {
                Lamps { red: false, yellow: on, green: false }
            }
            (Drive::Relays, Kind::Vehicle) => Lamps {
                red: relay(map::RED),
                yellow: relay(map::VEHICLE_YELLOW),
                green: relay(map::VEHICLE_GREEN),
            },
            (Drive::Relays, Kind::Pedestrian) => {
                Lamps { red: relay(map::RED), yellow: false, green: relay(map::PEDESTRIAN_GREEN) }
            }
        }
    }

    /// Whether a write was carried out since the last call.
    pub(super) fn take_written(&mut self) -> bool {
        std::mem::take(&mut self.written)
    }

    pub(super) fn poll_timeout(&self) -> Option<Wake> {
        self.timers.wake()
    }

    /// Does the next thing that was due at or before `until` and says when it was due.
    ///
    /// The flash unit's missed halves are passed over in one step: nobody can see them any more.
    pub(super) fn expire(&mut self, until: Instant) -> Option<Instant> {
        let at = self.timers.wake()?.at;
        match self.timers.expired(until)? {
            Timer::Watchdog => {
                self.closed = 0;
                self.timers.clear_all();
                self.flash(at, at);
            }
            Timer::FlashEdge => match self.drive {
                Drive::FlashUnit { since, on: _ } => self.flash(since, until),
                Drive::Nobody | Drive::Relays => {}
            },
            Timer::Relay0 => self.closed ^= 1,
            Timer::Relay1 => self.closed ^= 1 << 1,
            Timer::Relay2 => self.closed ^= 1 << 2,
            Timer::Relay3 => self.closed ^= 1 << 3,
            Timer::Relay4 => self.closed ^= 1 << 4,
            Timer::Relay5 => self.closed ^= 1 << 5,
            Timer::Relay6 => self.closed ^= 1 << 6,
            Timer::Relay7 => self.closed ^= 1 << 7,
        }
        Some(at)
    }

    /// The flash unit's state at `at`; its grid stands at `since`, so lateness does not add up.
    fn flash(&mut self, since: Instant, at: Instant) {
        let half = (at - since).as_us() / map::FLASH_HALF.as_us();
        self.drive = Drive::FlashUnit { since, on: half.is_multiple_of(2) };
        self.timers.set(Timer::FlashEdge, since + map::FLASH_HALF * (half + 1));
    }

    /// A valid write: the relays drive, and the watchdog begins anew.
    fn feed(&mut self, now: Instant) {
        self.written = true;
        self.drive = Drive::Relays;
        self.timers.clear(Timer::FlashEdge);
        match self.watchdog_ms {
            0 => self.timers.clear(Timer::Watchdog),
            ms => self.timers.set(Timer::Watchdog, now + Span::from_ms(u64::from(ms))),
        }
    }

    /// Sets the relays in `mask` as `value` of function 05 says; their timed flashes are over.
    fn switch(&mut self, mask: u8, value: u16) -> Result<(), Exception> {
        self.closed = match value {
            map::ON => self.closed | mask,
            map::OFF => self.closed & !mask,
            map::TOGGLE => self.closed ^ mask,
            _ => return Err(Exception::IllegalValue),
        };
        self.end_timed_flashes(mask);
        Ok(())
    }

    fn end_timed_flashes(&mut self, mask: u8) {
        for (relay, &timer) in RELAY_TIMERS.iter().enumerate() {
            if mask & (1 << relay) != 0 {
                self.timers.clear(timer);
            }
        }
    }

    /// Relay `relay` takes the state `closed` now and the other one after `tenths` * 0.1 s.
    fn timed_flash(&mut self, now: Instant, relay: u16, closed: bool, tenths: u16) -> Result<(), Exception> {
        if !(1..=map::FLASH_LONGEST).contains(&tenths) {
            return Err(Exception::IllegalValue);
        }
        let bit = 1 << relay;
        self.closed = if closed { self.closed | bit } else { self.closed & !bit };
        self.timers.set(RELAY_TIMERS[usize::from(relay)], now + Span::from_ms(100) * u64::from(tenths));
        Ok(())
    }

    fn read_coils(&self, start: u16, count: u16) -> Result<Response, Exception> {
        within(start, usize::from(count), map::RELAYS)?;
        Ok(Response::Bits(1, (start..start + count).map(|relay| self.closed & (1 << relay) != 0).collect()))
    }

    fn write_coil(&mut self, now: Instant, address: u16, value: u16) -> Result<Response, Exception> {
        match address {
            0..=LAST_RELAY => self.switch(1 << address, value),
            map::ALL_RELAYS => self.switch(u8::MAX, value),
            map::FLASH_ON..=FLASH_ON_LAST => self.timed_flash(now, address - map::FLASH_ON, true, value),
            map::FLASH_OFF..=FLASH_OFF_LAST => self.timed_flash(now, address - map::FLASH_OFF, false, value),
            _ => Err(Exception::IllegalAddress),
        }?;
        Ok(Response::Written(5, address, value))
    }

    fn write_coils(&mut self, start: u16, coils: &[bool]) -> Result<Response, Exception> {
        let count = within(start, coils.len(), map::RELAYS)?;
        let mut mask = 0;
        for (relay, &on) in (start..).zip(coils) {
            let bit = 1 << relay;
            mask |= bit;
            self.closed = if on { self.closed | bit } else { self.closed & !bit };
        }
        self.end_timed_flashes(mask);
        Ok(Response::Written(0x0F, start, count))
    }

    fn read_holding(&self, start: u16, count: u16) -> Result<Response, Exception> {
        within(start, usize::from(count), map::WATCHDOG_MS + 1)?;
        Ok(Response::Registers(3, [self.watchdog_ms].as_slice().into()))
    }
}

impl Registers for Relays {
    fn serve(&mut self, now: Instant, request: &Request) -> Result<Response, Exception> {
        let answer = match request {
            &Request::ReadCoils(start, count) => return self.read_coils(start, count),
            &Request::ReadHolding(start, count) => return self.read_holding(start, count),
            &Request::WriteCoil(address, value) => self.write_coil(now, address, value)?,
            Request::WriteCoils(start, coils) => self.write_coils(*start, coils)?,
            &Request::WriteRegister(address, value) => {
                within(address, 1, map::WATCHDOG_MS + 1)?;
                self.watchdog_ms = value;
                Response::Written(6, address, value)
            }
            Request::WriteRegisters(start, values) => {
                let count = within(*start, values.len(), map::WATCHDOG_MS + 1)?;
                self.watchdog_ms = values[0];
                Response::Written(0x10, *start, count)
            }
            Request::ReadDiscreteInputs(..) | Request::ReadInputs(..) | Request::Other(..) => {
                return Err(Exception::IllegalFunction);
            }
        };
        self.feed(now);
        Ok(answer)
    }
}

/// The count, if `start` and `count` name only addresses below `end` and at least one of them.
fn within(start: u16, count: usize, end: u16) -> Result<u16, Exception> {
    match u16::try_from(count) {
        Ok(0) | Err(_) => Err(Exception::IllegalValue),
        Ok(count) if start.checked_add(count).is_none_or(|past| past > end) => Err(Exception::IllegalAddress),
        Ok(count) => Ok(count),
    }
}
