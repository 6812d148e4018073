//! What a wrong controller leaves out from the beginning to the end: there is no second one to measure a gap to.

use super::*;

/// Whether a record is a frame of the controller's on this cable.
fn sent_on(record: &Record, role: CableRole) -> bool {
    matches!(&record.what, What::Frame(frame) if usize::from(frame.cable) == role.index() && frame.from == Some(0))
}

#[test]
fn heartbeats_that_never_come_are_named_by_p62() {
    let query =
        |record: &Record| sent_on(record, CableRole::CameraA) && record.latest > Instant::from_ms(1_000);
    named(&violated(&judge_without(&Street::default(), query)), &["P62"]);
}

#[test]
fn broadcasts_that_never_come_are_named_by_p24() {
    let broadcast = |record: &Record| sent_on(record, CableRole::Countdown);
    named(&violated(&judge_without(&Street::default(), broadcast)), &["P24"]);
}

#[test]
fn a_first_start_that_flashes_for_2_s_is_named_by_p46() {
    names(&Street { startup_flash: 2_000, ..Street::default() }, &["P46"]);
}

#[test]
fn a_fault_that_stands_and_is_not_in_the_log_is_named_by_p53() {
    let silent = Street { fault: 20, ..Street::default() };
    names(&silent, &["P53"]);
    let fault = Street { fault: 13, log: vec![(500, 1), (16_100, 2), (50_100, 13)], ..silent };
    assert_eq!(violated(&judge(&fault)), Vec::<String>::new());
}

#[test]
fn a_short_extension_under_a_blind_crosswalk_camera_is_named_by_p37() {
    names(&Street { walkers: vec![(156_000, 167_000)], ..Street::default() }, &["P37"]);
}

#[test]
fn a_stop_sentence_for_those_who_stepped_off_on_flashing_green_is_named_by_p57() {
    // The camera reports at 109.55 s and 110.05 s, the red begins at 110.0 s.
    let walkers = vec![(96_000, 107_000), (109_900, 114_000), (156_000, 167_000)];
    let street = Street { walkers, ..Street::default() };
    assert_eq!(violated(&judge(&street)), Vec::<String>::new());
    names(&Street { stops: vec![110_480], ..street }, &["P57"]);
}
