//! Packets: delimiters, escaping, checksum, addresses. Accepts any object and operation.

use crate::wire::Parsed;

/// Which checksum a site's cameras use over link address..content (both: x16+x15+x2+1, init FFFF, xorout 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crc {
    /// CRC-16/MODBUS (reflected).
    Modbus,
    /// CRC-16/CMS (not reflected).
    Cms,
}

/// Who sends or receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// Administrative code, six decimal digits, e.g. 110112 (Tongzhou). 24 bits on the wire.
    pub admin: u32,
    /// Device type bit mask: 0x0001 controller, 0x0010 video detector.
    pub kind: u16,
    /// Device number; FFFF is broadcast.
    pub number: u16,
}

/// One frame's content, checksum verified and escapes removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Link address, 0 in this edition.
    pub link: u16,
    /// Who sent it.
    pub sender: Address,
    /// Who shall receive it.
    pub receiver: Address,
    /// Protocol version, 0x10.
    pub version: u8,
    /// 80 query, 81 set, 82 upload, 83 query reply, 84 set reply, 85 upload reply, 86 error reply.
    pub operation: u8,
    /// Object, e.g. 0x0801 (sent high byte last: `01 08` is 0801).
    pub object: u16,
    /// The rest.
    pub content: Vec<u8>,
}

impl Packet {
    /// Appends the frame, delimiters and escapes included, to `out`.
    pub fn emit(&self, crc: Crc, out: &mut Vec<u8>) {
        let _ = (crc, out);
        todo!()
    }
}

/// Collects bytes and finds packets in them. Holds at most 8 KiB; more without a delimiter is rejected.
#[derive(Clone, Debug)]
pub struct Decoder {
    crc: Crc,
}

impl Decoder {
    /// A decoder for one direction of one cable.
    #[must_use]
    pub fn new(crc: Crc) -> Decoder {
        Decoder { crc }
    }

    /// Adds bytes as they arrive.
    pub fn push(&mut self, bytes: &[u8]) {
        let _ = (bytes, self.crc);
        todo!()
    }

    /// The next packet or reject; `NeedMore` ends the draining. A C0 that ends a rejected body also opens
    /// the next frame.
    pub fn poll(&mut self) -> Parsed<Packet> {
        todo!()
    }

    /// Forgets what was collected (power lost, port closed).
    pub fn clear(&mut self) {
        todo!()
    }
}
