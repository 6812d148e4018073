//! Strip and text trace of every scenario on every site it applies to, as snapshots in `fixtures/snapshots/`.
//!
//! A snapshot proves that nothing changed; only the properties prove it is right. Read a new one before you accept
//! it: `INSTA_UPDATE=always cargo test --test snapshots`, then `git diff fixtures/snapshots`.

use std::collections::BTreeSet;
use std::fs;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use rig::runner::{Options, Outcome, Status, run};
use rig::{scenario, site};

const SEED: u64 = 1;
const DEFAULT_SITE: &str = "yudaihe-beixiaoyuan";
/// The other sites are held by fewer scenarios, so that a reviewer can read them all.
const ELSEWHERE: [&str; 3] = ["evening-peak", "school-burst", "lost-camera"];
/// Where each camera shares its line with the controller, and what was found there.
const SHARED_LINES: (&str, [&str; 2]) =
    ("tongzhou-no2-middle-school", ["dip-in-a-report", "questions-in-a-worn-line"]);

fn outcome(site_name: &str, scenario_name: &str) -> Outcome {
    let site = site::library::find(site_name).expect("a known site");
    let scenario = scenario::library::find(scenario_name, SEED).expect("a known scenario");
    let stop = AtomicBool::new(false);
    run(&site, &scenario, SEED, Options { out: None, draw: true, stop: &stop })
        .expect("the rig itself is sound")
}

fn pairs() -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for site in site::library::names() {
        for scenario in scenario::library::names() {
            let shared = site == SHARED_LINES.0 && SHARED_LINES.1.contains(&scenario.as_str());
            if site == DEFAULT_SITE || shared || ELSEWHERE.contains(&scenario.as_str()) {
                pairs.push((site.clone(), scenario));
            }
        }
    }
    pairs
}

fn name(site: &str, scenario: &str) -> String {
    format!("{site}--{scenario}")
}

#[test]
fn every_scenario_shows_what_it_showed_before() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/snapshots/scenarios"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut failed = Vec::new();
    for (site, scenario) in pairs() {
        let outcome = outcome(&site, &scenario);
        if let Status::Skipped(_) = outcome.status {
            continue;
        }
        let verdicts: Vec<String> =
            outcome.results.iter().filter(|result| result.triggers > 0).map(ToString::to_string).collect();
        let text = format!(
            "{}\n\n{}\n{}\n{}",
            outcome.title,
            outcome.strip.trim_end(),
            outcome.text.trim_end(),
            verdicts.join("\n")
        );
        // insta panics at the first difference; a reviewer wants to see them all.
        let held = std::panic::catch_unwind(AssertUnwindSafe(|| {
            settings.bind(|| insta::assert_snapshot!(name(&site, &scenario), text));
        }));
        if held.is_err() {
            failed.push(name(&site, &scenario));
        }
    }
    assert!(failed.is_empty(), "changed: {failed:?}");
}

#[test]
fn no_snapshot_is_left_over() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/snapshots/scenarios");
    let wanted: BTreeSet<String> =
        pairs().iter().map(|(site, scenario)| format!("{}.snap", name(site, scenario))).collect();
    let mut left_over = Vec::new();
    for entry in fs::read_dir(folder).expect("the snapshots are there") {
        let file = entry.expect("a readable entry").file_name().to_string_lossy().into_owned();
        if file.ends_with(".snap") && !wanted.contains(&file) {
            left_over.push(file);
        }
    }
    assert!(left_over.is_empty(), "no scenario makes these any more: {left_over:?}");
}
