//! P35 to P37: the green that people need, and the time they need to get off the crosswalk.

use super::super::map::log as code;
use super::street::Street;
use super::*;
use crate::time::Span;

const WALK: u64 = 95_129;

/// Somebody waits at kerb A from 60 s on; the walk begins at 95.129 s.
fn walking(street: &mut Street) {
    street.run_to(60_000);
    street.wait(0, 1);
    street.run_to(96_000);
    street.walk(0, 1);
}

#[track_caller]
fn vehicle_green(street: &Street) -> Option<u64> {
    street.first(WALK + 1_000, |sight| sight.lit & VEHICLE_GREEN == VEHICLE_GREEN)
}

#[test]
fn an_empty_crosswalk_is_not_waited_for() {
    let mut street = Street::new();
    walking(&mut street);
    street.run_to(108_000);
    street.arrive();
    street.run_to(140_000);
    near(vehicle_green(&street), WALK + 20_000);
}

#[test]
fn a_slow_walker_is_waited_for_until_the_crosswalk_was_empty_for_the_gap() {
    let mut street = Street::new();
    walking(&mut street);
    street.run_to(118_000);
    street.arrive();
    street.run_to(150_000);
    // The first empty frame ends at 118.145 s, the gap is 1 s.
    near(vehicle_green(&street), 119_129);
    assert!(!street.log().contains(&(code::EXTENSION_EXHAUSTED, 0)));
}

#[test]
fn the_extension_ends_when_it_is_exhausted() {
    let mut street = Street::new();
    walking(&mut street);
    street.run_to(150_000);
    near(vehicle_green(&street), WALK + 30_000);
    assert!(street.log().contains(&(code::EXTENSION_EXHAUSTED, 0)));
}

#[test]
fn a_crosswalk_camera_that_saw_nobody_walk_is_suspect() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.wait(0, 1);
    street.run_to(96_000);
    street.wait(0, 0);
    street.run_to(150_000);
    near(vehicle_green(&street), WALK + 30_000);
    assert!(!street.log().contains(&(code::EXTENSION_EXHAUSTED, 0)));
}

#[test]
fn an_announced_walk_that_nobody_uses_is_not_suspicious() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.wait(0, 1);
    street.run_to(85_000);
    street.wait(0, 0);
    street.run_to(150_000);
    near(vehicle_green(&street), WALK + 20_000);
}

#[test]
fn a_crowd_lengthens_the_green_up_to_the_cap() {
    // 3.2 s + 0.81 N / 5 m + 12.8 s: 16.2 s for 1, 19.24 s for 20, 25.72 s for 60 persons; cap 22 s.
    for (people, total) in [(1, 17), (20, 20), (60, 22), (255, 22)] {
        let mut config = site::config();
        config.timing.count_lengthens_green = true;
        config.timing.walk_max = Span::from_secs(22);
        config.detectors.jump_max = 100;
        let mut street = Street::with(config, None);
        street.run_to(60_000);
        street.wait(0, people);
        street.run_to(96_000);
        let digits = street.sight_at(crate::time::Instant::from_ms(WALK + 100)).pedestrian_digits.1;
        assert_eq!(digits, total);
        street.walk(0, 1);
        street.run_to(140_000);
        let red = street.first(WALK + 500, |sight| sight.lit & FOOT_RED == FOOT_RED);
        near(red, WALK + u64::from(total) * 1_000);
        near(street.first(WALK + u64::from(total) * 1_000 - 8_000, |sight| sight.lit & FOOT_GREEN == 0), {
            WALK + u64::from(total) * 1_000 - 7_500
        });
    }
}
