//! What is tried at a port that does not speak as expected: other line settings, other questions.

use std::time::Duration;

use emulators::time::Line;
use emulators::wire::gbt43229::{Crc, Message};
use emulators::wire::modbus::{Request, emit_request};
use emulators::wire::service_map as map;

use crate::site::{CableRole, Wiring};

/// Rates that are tried, the commonest first.
pub(super) const USUAL: [u32; 8] = [9_600, 19_200, 38_400, 57_600, 115_200, 4_800, 2_400, 1_200];
/// How long a controller may think about a question.
const THINKING: Duration = Duration::from_millis(250);
/// How long a broadcaster or a client is listened to: both speak at least once a second, and twice is needed.
const SPEAKING: Duration = Duration::from_millis(2_300);
/// Units that are tried at a service or sense port that does not answer under its own.
const UNITS: [u8; 6] = [1, 2, 3, 10, 100, 247];

/// Something that a controller answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// A camera asks to connect: which one (0 = A), and in which checksum.
    Connect(usize, Crc),
    /// A panel reads the first register of this unit.
    Service(u8),
    /// A poller reads the first input of this unit.
    Sense(u8),
}

impl Question {
    /// As bytes.
    #[must_use]
    pub fn bytes(self, wiring: &Wiring) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self {
            Question::Connect(side, crc) => {
                let camera = &wiring.cameras[side.min(1)];
                Message::ConnectRequest
                    .packet(camera.address, wiring.controller, camera.crosswalk_info_len)
                    .emit(crc, &mut bytes);
            }
            Question::Service(unit) => {
                emit_request(unit, &Request::ReadInputs(map::MODE, 1), &mut bytes);
            }
            Question::Sense(unit) => emit_request(unit, &Request::ReadDiscreteInputs(0, 1), &mut bytes),
        }
        bytes
    }
}

/// One attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    /// At which line settings.
    pub line: Line,
    /// What is asked; without it one only listens.
    pub question: Option<Question>,
    /// How long one waits.
    pub patience: Duration,
}

/// What a port carried while the bench was connected to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symptom {
    /// Nothing at all.
    Silent,
    /// Bytes that are nothing.
    Garbage,
}

/// What is tried at a port, the likeliest first. `sets_line`: whether the port's line settings can be changed;
/// `parity`: whether they include a parity.
#[must_use]
pub(super) fn attempts(
    role: CableRole,
    wiring: &Wiring,
    symptom: Symptom,
    sets_line: bool,
    parity: bool,
) -> Vec<Attempt> {
    let own = wiring.cables[role.index()].map_or(Line::n81(19_200), |cable| cable.line);
    let ask = |line: Line, question| Attempt { line, question: Some(question), patience: patience(line) };
    let mut all = Vec::new();
    if symptom == Symptom::Silent {
        all.extend(questions(role, wiring).into_iter().map(|question| ask(own, question)));
    }
    if !sets_line {
        return all;
    }
    let mut lines = Vec::new();
    if parity {
        lines.push(Line { baud: own.baud, bits: if own.bits > 10 { 10 } else { 11 } });
    }
    lines
        .extend(USUAL.into_iter().filter(|baud| *baud != own.baud).map(|baud| Line { baud, bits: own.bits }));
    for line in lines {
        // Who is spoken to answers; whoever speaks unasked is heard meanwhile.
        let asked: Vec<Attempt> = first_questions(role, wiring).into_iter().map(|q| ask(line, q)).collect();
        let listens = asked.is_empty() || symptom == Symptom::Garbage;
        all.extend(asked);
        if listens && symptom == Symptom::Garbage {
            all.push(Attempt { line, question: None, patience: SPEAKING });
        }
    }
    all
}

/// Question and answer are some 30 characters each.
fn patience(line: Line) -> Duration {
    THINKING + Duration::from_micros(line.time_of(64).as_us())
}

/// What a cable's own device would ask.
fn first_questions(role: CableRole, wiring: &Wiring) -> Vec<Question> {
    match role {
        CableRole::CameraA | CableRole::CameraB => {
            let own = role.index();
            vec![
                Question::Connect(own, wiring.cameras[own].crc),
                Question::Connect(own, other(wiring.cameras[own].crc)),
            ]
        }
        CableRole::Service => {
            wiring.service.map(|service| Question::Service(service.unit)).into_iter().collect()
        }
        CableRole::Sense => wiring.sense.map(|sense| Question::Sense(sense.unit)).into_iter().collect(),
        CableRole::Lamps | CableRole::Feedback | CableRole::Countdown => Vec::new(),
    }
}

/// All that anybody could be asked, what this cable's own device would ask first.
fn questions(role: CableRole, wiring: &Wiring) -> Vec<Question> {
    let mut all = first_questions(role, wiring);
    for side in [0, 1] {
        let crc = wiring.cameras[side].crc;
        all.extend([Question::Connect(side, crc), Question::Connect(side, other(crc))]);
    }
    if let Some(service) = wiring.service {
        all.push(Question::Service(service.unit));
    }
    if let Some(sense) = wiring.sense {
        all.push(Question::Sense(sense.unit));
    }
    match role {
        CableRole::Service => all.extend(UNITS.map(Question::Service)),
        CableRole::Sense => all.extend(UNITS.map(Question::Sense)),
        CableRole::CameraA
        | CableRole::CameraB
        | CableRole::Lamps
        | CableRole::Feedback
        | CableRole::Countdown => {}
    }
    let mut seen = Vec::new();
    all.retain(|question| {
        let new = !seen.contains(question);
        seen.push(*question);
        new
    });
    all
}

const fn other(crc: Crc) -> Crc {
    match crc {
        Crc::Modbus => Crc::Cms,
        Crc::Cms => Crc::Modbus,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::library;

    #[test]
    fn a_silent_camera_port_is_asked_as_itself_then_as_everybody_else() {
        let wiring = library::find("yudaihe-beixiaoyuan").expect("built in").wiring;
        let all = attempts(CableRole::CameraA, &wiring, Symptom::Silent, true, false);
        assert_eq!(all[0].question, Some(Question::Connect(0, Crc::Modbus)));
        assert_eq!(all[1].question, Some(Question::Connect(0, Crc::Cms)));
        assert_eq!(all[2].question, Some(Question::Connect(1, Crc::Modbus)));
        assert!(all.iter().any(|attempt| attempt.line.baud == 115_200));
        let long: Duration = all.iter().map(|attempt| attempt.patience).sum();
        assert!(long < Duration::from_secs(15), "{long:?}");
    }

    #[test]
    fn a_silent_bus_is_not_searched_at_other_rates() {
        let wiring = library::find("yudaihe-beixiaoyuan").expect("built in").wiring;
        let all = attempts(CableRole::Lamps, &wiring, Symptom::Silent, true, true);
        assert!(all.iter().all(|attempt| attempt.line == Line::n81(19_200) && attempt.question.is_some()));
    }
}
