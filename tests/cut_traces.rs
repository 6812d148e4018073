//! A trace that was cut off shows nothing broken that the whole does not.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use rig::monitor::{Judge, PropertyResult, Verdict};
use rig::runner::{Options, run};
use rig::site::Site;
use rig::trace::{HeadName, Reader, Record, What};
use rig::{scenario, site};

/// One record in so many is a place to cut, besides those at which a lamp or the supply changes.
const EVERY: usize = 97;
/// The records after such a change at which the trace is cut too.
const AFTERWARDS: usize = 3;

fn violated(results: &[PropertyResult]) -> BTreeSet<String> {
    let broken = |result: &&PropertyResult| matches!(result.verdict, Verdict::Violated(_));
    results.iter().filter(broken).map(|result| result.id.clone()).collect()
}

/// A run's records and the local time at which it begins.
fn records(site: &Site, name: &str) -> (Vec<Record>, u32) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let scenario = scenario::library::find(name, 1).expect("a known scenario");
    let stop = AtomicBool::new(false);
    let options = Options { out: Some(folder.path()), draw: false, stop: &stop };
    let trace = run(site, &scenario, 1, options).expect("a sound run").trace.expect("a trace was asked for");
    let bytes = std::fs::read(trace).expect("the trace is there");
    (Reader::new(&bytes[..]).expect("a sound trace").collect(), scenario.starts_at)
}

/// Judges the records, and every trace that is cut off behind one of the chosen records. Gives what the whole breaks and
/// how many cuts there were.
fn judge_cut_and_whole(site: &Site, records: &[Record], starts_at: u32) -> (BTreeSet<String>, usize) {
    let mut judge = Judge::new(site, starts_at).expect("a sound catalogue");
    let mut cuts = Vec::new();
    let mut since_change = usize::MAX;
    let mut lamps = [None; 4];
    for (number, record) in records.iter().enumerate() {
        judge.advance(record.latest);
        judge.record(record);
        let changes = match record.what {
            What::Head { head, driven, .. } => lamps[place(head)].replace(driven) != Some(driven),
            What::Power(_) => true,
            _ => false,
        };
        since_change = if changes { 0 } else { since_change.saturating_add(1) };
        if number % EVERY == 0 || since_change <= AFTERWARDS {
            cuts.push((record.latest, violated(&judge.clone().finish(record.latest))));
        }
    }
    let end = records.last().expect("a run has records").latest;
    let whole = violated(&judge.finish(end));
    for (at, broken) in &cuts {
        assert!(broken.is_subset(&whole), "cut off at {at}: {:?}", broken.difference(&whole));
    }
    (whole, cuts.len())
}

const fn place(head: HeadName) -> usize {
    match head {
        HeadName::VehicleA => 0,
        HeadName::VehicleB => 1,
        HeadName::PedestrianA => 2,
        HeadName::PedestrianB => 3,
    }
}

#[test]
fn a_trace_that_was_cut_off_shows_nothing_broken_that_the_whole_does_not() {
    let site = site::library::find("yudaihe-beixiaoyuan").expect("the default site");
    for name in ["both-vehicle-reds-out", "controller-stall", "manual-and-flash", "service-requests"] {
        let (records, starts_at) = records(&site, name);
        let (whole, cuts) = judge_cut_and_whole(&site, &records, starts_at);
        assert_eq!(whole, BTreeSet::new(), "{name}");
        assert!(cuts > 150, "{name}: only {cuts} cuts");
    }
}
