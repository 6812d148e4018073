//! What a post's registers mean, and what time does to them.

use super::{Fault, Light, PostSight, Sentence, map};
use crate::device::Wake;
use crate::time::{Instant, Span};
use crate::timer::Timers;
use crate::wire::modbus::{Exception, Registers, Request, Response};

crate::timers! {
    /// What a post waits for.
    enum Timer {
        /// No valid write for too long.
        Watchdog = "post watchdog",
        /// The sentence is over.
        SentenceEnd = "sentence ends",
    }
}

/// No sentence is shorter, whatever the site says: a speaker that loops must take time to do so.
const SHORTEST_SENTENCE: Span = Span::from_ms(100);

const HOLDING: usize = map::HOLDING_LEN as usize;

/// Light, voice and registers of one post.
#[derive(Clone, Debug)]
pub(super) struct Post {
    go_lasts: Span,
    stop_lasts: Span,
    /// The holding registers as they read back.
    holding: [u16; HOLDING],
    playing: Option<Sentence>,
    /// What a broken speaker repeats.
    last: Option<Sentence>,
    /// What a broken light keeps.
    stuck: Light,
    fault: Option<Fault>,
    timers: Timers<Timer>,
}

impl Post {
    /// A post without power.
    pub(super) fn new(go_lasts: Span, stop_lasts: Span) -> Post {
        Post {
            go_lasts: go_lasts.max(SHORTEST_SENTENCE),
            stop_lasts: stop_lasts.max(SHORTEST_SENTENCE),
            holding: [0, 0, 0, map::WATCHDOG_DEFAULT_MS],
            playing: None,
            last: None,
            stuck: Light::Dark,
            fault: None,
            timers: Timers::default(),
        }
    }

    /// Power comes or goes. Either way nothing is remembered but what is broken.
    pub(super) fn power(&mut self, now: Instant, on: bool) {
        *self = Post { stuck: self.stuck, fault: self.fault, ..Post::new(self.go_lasts, self.stop_lasts) };
        if on {
            self.feed(now);
        }
    }

    /// It breaks, or is whole again.
    pub(super) fn set_fault(&mut self, now: Instant, fault: Option<Fault>) {
        self.stuck = self.light();
        let looped = self.loops() && self.playing.is_some();
        self.fault = fault;
        match fault {
            Some(Fault::Loops) if self.playing.is_none() => self.speak(now, self.last),
            // The repair ends what only the fault kept going.
            Some(Fault::StuckColour | Fault::Mute) | None if looped => self.speak(now, None),
            Some(Fault::StuckColour | Fault::Mute | Fault::Loops) | None => {}
        }
    }

    /// What can be seen and heard while there is power.
    pub(super) fn sight(&self) -> PostSight {
        let light = match self.fault {
            Some(Fault::StuckColour) => self.stuck,
            Some(Fault::Mute | Fault::Loops) | None => self.light(),
        };
        let volume = match self.fault {
            Some(Fault::Mute) => 0,
            Some(Fault::StuckColour | Fault::Loops) | None => self.volume(),
        };
        let voice = if volume > 0 { self.playing } else { None };
        PostSight { light, voice, volume: if voice.is_some() { volume } else { 0 } }
    }

    pub(super) fn poll_timeout(&self) -> Option<Wake> {
        self.timers.wake()
    }

    /// Does the next thing that was due at or before `until`; `false` when nothing was.
    pub(super) fn expire(&mut self, until: Instant) -> bool {
        match self.timers.expired(until) {
            None => return false,
            Some(Timer::Watchdog) => {
                self.holding[usize::from(map::LIGHT)] = 0;
                self.prompt(until, None);
            }
            // A repeat that was due while nobody called begins when somebody does.
            Some(Timer::SentenceEnd) if self.loops() => self.speak(until, self.last),
            Some(Timer::SentenceEnd) => self.speak(until, None),
        }
        true
    }

    fn loops(&self) -> bool {
        match self.fault {
            Some(Fault::Loops) => true,
            Some(Fault::StuckColour | Fault::Mute) | None => false,
        }
    }

    fn light(&self) -> Light {
        match self.holding[usize::from(map::LIGHT)] {
            1 => Light::Red,
            2 => Light::Green,
            _ => Light::Dark,
        }
    }

    fn volume(&self) -> u8 {
        u8::try_from(self.holding[usize::from(map::VOLUME)]).unwrap_or(0)
    }

    /// The sentence is told to begin, or (`None`) to stop; a looping speaker does not stop.
    fn prompt(&mut self, now: Instant, sentence: Option<Sentence>) {
        self.holding[usize::from(map::PROMPT)] = code(sentence);
        if sentence.is_some() || !self.loops() {
            self.speak(now, sentence);
        }
    }

    fn speak(&mut self, now: Instant, sentence: Option<Sentence>) {
        self.playing = sentence;
        let lasts = match sentence {
            None => return self.timers.clear(Timer::SentenceEnd),
            Some(Sentence::Go) => self.go_lasts,
            Some(Sentence::Stop) => self.stop_lasts,
        };
        self.last = sentence;
        self.timers.set(Timer::SentenceEnd, now + lasts);
    }

    fn feed(&mut self, now: Instant) {
        match self.holding[usize::from(map::WATCHDOG_MS)] {
            0 => self.timers.clear(Timer::Watchdog),
            ms => self.timers.set(Timer::Watchdog, now + Span::from_ms(u64::from(ms))),
        }
    }

    /// Writes registers from `start` on, all or none.
    fn write(&mut self, now: Instant, start: u16, values: &[u16]) -> Result<(), Exception> {
        within(start, values.len(), map::HOLDING_LEN)?;
        let mut prompt = None;
        for (register, &value) in (start..).zip(values) {
            match register {
                map::PROMPT => prompt = Some(sentence(value)?),
                map::VOLUME if value > map::VOLUME_MAX => return Err(Exception::IllegalValue),
                map::LIGHT if value > 2 => return Err(Exception::IllegalValue),
                _ => {}
            }
        }
        self.holding[usize::from(start)..][..values.len()].copy_from_slice(values);
        if let Some(sentence) = prompt {
            self.prompt(now, sentence);
        }
        self.feed(now);
        Ok(())
    }

    fn inputs(&self) -> [u16; map::INPUT_LEN as usize] {
        let fault = match self.fault {
            None => 0,
            Some(Fault::StuckColour) => map::FAULT_LIGHT,
            Some(Fault::Mute | Fault::Loops) => map::FAULT_VOICE,
        };
        [code(self.playing), fault]
    }
}

impl Registers for Post {
    fn serve(&mut self, now: Instant, request: &Request) -> Result<Response, Exception> {
        match request {
            &Request::ReadHolding(start, count) => {
                within(start, usize::from(count), map::HOLDING_LEN)?;
                Ok(Response::Registers(3, self.holding[usize::from(start)..][..usize::from(count)].into()))
            }
            &Request::ReadInputs(start, count) => {
                within(start, usize::from(count), map::INPUT_LEN)?;
                Ok(Response::Registers(4, self.inputs()[usize::from(start)..][..usize::from(count)].into()))
            }
            &Request::WriteRegister(register, value) => {
                self.write(now, register, &[value])?;
                Ok(Response::Written(6, register, value))
            }
            Request::WriteRegisters(start, values) => {
                self.write(now, *start, values)?;
                // `write` has refused more values than there are registers.
                Ok(Response::Written(0x10, *start, values.len() as u16))
            }
            Request::ReadCoils(..)
            | Request::ReadDiscreteInputs(..)
            | Request::WriteCoil(..)
            | Request::WriteCoils(..)
            | Request::Other(..) => Err(Exception::IllegalFunction),
        }
    }
}

/// The sentence a `PROMPT` value asks for.
fn sentence(value: u16) -> Result<Option<Sentence>, Exception> {
    match value {
        0 => Ok(None),
        1 => Ok(Some(Sentence::Go)),
        2 => Ok(Some(Sentence::Stop)),
        _ => Err(Exception::IllegalValue),
    }
}

/// A sentence as a register value.
fn code(sentence: Option<Sentence>) -> u16 {
    match sentence {
        None => 0,
        Some(Sentence::Go) => 1,
        Some(Sentence::Stop) => 2,
    }
}

/// Refuses addresses at or beyond `end`, and none at all.
fn within(start: u16, count: usize, end: u16) -> Result<(), Exception> {
    if count == 0 {
        return Err(Exception::IllegalValue);
    }
    if usize::from(start) + count > usize::from(end) {
        return Err(Exception::IllegalAddress);
    }
    Ok(())
}
