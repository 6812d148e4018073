//! Lines on which a camera and the controller both send.

use emulators::wire::gbt43229::{DeviceTime, Message, RealTime};

use super::*;
use crate::monitor::{Change, Value};

const CAMERA: CableRole = CableRole::CameraA;

fn site() -> Site {
    crate::site::library::find("tongzhou-no2-middle-school").unwrap_or_else(|error| panic!("{error}"))
}

fn frame(from: u8, start: u64, end: u64, bytes: &[u8], collided: bool) -> Record {
    let latest = Instant::from_ms(end);
    let what = What::Frame(Frame {
        cable: CAMERA.index() as u8,
        from: Some(from),
        start: Instant::from_ms(start),
        bytes: bytes.to_vec(),
        sent: None,
        collided,
    });
    Record { earliest: latest, latest, what }
}

/// A report of nobody, stamped so.
fn report(site: &Site, ms: u64) -> Vec<u8> {
    let wiring = site.wiring.cameras[0];
    let at = DeviceTime { s: (ms / 1_000) as u32, ms: (ms % 1_000) as u16 };
    let message = Message::RealTime(RealTime { at, zones: Vec::new() });
    let mut bytes = Vec::new();
    message
        .packet(wiring.address, site.wiring.controller, wiring.crosswalk_info_len)
        .emit(wiring.crc, &mut bytes);
    bytes
}

fn changes(site: &Site, records: &[Record], signal: &str, until: u64) -> Vec<(u64, Value)> {
    let (mut observer, vocabulary) = Observer::new(site, STARTS_AT);
    let (id, _) = vocabulary.find(signal).expect("the signal");
    let mut changes: Vec<Change> = Vec::new();
    records.iter().for_each(|record| observer.record(record, &mut changes));
    // What is known leaves the observer a while later.
    observer.advance(Instant::from_ms(until) + Span::from_secs(4), &mut changes);
    changes.retain(|change| change.at <= Instant::from_ms(until));
    let of = |change: &Change| (change.signal == id).then_some((change.at.as_us() / 1_000, change.value));
    changes.iter().filter_map(of).collect()
}

/// Whether the controller is blamed that begins so long after a report's end, 5 ms after the camera has begun again.
fn is_blamed(after: u64) -> bool {
    let site = site();
    let begins = 1_000 + after;
    let records = [
        frame(1, 965, 1_000, &report(&site, 900), false),
        frame(0, begins, begins + 12, &[0; 23], true),
        frame(1, begins - 5, begins + 30, &[0; 67], true),
    ];
    !changes(&site, &records, "overlap", begins + 40).is_empty()
}

#[test]
fn whoever_has_waited_for_the_end_of_a_frame_does_not_interrupt() {
    assert!(is_blamed(6), "a second frame may follow at once");
    assert!(!is_blamed(45));
    assert!(is_blamed(250), "the middle of a period is not his");
    assert!(!is_blamed(1_000), "two reports are missing: the line is free");
}

#[test]
fn a_report_that_is_overdue_disturbs_a_shared_line_for_three_seconds() {
    let site = site();
    let on_time: Vec<Record> =
        (1..=4).map(|n| frame(1, n * 500 - 30, n * 500, &report(&site, n * 500), false)).collect();
    assert_eq!(
        changes(&site, &on_time, "LINE_NOISEA", 6_000),
        [(2_600, Value::Level(1)), (5_600, Value::Level(0))]
    );
}

#[test]
fn damage_disturbs_a_shared_line_only() {
    let records = [frame(1, 960, 1_000, &[0xc0, 0x01, 0x02, 0xc0], false)];
    let shared = changes(&site(), &records, "LINE_NOISEA", 5_000);
    assert_eq!(shared, [(1_000, Value::Level(1)), (4_000, Value::Level(0))]);
    assert_eq!(changes(&super::site(), &records, "LINE_NOISEA", 5_000), []);
}
