//! Lamps that the rig senses itself: what is lit is known, each edge between two instants; what is driven is not, but what
//! the controller commands on the lamp bus is, where there is one.
//!
//! **Whose fault.** A lamp whose command and light differ for longer than sensing takes is broken (or its wiring, or its
//! input at the module), and its head is judged by its commands until it is whole. Other heads are judged by what is lit. Where
//! nothing is commanded that can be relied on (no bus, no writes, damage on the bus) what is lit is all there is.
//!
//! **Blindness.** From the last answer on when the module is silent, and across a gap between answers so long that a flash
//! could hide in it (also where a yellow cannot be told from half a flash), `UNSEEN_LAMPS` is true: whatever depends on lamps is not judged. Nor is it before the next vehicle
//! green has begun, because what was promised in the dark nobody knows.

use emulators::time::{Instant, Span};
use emulators::wire::modbus::Response;

use super::super::signal::SignalId;
use super::Observer;
use super::bus::Bus;
use super::heads::{Heads, place};
use super::sink::{Sink, flag};
use crate::site::{CableRole, Wiring};
use crate::trace::aspect::{Aspect, KNOWN_WITHIN, SWITCHING_GAP};
use crate::trace::{Frame, HeadName};

/// How much longer than sensing takes at most a lamp may differ from its command: the module's turn-around and the ports.
const SLACK: Span = Span::from_ms(30);

/// The rig's end of the cable.
const POLLER: u8 = 1;

/// What is sensed of the four heads.
#[derive(Clone, Debug)]
pub(super) struct Sense {
    /// Lamps may differ from their commands so long.
    settles: Span,
    latency: Span,
    unit: u8,
    bus: Bus,
    /// An answer that ends later after its question is not believed.
    answered_within: Span,
    /// When the question ended that is not answered yet.
    asked: Option<Instant>,
    /// Lamps were at the earliest then what the last answer says; and what the last one says whose changes are told.
    answered: Instant,
    proven: Instant,
    lit: [Option<u8>; 4],
    /// Lamps that differ from their commands and are not called broken yet; since when, by head.
    differing: [(u8, Instant); 4],
    /// Lamps that stay dark although they are commanded, and that are lit although they are not.
    out: [u8; 4],
    stuck: [u8; 4],
    sight: Sight,
}

/// Whether lamps are seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    Clear,
    /// They are not, or what was promised meanwhile is not known; since then vehicle head A has shown something else than
    /// green, or not.
    Blind {
        not_green: bool,
    },
}

impl Sense {
    pub(super) fn of(wiring: &Wiring) -> Option<Sense> {
        let cable = wiring.cables[CableRole::Sense.index()]?;
        let sense = wiring.sense?;
        Some(Sense {
            settles: sense.poller(cable.line).seen_within() + SLACK,
            latency: sense.latency,
            answered_within: sense.poller(cable.line).answered_within(),
            unit: sense.unit,
            bus: Bus::new(cable.line),
            asked: None,
            answered: Instant::ZERO,
            proven: Instant::ZERO,
            lit: [None; 4],
            differing: [(0, Instant::ZERO); 4],
            out: [0; 4],
            stuck: [0; 4],
            sight: Sight::Clear,
        })
    }

    /// What a head is judged by, if what is lit is known: what is driven, as far as can be told, and what is lit.
    fn reckon(&mut self, place: usize, command: Option<u8>, sure: bool, now: Instant) -> Option<(u8, u8)> {
        let lit = self.lit[place]?;
        self.out[place] &= !lit;
        self.stuck[place] &= lit;
        let Some(command) = command else {
            self.differing[place].0 = 0;
            return Some((lit, lit));
        };
        let broken = self.out[place] | self.stuck[place];
        let differing = if sure { (command ^ lit) & !broken } else { 0 };
        let (before, since) = self.differing[place];
        let since = if differing & !before == 0 { since } else { now };
        self.differing[place] = (differing, since);
        if broken == 0 {
            return Some((lit, lit));
        }
        Some((command, command & !self.out[place] | self.stuck[place]))
    }

    /// Calls lamps broken that have differed from their commands for too long, if an answer proves it (late ones do not).
    /// Since when they have differed, if there are any.
    fn break_lamps(&mut self, place: usize, now: Instant) -> Option<Instant> {
        let (lamps, since) = self.differing[place];
        if lamps == 0 || now < since + self.settles || self.proven < since {
            return None;
        }
        let lit = self.lit[place]?;
        self.stuck[place] |= lamps & lit;
        self.out[place] |= lamps & !lit;
        self.differing[place].0 = 0;
        Some(since)
    }

    /// A frame on the module's cable. What an answer changes is told after it, so it counts from the next question on.
    fn frame(&mut self, frame: &Frame, now: Instant) {
        if frame.from == Some(POLLER) {
            self.proven = self.answered;
            self.asked = Some(now);
            return;
        }
        let Sense { bus, asked, answered, answered_within, unit, latency, .. } = self;
        bus.answered.hear(frame.start, now, &frame.bytes, &mut |from, response| {
            if from == *unit && matches!(response, Response::Bits(2, _)) {
                let in_time = asked.take().filter(|asked| now <= *asked + *answered_within);
                *answered = in_time.map_or(*answered, |asked| asked.back(*latency));
            }
        });
    }
}

impl Heads {
    /// What is to be taken of a head whose lamps are sensed.
    fn reckoned(&mut self, sink: &mut Sink, place: usize) -> Option<(u8, u8)> {
        let command = self.commanded[place].filter(|_| self.written[place]);
        let sure = !sink.is(sink.ids.lamp_noise[0]);
        let sense = self.sense.as_mut()?;
        sense.reckon(place, command, sure, sink.now)
    }

    /// Nothing is known of a head.
    fn forget(&mut self, sink: &mut Sink, place: usize) {
        self.recognisers[place].forget();
        self.wake(sink, place);
        self.driven[place] = None;
        self.lit[place] = 0;
        if let Some(sense) = &mut self.sense {
            sense.lit[place] = None;
            sense.differing[place].0 = 0;
        }
    }
}

impl Observer {
    /// The lamp-sense module tells of a head.
    pub(super) fn sensed(&mut self, head: HeadName, lit: Option<u8>) {
        let place = place(head);
        let Some(sense) = &mut self.heads.sense else { return };
        let known = sense.lit[place].is_some();
        sense.lit[place] = lit;
        if lit.is_none() {
            self.heads.forget(&mut self.sink, place);
            self.blind(self.sink.earliest);
        } else {
            if known && self.sink.now.since(self.sink.earliest) > SWITCHING_GAP {
                self.blind(self.sink.earliest);
            }
            self.reckon(place);
        }
    }

    /// Takes what a head shows anew, after its lamps or its command have changed.
    pub(super) fn reckon(&mut self, place: usize) {
        let edge = (self.sink.now, self.sink.now.since(self.sink.earliest));
        self.reckon_at(place, edge);
    }

    fn reckon_at(&mut self, place: usize, edge: (Instant, Span)) {
        if let Some(lamps) = self.heads.reckoned(&mut self.sink, place) {
            self.heads.lamps(&mut self.sink, edge, place, lamps, &mut self.seen);
            if let Some(since) = self.heads.recognisers[place].take_unclear() {
                self.blind(since);
            }
            self.sightings();
        }
    }

    pub(super) fn reckon_all(&mut self) {
        for place in 0..4 {
            self.reckon(place);
        }
    }

    /// A frame on the module's cable.
    pub(super) fn sense_frame(&mut self, frame: &Frame) {
        if let Some(sense) = &mut self.heads.sense {
            sense.frame(frame, self.sink.now);
            self.differ();
        }
    }

    /// If some lamp has differed from its command for too long it is broken, and its head has been showing its command ever
    /// since the two have differed, or since the lamp before it went dark.
    fn differ(&mut self) {
        let now = self.sink.earliest;
        for place in 0..4 {
            let Some(sense) = &mut self.heads.sense else { return };
            let Some(since) = sense.break_lamps(place, self.sink.now) else { continue };
            let (edge, vague) = self.heads.recognisers[place].last_edge();
            // No lamp has changed since: the command has been in force alone.
            let edge = if edge < since { (since, Span::ZERO) } else { (edge, vague.max(edge.since(since))) };
            self.sink.earliest = since;
            self.reckon_at(place, edge);
        }
        self.sink.earliest = now;
    }

    /// What depends on lamps cannot be judged from `since` on, nor what was still in doubt then: an aspect is known later
    /// than it begins.
    fn blind(&mut self, since: Instant) {
        let Some(sense) = &mut self.heads.sense else { return };
        let since = since.back(KNOWN_WITHIN);
        let before = std::mem::replace(&mut sense.sight, Sight::Blind { not_green: false });
        if before == Sight::Clear {
            let vague = std::mem::take(&mut self.sink.vague);
            self.sink.set_since(self.sink.ids.unseen_lamps[0], flag(true), since);
            self.sink.vague = vague;
        }
        self.context.lamps_unseen(&mut self.sink, since);
    }

    /// A head shows an aspect: after blindness, the beginning of a vehicle green ends the doubt.
    pub(super) fn sees_again(&mut self, head: usize, aspect: Aspect, since: Instant) {
        let Some(sense) = &mut self.heads.sense else { return };
        let Sight::Blind { not_green } = &mut sense.sight else { return };
        if head != 0 {
            return;
        }
        if aspect != Aspect::Green {
            *not_green = true;
        } else if *not_green && sense.lit.iter().all(Option::is_some) {
            sense.sight = Sight::Clear;
            self.sink.set_since(self.sink.ids.unseen_lamps[0], flag(false), since);
        }
    }

    /// `UNSEEN_LAMPS`, and the signals that are not known while it is true.
    #[must_use]
    pub fn sight(&self) -> (SignalId, Vec<SignalId>) {
        let ids = &self.sink.ids;
        let flags = [
            ids.darkened,
            ids.lit_conflict,
            ids.lit_dual,
            ids.vehicle_reds_out,
            ids.vehicle_red_out,
            ids.pedestrian_red_out,
            ids.yellow_green_out,
            ids.lamp_fault,
            ids.cold,
            ids.running,
            ids.upset,
            ids.walking,
            ids.unseen,
            ids.waiting,
            ids.announcement,
            ids.green_needed,
            ids.green_allowed,
            ids.trip_event,
        ];
        let pairs = [ids.vehicle, ids.pedestrian, ids.to_walk, ids.to_end];
        let mut all: Vec<SignalId> = flags.into_iter().flatten().chain(pairs.into_iter().flatten()).collect();
        all.extend(ids.raw.into_iter().chain(ids.trip));
        (ids.unseen_lamps[0], all)
    }
}
