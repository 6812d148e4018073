//! Instants and spans in whole microseconds since the run began.
//!
//! Nothing here reads a clock. Drivers convert once, at their own edge; every device takes the time as an
//! argument. Arithmetic saturates at the ends of the range (584,000 years), so no input can make it panic.

use std::fmt;
use std::ops::{Add, AddAssign, Mul, Sub};

/// A point in time: whole microseconds since the run began.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

/// A length of time in whole microseconds, never negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(u64);

impl Instant {
    /// The beginning of the run.
    pub const ZERO: Instant = Instant(0);
    /// Later than everything; used for "no bound".
    pub const MAX: Instant = Instant(u64::MAX);

    /// An instant `us` microseconds after the beginning.
    #[must_use]
    pub const fn from_us(us: u64) -> Instant {
        Instant(us)
    }

    /// An instant `ms` milliseconds after the beginning.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Instant {
        Instant(ms.saturating_mul(1_000))
    }

    /// Whole microseconds since the beginning.
    #[must_use]
    pub const fn as_us(self) -> u64 {
        self.0
    }

    /// Time since `earlier`, zero if `earlier` is in fact later.
    #[must_use]
    pub const fn since(self, earlier: Instant) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// This instant moved back by `span`, stopping at the beginning.
    #[must_use]
    pub const fn back(self, span: Span) -> Instant {
        Instant(self.0.saturating_sub(span.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// Longer than everything; used for "no bound".
    pub const MAX: Span = Span(u64::MAX);

    /// `us` microseconds.
    #[must_use]
    pub const fn from_us(us: u64) -> Span {
        Span(us)
    }

    /// `ms` milliseconds.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Span {
        Span(ms.saturating_mul(1_000))
    }

    /// `s` seconds.
    #[must_use]
    pub const fn from_secs(s: u64) -> Span {
        Span(s.saturating_mul(1_000_000))
    }

    /// Whole microseconds.
    #[must_use]
    pub const fn as_us(self) -> u64 {
        self.0
    }

    /// Whole milliseconds, rounded down.
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0 / 1_000
    }

    /// Whole seconds, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 / 1_000_000
    }

    /// The difference, zero if `other` is longer.
    #[must_use]
    pub const fn saturating_sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }

    /// Divided by a whole number (a zero divisor counts as one).
    #[must_use]
    pub const fn div(self, by: u64) -> Span {
        Span(self.0 / if by == 0 { 1 } else { by })
    }
}

impl Add<Span> for Instant {
    type Output = Instant;
    fn add(self, span: Span) -> Instant {
        Instant(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Span> for Instant {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Sub<Instant> for Instant {
    type Output = Span;
    fn sub(self, earlier: Instant) -> Span {
        self.since(earlier)
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Span) {
        *self = *self + other;
    }
}

impl Mul<u64> for Span {
    type Output = Span;
    fn mul(self, by: u64) -> Span {
        Span(self.0.saturating_mul(by))
    }
}

/// Writes seconds with three decimals, or six where the value is not a whole millisecond.
fn write_seconds(us: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (s, rest) = (us / 1_000_000, us % 1_000_000);
    let text = if rest.is_multiple_of(1_000) {
        format!("{s}.{:03}", rest / 1_000)
    } else {
        format!("{s}.{rest:06}")
    };
    f.pad(&text)
}

impl fmt::Display for Instant {
    /// `12.345` (seconds since the run began); `12.345678` where needed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_seconds(self.0, f)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{self}")
    }
}

impl fmt::Display for Span {
    /// `12.345` (seconds); the unit is the writer's to add.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_seconds(self.0, f)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}s")
    }
}

/// A serial line: what a byte costs in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Bits per second, at least 1.
    pub baud: u32,
    /// Start, data, parity and stop bits of one character: 10 for 8N1, 11 for 8E1 or 8N2.
    pub bits: u32,
}

impl Line {
    /// 8N1 at `baud`.
    #[must_use]
    pub const fn n81(baud: u32) -> Line {
        Line { baud, bits: 10 }
    }

    /// The time `bytes` characters take, in one division so that no rounding accumulates.
    #[must_use]
    pub const fn time_of(self, bytes: usize) -> Span {
        let baud = if self.baud == 0 { 1 } else { self.baud as u64 };
        Span((bytes as u64).saturating_mul(self.bits as u64).saturating_mul(1_000_000).div_ceil(baud))
    }

    /// The silence that ends a Modbus RTU frame: 3.5 characters, fixed at 1.75 ms above 19200 baud
    /// (MODBUS over serial line 1.02, 2.5.1.1). At 9600 8N1: 3,646 us.
    #[must_use]
    pub const fn modbus_silence(self) -> Span {
        if self.baud > 19_200 {
            return Span(1_750);
        }
        let baud = if self.baud == 0 { 1 } else { self.baud as u64 };
        Span((35 * self.bits as u64 * 100_000).div_ceil(baud))
    }
}

/// Frames up to this length have their character times at hand.
const SHORT: usize = 16;

/// A line's character times, those of short frames worked out once: the division of [`Line::time_of`] is dear where
/// it is done several times a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CharacterTimes {
    line: Line,
    short: [Span; SHORT],
}

impl CharacterTimes {
    /// The times of a line.
    #[must_use]
    pub fn new(line: Line) -> CharacterTimes {
        CharacterTimes { line, short: std::array::from_fn(|bytes| line.time_of(bytes)) }
    }

    /// As [`Line::time_of`].
    #[must_use]
    #[inline]
    pub fn of(&self, bytes: usize) -> Span {
        match self.short.get(bytes) {
            Some(time) => *time,
            None => self.line.time_of(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn character_times_at_hand_are_those_of_the_line() {
        for line in [Line::n81(9_600), Line { baud: 115_200, bits: 11 }, Line { baud: 0, bits: 10 }] {
            let times = CharacterTimes::new(line);
            assert!((0..100).all(|bytes| times.of(bytes) == line.time_of(bytes)));
        }
    }

    #[test]
    fn an_instant_is_shown_in_seconds() {
        assert_eq!(Instant::from_ms(12_345).to_string(), "12.345");
        assert_eq!(Instant::from_us(12_345_678).to_string(), "12.345678");
        assert_eq!(format!("{:>9}", Span::from_secs(3)), "    3.000");
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Instant::from_ms(1) - Instant::from_ms(2), Span::ZERO);
        assert_eq!(Instant::MAX + Span::from_secs(1), Instant::MAX);
    }

    #[test]
    fn a_frame_takes_its_character_time() {
        assert_eq!(Line::n81(9_600).time_of(68), Span::from_us(70_834));
        assert_eq!(Line::n81(9_600).modbus_silence(), Span::from_us(3_646));
        assert_eq!(Line::n81(115_200).modbus_silence(), Span::from_us(1_750));
    }
}
