//! Pedestrian signal head: red and green behind a Modbus relay board with a flash watchdog.

use crate::device::{Device, Input, Output, Wake};
use crate::lamps::{HeadAct, HeadSight};
use crate::time::{Instant, Line};

/// A head's wiring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Modbus unit, 1..247.
    pub unit: u8,
    /// The lamp bus.
    pub line: Line,
}

/// The head. Port 0 is the lamp bus.
#[derive(Clone, Debug)]
pub struct PedestrianHead {
    config: Config,
}

impl PedestrianHead {
    /// A head without power.
    #[must_use]
    pub fn new(config: Config) -> PedestrianHead {
        PedestrianHead { config }
    }
}

impl Device for PedestrianHead {
    type Act = HeadAct;
    type Sight = HeadSight;
    fn handle_input(&mut self, now: Instant, input: Input<'_, HeadAct>) {
        let _ = (now, input, self.config);
        todo!()
    }
    fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
        todo!()
    }
    fn poll_output(&mut self) -> Option<Output<HeadSight>> {
        todo!()
    }
    fn poll_timeout(&self) -> Option<Wake> {
        todo!()
    }
}
