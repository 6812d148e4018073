//! Service port: the state block that the rig reads, and the controller's log.
//!
//! A state is known at an answer and became true since the question before it: that is its uncertainty. A log entry
//! is an event at the instant at which it was read.

use emulators::time::{Instant, Span};
use emulators::wire::modbus::{Request, Response};
use emulators::wire::service_map::{self as map, log};

use super::super::signal::{SignalId, Value};
use super::Timer;
use super::panel::{Panel, Wrong};
use super::sink::{Sink, flag, number};

/// Entries that latch a fault until it is acknowledged.
const LATCHING: [u16; 6] = [
    log::CONFLICT,
    log::VEHICLE_REDS_OUT,
    log::DUAL_INDICATION,
    log::CORRESPONDENCE,
    log::FEEDBACK_LOST,
    log::INTERLOCK,
];

/// Arguments of [`log::OPERATOR`].
mod log_wish {
    pub(super) const AUTOMATIC: u16 = 1;
    pub(super) const MANUAL: u16 = 2;
    pub(super) const STEP: u16 = 3;
    pub(super) const FLASH: u16 = 4;
    pub(super) const OFF: u16 = 5;
    pub(super) const RESET: u16 = 6;
}

/// The bit of a log code; codes end at [`log::RESET`], and one beyond is taken for logged.
const fn bit(code: u16) -> u64 {
    if code < u64::BITS as u16 { 1 << code } else { 0 }
}

#[derive(Clone, Debug)]
pub(super) struct Service {
    unit: Option<u8>,
    asked: Option<Request>,
    /// When the question was asked whose answer came last.
    last_question: Option<Instant>,
    /// The same, kept through a silence: what a reading shows may have been so since then.
    last_known: Option<Instant>,
    question: Instant,
    cursor: u16,
    log_count: Option<u16>,
    /// Entries known to exist and not yet read: first and the one after the last.
    missing: (u16, u16),
    /// Codes that the log has held, as bits.
    logged: u64,
    /// Uptime of the newest entry read since the controller last got power.
    last_ms: Option<u32>,
    /// Number of the log entry that told of the newest wish.
    wish_entry: Option<u16>,
    /// The upper half of the clock that was written last; the lower half alone says nothing.
    clock_high: Option<u16>,
    /// A state is believed this long.
    patience: Span,
    /// Whether it is the truth.
    pub(super) panel: Panel,
}

/// What somebody who reads the service port must see to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Learnt {
    /// The mode: whether it suspends the sequence, and since when.
    pub(super) mode: Option<(bool, Instant)>,
    /// An operator did something, since.
    pub(super) operated: Option<Instant>,
    /// A kerb's detector is now shown as lost; it was not at the reading of that time.
    pub(super) lost: [Option<Instant>; 2],
    /// Somebody acknowledged what was wrong.
    pub(super) reset: bool,
    /// The clock was set to this.
    pub(super) clock: Option<u32>,
}

impl Service {
    pub(super) fn new(unit: Option<u8>, patience: Span, policy: Option<u16>) -> Service {
        Service {
            unit,
            asked: None,
            last_question: None,
            last_known: None,
            question: Instant::ZERO,
            cursor: 0,
            log_count: None,
            missing: (0, 0),
            logged: 0,
            last_ms: None,
            patience,
            panel: Panel::new(policy),
            wish_entry: None,
            clock_high: None,
        }
    }

    /// Whether there is a service port to read.
    pub(super) const fn is_wired(&self) -> bool {
        self.unit.is_some()
    }

    /// Before the first reading a demand may stand. A detector that has never been heard of is not excused as failed.
    pub(super) fn begin(&self, sink: &mut Sink) {
        sink.set_flag(sink.ids.asked[0], true);
        sink.set(sink.ids.wish[0], Value::Level(0));
    }

    /// The rig asks the controller.
    pub(super) fn asked(&mut self, sink: &Sink, unit: u8, request: &Request) {
        self.asked = (Some(unit) == self.unit).then(|| request.clone());
        self.question = sink.now;
    }

    /// The controller answers.
    /// `clock` is the local time at the beginning of the record.
    pub(super) fn answered(&mut self, sink: &mut Sink, unit: u8, response: &Response, clock: i64) -> Learnt {
        let mut learnt = Learnt::default();
        // What answers something else is late: its question was given up, and this one's answer is still to come.
        let Some(asked) = self.asked.take_if(|asked| is_answer(asked, response)) else { return learnt };
        if Some(unit) != self.unit {
            return learnt;
        }
        match (&asked, response) {
            (Request::ReadInputs(start, count), Response::Registers(_, values)) => {
                if *start == map::MODE
                    && *count == map::STATE_LEN
                    && values.len() >= usize::from(map::STATE_LEN)
                {
                    self.state(sink, values, &mut learnt);
                } else if *start == map::LOG_WINDOW {
                    self.window(sink, values, clock, &mut learnt);
                }
            }
            (Request::WriteRegister(register, value), Response::Written(..)) => match *register {
                map::LOG_CURSOR => self.cursor = *value,
                map::CLOCK_HI => self.clock_high = Some(*value),
                map::CLOCK_LO => {
                    sink.event(sink.ids.clock_written[0], 0);
                    self.panel.clock_written();
                    learnt.clock = self.clock_high.map(|high| u32::from(high) << 16 | u32::from(*value));
                }
                map::MODE_REQUEST | map::MANUAL_STEP | map::FAULT_RESET => {
                    learnt.operated = Some(sink.now);
                    match written_wish(*register, *value) {
                        Some(wish) => Service::wish(sink, wish),
                        None => self.panel.accuse(sink, Wrong::Accepted),
                    }
                }
                _other => {}
            },
            (_question, _answer) => {}
        }
        learnt
    }

    fn state(&mut self, sink: &mut Sink, values: &[u16], learnt: &mut Learnt) {
        let at = |register: u16| values[usize::from(register)];
        let since = self.last_question.replace(self.question).unwrap_or(sink.now);
        let known = self.last_known.replace(self.question).unwrap_or(since);
        let earliest = sink.earliest;
        sink.earliest = since.min(earliest);
        let mode = match map::Mode::of(at(map::MODE)) {
            None => 0,
            Some(mode) => mode as u8,
        };
        if !sink.has(sink.ids.mode[0], Value::Level(mode)) {
            let upsets = matches!(
                map::Mode::of(at(map::MODE)),
                Some(map::Mode::Flash | map::Mode::Manual | map::Mode::Off)
            );
            learnt.mode = Some((upsets, since));
        }
        sink.set(sink.ids.mode[0], Value::Level(mode));
        let demands = [at(map::DEMAND_A) != 0, at(map::DEMAND_B) != 0];
        sink.set_flag(sink.ids.demand[0], demands[0] || demands[1]);
        sink.set_flag(sink.ids.announcing_register[0], at(map::ANNOUNCEMENT) != 0);
        sink.set(sink.ids.fault[0], number(Some(i64::from(at(map::FAULT)))));
        sink.set(sink.ids.log_count[0], number(Some(i64::from(at(map::LOG_COUNT)))));
        for (place, register) in [map::DETECTOR_A, map::DETECTOR_B].into_iter().enumerate() {
            let bits = at(register);
            if bits & 1 != 0 && !sink.is(sink.ids.lost[place]) {
                learnt.lost[place] = Some(since);
            }
            sink.set_flag(sink.ids.kerb_demand[place], demands[place]);
            Service::health(sink, place, bits, since);
            let flags = [
                sink.ids.lost[place],
                sink.ids.judged_implausible[place],
                sink.ids.stuck[place],
                sink.ids.inactive[place],
                sink.ids.erratic[place],
            ];
            for (bit, signal) in flags.into_iter().enumerate() {
                sink.set_flag(signal, bits & 1 << bit != 0);
            }
        }
        sink.earliest = earliest;
        sink.set_flag(sink.ids.demand_read[0], demands[0] || demands[1]);
        for (place, register) in [map::DETECTOR_A, map::DETECTOR_B].into_iter().enumerate() {
            sink.set_flag(sink.ids.lost_read[place], at(register) & 1 != 0);
        }
        let suspects = [at(map::DETECTOR_A) != 0, at(map::DETECTOR_B) != 0];
        let suspect = suspects[0] || suspects[1];
        let asked = suspect || demands[0] || demands[1] || mode != map::Mode::Normal as u8;
        may_have(sink, sink.ids.suspect[0], suspect, known);
        for (place, suspect) in suspects.into_iter().enumerate() {
            may_have(sink, sink.ids.kerb_suspect[place], suspect, known);
        }
        may_have(sink, sink.ids.asked[0], asked, known);
        sink.wake(Timer::Service, sink.now + self.patience);
        let ms = u32::from(at(map::LOG_LAST_MS_HI)) << 16 | u32::from(at(map::LOG_LAST_MS_LO));
        let grown = self.log_count.is_some_and(|known| known != at(map::LOG_COUNT));
        let suppressed = sink.is(sink.ids.pedestrian_red_out[0]) || at(map::FAULT) == log::PEDESTRIAN_RED_OUT;
        if suppressed || sink.is(sink.ids.upset[0]) || sink.is(sink.ids.lamp_noise[0]) {
            self.panel.recount();
        }
        self.panel.state(sink, self.question, values, grown);
        self.grown(sink, at(map::LOG_COUNT), (at(map::LOG_LAST_CODE), at(map::LOG_LAST_ARG)), ms, learnt);
        let fault = at(map::FAULT);
        // While entries are still to be read it may be among them.
        let read = self.missing.0 == self.missing.1;
        sink.set_flag(sink.ids.fault_unlogged[0], read && fault != 0 && bit(fault) & !self.logged != 0);
    }

    /// What a detector is worth. One that has failed may have been acted upon since the question before: it is told
    /// from then on.
    fn health(sink: &mut Sink, place: usize, bits: u16, since: Instant) {
        let signal = sink.ids.detector[place];
        let value = number(Some(i64::from(bits)));
        if bits != 0 && sink.has(signal, number(Some(0))) {
            let earliest = std::mem::replace(&mut sink.earliest, sink.now);
            sink.set_since(signal, value, since);
            sink.earliest = earliest;
        } else {
            sink.set(signal, value);
        }
    }

    /// No state for so long that what was last read may be wrong: nothing is known.
    pub(super) fn silent(&mut self, sink: &mut Sink) {
        let since = self.last_question.take().unwrap_or(sink.now);
        for signal in sink.ids.suspect.into_iter().chain(sink.ids.kerb_suspect) {
            sink.set_flag(signal, false);
        }
        may_have(sink, sink.ids.asked[0], true, since);
        let ids = &sink.ids;
        let pairs = [
            ids.kerb_demand,
            ids.detector,
            ids.lost,
            ids.lost_read,
            ids.judged_implausible,
            ids.stuck,
            ids.inactive,
            ids.erratic,
        ];
        let singles = [
            ids.mode[0],
            ids.demand[0],
            ids.demand_read[0],
            ids.announcing_register[0],
            ids.fault[0],
            ids.log_count[0],
        ];
        sink.set(sink.ids.panel_wrong[0], Value::Nil);
        for signal in singles.into_iter().chain(pairs.into_iter().flatten()) {
            sink.set(signal, Value::Nil);
        }
        sink.set_flag(sink.ids.fault_unlogged[0], false);
    }

    /// The log has `count` entries, and this is the newest.
    fn grown(&mut self, sink: &mut Sink, count: u16, newest_entry: (u16, u16), ms: u32, learnt: &mut Learnt) {
        let known = match self.log_count.replace(count) {
            // What a log held before it was read for the first time is not fetched: anything may be in it.
            None if count > 1 => {
                self.logged = u64::MAX;
                self.tell_logged(sink);
                count - 1
            }
            None => 0,
            // A count that has gone back is a log begun anew.
            Some(known) if count.wrapping_sub(known) > u16::MAX / 2 => {
                self.panel.accuse(sink, Wrong::LogShrunk);
                0
            }
            Some(known) => known,
        };
        if known == count {
            return;
        }
        let newest = count.wrapping_sub(1);
        if newest != known {
            self.missing = (known, newest);
        }
        self.entry(sink, newest, newest_entry, ms, learnt);
    }

    fn window(&mut self, sink: &mut Sink, values: &[u16], clock: i64, learnt: &mut Learnt) {
        for (place, entry) in values.chunks_exact(usize::from(map::LOG_ENTRY_LEN)).enumerate() {
            let number = self.cursor.wrapping_add(place as u16);
            let (first, end) = self.missing;
            if number != first || first == end || entry[0] == 0 {
                // Entries are read in order; what was skipped for good is not waited for.
                if number.wrapping_sub(first) < end.wrapping_sub(first) && entry[0] != 0 {
                    self.missing.0 = number;
                } else {
                    continue;
                }
            }
            self.missing.0 = self.missing.0.wrapping_add(1);
            let long = |high: usize| u32::from(entry[high]) << 16 | u32::from(entry[high + 1]);
            self.panel.entry(sink, long(2), long(4), clock);
            // Older than the newest, so its time says nothing about the order.
            self.entry(sink, number, (entry[0], entry[1]), self.last_ms.unwrap_or(0), learnt);
        }
    }

    /// Somebody wants something, and the controller knows: it has acknowledged the write or logged the deed. The panel's keys
    /// are not looked at (that would be the script): of a key that never reaches the log nothing is demanded.
    fn wish(sink: &mut Sink, wish: u16) {
        let level = match wish {
            log_wish::AUTOMATIC => Some(1),
            log_wish::MANUAL => Some(2),
            log_wish::FLASH => Some(3),
            log_wish::OFF => Some(4),
            // A reset may end what was asked for, and lets a controller choose.
            log_wish::RESET => Some(0),
            _step => None,
        };
        if let Some(level) = level {
            sink.set(sink.ids.wish[0], Value::Level(level));
        }
        sink.event(sink.ids.wished[0], i64::from(wish));
        if wish == log_wish::RESET {
            sink.event(sink.ids.reset_asked[0], 0);
        }
    }

    /// Without supply what was asked for is forgotten.
    pub(super) fn power_lost(&mut self, sink: &mut Sink) {
        if self.is_wired() {
            sink.set(sink.ids.wish[0], Value::Level(0));
        }
    }

    /// The log tells of a wish, or that power came since. Entries are not read in order: an older one is no news.
    fn logged_wish(&mut self, sink: &mut Sink, number: u16, (code, arg): (u16, u16)) {
        if self.wish_entry.is_some_and(|newest| number.wrapping_sub(newest) > u16::MAX / 2) {
            if (code, arg) == (log::OPERATOR, log_wish::RESET) {
                sink.event(sink.ids.reset_asked[0], 0);
            }
            return;
        }
        match code {
            log::OPERATOR => Service::wish(sink, arg),
            log::POWER_ON => sink.set(sink.ids.wish[0], Value::Level(0)),
            _other => return,
        }
        self.wish_entry = Some(number);
    }

    /// Lamp faults that have been in the log.
    fn tell_logged(&self, sink: &mut Sink) {
        let codes = [log::VEHICLE_RED_OUT, log::LAMP_OUT, log::LAMP_STUCK];
        for (code, signal) in codes.into_iter().zip(sink.ids.logged) {
            sink.set_flag(signal, self.logged & bit(code) != 0);
        }
    }

    /// One entry: its number, code and argument.
    fn entry(&mut self, sink: &mut Sink, place: u16, (code, arg): (u16, u16), ms: u32, learnt: &mut Learnt) {
        self.logged_wish(sink, place, (code, arg));
        self.logged |= bit(code);
        self.tell_logged(sink);
        if code == log::POWER_ON {
            self.last_ms = None;
        }
        // Uptime in ms wraps after 49 days: half the range is the border between before and after.
        let before = self.last_ms.replace(ms).unwrap_or(ms);
        let backwards = ms.wrapping_sub(before) > u32::MAX / 2;
        sink.set(sink.ids.log_backwards[0], flag(backwards));
        if LATCHING.contains(&code) {
            sink.set_flag(sink.ids.latched[0], true);
        } else if code == log::RESET {
            sink.set_flag(sink.ids.latched[0], false);
        }
        learnt.reset |= code == log::RESET || (code, arg) == (log::OPERATOR, log_wish::RESET);
        if matches!(code, log::OPERATOR | log::RESET) {
            learnt.operated = Some(self.last_question.unwrap_or(sink.now));
        }
        sink.event(sink.ids.log[0], i64::from(code));
        if code == log::INTERLOCK {
            let hundredths = i64::from(arg >> 4).checked_sub(1).filter(|hundredths| *hundredths >= 0);
            sink.set(sink.ids.refused_after[0], number(hundredths.map(|hundredths| hundredths * 10)));
            sink.event(sink.ids.interlock[0], i64::from(arg & 0xf));
        }
    }
}

/// What a write to a holding register asks for; what is no mode is refused.
fn written_wish(register: u16, value: u16) -> Option<u16> {
    match (register, value) {
        (map::MODE_REQUEST, 2) => Some(log_wish::AUTOMATIC),
        (map::MODE_REQUEST, 4) => Some(log_wish::FLASH),
        (map::MODE_REQUEST, 5) => Some(log_wish::MANUAL),
        (map::MODE_REQUEST, 6) => Some(log_wish::OFF),
        (map::FAULT_RESET, 1) => Some(log_wish::RESET),
        (map::MANUAL_STEP, 1) => Some(log_wish::STEP),
        (_register, _value) => None,
    }
}

/// Whether a response can be this request's: a write is echoed, a reading brings no echo.
fn is_answer(request: &Request, response: &Response) -> bool {
    match (request, response) {
        (Request::WriteRegister(register, value), Response::Written(_, echoed, written)) => {
            (register, value) == (echoed, written)
        }
        (Request::WriteRegister(..), Response::Registers(..)) => false,
        (Request::ReadInputs(..), Response::Written(..)) => false,
        (_, _) => true,
    }
}

/// A state that a reading shows may have begun any time after the reading before; it has ended when one shows it no more.
fn may_have(sink: &mut Sink, signal: SignalId, stands: bool, since: Instant) {
    if !stands {
        sink.set_flag(signal, false);
    } else if !sink.is(signal) {
        sink.set_since(signal, flag(true), since);
    }
}
