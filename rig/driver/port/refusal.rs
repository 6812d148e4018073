//! Why a port cannot be used, in words and by kind: the next step depends on the kind.

use std::io;

use super::lock::LockError;
use super::url::PortUrl;

/// What stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hindrance {
    /// Another program has it.
    Busy,
    /// This rig has it, for another cable.
    Twice,
    /// This user may not.
    Forbidden,
    /// There is no such node or adapter.
    Missing,
    /// There is something of this name, and it is no serial port.
    NoPort,
    /// Nobody answers at this address, or not as a port server.
    Unreachable,
    /// The system has no more of something, or cannot do it.
    System,
}

/// Why a port cannot be used. The rig's trouble, never the controller's.
#[derive(Debug, thiserror::Error)]
#[error("{url}: {what}")]
pub struct PortError {
    /// The port as it was named.
    pub url: String,
    /// What stands in the way.
    pub kind: Hindrance,
    /// What is wrong and what to do.
    pub what: String,
}

/// The same before the port's name is known.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) kind: Hindrance,
    pub(super) what: String,
}

impl Refusal {
    pub(super) fn new(kind: Hindrance, what: impl Into<String>) -> Refusal {
        Refusal { kind, what: what.into() }
    }

    pub(super) fn unreachable(what: impl Into<String>) -> Refusal {
        Refusal::new(Hindrance::Unreachable, what)
    }

    /// The port of this name.
    pub(super) fn at(self, url: &PortUrl) -> PortError {
        PortError { url: url.to_string(), kind: self.kind, what: self.what }
    }

    /// A device node that leads nowhere.
    pub(super) fn no_node(error: &io::Error) -> Refusal {
        match error.kind() {
            io::ErrorKind::NotFound => Refusal::new(
                Hindrance::Missing,
                "there is no such port; is the adapter plugged in? see `rig ports`",
            ),
            _ => error.into(),
        }
    }
}

impl From<LockError> for Refusal {
    fn from(error: LockError) -> Refusal {
        let kind = match error {
            LockError::Held(_) => Hindrance::Busy,
            LockError::Own(_) => Hindrance::Twice,
            LockError::File { .. } => Hindrance::System,
        };
        Refusal::new(kind, error.to_string())
    }
}

impl From<&io::Error> for Refusal {
    fn from(error: &io::Error) -> Refusal {
        match error.kind() {
            io::ErrorKind::PermissionDenied => {
                Refusal::new(Hindrance::Forbidden, "you may not open it; `rig ports` says what helps")
            }
            io::ErrorKind::IsADirectory => {
                Refusal::new(Hindrance::NoPort, "this is a folder, no serial port")
            }
            _ => Refusal::new(Hindrance::System, error.to_string()),
        }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Refusal {
        Refusal::from(&error)
    }
}

impl From<tokio_serial::Error> for Refusal {
    fn from(error: tokio_serial::Error) -> Refusal {
        match error.kind() {
            tokio_serial::ErrorKind::NoDevice => {
                Refusal::new(Hindrance::Busy, format!("{error}; another program may hold it"))
            }
            tokio_serial::ErrorKind::Io(kind) => {
                let by_kind = Refusal::from(io::Error::from(kind));
                // The kind alone says less than the error does.
                if by_kind.kind == Hindrance::System {
                    Refusal::new(by_kind.kind, error.to_string())
                } else {
                    by_kind
                }
            }
            tokio_serial::ErrorKind::InvalidInput | tokio_serial::ErrorKind::Unknown => {
                Refusal::new(Hindrance::NoPort, format!("{error}; is this a serial port?"))
            }
        }
    }
}
