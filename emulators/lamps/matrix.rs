//! Tests: every state of a lamp board against every input, as a table to read.

use super::tests::{UNIT, face};
use super::*;
use crate::device::{Device, Input};
use crate::rehearsal::{LINE, Rehearsal, matrix};
use crate::wire::modbus::Request;
use std::fmt::Write;

/// Every state of a board against everything that can happen to it.
fn table(kind: Kind) -> String {
    type Act = fn(&mut Rehearsal<LampBoard>, u64);
    let states: [(&str, Act, u64); 6] = [
        ("no power", |stage, ms| stage.input(ms, Input::Power(false)), 0),
        ("silent since power-on", |_, _| {}, 0),
        ("red commanded", |stage, ms| stage.ask(ms, UNIT, &Request::WriteCoil(0, map::ON)), 0),
        ("timed flash of red", |stage, ms| stage.ask(ms, UNIT, &Request::WriteCoil(map::FLASH_ON, 7)), 0),
        ("flash unit, on half", |_, _| {}, 1_200),
        ("flash unit, off half", |_, _| {}, 1_700),
    ];
    let inputs: [(&str, Act); 9] = [
        ("power comes", |stage, ms| stage.input(ms, Input::Power(true))),
        ("power goes", |stage, ms| stage.input(ms, Input::Power(false))),
        ("coil 1 on", |stage, ms| stage.ask(ms, UNIT, &Request::WriteCoil(1, map::ON))),
        ("all off", |stage, ms| stage.ask(ms, UNIT, &Request::WriteCoil(map::ALL_RELAYS, map::OFF))),
        ("watchdog_ms 0", |stage, ms| stage.ask(ms, UNIT, &Request::WriteRegister(0, 0))),
        ("read coils", |stage, ms| stage.ask(ms, UNIT, &Request::ReadCoils(0, 8))),
        ("refused write", |stage, ms| stage.ask(ms, UNIT, &Request::WriteCoil(9, map::ON))),
        ("another unit's write", |stage, ms| stage.ask(ms, 2, &Request::WriteCoil(1, map::ON))),
        ("next wake", |stage, _| {
            if let Some(wake) = stage.device.poll_timeout() {
                stage.run_to(wake.at.as_us() / 1_000);
            }
        }),
    ];
    let mut text =
        format!("{kind:?} head: driven/lit after the input, then what it waits for and for how long\n\n");
    for (state, prepare, until) in states {
        let _ = writeln!(text, "{state}");
        for (input, act) in inputs {
            let mut stage = Rehearsal::powered(LampBoard::new(kind, UNIT, LINE));
            prepare(&mut stage, 100);
            stage.run_to(until.max(200));
            act(&mut stage, until.max(200));
            // Past the turn-around of an answer.
            let sent = stage.now;
            stage.run_to(sent.as_us() / 1_000 + 5);
            let waits = stage
                .device
                .poll_timeout()
                .map_or_else(String::new, |wake| format!("{} in {}", wake.why, wake.at - sent));
            let line = format!("    {input:<22}{:<9}{waits}", face(stage.device.sight()));
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
    text
}

#[test]
fn every_state_of_a_vehicle_head_meets_every_input() {
    matrix("matrix_vehicle_head", &table(Kind::Vehicle));
}

#[test]
fn every_state_of_a_pedestrian_head_meets_every_input() {
    matrix("matrix_pedestrian_head", &table(Kind::Pedestrian));
}
