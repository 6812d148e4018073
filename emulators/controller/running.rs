//! The controller while it has supply: everything it forgets when the supply goes.
//!
//! [`Running::run`] is the whole logic, in one fixed order: what the detectors are worth, what is demanded, what
//! faults and operators want, what the plan does, what the interlock lets through, what lamps, posts and displays
//! are told. It runs when something arrived that matters and when one of its own instants has come.

use super::camera_link::CameraSession;
use super::config::{Config, RedOut};
use super::countdown::Broadcast;
use super::crosswalk::Crosswalk;
use super::demand::Demand;
use super::detector::Detector;
use super::fault_log::FaultLog;
use super::feedback::{Feedback, Findings};
use super::interlock::{Groups, Interlock, PedestrianAspect};
use super::lamp_bus::{LampBus, PostLight, REFRESH, UnitChange};
use super::map::{Mode, log as code};
use super::plan::{Circumstances, Happened, Plan, Stage};
use super::policy::{self, Policy, View};
use super::service::{Holding, Wish};
use super::voice::{Scene, Speaker};
use crate::time::{Instant, Span};
use crate::wire::modbus::Server;

/// Stages that may follow one another at one instant; more would be a circle.
const ADVANCE_LIMIT: usize = 16;
/// Fallback is entered and left at most once in this time (P45).
const FALLBACK_HYSTERESIS: Span = Span::from_secs(10);
/// P35: start-up time of a platoon, and what each person adds per metre of crosswalk width (HCM).
const PLATOON_START_US: u64 = 3_200_000;
const PLATOON_PERSON_US_M: u64 = 810_000;

/// What an operator has chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Selection {
    /// Run by itself.
    Automatic,
    /// Hold the signals.
    Manual,
    /// Flash.
    Flash,
    /// Lamps off.
    Off,
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) config: Config,
    pub(super) cameras: [CameraSession; 2],
    pub(super) bus: LampBus,
    pub(super) feedback: Feedback,
    pub(super) server: Option<Server>,
    pub(super) holding: Holding,
    pub(super) wishes: Vec<Wish>,
    pub(super) unit_changes: Vec<UnitChange>,
    pub(super) broadcasts: Option<Vec<u8>>,
    pub(super) detectors: [Detector; 2],
    pub(super) crosswalks: [Option<Crosswalk>; 2],
    pub(super) demand: Demand,
    pub(super) plan: Plan,
    pub(super) interlock: Interlock,
    pub(super) policy: Box<dyn Policy>,
    pub(super) selection: Selection,
    /// An operator holds the signals now.
    pub(super) held: bool,
    /// A head was lost: flash until somebody has looked.
    pub(super) head_was_lost: bool,
    pub(super) reacted: Findings,
    pub(super) tripped: bool,
    /// Kerbs whose demand the walk that has just begun serves.
    pub(super) serving: [bool; 2],
    /// People left a kerb during the last pedestrian green.
    pub(super) left_kerb: bool,
    /// Since when the pedestrian heads are told to show red.
    pub(super) red_since: Option<Instant>,
    /// Pedestrian stages since power came.
    pub(super) stages: u16,
    fixed: Box<dyn Policy>,
    fallback: bool,
    fallback_changed: Option<Instant>,
    broadcast: Broadcast,
    speaker: Speaker,
    light: PostLight,
    volume: u8,
    mode: Mode,
    due: Option<Instant>,
}

impl Running {
    /// The controller as it is when power comes.
    pub(super) fn new(config: &Config, now: Instant) -> Running {
        let timing = config.timing;
        let limits = config.detectors;
        let policy = policy::chosen(&config.policy, &timing);
        // Cameras start up as long as we do: until the first green nobody is missed.
        let from = (now + timing.startup_flash + timing.startup_all_red).back(limits.silence);
        let crosswalk = |kerb: usize| {
            let link = &config.cameras[kerb];
            link.crosswalk_channel.map(|_| Crosswalk::new(limits, link.crosswalk_capacity, from))
        };
        let detector = |kerb: usize| Detector::new(limits, config.cameras[kerb].waiting_capacity, from);
        let camera = |kerb: usize| CameraSession::new(config.cameras[kerb], config.address, limits.silence);
        Running {
            cameras: [camera(0), camera(1)],
            bus: LampBus::new(config, now),
            feedback: Feedback::new(config, now),
            server: config.ports.service.map(|(_, line)| Server::new(config.units.service, line)),
            holding: Holding::default(),
            wishes: Vec::new(),
            unit_changes: Vec::new(),
            broadcasts: None,
            detectors: [detector(0), detector(1)],
            crosswalks: [crosswalk(0), crosswalk(1)],
            demand: Demand::new(&limits, policy.latches(), now),
            plan: Plan::new(timing, now),
            interlock: Interlock::new(config, now),
            policy,
            selection: Selection::Automatic,
            held: false,
            head_was_lost: false,
            reacted: Findings::default(),
            tripped: false,
            serving: [false, false],
            left_kerb: false,
            red_since: None,
            stages: 0,
            fixed: policy::fixed(limits.fallback_cycle, &timing),
            fallback: false,
            fallback_changed: None,
            broadcast: Broadcast::new(config, now),
            speaker: Speaker::new(config.voice, now),
            light: PostLight::Dark,
            volume: 0,
            mode: Mode::Boot,
            due: Some(now),
            config: config.clone(),
        }
    }

    /// The supply was gone for a moment, in the whole cabinet: go on, but tell everybody everything again.
    pub(super) fn ride_through(&mut self, now: Instant, log: &mut FaultLog) {
        self.feedback.restart(now);
        self.cameras.iter_mut().for_each(|camera| camera.was_deaf(now));
        // An answer that was on its way tells of the time before.
        self.server.iter_mut().for_each(Server::clear);
        self.broadcast.repeat(now);
        self.run(now, log);
        self.bus.repeat_all(now);
    }

    /// We were woken so late that the heads may have begun to flash by themselves. Green never comes straight out of
    /// flashing (P48, P52): heads that surely flash go to all red, and where only some may, all flash first. What was
    /// not asked meanwhile is nobody's fault.
    pub(super) fn overslept(&mut self, now: Instant, late: Span, log: &mut FaultLog) {
        self.feedback.restart(now);
        let watchdog = Span::from_ms(u64::from(self.config.watchdog_ms));
        if watchdog > Span::ZERO && !matches!(self.plan.stage(), Stage::Flash | Stage::Off) {
            self.plan.flash(now);
            if late >= watchdog + REFRESH {
                self.interlock.permit(now, Groups::flash(true));
                self.plan.leave_flash(now);
            }
        }
        self.run(now, log);
        self.bus.repeat_all(now);
    }

    /// When the logic wants to run.
    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// The mode.
    pub(super) const fn mode(&self) -> Mode {
        self.mode
    }

    /// The whole logic, once.
    pub(super) fn run(&mut self, now: Instant, log: &mut FaultLog) {
        self.watch_detectors(now, log);
        self.watch_units(now, log);
        self.watch_lamps(now, log);
        self.choose_fallback(now);
        self.obey(now, log);
        for _ in 0..ADVANCE_LIMIT {
            let seen = self.circumstances(now, log);
            let Some(happened) = self.plan.advance(now, &seen) else { break };
            self.follow(now, happened, log);
        }
        self.obey(now, log);
        let flash_turns = self.command(now, log);
        self.note_mode(now, log);
        self.speak(now, log);
        let known = matches!(self.mode, Mode::Normal | Mode::Fallback);
        if let Some(frame) = self.broadcast.speak(now, &self.plan, self.bus.shown(), known) {
            self.broadcasts = Some(frame);
        }
        self.tripped = false;
        let seen = self.circumstances(now, log);
        self.due = [
            self.plan.due(&seen),
            flash_turns,
            self.plan.free_at().filter(|&at| at > now),
            self.demand.due(self.plan.walk_at().is_some()),
            self.detectors[0].due(),
            self.detectors[1].due(),
            self.crosswalks[0].as_ref().and_then(Crosswalk::due),
            self.crosswalks[1].as_ref().and_then(Crosswalk::due),
            self.speaker.due(),
            Some(self.broadcast.due()),
        ]
        .into_iter()
        .flatten()
        .min()
        // What has become due in this very run (a demand no longer kept by an announcement) is due now, not in the past:
        // the past is where somebody overslept.
        .map(|at| at.max(now));
    }

    /// Both kerbs' detectors failed: the fixed plan takes over (P39).
    fn choose_fallback(&mut self, now: Instant) {
        let wanted = self.detectors.iter().all(|detector| !detector.healthy());
        let settled = self.fallback_changed.is_none_or(|at| now.since(at) >= FALLBACK_HYSTERESIS);
        if wanted != self.fallback && settled {
            self.fallback = wanted;
            self.fallback_changed = Some(now);
        }
    }

    /// Faults and operators first: flash, darkness, or a start from either; and who holds the signals.
    fn obey(&mut self, now: Instant, log: &FaultLog) {
        let before = self.plan.stage();
        if self.bus.head_lost() && !matches!(before, Stage::StartFlash | Stage::Flash | Stage::Off) {
            self.head_was_lost = true;
        }
        let unsafe_now = log.latched() || self.head_was_lost || self.interlock.refused().is_some();
        match self.selection {
            Selection::Off => _ = self.plan.off(now),
            Selection::Flash => _ = self.plan.flash(now),
            Selection::Automatic | Selection::Manual if unsafe_now => _ = self.plan.flash(now),
            Selection::Automatic | Selection::Manual => self.plan.start_again(now),
        }
        // The steady green is over, in whatever way: who is still there asks anew.
        if self.demand.is_served() && self.plan.stage() != Stage::Walk {
            self.demand.flash_started(now);
        }
        // What a countdown has promised is kept before the signals are held.
        let may_hold = self.held || !self.plan.promised();
        self.held = self.selection == Selection::Manual && may_hold;
    }

    /// What the plan has to know.
    fn circumstances(&self, now: Instant, log: &FaultLog) -> Circumstances {
        let (serve_at, announces) = self.decide(now, log);
        let views = || self.crosswalks.iter().flatten();
        let suspect = self.left_kerb && views().all(Crosswalk::inactive);
        let unwatched = views().any(|view| !view.healthy());
        let any_empty = |view: &Crosswalk| view.empty_since();
        Circumstances {
            serve_at,
            announces,
            held: self.held,
            occupied: views().any(Crosswalk::occupied),
            empty_since: views().map(any_empty).try_fold(Instant::ZERO, |last, at| at.map(|at| last.max(at))),
            full_extension: views().next().is_some() && (suspect || unwatched),
            no_walk: self.config.red_out == RedOut::NoWalk && log.stands(code::PEDESTRIAN_RED_OUT),
            longer_all_red: log.stands(code::VEHICLE_RED_OUT),
            green_total: self.green_total(),
        }
    }

    /// When the policy, the recall or the fixed plan wants to serve.
    fn decide(&self, now: Instant, log: &FaultLog) -> (Option<Instant>, bool) {
        if self.plan.stage() != Stage::VehicleGreen {
            return (None, false);
        }
        let view = View {
            now,
            green_since: self.plan.since(),
            last_walk: self.plan.last_walk(),
            waiting_since: self.demand.waiting_since(),
            people: self.demand.people(),
            person_us: self.demand.person_us(now),
            hour: log.clock().hour(now),
        };
        if self.fallback {
            return (self.fixed.serve_at(&view), self.fixed.announces());
        }
        let mut at = self.policy.serve_at(&view);
        if self.policy.asks_detectors() && self.detectors.iter().any(|detector| !detector.healthy()) {
            let recall = policy::recall_at(self.config.detectors.recall, &self.config.timing, &view);
            at = Some(at.map_or(recall, |at| at.min(recall)));
        }
        (at, self.policy.announces())
    }

    /// P35: 3.2 s + 0.81 s·m per person / W + L / v.
    fn green_total(&self) -> Span {
        if !self.config.timing.count_lengthens_green {
            return Span::ZERO;
        }
        let geometry = &self.config.geometry;
        let width = u64::from(geometry.crosswalk_width_mm.max(1));
        let speed = u64::from(geometry.design_speed_mm_s.max(1));
        let people = (self.demand.people() * PLATOON_PERSON_US_M * 1_000).div_ceil(width);
        let walking = (u64::from(geometry.width_mm) * 1_000_000).div_ceil(speed);
        Span::from_us(PLATOON_START_US + people + walking)
    }

    /// What follows from what the plan did.
    fn follow(&mut self, now: Instant, happened: Happened, log: &mut FaultLog) {
        let Happened::Began { exhausted, .. } = happened else { return };
        if exhausted {
            log.note(now, code::EXTENSION_EXHAUSTED, 0);
        }
        match self.plan.stage() {
            Stage::Walk => {
                self.serving = [self.demand.kerb(0), self.demand.kerb(1)];
                self.demand.walk_started(now);
                self.detectors.iter_mut().for_each(Detector::walk_served);
                self.left_kerb = false;
                self.stages = self.stages.wrapping_add(1);
            }
            Stage::VehicleGreen => {
                self.crosswalks.iter_mut().flatten().for_each(Crosswalk::clearance_ended);
                self.left_kerb = false;
            }
            Stage::StartFlash
            | Stage::StartAllRed
            | Stage::Yellow
            | Stage::AllRed
            | Stage::WalkFlash
            | Stage::Buffer
            | Stage::Extension
            | Stage::Flash
            | Stage::Off => {}
        }
    }

    /// Tells the heads what the interlock lets through. Answers when the flash changes its half.
    fn command(&mut self, now: Instant, log: &mut FaultLog) -> Option<Instant> {
        let (mut wanted, mut turns) = self.plan.groups(now);
        let mut command = self.interlock.permit(now, wanted);
        if let Some(refusal) = self.interlock.refused()
            && log.raise(now, code::INTERLOCK, self.interlock.log_arg(refusal), true)
        {
            self.plan.flash(now);
            (wanted, turns) = self.plan.groups(now);
            command = self.interlock.permit(now, wanted);
        }
        let groups = command.groups();
        if groups != self.bus.shown() {
            self.bus.show(now, command);
            self.feedback.expect(now, groups);
        }
        if groups.pedestrian != PedestrianAspect::Red {
            self.red_since = None;
        } else if self.red_since.is_none() {
            self.red_since = Some(now);
        }
        turns
    }

    fn note_mode(&mut self, now: Instant, log: &mut FaultLog) {
        let mode = match self.plan.stage() {
            Stage::StartFlash | Stage::StartAllRed => Mode::Boot,
            Stage::Flash => Mode::Flash,
            Stage::Off => Mode::Off,
            Stage::VehicleGreen
            | Stage::Yellow
            | Stage::AllRed
            | Stage::Walk
            | Stage::WalkFlash
            | Stage::Buffer
            | Stage::Extension => match (self.held, self.fallback) {
                (true, _) => Mode::Manual,
                (false, true) => Mode::Fallback,
                (false, false) => Mode::Normal,
            },
        };
        if mode != self.mode {
            self.mode = mode;
            log.note(now, code::MODE, mode as u16);
        }
    }

    /// Tells the posts what to show and to say.
    fn speak(&mut self, now: Instant, log: &FaultLog) {
        let walk = (self.plan.stage() == Stage::Walk).then(|| (self.plan.since(), self.plan.steady_until()));
        let scene = Scene {
            aspect: self.bus.shown().pedestrian,
            walk,
            on_red: self.crosswalks.iter().flatten().any(Crosswalk::on_red),
            tripped: self.tripped,
            minute: log.clock().minute_of_day(now),
        };
        let orders = self.speaker.look(now, &scene);
        if orders.prompt.is_some() || orders.light != self.light || orders.volume != self.volume {
            self.light = orders.light;
            self.volume = orders.volume;
            self.bus.posts(now, orders.light, orders.volume, orders.prompt);
        }
    }
}
