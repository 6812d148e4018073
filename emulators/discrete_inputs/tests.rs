//! Discrete-input modules: reads, refusals, power.

use super::*;
use crate::rehearsal::{LINE, Rehearsal};

fn module(inputs: u8) -> Rehearsal<DiscreteInputs> {
    Rehearsal::powered(DiscreteInputs::new(Config { unit: 1, line: LINE, inputs }))
}

fn wire(stage: &mut Rehearsal<DiscreteInputs>, ms: u64, input: u8, on: bool) {
    stage.input(ms, Input::Act(Act::Wire { input, on }));
}

/// The frame that answers a request that ends at `ms`.
fn answer(stage: &mut Rehearsal<DiscreteInputs>, ms: u64, request: &Request) -> Vec<u8> {
    stage.ask(ms, 1, request);
    stage.run_to(ms + 5);
    stage.sent().pop().map(|(_, bytes)| bytes).unwrap_or_default()
}

#[test]
fn a_golden_question_gets_its_golden_answer() {
    let mut stage = module(10);
    wire(&mut stage, 1, 0, true);
    wire(&mut stage, 2, 3, true);
    wire(&mut stage, 3, 9, true);
    // Ten inputs from 0; the answer's bits are 0000_1001 and 0000_0010.
    stage.bytes(10, &[0x01, 0x02, 0x00, 0x00, 0x00, 0x0A, 0xF8, 0x0D]);
    stage.run_to(15);
    assert_eq!(
        stage.sent(),
        [(Instant::from_ms(10) + LINE.modbus_silence(), vec![0x01, 0x02, 0x02, 0x09, 0x02, 0x3E, 0x29])]
    );
}

#[test]
fn an_input_reads_what_its_wire_carries_now() {
    let mut stage = module(4);
    let read = Request::ReadDiscreteInputs(2, 1);
    wire(&mut stage, 5, 2, true);
    assert_eq!(answer(&mut stage, 10, &read)[3], 1);
    wire(&mut stage, 20, 2, false);
    assert_eq!(answer(&mut stage, 30, &read)[3], 0);
}

#[test]
fn sixty_four_inputs_can_be_read_at_once() {
    let mut stage = module(64);
    wire(&mut stage, 1, 63, true);
    let bytes = answer(&mut stage, 20, &Request::ReadDiscreteInputs(0, 64));
    assert_eq!(bytes[2..11], [8, 0, 0, 0, 0, 0, 0, 0, 0x80]);
}

#[test]
fn what_the_module_does_not_have_is_refused() {
    let mut stage = module(10);
    wire(&mut stage, 1, 10, true);
    let refusals = [
        (Request::ReadDiscreteInputs(0, 11), 2),
        (Request::ReadDiscreteInputs(10, 1), 2),
        (Request::ReadDiscreteInputs(0xFFFF, 2), 2),
        (Request::ReadDiscreteInputs(0, 0), 3),
        (Request::ReadCoils(0, 1), 1),
        (Request::ReadHolding(0, 1), 1),
        (Request::ReadInputs(0, 1), 1),
        (Request::WriteCoil(0, 0xFF00), 1),
        (Request::WriteRegister(0, 0), 1),
    ];
    for (place, (request, code)) in (1..).zip(refusals) {
        let bytes = answer(&mut stage, place * 20, &request);
        assert!(bytes.len() == 5 && bytes[1] & 0x80 != 0 && bytes[2] == code, "{request:?}: {bytes:02X?}");
    }
}

#[test]
fn without_power_it_is_silent_and_the_wires_are_read_afterwards() {
    let mut stage = module(4);
    let read = Request::ReadDiscreteInputs(0, 4);
    stage.ask(10, 1, &read);
    stage.input(11, Input::Power(false));
    wire(&mut stage, 12, 1, true);
    assert_eq!(answer(&mut stage, 20, &read), []);
    stage.input(30, Input::Power(true));
    assert_eq!(answer(&mut stage, 40, &read)[3], 0b0010);
}
