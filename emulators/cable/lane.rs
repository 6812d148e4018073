//! One direction of a cable: what is on the line, what is held, and what is on its way to the receivers.

use super::{Delivery, End};
use crate::time::{Instant, Line, Span};
use std::collections::VecDeque;
use std::mem;

/// The most transmissions an end may have under way.
const TRANSMISSIONS_MAX: usize = 64;
/// The most bytes an end may have under way.
const BYTES_MAX: usize = 64 * 1024;
/// What a merging converter's buffer holds; it lets go when full.
const MERGED_MAX: usize = 4 * 1024;

/// A transmission under way.
#[derive(Clone, Debug)]
pub(super) struct Transit {
    pub(super) start: Instant,
    /// While on the line: when the last bit is out. Afterwards: when it arrives.
    pub(super) at: Instant,
    /// Its share of the end's byte limit.
    size: usize,
    /// Who sent it; `None` for garbage.
    pub(super) from: Option<End>,
    pub(super) bytes: Vec<u8>,
    /// What was sent, where it differs.
    pub(super) sent: Option<Vec<u8>>,
    pub(super) collided: bool,
    /// The cable was unplugged while it was on the line.
    pub(super) lost: bool,
    /// The sender hears it too.
    pub(super) echo: bool,
}

impl Transit {
    pub(super) fn new(from: Option<End>, start: Instant, at: Instant, bytes: Vec<u8>) -> Transit {
        let size = bytes.len();
        Transit { start, at, size, from, bytes, sent: None, collided: false, lost: false, echo: false }
    }

    /// What was sent.
    pub(super) fn original(&self) -> &[u8] {
        self.sent.as_ref().unwrap_or(&self.bytes)
    }

    /// Nothing of it arrives.
    pub(super) fn lose(&mut self) {
        let bytes = mem::take(&mut self.bytes);
        self.sent.get_or_insert(bytes);
    }

    /// Something else arrives.
    pub(super) fn replace(&mut self, arrived: Vec<u8>) {
        if arrived != self.bytes {
            let bytes = mem::replace(&mut self.bytes, arrived);
            self.sent.get_or_insert(bytes);
        }
    }

    /// It leaves the line and arrives later: what there is to tell now. When it arrives nothing is sent.
    pub(super) fn depart(&mut self, at: Instant) -> Transit {
        let sent = self.sent.replace(Vec::new()).unwrap_or_else(|| self.bytes.clone());
        let left = Transit::new(self.from, self.start, at, Vec::new());
        Transit { sent: Some(sent), collided: self.collided, ..left }
    }

    /// Becomes one with the transmission that followed it.
    fn join(&mut self, next: Transit) {
        if self.sent.is_some() || next.sent.is_some() {
            self.sent.get_or_insert_with(|| self.bytes.clone()).extend(next.original());
        }
        self.bytes.extend(next.bytes);
        self.at = next.at;
        self.size += next.size;
        self.collided |= next.collided;
    }

    /// Cuts off what comes after the first `first` bytes that arrive.
    fn cut(&mut self, first: usize) -> Transit {
        let bytes = self.bytes.split_off(first);
        let sent = self.sent.as_mut().map(|sent| sent.split_off(first.min(sent.len())));
        let rest = Transit {
            sent: sent.filter(|sent| *sent != bytes),
            bytes,
            size: mem::take(&mut self.size),
            ..Transit::new(self.from, self.start, self.at, Vec::new())
        };
        if self.sent.as_ref() == Some(&self.bytes) {
            self.sent = None;
        }
        Transit { collided: self.collided, ..rest }
    }

    #[inline]
    pub(super) fn into_delivery(self) -> Delivery {
        let Transit { start, at: end, from, bytes, sent, collided, echo, .. } = self;
        // Two damages may undo each other: what arrives as it was sent is whole.
        let sent = sent.filter(|sent| *sent != bytes);
        Delivery { from, start, end, bytes, sent, echo, collided }
    }
}

/// What a lane has to do next.
pub(super) enum Step {
    /// This arrives.
    Arrive(Transit),
    /// The last bit of this has just left the line.
    Land(Transit),
    /// The line has been quiet long enough (or the buffer is full): let this go.
    Release(Transit),
}

/// One direction: everything that one end sends.
#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    /// Sending or waiting to be sent; starts and ends are known from the beginning.
    line: VecDeque<Transit>,
    /// Held until the line is quiet.
    held: Option<Transit>,
    /// Off the line, not yet there.
    arriving: VecDeque<Transit>,
    /// When the last arrival so far is due: no later transmission overtakes it.
    last_arrival: Instant,
    /// When the line will have carried everything that was sent so far.
    pub(super) busy_until: Instant,
    bytes: usize,
}

impl Lane {
    /// Whether `more` bytes may be sent.
    pub(super) fn has_room(&self, more: usize) -> bool {
        let transmissions = self.line.len() + self.arriving.len() + usize::from(self.held.is_some());
        transmissions < TRANSMISSIONS_MAX && self.bytes.saturating_add(more) <= BYTES_MAX
    }

    /// Puts a transmission on the line; it starts no sooner than the one before has ended.
    pub(super) fn push(&mut self, transit: Transit) {
        self.bytes += transit.size;
        self.busy_until = transit.at;
        self.line.push_back(transit);
    }

    /// What is on the line or waiting for it.
    pub(super) fn on_line(&mut self) -> impl Iterator<Item = &mut Transit> {
        self.line.iter_mut()
    }

    /// Whether a transmission that leaves the line arrives at once if nothing is wrong.
    pub(super) fn is_clear(&self) -> bool {
        self.arriving.is_empty() && self.held.is_none()
    }

    /// When the next step is due; [`Instant::MAX`] if there is none.
    pub(super) fn due(&self, stalled_until: Instant, merge: Option<Span>) -> Instant {
        let mut due = self.line_due();
        if let Some(arriving) = self.arriving.front() {
            due = due.min(arriving.at.max(stalled_until));
        }
        if self.held.is_some() {
            due = due.min(self.release_due(merge));
        }
        due
    }

    /// When the held bytes are let go; never while something is on the line that began before that.
    fn release_due(&self, merge: Option<Span>) -> Instant {
        let Some(held) = &self.held else { return Instant::MAX };
        let due = held.at + merge.unwrap_or(Span::ZERO);
        if held.size >= MERGED_MAX {
            return held.at;
        }
        if self.line.front().is_some_and(|next| next.start < due) { Instant::MAX } else { due }
    }

    /// Takes the step due at `at`. What has been under way longest comes first.
    pub(super) fn step(&mut self, at: Instant, stalled_until: Instant, merge: Option<Span>) -> Option<Step> {
        if self.arriving.front().is_some_and(|transit| transit.at.max(stalled_until) <= at) {
            let transit = self.arriving.pop_front()?;
            self.bytes -= transit.size;
            return Some(Step::Arrive(transit));
        }
        if self.held.is_some() && self.release_due(merge) <= at {
            return self.held.take().map(Step::Release);
        }
        if self.line.front().is_some_and(|transit| transit.at <= at) {
            return self.line.pop_front().map(Step::Land);
        }
        None
    }

    /// Takes what leaves the line and arrives at once.
    pub(super) fn pass(&mut self) -> Option<Transit> {
        let transit = self.line.pop_front()?;
        self.bytes -= transit.size;
        Some(transit)
    }

    /// When what is on the line leaves it; [`Instant::MAX`] if there is nothing.
    pub(super) fn line_due(&self) -> Instant {
        self.line.front().map_or(Instant::MAX, |transit| transit.at)
    }

    /// Holds a transmission until the line is quiet.
    pub(super) fn hold(&mut self, transit: Transit) {
        match &mut self.held {
            Some(held) => held.join(transit),
            None => self.held = Some(transit),
        }
    }

    /// A transmission is to arrive at `at`, or later if an earlier one does. Split: its bytes after the first
    /// `first` come `pause` later.
    pub(super) fn schedule(&mut self, mut transit: Transit, at: Instant, split: Option<(usize, Span)>) {
        let rest = split.map(|(first, pause)| (transit.cut(first), at + pause));
        transit.at = at.max(self.last_arrival);
        self.last_arrival = transit.at;
        self.arriving.push_back(transit);
        if let Some((mut rest, at)) = rest {
            rest.at = at.max(self.last_arrival);
            self.last_arrival = rest.at;
            self.arriving.push_back(rest);
        }
    }

    /// Merging ends: what is held goes now.
    pub(super) fn let_go(&mut self, now: Instant) {
        if let Some(held) = self.held.take() {
            self.schedule(held, now, None);
        }
    }

    /// The cable is plugged in again at `now`: what was under way before is lost.
    pub(super) fn lose_all(&mut self, now: Instant) {
        for transit in self.line.iter_mut().filter(|transit| transit.start < now) {
            transit.lost = true;
        }
        self.held.iter_mut().chain(&mut self.arriving).for_each(Transit::lose);
    }

    /// Noise gives way to somebody who starts to drive the line at `at`: only whole characters remain, and
    /// they end then.
    pub(super) fn cut_noise(&mut self, at: Instant, line: Line) {
        let Some(mut burst) = self.line.pop_back() else { return };
        self.bytes -= burst.size;
        let whole = (0..=burst.bytes.len()).rev().find(|&n| burst.start + line.time_of(n) <= at);
        burst.bytes.truncate(whole.unwrap_or(0));
        burst.size = burst.bytes.len();
        burst.at = burst.at.min(at);
        self.busy_until = burst.at;
        if burst.size > 0 {
            self.push(burst);
        }
    }
}
