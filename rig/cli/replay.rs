//! `rig replay`.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Instant as Clock;

use super::frame_line::FrameLine;
use super::{Exit, Manner, READING, STOP, complain, show};
use crate::runner::{self, ReplayError, RunError};
use crate::trace::Reader;

/// Arguments of `rig replay`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A trace file (`trace.rig` in a run folder).
    trace: PathBuf,
    /// Print the text trace (what changed, line by line) before the verdicts.
    #[arg(long)]
    text: bool,
    /// Print every frame on every cable before the verdicts: begin, end, cable, sender, bytes.
    #[arg(long, conflicts_with = "json")]
    frames: bool,
    /// Results as JSON on stdout.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, manner: Manner) -> Exit {
    let begun = Clock::now();
    // A pipe that nobody writes to would be waited for; a replay leaves nothing behind that needs an end.
    READING.store(true, Ordering::Relaxed);
    let outcome = match runner::replay(&arguments.trace, &STOP) {
        Ok(outcome) => outcome,
        Err(ReplayError::Run(RunError::Interrupted(at))) => {
            complain_line!("interrupted at {at}; a stopped replay is not a pass");
            return Exit::Interrupted;
        }
        Err(
            error @ (ReplayError::Trace { .. }
            | ReplayError::Inside(_)
            | ReplayError::Run(RunError::Property(_) | RunError::Scenario(_))),
        ) => {
            complain(&error);
            return Exit::Usage;
        }
        Err(
            error @ ReplayError::Run(
                RunError::Out { .. } | RunError::RunAway(_) | RunError::Ports(_) | RunError::Port { .. },
            ),
        ) => {
            complain(&error);
            return Exit::Broken;
        }
    };
    for remark in &outcome.remarks {
        complain_line!("warning: {}: {remark}", arguments.trace.display());
    }
    let outcomes = [outcome];
    if arguments.json {
        show::json(&outcomes);
    } else {
        if arguments.text {
            say!("{}", outcomes[0].text);
        }
        if arguments.frames {
            frames(&arguments.trace);
        }
        show::outcome(&outcomes[0], manner);
        show::summary(&outcomes[0].site, &outcomes, begun.elapsed(), manner);
    }
    Exit::of(&outcomes)
}

/// What was on the cables. That the trace can be read was seen when it was judged.
fn frames(trace: &Path) {
    let reader = File::open(trace).ok().and_then(|file| Reader::new(BufReader::new(file)).ok());
    for record in reader.into_iter().flatten() {
        if let Some(line) = FrameLine::of(&record) {
            say!("{line}");
        }
    }
}
