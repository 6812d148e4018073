//! The ports file: which cable is plugged into which port, how the controller's supply and panel are reached, and what
//! was measured about the ports. It belongs to a bench on a table; the site file belongs to a crossing in a street.
//!
//! ```toml
//! version = 1
//!
//! [ports]                          # by cable; a cable that is not named is not connected
//! camera-a = "usb:0403:6001:A10K"
//! lamps = "/dev/ttyUSB0"
//!
//! [actions]                        # optional
//! power = "prompt"                 # none (default: scenarios that need it are skipped), prompt
//! operator = "prompt"
//!
//! [calibration]                    # optional; written by the rig
//! latency = "4ms"                  # what was read may have arrived so much earlier
//! ```

use emulators::time::Span;

use super::port::PortUrl;
use crate::site::{CableRole, Document, Entry, FileError, duration};

/// Latency assumed of ports nobody has measured: that of an adapter with its default latency timer.
const UNMEASURED: Span = Span::from_ms(16);
/// Latency assumed where all ports are pseudo-terminals (round trips of 4 ms were seen on an idle machine).
const UNMEASURED_PTY: Span = Span::from_ms(5);

/// How something is done to the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ActionBy {
    /// It cannot be done.
    #[default]
    Nobody,
    /// A person is asked to do it.
    Prompt,
}

/// A ports file, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortsFile {
    /// Ports by [`CableRole::index`].
    pub ports: [Option<PortUrl>; CableRole::COUNT],
    /// The supply.
    pub power: ActionBy,
    /// The panel.
    pub operator: ActionBy,
    /// What was read may have arrived so much earlier.
    pub latency: Span,
}

impl PortsFile {
    /// Reads a ports file's text; `file` is what it is called in complaints.
    ///
    /// # Errors
    /// If the text is no ports file: with file, line, key and hint.
    pub fn load(text: &str, file: &str) -> Result<PortsFile, FileError> {
        let document = Document::parse(text, file)?;
        let root = document.root(&["version", "ports", "actions", "calibration"])?;
        let names = CableRole::ALL.map(CableRole::name);
        let section = root
            .section("ports", &names)?
            .ok_or_else(|| root.error("`[ports]` is missing", "name at least one cable's port"))?;
        let mut ports = [const { None }; CableRole::COUNT];
        for role in CableRole::ALL {
            let Some(entry) = section.get(role.name()) else { continue };
            let url = url(&entry)?;
            if ports.iter().flatten().any(|other| *other == url) {
                return Err(entry.error("this port is another cable's already", "a port has one cable"));
            }
            ports[role.index()] = Some(url);
        }
        if ports.iter().all(Option::is_none) {
            return Err(section.error("no cable is connected", "name at least one cable's port"));
        }
        let actions = root.section("actions", &["power", "operator"])?;
        let action = |key| {
            let entry = actions.as_ref().and_then(|actions| actions.get(key));
            entry.map_or(Ok(ActionBy::Nobody), |entry| action_by(&entry))
        };
        let all_pty = ports.iter().flatten().all(|url| matches!(url, PortUrl::Pty(_)));
        let unmeasured = if all_pty { UNMEASURED_PTY } else { UNMEASURED };
        let latency = match root.section("calibration", &["latency"])? {
            Some(section) => {
                section.get("latency").map_or(Ok(unmeasured), |entry| entry.quantity(duration))?
            }
            None => unmeasured,
        };
        Ok(PortsFile { ports, power: action("power")?, operator: action("operator")?, latency })
    }
}

fn url(entry: &Entry<'_>) -> Result<PortUrl, FileError> {
    entry.text()?.parse().map_err(|error: super::port::PortUrlError| {
        entry.error(error.to_string(), "see `rig ports` for what is plugged in")
    })
}

fn action_by(entry: &Entry<'_>) -> Result<ActionBy, FileError> {
    match entry.text()? {
        "none" => Ok(ActionBy::Nobody),
        "prompt" => Ok(ActionBy::Prompt),
        _ => Err(entry.error("is not a way to do it", "write `\"prompt\"` or `\"none\"`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cables_get_their_ports_and_what_nobody_measured_is_assumed() {
        let text = "version = 1\n[ports]\ncamera-a = \"pty:a\"\nservice = \"/dev/ttyS0\"\n[actions]\npower = \"prompt\"\n";
        let file = PortsFile::load(text, "x.toml").expect("sound");
        assert_eq!(file.ports[0], Some(PortUrl::Pty("a".into())));
        assert_eq!(file.ports[5], Some(PortUrl::Device("/dev/ttyS0".into())));
        assert_eq!((file.power, file.operator), (ActionBy::Prompt, ActionBy::Nobody));
        assert_eq!(file.latency, UNMEASURED);
    }

    #[test]
    fn faults_name_file_line_key_and_what_to_write() {
        for (text, parts) in [
            ("version = 1\n[ports]\nlamp = \"pty:a\"\n", ["x.toml:3", "lamp", "lamps"]),
            ("version = 1\n[ports]\nlamps = \"ttyUSB0\"\n", ["x.toml:3", "lamps", "scheme"]),
            (
                "version = 1\n[ports]\nlamps = \"pty:a\"\nfeedback = \"pty:a\"\n",
                ["x.toml:4", "feedback", "another"],
            ),
            ("version = 1\n[ports]\n", ["x.toml:2", "[ports]", "no cable"]),
            ("version = 1\n", ["x.toml", "[ports]", "missing"]),
            (
                "version = 1\n[ports]\nlamps = \"pty:a\"\n[actions]\npower = \"magic\"\n",
                ["x.toml:5", "power", "prompt"],
            ),
        ] {
            let error = PortsFile::load(text, "x.toml").expect_err(text).to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
    }
}
