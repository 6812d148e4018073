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
}

impl Transmitter {
    /// When the next delayed frame leaves.
    pub(super) fn next(&self) -> Option<Instant> {
        self.delayed.front().map(|&(at, _)| at)
    }

    /// The next frame that leaves by `now`.
    pub(super) fn departing(&mut self, now: Instant) -> Option<Vec<u8>> {
        if self.next()? > now {
            return None;
        }
        self.delayed.pop_front().map(|(_, bytes)| bytes)
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

    /// Forgets what waits.
    pub(super) fn clear(&mut self) {
        self.delayed.clear();
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
