//! RFC 2217 (Telnet's COM-PORT-OPTION) without input or output: bytes of a connection become the line's bytes and back,
//! settings are asked for (client) or answered (server). The connection itself is somebody else's.
//!
//! Numbers are those of RFC 854 (Telnet), RFC 856 (binary), RFC 858 (suppress go-ahead) and RFC 2217. What is left out:
//! there is no terminal here, so carriage returns are never changed, and break, DTR and RTS are answered and lead
//! nowhere. A peer that asks for another option is told that there is none.

mod com_port;
#[cfg(test)]
mod tests;

pub(super) use com_port::Settings;
use com_port::{Client, Server};

const SE: u8 = 240;
const SB: u8 = 250;
const WILL: u8 = 251;
const WONT: u8 = 252;
const DO: u8 = 253;
const DONT: u8 = 254;
const IAC: u8 = 255;

/// The options spoken here: binary, suppress go-ahead, com port.
const OPTIONS: [u8; 3] = [0, 3, COM_PORT];
const COM_PORT: u8 = 44;
/// Place of [`COM_PORT`] in [`OPTIONS`].
const COM: usize = 2;

/// The longest sub-negotiation that is kept; the commands are 1 to 5 bytes, only a signature is longer.
const LONGEST: usize = 64;
/// The most that is answered before it is taken away: one read can hold more questions than a decent peer asks in a day.
const ANSWERS: usize = 4_096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Data,
    /// After IAC.
    Command,
    /// After DO, DONT, WILL or WONT.
    Option(u8),
    Sub,
    /// After IAC within a sub-negotiation.
    SubCommand,
}

/// An option's state on both sides, with what was asked and not answered yet (RFC 1143 in short).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Agreed {
    ours: bool,
    theirs: bool,
    offered: bool,
    wanted: bool,
}

#[derive(Clone, Debug)]
enum Side {
    Client(Client),
    Server(Server),
}

/// One side of a connection.
#[derive(Clone, Debug)]
pub(super) struct ComPort {
    place: Place,
    sub: Vec<u8>,
    agreed: [Agreed; 3],
    side: Side,
    /// The other side has said something that only Telnet says.
    heard: bool,
    suspended: bool,
    out: Vec<u8>,
}

impl ComPort {
    /// The side that wants a line with these settings.
    pub(super) fn client(wanted: Settings) -> ComPort {
        ComPort::new(Side::Client(Client::new(wanted)))
    }

    /// The side that has a line, and these settings until it is told others.
    pub(super) fn server(settings: Settings) -> ComPort {
        ComPort::new(Side::Server(Server::new(settings)))
    }

    fn new(side: Side) -> ComPort {
        let mut port = ComPort {
            place: Place::Data,
            sub: Vec::new(),
            agreed: [Agreed::default(); 3],
            side,
            heard: false,
            suspended: false,
            out: Vec::new(),
        };
        for (option, agreed) in OPTIONS.into_iter().zip(&mut port.agreed) {
            let client = matches!(port.side, Side::Client(_));
            // The client offers the com port, the server asks for it.
            agreed.offered = option != COM_PORT || client;
            agreed.wanted = option != COM_PORT || !client;
            if agreed.offered {
                port.out.extend([IAC, WILL, option]);
            }
            if agreed.wanted {
                port.out.extend([IAC, DO, option]);
            }
        }
        port
    }

    /// Bytes of the connection; the line's bytes among them are added to `data`.
    pub(super) fn hear(&mut self, bytes: &[u8], data: &mut Vec<u8>) {
        for &byte in bytes {
            self.place = match (self.place, byte) {
                (Place::Data, IAC) => Place::Command,
                (Place::Data, byte) => {
                    data.push(byte);
                    Place::Data
                }
                (Place::Command, IAC) => {
                    data.push(IAC);
                    Place::Data
                }
                (Place::Command, byte) => self.command(byte),
                (Place::Option(verb), option) => {
                    self.negotiate(verb, option);
                    Place::Data
                }
                (Place::Sub, IAC) => Place::SubCommand,
                (Place::SubCommand, SE) => {
                    self.sub_ends();
                    Place::Data
                }
                (Place::Sub, byte) | (Place::SubCommand, byte @ IAC) => {
                    if self.sub.len() <= LONGEST {
                        self.sub.push(byte);
                    }
                    Place::Sub
                }
                // A sub-negotiation that never ended.
                (Place::SubCommand, byte) => self.command(byte),
            };
        }
    }

    /// What is to be sent on the connection, besides the line's bytes.
    pub(super) fn poll_send(&mut self) -> Option<Vec<u8>> {
        if self.out.is_empty() { None } else { Some(std::mem::take(&mut self.out)) }
    }

    /// The line's bytes as the connection carries them.
    pub(super) fn escape(bytes: &[u8], out: &mut Vec<u8>) {
        for &byte in bytes {
            out.push(byte);
            if byte == IAC {
                out.push(IAC);
            }
        }
    }

    /// Whether the other side has asked for silence.
    pub(super) fn is_suspended(&self) -> bool {
        self.suspended
    }

    /// Whether the other side speaks Telnet at all.
    pub(super) fn is_telnet(&self) -> bool {
        self.heard
    }

    /// Whether the other side has agreed to speak of settings.
    pub(super) fn has_com_port(&self) -> bool {
        self.agreed[COM].ours || self.agreed[COM].theirs
    }

    /// Whether there is nothing left to wait for: all settings are answered, or there will be no answer.
    pub(super) fn is_settled(&self) -> bool {
        let refused = self.heard && !self.agreed[COM].offered && !self.has_com_port();
        match &self.side {
            Side::Client(client) => refused || client.missing().next().is_none(),
            Side::Server(_) => true,
        }
    }

    /// The settings that the server has not answered.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        match &self.side {
            Side::Client(client) => client.missing().collect(),
            Side::Server(_) => Vec::new(),
        }
    }

    /// The line's settings: as the client has set them, or as the server has answered.
    pub(super) fn settings(&self) -> Settings {
        match &self.side {
            Side::Client(client) => client.answered(),
            Side::Server(server) => server.settings(),
        }
    }

    fn command(&mut self, byte: u8) -> Place {
        match byte {
            SB => {
                self.sub.clear();
                Place::Sub
            }
            WILL | WONT | DO | DONT => Place::Option(byte),
            // No-operation, data mark, break, are you there: nothing here depends on them.
            _ => Place::Data,
        }
    }

    fn negotiate(&mut self, verb: u8, option: u8) {
        self.heard = true;
        let Some(index) = OPTIONS.iter().position(|known| *known == option) else {
            match verb {
                WILL => self.answer([IAC, DONT, option]),
                DO => self.answer([IAC, WONT, option]),
                _ => {}
            }
            return;
        };
        let had = self.has_com_port();
        let agreed = &mut self.agreed[index];
        let (state, asked, yes, no) = match verb {
            WILL | WONT => (&mut agreed.theirs, &mut agreed.wanted, DO, DONT),
            _ => (&mut agreed.ours, &mut agreed.offered, WILL, WONT),
        };
        let wants = matches!(verb, WILL | DO);
        let changes = *state != wants;
        *state = wants;
        // The answer to a question is not answered, or two polite sides would never end.
        let answer = !std::mem::take(asked) && changes;
        if answer {
            self.answer([IAC, if wants { yes } else { no }, option]);
        }
        if !had && self.has_com_port() {
            match &self.side {
                Side::Client(client) => client.ask(&mut self.out),
                Side::Server(_) => Server::greet(&mut self.out),
            }
        }
    }

    fn sub_ends(&mut self) {
        let &[COM_PORT, command, ref value @ ..] = &self.sub[..] else { return };
        if self.sub.len() > LONGEST || self.out.len() > ANSWERS {
            return;
        }
        self.heard = true;
        match &mut self.side {
            Side::Client(client) => match command {
                com_port::SUSPENDED => self.suspended = true,
                com_port::RESUMED => self.suspended = false,
                _ => client.hear(command, value),
            },
            Side::Server(server) => match command {
                com_port::SUSPEND => self.suspended = true,
                com_port::RESUME => self.suspended = false,
                _ => server.hear(command, value, &mut self.out),
            },
        }
    }

    fn answer(&mut self, bytes: [u8; 3]) {
        if self.out.len() <= ANSWERS {
            self.out.extend(bytes);
        }
    }
}
