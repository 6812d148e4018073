//! When each part of the bench wants to be woken, and who is first.

use emulators::time::Instant;

use super::node::Node;

/// Bits of a key that hold the part's index.
const INDEX_BITS: u32 = 5;
const _: () = assert!(Node::COUNT <= 1 << INDEX_BITS);
/// What stands for "not at all": 18,000 years, the last instant a key has room for.
const NEVER: u64 = u64::MAX >> INDEX_BITS;

/// The wakes of all parts. Whoever is first is remembered: it is asked for several times an event.
///
/// Instant and index are one number, the instant in front: the smallest is the earliest, at equal instants the one
/// that stands first, and to find it takes no branches.
#[derive(Debug)]
pub(super) struct Wakes {
    keys: [u64; Node::COUNT],
    first: u64,
    /// The first part's own wake has moved: who is first must be found again.
    stale: bool,
}

impl Default for Wakes {
    fn default() -> Self {
        let keys = std::array::from_fn(|index| key(index, Instant::MAX));
        Wakes { keys, first: keys[0], stale: false }
    }
}

const fn key(index: usize, at: Instant) -> u64 {
    let at = if at.as_us() < NEVER { at.as_us() } else { NEVER };
    at << INDEX_BITS | index as u64
}

impl Wakes {
    /// Part `index` wants to be woken at `at` (`Instant::MAX`: not at all).
    #[inline]
    pub(super) fn set(&mut self, index: usize, at: Instant) {
        let key = key(index, at);
        let before = std::mem::replace(&mut self.keys[index], key);
        if key <= self.first {
            self.first = key;
            self.stale = false;
        } else if before == self.first {
            self.stale = true;
        }
    }

    /// The part that wants to be woken first, and when; at equal instants the one that stands first.
    #[inline]
    pub(super) fn soonest(&mut self) -> (usize, Instant) {
        if self.stale {
            self.first = self.find();
            self.stale = false;
        }
        self.peek()
    }

    /// As [`Wakes::soonest`], for a look without touching.
    #[inline]
    pub(super) fn peek(&self) -> (usize, Instant) {
        let first = if self.stale { self.find() } else { self.first };
        let at = first >> INDEX_BITS;
        let index = (first & ((1 << INDEX_BITS) - 1)) as usize;
        (index, if at < NEVER { Instant::from_us(at) } else { Instant::MAX })
    }

    fn find(&self) -> u64 {
        // Four at a time: no comparison waits for the one before it.
        let (fours, rest) = self.keys.as_chunks::<4>();
        let best = fours
            .iter()
            .fold([u64::MAX; 4], |best, four| std::array::from_fn(|lane| best[lane].min(four[lane])));
        best.iter().chain(rest).fold(u64::MAX, |first, key| first.min(*key))
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
            let mut all = [Instant::MAX; Node::COUNT];
            prop_assert_eq!(wakes.soonest(), (0, Instant::MAX));
            for (index, ms) in moves {
                // The last one stands for "not at all".
                let at = if ms == 5 { Instant::MAX } else { Instant::from_ms(ms) };
                wakes.set(index, at);
                all[index] = at;
                let first = all.iter().copied().enumerate().min_by_key(|&(index, at)| (at, index));
                prop_assert_eq!(Some(wakes.peek()), first);
                prop_assert_eq!(Some(wakes.soonest()), first);
            }
        }
    }
}
