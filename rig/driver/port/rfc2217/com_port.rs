//! What is said about a line: the commands of RFC 2217, section 3.

use std::fmt;

use emulators::time::Line;

use super::{COM_PORT, ComPort, IAC, SB, SE};

const SIGNATURE: u8 = 0;
const BAUD: u8 = 1;
const DATA: u8 = 2;
const PARITY: u8 = 3;
const STOP: u8 = 4;
const CONTROL: u8 = 5;
const LINE_STATE: u8 = 6;
const MODEM_STATE: u8 = 7;
/// The client wants silence.
pub(super) const SUSPEND: u8 = 8;
/// The client listens again.
pub(super) const RESUME: u8 = 9;
const LINE_MASK: u8 = 10;
const MODEM_MASK: u8 = 11;
const PURGE: u8 = 12;
/// A server's command is the client's plus this.
const OF_SERVER: u8 = 100;
/// The server wants silence.
pub(super) const SUSPENDED: u8 = SUSPEND + OF_SERVER;
/// The server listens again.
pub(super) const RESUMED: u8 = RESUME + OF_SERVER;

/// No flow control, a value of [`CONTROL`].
const NO_FLOW: u8 = 1;
/// Carrier, data set ready, clear to send: somebody is there.
const MODEM: u8 = 0x80 | 0x20 | 0x10;
/// Both transmit registers are empty.
const LINE: u8 = 0x40 | 0x20;

/// A line's settings, in RFC 2217's own numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Bits per second.
    pub(crate) baud: u32,
    /// 5 to 8.
    pub(crate) data: u8,
    /// 1 none, 2 odd, 3 even, 4 mark, 5 space.
    pub(crate) parity: u8,
    /// 1 one, 2 two, 3 one and a half.
    pub(crate) stop: u8,
}

impl Settings {
    /// Those of a line: 11 bits a character are 8E1, Modbus's own default.
    pub(crate) fn of(line: Line) -> Settings {
        Settings { baud: line.baud, data: 8, parity: if line.bits > 10 { 3 } else { 1 }, stop: 1 }
    }

    /// Whether a receiver with these settings understands a sender with the others. More stop bits are only a pause.
    pub(crate) fn understands(self, other: Settings) -> bool {
        (self.baud, self.data, self.parity) == (other.baud, other.data, other.parity)
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parity = ['?', 'N', 'O', 'E', 'M', 'S'].get(usize::from(self.parity)).copied().unwrap_or('?');
        let stop = ["?", "1", "2", "1.5"].get(usize::from(self.stop)).copied().unwrap_or("?");
        write!(f, "{} {}{parity}{stop}", self.baud, self.data)
    }
}

/// Adds a command to what is to be sent.
fn put(out: &mut Vec<u8>, command: u8, value: &[u8]) {
    out.extend([IAC, SB, COM_PORT, command]);
    ComPort::escape(value, out);
    out.extend([IAC, SE]);
}

/// What the client knows.
#[derive(Clone, Debug)]
pub(super) struct Client {
    wanted: Settings,
    answered: Settings,
    /// Bit n: command n has been answered.
    seen: u8,
}

impl Client {
    pub(super) fn new(wanted: Settings) -> Client {
        Client { wanted, answered: wanted, seen: 0 }
    }

    /// Asks for everything.
    pub(super) fn ask(&self, out: &mut Vec<u8>) {
        put(out, BAUD, &self.wanted.baud.to_be_bytes());
        put(out, DATA, &[self.wanted.data]);
        put(out, PARITY, &[self.wanted.parity]);
        put(out, STOP, &[self.wanted.stop]);
        put(out, CONTROL, &[NO_FLOW]);
    }

    pub(super) fn hear(&mut self, command: u8, value: &[u8]) {
        let Some(command @ BAUD..=CONTROL) = command.checked_sub(OF_SERVER) else { return };
        match (command, value) {
            (BAUD, &[a, b, c, d]) => self.answered.baud = u32::from_be_bytes([a, b, c, d]),
            (DATA, &[data]) => self.answered.data = data,
            (PARITY, &[parity]) => self.answered.parity = parity,
            (STOP, &[stop]) => self.answered.stop = stop,
            (CONTROL, &[_]) => {}
            _ => return,
        }
        self.seen |= 1 << command;
    }

    pub(super) fn missing(&self) -> impl Iterator<Item = &'static str> {
        let seen = self.seen;
        [
            (BAUD, "baud rate"),
            (DATA, "data bits"),
            (PARITY, "parity"),
            (STOP, "stop bits"),
            (CONTROL, "flow control"),
        ]
        .into_iter()
        .filter(move |(command, _)| seen & (1 << command) == 0)
        .map(|(_, name)| name)
    }

    pub(super) fn answered(&self) -> Settings {
        self.answered
    }
}

/// What the server knows.
#[derive(Clone, Debug)]
pub(super) struct Server {
    settings: Settings,
    /// Values of [`CONTROL`] that hold: outbound flow, break, DTR, RTS, inbound flow.
    controls: [u8; 5],
    masks: [u8; 2],
}

impl Server {
    pub(super) fn new(settings: Settings) -> Server {
        Server { settings, controls: [NO_FLOW, 6, 8, 11, 14], masks: [0, 0xff] }
    }

    pub(super) fn settings(&self) -> Settings {
        self.settings
    }

    /// A client that has never heard of modem lines takes none for granted.
    pub(super) fn greet(out: &mut Vec<u8>) {
        put(out, MODEM_STATE + OF_SERVER, &[MODEM]);
    }

    /// A client's command: settings are taken over and answered with what holds then.
    pub(super) fn hear(&mut self, command: u8, value: &[u8], out: &mut Vec<u8>) {
        let settings = &mut self.settings;
        let mut answer = |value: &[u8]| put(out, command + OF_SERVER, value);
        match (command, value) {
            (SIGNATURE, []) => answer(b"crossing-rig"),
            (BAUD, &[a, b, c, d]) => {
                let baud = u32::from_be_bytes([a, b, c, d]);
                settings.baud = if baud == 0 { settings.baud } else { baud };
                answer(&settings.baud.to_be_bytes());
            }
            (DATA, &[wanted]) => answer(&[take(&mut settings.data, wanted, 5, 8)]),
            (PARITY, &[wanted]) => answer(&[take(&mut settings.parity, wanted, 1, 5)]),
            (STOP, &[wanted]) => answer(&[take(&mut settings.stop, wanted, 1, 3)]),
            (CONTROL, &[wanted]) => {
                if let Some(value) = self.control(wanted) {
                    answer(&[value]);
                }
            }
            (LINE_STATE, _) => answer(&[LINE]),
            (MODEM_STATE, _) => answer(&[MODEM]),
            (LINE_MASK, &[mask]) => {
                self.masks[0] = mask;
                answer(&[mask]);
                if mask & LINE != 0 {
                    put(out, LINE_STATE + OF_SERVER, &[mask & LINE]);
                }
            }
            (MODEM_MASK, &[mask]) => {
                self.masks[1] = mask;
                answer(&[mask]);
                if mask & MODEM != 0 {
                    put(out, MODEM_STATE + OF_SERVER, &[mask & MODEM]);
                }
            }
            // Nothing waits here: what was received has been handed on, what was sent has left.
            (PURGE, &[which @ 1..=3]) => answer(&[which]),
            _ => {}
        }
    }

    /// Each of the five has a question and some values; the answer is the value that holds.
    fn control(&mut self, wanted: u8) -> Option<u8> {
        let (place, question) = match wanted {
            0..=3 | 17 | 19 => (0, 0),
            4..=6 => (1, 4),
            7..=9 => (2, 7),
            10..=12 => (3, 10),
            13..=16 | 18 => (4, 13),
            _ => return None,
        };
        if wanted != question {
            self.controls[place] = wanted;
        }
        Some(self.controls[place])
    }
}

/// Takes a setting over if it is one; 0 asks for it. What holds then.
fn take(held: &mut u8, wanted: u8, low: u8, high: u8) -> u8 {
    if (low..=high).contains(&wanted) {
        *held = wanted;
    }
    *held
}
