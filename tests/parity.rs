//! The same scenarios in virtual and in real time, the soft controller in this process and in one of its own behind
//! pseudo-terminals: the same sequence of lamps, digits and prompts, at the same times within what the bench can know.
//!
//! Scenarios whose outcome hangs on a coincidence (a person seen in the very frame in which a prompt may be repeated) are
//! not among them; nor is `controller-stall`: what arrives while a process is stopped is kept for it, and lost to a processor that stands still.
//!
//! The long test is for CI and for who has changed a driver: `cargo test --test parity -- --include-ignored`.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::Command;

use emulators::time::{Instant, Span};
use rig::trace::{HeadName, Reader, What};

/// Instants agree within the tolerance that every bound has (a controller's process starts within it, too).
const AGREE: Span = Span::from_ms(100);
/// How often a run is made again that a stall of the host has spoiled.
const ATTEMPTS: usize = 2;

/// What is seen of one thing, one after the other.
type Sequences = BTreeMap<String, Vec<(Instant, String)>>;

/// What every head, display and post did.
fn sequences(trace: &Path) -> Sequences {
    let mut seen = Sequences::new();
    let mut note = |who: String, at: Instant, what: String| {
        let sequence = seen.entry(who).or_default();
        // What is written anew every half second is news only when it changes.
        if sequence.last().is_none_or(|(_, last)| *last != what) {
            sequence.push((at, what));
        }
    };
    for record in Reader::new(File::open(trace).expect("a trace")).expect("a trace's header") {
        match record.what {
            What::Head { head, driven, .. } => note(name(head), record.latest, format!("lamps {driven:03b}")),
            What::Display { head, told, .. } => {
                note(format!("display of {}", name(head)), record.latest, format!("{told:?}"));
            }
            What::Post { post, light, voice, .. } => {
                note(format!("post {post}"), record.latest, format!("light {light} voice {voice}"));
            }
            _ => {}
        }
    }
    for sequence in seen.values_mut() {
        *sequence = flashing_as_one(sequence);
    }
    seen
}

/// Flashing is one thing: in which half of it it ends is not of the sequence (a controller that was stopped goes on where
/// it was, to the millisecond).
fn flashing_as_one(sequence: &[(Instant, String)]) -> Vec<(Instant, String)> {
    const DARK: &str = "lamps 000";
    let mut found: Vec<(Instant, String)> = Vec::new();
    let mut rest = sequence;
    while let [(at, what), later @ ..] = rest {
        let flashes = what != DARK && matches!(later, [(_, off), (_, on), ..] if off == DARK && on == what);
        if flashes {
            found.push((*at, format!("flashing {what}")));
            let lasts = rest.iter().take_while(|(_, now)| now == DARK || now == what).count();
            rest = &rest[lasts..];
        } else {
            found.push((*at, what.clone()));
            rest = later;
        }
    }
    found
}

fn name(head: HeadName) -> String {
    format!("{head:?}")
}

fn check(out: &Path, arguments: &[&str]) -> (i32, serde_json::Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_rig"))
        .args(["check", "--json", "--out"])
        .arg(out)
        .args(arguments)
        .env_remove("RUST_LOG")
        .output()
        .expect("the binary runs");
    let json = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap_or(-1), json)
}

/// Runs scenarios both ways until the host was quick enough, and compares.
fn same_both_ways(scenarios: &[&str]) {
    let virtually = tempfile::tempdir().expect("a folder");
    let named: Vec<&str> = scenarios.iter().flat_map(|scenario| ["--scenario", scenario]).collect();
    let (code, _) = check(virtually.path(), &named);
    assert_eq!(code, 0);
    let mut left: Vec<&str> = scenarios.to_vec();
    for _ in 0..ATTEMPTS {
        let live = tempfile::tempdir().expect("a folder");
        let named: Vec<&str> = left.iter().flat_map(|scenario| ["--scenario", scenario]).collect();
        let jobs = left.len().to_string();
        let (_, json) = check(live.path(), &[&["--dut", "soft", "--jobs", &jobs], &named[..]].concat());
        left.retain(|scenario| {
            let runs = json["runs"].as_array().expect("runs");
            let run = runs.iter().find(|run| run["scenario"] == **scenario).expect("its run");
            // Instants that this host could not know well enough decide nothing either.
            if was_stalled(run) || run["status"] == "inconclusive" {
                return true;
            }
            assert_eq!(run["status"], "passed", "{scenario}: {run:#}");
            let file = |out: &Path| out.join(scenario).join("trace.rig");
            compare(scenario, &sequences(&file(virtually.path())), &sequences(&file(live.path())));
            false
        });
        if left.is_empty() {
            return;
        }
        println!("the host was too slow for {left:?}: once more");
    }
    // No difference was seen, and none could be: wall clocks are not what a test may fail on.
    println!("NOT DECIDED: this host is too slow for real time: {left:?} were spoiled {ATTEMPTS} times");
}

/// Whether the host stalled during a run: then nothing can be said of its times.
fn was_stalled(run: &serde_json::Value) -> bool {
    let remarks = run["remarks"].as_array().into_iter().flatten();
    remarks
        .chain([&run["reason"]])
        .filter_map(|text| text.as_str())
        .any(|text| text.contains("host too slow"))
}

fn compare(scenario: &str, virtually: &Sequences, live: &Sequences) {
    assert!(virtually.keys().eq(live.keys()), "{scenario}: {:?} {:?}", virtually.keys(), live.keys());
    for (who, expected) in virtually {
        let found = &live[who];
        let words =
            |sequence: &[(Instant, String)]| sequence.iter().map(|(_, w)| w.clone()).collect::<Vec<_>>();
        assert_eq!(words(expected), words(found), "{scenario}: {who}");
        for ((planned, what), (actual, _)) in expected.iter().zip(found) {
            let apart = planned.since(*actual).max(actual.since(*planned));
            assert!(apart <= AGREE, "{scenario}: {who}: {what} at {actual}, in virtual time at {planned}");
        }
    }
}

#[test]
fn a_short_visit_looks_the_same_in_real_time() {
    same_both_ways(&["short-visit"]);
}

/// Start-up, full cycles, faults of lamps, cameras and cables, dips and outages, an operator.
#[test]
#[ignore = "takes three minutes of real time"]
fn a_street_looks_the_same_in_real_time() {
    same_both_ways(&[
        "evening-peak",
        "service-requests",
        "slow-walker",
        "power-dip",
        "outage",
        "lamp-out-green",
        "conflict-vehicle-green",
        "manual-and-flash",
        "camera-reboot",
        "unplug-and-replug",
        "countdown-cable-cut",
        "implausible-counts",
    ]);
}

/// Which byte is hit depends on how many were sent before: the same verdict, not the same sequence.
#[test]
#[ignore = "takes three minutes of real time"]
fn noise_on_every_cable_is_borne_in_real_time() {
    for _ in 0..ATTEMPTS {
        let out = tempfile::tempdir().expect("a folder");
        let (_, json) = check(out.path(), &["--dut", "soft", "--scenario", "noise-on-every-cable"]);
        let run = &json["runs"][0];
        if !was_stalled(run) && run["status"] != "inconclusive" {
            assert_eq!(run["status"], "passed", "{run:#}");
            return;
        }
    }
    println!("NOT DECIDED: this host is too slow for real time: stalls spoiled {ATTEMPTS} runs");
}
