//! Lamps and the board that switches them: what vehicle and pedestrian heads have in common.

use crate::time::Span;

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
    /// On and off with this period (half lit, half dark) while driven.
    Flicker(Span),
}

/// What can happen to a head besides bytes and power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadAct {
    /// A lamp breaks.
    Break(Lamp, LampFault),
    /// A lamp is replaced.
    Mend(Lamp),
}
