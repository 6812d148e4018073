//! What is really lit: polls the lamp circuits' discrete inputs and compares them with each other and with what was
//! commanded.
//!
//! Two questions are kept apart. *Between circuits*, whatever was commanded: vehicle green or yellow beside
//! pedestrian green (conflict), two aspects of one head (dual indication). *Against the command*: a lamp that is
//! dark though commanded is out, a lamp that is lit though not commanded is stuck. Lengths are measured from poll
//! to poll, so what is measured is never longer than what really was: a conflict shorter than 200 ms can't trip.

use super::config::{Config, FeedbackInputs};
use super::interlock::Groups;
use crate::device::Wake;
use crate::time::{Instant, Span};
use crate::wire::modbus::{Client, ClientConfig, Request, Response};

/// Poll period (decisions: 50 ms).
const POLL: Span = Span::from_ms(50);
/// How long the module may think: until shortly before the second poll after the question. A host that stumbles is no lost
/// frame, and one that is lost costs two samples of the four that a conflict of 200 ms has.
const TIMEOUT: Span = Span::from_ms(90);
/// A sensed conflict of this length trips (TS 2: shorter than 200 ms must not, 450 ms must).
const CONFLICT: Span = Span::from_ms(200);
/// Two aspects of one head (T24: 300 to 450 ms).
const DUAL: Span = Span::from_ms(300);
/// A lamp lit against its command (P07: 300 ms).
const STUCK: Span = Span::from_ms(300);
/// A green lit against its command that has not come to anything by then: beside a lamp that flickers it is no dual indication.
const STRAY: Span = Span::from_ms(400);
/// A lamp dark against its command. Longer than any overlap of edges, short enough for P50 (1 s) and for the lit
/// half of a flash to count.
const OUT: Span = Span::from_ms(450);
/// A lamp that was out is whole when it has been lit this long.
const WHOLE: Span = Span::from_ms(1_000);
/// No answer for this long: the module is lost.
const LOST: Span = Span::from_secs(1);

/// Lamp circuits: red, yellow, green of vehicle heads A and B, red, green of pedestrian heads A and B.
pub(super) const CIRCUITS: usize = 10;
const VEHICLE_A: u16 = 0b00_0000_0111;
const VEHICLE_B: u16 = 0b00_0011_1000;
const VEHICLE_GO: u16 = 0b00_0011_0110;
const PEDESTRIAN_A: u16 = 0b00_1100_0000;
const PEDESTRIAN_B: u16 = 0b11_0000_0000;
const PEDESTRIAN_GO: u16 = 0b10_1000_0000;
/// Red circuits of the vehicle heads and of the pedestrian heads.
pub(super) const VEHICLE_REDS: u16 = 0b00_0000_1001;
pub(super) const PEDESTRIAN_REDS: u16 = 0b01_0100_0000;
/// Green circuits of all heads.
const GREENS: u16 = 0b10_1010_0100;
/// Circuits by head.
pub(super) const HEADS: [u16; 4] = [VEHICLE_A, VEHICLE_B, PEDESTRIAN_A, PEDESTRIAN_B];

/// The circuits that a command lights, one bit each.
pub(super) fn circuits(groups: Groups) -> u16 {
    let [red, yellow, green] = groups.vehicle_lamps().map(u16::from);
    let [stop, go] = groups.pedestrian_lamps().map(u16::from);
    let vehicle = red | yellow << 1 | green << 2;
    let pedestrian = stop | go << 1;
    vehicle | vehicle << 3 | pedestrian << 6 | pedestrian << 8
}

/// A circuit's argument in the log: head · 4 + lamp (0 red, 1 yellow, 2 green).
pub(super) fn log_arg(circuit: usize) -> u16 {
    [0, 1, 2, 4, 5, 6, 8, 10, 12, 14][circuit.min(CIRCUITS - 1)]
}

/// What the lamps have shown to be true. Bits are circuits, or heads where it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Findings {
    /// A sensed conflict has lasted.
    pub(super) conflict: bool,
    /// Heads that have shown two aspects.
    pub(super) dual: u16,
    /// Circuits that are out.
    pub(super) out: u16,
    /// Circuits that are lit against the command.
    pub(super) stuck: u16,
    /// Green circuits that have been lit against the command for 400 ms, whatever else their heads show.
    pub(super) stray: u16,
    /// The module does not answer.
    pub(super) lost: bool,
}

/// The poller and judge of the feedback.
#[derive(Clone, Debug)]
pub(super) struct Feedback {
    client: Client<Instant>,
    unit: u8,
    inputs: [u8; CIRCUITS],
    asked: u16,
    poll_at: Instant,
    answered_at: Instant,
    expected: u16,
    sensed: u16,
    conflict_since: Option<Instant>,
    dual_since: [Option<Instant>; 4],
    wrong: u16,
    wrong_since: [Instant; CIRCUITS],
    findings: Findings,
}

impl Feedback {
    /// A poller that has not asked yet.
    pub(super) fn new(config: &Config, now: Instant) -> Feedback {
        let FeedbackInputs { vehicle: [va, vb], pedestrian: [pa, pb] } = config.feedback;
        let inputs = [va[0], va[1], va[2], vb[0], vb[1], vb[2], pa[0], pa[1], pb[0], pb[1]];
        let line = config.ports.feedback.1;
        Feedback {
            client: Client::new(ClientConfig { line, timeout: TIMEOUT, urgent_timeout: TIMEOUT, retries: 0 }),
            unit: config.units.feedback,
            inputs,
            asked: inputs.iter().map(|&input| u16::from(input) + 1).max().unwrap_or(1),
            poll_at: now,
            answered_at: now,
            expected: 0,
            sensed: 0,
            conflict_since: None,
            dual_since: [None; 4],
            wrong: 0,
            wrong_since: [now; CIRCUITS],
            findings: Findings::default(),
        }
    }

    /// The supply was gone for a moment, everywhere: what was seen before is worth nothing.
    pub(super) fn restart(&mut self, now: Instant) {
        self.client.clear();
        self.poll_at = now;
        self.answered_at = now;
        self.conflict_since = None;
        self.dual_since = [None; 4];
        self.wrong = 0;
    }

    /// What the lamps are told from now on.
    pub(super) fn expect(&mut self, now: Instant, groups: Groups) {
        let expected = circuits(groups);
        let changed = self.expected ^ expected;
        self.expected = expected;
        self.wrong &= !changed;
        self.wrong_since.iter_mut().enumerate().filter(|(index, _)| changed & 1 << index != 0).for_each(
            |(_, since)| {
                *since = now;
            },
        );
    }

    /// What has been found.
    pub(super) const fn findings(&self) -> Findings {
        self.findings
    }

    /// What is lit.
    pub(super) const fn sensed(&self) -> u16 {
        self.sensed
    }

    /// Forgets what was acknowledged; what has not been mended will be found again. Reds that are out are not
    /// commanded in flash, so whether they were mended shows only at the next red.
    pub(super) fn acknowledge(&mut self) {
        self.findings.out &= !(VEHICLE_REDS | PEDESTRIAN_REDS);
        self.findings.conflict = false;
        self.findings.dual = 0;
        self.conflict_since = None;
        self.dual_since = [None; 4];
    }

    /// Bytes arrived. Answers whether the findings changed.
    pub(super) fn handle_bytes(&mut self, now: Instant, bytes: &[u8]) -> bool {
        self.client.handle_bytes(now, bytes);
        self.finish(now)
    }

    /// The wake has come. Answers whether the findings changed.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> bool {
        self.client.handle_timeout(now);
        let mut changed = self.finish(now);
        if now >= self.poll_at {
            self.poll_at += POLL;
            if self.poll_at <= now {
                self.poll_at = now + POLL;
            }
            if self.client.waiting() == 0 {
                self.client.ask(now, now, self.unit, Request::ReadDiscreteInputs(0, self.asked), false);
            }
            if !self.findings.lost && now.since(self.answered_at) > LOST {
                self.findings.lost = true;
                changed = true;
            }
        }
        changed
    }

    /// A frame to send now.
    pub(super) fn poll_send(&mut self) -> Option<Vec<u8>> {
        self.client.poll_send()
    }

    /// Bytes that were thrown away since the last call, and why.
    pub(super) fn poll_reject(&mut self) -> Option<(usize, &'static str)> {
        self.client.poll_reject()
    }

    /// When to call again.
    pub(super) fn poll_timeout(&self) -> Option<Wake> {
        let poll = Wake { at: self.poll_at, why: "feedback poll" };
        match self.client.poll_timeout() {
            Some(wake) if wake.at <= poll.at => Some(wake),
            Some(_) | None => Some(poll),
        }
    }

    fn finish(&mut self, now: Instant) -> bool {
        let mut changed = false;
        while let Some(done) = self.client.poll_done() {
            if let Ok(Some(Response::Bits(_, bits))) = done.result
                && bits.len() >= usize::from(self.asked)
            {
                self.answered_at = now;
                let mut sensed = 0;
                for (circuit, &input) in self.inputs.iter().enumerate() {
                    sensed |= u16::from(bits.get(usize::from(input)).copied().unwrap_or(false)) << circuit;
                }
                changed |= self.judge(done.tag, sensed);
            }
        }
        changed
    }

    /// Judges one sample, taken at `at`.
    fn judge(&mut self, at: Instant, sensed: u16) -> bool {
        self.sensed = sensed;
        let settled = sensed == self.expected && self.wrong == 0 && self.findings == Findings::default();
        if settled && self.conflict_since.is_none() && self.dual_since == [None; 4] {
            return false;
        }
        let before = self.findings;
        self.findings.lost = false;
        self.between_circuits(at, sensed);
        self.against_command(at, sensed);
        self.findings != before
    }

    fn between_circuits(&mut self, at: Instant, sensed: u16) {
        if sensed & VEHICLE_GO != 0 && sensed & PEDESTRIAN_GO != 0 {
            let since = *self.conflict_since.get_or_insert(at);
            self.findings.conflict |= at.since(since) >= CONFLICT;
        } else {
            self.conflict_since = None;
        }
        for (head, circuits) in HEADS.into_iter().enumerate() {
            if (sensed & circuits).count_ones() > 1 {
                let since = *self.dual_since[head].get_or_insert(at);
                if at.since(since) >= DUAL {
                    self.findings.dual |= 1 << head;
                }
            } else {
                self.dual_since[head] = None;
            }
        }
    }

    fn against_command(&mut self, at: Instant, sensed: u16) {
        let wrong = sensed ^ self.expected;
        for circuit in 0..CIRCUITS {
            let bit = 1 << circuit;
            let was_wrong = self.wrong & bit != 0;
            let is_wrong = wrong & bit != 0;
            if is_wrong != was_wrong {
                self.wrong_since[circuit] = at;
            }
            let lasted = at.since(self.wrong_since[circuit]);
            let commanded = self.expected & bit != 0;
            if is_wrong && !commanded && lasted >= STRAY {
                self.findings.stray |= bit & GREENS;
            } else if !is_wrong || commanded {
                self.findings.stray &= !bit;
            }
            match (is_wrong, commanded) {
                (true, true) if lasted >= OUT => self.findings.out |= bit,
                (true, false) if lasted >= STUCK => self.findings.stuck |= bit,
                (false, true) if lasted >= WHOLE => {
                    self.findings.out &= !bit;
                    self.findings.stuck &= !bit;
                }
                (false, false) if lasted >= STUCK => self.findings.stuck &= !bit,
                (true | false, true | false) => {}
            }
        }
        self.wrong = wrong;
    }
}
