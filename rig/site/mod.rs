//! A site: what is wired to what, with conflicts, limits and the controller's plan. Read from TOML.
//!
//! Monitors read [`Site::limits`], [`Site::geometry`] and [`Site::wiring`], **never** [`Site::controller`]:
//! otherwise a wrong value there would move the judge along with the judged.

mod limits;
mod wiring;

pub use limits::{Limits, Quantity};
pub use wiring::{
    CableRole, CableWiring, CameraWiring, CountdownWiring, FeedbackWiring, LampWiring, ServiceWiring, Wiring,
};

use emulators::controller::{Config as ControllerConfig, PolicyChoice};

/// Measures of the crossing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// L: carriageway width in mm.
    pub width_mm: u32,
    /// W: width of the crosswalk in mm.
    pub crosswalk_width_mm: u32,
    /// Lanes crossed.
    pub lanes: u8,
    /// Whether there is a refuge in the middle.
    pub refuge: bool,
    /// Area of the waiting zone at kerb A and B in 0.01 m2.
    pub waiting_area_dm2: [u32; 2],
    /// Design walking speed in mm/s (T08).
    pub design_speed_mm_s: u32,
}

/// A site, checked.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its name, as on the command line.
    pub name: String,
    /// For people.
    pub title: String,
    /// Measures.
    pub geometry: Geometry,
    /// Wiring.
    pub wiring: Wiring,
    /// What the judge judges by.
    pub limits: Limits,
    /// What the soft controller is told (lines, units and geometry already filled in from the sections above).
    pub controller: ControllerConfig,
    /// Properties of its own (`[[property]]` tables, same form as the catalogue), as TOML text of a document
    /// with only those tables; empty if none.
    pub properties: String,
    /// The file's text.
    pub text: String,
    /// SHA-256 of the text, hex.
    pub hash: String,
}

impl Site {
    /// The policy's name, as in the catalogue's `applies_to`.
    #[must_use]
    pub fn policy(&self) -> &'static str {
        match self.controller.policy {
            PolicyChoice::Observed => "observed",
            PolicyChoice::Balanced { .. } => "balanced",
            PolicyChoice::FixedTime { .. } => "fixed_time",
            PolicyChoice::PushButton => "push_button",
        }
    }
}
