//! The strip: one character per second per lane, so that a person can check a sequence with a finger.
//!
//! A character is the state in the middle of its second (at n + 0.5 s): a change that a bus delays by a few
//! milliseconds still falls on the right side. Countdown digits above 9 are letters (a = 10 .. z = 35, + above),
//! so that each second keeps one character.

use std::fmt;

use emulators::time::{Instant, Span};

use super::aspect::{Aspect, HeadKind, Recogniser, SWITCHING_GAP, Sighting};
use super::record::{HeadName, Record, What};

/// Longest strip kept, in seconds (48 h); what comes after is left out and said so.
const LIMIT: usize = 48 * 3_600;
/// Seconds per printed block.
const WIDTH: usize = 100;
/// How `fill` and `set` count: second n's character is the state at n + 0.5 s, so the first character an instant can
/// still decide is the first n with n + 0.5 s >= instant.
const SECOND_US: u64 = 1_000_000;
const MIDDLE_US: u64 = 500_000;

/// What each character means, for the reader.
pub const LEGEND: &str = "\
vehicle G green Y yellow R red F flashing yellow . dark ? no aspect | pedestrian G green g flashing R red . dark
countdowns: seconds shown (a = 10 .. f = 15 ..) | post G green R red | voice > go, ! stop | people: count, + ten or more";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LaneName {
    Vehicle,
    VehicleCountdown,
    Pedestrian,
    PedestrianCountdown,
    Post,
    Voice,
    WaitingA,
    WaitingB,
    Walking,
    Supply,
}

impl LaneName {
    const ALL: [LaneName; 10] = [
        LaneName::Vehicle,
        LaneName::VehicleCountdown,
        LaneName::Pedestrian,
        LaneName::PedestrianCountdown,
        LaneName::Post,
        LaneName::Voice,
        LaneName::WaitingA,
        LaneName::WaitingB,
        LaneName::Walking,
        LaneName::Supply,
    ];

    const fn label(self) -> &'static str {
        match self {
            LaneName::Vehicle => "vehicle",
            LaneName::VehicleCountdown => " countdown",
            LaneName::Pedestrian => "pedestrian",
            LaneName::PedestrianCountdown => " countdown",
            LaneName::Post => "post",
            LaneName::Voice => " voice",
            LaneName::WaitingA => "waiting a",
            LaneName::WaitingB => "waiting b",
            LaneName::Walking => "walking",
            LaneName::Supply => "supply",
        }
    }
}

/// One row of the strip: a character per second so far, and the one that holds now.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Lane {
    done: Vec<u8>,
    now: u8,
}

impl Lane {
    /// Fills in what has passed before `at`.
    fn fill(&mut self, at: Instant) {
        let passed = usize::try_from(at.as_us().saturating_sub(MIDDLE_US).div_ceil(SECOND_US))
            .unwrap_or(LIMIT)
            .min(LIMIT);
        if passed > self.done.len() {
            self.done.resize(passed, self.now);
        }
    }

    /// From `since` on (which may lie a little back) this is the character.
    fn set(&mut self, since: Instant, character: u8) {
        let first =
            usize::try_from(since.as_us().saturating_sub(MIDDLE_US).div_ceil(SECOND_US)).unwrap_or(LIMIT);
        if let Some(late) = self.done.get_mut(first..) {
            late.fill(character);
        }
        self.now = character;
    }
}

/// Builds the strip while a run goes on, or from a trace.
#[derive(Debug)]
pub struct Strip {
    lanes: [Lane; LaneName::ALL.len()],
    vehicle: Recogniser,
    pedestrian: Recogniser,
    voices: [u8; 2],
    end: Instant,
    /// Heads are drawn as they are sensed, not as the emulated ones drive their lamps.
    sensed: bool,
}

impl Default for Strip {
    fn default() -> Self {
        Strip {
            lanes: std::array::from_fn(|_| Lane { done: Vec::new(), now: b' ' }),
            vehicle: Recogniser::new(HeadKind::Vehicle),
            pedestrian: Recogniser::new(HeadKind::Pedestrian),
            voices: [0; 2],
            end: Instant::ZERO,
            sensed: false,
        }
    }
}

impl Strip {
    /// An empty strip of a site whose lamps are sensed, or not.
    #[must_use]
    pub fn of(sensed: bool) -> Strip {
        let late = if sensed { SWITCHING_GAP } else { Span::ZERO };
        let recogniser = |kind| Recogniser::new(kind).knows_late(late);
        let (vehicle, pedestrian) = (recogniser(HeadKind::Vehicle), recogniser(HeadKind::Pedestrian));
        Strip { sensed, vehicle, pedestrian, ..Strip::default() }
    }

    /// Takes in a record.
    pub fn record(&mut self, record: &Record) {
        let at = record.latest;
        self.end = at;
        match &record.what {
            What::Head { head, driven, .. } if !self.sensed => self.head(at, *head, Some(*driven)),
            What::Sensed { head, lit } if self.sensed => self.head(at, *head, *lit),
            What::Display { head: HeadName::VehicleA, told, .. } => {
                self.set(at, LaneName::VehicleCountdown, digit(*told));
            }
            What::Display { head: HeadName::PedestrianA, told, .. } => {
                self.set(at, LaneName::PedestrianCountdown, digit(*told));
            }
            What::Post { post, light, voice, .. } => {
                if *post == 0 {
                    self.set(
                        at,
                        LaneName::Post,
                        [b'.', b'R', b'G'].get(usize::from(*light)).copied().unwrap_or(b'?'),
                    );
                }
                self.voices[usize::from(*post != 0)] = *voice;
                let spoken = if self.voices[0] == 0 { self.voices[1] } else { self.voices[0] };
                self.set(
                    at,
                    LaneName::Voice,
                    [b' ', b'>', b'!'].get(usize::from(spoken)).copied().unwrap_or(b'?'),
                );
            }
            What::People { waiting, walking } => {
                self.set(at, LaneName::WaitingA, people(waiting[0]));
                self.set(at, LaneName::WaitingB, people(waiting[1]));
                self.set(at, LaneName::Walking, people(walking[0].saturating_add(walking[1])));
            }
            What::Power(on) => self.power(at, *on),
            What::Display { head: HeadName::VehicleB | HeadName::PedestrianB, .. }
            | What::Head { .. }
            | What::Sensed { .. }
            | What::Frame(_)
            | What::Stimulus(_)
            | What::Reject { .. }
            | What::Note(_)
            | What::End => {}
        }
    }

    fn head(&mut self, at: Instant, head: HeadName, lamps: Option<u8>) {
        let (recogniser, lane) = match head {
            HeadName::VehicleA => (&mut self.vehicle, &mut self.lanes[LaneName::Vehicle as usize]),
            HeadName::PedestrianA => (&mut self.pedestrian, &mut self.lanes[LaneName::Pedestrian as usize]),
            HeadName::VehicleB | HeadName::PedestrianB => return,
        };
        lane.fill(at);
        let mut draw = |sighting: Sighting| lane.set(sighting.since, aspect(sighting.aspect));
        recogniser.advance(at, &mut draw);
        match lamps {
            Some(lamps) => recogniser.lamps(at, Span::ZERO, lamps, &mut draw),
            None => {
                recogniser.forget();
                lane.set(at, b' ');
            }
        }
    }

    fn power(&mut self, at: Instant, on: bool) {
        self.set(at, LaneName::Supply, if on { b' ' } else { b'x' });
        self.vehicle.power(on);
        self.pedestrian.power(on);
    }

    fn set(&mut self, at: Instant, lane: LaneName, character: u8) {
        self.lanes[lane as usize].fill(at);
        self.lanes[lane as usize].set(at, character);
    }

    /// Fills all lanes up to the end of the run.
    pub fn finish(&mut self) {
        for lane in &mut self.lanes {
            lane.fill(self.end);
        }
        // Aspects that only time makes certain: dark for good, yellow that does not flash.
        for (recogniser, name) in
            [(&mut self.vehicle, LaneName::Vehicle), (&mut self.pedestrian, LaneName::Pedestrian)]
        {
            let lane = &mut self.lanes[name as usize];
            recogniser.advance(self.end, &mut |sighting: Sighting| {
                lane.set(sighting.since, aspect(sighting.aspect));
            });
        }
        for lane in &mut self.lanes {
            let seconds = usize::try_from(self.end.as_us().div_ceil(SECOND_US)).unwrap_or(LIMIT).min(LIMIT);
            lane.done.truncate(seconds);
        }
    }
}

impl fmt::Display for Strip {
    /// Blocks of 100 s; blocks that repeat the one before are named, not printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.lanes.iter().map(|lane| lane.done.len()).max().unwrap_or(0);
        let mut before: Option<Vec<&[u8]>> = None;
        let mut same = 0;
        for start in (0..seconds).step_by(WIDTH) {
            let block: Vec<&[u8]> = self
                .lanes
                .iter()
                .map(|lane| &lane.done[start.min(lane.done.len())..(start + WIDTH).min(lane.done.len())])
                .collect();
            if before.as_ref() == Some(&block) {
                same += 1;
                continue;
            }
            write_same(f, same, start)?;
            same = 0;
            write_block(f, start, &block)?;
            before = Some(block);
        }
        write_same(f, same, seconds)
    }
}

fn write_same(f: &mut fmt::Formatter<'_>, blocks: usize, until: usize) -> fmt::Result {
    if blocks == 0 {
        return Ok(());
    }
    writeln!(f, "             … the same until {until} s\n")
}

fn write_block(f: &mut fmt::Formatter<'_>, start: usize, block: &[&[u8]]) -> fmt::Result {
    let longest = block.iter().map(|lane| lane.len()).max().unwrap_or(0);
    let mut scale = String::new();
    for tens in (start..start + longest).step_by(10) {
        scale.push_str(&format!("{tens:<10}"));
    }
    writeln!(f, "s            {}", scale.trim_end())?;
    for (name, lane) in LaneName::ALL.iter().zip(block) {
        let empty = lane.iter().all(|&c| c == b' ');
        // Lanes that say nothing (no supply lost, nobody spoke) are left out.
        if !empty {
            let text = String::from_utf8_lossy(lane);
            writeln!(f, "{:<12} {}", name.label(), text.trim_end())?;
        }
    }
    writeln!(f)
}

fn digit((colour, number): (u8, u16)) -> u8 {
    match (colour, number) {
        (0, _) => b' ',
        (_, 0..=9) => b'0' + number as u8,
        (_, 10..=35) => b'a' + (number - 10) as u8,
        (_, _) => b'+',
    }
}

fn people(count: u16) -> u8 {
    match count {
        0 => b'.',
        1..=9 => b'0' + count as u8,
        _ => b'+',
    }
}

const fn aspect(aspect: Aspect) -> u8 {
    match aspect {
        Aspect::Off => b'.',
        Aspect::Red => b'R',
        Aspect::Yellow => b'Y',
        Aspect::Green => b'G',
        Aspect::FlashingYellow => b'F',
        Aspect::FlashingGreen => b'g',
        Aspect::Other => b'?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(ms: u64, head: HeadName, driven: u8) -> Record {
        let at = Instant::from_ms(ms);
        Record { earliest: at, latest: at, what: What::Head { head, driven, lit: driven } }
    }

    fn drawn(records: &[Record], end_ms: u64) -> String {
        let mut strip = Strip::default();
        for record in records {
            strip.record(record);
        }
        let at = Instant::from_ms(end_ms);
        strip.record(&Record { earliest: at, latest: at, what: What::End });
        strip.finish();
        strip.to_string()
    }

    #[test]
    fn a_character_is_the_state_in_the_middle_of_its_second() {
        let records = [
            head(0, HeadName::VehicleA, 4),
            head(2_499, HeadName::VehicleA, 2),
            head(5_501, HeadName::VehicleA, 1),
        ];
        let text = drawn(&records, 8_000);
        assert!(text.contains("vehicle      GGYYYYRR\n"), "{text}");
    }

    #[test]
    fn flashing_green_is_drawn_from_where_it_began() {
        let mut records = vec![head(0, HeadName::PedestrianA, 1), head(1_000, HeadName::PedestrianA, 4)];
        for half in 0..4u64 {
            let driven = if half % 2 == 0 { 0 } else { 4 };
            records.push(head(3_500 + 500 * half, HeadName::PedestrianA, driven));
        }
        records.push(head(5_000, HeadName::PedestrianA, 1));
        let text = drawn(&records[..records.len() - 2], 5_000);
        assert!(text.contains("pedestrian   RGGgg\n"), "{text}");
    }

    #[test]
    fn blocks_that_repeat_the_one_before_are_named() {
        let text = drawn(&[head(0, HeadName::VehicleA, 4)], 350_000);
        assert!(text.contains("… the same until 300 s"), "{text}");
        assert_eq!(text.matches("vehicle").count(), 2, "{text}");
    }
}
