//! Strategies for generated scenarios, by kind of event. Each case switches whole kinds off and others wild (swarm
//! testing): events that must come together to do harm are not drowned by the rest. The controller's processor is never
//! stalled: one that stalls is a wrong controller.

use emulators::crowd::Habit;
use emulators::device::Operator;
use emulators::lamps::{Lamp, LampFault};
use emulators::time::Span;
use emulators::{cable, camera, countdown, light_post};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use serde::{Deserialize, Serialize};

use super::piece::{Deed, Onset, Piece};
use crate::scenario::{Head, Side, Stimulus};
use crate::site::{CableRole, Limits, Quantity, Site};

/// Kinds of events, each of which a case may switch off.
const KINDS: usize = 9;
/// Among them: lamps that break.
const LAMPS: usize = 4;
/// The most pieces of a case.
const PIECES: usize = 40;
/// Durations of a site that no run of some minutes reaches say nothing.
const LONGEST_DURATION: Span = Span::from_secs(90);
/// Below this a duration is a tolerance.
const SHORTEST_DURATION: Span = Span::from_ms(150);
/// The longest that a polled bus holds up a frame (project: a master's 40 ms for an answer are far away).
const POLLED: Span = Span::from_ms(8);
/// The longest that a cable between controller and camera stands still: a frame is on record when it arrives, so beyond the
/// tolerance of a heartbeat's period the cable's rest would be counted as the controller's.
const CONVERSED: Span = Span::from_ms(500);
/// The longest that a polled bus stands still: lamps and digits may be 200 ms apart (P17), and the controller needs some of that to
/// ask again.
const STILL: Span = Span::from_ms(100);
/// The most bytes in a million that a polled bus loses or turns. Beyond that no unit keeps its link.
const WORN: u32 = 2_000;
/// Around a duration or a change of lamps: this much earlier or later, in ms.
const JITTER_MS: u32 = 200;
/// Closer than this things coincide, in ms.
const CLOSE_MS: u32 = 60;

/// How waits are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Waits {
    /// Any length is as likely as any other.
    Uniform,
    /// Short ones, the site's own durations more or less, and long ones.
    Mixed,
    /// As `Mixed`, and some are tied to changes of the lamps.
    #[default]
    Anchored,
}

impl Waits {
    /// As the command line calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Waits::Uniform => "uniform",
            Waits::Mixed => "mixed",
            Waits::Anchored => "anchored",
        }
    }
}

/// What a site gives to draw from.
#[derive(Clone, Debug)]
pub struct Palette {
    durations: Vec<Span>,
    /// What ends or is decided so long after a change of the lamps.
    ends: Vec<(Onset, Span)>,
    cables: Vec<CableRole>,
    /// The rig sees light alone.
    sensed: bool,
    waits: Waits,
}

/// How often each kind of event is drawn; 0 not at all.
pub type Swarm = [u32; KINDS];

impl Palette {
    /// What `site` gives.
    #[must_use]
    pub fn new(site: &Site, waits: Waits) -> Palette {
        // The service cable is how the rig learns what the controller knows: without it nobody can judge.
        let wired = |role: &CableRole| site.wiring.has(*role) && *role != CableRole::Service;
        let cables = CableRole::ALL.into_iter().filter(wired).collect();
        let sensed = site.wiring.sense.is_some();
        Palette { durations: durations(&site.limits), ends: ends(&site.limits), cables, sensed, waits }
    }

    /// The weights of a case from 64 random bits. Each kind is off in nine of sixteen cases, usual in four, wild in three;
    /// people are off in one of eight only.
    #[must_use]
    pub fn swarm(bits: u64) -> Swarm {
        let mut swarm = [0; KINDS];
        for (kind, weight) in swarm.iter_mut().enumerate() {
            *weight = match (kind, (bits >> (4 * kind)) & 15) {
                (0, 0 | 1) => 0,
                (0, 2..=8) => 3,
                (0, _) => 8,
                (_, 0..=8) => 0,
                (_, 9..=12) => 1,
                (_, _) => 4,
            };
        }
        swarm
    }

    /// Cases of a swarm.
    pub fn pieces(&self, swarm: &Swarm) -> BoxedStrategy<Vec<Piece>> {
        let mut branches = vec![(6, self.wait())];
        let deeds: [fn(&Palette) -> BoxedStrategy<Deed>; KINDS] = [
            |_| people(),
            |_| leaves(),
            |_| camera(),
            Palette::cable,
            |_| lamp(),
            |_| display(),
            |_| post(),
            Palette::supply,
            |_| panel(),
        ];
        for (kind, (weight, deed)) in swarm.iter().zip(deeds).enumerate() {
            // Where the rig sees light alone, between two polls, what a lamp that breaks was meant to show is a guess.
            let known = !(self.sensed && kind == LAMPS);
            if *weight > 0 && known {
                branches.push((*weight, deed(self).prop_map(Piece::Do).boxed()));
            }
        }
        vec(Union::new_weighted(branches), 1..=PIECES).boxed()
    }

    /// A wait. The simplest first: none.
    fn wait(&self) -> BoxedStrategy<Piece> {
        let ms = |ms: std::ops::Range<u64>| ms.prop_map(|ms| Piece::Wait(Span::from_ms(ms))).boxed();
        let near = (select(self.durations.clone()), jitter())
            .prop_map(|(duration, jitter)| Piece::Wait(shifted(duration, jitter)))
            .boxed();
        match self.waits {
            Waits::Uniform => ms(0..90_000),
            Waits::Mixed => Union::new_weighted(vec![
                (2, ms(0..50)),
                (4, near),
                (3, ms(0..30_000)),
                (1, ms(30_000..90_000)),
            ])
            .boxed(),
            Waits::Anchored => Union::new_weighted(vec![
                (2, ms(0..50)),
                (2, near),
                (2, ms(0..30_000)),
                (1, ms(30_000..90_000)),
                (5, self.anchor()),
            ])
            .boxed(),
        }
    }

    /// So long after a change of the lamps: where a stage of the sequence ends, a duration of the site, or a few milliseconds;
    /// always more or less.
    fn anchor(&self) -> BoxedStrategy<Piece> {
        let mut after = vec![Span::ZERO; 1 + self.durations.len() / 4];
        after.extend(&self.durations);
        let any_duration = (select(Onset::ALL.to_vec()), select(after));
        let place = prop_oneof![2 => select(self.ends.clone()), 1 => any_duration];
        (place, prop_oneof![1 => close(), 1 => jitter()], any::<u32>().no_shrink())
            .prop_map(|((onset, after), jitter, salt)| Piece::Await {
                onset,
                after: shifted(after, jitter),
                salt,
            })
            .boxed()
    }

    /// A span in which something is down.
    fn span(&self) -> BoxedStrategy<Span> {
        let near = (select(self.durations.clone()), jitter()).prop_map(|(span, by)| shifted(span, by));
        Union::new_weighted(vec![
            (2, (10u64..1_500).prop_map(Span::from_ms).boxed()),
            (2, near.boxed()),
            (1, (1_000u64..20_000).prop_map(Span::from_ms).boxed()),
        ])
        .prop_map(|span| span.max(Span::from_ms(1)))
        .boxed()
    }

    fn supply(&self) -> BoxedStrategy<Deed> {
        self.span().prop_map(Deed::Dip).boxed()
    }

    /// No echo: a bus that is wired so answers every question with the question, and no controller is expected to run. For
    /// the same reason what is polled is not held up for longer than a master waits.
    fn cable(&self) -> BoxedStrategy<Deed> {
        let cables = select(self.cables.clone());
        let ppm = prop_oneof![1u32..2_000, 1u32..50_000];
        let short = (1u64..200).prop_map(Span::from_ms);
        let fault = prop_oneof![
            3 => Just(cable::Fault::Unplugged),
            1 => ppm.clone().prop_map(cable::Fault::Drop),
            1 => ppm.clone().prop_map(cable::Fault::Flip),
            1 => ppm.prop_map(cable::Fault::Duplicate),
            1 => short.clone().prop_map(cable::Fault::Delay),
            1 => short.clone().prop_map(cable::Fault::Jitter),
            1 => self.span().prop_map(cable::Fault::Stall),
            1 => short.clone().prop_map(cable::Fault::Split),
            1 => short.prop_map(cable::Fault::Merge),
            1 => (1u32..20_000).prop_map(cable::Fault::Garbage),
            1 => Just(cable::Fault::Break),
        ];
        prop_oneof![
            3 => (cables.clone(), fault).prop_map(|(cable, fault)| {
                Stimulus::CableFails(cable, within_patience(cable, fault))
            }),
            2 => cables.prop_map(Stimulus::CableMended),
        ]
        .prop_map(Deed::Once)
        .boxed()
    }
}

/// The fault, as long as a master on this cable has patience with it.
fn within_patience(cable: CableRole, fault: cable::Fault) -> cable::Fault {
    use cable::Fault;
    let polled = matches!(cable, CableRole::Lamps | CableRole::Feedback);
    // What is held up is seen when it arrives: a long stall looks like a sender that is silent.
    let awaited = matches!(cable, CableRole::CameraA | CableRole::CameraB | CableRole::Countdown);
    let cut = |span: Span| if polled { span.min(POLLED) } else { span };
    match fault {
        Fault::Delay(span) => Fault::Delay(cut(span)),
        Fault::Jitter(span) => Fault::Jitter(cut(span)),
        // A frame in two parts is none on a bus that tells frames by silence: that is a cable unplugged.
        Fault::Split(span) if polled => Fault::Delay(cut(span)),
        Fault::Merge(span) => Fault::Merge(cut(span)),
        // No wire says a byte twice; a converter on a camera's cable may.
        Fault::Duplicate(ppm) | Fault::Drop(ppm) if polled => Fault::Drop(ppm.min(WORN)),
        Fault::Flip(ppm) if polled => Fault::Flip(ppm.min(WORN)),
        Fault::Stall(span) if polled => Fault::Stall(span.min(STILL)),
        Fault::Stall(span) if awaited => Fault::Stall(span.min(CONVERSED)),
        other => other,
    }
}

/// The site's own durations, each once.
fn durations(limits: &Limits) -> Vec<Span> {
    let mut durations: Vec<Span> = limits
        .iter()
        .filter_map(|(_, quantity)| match quantity {
            Quantity::Time(span) => Some(span),
            Quantity::Number(_) => None,
        })
        .filter(|span| (SHORTEST_DURATION..=LONGEST_DURATION).contains(span))
        .collect();
    durations.sort_unstable();
    durations.dedup();
    durations
}

/// Stages of the sequence by the change that begins them, with the limits that end them.
fn ends(limits: &Limits) -> Vec<(Onset, Span)> {
    [
        (Onset::VehicleGreen, "green_min"),
        (Onset::VehicleGreen, "decision"),
        (Onset::VehicleYellow, "yellow"),
        (Onset::VehicleRed, "all_red_min"),
        (Onset::PedestrianGreen, "walk_min"),
        (Onset::PedestrianGreenOut, "walk_flash_min"),
        (Onset::PedestrianRed, "buffer"),
    ]
    .into_iter()
    .filter_map(|(onset, name)| Some((onset, limits.time(name)?)))
    .collect()
}

/// Shrinks towards "exactly on it": 0, +1, -1, +2 ...
fn jitter() -> impl Strategy<Value = i64> + Clone {
    within(JITTER_MS)
}

/// The same, within what two things need to meet.
fn close() -> impl Strategy<Value = i64> + Clone {
    within(CLOSE_MS)
}

fn within(ms: u32) -> impl Strategy<Value = i64> + Clone {
    (0..2 * ms).prop_map(|n| if n % 2 == 1 { i64::from(n / 2 + 1) } else { -i64::from(n / 2) })
}

fn shifted(span: Span, by_ms: i64) -> Span {
    let ms = i64::try_from(span.as_us() / 1_000).unwrap_or(i64::MAX).saturating_add(by_ms).max(0);
    Span::from_ms(ms.unsigned_abs())
}

fn side() -> impl Strategy<Value = Side> + Clone {
    select(vec![Side::A, Side::B])
}

fn people() -> BoxedStrategy<Deed> {
    let count = prop_oneof![6 => 1u16..=3, 2 => 4u16..=40, 1 => 200u16..=300];
    let speed = prop_oneof![3 => 1_000u32..=1_600, 1 => 500u32..=800, 1 => 2_000u32..=4_000];
    let seconds = (0u64..30_000).prop_map(Span::from_ms);
    let habit = prop_oneof![
        6 => Just(Habit::Crosses),
        1 => seconds.clone().prop_map(Habit::RunsRed),
        2 => seconds.prop_map(|after| Habit::GivesUp(after.max(Span::from_ms(1)))),
        1 => Just(Habit::TurnsBack),
        1 => Just(Habit::StartsLate),
        1 => Just(Habit::Stands),
    ];
    (side(), count, speed, habit)
        .prop_map(|(kerb, count, speed_mm_s, habit)| {
            Deed::Once(Stimulus::Arrive { kerb, count, speed_mm_s, habit })
        })
        .boxed()
}

fn leaves() -> BoxedStrategy<Deed> {
    (side(), prop_oneof![1u16..=3, Just(10_000u16)])
        .prop_map(|(kerb, count)| Deed::Once(Stimulus::Leave { kerb, count }))
        .boxed()
}

fn camera() -> BoxedStrategy<Deed> {
    use camera::Fault;
    let short = (1u64..3_000).prop_map(Span::from_ms);
    let share = 1u16..=900;
    let fault = prop_oneof![
        2 => Just(Fault::Silent),
        1 => Just(Fault::NoHeartbeat),
        1 => Just(Fault::BadCrc),
        1 => Just(Fault::Repeats),
        1 => Just(Fault::SelfReported),
        1 => Just(Fault::Impostor),
        1 => Just(Fault::Misdirected),
        1 => (4_000u64..8_000).prop_map(|ms| Fault::Late(Span::from_ms(ms))),
        1 => Just(Fault::Frozen),
        2 => share.clone().prop_map(Fault::Flicker),
        1 => share.prop_map(Fault::Miss),
        1 => (0u16..=60).prop_map(Fault::Stuck),
        1 => (0u16..=5).prop_map(Fault::Clip),
        1 => (1u16..=600, 100u64..10_000).prop_map(|(n, ms)| Fault::Ghosts(n, Span::from_ms(ms))),
        1 => (1u64..2_500).prop_map(|ms| Fault::Late(Span::from_ms(ms))),
        1 => short.clone().prop_map(Fault::Jitter),
        1 => (1u64..20_000).prop_map(|ms| Fault::Replays(Span::from_ms(ms))),
        1 => any::<u8>().prop_map(Fault::RawCount),
        1 => (-4_000i32..=4_000).prop_map(Fault::ClockStep),
        1 => (1u64..20_000).prop_map(|ms| Fault::Reboot(Span::from_ms(ms))),
        // One that has just connected again: what it was known to see must not be lost with the session.
        5 => (1u64..150).prop_map(|ms| Fault::Reboot(Span::from_ms(ms))),
    ];
    prop_oneof![
        3 => (side(), fault).prop_map(|(side, fault)| Stimulus::CameraFails(side, fault)),
        2 => side().prop_map(Stimulus::CameraHeals),
    ]
    .prop_map(Deed::Once)
    .boxed()
}

fn head() -> impl Strategy<Value = Head> + Clone {
    (any::<bool>(), side()).prop_map(
        |(vehicle, side)| {
            if vehicle { Head::Vehicle(side) } else { Head::Pedestrian(side) }
        },
    )
}

/// A lamp that the head has.
fn lamp_of_head() -> impl Strategy<Value = (Head, Lamp)> + Clone {
    (head(), select(vec![Lamp::Red, Lamp::Green, Lamp::Yellow])).prop_map(|(head, lamp)| match (head, lamp) {
        (Head::Pedestrian(_), Lamp::Yellow) => (head, Lamp::Green),
        known => known,
    })
}

fn lamp() -> BoxedStrategy<Deed> {
    let fault = prop_oneof![
        3 => Just(LampFault::Out),
        2 => Just(LampFault::StuckOn),
        // Where the dark half is as long as that of a flash, whether the lamp is out is a matter of taste; a slower flicker is a
        // lamp that is out and mended.
        1 => (20u64..700).prop_map(|ms| LampFault::Flicker(Span::from_ms(ms))),
    ];
    prop_oneof![
        1 => (lamp_of_head(), fault).prop_map(|((head, lamp), fault)| Stimulus::LampFails(head, lamp, fault)),
        1 => lamp_of_head().prop_map(|(head, lamp)| Stimulus::LampMended(head, lamp)),
    ]
    .prop_map(Deed::Once)
    .boxed()
}

fn display() -> BoxedStrategy<Deed> {
    use countdown::Fault;
    let fault = prop_oneof![
        Just(Fault::Dark),
        Just(Fault::Frozen),
        Just(Fault::MissingSegment),
        Just(Fault::IgnoresLinkLoss),
        (1u64..3_000).prop_map(|ms| Fault::Lag(Span::from_ms(ms))),
    ];
    prop_oneof![
        2 => (head(), fault).prop_map(|(head, fault)| Stimulus::DisplayFails(head, fault)),
        1 => head().prop_map(Stimulus::DisplayMended),
    ]
    .prop_map(Deed::Once)
    .boxed()
}

fn post() -> BoxedStrategy<Deed> {
    use light_post::Fault;
    let fault = select(vec![Fault::StuckColour, Fault::Mute, Fault::Loops]);
    prop_oneof![
        2 => (side(), fault).prop_map(|(side, fault)| Stimulus::PostFails(side, fault)),
        1 => side().prop_map(Stimulus::PostMended),
    ]
    .prop_map(Deed::Once)
    .boxed()
}

fn panel() -> BoxedStrategy<Deed> {
    select(vec![
        Operator::Automatic,
        Operator::Manual,
        Operator::Step,
        Operator::Step,
        Operator::Flash,
        Operator::Off,
        Operator::Reset,
    ])
    .prop_map(Deed::Panel)
    .boxed()
}
