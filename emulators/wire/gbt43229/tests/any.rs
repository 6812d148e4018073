//! Any packet, any message, any bytes.

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use super::*;

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
