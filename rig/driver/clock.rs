//! The one conversion from the real clock, and an alarm that is finer than the runtime's.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use emulators::time::Instant;
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};
use tokio::io::unix::AsyncFd;

use super::port::watch;

/// Real time as a run counts it: whole microseconds since the run's zero.
#[derive(Clone, Copy, Debug)]
pub struct WallClock {
    /// On the kernel's monotonic clock, which an [`Alarm`] is set by.
    zero: Duration,
}

impl WallClock {
    /// The run's zero is now.
    #[must_use]
    pub fn start() -> WallClock {
        WallClock { zero: monotonic() }
    }

    /// How far the run is.
    #[must_use]
    pub fn now(&self) -> Instant {
        let passed = monotonic().saturating_sub(self.zero);
        Instant::from_us(u64::try_from(passed.as_micros()).unwrap_or(u64::MAX))
    }

    /// When it is `at`, on the kernel's clock.
    fn kernel(&self, at: Instant) -> Timespec {
        let time = self.zero.saturating_add(Duration::from_micros(at.as_us()));
        Timespec {
            tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(time.subsec_nanos()),
        }
    }
}

fn monotonic() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    // It counts from the start of the machine, so neither is negative.
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// Rings at an instant of a [`WallClock`]. The kernel's own timer: the runtime's wheel turns once a millisecond
/// and rounds up, which is two characters at 19200 baud.
#[derive(Debug)]
pub struct Alarm {
    timer: AsyncFd<OwnedFd>,
}

impl Alarm {
    /// An alarm that is not set.
    ///
    /// # Errors
    /// If the kernel gives no timer.
    pub fn new() -> io::Result<Alarm> {
        let timer =
            timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        Ok(Alarm { timer: watch(timer)? })
    }

    /// Rings at `at`; at once if that has passed; never at [`Instant::MAX`].
    ///
    /// # Errors
    /// What the kernel says.
    pub fn set(&self, clock: &WallClock, at: Instant) -> io::Result<()> {
        // Absolute: a time left would be counted from when the kernel gets to it, after whatever else it did meanwhile.
        // Zero means never, and no run began before the machine did.
        let it_value = if at == Instant::MAX { Timespec::default() } else { clock.kernel(at) };
        let once = Itimerspec { it_interval: Timespec::default(), it_value };
        timerfd_settime(self.timer.get_ref(), TimerfdTimerFlags::ABSTIME, &once)?;
        Ok(())
    }

    /// Waits until it rings.
    ///
    /// # Errors
    /// What the kernel says.
    pub async fn rung(&self) -> io::Result<()> {
        loop {
            let mut ready = self.timer.readable().await?;
            let mut count = [0u8; 8];
            match ready.try_io(|timer| Ok(rustix::io::read(timer.get_ref(), &mut count)?)) {
                Ok(read) => return read.map(drop),
                Err(_would_block) => {}
            }
        }
    }
}
