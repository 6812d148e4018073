//! What the controller does when lamps and units are not as they should be (P07, P49 to P51, P53).

use super::super::map::{self, Mode, log as code};
use super::super::{Config, RedOut};
use super::street::Street;
use super::*;
use crate::device::Operator;
use crate::time::Instant;

const WALK: u64 = 95_129;
const LAMP_VA_GREEN: u16 = 1 << 2;
const LAMP_VA_RED: u16 = 1;
const LAMP_VB_RED: u16 = 1 << 3;
const LAMP_VA_YELLOW: u16 = 1 << 1;
const LAMP_PA_RED: u16 = 1 << 6;

fn flashing(sight: &street::Sight) -> bool {
    sight.lit & FOOT_RED == 0 && sight.lit & FOOT_GREEN == 0 && sight.lit & VEHICLE_RED == 0
}

/// In the steady green of a walk.
fn walking() -> Street {
    let mut street = Street::new();
    street.run_to(60_000);
    street.wait(0, 1);
    street.run_to(97_000);
    street
}

fn short(street: &mut Street, lamps: u16) {
    street.shorted |= lamps;
    street.look();
}

fn mode(street: &mut Street) -> Option<Mode> {
    Mode::of(street.register(map::MODE))
}

#[test]
fn a_conflict_shorter_than_200_ms_never_trips() {
    for phase in (0..50).step_by(7) {
        let mut street = walking();
        street.run(phase);
        short(&mut street, LAMP_VA_GREEN);
        street.run(199);
        street.shorted = 0;
        street.look();
        street.run(2_000);
        assert_eq!(mode(&mut street), Some(Mode::Normal), "phase {phase}");
    }
}

#[test]
fn a_conflict_that_lasts_leads_to_flash_within_300_ms_whatever_its_phase() {
    for phase in (0..50).step_by(7) {
        let mut street = walking();
        street.run(phase);
        let begin = street.now.as_us() / 1_000;
        short(&mut street, LAMP_VA_GREEN);
        street.run(1_000);
        let dark = street.first(begin, |sight| sight.lit & FOOT_GREEN == 0).expect("dark");
        assert!(dark - begin <= 300, "phase {phase}: {} ms", dark - begin);
        assert!(dark - begin >= 200, "phase {phase}: {} ms", dark - begin);
        assert_eq!(mode(&mut street), Some(Mode::Flash));
        assert!(street.log().contains(&(code::CONFLICT, 0)));
    }
}

#[test]
fn a_latched_fault_survives_a_power_cycle_and_needs_a_reset() {
    let mut street = walking();
    short(&mut street, LAMP_VA_GREEN);
    street.run(1_000);
    let persisted = street.persisted.clone().expect("persisted");
    let mut street = Street::with(site::config(), Some(&persisted));
    street.run_to(30_000);
    assert_eq!(mode(&mut street), Some(Mode::Flash));
    assert!(flashing(&street.sight()));
    assert!(street.log().contains(&(code::CONFLICT, 0)));
    street.operate(Operator::Automatic);
    street.run_to(40_000);
    assert_eq!(mode(&mut street), Some(Mode::Flash));
    let begin = street.now.as_us() / 1_000;
    street.operate(Operator::Reset);
    street.run(20_000);
    near(street.first(begin, |sight| sight.lit == VEHICLE_RED | FOOT_RED), begin);
    near(street.first(begin, |sight| sight.lit == VEHICLE_GREEN | FOOT_RED), begin + 5_000);
    assert!(street.log().contains(&(code::RESET, 0)));
}

#[test]
fn a_reset_is_refused_while_the_stuck_lamp_can_still_be_seen() {
    let mut street = walking();
    short(&mut street, LAMP_VA_GREEN);
    street.run(3_000);
    street.operate(Operator::Reset);
    street.run(1_000);
    assert_eq!(mode(&mut street), Some(Mode::Flash));
    street.shorted = 0;
    street.look();
    street.run(1_000);
    street.operate(Operator::Reset);
    street.run(10_000);
    assert_eq!(mode(&mut street), Some(Mode::Normal));
}

#[test]
fn two_aspects_of_one_head_lead_to_flash_within_450_ms() {
    let mut street = Street::new();
    street.run_to(60_000);
    short(&mut street, LAMP_VA_RED);
    street.run(1_000);
    let flash = street.first(60_000, |sight| sight.lit & FOOT_RED == 0).expect("flash");
    assert!((300..=450).contains(&(flash - 60_000)), "{flash}");
    assert!(street.log().contains(&(code::DUAL_INDICATION, 0)));
}

#[test]
fn both_vehicle_reds_out_lead_to_flash_within_a_second() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.broken = LAMP_VA_RED | LAMP_VB_RED;
    street.wait(0, 1);
    street.run_to(110_000);
    let red = 80_129 + 13_000;
    let flash = street.first(red, |sight| sight.lit & FOOT_RED == 0).expect("flash");
    assert!(flash - red <= 1_000 && flash - red >= 450, "{}", flash - red);
    assert_eq!(street.first(0, |sight| sight.lit & FOOT_GREEN != 0), None);
    assert!(street.log().contains(&(code::VEHICLE_REDS_OUT, 0)));
}

#[test]
fn an_acknowledged_red_failure_is_found_again_if_it_was_not_mended() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.broken = LAMP_VA_RED | LAMP_VB_RED;
    street.wait(0, 1);
    street.run_to(110_000);
    street.operate(Operator::Reset);
    street.run(3_000);
    assert_eq!(mode(&mut street), Some(Mode::Flash));
    street.broken = 0;
    street.operate(Operator::Reset);
    street.run(7_000);
    assert_eq!(mode(&mut street), Some(Mode::Normal));
}

#[test]
fn one_vehicle_red_out_lengthens_the_next_all_red_and_is_logged_once() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.broken = LAMP_VB_RED;
    street.wait(0, 1);
    street.run_to(200_000);
    let log = street.log();
    assert_eq!(log.iter().filter(|entry| **entry == (code::VEHICLE_RED_OUT, 1)).count(), 1);
    // The walk that was announced when the lamp failed came on time; the next one has 2 s more of all red.
    near(street.first(60_000, |sight| sight.lit & FOOT_GREEN == FOOT_GREEN), WALK);
    let red =
        street.first(WALK + 30_000, |sight| sight.lit & (VEHICLE_A_RED | VEHICLE_YELLOW) == VEHICLE_A_RED);
    let walk = street.first(WALK + 30_000, |sight| sight.lit & FOOT_GREEN == FOOT_GREEN);
    near(walk, red.expect("red") + 4_000 - 20);
}

#[test]
fn a_pedestrian_red_out_inhibits_the_walk_until_it_is_mended() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.broken = LAMP_PA_RED;
    street.wait(0, 1);
    street.run_to(200_000);
    assert_eq!(street.first(0, |sight| sight.lit & FOOT_GREEN != 0), None);
    assert_eq!(mode(&mut street), Some(Mode::Normal));
    assert!(street.log().contains(&(code::PEDESTRIAN_RED_OUT, 2)));
    street.broken = 0;
    street.look();
    street.run_to(230_000);
    assert!(street.first(0, |sight| sight.lit & FOOT_GREEN != 0).is_some());
    assert!(street.log().contains(&(code::LAMP_OK, 8)));
}

#[test]
fn a_pedestrian_red_that_fails_during_the_announcement_withdraws_it_at_once() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.wait(0, 1);
    street.run_to(85_000);
    street.broken = LAMP_PA_RED;
    street.look();
    street.run_to(120_000);
    let dark = street.first(85_000, |sight| sight.pedestrian_digits.1 == 0).expect("dark");
    assert!(dark < 86_000);
    assert_eq!(street.first(60_000, |sight| sight.lit & VEHICLE_YELLOW != 0), None);
}

#[test]
fn a_broken_off_announcement_for_somebody_who_left_long_ago_leaves_the_vehicles_their_green() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.wait(0, 1);
    street.run_to(81_000);
    street.wait(0, 0);
    street.run_to(89_000);
    let begin = street.history.len();
    street.broken = LAMP_PA_RED;
    street.look();
    street.run(10_000);
    let lamps = |sight: &street::Sight| sight.lit & (VEHICLE_RED | LAMP_VA_YELLOW | LAMP_VA_GREEN);
    assert!(street.history[begin..].iter().all(|(_, sight)| lamps(sight) == LAMP_VA_GREEN));
    assert_eq!(street.sight().pedestrian_digits.1, 0, "withdrawn");
}

#[test]
fn a_site_may_want_flash_when_a_pedestrian_red_is_out() {
    let config = Config { red_out: RedOut::Flash, ..site::config() };
    let mut street = Street::with(config, None);
    street.run_to(60_000);
    street.broken = LAMP_PA_RED;
    street.look();
    street.run(2_000);
    assert_eq!(mode(&mut street), Some(Mode::Flash));
}

#[test]
fn a_yellow_that_is_out_is_logged_and_nothing_else() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.broken = LAMP_VA_YELLOW;
    street.wait(0, 1);
    street.run_to(120_000);
    near(street.first(60_000, |sight| sight.lit & FOOT_GREEN == FOOT_GREEN), WALK);
    let log = street.log();
    assert_eq!(log.iter().filter(|entry| **entry == (code::LAMP_OUT, 1)).count(), 1);
    assert_eq!(street.register(map::FAULT), code::LAMP_OUT);
}

#[test]
fn a_head_that_does_not_answer_for_long_enough_is_lost_and_flash_follows() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.dead.push(1);
    street.run(3_000);
    assert!(street.log().contains(&(code::UNIT_LOST, 1)));
    assert_eq!(mode(&mut street), Some(Mode::Flash));
    street.dead.clear();
    street.run(2_000);
    assert!(street.log().contains(&(code::UNIT_OK, 1)));
    assert_eq!(mode(&mut street), Some(Mode::Flash));
    street.operate(Operator::Reset);
    street.run(7_000);
    assert_eq!(mode(&mut street), Some(Mode::Normal));
}

#[test]
fn a_head_that_is_deaf_for_a_moment_is_not_lost() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.dead.push(1);
    street.run(500);
    street.dead.clear();
    street.run(3_000);
    assert!(!street.log().iter().any(|(code, _)| *code == code::UNIT_LOST));
    assert_eq!(mode(&mut street), Some(Mode::Normal));
}

#[test]
fn a_bus_that_is_cut_leads_to_flash_within_a_second_and_all_its_units_are_told() {
    for phase in (0..500).step_by(41) {
        let mut street = Street::new();
        street.run_to(60_000 + phase);
        street.dead.extend(1..=6);
        street.run(1_000);
        let heads_lost =
            street.log().iter().filter(|(code, arg)| *code == code::UNIT_LOST && *arg <= 4).count();
        assert!(heads_lost >= 1, "phase {phase}: {:?}", street.log());
        assert_eq!(mode(&mut street), Some(Mode::Flash), "phase {phase}");
        street.run(2_000);
        let lost = street.log().iter().filter(|(code, _)| *code == code::UNIT_LOST).count();
        assert_eq!(lost, 6, "phase {phase}: {:?}", street.log());
    }
}

#[test]
fn a_post_that_does_not_answer_stops_nothing() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.dead.push(5);
    street.wait(0, 1);
    street.run_to(110_000);
    near(street.first(60_000, |sight| sight.lit & FOOT_GREEN == FOOT_GREEN), WALK);
    assert!(street.log().contains(&(code::UNIT_LOST, 5)));
}

#[test]
fn a_unit_that_missed_one_frame_is_told_again_at_once() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.wait(0, 1);
    street.run_to(95_120);
    street.dead.push(4);
    street.run(40);
    street.dead.clear();
    street.run(1_000);
    let green = street.first(WALK, |sight| sight.lit & FOOT_GREEN == FOOT_GREEN).expect("green");
    assert!(green - WALK <= 200, "{}", green - WALK);
    assert!(!street.log().iter().any(|(code, _)| *code == code::UNIT_LOST));
}

#[test]
fn a_silent_feedback_module_leads_to_flash() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.feedback_dead = true;
    street.run(2_000);
    assert_eq!(mode(&mut street), Some(Mode::Flash));
    assert!(street.log().contains(&(code::FEEDBACK_LOST, 0)));
    street.operate(Operator::Reset);
    street.run(1_000);
    assert_eq!(mode(&mut street), Some(Mode::Flash));
    street.feedback_dead = false;
    street.run(1_000);
    street.operate(Operator::Reset);
    street.run(7_000);
    assert_eq!(mode(&mut street), Some(Mode::Normal));
}

#[test]
fn flash_during_an_announcement_darkens_the_displays_within_100_ms() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.wait(0, 1);
    street.run_to(85_000);
    short(&mut street, LAMP_VA_RED);
    street.run(2_000);
    let flash = street.first(85_000, |sight| sight.lit & FOOT_RED == 0).expect("flash");
    let dark = street.first(85_000, |sight| sight.vehicle_digits.1 == 0 && sight.pedestrian_digits.1 == 0);
    assert!(dark.expect("dark") <= flash + 100);
}

#[test]
fn a_green_that_stays_lit_beside_a_yellow_that_flickers_leads_to_flash() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.wait(0, 1);
    street.run_to(89_000);
    short(&mut street, LAMP_VA_GREEN);
    // Yellow begins at 90.129 s; never are both lit for as long as a dual indication takes.
    while street.now < Instant::from_ms(90_900) {
        street.run(150);
        street.broken ^= LAMP_VA_YELLOW;
        street.look();
    }
    assert_eq!(mode(&mut street), Some(Mode::Flash));
    assert!(street.log().contains(&(code::CORRESPONDENCE, 0)));
}

#[test]
fn a_refresh_that_waits_for_the_line_never_comes_after_a_change() {
    // The lamps are written again every 83 ms, and flash every 500 ms: each place of the one in the other is tried, and each
    // instant just after the heads have answered.
    for (flash, phase) in (0..84).flat_map(|flash| (22..32).map(move |phase| (flash, phase))) {
        let mut street = Street::new();
        street.run_to(12_000 + flash);
        street.operate(Operator::Flash);
        let reset = 23_500 + flash + phase;
        street.run_to(reset);
        street.operate(Operator::Reset);
        street.run(500);
        let all_red = |sight: &street::Sight| sight.lit & (VEHICLE_RED | FOOT_RED) == VEHICLE_RED | FOOT_RED;
        let red = street.first(reset, all_red).expect("all red");
        let other = street.first(red + 1, |sight| !all_red(sight));
        assert_eq!(other, None, "flash at {flash}, reset after {phase} ms");
    }
}
