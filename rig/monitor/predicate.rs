//! Expressions compiled to masks over words of bits: one to three AND-and-compare each.

/// Bits of one word: `(state ^ flip) & mask`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) word: u32,
    /// Last term of its clause.
    pub(super) last: bool,
    pub(super) flip: u64,
    pub(super) mask: u64,
}

/// An expression in conjunctive form: all the bits of the `all` terms, and one bit of each clause of `any`. The first
/// term of each, if there is one, lies beside the watch itself; most expressions need no more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Predicate {
    all: Term,
    any: Term,
    more: bool,
    more_all: Box<[Term]>,
    more_any: Box<[Term]>,
}

impl Predicate {
    pub(super) fn new(mut all: Vec<Term>, mut any: Vec<Term>) -> Predicate {
        // A term without bits is true in `all`, and so is one that looks at the opposite of the constant in `any`.
        let first_all = if all.is_empty() { Term::default() } else { all.remove(0) };
        let first_any = if any.first().is_some_and(|term| term.last) {
            any.remove(0)
        } else {
            Term { flip: 1, mask: 1, ..Term::default() }
        };
        let more = !all.is_empty() || !any.is_empty();
        let (more_all, more_any) = (all.into_boxed_slice(), any.into_boxed_slice());
        Predicate { all: first_all, any: first_any, more, more_all, more_any }
    }

    pub(super) fn terms(&self) -> impl Iterator<Item = &Term> {
        [&self.all, &self.any].into_iter().chain(&self.more_all).chain(&self.more_any)
    }

    #[inline]
    pub(super) fn holds(&self, state: &[u64]) -> bool {
        let (all, any) = (&self.all, &self.any);
        let first = (state[all.word as usize] ^ all.flip) & all.mask == all.mask
            && (state[any.word as usize] ^ any.flip) & any.mask != 0;
        first && (!self.more || self.more_holds(state))
    }

    fn more_holds(&self, state: &[u64]) -> bool {
        for term in &self.more_all {
            if (state[term.word as usize] ^ term.flip) & term.mask != term.mask {
                return false;
            }
        }
        let mut found = false;
        for term in &self.more_any {
            found |= (state[term.word as usize] ^ term.flip) & term.mask != 0;
            if term.last {
                if !found {
                    return false;
                }
                found = false;
            }
        }
        true
    }
}
