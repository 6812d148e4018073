//! Devices of a pedestrian crossing as machines without input or output.
//!
//! Every device takes bytes and instants and gives bytes and states. Nothing here has a port, a clock, a file
//! or randomness that is not seeded by its owner; the same inputs give the same outputs on every machine.
//!
//! See [`device`] for the contract, [`wire`] for the protocols, and the register maps in each device's module.

pub mod cable;
pub mod camera;
pub mod controller;
pub mod countdown;
pub mod crowd;
pub mod device;
pub mod discrete_inputs;
pub mod lamp_sense;
pub mod lamps;
pub mod light_post;
pub mod pedestrian_head;
#[cfg(test)]
mod rehearsal;
pub mod service_panel;
pub mod time;
pub mod timer;
pub mod vehicle_head;
pub mod wire;
