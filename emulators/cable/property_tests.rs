//! What holds for every cable and every history.

use super::tests::{A, B};
use super::*;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

/// Something that happens to a cable, and how long after the event before.
type Event = (u64, What);

#[derive(Clone, Debug)]
enum What {
    Send(u8, usize),
    Act(Act),
    Late,
}

fn span(max_ms: u64) -> impl Strategy<Value = Span> {
    prop_oneof![9 => (0..=max_ms).prop_map(Span::from_ms), 1 => any::<u64>().prop_map(Span::from_us)]
}

fn fault() -> impl Strategy<Value = Fault> {
    let ppm = || prop_oneof![0_u32..1_000_000, any::<u32>()];
    prop_oneof![
        ppm().prop_map(Fault::Drop),
        ppm().prop_map(Fault::Flip),
        ppm().prop_map(Fault::Duplicate),
        span(200).prop_map(Fault::Delay),
        span(200).prop_map(Fault::Jitter),
        span(500).prop_map(Fault::Stall),
        span(100).prop_map(Fault::Split),
        span(100).prop_map(Fault::Merge),
        prop_oneof![0_u32..100_000, any::<u32>()].prop_map(Fault::Garbage),
        Just(Fault::Echo),
        Just(Fault::Break),
        Just(Fault::Unplugged),
    ]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let what = prop_oneof![
        10 => (0_u8..4, 0_usize..40).prop_map(|(end, len)| What::Send(end, len)),
        1 => (0_u8..4, 0_usize..40_000).prop_map(|(end, len)| What::Send(end, len)),
        3 => fault().prop_map(|fault| What::Act(Act::Break(fault))),
        1 => Just(What::Act(Act::Mend)),
        1 => Just(What::Late),
    ];
    prop::collection::vec((prop_oneof![Just(0), 0_u64..60_000], what), 1..120)
}

fn duplex() -> impl Strategy<Value = Duplex> {
    prop_oneof![Just(Duplex::Full), Just(Duplex::Shared)]
}

/// Plays a history, wake by wake, ten seconds beyond its end (or 20,000 deliveries).
fn play(duplex: Duplex, seed: u64, events: &[Event]) -> Vec<Delivery> {
    let mut cable = Cable::new(Config { line: Line::n81(19_200), duplex, ends: 3, seed });
    let mut got = Vec::new();
    let mut now = Instant::ZERO;
    let mut serial = 0_u8;
    for (after, what) in events {
        let next = now + Span::from_us(*after);
        // A late driver does not come back in between.
        if !matches!(what, What::Late) {
            run(&mut cable, next, &mut got);
        }
        now = next;
        match what {
            What::Send(end, len) => {
                serial = serial.wrapping_add(1);
                cable.send(now, End(*end), vec![serial; *len]);
            }
            What::Act(act) => cable.handle_act(now, *act),
            What::Late => {}
        }
        drain(&mut cable, &mut got);
    }
    run(&mut cable, now + Span::from_secs(10), &mut got);
    got
}

fn run(cable: &mut Cable, until: Instant, got: &mut Vec<Delivery>) {
    while let Some(wake) = cable.poll_timeout().filter(|wake| wake.at < until && got.len() < 20_000) {
        cable.handle_timeout(wake.at);
        drain(cable, got);
    }
}

fn drain(cable: &mut Cable, got: &mut Vec<Delivery>) {
    for n in 0.. {
        assert!(n <= 2 * DRAIN_LIMIT, "a cable hands out a bounded number of deliveries");
        let Some(delivery) = cable.poll_delivery() else { break };
        got.push(delivery);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("../fixtures/regressions/cable.txt"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn with_nothing_wrong_every_byte_arrives_once_in_order_at_its_character_time(
        sends in prop::collection::vec((0_u64..20_000, 0_u8..2, 1_usize..30), 1..60),
        seed: u64,
    ) {
        let line = Line::n81(19_200);
        let mut expected: [Vec<(Instant, Instant, Vec<u8>)>; 2] = Default::default();
        let mut now = Instant::ZERO;
        let mut events = Vec::new();
        for (n, &(after, end, len)) in sends.iter().enumerate() {
            now += Span::from_us(after);
            events.push((after, What::Send(end, len)));
            let expected = &mut expected[usize::from(end)];
            let start = expected.last().map_or(now, |last| last.1.max(now));
            expected.push((start, start + line.time_of(len), vec![n as u8 + 1; len]));
        }
        let got = play(Duplex::Full, seed, &events);
        for (end, expected) in expected.into_iter().enumerate() {
            let got: Vec<_> = got.iter().filter(|d| d.from == Some(End(end as u8))).collect();
            prop_assert!(got.iter().all(|d| d.sent.is_none() && !d.echo && !d.collided));
            let got: Vec<_> = got.into_iter().map(|d| (d.start, d.end, d.bytes.clone())).collect();
            prop_assert_eq!(got, expected);
        }
    }

    #[test]
    fn with_anything_wrong_nothing_panics_and_nothing_overtakes_within_a_direction(
        duplex in duplex(), seed: u64, events in events(),
    ) {
        let got = play(duplex, seed, &events);
        for from in [None, Some(A), Some(B), Some(End(2))] {
            let mut last = Instant::ZERO;
            for delivery in got.iter().filter(|delivery| delivery.from == from) {
                prop_assert!(delivery.end >= last && delivery.end >= delivery.start, "{:?}", delivery);
                prop_assert!(delivery.sent.as_ref() != Some(&delivery.bytes));
                prop_assert!(!delivery.bytes.is_empty() || delivery.sent.is_some());
                last = delivery.end;
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_deliveries(duplex in duplex(), seed: u64, events in events()) {
        prop_assert_eq!(play(duplex, seed, &events), play(duplex, seed, &events));
    }

    #[test]
    fn every_collision_damages_both(
        sends in prop::collection::vec((0_u64..8_000, 0_u8..3, 1_usize..12), 1..30),
    ) {
        let events: Vec<Event> = sends.iter().map(|&(after, end, len)| (after, What::Send(end, len))).collect();
        let got = play(Duplex::Shared, 0, &events);
        for (n, one) in got.iter().enumerate().filter(|(_, d)| !d.bytes.is_empty()) {
            let overlaps = got.iter().enumerate().any(|(m, other)| {
                n != m && one.from != other.from && one.start < other.end && other.start < one.end
            });
            prop_assert_eq!(one.collided, overlaps);
            prop_assert_eq!(one.sent.is_some(), overlaps);
        }
    }
}
