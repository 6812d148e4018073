//! The soft controller: bytes in, bytes out.
//!
//! This file is the cabinet: it routes bytes to the cables' ends, lets the logic run when something arrived that
//! matters or one of its instants has come, and collects what is to be sent. What is lost with the supply is in
//! `running.rs`; what outlives it is the fault log.
//!
//! | cable | end |
//! |---|---|
//! | cameras | `camera_link.rs` → `detector.rs`, `crosswalk.rs` → `demand.rs` |
//! | lamps | `plan.rs`, `policy/` → `interlock.rs` → `lamp_bus.rs`; posts from `voice.rs` |
//! | feedback | `feedback.rs` → `watch.rs` |
//! | countdown | `countdown.rs` |
//! | service, panel | `service.rs`, `panel.rs` |

mod camera_link;
mod clock;
mod config;
mod countdown;
mod crosswalk;
mod demand;
mod detector;
mod fault_log;
mod feedback;
mod interlock;
mod lamp_bus;

mod panel;
mod plan;
mod policy;
mod running;
mod service;
mod voice;
mod watch;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

pub use crate::wire::service_map as map;
pub use config::{
    CameraLink, Config, CountdownTarget, Detectors, FeedbackInputs, Geometry, PolicyChoice, Ports, RedOut,
    Timing, Units, Voice,
};

use crate::device::{Device, Input, Output, Port, Wake};
use crate::time::{Instant, Span};
use camera_link::Heard;
use clock::Clock;
use fault_log::FaultLog;
use running::Running;

/// A gap in the supply up to this long is ridden through (TS 2: 450 to 475 ms).
const DIP: Span = Span::from_ms(450);

/// When each part wants to be woken.
#[derive(Clone, Copy, Debug, Default)]
struct Wakes {
    lamps: Option<Wake>,
    feedback: Option<Wake>,
    /// Plan, service and cameras.
    others: Option<Wake>,
}

/// Which parts may have something to send or another wake. The two busy cables are looked at alone when nothing
/// but they was touched: that is most of the controller's day.
#[derive(Clone, Copy, Debug, Default)]
struct Touched {
    lamps: bool,
    feedback: bool,
    others: bool,
}

impl Touched {
    const ALL: Touched = Touched { lamps: true, feedback: true, others: true };
}

/// The controller.
#[derive(Debug)]
pub struct Controller {
    config: Config,
    log: FaultLog,
    /// What runs; kept through a gap in the supply in case it is short.
    running: Option<Running>,
    /// Since when there is no supply.
    dark_since: Option<Instant>,
    out: VecDeque<Output<()>>,
    heard: Vec<Heard>,
    touched: Touched,
    wakes: Wakes,
    wake: Option<Wake>,
}

impl Controller {
    /// A controller without power; `persisted` is what it last gave as [`Output::Persist`].
    #[must_use]
    pub fn new(config: Config, persisted: Option<&[u8]>) -> Controller {
        let clock = Clock::new(config.clock, config.uptime_ms);
        Controller {
            log: FaultLog::restore(clock, persisted),
            config,
            running: None,
            dark_since: Some(Instant::ZERO),
            out: VecDeque::new(),
            heard: Vec::new(),
            touched: Touched::ALL,
            wakes: Wakes::default(),
            wake: None,
        }
    }

    /// Whether bytes are what a controller gave as [`Output::Persist`]; what is damaged behind its beginning is one, too.
    #[must_use]
    pub fn has_persisted(bytes: &[u8]) -> bool {
        FaultLog::is_kept(bytes)
    }

    fn power(&mut self, now: Instant, on: bool) {
        self.touched = Touched::ALL;
        match (self.dark_since, on) {
            (None, false) => {
                self.dark_since = Some(now);
                self.out.clear();
            }
            (Some(since), true) => {
                self.dark_since = None;
                if let Some(running) = &mut self.running
                    && now.since(since) <= DIP
                {
                    running.ride_through(now, &mut self.log);
                    return;
                }
                self.log.forget_passing();
                self.log.note(now, map::log::POWER_ON, 0);
                let mut running = Running::new(&self.config, now);
                running.run(now, &mut self.log);
                running.bus.repeat_all(now);
                self.running = Some(running);
            }
            (None, true) | (Some(_), false) => {}
        }
    }

    fn bytes(&mut self, now: Instant, port: Port, bytes: &[u8]) {
        let Some(running) = &mut self.running else { return };
        let ports = &self.config.ports;
        let mut matters = false;
        if let Some(kerb) = ports.cameras.iter().position(|(camera, _)| *camera == port) {
            self.touched.others = true;
            running.cameras[kerb].handle_bytes(now, bytes, &mut self.heard);
            matters = self.heed(now, kerb);
        } else if port == ports.lamps.0 {
            self.touched.lamps = true;
            running.bus.handle_bytes(now, bytes, &mut running.unit_changes);
            matters = !running.unit_changes.is_empty();
        } else if port == ports.feedback.0 {
            self.touched.feedback = true;
            matters = running.feedback.handle_bytes(now, bytes);
        } else if ports.service.is_some_and(|(service, _)| service == port) {
            self.touched = Touched::ALL;
            matters = running.serve(now, bytes, &self.log);
            running.grant(now, &mut self.log);
        }
        if matters {
            self.run(now);
        }
    }

    /// Lets the logic run. It may tell every part something.
    fn run(&mut self, now: Instant) {
        self.touched = Touched::ALL;
        if let Some(running) = &mut self.running {
            running.run(now, &mut self.log);
        }
    }

    /// Looks at the time before anything else: called so late, the heads' watchdogs may have run out.
    fn wake_up(&mut self, now: Instant) {
        let Some(wake) = self.wake.filter(|_| self.dark_since.is_none()) else { return };
        let late = now.since(wake.at);
        let watchdog = Span::from_ms(u64::from(self.config.watchdog_ms));
        if late > watchdog.saturating_sub(lamp_bus::REFRESH).max(DIP)
            && let Some(running) = &mut self.running
        {
            self.touched = Touched::ALL;
            running.overslept(now, late, &mut self.log);
        }
    }

    /// Passes on what a camera said. Answers whether the logic has to run.
    fn heed(&mut self, now: Instant, kerb: usize) -> bool {
        let Some(running) = &mut self.running else { return false };
        let mut matters = false;
        for heard in self.heard.drain(..) {
            if let Heard::Rejected(skipped, why) = heard {
                let port = self.config.ports.cameras[kerb].0;
                self.out.push_back(Output::Reject { port, skipped, why });
            } else {
                matters |= running.hear(now, kerb, &heard, &mut self.log);
            }
        }
        matters
    }

    fn timeout(&mut self, now: Instant) {
        let mut matters = false;
        for kerb in 0..2 {
            if let Some(running) = &mut self.running {
                running.cameras[kerb].handle_timeout(now, &mut self.heard);
            }
            if !self.heard.is_empty() {
                matters |= self.heed(now, kerb);
            }
        }
        let due = |wake: Option<Wake>| wake.is_some_and(|wake| wake.at <= now);
        let Wakes { lamps, feedback, others } = self.wakes;
        self.touched.others |= due(others);
        let Some(running) = &mut self.running else { return };
        // Parts do nothing where nothing is due: they need not be asked.
        if due(lamps) || self.touched.lamps {
            self.touched.lamps = true;
            running.bus.handle_timeout(now, &mut running.unit_changes);
            matters |= !running.unit_changes.is_empty();
        }
        if due(feedback) || self.touched.feedback {
            self.touched.feedback = true;
            matters |= running.feedback.handle_timeout(now);
        }
        if let Some(server) = &mut running.server {
            server.handle_timeout(now);
        }
        if matters || running.due().is_some_and(|at| at <= now) {
            self.run(now);
        }
    }

    /// Collects what is to be sent by the parts that were touched, and when to come back.
    fn flush(&mut self, now: Instant) {
        self.wake = None;
        let touched = std::mem::take(&mut self.touched);
        let Some(running) = &mut self.running else { return };
        let ports = &self.config.ports;
        let out = &mut self.out;
        if touched.lamps {
            while let Some(bytes) = running.bus.poll_send() {
                out.push_back(Output::Bytes { port: ports.lamps.0, bytes });
            }
        }
        if touched.feedback {
            while let Some(bytes) = running.feedback.poll_send() {
                out.push_back(Output::Bytes { port: ports.feedback.0, bytes });
            }
        }
        if touched.lamps {
            while let Some((skipped, why)) = running.bus.poll_reject() {
                out.push_back(Output::Reject { port: ports.lamps.0, skipped, why });
            }
            self.wakes.lamps = running.bus.poll_timeout();
        }
        if touched.feedback {
            while let Some((skipped, why)) = running.feedback.poll_reject() {
                out.push_back(Output::Reject { port: ports.feedback.0, skipped, why });
            }
            self.wakes.feedback = running.feedback.poll_timeout();
        }
        if touched.others {
            self.flush_others();
        }
        let Wakes { lamps, feedback, others } = self.wakes;
        // What has become due meanwhile is due now, not in the past: the past is where somebody overslept.
        self.wake = sooner(sooner(others, lamps), feedback).map(|wake| Wake { at: wake.at.max(now), ..wake });
    }

    /// The same for countdown, cameras, service, the log and the plan.
    fn flush_others(&mut self) {
        let Some(running) = &mut self.running else { return };
        let ports = &self.config.ports;
        let out = &mut self.out;
        if let Some(bytes) = running.broadcasts.take() {
            out.push_back(Output::Bytes { port: ports.countdown.0, bytes });
        }
        for (camera, (port, _)) in running.cameras.iter_mut().zip(ports.cameras) {
            while let Some(bytes) = camera.poll_send() {
                out.push_back(Output::Bytes { port, bytes });
            }
        }
        if let (Some(server), Some((port, _))) = (&mut running.server, ports.service) {
            while let Some(bytes) = server.poll_send() {
                out.push_back(Output::Bytes { port, bytes });
            }
            while let Some((skipped, why)) = server.poll_reject() {
                out.push_back(Output::Reject { port, skipped, why });
            }
        }
        if let Some(persist) = self.log.save() {
            out.push_back(Output::Persist(persist));
        }
        let plan = running.due().map(|at| Wake { at, why: "plan" });
        let service = running.server.as_ref().and_then(crate::wire::modbus::Server::poll_timeout);
        let cameras = sooner(running.cameras[0].poll_timeout(), running.cameras[1].poll_timeout());
        self.wakes.others = sooner(sooner(plan, service), cameras);
    }
}

/// The wake that comes first; at equal instants the first one.
fn sooner(first: Option<Wake>, second: Option<Wake>) -> Option<Wake> {
    match (first, second) {
        (Some(a), Some(b)) => Some(if b.at < a.at { b } else { a }),
        (a, b) => a.or(b),
    }
}

impl Device for Controller {
    type Act = ();
    type Sight = ();

    fn handle_input(&mut self, now: Instant, input: Input<'_, ()>) {
        self.wake_up(now);
        match input {
            Input::Power(on) => self.power(now, on),
            Input::Bytes { port, bytes } if self.dark_since.is_none() => self.bytes(now, port, bytes),
            Input::Operator(operator) if self.dark_since.is_none() => {
                if let Some(running) = &mut self.running {
                    running.operate(now, operator, &mut self.log);
                }
                self.run(now);
            }
            Input::Bytes { .. } | Input::Operator(_) | Input::Act(()) => {}
        }
        if self.dark_since.is_none() {
            self.flush(now);
        } else {
            self.wake = None;
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.dark_since.is_none() && self.wake.is_some_and(|wake| wake.at <= now) {
            self.wake_up(now);
            self.timeout(now);
            self.flush(now);
        }
    }

    fn poll_output(&mut self) -> Option<Output<()>> {
        self.out.pop_front()
    }

    fn poll_timeout(&self) -> Option<Wake> {
        self.wake
    }
}
