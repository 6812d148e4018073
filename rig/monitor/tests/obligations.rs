//! `when … then`, `at … held`, `at … seen`.

use super::{left, margin, scene, violated_at};
use crate::monitor::Verdict;

const WAIT: &str =
    "when = \"up(ON)\"\nthen = \"PA=G\"\nwithin = \"60s\"\ntolerance = \"0s\"\nunless = \"VA=FY\"";

#[test]
fn an_answer_at_the_very_deadline_is_in_time() {
    let mut scene = scene(WAIT);
    let result =
        scene.set(0, "PA=R").set(0, "ON=false").set(1_000, "ON=true").set(61_000, "PA=G").finish(70_000);
    assert_eq!((result.verdict.clone(), margin(&result)), (Verdict::Passed, Some((0, 61_000))));
}

#[test]
fn silence_is_a_violation_at_the_deadline_and_the_late_answer_gives_the_margin() {
    let mut scene = scene(WAIT);
    let result =
        scene.set(0, "PA=R").set(0, "ON=false").set(1_000, "ON=true").set(61_500, "PA=G").finish(70_000);
    assert_eq!((violated_at(&result), margin(&result)), (Some(61_000), Some((-500, 61_500))));
    assert_eq!(result.first[0].to_string(), "PA=G not within 60.000 s of up(ON) at 1.000, at 61.000");
}

#[test]
fn an_answer_already_true_is_an_answer() {
    let mut scene = scene(WAIT);
    let result = scene.set(0, "PA=G").set(0, "ON=false").set(1_000, "ON=true").finish(2_000);
    assert_eq!((result.verdict.clone(), margin(&result)), (Verdict::Passed, Some((60_000, 1_000))));
}

#[test]
fn nobody_who_waits_is_no_exercise() {
    assert_eq!(scene(WAIT).set(0, "PA=R").finish(100_000).verdict, Verdict::NotExercised);
}

#[test]
fn somebody_who_still_waits_at_the_end_is_pending_with_the_time_left() {
    let mut scene = scene(WAIT);
    let result = scene.set(0, "PA=R").set(0, "ON=false").set(1_000, "ON=true").finish(21_000);
    assert_eq!(left(&result), Some(40_000));
}

#[test]
fn a_violation_counts_more_than_what_is_pending() {
    let mut scene = scene("when = \"at(frame)\"\nthen = \"PA=G\"\nwithin = \"1s\"\ntolerance = \"0s\"");
    let result = scene.set(0, "PA=R").set(1_000, "frame=0").set(5_000, "frame=0").finish(5_500);
    assert_eq!((violated_at(&result), result.triggers), (Some(2_000), 2));
}

#[test]
fn flashing_discharges_whoever_waits() {
    let mut scene = scene(WAIT);
    scene.set(0, "PA=R").set(0, "ON=false").set(1_000, "ON=true").set(5_000, "VA=FY");
    let result = scene.set(9_000, "VA=R").finish(100_000);
    assert_eq!(result.verdict, Verdict::NotExercised);
}

#[test]
fn an_answer_too_early_does_not_count() {
    let check = "when = \"up(VA=R)\"\nthen = \"up(PA=G)\"\nwithin = [\"2s\", \"3s\"]\ntolerance = \"100ms\"";
    let early =
        scene(check).set(0, "VA=Y").set(0, "PA=R").set(1_000, "VA=R").set(2_800, "PA=G").finish(9_000);
    assert_eq!(violated_at(&early), Some(4_100));
    let good = scene(check).set(0, "VA=Y").set(0, "PA=R").set(1_000, "VA=R").set(2_950, "PA=G").finish(9_000);
    assert_eq!((good.verdict.clone(), margin(&good)), (Verdict::Passed, Some((50, 2_950))));
}

#[test]
fn a_bound_may_be_what_is_left_of_another_time() {
    let check =
        "when = \"up(ON)\"\nthen = \"VA=Y\"\nwithin = \"left(VA=G, $green_min) + 5s\"\ntolerance = \"0s\"";
    let mut scene = scene(check);
    scene.set(0, "ON=false").set(0, "VA=R").set(10_000, "VA=G").set(20_000, "ON=true");
    // 25 s of green less the 10 s it has been green, and 5 s.
    let result = scene.finish(41_000);
    assert_eq!(violated_at(&result), Some(40_000));
}

#[test]
fn red_must_have_been_on_for_the_whole_clearance() {
    let check = "at = \"up(PA=G)\"\nheld = \"VA=R\"\nfor = \"2s\"";
    let exactly =
        scene(check).set(0, "VA=Y").set(0, "PA=R").set(5_000, "VA=R").set(6_900, "PA=G").finish(9_000);
    assert_eq!((exactly.verdict.clone(), margin(&exactly)), (Verdict::Passed, Some((0, 6_900))));
    let short =
        scene(check).set(0, "VA=Y").set(0, "PA=R").set(5_000, "VA=R").set(6_800, "PA=G").finish(9_000);
    assert_eq!((violated_at(&short), margin(&short)), (Some(6_800), Some((-100, 6_800))));
    let never = scene(check).set(0, "VA=Y").set(0, "PA=R").set(6_800, "PA=G").finish(9_000);
    assert_eq!(violated_at(&never), Some(6_800));
}

#[test]
fn what_was_before_the_record_is_not_held_against_anybody() {
    let mut scene = scene("at = \"up(PA=G)\"\nheld = \"VA=R\"\nfor = \"2s\"");
    let result = scene.set(0, "VA=R").set(0, "PA=R").set(1_000, "PA=G").finish(9_000);
    assert_eq!(result.verdict, Verdict::NotExercised);
}

#[test]
fn a_state_held_for_no_time_must_be_true_at_the_edge() {
    let check = "at = \"up(ON)\"\nheld = \"PA=G\"\nfor = \"0s\"";
    let good =
        scene(check).set(0, "ON=false").set(0, "PA=R").set(10, "PA=G").set(10, "ON=true").finish(9_000);
    assert_eq!(good.verdict, Verdict::Passed);
    let bad = scene(check).set(0, "ON=false").set(0, "PA=G").set(10, "PA=R").set(10, "ON=true").finish(9_000);
    assert_eq!(violated_at(&bad), Some(10));
}

#[test]
fn a_cause_counts_as_seen_up_to_the_bound() {
    let check = "at = \"at(log=5)\"\nseen = \"ON\"\nwithin = \"2s\"\ntolerance = \"0s\"";
    let mut good = scene(check);
    good.set(0, "ON=false")
        .set(3_000, "ON=true")
        .set(4_000, "ON=false")
        .set(4_500, "log=9")
        .set(6_000, "log=5");
    let result = good.finish(9_000);
    assert_eq!(
        (result.verdict.clone(), result.triggers, margin(&result)),
        (Verdict::Passed, 1, Some((0, 6_000)))
    );
    let mut late = scene(check);
    let result = late.set(0, "ON=true").set(4_000, "ON=false").set(6_001, "log=5").finish(9_000);
    assert_eq!((violated_at(&result), margin(&result)), (Some(6_001), Some((-1, 6_001))));
    let mut never = scene(check);
    let result = never.set(0, "ON=false").set(5_000, "log=5").finish(9_000);
    assert_eq!(violated_at(&result), Some(5_000));
}

#[test]
fn a_window_that_begins_before_the_record_is_not_judged() {
    let mut scene = scene("at = \"at(log)\"\nseen = \"at(frame)\"\nwithin = \"2s\"");
    let result = scene.set(0, "ON=false").set(1_000, "log=5").finish(9_000);
    assert_eq!(result.verdict, Verdict::NotExercised);
}

#[test]
fn before_looks_at_the_state_before_the_edge() {
    let check = "when = \"up(VA=R) and before(VA=G)\"\nthen = \"PA=G\"\nwithin = \"1s\"\ntolerance = \"0s\"";
    let mut from_yellow = scene(check);
    let result = from_yellow.set(0, "VA=G").set(1_000, "VA=Y").set(4_000, "VA=R").finish(9_000);
    assert_eq!(result.verdict, Verdict::NotExercised);
    let result = scene(check).set(0, "VA=G").set(1_000, "VA=R").finish(9_000);
    assert_eq!(violated_at(&result), Some(2_000));
}
