//! Lamp boards behind both kinds of head: commands, timed flash, flash unit, power, broken lamps.

use super::*;
use crate::device::{Device, Input, Output, Wake};
use crate::rehearsal::{LINE, Rehearsal};
use crate::time::Instant;
use crate::wire::Parsed;
use crate::wire::modbus::{Exception, Request, Response, parse_response};

/// The unit of every board here; the worked frames of the relay module use 1 as well.
pub(super) const UNIT: u8 = 1;

fn vehicle() -> Rehearsal<LampBoard> {
    Rehearsal::powered(LampBoard::new(Kind::Vehicle, UNIT, LINE))
}

fn pedestrian() -> Rehearsal<LampBoard> {
    Rehearsal::powered(LampBoard::new(Kind::Pedestrian, UNIT, LINE))
}

/// `R--/R--`: what is driven and what is lit.
pub(super) fn face(sight: HeadSight) -> String {
    let lamps = |lamps: Lamps| {
        let letter = |on, letter| if on { letter } else { '-' };
        String::from_iter([letter(lamps.red, 'R'), letter(lamps.yellow, 'Y'), letter(lamps.green, 'G')])
    };
    format!("{}/{}", lamps(sight.driven), lamps(sight.lit))
}

fn faces(stage: &mut Rehearsal<LampBoard>) -> Vec<(u64, String)> {
    stage.sights().into_iter().map(|(ms, sight)| (ms, face(sight))).collect()
}

fn seen(list: &[(u64, &str)]) -> Vec<(u64, String)> {
    list.iter().map(|&(ms, text)| (ms, text.to_owned())).collect()
}

/// Asks at `ms`, waits for the answer.
fn answer(stage: &mut Rehearsal<LampBoard>, ms: u64, request: &Request) -> Response {
    stage.ask(ms, UNIT, request);
    stage.run_to(ms + 5);
    let bytes = stage.sent().pop().expect("an answer").1;
    match parse_response(&bytes) {
        Parsed::Frame { frame: (UNIT, response), used } if used == bytes.len() => response,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_relay_modules_own_frames_switch_the_lamps() {
    let mut stage = vehicle();
    stage.bytes(10, &[0x01, 0x05, 0x00, 0x00, 0xFF, 0x00, 0x8C, 0x3A]);
    stage.run_to(12);
    stage.bytes(20, &[0x01, 0x05, 0x00, 0x00, 0x00, 0x00, 0xCD, 0xCA]);
    stage.bytes(30, &[0x01, 0x05, 0x00, 0x02, 0xFF, 0x00, 0x2D, 0xFA]);
    assert_eq!(faces(&mut stage), seen(&[(10, "R--/R--"), (20, "---/---"), (30, "--G/--G")]));
}

#[test]
fn a_write_is_echoed_after_the_turn_around() {
    let mut stage = vehicle();
    stage.bytes(10, &[0x01, 0x05, 0x00, 0x00, 0xFF, 0x00, 0x8C, 0x3A]);
    stage.run_to(20);
    let silence = LINE.modbus_silence();
    let echo = vec![0x01, 0x05, 0x00, 0x00, 0xFF, 0x00, 0x8C, 0x3A];
    assert_eq!(stage.sent(), [(Instant::from_ms(10) + silence, echo)]);
}

#[test]
fn six_coils_are_written_with_one_frame() {
    let mut stage = Rehearsal::powered(LampBoard::new(Kind::Vehicle, 33, LINE));
    stage.bytes(10, &[0x21, 0x0F, 0x00, 0x00, 0x00, 0x06, 0x01, 0x21, 0x5D, 0x56]);
    stage.run_to(20);
    let done = std::mem::take(&mut stage.done);
    assert!(done.contains(&(
        Instant::from_ms(10) + LINE.modbus_silence(),
        Output::Bytes {
            port: crate::device::Port(0),
            bytes: vec![0x21, 0x0F, 0x00, 0x00, 0x00, 0x06, 0xD2, 0xA9]
        }
    )));
    stage.done = done;
    assert_eq!(faces(&mut stage), seen(&[(10, "R--/R--")]));
}

#[test]
fn eight_coils_are_read_as_the_relays_stand() {
    let mut stage = vehicle();
    // Relays 0 and 6 closed: the data byte of the worked answer, 41.
    stage.ask(
        10,
        UNIT,
        &Request::WriteCoils(0, vec![true, false, false, false, false, false, true, false].into()),
    );
    stage.run_to(19);
    stage.done.clear();
    stage.bytes(20, &[0x01, 0x01, 0x00, 0x00, 0x00, 0x08, 0x3D, 0xCC]);
    stage.run_to(30);
    assert_eq!(stage.sent().pop().map(|(_, bytes)| bytes), Some(vec![0x01, 0x01, 0x01, 0x41, 0x91, 0xB8]));
}

#[test]
fn a_timed_flash_on_ends_after_its_tenths() {
    let mut stage = vehicle();
    // Relay 0 for 700 ms.
    stage.bytes(10, &[0x01, 0x05, 0x02, 0x00, 0x00, 0x07, 0x8D, 0xB0]);
    stage.run_to(900);
    assert_eq!(faces(&mut stage), seen(&[(10, "R--/R--"), (710, "---/---")]));
}

#[test]
fn a_timed_flash_off_ends_with_the_lamp_on() {
    let mut stage = vehicle();
    stage.ask(10, UNIT, &Request::WriteCoil(map::VEHICLE_GREEN, map::ON));
    stage.ask(20, UNIT, &Request::WriteCoil(map::FLASH_OFF + map::VEHICLE_GREEN, 3));
    stage.run_to(900);
    assert_eq!(faces(&mut stage), seen(&[(10, "--G/--G"), (20, "---/---"), (320, "--G/--G")]));
}

#[test]
fn a_command_ends_a_timed_flash_of_its_relay_only() {
    let mut stage = vehicle();
    stage.ask(10, UNIT, &Request::WriteCoil(map::FLASH_ON + map::RED, 5));
    stage.ask(20, UNIT, &Request::WriteCoil(map::FLASH_ON + map::VEHICLE_GREEN, 5));
    stage.ask(30, UNIT, &Request::WriteCoil(map::RED, map::ON));
    stage.run_to(900);
    assert_eq!(faces(&mut stage), seen(&[(10, "R--/R--"), (20, "R-G/R-G"), (520, "R--/R--")]));
}

#[test]
fn all_relays_follow_the_one_address() {
    let mut stage = vehicle();
    stage.ask(10, UNIT, &Request::WriteCoil(map::ALL_RELAYS, map::ON));
    stage.ask(20, UNIT, &Request::WriteCoil(map::ALL_RELAYS, map::TOGGLE));
    stage.ask(30, UNIT, &Request::WriteCoil(map::RED, map::TOGGLE));
    stage.ask(40, UNIT, &Request::WriteCoil(map::ALL_RELAYS, map::OFF));
    assert_eq!(
        faces(&mut stage),
        seen(&[(10, "RYG/RYG"), (20, "---/---"), (30, "R--/R--"), (40, "---/---")])
    );
}

#[test]
fn a_pedestrian_heads_green_is_coil_one_and_the_rest_switch_nothing() {
    let mut stage = pedestrian();
    stage.ask(10, UNIT, &Request::WriteCoil(map::PEDESTRIAN_GREEN, map::ON));
    stage.ask(20, UNIT, &Request::WriteCoils(2, vec![true; 6].into()));
    assert_eq!(faces(&mut stage), seen(&[(10, "--G/--G")]));
    assert_eq!(
        answer(&mut stage, 30, &Request::ReadCoils(2, 6)),
        Response::Bits(1, {
            let mut bits = vec![true; 6];
            bits.resize(8, false);
            bits.into()
        })
    );
}

#[test]
fn what_the_map_does_not_name_is_refused_and_changes_nothing() {
    let refusals = [
        (Request::ReadCoils(0, 9), Exception::IllegalAddress),
        (Request::ReadCoils(0xFFFF, 2), Exception::IllegalAddress),
        (Request::ReadCoils(0, 0), Exception::IllegalValue),
        (Request::ReadDiscreteInputs(0, 1), Exception::IllegalFunction),
        (Request::ReadInputs(0, 1), Exception::IllegalFunction),
        (Request::ReadHolding(0, 2), Exception::IllegalAddress),
        (Request::ReadHolding(1, 1), Exception::IllegalAddress),
        (Request::WriteCoil(8, map::ON), Exception::IllegalAddress),
        (Request::WriteCoil(0, 1), Exception::IllegalValue),
        (Request::WriteCoil(map::FLASH_ON + 8, 1), Exception::IllegalAddress),
        (Request::WriteCoil(map::FLASH_ON, 0), Exception::IllegalValue),
        (Request::WriteCoil(map::FLASH_OFF, map::FLASH_LONGEST + 1), Exception::IllegalValue),
        (Request::WriteCoils(7, vec![true, true].into()), Exception::IllegalAddress),
        (Request::WriteRegister(1, 0), Exception::IllegalAddress),
        (Request::WriteRegisters(0, vec![0, 0].into()), Exception::IllegalAddress),
    ];
    let mut stage = vehicle();
    for (place, (request, exception)) in (1..).zip(refusals) {
        let got = answer(&mut stage, place * 20, &request);
        assert!(matches!(got, Response::Exception(_, code) if code == exception), "{request:?}: {got:?}");
    }
    stage.run_to(1_100);
    // Nothing of that fed the watchdog either.
    assert_eq!(faces(&mut stage), seen(&[(1_000, "-Y-/-Y-")]));
}

#[test]
fn the_watchdog_register_reads_back() {
    let mut stage = vehicle();
    assert_eq!(
        answer(&mut stage, 10, &Request::ReadHolding(0, 1)),
        Response::Registers(3, vec![1_000].into())
    );
    assert_eq!(answer(&mut stage, 20, &Request::WriteRegister(0, 250)), Response::Written(6, 0, 250));
    assert_eq!(answer(&mut stage, 40, &Request::ReadHolding(0, 1)), Response::Registers(3, vec![250].into()));
    assert_eq!(
        answer(&mut stage, 60, &Request::WriteRegisters(0, vec![300].into())),
        Response::Written(0x10, 0, 1)
    );
    assert_eq!(answer(&mut stage, 80, &Request::ReadHolding(0, 1)), Response::Registers(3, vec![300].into()));
}

#[test]
fn without_a_write_the_vehicle_head_flashes_yellow_beginning_with_on() {
    let mut stage = vehicle();
    stage.ask(200, UNIT, &Request::WriteCoil(map::VEHICLE_GREEN, map::ON));
    stage.run_to(2_800);
    assert_eq!(
        faces(&mut stage),
        seen(&[
            (200, "--G/--G"),
            (1_200, "-Y-/-Y-"),
            (1_700, "---/---"),
            (2_200, "-Y-/-Y-"),
            (2_700, "---/---")
        ])
    );
}

#[test]
fn without_a_write_the_pedestrian_head_goes_dark() {
    let mut stage = pedestrian();
    stage.ask(200, UNIT, &Request::WriteCoil(map::RED, map::ON));
    stage.run_to(3_000);
    assert_eq!(faces(&mut stage), seen(&[(200, "R--/R--"), (1_200, "---/---")]));
}

#[test]
fn a_controller_that_never_speaks_gets_a_dark_head_for_a_second_and_then_the_flash() {
    let mut stage = Rehearsal::new(LampBoard::new(Kind::Vehicle, UNIT, LINE));
    stage.input(500, Input::Power(true));
    stage.run_to(2_100);
    assert_eq!(faces(&mut stage), seen(&[(500, "---/---"), (1_500, "-Y-/-Y-"), (2_000, "---/---")]));
}

#[test]
fn a_write_ends_the_flash_at_once_with_the_other_relays_open() {
    let mut stage = vehicle();
    stage.ask(10, UNIT, &Request::WriteCoil(map::VEHICLE_GREEN, map::ON));
    stage.run_to(1_100);
    stage.done.clear();
    // Green was on before: it must not come back with a write that says only red.
    stage.ask(1_200, UNIT, &Request::WriteCoil(map::RED, map::ON));
    stage.run_to(2_100);
    assert_eq!(faces(&mut stage), seen(&[(1_200, "R--/R--")]));
}

#[test]
fn broadcasts_and_register_writes_feed_the_watchdog_and_reads_do_not() {
    let mut stage = vehicle();
    stage.ask(900, 0, &Request::WriteCoil(map::RED, map::ON));
    stage.ask(1_800, UNIT, &Request::WriteRegister(map::WATCHDOG_MS, 1_000));
    stage.ask(2_700, UNIT, &Request::ReadCoils(0, 8));
    stage.ask(2_750, 2, &Request::WriteCoil(map::RED, map::ON));
    stage.run_to(3_000);
    assert_eq!(faces(&mut stage), seen(&[(900, "R--/R--"), (2_800, "-Y-/-Y-")]));
}

#[test]
fn a_watchdog_of_zero_never_bites() {
    let mut stage = vehicle();
    stage.ask(10, UNIT, &Request::WriteRegister(map::WATCHDOG_MS, 0));
    stage.ask(20, UNIT, &Request::WriteCoil(map::RED, map::ON));
    stage.run_to(100_000);
    assert_eq!(faces(&mut stage), seen(&[(20, "R--/R--")]));
    assert_eq!(stage.device.poll_timeout(), None);
}

#[test]
fn a_write_at_the_last_instant_is_in_time_and_one_after_it_is_not() {
    let mut stage = vehicle();
    stage.ask(1_000, UNIT, &Request::WriteCoil(map::RED, map::ON));
    assert_eq!(faces(&mut stage), seen(&[(1_000, "R--/R--")]));
    // A driver that oversleeps: the flash began at 2,000 although nobody woke the board then.
    let mut frame = Vec::new();
    crate::wire::modbus::emit_request(UNIT, &Request::WriteCoil(map::RED, map::ON), &mut frame);
    stage
        .device
        .handle_input(Instant::from_ms(2_003), Input::Bytes { port: crate::device::Port(0), bytes: &frame });
    let told: Vec<_> = std::iter::from_fn(|| stage.device.poll_output()).collect();
    let told: Vec<String> = told
        .into_iter()
        .filter_map(|output| match output {
            Output::Sight(sight) => Some(face(sight)),
            Output::Bytes { .. } | Output::Persist(_) | Output::Reject { .. } => None,
        })
        .collect();
    assert_eq!(told, ["-Y-/-Y-", "R--/R--"]);
}

#[test]
fn an_hour_of_oversleep_gives_few_outputs_and_keeps_the_grid() {
    let mut stage = vehicle();
    stage.input(0, Input::Act(HeadAct::Break(Lamp::Yellow, LampFault::Flicker(Span::from_us(1)))));
    stage.device.handle_timeout(Instant::from_ms(3_600_700));
    let outputs = std::iter::from_fn(|| stage.device.poll_output()).count();
    assert!(outputs <= 4, "{outputs}");
    // 1,000 + k * 500.
    let edges = |wake: Option<Wake>| wake.map(|wake| wake.at.as_us() % 10_000);
    assert_eq!(edges(stage.device.poll_timeout()), Some(0));
}

#[test]
fn power_loss_darkens_at_once_and_forgets_everything() {
    let mut stage = vehicle();
    stage.ask(10, UNIT, &Request::WriteRegister(map::WATCHDOG_MS, 0));
    stage.ask(20, UNIT, &Request::WriteCoil(map::FLASH_ON + map::RED, 50));
    stage.input(50, Input::Power(false));
    assert_eq!(stage.device.poll_timeout(), None);
    stage.ask(60, UNIT, &Request::WriteCoil(map::RED, map::ON));
    stage.input(100, Input::Power(true));
    stage.run_to(1_200);
    assert_eq!(
        faces(&mut stage),
        seen(&[(20, "R--/R--"), (50, "---/---"), (100, "---/---"), (1_100, "-Y-/-Y-")])
    );
}

#[test]
fn a_lamp_that_is_out_is_driven_and_not_lit() {
    let mut stage = vehicle();
    stage.input(5, Input::Act(HeadAct::Break(Lamp::Red, LampFault::Out)));
    stage.ask(10, UNIT, &Request::WriteCoil(map::RED, map::ON));
    stage.input(20, Input::Act(HeadAct::Mend(Lamp::Red)));
    stage.input(30, Input::Act(HeadAct::Break(Lamp::Red, LampFault::Out)));
    assert_eq!(faces(&mut stage), seen(&[(10, "R--/---"), (20, "R--/R--"), (30, "R--/---")]));
}

#[test]
fn a_lamp_that_is_stuck_on_is_lit_as_long_as_there_is_power() {
    let mut stage = vehicle();
    stage.input(5, Input::Act(HeadAct::Break(Lamp::Green, LampFault::StuckOn)));
    stage.ask(10, UNIT, &Request::WriteCoil(map::RED, map::ON));
    stage.input(20, Input::Power(false));
    stage.input(30, Input::Power(true));
    assert_eq!(faces(&mut stage), seen(&[(5, "---/--G"), (10, "R--/R-G"), (20, "---/---"), (30, "---/--G")]));
}

#[test]
fn a_flickering_lamp_is_lit_for_half_its_period_from_the_moment_it_is_driven() {
    let mut stage = vehicle();
    stage.input(5, Input::Act(HeadAct::Break(Lamp::Red, LampFault::Flicker(Span::from_ms(400)))));
    stage.ask(10, UNIT, &Request::WriteCoil(map::RED, map::ON));
    stage.ask(700, UNIT, &Request::WriteCoil(map::RED, map::OFF));
    stage.run_to(950);
    assert_eq!(
        faces(&mut stage),
        seen(&[(10, "R--/R--"), (210, "R--/---"), (410, "R--/R--"), (610, "R--/---"), (700, "---/---")])
    );
}

#[test]
fn a_pedestrian_head_has_no_yellow_that_could_break() {
    let mut stage = pedestrian();
    stage.input(5, Input::Act(HeadAct::Break(Lamp::Yellow, LampFault::StuckOn)));
    stage.run_to(500);
    assert_eq!(faces(&mut stage), []);
}

#[test]
fn damaged_requests_do_nothing_and_are_told() {
    let mut stage = vehicle();
    stage.bytes(10, &[0x01, 0x05, 0x00, 0x00, 0xFF, 0x00, 0x8C, 0x3B]);
    stage.run_to(500);
    assert!(stage.done.iter().any(|(_, output)| matches!(output, Output::Reject { skipped: 8, .. })));
    assert_eq!(faces(&mut stage), []);
}
