//! A site: what is wired to what, with conflicts, limits and the controller's plan. Read from TOML.
//!
//! Monitors read [`Site::limits`], [`Site::geometry`] and [`Site::wiring`], **never** [`Site::controller`]:
//! otherwise a wrong value there would move the judge along with the judged. [`Site::lint`] compares the two.
//!
//! # The file
//! ```toml
//! version = 1                      # required, first
//! title = "for people"
//!
//! [geometry]
//! width = "12.8 m"                 # L, kerb to kerb
//! crosswalk_width = "5 m"
//! lanes = 4
//! refuge = false                   # default false
//! waiting_area_a = "12 m2"         # with 4 persons per m2: the counts that are believed
//! waiting_area_b = "12 m2"
//! design_speed = "1.0 m/s"         # default 1.0 m/s
//!
//! [wiring]
//! controller = "110112/0001/1"     # administrative code / type, hexadecimal / number
//! [wiring.camera-a]                # and [wiring.camera-b]
//! line = "19200 8N1"               # default; the same key for every cable (countdown: default 9600 8N1)
//! duplex = "full"                  # default, or "half": the controller sends only after an upload has ended
//! address = "110112/0010/101"
//! crc = "modbus"                   # or "cms"
//! crosswalk_info_len = 5           # or 4
//! waiting_channel = 1
//! crosswalk_channel = 2            # at exactly one of the two cameras
//! period = "500ms"                 # default
//! statistics_period = "60s"        # default
//! clock_error = "-90s"             # default 0s: the camera's clock against the controller's
//! [wiring.lamps]                   # Modbus units of A and B on one bus
//! vehicle = [1, 2]
//! pedestrian = [3, 4]
//! posts = [5, 6]
//! go_lasts = "2800ms"              # defaults
//! stop_lasts = "2600ms"
//! [wiring.feedback]                # one discrete-input module
//! unit = 1
//! vehicle_a = [0, 1, 2]            # inputs of red, yellow, green
//! vehicle_b = [3, 4, 5]
//! pedestrian_a = [6, 7]            # inputs of red, green
//! pedestrian_b = [8, 9]
//! [wiring.countdown]
//! edition = 2014                   # GA/T 508, or 2004
//! vehicle = [0, 1]                 # display numbers of A and B
//! pedestrian = [2, 3]
//! [wiring.service]                 # leave the table out where the controller has no such port
//! unit = 1
//! period = "200ms"                 # default: how often the rig reads
//! [wiring.sense]                   # only where lamps are sensed: opto-isolated inputs on the lamps' mains, read by the rig.
//! line = "9600 8N1"                # default. Where it is there, [wiring.lamps] and [wiring.feedback] may be missing
//! unit = 1
//! period = "25ms"                  # default: how often the rig reads
//! latency = "10ms"                 # default: how far an input may lag behind its lamp
//! vehicle_a = [0, 1, 2]            # inputs of red, yellow, green, 0 to 63
//! vehicle_b = [3, 4, 5]
//! pedestrian_a = [6, 7]            # inputs of red, green
//! pedestrian_b = [8, 9]
//! inverted = []                    # default: inputs that read 1 while their lamp is dark
//!
//! [conflicts]
//! pairs = [["vehicle", "pedestrian"]]
//!
//! [limits]                         # what the judge judges by: any name of [`LIMITS`], each with a default
//! walk_total = "15s"
//!
//! [controller]                     # what the soft controller is told; other keys have defaults
//! policy = "observed"              # balanced (with [controller.balanced]), fixed_time (with [controller.fixed_time]), push_button
//! yellow = "3s"                    # these six must be stated
//! all_red = "2s"
//! green_min = "25s"
//! walk = "7s"
//! walk_flash = "8s"
//! buffer = "5s"
//!
//! [[property]]                     # properties of this site only, in the form of the catalogue
//! ```
//! Durations, lengths, areas, speeds and shares carry their unit; unknown keys are refused.

mod check;
mod closest;
mod document;
mod file_error;
pub mod library;
mod limit_table;
mod limits;
mod lint;
mod own_properties;
mod quantity;
mod read_controller;
mod read_limits;
mod read_sense;
mod read_wiring;
#[cfg(test)]
mod tests;
mod wiring;

pub use file_error::{FILE_LIMIT, FileError, read};
pub use limit_table::{LIMITS, LimitRow, Origin, Unit};
pub use limits::{Limits, Quantity};
pub use lint::Disagreement;
pub use wiring::{
    CableRole, CableWiring, CameraWiring, CountdownWiring, FeedbackWiring, LampWiring, SenseWiring,
    ServiceWiring, Wiring,
};

pub(crate) use closest::closest;
pub(crate) use document::{Document, Entry, Section};
pub(crate) use quantity::{
    Complaint, decimal, duration, share_ppm, shown, signed_seconds, speed_mm_s, write_duration, write_share,
    write_speed,
};

use std::path::Path;

use emulators::controller::{Config as ControllerConfig, PolicyChoice};
use emulators::time::Span;
use sha2::{Digest, Sha256};

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

impl Geometry {
    /// How long a person at design speed needs from kerb to kerb.
    #[must_use]
    pub fn crossing_time(&self) -> Span {
        Span::from_us(
            (u64::from(self.width_mm) * 1_000_000).div_ceil(u64::from(self.design_speed_mm_s.max(1))),
        )
    }
}

/// A site, checked.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its name, as on the command line.
    pub name: String,
    /// What it is called in complaints: the file it came from.
    pub file: String,
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
    /// Reads a site file's text; `file` is what it is called in complaints, and its stem is the site's name.
    ///
    /// # Errors
    /// If the text is no site file, or the site makes no sense; one fault at a time, the first that is found.
    pub fn load(text: &str, file: &str) -> Result<Site, FileError> {
        let document = Document::parse(text, file)?;
        let root = document.root(&[
            "version",
            "title",
            "geometry",
            "wiring",
            "conflicts",
            "limits",
            "controller",
            "property",
        ])?;
        let need = |name: &'static str, known: &[&'static str]| {
            root.section(name, known)?
                .ok_or_else(|| root.error(format!("`[{name}]` is missing"), "every site has it"))
        };
        let title =
            root.required("title", "write one line for people: `title = \"...\"`")?.title()?.to_owned();
        let geometry = read_wiring::geometry(&need("geometry", read_wiring::GEOMETRY_KEYS)?)?;
        let wiring = read_wiring::wiring(&need("wiring", read_wiring::WIRING_KEYS)?, &geometry)?;
        read_wiring::conflicts(&need("conflicts", &["pairs"])?)?;
        let limits =
            read_limits::read(root.section("limits", &read_limits::names())?.as_ref(), &geometry, &wiring)?;
        let controller_section = need("controller", read_controller::CONTROLLER_KEYS)?;
        let controller = read_controller::read(&controller_section, &geometry, &wiring)?;
        // Their form is the monitor's to check; here they must only be tables.
        let own = root.array("property")?;
        Ok(Site {
            name: stem(file),
            file: file.to_owned(),
            title,
            geometry,
            wiring,
            limits,
            controller,
            properties: if own.is_empty() { String::new() } else { own_properties::only(text) },
            text: text.to_owned(),
            hash: hash(text),
        })
    }

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

/// A file's name without folder and ending.
pub(crate) fn stem(file: &str) -> String {
    Path::new(file).file_stem().map_or_else(|| file.to_owned(), |stem| stem.to_string_lossy().into_owned())
}

/// SHA-256 of a text, hexadecimal.
pub(crate) fn hash(text: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        hex.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        hex.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
    }
    hex
}
