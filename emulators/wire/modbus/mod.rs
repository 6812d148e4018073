//! Modbus RTU on top of `modbus-core`'s codec: what that crate does not give is a client and a server without
//! input or output, with turn-around, time-outs and retries, and a pretty printer.
//!
//! Layout and limits are those of "MODBUS Application Protocol 1.1b3" and "MODBUS over serial line 1.02". What is
//! done here rather than by the crate, and why:
//!
//! - checksum: the crate's is computed bit by bit; ours takes four bytes at a step;
//! - frames with coils or registers: the crate wants them packed in a buffer of its own first;
//! - length of a request 0F or 10: the crate reads the count from the wrong byte of an RTU frame;
//! - function 05: the crate knows only on and off, relay boards also take times (`0x0200 + n`, tenths of a second);
//! - functions and exception codes that it does not know survive a round trip.

mod checksum;
mod client;
mod describe;
mod frame;
mod server;

#[cfg(test)]
mod bus_tests;
#[cfg(test)]
mod client_matrix;
#[cfg(test)]
mod frame_tests;
#[cfg(test)]
mod server_tests;

pub use client::{Client, ClientConfig, Done, Failure};
pub use describe::{describe_request, describe_response};
pub use frame::{
    Bits, Exception, Request, Response, Words, emit_request, emit_response, parse_request, parse_response,
};
pub use server::{Registers, Server};
