//! Countdown displays: what they are told, what that counts to, and the broadcast they hear.

use emulators::time::Span;
use emulators::wire::Parsed;
use emulators::wire::gat508::{Decoder, Edition};

use super::super::signal::Value;
use super::Timer;
use super::sink::{Sink, number};
use crate::trace::HeadName;
use crate::trace::aspect::Aspect;

/// A damaged broadcast excuses what is counted this long.
const UNCLEAN_LASTS: Span = Span::from_secs(3);

/// What a run of a vehicle display's numbers counts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Walk,
    Green,
}

#[derive(Clone, Debug)]
pub(super) struct Displays {
    told: [(u8, u16); 4],
    target: Target,
    /// Pedestrian green has begun and vehicle green not: a vehicle display counts to the latter.
    stage: bool,
    offset: i64,
    dark_within: Span,
    arrived: Decoder,
    sent: Decoder,
    last: Vec<u8>,
    linked: bool,
}

impl Displays {
    pub(super) fn new(edition: Edition, offset: i64, dark_within: Span) -> Displays {
        Displays {
            told: [(0, 0); 4],
            target: Target::Walk,
            stage: false,
            offset,
            dark_within,
            arrived: Decoder::new(edition),
            sent: Decoder::new(edition),
            last: Vec::new(),
            linked: false,
        }
    }

    /// Pedestrian head A or vehicle head A takes an aspect.
    pub(super) fn aspect(&mut self, head: usize, aspect: Aspect) {
        match (head, aspect) {
            (2, Aspect::Green) => self.stage = true,
            (0, Aspect::Green | Aspect::FlashingYellow | Aspect::Off) => self.stage = false,
            (_head, _aspect) => {}
        }
    }

    /// A display is told something. `red` is whether pedestrian head A is red now.
    pub(super) fn told(&mut self, sink: &mut Sink, head: HeadName, told: (u8, u16), red: bool) {
        let place = super::heads::place(head);
        let before = std::mem::replace(&mut self.told[place], told);
        let shown =
            |(colour, seconds): (u8, u16)| (colour != 0 && seconds != 0).then_some(i64::from(seconds));
        let (was, is) = (shown(before), shown(told));
        let slot = match head {
            HeadName::VehicleA => 0,
            HeadName::PedestrianA => 1,
            HeadName::VehicleB => 2,
            HeadName::PedestrianB => 3,
        };
        sink.set(sink.ids.countdown[slot], number(is));
        let colour = Value::Level(if is.is_some() { told.0.min(3) } else { 0 });
        match head {
            HeadName::PedestrianA => {
                sink.set(sink.ids.digits[1], colour);
                let red_digits = told.0 == 3;
                sink.set(sink.ids.to_walk[0], number(is.filter(|_| red_digits)));
                sink.set(sink.ids.to_end[0], number(is.filter(|_| !red_digits)));
                if is.is_none() {
                    sink.set_flag(sink.ids.announcement[0], false);
                } else if was.is_none() && red {
                    sink.set_flag(sink.ids.announcement[0], true);
                }
            }
            HeadName::VehicleA => {
                sink.set(sink.ids.digits[0], colour);
                let rises = is > was;
                if rises || is.is_none() {
                    let ended = was == Some(1) && self.target == Target::Walk;
                    self.target =
                        if self.stage || (ended && is.is_some()) { Target::Green } else { Target::Walk };
                }
                let walk = is.filter(|_| self.target == Target::Walk).map(|seconds| seconds + self.offset);
                sink.set(sink.ids.to_walk[1], number(walk));
                sink.set(sink.ids.to_end[1], number(is.filter(|_| self.target == Target::Green)));
            }
            HeadName::VehicleB | HeadName::PedestrianB => {}
        }
    }

    /// Bytes on the countdown cable; `sent` where they did not arrive as they were sent.
    pub(super) fn bytes(&mut self, sink: &mut Sink, bytes: &[u8], sent: Option<&[u8]>) {
        if sent.is_some() {
            sink.set_flag(sink.ids.countdown_clean[0], false);
            sink.wake(Timer::Clean, sink.now + UNCLEAN_LASTS);
        }
        if sent.is_none() && bytes == self.last {
            return self.valid(sink, true, true);
        }
        let arrived = broadcasts(&mut self.arrived, bytes);
        let emitted = broadcasts(&mut self.sent, sent.unwrap_or(bytes));
        if arrived > 0 && sent.is_none() {
            self.last.clear();
            self.last.extend_from_slice(bytes);
        }
        self.valid(sink, arrived > 0, emitted > 0);
    }

    fn valid(&mut self, sink: &mut Sink, arrived: bool, emitted: bool) {
        if emitted {
            sink.event(sink.ids.countdown_frame[0], 0);
        }
        if arrived {
            sink.wake(Timer::Countdown, sink.now + self.dark_within);
            if !self.linked {
                self.linked = true;
                sink.set_flag(sink.ids.countdown_link[0], true);
                if sink.timers.get(Timer::Clean).is_none() {
                    sink.wake(Timer::Clean, sink.now + UNCLEAN_LASTS);
                }
            }
        }
    }

    /// No valid broadcast for as long as a display may go on.
    pub(super) fn silent(&mut self, sink: &mut Sink) {
        self.linked = false;
        sink.set_flag(sink.ids.countdown_link[0], false);
        sink.set_flag(sink.ids.countdown_clean[0], false);
        sink.timers.clear(Timer::Clean);
    }

    /// Nothing has been damaged for a while.
    pub(super) fn clean(&self, sink: &mut Sink) {
        sink.set_flag(sink.ids.countdown_clean[0], self.linked);
    }
}

fn broadcasts(decoder: &mut Decoder, bytes: &[u8]) -> usize {
    decoder.push(bytes);
    let mut found = 0;
    loop {
        match decoder.poll() {
            Parsed::Frame { .. } => found += 1,
            Parsed::Reject { .. } => {}
            Parsed::NeedMore => return found,
        }
    }
}
