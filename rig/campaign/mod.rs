//! Scenarios that nobody thought of: generated, run, shrunk to something a person can read.

mod coverage;
mod earnest;
#[cfg(test)]
mod earnest_tests;
mod exercised;
mod generate;
mod hunt;
mod minimise;
mod piece;
mod player;
pub mod teeth;
#[cfg(test)]
mod tests;

pub use coverage::{Coverage, Phase};
pub use earnest::{Came, Earnest, Proposal, Shrunk, Sighting};
pub use exercised::{Exercised, Row};
pub use generate::{Palette, Swarm, Waits};
pub use hunt::{Attempt, BENCH_SEED, Found, Hunt, first_broken};
pub use piece::{Deed, Onset, Piece};
pub use player::{Player, Resolved};
