//! Generated cases: the same from the same number, kept together by rules of time, and shrunk to what matters.

use std::sync::atomic::AtomicBool;

use emulators::crowd::{Habit, Kerb};
use emulators::device::Operator;
use emulators::time::{Instant, Span};

use super::minimise::{Timeline, minimise};
use super::*;
use crate::driver::Script;
use crate::runner::{Soft, play};
use crate::scenario::Stimulus;
use crate::site::{Site, library};

fn site() -> Site {
    library::find("yudaihe-beixiaoyuan").expect("the default site")
}

fn arrive(kerb: Kerb) -> Stimulus {
    Stimulus::Arrive { kerb, count: 1, speed_mm_s: 1_300, habit: Habit::Crosses }
}

#[test]
fn a_case_is_the_same_from_the_same_number_and_another_from_another() {
    let (site, stop) = (site(), AtomicBool::new(false));
    let hunt = Hunt::new(&Soft, &site, Waits::Anchored, 7, 0, &stop);
    let records = |number| hunt.attempt(number).expect("a sound run").outcome().records;
    let all: Vec<u64> = (0..4).map(records).collect();
    assert_eq!(all, (0..4).map(records).collect::<Vec<_>>());
    assert!(all.windows(2).any(|pair| pair[0] != pair[1]), "{all:?}");
}

#[test]
fn an_anchor_waits_for_the_lamps_and_what_was_played_is_a_plain_scenario_that_does_the_same() {
    let (site, stop) = (site(), AtomicBool::new(false));
    let anchor = Piece::Await { onset: Onset::VehicleGreen, after: Span::from_ms(250), salt: 1 };
    let pieces = vec![anchor, Piece::Do(Deed::Once(arrive(Kerb::A)))];
    let mut player = Player::new(pieces, Resolved::new(), Span::from_secs(60), Span::from_secs(1));
    let template =
        crate::scenario::Scenario::made(["played", "a test"], Vec::new(), 0, 0, Vec::new(), Span::ZERO);
    let played = play(&Soft, &site, &template, 1, &mut player, &stop).expect("a sound run");
    let (steps, lasts, resolved) = player.finish();
    let [(at, Stimulus::Arrive { .. })] = steps.as_slice() else { panic!("{steps:?}") };
    // The first vehicle green comes after 15 s of start-up.
    assert_eq!(at.as_us() / 1_000, 15_269);
    assert_eq!(resolved.get(&1), Some(&at.since(Instant::ZERO)));
    let mut fixed = crate::driver::Fixed::new(&steps, lasts);
    let again = play(&Soft, &site, &template, 1, &mut fixed, &stop).expect("a sound run");
    assert_eq!((played.records, played.ended), (again.records, again.ended));
}

#[test]
fn a_dip_within_a_dip_is_dropped_and_what_is_broken_is_mended_at_the_end() {
    let dip = |ms| Piece::Do(Deed::Dip(Span::from_ms(ms)));
    let fails = Stimulus::CableFails(crate::site::CableRole::Lamps, emulators::cable::Fault::Unplugged);
    let pieces = vec![
        dip(500),
        Piece::Wait(Span::from_ms(100)),
        dip(900),
        Piece::Do(Deed::Once(fails)),
        Piece::Do(Deed::Panel(Operator::Manual)),
    ];
    let mut player = Player::new(pieces, Resolved::new(), Span::ZERO, Span::from_secs(30));
    while player.due() < Instant::MAX {
        let now = player.due();
        let _ = player.act(now);
    }
    let (steps, lasts, _) = player.finish();
    let told: Vec<String> =
        steps.iter().map(|(at, stimulus)| format!("{} {stimulus}", at.as_us() / 1_000)).collect();
    assert_eq!(
        told,
        [
            "0 power = \"off\"",
            "100 cable = { name = \"lamps\", fails = \"unplugged\" }",
            "100 operator = \"manual\"",
            "500 power = \"on\"",
            "1500 cable = { name = \"lamps\", mended = true }",
            "11500 operator = \"reset\"",
            "11500 operator = \"automatic\"",
        ]
    );
    assert_eq!(lasts, Span::from_ms(31_500));
}

#[test]
fn what_fails_is_shrunk_to_the_events_that_matter_at_round_times() {
    let mut steps = Vec::new();
    for second in 0..40 {
        steps.push((
            Instant::from_ms(second * 1_037),
            arrive(if second % 2 == 0 { Kerb::A } else { Kerb::B }),
        ));
    }
    steps.push((Instant::from_ms(50_123), Stimulus::Operator(Operator::Flash)));
    // It fails where somebody is at kerb B at least 3 s before the operator flashes.
    let fails = |timeline: &Timeline| {
        let at = |wanted: &dyn Fn(&Stimulus) -> bool| {
            timeline.steps.iter().find(|(_, stimulus)| wanted(stimulus)).map(|step| step.0)
        };
        let comes = at(&|stimulus| matches!(stimulus, Stimulus::Arrive { kerb: Kerb::B, .. }));
        let flashes = at(&|stimulus| matches!(stimulus, Stimulus::Operator(Operator::Flash)));
        matches!((comes, flashes), (Some(comes), Some(flashes)) if flashes >= comes + Span::from_secs(3))
    };
    let mut trials = 0;
    let timeline = Timeline { steps, lasts: Span::from_secs(90) };
    let small = minimise(timeline, 1_000, &mut |timeline| {
        trials += 1;
        fails(timeline)
    });
    assert!(fails(&small));
    let times: Vec<u64> = small.steps.iter().map(|step| step.0.as_us() / 1_000).collect();
    assert_eq!(times, [0, 10_000], "{small:?}");
    assert!(trials < 200, "{trials}");
}

#[test]
fn the_controller_breaks_nothing_in_the_first_cases_of_a_seed() {
    let (site, stop) = (site(), AtomicBool::new(false));
    let hunt = Hunt::new(&Soft, &site, Waits::Anchored, 1, 100, &stop);
    let mut exercised = Exercised::default();
    for number in 0..12 {
        let attempt = hunt.attempt(number).expect("a sound run");
        assert!(attempt.lasted() >= Span::from_secs(300));
        assert_eq!(first_broken(attempt.outcome()), None, "case {number}: {:?}", attempt.steps());
        exercised.add(attempt.outcome());
    }
    assert!(exercised.rows().count() > 30, "{}", exercised.rows().count());
}

#[test]
fn what_is_found_is_small_and_a_file_like_any_other_in_the_library() {
    let (site, stop) = (site(), AtomicBool::new(false));
    // A judge that wants twenty seconds more of minimum green than the controller gives.
    let strict = site.text.replacen("green_min = \"25s\"", "green_min = \"45s\"", 1);
    let site = Site::load(&strict, "strict.toml").expect("a sound site");
    let hunt = Hunt::new(&Soft, &site, Waits::Anchored, 3, 300, &stop);
    let shrunk = |number| {
        let mut attempt = hunt.attempt(number).expect("a sound run");
        hunt.shrink(&mut attempt).expect("sound runs")
    };
    let found = (0..20).find_map(shrunk).expect("a short green");
    assert_eq!(found.property, "P14");
    assert!(found.reproduces, "{}", found.scenario.text);
    assert!(
        found.events.1 <= 2 && found.events.1 <= found.events.0,
        "{:?}\n{}",
        found.events,
        found.scenario.text
    );
    assert!(found.scenario.text.starts_with("# "), "{}", found.scenario.text);
    assert_eq!(found.scenario.must_exercise, ["P14"]);
    assert_eq!(found.scenario.title, "Breaks P14, vehicle minimum green");
}
