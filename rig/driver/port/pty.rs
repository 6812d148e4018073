//! Pseudo-terminals that the rig makes: raw from the first moment, with a name people choose.
//!
//! The rig keeps an end of its own open on the far side. Without it every close by the far program leaves a
//! hang-up that never ends (the runtime would spin on it), and a program killed while it held the terminal
//! exclusively would leave it so for everybody but root.

use std::fs;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, ptsname, unlockpt};
use rustix::termios::{
    OptionalActions, QueueSelector, Termios, ioctl_tiocnxcl, tcflush, tcgetattr, tcsetattr,
};
use tokio::sync::Notify;

use super::opens::Opens;

/// A pair: the rig's end, and the far end under its name.
#[derive(Debug)]
pub struct Pty {
    master: OwnedFd,
    /// Ours, at the far side.
    keeper: OwnedFd,
    /// The node of the far end.
    node: PathBuf,
    link: Option<Link>,
    /// Tells of opens and closes of the node.
    watch: Opens,
    opens: i32,
}

/// A symbolic link that goes when the rig goes: numbers of pseudo-terminals are used again at once, and a stale link
/// would lead to somebody else's.
#[derive(Debug)]
struct Link(PathBuf);

impl Drop for Link {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl Pty {
    /// A pair whose far end is set to `baud`, raw.
    ///
    /// # Errors
    /// If the system has no more pairs.
    pub fn new(baud: u32) -> io::Result<Pty> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let keeper = ioctl_tiocgptpeer(&master, flags)?;
        let mut settings = tcgetattr(&keeper)?;
        settings.make_raw();
        settings.set_speed(baud)?;
        tcsetattr(&keeper, OptionalActions::Now, &settings)?;
        rustix::io::ioctl_fionbio(&master, true)?;
        let node = PathBuf::from(ptsname(&master, Vec::new())?.to_string_lossy().into_owned());
        let watch = Opens::of(&node)?;
        Ok(Pty { master, keeper, node, link: None, watch, opens: 0 })
    }

    /// Lets the far end appear at `link` as well. A link that leads nowhere, or to no terminal of anybody who lives,
    /// is replaced; anything else in the way is left alone.
    ///
    /// # Errors
    /// If something is in the way, or the folder cannot be written.
    pub fn link(&mut self, link: &Path) -> io::Result<()> {
        match fs::symlink_metadata(link) {
            Ok(there) if there.file_type().is_symlink() && leads_to_a_terminal(link) => {
                fs::remove_file(link)?;
            }
            Ok(_) => {
                return Err(io::Error::new(
                    io::ErrorKind::AlreadyExists,
                    format!(
                        "{} is in the way and no link to a terminal; choose another name",
                        link.display()
                    ),
                ));
            }
            Err(_) => {
                if let Some(folder) = link.parent() {
                    fs::create_dir_all(folder)?;
                }
            }
        }
        symlink(&self.node, link)?;
        self.link = Some(Link(link.to_owned()));
        Ok(())
    }

    /// The node of the far end.
    #[must_use]
    pub fn node(&self) -> &Path {
        &self.node
    }

    /// The rig's end.
    #[must_use]
    pub fn master(&self) -> &OwnedFd {
        &self.master
    }

    /// The descriptor that becomes readable when somebody opens or closes the far end of this or another pair.
    #[must_use]
    pub fn watch(&self) -> BorrowedFd<'_> {
        self.watch.fd()
    }

    /// Tells that the far end of this pair was opened or closed, once [`Pty::is_open`] of any pair has looked.
    #[must_use]
    pub fn changed(&self) -> Rc<Notify> {
        self.watch.changed()
    }

    /// Whether somebody has the far end open, as of the last look at the watch. What is sent while nobody has would be
    /// kept and delivered, stale, to whoever comes next; a real line forgets it.
    pub fn is_open(&mut self) -> bool {
        let (opens, closed) = self.watch.look();
        self.opens += opens;
        if closed {
            // Whoever was killed while holding it exclusively has not let go of it.
            let _ = ioctl_tiocnxcl(&self.keeper);
        }
        if closed && self.opens <= 0 {
            self.opens = 0;
            // What nobody read before closing is lost, as on a line.
            let _ = tcflush(&self.keeper, QueueSelector::IFlush);
        }
        self.opens > 0
    }

    /// How the far program has set its end: all that a pseudo-terminal tells of it is true but parity and data bits.
    ///
    /// # Errors
    /// What the system says.
    pub fn settings(&self) -> io::Result<Termios> {
        Ok(tcgetattr(&self.keeper)?)
    }
}

/// A link that a rig may have left, or that leads nowhere.
fn leads_to_a_terminal(link: &Path) -> bool {
    fs::read_link(link).is_ok_and(|target| target.starts_with("/dev/pts")) || !link.exists()
}
