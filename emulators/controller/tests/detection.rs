//! Debounce, hold, cancel and latch of the demand; failing detectors and what takes their place.

use super::super::map::{self, Mode, log as code};
use super::street::Street;
use super::*;

/// A street that has been quiet for a while.
fn quiet() -> Street {
    let mut street = Street::new();
    street.run_to(60_000);
    street
}

fn demand(street: &mut Street) -> (u16, u16) {
    (street.register(map::DEMAND_A), street.register(map::DEMAND_B))
}

#[track_caller]
fn walk_at(street: &Street, from: u64) -> u64 {
    street.first(from, |sight| sight.lit & FOOT_GREEN == FOOT_GREEN).expect("a walk")
}

#[test]
fn a_presence_of_a_second_is_a_demand_and_a_shorter_one_is_not() {
    let mut street = quiet();
    street.wait(1, 1);
    street.run(500);
    street.wait(1, 0);
    street.run(2_000);
    assert_eq!(demand(&mut street), (0, 0));
    street.wait(1, 1);
    street.run(1_700);
    assert_eq!(demand(&mut street), (0, 1));
}

#[test]
fn drop_outs_shorter_than_the_hold_do_not_restart_the_clock() {
    let mut street = quiet();
    // One frame in three shows the person: 30 % flicker starves a controller that restarts its clock.
    street.wait(0, 1);
    street.run(1_700);
    for _ in 0..12 {
        street.wait(0, 0);
        street.run(2_500);
        street.wait(0, 1);
        street.run(500);
    }
    near(Some(walk_at(&street, 60_000)), 95_129);
}

#[test]
fn a_demand_of_people_who_left_is_cancelled_after_the_hold() {
    let mut street = quiet();
    street.wait(0, 1);
    street.run(10_000);
    street.wait(0, 0);
    street.run(5_000);
    assert_eq!(demand(&mut street), (1, 0));
    street.run(500);
    assert_eq!(demand(&mut street), (0, 0));
    street.run(60_000);
    assert_eq!(street.first(60_000, |sight| sight.lit & FOOT_GREEN != 0), None);
}

#[test]
fn an_announced_change_comes_even_if_everybody_leaves() {
    let mut street = quiet();
    street.wait(0, 1);
    street.run(21_000);
    street.wait(0, 0);
    street.run(30_000);
    near(street.first(60_000, |sight| sight.lit & FOOT_GREEN == FOOT_GREEN), 95_129);
}

#[test]
fn who_comes_during_steady_green_and_goes_with_it_is_served() {
    let mut street = quiet();
    street.wait(0, 1);
    street.run_to(97_000);
    street.walk(0, 2);
    street.run_to(108_000);
    street.arrive();
    street.run_to(240_000);
    assert_eq!(street.register(map::STAGES), 1);
}

#[test]
fn who_is_still_there_at_flashing_green_gets_a_second_walk() {
    let mut street = quiet();
    street.wait(0, 1);
    street.run_to(99_000);
    street.eyes[0].count = 1;
    street.run_to(108_000);
    street.arrive();
    street.run_to(240_000);
    // Vehicle green again at 115.1 s; minimum green 25 s; announcement 15 s.
    near(street.first(116_000, |sight| sight.lit & FOOT_GREEN == FOOT_GREEN), 155_130);
}

#[test]
fn the_second_kerb_joins_and_swapping_kerbs_changes_no_lamp() {
    let strips: Vec<String> = [0, 1]
        .into_iter()
        .map(|kerb| {
            let mut street = Street::in_step(site::config());
            street.run_to(60_000);
            street.wait(kerb, 1);
            street.run(10_000);
            street.wait(1 - kerb, 3);
            street.run_to(100_000);
            street.strip(60, 100)
        })
        .collect();
    assert_eq!(strips[0], strips[1]);
}

#[test]
fn a_silent_camera_is_lost_within_half_a_second_and_its_kerb_recalled() {
    let mut street = quiet();
    street.eyes[0].silent = true;
    street.run(1_500);
    assert!(!street.log().contains(&(code::DETECTOR_LOST, 0)));
    street.run_to(63_400);
    assert_eq!(street.register(map::DETECTOR_A), 1);
    assert!(street.log().contains(&(code::DETECTOR_LOST, 0)));
    street.run_to(400_000);
    assert_eq!(street.register(map::MODE), Mode::Normal as u16);
    assert_eq!(demand(&mut street), (1, 0));
    // The lost camera also watches the crosswalk: 5 s buffer and 10 s of extension each time.
    let first = walk_at(&street, 60_000);
    let second = walk_at(&street, first + 20_000);
    let third = walk_at(&street, second + 20_000);
    assert!(second - first <= 75_000 && third - second <= 75_000, "{first} {second} {third}");
    assert!(second - first >= 70_000, "bounded rate: {first} {second}");
}

#[test]
fn the_other_kerb_still_works_when_one_camera_is_lost() {
    let mut street = quiet();
    street.eyes[0].silent = true;
    street.run_to(130_000);
    let recalled = walk_at(&street, 60_000);
    assert!(recalled < 130_000);
    let green = street.first(recalled + 16_000, |sight| sight.lit & VEHICLE_GREEN == VEHICLE_GREEN);
    street.wait(1, 1);
    street.run(60_000);
    let green = green.expect("vehicle green");
    let again = walk_at(&street, recalled + 20_000);
    assert!(again <= green.max(130_000) + 41_000, "{again}");
}

#[test]
fn both_cameras_lost_is_fallback_with_the_fixed_plan() {
    let mut street = quiet();
    street.eyes[0].silent = true;
    street.eyes[1].silent = true;
    street.run_to(64_000);
    assert_eq!(street.register(map::MODE), Mode::Fallback as u16);
    street.run_to(500_000);
    let first = walk_at(&street, 64_000);
    let second = walk_at(&street, first + 20_000);
    assert!(first <= 64_000 + 90_000);
    assert_eq!(second - first, 90_000);
    assert!(street.first(first - 14_900, |sight| sight.pedestrian_digits.1 == 15).is_some());
}

#[test]
fn a_camera_that_comes_back_is_trusted_after_five_good_frames_and_ten_seconds() {
    let mut street = quiet();
    street.eyes[0].silent = true;
    street.run_to(64_000);
    street.eyes[0].silent = false;
    street.run_to(72_000);
    assert_eq!(street.register(map::DETECTOR_A), 1);
    street.run_to(75_000);
    assert_eq!(street.register(map::DETECTOR_A), 0);
    assert!(street.log().contains(&(code::DETECTOR_OK, 0)));
}

#[test]
fn an_impossible_count_is_held_over_for_two_seconds_and_then_the_zone_is_lost() {
    let mut street = quiet();
    street.wait(1, 61);
    street.run_to(61_300);
    assert_eq!(demand(&mut street), (0, 0));
    street.run_to(62_600);
    assert_eq!(street.register(map::DETECTOR_B), 2);
    assert!(street.log().contains(&(code::DETECTOR_IMPLAUSIBLE, 1)));
}

#[test]
fn a_batch_of_people_is_doubted_for_one_frame_only() {
    let mut street = quiet();
    street.wait(0, 30);
    street.run(4_000);
    assert_eq!(street.register(map::DETECTOR_A), 0);
    assert_eq!(demand(&mut street), (1, 0));
}

#[test]
fn an_overflow_is_a_crowd_and_not_a_fault() {
    let mut street = quiet();
    street.wait(0, 255);
    street.run(4_000);
    assert_eq!(street.register(map::DETECTOR_A), 0);
    assert_eq!(demand(&mut street), (1, 0));
}

#[test]
fn a_presence_over_several_walks_is_stuck_and_becomes_a_recall() {
    let mut config = site::config();
    config.detectors.stuck = crate::time::Span::from_secs(240);
    let mut street = Street::with(config, None);
    street.run_to(60_000);
    street.wait(1, 1);
    street.run_to(400_000);
    assert_eq!(street.register(map::DETECTOR_B), 4);
    let first = walk_at(&street, 330_000);
    street.run_to(700_000);
    let second = walk_at(&street, first + 20_000);
    let third = walk_at(&street, second + 20_000);
    assert!(third - second >= 70_000, "{second} {third}");
    assert!(street.log().contains(&(code::DETECTOR_STUCK, 1)));
    // The last frame that shows the ghost ends 0.25 s from now; the demand is held for 5 s like any other.
    street.run_to(700_000);
    street.wait(1, 0);
    street.run(4_000);
    assert_eq!(street.register(map::DETECTOR_B), 0);
    assert_eq!(street.register(map::DEMAND_B), 1);
    street.run(1_500);
    assert_eq!(street.register(map::DEMAND_B), 0);
}

#[test]
fn a_camera_without_activity_is_flagged_and_believed_again_when_it_sees_somebody() {
    let mut config = site::config();
    config.detectors.no_activity = crate::time::Span::from_secs(120);
    let mut street = Street::with(config, None);
    street.run_to(150_000);
    assert_eq!(street.register(map::DETECTOR_A), 8);
    street.wait(0, 1);
    street.run(10_000);
    assert_eq!(street.register(map::DETECTOR_A), 0);
}

#[test]
fn a_restless_count_is_erratic() {
    let mut config = site::config();
    config.detectors.erratic_per_min = 30;
    let mut street = Street::with(config, None);
    street.run_to(60_000);
    for _ in 0..40 {
        street.wait(0, 1);
        street.run(500);
        street.wait(0, 2);
        street.run(500);
    }
    assert_eq!(street.register(map::DETECTOR_A), 16);
}

#[test]
fn a_person_at_a_kerb_that_fails_is_still_served() {
    let mut street = quiet();
    street.wait(1, 1);
    street.run_to(70_000);
    street.eyes[1].silent = true;
    street.run_to(120_000);
    assert!(walk_at(&street, 60_000) <= 95_400);
}
