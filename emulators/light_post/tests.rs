//! Light posts: registers, voice, watchdog, power, faults.

use super::*;
use crate::rehearsal::{LINE, Rehearsal, matrix};
use crate::wire::modbus::Request;
use std::fmt::Write;

const UNIT: u8 = 5;

fn dark_post() -> LightPost {
    LightPost::new(Config {
        unit: UNIT,
        line: LINE,
        go_lasts: Span::from_ms(2_500),
        stop_lasts: Span::from_ms(3_000),
    })
}

/// A post with power and without watchdog (from 5 ms on).
fn post() -> Rehearsal<LightPost> {
    let mut stage = Rehearsal::powered(dark_post());
    write(&mut stage, 5, map::WATCHDOG_MS, &[0]);
    stage.run_to(9);
    stage.done.clear();
    stage
}

fn write(stage: &mut Rehearsal<LightPost>, ms: u64, start: u16, values: &[u16]) {
    stage.ask(ms, UNIT, &Request::WriteRegisters(start, values.into()));
}

/// `G GO 80`: light, voice, volume.
fn face(sight: PostSight) -> String {
    let light = match sight.light {
        Light::Dark => '-',
        Light::Red => 'R',
        Light::Green => 'G',
    };
    match sight.voice {
        None => format!("{light}"),
        Some(Sentence::Go) => format!("{light} GO {}", sight.volume),
        Some(Sentence::Stop) => format!("{light} STOP {}", sight.volume),
    }
}

fn faces(stage: &mut Rehearsal<LightPost>) -> Vec<(u64, String)> {
    stage.sights().into_iter().map(|(ms, sight)| (ms, face(sight))).collect()
}

fn seen(list: &[(u64, &str)]) -> Vec<(u64, String)> {
    list.iter().map(|&(ms, text)| (ms, text.to_owned())).collect()
}

/// The answer to a request that ends at `ms`, without unit and checksum.
fn answer(stage: &mut Rehearsal<LightPost>, ms: u64, request: &Request) -> Vec<u8> {
    stage.ask(ms, UNIT, request);
    stage.run_to(ms + 6);
    let bytes = stage.sent().pop().expect("an answer").1;
    bytes[1..bytes.len() - 2].to_vec()
}

#[test]
fn golden_bytes_make_the_post_green_and_speak() {
    let mut stage = post();
    // Unit 5, registers 0..2 = 1 (go sentence), 80 %, 2 (green); made up for this map.
    stage.bytes(
        100,
        &[0x05, 0x10, 0x00, 0x00, 0x00, 0x03, 0x06, 0x00, 0x01, 0x00, 0x50, 0x00, 0x02, 0x54, 0x14],
    );
    stage.run_to(5_000);
    assert_eq!(faces(&mut stage), seen(&[(100, "G GO 80"), (2_600, "G")]));
}

#[test]
fn the_light_follows_its_register() {
    let mut stage = post();
    for (ms, light) in [(10, 1), (30, 2), (50, 0)] {
        stage.ask(ms, UNIT, &Request::WriteRegister(map::LIGHT, light));
    }
    assert_eq!(faces(&mut stage), seen(&[(10, "R"), (30, "G"), (50, "-")]));
}

#[test]
fn a_refresh_of_volume_and_light_does_not_begin_the_sentence_again() {
    let mut stage = post();
    write(&mut stage, 100, map::PROMPT, &[2, 60, 1]);
    for ms in [600, 1_100, 1_600, 2_100, 2_600] {
        write(&mut stage, ms, map::VOLUME, &[60, 1]);
    }
    stage.run_to(6_000);
    assert_eq!(faces(&mut stage), seen(&[(100, "R STOP 60"), (3_100, "R")]));
}

#[test]
fn the_same_prompt_again_begins_the_sentence_anew() {
    let mut stage = post();
    write(&mut stage, 100, map::PROMPT, &[2, 60]);
    write(&mut stage, 2_000, map::PROMPT, &[2]);
    stage.run_to(6_000);
    assert_eq!(faces(&mut stage), seen(&[(100, "- STOP 60"), (5_000, "-")]));
}

#[test]
fn one_sentence_cuts_the_other_off_and_zero_stops_it() {
    let mut stage = post();
    write(&mut stage, 100, map::PROMPT, &[2, 60]);
    write(&mut stage, 1_000, map::PROMPT, &[1]);
    write(&mut stage, 2_000, map::PROMPT, &[0]);
    stage.run_to(9_000);
    assert_eq!(faces(&mut stage), seen(&[(100, "- STOP 60"), (1_000, "- GO 60"), (2_000, "-")]));
}

#[test]
fn at_volume_zero_a_sentence_runs_unheard() {
    let mut stage = post();
    write(&mut stage, 100, map::PROMPT, &[1]);
    assert_eq!(answer(&mut stage, 200, &Request::ReadInputs(map::PLAYING, 1)), [4, 2, 0, 1]);
    write(&mut stage, 1_000, map::VOLUME, &[30]);
    assert_eq!(faces(&mut stage), seen(&[(1_000, "- GO 30")]));
    stage.run_to(2_700);
    assert_eq!(faces(&mut stage), seen(&[(2_600, "-")]));
    assert_eq!(answer(&mut stage, 2_800, &Request::ReadInputs(map::PLAYING, 1)), [4, 2, 0, 0]);
}

#[test]
fn registers_read_back_as_written() {
    let mut stage = post();
    write(&mut stage, 100, map::PROMPT, &[1, 45, 2, 1_500]);
    stage.run_to(110);
    assert_eq!(answer(&mut stage, 200, &Request::ReadHolding(0, 4)), [3, 8, 0, 1, 0, 45, 0, 2, 0x05, 0xDC]);
    assert_eq!(answer(&mut stage, 300, &Request::ReadHolding(map::LIGHT, 1)), [3, 2, 0, 2]);
}

#[test]
fn a_write_with_one_value_out_of_range_does_nothing_at_all() {
    let mut stage = post();
    let refused = [
        (Request::WriteRegisters(0, vec![1, 80, 3].into()), [0x90, 3]),
        (Request::WriteRegisters(0, vec![3, 80, 2].into()), [0x90, 3]),
        (Request::WriteRegisters(0, vec![1, 101, 2].into()), [0x90, 3]),
        (Request::WriteRegisters(2, vec![2, 0, 0].into()), [0x90, 2]),
        (Request::WriteRegister(map::VOLUME, 101), [0x86, 3]),
        (Request::WriteRegister(4, 0), [0x86, 2]),
        (Request::ReadHolding(0, 5), [0x83, 2]),
        (Request::ReadHolding(0, 0), [0x83, 3]),
        (Request::ReadInputs(1, 2), [0x84, 2]),
        (Request::ReadCoils(0, 1), [0x81, 1]),
        (Request::ReadDiscreteInputs(0, 1), [0x82, 1]),
        (Request::WriteCoil(0, 0xFF00), [0x85, 1]),
        (Request::WriteCoils(0, vec![true].into()), [0x8F, 1]),
    ];
    for (place, (request, expected)) in (1..).zip(refused) {
        assert_eq!(answer(&mut stage, place * 30, &request), expected, "{request:?}");
    }
    assert_eq!(answer(&mut stage, 900, &Request::ReadHolding(0, 4)), [3, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(faces(&mut stage), []);
}

#[test]
fn the_watchdog_makes_the_post_dark_and_silent() {
    let mut stage = Rehearsal::powered(dark_post());
    write(&mut stage, 100, map::PROMPT, &[2, 60, 1]);
    // Reads and refused requests do not feed it.
    stage.ask(500, UNIT, &Request::ReadHolding(0, 4));
    stage.ask(900, UNIT, &Request::WriteRegister(map::LIGHT, 9));
    stage.run_to(1_200);
    assert_eq!(faces(&mut stage), seen(&[(100, "R STOP 60"), (1_100, "-")]));
    assert_eq!(answer(&mut stage, 1_300, &Request::ReadHolding(0, 3)), [3, 6, 0, 0, 0, 60, 0, 0]);
    // A refresh brings the light back, not the voice.
    write(&mut stage, 1_400, map::VOLUME, &[60, 1]);
    assert_eq!(faces(&mut stage), seen(&[(1_400, "R")]));
}

#[test]
fn a_broadcast_feeds_every_posts_watchdog() {
    let mut stage = Rehearsal::powered(dark_post());
    for ms in [900, 1_800] {
        stage.ask(ms, 0, &Request::WriteRegisters(map::VOLUME, vec![60, 2].into()));
    }
    stage.run_to(3_000);
    assert_eq!(faces(&mut stage), seen(&[(900, "G"), (2_800, "-")]));
}

#[test]
fn without_power_the_post_is_dark_and_silent_and_forgets() {
    let mut stage = Rehearsal::new(dark_post());
    stage.input(10, Input::Power(true));
    write(&mut stage, 100, map::PROMPT, &[1, 60, 2]);
    stage.input(500, Input::Power(false));
    assert_eq!(stage.device.poll_timeout(), None);
    stage.input(700, Input::Power(true));
    assert_eq!(faces(&mut stage), seen(&[(10, "-"), (100, "G GO 60"), (500, "-"), (700, "-")]));
    assert_eq!(answer(&mut stage, 800, &Request::ReadHolding(0, 4)), [3, 8, 0, 0, 0, 0, 0, 0, 0x03, 0xE8]);
}

#[test]
fn a_stuck_colour_stays_and_is_reported() {
    let mut stage = post();
    write(&mut stage, 100, map::LIGHT, &[1]);
    stage.input(200, Input::Act(Act::Break(Fault::StuckColour)));
    write(&mut stage, 300, map::LIGHT, &[2]);
    stage.input(400, Input::Power(false));
    stage.input(500, Input::Power(true));
    assert_eq!(faces(&mut stage), seen(&[(100, "R"), (400, "-"), (500, "R")]));
    assert_eq!(answer(&mut stage, 600, &Request::ReadInputs(0, 2)), [4, 4, 0, 0, 0, 1]);
    write(&mut stage, 700, map::LIGHT, &[2]);
    stage.input(800, Input::Act(Act::Mend));
    assert_eq!(faces(&mut stage), seen(&[(800, "G")]));
}

#[test]
fn a_mute_post_plays_without_a_sound() {
    let mut stage = post();
    write(&mut stage, 100, map::PROMPT, &[1, 60]);
    stage.input(500, Input::Act(Act::Break(Fault::Mute)));
    assert_eq!(faces(&mut stage), seen(&[(100, "- GO 60"), (500, "-")]));
    assert_eq!(answer(&mut stage, 600, &Request::ReadInputs(0, 2)), [4, 4, 0, 1, 0, 2]);
    stage.input(1_000, Input::Act(Act::Mend));
    stage.run_to(3_000);
    assert_eq!(faces(&mut stage), seen(&[(1_000, "- GO 60"), (2_600, "-")]));
}

#[test]
fn a_looping_post_repeats_its_last_sentence_whatever_it_is_told() {
    let mut stage = post();
    write(&mut stage, 100, map::PROMPT, &[2, 60]);
    stage.run_to(4_000);
    stage.input(5_000, Input::Act(Act::Break(Fault::Loops)));
    write(&mut stage, 9_000, map::PROMPT, &[0]);
    write(&mut stage, 20_000, map::PROMPT, &[1]);
    stage.input(60_000, Input::Act(Act::Mend));
    assert_eq!(
        faces(&mut stage),
        seen(&[(100, "- STOP 60"), (3_100, "-"), (5_000, "- STOP 60"), (20_000, "- GO 60"), (60_000, "-")])
    );
}

#[test]
fn a_looping_post_outlasts_the_watchdog_and_ends_with_power() {
    let mut stage = Rehearsal::powered(dark_post());
    stage.input(50, Input::Act(Act::Break(Fault::Loops)));
    write(&mut stage, 100, map::PROMPT, &[2, 60, 1]);
    stage.input(30_000, Input::Power(false));
    stage.input(31_000, Input::Power(true));
    stage.run_to(40_000);
    assert_eq!(
        faces(&mut stage),
        seen(&[(100, "R STOP 60"), (1_100, "- STOP 60"), (30_000, "-"), (31_000, "-")])
    );
}

#[test]
fn a_sentence_without_length_cannot_hang_a_looping_post() {
    let config = Config { unit: UNIT, line: LINE, go_lasts: Span::ZERO, stop_lasts: Span::ZERO };
    let mut stage = Rehearsal::powered(LightPost::new(config));
    stage.input(50, Input::Act(Act::Break(Fault::Loops)));
    write(&mut stage, 100, map::PROMPT, &[2, 60]);
    stage.run_to(10_000);
    assert_eq!(stage.sights().len(), 1);
}

#[test]
fn every_state_of_a_post_meets_every_input() {
    type Step = fn(&mut Rehearsal<LightPost>, u64);
    let states: [(&str, Step); 7] = [
        ("no power", |stage, ms| stage.input(ms, Input::Power(false))),
        ("silent since power-on", |_, _| {}),
        ("red, speaks STOP", |stage, ms| write(stage, ms, map::PROMPT, &[2, 60, 1])),
        ("red, plays at volume 0", |stage, ms| write(stage, ms, map::PROMPT, &[2, 0, 1])),
        ("stuck red, STOP", |stage, ms| {
            write(stage, ms, map::PROMPT, &[2, 60, 1]);
            stage.input(ms + 10, Input::Act(Act::Break(Fault::StuckColour)));
        }),
        ("red, mute, plays STOP", |stage, ms| {
            write(stage, ms, map::PROMPT, &[2, 60, 1]);
            stage.input(ms + 10, Input::Act(Act::Break(Fault::Mute)));
        }),
        ("red, loops STOP", |stage, ms| {
            write(stage, ms, map::PROMPT, &[2, 60, 1]);
            stage.input(ms + 10, Input::Act(Act::Break(Fault::Loops)));
        }),
    ];
    let inputs: [(&str, Step); 10] = [
        ("power comes", |stage, ms| stage.input(ms, Input::Power(true))),
        ("power goes", |stage, ms| stage.input(ms, Input::Power(false))),
        ("prompt 1", |stage, ms| write(stage, ms, map::PROMPT, &[1])),
        ("prompt 0", |stage, ms| write(stage, ms, map::PROMPT, &[0])),
        ("volume 80", |stage, ms| write(stage, ms, map::VOLUME, &[80])),
        ("volume 80, light 2", |stage, ms| write(stage, ms, map::VOLUME, &[80, 2])),
        ("light 3 (refused)", |stage, ms| write(stage, ms, map::LIGHT, &[3])),
        ("watchdog runs out", |stage, ms| stage.run_to(ms + 1_000)),
        ("sentence ends", |stage, ms| {
            write(stage, ms, map::WATCHDOG_MS, &[0]);
            stage.run_to(ms + 2_900);
        }),
        ("replaced", |stage, ms| stage.input(ms, Input::Act(Act::Mend))),
    ];
    let mut text =
        String::from("Light post: what is seen and heard after the input, then what it waits for\n\n");
    for (state, prepare) in states {
        let _ = writeln!(text, "{state}");
        for (input, step) in inputs {
            let mut stage = Rehearsal::powered(dark_post());
            prepare(&mut stage, 100);
            step(&mut stage, 200);
            let ms = stage.now.as_us() / 1_000;
            stage.run_to(ms + 5);
            let waits = stage.device.poll_timeout().map_or("", |wake| wake.why);
            let line = format!("    {input:<20}{:<11}{waits}", face(stage.device.sight));
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
    matrix("matrix_light_post", &text);
}
