use super::*;

/// Runs lamp edges (ms, lamps) through a recogniser and gives back what is left when replaced sightings are gone,
/// as `ms aspect`.
fn recognise(kind: HeadKind, edges: &[(u64, u8)], end: u64) -> Vec<(u64, Aspect)> {
    let mut recogniser = Recogniser::new(kind);
    let mut seen: Vec<(u64, Aspect)> = Vec::new();
    let sight = |seen: &mut Vec<(u64, Aspect)>, now: u64, sighting: Sighting| {
        let since = sighting.since.as_us() / 1_000;
        assert!(since <= now && now - since <= KNOWN_WITHIN.as_ms(), "{sighting:?} known at {now}");
        seen.retain(|(at, _)| *at < since);
        seen.push((since, sighting.aspect));
    };
    for &(at, lamps) in edges {
        while let Some(due) = recogniser.deadline().filter(|due| due.as_us() < at * 1_000) {
            let now = due.as_us() / 1_000;
            recogniser.advance(due + Span::from_us(1), &mut |sighting| sight(&mut seen, now, sighting));
        }
        let now = at;
        recogniser
            .lamps(Instant::from_ms(at), Span::ZERO, lamps, &mut |sighting| sight(&mut seen, now, sighting));
    }
    while let Some(due) = recogniser.deadline().filter(|due| due.as_us() < end * 1_000) {
        let now = due.as_us() / 1_000;
        recogniser.advance(due + Span::from_us(1), &mut |sighting| sight(&mut seen, now, sighting));
    }
    seen
}

const DARK: u8 = 0;
use Aspect::{FlashingGreen, FlashingYellow, Green, Off, Other, Red, Yellow};
use HeadKind::{Pedestrian, Vehicle};
use lamp::{GREEN, RED, YELLOW};

/// `n` flashes of `on` from `from` ms, beginning with on, then `then`.
fn flashes(from: u64, n: u64, on: u8, then: u8) -> Vec<(u64, u8)> {
    let mut edges: Vec<(u64, u8)> =
        (0..2 * n).map(|half| (from + half * 500, if half % 2 == 0 { on } else { DARK })).collect();
    edges.push((from + n * 1_000, then));
    edges
}

#[test]
fn a_vehicle_cycle_is_known_edge_by_edge() {
    let edges = [(0, RED), (2_000, GREEN), (30_000, YELLOW), (33_000, RED)];
    assert_eq!(
        recognise(Vehicle, &edges, 40_000),
        [(0, Red), (2_000, Green), (30_000, Yellow), (33_000, Red)]
    );
}

#[test]
fn a_yellow_after_green_that_goes_dark_after_half_a_second_was_a_flash_and_a_longer_one_was_not() {
    // As when the supply fails, or red comes, before the second lit half.
    let flashed = [(0, GREEN), (5_000, YELLOW), (5_500, DARK), (5_900, RED)];
    assert_eq!(recognise(Vehicle, &flashed, 9_000), [(0, Green), (5_000, FlashingYellow), (5_900, Red)]);
    let steady = [(0, GREEN), (5_000, YELLOW), (6_000, DARK), (6_400, RED)];
    assert_eq!(recognise(Vehicle, &steady, 9_000), [(0, Green), (5_000, Yellow), (6_400, Red)]);
}

#[test]
fn a_flashing_green_begins_half_a_period_before_its_first_dark_half() {
    let mut edges = vec![(0, RED), (1_000, GREEN)];
    edges.extend(flashes(8_000, 8, GREEN, RED));
    assert_eq!(
        recognise(Pedestrian, &edges, 20_000),
        [(0, Red), (1_000, Green), (8_000, FlashingGreen), (16_000, Red)]
    );
}

#[test]
fn a_single_dark_half_before_red_is_a_flashing_green_too() {
    let edges = [(0, GREEN), (7_000, DARK), (7_500, RED)];
    assert_eq!(recognise(Pedestrian, &edges, 9_000), [(0, Green), (6_500, FlashingGreen), (7_500, Red)]);
}

#[test]
fn a_flashing_green_does_not_begin_before_the_green() {
    let edges = [(0, RED), (1_000, GREEN), (1_300, DARK), (1_800, GREEN), (2_300, DARK), (2_800, RED)];
    assert_eq!(recognise(Pedestrian, &edges, 4_000), [(0, Red), (1_000, FlashingGreen), (2_800, Red)]);
}

#[test]
fn a_gap_of_switching_is_no_flash() {
    let edges = [(0, GREEN), (7_000, DARK), (7_050, RED), (9_000, DARK), (9_100, GREEN)];
    assert_eq!(recognise(Pedestrian, &edges, 12_000), [(0, Green), (7_050, Red), (9_100, Green)]);
}

#[test]
fn dark_for_exactly_the_limit_is_still_a_half_and_longer_is_off() {
    let half = [(0, GREEN), (5_000, DARK), (5_700, GREEN), (6_000, DARK), (6_500, RED)];
    assert_eq!(recognise(Pedestrian, &half, 8_000), [(0, Green), (4_500, FlashingGreen), (6_500, Red)]);
    let off = [(0, GREEN), (5_000, DARK), (5_701, GREEN)];
    assert_eq!(recognise(Pedestrian, &off, 8_000), [(0, Green), (5_000, Off), (5_701, Green)]);
}

#[test]
fn a_flashing_green_that_stays_on_is_green_from_its_last_edge() {
    let mut edges = vec![(0, GREEN)];
    edges.extend(flashes(5_000, 3, GREEN, GREEN));
    assert_eq!(recognise(Pedestrian, &edges, 9_000), [(0, Green), (5_000, FlashingGreen), (8_000, Green)]);
}

#[test]
fn yellow_out_of_the_dark_is_held_back_until_it_flashes_or_lasts() {
    let mut edges = vec![(0, DARK)];
    edges.extend(flashes(1_000, 10, YELLOW, RED));
    assert_eq!(recognise(Vehicle, &edges, 12_000), [(0, Off), (1_000, FlashingYellow), (11_000, Red)]);
    let steady = [(0, RED), (1_000, YELLOW), (1_700, RED)];
    assert_eq!(recognise(Vehicle, &steady, 5_000), [(0, Red)], "on for the limit, not longer");
    let steady = [(0, RED), (1_000, YELLOW), (4_000, GREEN)];
    assert_eq!(recognise(Vehicle, &steady, 5_000), [(0, Red), (1_000, Yellow), (4_000, Green)]);
}

#[test]
fn yellow_after_green_that_flashes_was_flashing_from_its_first_edge() {
    let mut edges = vec![(0, GREEN)];
    edges.extend(flashes(10_000, 5, YELLOW, YELLOW));
    edges.push((15_500, DARK));
    assert_eq!(recognise(Vehicle, &edges, 15_900), [(0, Green), (10_000, FlashingYellow)]);
}

#[test]
fn a_yellow_that_goes_dark_for_good_is_off() {
    let edges = [(0, GREEN), (10_000, YELLOW), (11_000, DARK)];
    assert_eq!(recognise(Vehicle, &edges, 20_000), [(0, Green), (10_000, Yellow), (11_000, Off)]);
}

#[test]
fn a_flashing_yellow_that_stays_on_is_yellow_and_one_that_stays_dark_is_off() {
    let mut edges = flashes(1_000, 3, YELLOW, YELLOW);
    assert_eq!(recognise(Vehicle, &edges, 6_000), [(1_000, FlashingYellow), (4_000, Yellow)]);
    edges = flashes(1_000, 3, YELLOW, DARK);
    assert_eq!(recognise(Vehicle, &edges, 6_000), [(1_000, FlashingYellow), (3_500, Off)]);
}

#[test]
fn red_and_green_together_are_no_aspect_unless_they_only_overlap() {
    let edges = [(0, RED), (1_000, RED | GREEN), (1_050, GREEN), (9_000, RED | GREEN), (9_500, RED)];
    assert_eq!(
        recognise(Pedestrian, &edges, 12_000),
        [(0, Red), (1_050, Green), (9_000, Other), (9_500, Red)]
    );
}

#[test]
fn a_dip_of_the_supply_is_no_flash() {
    for power_first in [true, false] {
        let mut recogniser = Recogniser::new(Pedestrian);
        let mut seen = Vec::new();
        recogniser.lamps(Instant::from_ms(0), Span::ZERO, GREEN, &mut |sighting| seen.push(sighting.aspect));
        if power_first {
            recogniser.power(false);
        }
        recogniser
            .lamps(Instant::from_ms(3_000), Span::ZERO, DARK, &mut |sighting| seen.push(sighting.aspect));
        if !power_first {
            recogniser.power(false);
        }
        recogniser.power(true);
        recogniser
            .lamps(Instant::from_ms(3_450), Span::ZERO, GREEN, &mut |sighting| seen.push(sighting.aspect));
        assert_eq!(seen, [Green]);
    }
}

/// Every aspect that can be shown, against every combination the lamps can take for 100 s.
#[test]
fn every_aspect_is_left_for_what_the_lamps_then_show() {
    for kind in [Vehicle, Pedestrian] {
        for shown in [DARK, RED, GREEN, YELLOW, RED | GREEN] {
            for next in [DARK, RED, GREEN, YELLOW, RED | GREEN, RED | YELLOW | GREEN] {
                let steady = |lamps: u8| match (kind, lamps) {
                    (_, DARK) => Off,
                    (_, RED) => Red,
                    (_, GREEN) => Green,
                    (Vehicle, YELLOW) => Yellow,
                    (Vehicle | Pedestrian, _odd) => Other,
                };
                let seen = recognise(kind, &[(0, shown), (100_000, next)], 200_000);
                let mut wanted = vec![(0, steady(shown))];
                if steady(next) != steady(shown) {
                    wanted.push((100_000, steady(next)));
                }
                assert_eq!(seen, wanted, "{kind:?} {shown:03b} {next:03b}");
            }
        }
    }
}

/// What a walk looks like through polls every `period` ms from `phase` on, each answer `late` ms after the instant it shows:
/// final sightings as (since - vague, since, aspect) in ms.
fn sampled(
    edges: &[(u64, u8)],
    period: u64,
    phase: u64,
    late: u64,
    kind: HeadKind,
) -> Vec<(u64, u64, Aspect)> {
    let mut recogniser = Recogniser::new(kind).knows_late(SWITCHING_GAP);
    let mut seen: Vec<(u64, u64, Aspect)> = Vec::new();
    let mut take = |sighting: Sighting| {
        let since = sighting.since.as_us() / 1_000;
        let earliest = since - sighting.vague.as_us() / 1_000;
        seen.retain(|other| other.1 < since);
        seen.push((earliest, since, sighting.aspect));
    };
    let shown_at = |at: u64| edges.iter().rev().find(|edge| edge.0 <= at).map_or(0, |edge| edge.1);
    let (mut before, mut last) = (None, 0);
    for at in (phase..edges.last().map_or(0, |edge| edge.0) + 3_000).step_by(period as usize) {
        let now = Instant::from_ms(at + late);
        recogniser.advance(now, &mut take);
        let lamps = shown_at(at);
        if before != Some(lamps) {
            recogniser.lamps(now, Span::from_ms(at + late - last), lamps, &mut take);
            before = Some(lamps);
        }
        last = at;
    }
    seen
}

proptest::proptest! {
    #[test]
    fn a_flash_is_recognised_through_polls(period in 10_u64..120, phase in 0_u64..120, late in 0_u64..40, half in 462_u64..545) {
        // Red, green 7 s, eight flashes, red; the first half of the flash is lit.
        let mut edges = vec![(0, RED), (10_000, GREEN)];
        let flash = 17_000;
        for n in 0..8 {
            edges.extend([(flash + half * (2 * n), GREEN), (flash + half * (2 * n + 1), 0)]);
        }
        let red = flash + half * 16;
        edges.push((red, RED));
        let seen = sampled(&edges, period, phase, late, Pedestrian);
        let aspects: Vec<Aspect> = seen.iter().map(|sighting| sighting.2).collect();
        let wanted = [Red, Green, FlashingGreen, Red];
        proptest::prop_assert_eq!(&aspects[..], &wanted[..]);
        // The flash is told from its first dark half, half a nominal period back.
        let begun = flash + half - FLASH_HALF.as_ms();
        for ((earliest, latest, aspect), at) in seen.iter().skip(1).zip([10_000, begun, red]) {
            proptest::prop_assert!(*earliest <= at && at <= *latest + 1, "{aspect:?} at {at}: {earliest} to {latest}");
        }
    }

    #[test]
    fn a_steady_yellow_is_not_a_flash_through_polls(period in 10_u64..120, phase in 0_u64..120, late in 0_u64..40) {
        let edges = [(0, GREEN), (10_000, YELLOW), (13_000, RED)];
        let seen = sampled(&edges, period, phase, late, Vehicle);
        let aspects: Vec<Aspect> = seen.iter().map(|sighting| sighting.2).collect();
        proptest::prop_assert_eq!(&aspects[..], &[Green, Yellow, Red][..]);
    }

    #[test]
    fn a_flashing_yellow_is_one_through_polls(period in 10_u64..120, phase in 0_u64..120, late in 0_u64..40, half in 462_u64..545) {
        let edges: Vec<(u64, u8)> =
            (0..20).map(|n| (half * n, if n % 2 == 0 { YELLOW } else { 0 })).chain([(half * 20, RED)]).collect();
        let seen = sampled(&edges, period, phase, late, Vehicle);
        let aspects: Vec<Aspect> = seen.iter().map(|sighting| sighting.2).collect();
        proptest::prop_assert_eq!(&aspects[..], &[FlashingYellow, Red][..]);
    }
}
