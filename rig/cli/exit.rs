//! Exit codes: documented and frozen, because scripts know them.

use std::process::ExitCode;

use crate::runner::{Outcome, Status};

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// At least one scenario ran and all that ran passed.
    Passed,
    /// A property is violated.
    Violated,
    /// Wrong usage, or a file that cannot be used.
    Usage,
    /// The rig or its ports failed.
    Broken,
    /// Nothing is violated, but something that had to be shown was not.
    Inconclusive,
    /// Nothing ran.
    Nothing,
    /// Stopped from outside.
    Interrupted,
}

/// For `--help`.
pub(super) const HELP: &str = "\
Exit codes: 0 passed, 1 a property is violated, 2 usage or file error, 3 the rig or its ports failed,
4 inconclusive, 5 nothing ran, 130 interrupted.";

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Exit::Passed => 0,
            Exit::Violated => 1,
            Exit::Usage => 2,
            Exit::Broken => 3,
            Exit::Inconclusive => 4,
            Exit::Nothing => 5,
            Exit::Interrupted => 130,
        }
    }

    /// What follows from a set of runs: rig trouble first (its verdicts cannot be trusted), then a violation, then
    /// what was not shown.
    #[must_use]
    pub fn of(outcomes: &[Outcome]) -> Exit {
        let any = |wanted: fn(&Status) -> bool| outcomes.iter().any(|outcome| wanted(&outcome.status));
        if any(|status| matches!(status, Status::Broken(_))) {
            Exit::Broken
        } else if any(|status| matches!(status, Status::Violated)) {
            Exit::Violated
        } else if any(|status| matches!(status, Status::Inconclusive(_))) {
            Exit::Inconclusive
        } else if any(|status| matches!(status, Status::Passed)) {
            Exit::Passed
        } else {
            Exit::Nothing
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}
