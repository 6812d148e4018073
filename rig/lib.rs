//! crossing-rig: a test rig and protocol emulator for adaptive pedestrian-crossing signals.
//!
//! Data goes round once: stimulus, bench, bytes on a cable, controller, bytes, bench, observation, trace,
//! monitor, verdict, report. The room table with what each may look at is in `CONTRIBUTING.md`.

pub mod bench;
pub mod campaign;
pub mod cli;
pub mod driver;
pub mod monitor;
pub mod runner;
pub mod scenario;
pub mod site;
pub mod trace;
