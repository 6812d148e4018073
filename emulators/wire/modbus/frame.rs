//! Requests and responses as bytes.

use crate::wire::Parsed;

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
    WriteCoils(u16, Vec<bool>),
    /// 10: start, registers.
    WriteRegisters(u16, Vec<u16>),
    /// Anything else: function and data.
    Other(u8, Vec<u8>),
}

/// What a server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// 01 or 02. Padded to whole bytes on the wire: may be longer than asked for.
    Bits(u8, Vec<bool>),
    /// 03 or 04.
    Registers(u8, Vec<u16>),
    /// 05, 06, 0F, 10: echo of address and value or count.
    Written(u8, u16, u16),
    /// Refused: function (without the 80 bit) and code.
    Exception(u8, Exception),
    /// Anything else.
    Other(u8, Vec<u8>),
}

/// Appends a request frame with its CRC.
pub fn emit_request(unit: u8, request: &Request, out: &mut Vec<u8>) {
    let _ = (unit, request, out);
    todo!()
}

/// Appends a response frame with its CRC.
pub fn emit_response(unit: u8, response: &Response, out: &mut Vec<u8>) {
    let _ = (unit, response, out);
    todo!()
}

/// The request at the front of `bytes`, by its expected length.
#[must_use]
pub fn parse_request(bytes: &[u8]) -> Parsed<(u8, Request)> {
    let _ = bytes;
    todo!()
}

/// The response at the front of `bytes`, by its expected length.
#[must_use]
pub fn parse_response(bytes: &[u8]) -> Parsed<(u8, Response)> {
    let _ = bytes;
    todo!()
}
