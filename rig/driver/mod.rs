//! Drivers bring a bench, a controller and a clock together. They decide nothing about traffic.

pub mod calibration;
mod clock;
pub mod live;
pub mod port;
mod ports_file;
pub mod probe;
mod record;
mod script;
mod virtual_time;

use crate::trace::Record;

use emulators::time::Instant;

pub use clock::{Alarm, WallClock};
pub use ports_file::{ActionBy, PortsFile, UNMEASURED_PTY};
pub use script::{Fixed, Script};
pub use virtual_time::{Ended, VirtualRun};

/// Whoever watches a run: writes records down, judges them, may ask for the end.
pub trait Witness {
    /// The clock moves on to `now`: everything that was due before has been answered or not.
    fn advance(&mut self, now: Instant);
    /// Something happened. Records come in order.
    fn record(&mut self, record: Record);
    /// Whether the run shall stop here.
    fn wants_stop(&self) -> bool;
}
