//! What people want: the panel's keys and the service port's registers.

use super::fault_log::FaultLog;
use super::map::{self, Mode, log as code};
use super::plan::Stage;
use super::running::{Running, Selection};
use super::service::{ServicePort, Wish, high, low};
use crate::device::Operator;
use crate::time::{Instant, Span};

/// A demand stands in the registers until its green is surely lit at all heads (the bus, T38).
const SERVED_AFTER: Span = Span::from_ms(500);

/// Arguments of [`code::OPERATOR`].
fn log_arg(operator: Operator) -> u16 {
    match operator {
        Operator::Automatic => 1,
        Operator::Manual => 2,
        Operator::Step => 3,
        Operator::Flash => 4,
        Operator::Off => 5,
        Operator::Reset => 6,
    }
}

impl Running {
    /// A key was pressed, or the service port asked for the same.
    pub(super) fn operate(&mut self, now: Instant, operator: Operator, log: &mut FaultLog) {
        log.note(now, code::OPERATOR, log_arg(operator));
        match operator {
            Operator::Automatic => self.selection = Selection::Automatic,
            Operator::Manual => self.selection = Selection::Manual,
            Operator::Step => {
                if self.held {
                    self.plan.step();
                }
            }
            Operator::Flash => self.selection = Selection::Flash,
            Operator::Off => self.selection = Selection::Off,
            Operator::Reset => self.reset(now, log),
        }
    }

    /// Acknowledges what is latched, unless its cause can still be seen.
    fn reset(&mut self, now: Instant, log: &mut FaultLog) {
        self.head_was_lost &= self.bus.head_lost();
        let found = self.feedback.findings();
        if found.lost || found.stuck != 0 {
            return;
        }
        if log.latched() {
            log.acknowledge();
            for (fault, heads) in [(code::VEHICLE_RED_OUT, [0, 1]), (code::PEDESTRIAN_RED_OUT, [2, 3])] {
                log.end(fault, heads[0]);
                log.end(fault, heads[1]);
            }
            self.feedback.acknowledge();
            self.reacted = self.feedback.findings();
            self.interlock.acknowledge();
            log.note(now, code::RESET, 0);
        } else if self.selection == Selection::Flash {
            self.selection = Selection::Automatic;
        }
    }

    /// Carries out what the service port was asked for.
    pub(super) fn grant(&mut self, now: Instant, log: &mut FaultLog) {
        for wish in std::mem::take(&mut self.wishes) {
            match wish {
                Wish::Mode(Mode::Normal | Mode::Boot | Mode::Fallback) => {
                    self.operate(now, Operator::Automatic, log);
                }
                Wish::Mode(Mode::Flash) => self.operate(now, Operator::Flash, log),
                Wish::Mode(Mode::Manual) => self.operate(now, Operator::Manual, log),
                Wish::Mode(Mode::Off) => self.operate(now, Operator::Off, log),
                Wish::Reset => self.operate(now, Operator::Reset, log),
                Wish::Step => self.operate(now, Operator::Step, log),
                Wish::Clock(local) => {
                    log.set_clock(now, local);
                    log.note(now, code::CLOCK, 0);
                }
            }
        }
    }

    /// Bytes arrived at the service port. Answers whether somebody asked for something.
    pub(super) fn serve(&mut self, now: Instant, bytes: &[u8], log: &FaultLog) -> bool {
        let state = self.state(now, log);
        if let Some(server) = &mut self.server {
            let mut port = ServicePort { state, log, holding: &mut self.holding, wishes: &mut self.wishes };
            server.handle_bytes(now, bytes, &mut port);
        }
        !self.wishes.is_empty()
    }

    /// The state block of the register map.
    fn state(&self, now: Instant, log: &FaultLog) -> [u16; map::STATE_LEN as usize] {
        let just_begun = self.plan.stage() == Stage::Walk && now.since(self.plan.since()) < SERVED_AFTER;
        let demanded = |kerb: usize| {
            let known = self.demand.kerb(kerb) || (just_begun && self.serving[kerb]);
            u16::from(known || self.detectors[kerb].asks(now))
        };
        let left = self.plan.walk_at().map_or(Span::ZERO, |walk| walk.since(now));
        let uptime = log.clock().uptime_ms(now) & u64::from(u32::MAX);
        let uptime = u32::try_from(uptime).unwrap_or(0);
        let newest = log.newest();
        let mut state = [0; map::STATE_LEN as usize];
        let mut set = |register: u16, value: u16| state[usize::from(register)] = value;
        set(map::MODE, self.mode() as u16);
        set(map::DEMAND_A, demanded(0));
        set(map::DEMAND_B, demanded(1));
        set(map::ANNOUNCEMENT, u16::try_from(left.as_us().div_ceil(1_000_000)).unwrap_or(u16::MAX));
        set(map::FAULT, log.newest_standing());
        set(map::LOG_COUNT, log.count());
        if let Some(entry) = newest {
            set(map::LOG_LAST_CODE, entry.code);
            set(map::LOG_LAST_ARG, entry.arg);
            set(map::LOG_LAST_MS_HI, high(entry.uptime_ms));
            set(map::LOG_LAST_MS_LO, low(entry.uptime_ms));
        }
        set(map::UPTIME_HI, high(uptime));
        set(map::UPTIME_LO, low(uptime));
        set(map::DETECTOR_A, self.detectors[0].bits());
        set(map::DETECTOR_B, self.detectors[1].bits());
        set(map::POLICY, self.policy.number());
        set(map::STAGES, self.stages);
        state
    }
}
