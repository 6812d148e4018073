//! A cable: bytes take their character time; several may be connected to one bus; faults are seeded.

use crate::device::Wake;
use crate::time::{Instant, Line, Span};

/// How a cable may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplex {
    /// Two ends, both may send at once.
    Full,
    /// Any number of ends, one may send at a time; overlapping transmissions garble each other.
    Shared,
}

/// One end of a cable, in site order. End 0 is the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct End(pub u8);

/// A cable's make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The line.
    pub line: Line,
    /// Use.
    pub duplex: Duplex,
    /// Number of ends, 2..32.
    pub ends: u8,
    /// Seeds the faults.
    pub seed: u64,
}

/// What can be wrong with a cable. Probabilities are per million.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Each byte is lost with this probability.
    Drop(u32),
    /// Each byte has one bit flipped with this probability.
    Flip(u32),
    /// Each byte arrives twice with this probability.
    Duplicate(u32),
    /// Everything arrives this much later (stalls of a converter).
    Delay(Span),
    /// Each transmission arrives later by up to this much; order is kept.
    Jitter(Span),
    /// Nothing arrives during the span, then everything at once.
    Stall(Span),
    /// Transmissions arrive in two parts with this pause between them.
    Split(Span),
    /// Transmissions are held until the line has been quiet this long, then arrive as one.
    Merge(Span),
    /// Bursts of random bytes at idle: about this many per hour, up to 16 bytes each; some hold 55 AA or C0.
    Garbage(u32),
    /// The sender hears its own bytes (late driver disable).
    Echo,
    /// The line is held in break: every character arrives as 00.
    Break,
    /// Pulled out: nothing arrives until plugged in.
    Unplugged,
}

/// What can happen to a cable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A fault begins; several may hold at once, one of each kind.
    Break(Fault),
    /// All faults end.
    Mend,
}

/// One transmission as the cable saw it, handed out at the instant its last byte arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Who sent it; `None` for garbage nobody sent.
    pub from: Option<End>,
    /// When its first bit was on the line.
    pub start: Instant,
    /// When its last byte arrives: the instant of the delivery.
    pub end: Instant,
    /// What arrives; empty if nothing does.
    pub bytes: Vec<u8>,
    /// What was sent, where it differs from what arrives.
    pub sent: Option<Vec<u8>>,
    /// Whether the sender hears it too (echo).
    pub echo: bool,
    /// Another transmission was on the line at the same time (shared cables).
    pub collided: bool,
}

/// The cable. Same words as a device, but one delivery serves all other ends.
#[derive(Clone, Debug)]
pub struct Cable {
    config: Config,
}

impl Cable {
    /// A cable with nothing on it and nothing wrong.
    #[must_use]
    pub fn new(config: Config) -> Cable {
        Cable { config }
    }

    /// An end starts to send now. An end that is still sending queues behind itself.
    pub fn send(&mut self, now: Instant, from: End, bytes: Vec<u8>) {
        let _ = (now, from, bytes, self.config);
        todo!()
    }

    /// Something happens to the cable.
    pub fn handle_act(&mut self, now: Instant, act: Act) {
        let _ = (now, act);
        todo!()
    }

    /// The wake has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
        todo!()
    }

    /// The next delivery, until `None`.
    pub fn poll_delivery(&mut self) -> Option<Delivery> {
        todo!()
    }

    /// When to call again.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Wake> {
        todo!()
    }
}
