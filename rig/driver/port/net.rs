//! Ports by network: raw TCP and RFC 2217, as the one that connects or the one that listens.

use std::cell::RefCell;
use std::future::{Future, pending};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use rustix::net::sockopt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout, timeout_at};

use super::Heard;
use super::lock::PortLock;
use super::refusal::{Hindrance, Refusal};
use super::rfc2217::{ComPort, Settings};

/// How long a network port may take to answer.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a server may take to answer settings; pyserial waits 3 s.
const SETTLE: Duration = Duration::from_secs(2);
/// A peer that says nothing is asked whether it lives after this long, then this often, so many times.
const IDLE: Duration = Duration::from_secs(5);
const PROBE: Duration = Duration::from_secs(2);
const PROBES: u32 = 3;
/// The most that waits because the peer reads too slowly; beyond that what is sent is lost, as on a line.
const WAITING: usize = 8_192;
/// The most that is read at a time.
const CHUNK: usize = 4_096;

/// The connection, for the port that listens to it and the sender that writes to it.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Option<Rc<TcpStream>>,
    com: Option<ComPort>,
    /// What the kernel did not take.
    waiting: Vec<u8>,
    /// Nobody there is no trouble: somebody may come.
    patient: bool,
    /// A client has said all it has to say (`printf … | socat`), and may still listen.
    only_listens: bool,
}

impl Wire {
    /// Sends the line's bytes, whole or not at all.
    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.com.as_ref().is_some_and(ComPort::is_suspended) || !self.flush()? {
            return Ok(0);
        }
        match &self.com {
            Some(_) => ComPort::escape(bytes, &mut self.waiting),
            None => self.waiting.extend(bytes),
        }
        self.flush()?;
        Ok(bytes.len())
    }

    /// Sends what waits, as far as the kernel takes it; whether that was all.
    fn flush(&mut self) -> io::Result<bool> {
        let Some(stream) = &self.stream else {
            self.waiting.clear();
            return if self.patient { Ok(true) } else { Err(io::ErrorKind::NotConnected.into()) };
        };
        while !self.waiting.is_empty() {
            match rustix::io::write(stream, &self.waiting) {
                Ok(sent) => drop(self.waiting.drain(..sent)),
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::WOULDBLOCK) => return Ok(false),
                // Whoever listens to the port learns that the peer is gone.
                Err(_) if self.patient => {
                    self.waiting.clear();
                    if self.only_listens {
                        self.stream = None;
                        return Ok(true);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }

    /// Sends what the protocol has to say.
    fn answer(&mut self) -> io::Result<()> {
        if let Some(bytes) = self.com.as_mut().and_then(ComPort::poll_send)
            && self.waiting.len() < WAITING
        {
            self.waiting.extend(bytes);
        }
        self.flush().map(drop)
    }
}

/// A port by network.
#[derive(Debug)]
pub(super) struct Net {
    wire: Rc<RefCell<Wire>>,
    listener: Option<TcpListener>,
    /// The line's settings, where they are spoken of.
    settings: Option<Settings>,
    /// The far settings that were told last.
    told: Settings,
}

impl Net {
    fn new(
        stream: Option<TcpStream>,
        com: Option<ComPort>,
        listener: Option<TcpListener>,
        line: Settings,
    ) -> Net {
        let patient = listener.is_some();
        let stream = stream.map(Rc::new);
        let wire = Wire { stream, com, waiting: Vec::new(), patient, only_listens: false };
        Net { wire: Rc::new(RefCell::new(wire)), listener, settings: None, told: line }
    }

    /// Connects to a raw byte stream.
    pub(super) async fn tcp(address: &str, line: Settings) -> Result<Net, Refusal> {
        Ok(Net::new(Some(connect(address).await?), None, None, line))
    }

    /// Connects to a port server and has it set up the line.
    pub(super) async fn rfc2217(address: &str, line: Settings) -> Result<Net, Refusal> {
        let stream = connect(address).await?;
        let net = Net::new(Some(stream), Some(ComPort::client(line)), None, line);
        let deadline = Instant::now() + SETTLE;
        if let Ok(Err(error)) = timeout_at(deadline, net.settle()).await {
            let what = format!("{error} before a word was said; is another client connected?");
            return Err(Refusal::unreachable(what));
        }
        let wire = net.wire.borrow();
        let Some(com) = &wire.com else { return Err(Refusal::unreachable("no connection")) };
        let seconds = SETTLE.as_secs();
        if !com.is_telnet() {
            let what = format!("no word of Telnet within {seconds} s; a raw port? then use tcp://{address}");
            return Err(Refusal::unreachable(what));
        }
        if !com.has_com_port() {
            tracing::warn!(
                "rfc2217://{address}: the server knows no com port; its line stays as it is set there"
            );
        } else if com.settings().baud != line.baud {
            let is = com.settings().baud;
            let what = format!("the server runs its line at {is} baud, not {}; set it there", line.baud);
            return Err(Refusal::new(Hindrance::System, what));
        } else if !com.missing().is_empty() {
            let missing = com.missing().join(", ");
            tracing::warn!(
                "rfc2217://{address}: no answer within {seconds} s about {missing}; going on without"
            );
        } else if !line.understands(com.settings()) {
            let is = com.settings();
            tracing::warn!("rfc2217://{address}: the server says that its line is {is}, not {line}");
        }
        drop(wire);
        Ok(net)
    }

    /// Listens for one client at a time. The lock tells others who it is that listens there.
    pub(super) async fn listener(
        address: &str,
        line: Settings,
        com_port: bool,
    ) -> Result<(Net, PortLock), Refusal> {
        let listener = TcpListener::bind(address).await.map_err(|error| not_bound(address, &error))?;
        let lock = PortLock::take(&listening(&listener.local_addr()?)).await?;
        if listener.local_addr().is_ok_and(|own| !own.ip().is_loopback()) {
            tracing::warn!("{address}: whoever reaches this machine can use the port");
        }
        let net = Net::new(None, None, Some(listener), line);
        Ok((Net { settings: com_port.then_some(line), ..net }, lock))
    }

    /// Where a listening port is, once the system has chosen.
    pub(super) fn local(&self) -> Option<SocketAddr> {
        self.listener.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// The way of the port's sender.
    pub(super) fn wire(&self) -> Rc<RefCell<Wire>> {
        Rc::clone(&self.wire)
    }

    /// Whether there is a peer.
    pub(super) fn is_open(&self) -> bool {
        let wire = self.wire.borrow();
        wire.stream.is_some() && !wire.only_listens
    }

    /// The rate that the client has set, where a receiver with the line's settings does not understand it.
    pub(super) fn wrong_baud(&self) -> Option<u32> {
        let line = self.settings?;
        let far = self.wire.borrow().com.as_ref()?.settings();
        (!line.understands(far)).then_some(far.baud)
    }

    /// A listening port with other settings of its own; what the client has set stays.
    pub(super) fn at_line(self, line: Settings) -> Net {
        Net { settings: self.settings.map(|_| line), ..self }
    }

    /// Waits until something happens.
    pub(super) async fn listen(&mut self, buffer: &mut [u8]) -> Heard {
        loop {
            let (stream, waits) = {
                let wire = self.wire.borrow();
                (wire.stream.clone(), !wire.waiting.is_empty())
            };
            let speaks = stream.as_deref().filter(|_| self.is_open());
            // What a client that has gone said last comes before the next one.
            tokio::select! {
                biased;
                ready = of(speaks.map(TcpStream::readable)) => {
                    let read = ready.and_then(|()| stream.as_deref().map_or(Ok(0), |from| self.read(from, buffer)));
                    self.tell_settings();
                    match read {
                        Ok(0) => {}
                        Ok(count) => return Heard::Bytes(count),
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        Err(error) => return self.lost(&error),
                    }
                }
                ready = of(stream.as_deref().filter(|_| waits).map(TcpStream::writable)) => {
                    // The runtime must learn that the kernel refused, or it would be ready for ever.
                    let sent = ready.and_then(|()| stream.as_deref().map_or(Ok(()), |to| {
                        to.try_io(tokio::io::Interest::WRITABLE, || match self.wire.borrow_mut().flush() {
                            Ok(true) => Ok(()),
                            Ok(false) => Err(io::ErrorKind::WouldBlock.into()),
                            Err(error) => Err(error),
                        })
                    }));
                    match sent {
                        Err(error) if error.kind() != io::ErrorKind::WouldBlock => return self.lost(&error),
                        Ok(()) | Err(_) => {}
                    }
                }
                came = of(self.listener.as_ref().map(TcpListener::accept)) => {
                    if let Some(heard) = self.came(came) {
                        return heard;
                    }
                }
            }
        }
    }

    /// Reads what is there; 0 where nothing of it was the line's.
    fn read(&self, stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        let mut wire = self.wire.borrow_mut();
        if wire.com.is_none() {
            return match stream.try_read(buffer)? {
                0 => Err(closed()),
                count => Ok(count),
            };
        }
        let mut raw = [0; CHUNK];
        let room = buffer.len().min(CHUNK);
        let count = stream.try_read(&mut raw[..room])?;
        if count == 0 {
            return Err(closed());
        }
        let mut data = Vec::with_capacity(count);
        if let Some(com) = &mut wire.com {
            com.hear(&raw[..count], &mut data);
        }
        wire.answer()?;
        buffer[..data.len()].copy_from_slice(&data);
        Ok(data.len())
    }

    /// Somebody connects.
    fn came(&mut self, came: io::Result<(TcpStream, SocketAddr)>) -> Option<Heard> {
        let (stream, peer) = match came {
            Ok(came) => came,
            Err(error) => {
                tracing::warn!("a client could not connect: {error}");
                return None;
            }
        };
        let mut wire = self.wire.borrow_mut();
        if wire.stream.is_some() && !wire.only_listens {
            tracing::warn!("{peer} is refused: a port has one client, and it is connected");
            return None;
        }
        tune(&stream);
        tracing::info!("{peer} connected");
        wire.stream = Some(Rc::new(stream));
        wire.only_listens = false;
        wire.waiting.clear();
        wire.com = self.settings.map(ComPort::server);
        self.told = self.settings.unwrap_or(self.told);
        match wire.answer() {
            Ok(()) => Some(Heard::Opened),
            Err(_) => None,
        }
    }

    /// The peer is gone; one that came by itself may come back.
    fn lost(&mut self, error: &io::Error) -> Heard {
        let mut wire = self.wire.borrow_mut();
        // What is still to be said to a client that only listens is said until it is really gone.
        wire.only_listens =
            wire.patient && wire.com.is_none() && error.kind() == io::ErrorKind::UnexpectedEof;
        if !wire.only_listens {
            wire.stream = None;
            wire.com = None;
            wire.waiting.clear();
        }
        if wire.patient { Heard::Closed } else { Heard::Gone(error.to_string()) }
    }

    /// Says once what the client has set, where the line is another.
    fn tell_settings(&mut self) {
        let far = self.wire.borrow().com.as_ref().map(ComPort::settings);
        if let (Some(line), Some(far)) = (self.settings, far)
            && far != self.told
        {
            self.told = far;
            if !line.understands(far) {
                tracing::warn!("the client has set {far}; the line is {line}: neither understands the other");
            }
        }
    }

    /// Talks until the server has answered all settings.
    async fn settle(&self) -> io::Result<()> {
        let Some(stream) = self.wire.borrow().stream.clone() else { return Ok(()) };
        self.wire.borrow_mut().answer()?;
        let mut early = [0; CHUNK];
        while !self.wire.borrow().com.as_ref().is_none_or(ComPort::is_settled) {
            stream.readable().await?;
            // What the line carried before it was set up is not worth hearing.
            match self.read(&stream, &mut early) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "closed at the other end")
}

/// A wait that may have nothing to wait for.
async fn of<F: Future>(future: Option<F>) -> F::Output {
    match future {
        Some(future) => future.await,
        None => pending().await,
    }
}

/// The name under which a listening port is locked. The kernel lets one address have one listener.
fn listening(address: &SocketAddr) -> String {
    format!("tcp-listen-{address}")
}

/// Another rig that listens there, perhaps on all addresses, is named.
fn not_bound(address: &str, error: &io::Error) -> Refusal {
    if error.kind() != io::ErrorKind::AddrInUse {
        return error.into();
    }
    let port = address.rsplit_once(':').map_or(address, |(_, port)| port);
    let all = ["0.0.0.0", "[::]", "127.0.0.1", "[::1]"].map(|host| format!("{host}:{port}"));
    let holder = [address.to_owned()]
        .into_iter()
        .chain(all)
        .filter_map(|address| address.parse().ok())
        .find_map(|address| PortLock::holder(&listening(&address)));
    let what = holder.map_or_else(
        || format!("{error}; another program listens there"),
        |holder| format!("in use by {holder}"),
    );
    Refusal::new(Hindrance::Busy, what)
}

/// The one name of a port server's port, whatever its host is called here. A host that cannot be found is told of when it
/// is connected to.
pub(super) async fn real_name(address: &str) -> String {
    let found = timeout(CONNECT, tokio::net::lookup_host(address)).await;
    let found = found.ok().and_then(Result::ok).into_iter().flatten();
    let one = |at: SocketAddr| match at.ip() {
        own if own.is_loopback() => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), at.port()),
        _ => at,
    };
    found.map(one).min().map_or_else(|| format!("net://{address}"), |at| format!("net://{at}"))
}

async fn connect(address: &str) -> Result<TcpStream, Refusal> {
    let hint = "is the port server running?";
    match timeout(CONNECT, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => {
            tune(&stream);
            Ok(stream)
        }
        Ok(Err(error)) => Err(Refusal::unreachable(format!("{error}; {hint}"))),
        Err(_) => Err(Refusal::unreachable(format!("no answer within {} s; {hint}", CONNECT.as_secs()))),
    }
}

/// A frame does not wait for the answer to the one before it, and a peer whose cable was pulled is noticed. A system
/// that cannot do the one or the other still carries bytes.
fn tune(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let _ = sockopt::set_socket_keepalive(stream, true);
    let _ = sockopt::set_tcp_keepidle(stream, IDLE);
    let _ = sockopt::set_tcp_keepintvl(stream, PROBE);
    let _ = sockopt::set_tcp_keepcnt(stream, PROBES);
    let patience = (IDLE + PROBE * PROBES).as_millis();
    let _ = sockopt::set_tcp_user_timeout(stream, u32::try_from(patience).unwrap_or(u32::MAX));
}
