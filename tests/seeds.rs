//! The unmodified controller breaks nothing, whatever the seed: seeds that once did, and what a site may lack. Beside
//! each what was wrong; a controller that is wrong is named all the same.

use std::sync::atomic::AtomicBool;

use rig::monitor::{PropertyResult, Verdict};
use rig::runner::{Options, Outcome, Status, run};
use rig::scenario::{self, Scenario};
use rig::site::{self, Site};

const DEFAULT: &str = "yudaihe-beixiaoyuan";
const SCHOOL: &str = "tongzhou-no2-middle-school";
const POLICE: &str = "beiyuan-police-station";

fn outcome(site: &Site, scenario: &Scenario, seed: u64) -> Outcome {
    let stop = AtomicBool::new(false);
    run(site, scenario, seed, Options { out: None, draw: false, stop: &stop }).expect("a sound run")
}

fn named(results: &[PropertyResult]) -> Vec<&str> {
    let broken = |result: &&PropertyResult| matches!(result.verdict, Verdict::Violated(_));
    results.iter().filter(broken).map(|result| result.id.as_str()).collect()
}

#[track_caller]
fn passes(site: &str, scenario_name: &str, seeds: &[u64]) {
    let site = site::library::find(site).expect("a known site");
    for seed in seeds {
        let scenario = scenario::library::find(scenario_name, *seed).expect("a known scenario");
        let outcome = outcome(&site, &scenario, *seed);
        let broken = named(&outcome.results);
        assert_eq!(outcome.status, Status::Passed, "{} {scenario_name} seed {seed}: {broken:?}", site.name);
    }
}

/// The default site with some of its text replaced.
fn changed(from: &str, to: &str) -> Site {
    let text = include_str!("../fixtures/sites/yudaihe-beixiaoyuan.toml");
    assert!(text.contains(from), "the site no longer says {from:?}");
    Site::load(&text.replace(from, to), "changed.toml").expect("a sound site")
}

#[test]
fn a_lamp_command_that_is_damaged_is_repeated_before_all_others() {
    // Two damaged frames: the second try waited behind the posts' prompts, and green, or the clearing red, came 0.1 s late.
    passes(DEFAULT, "noise-on-every-cable", &[62, 794, 1098]);
    passes(SCHOOL, "noise-on-every-cable", &[321]);
}

#[test]
fn where_the_second_head_is_first_the_green_it_was_given_is_the_one_it_is_judged_by() {
    passes(SCHOOL, "noise-on-every-cable", &[1060]);
}

#[test]
fn a_half_duplex_camera_is_not_interrupted_and_its_heartbeat_is_not_put_off_by_garbage() {
    // 68, 1005: after an error frame or a late answer, into an upload. 115: garbage right behind an upload.
    passes(SCHOOL, "noise-on-every-cable", &[68, 115, 1005]);
}

#[test]
fn what_the_panel_tells_late_is_not_held_against_the_controller() {
    // Demand, or the loss of a detector, and announcement at one moment; five good frames and then a damaged one; a
    // demand whose panel's answers were damaged.
    passes(POLICE, "school-burst", &[9, 120]);
    passes(POLICE, "noise-on-every-cable", &[443]);
    passes(SCHOOL, "noise-on-every-cable", &[109, 748, 1026, 1477]);
}

#[test]
fn who_was_there_in_green_asks_anew_and_who_entered_on_red_may_be_the_last_to_leave() {
    passes(DEFAULT, "school-burst", &[87, 278]);
    // A kerb that fills by more than can be believed, beside a crosswalk that can.
    passes(DEFAULT, "school-burst", &[1494]);
}

#[test]
fn a_digit_that_the_cable_made_of_another_is_not_the_controllers() {
    passes(SCHOOL, "noise-on-every-cable", &[1115]);
}

/// The default walk with this wrong with the countdown cable from before the announcement on.
fn on_the_countdown_cable(faults: &[&str]) -> Scenario {
    let mut text = "version = 1\ntitle = \"countdown cable\"\nlasts = \"2m\"\nmust_exercise = [\"P17\", \"P20\", \"P24\"]\n\
                    [[do]]\nat = \"25s\"\narrive = { kerb = \"a\" }\n"
        .to_owned();
    for (fault, at) in faults.iter().zip([20, 47, 66]) {
        text += &format!("[[do]]\nat = \"{at}s\"\ncable = {{ name = \"countdown\", {fault} }}\n");
    }
    Scenario::load(&text, "countdown.toml", 1).expect("a sound scenario")
}

const COUNTDOWN_FAULTS: [&[&str]; 6] = [
    &["fails = \"delay\", by = \"3700ms\""],
    &["fails = \"garbage\", per_hour = 3600"],
    &[
        "fails = \"stall\", lasts = \"9s\"",
        "fails = \"stall\", lasts = \"2500ms\"",
        "fails = \"stall\", lasts = \"5s\"",
    ],
    &["fails = \"merge\", by = \"5s\""],
    &[
        "fails = \"flip\", share = \"3%\"",
        "fails = \"drop\", share = \"3%\"",
        "fails = \"jitter\", by = \"900ms\"",
    ],
    &["fails = \"unplugged\"", "mended = true", "fails = \"split\", by = \"400ms\""],
];

#[test]
fn whatever_the_countdown_cable_does_the_controller_is_judged_by_what_it_sent() {
    let site = site::library::find(DEFAULT).expect("the default site");
    for faults in COUNTDOWN_FAULTS {
        let outcome = outcome(&site, &on_the_countdown_cable(faults), 1);
        assert_eq!(outcome.status, Status::Passed, "{faults:?}: {:?}", named(&outcome.results));
    }
}

#[test]
fn wrong_digits_are_named_whatever_the_countdown_cable_does() {
    // Announced a second short of what the site promises; vehicle digits that run two seconds apart.
    let target = "countdown_target = \"pedestrian_green\"";
    let short =
        changed(&format!("announcement = \"15s\"\n{target}"), &format!("announcement = \"14s\"\n{target}"));
    let apart = changed(target, "countdown_target = \"vehicle_red\"");
    for faults in COUNTDOWN_FAULTS {
        let scenario = on_the_countdown_cable(faults);
        let short = outcome(&short, &scenario, 1);
        assert!(named(&short.results).contains(&"P21"), "{faults:?}: {:?}", named(&short.results));
        let apart = outcome(&apart, &scenario, 1);
        assert!(named(&apart.results).contains(&"P19"), "{faults:?}: {:?}", named(&apart.results));
    }
}

#[test]
fn without_a_service_port_nothing_is_held_against_the_controller() {
    let site = changed("[wiring.service]\nline = \"19200 8N1\"\nunit = 1\nperiod = \"200ms\"\n", "");
    for name in ["manual-and-flash", "lost-camera", "give-up", "lamp-out-green"] {
        let scenario = scenario::library::find(name, 1).expect("a known scenario");
        let outcome = outcome(&site, &scenario, 1);
        assert_eq!(outcome.status, Status::Passed, "{name}: {:?}", named(&outcome.results));
        let unseen = |id: &str| {
            let result = outcome.results.iter().find(|result| result.id == id).expect("a known property");
            matches!(result.verdict, Verdict::NotObservable { .. })
        };
        assert!(unseen("P38"), "{name}: P38 is read from the service port");
    }
}

#[test]
fn without_a_service_port_a_walk_that_nobody_held_by_hand_is_still_named() {
    let text = "[wiring.service]\nline = \"19200 8N1\"\nunit = 1\nperiod = \"200ms\"\n";
    let site = changed(text, "");
    let text = site.text.replace("walk_flash = \"8s\"", "walk_flash = \"10s\"");
    let site = Site::load(&text, "changed.toml").expect("a sound site");
    let scenario = scenario::library::find("give-up-after-announcement", 1).expect("a known scenario");
    assert!(named(&outcome(&site, &scenario, 1).results).contains(&"P11"));
}

#[test]
fn a_refusal_of_the_interlock_does_not_make_the_controller_talk_over_itself() {
    // What an announcement had kept from being cancelled was due in the past: the controller took itself for overslept
    // and said everything anew, into its own frame.
    let site = changed("\nyellow = \"3s\"", "\nyellow = \"2600ms\"");
    let scenario = scenario::library::find("give-up-after-announcement", 1).expect("a known scenario");
    assert_eq!(named(&outcome(&site, &scenario, 1).results), ["P10"]);
}

#[test]
fn a_detector_taken_back_a_frame_early_is_named_and_so_is_a_demand_registered_early() {
    for (setting, scenario_name, wanted) in
        [("readmit = 4", "lost-camera", "P45"), ("debounce = \"300ms\"", "short-visit", "P26")]
    {
        let site = changed("policy = \"observed\"", &format!("policy = \"observed\"\n{setting}"));
        let scenario = scenario::library::find(scenario_name, 1).expect("a known scenario");
        let outcome = outcome(&site, &scenario, 1);
        assert!(named(&outcome.results).contains(&wanted), "{setting}: {:?}", named(&outcome.results));
    }
}
