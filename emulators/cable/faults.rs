//! What is wrong with a cable at the moment, and what that does to the bytes on it.
//!
//! Every kind of fault draws from its own generator: taking one fault away leaves the others as they were,
//! which is what makes a failing run shrink. A fault with probability zero draws nothing.

use super::Fault;
use crate::time::{Instant, Span};
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// The faults in force, one of each kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    /// Whether anything at all is wrong; the only field the healthy path looks at.
    pub(super) any: bool,
    drop_ppm: u32,
    flip_ppm: u32,
    duplicate_ppm: u32,
    pub(super) delay: Span,
    pub(super) jitter: Span,
    /// Nothing arrives before this. Survives mending as the instant of the mending, so that what was held
    /// arrives then.
    pub(super) stalled_until: Instant,
    pub(super) split: Option<Span>,
    pub(super) merge: Option<Span>,
    pub(super) garbage_per_hour: u32,
    pub(super) echo: bool,
    pub(super) held_in_break: bool,
    pub(super) unplugged: bool,
}

impl Faults {
    /// A fault begins, or changes its size.
    pub(super) fn begin(&mut self, now: Instant, fault: Fault) {
        self.any = true;
        match fault {
            Fault::Drop(ppm) => self.drop_ppm = ppm,
            Fault::Flip(ppm) => self.flip_ppm = ppm,
            Fault::Duplicate(ppm) => self.duplicate_ppm = ppm,
            Fault::Delay(span) => self.delay = span,
            Fault::Jitter(span) => self.jitter = span,
            Fault::Stall(span) => self.stalled_until = now + span,
            Fault::Split(pause) => self.split = Some(pause),
            Fault::Merge(quiet) => self.merge = Some(quiet),
            Fault::Garbage(per_hour) => self.garbage_per_hour = per_hour,
            Fault::Echo => self.echo = true,
            Fault::Break => self.held_in_break = true,
            Fault::Unplugged => self.unplugged = true,
        }
    }

    /// All faults end.
    pub(super) fn mend(&mut self, now: Instant) {
        let stalled_until = self.stalled_until.min(now);
        *self = Faults { stalled_until, ..Faults::default() };
    }

    /// Whether what leaves the line now may arrive later.
    pub(super) fn holds_up(&self, now: Instant) -> bool {
        let waits = self.delay > Span::ZERO || self.jitter > Span::ZERO || self.stalled_until > now;
        waits || self.split.is_some() || self.merge.is_some()
    }

    /// Whether bytes may arrive other than they were sent.
    pub(super) fn damages(&self) -> bool {
        self.held_in_break || self.drop_ppm > 0 || self.flip_ppm > 0 || self.duplicate_ppm > 0
    }

    /// What arrives of `sent`. At most twice as long.
    pub(super) fn damage(&self, draws: &mut Draws, sent: &[u8]) -> Vec<u8> {
        let mut arrived = Vec::with_capacity(sent.len());
        for &byte in sent {
            // All three are drawn for every byte, so that no kind moves the draws of another.
            let dropped = draws.hit(Draw::Drop, self.drop_ppm);
            let flipped = draws.hit(Draw::Flip, self.flip_ppm);
            let doubled = draws.hit(Draw::Duplicate, self.duplicate_ppm);
            let byte = if flipped { byte ^ (1 << draws.below(Draw::Flip, 8)) } else { byte };
            if !dropped {
                arrived.push(byte);
                if doubled {
                    arrived.push(byte);
                }
            }
        }
        if self.held_in_break {
            arrived.fill(0);
        }
        arrived
    }
}

/// What a draw is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Draw {
    Drop,
    Flip,
    Duplicate,
    Jitter,
    Split,
    Garbage,
}

/// One generator for each purpose, all from the cable's seed. Integers only.
#[derive(Clone, Debug)]
pub(super) struct Draws([Pcg64Mcg; 6]);

impl Draws {
    pub(super) fn new(seed: u64) -> Draws {
        // The odd constant (2^64 / golden ratio) keeps the purposes' seeds apart whatever the cable's seed is.
        Draws([0, 1, 2, 3, 4, 5].map(|purpose: u64| {
            Pcg64Mcg::seed_from_u64(seed.wrapping_add(purpose.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
        }))
    }

    /// True with this probability per million. Impossible things draw nothing.
    pub(super) fn hit(&mut self, draw: Draw, per_million: u32) -> bool {
        per_million > 0 && self.0[draw as usize].next_u32() % 1_000_000 < per_million
    }

    /// A number in `0..bound` (`0` where the bound is 0 or 1, without a draw).
    pub(super) fn below(&mut self, draw: Draw, bound: u64) -> u64 {
        if bound <= 1 { 0 } else { self.0[draw as usize].next_u64() % bound }
    }
}
