//! A run in which a port was away is judged again as it was judged: what went wrong beside that is the rig's trouble.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use rig::runner::{Options, Outcome, Status, replay, run};
use rig::trace::{HeadName, Reader, Record, What, Writer};
use rig::{scenario, site};

const AWAY: &str = "the port of lamps was away for 1.700 s from 30.100 on";

fn judged(path: &Path) -> Outcome {
    replay(path, &AtomicBool::new(false)).expect("a sound trace")
}

/// The trace of a run that passes, and in it a pedestrian green in the middle of the vehicle green, behind those notes.
fn conflict_behind(folder: &Path, notes: &[&str]) -> PathBuf {
    let site = site::library::find("yudaihe-beixiaoyuan").expect("a known site");
    let scenario = scenario::library::find("short-visit", 1).expect("a known scenario");
    let stop = AtomicBool::new(false);
    let options = Options { out: Some(folder), draw: false, stop: &stop };
    let good = run(&site, &scenario, 1, options).expect("a sound run").trace.expect("a trace was asked for");
    assert_eq!(judged(&good).status, Status::Passed);
    let reader = Reader::new(File::open(&good).expect("it is there")).expect("a sound trace");
    let bad = good.with_file_name("bad.rig");
    let mut writer = Writer::new(File::create(&bad).expect("a file"), reader.header()).expect("a file");
    let mut notes = Some(notes);
    for record in reader {
        if record.latest.as_us() > 32_000_000
            && let Some(notes) = notes.take()
        {
            let Record { earliest, latest, .. } = record;
            let mut more: Vec<What> = notes.iter().map(|note| What::Note((*note).to_owned())).collect();
            more.extend([4, 1].map(|lit| What::Head { head: HeadName::PedestrianA, driven: lit, lit }));
            for what in more {
                writer.write(&Record { earliest, latest, what }).expect("room");
            }
        }
        writer.write(&record).expect("room");
    }
    writer.finish().expect("room");
    bad
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
fn a_port_that_never_came_back_is_trouble_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let gone = "the port of lamps is gone: unplugged, or closed at the other end";
    assert_eq!(judged(&conflict_behind(folder.path(), &[gone])).status, Status::Broken(gone.to_owned()));
}
