//! Lamps and the board that switches them: what vehicle and pedestrian heads have in common.
//!
//! A [`LampBoard`] is a Modbus unit with the coils of a widely sold 8-relay module and one holding register of
//! its own, the watchdog of the independent flash unit. The register map is public interface: [`map`].
//! Behind the relays hang the bulbs, which may be broken: the board drives, the bulb is lit or not.
//!
//! What it does not do: it does not know which lamps may be lit together (that is the controller's interlock),
//! and it does not measure lamp current (that is the feedback module's task, on its own cable).

use crate::time::Span;

mod board;
mod bulbs;
pub mod map;
#[cfg(test)]
mod matrix;
mod relays;
#[cfg(test)]
mod tests;

pub use board::{Kind, LampBoard};

/// One lamp of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lamp {
    /// Red.
    Red,
    /// Yellow (vehicle heads only).
    Yellow,
    /// Green.
    Green,
}

/// Which lamps of a head are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Lamps {
    /// Red.
    pub red: bool,
    /// Yellow; always off at a pedestrian head.
    pub yellow: bool,
    /// Green.
    pub green: bool,
}

/// What can be seen at a head: what its board drives, and what is really lit. They differ only while a lamp is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct HeadSight {
    /// What the board drives (commands, timed flash, watchdog flash, loss of power).
    pub driven: Lamps,
    /// What is lit.
    pub lit: Lamps,
}

/// How a lamp is broken (`domain.md` §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LampFault {
    /// Never lit.
    Out,
    /// Always lit while the cabinet has power (shorted switch).
    StuckOn,
    /// On and off with this period (half lit, half dark) while driven, beginning lit. Periods under 20 ms, which
    /// no eye and no 50 ms poll can tell from dim, count as 20 ms.
    Flicker(Span),
}

/// What can happen to a head besides bytes and power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadAct {
    /// A lamp breaks. A lamp that the head does not have can't break; a second fault of a lamp replaces its first.
    Break(Lamp, LampFault),
    /// A lamp is replaced.
    Mend(Lamp),
}
