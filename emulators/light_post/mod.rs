//! Light post: mirrors the pedestrian colour and speaks two sentences, told by Modbus registers.

use crate::device::{Device, Input, Output, Wake};
use crate::time::{Instant, Line, Span};

/// A post's wiring and voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Modbus unit, 1..247.
    pub unit: u8,
    /// The lamp bus.
    pub line: Line,
    /// How long "现在是绿灯，请通行" takes.
    pub go_lasts: Span,
    /// How long "现在是红灯，请等待" takes.
    pub stop_lasts: Span,
}

/// The post's light.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Light {
    /// Dark.
    #[default]
    Dark,
    /// Red.
    Red,
    /// Green.
    Green,
}

/// What the post can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sentence {
    /// "现在是绿灯，请通行" (it is green, please cross).
    Go,
    /// "现在是红灯，请等待" (it is red, please wait).
    Stop,
}

impl Sentence {
    /// The words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Sentence::Go => "现在是绿灯，请通行",
            Sentence::Stop => "现在是红灯，请等待",
        }
    }
}

/// What can be seen and heard at a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct PostSight {
    /// Its light.
    pub light: Light,
    /// The sentence being spoken.
    pub voice: Option<Sentence>,
    /// Volume of that sentence in percent, 0 when silent.
    pub volume: u8,
}

/// How a post is broken (`domain.md` §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Light stays as it is.
    StuckColour,
    /// Speaker silent.
    Mute,
    /// Repeats the last sentence without end.
    Loops,
}

/// What can happen to a post besides bytes and power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It breaks.
    Break(Fault),
    /// It is replaced.
    Mend,
}

/// Register map (public interface).
pub mod map {
    /// Holding: prompt to speak now (0 stop speaking, 1 go sentence, 2 stop sentence). Writing starts the sentence anew.
    pub const PROMPT: u16 = 0;
    /// Holding: volume in percent, 0..100.
    pub const VOLUME: u16 = 1;
    /// Holding: light pattern (0 dark, 1 red, 2 green).
    pub const LIGHT: u16 = 2;
    /// Holding: without a valid write within this many ms the post goes dark and silent; 0 = never.
    pub const WATCHDOG_MS: u16 = 3;
    /// Input: sentence being spoken (as `PROMPT`).
    pub const PLAYING: u16 = 0;
    /// Input: 0 healthy, otherwise bit 0 light, bit 1 voice.
    pub const FAULT: u16 = 1;
}

/// The post. Port 0 is the lamp bus.
#[derive(Clone, Debug)]
pub struct LightPost {
    config: Config,
}

impl LightPost {
    /// A post without power.
    #[must_use]
    pub fn new(config: Config) -> LightPost {
        LightPost { config }
    }
}

impl Device for LightPost {
    type Act = Act;
    type Sight = PostSight;
    fn handle_input(&mut self, now: Instant, input: Input<'_, Act>) {
        let _ = (now, input, &self.config);
        todo!()
    }
    fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
        todo!()
    }
    fn poll_output(&mut self) -> Option<Output<PostSight>> {
        todo!()
    }
    fn poll_timeout(&self) -> Option<Wake> {
        todo!()
    }
}
