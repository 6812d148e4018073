//! Frames against captures, and against any bytes.

use proptest::prelude::*;

use super::checksum::checksum;
use super::frame::{Bits, Exception, Request, Response, emit_request, emit_response};
use super::{describe_request, describe_response, parse_request, parse_response};
use crate::wire::{Parsed, capture};

macro_rules! capture {
    ($name:literal) => {
        capture::bytes(include_str!(concat!("../../../fixtures/captures/modbus-", $name, ".hex")))
    };
}

/// The request captures, what they mean and how they read.
fn requests() -> Vec<(Vec<u8>, u8, Request, &'static str)> {
    let coils = |bits: &str| bits.chars().map(|bit| bit == '1').collect::<Bits>();
    vec![
        (capture!("relay-read-coils-request"), 1, Request::ReadCoils(0, 8), "unit 1 read coils @0 x 8"),
        (capture!("relay-on-request"), 1, Request::WriteCoil(0, 0xff00), "unit 1 write coil @0 on"),
        (capture!("relay-flash-request"), 1, Request::WriteCoil(0x200, 7), "unit 1 write coil @512 = 0x0007"),
        (
            capture!("lamps-write-coils-request"),
            33,
            Request::WriteCoils(0, coils("100001")),
            "unit 33 write coils @0 [1,0,0,0,0,1]",
        ),
        (capture!("read-coils-request"), 17, Request::ReadCoils(19, 37), "unit 17 read coils @19 x 37"),
        (
            capture!("read-holding-request"),
            17,
            Request::ReadHolding(107, 3),
            "unit 17 read holding registers @107 x 3",
        ),
        (
            capture!("write-register-request"),
            17,
            Request::WriteRegister(1, 3),
            "unit 17 write register @1 = 3",
        ),
        (
            capture!("write-coils-request"),
            17,
            Request::WriteCoils(19, coils("1011001110")),
            "unit 17 write coils @19 [1,0,1,1,0,0,1,1,1,0]",
        ),
        (
            capture!("write-registers-request"),
            17,
            Request::WriteRegisters(1, vec![10, 258].into()),
            "unit 17 write registers @1 [10,258]",
        ),
    ]
}

/// The response captures, what they mean and how they read.
fn responses() -> Vec<(Vec<u8>, u8, Response, &'static str)> {
    let bits = |text: &str| text.chars().map(|bit| bit == '1').collect::<Bits>();
    vec![
        (
            capture!("relay-read-coils-response"),
            1,
            Response::Bits(1, bits("10000010")),
            "unit 1 read coils: [1,0,0,0,0,0,1,0]",
        ),
        (
            capture!("lamps-write-coils-response"),
            33,
            Response::Written(0x0f, 0, 6),
            "unit 33 write coils: @0 x 6 done",
        ),
        (
            capture!("read-coils-response"),
            17,
            Response::Bits(1, bits("1011001111010110010011010111000011011000")),
            "unit 17 read coils: [1,0,1,1,0,0,1,1,1,1,0,1,0,1,1,0,0,1,0,0,1,1,0,1,0,1,1,1,0,0,0,0,1,1,0,1,1,0,0,0]",
        ),
        (
            capture!("read-holding-response"),
            17,
            Response::Registers(3, vec![44_609, 22_098, 17_216].into()),
            "unit 17 read holding registers: [44609,22098,17216]",
        ),
        (
            capture!("write-coils-response"),
            17,
            Response::Written(0x0f, 19, 10),
            "unit 17 write coils: @19 x 10 done",
        ),
        (
            capture!("exception-response"),
            10,
            Response::Exception(1, Exception::IllegalAddress),
            "unit 10 read coils refused: illegal address (2)",
        ),
    ]
}

fn frames() -> impl Iterator<Item = (Vec<u8>, bool)> {
    let requests = requests().into_iter().map(|(bytes, ..)| (bytes, true));
    requests.chain(responses().into_iter().map(|(bytes, ..)| (bytes, false)))
}

/// What a parser makes of it, without the meaning.
fn outcome<T>(parsed: &Parsed<T>) -> &'static str {
    match parsed {
        Parsed::NeedMore => "need more",
        Parsed::Frame { .. } => "frame",
        Parsed::Reject { .. } => "reject",
    }
}

fn outcome_of(bytes: &[u8], request: bool) -> &'static str {
    if request { outcome(&parse_request(bytes)) } else { outcome(&parse_response(bytes)) }
}

/// A second implementation, bit by bit from the polynomial, independent of the table.
fn checksum_bit_by_bit(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, &byte| {
        (0..8).fold(crc ^ u16::from(byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xa001 } else { 0 })
    })
}

#[test]
fn captures_are_parsed_and_read_aloud() {
    for (bytes, unit, request, text) in requests() {
        assert_eq!(parse_request(&bytes), Parsed::Frame { frame: (unit, request), used: bytes.len() });
        assert_eq!(describe_request(&bytes), text);
    }
    for (bytes, unit, response, text) in responses() {
        assert_eq!(parse_response(&bytes), Parsed::Frame { frame: (unit, response), used: bytes.len() });
        assert_eq!(describe_response(&bytes), text);
    }
}

#[test]
fn captures_are_emitted_behind_what_is_already_there() {
    for (bytes, unit, request, _) in requests() {
        let mut out = vec![0xa5];
        emit_request(unit, &request, &mut out);
        assert_eq!(out, [&[0xa5], &bytes[..]].concat(), "{request}");
    }
    for (bytes, unit, response, _) in responses() {
        let mut out = vec![0xa5];
        emit_response(unit, &response, &mut out);
        assert_eq!(out, [&[0xa5], &bytes[..]].concat(), "{response}");
    }
}

#[test]
fn captures_cut_anywhere_need_more() {
    for (bytes, request) in frames() {
        for cut in 0..bytes.len() {
            assert_eq!(outcome_of(&bytes[..cut], request), "need more", "{bytes:02X?} cut at {cut}");
        }
    }
}

#[test]
fn captures_with_one_wrong_bit_are_no_frames() {
    for (bytes, request) in frames() {
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(outcome_of(&damaged, request), "frame", "{damaged:02X?}");
        }
    }
}

#[test]
fn a_frame_uses_no_byte_of_the_next() {
    for (bytes, request) in frames() {
        let twice = [&bytes[..], &bytes[..]].concat();
        let used = if request {
            match parse_request(&twice) {
                Parsed::Frame { used, .. } => used,
                Parsed::NeedMore | Parsed::Reject { .. } => 0,
            }
        } else {
            match parse_response(&twice) {
                Parsed::Frame { used, .. } => used,
                Parsed::NeedMore | Parsed::Reject { .. } => 0,
            }
        };
        assert_eq!(used, bytes.len());
    }
}

#[test]
fn unknown_functions_and_codes_survive_a_round_trip() {
    for request in [
        Request::Other(0x07, vec![]),
        Request::Other(0x08, vec![0, 0, 0xa5, 0x37]),
        Request::Other(0x41, vec![1, 2, 3]),
        Request::Other(0x17, vec![0, 1, 0, 2, 0, 3, 0, 1, 2, 0xab, 0xcd]),
        Request::Other(0x41, vec![]),
        Request::WriteCoil(0x0400, 300),
        Request::WriteCoils(7, vec![].into()),
        Request::WriteRegisters(7, vec![].into()),
        Request::Other(0x0f, vec![0, 0, 0, 9, 1, 0xff]),
    ] {
        let mut bytes = Vec::new();
        emit_request(9, &request, &mut bytes);
        assert_eq!(parse_request(&bytes), Parsed::Frame { frame: (9, request), used: bytes.len() });
    }
    for response in [
        Response::Other(0x41, vec![1, 2, 3]),
        Response::Other(0x03, vec![3, 1, 2, 3]),
        Response::Exception(0x41, Exception::IllegalFunction),
        Response::Exception(0x10, Exception::Other(0x0b)),
        Response::Exception(0x03, Exception::Busy),
        Response::Bits(2, vec![].into()),
        Response::Registers(4, vec![].into()),
    ] {
        let mut bytes = Vec::new();
        emit_response(9, &response, &mut bytes);
        assert_eq!(parse_response(&bytes), Parsed::Frame { frame: (9, response), used: bytes.len() });
    }
}

#[test]
fn the_longest_requests_fit_and_longer_ones_do_not() {
    let length = |request: &Request| {
        let mut out = Vec::new();
        emit_request(1, request, &mut out);
        assert_eq!(out.is_empty(), !request.fits());
        out.len()
    };
    assert_eq!(length(&Request::WriteCoils(0, vec![true; 1_968].into())), 255);
    assert_eq!(length(&Request::WriteCoils(0, vec![true; 1_969].into())), 0);
    assert_eq!(length(&Request::WriteRegisters(0, vec![1; 123].into())), 255);
    assert_eq!(length(&Request::WriteRegisters(0, vec![1; 124].into())), 0);
    assert_eq!(length(&Request::Other(0x41, vec![1; 252])), 256);
    assert_eq!(length(&Request::Other(0x41, vec![1; 253])), 0);
}

#[test]
fn what_is_no_frame_says_why() {
    assert_eq!(describe_request(&[]), "incomplete: nothing");
    assert_eq!(describe_request(&[1, 0x85, 2, 3]), "not the function of a request: 01 85 02 03");
    assert_eq!(describe_response(&[1, 0x85, 2, 0, 0]), "wrong checksum: 01 85 02 00 00");
    assert_eq!(describe_response(&[1, 3, 252]), "longer than a frame: 01 03 FC");
    let mut bytes = capture!("exception-response");
    bytes.push(0xff);
    assert_eq!(describe_response(&bytes), "unit 10 read coils refused: illegal address (2), then FF");
}

fn any_request() -> impl Strategy<Value = Request> {
    prop_oneof![
        any::<(u16, u16)>().prop_map(|(start, count)| Request::ReadCoils(start, count)),
        any::<(u16, u16)>().prop_map(|(start, count)| Request::ReadDiscreteInputs(start, count)),
        any::<(u16, u16)>().prop_map(|(start, count)| Request::ReadHolding(start, count)),
        any::<(u16, u16)>().prop_map(|(start, count)| Request::ReadInputs(start, count)),
        any::<(u16, u16)>().prop_map(|(address, value)| Request::WriteCoil(address, value)),
        any::<(u16, u16)>().prop_map(|(address, value)| Request::WriteRegister(address, value)),
        (any::<u16>(), prop::collection::vec(any::<bool>(), 0..=1_968))
            .prop_map(|(start, coils)| Request::WriteCoils(start, coils.into())),
        (any::<u16>(), prop::collection::vec(any::<u16>(), 0..=123))
            .prop_map(|(start, values)| Request::WriteRegisters(start, values.into())),
    ]
}

fn any_response() -> impl Strategy<Value = Response> {
    prop_oneof![
        (1..=2_u8, prop::collection::vec(any::<bool>(), 0..=2_000))
            .prop_map(|(function, bits)| Response::Bits(function, bits.into())),
        (3..=4_u8, prop::collection::vec(any::<u16>(), 0..=125))
            .prop_map(|(function, values)| Response::Registers(function, values.into())),
        (prop::sample::select(vec![5, 6, 15, 16]), any::<(u16, u16)>())
            .prop_map(|(function, (address, value))| Response::Written(function, address, value)),
        (0..=0x7f_u8, any::<u8>())
            .prop_map(|(function, code)| Response::Exception(function, Exception::from_code(code))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_table_agrees_with_the_polynomial(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(checksum(&bytes), checksum_bit_by_bit(&bytes));
    }

    #[test]
    fn requests_survive_a_round_trip(unit: u8, request in any_request()) {
        let mut bytes = Vec::new();
        emit_request(unit, &request, &mut bytes);
        prop_assert_eq!(parse_request(&bytes), Parsed::Frame { frame: (unit, request), used: bytes.len() });
    }

    #[test]
    fn responses_survive_a_round_trip(unit: u8, response in any_response()) {
        let mut bytes = Vec::new();
        emit_response(unit, &response, &mut bytes);
        let padded = match response {
            Response::Bits(function, mut bits) => {
                bits.resize(bits.len().next_multiple_of(8), false);
                Response::Bits(function, bits)
            }
            other => other,
        };
        prop_assert_eq!(parse_response(&bytes), Parsed::Frame { frame: (unit, padded), used: bytes.len() });
    }

    #[test]
    fn any_bytes_are_taken_and_printed(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(!describe_request(&bytes).is_empty());
        prop_assert!(!describe_response(&bytes).is_empty());
        if let Parsed::Frame { used, .. } = parse_request(&bytes) {
            prop_assert!((4..=256).contains(&used));
        }
        if let Parsed::Frame { used, .. } = parse_response(&bytes) {
            prop_assert!((4..=256).contains(&used));
        }
    }

    #[test]
    fn any_function_and_data_are_emitted_or_refused(
        unit: u8,
        function: u8,
        data in prop::collection::vec(any::<u8>(), 0..300),
        values in prop::collection::vec(any::<u16>(), 0..300),
    ) {
        for response in [
            Response::Other(function, data.clone()),
            Response::Registers(function, values.clone().into()),
            Response::Bits(function, values.iter().map(|value| value & 1 == 1).collect()),
        ] {
            let mut bytes = Vec::new();
            emit_response(unit, &response, &mut bytes);
            prop_assert!(bytes.len() <= 256);
            prop_assert!(bytes.is_empty() || checksum(&bytes) == 0);
        }
        let mut bytes = Vec::new();
        emit_request(unit, &Request::Other(function, data.clone()), &mut bytes);
        prop_assert_eq!(bytes.is_empty(), data.len() > 252);
    }
}
