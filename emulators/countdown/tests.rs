//! Displays: what they show, when they are dark, how they break.

use super::*;
use crate::rehearsal::{Rehearsal, matrix};
use crate::wire::gat508::emit;
use std::fmt::Write;

/// Display 3 green 25 s and display 11 red 40 s (2014).
const GREEN_25: &[u8] = &[0x55, 0xAA, 0x02, 0x19, 0x19, 0x5B, 0x28, 0x71];
/// Display 3 dark (2014).
const DARK_3: &[u8] = &[0x55, 0xAA, 0x01, 0x18, 0x00, 0x19];
/// Direction 0 green 25 s (2004).
const GREEN_25_OF_2004: &[u8] = &[0xFE, 0x21, 0x00, 0x25, 0x04];

fn display(number: u8) -> Rehearsal<Countdown> {
    Rehearsal::powered(Countdown::new(Config { number, edition: Edition::Y2014 }))
}

fn broadcast(edition: Edition, number: u8, colour: Colour, seconds: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    emit(edition, &[Entry { number, colour, seconds }], &mut bytes);
    bytes
}

/// Display 3 is told `seconds` in red at `ms`.
fn red(stage: &mut Rehearsal<Countdown>, ms: u64, seconds: u16) {
    stage.bytes(ms, &broadcast(Edition::Y2014, 3, Colour::Red, seconds));
}

/// `R12`, `---`.
fn face(digits: Digits) -> String {
    match digits.colour {
        Colour::Dark => "---".to_owned(),
        Colour::Green => format!("G{}", digits.seconds),
        Colour::Yellow => format!("Y{}", digits.seconds),
        Colour::Red => format!("R{}", digits.seconds),
    }
}

/// `told/shown` by the ms.
fn faces(stage: &mut Rehearsal<Countdown>) -> Vec<(u64, String)> {
    let both = |sight: DisplaySight| format!("{}/{}", face(sight.told), face(sight.shown));
    stage.sights().into_iter().map(|(ms, sight)| (ms, both(sight))).collect()
}

fn seen(list: &[(u64, &str)]) -> Vec<(u64, String)> {
    list.iter().map(|&(ms, text)| (ms, text.to_owned())).collect()
}

#[test]
fn golden_broadcasts_reach_the_display_with_the_right_number() {
    let (mut third, mut eleventh, mut fourth) = (display(3), display(11), display(4));
    for stage in [&mut third, &mut eleventh, &mut fourth] {
        stage.bytes(10, GREEN_25);
        stage.bytes(500, DARK_3);
        stage.run_to(1_000);
    }
    assert_eq!(faces(&mut third), seen(&[(10, "G25/G25"), (500, "---/---")]));
    assert_eq!(faces(&mut eleventh), seen(&[(10, "R40/R40")]));
    assert_eq!(faces(&mut fourth), []);
}

#[test]
fn the_2004_edition_is_heard_by_direction() {
    for (number, expected) in [(0, seen(&[(10, "G25/G25"), (1_910, "---/---")])), (1, Vec::new())] {
        let mut stage = Rehearsal::powered(Countdown::new(Config { number, edition: Edition::Y2004 }));
        stage.bytes(10, GREEN_25_OF_2004);
        stage.run_to(5_000);
        assert_eq!(faces(&mut stage), expected);
    }
}

#[test]
fn a_2004_display_shows_three_digits_and_zero() {
    let mut stage = Rehearsal::powered(Countdown::new(Config { number: 5, edition: Edition::Y2004 }));
    stage.bytes(10, &broadcast(Edition::Y2004, 5, Colour::Red, 120));
    stage.bytes(500, &broadcast(Edition::Y2004, 5, Colour::Red, 0));
    stage.bytes(900, &broadcast(Edition::Y2004, 5, Colour::Dark, 0));
    assert_eq!(faces(&mut stage), seen(&[(10, "R120/R120"), (500, "R0/R0"), (900, "---/---")]));
}

#[test]
fn a_display_is_dark_when_power_comes_and_when_it_goes() {
    let mut stage = Rehearsal::new(Countdown::new(Config { number: 3, edition: Edition::Y2014 }));
    stage.bytes(10, GREEN_25);
    stage.input(20, Input::Power(true));
    stage.bytes(30, GREEN_25);
    stage.input(40, Input::Power(false));
    stage.input(50, Input::Power(true));
    assert_eq!(
        faces(&mut stage),
        seen(&[(20, "---/---"), (30, "G25/G25"), (40, "---/---"), (50, "---/---")])
    );
    assert_eq!(stage.device.poll_timeout(), None);
}

#[test]
fn a_display_is_dark_within_two_seconds_of_its_last_broadcast() {
    let mut stage = display(3);
    red(&mut stage, 100, 9);
    red(&mut stage, 1_100, 8);
    stage.run_to(4_000);
    assert_eq!(faces(&mut stage), seen(&[(100, "R9/R9"), (1_100, "R8/R8"), (3_000, "---/---")]));
    assert!(LINK_LOST_AFTER < Span::from_secs(2));
}

#[test]
fn broadcasts_that_do_not_name_it_do_not_keep_it_lit() {
    let mut stage = display(3);
    red(&mut stage, 100, 9);
    for ms in [500, 1_000, 1_500, 2_000] {
        stage.bytes(ms, &broadcast(Edition::Y2014, 4, Colour::Green, 7));
    }
    stage.run_to(2_100);
    assert_eq!(faces(&mut stage), seen(&[(100, "R9/R9"), (2_000, "---/---")]));
}

#[test]
fn damaged_broadcasts_are_told_and_do_not_keep_it_lit() {
    let mut stage = display(3);
    stage.bytes(100, GREEN_25);
    let mut damaged = GREEN_25.to_vec();
    damaged[4] ^= 0x04;
    stage.bytes(1_500, &damaged);
    stage.run_to(2_100);
    assert!(stage.done.iter().any(|(_, output)| matches!(output, Output::Reject { .. })));
    assert_eq!(faces(&mut stage), seen(&[(100, "G25/G25"), (2_000, "---/---")]));
}

#[test]
fn a_broadcast_in_pieces_is_shown_when_its_last_byte_has_come() {
    for cut in 1..GREEN_25.len() {
        let mut stage = display(3);
        stage.bytes(10, &GREEN_25[..cut]);
        stage.bytes(20, &GREEN_25[cut..]);
        assert_eq!(faces(&mut stage), seen(&[(20, "G25/G25")]), "cut at {cut}");
    }
}

#[test]
fn of_two_entries_with_its_number_the_later_one_stays() {
    let mut stage = display(3);
    let mut bytes = Vec::new();
    let entry = |seconds| Entry { number: 3, colour: Colour::Red, seconds };
    emit(Edition::Y2014, &[entry(9), entry(8)], &mut bytes);
    stage.bytes(10, &bytes);
    assert_eq!(faces(&mut stage), seen(&[(10, "R8/R8")]));
}

#[test]
fn a_repeated_broadcast_is_no_news() {
    let mut stage = display(3);
    for ms in [10, 500, 1_000] {
        red(&mut stage, ms, 9);
    }
    assert_eq!(faces(&mut stage), seen(&[(10, "R9/R9")]));
}

#[test]
fn a_dark_display_fault_shows_nothing_until_it_is_replaced() {
    let mut stage = display(3);
    red(&mut stage, 10, 9);
    stage.input(20, Input::Act(Act::Break(Fault::Dark)));
    red(&mut stage, 30, 8);
    stage.input(40, Input::Act(Act::Mend));
    assert_eq!(faces(&mut stage), seen(&[(10, "R9/R9"), (20, "R9/---"), (30, "R8/---"), (40, "R8/R8")]));
}

#[test]
fn a_frozen_digit_stays_through_entries_link_loss_and_power() {
    let mut stage = display(3);
    red(&mut stage, 10, 9);
    stage.input(20, Input::Act(Act::Break(Fault::Frozen)));
    red(&mut stage, 1_000, 8);
    stage.input(4_000, Input::Power(false));
    stage.input(5_000, Input::Power(true));
    assert_eq!(
        faces(&mut stage),
        seen(&[(10, "R9/R9"), (1_000, "R8/R9"), (2_900, "---/R9"), (4_000, "---/---"), (5_000, "---/R9")])
    );
}

#[test]
fn a_missing_segment_makes_eighteen_sixteen() {
    let mut stage = display(3);
    stage.input(5, Input::Act(Act::Break(Fault::MissingSegment)));
    red(&mut stage, 10, 18);
    red(&mut stage, 20, 17);
    assert_eq!(faces(&mut stage), seen(&[(10, "R18/R16"), (20, "R17/R17")]));
}

#[test]
fn a_wrong_colour_is_shown_only_while_something_is() {
    let mut stage = display(3);
    stage.input(5, Input::Act(Act::Break(Fault::WrongColour(Colour::Green))));
    red(&mut stage, 10, 9);
    stage.bytes(20, DARK_3);
    stage.input(30, Input::Act(Act::Break(Fault::WrongColour(Colour::Dark))));
    red(&mut stage, 40, 9);
    assert_eq!(faces(&mut stage), seen(&[(10, "R9/G9"), (20, "---/---"), (40, "R9/---")]));
}

#[test]
fn a_lagging_display_shows_everything_later_even_the_dark() {
    let mut stage = display(3);
    red(&mut stage, 10, 9);
    stage.input(20, Input::Act(Act::Break(Fault::Lag(Span::from_ms(1_000)))));
    red(&mut stage, 510, 8);
    red(&mut stage, 1_010, 7);
    stage.run_to(5_000);
    assert_eq!(
        faces(&mut stage),
        seen(&[
            (10, "R9/R9"),
            (510, "R8/R9"),
            (1_010, "R7/R9"),
            (1_510, "R7/R8"),
            (2_010, "R7/R7"),
            (2_910, "---/R7"),
            (3_910, "---/---")
        ])
    );
}

#[test]
fn a_lagging_display_holds_back_a_bounded_number_of_changes() {
    let mut stage = display(3);
    stage.input(5, Input::Act(Act::Break(Fault::Lag(Span::from_secs(3_600)))));
    for step in 0..500 {
        red(&mut stage, 10 + step * 10, 1 + u16::try_from(step % 2).unwrap_or(0));
    }
    assert_eq!(stage.device.held.len(), LAG_DEPTH);
}

#[test]
fn a_display_that_ignores_link_loss_shows_the_last_number_until_the_next() {
    let mut stage = display(3);
    red(&mut stage, 10, 9);
    stage.input(20, Input::Act(Act::Break(Fault::IgnoresLinkLoss)));
    red(&mut stage, 5_000, 4);
    stage.bytes(5_500, DARK_3);
    assert_eq!(
        faces(&mut stage),
        seen(&[(10, "R9/R9"), (1_910, "---/R9"), (5_000, "R4/R4"), (5_500, "---/---")])
    );
}

#[test]
fn a_number_lost_before_the_fault_does_not_come_back_with_it() {
    let mut stage = display(3);
    red(&mut stage, 10, 9);
    stage.run_to(3_000);
    stage.done.clear();
    stage.input(3_500, Input::Act(Act::Break(Fault::IgnoresLinkLoss)));
    assert_eq!(faces(&mut stage), []);
}

#[test]
fn a_broadcast_after_an_overslept_link_loss_shows_both() {
    let mut stage = display(3);
    red(&mut stage, 0, 9);
    stage.done.clear();
    let bytes = broadcast(Edition::Y2014, 3, Colour::Red, 7);
    stage.device.handle_input(Instant::from_ms(1_950), Input::Bytes { port: Port(0), bytes: &bytes });
    while let Some(output) = stage.device.poll_output() {
        stage.done.push((Instant::from_ms(1_950), output));
    }
    assert_eq!(faces(&mut stage), seen(&[(1_950, "---/---"), (1_950, "R7/R7")]));
}

#[test]
fn every_state_of_a_display_meets_every_input() {
    type Step = fn(&mut Rehearsal<Countdown>, u64);
    let breaks = |fault: Fault| {
        move |stage: &mut Rehearsal<Countdown>| {
            stage.input(900, Input::Act(Act::Break(fault)));
        }
    };
    let faults: [(&str, Option<Fault>); 7] = [
        ("whole", None),
        ("dark", Some(Fault::Dark)),
        ("frozen", Some(Fault::Frozen)),
        ("missing segment", Some(Fault::MissingSegment)),
        ("wrong colour", Some(Fault::WrongColour(Colour::Green))),
        ("lag 0.5 s", Some(Fault::Lag(Span::from_ms(500)))),
        ("ignores link loss", Some(Fault::IgnoresLinkLoss)),
    ];
    let states: [(&str, Step); 4] = [
        ("no power", |stage, _| stage.input(800, Input::Power(false))),
        ("no broadcast yet", |_, _| {}),
        ("shows 9", |stage, _| red(stage, 800, 9)),
        ("told dark", |stage, _| stage.bytes(800, DARK_3)),
    ];
    let inputs: [(&str, Step); 7] = [
        ("power comes", |stage, ms| stage.input(ms, Input::Power(true))),
        ("power goes", |stage, ms| stage.input(ms, Input::Power(false))),
        ("entry red 8", |stage, ms| red(stage, ms, 8)),
        ("dark entry", |stage, ms| stage.bytes(ms, DARK_3)),
        ("another's entry", |stage, ms| stage.bytes(ms, &broadcast(Edition::Y2014, 4, Colour::Red, 5))),
        ("replaced", |stage, ms| stage.input(ms, Input::Act(Act::Mend))),
        ("link lost", |stage, ms| stage.run_to(ms + 1_900)),
    ];
    let mut text = String::from(
        "Display 3, broken 0.1 s before the input if at all: told/shown after the input, then what it waits for\n",
    );
    for (state, prepare) in states {
        let _ = write!(text, "\n{state:<20}");
        for (input, _) in inputs {
            let _ = write!(text, "{input:<18}");
        }
        text.truncate(text.trim_end().len());
        for (name, fault) in faults {
            let _ = write!(text, "\n  {name:<18}");
            for (_, step) in inputs {
                let mut stage = display(3);
                prepare(&mut stage, 0);
                if let Some(fault) = fault {
                    breaks(fault)(&mut stage);
                }
                step(&mut stage, 1_000);
                let DisplaySight { told, shown } = stage.device.sight;
                let waits = stage.device.poll_timeout().map_or("", |wake| wake.why);
                let _ = write!(text, "{:<18}", format!("{}/{} {waits}", face(told), face(shown)));
            }
            text.truncate(text.trim_end().len());
        }
        text.push('\n');
    }
    matrix("matrix_countdown", &text);
}
