//! Signals: what the judge makes of the records before it judges. A signal holds its value until it changes;
//! an event signal is an occurrence without duration.

use emulators::time::{Instant, Span};

/// What values a signal can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// One of these names; the value is the position.
    Names(&'static [&'static str]),
    /// True or false (levels 1 and 0).
    Flag,
    /// A whole number, or nothing.
    Number,
    /// An occurrence, carrying a number.
    Event,
}

/// Place of a signal in the vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignalId(pub u16);

/// The value of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Not known yet, or nothing shown.
    Nil,
    /// Position among the names; 1 or 0 for a flag.
    Level(u8),
    /// A number.
    Number(i64),
}

/// A signal takes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which signal.
    pub signal: SignalId,
    /// Its value from now on (for an event: the number it carries).
    pub value: Value,
    /// When the judge knows it. Changes come in order of this.
    pub at: Instant,
    /// When it became true, at the earliest: `since <= at`. A flashing aspect is recognised later than it began; durations are
    /// measured from here. If it lies at or before the previous change's `since`, the previous value never held.
    pub since: Instant,
    /// It became true between `since` and `since + uncertainty`.
    pub uncertainty: Span,
}

/// The signals there are, by name.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    signals: Vec<(&'static str, Domain)>,
}

impl Vocabulary {
    /// Adds a signal; names are unique.
    pub fn add(&mut self, name: &'static str, domain: Domain) -> SignalId {
        debug_assert!(self.find(name).is_none(), "signal {name} twice");
        self.signals.push((name, domain));
        SignalId((self.signals.len() - 1) as u16)
    }

    /// A signal by name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<(SignalId, Domain)> {
        let index = self.signals.iter().position(|(known, _)| *known == name)?;
        Some((SignalId(index as u16), self.signals[index].1))
    }

    /// Name and domain of a signal.
    #[must_use]
    pub fn get(&self, id: SignalId) -> (&'static str, Domain) {
        self.signals[id.0 as usize]
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.signals.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.signals.is_empty()
    }
}
