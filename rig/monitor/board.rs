//! The state all checks look at: one bit an atom, watched expressions with the instants of their last edges, and the
//! derived atoms `held` and `recent`. A change of a signal touches its own bits, the watches that read those bits, and
//! the checks that follow those watches, nothing else.

use emulators::time::Span;

use super::expr::Relation;
use super::parts::{Atom, Derived, Occurrence, Row, Stamp, Watch};
use super::signal::{Change, Value};
use super::timers::Timers;

/// The state of everything that is watched.
#[derive(Clone)]
pub(super) struct Board {
    pub(super) state: Vec<u64>,
    pub(super) rows: Vec<Row>,
    pub(super) watches: Vec<Watch>,
    pub(super) derived: Vec<Derived>,
    pub(super) events: Vec<Occurrence>,
    /// Watches that read a bit, `watch_words` words a bit.
    pub(super) readers: Vec<u64>,
    pub(super) watch_words: usize,
    dirty: Vec<u64>,
    /// Checks to be stepped, as bits.
    pub(super) awake: Vec<u64>,
    /// Whether any is.
    pub(super) woken: bool,
    pub(super) pending: bool,
    turn: u64,
    /// The last turn in which a signal was first observed.
    fresh: u64,
    /// Whether all changes of this turn became true when they were known.
    exact: bool,
    /// Up to here some earlier change may have become true.
    vague_until: u64,
    pub(super) began: u64,
}

impl Board {
    pub(super) fn new(
        bits: usize,
        rows: Vec<Row>,
        watches: Vec<Watch>,
        derived: Vec<Derived>,
        check_words: usize,
    ) -> Board {
        let watch_words = watches.len().div_ceil(64);
        let mut readers = vec![0; bits.next_multiple_of(64) * watch_words];
        for (place, watch) in watches.iter().enumerate() {
            for term in watch.predicate.terms() {
                for bit in (0..64).filter(|bit| term.mask & (1 << bit) != 0) {
                    let bit = term.word as usize * 64 + bit;
                    readers[bit * watch_words + place / 64] |= 1 << (place % 64);
                }
            }
        }
        let mut board = Board {
            state: vec![0; bits.div_ceil(64)],
            rows,
            watches,
            derived,
            events: Vec::new(),
            readers,
            watch_words,
            dirty: vec![0; watch_words],
            awake: vec![0; check_words],
            woken: false,
            pending: false,
            turn: 1,
            fresh: 0,
            exact: true,
            vague_until: 0,
            began: 0,
        };
        board.settle_unknown();
        board
    }

    /// Values of all watches while nothing is known yet.
    fn settle_unknown(&mut self) {
        for place in 0..self.watches.len() {
            let holds = self.watches[place].predicate.holds(&self.state);
            self.watches[place].value = holds;
            self.watches[place].open = holds;
            for feed in 0..self.watches[place].feeds.len() {
                let feed = self.watches[place].feeds[feed] as usize;
                if holds && (!self.derived[feed].held || self.derived[feed].span == 0) {
                    self.derived[feed].on = true;
                    let bit = self.derived[feed].bit;
                    self.state[bit as usize / 64] |= 1 << (bit % 64);
                }
            }
        }
    }

    /// The record begins here: what is true now counts from here.
    pub(super) fn begin(&mut self, at: u64, timers: &mut Timers) {
        self.began = at;
        for watch in self.watches.iter_mut().filter(|watch| watch.value) {
            watch.up = Stamp::exact(at);
        }
        for (place, derived) in self.derived.iter_mut().enumerate() {
            if derived.held && !derived.on && self.watches[derived.inner as usize].value {
                derived.due = at.saturating_add(derived.span);
                timers.set(place as u32, derived.due);
            }
        }
        self.awake.fill(u64::MAX);
    }

    /// Takes a change into the state; nothing is judged yet. Returns whether anybody looks at it.
    #[inline]
    pub(super) fn apply(&mut self, change: &Change) {
        let Some(row) = self.rows.get_mut(change.signal.0 as usize) else { return };
        let since = change.since.as_us();
        let stamp = Stamp { lo: since, hi: since.saturating_add(change.uncertainty.as_us()) };
        if row.event {
            let number = match change.value {
                Value::Nil => 0,
                Value::Level(level) => i64::from(level),
                Value::Number(number) => number,
            };
            self.events.push(Occurrence { signal: change.signal.0, number, stamp });
        } else {
            if row.value == change.value {
                return;
            }
            if row.touched != self.turn {
                row.touched = self.turn;
                row.before = row.value;
                if row.value == Value::Nil && !row.number {
                    row.fresh = self.turn;
                    self.fresh = self.turn;
                }
            }
            row.value = change.value;
            row.stamp = stamp;
        }
        if change.since != change.at || change.uncertainty != Span::ZERO {
            self.exact = false;
            self.vague_until = self.vague_until.max(stamp.hi);
        }
        if row.sampled {
            self.pending = true;
            self.woken = true;
            for (awake, checks) in self.awake.iter_mut().zip(&row.checks) {
                *awake |= checks;
            }
        }
        let compared = !row.atoms.is_empty();
        if row.levels > 0 {
            let bit = match change.value {
                Value::Level(level) if u32::from(level) < row.levels => 1 << (u32::from(level) + row.shift),
                Value::Level(_) | Value::Nil | Value::Number(_) => 0,
            };
            let (group, word) = (row.group, row.word as usize);
            let state = &mut self.state[word];
            let old = *state & group;
            *state ^= old ^ bit;
            self.mark(word, old ^ bit);
        }
        if compared {
            self.compare(change.signal.0 as usize);
        }
    }

    /// Brings the bits of a signal's comparisons up to date.
    fn compare(&mut self, signal: usize) {
        for place in 0..self.rows[signal].atoms.len() {
            let (atom, bit) = self.rows[signal].atoms[place];
            let value = self.rows[signal].value;
            let holds = match (atom, value) {
                (Atom::Known, _) => value != Value::Nil,
                (Atom::Number(relation, number), Value::Number(is)) => match relation {
                    Relation::Less => is < number,
                    Relation::LessOrEqual => is <= number,
                    Relation::Equal => is == number,
                    Relation::GreaterOrEqual => is >= number,
                    Relation::Greater => is > number,
                },
                (Atom::Number(..), Value::Nil | Value::Level(_)) => false,
                (Atom::Disagree { first, second, offset, both_shown }, _) => {
                    let values = (self.rows[first as usize].value, self.rows[second as usize].value);
                    disagree(values, offset, both_shown)
                }
            };
            self.put(bit, holds);
        }
    }

    fn put(&mut self, bit: u32, holds: bool) {
        let (word, mask) = (bit as usize / 64, 1 << (bit % 64));
        if (self.state[word] & mask != 0) != holds {
            self.state[word] ^= mask;
            self.mark(word, mask);
        }
    }

    /// Marks the readers of the bits that changed: one, or the level a signal left and the one it took.
    #[inline]
    fn mark(&mut self, word: usize, changed: u64) {
        if changed == 0 {
            return;
        }
        let first = word * 64 + changed.trailing_zeros() as usize;
        let last = word * 64 + 63 - changed.leading_zeros() as usize;
        if self.watch_words == 1 {
            let readers = self.readers[first] | self.readers[last];
            self.dirty[0] |= readers;
            self.pending |= readers != 0;
            return;
        }
        for bit in [first, last] {
            let readers = &self.readers[bit * self.watch_words..][..self.watch_words];
            for (dirty, readers) in self.dirty.iter_mut().zip(readers) {
                *dirty |= readers;
                self.pending |= *readers != 0;
            }
        }
    }

    /// Whether a watch reads a `held` or `recent` that may have changed by `at` for all that is known of what it counts from,
    /// and has not.
    pub(super) fn undecided(&self, watch: u32, at: u64) -> bool {
        let derived = self.watches[watch as usize]
            .sources
            .iter()
            .filter_map(|source| self.derived.get((*source as usize).checked_sub(self.rows.len())?));
        derived.filter(|one| one.due != u64::MAX).any(|one| {
            let inner = &self.watches[one.inner as usize];
            let from = if one.held { inner.up } else { inner.down };
            one.due > at && from.lo < from.hi && from.lo.saturating_add(one.span) <= at
        })
    }

    /// Looks at the watch that a derived atom reads, because its instant has come.
    pub(super) fn look_again(&mut self, derived: u32) {
        let inner = self.derived[derived as usize].inner as usize;
        self.dirty[inner / 64] |= 1 << (inner % 64);
    }

    /// When a derived atom will change by itself, and whether by becoming true.
    pub(super) fn due(&self, derived: u32) -> (u64, bool) {
        let derived = &self.derived[derived as usize];
        (derived.due, derived.held)
    }

    /// Looks at every watch whose bits changed. Inner expressions come before the ones that contain them.
    #[inline]
    pub(super) fn run(&mut self, at: u64, after: bool, timers: &mut Timers) {
        for word in 0..self.watch_words {
            while self.dirty[word] != 0 {
                let place = word * 64 + self.dirty[word].trailing_zeros() as usize;
                self.dirty[word] &= self.dirty[word] - 1;
                let watch = &mut self.watches[place];
                if watch.predicate.holds(&self.state) != watch.value {
                    self.flip(place, at);
                }
                if !self.watches[place].feeds.is_empty() {
                    self.derive(place, at, after, timers);
                }
            }
        }
    }

    #[inline]
    fn flip(&mut self, place: usize, at: u64) {
        let stamp = if self.exact && self.vague_until < at { Stamp::exact(at) } else { self.stamp(place) };
        let watch = &mut self.watches[place];
        watch.value = !watch.value;
        watch.flipped = self.turn;
        if watch.value {
            watch.ever = true;
            watch.up_before = watch.up;
            watch.up = stamp;
            let (rows, turn) = (&self.rows, self.turn);
            watch.open = self.fresh == turn
                && watch.sources.iter().any(|at| rows.get(*at as usize).is_some_and(|row| row.fresh == turn));
        } else {
            watch.down = stamp;
        }
        self.woken = true;
        for (awake, checks) in self.awake.iter_mut().zip(&watch.checks) {
            *awake |= checks;
        }
    }

    /// The latest of the instants since which a watch's signals are as they are.
    fn stamp(&self, place: usize) -> Stamp {
        let mut latest = Stamp::exact(self.began);
        for source in &self.watches[place].sources {
            let source = *source as usize;
            let stamp = match self.rows.get(source) {
                Some(row) => row.stamp,
                None => self.derived[source - self.rows.len()].stamp,
            };
            latest = Stamp { lo: latest.lo.max(stamp.lo), hi: latest.hi.max(stamp.hi) };
        }
        latest
    }

    fn derive(&mut self, place: usize, at: u64, after: bool, timers: &mut Timers) {
        for feed in 0..self.watches[place].feeds.len() {
            let number = self.watches[place].feeds[feed];
            let watch = &self.watches[place];
            let derived = &mut self.derived[number as usize];
            let mut put = None;
            if watch.flipped == self.turn {
                // What was true before the record only is not recent.
                let waits = watch.value == derived.held && (derived.held || watch.ever);
                derived.due = match (waits, derived.held) {
                    (true, true) => watch.up.hi.saturating_add(derived.span),
                    (true, false) => watch.down.hi.saturating_add(derived.span),
                    (false, _) => u64::MAX,
                };
                if !waits {
                    put = Some((watch.value, if watch.value { watch.up } else { watch.down }));
                }
            }
            if derived.due < at || derived.due == at && (derived.held || after) {
                let from = if derived.held { watch.up } else { watch.down };
                put = Some((derived.held, from.later(derived.span)));
                derived.due = u64::MAX;
            } else {
                timers.set(number, derived.due);
            }
            if let Some((on, stamp)) = put
                && derived.on != on
            {
                derived.on = on;
                derived.stamp = stamp;
                if stamp != Stamp::exact(at) {
                    self.exact = false;
                    self.vague_until = self.vague_until.max(stamp.hi);
                }
                let bit = derived.bit;
                self.put(bit, on);
            }
        }
    }

    /// Whether anybody looks at the signal.
    #[inline]
    pub(super) fn uses(&self, signal: u16) -> bool {
        self.rows.get(signal as usize).is_some_and(|row| row.used)
    }

    /// The check no longer needs to be woken by signals, only by its watches.
    pub(super) fn unfollow(&mut self, check: usize) {
        for row in self.rows.iter_mut().filter(|row| row.sampled) {
            row.checks[check / 64] &= !(1 << (check % 64));
            row.sampled = row.checks.iter().any(|checks| *checks != 0);
        }
    }

    /// No turn has ended yet.
    pub(super) fn is_first(&self) -> bool {
        self.turn == 1
    }

    /// The first inputs of the record are in: what is true now has been true in it.
    pub(super) fn begun(&mut self) {
        for watch in self.watches.iter_mut().filter(|watch| watch.value) {
            watch.ever = true;
        }
    }

    /// Ends a turn: what flipped is history.
    #[inline]
    pub(super) fn end_turn(&mut self) {
        self.turn += 1;
        self.exact = true;
        self.events.clear();
    }

    /// Whether the watch became something else in this turn.
    #[inline]
    pub(super) fn flipped(&self, watch: u32) -> bool {
        self.watches[watch as usize].flipped == self.turn
    }

    /// Whether the signal took another value in this turn; then the one it had before.
    pub(super) fn changed(&self, signal: u16) -> Option<Value> {
        let row = &self.rows[signal as usize];
        (row.touched == self.turn && row.before != row.value).then_some(row.before)
    }
}

fn disagree(values: (Value, Value), offset: i64, both_shown: bool) -> bool {
    match values {
        (Value::Nil, Value::Nil) => false,
        (Value::Nil, _) | (_, Value::Nil) => !both_shown,
        (Value::Number(first), Value::Number(second)) => first.saturating_sub(second) != offset,
        (first, second) => first != second,
    }
}
