//! The session, the grid of uploads and the answers.

use super::*;
use crate::wire::gbt43229::{DetectorConfig, DeviceTime, SerialParameters, Statistics, Status};

#[test]
fn without_a_controller_it_asks_every_five_seconds_and_reports_nothing() {
    let mut bench = Bench::offline(config());
    bench.run(at(20_000));
    let expected: Vec<_> = (0..=4).map(|n| (at(n * 5_000), Message::ConnectRequest)).collect();
    assert_eq!(bench.sent(), expected);
}

#[test]
fn a_connected_camera_sends_time_then_status_then_reports_on_a_steady_grid() {
    let mut bench = Bench::offline(config());
    bench.run(at(200));
    bench.forget_sent();
    bench.tell(&Message::ConnectReply);
    bench.heartbeat = true;
    bench.run(at(10_200));
    let clock = DeviceTime { s: CLOCK, ms: 200 };
    let sent = bench.sent();
    assert_eq!(sent[0], (at(200), Message::TimeUpload(clock, 28_800)));
    let status = Status { at: clock, channels: vec![(1, false), (2, false)] };
    assert_eq!(sent[1], (at(200), Message::StatusUpload(status)));
    let grid: Vec<Instant> = bench.uploads().iter().map(|&(when, _)| when).collect();
    assert_eq!(grid, (1..=20).map(|n| at(200 + n * 500)).collect::<Vec<_>>());
    assert_eq!(sent.len(), 22);
}

#[test]
fn the_grid_does_not_drift_when_wakes_come_late() {
    let mut bench = Bench::online(config());
    for n in 1..=10 {
        bench.now = at(200 + n * 500 + 130);
        bench.camera.handle_timeout(bench.now);
        bench.drain();
        assert_eq!(bench.uploads().len() as u64, n);
    }
    assert_eq!(bench.camera.poll_timeout().map(|wake| (wake.at, wake.why)), Some((at(5_700), "picture due")));
}

#[test]
fn a_wake_that_comes_far_too_late_makes_up_for_a_bounded_number_of_pictures() {
    let mut bench = Bench::online(config());
    bench.camera.timers.clear(Timer::Silence);
    bench.now = at(1_000_000_000);
    bench.camera.handle_timeout(bench.now);
    bench.drain();
    let uploads = bench.uploads().len() as u64;
    assert!((CATCH_UP..=CATCH_UP + 2).contains(&uploads), "{uploads}");
    assert!(bench.camera.poll_timeout().is_some_and(|wake| wake.at > bench.now));
}

#[test]
fn a_query_is_answered_at_once() {
    let mut bench = Bench::online(config());
    bench.run(at(1_250));
    let clock = DeviceTime { s: CLOCK + 1, ms: 250 };
    assert_eq!(bench.ask(&Message::HeartbeatQuery), [Message::HeartbeatReply]);
    assert_eq!(bench.ask(&Message::TimeQuery), [Message::TimeReply(clock, 28_800)]);
    let serial = SerialParameters { port: 2, baud: 5, data_bits: 4, stop_bits: 1, parity: 1 };
    assert_eq!(bench.ask(&Message::SerialQuery), [Message::SerialReply(serial)]);
    let periods = DetectorConfig { realtime: 5, statistics_s: 60 };
    assert_eq!(bench.ask(&Message::ConfigQuery), [Message::ConfigReply(periods)]);
    let status = Status { at: clock, channels: vec![(1, false), (2, false)] };
    assert_eq!(bench.ask(&Message::StatusQuery), [Message::StatusReply(status)]);
}

#[test]
fn a_silence_of_more_than_fifteen_seconds_ends_the_session() {
    let mut bench = Bench::online(config());
    bench.heartbeat = false;
    bench.run(at(5_000));
    bench.tell(&Message::HeartbeatQuery);
    bench.run(at(20_000));
    assert!(!bench.sent().iter().any(|(_, message)| *message == Message::ConnectRequest));
    bench.forget_sent();
    bench.run(at(30_100));
    let gone = at(20_000) + Span::from_us(1);
    assert_eq!(
        bench.sent(),
        [
            (gone, Message::ConnectRequest),
            (gone + Span::from_secs(5), Message::ConnectRequest),
            (gone + Span::from_secs(10), Message::ConnectRequest)
        ]
    );
    assert_eq!(bench.ask(&Message::HeartbeatQuery), []);
    assert_eq!(bench.ask(&Message::ConnectReply).len(), 2);
    let upload = bench.uploads().len();
    bench.run_ms(499);
    assert_eq!(bench.uploads().len(), upload);
    bench.run_ms(1);
    assert_eq!(bench.uploads().len(), upload + 1);
}

#[test]
fn setting_the_clock_moves_the_time_stamps() {
    let mut bench = Bench::online(config());
    let set = Message::TimeSet(DeviceTime { s: 1_000, ms: 700 }, -3_600);
    assert_eq!(bench.ask(&set), [Message::TimeSetReply]);
    assert_eq!(
        bench.ask(&Message::TimeQuery),
        [Message::TimeReply(DeviceTime { s: 1_000, ms: 700 }, -3_600)]
    );
    bench.run_ms(500);
    assert_eq!(bench.uploads()[0].1.at, DeviceTime { s: 1_001, ms: 200 });
}

#[test]
fn serial_parameters_are_recorded_and_nonsense_is_refused() {
    let mut bench = Bench::online(config());
    let even = SerialParameters { port: 2, baud: 4, data_bits: 4, stop_bits: 1, parity: 2 };
    assert_eq!(bench.ask(&Message::SerialSet(even)), [Message::SerialSetReply(true)]);
    let nonsense = SerialParameters { baud: 11, ..even };
    assert_eq!(bench.ask(&Message::SerialSet(nonsense)), [Message::SerialSetReply(false)]);
    assert_eq!(bench.ask(&Message::SerialQuery), [Message::SerialReply(even)]);
}

#[test]
fn a_configured_period_starts_a_new_grid() {
    let mut bench = Bench::online(config());
    bench.run(at(1_000));
    bench.forget_sent();
    let faster = DetectorConfig { realtime: 1, statistics_s: 2 };
    assert_eq!(bench.ask(&Message::ConfigSet(faster)), [Message::ConfigSetReply]);
    assert_eq!(bench.ask(&Message::ConfigQuery), [Message::ConfigReply(faster)]);
    bench.run(at(1_300));
    let grid: Vec<Instant> = bench.uploads().iter().map(|&(when, _)| when).collect();
    assert_eq!(grid, [at(1_100), at(1_200), at(1_300)]);
    bench.run(at(4_000));
    let blocks: Vec<Instant> = statistics(&bench).iter().map(|(when, _)| *when).collect();
    assert_eq!(blocks, [at(2_000), at(4_000)]);
    let refused = Message::Error { object: 0x0204, code: 128 };
    for out_of_range in [(0, 60), (21, 60), (5, 1), (5, 3_601)] {
        let set = DetectorConfig { realtime: out_of_range.0, statistics_s: out_of_range.1 };
        assert_eq!(bench.ask(&Message::ConfigSet(set)), std::slice::from_ref(&refused));
    }
}

fn statistics(bench: &Bench) -> Vec<(Instant, Statistics)> {
    let block = |(when, message)| match message {
        Message::Statistics(block) => Some((when, block)),
        _ => None,
    };
    bench.sent().into_iter().filter_map(block).collect()
}

#[test]
fn statistics_are_repeated_once_when_nobody_acknowledges() {
    let mut bench = Bench::online(config());
    bench.run(at(119_000));
    let blocks = statistics(&bench);
    assert_eq!(blocks.len(), 2);
    assert_eq!((blocks[0].0, blocks[1].0), (at(60_000), at(63_000)));
    assert_eq!(blocks[0].1, blocks[1].1);
    assert_eq!((blocks[0].1.start, blocks[0].1.end), (CLOCK, CLOCK + 60));
    bench.run(at(120_000));
    assert_eq!(bench.ask(&Message::StatisticsAck), []);
    bench.run(at(179_000));
    assert_eq!(statistics(&bench).len(), 3);
}

#[test]
fn history_keeps_the_last_64_blocks_and_answers_those_in_range() {
    let mut quick = config();
    quick.statistics_period = Span::from_secs(2);
    let mut bench = Bench::offline(quick);
    bench.run(at(140_000));
    bench.tell(&Message::ConnectReply);
    let serials = |answers: &[Message]| -> Vec<(u16, u32)> {
        let one = |answer: &Message| match answer {
            Message::HistoryReply { serial, block } => (*serial, block.start - CLOCK),
            other => panic!("{other}"),
        };
        answers.iter().map(one).collect()
    };
    let all = bench.ask(&Message::HistoryQuery { start: 0, end: u32::MAX });
    assert_eq!(serials(&all), (0..64).map(|n| (n + 1, 12 + 2 * u32::from(n))).collect::<Vec<_>>());
    let some = bench.ask(&Message::HistoryQuery { start: CLOCK + 99, end: CLOCK + 105 });
    assert_eq!(serials(&some), [(1, 100), (2, 102)]);
    let none = bench.ask(&Message::HistoryQuery { start: 0, end: CLOCK });
    assert_eq!(none, [Message::Error { object: 0x0803, code: 128 }]);
}

#[test]
fn what_it_cannot_use_is_refused_with_the_reason() {
    let mut bench = Bench::online(config());
    let unknown =
        |operation, object, content: &[u8]| Message::Unknown { operation, object, content: content.to_vec() };
    let cases = [
        (unknown(0x80, 0x0999, &[]), 7),
        (unknown(0x99, 0x0999, &[]), 6),
        (unknown(0x81, 0x0205, &[]), 6),
        (unknown(0x80, 0x0801, &[]), 6),
        (unknown(0x80, 0x0201, &[1]), 128),
        (unknown(0x81, 0x0204, &[5, 60]), 128),
        (Message::ConnectRequest, 6),
    ];
    for (message, code) in cases {
        let (_, object) = message.code();
        assert_eq!(bench.ask(&message), [Message::Error { object, code }], "{message}");
    }
    let mut packet = Message::HeartbeatQuery.packet(CONTROLLER, CAMERA, 5);
    for (link, version, code) in [(1, 0x10, 4), (0, 0x11, 5)] {
        (packet.link, packet.version) = (link, version);
        let mut bytes = Vec::new();
        packet.emit(Crc::Modbus, &mut bytes);
        bench.forget_sent();
        bench.bytes(&bytes);
        assert_eq!(bench.sent(), [(CONNECTED, Message::Error { object: 0x0101, code })]);
    }
}

#[test]
fn replies_are_never_answered() {
    let mut bench = Bench::online(config());
    for operation in 0x83..=0x86 {
        let reply = Message::Unknown { operation, object: 0x0999, content: vec![1, 2] };
        assert_eq!(bench.ask(&reply), [], "{reply}");
    }
    assert_eq!(bench.ask(&Message::Error { object: 0x0801, code: 7 }), []);
    assert_eq!(bench.ask(&Message::StatusAck), []);
}

#[test]
fn damaged_frames_are_answered_once_a_second_at_most() {
    let mut bench = Bench::online(config());
    let mut damaged = frame(&Message::HeartbeatQuery, CONTROLLER, CAMERA);
    damaged[5] ^= 1;
    for _ in 0..10 {
        bench.bytes(&damaged);
    }
    assert_eq!(bench.sent(), [(CONNECTED, Message::Error { object: 0, code: 3 })]);
    assert_eq!(bench.rejects, ["checksum"; 10]);
    bench.forget_sent();
    bench.run_ms(1_000);
    // The delimiter of the last damaged frame has opened another; a good frame ends that.
    bench.tell(&Message::HeartbeatQuery);
    bench.forget_sent();
    bench.bytes(b"noise\xc0");
    assert_eq!(bench.sent(), [(at(1_200), Message::Error { object: 0, code: 1 })]);
}

#[test]
fn only_packets_for_this_camera_are_answered_and_broadcasts_are_obeyed_in_silence() {
    let mut bench = Bench::online(config());
    let other = Address { number: 102, ..CAMERA };
    bench.bytes(&frame(&Message::HeartbeatQuery, CONTROLLER, other));
    let everybody = Address { number: Address::BROADCAST, ..CAMERA };
    bench.bytes(&frame(&Message::TimeSet(DeviceTime { s: 5, ms: 0 }, 0), CONTROLLER, everybody));
    bench.bytes(&frame(&Message::HeartbeatQuery, CONTROLLER, everybody));
    bench.bytes(&frame(&Message::HeartbeatReply, CAMERA, CONTROLLER));
    assert_eq!(bench.raw, []);
    assert_eq!(bench.ask(&Message::TimeQuery), [Message::TimeReply(DeviceTime { s: 5, ms: 0 }, 0)]);
}

#[test]
fn without_supply_everything_is_forgotten_but_the_clock() {
    let mut bench = Bench::online(config());
    bench.tell(&Message::ConfigSet(DetectorConfig { realtime: 20, statistics_s: 3_600 }));
    bench.act(see(3, 0, 0));
    bench.run(at(10_000));
    bench.input(Input::Power(false));
    bench.forget_sent();
    bench.bytes(&frame(&Message::HeartbeatQuery, CONTROLLER, CAMERA));
    bench.run(at(20_000));
    assert_eq!(bench.sent(), []);
    assert_eq!(bench.camera.poll_timeout(), None);
    bench.input(Input::Power(true));
    assert_eq!(bench.sent(), [(at(20_000), Message::ConnectRequest)]);
    let connected = bench.ask(&Message::ConnectReply);
    assert_eq!(connected[0], Message::TimeUpload(DeviceTime { s: CLOCK + 20, ms: 0 }, 28_800));
    bench.run_ms(1_000);
    let seen: Vec<_> =
        bench.uploads().iter().map(|(_, seen)| (seen.zones[0].count, seen.zones[0].waiting_s)).collect();
    assert_eq!(
        seen,
        [(3, 0), (3, 1)],
        "the people are still there, but just came as far as the camera knows"
    );
}
