//! The controller against a street of bytes.

mod anything;
mod cameras;
mod clearance;
mod detection;
mod far_side;
mod lamps;
mod last_word_matrices;
mod matrices;
mod modes;
mod normal_cycle;
mod policies;
mod power;
mod service;
mod site;
mod street;
mod voice;

/// The default site, for the tests of single files.
pub(super) fn default_site() -> super::Config {
    site::config()
}

const VEHICLE_RED: u16 = 0b00_1001;
const VEHICLE_YELLOW: u16 = 0b01_0010;
const VEHICLE_GREEN: u16 = 0b10_0100;
const FOOT_RED: u16 = 0b0101 << 6;
const FOOT_GREEN: u16 = 0b1010 << 6;
/// Only the heads at A.
const VEHICLE_A_RED: u16 = 0b001;
const VEHICLE_A_YELLOW: u16 = 0b010;
const FOOT_A_GREEN: u16 = 0b10 << 6;

/// Within 100 ms after (T38; the bus).
#[track_caller]
fn near(actual: Option<u64>, expected: u64) {
    let actual = actual.expect("it happens");
    assert!(actual >= expected && actual <= expected + 100, "{actual} is not {expected}");
}
