//! Two drivers on one pair of wires: what is left of what they say.

use super::lane::Transit;
use crate::time::{Instant, Line};

/// Two transmissions were on the line at the same time: each is damaged where the other overlaps it.
pub(super) fn collide(one: &mut Transit, other: &mut Transit, line: Line) {
    let (one_sent, other_sent) = (one.original().to_vec(), other.original().to_vec());
    garble(one, &one_sent, &other_sent, other.start, line);
    garble(other, &other_sent, &one_sent, one.start, line);
}

/// Damages every character of `transit` during which a character of `other` is on the line. Against equal
/// drivers a 0 wins (the receivers see AND); where that would change nothing, framing is lost instead and the
/// character is inverted, so that an overlap always shows.
fn garble(transit: &mut Transit, own: &[u8], other: &[u8], other_start: Instant, line: Line) {
    let mut arrived = transit.bytes.clone();
    for (n, (byte, &own)) in arrived.iter_mut().zip(own).enumerate() {
        let (begin, end) = (transit.start + line.time_of(n), transit.start + line.time_of(n + 1));
        if end <= other_start {
            continue;
        }
        if let Some(&theirs) = other.get(characters_in(begin.since(other_start).as_us(), line)) {
            *byte = if own & theirs == own { !own } else { own & theirs };
        }
    }
    transit.collided = true;
    transit.replace(arrived);
}

/// How many whole characters pass in this time.
fn characters_in(us: u64, line: Line) -> usize {
    let per_character = u128::from(line.bits.max(1)) * 1_000_000;
    usize::try_from(u128::from(us) * u128::from(line.baud.max(1)) / per_character).unwrap_or(usize::MAX)
}
