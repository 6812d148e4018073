//! The bus to the six units in the street: two vehicle heads, two pedestrian heads, two light posts.
//!
//! What is wanted is kept per unit. A change goes out at once, those units first that lose a green, twins back to
//! back; whatever is wanted is written again every 500 ms, which is also what holds off the heads' own flash
//! watchdog (P48). A unit that does not take a change is asked again at once, before anybody else: two damaged frames in
//! a row then cost less than an edge's tolerance. After three tries in vain it waits for the next refresh, so that it does not
//! slow down the others. A unit counts as lost when nothing has brought an answer for 600 ms: a burst of noise or a host that
//! stumbles is not a dead head. Where no unit has answered in that time the bus is cut, and all that were tried are lost at once. A
//! lost unit gets only its turn of the refresh.
//!
//! The controller sees bytes only, so the numbers of the units' public register maps stand here once more: heads
//! have coils (vehicle 0 red, 1 yellow, 2 green; pedestrian 0 red, 1 green) and holding register 0, the watchdog in
//! ms; posts have holding registers 0 prompt, 1 volume, 2 light, 3 watchdog in ms.

use super::config::{Config, Units};
use super::interlock::{Groups, Permitted};
use crate::device::Wake;
use crate::time::{Instant, Span};
use crate::wire::modbus::{Client, ClientConfig, Request, Response};

/// First coil of a head.
const COILS: u16 = 0;
/// A head's watchdog register.
const HEAD_WATCHDOG: u16 = 0;
/// A post's registers: prompt, volume and light in a row.
const POST_PROMPT: u16 = 0;
const POST_VOLUME: u16 = 1;
const POST_WATCHDOG: u16 = 3;
/// Units on the bus, and the index of the first pedestrian head and the first post.
pub(super) const UNITS: usize = 6;
const PEDESTRIANS: usize = 2;
const POSTS: usize = 4;
/// Each unit is written at least once in this time.
pub(super) const REFRESH: Span = Span::from_ms(500);
/// How long a unit may think when nothing urgent waits. Converters and a busy host cost some milliseconds, in bursts tens of
/// them, and a frame that is asked for again while its answer is on the way collides with it.
const TIMEOUT: Span = Span::from_ms(100);
/// The same when a lamp shall change, or while units fail: a dead one must not cost more. Twice this and two requests (5 ms
/// each at 19200 baud) must stay below T38 (100 ms), so late a head may change.
const URGENT_TIMEOUT: Span = Span::from_ms(40);
/// Tries at once, one behind the other, to bring a unit what it shall do.
const TRIES: u8 = 3;
/// So long after it was first told what it does not take a unit is lost: before its lamps, which flash by themselves after a second,
/// are taken for broken ones.
const LOST_AFTER: Span = Span::from_ms(600);

/// A sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prompt {
    /// Stop speaking.
    Silence = 0,
    /// It is green, please cross.
    Go = 1,
    /// It is red, please wait.
    Stop = 2,
}

/// A post's light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PostLight {
    /// Dark.
    Dark = 0,
    /// Red.
    Red = 1,
    /// Green.
    Green = 2,
}

/// What changed about a unit; the number is its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnitChange {
    /// It does not answer.
    Lost(usize),
    /// It answers again.
    Found(usize),
}

/// What a transaction was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Matter {
    State,
    Watchdog,
    /// A prompt, by its running number.
    Prompt(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tag {
    unit: usize,
    matter: Matter,
}

#[derive(Clone, Copy, Debug)]
struct Unit {
    address: u8,
    /// Tries in vain since it last got something new to do.
    tries: u8,
    /// When it was first told something since its last answer.
    asked_since: Option<Instant>,
    /// The same, once a try has failed.
    failing_since: Option<Instant>,
    lost: bool,
    /// A prompt that it has not taken so far.
    unheard: Option<u32>,
    watchdog_due: bool,
}

impl Unit {
    /// It has not answered, and is not given up yet.
    const fn fails(&self) -> bool {
        !self.lost && self.failing_since.is_some()
    }
}

/// The bus.
#[derive(Clone, Debug)]
pub(super) struct LampBus {
    client: Client<Tag>,
    units: [Unit; UNITS],
    watchdog_ms: u16,
    groups: Groups,
    light: PostLight,
    volume: u8,
    prompt: Prompt,
    prompts: u32,
    /// When any unit last answered.
    heard_at: Instant,
    /// Whose turn the refresh is, when, and whether it waits for the bus to be idle.
    turn: usize,
    refresh_at: Instant,
    refresh_waits: bool,
}

impl LampBus {
    /// A bus on which nothing has been said.
    pub(super) fn new(config: &Config, now: Instant) -> LampBus {
        let Units { vehicle, pedestrian, posts, .. } = config.units;
        let unit = |address| Unit {
            address,
            tries: 0,
            asked_since: None,
            failing_since: None,
            lost: false,
            unheard: None,
            watchdog_due: true,
        };
        let line = config.ports.lamps.1;
        LampBus {
            client: Client::new(ClientConfig {
                line,
                timeout: TIMEOUT,
                urgent_timeout: URGENT_TIMEOUT,
                retries: 0,
            }),
            units: [vehicle[0], vehicle[1], pedestrian[0], pedestrian[1], posts[0], posts[1]].map(unit),
            watchdog_ms: config.watchdog_ms,
            groups: Groups::DARK,
            light: PostLight::Dark,
            volume: 0,
            prompt: Prompt::Silence,
            prompts: 0,
            heard_at: now,
            turn: 0,
            refresh_at: now + REFRESH.div(UNITS as u64),
            refresh_waits: false,
        }
    }

    /// What the heads show from now on.
    pub(super) fn show(&mut self, now: Instant, command: Permitted) {
        let wanted = command.groups();
        let before = std::mem::replace(&mut self.groups, wanted);
        let vehicle = before.vehicle_lamps() != wanted.vehicle_lamps();
        let pedestrian = before.pedestrian_lamps() != wanted.pedestrian_lamps();
        let pedestrians_stop = before.pedestrian_lamps()[1] && !wanted.pedestrian_lamps()[1];
        let order = if pedestrians_stop { [2, 3, 0, 1] } else { [0, 1, 2, 3] };
        for unit in order {
            let changed = if unit < PEDESTRIANS { vehicle } else { pedestrian };
            if changed && !self.units[unit].lost {
                self.units[unit].tries = 0;
                self.write_state(now, unit, true);
            }
        }
    }

    /// What the heads were last told to show.
    pub(super) const fn shown(&self) -> Groups {
        self.groups
    }

    /// The posts' light and volume from now on, and what they shall say now.
    pub(super) fn posts(&mut self, now: Instant, light: PostLight, volume: u8, prompt: Option<Prompt>) {
        let changed = self.light != light;
        self.light = light;
        self.volume = volume;
        if let Some(prompt) = prompt {
            self.prompt = prompt;
            self.prompts = self.prompts.wrapping_add(1);
        }
        for unit in POSTS..UNITS {
            if self.units[unit].lost {
                continue;
            }
            if prompt.is_some() {
                self.units[unit].tries = 0;
                self.write_prompt(now, unit);
            } else if changed {
                self.units[unit].tries = 0;
                self.write_state(now, unit, true);
            }
        }
    }

    /// Everything once more, at once: the units may have lost what they knew, or still show what a controller told
    /// them that has since been without supply. The group that has no green goes first.
    pub(super) fn repeat_all(&mut self, now: Instant) {
        self.client.clear();
        let walking = self.groups.pedestrian_lamps()[1];
        let order = if walking { [0, 1, 2, 3, 4, 5] } else { [2, 3, 0, 1, 4, 5] };
        for unit in order {
            self.units[unit].watchdog_due = true;
            self.write_state(now, unit, true);
        }
        self.ask_watchdogs(now);
    }

    /// Whether a head is lost.
    pub(super) fn head_lost(&self) -> bool {
        self.units[..POSTS].iter().any(|unit| unit.lost)
    }

    /// Bytes arrived.
    pub(super) fn handle_bytes(&mut self, now: Instant, bytes: &[u8], changes: &mut Vec<UnitChange>) {
        self.client.handle_bytes(now, bytes);
        self.finish(now, changes);
    }

    /// The wake has come.
    pub(super) fn handle_timeout(&mut self, now: Instant, changes: &mut Vec<UnitChange>) {
        self.client.handle_timeout(now);
        self.finish(now, changes);
        if now >= self.refresh_at {
            self.refresh_waits = true;
            self.refresh_at = now + REFRESH.div(UNITS as u64);
        }
        self.refresh(now);
    }

    /// A frame to send now.
    pub(super) fn poll_send(&mut self) -> Option<Vec<u8>> {
        self.client.poll_send()
    }

    /// Bytes that were thrown away since the last call, and why.
    pub(super) fn poll_reject(&mut self) -> Option<(usize, &'static str)> {
        self.client.poll_reject()
    }

    /// When to call again.
    pub(super) fn poll_timeout(&self) -> Option<Wake> {
        let refresh = Wake { at: self.refresh_at, why: "lamp refresh" };
        match self.client.poll_timeout() {
            Some(wake) if wake.at <= refresh.at => Some(wake),
            Some(_) | None => Some(refresh),
        }
    }

    /// The refresh waits until the bus is idle: what it says must not be overtaken by a change.
    fn refresh(&mut self, now: Instant) {
        if !self.refresh_waits || self.client.waiting() > 0 {
            return;
        }
        self.refresh_waits = false;
        // Where one fails others may follow: whoever has not been heard must be asked before its watchdog ends.
        let trouble = self.units.iter().any(Unit::fails);
        for unit in 0..UNITS {
            let Unit { lost, unheard, .. } = self.units[unit];
            let fails = self.units[unit].fails();
            if fails && unheard == Some(self.prompts) {
                self.write_prompt(now, unit);
            } else if fails || unit == self.turn {
                self.write_state(now, unit, trouble || lost);
            }
        }
        self.turn = (self.turn + 1) % UNITS;
        self.ask_watchdogs(now);
    }

    fn finish(&mut self, now: Instant, changes: &mut Vec<UnitChange>) {
        while let Some(done) = self.client.poll_done() {
            match done.result {
                Ok(Some(Response::Written(..))) => self.answered(now, done.tag, changes),
                // A unit that refuses is there; what it refuses it will refuse again.
                Ok(_) if done.tag.matter == Matter::Watchdog => self.answered(now, done.tag, changes),
                Ok(_) | Err(_) => self.failed(now, done.tag, changes),
            }
        }
        self.refresh(now);
    }

    fn answered(&mut self, now: Instant, tag: Tag, changes: &mut Vec<UnitChange>) {
        let index = tag.unit;
        self.heard_at = now;
        let unit = &mut self.units[index];
        unit.tries = 0;
        unit.asked_since = None;
        let unheard = unit.unheard.take();
        if unheard == Some(self.prompts) && unheard.map(Matter::Prompt) != Some(tag.matter) {
            self.write_prompt(now, index);
        }
        let unit = &mut self.units[index];
        if unit.failing_since.take().is_none() {
            return;
        }
        // It may have been without supply, and have forgotten its watchdog.
        unit.watchdog_due = true;
        if std::mem::take(&mut unit.lost) {
            changes.push(UnitChange::Found(index));
            self.write_state(now, index, true);
        }
        self.ask_watchdogs(now);
    }

    fn failed(&mut self, now: Instant, tag: Tag, changes: &mut Vec<UnitChange>) {
        let unit = &mut self.units[tag.unit];
        let since = *unit.failing_since.get_or_insert(unit.asked_since.unwrap_or(now));
        if unit.lost {
            return;
        }
        if now.since(since) >= LOST_AFTER {
            self.lose(tag.unit, since, changes);
            return;
        }
        unit.tries = unit.tries.saturating_add(1);
        match tag.matter {
            Matter::Watchdog => unit.watchdog_due = true,
            Matter::Prompt(number) if unit.tries >= TRIES => unit.unheard = Some(number),
            Matter::State if unit.tries >= TRIES => {}
            // What is wanted now, which may be something else than what failed.
            Matter::State => {
                let again = Tag { unit: tag.unit, matter: Matter::State };
                self.client.withdraw(&again, true);
                self.client.ask_next(now, again, self.units[tag.unit].address, self.state(tag.unit));
            }
            Matter::Prompt(number) if number == self.prompts => self.write_prompt(now, tag.unit),
            // Something else has been said since.
            Matter::Prompt(_) => self.write_state(now, tag.unit, true),
        }
    }

    /// Gives a unit up, which has not answered since `since`; where nobody has, all that have been tried in vain.
    fn lose(&mut self, lost: usize, since: Instant, changes: &mut Vec<UnitChange>) {
        let cut = self.heard_at <= since;
        for (index, unit) in self.units.iter_mut().enumerate() {
            if index == lost || cut && unit.fails() {
                unit.lost = true;
                changes.push(UnitChange::Lost(index));
            }
        }
    }

    /// What a unit shall show, as a request.
    fn state(&self, unit: usize) -> Request {
        if unit < PEDESTRIANS {
            Request::WriteCoils(COILS, self.groups.vehicle_lamps().as_slice().into())
        } else if unit < POSTS {
            Request::WriteCoils(COILS, self.groups.pedestrian_lamps().as_slice().into())
        } else {
            Request::WriteRegisters(
                POST_VOLUME,
                [u16::from(self.volume), self.light as u16].as_slice().into(),
            )
        }
    }

    /// A refresh that is queued while the line falls silent must not come after a change that goes before it.
    fn drop_refresh(&mut self, unit: usize) {
        self.client.withdraw(&Tag { unit, matter: Matter::State }, false);
    }

    fn write_state(&mut self, now: Instant, unit: usize, urgent: bool) {
        self.units[unit].asked_since.get_or_insert(now);
        self.drop_refresh(unit);
        let tag = Tag { unit, matter: Matter::State };
        self.client.ask(now, tag, self.units[unit].address, self.state(unit), urgent);
    }

    fn write_prompt(&mut self, now: Instant, unit: usize) {
        self.units[unit].asked_since.get_or_insert(now);
        let values = [self.prompt as u16, u16::from(self.volume), self.light as u16].as_slice().into();
        self.drop_refresh(unit);
        let tag = Tag { unit, matter: Matter::Prompt(self.prompts) };
        let request = Request::WriteRegisters(POST_PROMPT, values);
        self.client.ask(now, tag, self.units[unit].address, request, true);
    }

    fn ask_watchdogs(&mut self, now: Instant) {
        for index in 0..UNITS {
            let unit = &mut self.units[index];
            if unit.lost || !std::mem::take(&mut unit.watchdog_due) {
                continue;
            }
            let register = if index < POSTS { HEAD_WATCHDOG } else { POST_WATCHDOG };
            let request = Request::WriteRegister(register, self.watchdog_ms);
            let tag = Tag { unit: index, matter: Matter::Watchdog };
            self.client.ask(now, tag, unit.address, request, false);
        }
    }
}
