//! Pedestrian camera: looks at a waiting area (and, where the site says so, at the crosswalk) and reports.

use crate::device::{Device, Input, Output, Wake};
use crate::time::{Instant, Line, Span};
use crate::wire::gbt43229::{Address, Crc};

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
    /// Frames leave this much later.
    Late(Span),
    /// Each frame leaves later by up to this much.
    Jitter(Span),
    /// Reports this raw count byte.
    RawCount(u8),
    /// The clock jumps by this many seconds.
    ClockStep(i32),
    /// Reboots: silent for the span, then an ASCII banner, then as after power-on.
    Reboot(Span),
    /// Sends nothing.
    Silent,
    /// Does not answer heartbeats; uploads go on.
    NoHeartbeat,
    /// Every frame has a wrong checksum.
    BadCrc,
    /// Sends every frame twice.
    Repeats,
    /// Reports its channels as abnormal (0205) while counting on.
    SelfReported,
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
}

impl Camera {
    /// A camera without power.
    #[must_use]
    pub fn new(config: Config) -> Camera {
        Camera { config }
    }
}

impl Device for Camera {
    type Act = Act;
    type Sight = ();
    fn handle_input(&mut self, now: Instant, input: Input<'_, Act>) {
        let _ = (now, input, &self.config);
        todo!()
    }
    fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
        todo!()
    }
    fn poll_output(&mut self) -> Option<Output<()>> {
        todo!()
    }
    fn poll_timeout(&self) -> Option<Wake> {
        todo!()
    }
}
