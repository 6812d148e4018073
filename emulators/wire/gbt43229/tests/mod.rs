//! The tests every codec has: parse, emit, round trip, split, any bytes, single-bit flips; and the limits.

macro_rules! capture {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/captures/gbt43229-", $name, ".hex"))
    };
}

mod any;
mod golden;
mod limits;

use super::*;
use crate::wire::{Parsed, capture};

const CAMERA: Address = Address { admin: 110_112, kind: Address::CAMERA, number: 101 };
const CONTROLLER: Address = Address { admin: 110_112, kind: Address::CONTROLLER, number: 1 };
const AT: DeviceTime = DeviceTime { s: 1_760_000_000, ms: 0 };
const HALF_PAST: DeviceTime = DeviceTime { s: 1_760_000_000, ms: 500 };

fn waiting(count: u8, occupancy: u16, waiting_s: u8) -> ZoneReport {
    ZoneReport { channel: 1, region: Region::Waiting, count, occupancy, waiting_s, up: 0, down: None }
}

fn three_waiting() -> Message {
    Message::RealTime(RealTime { at: AT, zones: vec![waiting(3, 250, 12)] })
}

fn crowded(down: Option<u8>) -> Message {
    let crosswalk = ZoneReport {
        channel: 2,
        region: Region::Crosswalk,
        count: 5,
        occupancy: 125,
        waiting_s: 0,
        up: 3,
        down,
    };
    Message::RealTime(RealTime { at: HALF_PAST, zones: vec![waiting(255, 1_000, 255), crosswalk] })
}

/// Everything a decoder says until it needs more.
fn drain(decoder: &mut Decoder) -> (Vec<Packet>, Vec<(usize, &'static str)>) {
    let (mut frames, mut rejects) = (Vec::new(), Vec::new());
    loop {
        match decoder.poll() {
            Parsed::NeedMore => return (frames, rejects),
            Parsed::Frame { frame, .. } => frames.push(frame),
            Parsed::Reject { skip, why } => rejects.push((skip, why)),
        }
    }
}

fn decode(crc: Crc, bytes: &[u8]) -> (Vec<Packet>, Vec<(usize, &'static str)>) {
    let mut decoder = Decoder::new(crc);
    decoder.push(bytes);
    drain(&mut decoder)
}

fn emitted(packet: &Packet, crc: Crc) -> Vec<u8> {
    let mut out = Vec::new();
    packet.emit(crc, &mut out);
    out
}
