//! Requests and responses as bytes.
//!
//! A frame is unit, function, data, checksum (low byte first), at most 256 bytes. Its length follows from function
//! and data; where the function is unknown, the first length whose checksum is right is taken.

use modbus_core::{Encode, rtu};
use smallvec::SmallVec;

use super::checksum::{checksum, extend};
use crate::wire::Parsed;

/// Unit, function and checksum: the shortest frame.
const SHORTEST: usize = 4;
/// The longest frame (MODBUS over serial line 1.02, 2.5.1).
pub(super) const LONGEST: usize = rtu::MAX_FRAME_LEN;
/// Function and data of the longest frame.
const LONGEST_PDU: usize = LONGEST - 3;
/// Most coils in one 0F (application protocol 1.1b3, 6.11).
const WRITE_COILS_MAX: usize = 1_968;
/// Most registers in one 10 (application protocol 1.1b3, 6.12).
const WRITE_REGISTERS_MAX: usize = 123;
/// Most bits in one answer: what a frame has room for (one may ask for 2,000).
const ANSWER_BITS_MAX: usize = (LONGEST_PDU - 2) * 8;
/// Most registers in one answer (application protocol 1.1b3, 6.3).
const ANSWER_REGISTERS_MAX: usize = (LONGEST_PDU - 2) / 2;

/// Coils or inputs in order. As many as a head, a relay board or a feedback module has stand without an allocation.
pub type Bits = SmallVec<[bool; 16]>;
/// Registers in order.
pub type Words = SmallVec<[u16; 8]>;

/// Exception codes that our servers give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exception {
    /// 1
    IllegalFunction,
    /// 2
    IllegalAddress,
    /// 3
    IllegalValue,
    /// 4
    DeviceFailure,
    /// 6
    Busy,
    /// Any other.
    Other(u8),
}

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// 01: start, count 1..2000.
    ReadCoils(u16, u16),
    /// 02: start, count 1..2000.
    ReadDiscreteInputs(u16, u16),
    /// 03: start, count 1..125.
    ReadHolding(u16, u16),
    /// 04: start, count 1..125.
    ReadInputs(u16, u16),
    /// 05: address and raw value (FF00 on, 0000 off; other values where a device documents them, e.g. timed flash).
    WriteCoil(u16, u16),
    /// 06: address, value.
    WriteRegister(u16, u16),
    /// 0F: start, coils.
    WriteCoils(u16, Bits),
    /// 10: start, registers.
    WriteRegisters(u16, Words),
    /// Anything else: function and data.
    Other(u8, Vec<u8>),
}

/// What a server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// 01 or 02. Padded to whole bytes on the wire: may be longer than asked for.
    Bits(u8, Bits),
    /// 03 or 04.
    Registers(u8, Words),
    /// 05, 06, 0F, 10: echo of address and value or count.
    Written(u8, u16, u16),
    /// Refused: function (without the 80 bit) and code.
    Exception(u8, Exception),
    /// Anything else.
    Other(u8, Vec<u8>),
}

impl Exception {
    /// The code on the wire.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Exception::IllegalFunction => 1,
            Exception::IllegalAddress => 2,
            Exception::IllegalValue => 3,
            Exception::DeviceFailure => 4,
            Exception::Busy => 6,
            Exception::Other(code) => code,
        }
    }

    /// What a code on the wire means.
    #[must_use]
    pub const fn from_code(code: u8) -> Exception {
        match code {
            1 => Exception::IllegalFunction,
            2 => Exception::IllegalAddress,
            3 => Exception::IllegalValue,
            4 => Exception::DeviceFailure,
            6 => Exception::Busy,
            other => Exception::Other(other),
        }
    }
}

impl Request {
    /// The function code.
    #[must_use]
    pub const fn function(&self) -> u8 {
        match self {
            Request::ReadCoils(..) => 0x01,
            Request::ReadDiscreteInputs(..) => 0x02,
            Request::ReadHolding(..) => 0x03,
            Request::ReadInputs(..) => 0x04,
            Request::WriteCoil(..) => 0x05,
            Request::WriteRegister(..) => 0x06,
            Request::WriteCoils(..) => 0x0f,
            Request::WriteRegisters(..) => 0x10,
            Request::Other(function, _) => *function,
        }
    }

    /// Whether a frame can carry it: at most 1,968 coils, 123 registers or 252 bytes of data.
    #[must_use]
    pub fn fits(&self) -> bool {
        match self {
            Request::WriteCoils(_, coils) => coils.len() <= WRITE_COILS_MAX,
            Request::WriteRegisters(_, registers) => registers.len() <= WRITE_REGISTERS_MAX,
            Request::Other(_, data) => data.len() < LONGEST_PDU,
            Request::ReadCoils(..)
            | Request::ReadDiscreteInputs(..)
            | Request::ReadHolding(..)
            | Request::ReadInputs(..)
            | Request::WriteCoil(..)
            | Request::WriteRegister(..) => true,
        }
    }
}

/// Appends a request frame with its CRC. A request that no frame can carry ([`Request::fits`]) appends nothing.
pub fn emit_request(unit: u8, request: &Request, out: &mut Vec<u8>) {
    use modbus_core::Request as Pdu;
    if !request.fits() {
        return;
    }
    // The crate's encoder serves where it needs no copy of what is sent; its own FC05 knows on and off only.
    let pdu = match request {
        Request::ReadCoils(start, count) => Pdu::ReadCoils(*start, *count),
        Request::ReadDiscreteInputs(start, count) => Pdu::ReadDiscreteInputs(*start, *count),
        Request::ReadHolding(start, count) => Pdu::ReadHoldingRegisters(*start, *count),
        Request::ReadInputs(start, count) => Pdu::ReadInputRegisters(*start, *count),
        Request::WriteRegister(address, value) => Pdu::WriteSingleRegister(*address, *value),
        Request::WriteCoil(address, value) => {
            return append(unit, &five(0x05, *address, *value), out, |_| {});
        }
        Request::WriteCoils(start, coils) => {
            return append(unit, &five(0x0f, *start, coils.len() as u16), out, |out| pack(coils, out));
        }
        Request::WriteRegisters(start, registers) => {
            return append(unit, &five(0x10, *start, registers.len() as u16), out, |out| {
                spread(registers, out);
            });
        }
        Request::Other(function, data) => {
            return append(unit, &[*function], out, |out| out.extend_from_slice(data));
        }
    };
    let mut encoded = [0; 5];
    if pdu.encode(&mut encoded).is_ok() {
        append(unit, &encoded, out, |_| {});
    }
}

/// Appends a response frame with its CRC. A response that no frame can carry (more than 2,008 bits, 125 registers
/// or 252 bytes of data) appends nothing.
pub fn emit_response(unit: u8, response: &Response, out: &mut Vec<u8>) {
    match response {
        Response::Bits(function, bits) if bits.len() <= ANSWER_BITS_MAX => {
            append(unit, &[*function], out, |out| pack(bits, out));
        }
        Response::Registers(function, values) if values.len() <= ANSWER_REGISTERS_MAX => {
            append(unit, &[*function], out, |out| spread(values, out));
        }
        Response::Written(function, address, value) => {
            append(unit, &five(*function, *address, *value), out, |_| {});
        }
        Response::Exception(function, exception) => {
            append(unit, &[function | 0x80, exception.code()], out, |_| {});
        }
        Response::Other(function, data) if data.len() < LONGEST_PDU => {
            append(unit, &[*function], out, |out| out.extend_from_slice(data));
        }
        Response::Bits(..) | Response::Registers(..) | Response::Other(..) => {}
    }
}

/// The request at the front of `bytes`, by its expected length. Never a frame of a function above 7F.
///
/// A frame whose function, length or checksum is wrong is rejected byte by byte, so that a frame behind garbage is
/// found. A function without a known length stays `NeedMore` until a checksum fits or 256 bytes are there; on a
/// line, silence ends it.
#[must_use]
pub fn parse_request(bytes: &[u8]) -> Parsed<(u8, Request)> {
    let &[unit, function, ..] = bytes else { return Parsed::NeedMore };
    if function >= 0x80 {
        return Parsed::Reject { skip: 1, why: "not the function of a request" };
    }
    match delimit(bytes, request_length(bytes)) {
        Parsed::NeedMore => Parsed::NeedMore,
        Parsed::Reject { skip, why } => Parsed::Reject { skip, why },
        Parsed::Frame { frame: pdu, used } => Parsed::Frame { frame: (unit, request_of(pdu)), used },
    }
}

/// The response at the front of `bytes`, by its expected length; otherwise as [`parse_request`].
#[must_use]
pub fn parse_response(bytes: &[u8]) -> Parsed<(u8, Response)> {
    let Some(&unit) = bytes.first() else { return Parsed::NeedMore };
    match delimit(bytes, response_length(bytes)) {
        Parsed::NeedMore => Parsed::NeedMore,
        Parsed::Reject { skip, why } => Parsed::Reject { skip, why },
        Parsed::Frame { frame: pdu, used } => Parsed::Frame { frame: (unit, response_of(pdu)), used },
    }
}

/// How long the frame at the front of a buffer is, function and data alone.
#[derive(Clone, Copy)]
enum Length {
    /// Cannot be told yet.
    NeedMore,
    /// This long.
    Known(usize),
    /// The function says nothing about it.
    Unknown,
}

fn request_length(bytes: &[u8]) -> Length {
    match bytes {
        // The crate takes the byte count of 0F and 10 from byte 4 of the frame, which is the high byte of the
        // number of coils; it stands in byte 6.
        [_, 0x0f | 0x10, _, _, _, _, count, ..] => Length::Known(6 + usize::from(*count)),
        [_, 0x0f | 0x10, ..] => Length::NeedMore,
        _ => length_of(rtu::request_pdu_len(bytes)),
    }
}

fn response_length(bytes: &[u8]) -> Length {
    match bytes {
        [_, 0x80..=0xff, ..] => Length::Known(2),
        _ => length_of(rtu::response_pdu_len(bytes)),
    }
}

fn length_of(told: Result<Option<usize>, modbus_core::Error>) -> Length {
    match told {
        Ok(Some(length)) => Length::Known(length),
        Ok(None) => Length::NeedMore,
        Err(_) => Length::Unknown,
    }
}

/// Function and data of the frame at the front of `bytes`, if length and checksum are right.
fn delimit(bytes: &[u8], length: Length) -> Parsed<&[u8]> {
    match length {
        Length::NeedMore => Parsed::NeedMore,
        Length::Known(length) if length > LONGEST_PDU => {
            Parsed::Reject { skip: 1, why: "longer than a frame" }
        }
        Length::Known(length) => match bytes.get(..length + 3) {
            None => Parsed::NeedMore,
            // The checksum over a frame and its own checksum is zero.
            Some(frame) if checksum(frame) == 0 => {
                Parsed::Frame { frame: &frame[1..=length], used: frame.len() }
            }
            Some(_) => Parsed::Reject { skip: 1, why: "wrong checksum" },
        },
        Length::Unknown => {
            let mut running = checksum(&bytes[..bytes.len().min(SHORTEST - 1)]);
            for used in SHORTEST..=bytes.len().min(LONGEST) {
                running = extend(running, &bytes[used - 1..used]);
                if running == 0 {
                    return Parsed::Frame { frame: &bytes[1..used - 2], used };
                }
            }
            if bytes.len() < LONGEST {
                Parsed::NeedMore
            } else {
                Parsed::Reject { skip: 1, why: "unknown function and no checksum fits" }
            }
        }
    }
}

/// The meaning of a request whose checksum was right. What contradicts itself stays [`Request::Other`].
fn request_of(pdu: &[u8]) -> Request {
    use modbus_core::Request as Pdu;
    match pdu {
        &[0x05, a, b, c, d] => Request::WriteCoil(word(a, b), word(c, d)),
        [0x0f, a, b, c, d, _, packed @ ..] => {
            let (start, count) = (word(*a, *b), usize::from(word(*c, *d)));
            if packed.len() == count.div_ceil(8) {
                Request::WriteCoils(start, bits(packed, count))
            } else {
                Request::Other(0x0f, pdu[1..].to_vec())
            }
        }
        [0x10, a, b, c, d, _, packed @ ..] => {
            if packed.len() == usize::from(word(*c, *d)) * 2 {
                Request::WriteRegisters(word(*a, *b), registers(packed))
            } else {
                Request::Other(0x10, pdu[1..].to_vec())
            }
        }
        [0x01..=0x04 | 0x06, ..] => match Pdu::try_from(pdu) {
            Ok(Pdu::ReadCoils(start, count)) => Request::ReadCoils(start, count),
            Ok(Pdu::ReadDiscreteInputs(start, count)) => Request::ReadDiscreteInputs(start, count),
            Ok(Pdu::ReadHoldingRegisters(start, count)) => Request::ReadHolding(start, count),
            Ok(Pdu::ReadInputRegisters(start, count)) => Request::ReadInputs(start, count),
            Ok(Pdu::WriteSingleRegister(address, value)) => Request::WriteRegister(address, value),
            Ok(_) | Err(_) => Request::Other(pdu[0], pdu[1..].to_vec()),
        },
        [function, data @ ..] => Request::Other(*function, data.to_vec()),
        [] => Request::Other(0, Vec::new()),
    }
}

/// The meaning of a response whose checksum was right. What contradicts itself stays [`Response::Other`].
fn response_of(pdu: &[u8]) -> Response {
    match *pdu {
        [function @ (0x01 | 0x02), _, ref packed @ ..] => {
            Response::Bits(function, bits(packed, packed.len() * 8))
        }
        [function @ (0x03 | 0x04), _, ref packed @ ..] if packed.len().is_multiple_of(2) => {
            Response::Registers(function, registers(packed))
        }
        [function @ (0x05 | 0x06 | 0x0f | 0x10), a, b, c, d] => {
            Response::Written(function, word(a, b), word(c, d))
        }
        [function @ 0x80..=0xff, code] => Response::Exception(function & 0x7f, Exception::from_code(code)),
        [function, ref data @ ..] => Response::Other(function, data.to_vec()),
        [] => Response::Other(0, Vec::new()),
    }
}

/// Appends a frame: the unit, `head` (function and what follows it), what `rest` adds, the checksum.
#[inline]
fn append(unit: u8, head: &[u8], out: &mut Vec<u8>, rest: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.push(unit);
    out.extend_from_slice(head);
    rest(out);
    let checksum = checksum(&out[start..]);
    out.extend_from_slice(&checksum.to_le_bytes());
}

/// A function and two words, the front of most frames.
const fn five(function: u8, first: u16, second: u16) -> [u8; 5] {
    let ([a, b], [c, d]) = (first.to_be_bytes(), second.to_be_bytes());
    [function, a, b, c, d]
}

/// How many bytes follow, then bits, eight to a byte, least significant first.
fn pack(bits: &[bool], out: &mut Vec<u8>) {
    out.push(bits.len().div_ceil(8) as u8);
    out.extend(
        bits.chunks(8)
            .map(|bits| bits.iter().enumerate().fold(0, |packed, (bit, on)| packed | u8::from(*on) << bit)),
    );
}

/// How many bytes follow, then words, high byte first.
fn spread(words: &[u16], out: &mut Vec<u8>) {
    out.push((words.len() * 2) as u8);
    words.iter().for_each(|word| out.extend_from_slice(&word.to_be_bytes()));
}

const fn word(high: u8, low: u8) -> u16 {
    u16::from_be_bytes([high, low])
}

/// The first `count` bits, least significant first; never more than there are.
fn bits(packed: &[u8], count: usize) -> Bits {
    if let [low, rest @ ..] = packed
        && rest.len() <= 1
    {
        let both = u16::from(*low) | u16::from(rest.first().copied().unwrap_or(0)) << 8;
        return Bits::from_buf_and_len(
            std::array::from_fn(|bit| both >> bit & 1 == 1),
            count.min(packed.len() * 8),
        );
    }
    let mut bits = Bits::with_capacity(packed.len() * 8);
    // A whole byte at a time: one check of the room for eight bits.
    for &byte in packed {
        bits.extend_from_slice(&std::array::from_fn::<bool, 8, _>(|bit| byte >> bit & 1 == 1));
    }
    bits.truncate(count);
    bits
}

fn registers(packed: &[u8]) -> Words {
    packed.chunks_exact(2).map(|pair| word(pair[0], pair[1])).collect()
}
