//! The controller as something that has a supply and a panel: a process of the rig's own, or a cabinet on the table.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use emulators::device::Operator;
use emulators::time::{Instant, Span};
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc;

use super::News;
use crate::bench::DutAction;

/// A supply gap longer than this empties every capacitor: the controller starts from what it persisted.
const CAPACITORS: Span = Span::from_secs(1);

/// How an action on a controller begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It is done as soon as it is called for.
    AtOnce,
    /// A program does it; [`News::Confirmed`] comes when it is done, and time waits for it.
    Asked,
    /// A person has been asked; [`News::Told`] comes when it is done, and time waits for it.
    Prompted,
    /// It is done by these writes to the controller's holding registers (register, value).
    ByService(Vec<(u16, u16)>),
}

/// What can be done to a controller besides sending it bytes.
pub trait Cabinet {
    /// Begins an action of which the bench is told when it is done.
    ///
    /// # Errors
    /// In words, if it cannot be done: the rig's trouble.
    fn begin(&mut self, action: DutAction) -> Result<Begun, String> {
        let _ = action;
        Ok(Begun::AtOnce)
    }
    /// The supply comes or goes.
    ///
    /// # Errors
    /// In words, if it cannot be done: the rig's trouble.
    fn power(&mut self, now: Instant, on: bool) -> Result<(), String>;
    /// Somebody at its panel.
    ///
    /// # Errors
    /// As above.
    fn operator(&mut self, action: Operator) -> Result<(), String>;
    /// Its processor stops.
    ///
    /// # Errors
    /// As above.
    fn stall(&mut self) -> Result<(), String>;
    /// Its processor goes on.
    ///
    /// # Errors
    /// As above.
    fn resume(&mut self) -> Result<(), String>;
}

/// How the soft controller's process is started.
#[derive(Clone, Debug)]
pub struct SoftOptions {
    /// The program (this one).
    pub program: PathBuf,
    /// Site file, ports file and state file.
    pub site: PathBuf,
    /// Its side of the cables.
    pub ports: PathBuf,
    /// What survives a loss of supply.
    pub state: PathBuf,
    /// Local time at the run's start, seconds since 1970-01-01.
    pub starts_at: u32,
    /// How long the controller has been up by its own counter.
    pub uptime_ms: u64,
}

/// The soft controller in a process of its own. A dip is told to it, as a cabinet's supply tells its processor; an
/// outage kills it.
#[derive(Debug)]
pub struct Soft {
    options: SoftOptions,
    news: mpsc::Sender<News>,
    running: Option<Running>,
    off_since: Option<Instant>,
}

#[derive(Debug)]
struct Running {
    pid: Pid,
    stdin: ChildStdin,
    /// The rig ends it: no news.
    expected: Arc<AtomicBool>,
    waiter: Option<thread::JoinHandle<()>>,
}

impl Soft {
    /// A controller that has no supply yet.
    #[must_use]
    pub fn new(options: SoftOptions, news: mpsc::Sender<News>) -> Soft {
        Soft { options, news, running: None, off_since: None }
    }

    fn start(&mut self, now: Instant) -> Result<(), String> {
        let seconds = u32::try_from(now.as_us() / 1_000_000).unwrap_or(u32::MAX);
        let options = &self.options;
        let mut child = Command::new(&options.program)
            .arg("controller")
            .arg("--site")
            .arg(&options.site)
            .arg("--ports")
            .arg(&options.ports)
            .arg("--state")
            .arg(&options.state)
            .args(["--start-time", &options.starts_at.saturating_add(seconds).to_string()])
            .args(["--uptime-ms", &options.uptime_ms.to_string(), "--attached"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("the controller cannot be started: {error}"))?;
        let pid = Pid::from_child(&child);
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the controller has no pipes".to_owned());
        };
        let expected = Arc::new(AtomicBool::new(false));
        let (news, known) = (self.news.clone(), Arc::clone(&expected));
        let waiter = thread::spawn(move || attend(child, stdout, &news, &known));
        self.running = Some(Running { pid, stdin, expected, waiter: Some(waiter) });
        Ok(())
    }

    /// Starts the process, which opens its ports and waits for the supply: what follows is the controller's time, not
    /// that of a process that comes up.
    ///
    /// # Errors
    /// In words, if it cannot be started.
    pub fn prepare(&mut self) -> Result<(), String> {
        // A run begins with nothing persisted.
        let _ = fs::remove_file(&self.options.state);
        self.start(Instant::ZERO)
    }

    fn tell(&mut self, line: &str) -> Result<(), String> {
        let Some(running) = &mut self.running else { return Err("the controller has no supply".to_owned()) };
        writeln!(running.stdin, "{line}")
            .map_err(|error| format!("the controller's process does not listen: {error}"))
    }

    fn signal(&self, signal: Signal) -> Result<(), String> {
        let Some(running) = &self.running else { return Ok(()) };
        kill_process(running.pid, signal).map_err(|error| format!("the controller's process: {error}"))
    }
}

/// Reads what the process says, and waits for its end.
fn attend(mut child: Child, stdout: impl std::io::Read, news: &mpsc::Sender<News>, expected: &AtomicBool) {
    for line in BufReader::new(stdout).lines() {
        let Ok(line) = line else { break };
        if let Some(us) = line.strip_prefix("late ").and_then(|us| us.parse().ok()) {
            let _ = news.blocking_send(News::Late(Span::from_us(us)));
        }
    }
    let status = child.wait();
    if !expected.load(Ordering::Relaxed) {
        let how = status.map_or_else(|error| error.to_string(), |status| format!("ended ({status})"));
        let _ = news.blocking_send(News::Ended(how));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.expected.store(true, Ordering::Relaxed);
        let _ = kill_process(self.pid, Signal::KILL);
        if let Some(waiter) = self.waiter.take() {
            let _ = waiter.join();
        }
    }
}

impl Cabinet for Soft {
    fn power(&mut self, now: Instant, on: bool) -> Result<(), String> {
        if !on {
            self.off_since.get_or_insert(now);
            return self.tell("power off");
        }
        if self.off_since.take().is_some_and(|since| now.since(since) > CAPACITORS) {
            self.running = None;
            self.start(now)?;
        }
        self.tell("power on")
    }

    fn operator(&mut self, action: Operator) -> Result<(), String> {
        self.tell(action.word())
    }

    fn stall(&mut self) -> Result<(), String> {
        self.signal(Signal::STOP)
    }

    fn resume(&mut self) -> Result<(), String> {
        self.signal(Signal::CONT)
    }
}
