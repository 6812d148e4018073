//! Scenarios that nobody thought of: generated, run, shrunk to something a person can read.

mod exercised;
mod generate;
mod hunt;
mod minimise;
mod piece;
mod player;
#[cfg(test)]
mod tests;

pub use exercised::{Exercised, Row};
pub use generate::{Palette, Swarm, Waits};
pub use hunt::{Found, Hunt, Progress};
pub use piece::{Deed, Onset, Piece};
pub use player::{Player, Resolved};
