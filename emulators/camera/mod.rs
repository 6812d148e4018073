//! Pedestrian camera: looks at a waiting area (and, where the site says so, at the crosswalk) and reports over
//! GB/T 43229 ([`crate::wire::gbt43229`]).
//!
//! **Session.** After power-on the camera asks to connect, at once and then every 5 s. A connect reply puts it
//! on-line: it uploads its time (0201) and its status (0205), and from one period later, on a steady grid, what it
//! sees (0801). Statistics (0802) end every statistics period, counted from power-on, on-line or not; an upload
//! that is not acknowledged within 3 s is repeated once. Without any query for more than 15 s the camera considers
//! itself disconnected and asks to connect again. Off-line it answers nothing and uploads nothing.
//!
//! **Answers.** Only packets addressed to it; broadcasts (device number FFFF) are obeyed, not answered. Replies
//! are never answered. What it cannot use gets an error reply (86); damaged frames at most one a second, and only
//! on-line, so that noise (or its own echo) cannot start a storm.
//!
//! **What a frame shows.** Each `period` the camera takes a picture of the newest [`View`]. Counts saturate at
//! 255; occupancy is people x 1000 / capacity, at most 1000; the waiting time is that of whoever waits longest
//! (first come, first gone), and of somebody who is not there since when he has been reported. Errors of sight
//! apply in the order stuck, missed, ghosts, clipped, flicker; a frozen picture lies behind all of them.
//!
//! **Without supply** it is silent and forgets the session, the periods and serial parameters set over the wire,
//! its statistics and who came when; its clock goes on. Failures are the world's and last until [`Act::Heal`].
//!
//! It does not: switch its line when serial parameters are set (they are recorded, acknowledged and reported when
//! queried; the cable is the bench's), number its frames (the protocol has no sequence number), or catch up with
//! more than [`CATCH_UP`] periods after a late wake.

mod answers;
mod clock;
mod eye;
mod faults;
mod ledger;
mod session;
mod transmitter;

use std::collections::VecDeque;

use rand_core::SeedableRng;
use rand_pcg::Pcg64Mcg;

use self::clock::Clock;
use self::eye::Eye;
use self::faults::Faults;
use self::ledger::Ledger;
use self::session::{State, Timer};
use self::transmitter::Transmitter;
use crate::device::{Device, Input, Output, Wake};
use crate::time::{Instant, Line, Span};
use crate::timer::Timers;
use crate::wire::gbt43229::{Address, Crc, Decoder, SerialParameters};

/// The most periods a camera makes up for after a late wake; older ones are skipped.
pub const CATCH_UP: u64 = 16;

/// A camera's wiring and view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Its own address.
    pub address: Address,
    /// The controller's address.
    pub controller: Address,
    /// Checksum variant.
    pub crc: Crc,
    /// 4 or 5.
    pub crosswalk_info_len: u8,
    /// The cable.
    pub line: Line,
    /// Channel that looks at the waiting area.
    pub waiting_channel: u8,
    /// Channel that looks at the crosswalk, if this camera covers it.
    pub crosswalk_channel: Option<u8>,
    /// People who fill the waiting area (occupancy 100 %), at least 1.
    pub waiting_capacity: u16,
    /// People who fill the crosswalk, at least 1.
    pub crosswalk_capacity: u16,
    /// Real-time upload period (T28: 0.5 s); a config set over the wire overrides it.
    pub period: Span,
    /// Statistics period.
    pub statistics_period: Span,
    /// The camera's own clock when the run begins, seconds of local time.
    pub clock: u32,
    /// UTC offset in s.
    pub utc_offset: i32,
    /// Seeds what a failing camera makes up.
    pub seed: u64,
}

/// Who is in the camera's view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct View {
    /// People in the waiting area.
    pub waiting: u16,
    /// People on the crosswalk walking from kerb A to kerb B.
    pub up: u16,
    /// People on the crosswalk walking from kerb B to kerb A.
    pub down: u16,
}

/// How a camera fails (`domain.md` §5.1). Probabilities are per mille.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Each person is missed in each frame with this probability.
    Miss(u16),
    /// Counts never exceed this (a group hides people).
    Clip(u16),
    /// People who are not there: about this many per hour, each for up to the span.
    Ghosts(u16, Span),
    /// A frame shows nobody with this probability.
    Flicker(u16),
    /// Always reports this many people in the waiting area.
    Stuck(u16),
    /// Keeps reporting what it saw when it froze.
    Frozen,
    /// Frames leave this much later, in order, with the time stamps of when they were made.
    Late(Span),
    /// Each frame leaves later by up to this much.
    Jitter(Span),
    /// Reports this raw count byte for the waiting area.
    RawCount(u8),
    /// The clock jumps by this many seconds (in all, not again); it is right again when set over the wire or healed.
    ClockStep(i32),
    /// Reboots once: silent for the span, then an ASCII banner, then as after power-on.
    Reboot(Span),
    /// Sends nothing.
    Silent,
    /// Does not answer heartbeats; uploads go on.
    NoHeartbeat,
    /// Every frame has a wrong checksum.
    BadCrc,
    /// Sends every frame twice, the copy 100 ms later.
    Repeats,
    /// Sends every report of its counts once more this much later, as a link that buffers does; newer ones overtake it.
    Replays(Span),
    /// Reports its channels as abnormal (0205) while counting on.
    SelfReported,
    /// Its frames bear another camera's number, as after a mistake in its set-up.
    Impostor,
    /// Its frames are meant for another controller.
    Misdirected,
}

/// What can happen to a camera besides bytes and power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Its view changed.
    See(View),
    /// It starts to fail; several failures may hold at once, one of each kind.
    Fail(Fault),
    /// All failures end.
    Heal,
}

/// The camera. Port 0 is its cable. Nothing of it can be seen in the street.
#[derive(Clone, Debug)]
pub struct Camera {
    config: Config,
    state: State,
    timers: Timers<Timer>,
    /// When the next picture is due: the grid of uploads.
    frame_due: Instant,
    /// When the running statistics period ends.
    statistics_due: Instant,
    period: Span,
    statistics_period: Span,
    serial: SerialParameters,
    clock: Clock,
    faults: Faults,
    eye: Eye,
    ledger: Ledger,
    transmitter: Transmitter,
    decoder: Decoder,
    /// Before this instant damaged frames are not answered.
    quiet_until: Instant,
    rng: Pcg64Mcg,
    outputs: VecDeque<Output<()>>,
}

impl Camera {
    /// A camera without power. Periods outside the protocol's range (0.1..2 s, 2..3600 s) are held at its ends.
    #[must_use]
    pub fn new(config: Config) -> Camera {
        Camera {
            config,
            state: State::Off,
            timers: Timers::default(),
            frame_due: Instant::ZERO,
            statistics_due: Instant::ZERO,
            period: session::realtime_period(config.period),
            statistics_period: session::statistics_period(config.statistics_period),
            serial: session::serial_parameters(config.line),
            clock: Clock::new(config.clock, config.utc_offset),
            faults: Faults::default(),
            eye: Eye::default(),
            ledger: Ledger::default(),
            transmitter: Transmitter::default(),
            decoder: Decoder::new(config.crc),
            quiet_until: Instant::ZERO,
            rng: Pcg64Mcg::seed_from_u64(config.seed),
            outputs: VecDeque::new(),
        }
    }

    fn act(&mut self, now: Instant, act: Act) {
        match act {
            Act::See(view) => self.eye.see(now, view, self.state.watches()),
            Act::Fail(fault) => self.fail(now, fault),
            Act::Heal => {
                let reported = self.faults.self_reported;
                self.faults = Faults::default();
                self.eye.heal();
                self.clock.step(0);
                if reported {
                    self.status_changed(now);
                }
            }
        }
    }

    fn fail(&mut self, now: Instant, fault: Fault) {
        let reported = self.faults.self_reported;
        self.faults.add(fault);
        match fault {
            Fault::ClockStep(seconds) => self.clock.step(seconds),
            Fault::Reboot(silence) => self.reboot(now, silence),
            Fault::Frozen if self.state.watches() => self.eye.freeze(now, &self.faults, &mut self.rng),
            Fault::SelfReported if !reported => self.status_changed(now),
            Fault::Miss(_)
            | Fault::Clip(_)
            | Fault::Ghosts(..)
            | Fault::Flicker(_)
            | Fault::Stuck(_)
            | Fault::Frozen
            | Fault::Late(_)
            | Fault::Jitter(_)
            | Fault::RawCount(_)
            | Fault::Silent
            | Fault::NoHeartbeat
            | Fault::BadCrc
            | Fault::Repeats
            | Fault::Replays(_)
            | Fault::SelfReported
            | Fault::Impostor
            | Fault::Misdirected => {}
        }
    }
}

impl Device for Camera {
    type Act = Act;
    type Sight = ();

    fn handle_input(&mut self, now: Instant, input: Input<'_, Act>) {
        match input {
            Input::Bytes { port, bytes } => self.receive(now, port, bytes),
            Input::Power(true) => self.power_on(now),
            Input::Power(false) => self.power_off(),
            // A camera has no panel.
            Input::Operator(_) => {}
            Input::Act(act) => self.act(now, act),
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.expired(now) {
            self.expire(now, timer);
        }
    }

    fn poll_output(&mut self) -> Option<Output<()>> {
        self.outputs.pop_front()
    }

    fn poll_timeout(&self) -> Option<Wake> {
        self.timers.wake()
    }
}

#[cfg(test)]
mod tests;
