//! The board as a device: a Modbus server, its relays, and the bulbs behind them.

use super::bulbs::Bulbs;
use super::relays::Relays;
use super::{HeadAct, HeadSight};
use crate::device::{Device, Input, Output, Port, Wake};
use crate::time::{Instant, Line, Span};
use crate::wire::modbus::Server;
use std::collections::VecDeque;

/// Which lamps hang behind the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Red, yellow, green.
    Vehicle,
    /// Red, green.
    Pedestrian,
}

/// A lamp board with its lamps. Port 0 is the lamp bus.
#[derive(Clone, Debug)]
pub struct LampBoard {
    kind: Kind,
    powered: bool,
    server: Server,
    relays: Relays,
    bulbs: Bulbs,
    sight: HeadSight,
    /// When relays or bulbs are due: looked up once per change, not once per frame of other units.
    due: Option<Wake>,
    outputs: VecDeque<Output<HeadSight>>,
}

impl LampBoard {
    /// A board without power, as Modbus unit `unit` (1..247) on `line`.
    #[must_use]
    pub fn new(kind: Kind, unit: u8, line: Line) -> LampBoard {
        LampBoard {
            kind,
            powered: false,
            server: Server::new(unit, line),
            relays: Relays::new(),
            bulbs: Bulbs::new(kind),
            sight: HeadSight::default(),
            due: None,
            outputs: VecDeque::new(),
        }
    }

    /// What can be seen now.
    #[must_use]
    pub fn sight(&self) -> HeadSight {
        self.sight
    }

    fn power(&mut self, now: Instant, on: bool) {
        if self.powered == on {
            return;
        }
        self.powered = on;
        self.server.clear();
        self.relays.power(now, on);
        if on {
            self.sight = self.look(now);
            self.outputs.push_back(Output::Sight(self.sight));
        }
    }

    fn look(&mut self, at: Instant) -> HeadSight {
        let driven = self.relays.driven(self.kind);
        HeadSight { driven, lit: self.bulbs.shine(at, self.powered, driven) }
    }

    /// Shows what has changed.
    fn settle(&mut self, at: Instant) {
        let sight = self.look(at);
        self.due = sooner(self.relays.poll_timeout(), self.bulbs.poll_timeout());
        if sight != self.sight {
            self.sight = sight;
            self.outputs.push_back(Output::Sight(sight));
        }
    }

    /// Does everything that was due at or before `until`.
    fn run(&mut self, until: Instant) {
        while let Some(at) = self.relays.expire(until) {
            self.settle(at);
        }
        self.settle(until);
    }

    /// What the server could not use. It sends only when its time has come, never at once.
    fn tell_rejects(&mut self) {
        while let Some((skipped, why)) = self.server.poll_reject() {
            self.outputs.push_back(Output::Reject { port: Port(0), skipped, why });
        }
    }
}

impl Device for LampBoard {
    type Act = HeadAct;
    type Sight = HeadSight;

    fn handle_input(&mut self, now: Instant, input: Input<'_, HeadAct>) {
        // A driver that comes late must not let a late write outrun a watchdog that had already run out.
        if self.due.is_some_and(|wake| wake.at < now) {
            self.run(now.back(Span::from_us(1)));
        }
        match input {
            Input::Bytes { port: Port(0), bytes } if self.powered => {
                if !self.server.handle_bytes(now, bytes, &mut self.relays) {
                    return;
                }
                self.tell_rejects();
                if !self.relays.take_written() {
                    return;
                }
            }
            Input::Bytes { .. } | Input::Operator(_) => return,
            Input::Power(on) => self.power(now, on),
            Input::Act(HeadAct::Break(lamp, fault)) => self.bulbs.set(lamp, Some(fault)),
            Input::Act(HeadAct::Mend(lamp)) => self.bulbs.set(lamp, None),
        }
        self.settle(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        if !self.powered {
            return;
        }
        if self.due.is_some_and(|wake| wake.at <= now) {
            self.run(now);
        }
        self.server.handle_timeout(now);
        while let Some(bytes) = self.server.poll_send() {
            self.outputs.push_back(Output::Bytes { port: Port(0), bytes });
        }
        self.tell_rejects();
    }

    fn poll_output(&mut self) -> Option<Output<HeadSight>> {
        self.outputs.pop_front()
    }

    fn poll_timeout(&self) -> Option<Wake> {
        if self.powered { sooner(self.server.poll_timeout(), self.due) } else { None }
    }
}

/// The wake that comes first; at equal instants the first one.
fn sooner(first: Option<Wake>, second: Option<Wake>) -> Option<Wake> {
    match (first, second) {
        (Some(a), Some(b)) => Some(if b.at < a.at { b } else { a }),
        (a, b) => a.or(b),
    }
}
