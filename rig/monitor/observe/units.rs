//! Units that do not answer. A question counts as it was sent, whether the unit could hear it or not, and an answer as it
//! arrived: what the controller must notice is that its questions stay without one.

use emulators::time::{Instant, Span};

use super::Timer;
use super::sink::{Sink, flag};
use crate::site::Wiring;

/// A unit that has been asked for this long without an answer is one that a controller must have missed: a lamp bus is
/// refreshed every half second, and three tries in vain with what delays them fit in.
const UNIT_DEAF: Span = Span::from_ms(2_500);
/// The same of the feedback module, which is asked many times a second.
const FEEDBACK_LOST: Span = Span::from_ms(1_500);
/// A lamp bus on which nobody has answered for more than its refresh may be cut.
const UNHEARD: Span = Span::from_ms(550);
/// The first units are heads, the others posts.
const HEADS: usize = 4;
/// Questions further apart than this do not belong together: the controller itself was silent between.
const PATIENCE: Span = Span::from_secs(1);

/// Questions to one unit since its last answer.
#[derive(Clone, Copy, Debug, Default)]
struct Unanswered {
    /// The first of them and the last.
    asked: Option<(Instant, Instant)>,
}

impl Unanswered {
    /// A question. Whether there has been none but questions for `limit`.
    fn asked(&mut self, now: Instant, limit: Span) -> bool {
        let first = match self.asked {
            Some((first, last)) if now.since(last) <= PATIENCE => first,
            Some(_) | None => now,
        };
        self.asked = Some((first, now));
        now.since(first) >= limit
    }
}

/// All units that the controller asks.
#[derive(Clone, Debug)]
pub(super) struct Units {
    addresses: [u8; 6],
    lamps: [Unanswered; 6],
    deaf: [bool; 6],
    feedback: Unanswered,
}

impl Units {
    pub(super) fn new(wiring: &Wiring) -> Units {
        let [va, vb] = wiring.lamps.vehicle;
        let [pa, pb] = wiring.lamps.pedestrian;
        let [a, b] = wiring.lamps.posts;
        Units {
            addresses: [va, vb, pa, pb, a, b],
            lamps: [Unanswered::default(); 6],
            deaf: [false; 6],
            feedback: Unanswered::default(),
        }
    }

    /// The controller asks a unit on the lamp bus.
    pub(super) fn lamp_unit_asked(&mut self, sink: &mut Sink, unit: u8) {
        let Some(place) = self.addresses.iter().position(|known| *known == unit) else { return };
        if self.lamps[place].asked(sink.now, UNIT_DEAF) && !self.deaf[place] {
            self.deaf[place] = true;
            sink.set_flag(sink.ids.unit_deaf[0], true);
            if place < HEADS {
                sink.set_flag(sink.ids.head_lost[0], true);
            }
        }
    }

    /// A unit on the lamp bus answers.
    pub(super) fn lamp_unit_answered(&mut self, sink: &mut Sink, unit: u8) {
        let Some(place) = self.addresses.iter().position(|known| *known == unit) else { return };
        sink.wake(Timer::LampUnheard, sink.now + UNHEARD);
        sink.set_flag(sink.ids.lamp_unheard[0], false);
        self.lamps[place] = Unanswered::default();
        if std::mem::take(&mut self.deaf[place]) {
            sink.set_flag(sink.ids.unit_deaf[0], self.deaf != [false; 6]);
            if sink.is(sink.ids.cold[0]) {
                // Heads find each other in the start-up: nothing has run yet that could not be trusted.
                self.reset(sink);
            }
        }
    }

    /// Nobody has answered for long enough to say that nobody does, since the last answer.
    pub(super) fn unheard(sink: &mut Sink) {
        sink.set_since(sink.ids.lamp_unheard[0], flag(true), sink.now.back(UNHEARD));
    }

    /// Somebody has acknowledged what was wrong: a head that answers again counts as found.
    pub(super) fn reset(&mut self, sink: &mut Sink) {
        sink.set_flag(sink.ids.head_lost[0], self.deaf[..HEADS] != [false; HEADS]);
    }

    /// The controller asks on the feedback cable.
    pub(super) fn feedback_asked(&mut self, sink: &mut Sink) {
        if self.feedback.asked(sink.now, FEEDBACK_LOST) {
            sink.set_flag(sink.ids.feedback_lost[0], true);
        }
    }

    /// The feedback module answers.
    pub(super) fn feedback_answered(&mut self, sink: &mut Sink) {
        self.feedback = Unanswered::default();
        sink.set_flag(sink.ids.feedback_lost[0], false);
    }

    /// Without supply nobody asks.
    pub(super) fn power_lost(&mut self, sink: &mut Sink) {
        self.lamps = [Unanswered::default(); 6];
        self.deaf = [false; 6];
        self.feedback = Unanswered::default();
        sink.timers.clear(Timer::LampUnheard);
        for signal in [sink.ids.lamp_unheard[0], sink.ids.unit_deaf[0], sink.ids.head_lost[0]] {
            sink.set_flag(signal, false);
        }
        sink.set_flag(sink.ids.feedback_lost[0], false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_questions_that_follow_each_other_count() {
        let mut unit = Unanswered::default();
        let at = Instant::from_ms;
        assert!(!unit.asked(at(0), FEEDBACK_LOST));
        assert!(!unit.asked(at(900), FEEDBACK_LOST));
        assert!(unit.asked(at(1_500), FEEDBACK_LOST));
        // A controller that slept for two seconds asks anew.
        assert!(!unit.asked(at(3_500), FEEDBACK_LOST));
        assert!(!unit.asked(at(4_400), FEEDBACK_LOST));
        assert!(unit.asked(at(5_000), FEEDBACK_LOST));
    }
}
