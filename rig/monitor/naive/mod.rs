//! The definitions of the patterns, written down a second time without any cleverness: a record is a row of points on a
//! millisecond grid, an expression a row of truth values over them, and every pattern a search through all points.
//! It shares the parser with the engine and nothing else. Every grid instant has two points: with its inputs, and after
//! the `recent`s that end with it.

mod patterns;

use crate::monitor::bound::{self, Bound};
use crate::monitor::edge::{self, Edge, Kind};
use crate::monitor::expr::{self, Expr, Relation};
use crate::monitor::parse::Scope;
use crate::monitor::property::{Check, Content};
use crate::monitor::signal::{Domain, SignalId, Value};

/// A record on the grid.
pub(in crate::monitor) struct Grid {
    /// Microseconds between two instants.
    pub(in crate::monitor) step: i64,
    /// Values by signal and instant.
    pub(in crate::monitor) values: Vec<Vec<Value>>,
    /// Numbers of events by signal and instant.
    pub(in crate::monitor) events: Vec<Vec<Option<i64>>>,
}

/// What the definitions say about a check.
#[derive(Debug, PartialEq, Eq, Default)]
pub(in crate::monitor) struct Said {
    pub(in crate::monitor) triggers: i64,
    pub(in crate::monitor) violations: i64,
    pub(in crate::monitor) first: Option<i64>,
    pub(in crate::monitor) worst: Option<i64>,
    pub(in crate::monitor) left: Option<i64>,
}

impl Said {
    pub(in crate::monitor) fn margin(&mut self, margin: i64) {
        self.worst = Some(self.worst.map_or(margin, |worst| worst.min(margin)));
    }

    pub(in crate::monitor) fn violate(&mut self, at: i64) {
        self.violations += 1;
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
    }

    pub(in crate::monitor) fn judge(&mut self, margin: i64, at: i64) {
        self.margin(margin);
        if margin < 0 {
            self.violate(at);
        }
    }

    pub(in crate::monitor) fn open(&mut self, left: i64) {
        self.left = Some(self.left.map_or(left, |known| known.min(left)));
    }
}

/// Truth over all points, and before the first.
pub(in crate::monitor) struct Truth {
    before: bool,
    at: Vec<bool>,
}

impl Truth {
    fn just_before(&self, point: usize) -> bool {
        if point == 0 { self.before } else { self.at[point - 1] }
    }

    /// Where the interval of truth that covers `point` begins.
    fn start(&self, point: usize) -> usize {
        (0..=point).rev().take_while(|p| self.at[*p]).last().unwrap_or(point)
    }

    /// Maximal intervals: first point, and the first point behind it if it ends.
    fn runs(&self) -> Vec<(usize, Option<usize>)> {
        let begins = (0..self.at.len()).filter(|p| self.at[*p] && (*p == 0 || !self.at[p - 1]));
        begins.map(|s| (s, (s..self.at.len()).find(|p| !self.at[*p]))).collect()
    }
}

/// Reads a check and the record.
pub(in crate::monitor) struct Naive<'a> {
    pub(in crate::monitor) grid: &'a Grid,
    pub(in crate::monitor) scope: Scope<'a>,
    pub(in crate::monitor) check: &'a Check,
}

impl Naive<'_> {
    pub(in crate::monitor) fn points(&self) -> usize {
        self.grid.values[0].len() * 2
    }

    pub(in crate::monitor) fn time(&self, point: usize) -> i64 {
        (point / 2) as i64 * self.grid.step
    }

    pub(in crate::monitor) fn end(&self) -> i64 {
        self.time(self.points() - 1)
    }

    pub(in crate::monitor) fn value(&self, signal: SignalId, point: Option<usize>) -> Value {
        point.map_or(Value::Nil, |point| self.grid.values[signal.0 as usize][point / 2])
    }

    pub(in crate::monitor) fn truth(&self, expr: &Expr) -> Truth {
        let all = |this: &Self, parts: &[Expr]| parts.iter().map(|part| this.truth(part)).collect::<Vec<_>>();
        let each = |decide: &dyn Fn(Option<usize>) -> bool| Truth {
            before: decide(None),
            at: (0..self.points()).map(|p| decide(Some(p))).collect(),
        };
        let pick = |truth: &Truth, p: Option<usize>| p.map_or(truth.before, |p| truth.at[p]);
        match expr {
            Expr::Constant(value) => each(&|_| *value),
            Expr::Level(signal, levels) => {
                each(&|p| matches!(self.value(*signal, p), Value::Level(level) if levels & (1 << level) != 0))
            }
            Expr::Nil(signal) => each(&|p| self.value(*signal, p) == Value::Nil),
            Expr::Number(signal, relation, number) => each(&|p| {
                let Value::Number(is) = self.value(*signal, p) else { return false };
                match relation {
                    Relation::Less => is < *number,
                    Relation::LessOrEqual => is <= *number,
                    Relation::Equal => is == *number,
                    Relation::GreaterOrEqual => is >= *number,
                    Relation::Greater => is > *number,
                }
            }),
            Expr::Not(inner) => {
                let inner = self.truth(inner);
                each(&|p| !pick(&inner, p))
            }
            Expr::And(parts) => {
                let parts = all(self, parts);
                each(&|p| parts.iter().all(|part| pick(part, p)))
            }
            Expr::Or(parts) => {
                let parts = all(self, parts);
                each(&|p| parts.iter().any(|part| pick(part, p)))
            }
            Expr::Held(inner, span) => {
                let (inner, span) = (self.truth(inner), span.as_us() as i64);
                let held = |p: usize| inner.at[p] && self.time(p) - self.time(inner.start(p)) >= span;
                Truth { before: inner.before && span == 0, at: (0..self.points()).map(held).collect() }
            }
            Expr::Recent(inner, span) => {
                let (inner, span) = (self.truth(inner), span.as_us() as i64);
                let recent = |p: usize| {
                    inner.at[p]
                        || (0..p).rev().find(|q| inner.at[*q]).is_some_and(|q| {
                            let ago = self.time(p) - self.time(q + 1);
                            ago < span || ago == span && p.is_multiple_of(2)
                        })
                };
                Truth { before: inner.before, at: (0..self.points()).map(recent).collect() }
            }
            Expr::Before(inner) => {
                let inner = self.truth(inner);
                each(&|p| p.is_some_and(|p| inner.just_before(p)))
            }
            Expr::Disagree { first, second, offset, both_shown } => {
                each(&|p| match (self.value(*first, p), self.value(*second, p)) {
                    (Value::Nil, Value::Nil) => false,
                    (Value::Nil, _) | (_, Value::Nil) => !both_shown,
                    (Value::Number(a), Value::Number(b)) => a - b != *offset,
                    (a, b) => a != b,
                })
            }
        }
    }

    pub(in crate::monitor) fn edge(&self, edge: &Edge) -> Vec<bool> {
        let guard = edge.guard.as_ref().map(|guard| self.truth(guard));
        let state = match &edge.kind {
            Kind::Up(expr) | Kind::Down(expr) => Some(self.truth(expr)),
            Kind::Event(..) | Kind::Change(_) => None,
        };
        let happens = |p: usize| match &edge.kind {
            Kind::Up(_) => state.as_ref().is_some_and(|state| state.at[p] && !state.just_before(p)),
            Kind::Down(_) => state.as_ref().is_some_and(|state| !state.at[p] && state.just_before(p)),
            Kind::Event(signal, wanted) => {
                let number = self.grid.events[signal.0 as usize][p / 2].filter(|_| p.is_multiple_of(2));
                number.is_some_and(|number| wanted.is_none_or(|wanted| wanted == number))
            }
            Kind::Change(signal) => self.value(*signal, Some(p)) != self.value(*signal, p.checked_sub(1)),
        };
        (0..self.points()).map(|p| happens(p) && guard.as_ref().is_none_or(|guard| guard.at[p])).collect()
    }

    // Keys.

    pub(in crate::monitor) fn text(&self, key: &str) -> Option<String> {
        match &self.check.entry(key)?.value {
            Content::Text(text) => Some(text.clone()),
            Content::Number(number) => Some(number.to_string()),
            Content::Flag(_) | Content::List(_) => None,
        }
    }

    pub(in crate::monitor) fn list(&self, key: &str) -> Option<Vec<String>> {
        match &self.check.entry(key)?.value {
            Content::List(list) => Some(list.clone()),
            Content::Text(_) | Content::Number(_) | Content::Flag(_) => None,
        }
    }

    pub(in crate::monitor) fn expr(&self, key: &str) -> Option<Expr> {
        self.text(key).map(|text| expr::parse(&text, self.scope).expect("parses"))
    }

    pub(in crate::monitor) fn state(&self, key: &str) -> Option<Truth> {
        self.expr(key).map(|expr| self.truth(&expr))
    }

    pub(in crate::monitor) fn edges(&self, key: &str) -> Option<Vec<bool>> {
        self.text(key).map(|text| self.edge(&edge::parse(&text, self.scope).expect("parses")))
    }

    /// `while`; true where there is none.
    pub(in crate::monitor) fn within_scope(&self) -> Truth {
        self.state("while").unwrap_or_else(|| self.truth(&Expr::Constant(true)))
    }

    pub(in crate::monitor) fn number(&self, key: &str) -> Option<i64> {
        self.text(key).map(|text| bound::parse_number(&text, self.scope).expect("parses"))
    }

    pub(in crate::monitor) fn tolerance(&self) -> i64 {
        self.length("tolerance", 0).unwrap_or(0)
    }

    /// A bound at a point.
    pub(in crate::monitor) fn length(&self, key: &str, point: usize) -> Option<i64> {
        self.text(key).and_then(|text| self.length_of(&text, point))
    }

    pub(in crate::monitor) fn length_of(&self, text: &str, point: usize) -> Option<i64> {
        self.computed(&bound::parse(text, self.scope).expect("parses"), point)
    }

    fn computed(&self, bound: &Bound, point: usize) -> Option<i64> {
        Some(match bound {
            Bound::Constant(us) => *us as i64,
            Bound::Plus(a, b) => self.computed(a, point)? + self.computed(b, point)?,
            Bound::Minus(a, b) => (self.computed(a, point)? - self.computed(b, point)?).max(0),
            Bound::Times(n, a) => *n as i64 * self.computed(a, point)?,
            Bound::Max(a, b) => self.computed(a, point)?.max(self.computed(b, point)?),
            Bound::Min(a, b) => self.computed(a, point)?.min(self.computed(b, point)?),
            Bound::Left(expr, bound) => {
                let truth = self.truth(expr);
                let bound = self.computed(bound, point)?;
                if !truth.at[point] {
                    return Some(0);
                }
                (bound - (self.time(point) - self.time(truth.start(point)))).max(0)
            }
            Bound::Signal(signal) => match self.value(*signal, Some(point)) {
                Value::Number(ms) => ms.max(0) * 1_000,
                Value::Nil | Value::Level(_) => return None,
            },
        })
    }

    pub(in crate::monitor) fn signal(&self, key: &str) -> (SignalId, Domain) {
        self.scope.vocabulary.find(&self.text(key).expect("given")).expect("known")
    }

    /// The last point of the instant `us`, if the record has it.
    pub(in crate::monitor) fn last_point(&self, us: i64) -> Option<usize> {
        (us <= self.end()).then(|| (us / self.grid.step) as usize * 2 + 1)
    }
}
