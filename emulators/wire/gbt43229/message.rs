//! Meaning: what a packet of a known object and operation says.

use super::packet::{Address, Packet};

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
    /// 84/0202: accepted.
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
    #[must_use]
    pub fn of(packet: &Packet, crosswalk_info_len: u8) -> Message {
        let _ = (packet, crosswalk_info_len);
        todo!()
    }

    /// Writes a packet.
    #[must_use]
    pub fn packet(&self, sender: Address, receiver: Address, crosswalk_info_len: u8) -> Packet {
        let _ = (sender, receiver, crosswalk_info_len);
        todo!()
    }
}
