//! `[[arrivals]]` and `[[burst]]`: people drawn from a seed. Whole numbers only, so that a seed gives the same people on
//! every machine.

use emulators::crowd::{Habit, Kerb};
use emulators::time::{Instant, Span};
use rand_core::Rng;
use rand_pcg::Pcg64Mcg;

use super::{Stimulus, action};
use crate::site::{Complaint, Entry, FileError, Section, decimal, share_ppm};

/// A slot in which one group may arrive.
const SLOT: Span = Span::from_ms(100);
const SLOTS_PER_HOUR: u64 = 36_000;
/// The largest group; a bus holds no more.
const GROUP_MAX: u16 = 60;
/// Speeds of slow walkers, mm/s.
const SLOW: (u32, u32) = (500, 800);
/// A red-runner loses patience within this many slots of arriving.
const PATIENCE_SLOTS: u64 = 200;

/// Most generators in one file: each may have to draw for every slot of 48 h.
pub(crate) const GENERATORS_MAX: usize = 32;

/// Who comes: what both kinds of generator have in common.
struct People {
    kerb: Kerb,
    /// Mean size of a group, tenths.
    group_tenths: u32,
    /// Slowest and fastest, mm/s.
    speeds: (u32, u32),
    /// Per million.
    red_runners: u32,
    /// Per million.
    slow_walkers: u32,
}

fn people(section: &Section<'_>) -> Result<People, FileError> {
    let share = |key| section.get(key).map_or(Ok(0), |entry: Entry<'_>| entry.quantity(share_ppm));
    let speeds = match section.get("speeds") {
        None => (1_000, 1_500),
        Some(entry) => match entry.list()?.as_slice() {
            [slowest, fastest] => (action::speed(slowest)?, action::speed(fastest)?),
            _ => return Err(entry.error("is not a pair of speeds", "write `[\"1.0 m/s\", \"1.5 m/s\"]`")),
        },
    };
    if let (Some(entry), true) = (section.get("speeds"), speeds.0 > speeds.1) {
        return Err(entry.error("begins with the faster one", "write the slower speed first"));
    }
    Ok(People {
        kerb: action::kerb(section)?,
        group_tenths: section.get("group").map_or(Ok(10), |entry| group(&entry))?,
        speeds,
        red_runners: share("red_runners")?,
        slow_walkers: share("slow_walkers")?,
    })
}

/// Mean size of a group: `"1.5 people"`.
fn group(entry: &Entry<'_>) -> Result<u32, FileError> {
    let tenths = entry
        .quantity(|text: &str| -> Result<u32, Complaint> { decimal(text, &["people"], 1, "1.5 people") })?;
    if (10..=u32::from(GROUP_MAX) * 10).contains(&tenths) {
        return Ok(tenths);
    }
    Err(entry
        .error("is not a mean size of groups", format!("write `\"1 people\"` to `\"{GROUP_MAX} people\"`")))
}

impl People {
    /// A geometric number of people with the mean `group_tenths`.
    fn group_size(&self, rng: &mut Pcg64Mcg) -> u16 {
        let mut size = 1;
        // Another one joins with probability 1 - 1/mean.
        while size < GROUP_MAX && u64::from(rng.next_u32()) * u64::from(self.group_tenths) >= 10 << 32 {
            size += 1;
        }
        size
    }

    /// A group of `count`: they walk together and do the same.
    fn arrive(&self, rng: &mut Pcg64Mcg, count: u16) -> Stimulus {
        let (low, high) = if chance(rng, self.slow_walkers) { SLOW } else { self.speeds };
        let speed_mm_s = low + below(rng, u64::from(high - low) + 1) as u32;
        let habit = if chance(rng, self.red_runners) {
            Habit::RunsRed(SLOT * below(rng, PATIENCE_SLOTS))
        } else {
            Habit::Crosses
        };
        Stimulus::Arrive { kerb: self.kerb, count, speed_mm_s, habit }
    }
}

/// A whole number below `bound`, all (nearly) equally likely; `bound` is far below 2^32.
fn below(rng: &mut Pcg64Mcg, bound: u64) -> u64 {
    (u64::from(rng.next_u32()) * bound) >> 32
}

/// True with a probability per million.
fn chance(rng: &mut Pcg64Mcg, ppm: u32) -> bool {
    below(rng, 1_000_000) < u64::from(ppm)
}

/// The stream of the generator number `index`: adding one to a file does not change the others.
fn stream(seed: u64, index: usize) -> Pcg64Mcg {
    let (high, low) = (mix(seed), mix(seed ^ mix(index as u64 + 1)));
    Pcg64Mcg::new((u128::from(high) << 64) | u128::from(low))
}

/// Spreads the bits of a seed (the finaliser of SplitMix64), so that neighbouring seeds have nothing in common.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

pub(crate) const ARRIVAL_KEYS: [&str; 8] =
    ["kerb", "per_hour", "from", "to", "group", "speeds", "red_runners", "slow_walkers"];

/// Groups at random: in every slot of 100 ms one may come. Stops after `most` of them.
pub(crate) fn arrivals(
    section: &Section<'_>,
    (seed, index): (u64, usize),
    lasts: Span,
    most: usize,
) -> Result<Vec<(Instant, Stimulus)>, FileError> {
    section.only(&ARRIVAL_KEYS)?;
    let people = people(section)?;
    let rate = section.required("per_hour", "write how many people come in an hour")?;
    let per_hour: u64 = rate.number(1, SLOTS_PER_HOUR)?;
    let from = section.get("from").map_or(Ok(Span::ZERO), |entry| entry.time(Span::ZERO))?;
    let to = match section.get("to") {
        None => lasts,
        Some(entry) => {
            let to = entry.time(Span::ZERO)?;
            if to > lasts {
                return Err(entry.error("lies after the end", "the scenario ends at `lasts`"));
            }
            if to < from {
                return Err(entry.error("lies before `from`", "write a later time"));
            }
            to
        }
    };
    let mut rng = stream(seed, index);
    let mut drawn = Vec::new();
    let mut at = Instant::ZERO + from;
    while at < Instant::ZERO + to && drawn.len() < most {
        // Groups per slot: people per hour / slots per hour / people per group.
        let share = u64::from(rng.next_u32()) * SLOTS_PER_HOUR / 10 * u64::from(people.group_tenths);
        if share < per_hour << 32 {
            let count = people.group_size(&mut rng);
            drawn.push((at, people.arrive(&mut rng, count)));
        }
        at += SLOT;
    }
    Ok(drawn)
}

pub(crate) const BURST_KEYS: [&str; 8] =
    ["kerb", "at", "people", "over", "group", "speeds", "red_runners", "slow_walkers"];

/// Exactly so many people within so long: a bus, a school that is over.
pub(crate) fn burst(
    section: &Section<'_>,
    (seed, index): (u64, usize),
    lasts: Span,
) -> Result<Vec<(Instant, Stimulus)>, FileError> {
    section.only(&BURST_KEYS)?;
    let people = people(section)?;
    let at = section.required("at", "write when it begins: `\"1m\"`")?.time(Span::ZERO)?;
    let mut left: u16 = section.required("people", "write how many people come")?.number(1, 10_000)?;
    let over = section.required("over", "write within what time they come: `\"2m\"`")?;
    let length = over.time(SLOT)?;
    if at + length > lasts {
        return Err(over.error("ends after the scenario", "the scenario ends at `lasts`"));
    }
    let mut rng = stream(seed, index);
    let mut drawn = Vec::new();
    while left > 0 {
        let count = people.group_size(&mut rng).min(left);
        left -= count;
        let slot = below(&mut rng, length.as_us() / SLOT.as_us());
        drawn.push((Instant::ZERO + at + SLOT * slot, people.arrive(&mut rng, count)));
    }
    drawn.sort_by_key(|(at, _)| *at);
    Ok(drawn)
}
