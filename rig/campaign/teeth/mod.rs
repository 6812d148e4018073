//! Proof that the rig bites: deliberately wrong controllers, and what it takes to see through each.
//!
//! A defect is a patch (`fixtures/defects/`). The [`Workshop`] applies each to a copy of the soft controller's source; all
//! copies become modules of one crate outside the default build. That crate's program is [`serve`] with a table of
//! controllers: it lets suite and exploration at each of them and tells what came of it, a line of JSON each.

mod bite;
mod defect;
mod matrix;
mod odds;
mod tryout;
mod workshop;

pub use bite::{Bite, Caught, Made, Make, Order, Search, Task, serve};
pub use defect::Defect;
pub use matrix::Matrix;
pub use odds::{Odds, odds_tasks};
pub use tryout::{tasks, try_out};
pub use workshop::{TeethError, Workshop};
