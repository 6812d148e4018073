//! `steps`, `counts_to`.

use super::{left, margin, scene, violated_at};
use crate::monitor::Verdict;

const STEPS: &str = "steps = \"cdP\"\nby = -1\nevery = \"1s\"\nlast = 1\nunless = \"VA=FY\"";
const COUNTS: &str = "counts_to = \"up(PA=G)\"\ncounter = \"cdP\"\ntolerance = \"200ms\"\nunless = \"VA=FY\"";

#[test]
fn a_countdown_in_good_order_passes_with_the_smallest_tolerance_left() {
    let mut scene = scene(STEPS);
    scene.set(0, "cdP=nil").set(1_000, "cdP=3").set(2_060, "cdP=2").set(3_000, "cdP=1");
    let result = scene.set(4_000, "cdP=nil").finish(9_000);
    assert_eq!((result.verdict.clone(), result.triggers), (Verdict::Passed, 2));
    assert_eq!(margin(&result), Some((40, 2_060)));
}

#[test]
fn a_skipped_number_and_a_rise_are_faults() {
    let skip = scene(STEPS).set(1_000, "cdP=5").set(2_000, "cdP=3").finish(2_500);
    assert_eq!(violated_at(&skip), Some(2_000));
    assert_eq!(skip.first[0].text, "cdP went from 5 to 3");
    let rise = scene(STEPS).set(1_000, "cdP=5").set(2_000, "cdP=6").finish(2_500);
    assert_eq!(violated_at(&rise), Some(2_000));
}

#[test]
fn a_number_that_stands_still_is_found_at_its_deadline() {
    let result = scene(STEPS).set(1_000, "cdP=5").set(2_500, "cdP=4").finish(2_600);
    assert_eq!((violated_at(&result), margin(&result)), (Some(2_100), Some((-400, 2_500))));
    assert_eq!(result.triggers, 1);
}

#[test]
fn a_countdown_that_goes_dark_early_is_a_fault_unless_the_head_flashes() {
    let dark = scene(STEPS).set(1_000, "cdP=5").set(1_500, "cdP=nil").finish(9_000);
    assert_eq!(violated_at(&dark), Some(1_500));
    let flash = scene(STEPS).set(1_000, "cdP=5").set(1_500, "VA=FY").set(1_600, "cdP=nil").finish(9_000);
    assert_eq!(flash.verdict, Verdict::NotExercised);
}

#[test]
fn a_countdown_under_way_at_the_end_is_pending() {
    let result = scene(STEPS).set(1_000, "cdP=5").set(2_000, "cdP=4").finish(2_400);
    assert_eq!((left(&result), result.triggers), (Some(700), 1));
}

#[test]
fn no_countdown_is_no_exercise() {
    assert_eq!(scene(STEPS).set(0, "cdP=nil").finish(9_000).verdict, Verdict::NotExercised);
    assert_eq!(scene(COUNTS).set(0, "cdP=nil").finish(9_000).verdict, Verdict::NotExercised);
}

#[test]
fn every_number_announces_the_instant_of_the_change() {
    let mut scene = scene(COUNTS);
    scene.set(0, "PA=R").set(1_000, "cdP=3").set(2_050, "cdP=2").set(3_000, "cdP=1");
    let result = scene.set(4_000, "PA=G").finish(9_000);
    assert_eq!((result.verdict.clone(), result.triggers), (Verdict::Passed, 3));
    assert_eq!(margin(&result), Some((150, 4_000)));
}

#[test]
fn an_early_change_breaks_what_the_numbers_announced() {
    let result = scene(COUNTS).set(0, "PA=R").set(1_000, "cdP=3").set(3_000, "PA=G").finish(9_000);
    assert_eq!((violated_at(&result), margin(&result)), (Some(3_000), Some((-800, 3_000))));
    assert_eq!(result.first[0].text, "cdP showed 3, up(PA=G) came after 2.000 s");
}

#[test]
fn a_missing_change_is_found_when_the_tolerance_is_over() {
    let result = scene(COUNTS).set(0, "PA=R").set(1_000, "cdP=3").finish(9_000);
    assert_eq!(violated_at(&result), Some(4_200));
}

#[test]
fn a_zero_may_be_shown_just_after_its_change() {
    let good = scene(COUNTS).set(0, "PA=R").set(4_000, "PA=G").set(4_150, "cdP=0").finish(9_000);
    assert_eq!((good.verdict.clone(), margin(&good)), (Verdict::Passed, Some((50, 4_000))));
}

#[test]
fn flashing_discharges_what_was_announced() {
    let mut scene = scene(COUNTS);
    let result = scene.set(0, "PA=R").set(1_000, "cdP=3").set(2_000, "VA=FY").finish(9_000);
    assert_eq!(result.verdict, Verdict::NotExercised);
}

#[test]
fn what_is_announced_for_after_the_end_is_pending() {
    let result = scene(COUNTS).set(0, "PA=R").set(1_000, "cdP=3").finish(2_000);
    assert_eq!(left(&result), Some(2_200));
}
