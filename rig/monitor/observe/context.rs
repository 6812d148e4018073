//! What holds of the crossing as a whole: running, upset, starting from cold, a pedestrian stage, somebody waiting.
//! The catalogue's exemptions are written with these.

use emulators::time::{Instant, Span};

use super::Timer;
use super::sink::{Sink, flag, number};
use crate::site::{Geometry, Limits};
use crate::trace::aspect::Aspect;

/// `UPSET` begins so long before what upsets: the lamps, displays and posts do not change in one instant.
const BEFORE: Span = Span::from_ms(1_500);
/// A crossing that has had its supply this long has started up, and left what came of an earlier dip.
const SETTLED: Span = Span::from_secs(20);
/// After a dip the displays and heads get their next frame within this.
const AFTER_DIP: Span = Span::from_secs(2);
/// An operator's doing excuses changes of the sequence this long.
const OPERATED_LASTS: Span = Span::from_secs(5);
/// A dip that shall be ridden through is remembered this long.
const SHORT_DIP_LASTS: Span = Span::from_secs(5);

/// Times that the context needs.
#[derive(Clone, Debug)]
struct Bounds {
    debounce: Span,
    hold: Span,
    dip_ride: Span,
    dip_boot: Span,
    walk_total_ms: i64,
    walk_total_max_ms: i64,
    lengthens: bool,
    /// P35 without people, and for each person, in ms.
    needed_ms: (i64, i64),
}

#[derive(Clone, Debug)]
pub(super) struct Context {
    bounds: Bounds,
    heads: [Option<Aspect>; 4],
    running: bool,
    upset: bool,
    mode_upsets: bool,
    linked: bool,
    power: Option<(bool, Instant)>,
    recovering: bool,
    /// The supply had been on for [`SETTLED`] when it failed.
    settled: bool,
    present: bool,
    /// Somebody has been there since then and may turn out to wait.
    candidate: Option<Instant>,
    people: i64,
    most_people: i64,
    /// Somebody was seen on the crosswalk since the last vehicle green began, or still then.
    crossed: bool,
    on_crosswalk: bool,
}

impl Context {
    pub(super) fn new(geometry: &Geometry, limits: &Limits) -> Context {
        let time = |name: &str, default| limits.time(name).unwrap_or(Span::from_ms(default));
        let speed = i64::from(geometry.design_speed_mm_s.max(1));
        let width = i64::from(geometry.width_mm);
        let broad = i64::from(geometry.crosswalk_width_mm.max(1));
        Context {
            bounds: Bounds {
                debounce: time("debounce", 1_000),
                hold: time("hold", 5_000),
                dip_ride: time("dip_ride", 450),
                dip_boot: time("dip_boot", 1_000),
                walk_total_ms: time("walk_total", 15_000).as_ms() as i64,
                walk_total_max_ms: time("walk_total_max", 30_000).as_ms() as i64,
                lengthens: limits.number("count_lengthens_green").is_some_and(|number| number != 0),
                needed_ms: (3_200 + width * 1_000 / speed, 810_000 / broad),
            },
            heads: [None; 4],
            running: false,
            upset: true,
            mode_upsets: false,
            linked: false,
            power: None,
            recovering: false,
            settled: false,
            present: false,
            candidate: None,
            people: 0,
            most_people: 0,
            crossed: false,
            on_crosswalk: false,
        }
    }

    /// What is so before anything has happened.
    pub(super) fn begin(&self, sink: &mut Sink) {
        sink.set_flag(sink.ids.upset[0], true);
        sink.set_flag(sink.ids.running[0], false);
        sink.set_flag(sink.ids.lengthens[0], self.bounds.lengthens);
        sink.set(sink.ids.green_allowed[0], number(Some(self.bounds.walk_total_ms)));
    }

    fn needed(&self, people: i64) -> i64 {
        self.bounds.needed_ms.0 + self.bounds.needed_ms.1 * people
    }

    /// A head's aspect is about to be told. Before it, so that bounds fixed by the edge see the new numbers.
    pub(super) fn aspect(&mut self, sink: &mut Sink, head: usize, aspect: Aspect, since: Instant) {
        // A stage begins with the first head that shows it: the other's command may have needed a second try.
        let begun = |other: usize| matches!(self.heads[other], Some(Aspect::Green | Aspect::FlashingGreen));
        if aspect == Aspect::Green && matches!(head, 2 | 3) && !begun(5 - head) {
            let Bounds { walk_total_ms, walk_total_max_ms, lengthens, .. } = self.bounds;
            // A display counts whole seconds, so a longer green is longer by whole seconds.
            let more =
                (self.needed(self.most_people) - walk_total_ms).max(0).saturating_add(999) / 1_000 * 1_000;
            let allowed = (walk_total_ms + more).min(walk_total_max_ms).max(walk_total_ms);
            let allowed = if lengthens { allowed } else { walk_total_ms };
            sink.set_since(sink.ids.green_needed[0], number(Some(self.needed(self.people))), since);
            sink.set_since(sink.ids.green_allowed[0], number(Some(allowed)), since);
        }
    }

    /// A head's aspect has been told.
    pub(super) fn after_aspect(&mut self, sink: &mut Sink, head: usize, aspect: Aspect, since: Instant) {
        self.heads[head] = Some(aspect);
        match (head, aspect) {
            (0, Aspect::Green) => {
                sink.set_since(sink.ids.walking[0], flag(false), since);
                sink.set_since(sink.ids.cold[0], flag(false), since);
                sink.set_since(sink.ids.unseen[0], flag(false), since);
                self.crossed = self.on_crosswalk;
                self.run(sink, true, since);
            }
            // After a dip the second head may show its green long after the first one.
            (1, Aspect::Green) if self.heads[0] == Some(Aspect::Green) => self.run(sink, true, since),
            (0 | 1, Aspect::FlashingYellow | Aspect::Off) => {
                sink.set_since(sink.ids.walking[0], flag(false), since);
                sink.set_since(sink.ids.announcement[0], flag(false), since);
                self.run(sink, false, since);
            }
            (2, Aspect::Green) => {
                sink.set_since(sink.ids.walking[0], flag(true), since);
                sink.set_since(sink.ids.announcement[0], flag(false), since);
                sink.set_since(sink.ids.waiting[0], flag(false), since);
                sink.set_since(sink.ids.unseen[0], flag(false), since);
                self.candidate = None;
                self.most_people = self.people;
            }
            (2, Aspect::FlashingGreen) if self.present => self.may_wait(sink, since),
            (_head, _aspect) => {}
        }
    }

    fn run(&mut self, sink: &mut Sink, running: bool, since: Instant) {
        let steady =
            |aspect: Option<Aspect>| !matches!(aspect, Some(Aspect::FlashingYellow | Aspect::Off) | None);
        let running = running && steady(self.heads[0]) && steady(self.heads[1]);
        if running != self.running {
            self.running = running;
            sink.set_since(sink.ids.running[0], flag(running), since);
            self.weigh(sink, since);
        }
    }

    /// What the heads show is not known any more.
    pub(super) fn lamps_unseen(&mut self, sink: &mut Sink, since: Instant) {
        self.heads = [None; 4];
        self.run(sink, false, since);
    }

    /// Whether the crossing is upset, from `since` on.
    fn weigh(&mut self, sink: &mut Sink, since: Instant) {
        let powered = self.power.is_none_or(|(on, _)| on);
        let operated = sink.is(sink.ids.operated[0]);
        let upset =
            !self.running || !powered || self.recovering || self.mode_upsets || operated || !self.linked;
        if upset != self.upset {
            self.upset = upset;
            let from = if upset { since.back(BEFORE) } else { sink.now };
            sink.set_since(sink.ids.upset[0], flag(upset), from);
        }
    }

    /// The mode is one that suspends the sequence, or no longer.
    pub(super) fn mode(&mut self, sink: &mut Sink, upsets: bool, since: Instant) {
        self.mode_upsets = upsets;
        self.weigh(sink, since);
    }

    /// All heads get their writes, or not.
    pub(super) fn linked(&mut self, sink: &mut Sink) {
        let linked = sink.is(sink.ids.lamp_link[0]);
        if linked != self.linked {
            self.linked = linked;
            self.weigh(sink, sink.now);
        }
    }

    pub(super) fn operated(&mut self, sink: &mut Sink, since: Instant) {
        sink.wake(Timer::Operated, sink.now + OPERATED_LASTS);
        sink.set_since(sink.ids.operated[0], flag(true), since);
        self.weigh(sink, since);
    }

    pub(super) fn no_longer_operated(&mut self, sink: &mut Sink) {
        sink.set_flag(sink.ids.operated[0], false);
        self.weigh(sink, sink.now);
    }

    /// The supply is on, and nobody has seen it come.
    pub(super) fn found_with_supply(&mut self, sink: &mut Sink) {
        self.power = Some((true, sink.now));
        sink.set_flag(sink.ids.power[0], true);
        self.weigh(sink, sink.now);
    }

    pub(super) fn power(&mut self, sink: &mut Sink, on: bool) {
        if self.power.is_some_and(|(known, _)| known == on) {
            return;
        }
        let on_since = self.power.map_or(Instant::ZERO, |(_, since)| since);
        let off_for = self.power.map(|(_, since)| sink.now.since(since));
        self.power = Some((on, sink.now));
        sink.set_flag(sink.ids.power[0], on);
        let from = if on { sink.now } else { sink.now.back(BEFORE) };
        sink.set_since(sink.ids.supply_fails[0], flag(!on), from);
        if on {
            match off_for {
                // One that interrupts what an earlier one began shows nothing.
                Some(off) if off <= self.bounds.dip_ride && self.settled => {
                    sink.wake(Timer::ShortDip, sink.now + SHORT_DIP_LASTS);
                    sink.set_flag(sink.ids.short_dip[0], true);
                }
                Some(off) if off <= self.bounds.dip_boot => {}
                Some(_) | None => sink.set_flag(sink.ids.cold[0], true),
            }
            self.recovering = true;
            sink.wake(Timer::Recovered, sink.now + AFTER_DIP);
        }
        if !on {
            self.settled = sink.now.since(on_since) >= SETTLED;
            // A dip within a dip is no short one.
            sink.timers.clear(Timer::ShortDip);
            sink.set_flag(sink.ids.short_dip[0], false);
        }
        self.weigh(sink, sink.now);
    }

    pub(super) fn recovered(&mut self, sink: &mut Sink) {
        self.recovering = false;
        self.weigh(sink, sink.now);
    }

    /// How many people wait at both kerbs together.
    pub(super) fn people(&mut self, sink: &mut Sink, people: i64) {
        if people < self.people && self.heads[2] == Some(Aspect::Green) {
            sink.set_flag(sink.ids.unseen[0], !self.crossed);
        }
        self.people = people;
        self.most_people = self.most_people.max(people);
        let present = people > 0;
        if present == self.present {
            return;
        }
        self.present = present;
        if present {
            sink.timers.clear(Timer::GivesUp);
            if !sink.is(sink.ids.waiting[0]) && self.heads[2] != Some(Aspect::Green) {
                self.may_wait(sink, sink.now);
            }
        } else {
            self.candidate = None;
            sink.timers.clear(Timer::Waits);
            sink.wake(Timer::GivesUp, sink.now + self.bounds.hold);
        }
    }

    /// Whether somebody is seen on the crosswalk (P37).
    pub(super) fn on_crosswalk(&mut self, sink: &mut Sink, on: bool) {
        self.on_crosswalk = on;
        if on && !self.crossed {
            self.crossed = true;
            sink.set_flag(sink.ids.unseen[0], false);
        }
    }

    fn may_wait(&mut self, sink: &mut Sink, since: Instant) {
        self.candidate = Some(since);
        sink.wake(Timer::Waits, (since + self.bounds.debounce).max(sink.now));
    }

    /// Somebody has been there for as long as makes a demand.
    pub(super) fn waits(&mut self, sink: &mut Sink) {
        if let Some(since) = self.candidate.take()
            && !matches!(self.heads[2], Some(Aspect::Green))
        {
            sink.set_since(sink.ids.waiting[0], flag(true), since);
        }
    }

    /// Nobody has been there for as long as a demand is held.
    pub(super) fn gives_up(&mut self, sink: &mut Sink) {
        sink.set_flag(sink.ids.waiting[0], false);
    }
}
