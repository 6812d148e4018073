//! Finding packets in a stream of bytes. Borders between pushes mean nothing.
//!
//! A frame is delimited only by `C0`: a body lies between two of them. An empty body (two `C0` in a row) is
//! skipped without a word: idle fill, or the end of one frame and the beginning of the next. The `C0` that ends
//! a good frame belongs to it; the `C0` that ends a rejected body also opens the next frame, so that noise costs
//! at most the frame it hit.

use super::packet::{CHECKSUM, Crc, DELIMITER, ESCAPE, ESCAPED_DELIMITER, ESCAPED_ESCAPE, HEADER, Packet};
use crate::wire::Parsed;

/// The most bytes without a delimiter that are kept (the longest legal content, 255 zone records, is half of it).
const BODY_LIMIT: usize = 8 * 1_024;
/// The most bytes that are kept for a caller who pushes without polling.
const HOLD_LIMIT: usize = 8 * BODY_LIMIT;

/// Why bytes are no frame: the texts of [`Parsed::Reject`], and the error code (object 86) each deserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Bytes before a delimiter.
    OutsideFrame,
    /// Too many bytes without a closing delimiter.
    NoEnd,
    /// An escape that is neither `DB DC` nor `DB DD`.
    BadEscape,
    /// Shorter than a header and a checksum.
    TooShort,
    /// The checksum does not fit.
    Checksum,
    /// The caller pushed far more than it polled.
    NotDrained,
}

impl Damage {
    const ALL: [Damage; 6] = [
        Damage::OutsideFrame,
        Damage::NoEnd,
        Damage::BadEscape,
        Damage::TooShort,
        Damage::Checksum,
        Damage::NotDrained,
    ];

    /// The text that stands in [`Parsed::Reject`].
    #[must_use]
    pub const fn why(self) -> &'static str {
        match self {
            Damage::OutsideFrame => "bytes outside a frame",
            Damage::NoEnd => "no end of frame within 8 KiB",
            Damage::BadEscape => "unknown escape",
            Damage::TooShort => "shorter than a header",
            Damage::Checksum => "checksum",
            Damage::NotDrained => "too many bytes at once",
        }
    }

    /// The damage behind a text.
    #[must_use]
    pub fn of(why: &str) -> Option<Damage> {
        Damage::ALL.into_iter().find(|damage| damage.why() == why)
    }

    /// The code of an error reply: 1 frame start, 2 frame end, 3 CRC.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Damage::OutsideFrame => 1,
            Damage::NoEnd | Damage::TooShort | Damage::NotDrained => 2,
            Damage::BadEscape | Damage::Checksum => 3,
        }
    }

    fn reject(self, skip: usize) -> Parsed<Packet> {
        Parsed::Reject { skip, why: self.why() }
    }
}

/// Collects bytes and finds packets in them. Holds at most 8 KiB without a delimiter; more is rejected.
///
/// Push what has arrived, then poll until `NeedMore`. `used` counts a frame from its opening to its closing
/// delimiter; delimiters of empty bodies are counted nowhere.
#[derive(Clone, Debug)]
pub struct Decoder {
    crc: Crc,
    held: Vec<u8>,
    /// Bytes at the front of `held` that are done with.
    done: usize,
    /// Bytes after `done` that are known to hold no closing delimiter.
    searched: usize,
    /// Bytes thrown away because nobody polled.
    lost: usize,
    /// A body without its escapes; kept to spare the allocation.
    plain: Vec<u8>,
}

impl Decoder {
    /// A decoder for one direction of one cable.
    #[must_use]
    pub fn new(crc: Crc) -> Decoder {
        Decoder { crc, held: Vec::new(), done: 0, searched: 0, lost: 0, plain: Vec::new() }
    }

    /// Adds bytes as they arrive.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.done > 0 {
            self.held.drain(..self.done);
            self.done = 0;
        }
        let over = (self.held.len() + bytes.len()).saturating_sub(HOLD_LIMIT);
        if over == 0 {
            self.held.extend_from_slice(bytes);
            return;
        }
        // The newest bytes are worth more than the oldest.
        let old = over.min(self.held.len());
        self.held.drain(..old);
        self.held.extend_from_slice(&bytes[over - old..]);
        self.searched = 0;
        self.lost = self.lost.saturating_add(over);
    }

    /// The next packet or reject; `NeedMore` ends the draining. A C0 that ends a rejected body also opens
    /// the next frame.
    pub fn poll(&mut self) -> Parsed<Packet> {
        if self.lost > 0 {
            return Damage::NotDrained.reject(std::mem::take(&mut self.lost));
        }
        loop {
            let rest = &self.held[self.done..];
            let Some(&first) = rest.first() else { return Parsed::NeedMore };
            let opened = first == DELIMITER;
            let from = self.searched.max(usize::from(opened));
            let Some(end) = position_of_delimiter(rest, from) else { return self.need_more(opened) };
            self.searched = 0;
            if !opened {
                self.done += end;
                return Damage::OutsideFrame.reject(end);
            }
            if end == 1 {
                self.done += 1;
                continue;
            }
            return match read(self.crc, &rest[1..end], &mut self.plain) {
                Ok(frame) => {
                    self.done += end + 1;
                    Parsed::Frame { frame, used: end + 1 }
                }
                Err(damage) => {
                    self.done += end;
                    damage.reject(end)
                }
            };
        }
    }

    /// Forgets what was collected (power lost, port closed).
    pub fn clear(&mut self) {
        self.held.clear();
        self.done = 0;
        self.searched = 0;
        self.lost = 0;
    }

    /// No delimiter in sight: wait for more, unless there is too much already.
    fn need_more(&mut self, opened: bool) -> Parsed<Packet> {
        let length = self.held.len() - self.done;
        self.searched = length;
        if length <= BODY_LIMIT {
            return Parsed::NeedMore;
        }
        self.done = self.held.len();
        self.searched = 0;
        if opened { Damage::NoEnd.reject(length) } else { Damage::OutsideFrame.reject(length) }
    }
}

fn position_of_delimiter(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.iter().position(|&byte| byte == DELIMITER).map(|at| from + at)
}

/// Reads what stands between two delimiters.
fn read(crc: Crc, escaped: &[u8], plain: &mut Vec<u8>) -> Result<Packet, Damage> {
    if escaped.len() > BODY_LIMIT {
        return Err(Damage::NoEnd);
    }
    let body = if escaped.contains(&ESCAPE) {
        unescape(escaped, plain)?;
        plain
    } else {
        escaped
    };
    let (body, sum) = body.split_last_chunk::<CHECKSUM>().ok_or(Damage::TooShort)?;
    if body.len() < HEADER {
        return Err(Damage::TooShort);
    }
    if crc.of(body) != u16::from_le_bytes(*sum) {
        return Err(Damage::Checksum);
    }
    Packet::read(body).ok_or(Damage::TooShort)
}

fn unescape(escaped: &[u8], plain: &mut Vec<u8>) -> Result<(), Damage> {
    plain.clear();
    let mut bytes = escaped.iter();
    while let Some(&byte) = bytes.next() {
        plain.push(match byte {
            ESCAPE => match bytes.next() {
                Some(&ESCAPED_DELIMITER) => DELIMITER,
                Some(&ESCAPED_ESCAPE) => ESCAPE,
                Some(_) | None => return Err(Damage::BadEscape),
            },
            plain => plain,
        });
    }
    Ok(())
}
