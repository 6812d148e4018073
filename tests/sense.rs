//! Lamps that the rig senses: what is told of them is true, what is judged by them is judged honestly.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use emulators::time::{Instant, Span};
use rig::monitor::{Judge, PropertyResult, Verdict};
use rig::runner::{Options, Outcome, Status, run};
use rig::scenario::{Scenario, library as scenarios};
use rig::site::{CableRole, Site, library as sites};
use rig::trace::{HeadName, Reader, Record, What};

const SENSED: &str = "yudaihe-beixiaoyuan-sensed";

fn text() -> String {
    sites::find(SENSED).expect("the site with sensed lamps").text
}

/// The site with one piece of its file replaced.
fn site(from: &str, to: &str) -> Site {
    let text = text();
    assert!(text.contains(from), "{from}");
    Site::load(&text.replacen(from, to, 1), "x.toml").unwrap_or_else(|error| panic!("{error}"))
}

/// The site as a bus-less cabinet has it: nothing but what is sensed.
fn without_bus() -> Site {
    let text = text();
    let table = |name: &str| format!("[wiring.{name}]");
    let cut = |text: String, from: &str, to: &str| {
        let (start, end) = (text.find(&table(from)).expect(from), text.find(&table(to)).expect(to));
        format!("{}{}", &text[..start], &text[end..])
    };
    Site::load(&cut(text, "lamps", "countdown"), "x.toml").unwrap_or_else(|error| panic!("{error}"))
}

/// The evening peak with more deeds.
fn evening(deeds: &str) -> Scenario {
    let peak = scenarios::find("evening-peak", 1).expect("a known scenario").text;
    Scenario::load(&format!("{peak}\n{deeds}"), "evening.toml", 1).unwrap_or_else(|error| panic!("{error}"))
}

fn judged(site: &Site, scenario: &Scenario, seed: u64) -> Outcome {
    let stop = AtomicBool::new(false);
    run(site, scenario, seed, Options { out: None, draw: false, stop: &stop }).expect("the rig is sound")
}

fn recorded(site: &Site, scenario: &Scenario, seed: u64) -> Vec<Record> {
    let (folder, stop) = (tempfile::tempdir().expect("a folder"), AtomicBool::new(false));
    let options = Options { out: Some(folder.path()), draw: false, stop: &stop };
    let trace = run(site, scenario, seed, options).expect("the rig is sound").trace.expect("a trace");
    read(&trace)
}

fn read(trace: &Path) -> Vec<Record> {
    let bytes = fs::read(trace).expect("the trace is there");
    Reader::new(&bytes[..]).expect("a sound trace").collect()
}

fn result<'a>(results: &'a [PropertyResult], id: &str) -> &'a PropertyResult {
    results.iter().find(|result| result.id == id).expect("a known property")
}

fn violated(results: &[PropertyResult]) -> Vec<&str> {
    let violated = results.iter().filter(|result| matches!(result.verdict, Verdict::Violated(_)));
    violated.map(|result| result.id.as_str()).collect()
}

#[test]
fn every_scenario_passes_where_lamps_are_sensed() {
    let site = sites::find(SENSED).expect("the site with sensed lamps");
    for name in scenarios::names() {
        let scenario = scenarios::find(&name, 1).expect("a known scenario");
        let status = judged(&site, &scenario, 1).status;
        assert!(matches!(status, Status::Passed | Status::Skipped(_)), "{name}: {status:?}");
    }
}

#[test]
fn a_module_polled_more_slowly_leaves_things_open_and_blames_nobody() {
    let slow = site("period = \"20ms\"\nlatency = \"10ms\"", "period = \"50ms\"\nlatency = \"20ms\"");
    for name in ["evening-peak", "lamp-out-red", "manual-and-flash", "power-dip", "conflict-vehicle-green"] {
        let outcome = judged(&slow, &scenarios::find(name, 1).expect("a known scenario"), 1);
        assert_eq!(violated(&outcome.results), [""; 0], "{name}");
        // Flashing is recognised all the same.
        assert_eq!(result(&outcome.results, "P46").triggers % 5, 0, "{name}");
    }
    let peak = judged(&slow, &scenarios::find("evening-peak", 1).expect("a known scenario"), 1);
    for id in ["P08", "P09", "P13"] {
        assert_eq!(result(&peak.results, id).verdict, Verdict::Passed, "{id}");
    }
    assert!(matches!(peak.status, Status::Inconclusive(_)), "{:?}", peak.status);
}

/// What is lit at each head, as the emulated heads know, from instants on.
fn truth(records: &[Record], wanted: HeadName) -> Vec<(Instant, u8)> {
    let lit = records.iter().filter_map(|record| match record.what {
        What::Head { head, lit, .. } if head == wanted => Some((record.latest, lit)),
        _ => None,
    });
    lit.collect()
}

/// Whether a head was lit so at some instant between the two.
fn was(truth: &[(Instant, u8)], lit: u8, earliest: Instant, latest: Instant) -> bool {
    truth.iter().enumerate().any(|(place, (from, value))| {
        let until = truth.get(place + 1).map_or(Instant::MAX, |next| next.0);
        *value == lit && *from <= latest && until >= earliest
    })
}

#[test]
fn what_is_told_of_a_lamp_was_true_between_the_two_instants_told() {
    let faults = [
        "",
        "[[do]]\nat = \"1s\"\ncable = { name = \"sense\", fails = \"flip\", share = \"0.5%\" }\n",
        "[[do]]\nat = \"1s\"\ncable = { name = \"sense\", fails = \"drop\", share = \"1%\" }\n",
        "[[do]]\nat = \"1s\"\ncable = { name = \"sense\", fails = \"delay\", by = \"14ms\" }\n",
        "[[do]]\nat = \"1s\"\ncable = { name = \"sense\", fails = \"jitter\", by = \"80ms\" }\n",
        "[[do]]\nat = \"1s\"\ncable = { name = \"sense\", fails = \"split\", by = \"3ms\" }\n",
        "[[do]]\nat = \"1s\"\ncable = { name = \"sense\", fails = \"garbage\", per_hour = 36000 }\n",
    ];
    let site = sites::find(SENSED).expect("the site with sensed lamps");
    for fault in faults {
        for seed in 1..=3 {
            let records = recorded(&site, &evening(fault), seed);
            let truths = HeadName::ALL.map(|head| truth(&records, head));
            let mut told = 0;
            for record in &records {
                let What::Sensed { head, lit: Some(lit) } = record.what else { continue };
                told += 1;
                let (earliest, latest) = (record.earliest, record.latest);
                let true_then = was(&truths[head as usize], lit, earliest, latest);
                assert!(true_then, "{fault} seed {seed}: {head:?} {lit:03b} from {earliest} to {latest}");
            }
            assert!(told > 60, "{fault} seed {seed}: {told} changes told");
        }
    }
}

#[test]
fn every_change_of_a_lamp_is_told_within_the_time_promised() {
    let site = sites::find(SENSED).expect("the site with sensed lamps");
    let line = site.wiring.cables[CableRole::Sense.index()].expect("a cable").line;
    let within = site.wiring.sense.expect("a module").poller(line).seen_within();
    let records = recorded(&site, &scenarios::find("lamp-out-green", 1).expect("a known scenario"), 1);
    let mut told = [0; 4];
    for head in HeadName::ALL {
        let truth = truth(&records, head);
        for (place, (at, lit)) in truth.iter().enumerate() {
            let until = truth.get(place + 1).map_or(Instant::ZERO, |next| next.0);
            let unchanged = place > 0 && truth[place - 1].1 == *lit;
            if unchanged || until < *at + within {
                continue;
            }
            let found = records.iter().any(|record| {
                record.what == (What::Sensed { head, lit: Some(*lit) })
                    && record.latest >= *at
                    && record.latest <= *at + within
                    && record.earliest <= *at
            });
            assert!(found, "{head:?} {lit:03b} at {at}");
            told[head as usize] += 1;
        }
    }
    assert!(told.iter().all(|told| *told > 2), "{told:?}");
}

/// The record with everything after `from` moved to `by` earlier.
fn sooner(mut record: Record, from: Instant, by: Span) -> Record {
    let moved = |at: Instant| if at > from { at.back(by) } else { at };
    (record.earliest, record.latest) = (moved(record.earliest), moved(record.latest));
    if let What::Frame(frame) = &mut record.what {
        frame.start = moved(frame.start);
    }
    record
}

#[test]
fn a_yellow_of_2_6_s_is_caught_by_what_is_seen_with_its_interval() {
    let site = sites::find(SENSED).expect("the site with sensed lamps");
    let scenario = scenarios::find("evening-peak", 1).expect("a known scenario");
    let mut judge = Judge::new(&site, scenario.starts_at).expect("the catalogue fits");
    // In the middle of the first yellow (60.0 s to 63.0 s) four tenths of a second are cut out.
    let (middle, cut) = (Instant::from_ms(61_500), Span::from_ms(400));
    let mut last = Instant::ZERO;
    for record in recorded(&site, &scenario, 1) {
        let in_the_cut = record.latest > middle && record.latest <= middle + cut;
        let record = sooner(record, middle, cut);
        if in_the_cut {
            continue;
        }
        last = record.latest;
        judge.advance(last);
        judge.record(&record);
    }
    let results = judge.finish(last);
    let Verdict::Violated(place) = &result(&results, "P10").verdict else {
        panic!("{}", result(&results, "P10"))
    };
    // 2.6 s, each end known within 35.5 ms (20 ms, 10 ms of latency, the answer on the line).
    assert!(place.text.contains("lasted 2.564531 s to 2.635469 s, at least 2.900 s"), "{place}");
}

#[test]
fn a_lamp_that_is_out_is_seen_by_sense_and_its_head_is_judged_by_the_command() {
    let site = sites::find(SENSED).expect("the site with sensed lamps");
    for (name, id) in [("lamp-out-green", "P51"), ("lamp-out-red", "P50"), ("pedestrian-red-out", "P50")] {
        let outcome = judged(&site, &scenarios::find(name, 1).expect("a known scenario"), 1);
        assert_eq!(outcome.status, Status::Passed, "{name}");
        for id in [id, "P66"] {
            assert!(result(&outcome.results, id).triggers > 0, "{name}: {id}");
        }
    }
}

#[test]
fn an_input_that_reads_lit_for_ever_is_a_lamp_that_nobody_noticed() {
    let site = sites::find(SENSED).expect("the site with sensed lamps");
    let deed =
        "[[do]]\nat = \"40s\"\nsense = { head = \"vehicle-b\", lamp = \"yellow\", fails = \"stuck-on\" }\n";
    let outcome = judged(&site, &evening(deed), 1);
    assert!(violated(&outcome.results).contains(&"P66"), "{:?}", outcome.status);
    let Verdict::Violated(place) = &result(&outcome.results, "P66").verdict else { panic!("violated") };
    assert!(place.at > Instant::from_ms(42_000) && place.at < Instant::from_ms(44_000), "{place}");
    // Aspects are judged by what is commanded, so the sequence is none the worse.
    for id in ["P04", "P06", "P08", "P10"] {
        assert_eq!(result(&outcome.results, id).verdict, Verdict::Passed, "{id}");
    }
}

#[test]
fn an_input_that_is_dead_is_a_lamp_that_nobody_noticed_until_it_is_mended() {
    let site = sites::find(SENSED).expect("the site with sensed lamps");
    let dead = "[[do]]\nat = \"40s\"\nsense = { head = \"vehicle-b\", lamp = \"green\", fails = \"out\" }\n";
    let outcome = judged(&site, &evening(dead), 1);
    assert_eq!(violated(&outcome.results), ["P51", "P66"], "{:?}", outcome.status);
    let mended = "[[do]]\nat = \"41s\"\nsense = { head = \"vehicle-b\", lamp = \"green\", mended = true }\n";
    let outcome = judged(&site, &evening(&format!("{dead}{mended}")), 1);
    assert_eq!(outcome.status, Status::Passed);
}

#[test]
fn lamps_that_are_not_seen_are_not_judged_and_the_reason_is_said() {
    let site = sites::find(SENSED).expect("the site with sensed lamps");
    for at in ["0s", "20s", "62s", "75s", "110s"] {
        let deed = format!("[[do]]\nat = \"{at}\"\ncable = {{ name = \"sense\", fails = \"unplugged\" }}\n");
        let outcome = judged(&site, &evening(&deed), 1);
        assert_eq!(violated(&outcome.results), [""; 0], "{at}");
        for id in ["P01", "P02", "P08", "P10", "P14", "P25", "P55"] {
            let Verdict::Inconclusive(place) = &result(&outcome.results, id).verdict else {
                panic!("unplugged at {at}: {}", result(&outcome.results, id));
            };
            assert!(place.text.contains("lamp-sense module did not answer"), "{at}: {place}");
        }
        for id in ["P61", "P62", "P63", "P65"] {
            assert_eq!(result(&outcome.results, id).verdict, Verdict::Passed, "{at}: {id}");
        }
        assert!(matches!(&outcome.status, Status::Inconclusive(why) if why.contains("did not answer")));
    }
}

#[test]
fn a_module_that_comes_back_is_believed_from_the_next_vehicle_green_on_and_blames_nobody_for_the_dark() {
    let site = sites::find(SENSED).expect("the site with sensed lamps");
    for from in (16..150).step_by(7) {
        for lasts in [1, 4, 13] {
            let deed = format!(
                "[[do]]\nat = \"{from}s\"\ncable = {{ name = \"sense\", fails = \"unplugged\" }}\n
                [[do]]\nat = \"{}s\"\ncable = {{ name = \"sense\", mended = true }}\n",
                from + lasts
            );
            let outcome = judged(&site, &evening(&deed), 1);
            assert_eq!(violated(&outcome.results), [""; 0], "{lasts} s from {from} s");
        }
    }
}

#[test]
fn noise_on_the_modules_cable_leaves_things_open_and_blames_nobody() {
    let site = sites::find(SENSED).expect("the site with sensed lamps");
    for fault in [
        "fails = \"flip\", share = \"1%\"",
        "fails = \"drop\", share = \"2%\"",
        "fails = \"jitter\", by = \"90ms\"",
    ] {
        for seed in 1..=4 {
            let deed = format!("[[do]]\nat = \"0s\"\ncable = {{ name = \"sense\", {fault} }}\n");
            let outcome = judged(&site, &evening(&deed), seed);
            assert_eq!(violated(&outcome.results), [""; 0], "{fault}, seed {seed}");
        }
    }
}

#[test]
fn a_site_without_a_lamp_bus_is_judged_by_what_is_seen() {
    let (full, bare) = (sites::find(SENSED).expect("the site with sensed lamps"), without_bus());
    let scenario = scenarios::find("evening-peak", 1).expect("a known scenario");
    assert!(
        matches!(judged(&bare, &scenario, 1).status, Status::Skipped(why) if why.contains("lamps cable"))
    );
    let buses = [CableRole::Lamps.index() as u8, CableRole::Feedback.index() as u8];
    let mut judge = Judge::new(&bare, scenario.starts_at).expect("the catalogue fits");
    let mut end = Instant::ZERO;
    for record in recorded(&full, &scenario, 1) {
        end = record.latest;
        let on_bus = matches!(&record.what, What::Frame(frame) if buses.contains(&frame.cable));
        if on_bus || matches!(record.what, What::Head { .. } | What::Post { .. }) {
            continue;
        }
        judge.advance(record.latest);
        judge.record(&record);
    }
    let results = judge.finish(end);
    assert_eq!(violated(&results), [""; 0]);
    for id in ["P01", "P02", "P03", "P08", "P10", "P11", "P13", "P17", "P25", "P46"] {
        assert_eq!(result(&results, id).verdict, Verdict::Passed, "{id}");
    }
    for (id, cable) in [
        ("P07", "feedback"),
        ("P48", "lamps"),
        ("P51", "lamps"),
        ("P55", "lamps"),
        ("P65", "feedback"),
        ("P66", "lamps"),
    ] {
        let reason = format!("no {cable} cable");
        assert_eq!(result(&results, id).verdict, Verdict::NotObservable { reason }, "{id}");
    }
}

#[test]
fn a_site_without_sense_has_nothing_of_it_in_its_trace() {
    let site = sites::find("yudaihe-beixiaoyuan").expect("the default site");
    let sense = CableRole::Sense.index() as u8;
    for record in recorded(&site, &scenarios::find("evening-peak", 1).expect("a known scenario"), 1) {
        let sensed = matches!(&record.what, What::Frame(frame) if frame.cable == sense)
            || matches!(record.what, What::Sensed { .. });
        assert!(!sensed && record.earliest == record.latest, "{record:?}");
    }
}
