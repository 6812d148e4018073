//! The bulbs of a head: what is lit when the board drives it.

use super::board::Kind;
use super::{Lamp, LampFault, Lamps};
use crate::device::Wake;
use crate::time::{Instant, Span};
use crate::timer::Timers;

crate::timers! {
    /// What the bulbs wait for.
    enum Timer {
        /// A flickering red lamp changes.
        Red = "red flicker edge",
        /// A flickering yellow lamp changes.
        Yellow = "yellow flicker edge",
        /// A flickering green lamp changes.
        Green = "green flicker edge",
    }
}

/// Half of the shortest flicker period that is acted out.
const SHORTEST_HALF: Span = Span::from_ms(10);

/// One bulb.
#[derive(Clone, Copy, Debug, Default)]
struct Bulb {
    fault: Option<LampFault>,
    /// While it flickers: since when it is driven (and broken).
    since: Option<Instant>,
}

/// The bulbs of one head.
#[derive(Clone, Debug)]
pub(super) struct Bulbs {
    red: Bulb,
    yellow: Bulb,
    green: Bulb,
    has_yellow: bool,
    timers: Timers<Timer>,
}

impl Bulbs {
    /// Whole bulbs.
    pub(super) fn new(kind: Kind) -> Bulbs {
        let has_yellow = match kind {
            Kind::Vehicle => true,
            Kind::Pedestrian => false,
        };
        Bulbs {
            red: Bulb::default(),
            yellow: Bulb::default(),
            green: Bulb::default(),
            has_yellow,
            timers: Timers::default(),
        }
    }

    /// A bulb breaks, or is replaced by a whole one.
    pub(super) fn set(&mut self, lamp: Lamp, fault: Option<LampFault>) {
        let bulb = Bulb { fault, since: None };
        match lamp {
            Lamp::Red => self.red = bulb,
            Lamp::Yellow if self.has_yellow => self.yellow = bulb,
            Lamp::Yellow => {}
            Lamp::Green => self.green = bulb,
        }
    }

    /// What is lit at `at`.
    pub(super) fn shine(&mut self, at: Instant, powered: bool, driven: Lamps) -> Lamps {
        Lamps {
            red: self.red.shine(at, powered, driven.red, Timer::Red, &mut self.timers),
            yellow: self.yellow.shine(at, powered, driven.yellow, Timer::Yellow, &mut self.timers),
            green: self.green.shine(at, powered, driven.green, Timer::Green, &mut self.timers),
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Wake> {
        self.timers.wake()
    }
}

impl Bulb {
    fn shine(
        &mut self,
        at: Instant,
        powered: bool,
        driven: bool,
        timer: Timer,
        timers: &mut Timers<Timer>,
    ) -> bool {
        match self.fault {
            Some(LampFault::Flicker(period)) if driven => {
                let since = *self.since.get_or_insert(at);
                let half = Span::from_us(period.div(2).as_us().max(SHORTEST_HALF.as_us()));
                let halves = (at - since).as_us() / half.as_us();
                timers.set(timer, since + half * (halves + 1));
                return halves.is_multiple_of(2);
            }
            Some(LampFault::Flicker(_) | LampFault::Out | LampFault::StuckOn) | None => {}
        }
        self.since = None;
        timers.clear(timer);
        match self.fault {
            None => driven,
            Some(LampFault::StuckOn) => powered,
            Some(LampFault::Out | LampFault::Flicker(_)) => false,
        }
    }
}
