//! A real wire in place of a modelled line: it takes its own time, so the bench must not take it again.
//!
//! What a device sends leaves the bench when the device begins to send, and counts as arrived (for the tap, and for
//! whoever else is on the cable) when a line of this rate has carried it. What the controller sends has been on the
//! wire already when it is heard here.

use std::collections::VecDeque;

use emulators::cable::{Delivery, End};
use emulators::time::{CharacterTimes, Instant, Line};

/// The modelled line in front of a real wire: so fast that its time does not count (1 us a character), and still the
/// place where a scenario's faults happen.
pub(super) const IN_NO_TIME: Line = Line { baud: 10_000_000, bits: 10 };

/// What is under way on a real wire, as far as the bench put it there.
#[derive(Debug)]
pub(super) struct Wire {
    times: CharacterTimes,
    busy_until: Instant,
    under_way: VecDeque<(Instant, Delivery)>,
}

impl Wire {
    pub(super) fn new(line: Line) -> Wire {
        Wire { times: CharacterTimes::new(line), busy_until: Instant::ZERO, under_way: VecDeque::new() }
    }

    /// The controller's bytes were heard at `now`: they began a line's time ago.
    pub(super) fn heard(&self, now: Instant, delivery: &mut Delivery) {
        delivery.start = now.back(self.times.of(delivery.bytes.len()));
    }

    /// A device's bytes go onto the wire at `now`, or when it is free.
    pub(super) fn put(&mut self, now: Instant, mut delivery: Delivery) {
        delivery.start = self.busy_until.max(now);
        delivery.end = delivery.start + self.times.of(delivery.bytes.len());
        self.busy_until = delivery.end;
        self.under_way.push_back((delivery.end, delivery));
    }

    /// When something will have arrived; [`Instant::MAX`] if nothing is under way.
    pub(super) fn due(&self) -> Instant {
        self.under_way.front().map_or(Instant::MAX, |(end, _)| *end)
    }

    /// What has arrived by `now`.
    pub(super) fn arrived(&mut self, now: Instant) -> Option<Delivery> {
        self.under_way.pop_front_if(|(end, _)| *end <= now).map(|(_, delivery)| delivery)
    }
}

/// Whether the controller sent it.
pub(super) fn from_controller(delivery: &Delivery) -> bool {
    delivery.from == Some(End(0))
}
