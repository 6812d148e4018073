//! F6 and F7: what the light posts show and say.

use super::street::Street;
use super::*;
use crate::device::Operator;

const WALK: u64 = 95_129;

/// Instants (ms) at which a prompt was given to post A.
fn said(street: &Street, prompt: u16) -> Vec<u64> {
    let to_a = street.prompts.iter().filter(|(_, post, what)| *post == 0 && *what == prompt);
    to_a.map(|(at, ..)| at.as_us() / 1_000).collect()
}

fn walk(street: &mut Street) {
    street.run_to(60_000);
    street.wait(0, 1);
    street.run_to(96_000);
    street.walk(0, 1);
    street.run_to(108_000);
    street.arrive();
}

#[test]
fn the_go_sentence_is_spoken_while_it_fits_into_the_steady_green() {
    let mut street = Street::new();
    walk(&mut street);
    street.run_to(130_000);
    let go = said(&street, 1);
    // 2.8 s each, 0.5 s between, 7 s of steady green.
    assert_eq!(go.len(), 2, "{go:?}");
    near(Some(go[0]), WALK);
    near(Some(go[1]), WALK + 3_300);
    assert!(go[1] + 2_800 < WALK + 7_000);
    assert_eq!(said(&street, 2), []);
}

#[test]
fn a_sentence_that_does_not_fit_is_not_begun() {
    let mut config = site::config();
    config.voice.go_lasts = crate::time::Span::from_ms(6_900);
    let mut street = Street::with(config, None);
    walk(&mut street);
    street.run_to(130_000);
    assert_eq!(said(&street, 1), []);
}

#[test]
fn somebody_who_steps_on_at_red_is_told_to_wait_until_they_are_gone() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.eyes[0].count = 1;
    street.eyes[0].down = 1;
    street.run_to(67_000);
    let stop = said(&street, 2);
    assert_eq!(stop.len(), 2, "{stop:?}");
    assert!(stop[0] <= 61_000 && stop[1] - stop[0] <= 5_050, "{stop:?}");
    let silence = said(&street, 0).len();
    street.arrive();
    street.run_to(69_000);
    let after = said(&street, 0);
    assert_eq!(after.len(), silence + 1);
    assert!(after[silence] <= 68_000);
    assert_eq!(said(&street, 2).len(), 2);
}

#[test]
fn a_change_of_places_on_the_crosswalk_is_an_entry_too() {
    let mut street = Street::new();
    street.run_to(60_000);
    (street.eyes[0].count, street.eyes[0].up) = (1, 1);
    street.run_to(64_000);
    assert_eq!(said(&street, 2).len(), 1);
    (street.eyes[0].up, street.eyes[0].down) = (0, 1);
    street.run_to(64_700);
    assert_eq!(said(&street, 2).len(), 2);
}

#[test]
fn people_who_started_on_green_are_not_told_to_wait() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.wait(0, 3);
    street.run_to(96_000);
    street.walk(0, 3);
    street.run_to(112_000);
    street.walk(0, 1);
    street.run_to(114_000);
    street.arrive();
    street.run_to(140_000);
    assert_eq!(said(&street, 2), []);
}

#[test]
fn stop_and_go_never_overlap_at_a_post() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.wait(0, 1);
    street.run_to(94_000);
    (street.eyes[0].count, street.eyes[0].up) = (1, 1);
    street.run_to(100_000);
    let heard: Vec<u16> =
        street.prompts.iter().filter(|(_, post, _)| *post == 0).map(|(.., what)| *what).collect();
    assert_eq!(heard, [2, 0, 1, 1]);
    let (silence, go) = (said(&street, 0)[0], said(&street, 1)[0]);
    near(Some(silence), WALK);
    assert!(go - silence >= 150 && go <= WALK + 1_000);
}

#[test]
fn both_posts_speak_within_300_ms() {
    let mut street = Street::new();
    walk(&mut street);
    for pair in street.prompts.chunks(2) {
        assert_eq!((pair[0].1, pair[1].1, pair[0].2), (0, 1, pair[1].2));
        assert!(pair[1].0.since(pair[0].0).as_ms() <= 50);
    }
}

#[test]
fn the_posts_mirror_the_pedestrian_colour() {
    let mut street = Street::new();
    street.run_to(9_000);
    assert_eq!(street.sight().lights, [0, 0]);
    walk(&mut street);
    street.run_to(130_000);
    near(street.first(0, |sight| sight.lights == [1, 1]), 10_000);
    near(street.first(0, |sight| sight.lights == [2, 2]), WALK);
    near(street.first(WALK + 500, |sight| sight.lights == [1, 1]), WALK + 15_000);
    street.operate(Operator::Flash);
    street.run(200);
    assert_eq!(street.sight().lights, [0, 0]);
}

#[test]
fn at_night_the_voice_is_dimmed_or_silent() {
    for (quiet, sentences) in [(0, 0), (20, 2)] {
        let mut config = site::config();
        config.clock = 1_760_000_000 - 1_760_000_000 % 86_400 + 22 * 3_600;
        config.voice.quiet_volume = quiet;
        let mut street = Street::with(config, None);
        walk(&mut street);
        assert_eq!(said(&street, 1).len(), sentences);
        assert_eq!(street.sight().volumes, [u16::from(quiet); 2]);
    }
}

#[test]
fn flash_silences_everybody() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.wait(0, 1);
    street.run_to(96_000);
    street.operate(Operator::Flash);
    street.run(300);
    assert_eq!(said(&street, 0).len(), 1);
    street.run(20_000);
    assert_eq!(said(&street, 1).len(), 1);
}
