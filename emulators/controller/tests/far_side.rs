//! What the units, the displays and the cameras of the street do with bytes.

use super::street::{Event, FEEDBACK, LAMPS, Sight, Street};
use crate::device::Port;
use crate::time::{Line, Span};
use crate::wire::Parsed;
use crate::wire::gat508;
use crate::wire::gbt43229::{DeviceTime, Message, RealTime, Region, ZoneReport};
use crate::wire::modbus::{Request, Response, emit_response, parse_request};

/// 3.5 characters at 19200.
const SILENCE: Span = Span::from_us(1_824);

impl Street {
    fn answer(&mut self, port: Port, unit: u8, response: &Response) {
        let mut bytes = Vec::new();
        emit_response(unit, response, &mut bytes);
        let at = self.now + SILENCE + Line::n81(19_200).time_of(bytes.len());
        self.at(at, Event::ToController(port, bytes));
    }

    pub(super) fn units(&mut self, bytes: &[u8]) {
        let Parsed::Frame { frame: (unit, request), used } = parse_request(bytes) else {
            panic!("not a request: {bytes:?}")
        };
        assert_eq!(used, bytes.len());
        if self.dead.contains(&unit) || !self.supplied {
            return;
        }
        self.writes.push((self.now, unit));
        let units = self.config.units;
        let all = [units.vehicle, units.pedestrian, units.posts];
        let index = all.iter().flatten().position(|&address| address == unit).expect("a unit of the site");
        let response = match request {
            Request::WriteCoils(0, coils) => {
                assert!(index < 4, "posts have no coils");
                assert_eq!(coils.len(), if index < 2 { 3 } else { 2 });
                self.coils[index][..coils.len()].copy_from_slice(&coils);
                Response::Written(15, 0, u16::try_from(coils.len()).expect("few"))
            }
            Request::WriteRegister(register, value) if index < 4 => {
                assert_eq!(register, 0);
                self.watchdogs[index] = value;
                Response::Written(6, register, value)
            }
            Request::WriteRegister(register, value) => {
                self.post(index - 4, register, value);
                Response::Written(6, register, value)
            }
            Request::WriteRegisters(start, values) => {
                for (register, &value) in (start..).zip(&values) {
                    self.post(index - 4, register, value);
                }
                Response::Written(16, start, u16::try_from(values.len()).expect("few"))
            }
            other => panic!("nobody should ask {other:?}"),
        };
        self.look();
        self.answer(LAMPS, unit, &response);
    }

    pub(super) fn post(&mut self, post: usize, register: u16, value: u16) {
        self.posts[post][usize::from(register)] = value;
        if register == 0 {
            self.prompts.push((self.now, post, value));
        }
    }

    pub(super) fn feedback(&mut self, bytes: &[u8]) {
        let Parsed::Frame { frame: (unit, request), .. } = parse_request(bytes) else {
            panic!("not a request")
        };
        assert_eq!(request, Request::ReadDiscreteInputs(0, 10));
        if !self.feedback_dead && self.supplied {
            let lit = self.lit();
            let bits = (0..16).map(|circuit| lit & 1 << circuit != 0).collect();
            self.answer(FEEDBACK, unit, &Response::Bits(2, bits));
        }
    }

    pub(super) fn lit(&self) -> u16 {
        let mut lit = 0;
        for (head, coils) in self.coils.iter().enumerate() {
            let (first, count) = [(0, 3), (3, 3), (6, 2), (8, 2)][head];
            for (lamp, &on) in coils.iter().enumerate().take(count) {
                lit |= u16::from(on) << (first + lamp);
            }
        }
        if self.supplied { lit & !self.broken | self.shorted } else { 0 }
    }

    /// Looks at the street and writes down what changed.
    pub(super) fn look(&mut self) {
        let mut sight = self.sight();
        sight.lit = self.lit();
        sight.lights = [self.posts[0][2], self.posts[1][2]];
        sight.volumes = [self.posts[0][1], self.posts[1][1]];
        self.remember(sight);
    }

    pub(super) fn remember(&mut self, sight: Sight) {
        if sight != self.sight() {
            self.history.push((self.now, sight));
        }
    }

    pub(super) fn displays(&mut self, bytes: &[u8]) {
        let mut decoder = gat508::Decoder::new(self.config.countdown_edition);
        decoder.push(bytes);
        let Parsed::Frame { frame: entries, .. } = decoder.poll() else { panic!("not a broadcast") };
        self.broadcasts.push(self.now);
        let shown = |number: u8| {
            let entry = entries.iter().find(|entry| entry.number == number).expect("every display is told");
            (Some(entry.colour), entry.seconds)
        };
        let units = self.config.units;
        assert_eq!(shown(units.vehicle_displays[0]), shown(units.vehicle_displays[1]));
        assert_eq!(shown(units.pedestrian_displays[0]), shown(units.pedestrian_displays[1]));
        let mut sight = self.sight();
        sight.vehicle_digits = shown(units.vehicle_displays[0]);
        sight.pedestrian_digits = shown(units.pedestrian_displays[0]);
        self.remember(sight);
    }

    pub(super) fn camera(&mut self, kerb: usize, bytes: &[u8]) {
        let length = self.config.cameras[kerb].crosswalk_info_len;
        self.eyes[kerb].decoder.push(bytes);
        while let Parsed::Frame { frame, .. } = self.eyes[kerb].decoder.poll() {
            let message = Message::of(&frame, length);
            self.eyes[kerb].heard.push((self.now, message.clone()));
            match message {
                Message::ConnectReply => {
                    self.eyes[kerb].connected = true;
                    let at = self.stamp(kerb);
                    self.say(kerb, &Message::TimeUpload(at, 28_800));
                }
                Message::HeartbeatQuery if !self.eyes[kerb].deaf => self.say(kerb, &Message::HeartbeatReply),
                Message::ConfigSet(_) => self.say(kerb, &Message::ConfigSetReply),
                _ => {}
            }
        }
    }

    pub(super) fn stamp(&self, kerb: usize) -> DeviceTime {
        let ms = self.now.as_us() / 1_000;
        let s = i64::try_from(ms / 1_000).expect("short") + self.eyes[kerb].clock;
        DeviceTime {
            s: u32::try_from(s).expect("after 1970"),
            ms: u16::try_from(ms % 1_000).expect("below 1000"),
        }
    }

    pub(super) fn upload(&mut self, kerb: usize) {
        self.at(self.now + Span::from_ms(500), Event::Upload(kerb));
        if self.eyes[kerb].connected && !self.eyes[kerb].silent {
            let message = self.realtime(kerb);
            self.say(kerb, &message);
            if self.eyes[kerb].repeats {
                self.say(kerb, &message);
            }
        }
    }

    /// What a camera would upload now.
    pub(super) fn realtime(&self, kerb: usize) -> Message {
        let eye = &self.eyes[kerb];
        let link = &self.config.cameras[kerb];
        let empty = ZoneReport {
            channel: link.waiting_channel,
            region: Region::Waiting,
            count: eye.waiting,
            occupancy: 0,
            waiting_s: 0,
            up: 0,
            down: None,
        };
        let mut zones = vec![empty];
        if let Some(channel) = link.crosswalk_channel {
            let (count, up, down) = (eye.count, eye.up, Some(eye.down));
            zones.push(ZoneReport { channel, region: Region::Crosswalk, count, up, down, ..empty });
        }
        Message::RealTime(RealTime { at: self.stamp(kerb), zones })
    }

    /// A camera sends a message; it arrives after its character time.
    pub(super) fn say(&mut self, kerb: usize, message: &Message) {
        let link = self.config.cameras[kerb];
        let mut bytes = Vec::new();
        message.packet(link.address, self.config.address, link.crosswalk_info_len).emit(link.crc, &mut bytes);
        if self.eyes[kerb].damaged {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x01;
        }
        let at = self.now + Line::n81(19_200).time_of(bytes.len());
        let port = self.config.ports.cameras[kerb].0;
        self.at(at, Event::ToController(port, bytes));
    }
}
