//! Whether the service port tells the truth: what a reading says is held against the reading before, against the clock of the
//! record and against what the street shows. What the controller alone can know is not guessed.

use emulators::time::{Instant, Span};
use emulators::wire::service_map::{self as map, log};

use super::super::signal::Value;
use super::sink::{Sink, number};

/// What is wrong, as a number: the value of the signal `PANEL_WRONG`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// The uptime went on by something else than the time that passed.
    Uptime = 1,
    /// The newest log entry was written at a time that was not between this reading and the one before.
    LogTime = 2,
    /// The stages served are not as many as the street has seen.
    Stages = 3,
    /// What is left of the announcement is not what the displays were told.
    Announcement = 4,
    /// The policy is not the site's.
    Policy = 5,
    /// The log has fewer entries than before.
    LogShrunk = 6,
    /// A value that is none of its register's was acknowledged.
    Accepted = 7,
    /// The local time of a log entry is not the clock's.
    LocalTime = 8,
    /// The newest entry is a fault that stands, and the fault register shows another one.
    Fault = 9,
}

/// A reading and the clock of the record cannot be told apart more finely: the answer's way and a turn of the controller.
const SLACK: Span = Span::from_ms(300);
/// The same for local seconds, which are whole.
const LOCAL_SLACK: i64 = 3;
/// An uptime is held against one of at least this long ago too: one in thirty is told from a clock's error.
const ANCHORED: Span = Span::from_secs(10);
/// So many readings in a row must disagree with the street: at one instant each is right for itself.
const IN_A_ROW: u8 = 5;

/// A reading of the state block.
#[derive(Clone, Copy, Debug)]
struct Reading {
    asked: Instant,
    answered: Instant,
    uptime_ms: u32,
}

impl Reading {
    /// Whether the uptime went on since an earlier reading by as much as time passed.
    fn follows(self, before: Reading) -> bool {
        let passed = u64::from(self.uptime_ms.wrapping_sub(before.uptime_ms));
        let least = self.asked.since(before.answered).saturating_sub(SLACK).as_ms();
        let most = (self.answered.since(before.asked) + SLACK).as_ms();
        (least..=most).contains(&passed)
    }
}

/// What the panel said, and what it should say.
#[derive(Clone, Debug)]
pub(super) struct Panel {
    policy: Option<u16>,
    last: Option<Reading>,
    /// A reading of some time ago: what creeps, or stands still, is not seen from one reading to the next.
    anchor: Option<Reading>,
    /// Stages as the panel counted them when counting began here, and walks seen since.
    base: Option<u16>,
    walks: u16,
    /// When that reading was asked for, and when the last walk began.
    counted_from: Instant,
    walked: Option<Instant>,
    /// The clock was set, and whether the controller has lost its supply since: then nobody knows what it shows.
    clock_set: bool,
    clock_lost: bool,
    /// Readings in a row that disagree: about stages, about the announcement.
    disagree: [u8; 2],
    wrong: Option<Wrong>,
}

const fn long(high: u16, low: u16) -> u32 {
    (high as u32) << 16 | low as u32
}

/// Faults that stand until the log or the panel says otherwise.
const fn stands(code: u16) -> bool {
    matches!(
        code,
        log::DETECTOR_LOST..=log::DETECTOR_SELF_REPORTED
            | log::CONFLICT..=log::CORRESPONDENCE
            | log::UNIT_LOST
            | log::FEEDBACK_LOST
            | log::INTERLOCK
    )
}

impl Panel {
    /// `policy` is what the site runs, as its register shows it.
    pub(super) fn new(policy: Option<u16>) -> Panel {
        Panel {
            policy,
            last: None,
            anchor: None,
            base: None,
            walks: 0,
            counted_from: Instant::ZERO,
            walked: None,
            clock_set: false,
            clock_lost: false,
            disagree: [0; 2],
            wrong: None,
        }
    }

    /// A pedestrian green began, and is known of now.
    pub(super) fn walk(&mut self, since: Instant) {
        self.walked = Some(since);
        if since < self.counted_from + SLACK {
            // Whether the reading with which counting began has it in it, nobody knows.
            self.recount();
        } else {
            self.walks = self.walks.wrapping_add(1);
        }
    }

    /// Supply comes or goes: counters may begin anew.
    pub(super) fn power_changes(&mut self) {
        (self.last, self.anchor) = (None, None);
        self.clock_lost |= self.clock_set;
        self.recount();
    }

    /// What the street shows is not what the controller wants, or it is not known: counting begins anew.
    pub(super) fn recount(&mut self) {
        self.base = None;
        self.disagree = [0; 2];
    }

    /// The state block, asked at `asked`. `grown`: its newest entry is new since the reading before.
    pub(super) fn state(&mut self, sink: &mut Sink, asked: Instant, values: &[u16], grown: bool) {
        let at = |register: u16| values[usize::from(register)];
        let uptime_ms = long(at(map::UPTIME_HI), at(map::UPTIME_LO));
        let reading = Reading { asked, answered: sink.now, uptime_ms };
        let entry_ms = long(at(map::LOG_LAST_MS_HI), at(map::LOG_LAST_MS_LO));
        let mut wrong = None;
        if let Some(last) = self.last.replace(reading) {
            let most = (reading.answered.since(last.asked) + SLACK).as_ms();
            let age = u64::from(uptime_ms.wrapping_sub(entry_ms));
            if !reading.follows(last) || !reading.follows(*self.anchor.get_or_insert(last)) {
                wrong = Some(Wrong::Uptime);
            } else if grown && age > most {
                wrong = Some(Wrong::LogTime);
            }
        }
        if self.anchor.is_some_and(|anchor| asked.since(anchor.answered) >= ANCHORED) {
            self.anchor = Some(reading);
        }
        let differ = self.stages_differ(asked, at(map::STAGES));
        if self.disagree(0, differ) {
            wrong = Some(Wrong::Stages);
        }
        let told = sink.number(sink.ids.to_walk[0]);
        let left = i64::from(at(map::ANNOUNCEMENT));
        if self.disagree(1, left > 0 && told.is_some_and(|told| told > 0 && told != left)) {
            wrong = Some(Wrong::Announcement);
        }
        let newest = at(map::LOG_LAST_CODE);
        if grown && stands(newest) && at(map::FAULT) != newest {
            wrong = Some(Wrong::Fault);
        }
        if self.policy.is_some_and(|policy| policy != at(map::POLICY)) {
            wrong = Some(Wrong::Policy);
        }
        self.tell(sink, wrong);
    }

    /// A log entry of the window: when it was written, by uptime and by local time. `clock` is the local time at the beginning of
    /// the record.
    pub(super) fn entry(&mut self, sink: &mut Sink, uptime_ms: u32, local: u32, clock: i64) {
        let Some(last) = self.last.filter(|_| !self.clock_lost) else { return };
        let age = Span::from_ms(u64::from(last.uptime_ms.wrapping_sub(uptime_ms)));
        if age > last.answered.since(Instant::ZERO) {
            // Written before the record began.
            return;
        }
        let written = clock + (last.answered.back(age).as_us() / 1_000_000) as i64;
        if (i64::from(local) - written).abs() > LOCAL_SLACK {
            self.tell(sink, Some(Wrong::LocalTime));
        }
    }

    /// Somebody sets the clock.
    pub(super) fn clock_written(&mut self) {
        (self.clock_set, self.clock_lost) = (true, false);
    }

    /// Something else that is wrong for certain.
    pub(super) fn accuse(&mut self, sink: &mut Sink, wrong: Wrong) {
        self.tell(sink, Some(wrong));
    }

    fn stages_differ(&mut self, asked: Instant, stages: u16) -> bool {
        let Some(base) = self.base else {
            if self.walked.is_none_or(|at| asked >= at + SLACK) {
                (self.base, self.walks, self.counted_from) = (Some(stages), 0, asked);
            }
            return false;
        };
        stages.wrapping_sub(base) != self.walks
    }

    fn disagree(&mut self, place: usize, now: bool) -> bool {
        self.disagree[place] = if now { self.disagree[place].saturating_add(1) } else { 0 };
        self.disagree[place] >= IN_A_ROW
    }

    fn tell(&mut self, sink: &mut Sink, wrong: Option<Wrong>) {
        if self.wrong != wrong {
            self.wrong = wrong;
            let value = wrong.map_or(Value::Nil, |wrong| number(Some(wrong as i64)));
            sink.set(sink.ids.panel_wrong[0], value);
        }
    }
}
