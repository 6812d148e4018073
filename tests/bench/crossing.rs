//! How fast one crossing runs in virtual time under the reference load: two cameras at 2 reports a second, six
//! units at 2 writes a second, feedback polled 20 times a second, countdown and service once a second; every frame
//! over its cable and into the trace on disk; all properties judged.
//!
//! `cargo bench --bench crossing` prints simulated over real time (one core), frames and bytes. With `--day` it runs
//! 24 hours once and prints the process's peak memory as well.

use std::sync::atomic::AtomicBool;
use std::time::Instant as Clock;

use rig::runner::{Options, Outcome, run};
use rig::scenario::Scenario;
use rig::site::Site;

const SITE: &str = include_str!("reference-site.toml");
const HOUR: &str = include_str!("reference-hour.toml");
const DAY: &str = include_str!("reference-day.toml");

fn once(site: &Site, scenario: &Scenario, folder: &std::path::Path) -> (f64, Outcome) {
    let stop = AtomicBool::new(false);
    let begun = Clock::now();
    let outcome = run(site, scenario, 1, Options { out: Some(folder), draw: false, stop: &stop })
        .expect("the run is sound");
    (begun.elapsed().as_secs_f64(), outcome)
}

fn report(label: &str, seconds: f64, outcome: &Outcome) {
    let simulated = outcome.ended.as_us() as f64 / 1e6;
    println!(
        "{label}: {simulated:.0} s in {seconds:.3} s = {:.0} x real time; {} records ({:.1} a second), trace {} bytes; {:?}",
        simulated / seconds,
        outcome.records,
        outcome.records as f64 / simulated,
        outcome.trace_bytes,
        outcome.tally(),
    );
}

/// Peak resident memory of this process in MB, where the system tells.
fn peak_memory_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kb| kb / 1_024)
}

fn main() {
    let site = Site::load(SITE, "tests/bench/reference-site.toml").expect("the reference site is sound");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let day = std::env::args().any(|argument| argument == "--day");
    if day {
        let scenario = Scenario::load(DAY, "tests/bench/reference-day.toml", 1).expect("a sound scenario");
        let (seconds, outcome) = once(&site, &scenario, folder.path());
        report("24 h", seconds, &outcome);
        match peak_memory_mb() {
            Some(mb) => println!("peak memory {mb} MB"),
            None => println!("peak memory: this system does not tell"),
        }
        return;
    }
    let scenario = Scenario::load(HOUR, "tests/bench/reference-hour.toml", 1).expect("a sound scenario");
    let mut runs: Vec<_> = (0..5).map(|_| once(&site, &scenario, folder.path())).collect();
    runs.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (label, index) in [("fastest of 5", 0), ("median of 5", 2), ("slowest of 5", 4)] {
        report(label, runs[index].0, &runs[index].1);
    }
}
