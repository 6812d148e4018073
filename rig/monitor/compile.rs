//! From trees to masks: gives atoms their bits and expressions their place on the board.

use std::collections::HashMap;

use super::board::Board;
use super::bound::Bound;
use super::edge::{Edge, EdgeOrExpr, Kind};
use super::expr::Expr;
use super::parse::{ParseError, Scope};
use super::parts::{Atom, Derived, Row, Watch};
use super::pattern::{Answer, Guard, Length, Trigger, What};
use super::predicate::{Predicate, Term};
use super::signal::{Domain, SignalId};

/// An atom's bit, or its opposite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Literal {
    bit: u32,
    negative: bool,
}

type Clauses = Vec<Vec<Literal>>;

/// A disjunction that would multiply out to more clauses than this gets a bit of its own for each of its parts.
const MOST_CLAUSES: usize = 8;

/// Collects what the checks look at.
pub(super) struct Compiler<'a> {
    pub(super) scope: Scope<'a>,
    rows: Vec<Row>,
    atoms: Vec<Vec<(Atom, u32)>>,
    watches: Vec<Watch>,
    derived: Vec<Derived>,
    known: HashMap<Expr, u32>,
    known_derived: HashMap<(bool, u64, u32), u32>,
    bits: u32,
    /// Whose bit it is: a signal's place, or behind the signals a derived atom's.
    owners: Vec<Vec<u32>>,
    /// Watches and signals the check being compiled follows.
    followed: (Vec<u32>, Vec<u16>),
    follows: Vec<(Vec<u32>, Vec<u16>)>,
}

impl<'a> Compiler<'a> {
    pub(super) fn new(scope: Scope<'a>) -> Compiler<'a> {
        let rows: Vec<Row> = (0..scope.vocabulary.len())
            .map(|place| {
                let (_, domain) = scope.vocabulary.get(SignalId(place as u16));
                Row::new(domain == Domain::Event, domain == Domain::Number)
            })
            .collect();
        let atoms = vec![Vec::new(); rows.len()];
        Compiler {
            scope,
            rows,
            atoms,
            watches: Vec::new(),
            derived: Vec::new(),
            known: HashMap::new(),
            known_derived: HashMap::new(),
            // Bit 0 is never set: the constant false.
            bits: 1,
            owners: vec![Vec::new()],
            followed: Default::default(),
            follows: Vec::new(),
        }
    }

    /// The check compiled until now is complete; the next one begins.
    pub(super) fn end_check(&mut self) {
        self.follows.push(std::mem::take(&mut self.followed));
    }

    pub(super) fn board(mut self) -> Board {
        let words = self.follows.len().div_ceil(64);
        for (place, (row, atoms)) in self.rows.iter_mut().zip(self.atoms).enumerate() {
            row.atoms = atoms.into_boxed_slice();
            row.checks = bits_of(words, &self.follows, |(_, signals)| signals.contains(&(place as u16)));
            row.sampled = row.checks.iter().any(|checks| *checks != 0);
            row.used |= row.sampled;
        }
        for (place, watch) in self.watches.iter_mut().enumerate() {
            watch.checks = bits_of(words, &self.follows, |(watches, _)| watches.contains(&(place as u32)));
        }
        Board::new(self.bits as usize, self.rows, self.watches, self.derived, words)
    }

    /// Derived atoms there are.
    pub(super) fn derived(&self) -> usize {
        self.derived.len()
    }

    /// A watch on the expression that wakes the check.
    pub(super) fn follow(&mut self, expr: &Expr) -> Result<u32, ParseError> {
        let watch = self.watch(expr)?;
        self.followed.0.push(watch);
        Ok(watch)
    }

    /// Wakes the check when the signal changes or occurs.
    pub(super) fn follow_signal(&mut self, signal: SignalId) -> u16 {
        self.followed.1.push(signal.0);
        signal.0
    }

    /// Keeps the signal's value although no expression reads it.
    pub(super) fn sample(&mut self, signal: SignalId) -> u16 {
        self.rows[signal.0 as usize].used = true;
        signal.0
    }

    /// A watch on the expression; equal expressions share one.
    pub(super) fn watch(&mut self, expr: &Expr) -> Result<u32, ParseError> {
        if let Some(known) = self.known.get(expr) {
            return Ok(*known);
        }
        let clauses = self.clauses(expr, false)?;
        let mut sources: Vec<u32> = Vec::new();
        for literal in clauses.iter().flatten() {
            sources.extend(&self.owners[literal.bit as usize]);
        }
        sources.sort_unstable();
        sources.dedup();
        let place = self.watches.len() as u32;
        let predicate = predicate(&clauses);
        self.watches.push(Watch { predicate, sources: sources.into_boxed_slice(), ..Watch::default() });
        self.known.insert(expr.clone(), place);
        Ok(place)
    }

    fn clauses(&mut self, expr: &Expr, negative: bool) -> Result<Clauses, ParseError> {
        Ok(match expr {
            Expr::Constant(value) => {
                if *value == negative {
                    vec![vec![Literal { bit: 0, negative: false }]]
                } else {
                    Vec::new()
                }
            }
            Expr::Level(signal, levels) => {
                let first = self.level_bits(*signal)?;
                bits(*levels).map(|level| first + level).collect::<Vec<_>>().one_of(negative)
            }
            Expr::Nil(signal) => match self.scope.vocabulary.get(*signal).1 {
                Domain::Names(_) | Domain::Flag => {
                    let first = self.level_bits(*signal)?;
                    let levels = self.rows[signal.0 as usize].levels;
                    (0..levels).map(|level| first + level).collect::<Vec<_>>().one_of(!negative)
                }
                Domain::Number | Domain::Event => vec![self.atom(*signal, Atom::Known)].one_of(!negative),
            },
            Expr::Number(signal, relation, number) => {
                vec![self.atom(*signal, Atom::Number(*relation, *number))].one_of(negative)
            }
            Expr::Disagree { first, second, offset, both_shown } => {
                let (offset, both_shown) = (*offset, *both_shown);
                let atom = Atom::Disagree { first: first.0, second: second.0, offset, both_shown };
                vec![self.pair(*first, *second, atom)].one_of(negative)
            }
            Expr::Not(inner) => self.clauses(inner, !negative)?,
            Expr::And(parts) => self.join(parts, negative, !negative)?,
            Expr::Or(parts) => self.join(parts, negative, negative)?,
            Expr::Held(inner, span) => vec![self.derive(true, inner, span.as_us())?].one_of(negative),
            Expr::Recent(inner, span) => vec![self.derive(false, inner, span.as_us())?].one_of(negative),
            Expr::Before(_) => {
                return Err(ParseError::with_hint(
                    "`before(…)` has no meaning here",
                    Some("it may stand beside an edge only: up(a) and before(b)".to_owned()),
                ));
            }
        })
    }

    /// All parts (clauses one after another) or one of them (clauses multiplied out).
    fn join(&mut self, parts: &[Expr], negative: bool, all: bool) -> Result<Clauses, ParseError> {
        let parts: Vec<Clauses> =
            parts.iter().map(|part| self.clauses(part, negative)).collect::<Result<_, _>>()?;
        if all {
            return Ok(parts.into_iter().flatten().collect());
        }
        let many = parts.iter().map(Vec::len).product::<usize>() > MOST_CLAUSES;
        let mut product: Clauses = vec![Vec::new()];
        for part in parts {
            let part = if many && part.len() > 1 { vec![vec![self.named(&part)?]] } else { part };
            product = product
                .iter()
                .flat_map(|left| part.iter().map(move |right| [left.as_slice(), right.as_slice()].concat()))
                .collect();
        }
        Ok(product)
    }

    /// A bit that says whether all the clauses hold: `held` for no time at all.
    fn named(&mut self, clauses: &Clauses) -> Result<Literal, ParseError> {
        let mut sources: Vec<u32> =
            clauses.iter().flatten().flat_map(|literal| self.owners[literal.bit as usize].clone()).collect();
        sources.sort_unstable();
        sources.dedup();
        let place = self.watches.len() as u32;
        let predicate = predicate(clauses);
        let below = sources.clone();
        self.watches.push(Watch { predicate, sources: sources.into_boxed_slice(), ..Watch::default() });
        let bit = self.derived_bit(true, place, 0);
        self.owners[bit as usize].extend(below);
        Ok(Literal { bit, negative: false })
    }

    fn derive(&mut self, held: bool, inner: &Expr, span: u64) -> Result<u32, ParseError> {
        let inner = self.watch(inner)?;
        Ok(self.derived_bit(held, inner, span))
    }

    fn derived_bit(&mut self, held: bool, inner: u32, span: u64) -> u32 {
        if let Some(bit) = self.known_derived.get(&(held, span, inner)) {
            return *bit;
        }
        let place = self.derived.len() as u32;
        let bit = self.new_bit(vec![self.rows.len() as u32 + place]);
        let mut feeds = std::mem::take(&mut self.watches[inner as usize].feeds).into_vec();
        feeds.push(place);
        self.watches[inner as usize].feeds = feeds.into_boxed_slice();
        self.derived.push(Derived::new(held, span, inner, bit));
        self.known_derived.insert((held, span, inner), bit);
        bit
    }

    fn new_bit(&mut self, owners: Vec<u32>) -> u32 {
        self.owners.push(owners);
        self.bits += 1;
        self.bits - 1
    }

    fn atom(&mut self, signal: SignalId, atom: Atom) -> u32 {
        let place = signal.0 as usize;
        self.rows[place].used = true;
        if let Some((_, bit)) = self.atoms[place].iter().find(|(known, _)| *known == atom) {
            return *bit;
        }
        let bit = self.new_bit(vec![u32::from(signal.0)]);
        self.atoms[place].push((atom, bit));
        bit
    }

    fn pair(&mut self, first: SignalId, second: SignalId, atom: Atom) -> u32 {
        let bit = self.atom(first, atom);
        self.rows[second.0 as usize].used = true;
        if !self.atoms[second.0 as usize].contains(&(atom, bit)) {
            self.atoms[second.0 as usize].push((atom, bit));
            self.owners[bit as usize].push(u32::from(second.0));
        }
        bit
    }

    /// The bit of a signal's first level; its levels never straddle a word.
    fn level_bits(&mut self, signal: SignalId) -> Result<u32, ParseError> {
        let place = signal.0 as usize;
        if self.rows[place].levels == 0 {
            let (name, domain) = self.scope.vocabulary.get(signal);
            let levels = match domain {
                Domain::Names(names) => names.len() as u32,
                Domain::Flag => 2,
                Domain::Number | Domain::Event => {
                    return Err(ParseError::new(format!("`{name}` has no names")));
                }
            };
            if levels == 0 || levels > 60 {
                return Err(ParseError::new(format!("`{name}` has {levels} names, 1 to 60 are possible")));
            }
            while self.bits % 64 + levels > 64 {
                self.new_bit(Vec::new());
            }
            self.rows[place].word = self.bits / 64;
            self.rows[place].shift = self.bits % 64;
            for _ in 0..levels {
                self.new_bit(vec![u32::from(signal.0)]);
            }
            self.rows[place].levels = levels;
            self.rows[place].group = (u64::MAX >> (64 - levels)) << self.rows[place].shift;
            self.rows[place].used = true;
        }
        Ok(self.rows[place].word * 64 + self.rows[place].shift)
    }

    pub(super) fn trigger(&mut self, edge: &Edge) -> Result<Trigger, ParseError> {
        let what = match &edge.kind {
            Kind::Up(expr) => What::Up(self.follow(expr)?),
            Kind::Down(expr) => What::Down(self.follow(expr)?),
            Kind::Event(signal, number) => What::Event(self.follow_signal(*signal), *number),
            Kind::Change(signal) => What::Change(self.follow_signal(*signal)),
        };
        let guard = edge.guard.as_ref().map(|guard| self.guard(guard)).transpose()?;
        Ok(Trigger { what, guard })
    }

    fn guard(&mut self, expr: &Expr) -> Result<Guard, ParseError> {
        if !has_before(expr) {
            return Ok(Guard::Now(self.watch(expr)?));
        }
        let list = |this: &mut Self, parts: &[Expr]| -> Result<Vec<Guard>, ParseError> {
            parts.iter().map(|part| this.guard(part)).collect()
        };
        Ok(match expr {
            Expr::Before(inner) => Guard::Before(self.watch(inner)?),
            Expr::Not(inner) => Guard::Not(Box::new(self.guard(inner)?)),
            Expr::And(parts) => Guard::All(list(self, parts)?),
            Expr::Or(parts) => Guard::Any(list(self, parts)?),
            Expr::Constant(_)
            | Expr::Level(..)
            | Expr::Nil(_)
            | Expr::Number(..)
            | Expr::Held(..)
            | Expr::Recent(..)
            | Expr::Disagree { .. } => Guard::Now(self.watch(expr)?),
        })
    }

    pub(super) fn answer(&mut self, found: &EdgeOrExpr) -> Result<Answer, ParseError> {
        Ok(match found {
            EdgeOrExpr::Edge(edge) => Answer::Edge(self.trigger(edge)?),
            EdgeOrExpr::Expr(expr) => Answer::State(self.follow(expr)?),
        })
    }

    pub(super) fn length(&mut self, bound: &Bound) -> Result<Length, ParseError> {
        if let Some(us) = bound.constant() {
            return Ok(Length::Constant(us));
        }
        Ok(match bound {
            Bound::Constant(us) => Length::Constant(*us),
            Bound::Plus(a, b) => Length::Plus(Box::new((self.length(a)?, self.length(b)?))),
            Bound::Minus(a, b) => Length::Minus(Box::new((self.length(a)?, self.length(b)?))),
            Bound::Times(n, a) => Length::Times(*n, Box::new(self.length(a)?)),
            Bound::Max(a, b) => Length::Max(Box::new((self.length(a)?, self.length(b)?))),
            Bound::Min(a, b) => Length::Min(Box::new((self.length(a)?, self.length(b)?))),
            Bound::Left(expr, bound) => Length::Left(self.watch(expr)?, Box::new(self.length(bound)?)),
            Bound::Signal(signal) => Length::Signal(self.sample(*signal)),
        })
    }
}

fn has_before(expr: &Expr) -> bool {
    match expr {
        Expr::Before(_) => true,
        Expr::Not(inner) => has_before(inner),
        Expr::And(parts) | Expr::Or(parts) => parts.iter().any(has_before),
        Expr::Constant(_)
        | Expr::Level(..)
        | Expr::Nil(_)
        | Expr::Number(..)
        | Expr::Held(..)
        | Expr::Recent(..)
        | Expr::Disagree { .. } => false,
    }
}

fn bits(mask: u64) -> impl Iterator<Item = u32> {
    (0..64).filter(move |bit| mask & (1 << bit) != 0)
}

fn bits_of<T>(words: usize, list: &[T], is: impl Fn(&T) -> bool) -> Box<[u64]> {
    let mut found = vec![0; words];
    for (place, _) in list.iter().enumerate().filter(|(_, one)| is(one)) {
        found[place / 64] |= 1 << (place % 64);
    }
    found.into_boxed_slice()
}

trait OneOf {
    /// One of these bits is set; negative: none is.
    fn one_of(self, negative: bool) -> Clauses;
}

impl OneOf for Vec<u32> {
    fn one_of(self, negative: bool) -> Clauses {
        let literals = self.into_iter().map(|bit| Literal { bit, negative });
        if negative { literals.map(|one| vec![one]).collect() } else { vec![literals.collect()] }
    }
}

fn predicate(clauses: &Clauses) -> Predicate {
    let (mut all, mut any) = (Vec::new(), Vec::new());
    // A clause that contains another says nothing that the other does not; of two that are the same the first stays.
    let within = |one: &Vec<Literal>, other: &Vec<Literal>| one.iter().all(|literal| other.contains(literal));
    let needed = |(place, clause): &(usize, &Vec<Literal>)| {
        !clauses.iter().enumerate().any(|(at, other)| {
            at != *place && within(other, clause) && (at < *place || !within(clause, other))
        })
    };
    for (_, clause) in clauses.iter().enumerate().filter(needed) {
        let opposite = |one: &Literal| Literal { negative: !one.negative, ..*one };
        if clause.iter().any(|one| clause.contains(&opposite(one))) {
            continue;
        }
        let list = if clause.len() == 1 { &mut all } else { &mut any };
        let first = if clause.len() == 1 { 0 } else { list.len() };
        let said = |place: &usize| clause[..*place].contains(&clause[*place]);
        for place in (0..clause.len()).filter(|place| !said(place)) {
            put(list, first, clause[place]);
        }
        if clause.is_empty() {
            put(&mut all, 0, Literal { bit: 0, negative: false });
        } else if clause.len() > 1 {
            any.last_mut().into_iter().for_each(|term: &mut Term| term.last = true);
        }
    }
    Predicate::new(all, any)
}

/// Adds a literal to the term of its word among `terms[first..]`.
fn put(terms: &mut Vec<Term>, first: usize, literal: Literal) {
    let (word, mask) = (literal.bit / 64, 1 << (literal.bit % 64));
    let flip = if literal.negative { mask } else { 0 };
    match terms[first..].iter_mut().find(|term| term.word == word && term.mask & mask == 0) {
        Some(term) => {
            term.mask |= mask;
            term.flip |= flip;
        }
        None => terms.push(Term { word, last: false, flip, mask }),
    }
}
