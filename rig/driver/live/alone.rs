//! One emulator alone, on one port: no controller of ours, no judge. People type what happens to it.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use emulators::device::{Device, Input, Output};
use emulators::time::Instant;
use tokio::sync::mpsc;

use super::{LOOK_UP, Lateness, Machine, News, TOO_LATE, run};
use crate::bench::{Bench, Observation};
use crate::driver::clock::WallClock;
use crate::driver::port::Port;
use crate::driver::record::{exactly, what};
use crate::scenario::{EXAMPLES, Stimulus, said};
use crate::site::CableRole;
use crate::trace::{Record, What};

/// What may be typed besides a scenario's actions.
const OWN_WORDS: &str = "\
  walk                        people see a green light (a camera alone has no head to look at)
  halt                        they see it no longer
  input 3 on                  voltage at an input of a feedback or lamp-sense module; off
  help, quit
";

/// Who looks on. Neither call may wait: the ports would.
pub trait Spectator {
    /// Something happened.
    fn see(&mut self, record: Record);
    /// An answer to whoever typed something.
    fn answer(&mut self, text: &str);
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AloneEnd {
    /// Somebody typed `quit`, or a program that started it has closed its end.
    Quit,
    /// Interrupted from outside.
    Stopped,
    /// The port is gone, and why.
    Gone(String),
}

/// An emulator about to be plugged in.
#[derive(Debug)]
pub struct AloneRun<'a> {
    /// The bench of which only the emulator is there.
    pub bench: Bench,
    /// Its cable.
    pub cable: CableRole,
    /// What the cable is plugged into.
    pub port: Port,
    /// What happens to it, in order of time.
    pub steps: VecDeque<(Instant, Stimulus)>,
    /// Set from outside.
    pub stop: &'a AtomicBool,
}

impl AloneRun<'_> {
    /// Runs. `news` brings what people type.
    ///
    /// # Errors
    /// If the kernel refuses timers or descriptors.
    pub async fn run(
        self,
        news: mpsc::Receiver<News>,
        spectator: &mut dyn Spectator,
    ) -> io::Result<AloneEnd> {
        let mut ports: Vec<Option<Port>> = CableRole::ALL.map(|_| None).into();
        ports[self.cable.index()] = Some(self.port);
        let AloneRun { bench, cable, steps, stop, .. } = self;
        let (sends, last) = (VecDeque::new(), Instant::ZERO);
        let mut alone = Alone { bench, cable, steps, stop, spectator, sends, last, over: None };
        let clock = WallClock::start();
        alone.bench.stand_by(Instant::ZERO);
        alone.drain();
        run(&mut alone, ports, clock, news, &mut Lateness::default()).await?;
        Ok(alone.over.unwrap_or(AloneEnd::Stopped))
    }
}

struct Alone<'a> {
    bench: Bench,
    cable: CableRole,
    steps: VecDeque<(Instant, Stimulus)>,
    stop: &'a AtomicBool,
    spectator: &'a mut dyn Spectator,
    sends: VecDeque<(usize, Vec<u8>)>,
    last: Instant,
    over: Option<AloneEnd>,
}

impl Alone<'_> {
    fn drain(&mut self) {
        while let Some(output) = self.bench.poll_output() {
            match output {
                Output::Bytes { port, bytes } => self.sends.push_back((usize::from(port.0), bytes)),
                Output::Sight(Observation::Dut(_)) => self.note("there is no controller here to do that to"),
                Output::Sight(observation) => {
                    if let Some(what) = what(observation) {
                        self.spectator.see(exactly(self.last, what));
                    }
                }
                Output::Persist(_) | Output::Reject { .. } => {}
            }
        }
    }

    fn note(&mut self, text: impl Into<String>) {
        self.spectator.see(exactly(self.last, What::Note(text.into())));
    }

    /// What somebody typed.
    fn told(&mut self, line: &str) {
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            [] => {}
            ["quit" | "exit"] => self.over = Some(AloneEnd::Quit),
            ["help" | "?"] => self.spectator.answer(&format!("{EXAMPLES}{OWN_WORDS}")),
            ["walk"] => self.bench.show_green(self.last, true),
            ["halt"] => self.bench.show_green(self.last, false),
            ["input", number, word] => self.input(number, word),
            _ => match said(line) {
                Ok(deeds) => {
                    for (after, stimulus) in deeds {
                        let at = self.last + after;
                        let place = self.steps.partition_point(|(other, _)| *other <= at);
                        self.steps.insert(place, (at, stimulus));
                    }
                }
                Err(why) => self.spectator.answer(&format!("{why}; `help` shows what there is\n")),
            },
        }
        self.drain();
    }

    fn input(&mut self, number: &str, word: &str) {
        match (number.parse(), word) {
            (Ok(input), "on" | "off") => {
                self.bench.set_input(self.last, input, word == "on");
                self.note(format!("input {input} {word}"));
            }
            _ => self.spectator.answer("write `input 3 on` or `input 3 off`\n"),
        }
    }
}

impl Machine for Alone<'_> {
    fn due(&self) -> Instant {
        let bench = self.bench.poll_timeout().map_or(Instant::MAX, |wake| wake.at);
        let step = self.steps.front().map_or(Instant::MAX, |step| step.0);
        bench.min(step).min(self.last + LOOK_UP).max(self.last)
    }

    fn wake(&mut self, at: Instant, _now: Instant) {
        self.last = self.last.max(at);
        if self.steps.front().is_some_and(|(due, _)| *due <= at) {
            if let Some((_, stimulus)) = self.steps.pop_front() {
                self.bench.handle_input(self.last, Input::Act(stimulus));
            }
        } else if self.bench.poll_timeout().is_some_and(|wake| wake.at <= at) {
            self.bench.handle_timeout(self.last);
        }
        if self.stop.load(Ordering::Relaxed) {
            self.over.get_or_insert(AloneEnd::Stopped);
        }
        self.drain();
    }

    fn hear(&mut self, at: Instant, port: usize, bytes: Vec<u8>) {
        self.last = self.last.max(at);
        self.bench.hear(self.last, emulators::device::Port(port as u8), bytes);
        self.drain();
    }

    fn happen(&mut self, at: Instant, news: News) {
        self.last = self.last.max(at);
        match news {
            News::Told(line) => self.told(&line),
            News::FarEnd { open, .. } => {
                let word = if open { "opened" } else { "closed" };
                self.note(format!("{}: the far end was {word}", self.cable.name()));
            }
            News::WrongBaud { rate, .. } => self.note(format!(
                "{}: the far end is set to {rate} baud, or to another frame; what it sends is garbage",
                self.cable.name()
            )),
            News::Gone { why, .. } => self.over = Some(AloneEnd::Gone(why)),
            News::Back { .. } | News::Confirmed(_) | News::Quiet | News::Ended(_) | News::Late(_) => {}
        }
    }

    fn next_send(&mut self) -> Option<(usize, Vec<u8>)> {
        self.sends.pop_front()
    }

    fn settle(&mut self, at: Instant, done: Instant) {
        let by = done.since(at);
        if by > TOO_LATE && at > Instant::ZERO {
            self.note(format!("host too slow: the emulator was served {by} s late"));
        }
    }

    fn is_over(&self) -> bool {
        self.over.is_some()
    }
}
