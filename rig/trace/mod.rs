//! What happened on the bench, in order: records, their form on disk, and how people read them.

pub mod aspect;
mod record;

pub use record::{Frame, HeadName, Header, Record, What};
