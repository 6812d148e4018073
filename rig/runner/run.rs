//! One run of one scenario on one site in virtual time.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use emulators::time::Instant;

use super::outcome::{Outcome, Status, status};
use super::pair;
use super::recorder::Recorder;
use super::subject::{Soft, Subject};
use crate::bench::Bench;
use crate::driver::{Ended, Fixed, Script, VirtualRun};
use crate::monitor::{Judge, PropertyError};
use crate::scenario::{Scenario, Stimulus};
use crate::site::{CableRole, FileError, Site};
use crate::trace::{Decoding, FORMAT, Header, Lines, Strip, Writer};

/// Why a run could not be made, or not be finished. Never the controller's fault.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The run folder or a file in it cannot be written.
    #[error("{path}: {source} (choose another folder with --out, or make room)")]
    Out {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The catalogue or the site's own properties cannot be used.
    #[error(transparent)]
    Property(#[from] PropertyError),
    /// The scenario asks for something that does not exist.
    #[error(transparent)]
    Scenario(#[from] FileError),
    /// Bench and controller went round in circles.
    #[error(
        "bench and controller exchanged data without end at {0}; this is a defect of the rig or of the soft controller"
    )]
    RunAway(Instant),
    /// Ports, processes or timers that real time needs.
    #[error("{0}")]
    Ports(io::Error),
    /// A port that is needed.
    #[error("{cable}: {what}")]
    Port {
        /// Which cable's.
        cable: &'static str,
        /// What is wrong and what to do.
        what: String,
    },
    /// Stopped from outside.
    #[error("interrupted at {0}")]
    Interrupted(Instant),
}

/// How to run.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// Run folder: `<out>/<scenario>/trace.rig` and `trace.txt` are written.
    pub out: Option<&'a Path>,
    /// Draw strip and text trace.
    pub draw: bool,
    /// Set from outside to stop.
    pub stop: &'a AtomicBool,
}

/// What the judge is asked to remember for the coverage of cases.
pub(super) const WATCHED: &[&str] = &["VA", "PA", "MODE"];

/// The header of a run's trace.
fn header(site: &Site, scenario: &Scenario, seed: u64, clock: &str) -> Header {
    Header {
        format: FORMAT,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        site: site.name.clone(),
        site_hash: site.hash.clone(),
        scenario: scenario.name.clone(),
        scenario_hash: scenario.hash.clone(),
        seed,
        clock: clock.to_owned(),
        starts_at: scenario.starts_at,
        site_text: site.text.clone(),
        scenario_text: scenario.text.clone(),
    }
}

/// What a reader of this site's traces must know.
pub(crate) fn decoding(site: &Site) -> Decoding {
    Decoding {
        crc: [0, 1].map(|side| site.wiring.cameras[side].crc),
        crosswalk_info_len: [0, 1].map(|side| site.wiring.cameras[side].crosswalk_info_len),
        edition: site.wiring.countdown.edition,
    }
}

/// Runs a scenario with the soft controller on a site and judges it.
///
/// # Errors
/// As [`run_on`].
pub fn run(site: &Site, scenario: &Scenario, seed: u64, options: Options<'_>) -> Result<Outcome, RunError> {
    run_on(&Soft, site, scenario, seed, options)
}

/// The same with another controller.
///
/// # Errors
/// Only what is not the controller's fault: files, the catalogue, an interruption, a defect of the rig.
pub fn run_on(
    subject: &impl Subject,
    site: &Site,
    scenario: &Scenario,
    seed: u64,
    options: Options<'_>,
) -> Result<Outcome, RunError> {
    if let Some(why) = not_for_soft(site).or_else(|| not_for(site, scenario)) {
        return Ok(blank(site, scenario, seed, Status::Skipped(why)));
    }
    let judge = Judge::new(site, scenario.starts_at)?;
    must_exercise_what_exists(scenario, &judge)?;
    let (mut recorder, path) = prepare(judge, site, scenario, seed, options, "virtual")?;
    recorder.keep_edges = scenario.pair.is_some();
    let ended = match drive(subject, site, scenario, seed, &mut recorder) {
        Ok(ended) => ended,
        Err(error) => {
            // Nothing already recorded is lost.
            recorder.broke_off(&error);
            let at = recorder.at;
            let outcome = close(site, scenario, seed, recorder, at, path)?;
            if let Some(out) = options.out {
                write_text(&out.join(&scenario.name).join("trace.txt"), &outcome)?;
            }
            return Err(error);
        }
    };
    let edges = std::mem::take(&mut recorder.edges);
    let mut outcome = close(site, scenario, seed, recorder, ended, path)?;
    if let Some(kind) = scenario.pair {
        let twin = twin_edges(subject, site, scenario, seed, kind, options.stop)?;
        pair::judge(kind, site, &edges, &twin, &mut outcome.results);
        outcome.status = status(&outcome.results, &scenario.must_exercise);
    }
    if let Some(out) = options.out {
        write_text(&out.join(&scenario.name).join("trace.txt"), &outcome)?;
    }
    Ok(outcome)
}

/// Why the soft controller cannot run a site.
pub(super) fn not_for_soft(site: &Site) -> Option<String> {
    let missing = [CableRole::Lamps, CableRole::Feedback].into_iter().find(|role| !site.wiring.has(*role))?;
    let name = missing.name();
    Some(format!(
        "this site has no {name} cable: the soft controller needs one, a cabinet on the table may not"
    ))
}

/// Why a scenario does not apply to a site.
pub(super) fn not_for(site: &Site, scenario: &Scenario) -> Option<String> {
    let senses = |stimulus: &Stimulus| match stimulus {
        Stimulus::SenseFails(..) | Stimulus::SenseMended(..) => true,
        Stimulus::CableFails(role, _) | Stimulus::CableMended(role) => *role == CableRole::Sense,
        _ => false,
    };
    if site.wiring.sense.is_none() && scenario.steps.iter().any(|(_, stimulus)| senses(stimulus)) {
        return Some("made for a lamp-sense module; this site has none".to_owned());
    }
    let fits = scenario.policies.is_empty() || scenario.policies.iter().any(|policy| policy == site.policy());
    (!fits).then(|| format!("made for {}; this site runs {}", scenario.policies.join(", "), site.policy()))
}

/// A recorder as the options want it, and the trace file's path if one is written.
pub(super) fn prepare<'a>(
    judge: Judge,
    site: &Site,
    scenario: &Scenario,
    seed: u64,
    options: Options<'a>,
    clock: &str,
) -> Result<(Recorder<'a>, Option<PathBuf>), RunError> {
    let mut recorder = Recorder::new(judge, options.stop);
    if options.draw {
        recorder.strip = Some(Strip::of(site.wiring.sense.is_some()));
        recorder.lines = Some(Lines::new(decoding(site)));
    }
    let file =
        options.out.map(|out| trace_file(out, &header(site, scenario, seed, clock), scenario)).transpose()?;
    let path = file.map(|(path, writer)| {
        recorder.file = Some(writer);
        path
    });
    Ok((recorder, path))
}

/// A property that does not exist would never be exercised: the scenario is wrong, not the run.
pub(super) fn must_exercise_what_exists(scenario: &Scenario, judge: &Judge) -> Result<(), FileError> {
    let Some(id) = scenario.must_exercise.iter().find(|id| !judge.knows(id)) else { return Ok(()) };
    let quoted = format!("\"{id}\"");
    let start = scenario.text.find(&quoted).unwrap_or(0);
    let message = format!("there is no property `{id}`");
    let hint = "see `rig list properties`; a site's own count where the site has them".to_owned();
    let place = start..start + quoted.len();
    Err(FileError::at(&scenario.file, &scenario.text, &place, "must_exercise", message, Some(hint)))
}

/// Runs a script that is not written down yet, with the clock and counters of `scenario`; no trace is kept.
///
/// # Errors
/// As [`run_on`].
pub fn play(
    subject: &impl Subject,
    site: &Site,
    scenario: &Scenario,
    seed: u64,
    script: &mut impl Script,
    stop: &AtomicBool,
) -> Result<Outcome, RunError> {
    let mut judge = Judge::new(site, scenario.starts_at)?;
    judge.watch(WATCHED);
    let mut recorder = Recorder::new(judge, stop);
    let ended = follow(subject, site, scenario, seed, script, &mut recorder)?;
    close(site, scenario, seed, recorder, ended, None)
}

fn drive(
    subject: &impl Subject,
    site: &Site,
    scenario: &Scenario,
    seed: u64,
    recorder: &mut Recorder<'_>,
) -> Result<Instant, RunError> {
    follow(subject, site, scenario, seed, &mut Fixed::new(&scenario.steps, scenario.lasts), recorder)
}

/// Brings the bench and a controller together.
fn follow(
    subject: &impl Subject,
    site: &Site,
    scenario: &Scenario,
    seed: u64,
    script: &mut impl Script,
    recorder: &mut Recorder<'_>,
) -> Result<Instant, RunError> {
    let bench = Bench::new(site, scenario.starts_at, seed);
    let mut config = site.controller.clone();
    config.clock = scenario.starts_at;
    config.uptime_ms = scenario.uptime_ms;
    let run = VirtualRun::new(bench, |persisted| subject.make(&config, persisted));
    match run.run(script, recorder) {
        Ended::Planned(at) => Ok(at),
        Ended::Stopped(at) if recorder.failed.is_some() => Ok(at),
        Ended::Stopped(at) => Err(RunError::Interrupted(at)),
        Ended::RunAway(at) => Err(RunError::RunAway(at)),
    }
}

/// The second run of a pair: only its lamp edges are of interest.
fn twin_edges(
    subject: &impl Subject,
    site: &Site,
    scenario: &Scenario,
    seed: u64,
    kind: crate::scenario::Pair,
    stop: &AtomicBool,
) -> Result<Vec<(Instant, u8, u8)>, RunError> {
    let (site, scenario) = pair::twin(kind, site, scenario);
    let mut recorder = Recorder::new(Judge::new(&site, scenario.starts_at)?, stop);
    recorder.keep_edges = true;
    drive(subject, &site, &scenario, seed, &mut recorder)?;
    Ok(recorder.edges)
}

fn trace_file(out: &Path, header: &Header, scenario: &Scenario) -> Result<(PathBuf, Writer<File>), RunError> {
    let folder = out.join(&scenario.name);
    let path = folder.join("trace.rig");
    let failed = |source| RunError::Out { path: path.clone(), source };
    fs::create_dir_all(&folder).map_err(failed)?;
    let file = File::create(&path).map_err(failed)?;
    let writer = Writer::new(file, header).map_err(failed)?;
    Ok((path, writer))
}

pub(super) fn write_text(path: &Path, outcome: &Outcome) -> Result<(), RunError> {
    fs::write(path, format!("{}\n{}", outcome.strip, outcome.text))
        .map_err(|source| RunError::Out { path: path.to_owned(), source })
}

/// An outcome without anything in it yet.
pub(super) fn blank(site: &Site, scenario: &Scenario, seed: u64, status: Status) -> Outcome {
    Outcome {
        site: site.name.clone(),
        site_argument: site.name.clone(),
        scenario: scenario.name.clone(),
        scenario_argument: scenario.name.clone(),
        how: Vec::new(),
        title: scenario.title.clone(),
        seed,
        status,
        results: Vec::new(),
        strip: String::new(),
        text: String::new(),
        ended: Instant::ZERO,
        records: 0,
        trace: None,
        trace_bytes: 0,
        remarks: Vec::new(),
        seen: Vec::new(),
    }
}

/// Closes the books of a run.
pub(super) fn close(
    site: &Site,
    scenario: &Scenario,
    seed: u64,
    mut recorder: Recorder<'_>,
    ended: Instant,
    path: Option<PathBuf>,
) -> Result<Outcome, RunError> {
    let mut outcome = blank(site, scenario, seed, Status::Passed);
    if let Some(writer) = recorder.file.take() {
        outcome.trace_bytes = writer.bytes();
        if let Err(error) = writer.finish() {
            recorder.failed = Some(error);
        }
    }
    if let Some(source) = recorder.failed {
        // What was recorded is on disk up to the last whole record; the run is nobody's verdict.
        return Err(RunError::Out { path: path.unwrap_or_default(), source });
    }
    if let Some(mut strip) = recorder.strip.take() {
        strip.finish();
        outcome.strip = strip.to_string();
    }
    if let Some(lines) = recorder.lines.take() {
        outcome.text = lines.finish();
    }
    outcome.seen = recorder.judge.take_seen();
    outcome.results = recorder.judge.finish(ended);
    outcome.status = status(&outcome.results, &scenario.must_exercise);
    outcome.ended = ended;
    outcome.records = recorder.records;
    outcome.trace = path;
    Ok(outcome)
}

/// Whether somebody asked to stop.
pub(super) fn stopped(stop: &AtomicBool) -> bool {
    stop.load(Ordering::Relaxed)
}
