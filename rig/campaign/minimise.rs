//! The second stage of shrinking, on the concrete timeline, whatever generated it: fewer events, shorter waits, round
//! numbers. What it is given fails, and so does what it gives back.

use emulators::crowd::Habit;
use emulators::time::{Instant, Span};

use crate::scenario::Stimulus;

/// What happened, in order of time.
pub(super) type Steps = Vec<(Instant, Stimulus)>;

/// A timeline and how long the run lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Timeline {
    /// What happens, in order of time.
    pub(super) steps: Steps,
    /// When the run ends.
    pub(super) lasts: Span,
}

impl Timeline {
    /// The same up to an instant.
    pub(super) fn until(&self, end: Instant) -> Timeline {
        let steps = self.steps.iter().filter(|(at, _)| *at <= end).cloned().collect();
        Timeline { steps, lasts: self.lasts.min(end.since(Instant::ZERO)) }
    }
}

/// Times are rounded to these where it still fails.
const ROUND: [Span; 4] = [Span::from_secs(10), Span::from_secs(1), Span::from_ms(100), Span::from_ms(10)];
/// A gap is shortened until what is left to try is less than this.
const FINE: Span = Span::from_ms(1);

struct Minimiser<'a> {
    best: Timeline,
    budget: usize,
    fails: &'a mut dyn FnMut(&Timeline) -> bool,
}

/// Makes `timeline` smaller while `fails` says that it still fails, within `budget` trials.
pub(super) fn minimise(
    timeline: Timeline,
    budget: usize,
    fails: &mut dyn FnMut(&Timeline) -> bool,
) -> Timeline {
    let mut minimiser = Minimiser { best: timeline, budget, fails };
    loop {
        let before = minimiser.best.clone();
        minimiser.delete(false);
        minimiser.delete(true);
        minimiser.simplify();
        minimiser.shorten();
        minimiser.round();
        if minimiser.best == before || minimiser.budget == 0 {
            return minimiser.best;
        }
    }
}

impl Minimiser<'_> {
    /// Takes a smaller timeline if it fails too.
    fn accept(&mut self, smaller: Timeline) -> bool {
        if self.budget == 0 || smaller == self.best {
            return false;
        }
        self.budget -= 1;
        let fails = (self.fails)(&smaller);
        if fails {
            self.best = smaller;
        }
        fails
    }

    /// Deletes blocks of halving size; the rest keeps its times, or moves up.
    fn delete(&mut self, close_gap: bool) {
        let mut size = self.best.steps.len().max(1);
        while size > 0 && !self.best.steps.is_empty() {
            let mut end = self.best.steps.len();
            while end > 0 {
                let begin = end.saturating_sub(size);
                let smaller = without(&self.best, begin, end, close_gap);
                self.accept(smaller);
                end = begin.min(self.best.steps.len());
            }
            size /= 2;
        }
    }

    /// Ordinary people instead of special ones.
    fn simplify(&mut self) {
        for place in 0..self.best.steps.len() {
            let Some((_, Stimulus::Arrive { kerb, .. })) = self.best.steps.get(place) else { continue };
            let ordinary =
                Stimulus::Arrive { kerb: *kerb, count: 1, speed_mm_s: 1_300, habit: Habit::Crosses };
            let mut smaller = self.best.clone();
            smaller.steps[place].1 = ordinary;
            self.accept(smaller);
        }
    }

    /// Shortens each gap by bisection; what follows moves along.
    fn shorten(&mut self) {
        for place in 0..=self.best.steps.len() {
            let gap = gap(&self.best, place);
            let (mut low, mut high) = (Span::ZERO, gap);
            while high.saturating_sub(low) > FINE {
                let middle = if low == Span::ZERO && high == gap { Span::ZERO } else { (low + high).div(2) };
                if self.accept(with_gap(&self.best, place, middle)) {
                    high = middle;
                    if middle == Span::ZERO {
                        break;
                    }
                } else if middle == Span::ZERO {
                    low = FINE.div(2);
                } else {
                    low = middle;
                }
            }
        }
    }

    /// Rounds gaps up to numbers that people like.
    fn round(&mut self) {
        for place in 0..=self.best.steps.len() {
            for unit in ROUND {
                let gap = gap(&self.best, place);
                let rest = gap.as_us() % unit.as_us();
                if rest == 0
                    || self.accept(with_gap(&self.best, place, gap + Span::from_us(unit.as_us() - rest)))
                {
                    break;
                }
            }
        }
    }
}

fn without(timeline: &Timeline, begin: usize, end: usize, close_gap: bool) -> Timeline {
    let mut smaller = timeline.clone();
    if close_gap {
        let from = begin.checked_sub(1).map_or(Instant::ZERO, |before| timeline.steps[before].0);
        let by = timeline.steps[end - 1].0.since(from);
        for step in &mut smaller.steps[end..] {
            step.0 = step.0.back(by);
        }
        smaller.lasts = smaller.lasts.saturating_sub(by);
    }
    smaller.steps.drain(begin..end);
    smaller
}

/// The time before a step; behind the last one, to the end.
fn gap(timeline: &Timeline, place: usize) -> Span {
    let before = place.checked_sub(1).map_or(Instant::ZERO, |before| timeline.steps[before].0);
    let at = timeline.steps.get(place).map_or(Instant::ZERO + timeline.lasts, |step| step.0);
    at.since(before)
}

/// The same with another time before a step; all that follows keeps its distances.
fn with_gap(timeline: &Timeline, place: usize, wanted: Span) -> Timeline {
    let now = gap(timeline, place);
    let moved = |at: Instant| {
        if wanted >= now { at + wanted.saturating_sub(now) } else { at.back(now.saturating_sub(wanted)) }
    };
    let mut other = timeline.clone();
    for step in &mut other.steps[place..] {
        step.0 = moved(step.0);
    }
    other.lasts = moved(Instant::ZERO + timeline.lasts).since(Instant::ZERO);
    other
}
