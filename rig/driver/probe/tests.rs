use emulators::time::{Line, Span};
use emulators::wire::gbt43229::Crc;

use super::ask::Question;
use super::{Bench, Finding, Proof, Seen, Severity, Trouble, Understood, Voice, diagnose};
use crate::site::{CableRole, Site, library};

fn site() -> Site {
    library::find("yudaihe-beixiaoyuan").expect("built in")
}

fn port(role: CableRole) -> Seen {
    Seen {
        role,
        url: format!("/dev/{}", role.name()),
        trouble: None,
        heard: Understood::default(),
        echoes: false,
        sets_line: true,
        proof: None,
        collects: None,
    }
}

fn findings(seen: &[Seen]) -> Vec<Finding> {
    let site = site();
    let bench = Bench { wiring: &site.wiring, listened: Span::from_secs(12), cycle: Span::from_secs(90) };
    diagnose(&bench, seen)
}

fn one(seen: &[Seen]) -> Finding {
    let mut found = findings(seen);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

fn healthy() -> Seen {
    Seen {
        heard: Understood { bytes: 99, answers: vec![(1, 9)], ..Understood::default() },
        ..port(CableRole::Service)
    }
}

#[test]
fn one_silent_port_is_silent_and_all_silent_ports_are_a_controller_that_is_off() {
    let silent = one(&[port(CableRole::Lamps), healthy()]);
    assert_eq!((silent.kind, silent.cables.as_slice()), ("silent", [CableRole::Lamps].as_slice()));
    let off = one(&[port(CableRole::Lamps), port(CableRole::Service)]);
    assert_eq!((off.kind, off.cables.len()), ("nothing", 2));
}

#[test]
fn garbage_says_what_it_may_be_and_in_which_order_to_try() {
    let heard = Understood { bytes: 77, ..Understood::default() };
    let found = one(&[Seen { heard, ..port(CableRole::Lamps) }]);
    assert_eq!(found.kind, "garbage");
    assert!(found.change.contains("A and B of an RS-485 cable swapped"), "{}", found.change);
    assert!(found.seen.contains("115200"), "{}", found.seen);
}

#[test]
fn a_port_that_leads_elsewhere_alone_is_told_alone() {
    let camera = site().wiring.cameras[1].address;
    let proof = Proof {
        line: Line::n81(19_200),
        question: Some(Question::Connect(1, Crc::Modbus)),
        voice: Voice::ToCamera { camera, crc: Crc::Modbus },
    };
    let found = one(&[Seen { proof: Some(proof), ..port(CableRole::CameraA) }, healthy()]);
    assert_eq!((found.kind, found.cables.as_slice()), ("swapped", [CableRole::CameraA].as_slice()));
    assert!(found.change.contains("camera-b = \"/dev/camera-a\""), "{}", found.change);
}

#[test]
fn other_parity_at_the_same_rate_is_no_wrong_rate() {
    let proof = Proof { line: Line { baud: 19_200, bits: 11 }, question: None, voice: Voice::Lamps };
    let heard = Understood { bytes: 77, ..Understood::default() };
    let found = one(&[Seen { heard, proof: Some(proof), ..port(CableRole::Lamps) }]);
    assert_eq!(found.kind, "parity");
    assert!(found.change.contains("line = \"19200 8E1\""), "{}", found.change);
}

#[test]
fn a_slow_adapter_is_advice_and_comes_last() {
    let slow = Seen { collects: Some(("/dev/ttyUSB3".to_owned(), 16)), ..healthy() };
    let gone = Seen { trouble: Some(Trouble::Lost("unplugged".to_owned())), ..port(CableRole::Lamps) };
    let found = findings(&[slow, gone]);
    assert_eq!(found.iter().map(|one| one.kind).collect::<Vec<_>>(), ["lost", "latency"]);
    assert_eq!(found[1].severity, Severity::Advice);
    assert!(found[1].change.contains("ttyUSB3/latency_timer"), "{}", found[1].change);
    let quick = Seen { collects: Some(("/dev/ttyUSB3".to_owned(), 1)), ..healthy() };
    assert_eq!(findings(&[quick]), []);
}

#[test]
fn an_echo_and_a_camera_are_no_controller() {
    assert_eq!(one(&[Seen { echoes: true, ..port(CableRole::CameraA) }, healthy()]).kind, "echo");
    let proof = Proof {
        line: Line::n81(19_200),
        question: None,
        voice: Voice::AsCamera(site().wiring.cameras[0].address),
    };
    assert_eq!(one(&[Seen { proof: Some(proof), ..port(CableRole::CameraA) }, healthy()]).kind, "camera");
}

#[test]
fn a_sense_module_is_nobody_the_controller_could_be_blamed_for() {
    let mut site = library::find("yudaihe-beixiaoyuan-sensed").expect("built in");
    let heard = |unit| Understood { bytes: 99, inputs: vec![(unit, 9)], ..Understood::default() };
    let all = |unit| {
        [
            port(CableRole::Lamps),
            port(CableRole::Service),
            Seen { heard: heard(unit), ..port(CableRole::Sense) },
        ]
    };
    site.wiring.sense = site.wiring.sense.map(|sense| crate::site::SenseWiring { unit: 7, ..sense });
    let bench = Bench { wiring: &site.wiring, listened: Span::from_secs(12), cycle: Span::from_secs(90) };
    let kinds = |unit| diagnose(&bench, &all(unit)).iter().map(|one| one.kind).collect::<Vec<_>>();
    assert_eq!(kinds(7), ["nothing"]);
    assert_eq!(kinds(8), ["nothing", "unit"]);
}
