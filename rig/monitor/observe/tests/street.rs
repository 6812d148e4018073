//! A street written down by hand: what a sound controller and its devices would put on record, with knobs for what a
//! wrong one would. Nothing here comes from the controller; the bytes come from the codecs.

use emulators::time::{Instant, Line, Span};
use emulators::wire::gat508::{self, Colour, Entry};
use emulators::wire::gbt43229::{DeviceTime, Message, RealTime, Region, ZoneReport};
use emulators::wire::modbus::{Request, Response, emit_request, emit_response};

use crate::site::{CableRole, Site};
use crate::trace::{Frame, HeadName, Record, What};

/// Local time at the beginning: 17:40.
pub(super) const STARTS_AT: u32 = 17 * 3_600 + 40 * 60;

/// How the street runs; times in ms.
#[derive(Clone)]
pub(super) struct Street {
    pub(super) ends: u64,
    /// When announcements begin.
    pub(super) announced: Vec<u64>,
    /// Yellow begins so long before the all-red.
    pub(super) yellow: u64,
    pub(super) all_red: u64,
    /// The displays run so late: vehicle, pedestrian.
    pub(super) digits_late: [u64; 2],
    /// They show so much more.
    pub(super) digits_more: u16,
    /// People at the kerbs: kerb, from, until.
    pub(super) people: Vec<(usize, u64, u64)>,
    /// People on the crosswalk: from, until.
    pub(super) walkers: Vec<(u64, u64)>,
    /// Demand, if the service port shall tell another than the people make.
    pub(super) demand: Option<Vec<(u64, u64)>>,
    /// Go sentences begin so long after pedestrian green.
    pub(super) go_after: u64,
    /// Stop sentences begin.
    pub(super) stops: Vec<u64>,
    /// A lamp that is not lit: head, lamp bit, from.
    pub(super) out: Option<(usize, u8, u64)>,
    /// A lamp that is lit all the same: head, lamp bit, from, until.
    pub(super) stuck: Option<(usize, u8, u64, u64)>,
    /// The controller falls silent on the lamp bus from then on.
    pub(super) silent: u64,
    /// The start-up flashes this long.
    pub(super) startup_flash: u64,
    /// Code of the fault that stands, from 50 s on.
    pub(super) fault: u16,
    /// What is said to be wrong with detector A, from 50 s to 60 s.
    pub(super) detector_a: u16,
    /// How long the heads are told to wait, ms.
    pub(super) watchdog: Option<u16>,
    /// Of the sentences, in percent.
    pub(super) volume: u8,
    /// Log entries: when, code.
    pub(super) log: Vec<(u64, u16)>,
    pub(super) stimuli: bool,
}

impl Default for Street {
    fn default() -> Street {
        Street {
            ends: 240_000,
            announced: vec![80_000, 140_000],
            yellow: 3_000,
            all_red: 2_000,
            digits_late: [0, 0],
            digits_more: 0,
            people: vec![(0, 60_000, 95_600), (1, 112_100, 155_600)],
            walkers: vec![(96_000, 107_000), (156_000, 167_000)],
            demand: None,
            go_after: 100,
            stops: Vec::new(),
            out: None,
            stuck: None,
            silent: u64::MAX,
            startup_flash: 10_000,
            fault: 0,
            detector_a: 0,
            watchdog: Some(1_000),
            volume: 80,
            log: vec![(500, 1), (16_100, 2)],
            stimuli: false,
        }
    }
}

/// Where the plan stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Dark,
    Flash,
    AllRed,
    Green,
    Yellow,
    Red,
    Walk,
    WalkFlash,
}

struct Pen<'a> {
    site: &'a Site,
    records: Vec<Record>,
    lit: [Option<(u8, u8)>; 4],
    digits: [Option<(u8, u16)>; 4],
    posts: [Option<(u8, u8)>; 2],
}

impl Street {
    fn stage(&self, ms: u64) -> (Stage, u64) {
        let Some(&a) = self.announced.iter().rev().find(|a| ms >= **a) else {
            return match ms {
                0..1_000 => (Stage::Dark, 0),
                _ if (1_000..1_000 + self.startup_flash).contains(&ms) => (Stage::Flash, 1_000),
                1_000..16_000 => (Stage::AllRed, 1_000 + self.startup_flash),
                _ => (Stage::Green, 16_000),
            };
        };
        let red = a + 15_000 - self.all_red;
        let yellow =
            a + 15_000 - 2_000 - self.yellow + if self.all_red == 2_000 { 0 } else { 2_000 - self.all_red };
        let borders = [
            (a + 35_000, Stage::Green),
            (a + 30_000, Stage::AllRed),
            (a + 22_000, Stage::WalkFlash),
            (a + 15_000, Stage::Walk),
            (red, Stage::Red),
            (yellow, Stage::Yellow),
        ];
        borders
            .into_iter()
            .find(|(from, _)| ms >= *from)
            .map_or((Stage::Green, 16_000), |(from, stage)| (stage, from))
    }

    fn lamps(&self, head: usize, ms: u64) -> u8 {
        if ms >= self.silent.saturating_add(1_000) {
            return if head < 2 && ((ms - self.silent) / 500).is_multiple_of(2) { 2 } else { 0 };
        }
        let (stage, since) = self.stage(ms);
        let on = ((ms - since) / 500).is_multiple_of(2);
        match (head < 2, stage) {
            (_, Stage::Dark) | (false, Stage::Flash) => 0,
            (true, Stage::Flash) => u8::from(on) << 1,
            (_, Stage::AllRed) | (true, Stage::Red | Stage::Walk | Stage::WalkFlash) => 1,
            (true, Stage::Green) | (false, Stage::Walk) => 4,
            (true, Stage::Yellow) => 2,
            (false, Stage::Green | Stage::Yellow | Stage::Red) => 1,
            (false, Stage::WalkFlash) => u8::from(on) << 2,
        }
    }

    fn walk_begins(&self, ms: u64) -> bool {
        ms > 0 && self.stage(ms).0 == Stage::Walk && self.stage(ms - 10).0 != Stage::Walk
    }

    fn lit(&self, head: usize, ms: u64) -> u8 {
        let mut lit = self.lamps(head, ms);
        if let Some((broken, lamp, from)) = self.out
            && broken == head
            && ms >= from
        {
            lit &= !lamp;
        }
        if let Some((broken, lamp, from, until)) = self.stuck
            && broken == head
            && (from..until).contains(&ms)
        {
            lit |= lamp;
        }
        lit
    }

    fn digits(&self, vehicle: bool, ms: u64) -> (u8, u16) {
        let at = ms.saturating_sub(self.digits_late[usize::from(!vehicle)]);
        let colour = match self.lamps(if vehicle { 0 } else { 2 }, ms) {
            2 => 2,
            1 => 3,
            _ => 1,
        };
        let Some(&a) = self.announced.iter().rev().find(|a| at >= **a) else { return (0, 0) };
        let left = |from: u64| (15 - (at - from) / 1_000) as u16 + self.digits_more;
        match at - a {
            0..15_000 => (colour, left(a)),
            15_000..30_000 if !vehicle => (colour, left(a + 15_000)),
            _ => (0, 0),
        }
    }

    fn waiting(&self, kerb: usize, ms: u64) -> u8 {
        self.people.iter().filter(|(at, from, until)| *at == kerb && (*from..*until).contains(&ms)).count()
            as u8
    }

    fn demand(&self, ms: u64) -> bool {
        if let Some(demand) = &self.demand {
            return demand.iter().any(|(from, until)| (*from..*until).contains(&ms));
        }
        let walk = matches!(self.stage(ms).0, Stage::Walk);
        !walk
            && self
                .people
                .iter()
                .any(|(_, from, until)| (*from + 1_600..*until + 5_000).contains(&ms) && ms < *until)
    }

    /// Everything that is put on record.
    pub(super) fn records(&self, site: &Site) -> Vec<Record> {
        let mut pen = Pen { site, records: Vec::new(), lit: [None; 4], digits: [None; 4], posts: [None; 2] };
        pen.note(0, What::Power(true));
        for ms in (0..self.ends).step_by(10) {
            self.tick(&mut pen, ms);
        }
        let mut records = pen.records;
        records.sort_by_key(|record| record.latest);
        records
    }

    fn tick(&self, pen: &mut Pen<'_>, ms: u64) {
        let slot = ms % 100;
        if slot.is_multiple_of(20) && slot < 80 {
            self.head(pen, slot as usize / 20, ms);
        }
        if slot == 80 || slot == 90 {
            let place = (slot as usize - 80) / 10;
            if let (500..600, Some(watchdog)) = (ms, self.watchdog) {
                let post = pen.site.wiring.lamps.posts[place];
                pen.ask(CableRole::Lamps, post, &Request::WriteRegister(3, watchdog), ms);
            } else {
                self.post(pen, place, ms);
            }
        }
        if ms % 50 == 10 {
            self.feedback(pen, ms);
        }
        if ms.is_multiple_of(1_000) && ms > 0 {
            self.broadcast(pen, ms);
        }
        // Just behind the whole second at which people come and digits begin.
        if ms % 500 == 50 && ms > 1_000 {
            self.camera(pen, 0, ms);
            self.camera(pen, 1, ms);
        }
        if ms == 600 {
            for camera in 0..2 {
                pen.session(camera, true, &Message::ConnectRequest, ms);
                pen.session(camera, false, &Message::ConnectReply, ms + 20);
            }
        }
        if ms % 5_000 == 600 && ms > 600 {
            for camera in 0..2 {
                pen.session(camera, false, &Message::HeartbeatQuery, ms);
                pen.session(camera, true, &Message::HeartbeatReply, ms + 20);
            }
        }
        if ms % 500 == 300 {
            self.state(pen, ms);
        }
        if self.stimuli && ms.is_multiple_of(1_000) {
            pen.note(ms, What::Stimulus(format!("at {ms} ms: conflict, power off, 40 people")));
            pen.note(ms, What::People { waiting: [40, 40], walking: [9, 9] });
        }
    }

    fn head(&self, pen: &mut Pen<'_>, head: usize, ms: u64) {
        let lamps = &pen.site.wiring.lamps;
        let (unit, coils) = if head < 2 {
            (lamps.vehicle[head], vec![0, 1, 2])
        } else {
            (lamps.pedestrian[head - 2], vec![0, 2])
        };
        let driven = self.lamps(head, ms);
        if let (500..600, Some(watchdog)) = (ms, self.watchdog) {
            pen.ask(CableRole::Lamps, unit, &Request::WriteRegister(0, watchdog), ms);
        } else if ms < self.silent && ms >= 500 {
            let coils: Vec<bool> = coils.into_iter().map(|lamp| driven & 1 << lamp != 0).collect();
            let answer = Response::Written(0x0F, 0, coils.len() as u16);
            pen.ask(CableRole::Lamps, unit, &Request::WriteCoils(0, coils.into()), ms);
            pen.answer(CableRole::Lamps, unit, &answer, ms + 8);
        }
        let lit = self.lit(head, ms);
        if pen.lit[head] != Some((driven, lit)) {
            pen.lit[head] = Some((driven, lit));
            pen.note(ms, What::Head { head: HeadName::ALL[head], driven, lit });
        }
    }

    fn post(&self, pen: &mut Pen<'_>, post: usize, ms: u64) {
        let unit = pen.site.wiring.lamps.posts[post];
        let light = match self.stage(ms).0 {
            Stage::Dark | Stage::Flash => 0,
            Stage::Walk | Stage::WalkFlash => 2,
            Stage::AllRed | Stage::Green | Stage::Yellow | Stage::Red => 1,
        };
        let ms_of = |span: Span| span.as_ms();
        let go = self.announced.iter().any(|a| {
            let begins = a + 15_000 + self.go_after;
            (begins..begins + ms_of(pen.site.wiring.lamps.go_lasts)).contains(&ms)
        });
        let stop =
            self.stops.iter().any(|at| (*at..at + ms_of(pen.site.wiring.lamps.stop_lasts)).contains(&ms));
        let light = if ms >= self.silent.saturating_add(1_000) { 0 } else { light };
        let voice = if go { 1 } else { u8::from(stop) * 2 };
        if pen.posts[post] == Some((light, voice)) {
            return;
        }
        let (was_light, was_voice) = pen.posts[post].replace((light, voice)).unwrap_or((0, 0));
        if light != was_light && ms < self.silent {
            pen.ask(CableRole::Lamps, unit, &Request::WriteRegister(2, u16::from(light)), ms);
        }
        if voice != was_voice && voice != 0 {
            pen.ask(CableRole::Lamps, unit, &Request::WriteRegister(0, u16::from(voice)), ms);
        }
        pen.note(
            ms,
            What::Post { post: post as u8, light, voice, volume: if voice == 0 { 0 } else { self.volume } },
        );
    }

    fn feedback(&self, pen: &mut Pen<'_>, ms: u64) {
        if ms < 500 || ms >= self.silent {
            return;
        }
        let wiring = pen.site.wiring.feedback;
        let mut bits = vec![false; 16];
        for head in 0..2 {
            for (lamp, input) in wiring.vehicle[head].into_iter().enumerate() {
                bits[usize::from(input)] = self.lit(head, ms) & 1 << lamp != 0;
            }
            for (lamp, input) in [0, 2].into_iter().zip(wiring.pedestrian[head]) {
                bits[usize::from(input)] = self.lit(head + 2, ms) & 1 << lamp != 0;
            }
        }
        pen.ask(CableRole::Feedback, wiring.unit, &Request::ReadDiscreteInputs(0, 16), ms);
        pen.answer(CableRole::Feedback, wiring.unit, &Response::Bits(0x02, bits.into()), ms + 8);
    }

    fn broadcast(&self, pen: &mut Pen<'_>, ms: u64) {
        let wiring = pen.site.wiring.countdown;
        let mut entries = Vec::new();
        for (place, number) in [wiring.vehicle, wiring.pedestrian].concat().into_iter().enumerate() {
            let (colour, seconds) = self.digits(place < 2, ms);
            let colours = [Colour::Dark, Colour::Green, Colour::Yellow, Colour::Red];
            entries.push(Entry { number, colour: colours[usize::from(colour)], seconds });
            if pen.digits[place] != Some((colour, seconds)) {
                pen.digits[place] = Some((colour, seconds));
                let told = (colour, seconds);
                pen.note(ms, What::Display { head: HeadName::ALL[place], told, shown: told });
            }
        }
        let mut bytes = Vec::new();
        gat508::emit(wiring.edition, &entries, &mut bytes);
        pen.frame(CableRole::Countdown, Some(0), bytes, ms);
    }

    fn camera(&self, pen: &mut Pen<'_>, camera: usize, ms: u64) {
        let wiring = pen.site.wiring.cameras[camera];
        let zone = |channel, region, count, up| ZoneReport {
            channel,
            region,
            count,
            occupancy: 0,
            waiting_s: 0,
            up,
            down: Some(0),
        };
        let mut zones = vec![zone(wiring.waiting_channel, Region::Waiting, self.waiting(camera, ms), 0)];
        if let Some(channel) = wiring.crosswalk_channel {
            let walkers =
                self.walkers.iter().filter(|(from, until)| (*from..*until).contains(&ms)).count() as u8;
            zones.push(zone(channel, Region::Crosswalk, walkers, walkers));
        }
        let at = DeviceTime { s: STARTS_AT + (ms / 1_000) as u32, ms: (ms % 1_000) as u16 };
        pen.session(camera, true, &Message::RealTime(RealTime { at, zones }), ms);
    }

    fn state(&self, pen: &mut Pen<'_>, ms: u64) {
        let Some(service) = pen.site.wiring.service else { return };
        let mut state = vec![0_u16; 16];
        state[0] = if ms < 16_000 { 1 } else { 2 };
        state[1] = u16::from(self.demand(ms));
        state[4] = if ms < 50_000 { 0 } else { self.fault };
        let entries: Vec<_> = self.log.iter().filter(|(at, _)| *at <= ms).collect();
        state[5] = entries.len() as u16;
        if let Some((at, code)) = entries.last() {
            state[6] = *code;
            state[8] = (*at >> 16) as u16;
            state[9] = *at as u16;
            if *code == 24 && state[4] == 0 {
                state[4] = *code;
            }
        }
        state[10] = (ms >> 16) as u16;
        state[11] = ms as u16;
        let walks = (0..=ms / 10).filter(|tick| self.walk_begins(tick * 10)).count();
        state[15] = walks as u16;
        state[12] = if (50_000..60_000).contains(&ms) { self.detector_a } else { 0 };
        pen.panel_asks(service.unit, ms);
        pen.controller_answers(service.unit, state, ms + 40);
    }
}

impl Pen<'_> {
    fn note(&mut self, ms: u64, what: What) {
        let at = Instant::from_ms(ms);
        self.records.push(Record { earliest: at, latest: at, what });
    }

    fn frame(&mut self, role: CableRole, from: Option<u8>, bytes: Vec<u8>, ms: u64) {
        let line = self.site.wiring.cables[role.index()].map_or(Line::n81(19_200), |cable| cable.line);
        let start = Instant::from_ms(ms).back(line.time_of(bytes.len()));
        let frame = Frame { cable: role.index() as u8, from, start, bytes, sent: None, collided: false };
        self.note(ms, What::Frame(frame));
    }

    fn ask(&mut self, role: CableRole, unit: u8, request: &Request, ms: u64) {
        let mut bytes = Vec::new();
        emit_request(unit, request, &mut bytes);
        self.frame(role, Some(0), bytes, ms);
    }

    fn answer(&mut self, role: CableRole, unit: u8, response: &Response, ms: u64) {
        let mut bytes = Vec::new();
        emit_response(unit, response, &mut bytes);
        self.frame(role, Some(1), bytes, ms);
    }

    fn panel_asks(&mut self, unit: u8, ms: u64) {
        let mut bytes = Vec::new();
        emit_request(unit, &Request::ReadInputs(0, 16), &mut bytes);
        self.frame(CableRole::Service, Some(1), bytes, ms);
    }

    fn controller_answers(&mut self, unit: u8, state: Vec<u16>, ms: u64) {
        let mut bytes = Vec::new();
        emit_response(unit, &Response::Registers(0x04, state.into()), &mut bytes);
        self.frame(CableRole::Service, Some(0), bytes, ms);
    }

    fn session(&mut self, camera: usize, upload: bool, message: &Message, ms: u64) {
        let wiring = self.site.wiring.cameras[camera];
        let controller = self.site.wiring.controller;
        let (from, to) = if upload { (wiring.address, controller) } else { (controller, wiring.address) };
        let mut bytes = Vec::new();
        message.packet(from, to, wiring.crosswalk_info_len).emit(wiring.crc, &mut bytes);
        let role = [CableRole::CameraA, CableRole::CameraB][camera];
        self.frame(role, Some(u8::from(upload)), bytes, ms);
    }
}
