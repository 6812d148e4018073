//! A cable: bytes take their character time; several may be connected to one bus; faults are seeded.

mod collision;
#[cfg(test)]
mod fault_tests;
mod faults;
mod garbage;
mod lane;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;

use crate::device::{DRAIN_LIMIT, Wake};
use crate::time::{CharacterTimes, Instant, Line, Span};
use faults::{Draw, Draws, Faults};
use lane::{Lane, Step, Transit};
use std::collections::VecDeque;

/// Why a cable wakes: bytes leave the line, are let go or arrive.
const ARRIVAL: &str = "arrival";
/// Why a cable wakes: a burst of garbage begins.
const GARBAGE: &str = "garbage";

/// How a cable may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplex {
    /// Two ends, both may send at once.
    Full,
    /// Any number of ends, one may send at a time; overlapping transmissions garble each other.
    Shared,
}

/// One end of a cable, in site order. End 0 is the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct End(pub u8);

/// A cable's make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The line.
    pub line: Line,
    /// Use.
    pub duplex: Duplex,
    /// Number of ends, 2..32.
    pub ends: u8,
    /// Seeds the faults.
    pub seed: u64,
}

/// What can be wrong with a cable. Probabilities are per million.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Each byte is lost with this probability.
    Drop(u32),
    /// Each byte has one bit flipped with this probability.
    Flip(u32),
    /// Each byte arrives twice with this probability.
    Duplicate(u32),
    /// Everything arrives this much later (stalls of a converter).
    Delay(Span),
    /// Each transmission arrives later by up to this much; order is kept.
    Jitter(Span),
    /// Nothing arrives during the span, then everything at once.
    Stall(Span),
    /// Transmissions arrive in two parts with this pause between them.
    Split(Span),
    /// Transmissions are held until the line has been quiet this long, then arrive as one.
    Merge(Span),
    /// Bursts of random bytes at idle: about this many per hour, up to 16 bytes each; some hold 55 AA or C0.
    Garbage(u32),
    /// The sender hears its own bytes (late driver disable).
    Echo,
    /// The line is held in break: every character arrives as 00.
    Break,
    /// Pulled out: nothing arrives until plugged in.
    Unplugged,
}

/// What can happen to a cable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A fault begins; several may hold at once, one of each kind.
    Break(Fault),
    /// All faults end.
    Mend,
}

/// One transmission as the cable saw it, handed out at the instant its last byte arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Who sent it; `None` for garbage nobody sent.
    pub from: Option<End>,
    /// When its first bit was on the line.
    pub start: Instant,
    /// When its last byte arrives: the instant of the delivery.
    pub end: Instant,
    /// What arrives; empty if nothing does.
    pub bytes: Vec<u8>,
    /// What was sent, where it differs from what arrives. See [`Cable::tell_departures`].
    pub sent: Option<Vec<u8>>,
    /// Whether the sender hears it too (echo).
    pub echo: bool,
    /// Another transmission was on the line at the same time (shared cables).
    pub collided: bool,
}

/// The cable. Same words as a device, but one delivery serves all other ends.
///
/// **When a fault counts.** Damage to bytes: if it holds when the last byte leaves the line. Stall, echo and
/// unplugged: if they hold on arrival. A transmission that was under way at any moment while the cable was
/// unplugged is lost.
///
/// **Order.** Within a direction nothing overtakes; at one instant deliveries come in the order of their ends,
/// garbage last.
///
/// **Limits.** An end may have 64 transmissions and 64 KiB under way (sending, queued, held or delayed); what
/// exceeds that is delivered at once as nothing, with `sent`, so that the trace shows it. The owner drains
/// [`Cable::poll_delivery`] after every call. A cable that is woken very late hands out at most 1,000 deliveries
/// a call and asks to be called again at once.
#[derive(Clone, Debug)]
pub struct Cable {
    config: Config,
    times: CharacterTimes,
    /// One for each end, and the last for garbage.
    lanes: Vec<Lane>,
    /// When each lane's next step is due; [`Instant::MAX`] if there is none.
    due: Vec<Instant>,
    /// The lane whose step is due first, and when.
    next: (usize, Instant),
    /// The latest `busy_until` of the ends.
    busy_until: Instant,
    faults: Faults,
    draws: Draws,
    /// When the next burst of garbage wants to begin.
    garbage_at: Instant,
    /// The latest instant seen: what is suddenly overdue (a shorter merge) happens then, not in the past.
    clock: Instant,
    departures: bool,
    /// What has arrived; it becomes a delivery when it is asked for, so that it is moved whole until then.
    out: VecDeque<Transit>,
    wake: Option<Wake>,
}

impl Cable {
    /// A cable with nothing on it and nothing wrong.
    #[must_use]
    pub fn new(config: Config) -> Cable {
        let lanes = usize::from(config.ends) + 1;
        Cable {
            config,
            times: CharacterTimes::new(config.line),
            lanes: vec![Lane::default(); lanes],
            due: vec![Instant::MAX; lanes],
            next: (0, Instant::MAX),
            busy_until: Instant::ZERO,
            faults: Faults::default(),
            draws: Draws::new(config.seed),
            garbage_at: Instant::MAX,
            clock: Instant::ZERO,
            departures: false,
            out: VecDeque::new(),
            wake: None,
        }
    }

    /// From now on what an end sent and a fault holds up is delivered twice: when it leaves the line (`sent` is what was
    /// sent, nothing arrives), and when it arrives (`sent` is empty). For cables on which nobody answers: only so it
    /// can be told at once that somebody speaks.
    #[must_use]
    pub fn tell_departures(mut self) -> Cable {
        self.departures = true;
        self
    }

    /// An end starts to send now. An end that is still sending queues behind itself. Nothing to send is
    /// nothing sent.
    pub fn send(&mut self, now: Instant, from: End, bytes: Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        self.catch_up(now);
        let index = usize::from(from.0);
        if from.0 >= self.config.ends || !self.lanes[index].has_room(bytes.len()) {
            let mut refused = Transit::new(Some(from), now, now, bytes);
            refused.lose();
            self.out.push_back(refused);
            return;
        }
        let start = self.lanes[index].busy_until.max(now);
        let end = start + self.times.of(bytes.len());
        if start < self.busy_until && self.config.duplex == Duplex::Shared {
            let mut transit = Transit::new(Some(from), start, end, bytes);
            self.collide(index, &mut transit);
            self.lanes[index].push(transit);
        } else {
            self.lanes[index].push(Transit::new(Some(from), start, end, bytes));
        }
        self.busy_until = self.busy_until.max(end);
        if self.faults.any {
            self.cut_noise(start);
            self.due[index] = self.lanes[index].due(self.faults.stalled_until, self.faults.merge);
            self.set_wake();
        } else if end < self.due[index] {
            self.due[index] = end;
            let (first, at) = self.next;
            if (end, index) < (at, first) {
                self.next = (index, end);
            }
            if self.wake.is_none_or(|wake| end < wake.at) {
                self.wake = Some(Wake { at: end, why: ARRIVAL });
            }
        }
    }

    /// Something happens to the cable.
    pub fn handle_act(&mut self, now: Instant, act: Act) {
        self.catch_up(now);
        match act {
            Act::Break(fault) => {
                self.faults.begin(now, fault);
                if let Fault::Garbage(per_hour) = fault {
                    self.plan_garbage(now, per_hour);
                }
            }
            Act::Mend => {
                self.cut_noise(now);
                for lane in &mut self.lanes {
                    if self.faults.unplugged {
                        lane.lose_all(now);
                    }
                    lane.let_go(now);
                }
                self.faults.mend(now);
                self.garbage_at = Instant::MAX;
            }
        }
        for (lane, due) in self.lanes.iter().zip(&mut self.due) {
            *due = lane.due(self.faults.stalled_until, self.faults.merge);
        }
        self.set_wake();
    }

    /// The wake has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.wake.is_some_and(|wake| wake.at <= now) {
            self.run(now);
        }
        self.clock = now;
    }

    /// The next delivery, until `None`.
    pub fn poll_delivery(&mut self) -> Option<Delivery> {
        self.out.pop_front().map(Transit::into_delivery)
    }

    /// When to call again.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Wake> {
        self.wake
    }

    /// Does what was due before `now`. What is due at `now` itself waits for the timeout: inputs come first.
    fn catch_up(&mut self, now: Instant) {
        if self.wake.is_some_and(|wake| wake.at < now) {
            self.run(now.back(Span::from_us(1)));
        }
        self.clock = now;
    }

    /// Takes every step due until `now`, in order.
    fn run(&mut self, now: Instant) {
        while self.out.len() < DRAIN_LIMIT {
            let (index, at) = self.next;
            if at.min(self.garbage_at) > now || at.min(self.garbage_at) == Instant::MAX {
                self.set_wake_to(at);
                return;
            }
            if !self.faults.any && self.lanes[index].is_clear() {
                self.pass(index, at);
            } else if at <= self.garbage_at {
                self.step(index, at.max(self.clock));
            } else {
                self.begin_garbage();
            }
            self.next = self.next_lane();
        }
        self.set_wake_to(self.next.1);
    }

    /// Nothing is wrong: what leaves the line arrives. The path that nearly every transmission takes.
    fn pass(&mut self, index: usize, at: Instant) {
        if let Some(transit) = self.lanes[index].pass() {
            if transit.lost || transit.bytes.is_empty() {
                self.pass_lost(transit, at);
            } else {
                self.out.push_back(transit);
            }
        }
        self.due[index] = self.lanes[index].line_due();
    }

    /// It was lost while it was on the line. Out of line, so that what is whole is moved whole.
    #[cold]
    #[inline(never)]
    fn pass_lost(&mut self, mut transit: Transit, at: Instant) {
        if transit.lost {
            transit.lose();
        }
        self.hand_out(transit, at);
    }

    fn step(&mut self, index: usize, at: Instant) {
        let Faults { stalled_until, merge, .. } = self.faults;
        match self.lanes[index].step(at, stalled_until, merge) {
            Some(Step::Land(transit)) => self.land(index, transit, at),
            Some(Step::Release(transit)) => self.schedule(index, transit, at),
            Some(Step::Arrive(mut transit)) => {
                if self.faults.unplugged {
                    transit.lose();
                }
                self.hand_out(transit, at);
            }
            None => {}
        }
        self.due[index] = self.lanes[index].due(stalled_until, merge);
    }

    /// The last bit of a transmission has left the line of a cable with something wrong.
    fn land(&mut self, index: usize, mut transit: Transit, at: Instant) {
        if transit.lost || self.faults.unplugged {
            transit.lose();
        } else if self.faults.damages() && self.is_end(index) {
            let arrived = self.faults.damage(&mut self.draws, &transit.bytes);
            transit.replace(arrived);
        }
        let held_up = self.faults.holds_up(at) || !self.lanes[index].is_clear();
        if self.departures && held_up && self.is_end(index) {
            self.out.push_back(transit.depart(at));
        }
        if self.faults.merge.is_some() {
            self.lanes[index].hold(transit);
        } else {
            self.schedule(index, transit, at);
        }
    }

    fn schedule(&mut self, index: usize, transit: Transit, at: Instant) {
        let jitter = self.draws.below(Draw::Jitter, self.faults.jitter.as_us().saturating_add(1));
        let len = transit.bytes.len() as u64;
        let split = self.faults.split.filter(|_| len > 1).map(|pause| {
            let first = 1 + self.draws.below(Draw::Split, len - 1);
            (first as usize, pause)
        });
        self.lanes[index].schedule(transit, at + self.faults.delay + Span::from_us(jitter), split);
    }

    #[inline]
    fn hand_out(&mut self, mut transit: Transit, at: Instant) {
        // Lost garbage, which nobody sent, is not worth a word; nor is the lost rest of a split transmission
        // all of whose sent bytes were told with its first part.
        let told = transit.from.is_none() || transit.sent.as_ref().is_none_or(Vec::is_empty);
        if !(transit.bytes.is_empty() && told) {
            if transit.at != at {
                transit.at = at;
            }
            if self.faults.echo {
                transit.echo = transit.from.is_some();
            }
            self.out.push_back(transit);
        }
    }

    fn collide(&mut self, index: usize, transit: &mut Transit) {
        let line = self.config.line;
        let (start, end) = (transit.start, transit.at);
        for (other, lane) in self.lanes.iter_mut().enumerate() {
            if other == index || other == usize::from(self.config.ends) || lane.busy_until <= start {
                continue;
            }
            for theirs in lane.on_line().filter(|theirs| theirs.start < end && theirs.at > start) {
                collision::collide(theirs, transit, line);
            }
        }
    }

    fn plan_garbage(&mut self, from: Instant, per_hour: u32) {
        self.garbage_at = match per_hour {
            0 => Instant::MAX,
            per_hour => from + garbage::gap(&mut self.draws, per_hour),
        };
    }

    /// A burst is due. It waits for an idle line, and a line that is pulled out or held in break makes none.
    fn begin_garbage(&mut self) {
        let at = self.garbage_at;
        if self.busy_until > at {
            self.garbage_at = self.busy_until;
            return;
        }
        let mut end = at;
        if !self.faults.unplugged && !self.faults.held_in_break {
            let index = usize::from(self.config.ends);
            let bytes = garbage::burst(&mut self.draws);
            end = at + self.config.line.time_of(bytes.len());
            if self.lanes[index].has_room(bytes.len()) {
                self.lanes[index].push(Transit::new(None, at, end, bytes));
                self.due[index] = self.lanes[index].due(self.faults.stalled_until, self.faults.merge);
            }
        }
        self.plan_garbage(end, self.faults.garbage_per_hour);
    }

    /// Whoever drives the line silences the noise on it.
    fn cut_noise(&mut self, at: Instant) {
        let index = usize::from(self.config.ends);
        if self.lanes[index].busy_until > at {
            self.lanes[index].cut_noise(at, self.config.line);
            self.due[index] = self.lanes[index].due(self.faults.stalled_until, self.faults.merge);
        }
    }

    fn is_end(&self, index: usize) -> bool {
        index < usize::from(self.config.ends)
    }

    /// The lane whose step is due first; at one instant the first lane.
    fn next_lane(&self) -> (usize, Instant) {
        let mut next = (0, Instant::MAX);
        for (index, &at) in self.due.iter().enumerate() {
            if at < next.1 {
                next = (index, at);
            }
        }
        next
    }

    fn set_wake(&mut self) {
        self.next = self.next_lane();
        self.set_wake_to(self.next.1);
    }

    /// The first step of any lane is due at `at`.
    fn set_wake_to(&mut self, at: Instant) {
        self.wake = if at.min(self.garbage_at) == Instant::MAX {
            None
        } else if at <= self.garbage_at {
            Some(Wake { at, why: ARRIVAL })
        } else {
            Some(Wake { at: self.garbage_at, why: GARBAGE })
        };
    }
}
