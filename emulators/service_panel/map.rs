//! The part of the service port's public register map that a panel needs.
//!
//! These are the numbers of the published interface, written down a second time on purpose: a panel knows its peer
//! only through the cable, and a controller that moves a register must be noticed.

/// First input register of the state block.
pub const STATE: u16 = 0;
/// Registers of the state block.
pub const STATE_LEN: u16 = 16;
/// Input, within the state block: entries written since the log began, modulo 65536. The newest entry itself stands in
/// the state block too.
pub const LOG_COUNT: u16 = 5;
/// First input register of the log window.
pub const LOG_WINDOW: u16 = 100;
/// Entries in the log window.
pub const LOG_ENTRIES: u16 = 8;
/// Registers of an entry.
pub const LOG_ENTRY_LEN: u16 = 6;
/// Holding: number, modulo 65536, of the first entry in the window.
pub const LOG_CURSOR: u16 = 4;
/// Holding: write 1 to step in manual mode.
pub const MANUAL_STEP: u16 = 5;
