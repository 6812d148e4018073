//! Where changes go: a short queue that puts them in order of their instants.
//!
//! Some truths are known later than they begin (a flashing aspect, a presence that lasts, what led up to a flash). The
//! queue holds everything back for [`LAG`], so that late knowledge still finds its place, and what never was is
//! taken out again before anybody has seen it.

use std::collections::VecDeque;

use emulators::time::{Instant, Span};
use emulators::timer::Timers;

use super::super::signal::{Change, SignalId, Value};
use super::Timer;
use super::vocabulary::Ids;

/// How long a change is held back: the latest an aspect is known, and the anticipation of `UPSET` before it.
pub(super) const LAG: Span = Span::from_ms(3_000);

/// The queue, the timers and the instant that is being looked at.
#[derive(Clone, Debug)]
pub(super) struct Sink {
    pub(super) ids: Ids,
    pub(super) timers: Timers<Timer>,
    /// No timer is due before this: a cheap answer to "is anything due?".
    pub(super) due: Instant,
    /// The present.
    pub(super) now: Instant,
    /// What is looked at became true at the earliest then; `now` at the latest.
    pub(super) earliest: Instant,
    /// What [`Sink::set_since`] is told may have begun so much earlier.
    pub(super) vague: Span,
    queue: VecDeque<Change>,
    /// The newest value of each signal, in the queue or gone from it.
    newest: Vec<Value>,
    /// The value of each signal that has left the queue.
    gone: Vec<Value>,
    /// Everything up to here has left the queue.
    settled: Instant,
}

pub(super) const fn flag(on: bool) -> Value {
    Value::Level(on as u8)
}

pub(super) fn number(number: Option<i64>) -> Value {
    number.map_or(Value::Nil, Value::Number)
}

impl Sink {
    pub(super) fn new(ids: Ids, signals: usize) -> Sink {
        Sink {
            ids,
            timers: Timers::default(),
            due: Instant::MAX,
            now: Instant::ZERO,
            earliest: Instant::ZERO,
            vague: Span::ZERO,
            queue: VecDeque::new(),
            newest: vec![Value::Nil; signals],
            gone: vec![Value::Nil; signals],
            settled: Instant::ZERO,
        }
    }

    /// Sets (or moves) a timer.
    pub(super) fn wake(&mut self, timer: Timer, at: Instant) {
        self.timers.set(timer, at);
        self.due = self.due.min(at);
    }

    /// The signal takes this value now.
    pub(super) fn set(&mut self, signal: SignalId, value: Value) {
        let newest = &mut self.newest[usize::from(signal.0)];
        if *newest != value {
            *newest = value;
            let change = Change {
                signal,
                value,
                at: self.now,
                since: self.earliest,
                uncertainty: self.now.since(self.earliest),
            };
            self.insert(change);
        }
    }

    pub(super) fn set_flag(&mut self, signal: SignalId, on: bool) {
        self.set(signal, flag(on));
    }

    /// The newest value, settled or not.
    pub(super) fn is(&self, signal: SignalId) -> bool {
        self.newest[usize::from(signal.0)] == flag(true)
    }

    /// The newest value of a number.
    pub(super) fn number(&self, signal: SignalId) -> Option<i64> {
        match self.newest[usize::from(signal.0)] {
            Value::Number(number) => Some(number),
            Value::Nil | Value::Level(_) => None,
        }
    }

    /// Whether this is the newest value.
    pub(super) fn has(&self, signal: SignalId, value: Value) -> bool {
        self.newest[usize::from(signal.0)] == value
    }

    /// The signal has had this value since `since`, which is known only now. Whatever the queue holds of it from then on never was.
    pub(super) fn set_since(&mut self, signal: SignalId, value: Value, since: Instant) {
        let at = since.max(self.settled).min(self.now);
        let index = usize::from(signal.0);
        let mut before = self.gone[index];
        self.queue.retain(|change| {
            let keep = change.signal != signal || change.at < at;
            if keep && change.signal == signal {
                before = change.value;
            }
            keep
        });
        self.newest[index] = value;
        if before != value {
            let uncertainty = self.vague;
            self.insert(Change { signal, value, at, since: at.back(uncertainty), uncertainty });
        }
    }

    /// An event happens now, carrying a number.
    pub(super) fn event(&mut self, signal: SignalId, number: i64) {
        let (at, since) = (self.now, self.earliest);
        let value = Value::Number(number);
        self.insert(Change { signal, value, at, since, uncertainty: at.since(since) });
    }

    fn insert(&mut self, change: Change) {
        let place = self.queue.iter().rposition(|other| other.at <= change.at).map_or(0, |place| place + 1);
        self.queue.insert(place, change);
    }

    /// Hands on what nothing can change any more.
    pub(super) fn settle(&mut self, until: Instant, changes: &mut Vec<Change>) {
        self.settled = self.settled.max(until);
        while let Some(change) = self.queue.pop_front_if(|change| change.at <= until) {
            self.gone[usize::from(change.signal.0)] = change.value;
            changes.push(change);
        }
    }

    pub(super) fn settled(&self) -> Instant {
        self.settled
    }
}
