//! Meaning: what a packet of a known object and operation says.

use super::codes::{
    CONFIG, CONNECTION, ERROR_REPLY, HISTORY, QUERY, QUERY_REPLY, REAL_TIME, SERIAL, SET, SET_REPLY,
    STATISTICS, STATUS, TIME, UPLOAD, UPLOAD_REPLY,
};
use super::content::{self, Reader};
use super::packet::{Address, Packet, VERSION};

/// Local time of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeviceTime {
    /// Seconds of local time since 1970-01-01.
    pub s: u32,
    /// Milliseconds, 0..999.
    pub ms: u16,
}

/// What a zone's numbers are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// Waiting area at the kerb.
    Waiting,
    /// The crosswalk itself.
    Crosswalk,
    /// Not known to this edition.
    Other(u8),
}

/// One record of an 0801 upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZoneReport {
    /// Detection channel, 1..128.
    pub channel: u8,
    /// What it looks at.
    pub region: Region,
    /// People in the zone; 255 means at least 255.
    pub count: u8,
    /// Occupancy in 0.1 %, 0..1000.
    pub occupancy: u16,
    /// Waiting area: longest wait in s, 255 means at least 255. Otherwise 0.
    pub waiting_s: u8,
    /// Crosswalk: people walking "up" (from kerb A to kerb B). Otherwise 0.
    pub up: u8,
    /// Crosswalk: people walking "down". `None` where the site's records are one byte short.
    pub down: Option<u8>,
}

/// Object 0801: what a camera sees now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealTime {
    /// The camera's clock.
    pub at: DeviceTime,
    /// One record per zone.
    pub zones: Vec<ZoneReport>,
}

/// One record of an 0802/0803 block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZoneStatistics {
    /// Detection channel, 1..128.
    pub channel: u8,
    /// What it looks at.
    pub region: Region,
    /// People in the period.
    pub total: u16,
    /// Mean occupancy in 0.1 %.
    pub occupancy: u16,
    /// Waiting area: mean wait in s. Otherwise 0.
    pub wait_s: u8,
    /// Crosswalk: walked up. Otherwise 0.
    pub up: u16,
    /// Crosswalk: walked down. Otherwise 0.
    pub down: u16,
}

/// Object 0802/0803: what a camera saw in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// Start of the period, seconds of local time.
    pub start: u32,
    /// End of the period.
    pub end: u32,
    /// One record per zone.
    pub zones: Vec<ZoneStatistics>,
}

/// Object 0205: which channels work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The camera's clock.
    pub at: DeviceTime,
    /// Channel and whether it is abnormal.
    pub channels: Vec<(u8, bool)>,
}

/// Object 0202: parameters of a serial port, as coded on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SerialParameters {
    /// 1 RS-232, 2 RS-485, 3 RS-422.
    pub port: u8,
    /// 1 = 1200 .. 5 = 19200 .. 10 = 115200.
    pub baud: u8,
    /// 1 = 5 .. 4 = 8 data bits.
    pub data_bits: u8,
    /// 1 = 1, 2 = 1.5, 3 = 2 stop bits.
    pub stop_bits: u8,
    /// 1 none, 2 even, 3 odd.
    pub parity: u8,
}

/// Object 0204: reporting periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DetectorConfig {
    /// Real-time upload period in 0.1 s, 1..20.
    pub realtime: u8,
    /// Statistics period in s, 2..3600.
    pub statistics_s: u16,
}

/// What a packet means. Unknown operations, objects and contents survive a round trip as `Unknown`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// 81/0101, camera to controller.
    ConnectRequest,
    /// 84/0101.
    ConnectReply,
    /// 80/0101, controller to camera.
    HeartbeatQuery,
    /// 83/0101.
    HeartbeatReply,
    /// 80/0201.
    TimeQuery,
    /// 81/0201: time and UTC offset in s.
    TimeSet(DeviceTime, i32),
    /// 83/0201.
    TimeReply(DeviceTime, i32),
    /// 84/0201.
    TimeSetReply,
    /// 82/0201, once after connect.
    TimeUpload(DeviceTime, i32),
    /// 80/0202.
    SerialQuery,
    /// 81/0202.
    SerialSet(SerialParameters),
    /// 83/0202.
    SerialReply(SerialParameters),
    /// 84/0202: accepted (1 on the wire; which of 0 and 1 means success is an assumption).
    SerialSetReply(bool),
    /// 80/0204.
    ConfigQuery,
    /// 81/0204.
    ConfigSet(DetectorConfig),
    /// 83/0204.
    ConfigReply(DetectorConfig),
    /// 84/0204.
    ConfigSetReply,
    /// 80/0205.
    StatusQuery,
    /// 82/0205.
    StatusUpload(Status),
    /// 83/0205.
    StatusReply(Status),
    /// 85/0205.
    StatusAck,
    /// 82/0801, never acknowledged.
    RealTime(RealTime),
    /// 82/0802.
    Statistics(Statistics),
    /// 85/0802.
    StatisticsAck,
    /// 80/0803: start and end, seconds of local time.
    HistoryQuery {
        /// First second.
        start: u32,
        /// Last second.
        end: u32,
    },
    /// 83/0803: running number 1..65535 and one block.
    HistoryReply {
        /// Running number.
        serial: u16,
        /// The block.
        block: Statistics,
    },
    /// 86: error code, about this object.
    Error {
        /// The object that was refused.
        object: u16,
        /// 1 frame start, 2 frame end, 3 CRC, 4 link address, 5 version, 6 operation, 7 object, 8..127 vendor, 128 content.
        code: u8,
    },
    /// Anything else.
    Unknown {
        /// Operation.
        operation: u8,
        /// Object.
        object: u16,
        /// Content as it came.
        content: Vec<u8>,
    },
}

impl Message {
    /// Reads a packet. `crosswalk_info_len` is the site's 4 or 5 (length of a crosswalk record's info).
    ///
    /// Link address and version are the packet's business and not looked at; reserved bytes are ignored.
    #[must_use]
    pub fn of(packet: &Packet, crosswalk_info_len: u8) -> Message {
        Message::known(packet, crosswalk_info_len).unwrap_or_else(|| Message::Unknown {
            operation: packet.operation,
            object: packet.object,
            content: packet.content.clone(),
        })
    }

    fn known(packet: &Packet, crosswalk_info_len: u8) -> Option<Message> {
        let mut content = Reader::new(&packet.content);
        let message = match (packet.object, packet.operation) {
            (REAL_TIME, UPLOAD) => Message::RealTime(content.real_time(crosswalk_info_len)?),
            (CONNECTION, SET) => Message::ConnectRequest,
            (CONNECTION, SET_REPLY) => Message::ConnectReply,
            (CONNECTION, QUERY) => Message::HeartbeatQuery,
            (CONNECTION, QUERY_REPLY) => Message::HeartbeatReply,
            (TIME, QUERY) => Message::TimeQuery,
            (TIME, SET) => Message::TimeSet(content.time()?, content.i32()?),
            (TIME, QUERY_REPLY) => Message::TimeReply(content.time()?, content.i32()?),
            (TIME, SET_REPLY) => Message::TimeSetReply,
            (TIME, UPLOAD) => Message::TimeUpload(content.time()?, content.i32()?),
            (SERIAL, QUERY) => Message::SerialQuery,
            (SERIAL, SET) => Message::SerialSet(content.serial()?),
            (SERIAL, QUERY_REPLY) => Message::SerialReply(content.serial()?),
            (SERIAL, SET_REPLY) => Message::SerialSetReply(content.flag()?),
            (CONFIG, QUERY) => Message::ConfigQuery,
            (CONFIG, SET) => Message::ConfigSet(content.config()?),
            (CONFIG, QUERY_REPLY) => Message::ConfigReply(content.config()?),
            (CONFIG, SET_REPLY) => Message::ConfigSetReply,
            (STATUS, QUERY) => Message::StatusQuery,
            (STATUS, UPLOAD) => Message::StatusUpload(content.status()?),
            (STATUS, QUERY_REPLY) => Message::StatusReply(content.status()?),
            (STATUS, UPLOAD_REPLY) => Message::StatusAck,
            (STATISTICS, UPLOAD) => Message::Statistics(content.statistics()?),
            (STATISTICS, UPLOAD_REPLY) => Message::StatisticsAck,
            (HISTORY, QUERY) => Message::HistoryQuery { start: content.second()?, end: content.second()? },
            (HISTORY, QUERY_REPLY) => {
                Message::HistoryReply { serial: content.u16()?, block: content.statistics()? }
            }
            (object, ERROR_REPLY) => Message::Error { object, code: content.u8()? },
            (_, _) => return None,
        };
        content.end(message)
    }

    /// Writes a packet of version 10, link address 0.
    ///
    /// What cannot be said on the wire is lost: records beyond the 255th; `waiting_s`/`wait_s` of a crosswalk and
    /// `up`/`down` of any other region; `down` where the site's records have no room for it (and `None` becomes
    /// 0 where they have). `Region::Other(1)` and `Other(2)` come back as the regions these codes mean, and an
    /// `Unknown` of a known operation, object and content comes back as that message.
    #[must_use]
    pub fn packet(&self, sender: Address, receiver: Address, crosswalk_info_len: u8) -> Packet {
        let (operation, object) = self.code();
        let mut content = Vec::new();
        self.put_content(&mut content, crosswalk_info_len);
        Packet { link: 0, sender, receiver, version: VERSION, operation, object, content }
    }

    fn put_content(&self, out: &mut Vec<u8>, crosswalk_info_len: u8) {
        match self {
            Message::ConnectRequest
            | Message::ConnectReply
            | Message::HeartbeatQuery
            | Message::HeartbeatReply
            | Message::TimeQuery
            | Message::TimeSetReply
            | Message::SerialQuery
            | Message::ConfigQuery
            | Message::ConfigSetReply
            | Message::StatusQuery
            | Message::StatusAck
            | Message::StatisticsAck => {}
            Message::TimeSet(at, offset)
            | Message::TimeReply(at, offset)
            | Message::TimeUpload(at, offset) => {
                content::put_time(out, *at);
                out.extend_from_slice(&offset.to_le_bytes());
            }
            Message::SerialSet(serial) | Message::SerialReply(serial) => content::put_serial(out, *serial),
            Message::SerialSetReply(accepted) => out.push(u8::from(*accepted)),
            Message::ConfigSet(config) | Message::ConfigReply(config) => content::put_config(out, *config),
            Message::StatusUpload(status) | Message::StatusReply(status) => content::put_status(out, status),
            Message::RealTime(seen) => content::put_real_time(out, seen, crosswalk_info_len),
            Message::Statistics(block) => content::put_statistics(out, block),
            Message::HistoryQuery { start, end } => {
                content::put_second(out, *start);
                content::put_second(out, *end);
            }
            Message::HistoryReply { serial, block } => {
                out.extend_from_slice(&serial.to_le_bytes());
                content::put_statistics(out, block);
            }
            Message::Error { code, .. } => out.push(*code),
            Message::Unknown { content, .. } => out.extend_from_slice(content),
        }
    }

    /// Operation and object.
    #[must_use]
    pub fn code(&self) -> (u8, u16) {
        match self {
            Message::ConnectRequest => (SET, CONNECTION),
            Message::ConnectReply => (SET_REPLY, CONNECTION),
            Message::HeartbeatQuery => (QUERY, CONNECTION),
            Message::HeartbeatReply => (QUERY_REPLY, CONNECTION),
            Message::TimeQuery => (QUERY, TIME),
            Message::TimeSet(..) => (SET, TIME),
            Message::TimeReply(..) => (QUERY_REPLY, TIME),
            Message::TimeSetReply => (SET_REPLY, TIME),
            Message::TimeUpload(..) => (UPLOAD, TIME),
            Message::SerialQuery => (QUERY, SERIAL),
            Message::SerialSet(_) => (SET, SERIAL),
            Message::SerialReply(_) => (QUERY_REPLY, SERIAL),
            Message::SerialSetReply(_) => (SET_REPLY, SERIAL),
            Message::ConfigQuery => (QUERY, CONFIG),
            Message::ConfigSet(_) => (SET, CONFIG),
            Message::ConfigReply(_) => (QUERY_REPLY, CONFIG),
            Message::ConfigSetReply => (SET_REPLY, CONFIG),
            Message::StatusQuery => (QUERY, STATUS),
            Message::StatusUpload(_) => (UPLOAD, STATUS),
            Message::StatusReply(_) => (QUERY_REPLY, STATUS),
            Message::StatusAck => (UPLOAD_REPLY, STATUS),
            Message::RealTime(_) => (UPLOAD, REAL_TIME),
            Message::Statistics(_) => (UPLOAD, STATISTICS),
            Message::StatisticsAck => (UPLOAD_REPLY, STATISTICS),
            Message::HistoryQuery { .. } => (QUERY, HISTORY),
            Message::HistoryReply { .. } => (QUERY_REPLY, HISTORY),
            Message::Error { object, .. } => (ERROR_REPLY, *object),
            Message::Unknown { operation, object, .. } => (*operation, *object),
        }
    }
}
