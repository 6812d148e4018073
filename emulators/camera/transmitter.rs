//! The way out: frames leave in order, perhaps late, twice, damaged, or not at all.

use std::collections::VecDeque;

use rand_core::Rng;
use rand_pcg::Pcg64Mcg;

use super::faults::Faults;
use crate::time::{Instant, Span};

/// Frames that wait to leave (a late camera); beyond that the newest are lost.
const WAITING: usize = 4_096;

/// How much later a repeated frame's copy leaves.
const REPEAT_AFTER: Span = Span::from_ms(100);

/// Frames on their way out.
#[derive(Clone, Debug, Default)]
pub(super) struct Transmitter {
    /// Frames that leave later, in order.
    delayed: VecDeque<(Instant, Vec<u8>)>,
    /// Old reports that leave once more, in order; newer ones overtake them.
    replays: VecDeque<(Instant, Vec<u8>)>,
}

impl Transmitter {
    /// When the next delayed frame leaves.
    pub(super) fn next(&self) -> Option<Instant> {
        let first = |queue: &VecDeque<(Instant, Vec<u8>)>| queue.front().map(|&(at, _)| at);
        first(&self.delayed).into_iter().chain(first(&self.replays)).min()
    }

    /// The next frame that leaves by `now`.
    pub(super) fn departing(&mut self, now: Instant) -> Option<Vec<u8>> {
        let due = |queue: &mut VecDeque<(Instant, Vec<u8>)>| queue.pop_front_if(|(at, _)| *at <= now);
        due(&mut self.delayed).or_else(|| due(&mut self.replays)).map(|(_, bytes)| bytes)
    }

    /// Takes a frame: gives it back if it leaves at once, else keeps it until its time. No frame overtakes.
    pub(super) fn take(
        &mut self,
        now: Instant,
        bytes: Vec<u8>,
        faults: &Faults,
        rng: &mut Pcg64Mcg,
    ) -> Option<Vec<u8>> {
        let mut at = now + faults.late;
        if faults.jitter > Span::ZERO {
            at += Span::from_us(rng.next_u64() % faults.jitter.as_us().saturating_add(1));
        }
        if let Some(&(last, _)) = self.delayed.back() {
            at = at.max(last);
        } else if at <= now {
            return Some(bytes);
        }
        if self.delayed.len() < WAITING {
            self.delayed.push_back((at, bytes));
        }
        None
    }

    /// Keeps a second copy of a frame that leaves (or waits) for a little later, as a sender does that missed its
    /// acknowledgement: at once it would run into the answer on a half-duplex line.
    pub(super) fn again(&mut self, now: Instant, bytes: Vec<u8>) {
        let earliest = self.delayed.back().map_or(now, |&(last, _)| last.max(now));
        if self.delayed.len() < WAITING {
            self.delayed.push_back((earliest + REPEAT_AFTER, bytes));
        }
    }

    /// Keeps a report that leaves once more at `at`.
    pub(super) fn replay(&mut self, at: Instant, bytes: Vec<u8>) {
        // Another delay may have been chosen meanwhile: they stay in order.
        let at = self.replays.back().map_or(at, |&(last, _)| last.max(at));
        if self.replays.len() < WAITING {
            self.replays.push_back((at, bytes));
        }
    }

    /// Forgets what waits.
    pub(super) fn clear(&mut self) {
        self.delayed.clear();
        self.replays.clear();
    }
}

/// Spoils the checksum: one bit of its last byte, and never so that the byte becomes a delimiter or an escape.
pub(super) fn spoil(frame: &mut [u8]) {
    if let [.., last, _] = frame {
        *last = match *last ^ 1 {
            0xc0 | 0xdb => *last ^ 2,
            spoilt => spoilt,
        };
    }
}
