//! How late ports hand over: messages that come back, timed.

use std::io;
use std::time::Duration;

use emulators::time::{Line, Span};
use tokio::time::{Instant as Monotonic, timeout, timeout_at};

use super::ask::Question;
use super::understood::{Understood, Voice};
use crate::driver::live::Lateness;
use crate::driver::port::{Heard, Port, PortError, PortUrl, Sender};
use crate::site::{CableRole, Wiring};

/// A message that is not back by then is lost.
const LOST: Duration = Duration::from_millis(1_000);
/// How long whoever is to connect may take.
const ARRIVAL: Duration = Duration::from_secs(30);
/// After so many losses in a row nobody is there.
const GIVE_UP: u32 = 3;
/// Silence after which an answer is over, besides the time of a few characters.
const QUIET: Duration = Duration::from_millis(20);
/// Pause between messages: a machine is disturbed now and then, and a burst would fall between.
const PACE: Duration = Duration::from_millis(2);
/// The line of a port that takes no time for its characters.
const NO_TIME: Line = Line { baud: u32::MAX, bits: 1 };
/// What is sent where the message comes back as it is.
const PATTERN: usize = 8;

/// By what a port was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The controller's answers, its thinking included.
    Answers,
    /// The user bridged the port's own lines.
    LoopBack,
    /// A pseudo-terminal of the rig's own, both ends.
    OwnTerminal,
}

impl Method {
    /// Its name in the ports file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Method::Answers => "answers",
            Method::LoopBack => "loopback",
            Method::OwnTerminal => "own-terminal",
        }
    }
}

/// Whether the user says that a port's lines are bridged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoopBack {
    /// They are.
    Yes,
    /// They are not.
    No,
}

/// What was measured: the time a message takes there and back, without the line's own time.
#[derive(Clone, Debug)]
pub struct Measured {
    /// By what.
    pub method: Method,
    /// All of it.
    pub times: Lateness,
    /// Messages that did not come back.
    pub lost: u32,
}

/// Why there is nothing.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// The port cannot be used.
    #[error(transparent)]
    Port(#[from] PortError),
    /// What the system says.
    #[error("{0}")]
    System(#[from] io::Error),
    /// It went away.
    #[error("the port went away: {0}")]
    Gone(String),
    /// Nothing comes back.
    #[error("nothing comes back: {0}")]
    NoAnswer(&'static str),
    /// Nobody answers the rig on such a cable.
    #[error("nobody answers the rig on this cable; bridge its lines (TX to RX) and say `--loopback {0}`")]
    NobodyAsked(&'static str),
}

/// Measures one cable's port with so many messages.
///
/// # Errors
/// If the port cannot be used, or nothing comes back.
pub async fn measure(
    url: &PortUrl,
    role: CableRole,
    wiring: &Wiring,
    loop_back: LoopBack,
    samples: u32,
) -> Result<Measured, MeasureError> {
    let line = wiring.cables[role.index()].map_or(Line::n81(9_600), |cable| cable.line);
    if matches!(url, PortUrl::Pty(_)) {
        return own_terminal(line, samples).await;
    }
    if loop_back == LoopBack::Yes {
        let mut port = Port::open(url, line).await?;
        let mut sender = port.sender()?;
        let hint = "are TX and RX bridged?";
        return back_and_forth(&mut port, &mut sender, line, samples, Method::LoopBack, hint).await;
    }
    let question = match role {
        CableRole::CameraA | CableRole::CameraB => {
            Question::Connect(role.index(), wiring.cameras[role.index()].crc)
        }
        CableRole::Service => wiring
            .service
            .map(|service| Question::Service(service.unit))
            .ok_or(MeasureError::NobodyAsked(role.name()))?,
        CableRole::Sense => wiring
            .sense
            .map(|sense| Question::Sense(sense.unit))
            .ok_or(MeasureError::NobodyAsked(role.name()))?,
        CableRole::Lamps | CableRole::Feedback | CableRole::Countdown => {
            return Err(MeasureError::NobodyAsked(role.name()));
        }
    };
    let mut port = Port::open(url, line).await?;
    await_far_end(&mut port).await?;
    let line = if port.is_timeless() { NO_TIME } else { line };
    answers(port, question, &question.bytes(wiring), line, samples).await
}

/// A listening port has nobody to ask until somebody has come.
async fn await_far_end(port: &mut Port) -> Result<(), MeasureError> {
    let last = Monotonic::now() + ARRIVAL;
    let mut buffer = [0; 512];
    while !port.is_far_end_open() {
        match timeout_at(last, port.listen(&mut buffer)).await {
            Ok(Heard::Gone(why)) => return Err(MeasureError::Gone(why)),
            Ok(Heard::Bytes(_) | Heard::Opened | Heard::Closed) => {}
            Err(_late) => return Err(MeasureError::NoAnswer("nobody has connected")),
        }
    }
    Ok(())
}

async fn own_terminal(line: Line, samples: u32) -> Result<Measured, MeasureError> {
    let mut near = Port::private_pty(line)?;
    let node = near.far_end().cloned().unwrap_or_default();
    let mut far = Port::open(&PortUrl::Device(node), line).await?;
    let mut sender = far.sender()?;
    back_and_forth(&mut near, &mut sender, NO_TIME, samples, Method::OwnTerminal, "a defect of the rig").await
}

/// What is sent comes back as it is.
async fn back_and_forth(
    port: &mut Port,
    sender: &mut Sender,
    line: Line,
    samples: u32,
    method: Method,
    hint: &'static str,
) -> Result<Measured, MeasureError> {
    let mut measured = Measured { method, times: Lateness::default(), lost: 0 };
    let mut in_a_row = 0;
    for number in 0..samples {
        let mut pattern = [0x55; PATTERN];
        pattern[..4].copy_from_slice(&number.to_be_bytes());
        tokio::time::sleep(PACE).await;
        let came = |bytes: &[u8]| bytes.windows(PATTERN).any(|window| window == pattern).then_some(PATTERN);
        match once(port, sender, &pattern, came).await? {
            Some((elapsed, _)) => {
                in_a_row = 0;
                measured.times.note(elapsed.saturating_sub(line.time_of(PATTERN)));
            }
            None => {
                measured.lost += 1;
                in_a_row += 1;
            }
        }
        if in_a_row >= GIVE_UP {
            return Err(MeasureError::NoAnswer(hint));
        }
    }
    Ok(measured)
}

/// What is asked is answered.
async fn answers(
    mut port: Port,
    question: Question,
    asked: &[u8],
    line: Line,
    samples: u32,
) -> Result<Measured, MeasureError> {
    let mut measured = Measured { method: Method::Answers, times: Lateness::default(), lost: 0 };
    let mut sender = port.sender()?;
    let mut in_a_row = 0;
    for _ in 0..samples {
        // What the answer before was followed by is no answer to this question.
        let quiet = QUIET + Duration::from_micros(line.time_of(PATTERN).as_us());
        until_quiet(&mut port, quiet).await?;
        let came = |bytes: &[u8]| {
            Understood::of(bytes)
                .answer_to(Some(question))
                .filter(|voice| !matches!(voice, Voice::AsCamera(_)))
                .map(|_| bytes.len())
        };
        match once(&mut port, &mut sender, asked, came).await? {
            Some((elapsed, length)) => {
                in_a_row = 0;
                measured.times.note(elapsed.saturating_sub(line.time_of(asked.len() + length)));
            }
            None => {
                measured.lost += 1;
                in_a_row += 1;
            }
        }
        if in_a_row >= GIVE_UP {
            return Err(MeasureError::NoAnswer(
                "is this the right port, and the controller on? see `rig doctor`",
            ));
        }
    }
    Ok(measured)
}

async fn until_quiet(port: &mut Port, quiet: Duration) -> Result<(), MeasureError> {
    let mut buffer = [0; 512];
    let last = Monotonic::now() + LOST;
    while let Ok(what) = timeout(quiet, port.listen(&mut buffer)).await {
        match what {
            Heard::Bytes(_) | Heard::Opened | Heard::Closed if Monotonic::now() < last => {}
            Heard::Bytes(_) | Heard::Opened | Heard::Closed => break,
            Heard::Gone(why) => return Err(MeasureError::Gone(why)),
        }
    }
    Ok(())
}

/// Sends, and waits until `came` finds what it waits for. How long that took, and how many bytes it was.
async fn once(
    port: &mut Port,
    sender: &mut Sender,
    bytes: &[u8],
    came: impl Fn(&[u8]) -> Option<usize>,
) -> Result<Option<(Span, usize)>, MeasureError> {
    let begun = Monotonic::now();
    sender.send(bytes)?;
    let mut heard = Vec::new();
    let mut buffer = [0; 512];
    while let Ok(what) = timeout_at(begun + LOST, port.listen(&mut buffer)).await {
        match what {
            Heard::Bytes(count) => heard.extend_from_slice(&buffer[..count]),
            Heard::Opened | Heard::Closed => continue,
            Heard::Gone(why) => return Err(MeasureError::Gone(why)),
        }
        if let Some(length) = came(&heard) {
            let elapsed = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
            return Ok(Some((Span::from_us(elapsed), length)));
        }
    }
    Ok(None)
}
