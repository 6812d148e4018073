//! The bench on real ports: the rig's side of the cables, in real time.

use std::collections::VecDeque;
use std::io;

use emulators::device::{Device, Input, Output, Port as Connector};
use emulators::time::{Instant, Line, Span};
use tokio::sync::mpsc;

use super::pace::Pace;
use super::{Absence, Begun, Cabinet, LOOK_UP, Lateness, Machine, News, TOO_LATE, TOO_SLOW, cable, run};
use crate::bench::{Bench, DutAction, Observation};
use crate::driver::Witness;
use crate::driver::clock::WallClock;
use crate::driver::port::Port;
use crate::driver::record::what;
use crate::scenario::Stimulus;
use crate::site::CableRole;
use crate::trace::{Record, What};

/// After a stall of the rig's own making (a stopped controller) the controller's lateness is its own.
const FORGIVEN: Span = Span::from_secs(2);
/// A port that is gone this long does not come back in this run.
const GRACE: Span = Span::from_secs(4);
/// A controller that has said nothing at any port for so long, from its supply on, is not there.
const MUTE: Span = Span::from_secs(30);
/// How long a person may take to do what was asked.
const PATIENCE: Span = Span::from_secs(120);
/// How a live run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveEnd {
    /// At its planned end.
    Planned(Instant),
    /// The witness asked for it.
    Stopped(Instant),
    /// Something of the rig's or the host's failed: what, in words.
    Broken(Instant, String),
}

/// What came of it besides the records.
#[derive(Debug)]
pub struct LiveOutcome {
    /// How it ended.
    pub end: LiveEnd,
    /// Lateness of the rig's wakes.
    pub lateness: Lateness,
    /// Stalls of the host longer than [`TOO_LATE`]: when, and how long.
    pub stalls: Vec<(Instant, Span)>,
    /// Ports that were gone and came back.
    pub absences: Vec<Absence>,
    /// The ports that are still there, for the next run.
    pub ports: Vec<Option<Port>>,
}

/// How a run finds the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Without supply; it gets it now, with the bench.
    Cold,
    /// It has been running, and nobody has seen its supply come.
    Running,
}

/// One run in real time.
#[derive(Debug)]
pub struct LiveRun<'a> {
    /// The site brought to life.
    pub bench: Bench,
    /// How it finds the controller.
    pub start: Start,
    /// Stimuli in order of time.
    pub steps: &'a [(Instant, Stimulus)],
    /// When to end.
    pub lasts: Span,
    /// Ports by [`CableRole::index`].
    pub ports: Vec<Option<Port>>,
    /// By [`CableRole::index`], how exactly instants at the port are known: what was read may have arrived so much
    /// earlier, what was written may arrive so much later. The time a message takes to the controller and back.
    pub uncertainty: [Span; CableRole::COUNT],
    /// Whether a far end that closes is a cable that is pulled (where the rig does not start the controller itself).
    pub closing_is_trouble: bool,
    /// The lines of ports at which bytes are taken to need their time by themselves.
    pub real_lines: [Option<Line>; CableRole::COUNT],
}

impl LiveRun<'_> {
    /// Runs. `news` brings what the cabinet's processes and people have to say.
    ///
    /// # Errors
    /// If the kernel refuses timers or descriptors.
    pub async fn run(
        self,
        cabinet: &mut dyn Cabinet,
        news: mpsc::Receiver<News>,
        witness: &mut dyn Witness,
    ) -> io::Result<LiveOutcome> {
        let mut lateness = Lateness::default();
        let clock = WallClock::start();
        let mut side = RigSide {
            bench: self.bench,
            steps: self.steps,
            end: Instant::ZERO + self.lasts,
            held_up: Span::ZERO,
            asked: None,
            prompted: false,
            alone: false,
            asked_since: None,
            supply: true,
            supply_since: Instant::ZERO,
            heard: false,
            uncertainty: self.uncertainty,
            worst: self.uncertainty.into_iter().max().unwrap_or(Span::ZERO),
            closing_is_trouble: self.closing_is_trouble,
            cabinet,
            witness,
            sends: VecDeque::new(),
            paces: self.real_lines.map(Pace::of),
            noted: Vec::new(),
            last: Instant::ZERO,
            forgiven: Instant::ZERO,
            gone: [None; CableRole::COUNT],
            absences: Vec::new(),
            stalls: Vec::new(),
            over: None,
        };
        match self.start {
            Start::Cold => side.bench.handle_input(Instant::ZERO, Input::Power(true)),
            Start::Running => side.bench.stand_by(Instant::ZERO),
        }
        side.drain();
        side.settle(Instant::ZERO, clock.now());
        let ports = run(&mut side, self.ports, clock, news, &mut lateness).await?;
        let end = side.over.take().unwrap_or(LiveEnd::Stopped(side.last));
        Ok(LiveOutcome { end, lateness, stalls: side.stalls, absences: side.absences, ports })
    }
}

struct RigSide<'a> {
    bench: Bench,
    steps: &'a [(Instant, Stimulus)],
    end: Instant,
    /// How long the scenario has waited for people so far: everything in it happens so much later.
    held_up: Span,
    /// What somebody was asked to do, and since when the scenario waits for it.
    asked: Option<(Instant, Stimulus)>,
    /// Whether it is a person that was asked, and whether nobody is at the terminal.
    prompted: bool,
    alone: bool,
    /// Since when what is confirmed right now may have been so.
    asked_since: Option<Instant>,
    /// Whether the controller has supply as far as is known, and since when.
    supply: bool,
    supply_since: Instant,
    /// Whether anything at all has come from it.
    heard: bool,
    uncertainty: [Span; CableRole::COUNT],
    worst: Span,
    closing_is_trouble: bool,
    cabinet: &'a mut dyn Cabinet,
    witness: &'a mut dyn Witness,
    sends: VecDeque<(usize, Vec<u8>)>,
    paces: [Pace; CableRole::COUNT],
    /// What is to be recorded, and since when it may have been so where the bench knows.
    noted: Vec<(What, Option<Instant>)>,
    last: Instant,
    forgiven: Instant,
    /// Ports that are gone, by cable: since when.
    gone: [Option<Instant>; CableRole::COUNT],
    absences: Vec<Absence>,
    stalls: Vec<(Instant, Span)>,
    over: Option<LiveEnd>,
}

impl RigSide<'_> {
    fn drain(&mut self) {
        while let Some(output) = self.bench.poll_output() {
            match output {
                Output::Bytes { port, bytes } => self.sends.push_back((usize::from(port.0), bytes)),
                Output::Sight(Observation::Dut(action)) => self.act(action),
                Output::Sight(observation) => {
                    let earliest = match &observation {
                        Observation::Sensed { earliest, .. } => Some(*earliest),
                        Observation::Power(_) | Observation::Stimulus(_) => self.asked_since,
                        _known_now => None,
                    };
                    self.noted.extend(what(observation).map(|what| (what, earliest)));
                }
                Output::Persist(_) | Output::Reject { .. } => {}
            }
        }
    }

    fn act(&mut self, action: DutAction) {
        let now = self.last;
        let done = match action {
            DutAction::Power(on) => self.cabinet.power(now, on),
            DutAction::Operator(operator) => self.cabinet.operator(operator),
            DutAction::Stall => self.cabinet.stall(),
            DutAction::Resume => {
                self.forgiven = now + FORGIVEN;
                self.cabinet.resume()
            }
        };
        if let Err(why) = done {
            self.fail(why);
        }
    }

    fn fail(&mut self, why: String) {
        self.note(why.clone());
        self.over.get_or_insert(LiveEnd::Broken(self.last, why));
    }

    fn note(&mut self, text: String) {
        self.noted.push((What::Note(text), None));
    }

    fn stalled(&mut self, at: Instant, by: Span, who: &str) {
        self.stalls.push((at, by));
        self.note(format!("{TOO_SLOW}: {who} was served {by} s late"));
    }

    /// The next step: what the cabinet needs somebody for is asked for first.
    fn step(&mut self, stimulus: &Stimulus) {
        let action = match stimulus {
            Stimulus::Power(on) => DutAction::Power(*on),
            Stimulus::Operator(operator) => DutAction::Operator(*operator),
            Stimulus::Stall => DutAction::Stall,
            Stimulus::Resume => DutAction::Resume,
            _ => return self.bench.handle_input(self.last, Input::Act(stimulus.clone())),
        };
        match self.cabinet.begin(action) {
            Ok(Begun::AtOnce) => self.bench.handle_input(self.last, Input::Act(stimulus.clone())),
            Ok(begun @ (Begun::Asked | Begun::Prompted)) => {
                self.asked = Some((self.last, stimulus.clone()));
                self.prompted = begun == Begun::Prompted;
                self.expect_somebody();
            }
            Ok(Begun::ByService(writes)) => {
                self.bench.handle_input(self.last, Input::Act(stimulus.clone()));
                for (register, value) in writes {
                    let write = Stimulus::ServiceWrite { register, value };
                    self.bench.handle_input(self.last, Input::Act(write));
                }
            }
            Err(why) => self.fail(why),
        }
    }

    fn confirmed(&mut self, done: Result<(), String>) {
        let Some((since, stimulus)) = self.asked.take() else { return };
        let waited = self.last.since(since);
        self.held_up += waited;
        self.end += waited;
        match done {
            Ok(()) => {
                if let Stimulus::Power(on) = stimulus {
                    (self.supply, self.supply_since) = (on, self.last);
                }
                self.bench.handle_input(self.last, Input::Act(stimulus));
                // It was done at some instant in between.
                self.asked_since = Some(since);
                self.drain();
                self.asked_since = None;
            }
            Err(why) => self.fail(why),
        }
    }

    /// A person that was asked must be there.
    fn expect_somebody(&mut self) {
        if self.asked.is_some() && self.prompted && self.alone {
            self.fail("somebody was asked to do something, and standard input has ended".to_owned());
        }
    }

    /// Whether a far end that closes or opens has a cause: a controller without supply holds nothing open.
    fn is_switching(&self) -> bool {
        !self.supply || matches!(self.asked, Some((_, Stimulus::Power(_))))
    }

    fn lost(&mut self, port: usize, why: &str) {
        let since = self.last;
        self.note(Absence::begins(cable(port), why));
        if let Some(gone) = self.gone.get_mut(port) {
            gone.get_or_insert(since);
        }
    }

    fn found(&mut self, port: usize, how: &str) {
        let Some(since) = self.gone.get_mut(port).and_then(Option::take) else { return };
        let absence = Absence { cable: cable(port), since, lasted: self.last.since(since) };
        self.note(absence.ends(how));
        self.absences.push(absence);
    }

    /// Whoever has been waited for too long.
    fn give_up(&mut self) {
        let mute = !self.heard && self.supply && self.asked.is_none();
        if mute && self.last.since(self.supply_since) >= MUTE && self.over.is_none() {
            self.fail(format!(
                "nothing came from the controller at any port within {} s: is it on, and are its cables in? see `rig doctor`",
                MUTE.as_secs()
            ));
        }
        for (port, gone) in self.gone.into_iter().enumerate() {
            if gone.is_some_and(|since| self.last.since(since) >= GRACE) {
                let cable = cable(port);
                self.fail(format!(
                    "the port of {cable} was lost and did not come back within {} s",
                    GRACE.as_secs()
                ));
            }
        }
        if self.asked.as_ref().is_some_and(|(since, _)| self.last.since(*since) >= PATIENCE) {
            self.fail(format!("nobody confirmed within {} s what was asked for", PATIENCE.as_secs()));
        }
    }

    /// How exactly the instant of an observation is known: what a display shows is known through its cable.
    fn uncertainty(&self, what: &What) -> Span {
        let of = |role: CableRole| self.uncertainty[role.index()];
        match what {
            What::Frame(frame) => {
                self.uncertainty.get(usize::from(frame.cable)).copied().unwrap_or(self.worst)
            }
            What::Reject { cable, .. } => {
                self.uncertainty.get(usize::from(*cable)).copied().unwrap_or(self.worst)
            }
            What::Head { .. } | What::Post { .. } => of(CableRole::Lamps),
            What::Sensed { .. } => of(CableRole::Sense),
            What::Display { .. } => of(CableRole::Countdown),
            What::Power(_) | What::People { .. } | What::Stimulus(_) | What::Note(_) | What::End => {
                self.worst
            }
        }
    }
}

impl Machine for RigSide<'_> {
    fn due(&self) -> Instant {
        let bench = self.bench.poll_timeout().map_or(Instant::MAX, |wake| wake.at);
        let look_up = self.last + LOOK_UP;
        if self.asked.is_some() {
            return bench.min(look_up).max(self.last);
        }
        let step = self.steps.first().map_or(Instant::MAX, |step| step.0 + self.held_up);
        bench.min(step).min(self.end).min(look_up).max(self.last)
    }

    fn wake(&mut self, at: Instant, _now: Instant) {
        self.last = self.last.max(at);
        let waits = self.asked.is_some();
        let held_up = self.held_up;
        if let Some(((due, stimulus), rest)) = self.steps.split_first()
            && !waits
            && *due + held_up <= at
            && *due + held_up < self.end
        {
            self.steps = rest;
            self.step(stimulus);
        } else if self.bench.poll_timeout().is_some_and(|wake| wake.at <= at && (waits || wake.at < self.end))
        {
            self.bench.handle_timeout(self.last);
        } else if at >= self.end && !waits {
            self.noted.push((What::End, None));
            self.over = Some(LiveEnd::Planned(self.end));
        }
        self.give_up();
        self.drain();
    }

    fn hear(&mut self, at: Instant, port: usize, bytes: Vec<u8>) {
        self.last = self.last.max(at);
        self.heard = true;
        if let Some(role) = CableRole::ALL.get(port) {
            if self.paces[role.index()].hears(self.last) {
                let name = role.name();
                self.fail(format!(
                    "{name}: this port carries bytes faster than its line could: answers come before their questions can have ended; \
                     write {name} = \"computed\" in [wires] of the ports file"
                ));
            }
            self.bench.hear(self.last, Connector(role.index() as u8), bytes);
        }
        self.drain();
    }

    fn happen(&mut self, at: Instant, news: News) {
        self.last = self.last.max(at);
        match news {
            News::Gone { port, why } => self.lost(port, &why),
            News::Back { port, node } => self.found(port, &format!("back as {node}")),
            News::Ended(how) => self.fail(format!("the controller's process {how}")),
            News::FarEnd { port, open: false } if self.closing_is_trouble && !self.is_switching() => {
                self.lost(port, "the far end was closed");
            }
            News::FarEnd { port, open: true } if self.closing_is_trouble => {
                self.found(port, "the far end was opened again");
            }
            News::FarEnd { port, open } => {
                let word = if open { "opened" } else { "closed" };
                self.note(format!("{}: the far end was {word}", cable(port)));
            }
            News::WrongBaud { port, rate } => {
                let cable = cable(port);
                self.note(format!("{cable}: the far end is set to {rate} baud; what it sends is garbage"));
            }
            News::Late(by) if at >= self.forgiven => self.stalled(at, by, "the controller's process"),
            News::Confirmed(done) => self.confirmed(done),
            // A line from the terminal: whoever was asked to do something has done it.
            News::Told(_) if self.prompted => self.confirmed(Ok(())),
            News::Quiet => {
                self.alone = true;
                self.expect_somebody();
            }
            News::Late(_) | News::Told(_) => {}
        }
        self.drain();
    }

    fn next_send(&mut self) -> Option<(usize, Vec<u8>)> {
        let next = self.sends.pop_front();
        if let Some((port, bytes)) = &next
            && let Some(pace) = self.paces.get_mut(*port)
        {
            pace.sends(self.last, bytes.len());
        }
        next
    }

    fn settle(&mut self, at: Instant, done: Instant) {
        if done.since(at) > TOO_LATE && at > Instant::ZERO {
            self.stalled(at, done.since(at), "the bench");
        }
        for (what, since) in std::mem::take(&mut self.noted) {
            // What a module told was so between its answers; those are known as well as the port knows instants.
            let earliest = since.unwrap_or(at).back(self.uncertainty(&what));
            self.witness.record(Record { earliest, latest: done, what });
        }
        self.witness.advance(done);
        if self.witness.wants_stop() {
            self.over.get_or_insert(LiveEnd::Stopped(done));
        }
    }

    fn is_over(&self) -> bool {
        self.over.is_some()
    }
}
