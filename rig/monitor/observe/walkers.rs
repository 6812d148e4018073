//! People on the crosswalk, as a camera shows them: who may have entered on red.

use emulators::time::{Instant, Span};

use super::sink::{Sink, number};

/// A frame that arrived less than this before the red may count as one in the red (T38).
const EDGE_TOLERANCE: Span = Span::from_ms(100);

/// What a camera has told of the crosswalk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Crosswalk {
    pub(super) count: u8,
    pub(super) up: u8,
    pub(super) down: u8,
}

/// When a frame that showed the crosswalk was begun, and when it had arrived.
type View = (Instant, Instant);

#[derive(Clone, Debug, Default)]
pub(super) struct Walkers {
    crosswalk: Crosswalk,
    last_view: Option<View>,
    /// People on the crosswalk before somebody entered on red.
    before_trip: Option<u8>,
    /// The most people there who may have entered on red.
    on_red: u8,
}

impl Walkers {
    /// A frame that can be believed.
    pub(super) fn seen(&mut self, sink: &mut Sink, view: View, seen: Crosswalk, red_since: Option<Instant>) {
        let (before, looked) = self.look(view, seen);
        let [n, up, down] = sink.ids.crosswalk;
        sink.set(n, number(Some(i64::from(seen.count))));
        sink.set(up, number(Some(i64::from(seen.up))));
        sink.set(down, number(Some(i64::from(seen.down))));
        sink.set_flag(sink.ids.on_crosswalk[0], seen.count > 0);
        let Some(red_since) = red_since else { return };
        let [trip, _, trip_fair] = sink.ids.trip;
        if self.before_trip.is_some_and(|people| seen.count <= people) {
            self.before_trip = None;
            sink.set_flag(trip, false);
        }
        if !self.may_have_entered(sink, seen, before) {
            return;
        }
        self.before_trip.get_or_insert(before.count.min(seen.count.saturating_sub(1)));
        // A frame whose predecessor was begun before the red may show who stepped off on flashing green.
        if seen_in_red(looked, red_since) {
            sink.set_flag(trip_fair, true);
        }
        if looked.is_some_and(|(begun, _)| begun >= red_since) {
            sink.set_flag(trip, true);
            sink.event(sink.ids.trip_event[0], i64::from(seen.count));
        }
    }

    /// A frame of which only this region can be true.
    pub(super) fn glimpsed(
        &mut self,
        sink: &mut Sink,
        view: View,
        seen: Crosswalk,
        red_since: Option<Instant>,
    ) {
        let (before, looked) = self.look(view, seen);
        // A flag once set stays until nobody is left who may have entered.
        if let Some(red_since) = red_since
            && self.may_have_entered(sink, seen, before)
            && seen_in_red(looked, red_since)
        {
            sink.set_flag(sink.ids.trip[2], true);
        }
    }

    /// What was there before, and when that was seen.
    fn look(&mut self, view: View, seen: Crosswalk) -> (Crosswalk, Option<View>) {
        (std::mem::replace(&mut self.crosswalk, seen), self.last_view.replace(view))
    }

    /// Whether somebody stepped on between two views on red, and whether anybody is left who may have.
    fn may_have_entered(&mut self, sink: &mut Sink, seen: Crosswalk, before: Crosswalk) -> bool {
        // The total may stay the same while one leaves and another comes.
        let by_direction =
            seen.up.saturating_sub(before.up).saturating_add(seen.down.saturating_sub(before.down));
        let entered = by_direction.max(seen.count.saturating_sub(before.count));
        // Whoever leaves may be one who started on green: those who entered on red are still there as far as one can know.
        self.on_red = self.on_red.saturating_add(entered).min(seen.count);
        sink.set_flag(sink.ids.trip[1], self.on_red > 0);
        if self.on_red == 0 {
            sink.set_flag(sink.ids.trip[2], false);
        }
        entered > 0
    }

    /// The pedestrian head is no longer red: nobody is there who should not be.
    pub(super) fn red_ends(&mut self, sink: &mut Sink) {
        self.before_trip = None;
        self.on_red = 0;
        for signal in sink.ids.trip {
            sink.set_flag(signal, false);
        }
    }

    /// The camera has fallen silent.
    pub(super) fn unseen(&mut self, sink: &mut Sink) {
        self.crosswalk = Crosswalk::default();
        self.last_view = None;
        sink.set_flag(sink.ids.on_crosswalk[0], false);
        self.red_ends(sink);
    }
}

/// Whether the view before, begun and arrived then, was one of the red: who is new since may have entered on red.
fn seen_in_red(view: Option<View>, red_since: Instant) -> bool {
    view.is_some_and(|(_, arrived)| arrived + EDGE_TOLERANCE >= red_since)
}
