//! What is seen, in words.

use emulators::time::{Line, Span};
use emulators::wire::gat508::Edition;
use emulators::wire::gbt43229::{Address, Crc};

use super::diagnose::{Seen, Trouble, line_of};
use super::understood::Voice;
use crate::site::Wiring;

/// What was seen at a port, in a few words.
#[must_use]
pub fn describe(wiring: &Wiring, port: &Seen) -> String {
    match (&port.trouble, port.found(wiring)) {
        (Some(Trouble::Open(..)), _) => "cannot be opened".to_owned(),
        (Some(Trouble::Lost(_)), _) => "went away".to_owned(),
        (Some(Trouble::NobodyThere(_)), _) => "nobody is at the other end".to_owned(),
        (None, _) if port.echoes => "its own words come back".to_owned(),
        (None, Some(found)) if found.line == line_of(port.role, wiring) => voice_name(wiring, found.voice),
        (None, Some(found)) => format!("{}, at {}", voice_name(wiring, found.voice), settings(found.line)),
        (None, None) if port.heard.bytes == 0 => "silent".to_owned(),
        (None, None) => format!("{} bytes of garbage", port.heard.bytes),
    }
}

pub(super) fn voice_name(wiring: &Wiring, voice: Voice) -> String {
    match voice {
        Voice::ToCamera { camera, crc } => {
            let known =
                voice.belongs_to(wiring).map_or_else(String::new, |role| format!("{}, ", role.name()));
            format!("a controller that speaks to {known}{} ({} checksum)", address(camera), crc_name(crc))
        }
        Voice::AsCamera(camera) => format!("a camera, {}", address(camera)),
        Voice::Lamps => "a controller that writes to lamps".to_owned(),
        Voice::Feedback(unit) => format!("a controller that reads feedback inputs of unit {unit}"),
        Voice::Countdown(edition) => format!("a countdown broadcast of {}", edition_name(edition)),
        Voice::Service(unit) => format!("a controller that answers as unit {unit}"),
        Voice::Sense(unit) => format!("an input module that answers as unit {unit}"),
    }
}

/// The command that makes an FTDI adapter hand over at once.
#[must_use]
pub fn set_timer(node: &str) -> String {
    let name = node.rsplit('/').next().unwrap_or(node);
    format!("echo 1 | sudo tee /sys/bus/usb-serial/devices/{name}/latency_timer")
}

pub(super) const fn crc_name(crc: Crc) -> &'static str {
    match crc {
        Crc::Modbus => "modbus",
        Crc::Cms => "cms",
    }
}

pub(super) const fn edition_name(edition: Edition) -> &'static str {
    match edition {
        Edition::Y2014 => "2014",
        Edition::Y2004 => "2004",
    }
}

pub(super) fn address(address: Address) -> String {
    format!("{:06}/{:04x}/{}", address.admin, address.kind, address.number)
}

/// A line as a site file writes it. Eleven bits may be 8E1, 8O1 or 8N2; the rig's ports take them for 8E1.
pub(super) fn settings(line: Line) -> String {
    format!("{} {}", line.baud, if line.bits > 10 { "8E1" } else { "8N1" })
}

pub(super) fn seconds(span: Span) -> u64 {
    span.as_us() / 1_000_000
}
