//! What the controller learns from its cables, and what it makes of it: counts become detectors' health and demand,
//! lost units and lamps become faults.

use super::camera_link::Heard;
use super::config::RedOut;
use super::detector::{Ailment, Change};
use super::fault_log::FaultLog;
use super::feedback::{self, CIRCUITS, HEADS, PEDESTRIAN_REDS, VEHICLE_REDS};
use super::lamp_bus::UnitChange;
use super::map::log as code;
use super::plan::Stage;
use super::running::Running;
use crate::time::Instant;

/// Argument of a detector's log entry: 0 and 1 are the kerbs, 2 and 3 the crosswalk as cameras A and B see it.
const CROSSWALK_ARG: u16 = 2;

impl Running {
    /// A camera said something. Answers whether the logic has to run.
    pub(super) fn hear(&mut self, now: Instant, kerb: usize, heard: &Heard, log: &mut FaultLog) -> bool {
        let mut kerb_changes = Vec::new();
        let mut crosswalk_changes = Vec::new();
        let matters = match heard {
            Heard::Online => false,
            Heard::Rejected(..) => return false,
            Heard::Offline => {
                self.detectors[kerb].offline(now, &mut kerb_changes);
                if let Some(view) = &mut self.crosswalks[kerb] {
                    view.detector().offline(now, &mut crosswalk_changes);
                }
                true
            }
            Heard::Health([waiting, crosswalk]) => {
                if let Some(abnormal) = *waiting {
                    self.detectors[kerb].self_report(now, abnormal, &mut kerb_changes);
                }
                if let (Some(abnormal), Some(view)) = (*crosswalk, &mut self.crosswalks[kerb]) {
                    view.detector().self_report(now, abnormal, &mut crosswalk_changes);
                }
                true
            }
            Heard::Seen(sighting) => {
                if let Some(count) = sighting.waiting {
                    self.detectors[kerb].frame(now, count, &mut kerb_changes);
                }
                if let (Some(walkers), Some(view)) = (sighting.walkers, &mut self.crosswalks[kerb]) {
                    self.tripped |= view.frame(now, walkers, self.red_since, &mut crosswalk_changes);
                }
                true
            }
        };
        self.note_changes(now, kerb, &kerb_changes, log);
        note_crosswalk(now, kerb, &crosswalk_changes, log);
        matters
    }

    /// What only time shows about the detectors; then the demand.
    pub(super) fn watch_detectors(&mut self, now: Instant, log: &mut FaultLog) {
        let mut changes = Vec::new();
        for kerb in 0..2 {
            self.detectors[kerb].handle_timeout(now, &mut changes);
            self.note_changes(now, kerb, &changes, log);
            changes.clear();
            if let Some(view) = &mut self.crosswalks[kerb] {
                view.detector().handle_timeout(now, &mut changes);
                note_crosswalk(now, kerb, &changes, log);
                changes.clear();
            }
        }
        let before = self.demand.people();
        self.demand.observe(now, [self.detectors[0].count(), self.detectors[1].count()]);
        if matches!(self.plan.stage(), Stage::Walk | Stage::WalkFlash) && self.demand.people() < before {
            self.left_kerb = true;
        }
        self.demand.handle_timeout(now, self.plan.walk_at().is_some());
    }

    /// Units of the lamp bus that were lost or found.
    pub(super) fn watch_units(&mut self, now: Instant, log: &mut FaultLog) {
        let units = self.config.units;
        let addresses = [units.vehicle, units.pedestrian, units.posts];
        for change in self.unit_changes.drain(..) {
            let address = |unit: usize| u16::from(addresses[unit / 2][unit % 2]);
            match change {
                UnitChange::Lost(unit) => _ = log.raise(now, code::UNIT_LOST, address(unit), false),
                UnitChange::Found(unit) => {
                    log.end(code::UNIT_LOST, address(unit));
                    log.note(now, code::UNIT_OK, address(unit));
                }
            }
        }
    }

    /// Lamps that are not as they should be.
    pub(super) fn watch_lamps(&mut self, now: Instant, log: &mut FaultLog) {
        let found = self.feedback.findings();
        let before = std::mem::replace(&mut self.reacted, found);
        if found == before {
            return;
        }
        if found.lost {
            log.raise(now, code::FEEDBACK_LOST, 0, true);
        }
        if found.conflict {
            log.raise(now, code::CONFLICT, 0, true);
        }
        for head in 0..HEADS.len() {
            if found.dual & 1 << head != 0 {
                log.raise(now, code::DUAL_INDICATION, number(head), true);
            }
        }
        for circuit in 0..CIRCUITS {
            let bit = 1 << circuit;
            if found.stuck & bit != 0 {
                self.lamp_stuck(now, circuit, log);
            } else if before.stuck & bit != 0 && log.end(code::LAMP_STUCK, feedback::log_arg(circuit)) {
                log.note(now, code::LAMP_OK, feedback::log_arg(circuit));
            }
            if found.stray & !before.stray & bit != 0 {
                self.green_strays(now, circuit, log);
            }
            if (found.out ^ before.out) & bit != 0 {
                self.lamp_out(now, circuit, found.out & bit != 0, log);
            }
        }
        if found.out & VEHICLE_REDS == VEHICLE_REDS {
            log.raise(now, code::VEHICLE_REDS_OUT, 0, true);
        }
    }

    /// A lamp is lit against its command: beside another one it is a dual indication, alone it is a head that shows
    /// what it should not. In flash and in darkness it is only noted.
    fn lamp_stuck(&self, now: Instant, circuit: usize, log: &mut FaultLog) {
        let head = HEADS.iter().position(|lamps| lamps & 1 << circuit != 0).unwrap_or(0);
        let live = !matches!(self.plan.stage(), Stage::Flash | Stage::Off);
        let found = self.feedback.findings();
        let severe = live && (found.conflict || found.dual & 1 << head != 0);
        log.raise(now, code::LAMP_STUCK, feedback::log_arg(circuit), severe);
        if live && (self.feedback.sensed() & HEADS[head]).count_ones() == 1 {
            log.raise(now, code::CORRESPONDENCE, number(head), true);
        }
    }

    /// A green that nobody commanded is still lit, whatever its head shows beside it.
    fn green_strays(&self, now: Instant, circuit: usize, log: &mut FaultLog) {
        if !matches!(self.plan.stage(), Stage::Flash | Stage::Off) {
            let head = HEADS.iter().position(|lamps| lamps & 1 << circuit != 0).unwrap_or(0);
            log.raise(now, code::CORRESPONDENCE, number(head), true);
        }
    }

    fn lamp_out(&self, now: Instant, circuit: usize, out: bool, log: &mut FaultLog) {
        let bit = 1 << circuit;
        let head = number(HEADS.iter().position(|lamps| lamps & bit != 0).unwrap_or(0));
        let (fault, arg, latched) = if VEHICLE_REDS & bit != 0 {
            (code::VEHICLE_RED_OUT, head, false)
        } else if PEDESTRIAN_REDS & bit != 0 {
            (code::PEDESTRIAN_RED_OUT, head, self.config.red_out == RedOut::Flash)
        } else {
            (code::LAMP_OUT, feedback::log_arg(circuit), false)
        };
        if out {
            log.raise(now, fault, arg, latched);
        } else if log.end(fault, arg) {
            log.note(now, code::LAMP_OK, feedback::log_arg(circuit));
        }
    }

    fn note_changes(&mut self, now: Instant, kerb: usize, changes: &[Change], log: &mut FaultLog) {
        let arg = number(kerb);
        for change in changes {
            match change {
                Change::Fails(ailment) => {
                    self.demand.kerb_failed(kerb);
                    log.raise(now, ailment.code(), arg, false);
                }
                Change::Readmitted => {
                    end_all(arg, log);
                    log.note(now, code::DETECTOR_OK, arg);
                }
            }
        }
    }
}

/// A crosswalk view that is lost is lost with its camera, which is logged already.
fn note_crosswalk(now: Instant, kerb: usize, changes: &[Change], log: &mut FaultLog) {
    let arg = number(kerb) + CROSSWALK_ARG;
    for change in changes {
        match change {
            Change::Fails(Ailment::Lost) => {}
            Change::Fails(ailment) => _ = log.raise(now, ailment.code(), arg, false),
            Change::Readmitted => {
                if end_all(arg, log) {
                    log.note(now, code::DETECTOR_OK, arg);
                }
            }
        }
    }
}

/// Ends all faults of a detector; whether there was one.
fn end_all(arg: u16, log: &mut FaultLog) -> bool {
    let ailments = [
        Ailment::Lost,
        Ailment::Implausible,
        Ailment::Stuck,
        Ailment::NoActivity,
        Ailment::Erratic,
        Ailment::SelfReported,
    ];
    ailments.into_iter().fold(false, |any, ailment| log.end(ailment.code(), arg) | any)
}

fn number(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}
