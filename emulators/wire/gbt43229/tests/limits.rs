//! Noise, limits, and content that does not fit.

use super::*;

#[test]
fn the_delimiter_that_ends_a_rejected_body_opens_the_next_frame() {
    let frame = capture::bytes(capture!("connect-request"));
    let mut stream = vec![0xc0, 0x55, 0xaa];
    stream.extend_from_slice(&frame);
    let (frames, rejects) = decode(Crc::Modbus, &stream);
    assert_eq!(frames.len(), 1);
    assert_eq!(rejects, [(3, Damage::TooShort.why())]);
}

#[test]
fn empty_bodies_are_skipped_without_a_word() {
    let frame = capture::bytes(capture!("connect-request"));
    let mut stream = vec![0xc0; 5];
    stream.extend_from_slice(&frame);
    stream.extend_from_slice(&[0xc0; 7]);
    stream.extend_from_slice(&frame);
    let (frames, rejects) = decode(Crc::Modbus, &stream);
    assert_eq!((frames.len(), rejects.len()), (2, 0));
}

#[test]
fn a_bad_escape_is_rejected() {
    let mut frame = capture::bytes(capture!("escape"));
    assert_eq!(frame[9], 0xdc, "the escaped byte of the device number");
    frame[9] = 0xde;
    assert_eq!(decode(Crc::Modbus, &frame), (vec![], vec![(frame.len() - 1, Damage::BadEscape.why())]));
}

#[test]
fn more_than_eight_kibibytes_without_a_delimiter_are_rejected() {
    let mut decoder = Decoder::new(Crc::Modbus);
    decoder.push(&[0xc0]);
    let mut pushed = 1;
    let skip = loop {
        decoder.push(&[0x11; 100]);
        pushed += 100;
        match decoder.poll() {
            Parsed::NeedMore => assert!(pushed <= 8_192),
            Parsed::Reject { skip, why } => {
                assert_eq!(why, Damage::NoEnd.why());
                break skip;
            }
            Parsed::Frame { .. } => panic!("no frame was sent"),
        }
    };
    assert_eq!(skip, pushed);
    assert!(pushed > 8_192 && pushed < 8_400);
    decoder.push(&[0xc0]);
    decoder.push(&capture::bytes(capture!("connect-request")));
    assert_eq!(drain(&mut decoder).0.len(), 1);
}

#[test]
fn a_caller_who_never_polls_does_not_fill_the_memory() {
    let mut decoder = Decoder::new(Crc::Modbus);
    for _ in 0..1_000 {
        decoder.push(&[0x11; 1_000]);
    }
    decoder.push(&capture::bytes(capture!("connect-request")));
    let (frames, rejects) = drain(&mut decoder);
    assert_eq!(frames.len(), 1);
    assert_eq!(rejects[0].1, Damage::NotDrained.why());
    assert_eq!(rejects.iter().map(|&(skip, _)| skip).sum::<usize>(), 1_000_000);
}

#[test]
fn forgetting_drops_half_a_frame() {
    let frame = capture::bytes(capture!("connect-request"));
    let mut decoder = Decoder::new(Crc::Modbus);
    decoder.push(&frame[..10]);
    decoder.clear();
    decoder.push(&frame);
    assert_eq!(drain(&mut decoder), (vec![Message::ConnectRequest.packet(CAMERA, CONTROLLER, 5)], vec![]));
}

#[test]
fn content_that_does_not_fit_its_object_is_kept_as_it_came() {
    let mut packet = three_waiting().packet(CAMERA, CONTROLLER, 5);
    packet.content[6] = 2;
    let message = Message::of(&packet, 5);
    assert_eq!(
        message,
        Message::Unknown { operation: 0x82, object: 0x0801, content: packet.content.clone() }
    );
    assert_eq!(message.packet(CAMERA, CONTROLLER, 5), packet);
}

#[test]
fn a_crosswalk_record_of_the_other_length_is_not_misread() {
    for (written, read) in [(4, 5), (5, 4)] {
        let packet = crowded(Some(2)).packet(CAMERA, CONTROLLER, written);
        assert!(matches!(Message::of(&packet, read), Message::Unknown { .. }));
    }
}

#[test]
fn records_beyond_the_255th_are_not_sent() {
    let zones = vec![waiting(1, 2, 3); 300];
    let packet = Message::RealTime(RealTime { at: AT, zones }).packet(CAMERA, CONTROLLER, 5);
    let Message::RealTime(seen) = Message::of(&packet, 5) else { panic!("does not parse") };
    assert_eq!(seen.zones.len(), 255);
    assert_eq!(decode(Crc::Cms, &emitted(&packet, Crc::Cms)).0, [packet]);
}

#[test]
fn reserved_bytes_are_ignored() {
    let mut packet = three_waiting().packet(CAMERA, CONTROLLER, 5);
    *packet.content.last_mut().expect("a record") = 0x77;
    assert_eq!(Message::of(&packet, 5), three_waiting());
}
