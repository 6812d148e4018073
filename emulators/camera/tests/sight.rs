//! What an intact camera reports of the people before it.

use super::*;
use crate::wire::gbt43229::ZoneStatistics;

fn waiting(count: u8, occupancy: u16, waiting_s: u8) -> ZoneReport {
    ZoneReport { channel: 1, region: Region::Waiting, count, occupancy, waiting_s, up: 0, down: None }
}

#[test]
fn a_report_says_who_waits_and_who_walks() {
    let mut bench = Bench::online(config());
    bench.act(see(3, 5, 2));
    let crosswalk = ZoneReport {
        channel: 2,
        region: Region::Crosswalk,
        count: 7,
        occupancy: 175,
        waiting_s: 0,
        up: 5,
        down: Some(2),
    };
    assert_eq!(bench.next_upload(), [waiting(3, 250, 0), crosswalk]);
}

#[test]
fn a_report_shows_the_newest_view() {
    let mut bench = Bench::online(config());
    bench.run(at(600));
    bench.act(see(9, 0, 0));
    bench.run(at(699));
    bench.act(see(2, 0, 0));
    bench.run(at(700));
    assert_eq!(bench.counts(), [2]);
}

#[test]
fn a_site_with_short_records_has_no_down_count() {
    let mut short = config();
    short.crosswalk_info_len = 4;
    let mut bench = Bench::online(short);
    bench.act(see(0, 5, 2));
    bench.run(at(700));
    let bytes = &bench.raw[0].1;
    // 22 bytes around the content, 7 + 14 + 14 in it, 2 delimiters; nothing to escape.
    assert_eq!(bytes.len(), 22 + 35 + 2);
}

#[test]
fn a_camera_that_does_not_cover_the_crosswalk_reports_one_zone() {
    let mut kerb = config();
    kerb.crosswalk_channel = None;
    let mut bench = Bench::online(kerb);
    bench.act(see(1, 9, 9));
    assert_eq!(bench.next_upload(), [waiting(1, 83, 0)]);
}

#[test]
fn counts_occupancy_and_waits_saturate() {
    let mut bench = Bench::online(config());
    bench.act(see(300, 200, 200));
    bench.run(at(400_000));
    let zones = bench.next_upload();
    assert_eq!(zones[0], waiting(255, 1_000, 255));
    assert_eq!(
        (zones[1].count, zones[1].occupancy, zones[1].up, zones[1].down),
        (255, 1_000, 200, Some(200))
    );
}

#[test]
fn the_longest_wait_is_reported_and_first_come_is_first_gone() {
    let mut bench = Bench::online(config());
    bench.act(see(1, 0, 0));
    bench.run(at(10_200));
    bench.act(see(2, 0, 0));
    bench.run(at(20_200));
    let waits = |bench: &Bench| bench.uploads().last().map(|(_, seen)| seen.zones[0].waiting_s);
    assert_eq!(waits(&bench), Some(20));
    bench.act(see(1, 1, 0));
    bench.run(at(20_700));
    assert_eq!(waits(&bench), Some(10), "the one who came first has stepped on");
    bench.act(see(0, 2, 0));
    bench.run(at(21_200));
    assert_eq!(waits(&bench), Some(0));
    bench.act(see(1, 0, 0));
    bench.run(at(24_200));
    assert_eq!(waits(&bench), Some(3), "a new wait begins when the area fills again");
}

#[test]
fn a_statistics_block_sums_up_its_period() {
    let mut bench = Bench::online(config());
    bench.act(see(6, 0, 0));
    bench.run(at(30_200));
    bench.act(see(0, 4, 2));
    bench.run(at(40_200));
    bench.act(see(3, 0, 0));
    bench.run(at(60_000));
    let blocks = bench.sent().into_iter().filter_map(|(_, message)| match message {
        Message::Statistics(block) => Some(block.zones),
        _ => None,
    });
    // 119 pictures (0.7 .. 59.7 s): 60 show six, 20 nobody, 39 three.
    let area = ZoneStatistics {
        channel: 1,
        region: Region::Waiting,
        total: 9,
        occupancy: (60 * 500 + 39 * 250) / 119,
        wait_s: 30,
        up: 0,
        down: 0,
    };
    let crosswalk = ZoneStatistics {
        channel: 2,
        region: Region::Crosswalk,
        total: 6,
        occupancy: 20 * 150 / 119,
        wait_s: 0,
        up: 4,
        down: 2,
    };
    assert_eq!(blocks.collect::<Vec<_>>(), [vec![area, crosswalk]]);
}
