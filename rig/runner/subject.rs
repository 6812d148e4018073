//! What is tested in virtual time.

use std::fmt;

use emulators::controller::{Config, Controller};
use emulators::device::Device;

/// Makes controllers: one when a run begins, another after each long loss of supply. `persisted` is what the one before
/// handed over as [`emulators::device::Output::Persist`].
pub trait Subject: Sync + fmt::Debug {
    /// Bytes in, bytes out.
    type Controller: Device<Act = (), Sight = ()>;

    /// A controller without supply.
    fn make(&self, config: &Config, persisted: Option<&[u8]>) -> Self::Controller;
}

/// The soft controller.
#[derive(Clone, Copy, Debug)]
pub struct Soft;

impl Subject for Soft {
    type Controller = Controller;

    fn make(&self, config: &Config, persisted: Option<&[u8]>) -> Controller {
        Controller::new(config.clone(), persisted)
    }
}
