//! Modbus RTU on top of `modbus-core`'s codec: what that crate does not give is a client and a server without
//! input or output, with turn-around, time-outs and retries, and a pretty printer.

mod client;
mod frame;
mod server;

pub use client::{Client, ClientConfig, Done, Failure};
pub use frame::{Exception, Request, Response, emit_request, emit_response, parse_request, parse_response};
pub use server::{Registers, Server};
