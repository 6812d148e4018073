//! Register map of a light post (public interface; made for a foreign controller to be driven against it).
//!
//! Functions 03 and 04 read, 06 and 10 write; a write that spans several registers is carried out as a whole or, if
//! one value is out of range, refused as a whole (exception 3). Other addresses are refused with exception 2, other
//! functions with 1.
//!
//! **Speaking.** Only a write that contains [`PROMPT`] starts or stops a sentence; a refresh of [`VOLUME`] and
//! [`LIGHT`] (function 10 at register 1, two registers) leaves a running sentence alone. A new prompt cuts the old
//! one off. At volume 0 a sentence runs unheard: [`PLAYING`] says that it runs, nobody hears it.
//!
//! **Watchdog.** Without a valid write to this unit (or to all units) within [`WATCHDOG_MS`] the light goes dark and a
//! sentence is cut off; [`PROMPT`] and [`LIGHT`] then read 0, [`VOLUME`] keeps its value. The next valid write begins a
//! new wait. Reads and refused requests feed nothing.
//!
//! **Power.** When power comes the post is dark and silent, its volume is 0 (a post that comes back at night must not
//! shout before it is told how loud), and its watchdog stands at [`WATCHDOG_DEFAULT_MS`].

/// Holding: prompt to speak now (0 stop speaking, 1 go sentence, 2 stop sentence). Writing starts the sentence anew.
pub const PROMPT: u16 = 0;
/// Holding: volume in percent, 0..100.
pub const VOLUME: u16 = 1;
/// Holding: light pattern (0 dark, 1 red, 2 green).
pub const LIGHT: u16 = 2;
/// Holding: without a valid write within this many ms the post goes dark and silent; 0 = never.
pub const WATCHDOG_MS: u16 = 3;
/// Number of holding registers.
pub const HOLDING_LEN: u16 = 4;
/// What [`WATCHDOG_MS`] holds when power comes.
pub const WATCHDOG_DEFAULT_MS: u16 = 1_000;
/// Loudest value of [`VOLUME`].
pub const VOLUME_MAX: u16 = 100;

/// Input: sentence being spoken (as `PROMPT`).
pub const PLAYING: u16 = 0;
/// Input: 0 healthy, otherwise bit 0 light, bit 1 voice.
pub const FAULT: u16 = 1;
/// Number of input registers.
pub const INPUT_LEN: u16 = 2;
/// Bit of [`FAULT`]: the light is broken.
pub const FAULT_LIGHT: u16 = 1;
/// Bit of [`FAULT`]: the voice is broken.
pub const FAULT_VOICE: u16 = 1 << 1;
