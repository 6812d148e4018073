//! From what was seen at the ports to what is wrong with the bench. No port, no clock: a record in, findings out.

use emulators::time::{Line, Span};
use emulators::wire::gbt43229::Address;

use super::ask::{Question, USUAL};
use super::street;
use super::understood::{Understood, Voice};
use super::words::{address, crc_name, seconds, set_timer, settings, voice_name};
use crate::driver::port::Hindrance;
use crate::site::{CableRole, Wiring};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// A run on this bench would say nothing about the controller.
    Wrong,
    /// A run is possible; this makes it better.
    Advice,
}

/// Something found, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing, for programs.
    pub kind: &'static str,
    /// How bad.
    pub severity: Severity,
    /// Cables concerned.
    pub cables: Vec<CableRole>,
    /// What is wrong.
    pub what: String,
    /// By what one knows.
    pub seen: String,
    /// What to change.
    pub change: String,
}

/// Why a port could not be listened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It could not be opened.
    Open(Hindrance, String),
    /// It went away meanwhile.
    Lost(String),
    /// The rig made it, and nobody opened the other end.
    NobodyThere(String),
}

/// A voice that was heard after changing something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// At which line settings.
    pub line: Line,
    /// After which question.
    pub question: Option<Question>,
    /// Who it was.
    pub voice: Voice,
}

/// What was seen at one cable's port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The cable.
    pub role: CableRole,
    /// The port as it was named.
    pub url: String,
    /// Why nothing could be seen.
    pub trouble: Option<Trouble>,
    /// What was heard at the site's line settings while the emulated bench was connected.
    pub heard: Understood,
    /// Whether the first thing heard after speaking was what had been said.
    pub echoes: bool,
    /// Whether the rig can set the port's rate; over a plain network port it cannot.
    pub sets_line: bool,
    /// What was heard after changing something.
    pub proof: Option<Proof>,
    /// Its adapter collects for so many milliseconds before it hands over: node and time.
    pub collects: Option<(String, u32)>,
}

/// What the findings are judged by.
#[derive(Clone, Copy, Debug)]
pub struct Bench<'a> {
    /// What should be where.
    pub wiring: &'a Wiring,
    /// How long one listened.
    pub listened: Span,
    /// How long a whole cycle of the site takes at most, with people waiting.
    pub cycle: Span,
}

/// Who is at a port, and how one knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) voice: Voice,
    pub(super) line: Line,
    pub(super) question: Option<Question>,
}

impl Seen {
    pub(super) fn found(&self, wiring: &Wiring) -> Option<Found> {
        let own = line_of(self.role, wiring);
        if let Some(voice) = self.heard.voice() {
            return Some(Found { voice, line: own, question: None });
        }
        self.proof.map(|proof| Found { voice: proof.voice, line: proof.line, question: proof.question })
    }
}

pub(super) fn line_of(role: CableRole, wiring: &Wiring) -> Line {
    wiring.cables[role.index()].map_or(Line::n81(9_600), |cable| cable.line)
}

/// All findings, the worst first, in the order of the cables.
#[must_use]
pub fn diagnose(bench: &Bench<'_>, seen: &[Seen]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let off = nothing_at_all(bench, seen);
    let off_too = off.is_some();
    findings.extend(off);
    findings.extend(swapped(bench, seen));
    for port in seen.iter().filter(|port| !(off_too && port.role.is_controllers())) {
        findings.extend(one_port(bench, port));
    }
    for port in seen {
        findings.extend(collects(port));
    }
    findings.sort_by_key(|finding| finding.severity == Severity::Advice);
    findings
}

pub(super) fn wrong(
    kind: &'static str,
    cables: &[CableRole],
    what: String,
    seen: String,
    change: String,
) -> Finding {
    Finding { kind, severity: Severity::Wrong, cables: cables.to_vec(), what, seen, change }
}

/// All ports that could be opened are silent: that has one reason, not six.
fn nothing_at_all(bench: &Bench<'_>, seen: &[Seen]) -> Option<Finding> {
    let open = |port: &&Seen| !matches!(port.trouble, Some(Trouble::Open(..) | Trouble::Lost(_)));
    let silent = |port: &Seen| port.heard.bytes == 0 && port.proof.is_none();
    let its: Vec<&Seen> = seen.iter().filter(|port| port.role.is_controllers()).collect();
    let all: Vec<CableRole> = its.iter().copied().filter(open).map(|port| port.role).collect();
    if all.len() < 2 || all.len() < its.len() || !its.into_iter().all(silent) {
        return None;
    }
    Some(wrong(
        "nothing",
        &all,
        "the controller says nothing at any port".to_owned(),
        format!(
            "no byte came at {} ports in {} s, nor in answer to any question",
            all.len(),
            seconds(bench.listened)
        ),
        "is it switched on? Are these its cables?".to_owned(),
    ))
}

/// Ports at which another cable's partner answers: pairs are told as pairs.
fn swapped(bench: &Bench<'_>, seen: &[Seen]) -> Vec<Finding> {
    let leads_to = |port: &Seen| {
        port.found(bench.wiring)
            .and_then(|found| found.voice.belongs_to(bench.wiring))
            .filter(|to| *to != port.role)
    };
    let mut told = Vec::new();
    let mut findings = Vec::new();
    for port in seen {
        let Some(to) = leads_to(port).filter(|_| !told.contains(&port.role)) else { continue };
        let (here, there) = (port.role.name(), to.name());
        let partner = seen.iter().find(|other| other.role == to && leads_to(other) == Some(port.role));
        let mut evidence = vec![evidence(bench, port)];
        let finding = if let Some(partner) = partner {
            told.push(to);
            evidence.push(self::evidence(bench, partner));
            let change = format!(
                "swap the two plugs, or in the ports file write `{here} = \"{}\"` and `{there} = \"{}\"`",
                partner.url, port.url
            );
            let what = format!(
                "{here} is plugged where {there} should be, and {there} where {here} should be: swap them"
            );
            wrong("swapped", &[port.role, to], what, evidence.join("; "), change)
        } else {
            let what = format!("the port of {here} leads to where {there} should be plugged");
            let change = format!(
                "plug {there} there: in the ports file write `{there} = \"{}\"`, and look for {here}'s own port",
                port.url
            );
            wrong("swapped", &[port.role], what, evidence.join("; "), change)
        };
        findings.push(finding);
    }
    findings
}

/// What was seen of a voice, as a sentence.
fn evidence(bench: &Bench<'_>, port: &Seen) -> String {
    let Some(found) = port.found(bench.wiring) else { return String::new() };
    let asked = match found.question {
        None => String::new(),
        Some(Question::Connect(side, crc)) => {
            format!(", asked as {} ({} checksum)", CableRole::ALL[side.min(1)].name(), crc_name(crc))
        }
        Some(Question::Service(unit) | Question::Sense(unit)) => format!(", asked as unit {unit}"),
    };
    format!("at {}'s port{asked}, one hears {}", port.role.name(), voice_name(bench.wiring, found.voice))
}

/// What is wrong with one port for itself.
fn one_port(bench: &Bench<'_>, port: &Seen) -> Vec<Finding> {
    let wiring = bench.wiring;
    if let Some(trouble) = &port.trouble {
        return vec![trouble_of(port, trouble)];
    }
    if port.echoes {
        return vec![echo(port)];
    }
    let Some(found) = port.found(wiring) else {
        return vec![if port.heard.bytes == 0 { silent(bench, port) } else { garbage(port) }];
    };
    if let Voice::AsCamera(camera) = found.voice {
        return vec![a_camera(port, camera)];
    }
    // Who belongs elsewhere is told there; its line settings still matter.
    let at_home = found.voice.belongs_to(wiring).unwrap_or(port.role);
    let mut findings = Vec::new();
    findings.extend(line_settings(wiring, port, at_home, found));
    findings.extend(street::variant(wiring, port, found));
    if at_home == port.role && findings.is_empty() {
        findings.extend(match port.role {
            CableRole::Lamps => street::heads(bench, port),
            CableRole::Countdown => street::displays(bench, port),
            CableRole::CameraA
            | CableRole::CameraB
            | CableRole::Feedback
            | CableRole::Service
            | CableRole::Sense => Vec::new(),
        });
    }
    findings
}

fn trouble_of(port: &Seen, trouble: &Trouble) -> Finding {
    let name = port.role.name();
    match trouble {
        Trouble::Open(hindrance, why) => {
            let (kind, change) = match hindrance {
                Hindrance::Busy => ("busy", "end the other program, or name another port".to_owned()),
                Hindrance::Twice => ("twice", "give every cable a port of its own".to_owned()),
                Hindrance::Forbidden => ("permission", "see what `rig ports` says of it".to_owned()),
                Hindrance::Missing => (
                    "missing",
                    format!("plug it in, or name another port for {name} (`rig ports` lists them)"),
                ),
                Hindrance::NoPort => {
                    ("no-port", format!("name a serial port for {name} (`rig ports` lists them)"))
                }
                Hindrance::Unreachable => {
                    ("unreachable", "start the port server, or correct host and port".to_owned())
                }
                Hindrance::System => ("system", "mend that on this machine, then try again".to_owned()),
            };
            wrong(kind, &[port.role], format!("the port of {name} cannot be opened"), why.clone(), change)
        }
        Trouble::Lost(why) => wrong(
            "lost",
            &[port.role],
            format!("the port of {name} went away while it was listened to"),
            why.clone(),
            "look at its plug; an adapter that resets itself needs another cable or hub".to_owned(),
        ),
        Trouble::NobodyThere(link) => wrong(
            "silent",
            &[port.role],
            format!("nobody has opened the other end of {name}"),
            format!("{link} was there all the time"),
            format!("start the controller with {name} on {link}"),
        ),
    }
}

fn echo(port: &Seen) -> Finding {
    let name = port.role.name();
    wrong(
        "echo",
        &[port.role],
        format!("the port of {name} hears its own words"),
        "what came back is what had just been sent".to_owned(),
        "switch the adapter's echo off (RS-485), or take the loop-back plug out".to_owned(),
    )
}

fn a_camera(port: &Seen, camera: Address) -> Finding {
    wrong(
        "camera",
        &[port.role],
        format!("at the port of {} there is a camera, not the controller", port.role.name()),
        format!("it speaks as {}", address(camera)),
        "the rig stands in for the camera: plug the cable into the controller".to_owned(),
    )
}

fn silent(bench: &Bench<'_>, port: &Seen) -> Finding {
    let name = port.role.name();
    let more = match port.role {
        CableRole::CameraA | CableRole::CameraB => {
            let camera = &bench.wiring.cameras[port.role.index()];
            format!(
                "if all that is right, the controller may expect other addresses than {} (camera) and {} (itself)",
                address(camera.address),
                address(bench.wiring.controller)
            )
        }
        CableRole::Service => "if all that is right, its unit may be another".to_owned(),
        CableRole::Sense => "has the module its supply? Its unit may be another".to_owned(),
        CableRole::Lamps | CableRole::Feedback | CableRole::Countdown => {
            "if all that is right, the controller does not use this cable".to_owned()
        }
    };
    let asked = match port.role {
        CableRole::CameraA | CableRole::CameraB | CableRole::Service | CableRole::Sense if port.sets_line => {
            format!("; nor in answer to questions at {} rates, in every variant", USUAL.len())
        }
        _ => "; nor in answer to questions of other cables' devices".to_owned(),
    };
    wrong(
        "silent",
        &[port.role],
        format!("the port of {name} is silent"),
        format!("no byte in {} s{asked}", seconds(bench.listened)),
        format!(
            "is the cable plugged in at the controller? Are A and B (or RX and TX) the wrong way round? {more}"
        ),
    )
}

fn garbage(port: &Seen) -> Finding {
    let name = port.role.name();
    let rates: Vec<String> = USUAL.iter().map(u32::to_string).collect();
    let tried = if port.sets_line {
        format!("at none of {} baud are they frames", rates.join(", "))
    } else {
        "the rig cannot set this port's rate".to_owned()
    };
    wrong(
        "garbage",
        &[port.role],
        format!("what comes at the port of {name} is garbage"),
        format!("{} bytes, none of them in a frame; {tried}", port.heard.bytes),
        "in this order: wires A and B of an RS-485 cable swapped (swapping them does no harm: try it); an unusual \
         rate, or another parity or number of data bits at the controller; no common ground"
            .to_owned(),
    )
}

/// The far end speaks at other settings than the site file says.
fn line_settings(wiring: &Wiring, port: &Seen, at_home: CableRole, found: Found) -> Option<Finding> {
    let says = line_of(at_home, wiring);
    // Where any rate gets through, none can be told.
    if found.line == says || !port.sets_line {
        return None;
    }
    let (name, home) = (port.role.name(), at_home.name());
    let is = found.line;
    let kind = if is.baud == says.baud { "parity" } else { "baud" };
    Some(wrong(
        kind,
        &[port.role],
        format!(
            "{name}: the controller's port is set to {}, the site file says {}",
            settings(is),
            settings(says)
        ),
        format!(
            "at {} {}; at {} one hears {}",
            settings(says),
            if port.heard.bytes == 0 {
                "nothing was answered".to_owned()
            } else {
                format!("{} bytes were garbage", port.heard.bytes)
            },
            settings(is),
            voice_name(wiring, found.voice)
        ),
        format!(
            "set the controller's port, or write `line = \"{}\"` in [wiring.{home}] of the site file",
            settings(is)
        ),
    ))
}

fn collects(port: &Seen) -> Option<Finding> {
    let (node, ms) = port.collects.as_ref().filter(|(_, ms)| *ms > 1)?;
    Some(Finding {
        kind: "latency",
        severity: Severity::Advice,
        cables: vec![port.role],
        what: format!(
            "{}: its adapter collects for {ms} ms: every instant is known to {ms} ms only",
            port.role.name()
        ),
        seen: format!("latency timer of {node}"),
        change: format!(
            "`{}` (until it is plugged in again; `rig ports` shows the rule that lasts)",
            set_timer(node)
        ),
    })
}
