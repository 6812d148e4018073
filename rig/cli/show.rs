//! How outcomes are printed.

use std::time::Duration;

use serde_json::{Value, json};

use super::Manner;
use crate::monitor::{PropertyResult, Unit, Verdict, Violation};
use crate::runner::{Outcome, Status};
use crate::trace::LEGEND;

const BOLD: &str = "\x1b[1m";
const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";
/// Violations of a property that are told; JSON has more.
const TOLD: usize = 5;
/// Characters of a violation's text on a terminal; JSON has all.
const LONGEST: usize = 160;

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
    say!("{}  [{}]", paint(manner, BOLD, &head), paint(manner, colour, status));
    if let Status::Skipped(why) | Status::Inconclusive(why) | Status::Broken(why) = &outcome.status {
        say!("   {why}");
    }
    if let Status::Skipped(_) = outcome.status {
        say!();
        return;
    }
    say!("   seed {}, {} s, {} records", outcome.seed, outcome.ended, outcome.records);
    say!("\n{}", outcome.strip);
    verdicts(outcome, manner);
    for remark in &outcome.remarks {
        say!("  note: {remark}");
    }
    if let Some(trace) = &outcome.trace {
        say!("  trace: {} ({} bytes)", trace.display(), outcome.trace_bytes);
    }
    if !matches!(outcome.status, Status::Passed) {
        say!("  reproduce: {}", command(outcome));
    }
    say!();
}

/// The command that repeats a run.
fn command(outcome: &Outcome) -> String {
    let quoted = |text: &str| {
        let plain = |c: char| c.is_alphanumeric() || "-_./".contains(c);
        if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
    };
    let (site, scenario) = (quoted(&outcome.site_argument), quoted(&outcome.scenario_argument));
    // As it was called this time: a program that is not installed is not found by its name.
    let program = std::env::args().next().map_or_else(|| "rig".to_owned(), |program| quoted(&program));
    let how: String = outcome.how.iter().map(|argument| format!(" {}", quoted(argument))).collect();
    format!("{program} check {site} --scenario {scenario} --seed {}{how}", outcome.seed)
}

fn verdicts(outcome: &Outcome, manner: Manner) {
    for result in &outcome.results {
        let (text, colour) = match &result.verdict {
            Verdict::Passed => ("passed".to_owned(), GREEN),
            Verdict::Violated(_) => ("VIOLATED".to_owned(), RED),
            Verdict::Inconclusive(_) => ("inconclusive".to_owned(), YELLOW),
            Verdict::Pending { left } => (format!("pending, {left} s left"), YELLOW),
            Verdict::NotExercised | Verdict::NotApplicable | Verdict::NotObservable { .. } => continue,
        };
        let verdict = paint(manner, colour, &format!("{text:<12}"));
        say!(
            "  {:<4} {:<34} {verdict} {:>6} triggers  {}",
            result.id,
            result.title,
            result.triggers,
            margin(result)
        );
        if matches!(result.verdict, Verdict::Violated(_) | Verdict::Inconclusive(_))
            && !result.sentence.is_empty()
        {
            say!("         {}", result.sentence);
        }
        for violation in result.first.iter().take(TOLD) {
            say!("         {}", paint(manner, colour, &place(violation)));
        }
        if let Verdict::Inconclusive(unsure) = &result.verdict {
            say!("         not certain: {}", place(unsure));
        }
        let more = result.violations.saturating_sub(result.first.len().min(TOLD) as u64);
        if more > 0 {
            say!("         and {more} more");
        }
    }
    list_of(outcome, "not exercised", |verdict| matches!(verdict, Verdict::NotExercised));
    list_of(outcome, "not applicable", |verdict| matches!(verdict, Verdict::NotApplicable));
    list_of(outcome, "not observable", |verdict| matches!(verdict, Verdict::NotObservable { .. }));
}

/// Where and what, on one line.
fn place(violation: &Violation) -> String {
    let text = &violation.text;
    let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(end, _)| end);
    let cut = if end < text.len() { " …" } else { "" };
    format!("{:>11}  {}{cut}", violation.at.to_string(), &text[..end])
}

/// The properties that made a run what it is: `P10 yellow lasts, P20 announced is irrevocable`.
fn culprits(outcome: &Outcome) -> String {
    let guilty = |result: &&PropertyResult| match outcome.status {
        Status::Violated => matches!(result.verdict, Verdict::Violated(_)),
        Status::Inconclusive(_) => matches!(result.verdict, Verdict::Inconclusive(_)),
        Status::Passed | Status::Skipped(_) | Status::Broken(_) => false,
    };
    let named: Vec<String> = outcome
        .results
        .iter()
        .filter(guilty)
        .map(|result| format!("{} {}", result.id, result.title))
        .collect();
    match (&outcome.status, named.is_empty()) {
        (Status::Inconclusive(why), true) => why.clone(),
        _named => named.join(", "),
    }
}

fn list_of(outcome: &Outcome, text: &str, wanted: fn(&Verdict) -> bool) {
    let ids: Vec<&str> = outcome
        .results
        .iter()
        .filter(|result| wanted(&result.verdict))
        .map(|result| result.id.as_str())
        .collect();
    if !ids.is_empty() {
        say!("  {text}: {}", ids.join(" "));
    }
}

fn margin(result: &PropertyResult) -> String {
    result.worst.map(|worst| format!("worst margin {worst} at {}", worst.at)).unwrap_or_default()
}

/// The last line, and the legend once.
pub(super) fn summary(site: &str, outcomes: &[Outcome], took: Duration, manner: Manner) {
    let count =
        |wanted: fn(&Status) -> bool| outcomes.iter().filter(|outcome| wanted(&outcome.status)).count();
    let passed = count(|status| matches!(status, Status::Passed));
    let violated = count(|status| matches!(status, Status::Violated));
    let inconclusive = count(|status| matches!(status, Status::Inconclusive(_)));
    let skipped = count(|status| matches!(status, Status::Skipped(_)));
    if !manner.quiet {
        say!("{LEGEND}\n");
    }
    for outcome in
        outcomes.iter().filter(|outcome| matches!(outcome.status, Status::Violated | Status::Inconclusive(_)))
    {
        say!("{} {}: {}", word(&outcome.status).0, outcome.scenario, culprits(outcome));
        say!("  {}", command(outcome));
    }
    let broken = count(|status| matches!(status, Status::Broken(_)));
    let broken =
        if broken > 0 { format!(", {broken} broken off by the rig's own trouble") } else { String::new() };
    let text = format!(
        "{site}: {} {}: {passed} passed, {violated} violated, {inconclusive} inconclusive, {skipped} skipped{broken} ({:.1} s)",
        outcomes.len(),
        if outcomes.len() == 1 { "scenario" } else { "scenarios" },
        took.as_secs_f64()
    );
    let colour = if violated > 0 {
        RED
    } else if inconclusive > 0 || passed == 0 {
        YELLOW
    } else {
        GREEN
    };
    say!("{}", paint(manner, colour, &text));
}

/// Everything for programs.
pub(super) fn json(outcomes: &[Outcome]) {
    let all: Vec<Value> = outcomes.iter().map(one_json).collect();
    say!("{:#}", json!({ "format": 1, "tool": env!("CARGO_PKG_VERSION"), "runs": all }));
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
        .first
        .iter()
        .map(|violation| json!({ "at_us": violation.at.as_us(), "text": violation.text }))
        .collect();
    let worst = result.worst.map(|worst| {
        let unit = match worst.unit {
            Unit::Time => "us",
            Unit::Value => "value",
        };
        json!({ "amount": worst.amount, "unit": unit, "at_us": worst.at.as_us() })
    });
    json!({
        "id": result.id,
        "title": result.title,
        "sentence": result.sentence,
        "verdict": verdict_word(&result.verdict),
        "detail": result.verdict.to_string(),
        "triggers": result.triggers,
        "worst_margin": worst,
        "violations": violations,
        "violation_count": result.violations,
    })
}

const fn verdict_word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Violated(_) => "violated",
        Verdict::Inconclusive(_) => "inconclusive",
        Verdict::NotExercised => "not exercised",
        Verdict::Pending { .. } => "pending",
        Verdict::NotApplicable => "not applicable",
        Verdict::NotObservable { .. } => "not observable",
    }
}
