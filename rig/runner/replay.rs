//! A recorded run judged again, by the same code.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::live::LIVE;
use super::outcome::{Outcome, Status};
use super::recorder::{BROKE_OFF, Recorder};
use super::run::{RunError, close, decoding, stopped};
use crate::driver::live::{Absences, TOO_SLOW};
use crate::monitor::Judge;
use crate::scenario::Scenario;
use crate::site::{FileError, Site};
use crate::trace::{Lines, ReadError, Reader, Strip, What};

/// Why a trace could not be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The trace cannot be read.
    #[error("{path}: {source}")]
    Trace {
        /// Which file.
        path: String,
        /// Why.
        source: ReadError,
    },
    /// The site or scenario inside the trace cannot be used.
    #[error(transparent)]
    Inside(#[from] FileError),
    /// The run failed.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Judges a trace. A pair's comparison needs a second run and is listed as not exercised.
///
/// # Errors
/// If the file is no trace, or its site or scenario cannot be used.
pub fn replay(path: &Path, stop: &AtomicBool) -> Result<Outcome, ReplayError> {
    let name = path.display().to_string();
    let trace = |source| ReplayError::Trace { path: name.clone(), source };
    let file = File::open(path).map_err(|error| trace(error.into()))?;
    let mut reader = Reader::new(BufReader::new(file)).map_err(trace)?;
    let header = reader.header().clone();
    let site = Site::load(&header.site_text, &format!("{name} (site inside)"))?;
    let scenario = Scenario::load(&header.scenario_text, &format!("{name} (scenario inside)"), header.seed)?;
    let mut judge = Judge::new(&site, header.starts_at).map_err(RunError::from)?;
    if header.clock == LIVE {
        judge = judge.in_real_time();
    }
    let mut recorder = Recorder::new(judge, stop);
    recorder.strip = Some(Strip::of(site.wiring.sense.is_some()));
    recorder.lines = Some(Lines::new(decoding(&site)));
    let (mut whole, mut more) = (false, false);
    let (mut stalled, mut broke_off) = (None, None);
    let mut absences = Absences::default();
    for record in reader.by_ref() {
        if whole {
            more = true;
            break;
        }
        recorder.judge.advance(record.latest);
        recorder.take(&record);
        whole = record.what == What::End;
        if let What::Note(text) = &record.what {
            if text.starts_with(TOO_SLOW) {
                stalled.get_or_insert_with(|| format!("{text}, at {}", record.latest));
            }
            absences.note(text);
            broke_off = text.strip_prefix(BROKE_OFF).map(str::to_owned);
        }
        if stopped(stop) {
            return Err(RunError::Interrupted(record.latest).into());
        }
    }
    let ended = recorder.at;
    let mut outcome = close(&site, &scenario, header.seed, recorder, ended, None)?;
    outcome.site.clone_from(&header.site);
    outcome.site_argument = header.site;
    outcome.scenario.clone_from(&header.scenario);
    outcome.scenario_argument = header.scenario;
    outcome.trace = Some(path.to_owned());
    outcome.trace_bytes = path.metadata().map_or(0, |file| file.len());
    if more || (whole && reader.cut().is_some()) {
        doubt(&mut outcome, format!("something follows the end of the trace at {ended}; it was not judged"));
    }
    outcome.in_trouble(stalled.into_iter().chain(absences.into_troubles()).collect());
    if !whole {
        let why = broke_off.as_deref().or(reader.cut()).unwrap_or("no end record");
        doubt(&mut outcome, format!("the trace was cut off at {ended} ({why}); judged up to there"));
    }
    Ok(outcome)
}

/// A trace that is not what a run leaves is no proof that anything passed.
fn doubt(outcome: &mut Outcome, why: String) {
    if outcome.status == Status::Passed {
        outcome.status = Status::Inconclusive(why.clone());
    }
    outcome.remarks.push(why);
}
