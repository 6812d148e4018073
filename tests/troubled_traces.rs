//! A run in which a port was away is judged again as it was judged: what went wrong beside that is the rig's trouble.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use emulators::time::Instant;
use rig::monitor::Verdict;
use rig::runner::{Options, Outcome, Status, replay, run};
use rig::trace::{Frame, HeadName, Reader, Record, What, Writer};
use rig::{scenario, site};

const AWAY: &str = "the port of lamps was away for 1.700 s from 30.100 on";

fn judged(path: &Path) -> Outcome {
    replay(path, &AtomicBool::new(false)).expect("a sound trace")
}

/// The trace of a run that passes, and in it what comes in besides before the first record after so many microseconds.
fn with(folder: &Path, name: &str, after: u64, more: &[What]) -> PathBuf {
    let site = site::library::find("yudaihe-beixiaoyuan").expect("a known site");
    let scenario = scenario::library::find(name, 1).expect("a known scenario");
    let stop = AtomicBool::new(false);
    let options = Options { out: Some(folder), draw: false, stop: &stop };
    let good = run(&site, &scenario, 1, options).expect("a sound run").trace.expect("a trace was asked for");
    assert_eq!(judged(&good).status, Status::Passed);
    let reader = Reader::new(File::open(&good).expect("it is there")).expect("a sound trace");
    let bad = good.with_file_name("bad.rig");
    let mut writer = Writer::new(File::create(&bad).expect("a file"), reader.header()).expect("a file");
    let mut more = Some(more);
    for record in reader {
        if record.latest.as_us() > after
            && let Some(more) = more.take()
        {
            let Record { earliest, latest, .. } = record;
            for what in more {
                let mut what = what.clone();
                if let What::Frame(frame) = &mut what {
                    frame.start = earliest;
                }
                writer.write(&Record { earliest, latest, what }).expect("room");
            }
        }
        writer.write(&record).expect("room");
    }
    writer.finish().expect("room");
    bad
}

/// A pedestrian green in the middle of the vehicle green, behind those notes.
fn conflict_behind(folder: &Path, notes: &[&str]) -> PathBuf {
    let mut more: Vec<What> = notes.iter().map(|note| What::Note((*note).to_owned())).collect();
    more.extend([4, 1].map(|lit| What::Head { head: HeadName::PedestrianA, driven: lit, lit }));
    with(folder, "short-visit", 32_000_000, &more)
}

#[test]
fn what_is_violated_beside_a_port_that_was_away_is_nobodys_verdict() {
    let folder = tempfile::tempdir().expect("a folder");
    let alone = judged(&conflict_behind(folder.path(), &[]));
    assert_eq!(alone.status, Status::Violated);
    let back = format!("{AWAY}: back as /dev/ttyUSB4");
    let notes = ["the port of lamps is gone: unplugged, or closed at the other end", back.as_str()];
    let outcome = judged(&conflict_behind(folder.path(), &notes));
    assert_eq!(outcome.status, Status::Broken(AWAY.to_owned()));
    assert_eq!(outcome.tally(), alone.tally(), "the judge itself sees no notes");
}

#[test]
fn all_that_was_in_trouble_is_the_cause() {
    let folder = tempfile::tempdir().expect("a folder");
    let others = AWAY.replace("lamps", "camera-a");
    let back = |away: &str| format!("{away}: back as /dev/ttyUSB4");
    let notes = [back(AWAY), back(&others)];
    let outcome = judged(&conflict_behind(folder.path(), &notes.each_ref().map(String::as_str)));
    let Status::Broken(why) = &outcome.status else { panic!("{:?}", outcome.status) };
    assert!(why.contains(AWAY) && why.contains(&others), "{why}");
}

#[test]
fn a_port_that_never_came_back_is_trouble_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let gone = "the port of lamps is gone: unplugged, or closed at the other end";
    assert_eq!(judged(&conflict_behind(folder.path(), &[gone])).status, Status::Broken(gone.to_owned()));
}

/// As it was seen where the controller got its supply just when it was being asked.
#[test]
fn a_late_answer_does_not_take_the_place_of_the_one_that_tells_of_the_clock() {
    const SERVICE: u8 = 5;
    let frame = |from, bytes: &[u8]| {
        let bytes = bytes.to_vec();
        let start = Instant::ZERO;
        What::Frame(Frame { cable: SERVICE, from: Some(from), start, bytes, sent: None, collided: false })
    };
    let (high, low) = ([1, 6, 0, 2, 92, 245, 209, 77], [1, 6, 0, 3, 91, 112, 67, 30]);
    let mut late = [0; 37];
    late[..3].copy_from_slice(&[1, 4, 32]);
    (late[4], late[14], late[16], late[26]) = (1, 1, 1, 4);
    late[35..].copy_from_slice(&[29, 84]);
    let exchange = [frame(1, &high), frame(0, &late), frame(0, &high), frame(1, &low), frame(0, &low)];
    let folder = tempfile::tempdir().expect("a folder");
    // Between two of the questions that come every 200 ms.
    let outcome = judged(&with(folder.path(), "evening-peak", 3_110_000, &exchange));
    let hours = outcome.results.iter().find(|result| result.id == "P60").expect("P60 is judged");
    assert!(matches!(hours.verdict, Verdict::Passed), "{:?}", hours.verdict);
}
