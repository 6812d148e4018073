//! The judge: records in, verdicts out. It knows the site's limits and wiring, and nothing of the script.

use std::sync::OnceLock;

use emulators::time::{Instant, Span};

use super::Engine;
use super::observe::Observer;
use super::property::{self, Property, PropertyError};
use super::signal::{Change, Domain, SignalId, Value, Vocabulary};
use super::verdict::PropertyResult;
use crate::site::{CableRole, Site};
use crate::trace::Record;
use crate::trace::aspect::SWITCHING_GAP;

const CATALOGUE: &str = include_str!("../../fixtures/properties/catalogue.toml");
const CATALOGUE_NAME: &str = "fixtures/properties/catalogue.toml";

/// An edge of a sensed lamp is known so much later than it may have happened; answers further apart show nothing.
const SENSED_LATE: Span = SWITCHING_GAP;
/// How late a record of real time may be, a stall that is still accepted and a slow adapter included.
const RECORDED_LATE: Span = Span::from_ms(100);
const UNSEEN: &str = "what is lit was not known from here on: the lamp-sense module did not answer in time";

/// The properties every site is judged by.
///
/// # Errors
/// If the catalogue cannot be read; a test sees to it that it can.
pub fn catalogue() -> Result<Vec<Property>, PropertyError> {
    // Read once: a suite has a judge for every run, and the text does not change.
    static READ: OnceLock<Result<Vec<Property>, PropertyError>> = OnceLock::new();
    READ.get_or_init(|| property::load(CATALOGUE, CATALOGUE_NAME)).clone()
}

/// Observer and engine in one.
#[derive(Clone)]
pub struct Judge {
    observer: Observer,
    engine: Engine,
    vocabulary: Vocabulary,
    changes: Vec<Change>,
    /// Signals that somebody wants to read afterwards, and what they were.
    watched: Vec<(SignalId, &'static str, &'static [&'static str])>,
    seen: Vec<Seen>,
}

/// A signal took a value, as the judge sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Since when.
    pub since: Instant,
    /// The signal's name.
    pub signal: &'static str,
    /// The value's name; nothing where it is not known.
    pub value: Option<&'static str>,
}

impl Judge {
    /// A judge for a site: the catalogue and the site's own properties. `starts_at` is the local time at the start.
    ///
    /// # Errors
    /// If a property names something that does not exist.
    pub fn new(site: &Site, starts_at: u32) -> Result<Judge, PropertyError> {
        let mut properties = catalogue()?;
        let own = property::load(&site.properties, &site.file)?;
        if let Some(taken) = own.iter().find(|own| properties.iter().any(|known| known.id == own.id)) {
            return Err(PropertyError {
                file: site.file.as_str().into(),
                line: taken.line,
                key: "id".to_owned(),
                message: format!("the catalogue has a property `{}` already", taken.id),
                hint: Some("give it an id of its own, such as `S1`".to_owned()),
            });
        }
        properties.extend(own);
        let (observer, vocabulary) = Observer::new(site, starts_at);
        let cables: Vec<CableRole> =
            CableRole::ALL.into_iter().filter(|role| site.wiring.cables[role.index()].is_some()).collect();
        let mut engine = Engine::new(&properties, &vocabulary, &site.limits, site.policy(), &cables)?;
        if site.wiring.sense.is_some() {
            let (blind, signals) = observer.sight();
            for signal in &signals {
                engine.set_lag(*signal, SENSED_LATE);
            }
            engine.set_sight(blind, &signals, UNSEEN);
        }
        Ok(Judge { observer, engine, vocabulary, changes: Vec::new(), watched: Vec::new(), seen: Vec::new() })
    }

    /// The same judge for records in real time: an instant in them may be known late, so a deadline is not over before
    /// what answers it can be on record.
    #[must_use]
    pub fn in_real_time(mut self) -> Judge {
        self.engine.set_lag_of_all(RECORDED_LATE);
        self
    }

    /// Whether there is a property of this id.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        self.engine.knows(id)
    }

    /// Takes in a record.
    pub fn record(&mut self, record: &Record) {
        self.observer.record(record, &mut self.changes);
        self.hand_on();
    }

    /// Time has come to `now`: everything due before has been answered or not, each at its own instant.
    pub fn advance(&mut self, now: Instant) {
        while let Some(due) = self.observer.next_deadline()
            && due < now
        {
            self.observer.advance(due, &mut self.changes);
            self.hand_on();
        }
        // The observer holds back what it may still have to correct: the engine's time is not the present.
        let settled = self.observer.settled();
        if self.engine.next_deadline().is_some_and(|due| due < settled) {
            self.engine.advance(settled);
        }
    }

    #[inline]
    fn hand_on(&mut self) {
        if self.changes.is_empty() {
            return;
        }
        if !self.watched.is_empty() {
            self.remember();
        }
        for change in self.changes.drain(..) {
            self.engine.change(&change);
        }
    }

    #[cold]
    fn remember(&mut self) {
        for change in &self.changes {
            let watched = self.watched.iter().find(|(signal, ..)| *signal == change.signal);
            let Some(&(_, signal, names)) = watched else { continue };
            let value = match change.value {
                Value::Level(place) => names.get(usize::from(place)).copied(),
                Value::Nil | Value::Number(_) => None,
            };
            self.seen.push(Seen { since: change.since, signal, value });
        }
    }

    /// What became of the signals that [`Judge::watch`] named, as far as it has settled.
    #[must_use]
    pub fn take_seen(&mut self) -> Vec<Seen> {
        std::mem::take(&mut self.seen)
    }

    /// Remembers from now on what becomes of signals whose values have names; others are left out.
    pub fn watch(&mut self, names: &[&str]) {
        let known = names.iter().filter_map(|name| self.vocabulary.find(name));
        self.watched = known
            .filter_map(|(signal, domain)| match domain {
                Domain::Names(values) => Some((signal, self.vocabulary.get(signal).0, values)),
                Domain::Flag | Domain::Number | Domain::Event => None,
            })
            .collect();
    }

    /// The verdicts at the end of the record. What the observer still holds back the next record might have corrected: a
    /// record is judged up to what has settled, so that one which was cut off shows no violation that the whole does not.
    #[must_use]
    pub fn finish(mut self, end: Instant) -> Vec<PropertyResult> {
        self.observer.advance(end, &mut self.changes);
        self.hand_on();
        self.engine.finish(self.observer.settled())
    }
}
