//! Which properties all those cases have exercised, and how close they came.

use std::collections::BTreeMap;

use crate::monitor::{Margin, Verdict};
use crate::runner::Outcome;

/// One property over all cases.
#[derive(Clone, Debug)]
pub struct Row {
    /// In a few words.
    pub title: String,
    /// Cases in which something happened that it speaks about.
    pub cases: u64,
    /// Cases that it was looked for in.
    pub of: u64,
    /// The smallest margin of all.
    pub worst: Option<Margin>,
}

/// Properties by id.
#[derive(Clone, Debug, Default)]
pub struct Exercised(BTreeMap<String, Row>);

impl Exercised {
    /// Takes in a case.
    pub fn add(&mut self, outcome: &Outcome) {
        for result in &outcome.results {
            if matches!(result.verdict, Verdict::NotApplicable | Verdict::NotObservable { .. }) {
                continue;
            }
            let new = || Row { title: result.title.clone(), cases: 0, of: 0, worst: None };
            let row = self.0.entry(result.id.clone()).or_insert_with(new);
            row.of += 1;
            row.cases += u64::from(result.triggers > 0);
            row.worst = match (row.worst, result.worst) {
                (Some(known), Some(new)) if new.amount < known.amount => Some(new),
                (None, new) => new,
                (known, _) => known,
            };
        }
    }

    /// Properties that some case exercised.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &Row)> {
        self.0.iter().filter(|(_, row)| row.cases > 0).map(|(id, row)| (id.as_str(), row))
    }

    /// Properties that no case exercised.
    pub fn never(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, row)| row.cases == 0).map(|(id, _)| id.as_str())
    }
}
