//! Lamp sense: its grid, what an answer proves, a module that fails.

use super::*;
use crate::rehearsal::{LINE, Rehearsal};
use crate::wire::Parsed;
use crate::wire::modbus::{Exception, emit_response, parse_request};

const UNIT: u8 = 9;
/// End of a question after its beginning, in us: 8 characters at 19200 8N1.
const QUESTION_US: u64 = 4_167;

pub(super) fn poller() -> LampSense {
    LampSense::new(Config {
        unit: UNIT,
        line: LINE,
        inputs: 10,
        period: Span::from_ms(20),
        latency: Span::from_ms(10),
    })
}

fn stage() -> Rehearsal<LampSense> {
    Rehearsal::powered(poller())
}

/// The module's answer with these inputs on, ending at `ms`.
pub(super) fn answer(stage: &mut Rehearsal<LampSense>, ms: u64, on: u64) {
    let bits = (0..10).map(|input| on >> input & 1 == 1).collect();
    respond(stage, ms, &Response::Bits(2, bits));
}

pub(super) fn respond(stage: &mut Rehearsal<LampSense>, ms: u64, response: &Response) {
    let mut bytes = Vec::new();
    emit_response(UNIT, response, &mut bytes);
    stage.bytes(ms, &bytes);
}

/// Answers each beat from `from` to `to` (ms, multiples of 20) 12 ms after it.
fn answers(stage: &mut Rehearsal<LampSense>, from: u64, to: u64, on: u64) {
    for beat in (from..=to).step_by(20) {
        answer(stage, beat + 12, on);
    }
}

fn beats(stage: &mut Rehearsal<LampSense>) -> Vec<u64> {
    stage.sent().into_iter().map(|(at, _)| at.as_us() / 1_000).collect()
}

#[test]
fn it_asks_at_once_and_then_at_every_beat() {
    let mut stage = Rehearsal::new(poller());
    stage.input(0, Input::Power(true));
    answers(&mut stage, 0, 60, 0);
    let sent = stage.sent();
    let question = Request::ReadDiscreteInputs(0, 10);
    assert!(
        matches!(parse_request(&sent[0].1), Parsed::Frame { frame: (UNIT, found), .. } if found == question)
    );
    let times: Vec<u64> = sent.iter().map(|(at, _)| at.as_us() / 1_000).collect();
    assert_eq!(times, [0, 20, 40, 60]);
}

#[test]
fn what_is_read_first_has_been_so_since_power_came_at_the_earliest() {
    let mut stage = stage();
    answer(&mut stage, 12, 0b10_0000_0001);
    let first = SenseSight::Inputs { on: 0b10_0000_0001, changed: 0b11_1111_1111, earliest: Instant::ZERO };
    assert_eq!(stage.sights(), [(12, first)]);
}

#[test]
fn a_change_happened_after_what_the_older_answer_may_show_and_before_the_newer_one_came() {
    let mut stage = stage();
    answers(&mut stage, 0, 80, 0b0001);
    stage.sights();
    answer(&mut stage, 112, 0b0101);
    // The question of the beat at 80 ended 4.167 ms later; the inputs lag by 10 ms at most.
    let earliest = Instant::from_us(80_000 + QUESTION_US - 10_000);
    assert_eq!(stage.sights(), [(112, SenseSight::Inputs { on: 0b0101, changed: 0b0100, earliest })]);
}

#[test]
fn what_stays_the_same_is_not_told_again() {
    let mut stage = stage();
    answers(&mut stage, 0, 400, 7);
    assert_eq!(stage.sights().len(), 1);
}

#[test]
fn a_missing_answer_widens_the_interval() {
    let mut stage = stage();
    answers(&mut stage, 0, 40, 1);
    stage.sights();
    // Nobody answers the beat at 60: given up after 40 ms and an answer's length, 60 ms of pause, the beat at 180.
    stage.run_to(181);
    assert_eq!(beats(&mut stage), [60, 180]);
    answer(&mut stage, 192, 2);
    let earliest = Instant::from_us(40_000 + QUESTION_US - 10_000);
    assert_eq!(stage.sights(), [(192, SenseSight::Inputs { on: 2, changed: 3, earliest })]);
    assert!(Instant::from_ms(192) - earliest < Span::from_ms(200), "no flash hides in it");
}

#[test]
fn a_late_answer_is_thrown_away_and_does_not_pass_for_the_next() {
    let mut stage = stage();
    answers(&mut stage, 0, 40, 1);
    stage.sights();
    answer(&mut stage, 130, 2);
    let rejects = stage.done.iter().filter(|(_, output)| matches!(output, Output::Reject { .. })).count();
    assert_eq!((rejects, stage.sights()), (1, vec![]));
    answer(&mut stage, 192, 1);
    answer(&mut stage, 212, 2);
    let earliest = Instant::from_us(180_000 + QUESTION_US - 10_000);
    assert_eq!(stage.sights(), [(212, SenseSight::Inputs { on: 2, changed: 3, earliest })]);
}

#[test]
fn a_module_that_is_always_late_is_never_believed() {
    let mut stage = Rehearsal::new(poller());
    stage.input(0, Input::Power(true));
    stage.run_to(0);
    for _ in 0..20 {
        let asked = beats(&mut stage);
        let late = asked.last().expect("it goes on asking") + 130;
        answer(&mut stage, late, 3);
        stage.run_to(late + 80);
        let told: Vec<_> = stage
            .done
            .iter()
            .filter_map(|(_, output)| match output {
                Output::Reject { why, .. } => Some(*why),
                Output::Sight(SenseSight::Inputs { .. }) => Some("believed"),
                _ => None,
            })
            .collect();
        assert_eq!(told, ["the lamp-sense module answers too late"], "{late}");
    }
}

#[test]
fn a_damaged_answer_is_thrown_away_and_the_next_beat_asks_again() {
    let mut stage = stage();
    answers(&mut stage, 0, 40, 1);
    stage.done.clear();
    stage.bytes(72, &[UNIT, 2, 2, 2, 0, 0, 0]);
    stage.run_to(80);
    let rejects = stage.done.iter().filter(|(_, output)| matches!(output, Output::Reject { .. })).count();
    assert_eq!((rejects, beats(&mut stage)), (1, vec![60, 80]));
}

#[test]
fn a_module_that_refuses_is_told_once_and_lost_in_the_end() {
    let mut stage = stage();
    answers(&mut stage, 0, 0, 1);
    stage.done.clear();
    for beat in (20..=540).step_by(20) {
        respond(&mut stage, beat + 12, &Response::Exception(2, Exception::IllegalAddress));
    }
    let refusals = |done: &[(Instant, Output<SenseSight>)]| {
        done.iter().filter(|(_, output)| matches!(output, Output::Reject { .. })).count()
    };
    assert_eq!(refusals(&stage.done), 1);
    assert_eq!(stage.sights(), [(400, SenseSight::Lost { since: Instant::ZERO })]);
}

#[test]
fn a_silent_module_is_lost_once_and_found_again() {
    let mut stage = stage();
    answers(&mut stage, 0, 40, 1);
    stage.sights();
    stage.run_to(1_999);
    let since = Instant::from_us(40_000 + QUESTION_US - 10_000);
    assert_eq!(stage.sights(), [(434, SenseSight::Lost { since })]);
    let asked = stage.now.as_us() / 1_000;
    stage.run_to(2_100);
    let (at, _) = stage.sent()[0];
    assert!(at.as_us() / 1_000 > asked, "it goes on asking");
    answer(&mut stage, 2_112, 1);
    let all = 0b11_1111_1111;
    assert_eq!(stage.sights(), [(2_112, SenseSight::Inputs { on: 1, changed: all, earliest: since })]);
}

#[test]
fn a_module_that_never_answers_is_lost_from_the_beginning() {
    let mut stage = stage();
    stage.run_to(1_000);
    assert_eq!(stage.sights(), [(400, SenseSight::Lost { since: Instant::ZERO })]);
}

#[test]
fn an_answer_with_too_few_inputs_proves_nothing() {
    let mut stage = stage();
    respond(&mut stage, 12, &Response::Bits(2, vec![true; 8].into()));
    stage.run_to(19);
    assert_eq!(stage.sights(), []);
}

#[test]
fn a_driver_that_oversleeps_gets_one_question_and_the_old_grid() {
    let mut stage = stage();
    answers(&mut stage, 0, 40, 1);
    stage.device.handle_timeout(Instant::from_ms(133));
    let sent = std::iter::from_fn(|| stage.device.poll_output());
    assert_eq!(sent.filter(|output| matches!(output, Output::Bytes { .. })).count(), 1);
    assert_eq!(stage.device.timers.get(Timer::Poll), Some(Instant::from_ms(140)));
}

#[test]
fn sixty_four_inputs_are_read() {
    let config = Config { inputs: 64, ..poller().config };
    let mut stage = Rehearsal::powered(LampSense::new(config));
    let bits = (0..64).map(|input| input == 63).collect();
    respond(&mut stage, 15, &Response::Bits(2, bits));
    let first = SenseSight::Inputs { on: 1 << 63, changed: u64::MAX, earliest: Instant::ZERO };
    assert_eq!(stage.sights(), [(15, first)]);
}

#[test]
fn no_interval_is_longer_than_promised_while_answers_come() {
    let config = poller().config;
    // 10 ms latency, 20 ms period, 15 characters of 520.8 us and two silences of 1.823 ms.
    assert_eq!(config.seen_within(), Span::from_ms(30) + exchange(LINE, 10));
    assert_eq!(exchange(LINE, 10).as_us() / 10, 1_145);
    let mut stage = stage();
    answers(&mut stage, 0, 200, 1);
    stage.sights();
    answer(&mut stage, 220 + 11, 2);
    let [(_, SenseSight::Inputs { earliest, .. })] = stage.sights()[..] else { panic!("one change") };
    assert!(Instant::from_ms(231) - earliest <= config.seen_within());
}
