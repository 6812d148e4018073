//! What reaches the street, as tables: the interlock (what is shown against what is wanted) and the voice.

use super::super::interlock::{Groups, Interlock, PedestrianAspect, VehicleAspect};
use super::super::voice::{Orders, Scene, Speaker};
use super::matrices::{snapshot, table};
use super::site;
use crate::time::{Instant, Span};

const VEHICLE: [VehicleAspect; 5] = [
    VehicleAspect::Dark,
    VehicleAspect::FlashYellow,
    VehicleAspect::Red,
    VehicleAspect::Yellow,
    VehicleAspect::Green,
];
const PEDESTRIAN: [PedestrianAspect; 4] =
    [PedestrianAspect::Dark, PedestrianAspect::Red, PedestrianAspect::Green, PedestrianAspect::FlashGreen];

fn at(s: u64) -> Instant {
    Instant::from_ms(s * 1_000)
}

/// What an interlock shows after the first commands of a cycle, by the name of the last one.
const SHOWN: [(&str, u64, VehicleAspect, PedestrianAspect); 9] = [
    ("flash", 0, VehicleAspect::FlashYellow, PedestrianAspect::Dark),
    ("start red", 10, VehicleAspect::Red, PedestrianAspect::Red),
    ("green", 15, VehicleAspect::Green, PedestrianAspect::Red),
    ("yellow", 40, VehicleAspect::Yellow, PedestrianAspect::Red),
    ("all red", 43, VehicleAspect::Red, PedestrianAspect::Red),
    ("walk", 45, VehicleAspect::Red, PedestrianAspect::Green),
    ("walk flash", 52, VehicleAspect::Red, PedestrianAspect::FlashGreen),
    ("buffer", 60, VehicleAspect::Red, PedestrianAspect::Red),
    ("refused", 61, VehicleAspect::Yellow, PedestrianAspect::Green),
];

fn shown(until: usize) -> (Interlock, Instant) {
    let mut interlock = Interlock::new(&site::config(), at(0));
    for (_, s, vehicle, pedestrian) in &SHOWN[..=until] {
        interlock.permit(at(*s), Groups { vehicle: *vehicle, pedestrian: *pedestrian, lit: true });
    }
    (interlock, at(SHOWN[until].1))
}

/// Each cell: what becomes of the command a microsecond, and a minute, after what is shown began.
#[test]
fn the_interlock_is_a_table() {
    let wanted = VEHICLE.into_iter().flat_map(|vehicle| PEDESTRIAN.map(|pedestrian| (vehicle, pedestrian)));
    let rows = wanted.map(|(vehicle, pedestrian)| {
        let answer = |until: usize, later: Span| {
            let (mut interlock, since) = shown(until);
            let before = interlock.refused();
            let command = Groups { vehicle, pedestrian, lit: true };
            let passed = interlock.permit(since + later, command).groups() == command;
            match interlock.refused() {
                Some(refusal) if before.is_none() => format!("{refusal:?}"),
                _old if passed => "passes".to_owned(),
                _old => "flash".to_owned(),
            }
        };
        let cell = |until: usize| {
            let (soon, late) = (answer(until, Span::from_us(1)), answer(until, Span::from_secs(60)));
            if soon == late { soon } else { format!("{soon}, {late}") }
        };
        (format!("{vehicle:?} {pedestrian:?}"), (0..SHOWN.len()).map(cell).collect())
    });
    let states = SHOWN.map(|(name, ..)| name);
    snapshot("controller_interlock_matrix", &table(&states, rows));
}

#[test]
fn the_voice_is_a_table() {
    let voice = site::config().voice;
    let noon = 12 * 60;
    let quiet = |aspect| Scene { aspect, walk: None, on_red: false, tripped: false, minute: noon };
    let red = quiet(PedestrianAspect::Red);
    let stop = Scene { on_red: true, ..red };
    let walk = |began: Instant, steady: u64| Scene {
        walk: Some((began, Some(began + Span::from_secs(steady)))),
        ..quiet(PedestrianAspect::Green)
    };
    let begun = at(100);
    let states = ["silent", "says go", "has said go", "says stop", "has said stop"];
    let reach = |state: &str| {
        let mut speaker = Speaker::new(voice, at(0));
        let now = match state {
            "silent" => begun,
            "says go" | "has said go" => {
                speaker.look(begun, &walk(begun, 7));
                begun
                    + if state == "says go" {
                        Span::from_secs(1)
                    } else {
                        voice.go_lasts + Span::from_secs(2)
                    }
            }
            _stop => {
                speaker.look(begun, &stop);
                begun
                    + if state == "says stop" {
                        Span::from_secs(1)
                    } else {
                        voice.stop_lasts + Span::from_ms(10)
                    }
            }
        };
        (speaker, now)
    };
    let events = [
        "dark",
        "red",
        "red, somebody there",
        "red, another steps on",
        "walk of 7 s begins",
        "walk of 60 s goes on",
        "walk of unknown length",
        "flashing green",
        "red, somebody there, at night",
    ];
    let rows = states.map(|state| {
        let cell = |event: &&str| {
            let (mut speaker, now) = reach(state);
            let scene = match *event {
                "dark" => quiet(PedestrianAspect::Dark),
                "red" => red,
                "red, somebody there" => stop,
                "red, another steps on" => Scene { tripped: true, ..stop },
                "walk of 7 s begins" => walk(now, 7),
                "walk of 60 s goes on" => walk(begun, 60),
                "walk of unknown length" => {
                    Scene { walk: Some((begun, None)), ..quiet(PedestrianAspect::Green) }
                }
                "flashing green" => quiet(PedestrianAspect::FlashGreen),
                _night => Scene { minute: 0, ..stop },
            };
            let Orders { light, volume, prompt } = speaker.look(now, &scene);
            let says = prompt.map_or("-".to_owned(), |prompt| format!("{prompt:?}"));
            let again =
                speaker.due().map_or(String::new(), |due| format!(", looks again in {} s", due.since(now)));
            format!("{light:?} {volume} % {says}{again}")
        };
        (state.to_owned(), events.iter().map(cell).collect())
    });
    snapshot("controller_voice_matrix", &table(&events, rows));
}
