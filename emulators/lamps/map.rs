//! Register map of a lamp board (public interface; made for a foreign controller to be driven against it).
//!
//! The coil part is that of a widely sold 8-relay module, so that such a module and our heads can stand in for
//! each other: function 01 reads relays, 05 switches one (`FF00` on, `0000` off, `5500` the other way round), 0F
//! switches several, and 05 at the two timed-flash ranges gives a pulse. Functions 03, 06 and 10 reach the one
//! holding register. Everything else is refused: other functions with exception 1, other addresses with 2, other
//! values with 3.
//!
//! | head | coil 0 | coil 1 | coil 2 | coils 3..7 |
//! |---|---|---|---|---|
//! | vehicle | red | yellow | green | exist, switch nothing |
//! | pedestrian | red | green | exists, switches nothing | exist, switch nothing |
//!
//! **Flash unit.** Without a valid write to this unit (or to all units) for [`WATCHDOG_MS`] the relays drop, all
//! timed flashes are forgotten, the vehicle head flashes yellow (500 ms on, 500 ms off, beginning with on) and the
//! pedestrian head is dark. A valid write ends that at once: the lamps then show what the write says, with
//! every relay it does not name open. Reads, refused requests and other units' frames feed nothing. A coil reads as
//! its relay: while the flash unit drives the yellow lamp, coil 1 reads 0.
//!
//! **Power.** When power comes every relay is open, the watchdog stands at [`WATCHDOG_DEFAULT_MS`] and begins to run:
//! a controller that never speaks gets a dark head for that long and then the flash.

use crate::time::Span;

/// Relays of the module; coils are 0..=7.
pub const RELAYS: u16 = 8;
/// Coil of the red lamp, both heads.
pub const RED: u16 = 0;
/// Coil of the yellow lamp, vehicle head.
pub const VEHICLE_YELLOW: u16 = 1;
/// Coil of the green lamp, vehicle head.
pub const VEHICLE_GREEN: u16 = 2;
/// Coil of the green lamp, pedestrian head.
pub const PEDESTRIAN_GREEN: u16 = 1;
/// Function 05 here switches all relays.
pub const ALL_RELAYS: u16 = 0x00FF;
/// Function 05 at this + n: relay n closes, and opens again after value * 0.1 s (value 1..=7FFF).
pub const FLASH_ON: u16 = 0x0200;
/// Function 05 at this + n: relay n opens, and closes again after value * 0.1 s (value 1..=7FFF).
pub const FLASH_OFF: u16 = 0x0400;
/// Longest timed flash, in 0.1 s.
pub const FLASH_LONGEST: u16 = 0x7FFF;
/// Value of function 05: close.
pub const ON: u16 = 0xFF00;
/// Value of function 05: open.
pub const OFF: u16 = 0x0000;
/// Value of function 05: the other way round.
pub const TOGGLE: u16 = 0x5500;
/// Holding: the flash unit takes over after this many ms without a valid write; 0 = never.
pub const WATCHDOG_MS: u16 = 0;
/// What [`WATCHDOG_MS`] holds when power comes (P48: the flash begins within 1 s of a controller's last word).
pub const WATCHDOG_DEFAULT_MS: u16 = 1_000;
/// One half of the flash unit's period: 60 flashes a minute, within the 55..65 of P13.
pub const FLASH_HALF: Span = Span::from_ms(500);
