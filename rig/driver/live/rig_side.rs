//! The bench on real ports: the rig's side of the cables, in real time.

use std::collections::VecDeque;
use std::io;

use emulators::device::{Device, Input, Output};
use emulators::time::{Instant, Span};
use tokio::sync::mpsc;

use super::{Cabinet, Lateness, Machine, News, TOO_LATE, run};
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
#[derive(Clone, Debug)]
pub struct LiveOutcome {
    /// How it ended.
    pub end: LiveEnd,
    /// Lateness of the rig's wakes.
    pub lateness: Lateness,
    /// Stalls of the host longer than [`TOO_LATE`]: when, and how long.
    pub stalls: Vec<(Instant, Span)>,
}

/// One run in real time.
#[derive(Debug)]
pub struct LiveRun<'a> {
    /// The site brought to life.
    pub bench: Bench,
    /// Stimuli in order of time.
    pub steps: &'a [(Instant, Stimulus)],
    /// When to end.
    pub lasts: Span,
    /// Ports by [`CableRole::index`].
    pub ports: Vec<Option<Port>>,
    /// How exactly the ports' instants are known: what was read may have arrived so much earlier.
    pub uncertainty: Span,
    /// Whether a far end that closes ends the run (where the rig does not start the controller itself).
    pub closing_is_trouble: bool,
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
            uncertainty: self.uncertainty,
            closing_is_trouble: self.closing_is_trouble,
            cabinet,
            witness,
            sends: VecDeque::new(),
            noted: Vec::new(),
            last: Instant::ZERO,
            forgiven: Instant::ZERO,
            stalls: Vec::new(),
            over: None,
        };
        side.bench.handle_input(Instant::ZERO, Input::Power(true));
        side.drain();
        side.settle(Instant::ZERO, clock.now());
        run(&mut side, self.ports, clock, news, &mut lateness).await?;
        let end = side.over.take().unwrap_or(LiveEnd::Stopped(side.last));
        Ok(LiveOutcome { end, lateness, stalls: side.stalls })
    }
}

struct RigSide<'a> {
    bench: Bench,
    steps: &'a [(Instant, Stimulus)],
    end: Instant,
    uncertainty: Span,
    closing_is_trouble: bool,
    cabinet: &'a mut dyn Cabinet,
    witness: &'a mut dyn Witness,
    sends: VecDeque<(usize, Vec<u8>)>,
    /// What is to be recorded, and since when it may have been so where the bench knows.
    noted: Vec<(What, Option<Instant>)>,
    last: Instant,
    forgiven: Instant,
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

    fn stalled(&mut self, at: Instant, by: Span, who: &str) {
        self.stalls.push((at, by));
        self.note(format!("host too slow: {who} was served {by} s late"));
    }

    fn note(&mut self, text: String) {
        self.noted.push((What::Note(text), None));
    }
}

impl Machine for RigSide<'_> {
    fn due(&self) -> Instant {
        let bench = self.bench.poll_timeout().map_or(Instant::MAX, |wake| wake.at);
        let step = self.steps.first().map_or(Instant::MAX, |step| step.0);
        bench.min(step).min(self.end).max(self.last)
    }

    fn wake(&mut self, at: Instant) {
        self.last = self.last.max(at);
        if let Some(((due, stimulus), rest)) = self.steps.split_first()
            && *due <= at
            && *due < self.end
        {
            self.steps = rest;
            self.bench.handle_input(self.last, Input::Act(stimulus.clone()));
        } else if self.bench.poll_timeout().is_some_and(|wake| wake.at <= at && wake.at < self.end) {
            self.bench.handle_timeout(self.last);
        } else if at >= self.end {
            self.noted.push((What::End, None));
            self.over = Some(LiveEnd::Planned(self.end));
        }
        self.drain();
    }

    fn hear(&mut self, at: Instant, port: usize, bytes: Vec<u8>) {
        self.last = self.last.max(at);
        if let Some(role) = CableRole::ALL.get(port) {
            self.bench.hear(self.last, emulators::device::Port(role.index() as u8), bytes);
        }
        self.drain();
    }

    fn happen(&mut self, at: Instant, news: News) {
        self.last = self.last.max(at);
        let cable = |port: usize| CableRole::ALL.get(port).map_or("?", |role| role.name());
        match news {
            News::Gone { port, why } => self.fail(format!("port of {}: {why}", cable(port))),
            News::Ended(how) => self.fail(format!("the controller's process {how}")),
            News::FarEnd { port, open: false } if self.closing_is_trouble => {
                self.fail(format!("port of {}: the far end was closed", cable(port)));
            }
            News::FarEnd { port, open } => {
                let word = if open { "opened" } else { "closed" };
                self.note(format!("{}: the far end was {word}", cable(port)));
            }
            News::WrongBaud { port, rate } => {
                let text =
                    format!("{}: the far end is set to {rate} baud; what it sends is garbage", cable(port));
                self.note(text);
            }
            News::Late(by) if at >= self.forgiven => self.stalled(at, by, "the controller's process"),
            News::Late(_) | News::Told(_) | News::Quiet => {}
        }
        self.drain();
    }

    fn next_send(&mut self) -> Option<(usize, Vec<u8>)> {
        self.sends.pop_front()
    }

    fn settle(&mut self, at: Instant, done: Instant) {
        if done.since(at) > TOO_LATE && at > Instant::ZERO {
            self.stalled(at, done.since(at), "the bench");
        }
        for (what, since) in self.noted.drain(..) {
            // What a module told was so between its answers; those are known as well as the port knows instants.
            let earliest = since.unwrap_or(at).back(self.uncertainty);
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
