//! The soft controller: bytes in, bytes out.

mod config;

pub use crate::wire::service_map as map;


pub use config::{
    CameraLink, Config, CountdownTarget, Detectors, FeedbackInputs, Geometry, PolicyChoice, Ports, RedOut,
    Timing, Units, Voice,
};

use crate::device::{Device, Input, Output, Wake};
use crate::time::Instant;

/// The controller.
#[derive(Debug)]
pub struct Controller {
    config: Config,
}

impl Controller {
    /// A controller without power; `persisted` is what it last gave as [`Output::Persist`].
    #[must_use]
    pub fn new(config: Config, persisted: Option<&[u8]>) -> Controller {
        let _ = persisted;
        Controller { config }
    }
}

impl Device for Controller {
    type Act = ();
    type Sight = ();
    fn handle_input(&mut self, now: Instant, input: Input<'_, ()>) {
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
