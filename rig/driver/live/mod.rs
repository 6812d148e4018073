//! Real time: one loop that wakes a machine when it wants to be woken, hands it what its ports heard and sends what
//! it says.
//!
//! A machine's own time is exact: it is woken for the instants it asked for, in order, however late the loop is, and
//! what it sends goes out at once. How late that was is measured at every wake.

mod absence;
mod alone;
mod cabinet;
mod connected;
mod lateness;
mod pace;
mod plugged;
mod rig_side;

use std::io;
use std::time::Duration;

use emulators::time::{Instant, Line, Span};
use tokio::sync::{mpsc, watch};
use tokio::task::LocalSet;

use super::clock::{Alarm, WallClock};
use super::port::{Heard, Port, PortUrl, Sender};
use crate::site::CableRole;

pub use absence::{Absence, Absences};
pub use alone::{AloneEnd, AloneRun, Spectator};
pub use cabinet::{Begun, Cabinet, Soft, SoftOptions};
pub use connected::Connected;
pub use lateness::Lateness;
pub use plugged::{World, serve};
pub use rig_side::{LiveEnd, LiveOutcome, LiveRun, Start};

/// Chunks that wait between a port and the loop; a port that is faster waits.
const HEARD: usize = 256;
/// The most a port hands over at a time.
const CHUNK: usize = 4_096;

/// At least so often a machine is woken, whatever it waits for: somebody may want to stop.
const LOOK_UP: Span = Span::from_ms(100);
/// How soon a port that is gone is looked for, at first and in the long run.
const SOONEST: Duration = Duration::from_millis(50);
const LATEST: Duration = Duration::from_millis(800);

/// A stall of the host beyond this spoils what was judged around it. The soft controller waits 40 ms for an urgent answer; the
/// line and the unit take ten of them, and of the rest the controller's process and the rig may each be late by half: then no
/// question is asked twice because of the host.
pub const TOO_LATE: Span = Span::from_ms(15);
/// How a note of such a stall begins.
pub const TOO_SLOW: &str = "host too slow";

/// What the loop drives.
pub(super) trait Machine {
    /// When it wants to be woken.
    fn due(&self) -> Instant;
    /// Its wake at `at` has come; it is `now`, a little later.
    fn wake(&mut self, at: Instant, now: Instant);
    /// A port heard bytes; the last of them was read at `at`.
    fn hear(&mut self, at: Instant, port: usize, bytes: Vec<u8>);
    /// Something else happened.
    fn happen(&mut self, at: Instant, news: News);
    /// The next thing it sends.
    fn next_send(&mut self) -> Option<(usize, Vec<u8>)>;
    /// What it did at `at` has been done, sending included, by `done`.
    fn settle(&mut self, at: Instant, done: Instant);
    /// Whether the loop shall end.
    fn is_over(&self) -> bool;
}

/// What a port's cable is called.
fn cable(port: usize) -> &'static str {
    CableRole::ALL.get(port).map_or("?", |role| role.name())
}

/// What can happen besides bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A line from a person or a program (standard input).
    Told(String),
    /// Standard input has ended.
    Quiet,
    /// Somebody opened the far end of a pseudo-terminal, or closed it.
    FarEnd {
        /// Which port.
        port: usize,
        /// Opened.
        open: bool,
    },
    /// A port is gone.
    Gone {
        /// Which port.
        port: usize,
        /// Why.
        why: String,
    },
    /// A port that was gone is back.
    Back {
        /// Which port.
        port: usize,
        /// The node it has now, or its name.
        node: String,
    },
    /// What somebody was asked to do to the controller is done, or why it is not.
    Confirmed(Result<(), String>),
    /// The far program has set another rate than the line's: what it sends arrives as garbage.
    WrongBaud {
        /// Which port.
        port: usize,
        /// Its rate.
        rate: u32,
    },
    /// A program that the rig started has ended.
    Ended(String),
    /// A program that the rig started says that it was late by so much.
    Late(Span),
}

enum Event {
    Bytes {
        port: usize,
        at: Instant,
        bytes: Vec<u8>,
    },
    /// A port is gone, or there again, with its writing side.
    Back {
        port: usize,
        sender: Sender,
        node: String,
    },
    News(News),
}

/// Runs a machine over its ports until it is over. `news` may bring more. Gives back the ports that are still there.
///
/// # Errors
/// If the kernel refuses a timer or a descriptor.
pub(super) async fn run(
    machine: &mut impl Machine,
    ports: Vec<Option<Port>>,
    clock: WallClock,
    news: mpsc::Receiver<News>,
    lateness: &mut Lateness,
) -> io::Result<Vec<Option<Port>>> {
    let local = LocalSet::new();
    local.run_until(turn(machine, ports, clock, news, lateness)).await
}

async fn turn(
    machine: &mut impl Machine,
    ports: Vec<Option<Port>>,
    clock: WallClock,
    mut news: mpsc::Receiver<News>,
    lateness: &mut Lateness,
) -> io::Result<Vec<Option<Port>>> {
    let alarm = Alarm::new()?;
    let (tell, mut heard) = mpsc::channel(HEARD);
    let (enough, ended) = watch::channel(());
    let mut senders: Vec<Option<Sender>> = Vec::new();
    let mut listeners = Vec::new();
    for (index, port) in ports.into_iter().enumerate() {
        let Some(mut port) = port else {
            senders.push(None);
            listeners.push(None);
            continue;
        };
        senders.push(Some(port.sender()?));
        let (tell, mut ended) = (tell.clone(), ended.clone());
        listeners.push(Some(tokio::task::spawn_local(async move {
            attend(index, port, clock, &tell, &mut ended).await
        })));
    }
    drop((tell, ended));
    let mut listening = true;
    while !machine.is_over() {
        catch_up(machine, &clock, clock.now(), &mut senders, lateness);
        if machine.is_over() {
            break;
        }
        alarm.set(&clock, machine.due())?;
        tokio::select! {
            biased;
            event = heard.recv() => match event {
                Some(Event::Bytes { port, at, bytes }) => {
                    catch_up(machine, &clock, at, &mut senders, lateness);
                    machine.hear(at, port, bytes);
                    settle(machine, at, &clock, &mut senders);
                }
                Some(Event::Back { port, sender, node }) => {
                    if let Some(place) = senders.get_mut(port) {
                        *place = Some(sender);
                    }
                    tell_news(machine, &clock, News::Back { port, node }, &mut senders);
                }
                Some(Event::News(news)) => {
                    if let News::Gone { port, .. } = &news
                        && let Some(place) = senders.get_mut(*port)
                    {
                        // Held open, an adapter that is plugged in again would come back under another name.
                        *place = None;
                    }
                    tell_news(machine, &clock, news, &mut senders);
                }
                // No port at all: time alone drives the machine. A closed channel is ready for ever.
                None => alarm.rung().await?,
            },
            rung = alarm.rung() => rung?,
            told = news.recv(), if listening => match told {
                Some(told) => tell_news(machine, &clock, told, &mut senders),
                None => listening = false,
            },
        }
    }
    drop((enough, heard));
    let mut ports = Vec::new();
    for (listener, sender) in listeners.into_iter().zip(senders) {
        let port = match listener {
            Some(listener) => listener.await.ok().flatten(),
            None => None,
        };
        ports.push(port.map(|mut port| {
            sender.into_iter().for_each(|sender| port.take_back(sender));
            port
        }));
    }
    Ok(ports)
}

/// Wakes the machine for everything due until `now`, each at its own instant.
fn catch_up(
    machine: &mut impl Machine,
    clock: &WallClock,
    now: Instant,
    senders: &mut [Option<Sender>],
    lateness: &mut Lateness,
) {
    while !machine.is_over() {
        let due = machine.due();
        if due > now {
            return;
        }
        machine.wake(due, now);
        let done = settle(machine, due, clock, senders);
        lateness.note(done.since(due));
    }
}

fn tell_news(machine: &mut impl Machine, clock: &WallClock, news: News, senders: &mut [Option<Sender>]) {
    let now = clock.now();
    machine.happen(now, news);
    settle(machine, now, clock, senders);
}

/// Sends what the machine has to say and tells it when that was done.
fn settle(
    machine: &mut impl Machine,
    at: Instant,
    clock: &WallClock,
    senders: &mut [Option<Sender>],
) -> Instant {
    let mut trouble = Vec::new();
    while let Some((port, bytes)) = machine.next_send() {
        let Some(Some(sender)) = senders.get_mut(port) else { continue };
        match sender.send(&bytes) {
            Ok(sent) if sent == bytes.len() => {}
            Ok(_) => {
                tracing::debug!(cable = cable(port), "the far end reads too slowly: bytes were not sent");
            }
            // A port that is gone says so once; its listener knows as well.
            Err(error) => trouble.push((port, error)),
        }
    }
    let done = clock.now().max(at);
    machine.settle(at, done);
    for (port, error) in trouble {
        if let Some(sender) = senders.get_mut(port) {
            *sender = None;
        }
        machine.happen(done, News::Gone { port, why: error.to_string() });
        machine.settle(at, done);
    }
    done
}

/// Listens to a port; when it is gone, tries to open it again until it is back. Gives it back when the loop has ended.
async fn attend(
    index: usize,
    mut port: Port,
    clock: WallClock,
    tell: &mpsc::Sender<Event>,
    ended: &mut watch::Receiver<()>,
) -> Option<Port> {
    loop {
        let heard = tokio::select! {
            biased;
            _ = ended.changed() => return Some(port),
            why = listen(index, &mut port, clock, tell) => why,
        };
        // Nobody wants to know any more, or it is gone.
        let Some(why) = heard else { return Some(port) };
        let (url, line) = (port.url().clone(), port.line());
        drop(port);
        tell.send(Event::News(News::Gone { port: index, why })).await.ok()?;
        port = tokio::select! {
            biased;
            _ = ended.changed() => return None,
            port = find_again(&url, line) => port,
        };
        let node = port.node();
        let back = match port.sender() {
            Ok(sender) => Event::Back { port: index, sender, node },
            Err(error) => Event::News(News::Gone { port: index, why: error.to_string() }),
        };
        tell.send(back).await.ok()?;
    }
}

/// Opens a port as soon as it is there again. Adapters may come back under another name; links and USB identities
/// are resolved anew each time.
async fn find_again(url: &PortUrl, line: Line) -> Port {
    let mut pause = SOONEST;
    loop {
        tokio::time::sleep(pause).await;
        match Port::open(url, line).await {
            Ok(port) => return port,
            Err(error) => tracing::debug!("not back yet: {error}"),
        }
        pause = (pause * 2).min(LATEST);
    }
}

/// Listens to a port until it is gone, and says why it is; `None` if nobody wants to know any more.
async fn listen(
    index: usize,
    port: &mut Port,
    clock: WallClock,
    tell: &mpsc::Sender<Event>,
) -> Option<String> {
    let mut buffer = [0; CHUNK];
    let mut wrong = None;
    loop {
        let heard = port.listen(&mut buffer).await;
        let at = clock.now();
        let event = match heard {
            Heard::Bytes(count) => {
                let rate = port.wrong_baud();
                if rate != wrong {
                    wrong = rate;
                    if let Some(rate) = rate {
                        tell.send(Event::News(News::WrongBaud { port: index, rate })).await.ok()?;
                    }
                }
                Event::Bytes { port: index, at, bytes: as_heard(port, &buffer[..count]) }
            }
            Heard::Opened => Event::News(News::FarEnd { port: index, open: true }),
            Heard::Closed => Event::News(News::FarEnd { port: index, open: false }),
            Heard::Gone(why) => return Some(why),
        };
        tell.send(event).await.ok()?;
    }
}

/// What a receiver at this port makes of bytes that were read there.
pub(super) fn as_heard(port: &Port, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if port.wrong_baud().is_some() {
        garble(&mut bytes);
    }
    bytes
}

/// What a receiver makes of characters at another rate: something else. A pseudo-terminal would carry them unharmed.
fn garble(bytes: &mut [u8]) {
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = byte.rotate_left(3) ^ 0xa5 ^ (place as u8).wrapping_mul(29);
    }
}
