//! A device of its own on real ports: the soft controller in a process of its own.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use emulators::device::{Device, Input, Operator, Output, Port as Connector};
use emulators::time::{Instant, Span};
use tokio::sync::mpsc;

use super::{LOOK_UP, Lateness, Machine, News, TOO_LATE, cable, run};
use crate::driver::clock::WallClock;
use crate::driver::port::Port;

/// Where what a device does besides speaking goes.
pub trait World {
    /// This must survive a loss of supply.
    fn persist(&mut self, bytes: Vec<u8>);
    /// The device was served so late that who watches it must know: it is the machine's fault, not the device's.
    fn late(&mut self, by: Span);
}

/// A device on ports: what it sends leaves at once, what arrives is heard at once; the lines between are real, or the
/// other end's to compute.
struct Plugged<'a, D> {
    device: D,
    stop: &'a AtomicBool,
    sends: VecDeque<(usize, Vec<u8>)>,
    world: &'a mut dyn World,
    last: Instant,
    over: Option<String>,
}

impl<D: Device<Act = (), Sight = ()>> Plugged<'_, D> {
    fn give(&mut self, at: Instant, input: Input<'_, ()>) {
        self.last = self.last.max(at);
        self.device.handle_input(self.last, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.device.poll_output() {
            match output {
                Output::Bytes { port, bytes } => self.sends.push_back((usize::from(port.0), bytes)),
                Output::Persist(bytes) => self.world.persist(bytes),
                Output::Sight(()) => {}
                Output::Reject { port, skipped, why } => {
                    let cable = cable(usize::from(port.0));
                    tracing::debug!(cable, skipped, "threw bytes away: {why}");
                }
            }
        }
    }

    /// What a person at the panel, or the supply, does.
    fn told(&mut self, at: Instant, line: &str) {
        let operator = Operator::ALL.into_iter().find(|(word, _)| *word == line);
        let input = match (operator, line) {
            (Some((_, action)), _) => Input::Operator(action),
            (None, "power off") => Input::Power(false),
            (None, "power on") => Input::Power(true),
            (None, "quit") => return self.over = Some("told to quit".to_owned()),
            (None, "") => return,
            (None, other) => {
                let words = Operator::ALL.map(|(word, _)| word).join(", ");
                tracing::warn!("`{other}` is no command: {words}, power off, power on, quit");
                return;
            }
        };
        self.give(at, input);
    }
}

impl<D: Device<Act = (), Sight = ()>> Machine for Plugged<'_, D> {
    fn due(&self) -> Instant {
        let device = self.device.poll_timeout().map_or(Instant::MAX, |wake| wake.at);
        device.min(self.last + LOOK_UP).max(self.last)
    }

    fn wake(&mut self, at: Instant, now: Instant) {
        // Its time is exact as long as the process is served in time. After a stall it finds its wakes in the past, as a
        // processor that stood still would.
        let at = if now.since(at) > TOO_LATE { now } else { at };
        self.last = self.last.max(at);
        if self.device.poll_timeout().is_some_and(|wake| wake.at <= self.last) {
            self.device.handle_timeout(self.last);
        }
        if self.stop.load(Ordering::Relaxed) {
            self.over = Some("interrupted".to_owned());
        }
        self.drain();
    }

    fn hear(&mut self, at: Instant, port: usize, bytes: Vec<u8>) {
        let port = Connector(u8::try_from(port).unwrap_or(u8::MAX));
        self.give(at, Input::Bytes { port, bytes: &bytes });
    }

    fn happen(&mut self, at: Instant, news: News) {
        match news {
            News::Told(line) => self.told(at, line.trim()),
            News::Gone { port, why } => {
                tracing::warn!(cable = cable(port), "a port is gone, and looked for: {why}");
            }
            News::Back { port, node } => {
                tracing::warn!(cable = cable(port), node, "a port is back");
            }
            News::WrongBaud { port, rate } => {
                tracing::warn!(cable = cable(port), rate, "the far end uses another rate than the line's");
            }
            News::Quiet | News::FarEnd { .. } | News::Ended(_) | News::Late(_) | News::Confirmed(_) => {}
        }
    }

    fn next_send(&mut self) -> Option<(usize, Vec<u8>)> {
        self.sends.pop_front()
    }

    fn settle(&mut self, at: Instant, done: Instant) {
        let by = done.since(at);
        if by > TOO_LATE {
            self.world.late(by);
        }
    }

    fn is_over(&self) -> bool {
        self.over.is_some()
    }
}

/// Runs a device on its ports (by its connectors) until it is told to quit, or `stop` is set. Says why it ended.
///
/// # Errors
/// What the system says.
pub async fn serve<D: Device<Act = (), Sight = ()>>(
    device: D,
    ports: Vec<Option<Port>>,
    clock: WallClock,
    news: mpsc::Receiver<News>,
    world: &mut dyn World,
    lateness: &mut Lateness,
    stop: &AtomicBool,
) -> io::Result<String> {
    let last = clock.now();
    let mut plugged = Plugged { device, stop, sends: VecDeque::new(), world, last, over: None };
    plugged.give(last, Input::Power(true));
    run(&mut plugged, ports, clock, news, lateness).await?;
    Ok(plugged.over.unwrap_or_default())
}
