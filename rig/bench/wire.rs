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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{Bench, Observation};
    use crate::site::{CableRole, library};
    use emulators::device::{Device, Output, Port};
    use emulators::time::Span;

    /// `01 01 0000 0003`: vehicle head A, read three coils.
    const QUESTION: [u8; 8] = [0x01, 0x01, 0x00, 0x00, 0x00, 0x03, 0x7c, 0x0b];

    /// When a bench says its answer's bytes, and from when to when the tap has the answer on the line.
    fn answer(real: bool) -> (Instant, Instant, Instant) {
        let site = library::find("yudaihe-beixiaoyuan").expect("the default site");
        let mut wires = [false; CableRole::COUNT];
        wires[CableRole::Lamps.index()] = real;
        let mut bench = Bench::on_wires(&site, 0, 1, wires);
        bench.stand_by(Instant::ZERO);
        bench.hear(Instant::from_ms(10), Port(CableRole::Lamps.index() as u8), QUESTION.to_vec());
        let (mut said, mut tapped) = (None, None);
        while let Some(wake) = bench.poll_timeout().filter(|_| tapped.is_none()) {
            bench.handle_timeout(wake.at);
            while let Some(output) = bench.poll_output() {
                match output {
                    Output::Bytes { port: Port(2), .. } => said = said.or(Some(wake.at)),
                    Output::Sight(Observation::Frame {
                        cable: CableRole::Lamps,
                        from: Some(1),
                        start,
                        ..
                    }) => {
                        tapped = Some((start, wake.at));
                    }
                    _ => {}
                }
            }
        }
        let (start, end) = tapped.expect("the head answers");
        (said.expect("its bytes reach the port"), start, end)
    }

    #[test]
    fn bytes_leave_for_a_real_wire_when_they_begin_and_for_a_modelled_line_when_they_have_arrived() {
        let site = library::find("yudaihe-beixiaoyuan").expect("the default site");
        let line = site.wiring.cables[CableRole::Lamps.index()].expect("its lamp bus").line;
        // Unit, function, count, one byte of coils, checksum.
        let takes = line.time_of(6);
        let (said, start, end) = answer(true);
        assert!(said.since(start) <= Span::from_us(6) && end.since(start) == takes, "{said} {start} {end}");
        let (said, start, end) = answer(false);
        assert_eq!((said, end.since(start)), (end, takes));
    }

    #[test]
    fn what_is_put_on_a_busy_wire_waits_for_it_and_what_was_heard_began_before() {
        let line = Line::n81(9_600);
        let frame = |len: usize| Delivery {
            from: Some(End(1)),
            start: Instant::ZERO,
            end: Instant::ZERO,
            bytes: vec![0; len],
            sent: None,
            echo: false,
            collided: false,
        };
        let mut wire = Wire::new(line);
        let now = Instant::from_ms(5);
        wire.put(now, frame(10));
        wire.put(now, frame(4));
        let first = now + line.time_of(10);
        assert_eq!(wire.due(), first);
        assert!(wire.arrived(first.back(Span::from_us(1))).is_none());
        assert_eq!(wire.arrived(first).map(|delivery| (delivery.start, delivery.end)), Some((now, first)));
        assert_eq!(wire.due(), first + line.time_of(4));
        let mut heard = frame(10);
        wire.heard(Instant::from_ms(50), &mut heard);
        assert_eq!(heard.start, Instant::from_ms(50).back(line.time_of(10)));
    }
}
