//! How late the loop was.

use emulators::time::Span;

/// Upper edges of the classes: 2 to the power of the place, in microseconds; the last is open.
const CLASSES: usize = 24;
const PARTS: usize = 8;

/// A count of latenesses by size, an eighth of an octave fine.
#[derive(Clone, Debug)]
pub struct Lateness {
    counts: [u64; CLASSES * PARTS],
    total: u64,
    worst: Span,
}

impl Default for Lateness {
    fn default() -> Self {
        Lateness { counts: [0; CLASSES * PARTS], total: 0, worst: Span::ZERO }
    }
}

impl Lateness {
    /// Something was late by `span`.
    pub fn note(&mut self, span: Span) {
        self.counts[class(span.as_us())] += 1;
        self.total += 1;
        self.worst = self.worst.max(span);
    }

    /// How many were noted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The worst.
    #[must_use]
    pub fn worst(&self) -> Span {
        self.worst
    }

    /// What `per_mille` of all were not later than, to an eighth of an octave.
    #[must_use]
    pub fn quantile(&self, per_mille: u64) -> Span {
        let wanted = (self.total * per_mille).div_ceil(1_000);
        let mut seen = 0;
        for (place, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted && *count > 0 {
                return Span::from_us(upper(place)).min(self.worst);
            }
        }
        self.worst
    }
}

impl std::fmt::Display for Lateness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = |span: Span| format!("{}.{:03}", span.as_us() / 1_000, span.as_us() % 1_000);
        write!(
            f,
            "half within {} ms, 99 % within {} ms, 99.9 % within {} ms, worst {} ms of {} wakes",
            ms(self.quantile(500)),
            ms(self.quantile(990)),
            ms(self.quantile(999)),
            ms(self.worst),
            self.total
        )
    }
}

fn class(us: u64) -> usize {
    if us < PARTS as u64 {
        return us as usize;
    }
    let octave = us.ilog2() as usize;
    let part = (us >> (octave - 3)) as usize & (PARTS - 1);
    ((octave - 2) * PARTS + part).min(CLASSES * PARTS - 1)
}

/// The largest number of a class.
fn upper(place: usize) -> u64 {
    if place < PARTS {
        return place as u64;
    }
    let (octave, part) = (place / PARTS + 2, place % PARTS);
    ((PARTS + part + 1) as u64) << (octave - 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_an_eighth_of_an_octave() {
        let mut lateness = Lateness::default();
        (1..=10_000).for_each(|us| lateness.note(Span::from_us(us)));
        for (per_mille, exact) in [(500, 5_000), (990, 9_900), (999, 9_990)] {
            let found = lateness.quantile(per_mille).as_us();
            assert!((exact..=exact + exact / 8 + 1).contains(&found), "{per_mille}: {found}");
        }
        assert_eq!(lateness.worst(), Span::from_us(10_000));
    }

    #[test]
    fn nothing_noted_is_nothing_late() {
        assert_eq!(Lateness::default().quantile(990), Span::ZERO);
    }
}
