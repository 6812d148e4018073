//! Things that became true some time between two instants.

use emulators::time::Span;

use super::{margin, scene, violated_at};
use crate::monitor::Verdict;

const FLASH: &str = "when = \"at(frame)\"\nthen = \"MODE=FLASH\"\nwithin = \"300ms\"\ntolerance = \"0s\"";

#[test]
fn a_bound_kept_at_every_position_passes() {
    let mut scene = scene(FLASH);
    let result =
        scene.set(0, "MODE=NORMAL").set(1_000, "frame=0").late(1_250, 1_050, 200, "MODE=FLASH").finish(9_000);
    assert_eq!((result.verdict.clone(), margin(&result)), (Verdict::Passed, Some((50, 1_050))));
}

#[test]
fn a_bound_kept_at_some_positions_is_inconclusive() {
    let mut scene = scene(FLASH);
    let mode = scene.vocabulary.find("MODE").expect("known").0;
    scene.engine.set_lag(mode, Span::from_ms(250));
    let result =
        scene.set(0, "MODE=NORMAL").set(1_000, "frame=0").late(1_400, 1_150, 250, "MODE=FLASH").finish(9_000);
    assert!(matches!(result.verdict, Verdict::Inconclusive(_)), "{result}");
    assert_eq!(margin(&result), Some((-100, 1_150)));
}

#[test]
fn a_bound_kept_at_no_position_is_violated() {
    let mut scene = scene(FLASH);
    let mode = scene.vocabulary.find("MODE").expect("known").0;
    scene.engine.set_lag(mode, Span::from_ms(250));
    let result =
        scene.set(0, "MODE=NORMAL").set(1_000, "frame=0").late(1_560, 1_310, 250, "MODE=FLASH").finish(9_000);
    assert_eq!(violated_at(&result), Some(1_300));
}

#[test]
fn a_thing_that_is_known_late_is_waited_for() {
    let mut scene = scene(FLASH);
    let mode = scene.vocabulary.find("MODE").expect("known").0;
    scene.engine.set_lag(mode, Span::from_ms(250));
    let result =
        scene.set(0, "MODE=NORMAL").set(1_000, "frame=0").late(1_450, 1_200, 50, "MODE=FLASH").finish(9_000);
    assert_eq!((result.verdict.clone(), margin(&result)), (Verdict::Passed, Some((50, 1_200))));
}

#[test]
fn an_uncertain_length_may_be_inconclusive() {
    let check = "lasts = \"MODE=FLASH\"\nat_least = \"10s\"\ntolerance = \"0s\"";
    let mut scene = scene(check);
    scene.set(0, "MODE=NORMAL").late(1_250, 1_000, 250, "MODE=FLASH");
    let result = scene.late(11_250, 11_100, 150, "MODE=NORMAL").finish(20_000);
    assert!(matches!(result.verdict, Verdict::Inconclusive(_)), "9.850 s to 10.250 s: {result}");
    assert_eq!(margin(&result), Some((-150, 11_100)));
}

#[test]
fn a_duration_is_measured_from_when_it_began_and_not_from_when_it_was_known() {
    let mut scene = scene("lasts = \"VA=Y\"\nat_least = \"3s\"\ntolerance = \"0s\"");
    let result = scene.set(0, "VA=R").late(10_700, 10_000, 0, "VA=Y").set(13_000, "VA=R").finish(20_000);
    assert_eq!((result.verdict.clone(), margin(&result)), (Verdict::Passed, Some((0, 13_000))));
}

#[test]
fn a_value_whose_end_is_not_later_than_its_start_never_was() {
    let mut scene = scene("lasts = \"VA=Y\"\nat_least = \"3s\"");
    let result = scene.set(0, "VA=R").set(10_000, "VA=Y").late(10_700, 10_000, 0, "VA=FY").finish(20_000);
    assert_eq!(result.verdict, Verdict::NotExercised);
}

#[test]
fn two_states_together_are_as_old_as_the_younger() {
    let check = "never = \"VA=OFF and MODE=NORMAL\"\nlonger_than = \"1s\"\ntolerance = \"0s\"";
    let mut scene = scene(check);
    scene.set(0, "VA=G").set(0, "MODE=BOOT").set(8_500, "MODE=NORMAL").late(8_700, 8_000, 0, "VA=OFF");
    let result = scene.set(9_400, "VA=G").finish(20_000);
    assert_eq!((result.verdict.clone(), margin(&result)), (Verdict::Passed, Some((100, 9_400))));
}

const HELD: &str = "at = \"up(PA=G)\"\nheld = \"VA=R\"\nfor = \"0s\"";

#[test]
fn what_may_have_ended_after_the_edge_is_no_violation() {
    let mut scene = scene(HELD);
    scene.set(0, "VA=R").set(0, "PA=R").late(5_100, 4_900, 200, "VA=G").late(5_200, 5_000, 200, "PA=G");
    assert!(matches!(scene.finish(9_000).verdict, Verdict::Inconclusive(_)));
}

#[test]
fn what_may_have_begun_before_the_edge_is_no_violation() {
    let mut scene = scene(HELD);
    scene.set(0, "VA=G").set(0, "PA=R").late(5_100, 4_950, 150, "VA=R").late(5_100, 4_900, 200, "PA=G");
    assert!(matches!(scene.finish(9_000).verdict, Verdict::Inconclusive(_)));
}

#[test]
fn what_ended_for_certain_before_the_edge_is_a_violation() {
    let mut scene = scene(HELD);
    scene.set(0, "VA=R").set(0, "PA=R").late(4_900, 4_700, 200, "VA=G").late(5_200, 5_000, 200, "PA=G");
    assert_eq!(violated_at(&scene.finish(9_000)), Some(5_000));
}

#[test]
fn a_bound_that_counts_from_something_vague_is_itself_vague() {
    let left = "when = \"at(frame)\"\nthen = \"up(PA=G)\"\nwithin = \"left(VA=G, 25s)\"\ntolerance = \"0s\"";
    let verdict = |answer: u64| {
        let mut scene = scene(left);
        // The green began between 10.000 and 10.100 s: 25 s of it end between 35.000 and 35.100 s.
        scene.set(0, "VA=R").set(0, "PA=R").late(10_100, 10_000, 100, "VA=G").set(20_000, "frame=0");
        scene.set(answer, "PA=G").finish(60_000)
    };
    assert_eq!(verdict(35_000).verdict, Verdict::Passed);
    assert!(matches!(verdict(35_050).verdict, Verdict::Inconclusive(_)));
    assert_eq!(violated_at(&verdict(35_101)), Some(35_100));
}

#[test]
fn what_may_have_been_held_for_long_enough_at_the_edge_is_no_violation() {
    let verdict = |edge: u64| {
        let mut scene = scene("at = \"up(PA=G)\"\nheld = \"held(VA=R, 5s)\"\nfor = \"0s\"");
        // Red since 10.000 to 10.200 s: for 5 s since 15.000 to 15.200 s.
        scene.set(0, "VA=G").set(0, "PA=R").late(10_200, 10_000, 200, "VA=R").set(edge, "PA=G");
        scene.finish(30_000)
    };
    assert_eq!(violated_at(&verdict(14_999)), Some(14_999));
    assert!(matches!(verdict(15_100).verdict, Verdict::Inconclusive(_)));
    assert_eq!(verdict(15_200).verdict, Verdict::Passed);
}
