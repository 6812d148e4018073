//! What happened on the bench, in order: records, their form on disk, and how people read them.

pub mod aspect;
mod file;
mod lines;
mod record;
mod strip;

pub use file::{FORMAT, ReadError, Reader, Writer};
pub use lines::{Decoding, Lines};
pub use record::{Frame, HeadName, Header, Record, What};
pub use strip::{LEGEND, Strip};
