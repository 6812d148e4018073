//! Heads: aspects of what is driven, faults of what is lit, and commands against what the controller senses. Where the
//! rig senses the lamps itself, `sensed.rs` says what is driven and what is lit.

use emulators::time::{Instant, Span};
use emulators::wire::modbus::{Request, Response};

use super::super::signal::Value;
use super::Timer;
use super::sensed::Sense;
use super::sink::{Sink, flag};
use crate::site::{CableRole, FeedbackWiring, Wiring};
use crate::trace::HeadName;
use crate::trace::aspect::{Aspect, HeadKind, Recogniser, SWITCHING_GAP, Sighting, lamp};

/// A head's register for how long it waits for a write, as published.
const WATCHDOG: u16 = 0;
/// A lamp that is driven and dark this long is out: nearly the lit half of a flash, which it must not outlast. A lamp that
/// flickers is not.
const OUT_AFTER: Span = Span::from_ms(480);
/// A vehicle red does not flash, and a controller has so long to find that it is out (P50).
const RED_OUT_AFTER: Span = Span::from_ms(1_000);
/// An answer of the feedback module is believed this long.
const SENSED_LASTS: Span = Span::from_ms(500);
/// So much of what lies before damage is doubtful: an aspect that began, and cannot be told any more.
const BEFORE_NOISE: Span = Span::from_ms(1_000);
/// Damage on the lamp bus excuses late edges this long: a bounded number of retries.
const NOISE_LASTS: Span = Span::from_secs(2);

/// Where a head stands in tables: vehicle A, B, pedestrian A, B.
pub(super) const fn place(head: HeadName) -> usize {
    match head {
        HeadName::VehicleA => 0,
        HeadName::VehicleB => 1,
        HeadName::PedestrianA => 2,
        HeadName::PedestrianB => 3,
    }
}

#[derive(Clone, Debug)]
pub(super) struct Heads {
    pub(super) recognisers: [Recogniser; 4],
    pub(super) driven: [Option<u8>; 4],
    pub(super) lit: [u8; 4],
    /// What the rig senses, where it does.
    pub(super) sense: Option<Sense>,
    /// Lamps that are out: driven and dark for [`OUT_AFTER`] when last driven, by head.
    known_out: [u8; 4],
    /// Lamps that are driven and dark now, and since when.
    dark: [(u8, Instant); 4],
    units: [u8; 4],
    watchdog: Span,
    pub(super) written: [bool; 4],
    /// Heads that were told their watchdog since they had supply.
    told: [bool; 4],
    /// The write that is not yet answered: head and coils it changes (mask, values).
    asked: Option<(usize, Option<(u8, u8)>)>,
    /// Coils as last written and answered; `None` unknown (never written, timed flash, power lost).
    pub(super) commanded: [Option<u8>; 4],
    sensed: [u8; 4],
    sensed_valid: bool,
    inputs: FeedbackWiring,
    feedback_asked: Option<u16>,
}

impl Heads {
    pub(super) fn new(wiring: &Wiring, watchdog: Span) -> Heads {
        let [va, vb] = wiring.lamps.vehicle;
        let [pa, pb] = wiring.lamps.pedestrian;
        let late = if wiring.has(CableRole::Sense) { SWITCHING_GAP } else { Span::ZERO };
        Heads {
            recognisers: [HeadKind::Vehicle, HeadKind::Vehicle, HeadKind::Pedestrian, HeadKind::Pedestrian]
                .map(|kind| Recogniser::new(kind).knows_late(late)),
            driven: [None; 4],
            lit: [0; 4],
            sense: Sense::of(wiring),
            known_out: [0; 4],
            dark: [(0, Instant::ZERO); 4],
            units: [va, vb, pa, pb],
            watchdog,
            written: [false; 4],
            told: [false; 4],
            asked: None,
            commanded: [None; 4],
            sensed: [0; 4],
            sensed_valid: false,
            inputs: wiring.feedback,
            feedback_asked: None,
        }
    }

    /// What a head shows as far as it is known now.
    pub(super) fn shown(&self, head: usize) -> Option<Aspect> {
        self.recognisers[head].shown()
    }

    /// A head's lamps changed at `edge` (at the latest, and so much earlier). New aspects are left in `seen`.
    pub(super) fn lamps(
        &mut self,
        sink: &mut Sink,
        edge: (Instant, Span),
        place: usize,
        (driven, lit): (u8, u8),
        seen: &mut Vec<(usize, Sighting)>,
    ) {
        if self.driven[place] == Some(driven) && self.lit[place] == lit {
            return;
        }
        self.driven[place] = Some(driven);
        self.lit[place] = lit;
        self.recognisers[place].lamps(edge.0, edge.1, driven, &mut |sighting| seen.push((place, sighting)));
        self.wake(sink, place);
        let raw = sink.ids.raw;
        if place < 2 {
            for (bit, signal) in [lamp::RED, lamp::YELLOW, lamp::GREEN].into_iter().zip(&raw[place * 3..]) {
                sink.set_flag(*signal, driven & bit != 0);
            }
        } else {
            for (bit, signal) in [lamp::RED, lamp::GREEN].into_iter().zip(&raw[2 + place * 2..]) {
                sink.set_flag(*signal, driven & bit != 0);
            }
        }
        let (was_dark, since) = self.dark[place];
        self.known_out[place] |= out(place, was_dark, edge.0.since(since));
        self.known_out[place] &= !(driven & lit);
        let dark = driven & !lit;
        if dark != was_dark {
            self.dark[place] = (dark, edge.0);
        }
        self.lit_flags(sink);
        self.expect_dark(sink);
    }

    /// Looks again when a lamp that is dark now counts as out.
    fn expect_dark(&self, sink: &mut Sink) {
        let doubtful = |place: &usize| self.dark[*place].0 & !self.known_out[*place] != 0;
        let until = |place: usize| {
            let (dark, since) = self.dark[place];
            since + doubt(place, dark & !self.known_out[place])
        };
        let due = (0..4).filter(doubtful).map(until).min();
        match due {
            Some(due) => sink.wake(Timer::Dark, due),
            None => sink.timers.clear(Timer::Dark),
        }
    }

    /// A lamp may have been dark for long enough to be out.
    pub(super) fn dark(&mut self, sink: &mut Sink) {
        for (place, (known, (dark, since))) in self.known_out.iter_mut().zip(self.dark).enumerate() {
            *known |= out(place, dark, sink.now.since(since));
        }
        self.lit_flags(sink);
        self.expect_dark(sink);
    }

    pub(super) fn wake(&self, sink: &mut Sink, place: usize) {
        match self.recognisers[place].deadline() {
            Some(due) => sink.wake(Timer::HEADS[place], due),
            None => sink.timers.clear(Timer::HEADS[place]),
        }
    }

    /// A head's doubt has ended.
    pub(super) fn settle(&mut self, sink: &mut Sink, place: usize, seen: &mut Vec<(usize, Sighting)>) {
        let after = sink.now + Span::from_us(1);
        self.recognisers[place].advance(after, &mut |sighting| seen.push((place, sighting)));
        self.wake(sink, place);
    }

    fn lit_flags(&mut self, sink: &mut Sink) {
        let driven = self.driven.map(|driven| driven.unwrap_or(0));
        let [va, vb, pa, pb] = self.lit;
        let moving = (va | vb) & (lamp::GREEN | lamp::YELLOW) != 0;
        sink.set_flag(sink.ids.lit_conflict[0], moving && (pa | pb) & lamp::GREEN != 0);
        let dual = |lit: u8| lit & lamp::RED != 0 && lit & lamp::GREEN != 0;
        sink.set_flag(sink.ids.lit_dual[0], self.lit.into_iter().any(dual));
        let reds = |heads: std::ops::Range<usize>, lit: bool| {
            heads
                .filter(|head| driven[*head] & lamp::RED != 0 && (self.lit[*head] & lamp::RED != 0) == lit)
                .count()
        };
        sink.set_flag(sink.ids.vehicle_reds_out[0], reds(0..2, false) > 0 && reds(0..2, true) == 0);
        sink.set_flag(sink.ids.pedestrian_red_dark[0], reds(2..4, false) > 0);
        let out = |head: usize, lamps: u8| self.known_out[head] & lamps != 0;
        let one = out(0, lamp::RED) != out(1, lamp::RED);
        let pedestrian = out(2, lamp::RED) || out(3, lamp::RED);
        let others = (0..4).any(|head| out(head, lamp::YELLOW | lamp::GREEN));
        // It was so from when the lamp went dark.
        let since = |heads: std::ops::Range<usize>, lamps: u8| {
            let dark = self.dark[heads].iter().filter(|(dark, _)| *dark & lamps != 0);
            dark.map(|(_, since)| *since).min()
        };
        let ids = &sink.ids;
        let flags = [
            (ids.vehicle_red_out[0], one, since(0..2, lamp::RED)),
            (ids.pedestrian_red_out[0], pedestrian, since(2..4, lamp::RED)),
            (ids.yellow_green_out[0], others, since(0..4, lamp::YELLOW | lamp::GREEN)),
        ];
        for (signal, on, since) in flags {
            match since {
                Some(since) if on && !sink.is(signal) => sink.set_since(signal, flag(true), since),
                _known_now => sink.set_flag(signal, on),
            }
        }
        sink.set_flag(sink.ids.lamp_fault[0], (0..4).any(|head| driven[head] != self.lit[head]));
        let dark =
            driven[2] == 0 && driven[3] == 0 && (driven[0] | driven[1]) & (lamp::RED | lamp::GREEN) == 0;
        sink.set_flag(sink.ids.darkened[0], dark && self.driven.iter().all(Option::is_some));
    }

    /// The supply came or went.
    pub(super) fn power(&mut self, sink: &mut Sink, on: bool) {
        for recogniser in &mut self.recognisers {
            recogniser.power(on);
        }
        if !on {
            self.commanded = [None; 4];
            self.asked = None;
            self.written = [false; 4];
            self.told = [false; 4];
            sink.set_flag(sink.ids.lamp_link[0], false);
            sink.set_flag(sink.ids.watchdog_told[0], false);
            self.compare(sink);
        }
    }

    /// A head has had no valid write for as long as its flash unit waits.
    pub(super) fn unwritten(&mut self, sink: &mut Sink, place: usize) {
        self.written[place] = false;
        sink.set_flag(sink.ids.lamp_link[0], false);
    }

    /// The controller asks a unit on the lamp bus.
    pub(super) fn asked(&mut self, sink: &mut Sink, unit: u8, request: &Request) {
        self.asked = None;
        let Some(place) = self.units.iter().position(|known| *known == unit) else { return };
        let coils = match request {
            Request::WriteCoils(start, coils) => Some(written(*start, coils.iter().copied())),
            Request::WriteCoil(coil, value) if *coil < 8 => {
                Some(written(*coil, [*value == 0xFF00].into_iter()))
            }
            Request::WriteCoil(..) => Some(None),
            Request::WriteRegister(register, value) => {
                self.watchdog_told(sink, place, (*register == WATCHDOG).then_some(*value));
                None
            }
            Request::WriteRegisters(start, values) => {
                self.watchdog_told(sink, place, values.first().copied().filter(|_| *start == WATCHDOG));
                None
            }
            Request::ReadCoils(..)
            | Request::ReadDiscreteInputs(..)
            | Request::ReadHolding(..)
            | Request::ReadInputs(..)
            | Request::Other(..) => return,
        };
        sink.wake(Timer::WATCHDOGS[place], sink.now + self.watchdog);
        if !self.written[place] {
            self.written[place] = true;
            sink.set_flag(sink.ids.lamp_link[0], self.written == [true; 4]);
        }
        self.asked = coils.map(|coils| (place, coils));
    }

    /// A head is told how long to wait for the next write, ms; 0 is for ever.
    fn watchdog_told(&mut self, sink: &mut Sink, place: usize, ms: Option<u16>) {
        let Some(ms) = ms else { return };
        self.told[place] = ms > 0 && Span::from_ms(u64::from(ms)) <= self.watchdog;
        sink.set_flag(sink.ids.watchdog_told[0], self.told == [true; 4]);
    }

    /// A unit on the lamp bus answers.
    pub(super) fn answered(&mut self, sink: &mut Sink, unit: u8, response: &Response) {
        let Some((place, coils)) = self.asked.take() else { return };
        if self.units[place] != unit || !matches!(response, Response::Written(..)) {
            return;
        }
        let command = coils.map(|(mask, values)| {
            // Coil 1 of a pedestrian head is its green.
            let known = self.commanded[place].unwrap_or(0);
            let lamps = if place < 2 { known } else { (known & 1) | (known >> 1 & 2) };
            let lamps = (lamps & !mask) | (values & mask);
            if place < 2 { lamps & 7 } else { (lamps & 1) | (lamps & 2) << 1 }
        });
        if self.commanded[place] != command {
            self.commanded[place] = command;
            self.compare(sink);
        }
    }

    /// The controller asks the feedback module.
    pub(super) fn feedback_asked(&mut self, sink: &mut Sink, request: &Request) {
        if self.feedback_asked.is_some() {
            sink.set_flag(sink.ids.feedback_deaf[0], true);
        }
        self.feedback_asked = match request {
            Request::ReadDiscreteInputs(start, _count) => Some(*start),
            Request::ReadCoils(..)
            | Request::ReadHolding(..)
            | Request::ReadInputs(..)
            | Request::WriteCoil(..)
            | Request::WriteRegister(..)
            | Request::WriteCoils(..)
            | Request::WriteRegisters(..)
            | Request::Other(..) => None,
        };
    }

    /// The feedback module answers.
    pub(super) fn feedback_answered(&mut self, sink: &mut Sink, unit: u8, response: &Response) {
        let (Some(start), Response::Bits(_, bits)) = (self.feedback_asked.take(), response) else { return };
        if unit != self.inputs.unit {
            return;
        }
        sink.set_flag(sink.ids.feedback_deaf[0], false);
        sink.wake(Timer::Sensed, sink.now + SENSED_LASTS);
        let lit = |input: u8| {
            let place = usize::from(input).checked_sub(usize::from(start));
            place.and_then(|place| bits.get(place)).copied().unwrap_or(false)
        };
        let head = |inputs: &[u8], lamps: &[u8]| {
            inputs.iter().zip(lamps).fold(0, |all, (input, lamp)| if lit(*input) { all | lamp } else { all })
        };
        let three = [lamp::RED, lamp::YELLOW, lamp::GREEN];
        let two = [lamp::RED, lamp::GREEN];
        let FeedbackWiring { unit: _, vehicle: [va, vb], pedestrian: [pa, pb] } = &self.inputs;
        let sensed = [head(va, &three), head(vb, &three), head(pa, &two), head(pb, &two)];
        if sensed != self.sensed || !self.sensed_valid {
            self.sensed = sensed;
            self.sensed_valid = true;
            sink.set_flag(sink.ids.feedback_link[0], true);
            self.compare(sink);
        }
    }

    /// The feedback module has not answered for too long.
    pub(super) fn unsensed(&mut self, sink: &mut Sink) {
        self.sensed_valid = false;
        sink.set_flag(sink.ids.feedback_link[0], false);
        self.compare(sink);
    }

    fn compare(&self, sink: &mut Sink) {
        let pairs =
            || self.commanded.iter().zip(self.sensed).filter_map(|(command, lit)| Some(((*command)?, lit)));
        let mismatch = self.sensed_valid && pairs().any(|(command, lit)| command != lit);
        let green = self.sensed_valid && pairs().any(|(command, lit)| lit & !command & lamp::GREEN != 0);
        sink.set_flag(sink.ids.command_mismatch[0], mismatch);
        sink.set_flag(sink.ids.green_uncommanded[0], green);
        let lit = self.sensed_valid && pairs().any(|(command, lit)| lit & !command != 0);
        sink.set_flag(sink.ids.lit_uncommanded[0], lit);
    }

    /// Bytes on the lamp bus, sent from `start` on, did not arrive as they were sent.
    pub(super) fn noise(sink: &mut Sink, start: Instant) {
        sink.wake(Timer::LampNoise, sink.now + NOISE_LASTS);
        if !sink.is(sink.ids.lamp_noise[0]) {
            // What the lamps were about to show is not known then: half a flash.
            sink.set_since(sink.ids.lamp_noise[0], flag(true), start.back(BEFORE_NOISE));
        }
    }
}

/// How long the first of some dark lamps of a head may stay dark without being out.
const fn doubt(place: usize, dark: u8) -> Span {
    if place < 2 && dark & !lamp::RED == 0 { RED_OUT_AFTER } else { OUT_AFTER }
}

/// Which of some dark lamps of a head are out after so long.
fn out(place: usize, dark: u8, lasted: Span) -> u8 {
    let soon = if place < 2 { dark & !lamp::RED } else { dark };
    match lasted {
        long if long >= RED_OUT_AFTER => dark,
        short if short >= OUT_AFTER => soon,
        _too_short => 0,
    }
}

/// Which of the first three coils a write names, and what it makes of them.
fn written(start: u16, coils: impl Iterator<Item = bool>) -> Option<(u8, u8)> {
    let mut mask = 0;
    let mut values = 0;
    for (place, on) in (usize::from(start)..3).zip(coils) {
        mask |= 1 << place;
        values |= u8::from(on) << place;
    }
    Some((mask, values))
}

/// A vehicle head's aspect as a level of its signal.
pub(super) const fn vehicle_level(aspect: Aspect) -> Value {
    Value::Level(match aspect {
        Aspect::Off => 0,
        Aspect::Red => 1,
        Aspect::Yellow => 2,
        Aspect::Green => 3,
        Aspect::FlashingYellow => 4,
        Aspect::FlashingGreen | Aspect::Other => 5,
    })
}

/// A pedestrian head's aspect as a level of its signal.
pub(super) const fn pedestrian_level(aspect: Aspect) -> Value {
    Value::Level(match aspect {
        Aspect::Off => 0,
        Aspect::Red => 1,
        Aspect::Green => 2,
        Aspect::FlashingGreen => 3,
        Aspect::Yellow | Aspect::FlashingYellow | Aspect::Other => 4,
    })
}
