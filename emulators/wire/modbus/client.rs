//! A client for one bus: one transaction at a time, in the order in which they were asked for.
//!
//! Before each request the line has been silent for 3.5 characters since the end of the last request, the last byte
//! received or the end of a time-out, whichever was last.
//!
//! How long an answer may take depends on who waits behind it: a host that stumbles must not make a frame look lost, and
//! a unit that is dead must not hold up what is urgent.

use std::collections::VecDeque;

use super::frame::{LONGEST, Request, Response, emit_request, parse_response};
use crate::device::Wake;
use crate::time::{CharacterTimes, Instant, Line, Span};
use crate::wire::Parsed;

/// How many transactions may wait.
const QUEUE_LIMIT: usize = 64;
/// How much is kept while an answer is awaited: an answer and as much garbage before it.
const KEPT: usize = 2 * LONGEST;

/// How a client behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// The line: character time and the 3.5-character silence before each request.
    pub line: Line,
    /// How long to wait for an answer, from the end of the request. An answer that has begun by then may still end.
    pub timeout: Span,
    /// The same where the request is urgent, or as soon as an urgent one waits behind it. At most `timeout`.
    pub urgent_timeout: Span,
    /// How often to ask again after a time-out or a damaged answer.
    pub retries: u8,
}

/// Why a transaction failed after all retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody answered.
    Silence,
    /// The answer was damaged or not an answer to the question.
    Garbled,
}

/// The end of a transaction. `tag` is the caller's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done<Tag> {
    /// The caller's.
    pub tag: Tag,
    /// The unit that was asked.
    pub unit: u8,
    /// What came of it. `Ok(None)` for a broadcast.
    pub result: Result<Option<Response>, Failure>,
}

/// One question.
#[derive(Clone, Debug)]
struct Ask<Tag> {
    tag: Tag,
    unit: u8,
    request: Request,
    urgent: bool,
}

/// How far the transaction under way has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Waits for silence to be sent once more.
    Again,
    /// Sent to all; done at this instant.
    TurnAround(Instant),
    /// Sent to one unit.
    Awaiting {
        /// When to give up.
        until: Instant,
        /// When to give up at the latest if something urgent waits, unless an answer has begun.
        urgent_until: Instant,
        /// No extension goes beyond this.
        at_most: Instant,
        /// A whole but damaged answer was received; give up when the line has fallen silent.
        damaged: Option<Instant>,
    },
}

/// The transaction under way.
#[derive(Clone, Debug)]
struct Current<Tag> {
    ask: Ask<Tag>,
    stage: Stage,
    retries_left: u8,
}

/// A client without input or output. At most 64 transactions may wait besides the one under way; more are refused.
#[derive(Clone, Debug)]
pub struct Client<Tag> {
    config: ClientConfig,
    times: CharacterTimes,
    silence: Span,
    queue: VecDeque<Ask<Tag>>,
    current: Option<Current<Tag>>,
    /// From here on the line has been silent for long enough.
    quiet_from: Instant,
    buffer: Vec<u8>,
    sending: Option<Vec<u8>>,
    done: VecDeque<Done<Tag>>,
    reject: Option<(usize, &'static str)>,
}

impl<Tag: Clone + PartialEq> Client<Tag> {
    /// An idle client.
    #[must_use]
    pub fn new(config: ClientConfig) -> Client<Tag> {
        Client {
            config,
            times: CharacterTimes::new(config.line),
            silence: config.line.modbus_silence(),
            queue: VecDeque::new(),
            current: None,
            quiet_from: Instant::ZERO,
            buffer: Vec::new(),
            sending: None,
            done: VecDeque::new(),
            reject: None,
        }
    }

    /// Queues a transaction; `false` if the queue is full or no frame can carry the request. `urgent` ones go before
    /// those that are not, but do not interrupt the one under way.
    pub fn ask(&mut self, now: Instant, tag: Tag, unit: u8, request: Request, urgent: bool) -> bool {
        let place = if urgent { self.queue.partition_point(|ask| ask.urgent) } else { self.queue.len() };
        self.queue_at(now, place, Ask { tag, unit, request, urgent })
    }

    /// The same before everything that waits: what failed and is wanted more than ever.
    pub fn ask_next(&mut self, now: Instant, tag: Tag, unit: u8, request: Request) -> bool {
        self.queue_at(now, 0, Ask { tag, unit, request, urgent: true })
    }

    /// Takes back what waits under this tag, unless it is `urgent`; or that, too. What is under way goes on.
    pub fn withdraw(&mut self, tag: &Tag, urgent: bool) {
        self.queue.retain(|ask| ask.tag != *tag || ask.urgent && !urgent);
    }

    fn queue_at(&mut self, now: Instant, place: usize, ask: Ask<Tag>) -> bool {
        if self.queue.len() >= QUEUE_LIMIT || self.done.len() >= QUEUE_LIMIT || !ask.request.fits() {
            return false;
        }
        let urgent = ask.urgent;
        self.queue.insert(place, ask);
        if urgent {
            self.hurry();
        }
        self.proceed(now);
        true
    }

    /// Something urgent waits now: gives up sooner, unless an answer has begun.
    fn hurry(&mut self) {
        if self.buffer.is_empty()
            && let Some(Current { stage: Stage::Awaiting { until, urgent_until, .. }, .. }) =
                &mut self.current
        {
            *until = (*until).min(*urgent_until);
        }
    }

    /// Bytes arrived.
    pub fn handle_bytes(&mut self, now: Instant, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.quiet_from = self.quiet_from.max(now + self.silence);
        let awaited = match &self.current {
            Some(Current { ask, stage: Stage::Awaiting { .. }, .. }) => Some((ask.unit, &ask.request)),
            Some(Current { stage: Stage::Again | Stage::TurnAround(_), .. }) | None => None,
        };
        let Some((unit, request)) = awaited else {
            self.note_reject(bytes.len(), "no answer was awaited");
            return;
        };
        let found = if self.buffer.is_empty() {
            let found = find_answer(bytes, unit, request);
            if !matches!(found, Found::Answer { .. }) {
                keep(&mut self.buffer, bytes);
            }
            found
        } else {
            keep(&mut self.buffer, bytes);
            find_answer(&self.buffer, unit, request)
        };
        match found {
            Found::Answer { response, spare } => {
                if spare > 0 {
                    self.note_reject(spare, "around an answer");
                }
                self.finish(now, Ok(Some(response)));
            }
            Found::Nothing => self.extend(now, None),
            Found::Damaged => self.extend(now, Some(now + self.silence)),
        }
    }

    /// The wake has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.current.as_ref().map(|current| current.stage) {
            Some(Stage::TurnAround(until)) if until <= now => self.finish(now, Ok(None)),
            Some(Stage::Awaiting { until, damaged, .. })
                if until <= now || damaged.is_some_and(|at| at <= now) =>
            {
                self.fail(now);
            }
            Some(Stage::Again | Stage::TurnAround(_) | Stage::Awaiting { .. }) | None => self.proceed(now),
        }
    }

    /// A frame to send now.
    pub fn poll_send(&mut self) -> Option<Vec<u8>> {
        self.sending.take()
    }

    /// The next finished transaction.
    pub fn poll_done(&mut self) -> Option<Done<Tag>> {
        self.done.pop_front()
    }

    /// Bytes that were thrown away since the last call, and why (the reason of the last ones).
    pub fn poll_reject(&mut self) -> Option<(usize, &'static str)> {
        self.reject.take()
    }

    /// When to call again.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Wake> {
        let Some(current) = &self.current else {
            return (!self.queue.is_empty()).then_some(Wake { at: self.quiet_from, why: "modbus silence" });
        };
        Some(match current.stage {
            Stage::Again => Wake { at: self.quiet_from, why: "modbus silence" },
            Stage::TurnAround(at) => Wake { at, why: "modbus turn-around" },
            Stage::Awaiting { until, damaged: Some(at), .. } if at < until => {
                Wake { at, why: "modbus damage" }
            }
            Stage::Awaiting { until, .. } => Wake { at: until, why: "modbus time-out" },
        })
    }

    /// How many transactions wait or are under way.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.len() + usize::from(self.current.is_some())
    }

    /// Forgets everything (power lost), but not that the line is busy: what was sent is still on it.
    pub fn clear(&mut self) {
        // A frame that nobody has fetched yet is not on the line, and it was silent when that one was to go.
        let quiet_from = if self.sending.is_some() { Instant::ZERO } else { self.quiet_from };
        *self = Client { quiet_from, ..Client::new(self.config) };
    }

    /// Sends the retry or the next request, if there is one and the line has been silent.
    fn proceed(&mut self, now: Instant) {
        if now < self.quiet_from {
            return;
        }
        let (ask, retries_left) = match self.current.take_if(|current| current.stage == Stage::Again) {
            Some(Current { ask, retries_left, .. }) => (ask, retries_left),
            None if self.current.is_some() => return,
            None => match self.queue.pop_front() {
                Some(ask) => (ask, self.config.retries),
                None => return,
            },
        };
        let mut frame = Vec::with_capacity(16);
        emit_request(ask.unit, &ask.request, &mut frame);
        let end = now + self.times.of(frame.len());
        self.quiet_from = end + self.silence;
        let stage = if ask.unit == 0 {
            Stage::TurnAround(end + self.silence)
        } else {
            let urgent_until = end + self.config.urgent_timeout.min(self.config.timeout);
            let hurries = ask.urgent || self.queue.front().is_some_and(|next| next.urgent);
            let until = if hurries { urgent_until } else { end + self.config.timeout };
            let longest = self.times.of(answer_length(&ask.request));
            Stage::Awaiting { until, urgent_until, at_most: until + longest, damaged: None }
        };
        self.current = Some(Current { ask, stage, retries_left });
        self.sending = Some(frame);
    }

    /// Bytes came that may be the beginning of the answer: lets it come to its end.
    fn extend(&mut self, now: Instant, damaged_now: Option<Instant>) {
        if let Some(Current { ask, stage: Stage::Awaiting { until, at_most, damaged, .. }, .. }) =
            &mut self.current
        {
            let whole = self.times.of(answer_length(&ask.request));
            *until = (*until).max((now + whole).min(*at_most));
            *damaged = damaged_now;
        }
    }

    /// No usable answer came: asks again or ends the transaction.
    fn fail(&mut self, now: Instant) {
        let failure = if self.buffer.is_empty() { Failure::Silence } else { Failure::Garbled };
        if !self.buffer.is_empty() {
            self.note_reject(self.buffer.len(), "not the answer that was awaited");
        }
        let Some(current) = &mut self.current else { return };
        if let Stage::Awaiting { until, .. } = current.stage
            && until <= now
        {
            self.quiet_from = self.quiet_from.max(now + self.silence);
        }
        if current.retries_left > 0 {
            current.retries_left -= 1;
            current.stage = Stage::Again;
            self.buffer.clear();
            self.proceed(now);
        } else {
            self.finish(now, Err(failure));
        }
    }

    fn finish(&mut self, now: Instant, result: Result<Option<Response>, Failure>) {
        self.buffer.clear();
        if let Some(Current { ask, .. }) = self.current.take() {
            self.done.push_back(Done { tag: ask.tag, unit: ask.unit, result });
        }
        self.proceed(now);
    }

    fn note_reject(&mut self, count: usize, why: &'static str) {
        let before = self.reject.map_or(0, |(count, _)| count);
        self.reject = Some((before.saturating_add(count), why));
    }
}

/// What was found among the bytes received since the request.
enum Found {
    /// Neither the answer nor all of a damaged one.
    Nothing,
    /// Unit, function and length of the answer with a wrong checksum.
    Damaged,
    /// The answer, and how many other bytes there were.
    Answer { response: Response, spare: usize },
}

/// Looks for the answer behind whatever garbage.
fn find_answer(bytes: &[u8], unit: u8, request: &Request) -> Found {
    let mut found = Found::Nothing;
    for (start, pair) in bytes.windows(2).enumerate() {
        if pair[0] != unit || (pair[1] ^ request.function()) & 0x7f != 0 {
            continue;
        }
        match parse_response(&bytes[start..]) {
            Parsed::Frame { frame: (_, response), used } if answers(request, &response) => {
                return Found::Answer { response, spare: bytes.len() - used };
            }
            Parsed::Frame { .. } | Parsed::NeedMore => {}
            Parsed::Reject { .. } => found = Found::Damaged,
        }
    }
    found
}

/// Whether a response of the right unit answers this question: same function, and what it echoes or counts fits.
fn answers(request: &Request, response: &Response) -> bool {
    match (request, response) {
        (_, Response::Exception(function, _)) => *function == request.function() & 0x7f,
        (
            Request::ReadCoils(_, count) | Request::ReadDiscreteInputs(_, count),
            Response::Bits(function, bits),
        ) => *function == request.function() && bits.len().div_ceil(8) == usize::from(*count).div_ceil(8),
        (
            Request::ReadHolding(_, count) | Request::ReadInputs(_, count),
            Response::Registers(function, values),
        ) => *function == request.function() && values.len() == usize::from(*count),
        (
            Request::WriteCoil(address, _)
            | Request::WriteRegister(address, _)
            | Request::WriteCoils(address, _)
            | Request::WriteRegisters(address, _),
            Response::Written(function, echo, _),
        ) => *function == request.function() && echo == address,
        (Request::Other(function, _), Response::Other(answered, _)) => function == answered,
        (
            Request::ReadCoils(..)
            | Request::ReadDiscreteInputs(..)
            | Request::ReadHolding(..)
            | Request::ReadInputs(..)
            | Request::WriteCoil(..)
            | Request::WriteRegister(..)
            | Request::WriteCoils(..)
            | Request::WriteRegisters(..)
            | Request::Other(..),
            Response::Bits(..) | Response::Registers(..) | Response::Written(..) | Response::Other(..),
        ) => false,
    }
}

/// How long the frame of the answer is, at most.
fn answer_length(request: &Request) -> usize {
    let length = match request {
        Request::ReadCoils(_, count) | Request::ReadDiscreteInputs(_, count) => {
            5 + usize::from(*count).div_ceil(8)
        }
        Request::ReadHolding(_, count) | Request::ReadInputs(_, count) => 5 + 2 * usize::from(*count),
        Request::WriteCoil(..)
        | Request::WriteRegister(..)
        | Request::WriteCoils(..)
        | Request::WriteRegisters(..) => 8,
        Request::Other(..) => LONGEST,
    };
    length.min(LONGEST)
}

/// Keeps the newest bytes.
fn keep(buffer: &mut Vec<u8>, bytes: &[u8]) {
    let bytes = &bytes[bytes.len().saturating_sub(KEPT)..];
    let over = (buffer.len() + bytes.len()).saturating_sub(KEPT);
    buffer.drain(..over);
    buffer.extend_from_slice(bytes);
}
