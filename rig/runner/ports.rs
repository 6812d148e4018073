//! A run against what is connected: a controller on the table, or anything that stands in for one.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use emulators::time::{Instant, Span};
use emulators::wire::service_map as map;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::{Instant as Monotonic, timeout};

use super::live::{Job, carry_out, not_in_real_time, runtime};
use super::outcome::{Outcome, Status};
use super::run::{Options, RunError, blank, stopped};
use crate::bench::Bench;
use crate::driver::live::{Connected, LiveRun, News, Start};
use crate::driver::port::{Heard, Port};
use crate::driver::{ActionBy, PortsFile};
use crate::scenario::{Head, Scenario, Stimulus};
use crate::site::{CableRole, Site};

/// How long whoever is to open the far ends of the rig's own terminals may take.
const ARRIVAL: Duration = Duration::from_secs(60);
/// How long each port is served in turn while far ends are waited for.
const TURN: Duration = Duration::from_millis(10);
/// How long a supply is off before a run that begins with a cold start.
const OFF: Span = Span::from_secs(3);
/// A person cannot switch faster.
const BY_HAND: Span = Span::from_secs(5);

/// What stands on the table: ports that are open for as long as this lives, from scenario to scenario.
#[derive(Debug)]
pub struct Table {
    // Before the runtime, which their descriptors are registered with.
    ports: Vec<Option<Port>>,
    runtime: Runtime,
    file: PortsFile,
    /// Whoever presses Enter has done what was asked.
    terminal: Option<Terminal>,
}

impl Table {
    /// Opens every port, and waits until somebody has opened the far ends of those that the rig makes itself (a
    /// controller that is switched on with each run opens them then).
    ///
    /// # Errors
    /// If a port is missing, busy, not ours to open, or nobody is at its far end.
    pub fn open(site: &Site, file: PortsFile, stop: &AtomicBool) -> Result<Table, RunError> {
        let runtime = runtime()?;
        let inside = runtime.enter();
        let ports = runtime.block_on(async {
            let mut ports: Vec<Option<Port>> = CableRole::ALL.map(|_| None).into();
            open(site, &file, &mut ports).await?;
            if file.power == ActionBy::Nobody {
                tell_what_is_awaited(&ports);
                await_far_ends(&mut ports, stop).await?;
            }
            Ok::<_, RunError>(ports)
        })?;
        drop(inside);
        let prompts = file.power == ActionBy::Prompt || file.operator == ActionBy::Prompt;
        let terminal = prompts.then(Terminal::listen);
        Ok(Table { ports, runtime, file, terminal })
    }

    /// Runs a scenario in real time against what is connected.
    ///
    /// # Errors
    /// Only what is not the controller's fault: files, ports, the catalogue, an interruption.
    pub fn run(
        &mut self,
        site: &Site,
        scenario: &Scenario,
        seed: u64,
        options: Options<'_>,
    ) -> Result<Outcome, RunError> {
        let file = &self.file;
        if let Some(why) = not_on_these_ports(site, scenario, file) {
            return Ok(blank(site, scenario, seed, Status::Skipped(why)));
        }
        let inside = self.runtime.enter();
        self.runtime.block_on(async {
            // What was lost during the run before is looked for again.
            open(site, file, &mut self.ports).await?;
            if file.power == ActionBy::Nobody {
                await_far_ends(&mut self.ports, options.stop).await?;
            }
            Ok::<_, RunError>(())
        })?;
        let (steps, begins) = steps(site, scenario, file);
        let (tell, news) = mpsc::channel(64);
        if let Some(terminal) = &self.terminal {
            terminal.tells(tell.clone());
        }
        let mut bench =
            Bench::on_wires(site, scenario.starts_at, seed, file.computed.map(|computed| !computed));
        if file.ports[CableRole::Sense.index()].is_some() {
            bench = bench.sense_is_real();
        }
        let run = LiveRun {
            bench,
            start: Start::Running,
            steps: &steps,
            lasts: begins + scenario.lasts,
            ports: std::mem::take(&mut self.ports),
            uncertainty: CableRole::ALL.map(|role| file.uncertainty(role)),
            closing_is_trouble: true,
            real_lines: CableRole::ALL.map(|role| {
                let cable = site.wiring.cables[role.index()]?;
                (!file.computed[role.index()]).then_some(cable.line)
            }),
        };
        let cabinet = Connected::new(file.power.clone(), file.operator.clone(), tell);
        let (outcome, ports) =
            carry_out(Job { site, scenario, seed, options }, &self.runtime, run, cabinet, news);
        drop(inside);
        self.ports = ports;
        self.ports.resize_with(CableRole::ALL.len(), || None);
        outcome
    }
}

/// The scenario's steps behind what brings the controller to its beginning, and when they begin.
fn steps(site: &Site, scenario: &Scenario, file: &PortsFile) -> (Vec<(Instant, Stimulus)>, Span) {
    let mut steps = Vec::new();
    let mut begins = Span::ZERO;
    if file.power != ActionBy::Nobody {
        steps.push((Instant::ZERO, Stimulus::Power(false)));
        begins = OFF;
        steps.push((Instant::ZERO + begins, Stimulus::Power(true)));
    }
    let later = |at: Instant| at + begins;
    steps.extend(clock(site, scenario, file).into_iter().map(|write| (later(Instant::ZERO), write)));
    steps.extend(scenario.steps.iter().map(|(at, stimulus)| (later(*at), stimulus.clone())));
    (steps, begins)
}

/// Why a scenario cannot be run, or would say nothing, on these ports.
fn not_on_these_ports(site: &Site, scenario: &Scenario, file: &PortsFile) -> Option<String> {
    not_in_real_time(site, scenario)
        .or_else(|| clock_cannot_be_set(scenario, file))
        .or_else(|| scenario.steps.iter().find_map(|(_, stimulus)| cannot_be_done(stimulus, file)))
        .or_else(|| too_fast_for_people(scenario, file))
}

fn clock_cannot_be_set(scenario: &Scenario, file: &PortsFile) -> Option<String> {
    if scenario.uptime_ms > 0 {
        return Some("the uptime of a controller on the table cannot be set".to_owned());
    }
    let set = file.ports[CableRole::Service.index()].is_some();
    (scenario.clock_matters && !set)
        .then(|| "happens at a time of day, and without a service port the clock cannot be set".to_owned())
}

fn cannot_be_done(stimulus: &Stimulus, file: &PortsFile) -> Option<String> {
    let unplugged = |role: CableRole| {
        file.ports[role.index()].is_none().then(|| format!("the {} cable is not connected", role.name()))
    };
    match stimulus {
        Stimulus::Power(_) => (file.power == ActionBy::Nobody)
            .then(|| "nobody can switch the supply (power in [actions] of the ports file)".to_owned()),
        Stimulus::Operator(_) => (file.operator == ActionBy::Nobody).then(|| {
            "nobody is at the controller's panel (operator in [actions] of the ports file)".to_owned()
        }),
        Stimulus::Stall | Stimulus::Resume => {
            Some("the processor of a controller on the table cannot be stopped".to_owned())
        }
        Stimulus::CableFails(role, _) | Stimulus::CableMended(role) => unplugged(*role),
        Stimulus::CameraFails(side, _) | Stimulus::CameraHeals(side) => {
            unplugged([CableRole::CameraA, CableRole::CameraB][*side as usize])
        }
        Stimulus::LampFails(Head::Vehicle(_) | Head::Pedestrian(_), ..)
        | Stimulus::LampMended(Head::Vehicle(_) | Head::Pedestrian(_), _)
        | Stimulus::PostFails(..)
        | Stimulus::PostMended(_) => unplugged(CableRole::Lamps),
        Stimulus::DisplayFails(..) | Stimulus::DisplayMended(_) => unplugged(CableRole::Countdown),
        Stimulus::ServiceWrite { .. } => unplugged(CableRole::Service),
        Stimulus::SenseFails(..) | Stimulus::SenseMended(..) => {
            Some("the inputs of a module on the table cannot be stuck".to_owned())
        }
        Stimulus::Arrive { .. } | Stimulus::Leave { .. } => None,
    }
}

fn too_fast_for_people(scenario: &Scenario, file: &PortsFile) -> Option<String> {
    let switched: Vec<Instant> = scenario
        .steps
        .iter()
        .filter(|(_, stimulus)| matches!(stimulus, Stimulus::Power(_)))
        .map(|(at, _)| *at)
        .collect();
    let fast = switched.windows(2).any(|pair| pair[1].since(pair[0]) < BY_HAND);
    (fast && file.power == ActionBy::Prompt).then(|| "a person cannot switch the supply so fast".to_owned())
}

/// What sets the controller's clock to the scenario's, where that can be done.
fn clock(site: &Site, scenario: &Scenario, file: &PortsFile) -> Vec<Stimulus> {
    if file.ports[CableRole::Service.index()].is_none() || site.wiring.service.is_none() {
        return Vec::new();
    }
    let [high, low] = [scenario.starts_at >> 16, scenario.starts_at & 0xffff];
    let write = |register, value: u32| Stimulus::ServiceWrite { register, value: value as u16 };
    vec![write(map::CLOCK_HI, high), write(map::CLOCK_LO, low)]
}

/// Opens the ports that are not open.
async fn open(site: &Site, file: &PortsFile, ports: &mut [Option<Port>]) -> Result<(), RunError> {
    for (role, place) in CableRole::ALL.into_iter().zip(ports) {
        let Some(url) = file.ports[role.index()].as_ref().filter(|_| place.is_none()) else { continue };
        let Some(cable) = site.wiring.cables[role.index()] else {
            tracing::warn!("{}: this site has no such cable; {url} is left alone", role.name());
            continue;
        };
        let opened = Port::open(url, cable.line).await;
        *place =
            Some(opened.map_err(|error| RunError::Port { cable: role.name(), what: error.to_string() })?);
    }
    Ok(())
}

fn tell_what_is_awaited(ports: &[Option<Port>]) {
    let closed = ports.iter().flatten().filter(|port| !port.is_far_end_open());
    let names: Vec<String> =
        closed.filter_map(|port| port.far_end().map(|link| link.display().to_string())).collect();
    if !names.is_empty() {
        tracing::warn!(
            "waiting for the controller to open {} (for {} s)",
            names.join(", "),
            ARRIVAL.as_secs()
        );
    }
}

/// Waits, within bounds, until all far ends are open. All are served meanwhile: whoever has opened one of them (a port
/// server's client above all) wants answers before the last is there.
pub(super) async fn await_far_ends(ports: &mut [Option<Port>], stop: &AtomicBool) -> Result<(), RunError> {
    let begun = Monotonic::now();
    let mut told = [false; CableRole::ALL.len()];
    loop {
        let mut missing = None;
        for (role, port) in CableRole::ALL.into_iter().zip(&*ports) {
            let link = port.as_ref().filter(|port| !port.is_far_end_open()).and_then(Port::far_end);
            let Some(link) = link else { continue };
            if !std::mem::replace(&mut told[role.index()], true) {
                tracing::info!("{}: waiting for somebody to open {}", role.name(), link.display());
            }
            missing.get_or_insert_with(|| (role.name(), link.display().to_string()));
        }
        let Some((cable, link)) = missing else { return Ok(()) };
        let trouble = |what: String| RunError::Port { cable, what: format!("{link}: {what}") };
        if stopped(stop) {
            return Err(RunError::Interrupted(Instant::ZERO));
        }
        if begun.elapsed() >= ARRIVAL {
            let seconds = ARRIVAL.as_secs();
            return Err(trouble(format!("nobody opened it within {seconds} s; is the controller running?")));
        }
        for port in ports.iter_mut().flatten().filter(|port| port.far_end().is_some()) {
            if let Ok(why) = timeout(TURN, gone(port)).await {
                return Err(trouble(why));
            }
        }
    }
}

/// Serves a port until it is gone; why it is.
async fn gone(port: &mut Port) -> String {
    let mut buffer = [0; 4_096];
    loop {
        if let Heard::Gone(why) = port.listen(&mut buffer).await {
            return why;
        }
    }
}

/// Standard input, read by a thread of its own from scenario to scenario.
#[derive(Debug)]
struct Terminal {
    listeners: Arc<Mutex<Listeners>>,
}

#[derive(Debug, Default)]
struct Listeners {
    /// The run that is told; nobody waits between two of them.
    tell: Option<mpsc::Sender<News>>,
    /// Standard input has ended.
    ended: bool,
}

impl Terminal {
    fn listen() -> Terminal {
        let listeners = Arc::<Mutex<Listeners>>::default();
        let terminal = Terminal { listeners: Arc::clone(&listeners) };
        std::thread::spawn(move || {
            let say = |news: News, ended: bool| {
                let Ok(mut listeners) = listeners.lock() else { return };
                listeners.ended = ended;
                let tell = listeners.tell.clone();
                drop(listeners);
                // A run that is over hears nothing more.
                let _ = tell.map(|tell| tell.blocking_send(news));
            };
            std::io::stdin().lines().map_while(Result::ok).for_each(|line| say(News::Told(line), false));
            say(News::Quiet, true);
        });
        terminal
    }

    /// From now on `tell` is told what is typed, and that nothing more can be.
    fn tells(&self, tell: mpsc::Sender<News>) {
        let Ok(mut listeners) = self.listeners.lock() else { return };
        if listeners.ended {
            let _ = tell.try_send(News::Quiet);
        }
        listeners.tell = Some(tell);
    }
}
