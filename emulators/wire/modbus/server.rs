//! A server for one unit on one bus: framing, addressing, turn-around, exceptions, counters of rejects.

use super::frame::{Exception, Request, Response};
use crate::device::Wake;
use crate::time::{Instant, Line};

/// What a device gives its server: the meaning of its registers.
pub trait Registers {
    /// Carries out a request to this unit (or to all: then the answer is not sent).
    ///
    /// # Errors
    /// The exception to answer with.
    fn serve(&mut self, now: Instant, request: &Request) -> Result<Response, Exception>;
}

/// A server without input or output.
#[derive(Clone, Debug)]
pub struct Server {
    unit: u8,
    line: Line,
}

impl Server {
    /// A server for `unit` (1..247).
    #[must_use]
    pub fn new(unit: u8, line: Line) -> Server {
        Server { unit, line }
    }

    /// Bytes arrived on the bus, for this unit or another. A request to this unit is served at once; its answer
    /// leaves after the turn-around of 3.5 characters.
    pub fn handle_bytes(&mut self, now: Instant, bytes: &[u8], registers: &mut impl Registers) {
        let _ = (now, bytes, registers, self.unit, self.line);
        todo!()
    }

    /// The wake has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
        todo!()
    }

    /// A frame to send now.
    pub fn poll_send(&mut self) -> Option<Vec<u8>> {
        todo!()
    }

    /// Bytes that were thrown away since the last call, and why.
    pub fn poll_reject(&mut self) -> Option<(usize, &'static str)> {
        todo!()
    }

    /// When to call again.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Wake> {
        todo!()
    }

    /// Forgets everything (power lost).
    pub fn clear(&mut self) {
        todo!()
    }
}
