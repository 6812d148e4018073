//! Service panel: its grid, the log, writes, a peer that fails.

use super::*;
use crate::rehearsal::{LINE, Rehearsal};
use crate::wire::Parsed;
use crate::wire::modbus::{Exception, emit_response, parse_request};

const UNIT: u8 = 17;

fn panel(period: u64) -> Rehearsal<ServicePanel> {
    let period = Span::from_ms(period);
    Rehearsal::powered(ServicePanel::new(Config { unit: UNIT, line: LINE, period }))
}

/// The requests sent since the last call, by the ms.
fn asked(stage: &mut Rehearsal<ServicePanel>) -> Vec<(u64, Request)> {
    stage.sent().into_iter().map(|(at, bytes)| (at.as_us() / 1_000, request(&bytes))).collect()
}

fn request(bytes: &[u8]) -> Request {
    match parse_request(bytes) {
        Parsed::Frame { frame: (UNIT, request), used } if used == bytes.len() => request,
        other => panic!("{other:?}"),
    }
}

fn reply(stage: &mut Rehearsal<ServicePanel>, ms: u64, response: &Response) {
    let mut bytes = Vec::new();
    emit_response(UNIT, response, &mut bytes);
    stage.bytes(ms, &bytes);
}

fn state(count: u16) -> Response {
    let mut registers = vec![0; usize::from(map::STATE_LEN)];
    registers[usize::from(map::LOG_COUNT)] = count;
    Response::Registers(4, registers.into())
}

fn window() -> Response {
    Response::Registers(4, vec![0; usize::from(map::LOG_ENTRIES * map::LOG_ENTRY_LEN)].into())
}

const STATE: Request = Request::ReadInputs(0, 16);
const WINDOW: Request = Request::ReadInputs(100, 48);

fn cursor(entry: u16) -> Request {
    Request::WriteRegister(4, entry)
}

/// Lets a controller with `count` log entries answer for everything asked up to `until`; what was asked.
fn converse(stage: &mut Rehearsal<ServicePanel>, count: u16, until: u64) -> Vec<Request> {
    let mut heard = Vec::new();
    loop {
        let mut next = None;
        while next.is_none() && stage.now < Instant::from_ms(until) {
            stage.run_to(stage.now.as_us() / 1_000 + 1);
            next = stage.sent().pop();
        }
        let Some((at, bytes)) = next else { return heard };
        let request = request(&bytes);
        let response = match request {
            STATE => state(count),
            WINDOW => window(),
            Request::WriteRegister(register, value) => Response::Written(6, register, value),
            ref other => panic!("{other:?}"),
        };
        heard.push(request);
        reply(stage, at.as_us() / 1_000 + 60, &response);
    }
}

#[test]
fn the_first_question_comes_one_period_after_power() {
    let mut stage = panel(1_000);
    stage.run_to(999);
    assert_eq!(asked(&mut stage), []);
    stage.run_to(1_000);
    // Unit 17, input registers 0..15; made up for this map.
    let golden = vec![0x11, 0x04, 0x00, 0x00, 0x00, 0x10, 0xF3, 0x56];
    assert_eq!(stage.sent(), [(Instant::from_ms(1_000), golden)]);
}

#[test]
fn the_grid_is_steady_whatever_the_answers_take() {
    let mut stage = panel(1_000);
    for (k, delay) in (1..).zip([30, 180, 77, 5, 190]) {
        stage.run_to(k * 1_000);
        assert_eq!(asked(&mut stage), [(k * 1_000, STATE)]);
        reply(&mut stage, k * 1_000 + delay, &state(0));
    }
}

#[test]
fn a_silent_controller_is_asked_once_a_beat() {
    let mut stage = panel(100);
    stage.run_to(1_000);
    let times: Vec<u64> = asked(&mut stage).into_iter().map(|(ms, _)| ms).collect();
    // 200 ms and a request's length pass before a question is given up: every third beat asks.
    assert_eq!(times, [100, 400, 700, 1_000]);
}

#[test]
fn a_driver_that_oversleeps_gets_one_question_and_the_old_grid() {
    let mut stage = panel(1_000);
    stage.device.handle_timeout(Instant::from_ms(7_300));
    let outputs = std::iter::from_fn(|| stage.device.poll_output()).count();
    assert_eq!(outputs, 1);
    assert_eq!(stage.device.timers.get(Timer::Poll), Some(Instant::from_ms(8_000)));
}

#[test]
fn what_the_log_held_before_and_single_entries_are_not_fetched() {
    let mut stage = panel(1_000);
    assert_eq!(converse(&mut stage, 40, 1_500), [STATE]);
    assert_eq!(converse(&mut stage, 41, 2_500), [STATE]);
    assert_eq!(converse(&mut stage, 41, 3_500), [STATE]);
}

#[test]
fn entries_that_the_state_block_cannot_show_are_fetched_once() {
    let mut stage = panel(1_000);
    assert_eq!(converse(&mut stage, 40, 1_500), [STATE]);
    assert_eq!(converse(&mut stage, 42, 2_800), [STATE, cursor(40), WINDOW]);
    assert_eq!(converse(&mut stage, 42, 3_500), [STATE]);
}

#[test]
fn many_entries_are_fetched_eight_at_a_time() {
    let mut stage = panel(2_000);
    assert_eq!(converse(&mut stage, 65_530, 2_500), [STATE]);
    // 17 entries, across the wrap.
    assert_eq!(
        converse(&mut stage, 11, 5_500),
        [STATE, cursor(65_530), WINDOW, cursor(2), WINDOW, cursor(10), WINDOW]
    );
    // 8 entries are one window.
    assert_eq!(converse(&mut stage, 19, 7_500), [STATE, cursor(11), WINDOW]);
}

#[test]
fn of_a_flood_only_the_newest_entries_are_fetched() {
    let mut stage = panel(60_000);
    assert_eq!(converse(&mut stage, 0, 61_000), [STATE]);
    let heard = converse(&mut stage, 20_000, 170_000);
    let cursors = heard.iter().filter(|request| matches!(request, Request::WriteRegister(..))).count();
    assert_eq!(heard[1], cursor(20_000 - CATCH_UP));
    assert_eq!(cursors, usize::from(CATCH_UP / map::LOG_ENTRIES));
}

#[test]
fn a_log_that_began_anew_is_fetched_from_its_beginning() {
    let mut stage = panel(1_000);
    assert_eq!(converse(&mut stage, 40, 1_500), [STATE]);
    assert_eq!(converse(&mut stage, 3, 2_800), [STATE, cursor(0), WINDOW]);
}

#[test]
fn a_window_that_was_lost_is_fetched_at_the_next_beat() {
    let mut stage = panel(1_000);
    assert_eq!(converse(&mut stage, 40, 1_500), [STATE]);
    stage.run_to(2_000);
    reply(&mut stage, 2_060, &state(45));
    stage.run_to(2_900);
    let heard: Vec<Request> = asked(&mut stage).into_iter().map(|(_, request)| request).collect();
    assert_eq!(heard, [STATE, cursor(40)]);
    assert_eq!(converse(&mut stage, 45, 3_800), [STATE, cursor(40), WINDOW]);
}

#[test]
fn a_controller_without_a_log_window_is_not_asked_for_it_again() {
    let mut stage = panel(1_000);
    assert_eq!(converse(&mut stage, 40, 1_500), [STATE]);
    stage.run_to(2_000);
    reply(&mut stage, 2_060, &state(45));
    stage.run_to(2_070);
    reply(&mut stage, 2_100, &Response::Exception(6, Exception::IllegalAddress));
    stage.sent();
    assert_eq!(converse(&mut stage, 45, 3_800), [STATE]);
}

#[test]
fn a_write_goes_before_what_waits_and_is_repeated_when_nobody_answers() {
    let mut stage = panel(1_000);
    stage.input(500, Input::Act(Act::Write { register: 0, value: 4 }));
    stage.run_to(1_500);
    let writes: Vec<Request> = asked(&mut stage).into_iter().map(|(_, request)| request).collect();
    let write = || Request::WriteRegister(0, 4);
    assert_eq!(writes, [write(), write(), write(), STATE]);
}

#[test]
fn a_manual_step_is_never_repeated() {
    let mut stage = panel(1_000);
    stage.input(500, Input::Act(Act::Write { register: map::MANUAL_STEP, value: 1 }));
    stage.run_to(990);
    assert_eq!(asked(&mut stage).len(), 1);
}

#[test]
fn writes_beyond_the_queue_are_told_and_dropped() {
    let mut stage = panel(10_000);
    for _ in 0..100 {
        stage.input(500, Input::Act(Act::Write { register: 0, value: 4 }));
    }
    let refused = stage.done.iter().filter(|(_, output)| matches!(output, Output::Reject { .. })).count();
    assert_eq!(refused, 35);
}

#[test]
fn without_power_the_panel_is_silent_and_begins_a_new_grid_afterwards() {
    let mut stage = panel(1_000);
    stage.run_to(1_000);
    stage.input(1_050, Input::Power(false));
    stage.input(1_100, Input::Act(Act::Write { register: 0, value: 4 }));
    assert_eq!(stage.device.poll_timeout(), None);
    stage.sent();
    stage.input(1_300, Input::Power(true));
    stage.run_to(2_300);
    assert_eq!(asked(&mut stage), [(2_300, STATE)]);
}
