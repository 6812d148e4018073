//! The one conversion from the real clock, and an alarm that is finer than the runtime's.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Instant as Monotonic;

use emulators::time::{Instant, Span};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::unix::AsyncFd;

use super::port::watch;

/// Real time as a run counts it: whole microseconds since the run's zero.
#[derive(Clone, Copy, Debug)]
pub struct WallClock {
    zero: Monotonic,
}

impl WallClock {
    /// The run's zero is now.
    #[must_use]
    pub fn start() -> WallClock {
        WallClock { zero: Monotonic::now() }
    }

    /// How far the run is.
    #[must_use]
    pub fn now(&self) -> Instant {
        Instant::from_us(u64::try_from(self.zero.elapsed().as_micros()).unwrap_or(u64::MAX))
    }
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
        let left = if at == Instant::MAX { Span::ZERO } else { at.since(clock.now()).max(Span::from_us(1)) };
        let it_value = Timespec {
            tv_sec: i64::try_from(left.as_us() / 1_000_000).unwrap_or(i64::MAX),
            tv_nsec: i64::try_from(left.as_us() % 1_000_000 * 1_000).unwrap_or(0),
        };
        let once = Itimerspec { it_interval: Timespec::default(), it_value };
        timerfd_settime(self.timer.get_ref(), TimerfdTimerFlags::empty(), &once)?;
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
