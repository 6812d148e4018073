//! What a bench is made of, and which cable each device is plugged into.

use emulators::cable::End;

use crate::scenario::{Head, Side};
use crate::site::CableRole;

/// A part of the bench.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Cable(CableRole),
    Crowd,
    Camera(Side),
    Head(Head),
    Display(Head),
    Post(Side),
    Feedback,
    Panel,
    /// The rig's poller of the lamp-sense module.
    Sense,
    /// The emulated lamp-sense module.
    SenseModule,
}

use Side::{A, B};

const HEADS: [Head; 4] = [Head::Vehicle(A), Head::Vehicle(B), Head::Pedestrian(A), Head::Pedestrian(B)];

/// Ends 1.. of the lamp bus.
const ON_LAMPS: [Node; 6] = [
    Node::Head(HEADS[0]),
    Node::Head(HEADS[1]),
    Node::Head(HEADS[2]),
    Node::Head(HEADS[3]),
    Node::Post(A),
    Node::Post(B),
];

/// Ends 1.. of the countdown bus.
const ON_COUNTDOWN: [Node; 4] =
    [Node::Display(HEADS[0]), Node::Display(HEADS[1]), Node::Display(HEADS[2]), Node::Display(HEADS[3])];

impl Node {
    /// How many parts there are.
    pub(super) const COUNT: usize = 24;

    /// All parts, in the order in which ties are settled: cables first.
    pub(super) const ALL: [Node; Node::COUNT] = [
        Node::Cable(CableRole::CameraA),
        Node::Cable(CableRole::CameraB),
        Node::Cable(CableRole::Lamps),
        Node::Cable(CableRole::Feedback),
        Node::Cable(CableRole::Countdown),
        Node::Cable(CableRole::Service),
        Node::Cable(CableRole::Sense),
        Node::Crowd,
        Node::Camera(A),
        Node::Camera(B),
        Node::Head(HEADS[0]),
        Node::Head(HEADS[1]),
        Node::Head(HEADS[2]),
        Node::Head(HEADS[3]),
        Node::Display(HEADS[0]),
        Node::Display(HEADS[1]),
        Node::Display(HEADS[2]),
        Node::Display(HEADS[3]),
        Node::Post(A),
        Node::Post(B),
        Node::Feedback,
        Node::Panel,
        Node::Sense,
        Node::SenseModule,
    ];

    /// What hangs on the cabinet's supply.
    pub(super) const CABINET: [Node; 11] = [
        Node::Head(HEADS[0]),
        Node::Head(HEADS[1]),
        Node::Head(HEADS[2]),
        Node::Head(HEADS[3]),
        Node::Display(HEADS[0]),
        Node::Display(HEADS[1]),
        Node::Display(HEADS[2]),
        Node::Display(HEADS[3]),
        Node::Post(A),
        Node::Post(B),
        Node::Feedback,
    ];

    /// Place in [`Node::ALL`].
    pub(super) const fn index(self) -> usize {
        match self {
            Node::Cable(role) => role.index(),
            Node::Crowd => CableRole::COUNT,
            Node::Camera(side) => CableRole::COUNT + 1 + side as usize,
            Node::Head(head) => CableRole::COUNT + 3 + head_index(head),
            Node::Display(head) => CableRole::COUNT + 7 + head_index(head),
            Node::Post(side) => CableRole::COUNT + 11 + side as usize,
            Node::Feedback => CableRole::COUNT + 13,
            Node::Panel => CableRole::COUNT + 14,
            Node::Sense => CableRole::COUNT + 15,
            Node::SenseModule => CableRole::COUNT + 16,
        }
    }

    /// The cable and end it is plugged into.
    pub(super) const fn plug(self) -> Option<(CableRole, End)> {
        match self {
            Node::Cable(_) | Node::Crowd => None,
            Node::Camera(A) => Some((CableRole::CameraA, End(1))),
            Node::Camera(B) => Some((CableRole::CameraB, End(1))),
            Node::Head(head) => Some((CableRole::Lamps, End(1 + head_index(head) as u8))),
            Node::Post(side) => Some((CableRole::Lamps, End(5 + side as u8))),
            Node::Display(head) => Some((CableRole::Countdown, End(1 + head_index(head) as u8))),
            Node::Feedback => Some((CableRole::Feedback, End(1))),
            Node::Panel => Some((CableRole::Service, End(1))),
            Node::Sense => Some((CableRole::Sense, End(1))),
            Node::SenseModule => Some((CableRole::Sense, End(2))),
        }
    }

    /// Who is at ends 1.. of a cable.
    pub(super) const fn on_cable(role: CableRole) -> &'static [Node] {
        match role {
            CableRole::CameraA => &[Node::Camera(A)],
            CableRole::CameraB => &[Node::Camera(B)],
            CableRole::Lamps => &ON_LAMPS,
            CableRole::Feedback => &[Node::Feedback],
            CableRole::Countdown => &ON_COUNTDOWN,
            CableRole::Service => &[Node::Panel],
            CableRole::Sense => &[Node::Sense, Node::SenseModule],
        }
    }

    /// Its name in traces.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Node::Cable(role) => role.name(),
            Node::Crowd => "people",
            Node::Camera(A) => "camera-a",
            Node::Camera(B) => "camera-b",
            Node::Head(Head::Vehicle(A)) => "vehicle-a",
            Node::Head(Head::Vehicle(B)) => "vehicle-b",
            Node::Head(Head::Pedestrian(A)) => "pedestrian-a",
            Node::Head(Head::Pedestrian(B)) => "pedestrian-b",
            Node::Display(Head::Vehicle(A)) => "display-vehicle-a",
            Node::Display(Head::Vehicle(B)) => "display-vehicle-b",
            Node::Display(Head::Pedestrian(A)) => "display-pedestrian-a",
            Node::Display(Head::Pedestrian(B)) => "display-pedestrian-b",
            Node::Post(A) => "post-a",
            Node::Post(B) => "post-b",
            Node::Feedback => "feedback",
            Node::Panel => "service-panel",
            Node::Sense => "lamp-sense",
            Node::SenseModule => "sense-module",
        }
    }
}

const fn head_index(head: Head) -> usize {
    match head {
        Head::Vehicle(side) => side as usize,
        Head::Pedestrian(side) => 2 + side as usize,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_stands_at_its_own_index() {
        for (index, node) in Node::ALL.into_iter().enumerate() {
            assert_eq!(node.index(), index, "{node:?}");
        }
    }

    #[test]
    fn every_plug_is_the_place_on_its_cable() {
        for node in Node::ALL {
            if let Some((role, end)) = node.plug() {
                assert_eq!(Node::on_cable(role)[usize::from(end.0) - 1], node);
            }
        }
    }
}
