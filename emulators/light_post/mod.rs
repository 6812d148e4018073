//! Light post: mirrors the pedestrian colour and speaks two sentences, told by Modbus registers.
//!
//! A Modbus unit with the registers of [`map`]. It speaks one sentence at a time, to its end, and says nothing of
//! its own accord; whether it is a good moment to speak is the controller's to know. Without a valid write within
//! its watchdog it is dark and silent, as it is without power.

use crate::device::{Device, Input, Output, Port, Wake};
use crate::time::{Instant, Line, Span};
use crate::wire::modbus::Server;
use std::collections::VecDeque;

pub mod map;
mod registers;
#[cfg(test)]
mod tests;

use registers::Post;

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
    /// The sentence that can be heard; `None` at volume 0, though the sentence runs on.
    pub voice: Option<Sentence>,
    /// Volume of that sentence in percent, 0 when silent.
    pub volume: u8,
}

/// How a post is broken (`domain.md` §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Light stays as it is while there is power.
    StuckColour,
    /// Speaker silent.
    Mute,
    /// Repeats the last sentence without end, whatever it is told, until power goes; if it said nothing since power
    /// came, it begins with the next sentence.
    Loops,
}

/// What can happen to a post besides bytes and power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It breaks. A second fault replaces the first.
    Break(Fault),
    /// It is replaced.
    Mend,
}

/// The post. Port 0 is the lamp bus.
#[derive(Clone, Debug)]
pub struct LightPost {
    powered: bool,
    server: Server,
    post: Post,
    sight: PostSight,
    outputs: VecDeque<Output<PostSight>>,
}

impl LightPost {
    /// A post without power.
    #[must_use]
    pub fn new(config: Config) -> LightPost {
        LightPost {
            powered: false,
            server: Server::new(config.unit, config.line),
            post: Post::new(config.go_lasts, config.stop_lasts),
            sight: PostSight::default(),
            outputs: VecDeque::new(),
        }
    }

    fn power(&mut self, now: Instant, on: bool) {
        if self.powered == on {
            return;
        }
        self.powered = on;
        self.server.clear();
        self.post.power(now, on);
        if on {
            self.sight = self.post.sight();
            self.outputs.push_back(Output::Sight(self.sight));
        }
    }

    fn settle(&mut self) {
        let sight = if self.powered { self.post.sight() } else { PostSight::default() };
        if sight != self.sight {
            self.sight = sight;
            self.outputs.push_back(Output::Sight(sight));
        }
    }

    fn run(&mut self, until: Instant) {
        while self.post.expire(until) {
            self.settle();
        }
    }

    fn drain_server(&mut self) {
        while let Some(bytes) = self.server.poll_send() {
            self.outputs.push_back(Output::Bytes { port: Port(0), bytes });
        }
        while let Some((skipped, why)) = self.server.poll_reject() {
            self.outputs.push_back(Output::Reject { port: Port(0), skipped, why });
        }
    }
}

impl Device for LightPost {
    type Act = Act;
    type Sight = PostSight;

    fn handle_input(&mut self, now: Instant, input: Input<'_, Act>) {
        // A driver that comes late must not let a late write outrun a watchdog that had already run out.
        if self.post.poll_timeout().is_some_and(|wake| wake.at < now) {
            self.run(now.back(Span::from_us(1)));
        }
        match input {
            Input::Bytes { port: Port(0), bytes } if self.powered => {
                if !self.server.handle_bytes(now, bytes, &mut self.post) {
                    return;
                }
                self.drain_server();
            }
            Input::Bytes { .. } | Input::Operator(_) => return,
            Input::Power(on) => self.power(now, on),
            Input::Act(Act::Break(fault)) => self.post.set_fault(now, Some(fault)),
            Input::Act(Act::Mend) => self.post.set_fault(now, None),
        }
        self.settle();
    }

    fn handle_timeout(&mut self, now: Instant) {
        if !self.powered {
            return;
        }
        self.run(now);
        self.server.handle_timeout(now);
        self.drain_server();
    }

    fn poll_output(&mut self) -> Option<Output<PostSight>> {
        self.outputs.pop_front()
    }

    fn poll_timeout(&self) -> Option<Wake> {
        if !self.powered {
            return None;
        }
        match (self.server.poll_timeout(), self.post.poll_timeout()) {
            (Some(server), Some(post)) => Some(if post.at < server.at { post } else { server }),
            (server, post) => server.or(post),
        }
    }
}
