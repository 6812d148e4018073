//! Time of day and uptime. Intervals never come from here: they are taken from the monotonic argument alone, so
//! that setting the clock moves no lamp (P54).

use crate::time::Instant;

/// The controller's real-time clock, carried by the monotonic time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    /// Local seconds since 1970-01-01 at `set_at`.
    base: u32,
    set_at: Instant,
    /// Uptime at the beginning of the run, ms.
    uptime_ms: u64,
}

impl Clock {
    /// A clock that shows `local` (seconds since 1970-01-01) when the run begins.
    pub(super) const fn new(local: u32, uptime_ms: u64) -> Clock {
        Clock { base: local, set_at: Instant::ZERO, uptime_ms }
    }

    /// Local seconds since 1970-01-01. Wraps in 2106, as the wire's field does.
    pub(super) fn local(&self, now: Instant) -> u32 {
        let elapsed = now.since(self.set_at).as_secs();
        self.base.wrapping_add(u32::try_from(elapsed & u64::from(u32::MAX)).unwrap_or(0))
    }

    /// Somebody set the clock.
    pub(super) const fn set(&mut self, now: Instant, local: u32) {
        self.base = local;
        self.set_at = now;
    }

    /// Uptime in ms; the registers carry its low 32 bits and so wrap after 49.7 days.
    pub(super) const fn uptime_ms(&self, now: Instant) -> u64 {
        self.uptime_ms.wrapping_add(now.as_us() / 1_000)
    }

    /// Minutes after midnight, 0..1439.
    pub(super) fn minute_of_day(&self, now: Instant) -> u16 {
        u16::try_from(self.local(now) / 60 % 1_440).unwrap_or(0)
    }

    /// Hour of the day, 0..23.
    pub(super) fn hour(&self, now: Instant) -> usize {
        usize::from(self.minute_of_day(now) / 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_goes_on_from_where_it_was_set() {
        let mut clock = Clock::new(1_760_000_000, 0);
        assert_eq!(clock.local(Instant::from_ms(2_500)), 1_760_000_002);
        clock.set(Instant::from_ms(10_000), 100);
        assert_eq!(clock.local(Instant::from_ms(12_000)), 102);
    }

    #[test]
    fn hours_and_minutes_are_local() {
        let clock = Clock::new(86_400 * 3 + 17 * 3_600 + 40 * 60, 0);
        assert_eq!(clock.hour(Instant::ZERO), 17);
        assert_eq!(clock.minute_of_day(Instant::from_ms(60_000)), 17 * 60 + 41);
    }
}
