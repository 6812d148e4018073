//! A camera's clock, as its reports tell: which of them are news.

use std::cmp::Ordering;

use emulators::time::{Instant, Span};
use emulators::wire::gbt43229::DeviceTime;

/// So many time stamps in a row that are not after the newest are those of a clock that was set back.
const SET_BACK: u8 = 3;

#[derive(Clone, Debug)]
pub(super) struct CameraClock {
    /// How long a camera may be silent: no cable delivers a report later.
    silence: Span,
    /// The newest report's time stamp. What is not after it is a copy or a late one, and no news (P44).
    newest: Option<DeviceTime>,
    /// Copies in a row, each newer than the one before, and the last of them.
    copies: u8,
    copy: Option<DeviceTime>,
    /// Its clock less the record's, in us: as it told its time in this session, or by its first report.
    distance_us: Option<i64>,
}

impl CameraClock {
    /// One of which nothing is known.
    pub(super) const fn new(silence: Span) -> CameraClock {
        CameraClock { silence, newest: None, copies: 0, copy: None, distance_us: None }
    }

    /// The camera tells its time.
    pub(super) fn told(&mut self, now: Instant, at: DeviceTime) {
        self.distance_us = Some(distance_us(at, now));
        self.newest = None;
    }

    /// Whoever listens has lost what he knew of it.
    pub(super) const fn forget_distance(&mut self) {
        self.distance_us = None;
    }

    /// Whether a report is none that came before, and none that comes later than a camera may be silent (P44). So many in a row
    /// with none that is new are neither: the camera's clock was set back.
    pub(super) fn is_news(&mut self, now: Instant, stamp: DeviceTime) -> bool {
        let silence = i64::try_from(self.silence.as_us()).unwrap_or(i64::MAX);
        let distance_now = distance_us(stamp, now);
        let distance = *self.distance_us.get_or_insert(distance_now);
        let copy = self.newest.is_some_and(|newest| stamp <= newest);
        let late = !copy && distance - distance_now > silence;
        if late && self.newest.is_some() {
            return false;
        }
        if copy || late {
            // Old ones that come again between others are no clock that was set back; and one that comes twice is one.
            match self.copy.replace(stamp).map(|before| stamp.cmp(&before)) {
                Some(Ordering::Equal) => {}
                Some(Ordering::Less) => self.copies = 1,
                Some(Ordering::Greater) | None => self.copies += 1,
            }
            if self.copies < SET_BACK {
                return false;
            }
        }
        // No cable delivers tomorrow's report either: it was set forward.
        if copy || late || distance_now - distance > silence {
            self.distance_us = Some(distance_now);
        }
        self.copies = 0;
        self.copy = None;
        self.newest = Some(stamp);
        true
    }
}

/// A camera's clock less the record's.
fn distance_us(stamp: DeviceTime, now: Instant) -> i64 {
    let stamp = i64::from(stamp.s) * 1_000_000 + i64::from(stamp.ms) * 1_000;
    stamp - i64::try_from(now.as_us()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether reports that arrive half a second apart from 100 s on, stamped so many ms after 1,000 s, are news.
    fn news(stamps: &[u32]) -> Vec<bool> {
        let mut clock = CameraClock::new(Span::from_secs(3));
        let stamp = |ms: &u32| DeviceTime { s: 1_000 + ms / 1_000, ms: (ms % 1_000) as u16 };
        let report = |(place, ms)| clock.is_news(Instant::from_ms(100_000 + 500 * place as u64), stamp(ms));
        stamps.iter().enumerate().map(report).collect()
    }

    #[test]
    fn a_clock_that_was_set_back_is_believed_with_the_third_report() {
        assert_eq!(news(&[9_000, 1_000, 1_500, 2_000, 2_500]), [true, false, false, true, true]);
    }

    #[test]
    fn a_report_that_comes_twice_counts_once() {
        let set_back = [9_000, 1_000, 1_000, 1_500, 1_500, 2_000];
        assert_eq!(news(&set_back), [true, false, false, false, false, true]);
    }

    #[test]
    fn old_reports_between_others_are_no_clock_that_was_set_back() {
        let replayed = [9_000, 2_000, 1_000, 2_500, 1_500, 3_000, 2_000];
        assert_eq!(news(&replayed), [true, false, false, false, false, false, false]);
    }

    #[test]
    fn what_is_later_than_a_camera_may_be_silent_is_no_news_and_what_is_sooner_is() {
        assert_eq!(news(&[5_000, 5_500, 2_000]), [true, true, false], "a copy");
        assert_eq!(news(&[0, 10_000, 10_500]), [true, true, true], "set forward");
        assert!(!news(&[0, 500, 600, 650, 680, 690, 695, 700, 701])[8], "late by more than 3 s");
    }
}
