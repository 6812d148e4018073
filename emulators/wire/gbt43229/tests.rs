//! The tests every codec has: parse, emit, round trip, split, any bytes, single-bit flips; and the limits.

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use super::*;
use crate::wire::{Parsed, capture};

const CAMERA: Address = Address { admin: 110_112, kind: Address::CAMERA, number: 101 };
const CONTROLLER: Address = Address { admin: 110_112, kind: Address::CONTROLLER, number: 1 };
const AT: DeviceTime = DeviceTime { s: 1_760_000_000, ms: 0 };
const HALF_PAST: DeviceTime = DeviceTime { s: 1_760_000_000, ms: 500 };

/// A golden frame and what it says.
struct Golden {
    capture: &'static str,
    crc: Crc,
    info_len: u8,
    sender: Address,
    receiver: Address,
    message: Message,
    text: &'static str,
}

macro_rules! capture {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/captures/gbt43229-", $name, ".hex"))
    };
}

fn up(capture: &'static str, crc: Crc, message: Message, text: &'static str) -> Golden {
    Golden { capture, crc, info_len: 5, sender: CAMERA, receiver: CONTROLLER, message, text }
}

fn down(capture: &'static str, crc: Crc, message: Message, text: &'static str) -> Golden {
    Golden { capture, crc, info_len: 5, sender: CONTROLLER, receiver: CAMERA, message, text }
}

fn waiting(count: u8, occupancy: u16, waiting_s: u8) -> ZoneReport {
    ZoneReport { channel: 1, region: Region::Waiting, count, occupancy, waiting_s, up: 0, down: None }
}

fn three_waiting() -> Message {
    Message::RealTime(RealTime { at: AT, zones: vec![waiting(3, 250, 12)] })
}

fn crowded(down: Option<u8>) -> Message {
    let crosswalk = ZoneReport {
        channel: 2,
        region: Region::Crosswalk,
        count: 5,
        occupancy: 125,
        waiting_s: 0,
        up: 3,
        down,
    };
    Message::RealTime(RealTime { at: HALF_PAST, zones: vec![waiting(255, 1_000, 255), crosswalk] })
}

fn block() -> Statistics {
    let zone = ZoneStatistics {
        channel: 1,
        region: Region::Waiting,
        total: 300,
        occupancy: 200,
        wait_s: 18,
        up: 0,
        down: 0,
    };
    let crosswalk = ZoneStatistics {
        channel: 2,
        region: Region::Crosswalk,
        total: 299,
        occupancy: 80,
        wait_s: 0,
        up: 150,
        down: 149,
    };
    Statistics { start: AT.s, end: AT.s + 60, zones: vec![zone, crosswalk] }
}

/// The frames of both checksum variants.
fn worked() -> Vec<Golden> {
    let status = || Message::StatusUpload(Status { at: AT, channels: vec![(2, true)] });
    let mut escape = up(
        capture!("escape"),
        Crc::Modbus,
        Message::HeartbeatReply,
        "camera 16.192 -> controller 1.1  query-reply 0101 heartbeat",
    );
    escape.sender.number = 0x00c0;
    let mut escape_cms = up(capture!("escape-cms"), Crc::Cms, Message::HeartbeatReply, escape.text);
    escape_cms.sender.number = 0x00c0;
    let connect = "camera 16.101 -> controller 1.1  set 0101 connect";
    let connected = "controller 1.1 -> camera 16.101  set-reply 0101 connected";
    let query = "controller 1.1 -> camera 16.101  query 0101 heartbeat";
    let reply = "camera 16.101 -> controller 1.1  query-reply 0101 heartbeat";
    let three = "camera 16.101 -> controller 1.1  upload 0801 real-time t=1760000000.000 ch1 waiting 3 (25.0 %, 12 s)";
    let abnormal = "camera 16.101 -> controller 1.1  upload 0205 status t=1760000000.000 ch2 abnormal";
    vec![
        up(capture!("connect-request"), Crc::Modbus, Message::ConnectRequest, connect),
        up(capture!("connect-request-cms"), Crc::Cms, Message::ConnectRequest, connect),
        down(capture!("connect-reply"), Crc::Modbus, Message::ConnectReply, connected),
        down(capture!("connect-reply-cms"), Crc::Cms, Message::ConnectReply, connected),
        down(capture!("heartbeat-query"), Crc::Modbus, Message::HeartbeatQuery, query),
        down(capture!("heartbeat-query-cms"), Crc::Cms, Message::HeartbeatQuery, query),
        up(capture!("heartbeat-reply"), Crc::Modbus, Message::HeartbeatReply, reply),
        up(capture!("heartbeat-reply-cms"), Crc::Cms, Message::HeartbeatReply, reply),
        up(capture!("three-waiting"), Crc::Modbus, three_waiting(), three),
        up(capture!("three-waiting-cms"), Crc::Cms, three_waiting(), three),
        up(capture!("status"), Crc::Modbus, status(), abnormal),
        up(capture!("status-cms"), Crc::Cms, status(), abnormal),
        escape,
        escape_cms,
    ]
}

/// The frames made up for the other objects.
fn made_up() -> Vec<Golden> {
    let serial = SerialParameters { port: 2, baud: 5, data_bits: 4, stop_bits: 1, parity: 1 };
    let config = DetectorConfig { realtime: 5, statistics_s: 300 };
    let mut short = up(
        capture!("crosswalk-4"),
        Crc::Modbus,
        crowded(None),
        "camera 16.101 -> controller 1.1  upload 0801 real-time t=1760000000.500 ch1 waiting >=255 (100.0 %, >=255 s) ch2 crosswalk 5 (12.5 %, up 3)",
    );
    short.info_len = 4;
    vec![
        short,
        up(
            capture!("crosswalk-5"),
            Crc::Modbus,
            crowded(Some(2)),
            "camera 16.101 -> controller 1.1  upload 0801 real-time t=1760000000.500 ch1 waiting >=255 (100.0 %, >=255 s) ch2 crosswalk 5 (12.5 %, up 3, down 2)",
        ),
        up(
            capture!("statistics"),
            Crc::Modbus,
            Message::Statistics(block()),
            "camera 16.101 -> controller 1.1  upload 0802 statistics t=1760000000..1760000060 ch1 waiting 300 (20.0 %, 18 s) ch2 crosswalk 299 (8.0 %, up 150, down 149)",
        ),
        down(
            capture!("statistics-reply"),
            Crc::Modbus,
            Message::StatisticsAck,
            "controller 1.1 -> camera 16.101  upload-reply 0802 statistics",
        ),
        down(
            capture!("history-query"),
            Crc::Modbus,
            Message::HistoryQuery { start: AT.s, end: AT.s + 60 },
            "controller 1.1 -> camera 16.101  query 0803 history t=1760000000..1760000060",
        ),
        up(
            capture!("history-reply"),
            Crc::Modbus,
            Message::HistoryReply { serial: 7, block: block() },
            "camera 16.101 -> controller 1.1  query-reply 0803 history #7 t=1760000000..1760000060 ch1 waiting 300 (20.0 %, 18 s) ch2 crosswalk 299 (8.0 %, up 150, down 149)",
        ),
        up(
            capture!("time-upload"),
            Crc::Modbus,
            Message::TimeUpload(HALF_PAST, 28_800),
            "camera 16.101 -> controller 1.1  upload 0201 time t=1760000000.500 UTC+28800 s",
        ),
        down(
            capture!("serial-set"),
            Crc::Modbus,
            Message::SerialSet(serial),
            "controller 1.1 -> camera 16.101  set 0202 serial RS-485 19200 8N1",
        ),
        down(
            capture!("config-set"),
            Crc::Modbus,
            Message::ConfigSet(config),
            "controller 1.1 -> camera 16.101  set 0204 config real-time 0.5 s, statistics 300 s",
        ),
        up(
            capture!("error"),
            Crc::Modbus,
            Message::Error { object: 0x0999, code: 7 },
            "camera 16.101 -> controller 1.1  error 0999 7 object",
        ),
    ]
}

fn golden() -> impl Iterator<Item = Golden> {
    worked().into_iter().chain(made_up())
}

/// Everything a decoder says until it needs more.
fn drain(decoder: &mut Decoder) -> (Vec<Packet>, Vec<(usize, &'static str)>) {
    let (mut frames, mut rejects) = (Vec::new(), Vec::new());
    loop {
        match decoder.poll() {
            Parsed::NeedMore => return (frames, rejects),
            Parsed::Frame { frame, .. } => frames.push(frame),
            Parsed::Reject { skip, why } => rejects.push((skip, why)),
        }
    }
}

fn decode(crc: Crc, bytes: &[u8]) -> (Vec<Packet>, Vec<(usize, &'static str)>) {
    let mut decoder = Decoder::new(crc);
    decoder.push(bytes);
    drain(&mut decoder)
}

fn packet_of(golden: &Golden) -> Packet {
    golden.message.packet(golden.sender, golden.receiver, golden.info_len)
}

fn emitted(packet: &Packet, crc: Crc) -> Vec<u8> {
    let mut out = Vec::new();
    packet.emit(crc, &mut out);
    out
}

#[test]
fn golden_frames_are_read_as_what_they_say() {
    for golden in golden() {
        let bytes = capture::bytes(golden.capture);
        let mut decoder = Decoder::new(golden.crc);
        decoder.push(&bytes);
        let Parsed::Frame { frame, used } = decoder.poll() else { panic!("{} is no frame", golden.text) };
        assert_eq!(used, bytes.len(), "{}", golden.text);
        assert_eq!(decoder.poll(), Parsed::NeedMore);
        assert_eq!(frame, packet_of(&golden), "{}", golden.text);
        assert_eq!(Message::of(&frame, golden.info_len), golden.message);
        assert_eq!(frame.to_string(), golden.text);
    }
}

#[test]
fn golden_frames_are_written_behind_what_a_buffer_already_holds() {
    for golden in golden() {
        let mut out = vec![0xa5];
        packet_of(&golden).emit(golden.crc, &mut out);
        assert_eq!(out[0], 0xa5);
        assert_eq!(out[1..], capture::bytes(golden.capture), "{}", golden.text);
    }
}

#[test]
fn a_frame_of_the_other_checksum_is_rejected() {
    for golden in golden() {
        let other = match golden.crc {
            Crc::Modbus => Crc::Cms,
            Crc::Cms => Crc::Modbus,
        };
        let (frames, rejects) = decode(other, &capture::bytes(golden.capture));
        assert_eq!((frames.len(), rejects.len()), (0, 1), "{}", golden.text);
        assert_eq!(rejects[0].1, Damage::Checksum.why());
    }
}

#[test]
fn a_stream_split_at_every_byte_reads_the_same() {
    let mut stream = b"CAM BOOT 1.4.2\r\n".to_vec();
    let made_up = made_up();
    for golden in &made_up {
        stream.extend_from_slice(&capture::bytes(golden.capture));
        stream.extend_from_slice(&[0xc0, 0xc0, 0x55]);
    }
    let whole = decode(Crc::Modbus, &stream);
    assert_eq!(whole.0.len(), made_up.len());
    for at in 0..=stream.len() {
        let mut decoder = Decoder::new(Crc::Modbus);
        decoder.push(&stream[..at]);
        let mut parts = drain(&mut decoder);
        decoder.push(&stream[at..]);
        let (frames, rejects) = drain(&mut decoder);
        parts.0.extend(frames);
        parts.1.extend(rejects);
        assert_eq!(parts, whole, "split at {at}");
    }
    let mut decoder = Decoder::new(Crc::Modbus);
    let mut single = (Vec::new(), Vec::new());
    for byte in &stream {
        decoder.push(std::slice::from_ref(byte));
        let (frames, rejects) = drain(&mut decoder);
        single.0.extend(frames);
        single.1.extend(rejects);
    }
    assert_eq!(single, whole);
}

#[test]
fn a_single_flipped_bit_costs_the_frame_and_never_the_next() {
    for golden in golden() {
        let intact = capture::bytes(golden.capture);
        for bit in 0..intact.len() * 8 {
            let mut stream = intact.clone();
            stream[bit / 8] ^= 1 << (bit % 8);
            stream.extend_from_slice(&intact);
            let (frames, rejects) = decode(golden.crc, &stream);
            assert_eq!(frames, [packet_of(&golden)], "bit {bit} of {}", golden.text);
            assert!(!rejects.is_empty(), "bit {bit} of {}", golden.text);
        }
    }
}

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

fn any_address() -> impl Strategy<Value = Address> {
    (0..=0xff_ffff_u32, any::<u16>(), any::<u16>()).prop_map(|(admin, kind, number)| Address {
        admin,
        kind,
        number,
    })
}

fn any_crc() -> impl Strategy<Value = Crc> {
    prop_oneof![Just(Crc::Modbus), Just(Crc::Cms)]
}

/// Bytes among which delimiters and escapes are frequent.
fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let byte =
        prop_oneof![4 => any::<u8>(), 1 => Just(0xc0), 1 => Just(0xdb), 1 => Just(0xdc), 1 => Just(0xdd)];
    proptest::collection::vec(byte, 0..most)
}

prop_compose! {
    fn any_packet()(
        (link, sender, receiver) in (any::<u16>(), any_address(), any_address()),
        version in any::<u8>(),
        operation in prop_oneof![3 => 0x80..=0x86_u8, 1 => any::<u8>()],
        object in prop_oneof![
            3 => proptest::sample::select(vec![0x0101, 0x0201, 0x0202, 0x0204, 0x0205, 0x0801, 0x0802, 0x0803]),
            1 => any::<u16>(),
        ],
        content in bytes(80),
    ) -> Packet {
        Packet { link, sender, receiver, version, operation, object, content }
    }
}

fn any_time() -> impl Strategy<Value = DeviceTime> {
    (any::<u32>(), any::<u16>()).prop_map(|(s, ms)| DeviceTime { s, ms })
}

fn any_region() -> impl Strategy<Value = Region> {
    prop_oneof![
        Just(Region::Waiting),
        Just(Region::Crosswalk),
        any::<u8>()
            .prop_filter("codes of known regions", |raw| *raw != 1 && *raw != 2)
            .prop_map(Region::Other),
    ]
}

prop_compose! {
    /// A record as it can stand on the wire.
    fn any_report(info_len: u8)(
        (channel, region, count, occupancy) in (any::<u8>(), any_region(), any::<u8>(), any::<u16>()),
        (waiting_s, up, down) in any::<(u8, u8, u8)>(),
    ) -> ZoneReport {
        let crosswalk = region == Region::Crosswalk;
        ZoneReport {
            channel, region, count, occupancy,
            waiting_s: if crosswalk { 0 } else { waiting_s },
            up: if crosswalk { up } else { 0 },
            down: (crosswalk && info_len == 5).then_some(down),
        }
    }
}

prop_compose! {
    fn any_statistics()(
        (start, end) in any::<(u32, u32)>(),
        zones in proptest::collection::vec(
            (any_region(), any::<(u8, u16, u16, u8, u16, u16)>()), 0..6),
    ) -> Statistics {
        let zone = |(region, (channel, total, occupancy, wait_s, up, down))| {
            if region == Region::Crosswalk {
                ZoneStatistics { channel, region, total, occupancy, wait_s: 0, up, down }
            } else {
                ZoneStatistics { channel, region, total, occupancy, wait_s, up: 0, down: 0 }
            }
        };
        Statistics { start, end, zones: zones.into_iter().map(zone).collect() }
    }
}

fn any_status() -> impl Strategy<Value = Status> {
    (any_time(), proptest::collection::vec(any::<(u8, bool)>(), 0..6))
        .prop_map(|(at, channels)| Status { at, channels })
}

fn any_serial() -> impl Strategy<Value = SerialParameters> {
    any::<[u8; 5]>().prop_map(|[port, baud, data_bits, stop_bits, parity]| SerialParameters {
        port,
        baud,
        data_bits,
        stop_bits,
        parity,
    })
}

fn any_config() -> impl Strategy<Value = DetectorConfig> {
    any::<(u8, u16)>().prop_map(|(realtime, statistics_s)| DetectorConfig { realtime, statistics_s })
}

fn any_message(info_len: u8) -> impl Strategy<Value = Message> {
    let empty = proptest::sample::select(vec![
        Message::ConnectRequest,
        Message::ConnectReply,
        Message::HeartbeatQuery,
        Message::HeartbeatReply,
        Message::TimeQuery,
        Message::TimeSetReply,
        Message::SerialQuery,
        Message::ConfigQuery,
        Message::ConfigSetReply,
        Message::StatusQuery,
        Message::StatusAck,
        Message::StatisticsAck,
    ]);
    let zones = proptest::collection::vec(any_report(info_len), 0..6);
    prop_oneof![
        empty,
        (any_time(), any::<i32>()).prop_map(|(at, offset)| Message::TimeSet(at, offset)),
        (any_time(), any::<i32>()).prop_map(|(at, offset)| Message::TimeReply(at, offset)),
        (any_time(), any::<i32>()).prop_map(|(at, offset)| Message::TimeUpload(at, offset)),
        any_serial().prop_map(Message::SerialSet),
        any_serial().prop_map(Message::SerialReply),
        any::<bool>().prop_map(Message::SerialSetReply),
        any_config().prop_map(Message::ConfigSet),
        any_config().prop_map(Message::ConfigReply),
        any_status().prop_map(Message::StatusUpload),
        any_status().prop_map(Message::StatusReply),
        (any_time(), zones).prop_map(|(at, zones)| Message::RealTime(RealTime { at, zones })),
        any_statistics().prop_map(Message::Statistics),
        any::<(u32, u32)>().prop_map(|(start, end)| Message::HistoryQuery { start, end }),
        (any::<u16>(), any_statistics()).prop_map(|(serial, block)| Message::HistoryReply { serial, block }),
        any::<(u16, u8)>().prop_map(|(object, code)| Message::Error { object, code }),
        (any::<u16>(), bytes(40)).prop_map(|(object, content)| Message::Unknown {
            operation: 0x99,
            object,
            content
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("../fixtures/regressions/gbt43229.txt"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_packet_survives_the_wire(packet in any_packet(), crc in any_crc()) {
        prop_assert_eq!(decode(crc, &emitted(&packet, crc)), (vec![packet], vec![]));
    }

    #[test]
    fn any_message_survives_a_packet(
        (info_len, message) in prop_oneof![Just(4_u8), Just(5)].prop_flat_map(|len| (Just(len), any_message(len)))
    ) {
        let packet = message.packet(CAMERA, CONTROLLER, info_len);
        prop_assert_eq!(Message::of(&packet, info_len), message);
    }

    #[test]
    fn any_packet_means_something_that_can_be_printed(packet in any_packet(), info_len in 4..=5_u8) {
        let message = Message::of(&packet, info_len);
        prop_assert!(!packet.to_string().is_empty());
        prop_assert!(!message.to_string().is_empty());
        prop_assert_eq!(Message::of(&message.packet(packet.sender, packet.receiver, info_len), info_len), message);
    }

    #[test]
    fn any_bytes_are_accounted_for_and_never_panic(parts in proptest::collection::vec(bytes(60), 0..8)) {
        let mut decoder = Decoder::new(Crc::Modbus);
        let mut seen = 0;
        for part in &parts {
            decoder.push(part);
            for _ in 0..=part.len() {
                match decoder.poll() {
                    Parsed::NeedMore => break,
                    Parsed::Frame { used, .. } => seen += used,
                    Parsed::Reject { skip, why } => {
                        prop_assert!(skip > 0 && Damage::of(why).is_some());
                        seen += skip;
                    }
                }
            }
            prop_assert_eq!(decoder.poll(), Parsed::NeedMore);
        }
        prop_assert!(seen <= parts.iter().map(Vec::len).sum::<usize>());
    }
}
