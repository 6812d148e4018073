//! What is wrong behind a port that is the right one: variants, numbers, heads that are never told anything.

use emulators::wire::modbus::Request;

use super::diagnose::{Bench, Finding, Found, Seen, Severity, wrong};
use super::understood::Voice;
use super::words::{address, crc_name, edition_name, seconds};
use crate::site::{CableRole, Wiring};

/// Commands to a head after its twin's first change, before it is said that the head does not follow: the two are
/// written one after the other, and one of them may be lost.
const FOLLOWS_WITHIN: usize = 4;

/// The right partner speaks another variant: a checksum, an address, an edition, a unit.
pub(super) fn variant(wiring: &Wiring, port: &Seen, found: Found) -> Option<Finding> {
    let (role, name) = (port.role, port.role.name());
    match (role, found.voice) {
        (_, Voice::ToCamera { camera, crc }) => {
            let home = found.voice.belongs_to(wiring);
            let (wired, table) = match home {
                Some(home) => (&wiring.cameras[home.index()], home.name()),
                None => return Some(stranger(wiring, port, camera)),
            };
            (crc != wired.crc).then(|| {
                wrong(
                    "crc",
                    &[role],
                    format!(
                        "{name}: the controller's checksum is `{}`, the site file says `{}`",
                        crc_name(crc),
                        crc_name(wired.crc)
                    ),
                    format!("its frames are valid under `{}` and only there", crc_name(crc)),
                    format!(
                        "set the controller, or write `crc = \"{}\"` in [wiring.{table}] of the site file",
                        crc_name(crc)
                    ),
                )
            })
        }
        (CableRole::Countdown, Voice::Countdown(edition)) if edition != wiring.countdown.edition => {
            Some(wrong(
                "edition",
                &[role],
                format!(
                    "{name}: the controller broadcasts in the edition of {}, the site file says {}",
                    edition_name(edition),
                    edition_name(wiring.countdown.edition)
                ),
                format!("its frames are valid in the edition of {} and only there", edition_name(edition)),
                format!(
                    "set the controller, or write `edition = {}` in [wiring.countdown] of the site file",
                    edition_name(edition)
                ),
            ))
        }
        (CableRole::Feedback, Voice::Feedback(unit)) if unit != wiring.feedback.unit => {
            Some(other_unit(port, unit, wiring.feedback.unit, "asks", "it never asks"))
        }
        (CableRole::Sense, Voice::Sense(unit)) => wiring
            .sense
            .filter(|sense| sense.unit != unit)
            .map(|sense| other_unit(port, unit, sense.unit, "answers as", "it does not answer as")),
        (CableRole::Service, Voice::Service(unit)) => wiring
            .service
            .filter(|service| service.unit != unit)
            .map(|service| other_unit(port, unit, service.unit, "answers as", "it does not answer as")),
        _ => None,
    }
}

fn stranger(wiring: &Wiring, port: &Seen, camera: emulators::wire::gbt43229::Address) -> Finding {
    let name = port.role.name();
    let says = match port.role {
        CableRole::CameraA | CableRole::CameraB => address(wiring.cameras[port.role.index()].address),
        _ => "no camera here".to_owned(),
    };
    wrong(
        "address",
        &[port.role],
        format!("{name}: the controller speaks to camera {}, the site file says {says}", address(camera)),
        "by the receiver's address in its frames".to_owned(),
        format!(
            "set the controller, or write `address = \"{}\"` in [wiring.{name}] of the site file",
            address(camera)
        ),
    )
}

fn other_unit(port: &Seen, is: u8, says: u8, verb: &str, not: &str) -> Finding {
    let name = port.role.name();
    let who = if port.role == CableRole::Sense { "module" } else { "controller" };
    wrong(
        "unit",
        &[port.role],
        format!("{name}: the {who} {verb} unit {is}, the site file says {says}"),
        format!("by the unit in its frames; {not} unit {says}"),
        format!("set the {who}, or write `unit = {is}` in [wiring.{name}] of the site file"),
    )
}

/// The bus's units by name.
fn units(wiring: &Wiring) -> [(u8, &'static str); 6] {
    let ([va, vb], [pa, pb]) = (wiring.lamps.vehicle, wiring.lamps.pedestrian);
    let [posta, postb] = wiring.lamps.posts;
    [
        (va, "vehicle head A"),
        (vb, "vehicle head B"),
        (pa, "pedestrian head A"),
        (pb, "pedestrian head B"),
        (posta, "light post A"),
        (postb, "light post B"),
    ]
}

/// Heads and posts that nobody writes to, or whose commands do not follow those of their twins.
pub(super) fn heads(bench: &Bench<'_>, port: &Seen) -> Vec<Finding> {
    let units = units(bench.wiring);
    let writes = &port.heard.writes;
    let written = |unit: u8| writes.iter().any(|(to, _)| *to == unit || *to == 0);
    let mut strangers: Vec<u8> = writes.iter().map(|(to, _)| *to).filter(|to| *to != 0).collect();
    strangers.sort_unstable();
    strangers.dedup();
    strangers.retain(|to| units.iter().all(|(unit, _)| unit != to));
    let missing: Vec<(u8, &str)> = units.into_iter().filter(|(unit, _)| !written(*unit)).collect();
    let mut findings: Vec<Finding> =
        missing.iter().map(|(unit, who)| never_written(bench, *unit, who, &strangers)).collect();
    if missing.is_empty() && !strangers.is_empty() {
        findings.push(nobody(&strangers));
    }
    findings.extend(pairs(bench, &units[..4], writes));
    findings
}

fn never_written(bench: &Bench<'_>, unit: u8, who: &str, strangers: &[u8]) -> Finding {
    let (seen, change) = if strangers.is_empty() {
        (
            "the other units are written to".to_owned(),
            format!("tell the controller that {who} is unit {unit}, or correct its number in [wiring.lamps]"),
        )
    } else {
        let list: Vec<String> = strangers.iter().map(u8::to_string).collect();
        (
            format!("it writes to unit {} instead, which nobody is", list.join(", ")),
            format!(
                "one of the two numbers is wrong: set {unit} at the controller, or {} in [wiring.lamps] of the site file",
                list.join(" or ")
            ),
        )
    };
    wrong(
        "never-written",
        &[CableRole::Lamps],
        format!("{who} (unit {unit}) never changes: the controller never writes to it"),
        format!("not one command to unit {unit} in {} s; {seen}", seconds(bench.listened)),
        change,
    )
}

fn nobody(strangers: &[u8]) -> Finding {
    let list: Vec<String> = strangers.iter().map(u8::to_string).collect();
    Finding {
        kind: "extra-unit",
        severity: Severity::Advice,
        cables: vec![CableRole::Lamps],
        what: format!("lamps: the controller also writes to unit {}, which nobody is", list.join(", ")),
        seen: "all units of the site file are written to as well".to_owned(),
        change: "nothing, if the controller has more outputs than this site; those commands time out"
            .to_owned(),
    }
}

/// Two heads of a kind are told the same. Where one is told something new and the other is not, it is stuck.
fn pairs(bench: &Bench<'_>, heads: &[(u8, &'static str)], writes: &[(u8, Request)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for pair in heads.chunks(2) {
        let [first, second] = pair else { continue };
        for (head, twin) in [(first, second), (second, first)] {
            if let Some(after) = commands_after_first_change(writes, twin.0, head.0)
                && after >= FOLLOWS_WITHIN
                && first_change(writes, head.0).is_none()
            {
                findings.push(stuck(bench, *head, twin.1));
            }
        }
        let both = [first, second].map(|head| first_change(writes, head.0).is_none());
        if both == [true, true]
            && bench.listened >= bench.cycle
            && pair.iter().all(|head| written(writes, head.0))
        {
            findings.push(never_changes(bench, first.1, second.1));
        }
    }
    findings
}

fn written(writes: &[(u8, Request)], unit: u8) -> bool {
    writes.iter().any(|(to, _)| *to == unit)
}

/// What a head is told about its lamps; its watchdog is no lamp.
fn lamps(request: &Request) -> bool {
    matches!(request, Request::WriteCoils(..) | Request::WriteCoil(..))
}

/// Where a unit is told something about its lamps that it was not told before.
fn first_change(writes: &[(u8, Request)], unit: u8) -> Option<usize> {
    let mut told: Option<&Request> = None;
    for (place, (_, request)) in
        writes.iter().enumerate().filter(|(_, (to, what))| *to == unit && lamps(what))
    {
        if told.is_some_and(|before| before != request) {
            return Some(place);
        }
        told = Some(request);
    }
    None
}

fn commands_after_first_change(writes: &[(u8, Request)], twin: u8, head: u8) -> Option<usize> {
    let change = first_change(writes, twin)?;
    Some(writes[change..].iter().filter(|(to, what)| *to == head && lamps(what)).count())
}

fn stuck(bench: &Bench<'_>, (unit, who): (u8, &str), twin: &str) -> Finding {
    wrong(
        "stuck",
        &[CableRole::Lamps],
        format!(
            "{who} (unit {unit}) never changes: it is told the same all the time, while {twin} is told new things"
        ),
        format!("by the commands on the bus, in {} s", seconds(bench.listened)),
        format!("look at the controller's output for {who}, and at which unit it has there"),
    )
}

fn never_changes(bench: &Bench<'_>, first: &str, second: &str) -> Finding {
    wrong(
        "stuck",
        &[CableRole::Lamps],
        format!("{first} and {second} never change"),
        format!(
            "told the same for {} s, though people waited at both kerbs, who are served within {} s",
            seconds(bench.listened),
            seconds(bench.cycle)
        ),
        "is the controller in automatic mode? Does it see the cameras?".to_owned(),
    )
}

/// Displays that the broadcast does not name.
pub(super) fn displays(bench: &Bench<'_>, port: &Seen) -> Vec<Finding> {
    let wiring = &bench.wiring.countdown;
    let named = &port.heard.displays;
    let missing: Vec<String> = wiring
        .vehicle
        .iter()
        .chain(&wiring.pedestrian)
        .filter(|number| !named.contains(number))
        .map(u8::to_string)
        .collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let named: Vec<String> = named.iter().map(u8::to_string).collect();
    vec![wrong(
        "display",
        &[CableRole::Countdown],
        format!("countdown: display {} is never told anything", missing.join(", ")),
        format!("the broadcasts name {}", named.join(", ")),
        "set the numbers at the controller, or in [wiring.countdown] of the site file".to_owned(),
    )]
}

#[cfg(test)]
mod tests {
    use super::super::diagnose::diagnose;
    use super::super::understood::Understood;
    use super::*;
    use crate::site::{Site, library};
    use emulators::time::Span;

    fn site() -> Site {
        library::find("yudaihe-beixiaoyuan").expect("built in")
    }

    /// A lamp bus that says this, in order: unit, lamps.
    fn findings(writes: &[(u8, [bool; 3])], listened: Span) -> Vec<Finding> {
        let site = site();
        let writes = writes
            .iter()
            .map(|(unit, lamps)| (*unit, Request::WriteCoils(0, lamps.iter().copied().collect())));
        let heard = Understood { bytes: 1_000, writes: writes.collect(), ..Understood::default() };
        let port = Seen {
            role: CableRole::Lamps,
            url: "/dev/ttyUSB0".to_owned(),
            trouble: None,
            heard,
            echoes: false,
            sets_line: true,
            proof: None,
            collects: None,
        };
        diagnose(&Bench { wiring: &site.wiring, listened, cycle: Span::from_secs(90) }, &[port])
    }

    const RED: [bool; 3] = [true, false, false];
    const GREEN: [bool; 3] = [false, true, false];

    fn round(states: [[bool; 3]; 6]) -> Vec<(u8, [bool; 3])> {
        (1..=6).zip(states).collect()
    }

    #[test]
    fn a_head_that_is_told_the_same_while_its_twin_is_told_new_things_is_stuck() {
        let mut writes = round([RED; 6]);
        (0..=FOLLOWS_WITHIN).for_each(|_| writes.extend(round([RED, RED, RED, GREEN, RED, RED])));
        let found = findings(&writes, Span::from_secs(12));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0].kind, "stuck");
        assert!(found[0].what.starts_with("pedestrian head A (unit 3) never changes"), "{}", found[0].what);
    }

    #[test]
    fn twins_between_whose_commands_the_listening_ended_are_not_stuck() {
        let mut writes = round([RED; 6]);
        writes.extend(round([RED, RED, RED, GREEN, RED, RED]));
        assert_eq!(findings(&writes, Span::from_secs(12)), []);
    }

    #[test]
    fn twins_that_never_change_are_stuck_only_after_a_whole_cycle() {
        let writes: Vec<_> = (0..20)
            .flat_map(|n| round([[RED, GREEN][n % 2], [RED, GREEN][n % 2], RED, RED, RED, RED]))
            .collect();
        assert_eq!(findings(&writes, Span::from_secs(89)), []);
        let found = findings(&writes, Span::from_secs(90));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].what.contains("pedestrian head A and pedestrian head B never change"));
    }
}
