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
    /// The stop sentence.
    pub(super) const STOP: u16 = 2;
}

/// How long a whole post may differ from what it was told.
const SLACK: Span = Span::from_ms(300);
/// A whole post shows by then what it was told (half of T38).
const LATE: Span = Span::from_ms(50);
/// A sentence that ends so much before its time was broken off (half of T38).
const EARLY: Span = Span::from_ms(50);

#[derive(Clone, Copy, Debug, Default)]
struct Post {
    light: u8,
    voice: u8,
    told_light: Option<u8>,
    /// When it was last told another light than before.
    told_light_at: Instant,
    /// Sentence and when it ends.
    told_voice: (u8, Instant),
    /// When it was last told what to say.
    told_at: Instant,
    /// It has been told since it had supply how long to wait.
    told_watchdog: bool,
}

impl Post {
    /// A whole post says nothing from then on; the beginning of time if it has been told to say nothing.
    fn silent_by(&self) -> Instant {
        match self.told_voice {
            (0, _) => Instant::ZERO,
            (_sentence, ends) => ends + SLACK + Span::from_us(1),
        }
    }

    /// Whether it shows only now the light that it was told long ago, and when that was.
    fn obeys_late(&self, now: Instant, light: u8) -> Option<Instant> {
        let late =
            self.light != light && self.told_light == Some(light) && now.since(self.told_light_at) > LATE;
        late.then_some(self.told_light_at)
    }

    /// Whether it begins to say, or breaks off, what nobody has told it to.
    fn is_its_own_idea(&self, now: Instant, voice: u8) -> bool {
        let (told, ends) = self.told_voice;
        match (self.voice, voice) {
            (before, after) if before == after => false,
            (before, 0) => told == before && now + EARLY < ends,
            (_before, after) => told != after || now > self.told_at + LATE,
        }
    }
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
        if self.posts[place].is_its_own_idea(sink.now, voice) {
            sink.set_flag(sink.ids.post_fault[0], true);
        }
        if let Some(told_at) = self.posts[place].obeys_late(sink.now, light) {
            sink.set_since(sink.ids.post_fault[0], flag(true), told_at);
        }
        self.posts[place].light = light;
        self.posts[place].voice = voice;
        sink.set(sink.ids.voice[place], Value::Level(voice.min(2)));
        sink.set(sink.ids.post[place], Value::Level(light.min(2)));
        sink.set(sink.ids.volume[place], number((voice != 0).then_some(i64::from(volume))));
        self.look_soon(sink, place);
    }

    pub(super) fn asked(&mut self, sink: &mut Sink, unit: u8, request: &Request) {
        let Some(place) = self.wiring.posts.iter().position(|known| *known == unit) else { return };
        let mut news = false;
        let mut write = |register: u16, value: u16| {
            let post = &mut self.posts[place];
            if register == map::LIGHT {
                let light = u8::try_from(value).ok();
                if post.told_light != light {
                    (post.told_light, post.told_light_at) = (light, sink.now);
                    news = true;
                }
            } else if register == map::WATCHDOG {
                post.told_watchdog = value > 0 && Span::from_ms(u64::from(value)) <= self.watchdog;
            } else if register == map::PROMPT {
                news = true;
                post.told_at = sink.now;
                match value {
                    map::GO => sink.event(sink.ids.go_told[place], 0),
                    map::STOP => sink.event(sink.ids.stop_told[place], 0),
                    _silence => {}
                }
                let lasts = match value {
                    1 => self.wiring.go_lasts,
                    2 => self.wiring.stop_lasts,
                    _silence => Span::ZERO,
                };
                post.told_voice = (u8::try_from(value).unwrap_or(0), sink.now + lasts);
            }
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
        // What is only told once more does not put off the look at what was told before.
        if news {
            self.look_soon(sink, place);
        }
    }

    /// A whole post has done by then what it was told; and it is silent by then.
    fn look_soon(&self, sink: &mut Sink, place: usize) {
        let soon = sink.now + SLACK;
        let silent = self.posts[place].silent_by();
        sink.wake(Timer::POSTS[place], if silent > sink.now { silent.min(soon) } else { soon });
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
        let silent = self.posts[place].silent_by();
        if now < silent {
            sink.wake(Timer::POSTS[place], silent);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Told at 10 s to say the go sentence, which lasts 2.8 s.
    fn told(voice: u8) -> Post {
        let at = Instant::from_ms(10_000);
        Post { voice, told_voice: (1, at + Span::from_ms(2_800)), told_at: at, ..Post::default() }
    }

    #[test]
    fn a_post_says_what_it_was_told_when_it_was_told() {
        assert!(!told(0).is_its_own_idea(Instant::from_ms(10_005), 1));
        assert!(told(0).is_its_own_idea(Instant::from_ms(10_005), 2), "another sentence");
        assert!(told(0).is_its_own_idea(Instant::from_ms(10_130), 1), "late: it has been mended");
        assert!(told(0).is_its_own_idea(Instant::from_ms(12_900), 1), "once more");
        assert!(Post::default().is_its_own_idea(Instant::from_ms(5_000), 1), "told nothing");
    }

    #[test]
    fn a_post_that_is_mended_has_been_late() {
        let told_at = Instant::from_ms(10_000);
        let post = Post { light: 1, told_light: Some(2), told_light_at: told_at, ..Post::default() };
        assert_eq!(post.obeys_late(Instant::from_ms(10_300), 2), Some(told_at));
        assert_eq!(post.obeys_late(Instant::from_ms(10_010), 2), None, "at once");
        assert_eq!(post.obeys_late(Instant::from_ms(10_300), 1), None, "still stuck");
    }

    #[test]
    fn a_post_falls_silent_when_its_sentence_is_over() {
        assert!(!told(1).is_its_own_idea(Instant::from_ms(12_800), 0));
        assert!(told(1).is_its_own_idea(Instant::from_ms(11_000), 0), "broken off");
        assert!(!told(1).is_its_own_idea(Instant::from_ms(11_000), 1), "goes on");
        let stopped = Post { told_voice: (0, Instant::ZERO), ..told(1) };
        assert!(!stopped.is_its_own_idea(Instant::from_ms(11_000), 0), "told to");
    }
}
