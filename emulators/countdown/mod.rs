//! Countdown display listening to the GA/T 508 broadcast.

use crate::device::{Device, Input, Output, Wake};
use crate::time::{Instant, Span};
use crate::wire::gat508::{Colour, Edition};

/// A display's wiring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Its number in the broadcast, 0..31.
    pub number: u8,
    /// Which edition it speaks.
    pub edition: Edition,
}

/// Digits and their colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digits {
    /// Colour; `Dark` shows nothing.
    pub colour: Colour,
    /// Number shown; 0 when dark.
    pub seconds: u16,
}

/// What can be seen at a display. `told` and `shown` differ only while it is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisplaySight {
    /// What it was told to show, dark rules applied.
    pub told: Digits,
    /// What it shows.
    pub shown: Digits,
}

/// How a display is broken (`domain.md` §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing lit.
    Dark,
    /// Keeps what it shows now.
    Frozen,
    /// A segment is missing: 8 reads 6.
    MissingSegment,
    /// Digits in the wrong colour.
    WrongColour(Colour),
    /// Shows everything this much later.
    Lag(Span),
    /// Goes on showing the last number after the link is lost.
    IgnoresLinkLoss,
}

/// What can happen to a display besides bytes and power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It breaks.
    Break(Fault),
    /// It is replaced.
    Mend,
}

/// The display. Port 0 is the countdown bus.
#[derive(Clone, Debug)]
pub struct Countdown {
    config: Config,
}

impl Countdown {
    /// A display without power.
    #[must_use]
    pub fn new(config: Config) -> Countdown {
        Countdown { config }
    }
}

impl Device for Countdown {
    type Act = Act;
    type Sight = DisplaySight;
    fn handle_input(&mut self, now: Instant, input: Input<'_, Act>) {
        let _ = (now, input, &self.config);
        todo!()
    }
    fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
        todo!()
    }
    fn poll_output(&mut self) -> Option<Output<DisplaySight>> {
        todo!()
    }
    fn poll_timeout(&self) -> Option<Wake> {
        todo!()
    }
}
