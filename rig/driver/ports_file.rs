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
//! [wires]                          # optional: who takes a line's time
//! lamps = "computed"               # real (default but for pseudo-terminals and listening ports) or computed
//!
//! [actions]                        # optional
//! power = ["relay", "3"]           # none (default: scenarios that need it are skipped), prompt, or a command that
//!                                  # gets the word as its last argument (on, off)
//! operator = "service"             # the same (automatic, manual, step, flash, off, reset), or by the service port
//!
//! [calibration]                    # optional; written by the rig
//! latency = "4ms"                  # what was read may have arrived so much earlier; for cables that follow no further:
//! service = { p50 = "900us", p99_9 = "2100us", worst = "2300us", samples = 500, date = "2026-11-25", method = "answers" }
//! ```

use emulators::time::Span;

use super::port::PortUrl;
use crate::site::{CableRole, Document, Entry, FileError, Section, duration};

/// Latency assumed of ports nobody has measured: that of an adapter with its default latency timer.
const UNMEASURED: Span = Span::from_ms(16);
/// Latency assumed where all ports are pseudo-terminals (round trips of 4 ms were seen on an idle machine).
pub const UNMEASURED_PTY: Span = Span::from_ms(5);

/// How something is done to the controller.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum ActionBy {
    /// It cannot be done.
    #[default]
    Nobody,
    /// A person is asked to do it.
    Prompt,
    /// A command does it: program and arguments; the action's word is added.
    Run(Vec<String>),
    /// A write to the controller's service port does it.
    Service,
}

/// A ports file, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortsFile {
    /// Ports by [`CableRole::index`].
    pub ports: [Option<PortUrl>; CableRole::COUNT],
    /// Cables whose time the rig must compute, by [`CableRole::index`]: the port carries bytes in no time.
    pub computed: [bool; CableRole::COUNT],
    /// The supply.
    pub power: ActionBy,
    /// The panel.
    pub operator: ActionBy,
    /// What was read may have arrived so much earlier, at ports that nobody has measured.
    pub latency: Span,
    /// The worst that was measured, by [`CableRole::index`].
    pub measured: [Option<Span>; CableRole::COUNT],
}

impl PortsFile {
    /// How exactly instants at a cable's port are known: the worst that was measured there, or what is assumed.
    #[must_use]
    pub fn uncertainty(&self, role: CableRole) -> Span {
        self.measured[role.index()].unwrap_or(self.latency)
    }

    /// Reads a ports file's text; `file` is what it is called in complaints.
    ///
    /// # Errors
    /// If the text is no ports file: with file, line, key and hint.
    pub fn load(text: &str, file: &str) -> Result<PortsFile, FileError> {
        let document = Document::parse(text, file)?;
        let root = document.root(&["version", "ports", "wires", "actions", "calibration"])?;
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
        let computed = computed(&root, &ports)?;
        let actions = root.section("actions", &["power", "operator"])?;
        let action = |key, by_service| {
            let entry = actions.as_ref().and_then(|actions| actions.get(key));
            entry.map_or(Ok(ActionBy::Nobody), |entry| action_by(&entry, by_service))
        };
        let has_service = ports[CableRole::Service.index()].is_some();
        let (power, operator) = (action("power", None)?, action("operator", Some(has_service))?);
        let all_pty = ports.iter().flatten().all(|url| matches!(url, PortUrl::Pty(_)));
        let unmeasured = if all_pty { UNMEASURED_PTY } else { UNMEASURED };
        let [a, b, c, d, e, f, g] = names;
        let calibration = root.section("calibration", &["latency", a, b, c, d, e, f, g])?;
        let latency = calibration.as_ref().and_then(|section| section.get("latency"));
        let latency = latency.map_or(Ok(unmeasured), |entry| entry.quantity(duration))?;
        let mut measured = [None; CableRole::COUNT];
        for role in CableRole::ALL {
            let entry = calibration.as_ref().and_then(|section| section.get(role.name()));
            measured[role.index()] = entry.map(|entry| worst(&entry)).transpose()?;
        }
        Ok(PortsFile { ports, computed, power, operator, latency, measured })
    }
}

fn url(entry: &Entry<'_>) -> Result<PortUrl, FileError> {
    entry.text()?.parse().map_err(|error: super::port::PortUrlError| {
        entry.error(error.to_string(), "see `rig ports` for what is plugged in")
    })
}

/// What `rig calibrate` wrote of one cable. Only the worst decides; the rest is for readers.
fn worst(entry: &Entry<'_>) -> Result<Span, FileError> {
    let section = entry.inline(&["p50", "p99_9", "worst", "samples", "date", "method"])?;
    section.required("worst", "let `rig calibrate` write it")?.quantity(duration)
}

/// `[wires]`: where it says nothing, a pseudo-terminal has no time of its own and everything else has.
fn computed(
    root: &Section<'_>,
    ports: &[Option<PortUrl>; CableRole::COUNT],
) -> Result<[bool; CableRole::COUNT], FileError> {
    let names = CableRole::ALL.map(CableRole::name);
    let section = root.section("wires", &names)?;
    let mut computed = [false; CableRole::COUNT];
    for role in CableRole::ALL {
        let entry = section.as_ref().and_then(|section| section.get(role.name()));
        let port = ports[role.index()].as_ref();
        computed[role.index()] = match (entry, port) {
            (Some(entry), None) => {
                return Err(
                    entry.error("this cable has no port", "name its port in `[ports]`, or leave it out here")
                );
            }
            (Some(entry), Some(_)) => match entry.text()? {
                "computed" => true,
                "real" => false,
                _ => return Err(entry.error("is neither", "write `\"real\"` or `\"computed\"`")),
            },
            (None, port) => port.is_some_and(PortUrl::is_timeless),
        };
    }
    Ok(computed)
}

/// `by_service`: whether there is a service port, for what one can do.
fn action_by(entry: &Entry<'_>, by_service: Option<bool>) -> Result<ActionBy, FileError> {
    const HINT: &str = "write `\"prompt\"`, `\"none\"` or a command: `[\"program\", \"argument\"]`";
    if let Ok(parts) = entry.list() {
        let words: Vec<String> =
            parts.iter().map(|part| part.text().map(str::to_owned)).collect::<Result<_, FileError>>()?;
        return match words.first() {
            Some(_) => Ok(ActionBy::Run(words)),
            None => Err(entry.error("the command is empty", HINT)),
        };
    }
    match (entry.text()?, by_service) {
        ("none", _) => Ok(ActionBy::Nobody),
        ("prompt", _) => Ok(ActionBy::Prompt),
        ("service", Some(true)) => Ok(ActionBy::Service),
        ("service", Some(false)) => Err(entry.error("the service cable has no port", "name it in `[ports]`")),
        _ => Err(entry.error("is not a way to do it", HINT)),
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
        assert_eq!(file.uncertainty(CableRole::CameraA), UNMEASURED);
        assert_eq!((file.power, file.operator), (ActionBy::Prompt, ActionBy::Nobody));
    }

    #[test]
    fn what_was_measured_counts_for_its_cable_alone() {
        let text = "version = 1\n[ports]\nlamps = \"pty:a\"\n[calibration]\nlatency = \"3ms\"\n\
            lamps = { p50 = \"100us\", worst = \"700us\", samples = 9, date = \"2026-11-25\", method = \"answers\" }\n";
        let file = PortsFile::load(text, "x.toml").expect("sound");
        assert_eq!(file.uncertainty(CableRole::Lamps), Span::from_us(700));
        assert_eq!(file.uncertainty(CableRole::Service), Span::from_ms(3));
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
            (
                "version = 1\n[ports]\nlamps = \"pty:a\"\n[calibration]\nlamps = { p50 = \"1ms\" }\n",
                ["x.toml:5", "worst", "missing"],
            ),
        ] {
            let error = PortsFile::load(text, "x.toml").expect_err(text).to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
    }
}
