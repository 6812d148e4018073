//! Whether what is called a real line is one.

use emulators::time::{CharacterTimes, Instant, Line, Span};

/// Whether a port takes its line's time. On one that does, hardly anything is heard while what the rig has sent is still on its
/// way; where answers come before their questions can have ended there is no line.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    times: Option<CharacterTimes>,
    busy_until: Instant,
    heard: u32,
    early: u32,
}

/// So many early ones, and at least half of all, are no chance.
const EARLY: u32 = 3;
/// Clocks and buffers may differ so much.
const PACE_SLACK: Span = Span::from_ms(3);

impl Pace {
    /// Of a port whose line takes its time, as far as is known; `None`: the rig computes it.
    pub(super) fn of(line: Option<Line>) -> Pace {
        Pace { times: line.map(CharacterTimes::new), ..Pace::default() }
    }

    /// Bytes go out.
    pub(super) fn sends(&mut self, now: Instant, bytes: usize) {
        if let Some(times) = &self.times {
            self.busy_until = self.busy_until.max(now) + times.of(bytes);
        }
    }

    /// Whether it is plain now that there is no line.
    pub(super) fn hears(&mut self, now: Instant) -> bool {
        if self.times.is_none() {
            return false;
        }
        self.heard = self.heard.saturating_add(1);
        self.early += u32::from(now + PACE_SLACK < self.busy_until);
        self.early >= EARLY && self.early * 2 >= self.heard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_without_a_line_is_known_by_its_early_answers() {
        let mut pace = Pace::of(Some(Line::n81(9_600)));
        let at = Instant::from_ms;
        for question in 0..3 {
            // Twenty bytes need 21 ms; the answer is there after one.
            pace.sends(at(question * 100), 20);
            assert_eq!(pace.hears(at(question * 100 + 1)), question == 2);
        }
    }

    #[test]
    fn a_line_on_which_something_is_now_and_then_early_is_one() {
        let mut pace = Pace::of(Some(Line::n81(9_600)));
        let at = Instant::from_ms;
        for question in 0..30 {
            pace.sends(at(question * 100), 20);
            assert!(!pace.hears(at(question * 100 + if question % 3 == 0 { 5 } else { 25 })));
        }
    }
}
