//! People at the crossing: they arrive, wait, look at the head, walk at their own speed, give up, run the red.

mod kerbside;
mod light;
#[cfg(test)]
mod matrix_tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;

use crate::device::{Device, Input, Output, Wake};
use crate::time::{Instant, Span};
use crate::timer::Timers;
use crate::timers;
use kerbside::{Kerbside, Number, Person};
use light::Light;
use std::collections::BTreeMap;

/// The most people any crowd holds.
const LIMIT_MAX: usize = 10_000;
/// Nobody walks slower than this.
const SPEED_MIN_MM_S: u32 = 100;

/// The place people move in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Carriageway width, kerb to kerb, in mm.
    pub width_mm: u32,
    /// Most people the crowd holds; more are refused. At most 10,000.
    pub limit: usize,
}

/// A kerb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kerb {
    /// Kerb A; walking from here is "up".
    A,
    /// Kerb B; walking from here is "down".
    B,
}

/// What a person does after arriving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Waits for green and crosses.
    Crosses,
    /// Walks on red after waiting this long (zero: at once).
    RunsRed(Span),
    /// Goes away after this long without crossing, if green has not come.
    GivesUp(Span),
    /// Waits for green, walks half way, returns.
    TurnsBack,
    /// Steps on only during flashing green.
    StartsLate,
    /// Stands there and never crosses (removed only by `Leave`).
    Stands,
}

/// What can happen to the crowd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// People arrive together.
    Arrive {
        /// Where.
        kerb: Kerb,
        /// How many, at least 1.
        count: u16,
        /// Walking speed in mm/s, at least 100.
        speed_mm_s: u32,
        /// What they do.
        habit: Habit,
    },
    /// The longest-waiting people leave without crossing.
    Leave {
        /// Where.
        kerb: Kerb,
        /// How many; more than there are = all.
        count: u16,
    },
    /// The green lamp of the pedestrian heads is seen lit or not lit (by the crowd at that kerb's head).
    Green(bool),
}

/// Where people are now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct CrowdSight {
    /// Waiting at kerb A and B.
    pub waiting: [u16; 2],
    /// On the crosswalk, walking up (from A) and down (from B).
    pub walking: [u16; 2],
}

timers! {
    /// What a crowd waits for.
    enum Timer {
        /// Somebody steps on, turns, arrives or gives up; or the dark light is taken for red.
        NextStep = "next step",
    }
}

/// What somebody does at an instant fixed in advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    /// Has waited long enough at this kerb.
    PatienceEnds(Kerb),
    /// Is in the middle of the crosswalk, walking in this direction, and turns; the way back takes this long.
    TurnsBack(Kerb, Span),
    /// Is across (or back), having walked in this direction.
    IsAcross(Kerb),
}

/// The crowd. It has no ports.
///
/// **The light.** People see edges of the green lamp. Green is *walk* from the edge that follows more than 1.2 s
/// of dark until its first off edge; then it is *flashing* until it has been off for more than 1.2 s.
///
/// **Stepping on.** During walk, people step off in the order of their arrival: 1.0 s after walk began (or after
/// they arrived, if later), at most a row of 5 within 2 s, at each kerb for itself. Who is still on the kerb when
/// flashing begins waits for the next walk. [`Habit::StartsLate`] steps on 0.5 s after flashing began (or after
/// arriving), if it still is. The patience of [`Habit::RunsRed`] and [`Habit::GivesUp`] is judged once, when it
/// ends: during walk they stay in their row; otherwise (flashing included) they act. Before that they cross on
/// green like everybody.
///
/// **Order.** At one instant: the light, then kerb A, then kerb B, then walkers and the impatient in the order
/// of their arrival. Changes made by one call are one [`CrowdSight`]. Power, operators and bytes mean nothing to a crowd.
#[derive(Clone, Debug)]
pub struct Crowd {
    config: Config,
    light: Light,
    kerbs: [Kerbside; 2],
    plans: BTreeMap<(Instant, Number), Plan>,
    next_number: Number,
    refused: u64,
    sight: CrowdSight,
    shown: CrowdSight,
    timers: Timers<Timer>,
}

impl Crowd {
    /// An empty street.
    #[must_use]
    pub fn new(config: Config) -> Crowd {
        Crowd {
            config,
            light: Light::Stop,
            kerbs: Default::default(),
            plans: BTreeMap::new(),
            next_number: 0,
            refused: 0,
            sight: CrowdSight::default(),
            shown: CrowdSight::default(),
            timers: Timers::default(),
        }
    }

    /// How many people were refused so far because the limit was reached.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    fn act(&mut self, now: Instant, act: Act) {
        match act {
            Act::Arrive { kerb, count, speed_mm_s, habit } => {
                let walking: usize = self.sight.walking.iter().copied().map(usize::from).sum();
                let here: usize = self.kerbs.iter().map(Kerbside::waiting).sum::<usize>() + walking;
                let welcome = usize::from(count).min(self.config.limit.min(LIMIT_MAX).saturating_sub(here));
                self.refused += u64::from(count) - welcome as u64;
                for _ in 0..welcome {
                    self.arrive(now, kerb, Person { arrived: now, speed_mm_s, habit });
                }
            }
            Act::Leave { kerb, count } => {
                for _ in 0..count {
                    let Some((number, person)) = self.kerbs[kerb as usize].take_longest() else { break };
                    self.forget_patience(number, person);
                }
            }
            Act::Green(lit) => {
                let light = self.light.seen(now, lit);
                if light.walk_since() != self.light.walk_since() {
                    self.kerbs.iter_mut().for_each(Kerbside::new_green);
                }
                self.light = light;
            }
        }
    }

    fn arrive(&mut self, now: Instant, kerb: Kerb, person: Person) {
        let number = self.next_number;
        self.next_number += 1;
        if person.habit == Habit::RunsRed(Span::ZERO) && self.light.walk_since().is_none() {
            self.set_out(now, kerb, number, person);
            return;
        }
        if let Some(at) = person.patience_ends() {
            self.plans.insert((at, number), Plan::PatienceEnds(kerb));
        }
        self.kerbs[kerb as usize].arrive(number, person);
    }

    /// Somebody who is no longer at the kerb has no patience to lose.
    fn forget_patience(&mut self, number: Number, person: Person) {
        if let Some(at) = person.patience_ends() {
            self.plans.remove(&(at, number));
        }
    }

    /// Somebody steps on the crosswalk.
    fn set_out(&mut self, now: Instant, kerb: Kerb, number: Number, person: Person) {
        let across = walk(self.config.width_mm, person.speed_mm_s);
        self.sight.walking[kerb as usize] += 1;
        if person.habit == Habit::TurnsBack {
            let half = across.div(2);
            self.plans.insert((now + half, number), Plan::TurnsBack(kerb, half));
        } else {
            self.plans.insert((now + across, number), Plan::IsAcross(kerb));
        }
    }

    /// Does everything that is due until `now`, in order.
    fn run(&mut self, now: Instant) {
        while let Some(at) = self.due().filter(|&at| at <= now) {
            if self.light.stop_due().is_some_and(|due| due <= at) {
                self.light = Light::Stop;
                continue;
            }
            for kerb in [Kerb::A, Kerb::B] {
                while let Some((number, person)) = self.kerbs[kerb as usize].step_on(at, self.light) {
                    self.forget_patience(number, person);
                    self.set_out(at, kerb, number, person);
                }
            }
            while let Some(plan) = self.plans.first_entry().filter(|plan| plan.key().0 <= at) {
                let ((_, number), plan) = plan.remove_entry();
                self.carry_out(at, number, plan);
            }
        }
    }

    fn carry_out(&mut self, at: Instant, number: Number, plan: Plan) {
        match plan {
            Plan::PatienceEnds(kerb) => {
                if self.light.walk_since().is_some() {
                    return;
                }
                let Some(person) = self.kerbs[kerb as usize].take(number) else { return };
                match person.habit {
                    Habit::RunsRed(_) => self.set_out(at, kerb, number, person),
                    Habit::GivesUp(_)
                    | Habit::Crosses
                    | Habit::TurnsBack
                    | Habit::StartsLate
                    | Habit::Stands => {}
                }
            }
            Plan::TurnsBack(kerb, half) => {
                let back = match kerb {
                    Kerb::A => Kerb::B,
                    Kerb::B => Kerb::A,
                };
                self.sight.walking[kerb as usize] -= 1;
                self.sight.walking[back as usize] += 1;
                self.plans.insert((at + half, number), Plan::IsAcross(back));
            }
            Plan::IsAcross(kerb) => self.sight.walking[kerb as usize] -= 1,
        }
    }

    /// When something happens next.
    fn due(&self) -> Option<Instant> {
        let [a, b] = &self.kerbs;
        [
            self.light.stop_due(),
            a.due(self.light),
            b.due(self.light),
            self.plans.keys().next().map(|key| key.0),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Brings what can be seen and the timer up to date.
    fn settle(&mut self) {
        // The limit is below 65,536.
        self.sight.waiting = [0, 1].map(|kerb: usize| self.kerbs[kerb].waiting() as u16);
        match self.due() {
            Some(at) => self.timers.set(Timer::NextStep, at),
            None => self.timers.clear(Timer::NextStep),
        }
    }
}

/// How long a width takes to walk.
fn walk(width_mm: u32, speed_mm_s: u32) -> Span {
    let speed = u64::from(speed_mm_s.max(SPEED_MIN_MM_S));
    Span::from_us((u64::from(width_mm) * 1_000_000).div_ceil(speed))
}

impl Device for Crowd {
    type Act = Act;
    type Sight = CrowdSight;

    fn handle_input(&mut self, now: Instant, input: Input<'_, Act>) {
        match input {
            Input::Act(act) => {
                // What is due at this very instant waits for the timeout: inputs come first.
                if let Some(before) = now.as_us().checked_sub(1) {
                    self.run(Instant::from_us(before));
                }
                self.act(now, act);
                self.settle();
            }
            Input::Bytes { .. } | Input::Power(_) | Input::Operator(_) => {}
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.timers.expired(now).is_some() {
            self.run(now);
            self.settle();
        }
    }

    fn poll_output(&mut self) -> Option<Output<CrowdSight>> {
        if self.sight == self.shown {
            return None;
        }
        self.shown = self.sight;
        Some(Output::Sight(self.sight))
    }

    fn poll_timeout(&self) -> Option<Wake> {
        self.timers.wake()
    }
}
