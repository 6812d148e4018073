//! What the light posts show and say.
//!
//! The light follows the pedestrian group: green with steady and flashing green, red with red, dark with dark. The
//! go sentence is spoken when the walk begins, and again only while the whole sentence fits into what is left of
//! the steady green (P55). The stop sentence answers somebody who steps on at red, is repeated while somebody is
//! there, and ends when they are gone or the walk begins (P56). Both posts always get the same.

use super::config::Voice;
use super::interlock::PedestrianAspect;
use super::lamp_bus::{PostLight, Prompt};
use crate::time::{Instant, Span};

/// Between two sentences.
const PAUSE: Span = Span::from_ms(500);
/// A go sentence ends at least this long before the steady green: the bus, and T38.
const RESERVE: Span = Span::from_ms(250);
/// Between the order to be silent and the go sentence, so that they never overlap at any post (P58).
const CHANGEOVER: Span = Span::from_ms(200);

/// What the voice looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene {
    /// What the pedestrian heads show.
    pub(super) aspect: PedestrianAspect,
    /// In the walk: when it began, and when its steady part ends, where that is known.
    pub(super) walk: Option<(Instant, Option<Instant>)>,
    /// Somebody who stepped on at red is there.
    pub(super) on_red: bool,
    /// Somebody has just stepped on at red.
    pub(super) tripped: bool,
    /// Minutes after midnight.
    pub(super) minute: u16,
}

/// What the posts shall do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Orders {
    /// Light.
    pub(super) light: PostLight,
    /// Volume in percent.
    pub(super) volume: u8,
    /// What to say now, if anything new.
    pub(super) prompt: Option<Prompt>,
}

/// See the module's documentation.
#[derive(Clone, Debug)]
pub(super) struct Speaker {
    voice: Voice,
    /// What was said last, and when it was begun; `None` after it was cut off.
    speaking: Option<(Prompt, Instant)>,
    /// Not before this.
    silent_until: Instant,
    due: Option<Instant>,
}

impl Speaker {
    /// Nobody has spoken.
    pub(super) const fn new(voice: Voice, now: Instant) -> Speaker {
        Speaker { voice, speaking: None, silent_until: now, due: None }
    }

    /// When to look again.
    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Looks at the scene and orders what the posts shall do.
    pub(super) fn look(&mut self, now: Instant, scene: &Scene) -> Orders {
        self.due = None;
        let (light, wanted) = match scene.aspect {
            PedestrianAspect::Dark => (PostLight::Dark, None),
            PedestrianAspect::Red => (PostLight::Red, scene.on_red.then_some(Prompt::Stop)),
            PedestrianAspect::Green => (PostLight::Green, Some(Prompt::Go)),
            PedestrianAspect::FlashGreen => (PostLight::Green, None),
        };
        let volume = self.volume(scene.minute);
        let wanted = wanted.filter(|_| volume > 0);
        let mistaken = self.speaking.is_some_and(|(saying, _)| wanted != Some(saying));
        let prompt = if mistaken {
            let audible = self.ends().is_some_and(|end| now < end + CHANGEOVER);
            self.speaking = None;
            self.silent_until = if audible { now + CHANGEOVER } else { now };
            self.due = wanted.map(|_| self.silent_until);
            audible.then_some(Prompt::Silence)
        } else {
            wanted.and_then(|prompt| self.speak(now, prompt, scene))
        };
        Orders { light, volume, prompt }
    }

    /// When what is being said ends by itself.
    fn ends(&self) -> Option<Instant> {
        let (saying, begun) = self.speaking?;
        let lasts = match saying {
            Prompt::Silence => Span::ZERO,
            Prompt::Go => self.voice.go_lasts,
            Prompt::Stop => self.voice.stop_lasts,
        };
        Some(begun + lasts)
    }

    /// When the same sentence may be said again: the go sentence after a pause, the stop sentence after
    /// `stop_repeat`, or at once when the next person steps on.
    fn again(&self, prompt: Prompt, tripped: bool) -> Option<Instant> {
        let (_, begun) = self.speaking?;
        let end = self.ends()?;
        Some(match prompt {
            Prompt::Silence => end,
            Prompt::Go => end + PAUSE,
            Prompt::Stop if tripped => end,
            Prompt::Stop => end.max(begun + self.voice.stop_repeat),
        })
    }

    fn speak(&mut self, now: Instant, prompt: Prompt, scene: &Scene) -> Option<Prompt> {
        let mut at = self.silent_until.max(self.again(prompt, scene.tripped).unwrap_or(Instant::ZERO));
        if prompt == Prompt::Go {
            let (began, steady_until) = scene.walk?;
            at = at.max(began);
            // Quiet hours may have ended in the middle of the green.
            let fits = steady_until.is_none_or(|end| at.max(now) + self.voice.go_lasts + RESERVE <= end);
            if !fits || (steady_until.is_none() && self.speaking.is_some()) {
                return None;
            }
        }
        if now < at {
            self.due = Some(at);
            return None;
        }
        self.speaking = Some((prompt, now));
        self.due = self.again(prompt, false);
        Some(prompt)
    }

    fn volume(&self, minute: u16) -> u8 {
        let (from, to) = self.voice.active;
        let active = if from <= to { (from..to).contains(&minute) } else { minute >= from || minute < to };
        if active { self.voice.volume } else { self.voice.quiet_volume }
    }
}
