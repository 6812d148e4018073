//! The same seed gives the same bytes; another seed gives another run.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use rig::runner::{Options, replay, run};
use rig::trace::Reader;
use rig::{scenario, site};

fn trace(folder: &Path, scenario_name: &str, seed: u64) -> Vec<u8> {
    let site = site::library::find("yudaihe-beixiaoyuan").expect("the default site");
    let scenario = scenario::library::find(scenario_name, seed).expect("a known scenario");
    let stop = AtomicBool::new(false);
    let outcome = run(&site, &scenario, seed, Options { out: Some(folder), draw: false, stop: &stop })
        .expect("a sound run");
    fs::read(outcome.trace.expect("a trace was asked for")).expect("the trace is there")
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in ["evening-peak", "school-burst", "noise-on-every-cable"] {
        assert_eq!(trace(folder.path(), name, 7), trace(folder.path(), name, 7), "{name}");
    }
}

#[test]
fn another_seed_gives_other_records() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let records = |seed| {
        let bytes = trace(folder.path(), "school-burst", seed);
        Reader::new(&bytes[..]).expect("a sound trace").collect::<Vec<_>>()
    };
    assert_ne!(records(1), records(2));
}

#[test]
fn a_replay_gives_the_same_verdicts() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let site = site::library::find("yudaihe-beixiaoyuan").expect("the default site");
    let stop = AtomicBool::new(false);
    for name in scenario::library::names() {
        let scenario = scenario::library::find(&name, 3).expect("a known scenario");
        if scenario.pair.is_some() {
            continue;
        }
        let options = Options { out: Some(folder.path()), draw: true, stop: &stop };
        let first = run(&site, &scenario, 3, options).expect("a sound run");
        let Some(path) = &first.trace else { continue };
        let again = replay(path, &stop).expect("a sound trace");
        assert_eq!(again.results, first.results, "{name}");
        assert_eq!(
            (again.strip, again.text, again.status),
            (first.strip, first.text, first.status),
            "{name}"
        );
    }
}

#[test]
fn a_trace_cut_off_is_judged_up_to_there_and_is_not_a_pass() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bytes = trace(folder.path(), "evening-peak", 1);
    let cut = folder.path().join("cut.rig");
    fs::write(&cut, &bytes[..bytes.len() * 2 / 3]).expect("a temporary file");
    let outcome = replay(&cut, &AtomicBool::new(false)).expect("it reads up to its last whole record");
    assert_ne!(outcome.status, rig::runner::Status::Passed);
    assert!(outcome.remarks.iter().any(|remark| remark.contains("cut off")), "{:?}", outcome.remarks);
}
