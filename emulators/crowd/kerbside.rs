//! One kerb: who waits there, and in what order and pace people step off it.

use super::Habit;
use super::light::Light;
use crate::time::{Instant, Span};
use std::collections::BTreeMap;

/// From seeing green (or arriving at it) to stepping on. Mean 1.9 s, HCM 3.2 s with perception; 1.0 s is the
/// brisk end, which asks most of a controller that counts people out of the waiting zone (`domain.md` §2.2).
pub(super) const START_UP: Span = Span::from_ms(1_000);
/// Time between two rows stepping off (school-crossing practice, `domain.md` §2.2).
pub(super) const ROW_HEADWAY: Span = Span::from_ms(2_000);
/// People in a row: 0.6 to 0.76 m a person across a crosswalk of about 4 m (`domain.md` §2.2).
pub(super) const ROW_PEOPLE: u32 = 5;
/// From the beginning of flashing green (or arriving in it) to a late starter stepping on.
pub(super) const LATE_START: Span = Span::from_ms(500);

/// Somebody's place in the order of arrival.
pub(super) type Number = u64;

/// Somebody who waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person {
    pub(super) arrived: Instant,
    pub(super) speed_mm_s: u32,
    pub(super) habit: Habit,
}

impl Person {
    /// When waiting has lasted long enough, for those who mind.
    pub(super) fn patience_ends(&self) -> Option<Instant> {
        match self.habit {
            Habit::RunsRed(after) | Habit::GivesUp(after) => Some(self.arrived + after),
            Habit::Crosses | Habit::TurnsBack | Habit::StartsLate | Habit::Stands => None,
        }
    }
}

/// The people at one kerb, in the order of their arrival, sorted by what they wait for.
#[derive(Clone, Debug, Default)]
pub(super) struct Kerbside {
    /// Those who step on at green.
    for_green: BTreeMap<Number, Person>,
    /// Those who step on when green flashes.
    for_flashing: BTreeMap<Number, Person>,
    /// Those who never step on.
    standing: BTreeMap<Number, Person>,
    /// When the last row began to step off in this green, and how many of it have.
    row: Option<(Instant, u32)>,
}

impl Kerbside {
    pub(super) fn waiting(&self) -> usize {
        self.for_green.len() + self.for_flashing.len() + self.standing.len()
    }

    pub(super) fn arrive(&mut self, number: Number, person: Person) {
        let place = match person.habit {
            Habit::Crosses | Habit::RunsRed(_) | Habit::GivesUp(_) | Habit::TurnsBack => &mut self.for_green,
            Habit::StartsLate => &mut self.for_flashing,
            Habit::Stands => &mut self.standing,
        };
        place.insert(number, person);
    }

    /// Removes who waits for green, if still there.
    pub(super) fn take(&mut self, number: Number) -> Option<Person> {
        self.for_green.remove(&number)
    }

    /// Removes who has waited longest.
    pub(super) fn take_longest(&mut self) -> Option<(Number, Person)> {
        [&mut self.for_green, &mut self.for_flashing, &mut self.standing]
            .into_iter()
            .filter(|place| !place.is_empty())
            .min_by_key(|place| place.first_key_value().map(|(&number, _)| number))?
            .pop_first()
    }

    /// A new green: its first row has not stepped off yet.
    pub(super) fn new_green(&mut self) {
        self.row = None;
    }

    /// When the next person steps on, as the light stands.
    pub(super) fn due(&self, light: Light) -> Option<Instant> {
        match light {
            Light::Stop => None,
            Light::Walk { since } => {
                let (_, first) = self.for_green.first_key_value()?;
                let started = since.max(first.arrived) + START_UP;
                Some(match self.row {
                    Some((row, ROW_PEOPLE)) => started.max(row + ROW_HEADWAY),
                    Some(_) | None => started,
                })
            }
            Light::Flashing { since, .. } => {
                let (_, first) = self.for_flashing.first_key_value()?;
                Some(since.max(first.arrived) + LATE_START)
            }
        }
    }

    /// Who steps on at `now`, one after another until `None`.
    pub(super) fn step_on(&mut self, now: Instant, light: Light) -> Option<(Number, Person)> {
        if self.due(light).is_none_or(|due| due > now) {
            return None;
        }
        match light {
            Light::Stop => None,
            Light::Walk { .. } => {
                self.row = match self.row {
                    Some((row, people)) if now < row + ROW_HEADWAY => Some((row, people + 1)),
                    Some(_) | None => Some((now, 1)),
                };
                self.for_green.pop_first()
            }
            Light::Flashing { .. } => self.for_flashing.pop_first(),
        }
    }
}
