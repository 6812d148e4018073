//! A client for one bus: one transaction at a time, in the order in which they were asked for.

use super::frame::{Request, Response};
use crate::device::Wake;
use crate::time::{Instant, Line, Span};

/// How a client behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// The line: character time and the 3.5-character silence before each request.
    pub line: Line,
    /// How long to wait for the first byte of an answer, from the end of the request.
    pub timeout: Span,
    /// How often to ask again after a time-out or a damaged answer.
    pub retries: u8,
}

/// Why a transaction failed after all retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody answered.
    Silence,
    /// The answer was damaged or not an answer to the question.
    Garbled,
}

/// The end of a transaction. `tag` is the caller's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done<Tag> {
    /// The caller's.
    pub tag: Tag,
    /// The unit that was asked.
    pub unit: u8,
    /// What came of it. `Ok(None)` for a broadcast.
    pub result: Result<Option<Response>, Failure>,
}

/// A client without input or output. At most 64 transactions may wait; more are refused.
#[derive(Clone, Debug)]
pub struct Client<Tag> {
    config: ClientConfig,
    tags: Vec<Tag>,
}

impl<Tag: Clone> Client<Tag> {
    /// An idle client.
    #[must_use]
    pub fn new(config: ClientConfig) -> Client<Tag> {
        Client { config, tags: Vec::new() }
    }

    /// Queues a transaction; `false` if the queue is full. `urgent` ones go before those that are not.
    pub fn ask(&mut self, now: Instant, tag: Tag, unit: u8, request: Request, urgent: bool) -> bool {
        let _ = (now, tag, unit, request, urgent, self.config, &self.tags);
        todo!()
    }

    /// Bytes arrived.
    pub fn handle_bytes(&mut self, now: Instant, bytes: &[u8]) {
        let _ = (now, bytes);
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

    /// The next finished transaction.
    pub fn poll_done(&mut self) -> Option<Done<Tag>> {
        todo!()
    }

    /// When to call again.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Wake> {
        todo!()
    }

    /// How many transactions wait or are under way.
    #[must_use]
    pub fn waiting(&self) -> usize {
        todo!()
    }

    /// Forgets everything (power lost).
    pub fn clear(&mut self) {
        todo!()
    }
}
