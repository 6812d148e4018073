//! One port, one rig: an advisory lock that names its holder and disappears with it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often a lock file is looked at that does not name its holder yet, and how long between.
const LOOKS: u32 = 40;
const BETWEEN: Duration = Duration::from_millis(5);
/// A holder that does not say who he is.
const SOMEBODY: &str = "another process";

/// A port that is ours as long as this lives.
#[derive(Debug)]
pub struct PortLock {
    // The kernel lets go of the lock when the file is closed, however the process ends.
    _file: File,
}

/// Why a port could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else has it.
    #[error("in use by {0}")]
    Held(String),
    /// This process has it.
    #[error("in use by this rig itself ({0}), for another cable or under another name")]
    Own(String),
    /// The lock file cannot be used.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl PortLock {
    /// Locks a port by its real name (the node behind links, or `host:port`).
    ///
    /// # Errors
    /// If another process holds it, with that process's number; or if the lock file cannot be used.
    pub async fn take(port: &str) -> Result<PortLock, LockError> {
        let path = lock_path(port);
        let failed = |source| LockError::File { path: path.clone(), source };
        let mut file = open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {
                // Who cannot write may still hold: the lock is the kernel's, the text is a courtesy.
                let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", me()));
                Ok(PortLock { _file: file })
            }
            Err(TryLockError::WouldBlock) => {
                let holder = named(&mut file).await;
                Err(if holder == me() { LockError::Own(holder) } else { LockError::Held(holder) })
            }
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Who holds a port's lock. Leaves no trace.
    #[must_use]
    pub fn holder(port: &str) -> Option<String> {
        let mut file = File::open(lock_path(port)).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => {
                Some(held_by(&mut file).filter(|holder| lives(holder)).unwrap_or_else(|| SOMEBODY.to_owned()))
            }
            Ok(()) | Err(TryLockError::Error(_)) => None,
        }
    }
}

/// What the lock file says of this process.
fn me() -> String {
    format!("pid {}", std::process::id())
}

/// Who holds a lock that is held. Whoever has just taken it writes his name a moment later.
async fn named(file: &mut File) -> String {
    for _ in 0..LOOKS {
        match held_by(file) {
            Some(holder) if lives(&holder) => return holder,
            Some(_) | None => tokio::time::sleep(BETWEEN).await,
        }
    }
    held_by(file).unwrap_or_else(|| SOMEBODY.to_owned())
}

fn held_by(file: &mut File) -> Option<String> {
    let mut holder = String::new();
    file.rewind().and_then(|()| file.take(100).read_to_string(&mut holder)).ok()?;
    let holder: String = holder.trim().chars().filter(|c| !c.is_control()).collect();
    (!holder.is_empty()).then_some(holder)
}

/// Whether who is named is there: the name of the one before may still stand in the file.
fn lives(holder: &str) -> bool {
    let pid =
        holder.strip_prefix("pid ").and_then(|pid| pid.parse().ok()).and_then(rustix::process::Pid::from_raw);
    // Another user's process may be asked after, not signalled.
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

fn open(path: &Path) -> io::Result<File> {
    let writable = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    match writable {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => File::open(path),
        other => other,
    }
}

/// One folder for all users of a machine: the port is the machine's.
fn lock_path(port: &str) -> PathBuf {
    let name: String = port.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    std::env::temp_dir().join(format!("crossing-rig{name}.lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lock_names_its_holder_and_goes_with_it() {
        let port = format!("/dev/a-test-of-{}", std::process::id());
        let held = PortLock::take(&port).await.expect("free");
        let error = PortLock::take(&port).await.expect_err("held");
        assert!(error.to_string().contains(&format!("(pid {})", std::process::id())), "{error}");
        drop(held);
        PortLock::take(&port).await.expect("free again");
        std::fs::remove_file(lock_path(&port)).expect("the lock file");
    }
}
