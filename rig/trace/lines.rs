//! The text trace: what changed, one line each, for people and for snapshots.
//!
//! Repeats are left out: a report that says the same as the one before, a lamp refresh, a feedback poll. What
//! lamp and feedback frames do is seen in the heads' own lines; frames that were damaged on the way are counted. Who
//! watches one device while it runs wants every frame instead: [`Lines::of_every_frame`].

use std::fmt::Write as _;

use emulators::time::Instant;
use emulators::wire::Parsed;
use emulators::wire::gat508::{self, Colour, Edition, Entry};
use emulators::wire::gbt43229::{Crc, Decoder, Message, Packet, Region, ZoneReport};
use emulators::wire::modbus::{Response, describe_request, describe_response, parse_response};
use emulators::wire::service_map as map;

use super::record::{Frame, HeadName, Record, What};

/// What a reader must know to decode a site's frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoding {
    /// Checksum variant of camera A and B.
    pub crc: [Crc; 2],
    /// 4 or 5, of camera A and B.
    pub crosswalk_info_len: [u8; 2],
    /// Edition of the displays.
    pub edition: Edition,
}

/// Names by place; a trace knows no site. Older traces have fewer.
const CABLES: [&str; 7] = ["camera-a", "camera-b", "lamps", "feedback", "countdown", "service", "sense"];
const LAMPS: usize = 2;
const FEEDBACK: usize = 3;
const SERVICE: usize = 5;
const COUNTDOWN: usize = 4;
/// Who is at ends 1.. of the lamp bus.
const ON_LAMPS: [&str; 6] = ["vehicle-a", "vehicle-b", "pedestrian-a", "pedestrian-b", "post-a", "post-b"];

/// Longest text kept; what comes after is counted.
const LIMIT: usize = 4 << 20;

/// Builds the text while a run goes on, or from a trace.
#[derive(Debug)]
pub struct Lines {
    decoding: Decoding,
    /// Nothing is left out because it repeats.
    every: bool,
    text: String,
    left_out: u64,
    damaged: [u64; CABLES.len()],
    rejects: [u64; CABLES.len()],
    cameras: [[Decoder; 2]; 2],
    said: [Vec<(u8, u16, String)>; 2],
    displays: Vec<Entry>,
    countdown: gat508::Decoder,
    state: Vec<u16>,
}

impl Lines {
    /// An empty text.
    #[must_use]
    pub fn new(decoding: Decoding) -> Lines {
        Lines {
            decoding,
            every: false,
            text: String::from("time s      source         what\n"),
            left_out: 0,
            damaged: [0; CABLES.len()],
            rejects: [0; CABLES.len()],
            cameras: [0, 1].map(|side| [0, 1].map(|_| Decoder::new(decoding.crc[side]))),
            said: [Vec::new(), Vec::new()],
            displays: Vec::new(),
            countdown: gat508::Decoder::new(decoding.edition),
            state: Vec::new(),
        }
    }

    /// As [`Lines::new`], with a line for every frame and for everything that a device threw away.
    #[must_use]
    pub fn of_every_frame(decoding: Decoding) -> Lines {
        Lines { every: true, ..Lines::new(decoding) }
    }

    /// What has been written since this was asked last.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// Takes in a record.
    pub fn record(&mut self, record: &Record) {
        let at = record.latest;
        match &record.what {
            What::Frame(frame) => self.frame(at, frame),
            What::Head { head, driven, lit } => {
                let mut text = lamps(*driven);
                if lit != driven {
                    let _ = write!(text, "  but lit {}", lamps(*lit));
                }
                self.line(at, head_name(*head), &text);
            }
            What::Sensed { head, lit } => {
                let lit = lit.map_or_else(|| "not known".to_owned(), lamps);
                let text = format!("{} {lit}, since {} at the earliest", head_name(*head), record.earliest);
                self.line(at, "sensed", &text);
            }
            What::Display { head, told, shown } => {
                if told != shown {
                    let text = format!("shows {} instead of {}", digits(*shown), digits(*told));
                    self.line(at, head_name(*head), &text);
                }
            }
            What::Post { post, light, voice, volume } => {
                let light = ["dark", "red", "green"].get(usize::from(*light)).copied().unwrap_or("?");
                let voice = match voice {
                    0 => "silent".to_owned(),
                    1 => format!("says 现在是绿灯，请通行 ({volume} %)"),
                    2 => format!("says 现在是红灯，请等待 ({volume} %)"),
                    other => format!("voice {other}"),
                };
                self.line(at, if *post == 0 { "post-a" } else { "post-b" }, &format!("{light}, {voice}"));
            }
            What::Power(on) => self.line(at, "supply", if *on { "on" } else { "off" }),
            What::People { waiting: [a, b], walking: [up, down] } => {
                self.line(at, "people", &format!("waiting {a} | {b}, walking up {up}, down {down}"));
            }
            What::Stimulus(text) => self.line(at, "stimulus", text),
            What::Reject { device, skipped, why, .. } if self.every => {
                self.line(at, device, &format!("throws {skipped} bytes away: {why}"));
            }
            What::Reject { cable, .. } => {
                if let Some(count) = self.rejects.get_mut(usize::from(*cable)) {
                    *count += 1;
                }
            }
            What::Note(text) => self.line(at, "rig", text),
            What::End => self.line(at, "end", ""),
        }
    }

    /// The whole text.
    #[must_use]
    pub fn finish(mut self) -> String {
        for (cable, name) in CABLES.iter().enumerate() {
            let (damaged, rejects) = (self.damaged[cable], self.rejects[cable]);
            if damaged + rejects > 0 {
                let _ = writeln!(
                    self.text,
                    "cable {name}: {damaged} frames damaged or lost, {rejects} times bytes thrown away"
                );
            }
        }
        if self.left_out > 0 {
            let _ = writeln!(self.text, "{} further lines left out", self.left_out);
        }
        self.text
    }

    fn line(&mut self, at: Instant, source: &str, what: &str) {
        if self.text.len() > LIMIT {
            self.left_out += 1;
            return;
        }
        let line = format!("{:<11} {source:<14} {what}", at.to_string());
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn frame(&mut self, at: Instant, frame: &Frame) {
        let cable = usize::from(frame.cable);
        // What was sent earlier was counted then.
        let differs = frame.sent.as_ref().is_some_and(|sent| !sent.is_empty());
        if (differs || frame.collided || frame.from.is_none())
            && let Some(count) = self.damaged.get_mut(cable)
        {
            *count += 1;
        }
        if self.every && differs {
            let what = if frame.bytes.is_empty() { "a frame was lost" } else { "the next frame was damaged" };
            let name = CABLES.get(cable).copied().unwrap_or("?");
            self.line(at, name, &format!("{what} on the way"));
        }
        match cable {
            0 | 1 => self.camera(at, cable, frame),
            COUNTDOWN => self.digits(at, frame),
            SERVICE => self.service(at, frame),
            LAMPS | FEEDBACK if self.every && !frame.bytes.is_empty() => self.modbus(at, cable, frame),
            _ => {}
        }
    }

    /// Requests and responses as they are; what is neither is shown as bytes.
    fn modbus(&mut self, at: Instant, cable: usize, frame: &Frame) {
        match frame.from {
            Some(0) => self.line(at, "controller", &describe_request(&frame.bytes)),
            Some(end) if cable == LAMPS => {
                let name = ON_LAMPS.get(usize::from(end) - 1).copied().unwrap_or("lamps");
                self.line(at, name, &describe_response(&frame.bytes));
            }
            Some(_) | None => self.line(at, CABLES[cable], &describe_response(&frame.bytes)),
        }
    }

    fn camera(&mut self, at: Instant, side: usize, frame: &Frame) {
        let direction = usize::from(frame.from != Some(0));
        self.cameras[side][direction].push(&frame.bytes);
        loop {
            match self.cameras[side][direction].poll() {
                Parsed::NeedMore => return,
                Parsed::Reject { .. } => {}
                Parsed::Frame { frame: packet, .. } => self.packet(at, side, &packet),
            }
        }
    }

    /// One line if it says something else than the last packet of its kind.
    fn packet(&mut self, at: Instant, side: usize, packet: &Packet) {
        let message = Message::of(packet, self.decoding.crosswalk_info_len[side]);
        let text = match &message {
            Message::RealTime(report) => report.zones.iter().map(zone).collect::<Vec<_>>().join(", "),
            Message::Statistics(statistics) => format!("statistics of {} zones", statistics.zones.len()),
            other => other.to_string(),
        };
        let (operation, object) = (packet.operation, packet.object);
        match self.said[side].iter_mut().find(|said| said.0 == operation && said.1 == object) {
            Some(said) if said.2 == text && !self.every => return,
            Some(said) => said.2.clone_from(&text),
            None => self.said[side].push((operation, object, text.clone())),
        }
        let source = if packet.sender.kind & 1 == 1 { "controller" } else { CABLES[side] };
        let text = if source == "controller" { format!("to {}: {text}", CABLES[side]) } else { text };
        self.line(at, source, &text);
    }

    fn digits(&mut self, at: Instant, frame: &Frame) {
        self.countdown.push(&frame.bytes);
        loop {
            match self.countdown.poll() {
                Parsed::NeedMore => return,
                Parsed::Reject { .. } => {}
                Parsed::Frame { frame: entries, .. } if entries == self.displays && !self.every => {}
                Parsed::Frame { frame: entries, .. } => {
                    let text = entries.iter().map(entry).collect::<Vec<_>>().join("  ");
                    self.line(at, "countdown", &text);
                    self.displays = entries;
                }
            }
        }
    }

    /// The controller's answers to the panel: what changed in the state block, log entries apart.
    fn service(&mut self, at: Instant, frame: &Frame) {
        if frame.from != Some(0) {
            return;
        }
        let Parsed::Frame { frame: (_, Response::Registers(4, registers)), .. } =
            parse_response(&frame.bytes)
        else {
            return;
        };
        if registers.len() != usize::from(map::STATE_LEN) {
            return;
        }
        let mut changes = Vec::new();
        for (register, name) in STATE {
            let now = registers[usize::from(*register)];
            let before = self.state.get(usize::from(*register)).copied();
            let running = |value: u16| if *register == map::ANNOUNCEMENT { value.min(1) } else { value };
            if before.map(running) != Some(running(now)) {
                changes.push(value(*register, name, now));
            }
        }
        if !changes.is_empty() {
            self.line(at, "service", &changes.join(", "));
        }
        self.state = registers.into_vec();
    }
}

/// The registers whose changes are worth a line.
const STATE: &[(u16, &str)] = &[
    (map::MODE, "mode"),
    (map::DEMAND_A, "demand a"),
    (map::DEMAND_B, "demand b"),
    (map::ANNOUNCEMENT, "announcement"),
    (map::FAULT, "fault"),
    (map::DETECTOR_A, "detector a"),
    (map::DETECTOR_B, "detector b"),
    (map::STAGES, "stages"),
    (map::LOG_COUNT, "log entries"),
];

fn value(register: u16, name: &str, value: u16) -> String {
    match register {
        map::MODE => match map::Mode::of(value) {
            Some(mode) => format!("mode {mode:?}").to_lowercase(),
            None => format!("mode {value}?"),
        },
        map::ANNOUNCEMENT => format!("announcement {}", if value == 0 { "over" } else { "runs" }),
        _ => format!("{name} {value}"),
    }
}

fn zone(zone: &ZoneReport) -> String {
    match zone.region {
        Region::Waiting => format!("waiting {}", zone.count),
        Region::Crosswalk => match zone.down {
            Some(down) => format!("crosswalk {} (up {}, down {down})", zone.count, zone.up),
            None => format!("crosswalk {} (up {})", zone.count, zone.up),
        },
        Region::Other(region) => format!("region {region}: {}", zone.count),
    }
}

fn entry(entry: &Entry) -> String {
    let colour = match entry.colour {
        Colour::Dark => return format!("{}: dark", entry.number),
        Colour::Green => "green",
        Colour::Yellow => "yellow",
        Colour::Red => "red",
    };
    format!("{}: {colour} {}", entry.number, entry.seconds)
}

fn lamps(lamps: u8) -> String {
    let lit: Vec<&str> = [(1, "red"), (2, "yellow"), (4, "green")]
        .into_iter()
        .filter(|(bit, _)| lamps & bit != 0)
        .map(|(_, name)| name)
        .collect();
    if lit.is_empty() { "dark".to_owned() } else { lit.join("+") }
}

fn digits((colour, number): (u8, u16)) -> String {
    let colour = ["dark", "green", "yellow", "red"].get(usize::from(colour)).copied().unwrap_or("?");
    format!("{colour} {number}")
}

const fn head_name(head: HeadName) -> &'static str {
    match head {
        HeadName::VehicleA => "vehicle-a",
        HeadName::VehicleB => "vehicle-b",
        HeadName::PedestrianA => "pedestrian-a",
        HeadName::PedestrianB => "pedestrian-b",
    }
}
