mod never_came;
mod shared_line;
mod street;

use super::*;
use crate::monitor::property::Content;
use crate::monitor::{Engine, Judge, PropertyResult, Verdict, catalogue};
use crate::trace::Frame;
use street::{STARTS_AT, Street};

fn site() -> Site {
    crate::site::library::find("yudaihe-beixiaoyuan").unwrap_or_else(|error| panic!("{error}"))
}

fn judge(street: &Street) -> Vec<PropertyResult> {
    judge_without(street, |_| false)
}

/// Judges a street as if some of its records had never been.
fn judge_without(street: &Street, gone: impl Fn(&Record) -> bool) -> Vec<PropertyResult> {
    let site = site();
    let mut judge = Judge::new(&site, STARTS_AT).unwrap_or_else(|error| panic!("{error}"));
    for record in street.records(&site).iter().filter(|record| !gone(record)) {
        judge.advance(record.latest);
        judge.record(record);
    }
    judge.finish(Instant::from_ms(street.ends))
}

/// The properties found broken, and what was said of each first.
fn violated(results: &[PropertyResult]) -> Vec<String> {
    let text = |result: &PropertyResult| {
        let first = result.first.first().map(|violation| format!("{} {}", violation.at, violation.text));
        format!("{}: {}", result.id, first.unwrap_or_default())
    };
    results.iter().filter(|result| matches!(result.verdict, Verdict::Violated { .. })).map(text).collect()
}

#[track_caller]
fn names(street: &Street, wanted: &[&str]) {
    named(&violated(&judge(street)), wanted);
}

#[track_caller]
fn named(found: &[String], wanted: &[&str]) {
    let ids: Vec<&str> = found.iter().filter_map(|text| text.split(':').next()).collect();
    for id in wanted {
        assert!(ids.contains(id), "{id} was not named; found {found:#?}");
    }
}

#[test]
fn a_sound_crossing_breaks_nothing_and_exercises_what_it_shows() {
    let results = judge(&Street::default());
    assert_eq!(violated(&results), Vec::<String>::new());
    for result in &results {
        assert!(!matches!(result.verdict, Verdict::Inconclusive { .. }), "{result:#?}");
    }
    let exercised: Vec<&str> =
        results.iter().filter(|result| result.triggers > 0).map(|result| result.id.as_str()).collect();
    for id in [
        "P01", "P02", "P03", "P04", "P05", "P08", "P09", "P10", "P11", "P12", "P13", "P14", "P15", "P16",
        "P17", "P18", "P19", "P20", "P21", "P24", "P25", "P26", "P27", "P28", "P30", "P33", "P34", "P36",
        "P46", "P53", "P55", "P59", "P61", "P62", "P65",
    ] {
        assert!(exercised.contains(&id), "{id} was not exercised; {exercised:?}");
    }
}

#[test]
fn a_yellow_of_2_6_s_is_named_by_p10() {
    names(&Street { yellow: 2_600, ..Street::default() }, &["P10"]);
}

#[test]
fn an_all_red_that_is_skipped_is_named_by_p02() {
    names(&Street { all_red: 0, ..Street::default() }, &["P02"]);
}

#[test]
fn a_countdown_a_second_late_is_named_by_p17_and_p19() {
    names(&Street { digits_late: [1_000, 1_000], ..Street::default() }, &["P17"]);
    names(&Street { digits_late: [1_000, 0], ..Street::default() }, &["P17", "P19"]);
}

#[test]
fn a_decision_clock_restarted_by_an_empty_frame_is_named_by_p25_and_p27() {
    let people = vec![(0, 60_000, 70_000), (0, 70_500, 110_600)];
    let late =
        Street { announced: vec![90_700], people: people.clone(), walkers: vec![], ..Street::default() };
    names(&late, &["P25", "P27"]);
    let held =
        Street { announced: vec![80_000], people, walkers: vec![], ends: 130_000, ..Street::default() };
    let held = Street { demand: Some(vec![(61_600, 95_000), (103_000, 115_600)]), ..held };
    assert_eq!(violated(&judge(&held)), Vec::<String>::new());
}

#[test]
fn a_first_service_that_is_announced_early_or_for_nobody_is_named() {
    // Within the longest wait after power came: that the cameras had to start up is no excuse.
    names(&Street { announced: vec![75_000, 140_000], ..Street::default() }, &["P25"]);
    let nobody = Street { people: vec![(1, 112_100, 155_600)], walkers: vec![], ..Street::default() };
    names(&nobody, &["P15", "P28", "P34"]);
}

#[test]
fn a_demand_forgotten_in_clearance_is_named_by_p30_and_p25() {
    let forgetful = Street {
        announced: vec![80_000],
        people: vec![(0, 60_000, 95_600), (1, 112_100, 400_000)],
        ends: 300_000,
        ..Street::default()
    };
    names(&forgetful, &["P30", "P25"]);
    names(
        &Street { demand: Some(vec![(61_600, 95_000), (113_500, 114_500)]), ..forgetful },
        &["P30", "P25", "P27"],
    );
}

#[test]
fn a_go_sentence_in_flashing_green_or_red_is_named_by_p55() {
    names(&Street { go_after: 7_200, ..Street::default() }, &["P55"]);
    names(&Street { go_after: 15_200, ..Street::default() }, &["P55"]);
}

#[test]
fn a_stop_sentence_for_nobody_is_named_by_p57_and_one_that_is_missing_by_p56() {
    names(&Street { stops: vec![50_080], ..Street::default() }, &["P57"]);
    let runner = Street {
        walkers: vec![(50_000, 54_000), (96_000, 107_000), (156_000, 167_000)],
        ..Street::default()
    };
    names(&runner, &["P56"]);
    assert_eq!(violated(&judge(&Street { stops: vec![50_480], ..runner })), Vec::<String>::new());
}

#[test]
fn vehicle_green_in_front_of_a_slow_walker_is_named_by_p36() {
    names(&Street { walkers: vec![(96_000, 118_000)], ..Street::default() }, &["P36"]);
}

#[test]
fn a_lit_conflict_that_nobody_reacts_to_is_named_by_p49() {
    names(&Street { stuck: Some((2, 4, 50_000, 60_000)), ..Street::default() }, &["P49", "P07"]);
    let flicker = Street { stuck: Some((2, 4, 50_000, 50_150)), ..Street::default() };
    assert_eq!(violated(&judge(&flicker)), Vec::<String>::new());
}

#[test]
fn a_lamp_that_is_out_must_be_logged() {
    let out = Street { out: Some((0, 4, 50_000)), ..Street::default() };
    names(&out, &["P51"]);
    let logged = Street { log: vec![(500, 1), (16_100, 2), (50_600, 24)], ..out };
    assert_eq!(violated(&judge(&logged)), Vec::<String>::new());
}

#[test]
fn no_stimulus_and_no_people_record_changes_a_signal() {
    let site = site();
    let changes = |street: &Street| {
        let (mut observer, _) = Observer::new(&site, STARTS_AT);
        let mut changes = Vec::new();
        for record in street.records(&site) {
            observer.record(&record, &mut changes);
        }
        observer.advance(Instant::from_ms(street.ends), &mut changes);
        changes
    };
    let quiet = changes(&Street::default());
    assert!(quiet.len() > 1_000);
    assert_eq!(quiet, changes(&Street { stimuli: true, ..Street::default() }));
    assert!(quiet.is_sorted_by_key(|change| change.at));
}

#[test]
fn a_report_that_comes_again_is_no_news() {
    let site = site();
    let street = Street::default();
    let camera =
        |frame: &Frame| usize::from(frame.cable) == CableRole::CameraA.index() && frame.from == Some(1);
    let report = |record: &Record| {
        matches!(&record.what, What::Frame(frame) if camera(frame))
            && record.latest.as_us() % 500_000 == 50_000
    };
    let changes = |copies: bool| {
        let (mut observer, _) = Observer::new(&site, STARTS_AT);
        let mut records = street.records(&site);
        if copies {
            // Each once more 2.2 s later: newer ones have overtaken it.
            let again = |record: &Record| {
                let mut copy = record.clone();
                copy.latest += Span::from_ms(2_200);
                copy.earliest = copy.latest;
                copy
            };
            let copies: Vec<Record> = records.iter().filter(|record| report(record)).map(again).collect();
            records.extend(copies.into_iter().filter(|copy| copy.latest <= Instant::from_ms(street.ends)));
            records.sort_by_key(|record| record.latest);
        }
        let mut changes = Vec::new();
        records.iter().for_each(|record| observer.record(record, &mut changes));
        observer.advance(Instant::from_ms(street.ends), &mut changes);
        changes
    };
    let (without, with) = (changes(false), changes(true));
    let first = without.iter().zip(&with).find(|(one, other)| one != other);
    assert_eq!((first, without.len()), (None, with.len()));
}

#[test]
fn a_detector_that_is_called_implausible_without_a_cause_is_named_by_p40() {
    names(&Street { detector_a: 2, fault: 11, ..Street::default() }, &["P40"]);
}

#[test]
fn the_worst_margin_of_a_broken_property_is_that_of_a_violation() {
    let result = |street: &Street, id: &str| {
        let results = judge(street);
        results.into_iter().find(|result| result.id == id).unwrap_or_else(|| panic!("no {id}"))
    };
    let yellow = result(&Street { yellow: 2_600, ..Street::default() }, "P10");
    assert!(yellow.worst.is_some_and(|worst| worst.amount < 0), "{yellow}");
    // Digits that end at 2 are in time, each of them: what went wrong has no margin.
    let ends = result(&Street { digits_more: 1, ..Street::default() }, "P16");
    assert!(matches!(ends.verdict, Verdict::Violated(_)) && ends.worst.is_none(), "{ends}");
}

#[test]
fn what_is_wrong_is_told_in_words() {
    // Expressions longer than this are not read on a terminal.
    for property in catalogue().unwrap_or_else(|error| panic!("{error}")) {
        for (place, check) in property.checks.iter().enumerate() {
            let length = |key| match check.entry(key).map(|entry| &entry.value) {
                Some(Content::Text(text)) => text.len(),
                Some(_) | None => 0,
            };
            let written: usize =
                ["never", "when", "then", "at", "held", "seen", "lasts"].map(length).iter().sum();
            let said = check.entry("says").is_some();
            assert!(said || written <= 75, "{} check {place} needs `says`", property.id);
        }
    }
}

#[test]
fn heads_that_are_never_told_how_long_to_wait_or_told_for_ever_are_named_by_p48() {
    for watchdog in [None, Some(0), Some(5_000)] {
        names(&Street { watchdog, ..Street::default() }, &["P48"]);
    }
}

#[test]
fn a_voice_nobody_hears_by_day_is_named_by_p60() {
    names(&Street { volume: 1, ..Street::default() }, &["P60"]);
}

#[test]
fn every_property_is_there_once() {
    let properties = catalogue().unwrap_or_else(|error| panic!("{error}"));
    let ids: Vec<String> = properties.iter().map(|property| property.id.clone()).collect();
    let wanted: Vec<String> = (1..=70).map(|number| format!("P{number:02}")).collect();
    assert_eq!(ids, wanted);
    for property in &properties {
        assert!(!property.title.is_empty() && property.sentence.ends_with('.'), "{}", property.id);
        assert!(!property.source.is_empty(), "{}", property.id);
    }
}

#[test]
fn the_catalogue_compiles_for_every_site_against_the_signals_there_are() {
    let properties = catalogue().unwrap_or_else(|error| panic!("{error}"));
    for name in crate::site::library::names() {
        let site = crate::site::library::find(&name).unwrap_or_else(|error| panic!("{error}"));
        let (_, vocabulary) = Observer::new(&site, 0);
        for policy in ["observed", "balanced", "fixed_time", "push_button"] {
            if let Err(error) = Engine::new(&properties, &vocabulary, &site.limits, policy, &CableRole::ALL) {
                panic!("{name}: {error}");
            }
        }
    }
}

#[test]
fn what_was_so_before_the_record_only_is_not_recent() {
    let text = "[[property]]\nid = \"X\"\n[[property.check]]\nnever = \"VA=OTHER\"\ntriggers = \"up(PA=G)\"\n\
                while = \"not recent(not POWER, 2s)\"\n";
    let properties = crate::monitor::load(text, "x").unwrap_or_else(|error| panic!("{error}"));
    let (site, street) = (site(), Street::default());
    let (mut observer, vocabulary) = Observer::new(&site, STARTS_AT);
    let mut engine = Engine::new(&properties, &vocabulary, &site.limits, "observed", &CableRole::ALL)
        .unwrap_or_else(|error| panic!("{error}"));
    let mut changes = Vec::new();
    for record in street.records(&site) {
        observer.record(&record, &mut changes);
    }
    changes.iter().for_each(|change| engine.change(change));
    assert_eq!(engine.finish(Instant::from_ms(street.ends))[0].triggers, 2);
}
