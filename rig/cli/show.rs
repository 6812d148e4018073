//! How outcomes are printed.

use std::time::Duration;

use serde_json::{Value, json};

use super::Manner;
use crate::monitor::{PropertyResult, Verdict};
use crate::runner::{Outcome, Status};
use crate::trace::LEGEND;

const BOLD: &str = "\x1b[1m";
const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";

fn paint(manner: Manner, colour: &str, text: &str) -> String {
    if manner.colour { format!("{colour}{text}{PLAIN}") } else { text.to_owned() }
}

fn word(status: &Status) -> (&'static str, &'static str) {
    match status {
        Status::Passed => ("passed", GREEN),
        Status::Skipped(_) => ("skipped", YELLOW),
        Status::Inconclusive(_) => ("INCONCLUSIVE", YELLOW),
        Status::Violated => ("VIOLATED", RED),
        Status::Broken(_) => ("RIG FAILED", RED),
    }
}

/// One scenario: strip, verdicts, what to do next.
pub(super) fn outcome(outcome: &Outcome, manner: Manner) {
    let quiet_and_fine = manner.quiet && matches!(outcome.status, Status::Passed | Status::Skipped(_));
    if quiet_and_fine {
        return;
    }
    let (status, colour) = word(&outcome.status);
    let head = format!("== {}: {}", outcome.scenario, outcome.title);
    println!("{}  [{}]", paint(manner, BOLD, &head), paint(manner, colour, status));
    if let Status::Skipped(why) | Status::Inconclusive(why) | Status::Broken(why) = &outcome.status {
        println!("   {why}");
    }
    if let Status::Skipped(_) = outcome.status {
        println!();
        return;
    }
    println!("   seed {}, {} s, {} records", outcome.seed, outcome.ended, outcome.records);
    println!("\n{}", outcome.strip);
    verdicts(outcome, manner);
    for remark in &outcome.remarks {
        println!("  note: {remark}");
    }
    if let Some(trace) = &outcome.trace {
        println!("  trace: {} ({} bytes)", trace.display(), outcome.trace_bytes);
    }
    if !matches!(outcome.status, Status::Passed) {
        println!("  reproduce: {}", command(outcome));
    }
    println!();
}

/// The command that repeats a run.
fn command(outcome: &Outcome) -> String {
    let quoted = |text: &str| {
        let plain = |c: char| c.is_alphanumeric() || "-_./".contains(c);
        if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
    };
    let (site, scenario) = (quoted(&outcome.site_argument), quoted(&outcome.scenario_argument));
    format!("rig check {site} --scenario {scenario} --seed {}", outcome.seed)
}

fn verdicts(outcome: &Outcome, manner: Manner) {
    for result in &outcome.results {
        let colour = match result.verdict {
            Verdict::Passed => GREEN,
            Verdict::Violated => RED,
            Verdict::Inconclusive | Verdict::Pending => YELLOW,
            Verdict::NotExercised | Verdict::NotApplicable | Verdict::NotObservable => continue,
        };
        let verdict = paint(manner, colour, &format!("{:<12}", result.verdict.to_string()));
        println!("  {} {:<28} {verdict} {:>5} triggers  {}", result.id, result.title, result.triggers, margin(result));
        for violation in &result.violations {
            println!("      {}", paint(manner, colour, &format!("at {}: {}", violation.at, violation.text)));
        }
        if let Some(note) = &result.note {
            println!("      {note}");
        }
    }
    for (verdict, text) in [
        (Verdict::NotExercised, "not exercised"),
        (Verdict::NotApplicable, "not applicable"),
        (Verdict::NotObservable, "not observable"),
    ] {
        let ids: Vec<&str> =
            outcome.results.iter().filter(|result| result.verdict == verdict).map(|result| result.id.as_str()).collect();
        if !ids.is_empty() {
            println!("  {text}: {}", ids.join(" "));
        }
    }
}

fn margin(result: &PropertyResult) -> String {
    let Some(margin) = result.margin else { return String::new() };
    format!("worst margin {} s at {}", seconds(margin.us), margin.at)
}

/// Signed seconds with millisecond digits (microseconds where they matter).
fn seconds(us: i64) -> String {
    let sign = if us < 0 { "-" } else { "" };
    let (whole, rest) = (us.unsigned_abs() / 1_000_000, us.unsigned_abs() % 1_000_000);
    if rest.is_multiple_of(1_000) { format!("{sign}{whole}.{:03}", rest / 1_000) } else { format!("{sign}{whole}.{rest:06}") }
}

/// The last line, and the legend once.
pub(super) fn summary(site: &str, outcomes: &[Outcome], took: Duration, manner: Manner) {
    let count = |wanted: fn(&Status) -> bool| outcomes.iter().filter(|outcome| wanted(&outcome.status)).count();
    let passed = count(|status| matches!(status, Status::Passed));
    let violated = count(|status| matches!(status, Status::Violated));
    let inconclusive = count(|status| matches!(status, Status::Inconclusive(_)));
    let skipped = count(|status| matches!(status, Status::Skipped(_)));
    if !manner.quiet {
        println!("{LEGEND}\n");
    }
    for outcome in outcomes.iter().filter(|outcome| matches!(outcome.status, Status::Violated | Status::Inconclusive(_))) {
        println!("{}: {}", word(&outcome.status).0, command(outcome));
    }
    let text = format!(
        "{site}: {} scenarios: {passed} passed, {violated} violated, {inconclusive} inconclusive, {skipped} skipped ({:.1} s)",
        outcomes.len(),
        took.as_secs_f64()
    );
    let colour = if violated > 0 { RED } else if inconclusive > 0 || passed == 0 { YELLOW } else { GREEN };
    println!("{}", paint(manner, colour, &text));
}

/// Everything for programs.
pub(super) fn json(outcomes: &[Outcome]) {
    let all: Vec<Value> = outcomes.iter().map(one_json).collect();
    println!("{:#}", json!({ "format": 1, "tool": env!("CARGO_PKG_VERSION"), "runs": all }));
}

fn one_json(outcome: &Outcome) -> Value {
    let reason = match &outcome.status {
        Status::Skipped(why) | Status::Inconclusive(why) | Status::Broken(why) => Some(why.as_str()),
        Status::Passed | Status::Violated => None,
    };
    let results: Vec<Value> = outcome.results.iter().map(result_json).collect();
    json!({
        "site": outcome.site,
        "scenario": outcome.scenario,
        "title": outcome.title,
        "seed": outcome.seed,
        "status": word(&outcome.status).0.to_lowercase(),
        "reason": reason,
        "ended_us": outcome.ended.as_us(),
        "records": outcome.records,
        "trace": outcome.trace.as_ref().map(|path| path.display().to_string()),
        "trace_bytes": outcome.trace_bytes,
        "remarks": outcome.remarks,
        "reproduce": command(outcome),
        "results": results,
    })
}

fn result_json(result: &PropertyResult) -> Value {
    let violations: Vec<Value> = result
        .violations
        .iter()
        .map(|violation| json!({ "at_us": violation.at.as_us(), "text": violation.text }))
        .collect();
    json!({
        "id": result.id,
        "title": result.title,
        "verdict": result.verdict.to_string(),
        "triggers": result.triggers,
        "worst_margin_us": result.margin.map(|margin| margin.us),
        "worst_margin_at_us": result.margin.map(|margin| margin.at.as_us()),
        "note": result.note,
        "violations": violations,
    })
}
