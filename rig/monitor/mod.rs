//! Timed properties over the trace. The judge knows records and the site's limits, nothing else.

pub mod observe;
mod signal;

pub use signal::{Change, Domain, SignalId, Value, Vocabulary};
