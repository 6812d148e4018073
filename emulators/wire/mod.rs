//! Wire protocols: one module each. Packet (what the bytes say) and meaning (what that means) are two types;
//! every packet can be printed; no bytes can make a decoder panic or allocate without bound.

pub mod gat508;
pub mod gbt43229;
pub mod modbus;
pub mod service_map;

#[cfg(test)]
pub(crate) mod capture;

/// What a parser makes of the bytes at the front of a buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed<T> {
    /// Not a whole frame yet.
    NeedMore,
    /// A frame, and how many bytes it used.
    Frame {
        /// The frame.
        frame: T,
        /// Bytes used, at least 1.
        used: usize,
    },
    /// These bytes are no frame.
    Reject {
        /// Bytes to skip, at least 1.
        skip: usize,
        /// Why.
        why: &'static str,
    },
}
