//! What the judge says: verdicts, margins, violations, in plain words.

use std::fmt;

use emulators::time::{Instant, Span};

/// What became of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Exercised, and true every time.
    Passed,
    /// False at least once; this is the first time.
    Violated(Violation),
    /// The uncertainty of what was observed does not allow a decision; this is the first such place.
    Inconclusive(Violation),
    /// Nothing happened that it speaks about.
    NotExercised,
    /// An obligation was still open at the end.
    Pending {
        /// The time it still had.
        left: Span,
    },
    /// Not meant for this policy.
    NotApplicable,
    /// A cable it is read from is not there.
    NotObservable {
        /// Which.
        reason: String,
    },
}

/// A place where a property was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// When it was false (a deadline counts as the instant).
    pub at: Instant,
    /// What happened, with values.
    pub text: String,
}

/// What a margin is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// Microseconds.
    Time,
    /// The unit of the signal.
    Value,
}

/// The distance to the bound (as widened by the tolerance); negative: beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Margin {
    /// How far.
    pub amount: i64,
    /// Of what.
    pub unit: Unit,
    /// Where it was that far.
    pub at: Instant,
}

/// What became of one property in one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyResult {
    /// `P10`.
    pub id: String,
    /// In a few words.
    pub title: String,
    /// In a sentence.
    pub sentence: String,
    /// The verdict of its worst check.
    pub verdict: Verdict,
    /// How often something happened that it speaks about, all checks together.
    pub triggers: u64,
    /// The smallest margin, if its checks have any; of one that is violated that of a violation, if it has one.
    pub worst: Option<Margin>,
    /// How often it was violated.
    pub violations: u64,
    /// The first violations, at most [`KEPT`] a check.
    pub first: Vec<Violation>,
}

/// Violations kept with their text, a check.
pub const KEPT: usize = 10;

/// A violation just found, for whoever wants to stop the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The property.
    pub id: String,
    /// What happened.
    pub violation: Violation,
}

impl fmt::Display for Violation {
    /// `VA=Y lasted 2.600 s, at least 2.900 s, at 41.207`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at {}", self.text, self.at)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Passed => f.write_str("passed"),
            Verdict::Violated(violation) => write!(f, "violated: {violation}"),
            Verdict::Inconclusive(place) => write!(f, "inconclusive: {place}"),
            Verdict::NotExercised => f.write_str("not exercised"),
            Verdict::Pending { left } => write!(f, "pending: {left} s left at the end"),
            Verdict::NotApplicable => f.write_str("not applicable"),
            Verdict::NotObservable { reason } => write!(f, "not observable: {reason}"),
        }
    }
}

impl fmt::Display for Margin {
    /// `+0.400 s` or `-3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.amount < 0 { '-' } else { '+' };
        match self.unit {
            Unit::Time => write!(f, "{sign}{} s", Span::from_us(self.amount.unsigned_abs())),
            Unit::Value => write!(f, "{sign}{}", self.amount.unsigned_abs()),
        }
    }
}

impl fmt::Display for PropertyResult {
    /// `P10  violated: …; 12 times exercised; margin -0.300 s at 41.207`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<4} {}: {}", self.id, self.title, self.verdict)?;
        if self.triggers > 0 {
            write!(f, "; {} times exercised", self.triggers)?;
        }
        if let Some(worst) = self.worst {
            write!(f, "; margin {worst} at {}", worst.at)?;
        }
        if self.violations > 1 {
            write!(f, "; {} violations", self.violations)?;
        }
        Ok(())
    }
}
