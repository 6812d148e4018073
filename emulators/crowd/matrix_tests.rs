//! Every person's state against every event, as one table.

use super::tests::{SPEED, act, crowd, ms, run};
use super::*;
use crate::device::Operator;
use std::fmt::Write;

/// When the lamp was seen to go on or off, in ms.
type Edges = &'static [(u64, bool)];

/// Where somebody is when the event comes (at 30 s), and how it came to that: (lamp edges, arrival).
const STATES: [(&str, Edges, u64); 6] = [
    ("waits at red", &[], 28_000),
    ("waits, green just on", &[(29_500, true)], 28_000),
    ("waits, flashing, dark", &[(28_500, true), (29_000, false), (29_300, true), (29_700, false)], 28_800),
    ("waits, flashing, lit", &[(28_500, true), (29_000, false), (29_700, true)], 28_800),
    ("walk began 3 s ago", &[(27_000, true)], 26_000),
    ("walk began 8 s ago", &[(22_000, true)], 21_000),
];

const HABITS: [(&str, Habit); 7] = [
    ("crosses", Habit::Crosses),
    ("runs red after 3 s", Habit::RunsRed(Span::from_secs(3))),
    ("runs red at once", Habit::RunsRed(Span::ZERO)),
    ("gives up after 3 s", Habit::GivesUp(Span::from_secs(3))),
    ("turns back", Habit::TurnsBack),
    ("starts late", Habit::StartsLate),
    ("stands", Habit::Stands),
];

enum Event {
    Act(Act),
    Power,
    Operator,
    Bytes,
    Pass(u64),
}

const EVENTS: [(&str, Event); 10] = [
    ("green on", Event::Act(Act::Green(true))),
    ("green off", Event::Act(Act::Green(false))),
    ("leave A", Event::Act(Act::Leave { kerb: Kerb::A, count: 1 })),
    ("leave B", Event::Act(Act::Leave { kerb: Kerb::B, count: 1 })),
    ("power", Event::Power),
    ("panel", Event::Operator),
    ("bytes", Event::Bytes),
    ("+0.6 s", Event::Pass(600)),
    ("+3 s", Event::Pass(3_000)),
    ("+12 s", Event::Pass(12_000)),
];

fn happen(crowd: &mut Crowd, event: &Event) {
    let now = ms(30_000);
    match event {
        Event::Act(act) => crowd.handle_input(now, Input::Act(*act)),
        Event::Power => crowd.handle_input(now, Input::Power(false)),
        Event::Operator => crowd.handle_input(now, Input::Operator(Operator::Off)),
        Event::Bytes => crowd.handle_input(now, Input::Bytes { port: Default::default(), bytes: &[0] }),
        Event::Pass(span) => drop(run(crowd, now + Span::from_ms(*span))),
    }
}

fn whereabouts(crowd: &Crowd) -> &'static str {
    match (crowd.sight.waiting, crowd.sight.walking) {
        ([1, 0], [0, 0]) => "waits",
        ([0, 0], [1, 0]) => "walks",
        ([0, 0], [0, 1]) => "returns",
        ([0, 0], [0, 0]) => "gone",
        (waiting, walking) => panic!("one person is in one place: {waiting:?} {walking:?}"),
    }
}

#[test]
fn every_state_of_a_person_against_every_event() {
    let mut table = String::from(
        "One person at kerb A of 12.8 m, 10 s to walk. Now is 30.0 s; the state is what came before, the column is\n\
         where the person is right after the event, or after that much time without one.\n",
    );
    for (state, edges, arrived) in STATES {
        write!(table, "\n{state:<22}{:<9}", "now").expect("a string");
        for (event, _) in &EVENTS {
            write!(table, "{event:<10}").expect("a string");
        }
        table.truncate(table.trim_end().len());
        table.push('\n');
        for (name, habit) in HABITS {
            let mut before = crowd();
            let mut script: Vec<(u64, Act)> = edges.iter().map(|&(at, lit)| (at, Act::Green(lit))).collect();
            script.push((arrived, Act::Arrive { kerb: Kerb::A, count: 1, speed_mm_s: SPEED, habit }));
            script.sort_by_key(|&(at, _)| at);
            for (at, happens) in script {
                act(&mut before, ms(at), happens);
            }
            run(&mut before, ms(30_000));
            write!(table, "  {name:<20}{:<9}", whereabouts(&before)).expect("a string");
            for (_, event) in &EVENTS {
                let mut crowd = before.clone();
                happen(&mut crowd, event);
                write!(table, "{:<10}", whereabouts(&crowd)).expect("a string");
            }
            table.truncate(table.trim_end().len());
            table.push('\n');
        }
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../fixtures/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!("crowd-matrix", table));
}
