//! A server for one unit on one bus: framing, addressing, turn-around, exceptions, rejects.
//!
//! A frame begins after 3.5 characters of silence, or right behind a frame to this unit; it ends where its length
//! says. Everything that begins with another address is passed over until the next silence, so a request that
//! follows a foreign frame without silence is lost, as it is on a real bus.
//!
//! One allowance: a pty delivers a frame in no time, so that the silence before it seems to be shorter by the length
//! of the frame. A chunk that *arrives* 3.5 characters after the last one, begins with this unit's address and is a
//! whole frame with the right checksum is therefore served; if it is none, it was a piece of a foreign frame.

use super::frame::{Exception, LONGEST, Request, Response, emit_response, parse_request};
use crate::device::Wake;
use crate::time::{CharacterTimes, Instant, Line, Span};
use crate::wire::Parsed;

/// The address that every server listens to and none answers.
const BROADCAST: u8 = 0;

/// What a device gives its server: the meaning of its registers.
pub trait Registers {
    /// Carries out a request to this unit (or to all: then the answer is not sent). Counts of reads and writes are
    /// within their limits (1..2000 bits, 1..125 registers read, 1..1968 and 1..123 written); addresses are not
    /// checked.
    ///
    /// # Errors
    /// The exception to answer with.
    fn serve(&mut self, now: Instant, request: &Request) -> Result<Response, Exception>;
}

/// What the bytes on the bus are for this unit at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hearing {
    /// The next byte is the first of a frame.
    Start,
    /// Foreign or damaged until the next silence.
    Deaf,
    /// The buffer holds the beginning of a frame to this unit or to all.
    Frame,
    /// As `Frame`, but only if these bytes arrived in no time (a pty): then, and only then, there was silence
    /// before them.
    Perhaps,
}

/// A server without input or output.
#[derive(Clone, Debug)]
pub struct Server {
    unit: u8,
    line: Line,
    times: CharacterTimes,
    silence: Span,
    hearing: Hearing,
    last_byte: Instant,
    buffer: [u8; LONGEST],
    filled: usize,
    answer: Option<(Instant, Vec<u8>)>,
    sending: Option<Vec<u8>>,
    reject: Option<(usize, &'static str)>,
}

impl Server {
    /// A server for `unit` (1..247).
    #[must_use]
    pub fn new(unit: u8, line: Line) -> Server {
        Server {
            unit,
            line,
            times: CharacterTimes::new(line),
            silence: line.modbus_silence(),
            hearing: Hearing::Start,
            last_byte: Instant::ZERO,
            buffer: [0; LONGEST],
            filled: 0,
            answer: None,
            sending: None,
            reject: None,
        }
    }

    /// Bytes arrived on the bus, for this unit or another. A request to this unit is served at once; its answer
    /// leaves after the turn-around of 3.5 characters. A further request before that takes its place. Answers whether
    /// the bytes meant anything to this unit: `false` for other units' traffic, of which nothing can come.
    pub fn handle_bytes(&mut self, now: Instant, bytes: &[u8], registers: &mut impl Registers) -> bool {
        let Some(&first) = bytes.first() else { return false };
        let before = std::mem::replace(&mut self.last_byte, now);
        if self.filled == 0 {
            // The way of most traffic on a bus: another unit's, whatever the silence before it was.
            if !self.is_for_us(first) {
                self.hearing = Hearing::Deaf;
                return false;
            }
            if self.hearing == Hearing::Deaf {
                if self.silent_between(before, now, bytes.len()) {
                    self.hearing = Hearing::Frame;
                } else if now.since(before) >= self.silence {
                    self.hearing = Hearing::Perhaps;
                } else {
                    return false;
                }
            } else {
                self.hearing = Hearing::Frame;
            }
        } else if self.silent_between(before, now, bytes.len()) {
            self.drop_buffer("frame cut short by silence");
            self.hearing = if self.is_for_us(first) { Hearing::Frame } else { Hearing::Deaf };
        }
        match self.hearing {
            Hearing::Deaf => {}
            Hearing::Start | Hearing::Frame | Hearing::Perhaps => self.hear(now, bytes, registers),
        }
        true
    }

    /// The wake has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Some((_, frame)) = self.answer.take_if(|(due, _)| *due <= now) {
            self.last_byte = now + self.times.of(frame.len());
            self.sending = Some(frame);
        }
    }

    /// A frame to send now.
    pub fn poll_send(&mut self) -> Option<Vec<u8>> {
        self.sending.take()
    }

    /// Bytes that were thrown away since the last call, and why (the reason of the last ones). Traffic of other
    /// units is not thrown away but none of our business.
    pub fn poll_reject(&mut self) -> Option<(usize, &'static str)> {
        self.reject.take()
    }

    /// When to call again.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Wake> {
        self.answer.as_ref().map(|&(at, _)| Wake { at, why: "modbus turn-around" })
    }

    /// Forgets everything (power lost).
    pub fn clear(&mut self) {
        *self = Server::new(self.unit, self.line);
    }

    fn is_for_us(&self, address: u8) -> bool {
        address == self.unit || address == BROADCAST
    }

    /// Whether a chunk that ended `now` began at least 3.5 characters after `before`.
    fn silent_between(&self, before: Instant, now: Instant, length: usize) -> bool {
        now.since(before) >= self.silence + self.times.of(length)
    }

    /// Takes bytes of frames to this unit or to all.
    fn hear(&mut self, now: Instant, bytes: &[u8], registers: &mut impl Registers) {
        if self.filled == 0 {
            // Whole frames need not be copied.
            let used = self.take_frames(now, bytes, registers);
            if self.hearing != Hearing::Deaf {
                self.keep(&bytes[used..]);
            }
            return;
        }
        let mut rest = bytes;
        while !rest.is_empty() && self.hearing != Hearing::Deaf {
            let room = rest.len().min(LONGEST - self.filled);
            self.keep(&rest[..room]);
            rest = &rest[room..];
            let (buffer, filled) = (self.buffer, self.filled);
            let used = self.take_frames(now, &buffer[..filled], registers);
            if self.hearing == Hearing::Deaf {
                return;
            }
            self.buffer.copy_within(used..filled, 0);
            self.filled = filled - used;
        }
    }

    /// Serves the frames at the front of `bytes`; how many bytes they were. What is left is the beginning of a
    /// frame, or the server has gone deaf and nothing is left.
    fn take_frames(&mut self, now: Instant, bytes: &[u8], registers: &mut impl Registers) -> usize {
        let mut used = 0;
        while let Some(&first) = bytes.get(used) {
            if !self.is_for_us(first) {
                self.filled = 0;
                self.hearing = Hearing::Deaf;
                return used;
            }
            match parse_request(&bytes[used..]) {
                Parsed::NeedMore if bytes.len() - used < LONGEST => return used,
                Parsed::Frame { frame: (unit, request), used: length } => {
                    used += length;
                    self.hearing = Hearing::Frame;
                    self.serve(now, unit, &request, registers);
                }
                Parsed::NeedMore => {
                    self.give_up(bytes.len() - used, "longer than a frame");
                    return used;
                }
                Parsed::Reject { why, .. } => {
                    self.give_up(bytes.len() - used, why);
                    return used;
                }
            }
        }
        self.hearing = Hearing::Start;
        used
    }

    fn serve(&mut self, now: Instant, unit: u8, request: &Request, registers: &mut impl Registers) {
        let result = if counts_are_legal(request) {
            registers.serve(now, request)
        } else {
            Err(Exception::IllegalValue)
        };
        if unit == BROADCAST {
            return;
        }
        let refuse = |exception| Response::Exception(request.function(), exception);
        let mut frame = Vec::with_capacity(8);
        emit_response(unit, &result.unwrap_or_else(refuse), &mut frame);
        if frame.is_empty() {
            // The device made an answer that no frame can carry.
            emit_response(unit, &refuse(Exception::DeviceFailure), &mut frame);
        }
        self.answer = Some((now + self.silence, frame));
    }

    /// Keeps the beginning of a frame. There is room: a longer one is rejected first.
    fn keep(&mut self, bytes: &[u8]) {
        let room = bytes.len().min(LONGEST - self.filled);
        self.buffer[self.filled..self.filled + room].copy_from_slice(&bytes[..room]);
        self.filled += room;
    }

    /// Rejects `count` bytes and everything up to the next silence.
    fn give_up(&mut self, count: usize, why: &'static str) {
        if self.hearing != Hearing::Perhaps {
            self.note_reject(count, why);
        }
        self.filled = 0;
        self.hearing = Hearing::Deaf;
    }

    fn drop_buffer(&mut self, why: &'static str) {
        if self.hearing != Hearing::Perhaps {
            self.note_reject(self.filled, why);
        }
        self.filled = 0;
    }

    fn note_reject(&mut self, count: usize, why: &'static str) {
        let before = self.reject.map_or(0, |(count, _)| count);
        self.reject = Some((before.saturating_add(count), why));
    }
}

/// Whether a request's counts are within the limits of application protocol 1.1b3, 6.1 to 6.12, and agree with its
/// length.
fn counts_are_legal(request: &Request) -> bool {
    match request {
        Request::ReadCoils(_, count) | Request::ReadDiscreteInputs(_, count) => (1..=2_000).contains(count),
        Request::ReadHolding(_, count) | Request::ReadInputs(_, count) => (1..=125).contains(count),
        Request::WriteCoil(..) | Request::WriteRegister(..) => true,
        Request::WriteCoils(_, coils) => (1..=1_968).contains(&coils.len()),
        Request::WriteRegisters(_, values) => (1..=123).contains(&values.len()),
        // A known function here means that count and length contradicted each other.
        Request::Other(function, _) => !matches!(function, 0x0f | 0x10),
    }
}
