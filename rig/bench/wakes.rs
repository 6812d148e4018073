//! When each part of the bench wants to be woken, and who is first.

use emulators::time::Instant;

use super::node::Node;

/// The wakes of all parts. Whoever is first is remembered: it is asked for several times an event.
#[derive(Debug)]
pub(super) struct Wakes {
    at: [Instant; Node::COUNT],
    first: (usize, Instant),
    /// The first part's own wake has moved: who is first must be found again.
    stale: bool,
}

impl Default for Wakes {
    fn default() -> Self {
        Wakes { at: [Instant::MAX; Node::COUNT], first: (0, Instant::MAX), stale: false }
    }
}

impl Wakes {
    /// Part `index` wants to be woken at `at` (`Instant::MAX`: not at all).
    pub(super) fn set(&mut self, index: usize, at: Instant) {
        self.at[index] = at;
        if (at, index) <= (self.first.1, self.first.0) {
            self.first = (index, at);
            self.stale = false;
        } else if index == self.first.0 {
            self.stale = true;
        }
    }

    /// The part that wants to be woken first, and when; at equal instants the one that stands first.
    pub(super) fn soonest(&mut self) -> (usize, Instant) {
        if self.stale {
            self.first = self.find();
            self.stale = false;
        }
        self.first
    }

    /// As [`Wakes::soonest`], for a look without touching.
    pub(super) fn peek(&self) -> (usize, Instant) {
        if self.stale { self.find() } else { self.first }
    }

    fn find(&self) -> (usize, Instant) {
        let at = self.at.iter().copied().min().unwrap_or(Instant::MAX);
        (self.at.iter().position(|&wake| wake == at).unwrap_or(0), at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_is_always_the_earliest_and_at_a_tie_the_one_in_front(
            moves in proptest::collection::vec((0..Node::COUNT, 0u64..6), 1..80)
        ) {
            let mut wakes = Wakes::default();
            for (index, ms) in moves {
                wakes.set(index, Instant::from_ms(ms));
                prop_assert_eq!(wakes.peek(), wakes.find());
                prop_assert_eq!(wakes.soonest(), wakes.find());
            }
        }
    }
}
