//! Packets: addresses, checksum, escaping. Accepts any object and operation.
//!
//! ```text
//! C0 | link 2 | sender 7 | receiver 7 | version 1 | operation 1 | object 2 | content n | CRC 2 | C0
//! ```
//!
//! Everything is little-endian, the checksum too (in both variants). Escapes are applied after the checksum to
//! everything between the delimiters: `C0` is sent as `DB DC`, `DB` as `DB DD`. There is no length field.
//! [`Packet`] has a `Display` that prints any content.

use ::crc::{CRC_16_CMS, CRC_16_MODBUS, Table};

/// Opens and ends a frame.
pub(super) const DELIMITER: u8 = 0xc0;
/// Announces an escaped byte.
pub(super) const ESCAPE: u8 = 0xdb;
/// After [`ESCAPE`]: a C0.
pub(super) const ESCAPED_DELIMITER: u8 = 0xdc;
/// After [`ESCAPE`]: a DB.
pub(super) const ESCAPED_ESCAPE: u8 = 0xdd;
/// Link address .. object.
pub(super) const HEADER: usize = 20;
/// The checksum's bytes.
pub(super) const CHECKSUM: usize = 2;

/// The protocol version of this edition.
pub const VERSION: u8 = 0x10;

// Sixteen tables each: the checksum is the dearest part of a frame.
static MODBUS: ::crc::Crc<u16, Table<16>> = ::crc::Crc::<u16, Table<16>>::new(&CRC_16_MODBUS);
static CMS: ::crc::Crc<u16, Table<16>> = ::crc::Crc::<u16, Table<16>>::new(&CRC_16_CMS);

/// Which checksum a site's cameras use over link address..content (both: x16+x15+x2+1, init FFFF, xorout 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crc {
    /// CRC-16/MODBUS (reflected).
    Modbus,
    /// CRC-16/CMS (not reflected).
    Cms,
}

impl Crc {
    /// The checksum of a body, escapes removed. Sent low byte first in both variants.
    #[must_use]
    pub fn of(self, body: &[u8]) -> u16 {
        match self {
            Crc::Modbus => MODBUS.checksum(body),
            Crc::Cms => CMS.checksum(body),
        }
    }
}

/// Who sends or receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// Administrative code, six decimal digits, e.g. 110112 (Tongzhou). 24 bits on the wire: higher bits are
    /// not sent.
    pub admin: u32,
    /// Device type bit mask: 0x0001 controller, 0x0010 video detector.
    pub kind: u16,
    /// Device number; FFFF is broadcast.
    pub number: u16,
}

impl Address {
    /// Bit of a traffic signal controller in [`Address::kind`].
    pub const CONTROLLER: u16 = 0x0001;
    /// Bit of a video detector in [`Address::kind`].
    pub const CAMERA: u16 = 0x0010;
    /// The device number that everybody listens to.
    pub const BROADCAST: u16 = 0xffff;

    fn bytes(self) -> [u8; 7] {
        let [a0, a1, a2, _] = self.admin.to_le_bytes();
        let [k0, k1] = self.kind.to_le_bytes();
        let [n0, n1] = self.number.to_le_bytes();
        [a0, a1, a2, k0, k1, n0, n1]
    }

    fn read([a0, a1, a2, k0, k1, n0, n1]: [u8; 7]) -> Address {
        Address {
            admin: u32::from_le_bytes([a0, a1, a2, 0]),
            kind: u16::from_le_bytes([k0, k1]),
            number: u16::from_le_bytes([n0, n1]),
        }
    }
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
        out.reserve(HEADER + self.content.len() + CHECKSUM + 2 + 8);
        out.push(DELIMITER);
        let body = out.len();
        let mut header = [0; HEADER];
        header[0..2].copy_from_slice(&self.link.to_le_bytes());
        header[2..9].copy_from_slice(&self.sender.bytes());
        header[9..16].copy_from_slice(&self.receiver.bytes());
        header[16] = self.version;
        header[17] = self.operation;
        header[18..20].copy_from_slice(&self.object.to_le_bytes());
        out.extend_from_slice(&header);
        out.extend_from_slice(&self.content);
        let sum = crc.of(&out[body..]);
        out.extend_from_slice(&sum.to_le_bytes());
        escape_in_place(out, body);
        out.push(DELIMITER);
    }

    /// Reads a body without its checksum. `None` where it is shorter than a header.
    pub(super) fn read(body: &[u8]) -> Option<Packet> {
        let (header, content) = body.split_first_chunk::<HEADER>()?;
        let [l0, l1, s0, s1, s2, s3, s4, s5, s6, r0, r1, r2, r3, r4, r5, r6, version, operation, o0, o1] =
            *header;
        Some(Packet {
            link: u16::from_le_bytes([l0, l1]),
            sender: Address::read([s0, s1, s2, s3, s4, s5, s6]),
            receiver: Address::read([r0, r1, r2, r3, r4, r5, r6]),
            version,
            operation,
            object: u16::from_le_bytes([o0, o1]),
            content: content.to_vec(),
        })
    }
}

/// Escapes `out[from..]`. Most bodies need no escape, so they are looked at before anything moves.
fn escape_in_place(out: &mut Vec<u8>, from: usize) {
    let special = |byte: u8| byte == DELIMITER || byte == ESCAPE;
    let extra = out[from..].iter().filter(|&&byte| special(byte)).count();
    if extra == 0 {
        return;
    }
    let mut read = out.len();
    out.resize(read + extra, 0);
    let mut write = out.len();
    while read > from && write > read {
        read -= 1;
        let (first, second) = match out[read] {
            DELIMITER => (Some(ESCAPE), ESCAPED_DELIMITER),
            ESCAPE => (Some(ESCAPE), ESCAPED_ESCAPE),
            plain => (None, plain),
        };
        write -= 1;
        out[write] = second;
        if let Some(first) = first {
            write -= 1;
            out[write] = first;
        }
    }
}
