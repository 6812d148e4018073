//! Every way in which a camera fails.

use super::*;
use crate::wire::gbt43229::DeviceTime;

/// A connected camera that sees `waiting` people and fails; pictures of ten minutes.
fn failing(waiting: u16, faults: &[Fault]) -> Bench {
    let mut bench = Bench::online(config());
    bench.act(see(waiting, 0, 0));
    for &fault in faults {
        bench.fail(fault);
    }
    bench.run(at(600_200));
    bench
}

fn mean_per_mille(counts: &[u8]) -> u64 {
    counts.iter().map(|&count| u64::from(count)).sum::<u64>() * 1_000 / counts.len() as u64
}

#[test]
fn a_camera_misses_each_person_with_the_given_probability() {
    let counts = failing(10, &[Fault::Miss(300)]).counts();
    assert_eq!(counts.len(), 1_200);
    assert!((6_800..7_200).contains(&mean_per_mille(&counts)), "{}", mean_per_mille(&counts));
    assert!(counts.iter().any(|&count| count < 6) && counts.iter().any(|&count| count > 8));
    assert!(failing(10, &[Fault::Miss(1_000)]).counts().iter().all(|&count| count == 0));
    assert!(failing(10, &[Fault::Miss(0)]).counts().iter().all(|&count| count == 10));
}

#[test]
fn a_clipped_count_never_exceeds_its_limit() {
    let mut bench = Bench::online(config());
    bench.act(see(9, 5, 4));
    bench.fail(Fault::Clip(2));
    let zones = bench.next_upload();
    assert_eq!((zones[0].count, zones[0].occupancy), (2, 166));
    assert_eq!((zones[1].count, zones[1].up, zones[1].down), (2, 2, Some(0)));
    bench.act(see(1, 1, 0));
    assert_eq!(bench.next_upload()[0].count, 1);
}

#[test]
fn ghosts_come_at_their_rate_and_go_within_their_span() {
    let counts = failing(0, &[Fault::Ghosts(360, Span::from_secs(4))]).counts();
    let came: u32 = counts.windows(2).map(|pair| u32::from(pair[1].saturating_sub(pair[0]))).sum();
    assert!((40..80).contains(&came), "about 60 in ten minutes, {came} came");
    let longest = counts.split(|&count| count == 0).map(<[u8]>::len).max();
    assert!(longest.is_some_and(|pictures| (4..40).contains(&pictures)), "{longest:?}");
    assert!(counts.iter().filter(|&&count| count == 0).count() > counts.len() / 2);
}

#[test]
fn a_ghosts_wait_is_counted_from_its_first_picture() {
    let mut bench = failing(0, &[Fault::Stuck(1)]);
    let wait = |bench: &Bench| bench.uploads().last().map(|(_, seen)| seen.zones[0].waiting_s);
    assert_eq!(wait(&bench), Some(255));
    bench.act(Act::Heal);
    bench.run_ms(500);
    bench.fail(Fault::Stuck(1));
    bench.run_ms(3_500);
    assert_eq!(wait(&bench), Some(3));
}

#[test]
fn a_flickering_picture_shows_nobody_now_and_then() {
    let counts = failing(3, &[Fault::Flicker(300)]).counts();
    let empty = counts.iter().filter(|&&count| count == 0).count();
    assert!((300..420).contains(&empty), "{empty}");
    assert!(counts.iter().all(|&count| count == 0 || count == 3));
}

#[test]
fn a_stuck_count_stays_whoever_is_there() {
    let mut bench = Bench::online(config());
    bench.fail(Fault::Stuck(4));
    assert_eq!(bench.next_upload()[0].count, 4);
    bench.act(see(9, 3, 0));
    let zones = bench.next_upload();
    assert_eq!((zones[0].count, zones[1].up), (4, 3));
}

#[test]
fn a_frozen_picture_keeps_its_numbers_while_time_goes_on() {
    let mut bench = Bench::online(config());
    bench.act(see(2, 1, 0));
    bench.run(at(5_300));
    bench.fail(Fault::Frozen);
    bench.act(see(0, 0, 0));
    bench.forget_sent();
    bench.run(at(60_000));
    let uploads = bench.uploads();
    assert_eq!(uploads.len(), 109);
    for (when, seen) in uploads {
        assert_eq!((seen.zones[0].count, seen.zones[0].waiting_s, seen.zones[1].up), (2, 5, 1));
        assert_eq!(u64::from(seen.at.s - CLOCK) * 1_000 + u64::from(seen.at.ms), when.as_us() / 1_000);
    }
    bench.act(Act::Heal);
    assert_eq!(bench.next_upload()[0].count, 0);
}

#[test]
fn late_frames_leave_in_order_with_the_time_stamps_of_their_pictures() {
    let mut bench = Bench::online(config());
    bench.fail(Fault::Late(Span::from_ms(1_300)));
    bench.run(at(5_000));
    let uploads = bench.uploads();
    assert_eq!(uploads.len(), 7);
    for (n, (when, seen)) in (1..).zip(uploads) {
        assert_eq!(when, at(200 + n * 500 + 1_300));
        assert_eq!(u64::from(seen.at.s - CLOCK) * 1_000 + u64::from(seen.at.ms), 200 + n * 500);
    }
}

#[test]
fn frames_that_are_on_their_way_are_not_overtaken_after_healing() {
    let mut bench = Bench::online(config());
    bench.fail(Fault::Late(Span::from_ms(2_000)));
    bench.run(at(1_000));
    bench.act(Act::Heal);
    bench.run(at(4_000));
    let stamps: Vec<DeviceTime> = bench.uploads().iter().map(|(_, seen)| seen.at).collect();
    assert_eq!(stamps.len(), 7);
    assert!(stamps.is_sorted());
    assert_eq!(bench.uploads()[0].0, at(2_700));
}

#[test]
fn jitter_delays_each_frame_by_up_to_its_span_in_order() {
    let mut bench = Bench::online(config());
    bench.fail(Fault::Jitter(Span::from_ms(900)));
    bench.run(at(100_000));
    let delays: Vec<u64> = bench
        .uploads()
        .iter()
        .map(|(when, seen)| {
            when.as_us() / 1_000 - u64::from(seen.at.s - CLOCK) * 1_000 - u64::from(seen.at.ms)
        })
        .collect();
    assert!(delays.iter().all(|&delay| delay <= 900));
    assert!(delays.iter().any(|&delay| delay < 100) && delays.iter().any(|&delay| delay > 700));
    let stamps: Vec<DeviceTime> = bench.uploads().iter().map(|(_, seen)| seen.at).collect();
    assert!(stamps.is_sorted());
}

#[test]
fn a_raw_count_replaces_the_waiting_count() {
    let mut bench = Bench::online(config());
    bench.act(see(3, 2, 0));
    bench.fail(Fault::RawCount(200));
    let zones = bench.next_upload();
    assert_eq!((zones[0].count, zones[0].occupancy, zones[1].count), (200, 250, 2));
}

#[test]
fn a_stepped_clock_is_right_again_when_set_or_healed() {
    let mut bench = Bench::online(config());
    let clock = |bench: &mut Bench| match bench.ask(&Message::TimeQuery)[..] {
        [Message::TimeReply(at, _)] => i64::from(at.s) - i64::from(CLOCK),
        ref other => panic!("{other:?}"),
    };
    bench.fail(Fault::ClockStep(-3_600));
    assert_eq!(clock(&mut bench), -3_600);
    bench.act(Act::Heal);
    assert_eq!(clock(&mut bench), 0);
    bench.fail(Fault::ClockStep(3_600));
    assert_eq!(clock(&mut bench), 3_600);
    bench.tell(&Message::TimeSet(DeviceTime { s: CLOCK, ms: 0 }, 28_800));
    bench.act(Act::Heal);
    assert_eq!(clock(&mut bench), 0);
}

#[test]
fn a_reboot_is_silence_then_a_banner_then_a_connect_request() {
    let mut bench = Bench::online(config());
    bench.run(at(10_000));
    bench.forget_sent();
    bench.fail(Fault::Reboot(Span::from_secs(30)));
    bench.run(at(39_999));
    assert_eq!(bench.raw, []);
    bench.run(at(41_000));
    assert_eq!(bench.raw[0], (at(40_000), b"CAM BOOT 1.4.2\r\n".to_vec()));
    assert_eq!(bench.raw.len(), 2);
    assert_eq!(bench.sent(), [(at(40_000), Message::ConnectRequest)]);
    assert_eq!(bench.ask(&Message::ConnectReply).len(), 2);
}

#[test]
fn power_cut_during_a_reboot_ends_it() {
    let mut bench = Bench::online(config());
    bench.fail(Fault::Reboot(Span::from_secs(30)));
    bench.input(Input::Power(false));
    bench.run(at(60_000));
    assert_eq!(bench.raw, []);
    bench.input(Input::Power(true));
    assert_eq!(bench.sent(), [(at(60_000), Message::ConnectRequest)]);
}

#[test]
fn a_silent_camera_sends_nothing_until_it_is_healed() {
    let mut bench = Bench::online(config());
    bench.fail(Fault::Silent);
    bench.run(at(20_000));
    assert_eq!(bench.raw, []);
    bench.act(Act::Heal);
    assert_eq!(bench.next_upload().len(), 2);
}

#[test]
fn a_camera_without_heartbeat_still_uploads_and_stays_connected() {
    let mut bench = Bench::online(config());
    bench.fail(Fault::NoHeartbeat);
    bench.run(at(40_200));
    assert_eq!(bench.uploads().len(), 80);
    assert_eq!(bench.raw.len(), 80, "no heartbeat reply and no connect request");
}

#[test]
fn every_frame_with_a_bad_checksum_is_rejected_as_such() {
    let mut bench = failing(3, &[Fault::BadCrc]);
    bench.ask(&Message::TimeQuery);
    assert!(bench.raw.len() > 1_300);
    for (_, bytes) in &bench.raw {
        let mut decoder = Decoder::new(Crc::Modbus);
        decoder.push(bytes);
        assert!(matches!(decoder.poll(), Parsed::Reject { why: "checksum", .. }), "{bytes:02x?}");
    }
}

#[test]
fn a_repeating_camera_sends_every_frame_twice_as_two_transmissions() {
    let mut bench = Bench::online(config());
    bench.fail(Fault::Repeats);
    bench.run(at(3_200));
    bench.tell(&Message::HeartbeatQuery);
    bench.run(at(3_400));
    assert_eq!(bench.raw.len(), 14);
    for pair in bench.raw.chunks(2) {
        assert_eq!(pair[0].1, pair[1].1);
        assert_eq!(pair[1].0.since(pair[0].0), Span::from_ms(100), "not into the answer");
    }
}

#[test]
fn a_replaying_camera_sends_its_reports_once_more_when_newer_ones_have_left() {
    let mut bench = Bench::online(config());
    bench.fail(Fault::Replays(Span::from_ms(1_250)));
    bench.run(at(3_200));
    let first = bench.raw[0].clone();
    let again: Vec<usize> = (1..bench.raw.len()).filter(|&place| bench.raw[place].1 == first.1).collect();
    assert_eq!(again.len(), 1);
    let copy = &bench.raw[again[0]];
    assert_eq!(copy.0.since(first.0), Span::from_ms(1_250));
    assert!(again[0] > 2, "newer reports overtake it");
}

#[test]
fn a_camera_that_reports_itself_abnormal_counts_on() {
    let mut bench = Bench::online(config());
    bench.act(see(3, 0, 0));
    let status = |bench: &Bench| match bench.sent().pop() {
        Some((_, Message::StatusUpload(status))) => Some(status.channels),
        _ => None,
    };
    bench.fail(Fault::SelfReported);
    assert_eq!(status(&bench), Some(vec![(1, true), (2, true)]));
    bench.forget_sent();
    bench.fail(Fault::SelfReported);
    assert_eq!(bench.raw, [], "nothing has changed");
    assert_eq!(bench.next_upload()[0].count, 3);
    bench.act(Act::Heal);
    assert_eq!(status(&bench), Some(vec![(1, false), (2, false)]));
}

#[test]
fn failures_combine_one_of_each_kind() {
    let counts = failing(9, &[Fault::Flicker(300), Fault::Clip(5), Fault::Clip(2), Fault::Repeats]).counts();
    assert_eq!(counts.len(), 2_399, "the last copy has not left yet");
    assert!(counts.contains(&0) && counts.contains(&2));
    assert!(counts.iter().all(|&count| count == 0 || count == 2));
}

#[test]
fn the_same_seed_fails_the_same_way_and_another_does_not() {
    let run = |seed| {
        let mut bench = Bench::online(Config { seed, ..config() });
        bench.act(see(9, 4, 4));
        for fault in
            [Fault::Miss(200), Fault::Ghosts(200, Span::from_secs(9)), Fault::Jitter(Span::from_ms(700))]
        {
            bench.fail(fault);
        }
        bench.run(at(60_000));
        bench.raw
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}
