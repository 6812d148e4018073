//! Named timers. A device declares an enum of what it waits for; every wake then has a reason.

use crate::device::Wake;
use crate::time::Instant;

/// An enum of timers: its variants are numbered from zero, in the order in which ties are settled.
pub trait TimerName: Copy + 'static {
    /// Every timer, in the order in which ties are settled.
    const ALL: &'static [Self];
    /// Position in [`TimerName::ALL`].
    fn index(self) -> usize;
    /// What is being waited for, as it stands in a trace.
    fn name(self) -> &'static str;
}

/// Declares an enum of timers and its [`TimerName`] implementation.
#[macro_export]
macro_rules! timers {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis enum $name { $($(#[$vmeta])* $variant),+ }
        impl $crate::timer::TimerName for $name {
            const ALL: &'static [Self] = &[$($name::$variant),+];
            fn index(self) -> usize { self as usize }
            fn name(self) -> &'static str { match self { $($name::$variant => $text),+ } }
        }
    };
}

/// The timers of one device. Each is either unset or due at an instant.
#[derive(Clone, Debug)]
pub struct Timers<T: TimerName> {
    due: Box<[Option<Instant>]>,
    name: std::marker::PhantomData<T>,
}

impl<T: TimerName> Default for Timers<T> {
    fn default() -> Self {
        Timers { due: vec![None; T::ALL.len()].into_boxed_slice(), name: std::marker::PhantomData }
    }
}

impl<T: TimerName> Timers<T> {
    /// Sets (or moves) a timer.
    pub fn set(&mut self, timer: T, at: Instant) {
        self.due[timer.index()] = Some(at);
    }

    /// Unsets a timer.
    pub fn clear(&mut self, timer: T) {
        self.due[timer.index()] = None;
    }

    /// Unsets all timers.
    pub fn clear_all(&mut self) {
        self.due.fill(None);
    }

    /// When a timer is due, if it is set.
    #[must_use]
    pub fn get(&self, timer: T) -> Option<Instant> {
        self.due[timer.index()]
    }

    /// Takes the first timer that is due at or before `now`: the earliest, and at equal instants the one
    /// declared first. Call it until it answers `None`.
    pub fn expired(&mut self, now: Instant) -> Option<T> {
        let (at, timer) = self.next()?;
        if at > now {
            return None;
        }
        self.due[timer.index()] = None;
        Some(timer)
    }

    /// The next wake, if any timer is set.
    #[must_use]
    pub fn wake(&self) -> Option<Wake> {
        self.next().map(|(at, timer)| Wake { at, why: timer.name() })
    }

    fn next(&self) -> Option<(Instant, T)> {
        let mut best: Option<(Instant, T)> = None;
        for (&due, &timer) in self.due.iter().zip(T::ALL) {
            if let Some(at) = due
                && best.is_none_or(|(soonest, _)| at < soonest)
            {
                best = Some((at, timer));
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    timers! {
        enum Timer { First = "first", Second = "second" }
    }

    #[test]
    fn the_earliest_expires_first_and_ties_follow_declaration() {
        let mut timers = Timers::<Timer>::default();
        timers.set(Timer::Second, Instant::from_ms(5));
        timers.set(Timer::First, Instant::from_ms(5));
        assert_eq!(timers.wake(), Some(Wake { at: Instant::from_ms(5), why: "first" }));
        assert_eq!(timers.expired(Instant::from_ms(4)), None);
        assert_eq!(timers.expired(Instant::from_ms(5)), Some(Timer::First));
        assert_eq!(timers.expired(Instant::from_ms(5)), Some(Timer::Second));
        assert_eq!(timers.expired(Instant::from_ms(5)), None);
    }
}
