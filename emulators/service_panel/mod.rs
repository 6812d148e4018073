//! Service panel: the rig's own Modbus client on the controller's service port.

use crate::device::{Device, Input, Output, Wake};
use crate::time::{Instant, Line, Span};

/// The panel's wiring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The controller's Modbus unit on this cable.
    pub unit: u8,
    /// The service cable.
    pub line: Line,
    /// How often the panel reads the controller's input registers.
    pub period: Span,
}

/// What a person at the panel can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Write a holding register.
    Write {
        /// Register.
        register: u16,
        /// Value.
        value: u16,
    },
}

/// The panel. Port 0 is the service cable. What it learns is on the cable for everybody to see.
#[derive(Clone, Debug)]
pub struct ServicePanel {
    config: Config,
}

impl ServicePanel {
    /// A panel without power.
    #[must_use]
    pub fn new(config: Config) -> ServicePanel {
        ServicePanel { config }
    }
}

impl Device for ServicePanel {
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
