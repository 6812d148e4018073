//! What bytes at a port are: which protocol, for whom, how often. Whatever they are, they do no harm.

use std::collections::BTreeSet;

use emulators::wire::Parsed;
use emulators::wire::gat508::{self, Edition};
use emulators::wire::gbt43229::{self, Address, Crc};
use emulators::wire::modbus::{Request, Response, parse_request, parse_response};

use super::ask::Question;
use crate::site::{CableRole, Wiring};

/// Writes that are remembered: half an hour of a lamp bus.
const WRITES_MAX: usize = 20_000;
/// Frames of a broadcast or of a client that are needed before they are believed: the checksums of these protocols
/// have 7 to 16 bits, and garbage comes in large numbers.
const CERTAIN: u32 = 2;

/// What one port's bytes are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Understood {
    /// Bytes in all.
    pub bytes: usize,
    /// Frames of GB/T 43229: checksum, sender, receiver, how many.
    pub cameras: Vec<(Crc, Address, Address, u32)>,
    /// Writes on a Modbus bus, in order: unit, and what is written.
    pub writes: Vec<(u8, Request)>,
    /// Questions for discrete inputs: unit, how many.
    pub polls: Vec<(u8, u32)>,
    /// Answers with input registers: unit, how many.
    pub answers: Vec<(u8, u32)>,
    /// Answers with discrete inputs: unit, how many.
    pub inputs: Vec<(u8, u32)>,
    /// Countdown broadcasts: edition, how many.
    pub broadcasts: Vec<(Edition, u32)>,
    /// Displays named in them.
    pub displays: BTreeSet<u8>,
}

/// What somebody at the far end is, as far as it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// Speaks to a camera.
    ToCamera {
        /// To which.
        camera: Address,
        /// In which checksum.
        crc: Crc,
    },
    /// Speaks as a camera: no controller, or our own words coming back.
    AsCamera(Address),
    /// A client that writes to lamps and posts.
    Lamps,
    /// A client that asks for discrete inputs, of this unit.
    Feedback(u8),
    /// Broadcasts countdowns.
    Countdown(Edition),
    /// Answers as this unit.
    Service(u8),
    /// A module that answers with its inputs, as this unit.
    Sense(u8),
}

impl Understood {
    /// Looks for frames of every protocol that a crossing's cables carry.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Understood {
        let mut found = Understood { bytes: bytes.len(), ..Understood::default() };
        for crc in [Crc::Modbus, Crc::Cms] {
            found.look_for_cameras(bytes, crc);
        }
        for edition in [Edition::Y2014, Edition::Y2004] {
            found.look_for_broadcasts(bytes, edition);
        }
        found.look_for_modbus(bytes);
        found
    }

    /// The one voice that is heard most, if it is certain.
    #[must_use]
    pub fn voice(&self) -> Option<Voice> {
        let camera = self.cameras.iter().map(|(crc, sender, receiver, count)| {
            let voice = if sender.kind & Address::CAMERA != 0 {
                Voice::AsCamera(*sender)
            } else {
                Voice::ToCamera { camera: *receiver, crc: *crc }
            };
            // Sixteen bits of checksum, two delimiters and a header that makes sense: one is enough.
            (voice, count.saturating_mul(CERTAIN))
        });
        let answers = self.answers.iter().map(|(unit, count)| (Voice::Service(*unit), *count));
        let inputs = self.inputs.iter().map(|(unit, count)| (Voice::Sense(*unit), *count));
        let polls = self.polls.iter().map(|(unit, count)| (Voice::Feedback(*unit), *count));
        let broadcasts = self.broadcasts.iter().map(|(edition, count)| (Voice::Countdown(*edition), *count));
        let writes = (Voice::Lamps, u32::try_from(self.writes.len()).unwrap_or(u32::MAX));
        let all = camera.chain(answers).chain(inputs).chain(polls).chain(broadcasts).chain([writes]);
        all.filter(|(_, count)| *count >= CERTAIN).max_by_key(|(_, count)| *count).map(|(voice, _)| voice)
    }

    /// Who answered a question. An answer under the unit that was asked needs no second one.
    #[must_use]
    pub fn answer_to(&self, question: Option<Question>) -> Option<Voice> {
        let among = |answers: &[(u8, u32)], asked: u8| answers.iter().any(|(unit, _)| *unit == asked);
        match question {
            Some(Question::Service(unit)) if among(&self.answers, unit) => Some(Voice::Service(unit)),
            Some(Question::Sense(unit)) if among(&self.inputs, unit) => Some(Voice::Sense(unit)),
            Some(Question::Service(_) | Question::Sense(_) | Question::Connect(..)) | None => self.voice(),
        }
    }

    fn look_for_cameras(&mut self, bytes: &[u8], crc: Crc) {
        let mut decoder = gbt43229::Decoder::new(crc);
        for chunk in bytes.chunks(4_096) {
            decoder.push(chunk);
            loop {
                match decoder.poll() {
                    Parsed::NeedMore => break,
                    Parsed::Reject { .. } => {}
                    Parsed::Frame { frame, .. } => {
                        let mut of = self.cameras.iter_mut().filter(|(variant, sender, receiver, _)| {
                            (*variant, *sender, *receiver) == (crc, frame.sender, frame.receiver)
                        });
                        match of.next() {
                            Some(known) => known.3 += 1,
                            None => self.cameras.push((crc, frame.sender, frame.receiver, 1)),
                        }
                    }
                }
            }
        }
    }

    fn look_for_broadcasts(&mut self, bytes: &[u8], edition: Edition) {
        let mut decoder = gat508::Decoder::new(edition);
        for chunk in bytes.chunks(1_024) {
            decoder.push(chunk);
            loop {
                match decoder.poll() {
                    Parsed::NeedMore => break,
                    Parsed::Reject { .. } => {}
                    Parsed::Frame { frame, .. } => {
                        count(&mut self.broadcasts, edition);
                        self.displays.extend(frame.iter().map(|entry| entry.number));
                    }
                }
            }
        }
    }

    /// Borders between reads mean nothing, so every place is tried; only functions that our cables carry count, as
    /// for others any length would do and garbage would fit too often.
    fn look_for_modbus(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            at += match rest.get(1).copied() {
                Some(0x01..=0x06 | 0x0f | 0x10 | 0x82 | 0x84) => self.modbus_frame(rest).unwrap_or(1),
                Some(_) | None => 1,
            };
        }
    }

    /// A frame at the front, and how long it is.
    fn modbus_frame(&mut self, bytes: &[u8]) -> Option<usize> {
        if let Parsed::Frame { frame: (unit, request), used } = parse_request(bytes) {
            match request {
                Request::WriteCoil(..)
                | Request::WriteRegister(..)
                | Request::WriteCoils(..)
                | Request::WriteRegisters(..) => {
                    if self.writes.len() < WRITES_MAX {
                        self.writes.push((unit, request));
                    }
                    return Some(used);
                }
                Request::ReadDiscreteInputs(..) => {
                    count(&mut self.polls, unit);
                    return Some(used);
                }
                Request::ReadCoils(..) | Request::ReadHolding(..) | Request::ReadInputs(..) => {
                    return Some(used);
                }
                Request::Other(..) => {}
            }
        }
        match parse_response(bytes) {
            Parsed::Frame { frame: (unit, Response::Registers(4, _) | Response::Exception(4, _)), used } => {
                count(&mut self.answers, unit);
                Some(used)
            }
            Parsed::Frame { frame: (unit, Response::Bits(2, _) | Response::Exception(2, _)), used } => {
                count(&mut self.inputs, unit);
                Some(used)
            }
            Parsed::Frame { .. } | Parsed::NeedMore | Parsed::Reject { .. } => None,
        }
    }
}

fn count<T: PartialEq>(counts: &mut Vec<(T, u32)>, what: T) {
    match counts.iter_mut().find(|(known, _)| *known == what) {
        Some((_, count)) => *count += 1,
        None => counts.push((what, 1)),
    }
}

impl Voice {
    /// Which of a site's cables leads to such a voice.
    #[must_use]
    pub fn belongs_to(self, wiring: &Wiring) -> Option<CableRole> {
        let role = match self {
            Voice::ToCamera { camera, .. } => [CableRole::CameraA, CableRole::CameraB]
                .into_iter()
                .find(|role| wiring.cameras[role.index()].address == camera)?,
            Voice::AsCamera(_) => return None,
            Voice::Lamps => CableRole::Lamps,
            Voice::Feedback(_) => CableRole::Feedback,
            Voice::Countdown(_) => CableRole::Countdown,
            Voice::Service(_) => CableRole::Service,
            Voice::Sense(_) => CableRole::Sense,
        };
        wiring.cables[role.index()].map(|_| role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use emulators::wire::gbt43229::Message;
    use emulators::wire::modbus::{emit_request, emit_response};
    use proptest::prelude::*;

    fn controller() -> Address {
        Address { admin: 110_112, kind: 1, number: 1 }
    }

    fn camera(number: u16) -> Address {
        Address { admin: 110_112, kind: 0x10, number }
    }

    #[test]
    fn each_protocol_is_known_by_its_frames_wherever_reads_were_cut() {
        let mut bytes = vec![0, 0xff, 0x55];
        Message::ConnectReply.packet(controller(), camera(7), 5).emit(Crc::Cms, &mut bytes);
        let found = Understood::of(&bytes);
        assert_eq!(found.voice(), Some(Voice::ToCamera { camera: camera(7), crc: Crc::Cms }));
        let mut bytes = vec![1];
        for on in [true, false] {
            emit_request(3, &Request::WriteCoils(0, [on, !on].into_iter().collect()), &mut bytes);
            bytes.push(0x0f);
        }
        let found = Understood::of(&bytes);
        assert_eq!(found.voice(), Some(Voice::Lamps));
        assert_eq!(found.writes.iter().map(|(unit, _)| *unit).collect::<Vec<_>>(), [3, 3]);
        let mut bytes = Vec::new();
        emit_response(9, &Response::Registers(4, [1; 8].into_iter().collect()), &mut bytes);
        let found = Understood::of(&bytes);
        assert_eq!(found.voice(), None);
        assert_eq!(found.answer_to(Some(Question::Service(8))), None);
        assert_eq!(found.answer_to(Some(Question::Service(9))), Some(Voice::Service(9)));
    }

    #[test]
    fn one_frame_of_a_weak_protocol_is_no_proof() {
        let mut bytes = Vec::new();
        emit_request(1, &Request::ReadDiscreteInputs(0, 10), &mut bytes);
        assert_eq!(Understood::of(&bytes).voice(), None);
        emit_request(1, &Request::ReadDiscreteInputs(0, 10), &mut bytes);
        assert_eq!(Understood::of(&bytes).voice(), Some(Voice::Feedback(1)));
    }

    #[test]
    fn own_words_that_come_back_are_no_controller() {
        let mut bytes = Vec::new();
        Message::ConnectRequest.packet(camera(7), controller(), 5).emit(Crc::Modbus, &mut bytes);
        assert_eq!(Understood::of(&bytes).voice(), Some(Voice::AsCamera(camera(7))));
    }

    proptest! {
        #[test]
        fn garbage_is_nobody(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            prop_assert_eq!(Understood::of(&bytes).voice(), None);
        }
    }
}
