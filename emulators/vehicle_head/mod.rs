//! Vehicle signal head: three lamps behind a Modbus relay board with a flash watchdog.
//!
//! Register map and flash unit: [`crate::lamps::map`]. Coil 0 red, 1 yellow, 2 green. Without a valid write it
//! flashes yellow by itself.

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
pub struct VehicleHead {
    board: LampBoard,
}

impl VehicleHead {
    /// A head without power.
    #[must_use]
    pub fn new(config: Config) -> VehicleHead {
        VehicleHead { board: LampBoard::new(Kind::Vehicle, config.unit, config.line) }
    }
}

impl Device for VehicleHead {
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
    fn a_vehicle_head_has_yellow_on_coil_one_and_flashes_it_when_nobody_speaks() {
        let mut stage = Rehearsal::powered(VehicleHead::new(Config { unit: 9, line: LINE }));
        stage.ask(100, 9, &Request::WriteCoil(map::VEHICLE_YELLOW, map::ON));
        stage.ask(200, 9, &Request::WriteCoils(0, vec![false, false, true].into()));
        stage.run_to(1_200);
        let yellow = Lamps { yellow: true, ..Lamps::default() };
        let green = Lamps { green: true, ..Lamps::default() };
        let sight = |lamps| HeadSight { driven: lamps, lit: lamps };
        assert_eq!(stage.sights(), [(100, sight(yellow)), (200, sight(green)), (1_200, sight(yellow))]);
    }
}
