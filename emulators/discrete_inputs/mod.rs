//! Discrete-input module: opto-isolated inputs read over Modbus (lamp feedback; lamp sense on a bench).

use crate::device::{Device, Input, Output, Wake};
use crate::time::{Instant, Line};

/// A module's wiring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Modbus unit, 1..247.
    pub unit: u8,
    /// Its bus.
    pub line: Line,
    /// Number of inputs, 1..64. Input n is discrete input n.
    pub inputs: u8,
}

/// What can happen to the module besides bytes and power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// An input's wire carries voltage, or no longer does.
    Wire {
        /// Input, from 0.
        input: u8,
        /// Voltage present.
        on: bool,
    },
}

/// The module. Port 0 is its bus. Nothing of it can be seen.
#[derive(Clone, Debug)]
pub struct DiscreteInputs {
    config: Config,
}

impl DiscreteInputs {
    /// A module without power.
    #[must_use]
    pub fn new(config: Config) -> DiscreteInputs {
        DiscreteInputs { config }
    }
}

impl Device for DiscreteInputs {
    type Act = Act;
    type Sight = ();
    fn handle_input(&mut self, now: Instant, input: Input<'_, Act>) {
        let _ = (now, input, &self.config);
        todo!()
    }
    fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
        todo!()
    }
    fn poll_output(&mut self) -> Option<Output<()>> {
        todo!()
    }
    fn poll_timeout(&self) -> Option<Wake> {
        todo!()
    }
}
