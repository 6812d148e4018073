//! What generated scenarios are made of: a flat list of waits and deeds. Deleting a deed moves nothing else, and deleting
//! a wait is a step of its own: that is what makes them shrink well.

use emulators::device::Operator;
use emulators::time::Span;

use crate::scenario::Stimulus;

/// A change of the lamps that a wait may be tied to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onset {
    /// A vehicle lamp begins to burn.
    VehicleGreen,
    /// See above.
    VehicleYellow,
    /// See above.
    VehicleRed,
    /// A pedestrian lamp begins to burn, or goes out to flash.
    PedestrianGreen,
    /// The green goes out: it has ended, or flashes.
    PedestrianGreenOut,
    /// See above.
    PedestrianRed,
}

impl Onset {
    /// All there are.
    pub const ALL: [Onset; 6] = [
        Onset::VehicleGreen,
        Onset::VehicleYellow,
        Onset::VehicleRed,
        Onset::PedestrianGreen,
        Onset::PedestrianGreenOut,
        Onset::PedestrianRed,
    ];
}

/// Something that is done; what ends by itself is one deed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// One stimulus.
    Once(Stimulus),
    /// The supply goes, and comes after this time.
    Dip(Span),
    /// Somebody at the panel.
    Panel(Operator),
}

/// An element of a generated scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Time passes.
    Wait(Span),
    /// Time passes until the next `onset`, and then `after`. `salt` tells anchors of one scenario apart: once it is known how
    /// long this one waited, it waits that long.
    Await {
        /// For what.
        onset: Onset,
        /// How much longer.
        after: Span,
        /// Which anchor it is.
        salt: u32,
    },
    /// Something is done.
    Do(Deed),
}
