//! A record as the payload of its frame in the file, and back. Decoding answers `None` for what makes no sense.

use emulators::time::{Instant, Span};

use super::RECORD_LIMIT;
use crate::trace::record::{Frame, HeadName, Record, What};

const FRAME: u8 = 1;
const HEAD: u8 = 2;
const DISPLAY: u8 = 3;
const POST: u8 = 4;
const POWER: u8 = 5;
const PEOPLE: u8 = 6;
const STIMULUS: u8 = 7;
const REJECT: u8 = 8;
const NOTE: u8 = 9;
const END: u8 = 10;
const SENSED: u8 = 11;
/// What is lit is not known.
const UNKNOWN: u8 = 0xff;
const NOBODY: u8 = 0xff;
const COLLIDED: u8 = 1;
const DAMAGED: u8 = 2;

pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(super) fn encode(record: &Record, last: Instant, out: &mut Vec<u8>) {
    let kind = match &record.what {
        What::Frame(_) => FRAME,
        What::Head { .. } => HEAD,
        What::Sensed { .. } => SENSED,
        What::Display { .. } => DISPLAY,
        What::Post { .. } => POST,
        What::Power(_) => POWER,
        What::People { .. } => PEOPLE,
        What::Stimulus(_) => STIMULUS,
        What::Reject { .. } => REJECT,
        What::Note(_) => NOTE,
        What::End => END,
    };
    out.push(kind);
    put_varint(out, record.latest.since(last).as_us());
    put_varint(out, record.latest.since(record.earliest).as_us());
    match &record.what {
        What::Frame(frame) => encode_frame(frame, record.latest, out),
        What::Head { head, driven, lit } => out.extend_from_slice(&[*head as u8, *driven, *lit]),
        What::Sensed { head, lit } => out.extend_from_slice(&[*head as u8, lit.unwrap_or(UNKNOWN)]),
        What::Display { head, told, shown } => {
            out.push(*head as u8);
            for (colour, number) in [told, shown] {
                out.push(*colour);
                out.extend_from_slice(&number.to_le_bytes());
            }
        }
        What::Post { post, light, voice, volume } => out.extend_from_slice(&[*post, *light, *voice, *volume]),
        What::Power(on) => out.push(u8::from(*on)),
        What::People { waiting, walking } => {
            for number in waiting.iter().chain(walking) {
                out.extend_from_slice(&number.to_le_bytes());
            }
        }
        What::Stimulus(text) | What::Note(text) => out.extend_from_slice(clipped(text)),
        What::Reject { device, cable, skipped, why } => {
            out.push(*cable);
            out.extend_from_slice(&skipped.to_le_bytes());
            let device = &device.as_bytes()[..device.len().min(255)];
            out.push(device.len() as u8);
            out.extend_from_slice(device);
            out.extend_from_slice(clipped(why));
        }
        What::End => {}
    }
}

/// Texts are the rig's own and short; one that is not must not break the file.
fn clipped(text: &str) -> &[u8] {
    let mut end = text.len().min(RECORD_LIMIT / 2);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text.as_bytes()[..end]
}

fn encode_frame(frame: &Frame, end: Instant, out: &mut Vec<u8>) {
    let flags = if frame.collided { COLLIDED } else { 0 } | if frame.sent.is_some() { DAMAGED } else { 0 };
    out.extend_from_slice(&[frame.cable, frame.from.unwrap_or(NOBODY), flags]);
    put_varint(out, end.since(frame.start).as_us());
    if let Some(sent) = &frame.sent {
        let sent = &sent[..sent.len().min(RECORD_LIMIT / 4)];
        put_varint(out, sent.len() as u64);
        out.extend_from_slice(sent);
    }
    out.extend_from_slice(&frame.bytes[..frame.bytes.len().min(RECORD_LIMIT / 2)]);
}

/// A cursor over a payload; everything answers `None` past the end.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(front)
    }

    fn word(&mut self) -> Option<u16> {
        let bytes = self.take(2)?;
        Some(u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in 0..10 {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(7 * shift)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn text(&mut self) -> String {
        let text = String::from_utf8_lossy(self.0).into_owned();
        self.0 = &[];
        text
    }

    fn head(&mut self) -> Option<HeadName> {
        HeadName::ALL.get(usize::from(self.byte()?)).copied()
    }
}

pub(super) fn decode(payload: &[u8], last: Instant) -> Option<Record> {
    let mut cursor = Cursor(payload);
    let kind = cursor.byte()?;
    let latest = last + Span::from_us(cursor.varint()?);
    let earliest = latest.back(Span::from_us(cursor.varint()?));
    let what = match kind {
        FRAME => What::Frame(decode_frame(&mut cursor, latest)?),
        HEAD => What::Head { head: cursor.head()?, driven: cursor.byte()?, lit: cursor.byte()? },
        SENSED => {
            let head = cursor.head()?;
            What::Sensed { head, lit: Some(cursor.byte()?).filter(|&lit| lit != UNKNOWN) }
        }
        DISPLAY => {
            let head = cursor.head()?;
            let told = (cursor.byte()?, cursor.word()?);
            What::Display { head, told, shown: (cursor.byte()?, cursor.word()?) }
        }
        POST => What::Post {
            post: cursor.byte()?,
            light: cursor.byte()?,
            voice: cursor.byte()?,
            volume: cursor.byte()?,
        },
        POWER => What::Power(cursor.byte()? != 0),
        PEOPLE => {
            let waiting = [cursor.word()?, cursor.word()?];
            What::People { waiting, walking: [cursor.word()?, cursor.word()?] }
        }
        STIMULUS => What::Stimulus(cursor.text()),
        REJECT => {
            let cable = cursor.byte()?;
            let skipped = cursor.take(4)?;
            let skipped = u32::from_le_bytes([skipped[0], skipped[1], skipped[2], skipped[3]]);
            let length = usize::from(cursor.byte()?);
            let device = String::from_utf8_lossy(cursor.take(length)?).into_owned();
            What::Reject { device, cable, skipped, why: cursor.text() }
        }
        NOTE => What::Note(cursor.text()),
        END => What::End,
        _ => return None,
    };
    Some(Record { earliest, latest, what })
}

fn decode_frame(cursor: &mut Cursor<'_>, end: Instant) -> Option<Frame> {
    let cable = cursor.byte()?;
    let from = Some(cursor.byte()?).filter(|&from| from != NOBODY);
    let flags = cursor.byte()?;
    let start = end.back(Span::from_us(cursor.varint()?));
    let sent = if flags & DAMAGED != 0 {
        let length = usize::try_from(cursor.varint()?).ok()?;
        Some(cursor.take(length)?.to_vec())
    } else {
        None
    };
    Some(Frame { cable, from, start, bytes: cursor.0.to_vec(), sent, collided: flags & COLLIDED != 0 })
}
