//! The baselines and the balanced rule.

use super::super::{Config, PolicyChoice};
use super::street::Street;
use super::*;
use crate::time::Span;

fn street(policy: PolicyChoice) -> Street {
    let mut street = Street::with(Config { policy, ..site::config() }, None);
    street.run_to(60_000);
    street
}

fn walks(street: &Street, until: u64) -> Vec<u64> {
    let mut walks = Vec::new();
    let mut from = 60_000;
    while let Some(walk) = street.first(from, |sight| sight.lit & FOOT_GREEN == FOOT_GREEN) {
        if walk >= until {
            break;
        }
        walks.push(walk);
        from = street.first(walk + 14_900, |sight| sight.lit & FOOT_RED == FOOT_RED).unwrap_or(until);
    }
    walks
}

#[test]
fn the_fixed_plan_serves_once_per_cycle_whoever_is_there() {
    let mut street = street(PolicyChoice::FixedTime { cycle: Span::from_secs(90) });
    street.run_to(400_000);
    let walks = walks(&street, 400_000);
    // Vehicle green began at 15 s and lasts 65 s in a cycle of 90 s, the intergreen 5 s.
    near(Some(walks[0]), 85_000);
    assert!(walks.windows(2).all(|pair| (pair[1] - pair[0]).abs_diff(90_000) <= 50), "{walks:?}");
    assert_eq!(walks.len(), 4);
    near(street.first(60_000, |sight| sight.pedestrian_digits.1 == 15), 70_000);
}

#[test]
fn a_pressed_button_is_served_after_the_minimum_green_without_announcement() {
    let mut street = street(PolicyChoice::PushButton);
    street.wait(0, 1);
    street.run_to(65_000);
    street.wait(0, 0);
    street.run_to(120_000);
    // The presence is a press when it has been held for 1 s; yellow 3 s, all red 2 s.
    near(walks(&street, 120_000).first().copied(), 66_129);
    let sight = street.sight_at(crate::time::Instant::from_ms(63_000));
    assert_eq!((sight.pedestrian_digits.1, sight.vehicle_digits.1), (0, 0));
    assert_eq!(street.sight_at(crate::time::Instant::from_ms(66_500)).pedestrian_digits.1, 15);
}

#[test]
fn a_pressed_button_is_latched() {
    let mut street = street(PolicyChoice::PushButton);
    street.wait(0, 1);
    street.run_to(62_000);
    street.wait(0, 0);
    street.run_to(90_000);
    // Again during the buffer: kept until the minimum green is over, though nobody is there any more.
    street.wait(1, 1);
    street.run_to(93_000);
    street.wait(1, 0);
    street.run_to(200_000);
    let walks = walks(&street, 200_000);
    assert_eq!(walks.len(), 2, "{walks:?}");
}

fn balanced(flow: u16) -> PolicyChoice {
    PolicyChoice::Balanced {
        weight: 100,
        flow: [flow; 24],
        saturation: 3_600,
        occupancy_tenths: 15,
        wait_cap: Span::from_secs(30),
    }
}

#[test]
fn the_balanced_rule_serves_more_people_sooner() {
    let first = |people: u8, flow: u16| {
        let mut street = street(balanced(flow));
        street.wait(0, people);
        street.run_to(140_000);
        walks(&street, 140_000)[0]
    };
    // K = 1.5 · (3600 · 800 / 2800) / 3600 · 25² / 2 = 133.9 person·s. Ten people: 150 s in the announcement alone.
    near(Some(first(10, 800)), 61_129 + 15_000);
    // Five people: 133.9 - 75 = 58.9 person·s, 11.79 s.
    near(Some(first(5, 800)), 60_129 + 11_786 + 15_000);
    // One person: the cap of 30 s.
    near(Some(first(1, 800)), 60_129 + 30_000 + 15_000);
    // A road that is full anyway: the cap.
    near(Some(first(10, 3_600)), 60_129 + 30_000 + 15_000);
}

#[test]
fn the_balanced_rule_follows_the_flow_of_the_hour() {
    let mut flow = [3_500; 24];
    flow[17] = 0;
    let PolicyChoice::Balanced { weight, saturation, occupancy_tenths, wait_cap, .. } = balanced(0) else {
        panic!("balanced")
    };
    let mut street = street(PolicyChoice::Balanced { weight, flow, saturation, occupancy_tenths, wait_cap });
    street.wait(0, 1);
    street.run_to(100_000);
    near(walks(&street, 100_000).first().copied(), 61_129 + 15_000);
}

#[test]
fn more_people_never_make_the_walk_later() {
    for choice in [PolicyChoice::Observed, balanced(800), PolicyChoice::PushButton] {
        let mut last = u64::MAX;
        for people in 1..=10 {
            let mut street = street(choice);
            street.wait(0, people);
            street.run_to(120_000);
            let walk = walks(&street, 120_000)[0];
            assert!(walk <= last, "{people} people: {walk} after {last}");
            last = walk;
        }
    }
}
