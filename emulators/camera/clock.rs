//! The camera's own clock. It goes on without supply (a battery holds it) and may be wrong.

use crate::time::Instant;
use crate::wire::gbt43229::DeviceTime;

/// Local time, kept as its value at the beginning of the run.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    /// Microseconds of local time since 1970-01-01 when the run began.
    base_us: i64,
    /// How far a failing clock has jumped, in s.
    step_s: i32,
    /// What it believes its UTC offset to be, in s.
    pub(super) utc_offset: i32,
}

impl Clock {
    pub(super) fn new(s: u32, utc_offset: i32) -> Clock {
        Clock { base_us: i64::from(s) * 1_000_000, step_s: 0, utc_offset }
    }

    /// Local time at `now`, held at the ends of what the wire can say.
    pub(super) fn at(&self, now: Instant) -> DeviceTime {
        let run_us = i64::try_from(now.as_us()).unwrap_or(i64::MAX);
        let us =
            self.base_us.saturating_add(run_us).saturating_add(i64::from(self.step_s) * 1_000_000).max(0);
        let s = u32::try_from(us / 1_000_000).unwrap_or(u32::MAX);
        let ms = u16::try_from(us / 1_000 % 1_000).unwrap_or(0);
        DeviceTime { s, ms }
    }

    /// Somebody sets the clock: right again, wherever it had jumped.
    pub(super) fn set(&mut self, now: Instant, to: DeviceTime, utc_offset: i32) {
        let run_us = i64::try_from(now.as_us()).unwrap_or(i64::MAX);
        self.base_us = (i64::from(to.s) * 1_000_000 + i64::from(to.ms) * 1_000).saturating_sub(run_us);
        self.step_s = 0;
        self.utc_offset = utc_offset;
    }

    /// The clock is `step_s` seconds ahead of (or, negative, behind) what it would be.
    pub(super) fn step(&mut self, step_s: i32) {
        self.step_s = step_s;
    }
}
