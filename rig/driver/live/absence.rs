//! Ports that are gone for a while: what a run writes down of them, and how a replay reads that again.

use std::fmt;

use emulators::time::{Instant, Span};

/// How everything begins that is said of a cable's port.
const PORT: &str = "the port of ";
const GONE: &str = " is gone: ";
const AWAY: &str = " was away for ";
/// Between what was so and how it ended.
const HOW: &str = ": ";

/// A port that was gone for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    /// Which cable's.
    pub cable: &'static str,
    /// Since when.
    pub since: Instant,
    /// How long.
    pub lasted: Span,
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Absence { cable, since, lasted } = self;
        write!(f, "{PORT}{cable}{AWAY}{lasted} s from {since} on")
    }
}

impl Absence {
    /// The note at its beginning.
    pub(super) fn begins(cable: &str, why: &str) -> String {
        format!("{PORT}{cable}{GONE}{why}")
    }

    /// The note at its end.
    pub(super) fn ends(&self, how: &str) -> String {
        format!("{self}{HOW}{how}")
    }
}

/// The absences that a record's notes tell of.
#[derive(Debug, Default)]
pub struct Absences {
    over: Vec<String>,
    /// What was said of ports that have not come back, by cable.
    gone: Vec<(String, String)>,
}

impl Absences {
    /// Takes in a note, whatever it is about.
    pub fn note(&mut self, text: &str) {
        let Some(rest) = text.strip_prefix(PORT) else { return };
        if let Some((cable, _)) = rest.split_once(GONE) {
            // Who listens and who sends may both have noticed.
            if !self.gone.iter().any(|(known, _)| known == cable) {
                self.gone.push((cable.to_owned(), text.to_owned()));
            }
        } else if let Some((cable, lasted)) = rest.split_once(AWAY) {
            self.gone.retain(|(known, _)| known != cable);
            let lasted = lasted.split_once(HOW).map_or(lasted, |(lasted, _how)| lasted);
            self.over.push(format!("{PORT}{cable}{AWAY}{lasted}"));
        }
    }

    /// In words, those that are over before those that are not.
    pub fn into_troubles(self) -> impl Iterator<Item = String> {
        self.over.into_iter().chain(self.gone.into_iter().map(|(_cable, text)| text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_writes_down_of_ports_is_read_again_by_a_replay() {
        let absence =
            Absence { cable: "lamps", since: Instant::from_us(2_000_000), lasted: Span::from_ms(1_500) };
        let mut absences = Absences::default();
        for note in [
            Absence::begins("lamps", "unplugged"),
            Absence::begins("lamps", "I/O error: a second time"),
            Absence::begins("camera-a", "unplugged"),
            absence.ends("back as /dev/ttyUSB4"),
            "lamps: the far end was closed".to_owned(),
        ] {
            absences.note(&note);
        }
        let told: Vec<String> = absences.into_troubles().collect();
        assert_eq!(told, [absence.to_string(), "the port of camera-a is gone: unplugged".to_owned()]);
    }

    #[test]
    fn notes_about_anything_else_are_no_absences() {
        let mut absences = Absences::default();
        absences.note("host too slow: the bench was served 0.064 s late");
        absences.note("broke off: the port of lamps was lost and did not come back within 4 s");
        assert_eq!(absences.into_troubles().count(), 0);
    }
}
