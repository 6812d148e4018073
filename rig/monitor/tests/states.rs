//! `transitions`, `agree`, `value`, `held(…)` and `recent(…)`.

use super::{left, margin, scene, violated_at};
use crate::monitor::Verdict;

#[test]
fn only_allowed_transitions_happen() {
    let check = "transitions = \"VA\"\nallow = [\"R>G\", \"G>Y\", \"Y>R\", \"*>OFF\"]";
    let mut good = scene(check);
    let result = good.set(0, "VA=R").set(1, "VA=G").set(2, "VA=Y").set(3, "VA=R").set(4, "VA=OFF").finish(9);
    assert_eq!((result.verdict.clone(), result.triggers), (Verdict::Passed, 4));
    let result = scene(check).set(0, "VA=G").set(7, "VA=R").finish(9);
    assert_eq!((violated_at(&result), result.first[0].text.as_str()), (Some(7), "VA went from G to R"));
    assert_eq!(scene(check).set(0, "VA=G").finish(9).verdict, Verdict::NotExercised);
}

#[test]
fn a_transition_at_the_border_of_its_scope_is_not_judged() {
    let check = "transitions = \"VA\"\nallow = [\"R>G\"]\nwhile = \"MODE=NORMAL\"";
    let mut scene = scene(check);
    scene.set(0, "VA=G").set(0, "MODE=NORMAL").set(5, "VA=FY").set(5, "MODE=FLASH").set(7, "VA=R");
    assert_eq!(scene.finish(9).verdict, Verdict::NotExercised);
}

#[test]
fn twins_may_differ_for_as_long_as_the_skew() {
    let check = "agree = [\"PA\", \"PB\"]\nwithin = \"100ms\"\ntolerance = \"0s\"";
    let good = scene(check).set(0, "PA=R").set(0, "PB=R").set(500, "PA=G").set(600, "PB=G").finish(9_000);
    assert_eq!((good.verdict.clone(), good.triggers, margin(&good)), (Verdict::Passed, 2, Some((0, 600))));
    let bad = scene(check).set(0, "PA=R").set(0, "PB=R").set(500, "PA=G").set(601, "PB=G").finish(9_000);
    assert_eq!((violated_at(&bad), margin(&bad)), (Some(600), Some((-1, 601))));
    let open = scene(check).set(0, "PA=R").set(0, "PB=R").set(500, "PA=G").finish(540);
    assert_eq!(left(&open), Some(60));
}

#[test]
fn two_countdowns_differ_by_their_offset_while_both_are_shown() {
    let check =
        "agree = [\"cdP\", \"cdV\"]\noffset = 5\nwithin = \"200ms\"\nboth_shown = true\ntolerance = \"0s\"";
    let mut good = scene(check);
    good.set(0, "cdP=nil").set(10, "cdP=15").set(500, "cdV=10").set(1_010, "cdP=14").set(1_100, "cdV=9");
    let result = good.finish(1_500);
    assert_eq!(
        (result.verdict.clone(), result.triggers, margin(&result)),
        (Verdict::Passed, 2, Some((110, 1_100)))
    );
    let result = scene(check).set(10, "cdP=15").set(500, "cdV=11").finish(1_500);
    assert_eq!(violated_at(&result), Some(700));
}

#[test]
fn a_value_lies_between_its_bounds() {
    let check = "at = \"at(frame)\"\nvalue = \"cdP\"\nmin = 1\nmax = \"$capacity\"";
    let good = scene(check).set(0, "cdP=38").set(1, "frame=0").finish(9);
    assert_eq!((good.verdict.clone(), good.worst.map(|worst| worst.amount)), (Verdict::Passed, Some(2)));
    let bad = scene(check).set(0, "cdP=43").set(1, "frame=0").finish(9);
    assert_eq!((violated_at(&bad), bad.worst.map(|worst| worst.amount)), (Some(1), Some(-3)));
    assert_eq!(bad.first[0].text, "cdP was 43 at at(frame), at most 40");
    let none = scene(check).set(0, "VA=R").set(1, "frame=0").finish(9);
    assert_eq!(violated_at(&none), Some(1));
    assert_eq!(scene(check).set(0, "cdP=43").finish(9).verdict, Verdict::NotExercised);
}

#[test]
fn the_number_of_an_event_is_judged_for_each_event_of_an_instant() {
    let mut scene = scene("at = \"at(frame)\"\nvalue = \"frame\"\nmin = 3646");
    let result = scene.set(5, "frame=4000").set(5, "frame=3000").finish(9);
    assert_eq!(violated_at(&result), Some(5));
}

#[test]
fn held_becomes_true_at_its_instant_and_recent_ends_after_its_own() {
    let held = "when = \"up(held(ON, 3s))\"\nthen = \"VA=G\"\nwithin = \"0s\"\ntolerance = \"0s\"";
    let mut exactly = scene(held);
    let result = exactly.set(0, "ON=false").set(1_000, "ON=true").set(5_000, "ON=false").finish(9_000);
    assert_eq!(violated_at(&result), Some(4_000));
    let mut broken = scene(held);
    let result = broken.set(0, "ON=false").set(1_000, "ON=true").set(4_000, "ON=false").finish(9_000);
    assert_eq!(result.verdict, Verdict::NotExercised, "an end at the same instant comes first");
    let recent = "at = \"at(frame)\"\nheld = \"recent(ON, 2s)\"\nfor = \"0s\"";
    let mut closed = scene(recent);
    let result = closed.set(0, "ON=true").set(1_000, "ON=false").set(3_000, "frame=0").finish(9_000);
    assert_eq!(result.verdict, Verdict::Passed);
    let mut after = scene(recent);
    let result = after.set(0, "ON=true").set(1_000, "ON=false").set(3_001, "frame=0").finish(9_000);
    assert_eq!(violated_at(&result), Some(3_001));
}

#[test]
fn nil_is_equal_to_nothing_but_nil() {
    let mut less = scene("never = \"cdP<9 or cdP=0\"");
    assert_eq!(less.set(0, "VA=R").set(1, "cdP=9").set(2, "cdP=nil").finish(9).verdict, Verdict::Passed);
    assert_eq!(violated_at(&scene("never = \"cdP!=3\"").set(1, "cdP=nil").finish(9)), Some(1));
    assert_eq!(violated_at(&scene("never = \"VA=nil\"").set(1, "PA=R").finish(9)), Some(1));
}
