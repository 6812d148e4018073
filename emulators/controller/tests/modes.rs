//! Operators: manual, step, flash, off and the ways back (P14, P52).

use super::super::map::{self, Mode};
use super::street::Street;
use super::*;
use crate::device::Operator;
use crate::wire::modbus::Request;

fn mode(street: &mut Street) -> Option<Mode> {
    Mode::of(street.register(map::MODE))
}

#[test]
fn manual_holds_the_vehicle_green_and_shows_no_number() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.operate(Operator::Manual);
    street.wait(0, 3);
    street.run_to(200_000);
    assert_eq!(mode(&mut street), Some(Mode::Manual));
    assert_eq!(street.first(60_000, |sight| sight.lit != VEHICLE_GREEN | FOOT_RED), None);
    assert_eq!(street.first(60_000, |sight| sight.pedestrian_digits.1 > 0), None);
}

#[test]
fn a_step_keeps_the_minimum_green_and_all_intergreens() {
    let mut street = Street::new();
    street.run_to(20_000);
    street.operate(Operator::Manual);
    street.operate(Operator::Step);
    street.run_to(100_000);
    // Vehicle green began at 15 s.
    near(street.first(0, |sight| sight.lit == VEHICLE_YELLOW | FOOT_RED), 40_000);
    near(street.first(20_000, |sight| sight.lit == VEHICLE_RED | FOOT_RED), 43_000);
    near(street.first(0, |sight| sight.lit == VEHICLE_RED | FOOT_GREEN), 45_000);
    assert_eq!(street.first(45_100, |sight| sight.lit != VEHICLE_RED | FOOT_GREEN), None);
    street.operate(Operator::Step);
    street.run_to(130_000);
    near(street.first(100_000, |sight| sight.lit & FOOT_RED == FOOT_RED), 108_000);
    near(street.first(100_000, |sight| sight.lit == VEHICLE_GREEN | FOOT_RED), 113_000);
}

#[test]
fn automatic_running_continues_from_where_manual_left_it() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.operate(Operator::Manual);
    street.operate(Operator::Step);
    street.run_to(90_000);
    street.operate(Operator::Automatic);
    street.run_to(130_000);
    // The steady green has long been long enough: the flashing green begins at once, with its countdown.
    assert_eq!(street.sight_at(crate::time::Instant::from_ms(90_100)).pedestrian_digits.1, 8);
    near(street.first(90_100, |sight| sight.lit & FOOT_RED == FOOT_RED), 98_000);
    near(street.first(90_100, |sight| sight.lit == VEHICLE_GREEN | FOOT_RED), 103_000);
    assert_eq!(mode(&mut street), Some(Mode::Normal));
}

#[test]
fn a_promised_walk_is_kept_before_the_signals_are_held() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.wait(0, 1);
    street.run_to(85_000);
    street.operate(Operator::Manual);
    street.run_to(200_000);
    near(street.first(60_000, |sight| sight.lit & FOOT_GREEN == FOOT_GREEN), 95_129);
    near(street.first(96_000, |sight| sight.lit & FOOT_RED == FOOT_RED), 110_129);
    assert_eq!(mode(&mut street), Some(Mode::Manual));
    assert_eq!(street.sight().lit, VEHICLE_GREEN | FOOT_RED);
}

#[test]
fn flash_is_left_through_five_seconds_of_all_red() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.operate(Operator::Flash);
    street.run_to(70_000);
    assert_eq!(mode(&mut street), Some(Mode::Flash));
    street.operate(Operator::Automatic);
    let begin = street.now.as_us() / 1_000;
    street.run(20_000);
    near(street.first(begin, |sight| sight.lit == VEHICLE_RED | FOOT_RED), begin);
    near(street.first(begin, |sight| sight.lit == VEHICLE_GREEN | FOOT_RED), begin + 5_000);
}

#[test]
fn flash_is_yellow_at_one_second_per_period() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.operate(Operator::Flash);
    street.run_to(70_000);
    for half in 0..20 {
        let at = crate::time::Instant::from_ms(60_250 + half * 500);
        let wanted = if half % 2 == 0 { VEHICLE_YELLOW } else { 0 };
        assert_eq!(street.sight_at(at).lit, wanted, "half period {half}");
    }
}

#[test]
fn off_is_dark_and_left_through_the_whole_start_up() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.ask(&Request::WriteRegister(map::MODE_REQUEST, Mode::Off as u16));
    street.run_to(70_000);
    assert_eq!(street.sight().lit, 0);
    assert_eq!(mode(&mut street), Some(Mode::Off));
    street.run_to(71_000);
    street.operate(Operator::Automatic);
    street.run_to(90_000);
    near(street.first(70_900, |sight| sight.lit == VEHICLE_YELLOW), 71_000);
    near(street.first(71_000, |sight| sight.lit == VEHICLE_RED | FOOT_RED), 81_000);
    near(street.first(71_000, |sight| sight.lit == VEHICLE_GREEN | FOOT_RED), 86_000);
}

#[test]
fn a_walk_that_was_cut_off_by_flash_does_not_deafen_the_controller() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.wait(0, 1);
    street.run_to(96_000);
    street.operate(Operator::Flash);
    street.run_to(100_000);
    street.operate(Operator::Automatic);
    street.run_to(170_000);
    assert!(street.first(101_000, |sight| sight.lit & FOOT_GREEN == FOOT_GREEN).is_some());
}
