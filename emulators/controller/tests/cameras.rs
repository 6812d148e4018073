//! Sessions with cameras, and which uploads count (P43, P44, P54, P61 to P63).

use super::super::map::{self, log as code};
use super::street::Street;
use super::*;
use crate::device::Port;
use crate::time::Instant;
use crate::wire::gbt43229::{DetectorConfig, Message, Status};

const CAMERA_A: Port = Port(0);

fn heard(street: &Street, kerb: usize, wanted: &Message) -> Vec<u64> {
    let to_kerb = street.eyes[kerb].heard.iter().filter(|(_, message)| message == wanted);
    to_kerb.map(|(at, _)| at.as_us() / 1_000).collect()
}

/// The person at kerb A is served as in the evening peak.
#[track_caller]
fn served_on_time(street: &mut Street) {
    street.run_to(100_000);
    near(street.first(60_000, |sight| sight.lit & FOOT_GREEN == FOOT_GREEN), 95_129);
}

#[test]
fn a_connect_request_is_answered_with_the_golden_reply() {
    let mut config = site::config();
    config.cameras[0].address.number = 101;
    let mut controller = super::super::Controller::new(config, None);
    let now = Instant::ZERO;
    use crate::device::{Device, Input, Output};
    controller.handle_input(now, Input::Power(true));
    while controller.poll_output().is_some() {}
    // wire.md: connect request of camera 110112/0010/101 to controller 110112/0001/1, made up from the layout.
    let request = [
        0xC0, 0x00, 0x00, 0x20, 0xAE, 0x01, 0x10, 0x00, 0x65, 0x00, 0x20, 0xAE, 0x01, 0x01, 0x00, 0x01, 0x00,
        0x10, 0x81, 0x01, 0x01, 0xFA, 0x2B, 0xC0,
    ];
    let reply = [
        0xC0, 0x00, 0x00, 0x20, 0xAE, 0x01, 0x01, 0x00, 0x01, 0x00, 0x20, 0xAE, 0x01, 0x10, 0x00, 0x65, 0x00,
        0x10, 0x84, 0x01, 0x01, 0x7C, 0xE6, 0xC0,
    ];
    controller.handle_input(now, Input::Bytes { port: CAMERA_A, bytes: &request });
    assert_eq!(controller.poll_output(), Some(Output::Bytes { port: CAMERA_A, bytes: reply.to_vec() }));
}

#[test]
fn a_camera_that_connects_is_given_its_period_and_asked_every_five_seconds() {
    let mut street = Street::new();
    street.run_to(60_000);
    for kerb in 0..2 {
        assert_eq!(heard(&street, kerb, &Message::ConnectReply).len(), 1);
        let set = Message::ConfigSet(DetectorConfig { realtime: 5, statistics_s: 60 });
        assert_eq!(heard(&street, kerb, &set).len(), 1);
        let queries = heard(&street, kerb, &Message::HeartbeatQuery);
        assert_eq!(queries.len(), 11);
        assert!(queries.windows(2).all(|pair| pair[1] - pair[0] == 5_000), "{queries:?}");
    }
}

#[test]
fn three_missed_heartbeats_make_a_camera_off_line_and_a_connect_brings_it_back() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.eyes[0].deaf = true;
    street.run_to(75_000);
    assert_eq!(street.register(map::DETECTOR_A), 0);
    street.run_to(82_000);
    assert_eq!(street.register(map::DETECTOR_A), 1);
    let queries = heard(&street, 0, &Message::HeartbeatQuery).len();
    street.run_to(95_000);
    assert_eq!(heard(&street, 0, &Message::HeartbeatQuery).len(), queries);
    street.eyes[0].deaf = false;
    street.eyes[0].connected = false;
    street.run_to(110_000);
    assert_eq!(street.register(map::DETECTOR_A), 0);
}

#[test]
fn status_and_statistics_are_acknowledged_at_once() {
    let mut street = Street::new();
    street.run_to(60_200);
    let at = street.stamp(0);
    street.say(0, &Message::StatusUpload(Status { at, channels: vec![(1, true), (2, false)] }));
    street.run(100);
    assert_eq!(heard(&street, 0, &Message::StatusAck).len(), 1);
    let statistics = crate::wire::gbt43229::Statistics { start: 1, end: 61, zones: vec![] };
    street.say(0, &Message::Statistics(statistics));
    street.run(100);
    assert_eq!(heard(&street, 0, &Message::StatisticsAck).len(), 1);
    assert_eq!(street.register(map::DETECTOR_A), 32);
    assert!(street.log().contains(&(code::DETECTOR_SELF_REPORTED, 0)));
    street.run_to(80_000);
    let at = street.stamp(0);
    street.say(0, &Message::StatusUpload(Status { at, channels: vec![(1, false)] }));
    street.run(4_000);
    assert_eq!(street.register(map::DETECTOR_A), 0);
}

/// Camera A on a half-duplex cable.
fn sharing_its_line() -> Street {
    let mut config = site::config();
    config.cameras[0].half_duplex = true;
    Street::with(config, None)
}

#[test]
fn on_a_half_duplex_cable_we_speak_only_within_50_ms_after_an_upload() {
    let mut street = sharing_its_line();
    street.run_to(60_000);
    street.wait(0, 1);
    let at = street.stamp(0);
    street.say(0, &Message::StatusUpload(Status { at, channels: vec![(1, false)] }));
    served_on_time(&mut street);
    let queries = heard(&street, 0, &Message::HeartbeatQuery);
    assert!(queries.windows(2).all(|pair| (4_500..=5_500).contains(&(pair[1] - pair[0]))), "{queries:?}");
    assert_eq!(heard(&street, 0, &Message::StatusAck).len(), 1);
    // Uploads leave at .100 and .600 and take 29 ms; after 45 ms of quiet our 12 ms follow.
    for (at, message) in &street.eyes[0].heard {
        let phase = at.as_us() / 1_000 % 500;
        let answers = matches!(message, Message::ConnectReply | Message::StatusAck);
        assert!((185..=200).contains(&phase) || answers || at.as_us() < 2_000_000, "{message:?} at {at}");
    }
}

#[test]
fn on_a_half_duplex_cable_we_do_not_speak_between_two_frames_of_the_camera() {
    let mut street = sharing_its_line();
    street.run_to(60_200);
    let at = street.stamp(0);
    street.say(0, &Message::StatusUpload(Status { at, channels: vec![(1, false)] }));
    // The second frame follows the first without a gap: 22 ms and 45 ms.
    street.run(22);
    let statistics = crate::wire::gbt43229::Statistics { start: 1, end: 61, zones: vec![] };
    street.say(0, &Message::Statistics(statistics));
    street.run(290);
    let acks = heard(&street, 0, &Message::StatusAck);
    assert_eq!(acks.len(), 1);
    assert!(acks[0] >= 60_222 + 20 + 45, "{acks:?}");
}

#[test]
fn a_silent_camera_on_a_half_duplex_cable_is_still_asked() {
    let mut street = sharing_its_line();
    street.run_to(60_000);
    street.eyes[0].silent = true;
    street.eyes[0].deaf = true;
    street.run_to(90_000);
    let queries = heard(&street, 0, &Message::HeartbeatQuery);
    // Three more, then the camera is off-line.
    assert_eq!(queries.iter().filter(|&&at| at > 60_000).count(), 3, "{queries:?}");
    assert!(queries.windows(2).all(|pair| (4_500..=5_500).contains(&(pair[1] - pair[0]))), "{queries:?}");
}

#[test]
fn a_connect_reply_does_not_wait_behind_what_was_queued_before() {
    let mut street = sharing_its_line();
    street.run_to(60_000);
    street.eyes[0].silent = true;
    street.run_to(68_000);
    street.say(0, &Message::ConnectRequest);
    street.run(200);
    assert_eq!(heard(&street, 0, &Message::ConnectReply).len(), 2);
}

#[test]
fn duplicates_change_nothing() {
    let mut street = Street::new();
    street.eyes[0].repeats = true;
    street.run_to(60_000);
    street.wait(0, 1);
    served_on_time(&mut street);
}

#[test]
fn noise_between_frames_costs_at_most_one_frame_and_no_lamp() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.wait(0, 1);
    for _ in 0..30 {
        street.run(230);
        street.bytes(CAMERA_A, &[0x55, 0xC0, 0x00, 0xDB, 0x41]);
        street.run(270);
    }
    served_on_time(&mut street);
    assert!(street.rejects > 20);
}

#[test]
fn a_damaged_upload_is_never_used() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.eyes[0].damaged = true;
    street.wait(0, 1);
    street.run_to(62_500);
    assert_eq!(street.register(map::DEMAND_A), 0);
    street.run_to(63_500);
    assert_eq!(street.register(map::DETECTOR_A), 1);
}

#[test]
fn an_upload_from_another_camera_is_not_used() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.eyes[1].waiting = 5;
    let foreign = street.realtime(1);
    let link = street.config.cameras[1];
    let mut bytes = Vec::new();
    foreign.packet(link.address, street.config.address, 5).emit(link.crc, &mut bytes);
    street.eyes[1].waiting = 0;
    for _ in 0..6 {
        street.run(500);
        street.bytes(CAMERA_A, &bytes);
    }
    assert_eq!(street.register(map::DEMAND_A), 0);
    assert_eq!(street.rejects, 6);
}

#[test]
fn a_camera_clock_an_hour_wrong_is_as_good_as_any() {
    for hour in [3_600, -3_600] {
        let mut street = Street::new();
        street.eyes[0].clock = 100_000;
        street.run_to(50_000);
        street.eyes[0].clock += hour;
        street.run_to(60_000);
        assert_eq!(street.register(map::DETECTOR_A), 0);
        street.wait(0, 1);
        street.run_to(100_000);
        near(street.first(60_000, |sight| sight.lit & FOOT_GREEN == FOOT_GREEN), 95_629);
        assert!(!street.log().iter().any(|(code, _)| *code == code::DETECTOR_LOST));
    }
}

#[test]
fn a_single_replay_of_an_old_upload_is_ignored() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.wait(0, 1);
    street.run_to(60_300);
    let old = street.realtime(0);
    street.wait(0, 0);
    street.run_to(75_300);
    for _ in 0..4 {
        street.say(0, &old);
        street.run(500);
    }
    assert_eq!(street.register(map::DEMAND_A), 0);
}

#[test]
fn uploads_later_than_t29_are_ignored() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.wait(0, 1);
    // The cable delivers everything 4 s late from now on.
    street.eyes[0].silent = true;
    let mut late = std::collections::VecDeque::new();
    for _ in 0..40 {
        late.push_back(street.realtime(0));
        if late.len() > 8 {
            let message = late.pop_front().expect("not empty");
            street.say(0, &message);
        }
        street.run(500);
    }
    assert_eq!(street.register(map::DETECTOR_A), 1);
}

#[test]
fn a_camera_that_still_counts_itself_connected_after_our_restart_is_heard() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.power(false);
    street.run(3_000);
    street.power(true);
    let connects = heard(&street, 0, &Message::ConnectReply).len();
    street.run(20_000);
    assert_eq!(heard(&street, 0, &Message::ConnectReply).len(), connects);
    assert_eq!(street.register(map::DETECTOR_A), 0);
    assert!(heard(&street, 0, &Message::HeartbeatQuery).iter().any(|&at| at > 66_000));
}

#[test]
fn a_question_that_still_waits_for_the_line_is_not_asked_twice() {
    let mut street = sharing_its_line();
    street.run_to(60_000);
    street.eyes[0].silent = true;
    // Noise all the time: the line is never ours, while two questions become due.
    for _ in 0..40 {
        street.run(300);
        street.bytes(CAMERA_A, &[0x55, 0xC0, 0x00, 0xDB, 0x41]);
    }
    let asked = |street: &Street| heard(street, 0, &Message::HeartbeatQuery).len();
    let before = asked(&street);
    street.eyes[0].silent = false;
    street.run(2_000);
    assert_eq!(asked(&street), before + 1);
}

#[test]
fn where_statistics_may_follow_an_upload_that_was_not_heard_we_do_not_speak() {
    let mut street = sharing_its_line();
    street.run_to(60_000);
    let at = street.stamp(0);
    // Ends just before an upload (.100 to .129): after 45 ms of quiet we would begin inside what follows that.
    street.run_to(60_080);
    street.eyes[0].silent = true;
    street.say(0, &Message::StatusUpload(Status { at, channels: vec![(1, false)] }));
    street.run_to(60_500);
    assert_eq!(heard(&street, 0, &Message::StatusAck), []);
    street.eyes[0].silent = false;
    street.run_to(61_000);
    assert_eq!(heard(&street, 0, &Message::StatusAck).len(), 1);
}

#[test]
fn after_a_dip_we_do_not_speak_into_what_we_did_not_hear_begin() {
    let mut street = sharing_its_line();
    street.run_to(60_200);
    let at = street.stamp(0);
    street.say(0, &Message::StatusUpload(Status { at, channels: vec![(1, false)] }));
    // It ends at .222; after 45 ms of quiet the line would be ours, but for the first of them only we were there.
    street.run_to(60_230);
    street.power(false);
    street.run_to(60_260);
    street.power(true);
    street.run_to(60_600);
    assert_eq!(heard(&street, 0, &Message::StatusAck), []);
    street.run_to(61_000);
    assert_eq!(heard(&street, 0, &Message::StatusAck).len(), 1);
}
