//! People at the crossing: they arrive, wait, look at the head, walk at their own speed, give up, run the red.

use crate::device::{Device, Input, Output, Wake};
use crate::time::{Instant, Span};

/// The place people move in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Carriageway width, kerb to kerb, in mm.
    pub width_mm: u32,
    /// Most people the crowd holds; more are refused. At most 10,000.
    pub limit: usize,
}

/// A kerb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kerb {
    /// Kerb A; walking from here is "up".
    A,
    /// Kerb B; walking from here is "down".
    B,
}

/// What a person does after arriving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Waits for green and crosses.
    Crosses,
    /// Walks on red after waiting this long (zero: at once).
    RunsRed(Span),
    /// Goes away after this long without crossing, if green has not come.
    GivesUp(Span),
    /// Waits for green, walks half way, returns.
    TurnsBack,
    /// Steps on only during flashing green.
    StartsLate,
    /// Stands there and never crosses (removed only by `Leave`).
    Stands,
}

/// What can happen to the crowd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// People arrive together.
    Arrive {
        /// Where.
        kerb: Kerb,
        /// How many, at least 1.
        count: u16,
        /// Walking speed in mm/s, at least 100.
        speed_mm_s: u32,
        /// What they do.
        habit: Habit,
    },
    /// The longest-waiting people leave without crossing.
    Leave {
        /// Where.
        kerb: Kerb,
        /// How many; more than there are = all.
        count: u16,
    },
    /// The green lamp of the pedestrian heads is seen lit or not lit (by the crowd at that kerb's head).
    Green(bool),
}

/// Where people are now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct CrowdSight {
    /// Waiting at kerb A and B.
    pub waiting: [u16; 2],
    /// On the crosswalk, walking up (from A) and down (from B).
    pub walking: [u16; 2],
}

/// The crowd. It has no ports.
#[derive(Clone, Debug)]
pub struct Crowd {
    config: Config,
}

impl Crowd {
    /// An empty street.
    #[must_use]
    pub fn new(config: Config) -> Crowd {
        Crowd { config }
    }
}

impl Device for Crowd {
    type Act = Act;
    type Sight = CrowdSight;
    fn handle_input(&mut self, now: Instant, input: Input<'_, Act>) {
        let _ = (now, input, &self.config);
        todo!()
    }
    fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
        todo!()
    }
    fn poll_output(&mut self) -> Option<Output<CrowdSight>> {
        todo!()
    }
    fn poll_timeout(&self) -> Option<Wake> {
        todo!()
    }
}
