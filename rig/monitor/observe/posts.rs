//! Light posts: what is seen and heard, and whether that is what they were told (a broken post is not the
//! controller's fault).

use emulators::time::{Instant, Span};
use emulators::wire::modbus::Request;

use super::super::signal::Value;
use super::Timer;
use super::sink::{Sink, flag, number};
use crate::site::LampWiring;

/// A post's registers, as published: what to say, and the light.
mod map {
    pub(super) const PROMPT: u16 = 0;
    pub(super) const LIGHT: u16 = 2;
    /// How long to wait for the next write before going dark, ms.
    pub(super) const WATCHDOG: u16 = 3;
    /// The go sentence, in [`PROMPT`].
    pub(super) const GO: u16 = 1;
}

/// How long a whole post may differ from what it was told.
const SLACK: Span = Span::from_ms(300);

#[derive(Clone, Copy, Debug, Default)]
struct Post {
    light: u8,
    voice: u8,
    told_light: Option<u8>,
    /// Sentence and when it ends.
    told_voice: (u8, Instant),
    told_at: Instant,
    /// It has been told since it had supply how long to wait.
    told_watchdog: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Posts {
    wiring: LampWiring,
    posts: [Post; 2],
    watchdog: Span,
}

impl Posts {
    pub(super) fn new(wiring: LampWiring, watchdog: Span) -> Posts {
        Posts { wiring, posts: [Post::default(); 2], watchdog }
    }

    pub(super) fn seen(&mut self, sink: &mut Sink, post: u8, light: u8, voice: u8, volume: u8) {
        let place = usize::from(post.min(1));
        self.posts[place].light = light;
        self.posts[place].voice = voice;
        sink.set(sink.ids.voice[place], Value::Level(voice.min(2)));
        sink.set(sink.ids.post[place], Value::Level(light.min(2)));
        sink.set(sink.ids.volume[place], number((voice != 0).then_some(i64::from(volume))));
        sink.wake(Timer::POSTS[place], sink.now + SLACK);
    }

    pub(super) fn asked(&mut self, sink: &mut Sink, unit: u8, request: &Request) {
        let Some(place) = self.wiring.posts.iter().position(|known| *known == unit) else { return };
        let mut write = |register: u16, value: u16| {
            let post = &mut self.posts[place];
            if register == map::LIGHT {
                post.told_light = u8::try_from(value).ok();
            } else if register == map::WATCHDOG {
                post.told_watchdog = value > 0 && Span::from_ms(u64::from(value)) <= self.watchdog;
                return;
            } else if register == map::PROMPT {
                if value == map::GO {
                    sink.event(sink.ids.go_told[place], 0);
                }
                let lasts = match value {
                    1 => self.wiring.go_lasts,
                    2 => self.wiring.stop_lasts,
                    _silence => Span::ZERO,
                };
                post.told_voice = (u8::try_from(value).unwrap_or(0), sink.now + lasts);
            }
            post.told_at = sink.now;
        };
        match request {
            Request::WriteRegister(register, value) => write(*register, *value),
            Request::WriteRegisters(start, values) => {
                for (register, value) in (*start..).zip(values) {
                    write(register, *value);
                }
            }
            Request::ReadCoils(..)
            | Request::ReadDiscreteInputs(..)
            | Request::ReadHolding(..)
            | Request::ReadInputs(..)
            | Request::WriteCoil(..)
            | Request::WriteCoils(..)
            | Request::Other(..) => return,
        }
        sink.set_flag(sink.ids.posts_told[0], self.posts.iter().all(|post| post.told_watchdog));
        sink.wake(Timer::POSTS[place], sink.now + SLACK);
    }

    /// Some time after a post was told or did something.
    pub(super) fn compare(&mut self, sink: &mut Sink, place: usize) {
        let now = sink.now;
        let differs = |post: &Post| {
            let (sentence, ends) = post.told_voice;
            let speaks = sentence != 0 && now + SLACK < ends;
            let silent = sentence == 0 || now > ends + SLACK;
            post.told_light.is_some_and(|told| told != post.light)
                || (speaks && post.voice != sentence)
                || (silent && post.voice != 0)
        };
        let (sentence, ends) = self.posts[place].told_voice;
        let over = ends + SLACK + Span::from_us(1);
        if sentence != 0 && now < over {
            sink.wake(Timer::POSTS[place], over);
        }
        let fault = self.posts.iter().any(differs);
        if fault != sink.is(sink.ids.post_fault[0]) {
            let since = if fault { now.back(SLACK + SLACK) } else { now };
            sink.set_since(sink.ids.post_fault[0], flag(fault), since);
        }
    }

    /// Without supply nothing is told.
    pub(super) fn power_lost(&mut self, sink: &mut Sink) {
        sink.set_flag(sink.ids.posts_told[0], false);
        for post in &mut self.posts {
            post.told_watchdog = false;
            post.told_light = None;
            post.told_voice = (0, Instant::ZERO);
        }
    }
}
