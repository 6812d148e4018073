//! Who opens and closes the far ends of pseudo-terminals. One watch serves all of a thread: the system gives a user 128
//! of them, and twenty crossings have more cables than that.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::rc::{Rc, Weak};

use rustix::fs::inotify;
use tokio::sync::Notify;

thread_local! {
    static WATCH: RefCell<Weak<Watch>> = const { RefCell::new(Weak::new()) };
}

/// Lasts as long as somebody looks.
#[derive(Debug)]
struct Watch {
    inotify: OwnedFd,
    nodes: RefCell<BTreeMap<i32, Told>>,
}

/// What was told of a node since its owner looked.
#[derive(Debug, Default)]
struct Told {
    opens: i32,
    closed: bool,
    /// Whoever reads the watch reads for all: the owner must be woken, or it would miss what another has read.
    changed: Rc<Notify>,
}

/// The opens and closes of one node.
#[derive(Debug)]
pub(super) struct Opens {
    watch: Rc<Watch>,
    node: i32,
    changed: Rc<Notify>,
}

/// A kernel that gives no watch says "too many open files", which is not what is short.
fn told(error: rustix::io::Errno) -> io::Error {
    if error != rustix::io::Errno::MFILE {
        return error.into();
    }
    io::Error::other(
        "the kernel gives no more inotify instances: each rig needs one to see who opens its pseudo-terminals, and a user may have \
         fs.inotify.max_user_instances of them (often 128); end other rigs, or raise it: sysctl fs.inotify.max_user_instances=1024",
    )
}

impl Opens {
    /// Begins to look.
    pub(super) fn of(node: &Path) -> io::Result<Opens> {
        let watch = match WATCH.with_borrow(Weak::upgrade) {
            Some(watch) => watch,
            None => {
                let flags = inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC;
                let watch = Rc::new(Watch {
                    inotify: inotify::init(flags).map_err(told)?,
                    nodes: RefCell::default(),
                });
                WATCH.set(Rc::downgrade(&watch));
                watch
            }
        };
        let closes = inotify::WatchFlags::CLOSE_WRITE | inotify::WatchFlags::CLOSE_NOWRITE;
        let node = inotify::add_watch(&watch.inotify, node, inotify::WatchFlags::OPEN | closes)?;
        let told = Told::default();
        let changed = Rc::clone(&told.changed);
        watch.nodes.borrow_mut().insert(node, told);
        Ok(Opens { watch, node, changed })
    }

    /// The descriptor that becomes readable when anything was opened or closed.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.watch.inotify.as_fd()
    }

    /// Tells that this node was opened or closed, whoever has read so.
    pub(super) fn changed(&self) -> Rc<Notify> {
        Rc::clone(&self.changed)
    }

    /// Opens less closes since the last look, and whether there was a close.
    pub(super) fn look(&self) -> (i32, bool) {
        let mut nodes = self.watch.nodes.borrow_mut();
        let mut buffer = [std::mem::MaybeUninit::uninit(); 1024];
        let mut events = inotify::Reader::new(self.fd(), &mut buffer);
        while let Ok(event) = events.next() {
            // What is told of a node that has gone concerns nobody.
            let Some(told) = nodes.get_mut(&event.wd()) else { continue };
            if event.events().contains(inotify::ReadFlags::OPEN) {
                told.opens += 1;
            } else {
                told.opens -= 1;
                told.closed = true;
            }
            told.changed.notify_one();
        }
        let Some(told) = nodes.get_mut(&self.node) else { return (0, false) };
        (std::mem::take(&mut told.opens), std::mem::take(&mut told.closed))
    }
}

impl Drop for Opens {
    fn drop(&mut self) {
        self.watch.nodes.borrow_mut().remove(&self.node);
        let _ = inotify::remove_watch(&self.watch.inotify, self.node);
    }
}
