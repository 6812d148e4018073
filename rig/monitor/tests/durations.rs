//! `never`, `lasts`, `every`, `share`.

use super::{left, margin, scene, violated_at};
use crate::monitor::Verdict;

#[test]
fn a_conflict_is_found_at_the_instant_it_begins() {
    let mut scene = scene("never = \"PA in {G,FG} and not VA=R\"");
    let result = scene.set(0, "VA=G").set(0, "PA=R").set(5_000, "PA=G").set(5_200, "PA=R").finish(9_000);
    assert_eq!(violated_at(&result), Some(5_000));
    assert_eq!(margin(&result), Some((-200, 5_200)));
}

#[test]
fn two_heads_that_change_at_one_instant_are_never_in_conflict() {
    let mut scene = scene("never = \"PA=G and not VA=R\"");
    let result = scene.set(0, "VA=G").set(0, "PA=R").set(7_000, "PA=G").set(7_000, "VA=R").finish(9_000);
    assert_eq!(result.verdict, Verdict::Passed);
    assert_eq!(result.triggers, 1);
}

#[test]
fn a_state_may_last_exactly_as_long_as_allowed() {
    let check = "never = \"VA=OFF\"\nlonger_than = \"1s\"\ntolerance = \"0s\"";
    let exactly = scene(check).set(0, "VA=G").set(2_000, "VA=OFF").set(3_000, "VA=G").finish(5_000);
    assert_eq!((exactly.verdict.clone(), margin(&exactly)), (Verdict::Passed, Some((0, 3_000))));
    let longer = scene(check).set(0, "VA=G").set(2_000, "VA=OFF").set(3_001, "VA=G").finish(5_000);
    assert_eq!((violated_at(&longer), margin(&longer)), (Some(3_000), Some((-1, 3_001))));
}

#[test]
fn a_dark_head_is_reported_at_its_deadline_and_not_at_the_next_input() {
    let mut scene = scene("never = \"VA=OFF\"\nlonger_than = \"1s\"");
    scene.set(0, "VA=G").set(2_000, "VA=OFF");
    scene.engine.advance(emulators::time::Instant::from_ms(2_001));
    assert_eq!(scene.engine.next_deadline(), Some(emulators::time::Instant::from_ms(3_100)));
    scene.engine.advance(emulators::time::Instant::from_ms(3_100));
    assert!(scene.engine.take_violations().is_empty(), "an input at the deadline would still be in time");
    scene.engine.advance(emulators::time::Instant::from_ms(3_101));
    let found = scene.engine.take_violations();
    assert_eq!(found[0].violation.to_string(), "VA=OFF since 2.000, longer than 1.100 s, at 3.100");
}

#[test]
fn a_never_without_its_trigger_is_not_exercised() {
    let mut scene = scene("never = \"VA=G\"\nwhile = \"MODE=FLASH\"");
    let result = scene.set(0, "VA=G").set(0, "MODE=NORMAL").finish(9_000);
    assert_eq!(result.verdict, Verdict::NotExercised);
}

#[test]
fn a_yellow_of_three_seconds_passes_with_its_margin() {
    let mut scene = scene("lasts = \"VA=Y\"\nat_least = \"$yellow\"\nat_most = \"5s\"");
    scene.set(0, "VA=G").set(30_000, "VA=Y").set(33_000, "VA=R");
    let result = scene.set(60_000, "VA=G").set(90_000, "VA=Y").set(92_950, "VA=R").finish(100_000);
    assert_eq!((result.verdict.clone(), result.triggers), (Verdict::Passed, 2));
    assert_eq!(margin(&result), Some((50, 92_950)));
}

#[test]
fn a_short_yellow_is_told_in_words() {
    let mut scene = scene("lasts = \"VA=Y\"\nat_least = \"$yellow\"");
    let result = scene.set(0, "VA=G").set(38_607, "VA=Y").set(41_207, "VA=R").finish(50_000);
    assert_eq!(result.verdict.to_string(), "violated: VA=Y lasted 2.600 s, at least 2.900 s, at 41.207");
    assert_eq!(margin(&result), Some((-300, 41_207)));
    assert_eq!(result.worst.map(|worst| worst.to_string()).as_deref(), Some("-0.300 s"));
}

#[test]
fn a_long_yellow_is_found_while_it_still_lasts() {
    let mut scene = scene("lasts = \"VA=Y\"\nat_most = \"5s\"");
    let result = scene.set(0, "VA=G").set(10_000, "VA=Y").finish(16_000);
    assert_eq!((violated_at(&result), margin(&result)), (Some(15_100), Some((-900, 16_000))));
}

#[test]
fn a_yellow_still_on_at_the_end_is_pending() {
    let mut scene = scene("lasts = \"VA=Y\"\nat_least = \"3s\"\nat_most = \"5s\"");
    let result = scene.set(0, "VA=G").set(10_000, "VA=Y").finish(11_000);
    assert_eq!((left(&result), result.triggers), (Some(4_100), 1));
}

#[test]
fn a_yellow_that_was_on_before_the_record_is_judged_for_its_longest_time_only() {
    let short = scene("lasts = \"VA=Y\"\nat_least = \"3s\"").set(0, "VA=Y").set(500, "VA=R").finish(9_000);
    assert_eq!(short.verdict, Verdict::NotExercised);
    let first_seen = scene("lasts = \"VA=Y\"\nat_least = \"3s\"")
        .set(0, "PA=R")
        .set(700, "VA=Y")
        .set(900, "VA=R")
        .finish(9_000);
    assert_eq!(first_seen.verdict, Verdict::NotExercised);
    let long = scene("lasts = \"VA=Y\"\nat_most = \"3s\"").set(0, "VA=Y").set(4_000, "VA=R").finish(9_000);
    assert_eq!(violated_at(&long), Some(3_100));
}

#[test]
fn a_green_cut_short_by_flashing_is_discharged() {
    let check = "lasts = \"VA=G\"\nat_least = \"$green_min\"\nunless_then = \"VA in {FY,OFF}\"";
    let result = scene(check).set(0, "VA=R").set(1_000, "VA=G").set(4_000, "VA=FY").finish(9_000);
    assert_eq!(result.verdict, Verdict::NotExercised);
    let result = scene(check).set(0, "VA=R").set(1_000, "VA=G").set(4_000, "VA=Y").finish(9_000);
    assert_eq!(violated_at(&result), Some(4_000));
}

#[test]
fn an_interval_during_which_the_scope_ends_is_not_judged() {
    let mut scene = scene("lasts = \"VA=G\"\nat_least = \"25s\"\nwhile = \"MODE=NORMAL\"");
    scene.set(0, "VA=R").set(0, "MODE=NORMAL").set(1_000, "VA=G").set(2_000, "MODE=FLASH");
    let result = scene.set(2_500, "MODE=NORMAL").set(3_000, "VA=Y").finish(9_000);
    assert_eq!(result.verdict, Verdict::NotExercised);
}

#[test]
fn a_silence_between_frames_is_found_at_its_deadline() {
    let mut scene = scene("every = \"at(frame)\"\nat_most = \"1s\"");
    let result = scene.set(0, "frame=0").set(1_000, "frame=0").set(2_100, "frame=0").finish(3_400);
    assert_eq!((violated_at(&result), result.triggers), (Some(3_200), 3));
    assert_eq!(margin(&result), Some((-200, 3_400)));
}

#[test]
fn frames_in_good_order_pass_though_the_last_gap_is_open() {
    let mut scene = scene("every = \"at(frame)\"\nat_least = \"900ms\"\nat_most = \"1s\"");
    let result = scene.set(0, "frame=0").set(1_000, "frame=0").set(1_850, "frame=0").finish(2_000);
    assert_eq!((result.verdict.clone(), margin(&result)), (Verdict::Passed, Some((50, 1_850))));
}

#[test]
fn a_single_frame_leaves_its_gap_pending_and_none_is_no_exercise() {
    let check = "every = \"at(frame)\"\nat_most = \"1s\"";
    assert_eq!(left(&scene(check).set(0, "frame=0").finish(300)), Some(800));
    assert_eq!(scene(check).set(0, "VA=R").finish(300).verdict, Verdict::NotExercised);
}

#[test]
fn every_window_needs_its_share_of_vehicle_green() {
    let check = "share = \"VA=G\"\nwindow = \"10s\"\nat_least = 500\ntolerance = \"0s\"";
    let mut good = scene(check);
    let result = good.set(0, "VA=G").set(6_000, "VA=R").set(11_000, "VA=G").finish(30_000);
    assert_eq!(
        (result.verdict.clone(), margin(&result), result.triggers),
        (Verdict::Passed, Some((0, 11_000)), 3)
    );
    let mut bad = scene(check);
    let result = bad.set(0, "VA=G").set(6_000, "VA=R").set(12_000, "VA=G").finish(30_000);
    assert_eq!((violated_at(&result), margin(&result)), (Some(12_000), Some((-1_000, 12_000))));
}

#[test]
fn a_record_shorter_than_the_window_does_not_exercise_its_share() {
    let mut scene = scene("share = \"VA=G\"\nwindow = \"10s\"\nat_least = 500");
    assert_eq!(scene.set(0, "VA=R").finish(9_000).verdict, Verdict::NotExercised);
}
