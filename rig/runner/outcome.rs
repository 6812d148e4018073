//! What came of a run.

use std::path::PathBuf;

use emulators::time::Instant;

use crate::monitor::{PropertyResult, Seen, Verdict, Violation};

/// A run in one word. Ordered: the later one decides for a suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// At least one property was exercised and none violated, all that had to be exercised was.
    Passed,
    /// The scenario does not apply to this site.
    Skipped(String),
    /// Something that had to be exercised was not, or a bound could not be told from the uncertainty.
    Inconclusive(String),
    /// A property is violated.
    Violated,
    /// The rig itself failed.
    Broken(String),
}

/// How many results of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Passed.
    pub passed: usize,
    /// Violated.
    pub violated: usize,
    /// Inconclusive.
    pub inconclusive: usize,
    /// Never triggered.
    pub not_exercised: usize,
    /// Open at the end.
    pub pending: usize,
    /// Not applicable to this policy.
    pub not_applicable: usize,
    /// A cable that is needed does not exist.
    pub not_observable: usize,
}

/// One run.
#[derive(Debug)]
pub struct Outcome {
    /// Site name.
    pub site: String,
    /// Site as it can be named on the command line (name or path).
    pub site_argument: String,
    /// Scenario name.
    pub scenario: String,
    /// Scenario as it can be named on the command line (name or path).
    pub scenario_argument: String,
    /// Further arguments that say what was tested and how; empty for the soft controller in virtual time.
    pub how: Vec<String>,
    /// The scenario's title.
    pub title: String,
    /// Seed.
    pub seed: u64,
    /// In one word.
    pub status: Status,
    /// Every property of the catalogue and of the site, in order.
    pub results: Vec<PropertyResult>,
    /// The strip.
    pub strip: String,
    /// The text trace (what changed).
    pub text: String,
    /// When the run ended.
    pub ended: Instant,
    /// Records seen.
    pub records: u64,
    /// The trace file, if one was written.
    pub trace: Option<PathBuf>,
    /// Bytes of the trace.
    pub trace_bytes: u64,
    /// Remarks (a trace cut short, a recorder that failed).
    pub remarks: Vec<String>,
    /// What the judge was asked to remember, lamps and mode: of runs in real time, and of those that were played from a script
    /// ([`super::play`]).
    pub seen: Vec<Seen>,
}

impl Outcome {
    /// Counts results by verdict.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for result in &self.results {
            match result.verdict {
                Verdict::Passed => tally.passed += 1,
                Verdict::Violated(_) => tally.violated += 1,
                Verdict::Inconclusive(_) => tally.inconclusive += 1,
                Verdict::NotExercised => tally.not_exercised += 1,
                Verdict::Pending { .. } => tally.pending += 1,
                Verdict::NotApplicable => tally.not_applicable += 1,
                Verdict::NotObservable { .. } => tally.not_observable += 1,
            }
        }
        tally
    }

    /// Bench or host were in trouble. What went wrong there is not held against the controller, and all of it is the cause; what
    /// it did right all the same counts.
    pub(super) fn in_trouble(&mut self, troubles: Vec<String>) {
        match self.status {
            Status::Violated | Status::Inconclusive(_) if !troubles.is_empty() => {
                self.status = Status::Broken(troubles.join("; "));
            }
            Status::Violated
            | Status::Inconclusive(_)
            | Status::Passed
            | Status::Skipped(_)
            | Status::Broken(_) => self.remarks.extend(troubles),
        }
    }
}

/// The status that follows from the verdicts. `must_exercise` names what has to be triggered.
pub(super) fn status(results: &[PropertyResult], must_exercise: &[String]) -> Status {
    if results.iter().any(|result| matches!(result.verdict, Verdict::Violated(_))) {
        return Status::Violated;
    }
    let unsure: Vec<(&str, &Violation)> = results
        .iter()
        .filter_map(|result| match &result.verdict {
            Verdict::Inconclusive(place) => Some((result.id.as_str(), place)),
            _decided => None,
        })
        .collect();
    let open: Vec<String> = doubts(&unsure)
        .into_iter()
        .chain(must_exercise.iter().filter_map(|id| missing(results, id)))
        .collect();
    if open.is_empty() { Status::Passed } else { Status::Inconclusive(open.join("; ")) }
}

/// Why properties are inconclusive: those that share a reason are told together.
fn doubts(unsure: &[(&str, &Violation)]) -> Vec<String> {
    let list = |wanted: &dyn Fn(&Violation) -> bool| -> String {
        let ids = unsure.iter().filter(|(_, place)| wanted(place)).map(|(id, _)| *id);
        ids.collect::<Vec<_>>().join(", ")
    };
    let shared = |place: &Violation| unsure.iter().filter(|(_, other)| *other == place).count() > 1;
    let mut told: Vec<String> = Vec::new();
    for (_, place) in unsure {
        let text =
            if shared(place) { format!("{place} ({})", list(&|other| other == *place)) } else { continue };
        if !told.contains(&text) {
            told.push(text);
        }
    }
    let alone = list(&|place| !shared(place));
    if !alone.is_empty() {
        told.push(format!("{alone} cannot be told from the uncertainty"));
    }
    told
}

/// Why a property that must be exercised was not. That it does not apply to the policy, or that the site lacks the cable
/// it is read from, is a good reason: the list of verdicts says so, and no run of this site could do better.
fn missing(results: &[PropertyResult], id: &str) -> Option<String> {
    let Some(result) = results.iter().find(|result| result.id == id) else {
        return Some(format!("{id} must be exercised, but there is no such property"));
    };
    match &result.verdict {
        Verdict::NotExercised => Some(format!("{id} must be exercised and was not")),
        Verdict::Pending { .. } if result.triggers == 0 => {
            Some(format!("{id} must be exercised and was not"))
        }
        Verdict::Passed
        | Verdict::Violated(_)
        | Verdict::Inconclusive(_)
        | Verdict::Pending { .. }
        | Verdict::NotApplicable
        | Verdict::NotObservable { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use emulators::time::Span;

    fn result(id: &str, verdict: Verdict, triggers: u64) -> PropertyResult {
        let (id, title, sentence) = (id.to_owned(), String::new(), String::new());
        PropertyResult {
            id,
            title,
            sentence,
            verdict,
            triggers,
            worst: None,
            violations: 0,
            first: Vec::new(),
        }
    }

    fn place() -> Violation {
        Violation { at: Instant::ZERO, text: String::new() }
    }

    #[test]
    fn a_violation_decides_before_anything_that_was_not_shown() {
        let results = [result("P01", Verdict::Violated(place()), 1), result("P02", Verdict::NotExercised, 0)];
        assert_eq!(status(&results, &["P02".to_owned()]), Status::Violated);
    }

    #[test]
    fn what_must_be_exercised_and_was_not_is_inconclusive_and_named() {
        let results = [result("P01", Verdict::Passed, 1), result("P02", Verdict::NotExercised, 0)];
        let Status::Inconclusive(why) = status(&results, &["P02".to_owned(), "P99".to_owned()]) else {
            panic!("neither P02 nor P99 was exercised");
        };
        assert!(why.contains("P02") && why.contains("P99"), "{why}");
        assert_eq!(status(&results, &["P01".to_owned()]), Status::Passed);
    }

    #[test]
    fn pending_and_not_applicable_alone_do_no_harm() {
        let pending = Verdict::Pending { left: Span::from_secs(1) };
        let results = [result("P01", pending, 2), result("P02", Verdict::NotApplicable, 0)];
        assert_eq!(status(&results, &["P01".to_owned(), "P02".to_owned()]), Status::Passed);
    }

    #[test]
    fn what_a_site_has_no_cable_for_need_not_be_exercised() {
        let reason = "no service cable".to_owned();
        let results =
            [result("P01", Verdict::Passed, 1), result("P38", Verdict::NotObservable { reason }, 0)];
        assert_eq!(status(&results, &["P38".to_owned()]), Status::Passed);
    }

    #[test]
    fn a_bound_inside_the_uncertainty_is_inconclusive() {
        let results = [result("P01", Verdict::Inconclusive(place()), 1)];
        assert!(matches!(status(&results, &[]), Status::Inconclusive(_)));
    }
}
