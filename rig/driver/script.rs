//! Where what happens from outside comes from.

use emulators::time::{Instant, Span};

use crate::bench::Observation;
use crate::scenario::Stimulus;

/// What happens from outside, in order of time. It may look at the street before it decides; it is not the judge's.
pub trait Script {
    /// When it wants to act next; [`Instant::MAX`]: not before it has seen something.
    fn due(&self) -> Instant;

    /// It is its time. `None`: it only looked at the clock.
    fn act(&mut self, now: Instant) -> Option<Stimulus>;

    /// Something happened on the bench.
    fn see(&mut self, now: Instant, observation: &Observation);

    /// When the run ends, as far as is known by now.
    fn end(&self) -> Instant;
}

/// A script that is known from the beginning.
#[derive(Clone, Copy, Debug)]
pub struct Fixed<'a> {
    steps: &'a [(Instant, Stimulus)],
    end: Instant,
}

impl<'a> Fixed<'a> {
    /// `steps` are in order of time.
    #[must_use]
    pub fn new(steps: &'a [(Instant, Stimulus)], lasts: Span) -> Fixed<'a> {
        Fixed { steps, end: Instant::ZERO + lasts }
    }
}

impl Script for Fixed<'_> {
    #[inline]
    fn due(&self) -> Instant {
        self.steps.first().map_or(Instant::MAX, |step| step.0)
    }

    fn act(&mut self, _now: Instant) -> Option<Stimulus> {
        let ((_, stimulus), rest) = self.steps.split_first()?;
        self.steps = rest;
        Some(stimulus.clone())
    }

    #[inline]
    fn see(&mut self, _now: Instant, _observation: &Observation) {}

    #[inline]
    fn end(&self) -> Instant {
        self.end
    }
}
