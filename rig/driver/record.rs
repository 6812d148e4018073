//! Observations become records.

use emulators::countdown::Digits;
use emulators::lamps::Lamps;
use emulators::light_post::{Light, Sentence};
use emulators::time::Instant;
use emulators::wire::gat508::Colour;

use crate::bench::Observation;
use crate::scenario::{Head, Side};
use crate::trace::{Frame, HeadName, What};

/// What a record says of an observation; `None` for what concerns only the driver.
#[inline(always)]
pub(super) fn what(observation: Observation) -> Option<What> {
    Some(match observation {
        Observation::Frame { cable, from, start, bytes, sent, collided } => {
            What::Frame(Frame { cable: cable.index() as u8, from, start, bytes, sent, collided })
        }
        Observation::Head { head, sight } => {
            What::Head { head: name(head), driven: lamps(sight.driven), lit: lamps(sight.lit) }
        }
        Observation::Sensed { head, lit, .. } => What::Sensed { head: name(head), lit: lit.map(lamps) },
        Observation::Display { head, sight } => {
            What::Display { head: name(head), told: digits(sight.told), shown: digits(sight.shown) }
        }
        Observation::Post { side, sight } => What::Post {
            post: side as u8,
            light: match sight.light {
                Light::Dark => 0,
                Light::Red => 1,
                Light::Green => 2,
            },
            voice: match sight.voice {
                None => 0,
                Some(Sentence::Go) => 1,
                Some(Sentence::Stop) => 2,
            },
            volume: sight.volume,
        },
        Observation::People(people) => What::People { waiting: people.waiting, walking: people.walking },
        Observation::Power(on) => What::Power(on),
        Observation::Stimulus(stimulus) => What::Stimulus(stimulus.to_string()),
        Observation::Reject { device, cable, skipped, why } => What::Reject {
            device: device.to_owned(),
            cable: cable.index() as u8,
            skipped: u32::try_from(skipped).unwrap_or(u32::MAX),
            why: why.to_owned(),
        },
        Observation::Note(text) => What::Note(text),
        Observation::Dut(_) => return None,
    })
}

/// Records something that became true at an exactly known instant.
#[inline]
pub(super) fn exactly(at: Instant, what: What) -> crate::trace::Record {
    crate::trace::Record { earliest: at, latest: at, what }
}

const fn name(head: Head) -> HeadName {
    match head {
        Head::Vehicle(Side::A) => HeadName::VehicleA,
        Head::Vehicle(Side::B) => HeadName::VehicleB,
        Head::Pedestrian(Side::A) => HeadName::PedestrianA,
        Head::Pedestrian(Side::B) => HeadName::PedestrianB,
    }
}

fn lamps(lamps: Lamps) -> u8 {
    u8::from(lamps.red) | u8::from(lamps.yellow) << 1 | u8::from(lamps.green) << 2
}

fn digits(digits: Digits) -> (u8, u16) {
    let colour = match digits.colour {
        Colour::Dark => 0,
        Colour::Green => 1,
        Colour::Yellow => 2,
        Colour::Red => 3,
    };
    (colour, digits.seconds)
}
