//! Countdown: what the controller tells the displays, what that counts to, and what arrives of it.
//!
//! Digits are judged as they were *sent*: whatever a cable does to a broadcast on its way is nobody's number. What a
//! display really holds (damaged, late, dark) is another signal.

use emulators::time::{Instant, Span};
use emulators::wire::Parsed;
use emulators::wire::gat508::{Colour, Decoder, Edition, Entry};

use super::super::signal::Value;
use super::Timer;
use super::sink::{Sink, number};
use crate::site::CountdownWiring;
use crate::trace::HeadName;
use crate::trace::aspect::Aspect;

/// What a run of a vehicle display's numbers counts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Walk,
    Green,
}

#[derive(Clone, Debug)]
pub(super) struct Displays {
    edition: Edition,
    /// Numbers of the displays at vehicle head A, B, pedestrian head A, B.
    numbers: [u8; 4],
    /// Colour and seconds that each was last sent.
    said: [(u8, u16); 4],
    /// When each goes dark, if nothing more is sent.
    dark_at: [Instant; 4],
    target: Target,
    /// Pedestrian green has begun and vehicle green not: a vehicle display counts to the latter.
    stage: bool,
    offset: i64,
    dark_within: Span,
    arrived: Decoder,
    sent: Decoder,
    /// The last transmission that was nothing but broadcasts, and whom it named: most repeat it.
    last: Vec<u8>,
    named: [bool; 4],
    linked: bool,
}

/// The place of a display's signals: vehicle A, pedestrian A, then the twins.
const SLOTS: [usize; 4] = [0, 2, 1, 3];

const fn shown((colour, seconds): (u8, u16)) -> Option<i64> {
    if colour != 0 && seconds != 0 { Some(seconds as i64) } else { None }
}

impl Displays {
    pub(super) fn new(wiring: CountdownWiring, offset: i64, dark_within: Span) -> Displays {
        let ([va, vb], [pa, pb]) = (wiring.vehicle, wiring.pedestrian);
        Displays {
            edition: wiring.edition,
            numbers: [va, vb, pa, pb],
            said: [(0, 0); 4],
            dark_at: [Instant::MAX; 4],
            target: Target::Walk,
            stage: false,
            offset,
            dark_within,
            arrived: Decoder::new(wiring.edition),
            sent: Decoder::new(wiring.edition),
            last: Vec::new(),
            named: [false; 4],
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

    /// What a display holds.
    pub(super) fn holds(sink: &mut Sink, head: HeadName, told: (u8, u16)) {
        let slot = SLOTS[super::heads::place(head)];
        sink.set(sink.ids.display[slot], number(shown(told)));
    }

    /// The controller tells a display something. `red` is whether pedestrian head A is red now.
    fn tell(&mut self, sink: &mut Sink, place: usize, told: (u8, u16), red: bool) {
        let before = std::mem::replace(&mut self.said[place], told);
        if before == told {
            return;
        }
        let (was, is) = (shown(before), shown(told));
        sink.set(sink.ids.countdown[SLOTS[place]], number(is));
        let colour = Value::Level(if is.is_some() { told.0.min(3) } else { 0 });
        match HeadName::ALL[place] {
            HeadName::PedestrianA => {
                sink.set(sink.ids.digits[1], colour);
                let red_digits = told.0 == 3;
                sink.set(sink.ids.to_walk[0], number(is.filter(|_| red_digits)));
                sink.set(sink.ids.to_end[0], number(is.filter(|_| !red_digits)));
                if is.is_none() {
                    sink.set_flag(sink.ids.announcement[0], false);
                } else if was.is_none() && red && red_digits {
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

    /// A transmission of the controller has left it. One that arrives later than it was sent is told twice, and the second
    /// time nothing is sent.
    pub(super) fn sent(&mut self, sink: &mut Sink, bytes: &[u8], red: bool) {
        if self.sent.is_empty() && bytes == self.last && !bytes.is_empty() {
            return self.spoken(sink);
        }
        self.sent.push(bytes);
        self.last.clear();
        self.named = [false; 4];
        let (mut any, mut whole) = (false, true);
        loop {
            match self.sent.poll() {
                Parsed::Frame { frame, used: _ } => {
                    any = true;
                    for place in 0..4 {
                        // Two entries with one number: a display works through the frame, the later one stays.
                        let mine = frame.iter().rfind(|entry| entry.number == self.numbers[place]);
                        if let Some(entry) = mine {
                            self.named[place] = true;
                            self.tell(sink, place, digits_of(self.edition, entry), red);
                        }
                    }
                }
                Parsed::Reject { .. } => whole = false,
                Parsed::NeedMore => break,
            }
        }
        if any {
            if whole && self.sent.is_empty() {
                self.last.extend_from_slice(bytes);
            }
            self.spoken(sink);
        }
    }

    /// A broadcast was sent to the displays named.
    fn spoken(&mut self, sink: &mut Sink) {
        for (dark_at, _) in self.dark_at.iter_mut().zip(self.named).filter(|(_, named)| *named) {
            *dark_at = sink.now + self.dark_within;
        }
        sink.event(sink.ids.countdown_frame[0], 0);
        self.wait(sink);
    }

    fn wait(&self, sink: &mut Sink) {
        let next = self.dark_at.into_iter().min().unwrap_or(Instant::MAX);
        if next == Instant::MAX {
            sink.timers.clear(Timer::Unsaid);
        } else {
            sink.wake(Timer::Unsaid, next);
        }
    }

    /// Some display has been sent nothing for as long as it may go on with its number.
    pub(super) fn unsaid(&mut self, sink: &mut Sink) {
        for place in 0..4 {
            if self.dark_at[place] <= sink.now {
                self.dark_at[place] = Instant::MAX;
                self.tell(sink, place, (0, 0), false);
            }
        }
        self.wait(sink);
    }

    /// The cabinet is without supply: displays are dark and remember nothing.
    pub(super) fn power_lost(&mut self, sink: &mut Sink) {
        self.sent.clear();
        self.last.clear();
        self.dark_at = [Instant::MAX; 4];
        for place in 0..4 {
            self.tell(sink, place, (0, 0), false);
        }
        self.wait(sink);
    }

    /// Bytes that the displays hear.
    pub(super) fn heard(&mut self, sink: &mut Sink, bytes: &[u8]) {
        let mut any = self.arrived.is_empty() && !bytes.is_empty() && bytes == self.last;
        if !any {
            self.arrived.push(bytes);
            loop {
                match self.arrived.poll() {
                    Parsed::Frame { .. } => any = true,
                    Parsed::Reject { .. } => {}
                    Parsed::NeedMore => break,
                }
            }
        }
        if any {
            sink.wake(Timer::Countdown, sink.now + self.dark_within);
            if !self.linked {
                self.linked = true;
                sink.set_flag(sink.ids.countdown_link[0], true);
            }
        }
    }

    /// No valid broadcast for as long as a display may go on.
    pub(super) fn silent(&mut self, sink: &mut Sink) {
        self.linked = false;
        sink.set_flag(sink.ids.countdown_link[0], false);
    }
}

/// Colour and seconds that an entry makes a whole display show. 2014: 0 s is the wire's word for dark; 2004: a number.
fn digits_of(edition: Edition, entry: &Entry) -> (u8, u16) {
    let colour = match entry.colour {
        Colour::Dark => return (0, 0),
        Colour::Green => 1,
        Colour::Yellow => 2,
        Colour::Red => 3,
    };
    match edition {
        Edition::Y2014 if entry.seconds == 0 => (0, 0),
        Edition::Y2014 | Edition::Y2004 => (colour, entry.seconds),
    }
}
