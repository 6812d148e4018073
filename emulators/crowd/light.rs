//! How people read the green lamp: they see it go on and off, and judge.

use crate::time::{Instant, Span};

/// A dark of up to this long is a flash; a longer one is red. Flashing green is dark for 500 ms at a time, so
/// this lies between one dark half period and three (a missed flash is forgiven).
const FLASH_DARK_MAX: Span = Span::from_ms(1_200);

/// What people take the light for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Light {
    /// Red or dark.
    Stop,
    /// Lit steadily since it went on.
    Walk {
        /// When it went on.
        since: Instant,
    },
    /// It has gone off since it went on, never for long.
    Flashing {
        /// When it went off for the first time.
        since: Instant,
        /// When it last went off, if it is off now.
        dark_since: Option<Instant>,
    },
}

impl Light {
    /// The lamp is seen to be lit or not. An edge that is none changes nothing.
    #[must_use]
    pub(super) fn seen(self, now: Instant, lit: bool) -> Light {
        match (self, lit) {
            (Light::Stop, true) => Light::Walk { since: now },
            (Light::Walk { .. }, false) => Light::Flashing { since: now, dark_since: Some(now) },
            (Light::Flashing { since, .. }, true) => Light::Flashing { since, dark_since: None },
            (Light::Flashing { since, dark_since: None }, false) => {
                Light::Flashing { since, dark_since: Some(now) }
            }
            (Light::Stop | Light::Flashing { .. }, false) | (Light::Walk { .. }, true) => self,
        }
    }

    /// When the light will be taken for red if it stays dark.
    #[must_use]
    pub(super) fn stop_due(self) -> Option<Instant> {
        match self {
            Light::Stop | Light::Walk { .. } => None,
            Light::Flashing { dark_since, .. } => dark_since.map(|since| since + FLASH_DARK_MAX),
        }
    }

    /// Since when people may step on.
    #[must_use]
    pub(super) fn walk_since(self) -> Option<Instant> {
        match self {
            Light::Walk { since } => Some(since),
            Light::Stop | Light::Flashing { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Instant {
        Instant::from_ms(ms)
    }

    #[test]
    fn green_is_walk_until_its_first_off_edge() {
        let light = Light::Stop.seen(ms(10), true);
        assert_eq!(light, Light::Walk { since: ms(10) });
        assert_eq!(light.seen(ms(20), true), light, "the same again is no edge");
        let light = light.seen(ms(30), false).seen(ms(530), true);
        assert_eq!(light, Light::Flashing { since: ms(30), dark_since: None });
        assert_eq!(light.walk_since(), None, "lit again, it is still flashing");
    }

    #[test]
    fn a_light_that_stays_dark_is_red() {
        let light = Light::Stop.seen(ms(0), true).seen(ms(30), false);
        assert_eq!(light.stop_due(), Some(ms(1_230)));
        assert_eq!(light.seen(ms(40), false), light, "the same again does not make the dark younger");
        assert_eq!(light.seen(ms(1_230), true).stop_due(), None);
    }
}
