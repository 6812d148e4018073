//! Countdown display listening to the GA/T 508 broadcast.
//!
//! It shows the last entry of a broadcast that bears its number (2004 edition: its direction) until the next such
//! broadcast, and counts nothing by itself: a digit that stays too long is the sender's mistake, and visible.
//! It is dark when power comes, after a dark entry, and [`LINK_LOST_AFTER`] after the last valid broadcast that
//! names it. Broadcasts that do not name it, and damaged ones, change nothing and feed nothing.
//!
//! What is no display's business: whether the number is true, and which head it hangs beside.

use crate::device::{Device, Input, Output, Port, Wake};
use crate::time::{Instant, Span};
use crate::timer::Timers;
use crate::wire::Parsed;
use crate::wire::gat508::{Colour, Decoder, Edition, Entry};
use std::collections::VecDeque;

mod digits;
#[cfg(test)]
mod tests;

/// How long after the last valid broadcast that names it a display goes dark.
///
/// GA/T 508-2014 allows 2 s after the loss of the link (P22, T18). The display counts from the end of its frame;
/// 100 ms less than the bound leaves room for a driver's lateness and for a judge who counts from the frame's begin
/// (a 32-display frame at 9600 baud takes 71 ms).
pub const LINK_LOST_AFTER: Span = Span::from_ms(1_900);

/// The most changes that a lagging display holds back; the oldest is forgotten beyond.
const LAG_DEPTH: usize = 64;

crate::timers! {
    enum Timer {
        /// No valid broadcast has named the display for too long.
        LinkLost = "link lost",
        /// A lagging display shows the oldest change it held back.
        LagEnds = "lag ends",
    }
}

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

impl Digits {
    /// Nothing lit.
    pub const DARK: Digits = Digits { colour: Colour::Dark, seconds: 0 };
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
    /// Keeps what it shows now, while there is power; broken without power it stays dark.
    Frozen,
    /// The upper right segment is missing: 8 reads 6 and 9 reads 5. 5 and 6 do not use it; the other digits lose it,
    /// but what is left resembles no other digit, so they are given here as the digit that was told.
    MissingSegment,
    /// Digits in the wrong colour; a dark display stays dark.
    WrongColour(Colour),
    /// Shows everything this much later.
    Lag(Span),
    /// Goes on showing the last number after the link is lost (a dark entry still darkens it).
    IgnoresLinkLoss,
}

/// What can happen to a display besides bytes and power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It breaks. A second fault replaces the first.
    Break(Fault),
    /// It is replaced.
    Mend,
}

/// The display. Port 0 is the countdown bus.
#[derive(Clone, Debug)]
pub struct Countdown {
    config: Config,
    powered: bool,
    decoder: Decoder,
    timers: Timers<Timer>,
    fault: Option<Fault>,
    /// What the last broadcast that named it said.
    last: Digits,
    /// The face that a fault of memory (`Frozen`, `Lag`) keeps.
    kept: Digits,
    /// Changes that a lagging display holds back, and when each is due.
    held: VecDeque<(Instant, Digits)>,
    sight: DisplaySight,
    outputs: VecDeque<Output<DisplaySight>>,
}

impl Countdown {
    /// A display without power.
    #[must_use]
    pub fn new(config: Config) -> Countdown {
        Countdown {
            config,
            powered: false,
            decoder: Decoder::new(config.edition),
            timers: Timers::default(),
            fault: None,
            last: Digits::DARK,
            kept: Digits::DARK,
            held: VecDeque::new(),
            sight: DisplaySight { told: Digits::DARK, shown: Digits::DARK },
            outputs: VecDeque::new(),
        }
    }

    fn power(&mut self, now: Instant, on: bool) {
        if self.powered == on {
            return;
        }
        self.powered = on;
        self.decoder.clear();
        self.timers.clear_all();
        self.last = Digits::DARK;
        self.held.clear();
        match self.fault {
            Some(Fault::Lag(_)) => self.kept = Digits::DARK,
            Some(
                Fault::Dark
                | Fault::Frozen
                | Fault::MissingSegment
                | Fault::WrongColour(_)
                | Fault::IgnoresLinkLoss,
            )
            | None => {}
        }
        if on {
            let shown = self.face(Digits::DARK);
            self.sight = DisplaySight { told: Digits::DARK, shown };
            self.outputs.push_back(Output::Sight(self.sight));
        } else {
            self.tell(now, Digits::DARK);
        }
    }

    /// It breaks or is replaced.
    fn set_fault(&mut self, now: Instant, fault: Option<Fault>) {
        self.kept = self.sight.shown;
        // A number whose link was lost before must not come back with the fault that ignores the loss.
        self.last = self.sight.told;
        self.fault = fault;
        self.held.clear();
        self.timers.clear(Timer::LagEnds);
        self.tell(now, self.sight.told);
    }

    fn hear(&mut self, now: Instant, bytes: &[u8]) {
        self.decoder.push(bytes);
        loop {
            match self.decoder.poll() {
                Parsed::NeedMore => return,
                Parsed::Frame { frame, used: _ } => {
                    // Two entries with one number: a display works through the frame, the later one stays.
                    let mine = frame.iter().rfind(|entry| entry.number == self.config.number);
                    if let Some(entry) = mine {
                        self.last = digits_of(self.config.edition, entry);
                        self.timers.set(Timer::LinkLost, now + LINK_LOST_AFTER);
                        self.tell(now, self.last);
                    }
                }
                Parsed::Reject { skip, why } => {
                    self.outputs.push_back(Output::Reject { port: Port(0), skipped: skip, why });
                }
            }
        }
    }

    /// From now on the display should show `told`.
    fn tell(&mut self, now: Instant, told: Digits) {
        if let Some(Fault::Lag(span)) = self.fault
            && told != self.sight.told
            && self.powered
        {
            if self.held.len() == LAG_DEPTH {
                self.held.pop_front();
            }
            self.held.push_back((now + span, told));
            self.wait_for_lag();
        }
        self.show(told);
    }

    /// Shows what there is to see while `told` is what it should show.
    fn show(&mut self, told: Digits) {
        let sight = DisplaySight { told, shown: self.face(told) };
        if sight != self.sight {
            self.sight = sight;
            self.outputs.push_back(Output::Sight(sight));
        }
    }

    /// What is seen, whole or broken.
    fn face(&self, told: Digits) -> Digits {
        if !self.powered {
            return Digits::DARK;
        }
        match self.fault {
            None => told,
            Some(Fault::Dark) => Digits::DARK,
            Some(Fault::Frozen | Fault::Lag(_)) => self.kept,
            Some(Fault::MissingSegment) => {
                Digits { seconds: digits::without_upper_right(told.seconds), ..told }
            }
            Some(Fault::WrongColour(_)) if told.colour == Colour::Dark => Digits::DARK,
            Some(Fault::WrongColour(Colour::Dark)) => Digits::DARK,
            Some(Fault::WrongColour(colour)) => Digits { colour, ..told },
            Some(Fault::IgnoresLinkLoss) => self.last,
        }
    }

    fn wait_for_lag(&mut self) {
        match self.held.front() {
            Some(&(at, _)) => self.timers.set(Timer::LagEnds, at),
            None => self.timers.clear(Timer::LagEnds),
        }
    }

    fn run(&mut self, until: Instant) {
        while let Some(wake) = self.timers.wake()
            && let Some(timer) = self.timers.expired(until)
        {
            match timer {
                Timer::LinkLost => self.tell(wake.at, Digits::DARK),
                Timer::LagEnds => {
                    if let Some((_, digits)) = self.held.pop_front() {
                        self.kept = digits;
                    }
                    self.wait_for_lag();
                    self.show(self.sight.told);
                }
            }
        }
    }
}

/// An entry as a face. 2014: 0 s is the wire's word for dark (seconds are 1..255); 2004: 0 is a number.
fn digits_of(edition: Edition, entry: &Entry) -> Digits {
    match (entry.colour, edition) {
        (Colour::Dark, Edition::Y2014 | Edition::Y2004) => Digits::DARK,
        (Colour::Green | Colour::Yellow | Colour::Red, Edition::Y2014) if entry.seconds == 0 => Digits::DARK,
        (colour @ (Colour::Green | Colour::Yellow | Colour::Red), Edition::Y2014 | Edition::Y2004) => {
            Digits { colour, seconds: entry.seconds }
        }
    }
}

impl Device for Countdown {
    type Act = Act;
    type Sight = DisplaySight;

    fn handle_input(&mut self, now: Instant, input: Input<'_, Act>) {
        // A driver that comes late must not let a late broadcast outrun a link that was already lost.
        if self.timers.wake().is_some_and(|wake| wake.at < now) {
            self.run(now.back(Span::from_us(1)));
        }
        match input {
            Input::Bytes { port: Port(0), bytes } if self.powered => self.hear(now, bytes),
            Input::Bytes { .. } | Input::Operator(_) => {}
            Input::Power(on) => self.power(now, on),
            Input::Act(Act::Break(fault)) => self.set_fault(now, Some(fault)),
            Input::Act(Act::Mend) => self.set_fault(now, None),
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.run(now);
    }

    fn poll_output(&mut self) -> Option<Output<DisplaySight>> {
        self.outputs.pop_front()
    }

    fn poll_timeout(&self) -> Option<Wake> {
        self.timers.wake()
    }
}
