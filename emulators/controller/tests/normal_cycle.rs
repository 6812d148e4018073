//! F4 to F6: start-up, the reported evening peak, countdowns, voice.

use super::street::Street;
use crate::wire::gat508::Colour;

const VEHICLE_RED: u16 = 0b001_001;
const VEHICLE_YELLOW: u16 = 0b010_010;
const VEHICLE_GREEN: u16 = 0b100_100;
const FOOT_RED: u16 = 0b01_01 << 6;
const FOOT_GREEN: u16 = 0b10_10 << 6;

/// Somebody arrives at kerb A at 60 s; the first frame that shows them ends at about 60.125 s.
fn evening_peak() -> (Street, u64) {
    let mut street = Street::new();
    street.run_to(60_000);
    street.wait(0, 1);
    street.run_to(96_000);
    street.walk(0, 1);
    street.run_to(108_000);
    street.arrive();
    street.run_to(160_000);
    (street, 60_125)
}

/// Within 100 ms (T38).
#[track_caller]
fn near(actual: Option<u64>, expected: u64) {
    let actual = actual.expect("it happens");
    assert!(actual >= expected && actual <= expected + 100, "{actual} is not {expected}");
}

#[test]
fn starts_up_through_flash_and_all_red() {
    let mut street = Street::new();
    street.run_to(20_000);
    println!("{}", street.strip(0, 20));
    near(street.first(0, |sight| sight.lit == VEHICLE_YELLOW), 0);
    near(street.first(0, |sight| sight.lit == VEHICLE_RED | FOOT_RED), 10_000);
    near(street.first(0, |sight| sight.lit == VEHICLE_GREEN | FOOT_RED), 15_000);
    assert_eq!(street.first(0, |sight| sight.lit & FOOT_GREEN != 0), None);
    assert_eq!(street.watchdogs, [1_000; 4]);
    assert_eq!([street.posts[0][3], street.posts[1][3]], [1_000; 2]);
}

#[test]
fn the_evening_peak_runs_as_reported() {
    let (street, seen) = evening_peak();
    println!("{}", street.strip(50, 140));
    let decision = seen + 20_000;
    near(street.first(0, |sight| sight.pedestrian_digits == (Some(Colour::Red), 15)), decision);
    near(street.first(0, |sight| sight.vehicle_digits == (Some(Colour::Green), 15)), decision);
    near(street.first(seen, |sight| sight.lit == VEHICLE_YELLOW | FOOT_RED), decision + 10_000);
    near(street.first(seen, |sight| sight.lit == VEHICLE_RED | FOOT_RED), decision + 13_000);
    near(street.first(0, |sight| sight.lit == VEHICLE_RED | FOOT_GREEN), decision + 15_000);
    near(street.first(decision + 15_500, |sight| sight.lit & FOOT_RED == FOOT_RED), decision + 30_000);
    near(street.first(decision + 15_500, |sight| sight.lit & VEHICLE_GREEN != 0), decision + 35_000);
}
