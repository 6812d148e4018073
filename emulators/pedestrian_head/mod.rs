//! Pedestrian signal head: red and green behind a Modbus relay board with a flash watchdog.
//!
//! Register map and flash unit: [`crate::lamps::map`]. Coil 0 red, 1 green. Without a valid write it goes
//! dark by itself.

use crate::device::{Device, Input, Output, Wake};
use crate::lamps::{HeadAct, HeadSight, Kind, LampBoard};
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
    board: LampBoard,
}

impl PedestrianHead {
    /// A head without power.
    #[must_use]
    pub fn new(config: Config) -> PedestrianHead {
        PedestrianHead { board: LampBoard::new(Kind::Pedestrian, config.unit, config.line) }
    }
}

impl Device for PedestrianHead {
    type Act = HeadAct;
    type Sight = HeadSight;

    fn handle_input(&mut self, now: Instant, input: Input<'_, HeadAct>) {
        self.board.handle_input(now, input);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.board.handle_timeout(now);
    }

    fn poll_output(&mut self) -> Option<Output<HeadSight>> {
        self.board.poll_output()
    }

    fn poll_timeout(&self) -> Option<Wake> {
        self.board.poll_timeout()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lamps::{Lamps, map};
    use crate::rehearsal::{LINE, Rehearsal};
    use crate::wire::modbus::Request;

    #[test]
    fn a_pedestrian_head_has_green_on_coil_one_and_is_dark_when_nobody_speaks() {
        let mut stage = Rehearsal::powered(PedestrianHead::new(Config { unit: 9, line: LINE }));
        stage.ask(100, 9, &Request::WriteCoil(map::PEDESTRIAN_GREEN, map::ON));
        stage.ask(200, 9, &Request::WriteCoils(0, vec![true, false].into()));
        stage.run_to(5_000);
        let green = Lamps { green: true, ..Lamps::default() };
        let red = Lamps { red: true, ..Lamps::default() };
        let sight = |lamps| HeadSight { driven: lamps, lit: lamps };
        assert_eq!(
            stage.sights(),
            [(100, sight(green)), (200, sight(red)), (1_200, sight(Lamps::default()))]
        );
    }
}
