//! Printing packets and messages for a reader, whatever they contain.

use std::fmt::{self, Display, Formatter};

use super::message::{
    DetectorConfig, DeviceTime, Message, RealTime, Region, SerialParameters, Statistics, Status, ZoneReport,
    ZoneStatistics,
};
use super::packet::{Address, Packet, VERSION};

/// Bytes of an unknown content that are printed.
const SHOWN: usize = 64;

impl Display for Address {
    /// `camera 16.101`: what it is, type mask and number; `*` is everybody.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = match self.kind {
            Address::CONTROLLER => "controller",
            Address::CAMERA => "camera",
            _ => "device",
        };
        match self.number {
            Address::BROADCAST => write!(f, "{name} {}.*", self.kind),
            number => write!(f, "{name} {}.{number}", self.kind),
        }
    }
}

impl Display for Packet {
    /// `camera 16.101 -> controller 1.1  upload 0801 real-time …`. The length of crosswalk records is not in the
    /// packet: whichever fits is shown.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}  ", self.sender, self.receiver)?;
        if self.link != 0 {
            write!(f, "link {:04X} ", self.link)?;
        }
        if self.version != VERSION {
            write!(f, "version {:02X} ", self.version)?;
        }
        match Message::of(self, 5) {
            Message::Unknown { .. } => Message::of(self, 4).fmt(f),
            message => message.fmt(f),
        }
    }
}

impl Display for Message {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (operation, object) = self.code();
        match operation_name(operation) {
            Some(name) => write!(f, "{name} {object:04X} ")?,
            None => write!(f, "operation {operation:02X} {object:04X} ")?,
        }
        match self {
            Message::ConnectRequest => f.write_str("connect"),
            Message::ConnectReply => f.write_str("connected"),
            Message::HeartbeatQuery | Message::HeartbeatReply => f.write_str("heartbeat"),
            Message::TimeQuery | Message::TimeSetReply => f.write_str("time"),
            Message::TimeSet(at, offset)
            | Message::TimeReply(at, offset)
            | Message::TimeUpload(at, offset) => {
                write!(f, "time t={at} UTC{offset:+} s")
            }
            Message::SerialQuery => f.write_str("serial"),
            Message::SerialSet(serial) | Message::SerialReply(serial) => write!(f, "serial {serial}"),
            Message::SerialSetReply(accepted) => {
                f.write_str(if *accepted { "serial accepted" } else { "serial refused" })
            }
            Message::ConfigQuery | Message::ConfigSetReply => f.write_str("config"),
            Message::ConfigSet(config) | Message::ConfigReply(config) => write!(f, "config {config}"),
            Message::StatusQuery | Message::StatusAck => f.write_str("status"),
            Message::StatusUpload(status) | Message::StatusReply(status) => write!(f, "status {status}"),
            Message::RealTime(seen) => write!(f, "real-time {seen}"),
            Message::Statistics(block) => write!(f, "statistics {block}"),
            Message::StatisticsAck => f.write_str("statistics"),
            Message::HistoryQuery { start, end } => write!(f, "history t={start}..{end}"),
            Message::HistoryReply { serial, block } => write!(f, "history #{serial} {block}"),
            Message::Error { code, .. } => write!(f, "{code} {}", error_name(*code)),
            Message::Unknown { content, .. } => unknown(content, f),
        }
    }
}

fn operation_name(operation: u8) -> Option<&'static str> {
    Some(match operation {
        0x80 => "query",
        0x81 => "set",
        0x82 => "upload",
        0x83 => "query-reply",
        0x84 => "set-reply",
        0x85 => "upload-reply",
        0x86 => "error",
        _ => return None,
    })
}

fn error_name(code: u8) -> &'static str {
    match code {
        1 => "frame start",
        2 => "frame end",
        3 => "checksum",
        4 => "link address",
        5 => "version",
        6 => "operation",
        7 => "object",
        8..=127 => "vendor",
        128 => "content",
        0 | 129..=255 => "reserved",
    }
}

fn unknown(content: &[u8], f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, "unknown, {} bytes", content.len())?;
    for byte in content.iter().take(SHOWN) {
        write!(f, " {byte:02X}")?;
    }
    if content.len() > SHOWN { f.write_str(" ...") } else { Ok(()) }
}

impl Display for DeviceTime {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.s, self.ms)
    }
}

impl Display for RealTime {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "t={}", self.at)?;
        self.zones.iter().try_for_each(|zone| write!(f, " {zone}"))
    }
}

impl Display for Statistics {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "t={}..{}", self.start, self.end)?;
        self.zones.iter().try_for_each(|zone| write!(f, " {zone}"))
    }
}

impl Display for Region {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Region::Waiting => f.write_str("waiting"),
            Region::Crosswalk => f.write_str("crosswalk"),
            Region::Other(raw) => write!(f, "region-{raw}"),
        }
    }
}

/// A byte whose highest value means "at least".
fn at_least(value: u8) -> impl Display {
    fmt::from_fn(move |f| if value == u8::MAX { f.write_str(">=255") } else { write!(f, "{value}") })
}

/// Thousandths as per cent.
fn per_cent(thousandths: u16) -> impl Display {
    fmt::from_fn(move |f| write!(f, "{}.{} %", thousandths / 10, thousandths % 10))
}

impl Display for ZoneReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (count, occupancy) = (at_least(self.count), per_cent(self.occupancy));
        write!(f, "ch{} {} {count} ({occupancy}, ", self.channel, self.region)?;
        match (self.region, self.down) {
            (Region::Waiting | Region::Other(_), _) => write!(f, "{} s)", at_least(self.waiting_s)),
            (Region::Crosswalk, Some(down)) => write!(f, "up {}, down {down})", self.up),
            (Region::Crosswalk, None) => write!(f, "up {})", self.up),
        }
    }
}

impl Display for ZoneStatistics {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "ch{} {} {} ({}, ", self.channel, self.region, self.total, per_cent(self.occupancy))?;
        match self.region {
            Region::Waiting | Region::Other(_) => write!(f, "{} s)", self.wait_s),
            Region::Crosswalk => write!(f, "up {}, down {})", self.up, self.down),
        }
    }
}

impl Display for Status {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "t={}", self.at)?;
        self.channels.iter().try_for_each(|&(channel, abnormal)| {
            write!(f, " ch{channel} {}", if abnormal { "abnormal" } else { "normal" })
        })
    }
}

impl Display for SerialParameters {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let port = match self.port {
            1 => "RS-232",
            2 => "RS-485",
            3 => "RS-422",
            _ => "port ?",
        };
        let baud = match self.baud {
            1 => "1200",
            2 => "2400",
            3 => "4800",
            4 => "9600",
            5 => "19200",
            6 => "38400",
            7 => "43000",
            8 => "56000",
            9 => "57600",
            10 => "115200",
            _ => "baud ?",
        };
        let data_bits = match self.data_bits {
            1 => "5",
            2 => "6",
            3 => "7",
            4 => "8",
            _ => "?",
        };
        let parity = match self.parity {
            1 => "N",
            2 => "E",
            3 => "O",
            _ => "?",
        };
        let stop_bits = match self.stop_bits {
            1 => "1",
            2 => "1.5",
            3 => "2",
            _ => "?",
        };
        write!(f, "{port} {baud} {data_bits}{parity}{stop_bits}")
    }
}

impl Display for DetectorConfig {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "real-time {}.{} s, statistics {} s",
            self.realtime / 10,
            self.realtime % 10,
            self.statistics_s
        )
    }
}
