//! Timed properties over the trace. The judge knows records and the site's limits, nothing else.

mod assemble;
mod board;
mod bound;
mod compile;
mod edge;
mod engine;
mod expr;
mod judge;
#[cfg(test)]
mod naive;
pub mod observe;
mod parse;
mod parts;
mod pattern;
mod predicate;
mod property;
mod signal;
mod tally;
#[cfg(test)]
mod tests;
mod timers;
mod verdict;

pub use engine::Engine;
pub use judge::{Judge, Seen, catalogue};
pub use property::{Check, Property, PropertyError, load};
pub use signal::{Change, Domain, SignalId, Value, Vocabulary};
pub use verdict::{Found, KEPT, Margin, PropertyResult, Unit, Verdict, Violation};
