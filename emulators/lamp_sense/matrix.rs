//! Tests: every state of the poller against every input, as a table to read.

use super::tests::{answer, poller, respond};
use super::*;
use crate::rehearsal::{Rehearsal, matrix};
use crate::wire::modbus::Exception;
use std::fmt::Write;

type Act = fn(&mut Rehearsal<LampSense>, u64);

/// What came of an input, in a few words.
fn told(done: &[(Instant, Output<SenseSight>)]) -> String {
    let words = done.iter().map(|(_, output)| match output {
        Output::Bytes { .. } => "asks".to_owned(),
        Output::Sight(SenseSight::Inputs { on, changed, earliest }) => {
            format!("inputs {on:b}, changed {changed:b} since {earliest}")
        }
        Output::Sight(SenseSight::Lost { since }) => format!("lost since {since}"),
        Output::Reject { skipped, why, .. } => format!("throws {skipped} away: {why}"),
        Output::Persist(_) => "persists".to_owned(),
    });
    let text = words.collect::<Vec<_>>().join("; ");
    if text.is_empty() { "-".to_owned() } else { text }
}

#[test]
fn every_state_of_a_lamp_sense_meets_every_input() {
    // Prepared up to so many ms; the input happens 12 ms later.
    let states: [(&str, Act, u64); 5] = [
        ("no power", |stage, _| stage.input(0, Input::Power(false)), 0),
        ("asked, nothing known", |_, _| {}, 0),
        ("asked, inputs known", |stage, _| answer(stage, 12, 1), 20),
        ("idle, inputs known", |stage, _| answer(stage, 3, 1), 3),
        ("lost", |stage, _| answer(stage, 12, 1), 620),
    ];
    let inputs: [(&str, Act); 9] = [
        ("power comes", |stage, ms| stage.input(ms, Input::Power(true))),
        ("power goes", |stage, ms| stage.input(ms, Input::Power(false))),
        ("the same inputs", |stage, ms| answer(stage, ms, 1)),
        ("other inputs", |stage, ms| answer(stage, ms, 2)),
        ("too few inputs", |stage, ms| respond(stage, ms, &Response::Bits(2, vec![true].into()))),
        ("exception", |stage, ms| {
            respond(stage, ms, &Response::Exception(2, Exception::DeviceFailure));
        }),
        ("damaged answer", |stage, ms| stage.bytes(ms, &[9, 2, 2, 1, 0, 0, 0])),
        ("garbage", |stage, ms| stage.bytes(ms, &[0x55; 3])),
        ("next wake", |stage, _| {
            if let Some(wake) = stage.device.poll_timeout() {
                stage.run_to(wake.at.as_us().div_ceil(1_000));
            }
        }),
    ];
    let mut text =
        "Lamp sense: what comes of each input, then what it waits for and for how long\n\n".to_owned();
    for (state, prepare, until) in states {
        let _ = writeln!(text, "{state}");
        for (input, act) in inputs {
            let mut stage = Rehearsal::powered(poller());
            prepare(&mut stage, until);
            stage.run_to(until);
            stage.done.clear();
            act(&mut stage, until + 12);
            let waits = stage
                .device
                .poll_timeout()
                .map_or_else(String::new, |wake| format!("{} in {}", wake.why, wake.at - stage.now));
            let line = format!("    {input:<18}{:<62}{waits}", told(&stage.done));
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
    matrix("matrix_lamp_sense", &text);
}
