//! One run of one scenario in real time, against a controller outside this process.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant as Monotonic};

use emulators::time::{Instant, Span};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::outcome::{Outcome, Status};
use super::ports::await_far_ends;
use super::recorder::Recorder;
use super::run::{Options, RunError, WATCHED, blank, close, must_exercise_what_exists, prepare, write_text};
use crate::bench::Bench;
use crate::driver::live::{Absence, Cabinet, LiveEnd, LiveOutcome, LiveRun, News, Soft, SoftOptions, Start};
use crate::driver::port::Port;
use crate::driver::{UNMEASURED_PTY, Witness};
use crate::monitor::Judge;
use crate::scenario::Scenario;
use crate::site::{CableRole, Site};
use crate::trace::Record;

/// Records that may wait to be written and judged: half a minute of a busy crossing and more.
const WAITING: usize = 65_536;
/// How often what was recorded is handed to the disk: a rig that is killed loses no more.
const FLUSHED: Duration = Duration::from_millis(500);
/// What a trace of real time calls its clock.
pub(super) const LIVE: &str = "live";

/// Runs a scenario in real time against the soft controller in a process of its own, over pseudo-terminals.
/// `program` is the one that knows `controller`.
///
/// # Errors
/// Only what is not the controller's fault: files, ports, the catalogue, an interruption.
pub fn run_soft(
    site: &Site,
    scenario: &Scenario,
    seed: u64,
    options: Options<'_>,
    program: &Path,
) -> Result<Outcome, RunError> {
    if let Some(why) = super::run::not_for_soft(site).or_else(|| not_in_real_time(site, scenario)) {
        return Ok(blank(site, scenario, seed, Status::Skipped(why)));
    }
    let folder =
        tempfile::tempdir().map_err(|source| RunError::Out { path: std::env::temp_dir(), source })?;
    let runtime = runtime()?;
    let _inside = runtime.enter();
    let mut ports = Vec::new();
    let mut text = "version = 1\n\n[ports]\n".to_owned();
    for role in CableRole::ALL {
        // The module of a sense cable is emulated: nobody outside has an end on it.
        let cable = site.wiring.cables[role.index()].filter(|_| role.is_controllers());
        let port = cable.map(|cable| Port::private_pty(cable.line)).transpose().map_err(RunError::Ports)?;
        if let Some(node) = port.as_ref().and_then(Port::far_end) {
            text.push_str(&format!("{} = \"{}\"\n", role.name(), node.display()));
        }
        ports.push(port);
    }
    let file = |name: &str, text: &str| -> Result<PathBuf, RunError> {
        let path = folder.path().join(name);
        std::fs::write(&path, text).map_err(|source| RunError::Out { path: path.clone(), source })?;
        Ok(path)
    };
    let soft = SoftOptions {
        program: program.to_owned(),
        site: file(&format!("{}.toml", site.name), &site.text)?,
        ports: file("ports.toml", &text)?,
        state: folder.path().join("state"),
        starts_at: scenario.starts_at,
        uptime_ms: scenario.uptime_ms,
    };
    let (tell, news) = mpsc::channel(64);
    let mut cabinet = Soft::new(soft, tell);
    cabinet.prepare().map_err(|why| RunError::Ports(std::io::Error::other(why)))?;
    runtime.block_on(await_far_ends(&mut ports, options.stop))?;
    let run = LiveRun {
        bench: Bench::new(site, scenario.starts_at, seed),
        start: Start::Cold,
        steps: &scenario.steps,
        lasts: scenario.lasts,
        ports,
        uncertainty: [UNMEASURED_PTY; CableRole::COUNT],
        closing_is_trouble: false,
        real_lines: [None; CableRole::COUNT],
    };
    carry_out(Job { site, scenario, seed, options }, &runtime, run, cabinet, news).0
}

/// Why a scenario says nothing in real time.
pub(super) fn not_in_real_time(site: &Site, scenario: &Scenario) -> Option<String> {
    if let Some(why) = super::run::not_for(site, scenario) {
        return Some(why);
    }
    scenario.pair.map(|_| "compares two runs to the microsecond: only in virtual time".to_owned())
}

/// What is to be run.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) site: &'a Site,
    pub(super) scenario: &'a Scenario,
    pub(super) seed: u64,
    pub(super) options: Options<'a>,
}

/// Runs, writes down and judges. Gives back the ports that are still there.
pub(super) fn carry_out(
    job: Job<'_>,
    runtime: &Runtime,
    run: LiveRun<'_>,
    mut cabinet: impl Cabinet,
    news: mpsc::Receiver<News>,
) -> (Result<Outcome, RunError>, Vec<Option<Port>>) {
    let begun = begin(job);
    let (mut recorder, path) = match begun {
        Ok(begun) => begun,
        Err(error) => return (Err(error), run.ports),
    };
    let live = watched(&mut recorder, job.options.stop, |witness| {
        runtime.block_on(run.run(&mut cabinet, news, witness))
    });
    // Its process has nothing more to say.
    drop(cabinet);
    match live {
        Ok(Ok(mut live)) => {
            let ports = std::mem::take(&mut live.ports);
            (conclude(job, recorder, path, &live), ports)
        }
        Ok(Err(error)) => (Err(RunError::Ports(error)), Vec::new()),
        Err(error) => (Err(error), Vec::new()),
    }
}

fn begin(job: Job<'_>) -> Result<(Recorder<'_>, Option<PathBuf>), RunError> {
    let mut judge = Judge::new(job.site, job.scenario.starts_at)?.in_real_time();
    judge.watch(WATCHED);
    must_exercise_what_exists(job.scenario, &judge)?;
    prepare(judge, job.site, job.scenario, job.seed, job.options, LIVE)
}

pub(super) fn runtime() -> Result<Runtime, RunError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(RunError::Ports)
}

/// Runs `run` with a witness whose work is done by another thread: ports never wait for the disk or the judge.
fn watched<T>(
    recorder: &mut Recorder<'_>,
    stop: &AtomicBool,
    run: impl FnOnce(&mut dyn Witness) -> T,
) -> Result<T, RunError> {
    let (tell, told) = sync_channel(WAITING);
    let enough = AtomicBool::new(false);
    thread::scope(|scope| {
        let enough = &enough;
        let writer = scope.spawn(move || attend(recorder, &told, enough));
        let mut relay = Relay { tell, enough, stop, at: Instant::ZERO, overrun: false };
        let result = run(&mut relay);
        let overrun = relay.overrun;
        drop(relay);
        if writer.join().is_err() {
            return Err(RunError::Ports(std::io::Error::other("the recorder panicked: a defect of the rig")));
        }
        if overrun {
            return Err(RunError::Ports(std::io::Error::other(
                "host too slow: records could not be kept up with",
            )));
        }
        Ok(result)
    })
}

enum Message {
    Record(Record),
    Advance(Instant),
}

/// Hands records to another thread.
struct Relay<'a> {
    tell: SyncSender<Message>,
    /// The recorder cannot go on.
    enough: &'a AtomicBool,
    stop: &'a AtomicBool,
    at: Instant,
    overrun: bool,
}

impl Relay<'_> {
    fn send(&mut self, message: Message) {
        if let Err(TrySendError::Full(_)) = self.tell.try_send(message) {
            self.overrun = true;
        }
    }
}

impl Witness for Relay<'_> {
    fn advance(&mut self, now: Instant) {
        // Time that passes without a record matters to nobody at once.
        if now.since(self.at) >= Span::from_ms(100) {
            self.at = now;
            self.send(Message::Advance(now));
        }
    }

    fn record(&mut self, record: Record) {
        self.send(Message::Record(record));
    }

    fn wants_stop(&self) -> bool {
        self.overrun || self.enough.load(Ordering::Relaxed) || self.stop.load(Ordering::Relaxed)
    }
}

fn attend(recorder: &mut Recorder<'_>, told: &Receiver<Message>, enough: &AtomicBool) {
    let mut flushed = Monotonic::now();
    for message in told {
        match message {
            Message::Record(record) => {
                recorder.judge.advance(record.latest);
                recorder.take(&record);
            }
            Message::Advance(now) => recorder.judge.advance(now),
        }
        if flushed.elapsed() >= FLUSHED {
            flushed = Monotonic::now();
            recorder.flush();
        }
        if recorder.failed.is_some() {
            enough.store(true, Ordering::Relaxed);
        }
    }
}

fn conclude(
    job: Job<'_>,
    mut recorder: Recorder<'_>,
    path: Option<PathBuf>,
    live: &LiveOutcome,
) -> Result<Outcome, RunError> {
    let Job { site, scenario, seed, options } = job;
    match &live.end {
        LiveEnd::Planned(_) => {}
        LiveEnd::Broken(_, why) => recorder.broke_off(why),
        LiveEnd::Stopped(at) => recorder.broke_off(&RunError::Interrupted(*at)),
    }
    let (ended, interrupted) = match &live.end {
        LiveEnd::Planned(at) | LiveEnd::Broken(at, _) => (*at, false),
        LiveEnd::Stopped(at) => (*at, recorder.failed.is_none()),
    };
    let mut outcome = close(site, scenario, seed, recorder, ended, path)?;
    outcome.remarks.push(format!("wakes of the rig were late: {}", live.lateness));
    outcome.in_trouble(troubles(live));
    if let LiveEnd::Broken(at, why) = &live.end {
        outcome.status = Status::Broken(format!("{why}, at {at}; what was recorded is judged up to there"));
    }
    if let Some(out) = options.out {
        write_text(&out.join(&scenario.name).join("trace.txt"), &outcome)?;
    }
    if interrupted { Err(RunError::Interrupted(ended)) } else { Ok(outcome) }
}

/// What was wrong with bench and host, in words.
fn troubles(live: &LiveOutcome) -> Vec<String> {
    let worst = live.stalls.iter().max_by_key(|(_, by)| *by);
    let stalls = worst
        .map(|(at, by)| format!("host too slow: {} stalls, the longest {by} s at {at}", live.stalls.len()));
    stalls.into_iter().chain(live.absences.iter().map(Absence::to_string)).collect()
}
