//! Ports: a name becomes an open port, which is bytes with the instant at which they were read.

mod lock;
mod net;
mod opens;
mod pty;
mod refusal;
mod rfc2217;
#[cfg(test)]
mod tests;
mod url;

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use emulators::time::Line;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncReadExt, AsyncWrite, ReadHalf, WriteHalf};
use tokio_serial::{SerialPort, SerialPortBuilderExt, SerialStream};

use net::{Net, Wire};
use refusal::Refusal;
use rfc2217::Settings;

pub use lock::{LockError, PortLock};
pub use pty::Pty;
pub use refusal::{Hindrance, PortError};
pub use url::{PortUrl, PortUrlError};

/// A port that has just been opened can be written at once.
const WRITABLE: Duration = Duration::from_millis(200);

/// Registers a descriptor with the runtime. It must not block; it stays registered as long as the result lives.
///
/// # Errors
/// If the runtime or the kernel refuses.
pub(super) fn watch(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // The successor of `new` is unsafe because a careless `AsRawFd` could hand out another descriptor later; `OwnedFd`
    // is the one type that cannot.
    #[expect(deprecated)]
    AsyncFd::new(fd)
}

/// An open port. Reading is done by whoever holds it, writing by its [`Sender`].
#[derive(Debug)]
pub struct Port {
    url: PortUrl,
    line: Line,
    kind: Kind,
    /// What the far program calls it, where that is another name.
    far_end: Option<PathBuf>,
    _lock: Option<PortLock>,
}

#[derive(Debug)]
enum Kind {
    Pty { pty: Rc<RefCell<Pty>>, master: AsyncFd<OwnedFd>, watch: AsyncFd<OwnedFd> },
    Tty { reading: ReadHalf<SerialStream>, writing: Option<WriteHalf<SerialStream>> },
    Net(Net),
}

/// What happened at a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// So many bytes arrived.
    Bytes(usize),
    /// Somebody has opened the far end of a pseudo-terminal, or has connected.
    Opened,
    /// Nobody has it open any more.
    Closed,
    /// The port is gone, and why.
    Gone(String),
}

/// The writing side of a port. Never waits: what does not fit into the kernel's buffer is not sent.
#[derive(Debug)]
pub struct Sender(Way);

#[derive(Debug)]
enum Way {
    Pty(Rc<RefCell<Pty>>),
    Net(Rc<RefCell<Wire>>),
    // It lends its descriptor only as a number, and a number cannot be trusted to stay open.
    Tty(WriteHalf<SerialStream>),
}

impl Sender {
    /// Writes a frame; how much of it the kernel took.
    ///
    /// # Errors
    /// If the port is gone.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut sent = 0;
        while sent < bytes.len() {
            match self.write(&bytes[sent..]) {
                Ok(0) => break,
                Ok(more) => sent += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(sent)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            // Nobody is there: the bytes go where they go on a line without a listener.
            Way::Pty(pty) if !pty.borrow_mut().is_open() => Ok(bytes.len()),
            Way::Pty(pty) => Ok(rustix::io::write(pty.borrow().master(), bytes)?),
            Way::Net(wire) => wire.borrow_mut().send(bytes),
            Way::Tty(stream) => {
                let mut context = Context::from_waker(Waker::noop());
                match Pin::new(stream).poll_write(&mut context, bytes) {
                    Poll::Ready(result) => result,
                    Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
                }
            }
        }
    }
}

impl Port {
    /// Opens a port with a line's settings. Modem lines are left as they are.
    ///
    /// # Errors
    /// If there is no such port, somebody else has it, or it may not be opened.
    pub async fn open(url: &PortUrl, line: Line) -> Result<Port, PortError> {
        Port::opened(url, line).await.map_err(|refusal| refusal.at(url))
    }

    async fn opened(url: &PortUrl, line: Line) -> Result<Port, Refusal> {
        let port = |kind, far_end, lock| Port { url: url.clone(), line, kind, far_end, _lock: Some(lock) };
        match url {
            PortUrl::Pty(link) => {
                let lock = PortLock::take(&real_name(link)?.to_string_lossy()).await?;
                let made = pair(line, Some(link));
                // Whatever stands in the way is the link's folder: a pair can always be opened.
                let made = made.map_err(|error| Refusal::new(Hindrance::System, error.to_string()))?;
                let kind = of_pty(made)?;
                Ok(port(kind, Some(link.clone()), lock))
            }
            PortUrl::Tcp(address) | PortUrl::Rfc2217(address) => {
                let lock = PortLock::take(&net::real_name(address).await).await?;
                let line = Settings::of(line);
                let net = match url {
                    PortUrl::Tcp(_) => Net::tcp(address, line).await?,
                    _ => Net::rfc2217(address, line).await?,
                };
                Ok(port(Kind::Net(net), None, lock))
            }
            PortUrl::TcpListen(address) | PortUrl::Rfc2217Listen(address) => {
                let com_port = matches!(url, PortUrl::Rfc2217Listen(_));
                let (net, lock) = Net::listener(address, Settings::of(line), com_port).await?;
                let scheme = if com_port { "rfc2217" } else { "tcp" };
                let far_end = net.local().map(|at| PathBuf::from(format!("{scheme}://{at}")));
                Ok(port(Kind::Net(net), far_end, lock))
            }
            PortUrl::Device(_) | PortUrl::ById(_) | PortUrl::Usb { .. } => {
                let node = url.node().map_err(|why| Refusal::new(Hindrance::Missing, why))?;
                let real = std::fs::canonicalize(node.unwrap_or_default())
                    .map_err(|error| Refusal::no_node(&error))?;
                let lock = PortLock::take(&real.to_string_lossy()).await?;
                let stream = tty(&real, line)?;
                // The runtime learns that a port can be written only when it is asked; before that the first frame would
                // count as one that does not fit.
                let _ = tokio::time::timeout(WRITABLE, stream.writable()).await;
                let (reading, writing) = tokio::io::split(stream);
                Ok(port(Kind::Tty { reading, writing: Some(writing) }, None, lock))
            }
        }
    }

    /// A pseudo-terminal without a name, for a program that the rig starts itself.
    ///
    /// # Errors
    /// If the system has no more.
    pub fn private_pty(line: Line) -> io::Result<Port> {
        let pty = pair(line, None)?;
        let node = pty.node().to_owned();
        let kind = of_pty(pty)?;
        Ok(Port { url: PortUrl::Device(node.clone()), line, kind, far_end: Some(node), _lock: None })
    }

    /// The port as it was named.
    #[must_use]
    pub fn url(&self) -> &PortUrl {
        &self.url
    }

    /// The line it was opened for.
    #[must_use]
    pub fn line(&self) -> Line {
        self.line
    }

    /// The device node behind its name now, or the name itself.
    #[must_use]
    pub fn node(&self) -> String {
        self.url.node().ok().flatten().map_or_else(|| self.url.to_string(), |node| node.display().to_string())
    }

    /// Where the far program finds the other end, if the rig made it.
    #[must_use]
    pub fn far_end(&self) -> Option<&PathBuf> {
        self.far_end.as_ref()
    }

    /// Whether the line's time must be computed: true where bytes arrive in no time.
    #[must_use]
    pub fn is_timeless(&self) -> bool {
        self.url.is_timeless() || matches!(self.kind, Kind::Pty { .. })
    }

    /// The writing side; there is one.
    ///
    /// # Errors
    /// If it has been taken already, or the system has no more descriptors.
    pub fn sender(&mut self) -> io::Result<Sender> {
        let way = match &mut self.kind {
            Kind::Pty { pty, .. } => Way::Pty(Rc::clone(pty)),
            Kind::Tty { writing, .. } => {
                Way::Tty(writing.take().ok_or_else(|| io::Error::other("a port has one writing side"))?)
            }
            Kind::Net(net) => Way::Net(net.wire()),
        };
        Ok(Sender(way))
    }

    /// Whether the rig can set the line's rate here, and the far end's matters.
    #[must_use]
    pub fn sets_line(&self) -> bool {
        let foreign_terminal = matches!(self.kind, Kind::Tty { .. }) && self.url.is_timeless();
        !foreign_terminal && !matches!(self.url, PortUrl::Tcp(_) | PortUrl::TcpListen(_))
    }

    /// The same port with other line settings; its writing side must be there.
    ///
    /// # Errors
    /// If the adapter, its driver or a port server cannot do that, or the writing side is away.
    pub async fn at_line(self, line: Line) -> io::Result<Port> {
        let Port { url, line: before, kind, far_end, _lock } = self;
        let kind = match kind {
            Kind::Tty { reading, writing: Some(writing) } => {
                let mut stream = reading.unsplit(writing);
                stream.set_baud_rate(line.baud)?;
                stream.set_parity(parity(line))?;
                let (reading, writing) = tokio::io::split(stream);
                Kind::Tty { reading, writing: Some(writing) }
            }
            Kind::Tty { writing: None, .. } => {
                return Err(io::Error::other("the port's writing side is in use"));
            }
            Kind::Net(net) if line == before => Kind::Net(net),
            Kind::Net(net) => match url {
                PortUrl::Rfc2217(_) => {
                    drop((net, _lock));
                    return Port::open(&url, line).await.map_err(io::Error::other);
                }
                PortUrl::Rfc2217Listen(_) => Kind::Net(net.at_line(Settings::of(line))),
                _ => return Err(io::Error::other("nobody can be told the line's settings")),
            },
            // What the far program has set is its own; ours is what it is compared with.
            Kind::Pty { pty, master, watch } => Kind::Pty { pty, master, watch },
        };
        Ok(Port { url, line, kind, far_end, _lock })
    }

    /// The writing side comes back: it can be taken again.
    pub fn take_back(&mut self, sender: Sender) {
        if let (Kind::Tty { writing, .. }, Way::Tty(half)) = (&mut self.kind, sender.0) {
            *writing = Some(half);
        }
    }

    /// Whether somebody has the far end open, where that can be seen.
    #[must_use]
    pub fn is_far_end_open(&self) -> bool {
        match &self.kind {
            Kind::Pty { pty, .. } => pty.borrow_mut().is_open(),
            Kind::Net(net) => net.is_open(),
            Kind::Tty { .. } => true,
        }
    }

    /// Waits until something happens at the port. May be dropped while it waits: nothing is lost.
    pub async fn listen(&mut self, buffer: &mut [u8]) -> Heard {
        let read = match &mut self.kind {
            Kind::Pty { pty, master, watch } => loop {
                let changed = pty.borrow().changed();
                tokio::select! {
                    biased;
                    ready = master.readable() => {
                        let Ok(mut ready) = ready else { return Heard::Gone("the runtime ended".to_owned()) };
                        match ready.try_io(|master| Ok(rustix::io::read(master.get_ref(), &mut *buffer)?)) {
                            Ok(read) => break read,
                            Err(_would_block) => {}
                        }
                    }
                    ready = watch.readable() => {
                        let Ok(mut ready) = ready else { return Heard::Gone("the runtime ended".to_owned()) };
                        ready.clear_ready();
                        // It may be about another pair; whose it is, is told.
                        let _ = pty.borrow_mut().is_open();
                    }
                    () = changed.notified() => {
                        let open = pty.borrow_mut().is_open();
                        return if open { Heard::Opened } else { Heard::Closed };
                    }
                }
            },
            Kind::Tty { reading, .. } => reading.read(buffer).await,
            Kind::Net(net) => return net.listen(buffer).await,
        };
        match read {
            Ok(0) => Heard::Gone("unplugged, or closed at the other end".to_owned()),
            Ok(count) => Heard::Bytes(count),
            Err(error) => Heard::Gone(error.to_string()),
        }
    }

    /// The rate that the far program has set, where that can be seen and is another than the line's.
    #[must_use]
    pub fn wrong_baud(&self) -> Option<u32> {
        match &self.kind {
            Kind::Pty { pty, .. } => {
                let rate = pty.borrow().settings().ok()?.output_speed();
                (rate != self.line.baud).then_some(rate)
            }
            Kind::Net(net) => net.wrong_baud(),
            Kind::Tty { .. } => None,
        }
    }
}

fn pair(line: Line, link: Option<&Path>) -> io::Result<Pty> {
    let mut pty = Pty::new(line.baud)?;
    link.map_or(Ok(()), |link| pty.link(link))?;
    Ok(pty)
}

fn of_pty(pty: Pty) -> io::Result<Kind> {
    let master = watch(pty.master().as_fd().try_clone_to_owned()?)?;
    let opens = watch(pty.watch().try_clone_to_owned()?)?;
    Ok(Kind::Pty { pty: Rc::new(RefCell::new(pty)), master, watch: opens })
}

fn tty(node: &Path, line: Line) -> tokio_serial::Result<SerialStream> {
    tokio_serial::new(node.to_string_lossy(), line.baud)
        .parity(parity(line))
        .preserve_dtr_on_open()
        .open_native_async()
}

/// 11 bits a character are 8E1, Modbus's own default.
const fn parity(line: Line) -> tokio_serial::Parity {
    if line.bits > 10 { tokio_serial::Parity::Even } else { tokio_serial::Parity::None }
}

/// The one name of a link that is to be made: its folder may be spelled in many ways. What is wrong with the folder is told
/// when the link is made.
fn real_name(link: &Path) -> io::Result<PathBuf> {
    let link = std::path::absolute(link)?;
    let (Some(folder), Some(name)) = (link.parent(), link.file_name()) else { return Ok(link) };
    let folder = std::fs::create_dir_all(folder).and_then(|()| std::fs::canonicalize(folder));
    Ok(folder.map_or(link.clone(), |folder| folder.join(name)))
}
