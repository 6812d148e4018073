//! What is not seen is not judged: checks that depend on it become inconclusive and begin anew.

use super::{Scene, scene, violated_at};
use crate::monitor::Verdict;

const WHY: &str = "nobody looked";

/// A scene in which `ON` says that nothing is known of the vehicle heads.
fn blindable(check: &str) -> Scene {
    let mut scene = scene(check);
    let find = |name: &str| scene.vocabulary.find(name).expect("known").0;
    let (blind, vehicle) = (find("ON"), find("VA"));
    scene.engine.set_sight(blind, &[vehicle], WHY);
    scene.set(0, "ON=false").set(0, "VA=R").set(0, "PA=R");
    scene
}

const YELLOW: &str = "lasts = \"VA=Y\"\nat_least = \"3s\"\ntolerance = \"0s\"";

/// When judging stopped, in ms, if the verdict says that nobody looked.
fn blind_since(scene: &mut Scene, end: u64) -> Option<u64> {
    match scene.finish(end).verdict {
        Verdict::Inconclusive(place) if place.text == WHY => Some(place.at.as_us() / 1_000),
        _other => None,
    }
}

#[test]
fn what_ends_unseen_is_neither_passed_nor_violated() {
    let mut scene = blindable(YELLOW);
    scene.set(1_000, "VA=Y").set(2_000, "ON=true").set(2_100, "VA=R");
    assert_eq!(blind_since(&mut scene, 9_000), Some(2_000));
}

#[test]
fn what_runs_when_sight_comes_back_is_not_judged_for_what_was_not_seen_of_it() {
    let mut scene = blindable(YELLOW);
    scene.set(1_000, "ON=true").set(2_000, "VA=Y").set(3_000, "ON=false").set(3_500, "VA=R");
    assert_eq!(blind_since(&mut scene, 9_000), Some(1_000));
}

#[test]
fn what_is_wrong_after_sight_came_back_is_violated() {
    let mut scene = blindable(YELLOW);
    scene.set(1_000, "ON=true").set(2_000, "ON=false").set(3_000, "VA=Y").set(5_000, "VA=R");
    assert_eq!(violated_at(&scene.finish(9_000)), Some(5_000));
}

#[test]
fn what_was_wrong_before_stays_violated() {
    let mut scene = blindable(YELLOW);
    scene.set(1_000, "VA=Y").set(2_000, "VA=R").set(3_000, "ON=true");
    assert_eq!(violated_at(&scene.finish(9_000)), Some(2_000));
}

#[test]
fn a_deadline_does_not_run_out_unseen() {
    let mut scene = blindable("when = \"up(PA=G)\"\nthen = \"VA=R\"\nwithin = \"1s\"");
    scene.set(500, "VA=G").set(1_000, "PA=G").set(1_500, "ON=true").set(8_000, "ON=false");
    assert_eq!(blind_since(&mut scene, 9_000), Some(1_500));
}

#[test]
fn what_is_derived_from_the_unseen_is_not_judged_either() {
    let mut scene = blindable("when = \"up(held(VA=R, 2s))\"\nthen = \"PA=G\"\nwithin = \"1s\"");
    scene.set(1_000, "ON=true").set(8_000, "PA=R");
    assert_eq!(blind_since(&mut scene, 9_000), Some(1_000));
}

#[test]
fn what_does_not_depend_on_it_is_judged_all_the_time() {
    let mut scene = blindable("lasts = \"PA=FG\"\nat_least = \"8s\"\ntolerance = \"0s\"");
    scene.set(1_000, "ON=true").set(2_000, "PA=FG").set(4_000, "PA=R");
    assert_eq!(violated_at(&scene.finish(9_000)), Some(4_000));
}

#[test]
fn a_record_that_begins_blind_proves_nothing() {
    let mut scene = scene(YELLOW);
    let find = |name: &str| scene.vocabulary.find(name).expect("known").0;
    let (blind, vehicle) = (find("ON"), find("VA"));
    scene.engine.set_sight(blind, &[vehicle], WHY);
    scene.set(0, "ON=true").set(3_000, "VA=Y").set(4_000, "VA=R");
    assert_eq!(blind_since(&mut scene, 9_000), Some(0));
}
