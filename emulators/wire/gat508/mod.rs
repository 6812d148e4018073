//! GA/T 508 countdown displays, 2014 and 2004 editions. Layout taken from published descriptions of the standard; no
//! conformity is claimed. The controller broadcasts, displays never answer.
//!
//! 2014: `55 AA | N (1..32) | N x {display and colour, seconds} | XOR of N and all data`. Display and colour: bits
//! 7..3 the display's number, bits 1..0 the colour (0 dark, 1 green, 2 yellow, 3 red). Nothing is escaped, so `55 AA`
//! occurs in data; a receiver finds its place by N and XOR.
//!
//! 2004: for each direction `FE | 0 0 1 ddd cc | BCD hundreds | BCD tens and units | XOR of the three, bit 7 cleared`.
//! `FE` occurs nowhere else. The checksum does not see bit 7: 5 s and 85 s have the same.
//!
//! Uncertain \[U\], to be settled at a site:
//! - 2014 bit 2 of display and colour is sent as 0 and ignored on reception;
//! - 2004 colours 0 dark, 2 yellow, 3 red are taken from the 2014 edition; the one known example shows that 1 is green
//!   and direction 0 is north. The other directions' names are unknown, so they stay numbers;
//! - 2004 bits 7 and 6 of the first byte are sent as 0 and anything else is rejected.
//!
//! Not a meaning, and rejected as a whole broadcast although its checksum is right: a dark display with seconds; 2014
//! a lit display with 0 seconds; 2004 a digit above 9, or hundreds in two digits.

use std::fmt;

use crate::wire::Parsed;

#[cfg(test)]
mod tests;

/// Most displays in one broadcast of the 2014 edition.
const ENTRIES_MAX: usize = 32;
/// Bytes of one direction in the 2004 edition.
const Y2004_LENGTH: usize = 5;
/// What a decoder keeps: as much as a pty hands over at once, or 60 of the longest broadcasts.
const KEPT: usize = 4_096;

/// Which edition a site's displays speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    /// `55 AA N ...` broadcast.
    Y2014,
    /// `FE ...`, five bytes per direction.
    Y2004,
}

/// Colour of the digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Colour {
    /// Nothing lit.
    Dark,
    /// Green.
    Green,
    /// Yellow.
    Yellow,
    /// Red.
    Red,
}

impl Colour {
    /// Bits 1..0.
    const fn code(self) -> u8 {
        match self {
            Colour::Dark => 0,
            Colour::Green => 1,
            Colour::Yellow => 2,
            Colour::Red => 3,
        }
    }

    /// From bits 1..0; the others are ignored.
    const fn from_code(code: u8) -> Colour {
        match code & 3 {
            0 => Colour::Dark,
            1 => Colour::Green,
            2 => Colour::Yellow,
            _ => Colour::Red,
        }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Colour::Dark => "dark",
            Colour::Green => "green",
            Colour::Yellow => "yellow",
            Colour::Red => "red",
        })
    }
}

/// What one display shall show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Display number 0..31 (2014) or direction 0..7 (2004).
    pub number: u8,
    /// Colour of the digits; `Dark` with 0 seconds.
    pub colour: Colour,
    /// 1..255 (2014) or 0..999 (2004); 0 with a dark display.
    pub seconds: u16,
}

impl Entry {
    /// Colour and seconds as they can be sent: what an edition cannot say is dark, because a display that shows no
    /// number is better than one that shows a wrong one.
    const fn sayable(self, edition: Edition) -> (Colour, u16) {
        let fits = match edition {
            Edition::Y2014 => matches!(self.seconds, 1..=255),
            Edition::Y2004 => self.seconds <= 999,
        };
        match self.colour {
            Colour::Green | Colour::Yellow | Colour::Red if fits => (self.colour, self.seconds),
            Colour::Dark | Colour::Green | Colour::Yellow | Colour::Red => (Colour::Dark, 0),
        }
    }
}

impl fmt::Display for Entry {
    /// `display 3 green 25 s`, `display 3 dark`; a direction of the 2004 edition is printed as a display, too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.colour, self.seconds) {
            (Colour::Dark, 0) => write!(f, "display {} dark", self.number),
            (colour, seconds) => write!(f, "display {} {colour} {seconds} s", self.number),
        }
    }
}

/// Appends one broadcast to `out`; nothing where there is no entry to send. At most 32 entries are sent (2014); the
/// 2004 edition sends five bytes per entry.
///
/// An entry whose number does not exist (above 31, above 7) is left out. Seconds that cannot be sent (2014: 0 or more
/// than 255; 2004: more than 999) make the display dark; a dark display is sent with 0 seconds.
pub fn emit(edition: Edition, entries: &[Entry], out: &mut Vec<u8>) {
    match edition {
        Edition::Y2014 => emit_2014(entries, out),
        Edition::Y2004 => emit_2004(entries, out),
    }
}

fn emit_2014(entries: &[Entry], out: &mut Vec<u8>) {
    let start = out.len();
    out.reserve(4 + 2 * entries.len().min(ENTRIES_MAX));
    out.extend_from_slice(&[0x55, 0xaa, 0]);
    let (mut count, mut xor) = (0, 0);
    for entry in entries.iter().filter(|entry| entry.number < 32).take(ENTRIES_MAX) {
        let (colour, seconds) = entry.sayable(Edition::Y2014);
        // `sayable` keeps seconds within a byte.
        let pair = [entry.number << 3 | colour.code(), seconds.to_le_bytes()[0]];
        out.extend_from_slice(&pair);
        xor ^= pair[0] ^ pair[1];
        count += 1;
    }
    if count == 0 {
        out.truncate(start);
        return;
    }
    out[start + 2] = count;
    out.push(xor ^ count);
}

fn emit_2004(entries: &[Entry], out: &mut Vec<u8>) {
    for entry in entries.iter().filter(|entry| entry.number < 8) {
        let (colour, seconds) = entry.sayable(Edition::Y2004);
        let digit = |place: u16| (seconds / place % 10).to_le_bytes()[0];
        let first = 0x20 | entry.number << 2 | colour.code();
        let (hundreds, tens_units) = (digit(100), digit(10) << 4 | digit(1));
        out.extend_from_slice(&[0xfe, first, hundreds, tens_units, (first ^ hundreds ^ tens_units) & 0x7f]);
    }
}

/// Bytes as text: `display 3 green 25 s, display 11 red 40 s`. What is no broadcast is counted, with the reason.
#[must_use]
pub fn describe(edition: Edition, bytes: &[u8]) -> String {
    let mut parts = Vec::new();
    let mut rest = bytes;
    loop {
        let used = match parse(edition, rest) {
            Parsed::NeedMore => break,
            Parsed::Frame { frame, used } => {
                parts.extend(frame.iter().map(ToString::to_string));
                used
            }
            Parsed::Reject { skip, why } => {
                parts.push(format!("{skip} bytes: {why}"));
                skip
            }
        };
        rest = &rest[used..];
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(format!("{} bytes: incomplete", rest.len()));
    }
    parts.join(", ")
}

/// Collects bytes and finds broadcasts in them; resynchronises by N and XOR (2014) or by `FE` (2004). Keeps at most
/// 4,096 bytes; older ones are dropped and reported as a reject.
///
/// It knows no time. Garbage that looks like the beginning of a long broadcast hides what follows until that many
/// bytes have come, so whoever owns it clears it when the line has been silent: a broadcast has no pauses inside.
#[derive(Clone, Debug)]
pub struct Decoder {
    edition: Edition,
    buffer: Vec<u8>,
    /// Bytes at the front of the buffer that are already used.
    used: usize,
    dropped: usize,
}

impl Decoder {
    /// A decoder for one display or one observer.
    #[must_use]
    pub fn new(edition: Edition) -> Decoder {
        Decoder { edition, buffer: Vec::new(), used: 0, dropped: 0 }
    }

    /// Adds bytes as they arrive.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.used);
        self.used = 0;
        let over = (self.buffer.len() + bytes.len()).saturating_sub(KEPT);
        let old = over.min(self.buffer.len());
        self.buffer.drain(..old);
        self.buffer.extend_from_slice(&bytes[over - old..]);
        self.dropped = self.dropped.saturating_add(over);
    }

    /// The next broadcast's entries, or a reject; `NeedMore` ends the draining. Each direction of the 2004 edition is
    /// a broadcast of its own, because nothing says how many follow.
    pub fn poll(&mut self) -> Parsed<Vec<Entry>> {
        if self.dropped > 0 {
            return Parsed::Reject {
                skip: std::mem::take(&mut self.dropped),
                why: "more than a decoder keeps",
            };
        }
        let parsed = parse(self.edition, &self.buffer[self.used..]);
        self.used += match &parsed {
            Parsed::NeedMore => 0,
            Parsed::Frame { used, .. } => *used,
            Parsed::Reject { skip, .. } => *skip,
        };
        parsed
    }

    /// Whether nothing is left that may be the beginning of a broadcast.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.used == self.buffer.len() && self.dropped == 0
    }

    /// Forgets what was collected.
    pub fn clear(&mut self) {
        *self = Decoder { buffer: std::mem::take(&mut self.buffer), ..Decoder::new(self.edition) };
        self.buffer.clear();
    }
}

/// The broadcast at the front of `bytes`.
fn parse(edition: Edition, bytes: &[u8]) -> Parsed<Vec<Entry>> {
    let start = next_start(edition, bytes);
    if start > 0 {
        return Parsed::Reject { skip: start, why: "no broadcast begins here" };
    }
    let parsed = match edition {
        Edition::Y2014 => parse_2014(bytes),
        Edition::Y2004 => parse_2004(bytes),
    };
    match parsed {
        // What follows may hold the beginning of the true broadcast, so only what cannot is skipped.
        Parsed::Reject { skip, why } => {
            Parsed::Reject { skip: skip + next_start(edition, &bytes[skip.min(bytes.len())..]), why }
        }
        Parsed::NeedMore | Parsed::Frame { .. } => parsed,
    }
}

/// Where a broadcast may begin: the number of bytes before it, all of them if there is no such place.
fn next_start(edition: Edition, bytes: &[u8]) -> usize {
    let found = match edition {
        Edition::Y2014 => bytes
            .iter()
            .enumerate()
            .position(|(place, &byte)| byte == 0x55 && bytes.get(place + 1).is_none_or(|&next| next == 0xaa)),
        Edition::Y2004 => bytes.iter().position(|&byte| byte == 0xfe),
    };
    found.unwrap_or(bytes.len())
}

/// `bytes` begin with `55 AA`, with `55`, or are empty.
fn parse_2014(bytes: &[u8]) -> Parsed<Vec<Entry>> {
    let Some(&count) = bytes.get(2) else { return Parsed::NeedMore };
    if !(1..=ENTRIES_MAX).contains(&usize::from(count)) {
        return Parsed::Reject { skip: 1, why: "not 1 to 32 displays" };
    }
    let used = 4 + 2 * usize::from(count);
    let Some(body) = bytes.get(2..used) else { return Parsed::NeedMore };
    if body.iter().fold(0, |xor, byte| xor ^ byte) != 0 {
        return Parsed::Reject { skip: 1, why: "wrong XOR" };
    }
    let mut entries = Vec::with_capacity(usize::from(count));
    for pair in body[1..].chunks_exact(2) {
        let entry =
            Entry { number: pair[0] >> 3, colour: Colour::from_code(pair[0]), seconds: u16::from(pair[1]) };
        match (entry.colour, entry.seconds) {
            (Colour::Dark, 1..) => return Parsed::Reject { skip: 1, why: "a dark display with seconds" },
            (Colour::Green | Colour::Yellow | Colour::Red, 0) => {
                return Parsed::Reject { skip: 1, why: "a lit display without seconds" };
            }
            (Colour::Dark | Colour::Green | Colour::Yellow | Colour::Red, _) => entries.push(entry),
        }
    }
    Parsed::Frame { frame: entries, used }
}

/// `bytes` begin with `FE` or are empty.
fn parse_2004(bytes: &[u8]) -> Parsed<Vec<Entry>> {
    let Some(tail) = bytes.get(1..) else { return Parsed::NeedMore };
    let tail = &tail[..tail.len().min(Y2004_LENGTH - 1)];
    if let Some(cut) = tail.iter().position(|&byte| byte == 0xfe) {
        return Parsed::Reject { skip: 1 + cut, why: "cut short by the next" };
    }
    let &[first, hundreds, tens_units, checksum] = tail else { return Parsed::NeedMore };
    if (first ^ hundreds ^ tens_units) & 0x7f != checksum {
        return Parsed::Reject { skip: 1, why: "wrong XOR" };
    }
    if first & 0xe0 != 0x20 {
        return Parsed::Reject { skip: 1, why: "not a direction and colour" };
    }
    let (tens, units) = (tens_units >> 4, tens_units & 0x0f);
    if hundreds > 9 || tens > 9 || units > 9 {
        return Parsed::Reject { skip: 1, why: "a digit above 9" };
    }
    let seconds = u16::from(hundreds) * 100 + u16::from(tens) * 10 + u16::from(units);
    let entry = Entry { number: first >> 2 & 7, colour: Colour::from_code(first), seconds };
    if entry.colour == Colour::Dark && seconds > 0 {
        return Parsed::Reject { skip: 1, why: "a dark display with seconds" };
    }
    Parsed::Frame { frame: vec![entry], used: Y2004_LENGTH }
}
