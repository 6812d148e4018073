//! Before a run: what is plugged in, who is at the other end of each port, and how late ports hand over.

mod ask;
mod diagnose;
mod examine;
mod measure;
mod plugged_in;
mod street;
#[cfg(test)]
mod tests;
mod understood;
mod words;

pub use ask::Question;
pub use diagnose::{Bench, Finding, Proof, Seen, Severity, Trouble, diagnose};
pub use examine::{Examination, ExamineError, Report};
pub use measure::{LoopBack, MeasureError, Measured, Method, measure};
pub use plugged_in::{Adapter, Roots, plugged_in};
pub use understood::{Understood, Voice};
pub use words::{describe, set_timer};
