//! What a port is called: `/dev/ttyUSB0`, `by-id:…`, `usb:0403:6001[:SERIAL]`, `pty:NAME`, `tcp://host:port`,
//! `rfc2217://host:port`, `tcp-listen://[host]:port`, `rfc2217-listen://[host]:port`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where the stable names of serial adapters are.
const BY_ID: &str = "/dev/serial/by-id";

/// A port's name, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortUrl {
    /// A device node.
    Device(PathBuf),
    /// An adapter by its name in `/dev/serial/by-id` (whole, or a part that only one name has).
    ById(String),
    /// An adapter by its USB identity, wherever it is plugged in.
    Usb {
        /// Vendor.
        vendor: u16,
        /// Product.
        product: u16,
        /// Serial number; needed where several of a kind are plugged in.
        serial: Option<String>,
    },
    /// A pseudo-terminal that the rig makes; the other end appears under this name.
    Pty(PathBuf),
    /// A raw byte stream.
    Tcp(String),
    /// A port server that takes line settings (RFC 2217).
    Rfc2217(String),
    /// A raw byte stream to whoever connects here.
    TcpListen(String),
    /// A port server to whoever connects here.
    Rfc2217Listen(String),
}

/// Why a text names no port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` names no port: {why} (hint: {hint})", hint = HINT)]
pub struct PortUrlError {
    text: String,
    why: &'static str,
}

const HINT: &str = "/dev/ttyUSB0, by-id:usb-FTDI_…, usb:0403:6001:SERIAL, pty:NAME, tcp://host:port, rfc2217://host:port, \
     tcp-listen://host:port or rfc2217-listen://host:port";

/// Where a port listens if it does not say: nobody else's machine reaches it there.
const LOOPBACK: &str = "127.0.0.1";

impl FromStr for PortUrl {
    type Err = PortUrlError;

    fn from_str(text: &str) -> Result<PortUrl, PortUrlError> {
        let wrong = |why| PortUrlError { text: text.chars().take(80).collect(), why };
        if text.contains(char::is_control) {
            return Err(wrong("it holds a control character"));
        }
        if text.starts_with('/') {
            return Ok(PortUrl::Device(text.into()));
        }
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err(wrong(
                "a device's path begins with `/`, everything else with a scheme such as `pty:`",
            ));
        };
        if rest.is_empty() {
            return Err(wrong("nothing follows the scheme"));
        }
        match scheme {
            "by-id" => Ok(PortUrl::ById(rest.to_owned())),
            "usb" => usb(rest).ok_or_else(|| wrong("vendor and product are four hexadecimal digits each")),
            "pty" => Ok(PortUrl::Pty(rest.into())),
            "tcp" => address(rest, None).map(PortUrl::Tcp).ok_or_else(|| wrong("host and port are missing")),
            "rfc2217" => {
                address(rest, None).map(PortUrl::Rfc2217).ok_or_else(|| wrong("host and port are missing"))
            }
            "tcp-listen" => address(rest, Some(LOOPBACK))
                .map(PortUrl::TcpListen)
                .ok_or_else(|| wrong("the port is missing")),
            "rfc2217-listen" => address(rest, Some(LOOPBACK))
                .map(PortUrl::Rfc2217Listen)
                .ok_or_else(|| wrong("the port is missing")),
            _ => Err(wrong("nobody knows its scheme")),
        }
    }
}

fn usb(text: &str) -> Option<PortUrl> {
    let mut parts = text.splitn(3, ':');
    let mut number =
        || parts.next().filter(|part| part.len() == 4).and_then(|p| u16::from_str_radix(p, 16).ok());
    let (vendor, product) = (number()?, number()?);
    let serial = parts.next().map(str::to_owned);
    Some(PortUrl::Usb { vendor, product, serial }).filter(|_| !text.ends_with(':'))
}

/// `//host:port`, or `//:port` where a host is known.
fn address(text: &str, host_if_none: Option<&str>) -> Option<String> {
    let text = text.strip_prefix("//")?.trim_end_matches('/');
    let (host, port) = text.rsplit_once(':')?;
    port.parse::<u16>().ok()?;
    match (host, host_if_none) {
        ("", Some(host)) => Some(format!("{host}:{port}")),
        ("", None) => None,
        _ => Some(text.to_owned()),
    }
}

impl fmt::Display for PortUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PortUrl::Device(path) => write!(f, "{}", path.display()),
            PortUrl::ById(name) => write!(f, "by-id:{name}"),
            PortUrl::Usb { vendor, product, serial } => {
                write!(f, "usb:{vendor:04x}:{product:04x}")?;
                serial.as_ref().map_or(Ok(()), |serial| write!(f, ":{serial}"))
            }
            PortUrl::Pty(link) => write!(f, "pty:{}", link.display()),
            PortUrl::Tcp(address) => write!(f, "tcp://{address}"),
            PortUrl::Rfc2217(address) => write!(f, "rfc2217://{address}"),
            PortUrl::TcpListen(address) => write!(f, "tcp-listen://{address}"),
            PortUrl::Rfc2217Listen(address) => write!(f, "rfc2217-listen://{address}"),
        }
    }
}

impl PortUrl {
    /// Whether bytes arrive in no time at such a port, so that whoever stands for the line must compute it.
    #[must_use]
    pub fn is_timeless(&self) -> bool {
        match self {
            PortUrl::Pty(_) | PortUrl::TcpListen(_) | PortUrl::Rfc2217Listen(_) => true,
            // A pseudo-terminal that somebody else made, perhaps behind a link.
            PortUrl::Device(path) => {
                std::fs::canonicalize(path).is_ok_and(|node| node.starts_with("/dev/pts"))
            }
            PortUrl::ById(_) | PortUrl::Usb { .. } | PortUrl::Tcp(_) | PortUrl::Rfc2217(_) => false,
        }
    }

    /// The device node behind the name at this moment, where there is one.
    ///
    /// # Errors
    /// In words, if no adapter or more than one fits.
    pub fn node(&self) -> Result<Option<PathBuf>, String> {
        match self {
            PortUrl::Device(path) => Ok(Some(path.clone())),
            PortUrl::ById(name) => by_id(name).map(Some),
            PortUrl::Usb { vendor, product, serial } => {
                by_identity(*vendor, *product, serial.as_deref()).map(Some)
            }
            PortUrl::Pty(_)
            | PortUrl::Tcp(_)
            | PortUrl::Rfc2217(_)
            | PortUrl::TcpListen(_)
            | PortUrl::Rfc2217Listen(_) => Ok(None),
        }
    }
}

fn by_id(name: &str) -> Result<PathBuf, String> {
    let exact = Path::new(BY_ID).join(name);
    if exact.exists() {
        return Ok(exact);
    }
    let entries =
        std::fs::read_dir(BY_ID).map_err(|_| format!("{BY_ID} is not there: no adapter is plugged in"))?;
    let fits: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().contains(name))
        .map(|entry| entry.path())
        .collect();
    one(fits, "name")
}

fn by_identity(vendor: u16, product: u16, serial: Option<&str>) -> Result<PathBuf, String> {
    let ports = serialport::available_ports().map_err(|error| format!("ports cannot be listed: {error}"))?;
    let fits = ports.into_iter().filter(|port| match &port.port_type {
        serialport::SerialPortType::UsbPort(usb) => {
            usb.vid == vendor
                && usb.pid == product
                && serial.is_none_or(|serial| usb.serial_number.as_deref() == Some(serial))
        }
        serialport::SerialPortType::PciPort
        | serialport::SerialPortType::BluetoothPort
        | serialport::SerialPortType::Unknown => false,
    });
    one(fits.map(|port| port.port_name.into()).collect(), "USB identity")
}

fn one(mut fits: Vec<PathBuf>, what: &str) -> Result<PathBuf, String> {
    match fits.len() {
        0 => Err(format!("no adapter of this {what} is plugged in; see `rig ports`")),
        1 => Ok(fits.remove(0)),
        _ => {
            let names: Vec<String> = fits.iter().map(|path| path.display().to_string()).collect();
            Err(format!("several adapters have this {what}: {}; add the serial number", names.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_read() {
        for text in [
            "/dev/ttyUSB0",
            "by-id:usb-FTDI_FT232R-if00-port0",
            "usb:0403:6001",
            "usb:0403:6001:A10K:7",
            "pty:run/cam-a",
            "tcp://localhost:4000",
            "rfc2217://[::1]:2217",
            "tcp-listen://127.0.0.1:0",
            "rfc2217-listen://0.0.0.0:2217",
        ] {
            let url: PortUrl = text.parse().expect(text);
            assert_eq!(url.to_string(), text);
        }
    }

    #[test]
    fn a_port_that_listens_is_the_machine_s_own_unless_it_says_otherwise() {
        let url: PortUrl = "tcp-listen://:4000".parse().expect("a port");
        assert_eq!(url.to_string(), "tcp-listen://127.0.0.1:4000");
        assert!(url.is_timeless() && !PortUrl::Tcp("127.0.0.1:4000".to_owned()).is_timeless());
    }

    #[test]
    fn what_names_no_port_is_refused_with_what_would() {
        for text in [
            "",
            "ttyUSB0",
            "usb:403:6001",
            "usb:0403",
            "usb:0403:6001:",
            "tcp://host",
            "tcp:host:1",
            "tcp://:1",
            "tcp-listen://host",
            "rfc2217-listen://:70000",
            "pty:",
            "x:y",
            "pty:a\u{1b}",
        ] {
            let error = text.parse::<PortUrl>().expect_err(text);
            assert!(error.to_string().contains("pty:NAME"), "{error}");
        }
    }
}
