//! `[limits]`: the bounds that the judge judges by. Defaults are the norms' table (T01..T38).

use std::collections::BTreeMap;

use emulators::time::Span;

/// A bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// A length of time.
    Time(Span),
    /// A number without unit (counts, per minute, percent).
    Number(i64),
}

/// Bounds by name. The names, their units, defaults and sources are in `limits.rs`'s table; a site file may set
/// any of them and no others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    values: BTreeMap<&'static str, Quantity>,
}

impl Limits {
    /// A bound by name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Quantity> {
        self.values.get(name).copied()
    }

    /// A length of time by name; `None` if there is no such bound or it is a number.
    #[must_use]
    pub fn time(&self, name: &str) -> Option<Span> {
        match self.get(name) {
            Some(Quantity::Time(span)) => Some(span),
            Some(Quantity::Number(_)) | None => None,
        }
    }

    /// A number by name; `None` if there is no such bound or it is a length of time.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Some(Quantity::Number(number)) => Some(number),
            Some(Quantity::Time(_)) | None => None,
        }
    }

    /// Sets a bound (tests, loader).
    pub fn set(&mut self, name: &'static str, value: Quantity) {
        self.values.insert(name, value);
    }

    /// All bounds in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Quantity)> + '_ {
        self.values.iter().map(|(name, value)| (*name, *value))
    }
}
