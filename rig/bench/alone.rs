//! A bench of which only some devices are there: one emulator on the table of somebody who builds a controller. People,
//! lamps and cables are the same as ever; whatever else belongs to the site has no supply, so it neither hears, nor
//! speaks, nor shows anything.

use emulators::crowd::Act as CrowdAct;
use emulators::device::{Device, Input};
use emulators::time::Instant;

use super::Bench;
use super::node::Node;
use crate::scenario::{Head, Side};
use crate::site::{CableRole, Site};

/// A device that can be there by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emulator {
    /// The camera at a kerb.
    Camera(Side),
    /// A signal head.
    Head(Head),
    /// The countdown display at a head.
    Display(Head),
    /// The light post at a kerb.
    Post(Side),
    /// The module with discrete inputs.
    Inputs,
}

impl Emulator {
    const fn node(self) -> Node {
        match self {
            Emulator::Camera(side) => Node::Camera(side),
            Emulator::Head(head) => Node::Head(head),
            Emulator::Display(head) => Node::Display(head),
            Emulator::Post(side) => Node::Post(side),
            Emulator::Inputs => Node::Feedback,
        }
    }

    /// The cable it is plugged into.
    #[must_use]
    pub const fn cable(self) -> CableRole {
        match self {
            Emulator::Camera(Side::A) => CableRole::CameraA,
            Emulator::Camera(Side::B) => CableRole::CameraB,
            Emulator::Head(_) | Emulator::Post(_) => CableRole::Lamps,
            Emulator::Display(_) => CableRole::Countdown,
            Emulator::Inputs => CableRole::Feedback,
        }
    }

    /// Its name in traces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.node().name()
    }
}

impl Bench {
    /// As [`Bench::on_wires`], with nothing there but these.
    #[must_use]
    pub fn alone(
        site: &Site,
        starts_at: u32,
        seed: u64,
        wires: [bool; CableRole::ALL.len()],
        here: &[Emulator],
    ) -> Bench {
        let mut bench = Bench::on_wires(site, starts_at, seed, wires);
        bench.absent = Node::ALL.map(|node| !here.iter().any(|device| device.node() == node));
        bench
    }

    /// Whether a device is there, and so has a supply when the others have.
    pub(super) fn is_here(&self, node: Node) -> bool {
        !self.absent[node.index()]
    }

    /// People see a green light, or no longer, whatever the heads show: where no head is there somebody must tell.
    pub fn show_green(&mut self, now: Instant, lit: bool) {
        self.crowd.handle_input(now, Input::Act(CrowdAct::Green(lit)));
        self.drain(now, Node::Crowd);
        self.wakes.soonest();
    }

    /// Voltage stands at an input of the module, or no longer.
    pub fn set_input(&mut self, now: Instant, input: u8, on: bool) {
        self.wire(now, input, on);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Observation;
    use crate::scenario::Stimulus;
    use crate::site::library;
    use emulators::crowd::Habit;
    use emulators::device::{Output, Port};

    /// Of `unit 01 0000 0003` (read three coils), by unit; those of 0 and 4 are not asked for.
    const CHECKSUMS: [[u8; 2]; 6] =
        [[0x00, 0x00], [0x7c, 0x0b], [0x7c, 0x38], [0x7d, 0xe9], [0x00, 0x00], [0x7d, 0x8f]];

    /// Asks a unit on the lamp bus for its coils; who answers (by end) within a second.
    fn answers(bench: &mut Bench, unit: u8) -> Vec<u8> {
        let [low, high] = CHECKSUMS[usize::from(unit)];
        let question = vec![unit, 0x01, 0, 0, 0, 3, low, high];
        let start = Instant::from_ms(10);
        bench.hear(start, Port(CableRole::Lamps.index() as u8), question);
        let mut from = Vec::new();
        while let Some(wake) = bench.poll_timeout().filter(|wake| wake.at < Instant::from_ms(1_000)) {
            bench.handle_timeout(wake.at);
            while let Some(output) = bench.poll_output() {
                if let Output::Sight(Observation::Frame { from: Some(end @ 1..), .. }) = output {
                    from.push(end);
                }
            }
        }
        from
    }

    #[test]
    fn only_what_is_there_answers() {
        let site = library::find("yudaihe-beixiaoyuan").expect("the default site");
        for (unit, wanted) in [(1, vec![1]), (2, vec![]), (3, vec![]), (5, vec![])] {
            let mut bench = Bench::alone(
                &site,
                0,
                1,
                [false; CableRole::ALL.len()],
                &[Emulator::Head(Head::Vehicle(Side::A))],
            );
            bench.stand_by(Instant::ZERO);
            assert_eq!(answers(&mut bench, unit), wanted, "unit {unit}");
        }
    }

    #[test]
    fn what_is_not_there_gets_no_supply_from_a_scenario_either() {
        let site = library::find("yudaihe-beixiaoyuan").expect("the default site");
        let mut bench = Bench::alone(
            &site,
            0,
            1,
            [false; CableRole::ALL.len()],
            &[Emulator::Head(Head::Vehicle(Side::A))],
        );
        bench.stand_by(Instant::ZERO);
        for on in [false, true] {
            bench.handle_input(Instant::from_ms(1), Input::Act(Stimulus::Power(on)));
        }
        assert_eq!(answers(&mut bench, 2), Vec::<u8>::new());
        assert_eq!(answers(&mut bench, 1), [1]);
    }

    #[test]
    fn people_walk_when_they_are_shown_a_green_light() {
        let site = library::find("yudaihe-beixiaoyuan").expect("the default site");
        let mut bench =
            Bench::alone(&site, 0, 1, [false; CableRole::ALL.len()], &[Emulator::Camera(Side::A)]);
        bench.stand_by(Instant::ZERO);
        let (kerb, habit) = (Side::A, Habit::Crosses);
        let arrive = Stimulus::Arrive { kerb, count: 2, speed_mm_s: 1_300, habit };
        bench.handle_input(Instant::from_ms(1), Input::Act(arrive));
        assert_eq!((bench.people.waiting, bench.people.walking), ([2, 0], [0, 0]));
        bench.show_green(Instant::from_ms(2), true);
        for ms in 2..3_000 {
            bench.handle_timeout(Instant::from_ms(ms));
        }
        assert_eq!(bench.people.walking, [2, 0]);
    }
}
