//! Gaps in the supply (P47), clocks that are set (P54), counters that wrap.

use super::super::map::{self, Mode, log as code};
use super::street::{SERVICE, Street};
use super::*;
use crate::wire::modbus::{Request, emit_request};

/// Lamps of a cycle with a gap of this length in the vehicle green.
fn with_gap(begin: u64, length: u64) -> Street {
    let mut street = Street::new();
    street.run_to(60_000);
    street.wait(0, 1);
    street.run_to(begin);
    street.power(false);
    street.run(length);
    street.power(true);
    street.run_to(180_000);
    street
}

#[test]
fn a_dip_of_450_ms_changes_no_sequence() {
    for begin in [65_000, 85_000, 91_500, 97_000, 104_000, 112_000] {
        let street = with_gap(begin, 450);
        near(street.first(60_000, |sight| sight.lit & FOOT_GREEN == FOOT_GREEN), 95_129);
        let all_again = street.first(begin + 450, |sight| sight.lit != 0).expect("lit");
        assert!(all_again <= begin + 550, "{all_again}");
        assert_eq!(street.first(begin + 550, |sight| sight.lit == VEHICLE_YELLOW), None);
        assert_eq!(street.watchdogs, [1_000; 4]);
    }
}

#[test]
fn a_longer_gap_is_a_whole_start_up() {
    for length in [451, 1_001, 5_000] {
        let mut street = with_gap(65_000, length);
        let back = 65_000 + length;
        near(street.first(back, |sight| sight.lit == VEHICLE_YELLOW), back);
        near(street.first(back, |sight| sight.lit == VEHICLE_RED | FOOT_RED), back + 10_000);
        near(street.first(back, |sight| sight.lit == VEHICLE_GREEN | FOOT_RED), back + 15_000);
        assert_eq!(street.log().iter().filter(|entry| **entry == (code::POWER_ON, 0)).count(), 2);
    }
}

#[test]
fn a_controller_that_restarts_alone_darkens_the_walk_before_it_flashes() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.wait(0, 1);
    street.run_to(97_000);
    street.restart_controller();
    street.run_to(120_000);
    let conflict = street.first(97_000, |sight| {
        sight.lit & FOOT_GREEN != 0 && sight.lit & (VEHICLE_YELLOW | VEHICLE_GREEN) != 0
    });
    assert_eq!(conflict, None);
    near(street.first(97_000, |sight| sight.lit == VEHICLE_YELLOW), 97_000);
}

#[test]
fn after_a_stall_longer_than_the_watchdog_green_does_not_come_straight_out_of_flashing() {
    // 0.4 s: no watchdog of 1 s has run out. 0.9 s: some may have; all flash for 3 s. 3 s: all have.
    for (stall, flash, red) in [(400, None, None), (900, Some(0), Some(3_000)), (3_000, None, Some(0))] {
        let mut street = Street::new();
        street.run_to(60_000);
        street.stall(stall);
        street.run_to(80_000);
        let back = 60_000 + stall;
        let all_red = street.first(back, |sight| sight.lit == VEHICLE_RED | FOOT_RED);
        let yellow = street.first(back, |sight| sight.lit == VEHICLE_YELLOW);
        assert_eq!((yellow.is_some(), all_red.is_some()), (flash.is_some(), red.is_some()), "{stall}");
        if let Some(after) = red {
            near(all_red, back + after);
            let green = street.first(back + 100, |sight| sight.lit == VEHICLE_GREEN | FOOT_RED);
            near(green, back + after + 5_000);
        }
    }
}

#[test]
fn a_walk_that_was_cut_off_by_a_stall_does_not_deafen_the_controller() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.wait(0, 1);
    street.run_to(97_000);
    street.stall(3_000);
    street.run_to(180_000);
    assert!(street.first(101_000, |sight| sight.lit & FOOT_GREEN == FOOT_GREEN).is_some());
}

#[test]
fn without_supply_nothing_is_sent() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.power(false);
    assert_eq!(crate::device::Device::poll_timeout(&street.controller), None);
    let (writes, broadcasts) = (street.writes.len(), street.broadcasts.len());
    street.run(10_000);
    assert!(street.writes.len() <= writes + 1 && street.broadcasts.len() <= broadcasts + 1);
}

#[test]
fn setting_the_clock_moves_no_lamp() {
    let strips: Vec<String> = [false, true]
        .into_iter()
        .map(|set| {
            let mut street = Street::new();
            street.run_to(60_000);
            street.wait(0, 1);
            street.run_to(70_000);
            if set {
                street.ask(&Request::WriteRegisters(map::CLOCK_HI, vec![0x1234, 0x5678].into()));
                assert!(street.log().contains(&(code::CLOCK, 0)));
            }
            street.run_to(150_000);
            street.strip(60, 150)
        })
        .collect();
    assert_eq!(strips[0], strips[1]);
}

#[test]
fn uptime_wraps_and_no_lamp_notices() {
    let mut config = site::config();
    config.uptime_ms = (1 << 32) - 80_000;
    let mut street = Street::with(config, None);
    street.run_to(60_000);
    street.wait(0, 1);
    street.run_to(100_000);
    near(street.first(60_000, |sight| sight.lit & FOOT_GREEN == FOOT_GREEN), 95_129);
    assert_eq!(street.register(map::UPTIME_HI), 0);
}

#[test]
fn an_answer_that_was_due_in_a_dip_is_not_sent_after_it() {
    let mut street = Street::new();
    street.run_to(60_000);
    let mut question = Vec::new();
    emit_request(street.config.units.service, &Request::ReadInputs(0, map::STATE_LEN), &mut question);
    street.bytes(SERVICE, &question);
    street.power(false);
    street.run(300);
    street.power(true);
    street.run(200);
    assert_eq!(street.answers, []);
    assert_eq!(street.register(map::MODE), Mode::Normal as u16);
}
