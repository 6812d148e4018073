//! Prints requests, responses and raw frames, whatever their bytes.

use std::fmt;

use super::frame::{Exception, LONGEST, Request, Response, parse_request, parse_response};
use crate::wire::Parsed;

/// A request frame as text: `unit 33 write coils @0 [1,0,0,0,0,1]`. Bytes that are no frame are printed as hex,
/// with the reason.
#[must_use]
pub fn describe_request(bytes: &[u8]) -> String {
    describe(bytes, parse_request(bytes))
}

/// A response frame as text: `unit 33 wrote coils @0 6`. Bytes that are no frame are printed as hex, with the reason.
#[must_use]
pub fn describe_response(bytes: &[u8]) -> String {
    describe(bytes, parse_response(bytes))
}

fn describe<T: fmt::Display>(bytes: &[u8], parsed: Parsed<(u8, T)>) -> String {
    match parsed {
        Parsed::Frame { frame: (unit, what), used } if used == bytes.len() => format!("unit {unit} {what}"),
        Parsed::Frame { frame: (unit, what), used } => {
            format!("unit {unit} {what}, then {}", Hex(&bytes[used..]))
        }
        Parsed::NeedMore => format!("incomplete: {}", Hex(bytes)),
        Parsed::Reject { why, .. } => format!("{why}: {}", Hex(bytes)),
    }
}

/// What a function does, in the words of its specification.
fn function_name(function: u8) -> &'static str {
    match function {
        0x01 => "read coils",
        0x02 => "read discrete inputs",
        0x03 => "read holding registers",
        0x04 => "read input registers",
        0x05 => "write coil",
        0x06 => "write register",
        0x0f => "write coils",
        0x10 => "write registers",
        _ => "function",
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Exception::IllegalFunction => "illegal function",
            Exception::IllegalAddress => "illegal address",
            Exception::IllegalValue => "illegal value",
            Exception::DeviceFailure => "device failure",
            Exception::Busy => "busy",
            Exception::Other(_) => "exception",
        };
        write!(f, "{text} ({})", self.code())
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = function_name(self.function());
        match self {
            Request::ReadCoils(start, count)
            | Request::ReadDiscreteInputs(start, count)
            | Request::ReadHolding(start, count)
            | Request::ReadInputs(start, count) => write!(f, "{name} @{start} x {count}"),
            Request::WriteCoil(address, 0xff00) => write!(f, "{name} @{address} on"),
            Request::WriteCoil(address, 0x0000) => write!(f, "{name} @{address} off"),
            Request::WriteCoil(address, value) => write!(f, "{name} @{address} = {value:#06x}"),
            Request::WriteRegister(address, value) => write!(f, "{name} @{address} = {value}"),
            Request::WriteCoils(start, coils) => write!(f, "{name} @{start} {}", Bits(coils)),
            Request::WriteRegisters(start, values) => write!(f, "{name} @{start} {}", Values(values)),
            Request::Other(function, data) => write!(f, "{name} {function:02X} {}", Hex(data)),
        }
    }
}

impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Response::Bits(function, bits) => write!(f, "{}: {}", function_name(*function), Bits(bits)),
            Response::Registers(function, values) => {
                write!(f, "{}: {}", function_name(*function), Values(values))
            }
            Response::Written(function @ (0x0f | 0x10), start, count) => {
                write!(f, "{}: @{start} x {count} done", function_name(*function))
            }
            Response::Written(0x05, address, 0xff00) => write!(f, "write coil: @{address} on done"),
            Response::Written(0x05, address, 0x0000) => write!(f, "write coil: @{address} off done"),
            Response::Written(0x05, address, value) => {
                write!(f, "write coil: @{address} = {value:#06x} done")
            }
            Response::Written(function, address, value) => {
                write!(f, "{}: @{address} = {value} done", function_name(*function))
            }
            Response::Exception(function, exception) => match function_name(*function) {
                "function" => write!(f, "function {function:02X} refused: {exception}"),
                name => write!(f, "{name} refused: {exception}"),
            },
            Response::Other(function, data) => {
                write!(f, "{} {function:02X}: {}", function_name(*function), Hex(data))
            }
        }
    }
}

struct Bits<'a>(&'a [bool]);

impl fmt::Display for Bits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, self.0, |f, &bit| f.write_str(if bit { "1" } else { "0" }))
    }
}

struct Values<'a>(&'a [u16]);

impl fmt::Display for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, self.0, |f, value| write!(f, "{value}"))
    }
}

fn list<T>(
    f: &mut fmt::Formatter<'_>,
    items: &[T],
    mut item: impl FnMut(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    f.write_str("[")?;
    for (place, each) in items.iter().enumerate() {
        if place > 0 {
            f.write_str(",")?;
        }
        item(f, each)?;
    }
    f.write_str("]")
}

/// Bytes as hex pairs; no more of them than fit into a frame.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("nothing");
        }
        for (place, byte) in self.0.iter().take(LONGEST).enumerate() {
            write!(f, "{}{byte:02X}", if place > 0 { " " } else { "" })?;
        }
        if self.0.len() > LONGEST {
            write!(f, " and {} more bytes", self.0.len() - LONGEST)?;
        }
        Ok(())
    }
}
