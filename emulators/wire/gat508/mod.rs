//! GA/T 508 countdown displays, 2014 and 2004 editions.

use crate::wire::Parsed;

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

/// Appends one broadcast to `out`. At most 32 entries are sent (2014); the 2004 edition sends five bytes per entry.
pub fn emit(edition: Edition, entries: &[Entry], out: &mut Vec<u8>) {
    let _ = (edition, entries, out);
    todo!()
}

/// Collects bytes and finds broadcasts in them; resynchronises by N and XOR. Holds at most one longest frame.
#[derive(Clone, Debug)]
pub struct Decoder {
    edition: Edition,
}

impl Decoder {
    /// A decoder for one display or one observer.
    #[must_use]
    pub fn new(edition: Edition) -> Decoder {
        Decoder { edition }
    }

    /// Adds bytes as they arrive.
    pub fn push(&mut self, bytes: &[u8]) {
        let _ = (bytes, self.edition);
        todo!()
    }

    /// The next broadcast's entries, or a reject; `NeedMore` ends the draining.
    pub fn poll(&mut self) -> Parsed<Vec<Entry>> {
        todo!()
    }

    /// Forgets what was collected.
    pub fn clear(&mut self) {
        todo!()
    }
}
