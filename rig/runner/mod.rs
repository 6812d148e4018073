//! One run, a suite of runs, a replay, and what came of them.

mod live;
mod outcome;
mod pair;
mod ports;
mod recorder;
mod replay;
mod run;
mod subject;

pub use live::run_soft;
pub use outcome::{Outcome, Status, Tally};
pub use ports::Table;
pub use replay::{ReplayError, replay};
pub(crate) use run::decoding;
pub use run::{Options, RunError, play, run, run_on};
pub use subject::{Soft, Subject};
