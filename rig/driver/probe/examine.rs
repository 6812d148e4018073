//! The doctor's visit: the emulated bench on the ports for a while, then questions where something was missing.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use emulators::time::{Instant, Span};
use tokio::sync::mpsc;
use tokio::task::LocalSet;
use tokio::time::{Instant as Monotonic, timeout, timeout_at};

use super::ask::{Attempt, Symptom, attempts};
use super::diagnose::{Bench as Yardstick, Finding, Proof, Seen, Trouble, diagnose};
use super::plugged_in::{Roots, latency_ms};
use super::understood::Understood;
use crate::bench::Bench;
use crate::driver::live::{Connected, LiveEnd, LiveRun, Start, as_heard};
use crate::driver::port::{Heard, Port};
use crate::driver::{ActionBy, PortsFile, Witness};
use crate::scenario::Scenario;
use crate::site::{CableRole, Site, Wiring};
use crate::trace::{Record, What};

/// Bytes of one port that are kept: two minutes of the busiest line.
const KEPT: usize = 1 << 20;
/// How long whoever is to open the rig's own terminals may take, and the others once one is open.
const ARRIVAL: Duration = Duration::from_secs(30);
const OTHERS: Duration = Duration::from_secs(2);
/// People come after 1 s, and are seen a little later.
const SLACK: Span = Span::from_secs(5);
const LOOK_UP: Duration = Duration::from_millis(20);

/// What the doctor is called for.
#[derive(Clone, Copy, Debug)]
pub struct Examination<'a> {
    /// What should be where.
    pub site: &'a Site,
    /// What is plugged where.
    pub file: &'a PortsFile,
    /// How long to listen.
    pub listens: Span,
    /// Local time, seconds since 1970-01-01.
    pub clock: u32,
    /// Somebody wants it to end.
    pub stop: &'a AtomicBool,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    /// Somebody interrupted.
    #[error("interrupted")]
    Interrupted,
    /// What the system says.
    #[error("{0}")]
    System(#[from] io::Error),
    /// A defect of the rig.
    #[error("the rig's own script: {0}")]
    Script(String),
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Report {
    /// By cable, those of the ports file only.
    pub seen: Vec<Seen>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// People at both kerbs, so that a controller that works goes through its cycle.
const SCRIPT: &str = "version = 1\ntitle = \"People at both kerbs\"\nstarts_at = \"12:00:00\"\nlasts = \"10m\"\n\
    [[do]]\nat = \"1s\"\narrive = { kerb = \"a\", count = 2 }\n\
    [[do]]\nat = \"1s\"\narrive = { kerb = \"b\", count = 2 }\n";

impl Examination<'_> {
    /// Opens the ports, listens, asks, and says what it makes of it. `say` gets a line for people now and then.
    ///
    /// # Errors
    /// If the kernel refuses, or somebody interrupts. What is wrong with ports is in the report.
    pub fn run(&self, say: &mut dyn FnMut(&str)) -> Result<Report, ExamineError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.visit(say))
    }

    async fn visit(&self, say: &mut dyn FnMut(&str)) -> Result<Report, ExamineError> {
        let (mut seen, mut ports) = self.open(say).await;
        await_far_ends(&mut ports, self.stop, say).await;
        let (ears, ports) = if ports.iter().all(Option::is_none) {
            (Ears { stop: self.stop, by_cable: Default::default() }, ports)
        } else {
            say(&format!("listening for {} s", self.listens.as_us() / 1_000_000));
            self.listen(ports).await?
        };
        self.check_stop()?;
        for one in &mut seen {
            let ear = &ears.by_cable[one.role.index()];
            one.heard = Understood::of(&ear.bytes);
            one.echoes = ear.echoes >= 2 && ear.echoes * 3 >= ear.chunks;
            if let (None, Some(why)) = (&one.trouble, &ear.lost) {
                one.trouble = Some(Trouble::Lost(why.clone()));
            }
        }
        note_absent_far_ends(&mut seen, &ports);
        self.ask(&mut seen, ports, say).await?;
        let yardstick =
            Yardstick { wiring: &self.site.wiring, listened: self.listens, cycle: cycle(self.site) };
        let findings = diagnose(&yardstick, &seen);
        Ok(Report { seen, findings })
    }

    fn check_stop(&self) -> Result<(), ExamineError> {
        if self.stop.load(Ordering::Relaxed) { Err(ExamineError::Interrupted) } else { Ok(()) }
    }

    async fn open(&self, say: &mut dyn FnMut(&str)) -> (Vec<Seen>, Vec<Option<Port>>) {
        let mut seen = Vec::new();
        let mut ports = Vec::new();
        for role in CableRole::ALL {
            let (url, cable) = (&self.file.ports[role.index()], self.site.wiring.cables[role.index()]);
            let (Some(url), Some(cable)) = (url, cable) else {
                ports.push(None);
                continue;
            };
            let opened = Port::open(url, cable.line).await;
            let trouble = opened.as_ref().err().map(|error| Trouble::Open(error.kind, error.to_string()));
            let port = opened.ok();
            if let Some(far_end) = port.as_ref().and_then(Port::far_end) {
                say(&format!("{}: the other end is {}", role.name(), far_end.display()));
            }
            seen.push(Seen {
                role,
                url: url.to_string(),
                trouble,
                heard: Understood::default(),
                echoes: false,
                sets_line: port.as_ref().is_some_and(Port::sets_line),
                proof: None,
                collects: collects(port.as_ref()),
            });
            ports.push(port);
        }
        (seen, ports)
    }

    /// The emulated bench on the ports, until the time is over.
    async fn listen(&self, ports: Vec<Option<Port>>) -> Result<(Ears<'_>, Vec<Option<Port>>), ExamineError> {
        let script = Scenario::load(SCRIPT, "doctor.toml", 1)
            .map_err(|error| ExamineError::Script(error.to_string()))?;
        let (tell, news) = mpsc::channel(16);
        let mut bench =
            Bench::on_wires(self.site, self.clock, 1, self.file.computed.map(|computed| !computed));
        if self.file.ports[CableRole::Sense.index()].is_some() {
            bench = bench.sense_is_real();
        }
        let run = LiveRun {
            bench,
            start: Start::Running,
            steps: &script.steps,
            lasts: self.listens,
            ports,
            uncertainty: [Span::ZERO; CableRole::COUNT],
            closing_is_trouble: false,
            real_lines: [None; CableRole::COUNT],
        };
        let mut ears = Ears { stop: self.stop, by_cable: Default::default() };
        let mut cabinet = Connected::new(ActionBy::Nobody, ActionBy::Nobody, tell);
        let mut live = run.run(&mut cabinet, news, &mut ears).await?;
        if let LiveEnd::Broken(_, why) = &live.end {
            // One that does not come back ends the run; the others have been heard up to there.
            tracing::info!("the listening ended early: {why}");
        }
        live.ports.resize_with(CableRole::ALL.len(), || None);
        Ok((ears, live.ports))
    }

    /// Where nobody was understood, something else is tried; all ports at once.
    async fn ask(
        &self,
        seen: &mut [Seen],
        mut ports: Vec<Option<Port>>,
        say: &mut dyn FnMut(&str),
    ) -> Result<(), ExamineError> {
        let local = LocalSet::new();
        let mut asked = Vec::new();
        for (place, one) in seen.iter().enumerate() {
            let Some(port) = ports.get_mut(one.role.index()).and_then(Option::take) else { continue };
            if one.trouble.is_some() || one.echoes || one.heard.voice().is_some() {
                continue;
            }
            let symptom = if one.heard.bytes == 0 { Symptom::Silent } else { Symptom::Garbage };
            let wiring = self.site.wiring.clone();
            let tries = attempts(one.role, &wiring, symptom, port.sets_line(), !port.is_timeless());
            let longest: Duration = tries.iter().map(|attempt| attempt.patience).sum();
            let kind = if symptom == Symptom::Silent { "silent" } else { "garbage" };
            say(&format!(
                "{}: {kind}; trying other settings (up to {} s)",
                one.role.name(),
                longest.as_secs() + 1
            ));
            asked.push((place, local.spawn_local(async move { try_all(port, &wiring, tries).await })));
        }
        let stop = self.stop;
        local
            .run_until(async {
                for (place, mut task) in asked {
                    loop {
                        match timeout(LOOK_UP, &mut task).await {
                            Ok(proof) => {
                                seen[place].proof = proof.ok().flatten();
                                break;
                            }
                            Err(_) if stop.load(Ordering::Relaxed) => break,
                            Err(_) => {}
                        }
                    }
                }
            })
            .await;
        self.check_stop()
    }
}

/// In this time every head has changed at least once, whatever the policy: who waits is served within `wait_max`
/// (T16, 90 s), counted from the end of a start.
fn cycle(site: &Site) -> Span {
    let timing = &site.controller.timing;
    let longest_wait = site.limits.time("wait_max").unwrap_or(Span::from_secs(90));
    timing.startup_flash + timing.startup_all_red + longest_wait + SLACK
}

fn collects(port: Option<&Port>) -> Option<(String, u32)> {
    let node = port?.url().node().ok()??;
    let real: PathBuf = fs::canonicalize(&node).unwrap_or(node);
    Some((real.display().to_string(), latency_ms(&Roots::default(), &real)?))
}

/// Waits until the far ends that the rig made are open: all, or those that come within a while of the last.
async fn await_far_ends(ports: &mut [Option<Port>], stop: &AtomicBool, say: &mut dyn FnMut(&str)) {
    let absent =
        |ports: &[Option<Port>]| ports.iter().flatten().filter(|port| !port.is_far_end_open()).count();
    let all = ports.iter().flatten().filter(|port| port.far_end().is_some()).count();
    let mut before = absent(ports);
    if before > 0 {
        say(&format!("waiting for somebody to open the other ends ({before} of {all} are closed)"));
    }
    let mut until = Monotonic::now() + if before < all { OTHERS } else { ARRIVAL };
    while before > 0 && Monotonic::now() < until && !stop.load(Ordering::Relaxed) {
        // Whoever connects is let in by listening; what is said before the others are there is not yet of interest.
        for port in ports.iter_mut().flatten().filter(|port| !port.is_far_end_open()) {
            let _ = timeout(LOOK_UP, port.listen(&mut [0; 512])).await;
        }
        let now = absent(ports);
        if now < before {
            until = Monotonic::now() + OTHERS;
        }
        before = now;
    }
}

fn note_absent_far_ends(seen: &mut [Seen], ports: &[Option<Port>]) {
    for one in seen {
        if let Some(port) = &ports[one.role.index()]
            && let Some(link) = port.far_end()
            && one.heard.bytes == 0
            && !port.is_far_end_open()
        {
            one.trouble = Some(Trouble::NobodyThere(link.display().to_string()));
        }
    }
}

/// Tries one thing after the other until somebody is understood.
async fn try_all(mut port: Port, wiring: &Wiring, tries: Vec<Attempt>) -> Option<Proof> {
    for attempt in tries {
        port = match port.at_line(attempt.line).await {
            Ok(port) => port,
            Err(error) => {
                tracing::info!("{} baud cannot be set: {error}", attempt.line.baud);
                return None;
            }
        };
        if let Some(question) = attempt.question {
            let mut sender = port.sender().ok()?;
            let sent = sender.send(&question.bytes(wiring));
            port.take_back(sender);
            sent.ok()?;
        }
        let until = Monotonic::now() + attempt.patience;
        let mut bytes = Vec::new();
        let mut buffer = [0; 4_096];
        while let Ok(heard) = timeout_at(until, port.listen(&mut buffer)).await {
            match heard {
                Heard::Bytes(count) => bytes.extend_from_slice(&as_heard(&port, &buffer[..count])),
                Heard::Opened | Heard::Closed => continue,
                Heard::Gone(_) => return None,
            }
            if let Some(voice) = Understood::of(&bytes).answer_to(attempt.question) {
                return Some(Proof { line: attempt.line, question: attempt.question, voice });
            }
        }
    }
    None
}

/// What one port heard.
#[derive(Debug, Default)]
struct Ear {
    bytes: Vec<u8>,
    /// What the rig said last, as long as nothing was heard after it.
    said: Option<Vec<u8>>,
    before: Vec<u8>,
    chunks: u32,
    echoes: u32,
    lost: Option<String>,
}

/// Listens to a run.
#[derive(Debug)]
struct Ears<'a> {
    stop: &'a AtomicBool,
    by_cable: [Ear; CableRole::COUNT],
}

impl Ear {
    fn hear(&mut self, bytes: &[u8]) {
        self.chunks += 1;
        // A client repeats its question, and the answer to some questions is the question: no echo.
        let echo = self.said.take().is_some_and(|said| bytes.starts_with(&said) && self.before != bytes);
        self.echoes += u32::from(echo);
        self.before = bytes.to_vec();
        let room = KEPT.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

impl Witness for Ears<'_> {
    fn advance(&mut self, _now: Instant) {}

    fn record(&mut self, record: Record) {
        match record.what {
            What::Frame(frame) => {
                let Some(ear) = self.by_cable.get_mut(usize::from(frame.cable)) else { return };
                match frame.from {
                    Some(0) => ear.hear(&frame.bytes),
                    Some(_) => ear.said = Some(frame.bytes),
                    None => {}
                }
            }
            What::Note(text) => {
                for role in CableRole::ALL {
                    let prefix = format!("{}: ", role.name());
                    if let Some(why) = text.strip_prefix(&prefix)
                        && !why.starts_with("the far end")
                    {
                        self.by_cable[role.index()].lost.get_or_insert_with(|| why.to_owned());
                    }
                }
            }
            What::Head { .. }
            | What::Display { .. }
            | What::Post { .. }
            | What::Sensed { .. }
            | What::Power(_)
            | What::People { .. }
            | What::Stimulus(_)
            | What::Reject { .. }
            | What::End => {}
        }
    }

    fn wants_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
