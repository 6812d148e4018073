//! What each habit does, the limits, and a scene to read.

use super::*;
use std::fmt::Write;

/// 12.8 m: 10 s at [`SPEED`].
pub(super) const WIDTH_MM: u32 = 12_800;
pub(super) const SPEED: u32 = 1_280;

pub(super) fn crowd() -> Crowd {
    Crowd::new(Config { width_mm: WIDTH_MM, limit: 100 })
}

pub(super) fn ms(ms: u64) -> Instant {
    Instant::from_ms(ms)
}

/// Wakes the crowd when it asks, until `until` included; what is seen, and when.
pub(super) fn run(crowd: &mut Crowd, until: Instant) -> Vec<(Instant, CrowdSight)> {
    let mut seen = Vec::new();
    while let Some(wake) = crowd.poll_timeout().filter(|wake| wake.at <= until) {
        crowd.handle_timeout(wake.at);
        seen.extend(sight(crowd).map(|sight| (wake.at, sight)));
    }
    seen
}

pub(super) fn sight(crowd: &mut Crowd) -> Option<CrowdSight> {
    let output = crowd.poll_output()?;
    assert_eq!(crowd.poll_output(), None, "one sight for one call");
    match output {
        Output::Sight(sight) => Some(sight),
        Output::Bytes { .. } | Output::Persist(_) | Output::Reject { .. } => panic!("{output:?}"),
    }
}

/// Runs to `at`, then acts.
pub(super) fn act(crowd: &mut Crowd, at: Instant, act: Act) -> Option<CrowdSight> {
    run(crowd, at.back(Span::from_us(1)));
    crowd.handle_input(at, Input::Act(act));
    sight(crowd)
}

pub(super) fn arrive(
    crowd: &mut Crowd,
    at: Instant,
    kerb: Kerb,
    count: u16,
    habit: Habit,
) -> Option<CrowdSight> {
    act(crowd, at, Act::Arrive { kerb, count, speed_mm_s: SPEED, habit })
}

fn green(crowd: &mut Crowd, at: Instant, lit: bool) {
    assert_eq!(act(crowd, at, Act::Green(lit)), None, "nobody moves in the instant of an edge");
}

/// (waiting at A, waiting at B, walking up, walking down)
fn numbers(sight: CrowdSight) -> (u16, u16, u16, u16) {
    (sight.waiting[0], sight.waiting[1], sight.walking[0], sight.walking[1])
}

fn steps(seen: &[(Instant, CrowdSight)]) -> Vec<(u64, (u16, u16, u16, u16))> {
    seen.iter().map(|&(at, sight)| (at.as_us() / 1_000, numbers(sight))).collect()
}

#[test]
fn people_wait_at_red_for_good() {
    let mut crowd = crowd();
    assert_eq!(arrive(&mut crowd, ms(0), Kerb::A, 3, Habit::Crosses).map(numbers), Some((3, 0, 0, 0)));
    assert_eq!(crowd.poll_timeout(), None);
}

#[test]
fn at_green_rows_of_five_step_on_every_two_seconds_at_each_kerb() {
    let mut crowd = crowd();
    arrive(&mut crowd, ms(0), Kerb::A, 12, Habit::Crosses);
    arrive(&mut crowd, ms(0), Kerb::B, 1, Habit::Crosses);
    green(&mut crowd, ms(10_000), true);
    assert_eq!(
        steps(&run(&mut crowd, Instant::MAX)),
        [
            (11_000, (7, 0, 5, 1)),
            (13_000, (2, 0, 10, 1)),
            (15_000, (0, 0, 12, 1)),
            (21_000, (0, 0, 7, 0)),
            (23_000, (0, 0, 2, 0)),
            (25_000, (0, 0, 0, 0)),
        ]
    );
}

#[test]
fn who_arrives_at_green_starts_a_second_later_and_does_not_pass_who_came_before() {
    let mut crowd = crowd();
    arrive(&mut crowd, ms(0), Kerb::A, 7, Habit::Crosses);
    green(&mut crowd, ms(0), true);
    arrive(&mut crowd, ms(1_500), Kerb::A, 1, Habit::Crosses);
    assert_eq!(steps(&run(&mut crowd, ms(8_000))), [(3_000, (0, 0, 8, 0))], "in the second row");
    arrive(&mut crowd, ms(8_500), Kerb::A, 1, Habit::Crosses);
    assert_eq!(steps(&run(&mut crowd, ms(10_000))), [(9_500, (0, 0, 9, 0))], "after a second of their own");
}

#[test]
fn who_is_not_off_the_kerb_when_flashing_begins_waits_for_the_next_green() {
    let mut crowd = crowd();
    arrive(&mut crowd, ms(0), Kerb::A, 10, Habit::Crosses);
    green(&mut crowd, ms(0), true);
    green(&mut crowd, ms(3_000), false);
    for half in 1..10 {
        green(&mut crowd, ms(3_000 + half * 500), half % 2 == 1);
    }
    assert_eq!(numbers(crowd.sight), (5, 0, 5, 0), "the second row was due in the instant of the edge");
    green(&mut crowd, ms(8_000), false);
    green(&mut crowd, ms(60_000), true);
    assert_eq!(steps(&run(&mut crowd, Instant::MAX))[0], (61_000, (0, 0, 5, 0)));
}

#[test]
fn a_dark_of_1_2_s_is_a_flash_and_a_longer_one_red() {
    for (dark_ms, crosses) in [(1_200, false), (1_201, true)] {
        let mut crowd = crowd();
        green(&mut crowd, ms(0), true);
        green(&mut crowd, ms(5_000), false);
        arrive(&mut crowd, ms(5_100), Kerb::A, 1, Habit::Crosses);
        green(&mut crowd, ms(5_000 + dark_ms), true);
        assert_eq!(!run(&mut crowd, ms(10_000)).is_empty(), crosses, "{dark_ms}");
    }
}

#[test]
fn a_red_runner_goes_when_patience_ends_and_without_patience_at_once() {
    let mut crowd = crowd();
    let after = Span::from_secs(4);
    assert_eq!(
        arrive(&mut crowd, ms(0), Kerb::B, 1, Habit::RunsRed(Span::ZERO)).map(numbers),
        Some((0, 0, 0, 1))
    );
    arrive(&mut crowd, ms(0), Kerb::A, 1, Habit::RunsRed(after));
    assert_eq!(
        steps(&run(&mut crowd, Instant::MAX)),
        [(4_000, (0, 0, 1, 1)), (10_000, (0, 0, 1, 0)), (14_000, (0, 0, 0, 0))]
    );
}

#[test]
fn a_red_runner_crosses_at_green_like_everybody() {
    let mut crowd = crowd();
    arrive(&mut crowd, ms(0), Kerb::A, 6, Habit::RunsRed(Span::from_secs(12)));
    green(&mut crowd, ms(10_000), true);
    let seen = run(&mut crowd, Instant::MAX);
    assert_eq!(steps(&seen)[..2], [(11_000, (1, 0, 5, 0)), (13_000, (0, 0, 6, 0))], "12.0 s is within walk");
    assert!(crowd.plans.is_empty());
}

#[test]
fn who_gives_up_leaves_without_crossing_unless_green_has_come() {
    let mut crowd = crowd();
    arrive(&mut crowd, ms(0), Kerb::A, 1, Habit::GivesUp(Span::from_secs(5)));
    arrive(&mut crowd, ms(1_000), Kerb::A, 6, Habit::GivesUp(Span::from_secs(7)));
    assert_eq!(steps(&run(&mut crowd, ms(5_000))), [(5_000, (6, 0, 0, 0))]);
    green(&mut crowd, ms(6_500), true);
    let seen = run(&mut crowd, Instant::MAX);
    assert_eq!(steps(&seen)[..2], [(7_500, (1, 0, 5, 0)), (9_500, (0, 0, 6, 0))], "at 8.0 s green has come");
}

#[test]
fn who_turns_back_walks_to_the_middle_and_comes_back_from_the_other_direction() {
    let mut crowd = crowd();
    arrive(&mut crowd, ms(0), Kerb::A, 1, Habit::TurnsBack);
    green(&mut crowd, ms(0), true);
    assert_eq!(
        steps(&run(&mut crowd, Instant::MAX)),
        [(1_000, (0, 0, 1, 0)), (6_000, (0, 0, 0, 1)), (11_000, (0, 0, 0, 0))]
    );
}

#[test]
fn a_late_starter_steps_on_half_a_second_into_flashing_only() {
    let mut crowd = crowd();
    arrive(&mut crowd, ms(0), Kerb::A, 2, Habit::StartsLate);
    green(&mut crowd, ms(0), true);
    assert_eq!(run(&mut crowd, ms(7_000)), []);
    green(&mut crowd, ms(7_000), false);
    assert_eq!(steps(&run(&mut crowd, ms(7_600))), [(7_500, (0, 0, 2, 0))]);
    arrive(&mut crowd, ms(7_800), Kerb::A, 1, Habit::StartsLate);
    assert_eq!(run(&mut crowd, ms(8_299)), [], "8.2 s: the light is red, the next one is too late");
    assert_eq!(crowd.sight.waiting, [1, 0]);
}

#[test]
fn who_stands_is_removed_only_by_leaving() {
    let mut crowd = crowd();
    arrive(&mut crowd, ms(0), Kerb::A, 2, Habit::Stands);
    green(&mut crowd, ms(0), true);
    green(&mut crowd, ms(9_000), false);
    run(&mut crowd, ms(60_000));
    assert_eq!(act(&mut crowd, ms(60_000), Act::Leave { kerb: Kerb::B, count: 9 }), None);
    let seen = act(&mut crowd, ms(60_000), Act::Leave { kerb: Kerb::A, count: 1 });
    assert_eq!(seen.map(numbers), Some((1, 0, 0, 0)));
    let seen = act(&mut crowd, ms(60_000), Act::Leave { kerb: Kerb::A, count: 9 });
    assert_eq!(seen.map(numbers), Some((0, 0, 0, 0)));
}

#[test]
fn who_has_waited_longest_leaves_first_whatever_they_wait_for() {
    let mut crowd = crowd();
    arrive(&mut crowd, ms(0), Kerb::A, 1, Habit::GivesUp(Span::from_secs(10)));
    arrive(&mut crowd, ms(1), Kerb::A, 1, Habit::Stands);
    arrive(&mut crowd, ms(2), Kerb::A, 1, Habit::StartsLate);
    act(&mut crowd, ms(3), Act::Leave { kerb: Kerb::A, count: 2 });
    assert_eq!(crowd.poll_timeout(), None, "whoever left no longer gives up");
    green(&mut crowd, ms(4), true);
    green(&mut crowd, ms(5_000), false);
    assert_eq!(steps(&run(&mut crowd, ms(5_500))), [(5_500, (0, 0, 1, 0))], "the late starter stayed");
}

#[test]
fn more_people_than_the_limit_are_refused_and_counted() {
    let mut crowd = crowd();
    arrive(&mut crowd, ms(0), Kerb::A, 60, Habit::RunsRed(Span::ZERO));
    assert_eq!(
        arrive(&mut crowd, ms(0), Kerb::B, 60, Habit::Crosses).map(numbers),
        Some((0, 40, 60, 0)),
        "walkers count too"
    );
    assert_eq!(crowd.refused(), 20);
    run(&mut crowd, ms(10_000));
    arrive(&mut crowd, ms(10_001), Kerb::B, 60, Habit::Crosses);
    assert_eq!((crowd.sight.waiting[1], crowd.refused()), (100, 20), "there is room again");
}

#[test]
fn no_crowd_holds_more_than_10_000() {
    let mut crowd = Crowd::new(Config { width_mm: WIDTH_MM, limit: usize::MAX });
    arrive(&mut crowd, ms(0), Kerb::A, u16::MAX, Habit::Crosses);
    assert_eq!((crowd.sight.waiting[0], crowd.refused()), (10_000, 55_535));
}

#[test]
fn a_crowd_that_is_woken_late_does_all_that_was_due_and_shows_it_once() {
    let mut crowd = crowd();
    arrive(&mut crowd, ms(0), Kerb::A, 12, Habit::Crosses);
    arrive(&mut crowd, ms(0), Kerb::B, 1, Habit::Crosses);
    green(&mut crowd, ms(0), true);
    crowd.handle_timeout(ms(12_000));
    assert_eq!(sight(&mut crowd).map(numbers), Some((0, 0, 7, 0)));
    crowd.handle_timeout(ms(12_500));
    assert_eq!(sight(&mut crowd), None);
}

#[test]
fn nobody_walks_slower_than_100_mm_s() {
    let mut crowd = crowd();
    act(
        &mut crowd,
        ms(0),
        Act::Arrive { kerb: Kerb::A, count: 1, speed_mm_s: 0, habit: Habit::RunsRed(Span::ZERO) },
    );
    assert_eq!(steps(&run(&mut crowd, Instant::MAX)), [(128_000, (0, 0, 0, 0))]);
}

#[test]
fn a_scene_at_the_kerb() {
    let mut crowd = crowd();
    let mut table = String::from(
        "12.8 m, everybody walks it in 10 s. Green steady at 20.0 s, flashing 27.0 to 35.0 s, red after.\n\n\
         time     what happens                    waiting  A   B   walking up down\n",
    );
    let mut script: Vec<(u64, String, Act)> = Vec::new();
    let mut people = |at, kerb, count, habit: Habit| {
        let act = Act::Arrive { kerb, count, speed_mm_s: SPEED, habit };
        script.push((at, format!("{count} at {kerb:?}: {habit:?}"), act));
    };
    people(0, Kerb::A, 12, Habit::Crosses);
    people(2_000, Kerb::B, 1, Habit::RunsRed(Span::from_secs(4)));
    people(3_000, Kerb::B, 2, Habit::GivesUp(Span::from_secs(9)));
    people(4_000, Kerb::B, 1, Habit::TurnsBack);
    people(5_000, Kerb::A, 1, Habit::Stands);
    people(6_000, Kerb::B, 1, Habit::StartsLate);
    people(26_500, Kerb::B, 3, Habit::Crosses);
    for edge in 0..=17 {
        let at = if edge == 0 { 20_000 } else { 26_500 + edge * 500 };
        let lit = edge % 2 == 0;
        script.push((at, format!("green {}", if lit { "on" } else { "off" }), Act::Green(lit)));
    }
    script.sort_by_key(|&(at, ..)| at);
    let mut line = |at: Instant, what: &str, sight: CrowdSight| {
        let (a, b, up, down) = numbers(sight);
        writeln!(table, "{:>7}  {what:<38}{a:>5}{b:>4}{up:>13}{down:>5}", at.to_string()).expect("a string");
    };
    for (at, what, happens) in script {
        for (at, sight) in run(&mut crowd, ms(at).back(Span::from_us(1))) {
            line(at, "", sight);
        }
        act(&mut crowd, ms(at), happens);
        line(ms(at), &what, crowd.sight);
    }
    for (at, sight) in run(&mut crowd, Instant::MAX) {
        line(at, "", sight);
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../fixtures/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!("crowd-scene", table));
}
