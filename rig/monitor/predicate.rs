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
/// term of `all` and the first two clauses of `any` that have one term lie beside the watch itself; most expressions
/// need no more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Predicate {
    all: Term,
    any: Term,
    any_too: Term,
    more: bool,
    more_all: Box<[Term]>,
    more_any: Box<[Term]>,
}

/// A clause that is true: it looks at the opposite of the constant.
const ALWAYS: Term = Term { word: 0, last: true, flip: 1, mask: 1 };

/// Takes out the first clause that has one term.
fn alone(any: &mut Vec<Term>) -> Option<Term> {
    let place = (0..any.len()).find(|&at| any[at].last && (at == 0 || any[at - 1].last))?;
    Some(any.remove(place))
}

impl Predicate {
    pub(super) fn new(mut all: Vec<Term>, mut any: Vec<Term>) -> Predicate {
        // A term without bits is true in `all`.
        let first_all = if all.is_empty() { Term::default() } else { all.remove(0) };
        let first_any = alone(&mut any).unwrap_or(ALWAYS);
        let second_any = alone(&mut any).unwrap_or(ALWAYS);
        let more = !all.is_empty() || !any.is_empty();
        let (more_all, more_any) = (all.into_boxed_slice(), any.into_boxed_slice());
        Predicate { all: first_all, any: first_any, any_too: second_any, more, more_all, more_any }
    }

    pub(super) fn terms(&self) -> impl Iterator<Item = &Term> {
        [&self.all, &self.any, &self.any_too].into_iter().chain(&self.more_all).chain(&self.more_any)
    }

    #[inline]
    pub(super) fn holds(&self, state: &[u64]) -> bool {
        let bits = |term: &Term| (state[term.word as usize] ^ term.flip) & term.mask;
        // Without branches: which of them fails is nothing that could be predicted.
        let first = (bits(&self.all) == self.all.mask) & (bits(&self.any) != 0) & (bits(&self.any_too) != 0);
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
