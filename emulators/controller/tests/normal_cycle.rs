//! F4 and F5: start-up, the reported evening peak, flashing, countdowns.

use super::super::CountdownTarget;
use super::street::Street;
use super::*;
use crate::time::Instant;
use crate::wire::gat508::Colour;

/// End of the first frame that shows somebody who arrives at kerb A at 60 s.
const SEEN: u64 = 60_129;
const DECISION: u64 = SEEN + 20_000;
const WALK: u64 = DECISION + 15_000;

/// Somebody arrives at kerb A at 60 s, walks with the green and needs 12 s.
fn evening_peak(mut street: Street) -> Street {
    street.run_to(60_000);
    street.wait(0, 1);
    street.run_to(96_000);
    street.walk(0, 1);
    street.run_to(108_000);
    street.arrive();
    street.run_to(160_000);
    street
}

#[test]
fn starts_up_through_flash_and_all_red() {
    let mut street = Street::new();
    street.run_to(20_000);
    near(street.first(0, |sight| sight.lit == VEHICLE_YELLOW), 0);
    near(street.first(0, |sight| sight.lit == VEHICLE_RED | FOOT_RED), 10_000);
    near(street.first(0, |sight| sight.lit == VEHICLE_GREEN | FOOT_RED), 15_000);
    assert_eq!(street.first(0, |sight| sight.lit & FOOT_GREEN != 0), None);
    assert_eq!(street.watchdogs, [1_000; 4]);
    assert_eq!([street.posts[0][3], street.posts[1][3]], [1_000; 2]);
}

#[test]
fn the_evening_peak_runs_as_reported() {
    let street = evening_peak(Street::new());
    near(street.first(0, |sight| sight.pedestrian_digits == (Some(Colour::Red), 15)), DECISION);
    near(street.first(0, |sight| sight.vehicle_digits == (Some(Colour::Green), 15)), DECISION);
    near(street.first(SEEN, |sight| sight.lit == VEHICLE_YELLOW | FOOT_RED), DECISION + 10_000);
    near(street.first(SEEN, |sight| sight.lit == VEHICLE_RED | FOOT_RED), DECISION + 13_000);
    near(street.first(0, |sight| sight.lit == VEHICLE_RED | FOOT_GREEN), WALK);
    near(street.first(WALK + 500, |sight| sight.lit & FOOT_RED == FOOT_RED), WALK + 15_000);
    near(street.first(WALK + 500, |sight| sight.lit & VEHICLE_GREEN != 0), WALK + 20_000);
    insta::with_settings!({ snapshot_path => "../../../fixtures/snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("controller_evening_peak_strip", street.strip(76, 124));
    });
}

#[test]
fn twin_heads_change_within_50_ms() {
    let street = evening_peak(Street::new());
    for (a, b) in [(VEHICLE_A_YELLOW, 3), (VEHICLE_A_RED, 3), (FOOT_A_GREEN, 2)] {
        let at = |bits: u16| street.first(SEEN, move |sight| sight.lit & bits == bits).expect("lit");
        assert!(at(a).abs_diff(at(a << b)) <= 50);
    }
}

#[test]
fn the_flash_begins_lit_ends_dark_and_has_one_second_per_period() {
    let street = evening_peak(Street::new());
    let flash = WALK + 7_000;
    for half in 0..16 {
        let at = Instant::from_ms(flash + half * 500 + 250);
        let lit = street.sight_at(at).lit & FOOT_GREEN != 0;
        assert_eq!(lit, half % 2 == 0, "half period {half}");
    }
    near(street.first(flash + 250, |sight| sight.lit & FOOT_GREEN == 0), flash + 500);
    near(street.first(flash + 7_750, |sight| sight.lit & FOOT_RED == FOOT_RED), flash + 8_000);
}

#[test]
fn the_countdowns_fall_by_one_every_second_and_end_at_the_change() {
    let street = evening_peak(Street::new());
    for second in 0..15_u64 {
        let left = 15 - u16::try_from(second).expect("few");
        let sight = street.sight_at(Instant::from_ms(DECISION + second * 1_000 + 100));
        let colour = match second {
            0..10 => Colour::Green,
            10..13 => Colour::Yellow,
            _ => Colour::Red,
        };
        assert_eq!(sight.vehicle_digits, (Some(colour), left));
        assert_eq!(sight.pedestrian_digits, (Some(Colour::Red), left));
        let sight = street.sight_at(Instant::from_ms(WALK + second * 1_000 + 100));
        assert_eq!(sight.vehicle_digits, (Some(Colour::Dark), 0));
        assert_eq!(sight.pedestrian_digits, (Some(Colour::Green), left));
        near(street.first(DECISION + second * 1_000 - 20, |sight| sight.pedestrian_digits.1 == left), {
            DECISION + second * 1_000
        });
    }
    let after = street.sight_at(Instant::from_ms(WALK + 15_100));
    assert_eq!((after.vehicle_digits.1, after.pedestrian_digits.1), (0, 0));
}

#[test]
fn the_vehicle_countdown_runs_to_what_the_site_says() {
    for (target, first) in [(CountdownTarget::VehicleRed, 13), (CountdownTarget::VehicleYellow, 10)] {
        let mut config = site::config();
        config.timing.countdown_target = target;
        let street = evening_peak(Street::with(config, None));
        let sight = street.sight_at(Instant::from_ms(DECISION + 100));
        assert_eq!(sight.vehicle_digits, (Some(Colour::Green), first));
        assert_eq!(sight.pedestrian_digits, (Some(Colour::Red), 15));
        let after = street.sight_at(Instant::from_ms(DECISION + u64::from(first) * 1_000 + 100));
        assert_eq!(after.vehicle_digits.1, 0);
    }
}

#[test]
fn displays_hear_something_at_least_every_second() {
    let street = evening_peak(Street::new());
    for pair in street.broadcasts.windows(2) {
        assert!(pair[1].since(pair[0]).as_ms() <= 1_050, "silence from {}", pair[0]);
    }
    assert!(street.broadcasts[0].as_us() < 100_000);
}

#[test]
fn every_unit_is_written_at_least_every_550_ms() {
    let street = evening_peak(Street::new());
    for unit in 1..=6 {
        let writes: Vec<_> = street.writes.iter().filter(|(_, to)| *to == unit).collect();
        for pair in writes.windows(2) {
            assert!(pair[1].0.since(pair[0].0).as_ms() <= 550, "unit {unit} after {}", pair[0].0);
        }
    }
}

#[test]
fn without_anybody_the_vehicles_rest_at_green() {
    let mut street = Street::new();
    street.run_to(3_600_000);
    assert_eq!(street.first(16_000, |sight| sight.lit != VEHICLE_GREEN | FOOT_RED), None);
}

#[test]
fn the_decision_waits_for_the_minimum_green() {
    let mut street = Street::new();
    street.run_to(10_000);
    street.wait(1, 2);
    street.run_to(60_000);
    // Green began at 15 s; 25 s later the decision, 15 s later the walk.
    near(street.first(0, |sight| sight.pedestrian_digits.1 == 15), 40_000);
    near(street.first(0, |sight| sight.lit & FOOT_GREEN != 0), 55_000);
}
