//! The words that stand for things in a scenario file, the same for reading and writing.

use emulators::crowd::Kerb;
use emulators::device::Operator;
use emulators::lamps::Lamp;
use emulators::wire::gat508::Colour;

use super::Head;
use crate::site::CableRole;

pub(crate) const KERBS: [(&str, Kerb); 2] = [("a", Kerb::A), ("b", Kerb::B)];

pub(crate) const HEADS: [(&str, Head); 4] = [
    ("vehicle-a", Head::Vehicle(Kerb::A)),
    ("vehicle-b", Head::Vehicle(Kerb::B)),
    ("pedestrian-a", Head::Pedestrian(Kerb::A)),
    ("pedestrian-b", Head::Pedestrian(Kerb::B)),
];

pub(crate) const LAMPS: [(&str, Lamp); 3] =
    [("red", Lamp::Red), ("yellow", Lamp::Yellow), ("green", Lamp::Green)];

pub(crate) const COLOURS: [(&str, Colour); 4] =
    [("dark", Colour::Dark), ("green", Colour::Green), ("yellow", Colour::Yellow), ("red", Colour::Red)];

pub(crate) const OPERATORS: [(&str, Operator); 6] = Operator::ALL;

pub(crate) const CABLES: [(&str, CableRole); CableRole::COUNT] = [
    ("camera-a", CableRole::CameraA),
    ("camera-b", CableRole::CameraB),
    ("lamps", CableRole::Lamps),
    ("feedback", CableRole::Feedback),
    ("countdown", CableRole::Countdown),
    ("service", CableRole::Service),
    ("sense", CableRole::Sense),
];

/// The word for a thing; every thing has one (tested).
pub(crate) fn word<T: PartialEq>(words: &[(&'static str, T)], thing: &T) -> &'static str {
    words.iter().find(|(_, other)| other == thing).map_or("", |(word, _)| word)
}
