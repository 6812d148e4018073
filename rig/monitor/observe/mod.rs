//! The observer: records of evidence in, changes of signals out. It reads frames, heads, displays, posts and the
//! supply; never where people are, and of stimuli one, for one purpose: where a site has no service port to tell of it,
//! what an operator did excuses (and proves nothing).
//!
//! **Order.** Changes come in order of their instants, [`Observer::settled`] behind the present: an aspect is often known
//! later than it began, and the judge shall not have to take a verdict back. Whoever drives an engine with them
//! moves the engine's time on to `settled()`, not to the present; at the end of a record too, as what was held back then
//! might still have turned out otherwise.
//!
//! **Whose fault.** Aspects, digits and prompts are what was *commanded* (driven, told), so that a broken lamp is not
//! held against the controller. What the controller hears counts as it arrived, what it says as it was sent.
//!
//! What each signal means stands where they are declared, in `vocabulary.rs`.

mod bus;
mod camera_clock;
mod cameras;
mod context;
mod displays;
mod frames;
mod heads;
mod panel;
mod posts;
mod sensed;
mod service;
mod sink;
mod units;
mod vocabulary;
mod walkers;

use emulators::time::{CharacterTimes, Instant, Line, Span};

use self::bus::Bus;
use self::cameras::Camera;
use self::context::Context;
use self::displays::Displays;
use self::frames::Sent;
use self::heads::{Heads, pedestrian_level, place, vehicle_level};
use self::posts::Posts;
use self::service::Service;
use self::sink::{LAG, Sink};
use self::units::Units;
use self::vocabulary::Ids;
use super::signal::{Change, Value, Vocabulary};
use crate::site::{CableRole, Geometry, Limits, Site, Wiring};
use crate::trace::aspect::{Aspect, Sighting};
use crate::trace::{Record, What};

emulators::timers! {
    /// What the observer waits for.
    enum Timer {
        HeadVa = "aspect of vehicle head A",
        HeadVb = "aspect of vehicle head B",
        HeadPa = "aspect of pedestrian head A",
        HeadPb = "aspect of pedestrian head B",
        WatchdogVa = "writes to vehicle head A",
        WatchdogVb = "writes to vehicle head B",
        WatchdogPa = "writes to pedestrian head A",
        WatchdogPb = "writes to pedestrian head B",
        Sensed = "lamp feedback",
        Dark = "a lamp that is driven and dark",
        LampNoise = "damage on the lamp bus",
        LampUnheard = "answers on the lamp bus",
        Countdown = "countdown broadcast",
        Unsaid = "nothing sent to a display",
        SilenceA = "camera A",
        SilenceB = "camera B",
        GoodA = "believable camera A",
        GoodB = "believable camera B",
        SessionA = "session with camera A",
        SessionB = "session with camera B",
        ChurnA = "counts of camera A",
        ChurnB = "counts of camera B",
        LineA = "damage on the line to camera A",
        LineB = "damage on the line to camera B",
        OverdueA = "reports of camera A",
        OverdueB = "reports of camera B",
        PostA = "post A",
        PostB = "post B",
        Service = "service port",
        Quiet = "quiet hours",
        Operated = "operator",
        ShortDip = "after a short dip",
        Recovered = "after supply",
        Waits = "presence lasts",
        GivesUp = "presence ended",
    }
}

impl Timer {
    const HEADS: [Timer; 4] = [Timer::HeadVa, Timer::HeadVb, Timer::HeadPa, Timer::HeadPb];
    const WATCHDOGS: [Timer; 4] =
        [Timer::WatchdogVa, Timer::WatchdogVb, Timer::WatchdogPa, Timer::WatchdogPb];
    const SILENCES: [Timer; 2] = [Timer::SilenceA, Timer::SilenceB];
    const GOODS: [Timer; 2] = [Timer::GoodA, Timer::GoodB];
    const SESSIONS: [Timer; 2] = [Timer::SessionA, Timer::SessionB];
    const CHURNS: [Timer; 2] = [Timer::ChurnA, Timer::ChurnB];
    const LINES: [Timer; 2] = [Timer::LineA, Timer::LineB];
    const OVERDUES: [Timer; 2] = [Timer::OverdueA, Timer::OverdueB];
    const POSTS: [Timer; 2] = [Timer::PostA, Timer::PostB];
}

/// Local time of day in whole minutes: a day has so many.
const DAY_MINUTES: u64 = 24 * 60;

/// Makes changes of signals out of records.
#[derive(Clone, Debug)]
pub struct Observer {
    sink: Sink,
    heads: Heads,
    displays: Displays,
    cameras: [Camera; 2],
    posts: Posts,
    units: Units,
    service: Service,
    context: Context,
    lamps: Bus,
    feedback: Bus,
    service_bus: Bus,
    silences: [Span; 2],
    pedestrian_red_since: Option<Instant>,
    /// Local seconds at the beginning of the run, as they are now believed.
    clock: i64,
    /// The record has told whether the controller's supply came or was there.
    supply_known: bool,
    voice: (u64, u64),
    collided: [Option<Sent>; CableRole::COUNT],
    /// When somebody other than the controller was last heard, by cable.
    others_spoke: [Option<Instant>; CableRole::COUNT],
    times: [Option<CharacterTimes>; CableRole::COUNT],
    seen: Vec<(usize, Sighting)>,
}

impl Observer {
    /// An observer for a site, and the signals it makes. `starts_at` is the local time at the beginning, in
    /// seconds since 1970-01-01.
    #[must_use]
    pub fn new(site: &Site, starts_at: u32) -> (Observer, Vocabulary) {
        Observer::with(&site.wiring, &site.geometry, &site.limits, site.policy(), starts_at)
    }

    /// The same from the parts of a site that an observer may know.
    #[must_use]
    pub fn with(
        wiring: &Wiring,
        geometry: &Geometry,
        limits: &Limits,
        policy: &str,
        starts_at: u32,
    ) -> (Observer, Vocabulary) {
        let mut vocabulary = Vocabulary::default();
        let ids = Ids::register(&mut vocabulary);
        let mut sink = Sink::new(ids, vocabulary.len());
        let time = |name: &str, default| limits.time(name).unwrap_or(Span::from_ms(default));
        let minutes =
            |name: &str, default| limits.number(name).and_then(|n| u64::try_from(n).ok()).unwrap_or(default);
        let context = Context::new(geometry, limits);
        context.begin(&mut sink);
        let policy =
            ["observed", "balanced", "fixed_time", "push_button"].iter().position(|name| *name == policy);
        sink.set(sink.ids.policy[0], policy.map_or(Value::Nil, |place| Value::Level(place as u8)));
        let bus = |role: CableRole| {
            Bus::new(wiring.cables[role.index()].map_or(Line::n81(19_200), |cable| cable.line))
        };
        let silence = |role: CableRole, name: &str| {
            let line = wiring.cables[role.index()].map_or(Span::ZERO, |cable| cable.line.modbus_silence());
            limits.number(name).and_then(|us| u64::try_from(us).ok()).map_or(line, Span::from_us)
        };
        let offset = limits.number("countdown_offset").unwrap_or(0);
        let observer = Observer {
            heads: Heads::new(wiring, time("lamp_watchdog", 1_000)),
            displays: Displays::new(wiring.countdown, offset, time("display_dark", 2_000)),
            cameras: [0, 1].map(|place| Camera::new(place, wiring, limits)),
            posts: Posts::new(wiring.lamps, time("lamp_watchdog", 1_000)),
            units: Units::new(wiring),
            service: Service::new(
                wiring.service.map(|service| service.unit),
                time("service_poll", 1_000) * 2,
                policy.map(|place| place as u16),
            ),
            context,
            lamps: bus(CableRole::Lamps),
            feedback: bus(CableRole::Feedback),
            service_bus: bus(CableRole::Service),
            silences: [
                silence(CableRole::Lamps, "modbus_silence_lamps"),
                silence(CableRole::Feedback, "modbus_silence_feedback"),
            ],
            pedestrian_red_since: None,
            clock: i64::from(starts_at),
            supply_known: false,
            voice: (minutes("voice_from", 420), minutes("voice_to", 1_260)),
            collided: [const { None }; CableRole::COUNT],
            others_spoke: [None; CableRole::COUNT],
            times: std::array::from_fn(|place| {
                wiring.cables[place].map(|cable| CharacterTimes::new(cable.line))
            }),
            seen: Vec::new(),
            sink,
        };
        let mut observer = observer;
        observer.service.begin(&mut observer.sink);
        if !wiring.has(CableRole::Lamps) {
            // Lamps that are switched by mains get no writes, so none are missing.
            observer.sink.set_flag(observer.sink.ids.lamp_link[0], true);
            observer.context.linked(&mut observer.sink);
        }
        observer.quiet();
        (observer, vocabulary)
    }

    /// Everything up to here has been handed out: an engine's time may move on so far and no further.
    #[must_use]
    pub fn settled(&self) -> Instant {
        self.sink.settled()
    }

    /// An instant before which nothing is derived without a record.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        (self.sink.due != Instant::MAX).then_some(self.sink.due)
    }

    /// Time has come to `now`, and everything that happened by then has been recorded.
    pub fn advance(&mut self, now: Instant, changes: &mut Vec<Change>) {
        self.derive(now);
        self.hand_out(now, changes);
    }

    /// A record. Records come in order of `latest`.
    pub fn record(&mut self, record: &Record, changes: &mut Vec<Change>) {
        // At one instant a record comes before what is derived.
        if self.sink.due < record.latest {
            self.derive(record.latest.back(Span::from_us(1)));
            self.hand_out(record.latest, changes);
        }
        self.sink.now = record.latest;
        self.sink.earliest = record.earliest;
        self.sink.vague = record.latest.since(record.earliest);
        if !self.supply_known {
            self.supply_known = true;
            // A record that begins without the supply's coming began beside a controller that had it.
            if !matches!(record.what, What::Power(_)) {
                self.context.found_with_supply(&mut self.sink);
            }
        }
        match &record.what {
            What::Frame(frame) => self.frame(frame),
            What::Head { head, driven, lit } if self.heads.sense.is_none() => {
                let edge = (record.latest, self.sink.vague);
                let lamps = (*driven, *lit);
                self.heads.lamps(&mut self.sink, edge, place(*head), lamps, &mut self.seen);
                self.sightings();
            }
            What::Display { head, told, shown: _ } => Displays::holds(&mut self.sink, *head, *told),
            What::Post { post, light, voice, volume } => {
                self.posts.seen(&mut self.sink, *post, *light, *voice, *volume);
            }
            What::Power(on) => self.power(*on),
            What::Stimulus(text) => self.operator(text),
            What::Sensed { head, lit } => self.sensed(*head, *lit),
            What::Head { .. } | What::People { .. } | What::Reject { .. } | What::Note(_) | What::End => {}
        }
    }

    fn hand_out(&mut self, now: Instant, changes: &mut Vec<Change>) {
        self.sink.settle(now.back(LAG), changes);
    }

    /// Does all that is due up to `now`, each at its own instant.
    fn derive(&mut self, now: Instant) {
        loop {
            let due = self.sink.timers.wake().map_or(Instant::MAX, |wake| wake.at);
            if due > now || due == Instant::MAX {
                self.sink.due = due;
                return;
            }
            self.sink.now = self.sink.now.max(due);
            self.sink.earliest = self.sink.now;
            self.sink.vague = Span::ZERO;
            if let Some(timer) = self.sink.timers.expired(due) {
                self.timer(timer);
            }
        }
    }

    fn timer(&mut self, timer: Timer) {
        let sink = &mut self.sink;
        match timer {
            Timer::HeadVa => self.settle_head(0),
            Timer::HeadVb => self.settle_head(1),
            Timer::HeadPa => self.settle_head(2),
            Timer::HeadPb => self.settle_head(3),
            Timer::WatchdogVa => self.unwritten(0),
            Timer::WatchdogVb => self.unwritten(1),
            Timer::WatchdogPa => self.unwritten(2),
            Timer::WatchdogPb => self.unwritten(3),
            Timer::Sensed => self.heads.unsensed(sink),
            Timer::Dark => self.heads.dark(sink),
            Timer::LampNoise => sink.set_flag(sink.ids.lamp_noise[0], false),
            Timer::LampUnheard => Units::unheard(sink),
            Timer::Countdown => self.displays.silent(sink),
            Timer::Unsaid => self.displays.unsaid(sink),
            Timer::SilenceA => self.camera_silent(0),
            Timer::SilenceB => self.camera_silent(1),
            Timer::GoodA => self.cameras[0].unbelieved(sink),
            Timer::GoodB => self.cameras[1].unbelieved(sink),
            Timer::SessionA => sink.set_flag(sink.ids.in_session[0], false),
            Timer::SessionB => sink.set_flag(sink.ids.in_session[1], false),
            Timer::ChurnA => sink.set_flag(sink.ids.churn[0], false),
            Timer::ChurnB => sink.set_flag(sink.ids.churn[1], false),
            Timer::LineA => sink.set_flag(sink.ids.line_noise[0], false),
            Timer::LineB => sink.set_flag(sink.ids.line_noise[1], false),
            Timer::OverdueA => self.cameras[0].line_disturbed(sink),
            Timer::OverdueB => self.cameras[1].line_disturbed(sink),
            Timer::PostA => self.posts.compare(sink, 0),
            Timer::PostB => self.posts.compare(sink, 1),
            Timer::Service => self.service.silent(sink),
            Timer::Quiet => self.quiet(),
            Timer::Operated => self.context.no_longer_operated(sink),
            Timer::ShortDip => sink.set_flag(sink.ids.short_dip[0], false),
            Timer::Recovered => self.context.recovered(sink),
            Timer::Waits => self.context.waits(sink),
            Timer::GivesUp => self.context.gives_up(sink),
        }
    }

    fn settle_head(&mut self, place: usize) {
        self.heads.settle(&mut self.sink, place, &mut self.seen);
        self.sightings();
    }

    fn unwritten(&mut self, place: usize) {
        self.heads.unwritten(&mut self.sink, place);
        self.reckon(place);
        self.context.linked(&mut self.sink);
    }

    fn camera_silent(&mut self, place: usize) {
        if self.cameras[place].silent(&mut self.sink) {
            self.people();
        }
    }

    /// Tells the aspects that were sighted.
    fn sightings(&mut self) {
        let mut seen = std::mem::take(&mut self.seen);
        for (head, Sighting { aspect, since, vague }) in seen.drain(..) {
            self.sink.vague = vague;
            self.sees_again(head, aspect, since);
            let sink = &mut self.sink;
            self.context.aspect(sink, head, aspect, since);
            let (signal, level) = match head {
                0 | 1 => (sink.ids.vehicle[head], vehicle_level(aspect)),
                _pedestrian => (sink.ids.pedestrian[head - 2], pedestrian_level(aspect)),
            };
            sink.set_since(signal, level, since);
            self.context.after_aspect(sink, head, aspect, since);
            self.displays.aspect(head, aspect);
            if head == 2 {
                if aspect == Aspect::Green {
                    self.service.panel.walk(since);
                }
                let red = aspect == Aspect::Red;
                self.pedestrian_red_since = red.then_some(since);
                if !red {
                    for camera in &mut self.cameras {
                        camera.red_ends(sink);
                    }
                }
            }
        }
        self.seen = seen;
    }

    fn power(&mut self, on: bool) {
        // Noise that ends before the supply comes is on record before it.
        self.lamps.power_lost();
        self.feedback.power_lost();
        self.heads.power(&mut self.sink, on);
        self.reckon_all();
        // A question that was under way as the supply failed is on record before it comes back.
        self.cameras.iter_mut().for_each(|camera| camera.power_changes(&mut self.sink));
        if !on {
            self.posts.power_lost(&mut self.sink);
            self.units.power_lost(&mut self.sink);
            self.service.power_lost(&mut self.sink);
            self.displays.power_lost(&mut self.sink);
            // What was reported before is not known to a controller that starts anew.
            for signal in self.sink.ids.in_session {
                self.sink.set_flag(signal, false);
            }
        }
        self.service.panel.power_changes();
        self.context.power(&mut self.sink, on);
        self.context.linked(&mut self.sink);
    }

    /// Without a service port nobody else tells of an operator. What he did only excuses.
    fn operator(&mut self, stimulus: &str) {
        if self.service.is_wired() {
            return;
        }
        let Some(deed) = stimulus.strip_prefix("operator = ") else { return };
        let now = self.sink.now;
        match deed.trim_matches('"') {
            "manual" | "flash" | "off" => self.context.mode(&mut self.sink, true, now),
            "automatic" => self.context.mode(&mut self.sink, false, now),
            _step_or_reset => {}
        }
        self.context.operated(&mut self.sink, now);
    }

    fn people(&mut self) {
        let people = self.cameras[0].count() + self.cameras[1].count();
        self.sink.set_flag(self.sink.ids.any_present[0], people > 0);
        self.context.people(&mut self.sink, people);
    }

    /// Whether prompts shall be quiet now, and when that changes.
    fn quiet(&mut self) {
        let now = self.sink.now;
        let local = self.clock + (now.as_us() / 1_000_000) as i64;
        let second = u64::try_from(local.rem_euclid(DAY_MINUTES as i64 * 60)).unwrap_or(0);
        let (from, to) = self.voice;
        let minute = second / 60;
        let active = if from <= to { (from..to).contains(&minute) } else { !(to..from).contains(&minute) };
        self.sink.set_flag(self.sink.ids.quiet[0], !active);
        let next =
            [from, to].map(|border| (border * 60 + DAY_MINUTES * 60 - second - 1) % (DAY_MINUTES * 60) + 1);
        let whole = Instant::from_us(now.as_us() / 1_000_000 * 1_000_000);
        self.sink.wake(Timer::Quiet, whole + Span::from_secs(next[0].min(next[1])));
    }
}

#[cfg(test)]
mod tests;
