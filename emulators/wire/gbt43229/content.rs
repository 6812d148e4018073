//! Reading and writing the content of each object.
//!
//! Readers answer `None` where the length, a count or a code does not fit; the caller then keeps the packet as
//! [`Message::Unknown`](super::Message::Unknown). Reserved bytes are ignored when read and sent as zero.

use super::message::{
    DetectorConfig, DeviceTime, RealTime, Region, SerialParameters, Statistics, Status, ZoneReport,
    ZoneStatistics,
};

/// Reserved bytes at the end of every zone record.
const ZONE_RESERVED: usize = 8;
/// Reserved bytes at the end of a detector configuration.
const CONFIG_RESERVED: usize = 16;
/// Most records a content can hold: their number is one byte.
const MOST: usize = 255;

/// Takes values from the front of a content.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(content: &'a [u8]) -> Reader<'a> {
        Reader(content)
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (chunk, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*chunk)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.chunk::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.chunk().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.chunk().map(u32::from_le_bytes)
    }

    pub(super) fn i32(&mut self) -> Option<i32> {
        self.chunk().map(i32::from_le_bytes)
    }

    /// `value`, if nothing is left over.
    pub(super) fn end<T>(self, value: T) -> Option<T> {
        self.0.is_empty().then_some(value)
    }

    pub(super) fn time(&mut self) -> Option<DeviceTime> {
        Some(DeviceTime { s: self.u32()?, ms: self.u16()? })
    }

    /// Seconds and two reserved bytes.
    pub(super) fn second(&mut self) -> Option<u32> {
        let s = self.u32()?;
        self.u16()?;
        Some(s)
    }

    fn region(&mut self) -> Option<Region> {
        Some(match self.u8()? {
            1 => Region::Waiting,
            2 => Region::Crosswalk,
            other => Region::Other(other),
        })
    }

    pub(super) fn real_time(&mut self, crosswalk_info_len: u8) -> Option<RealTime> {
        let at = self.time()?;
        let number = usize::from(self.u8()?);
        let mut zones = Vec::with_capacity(number);
        for _ in 0..number {
            zones.push(self.zone_report(crosswalk_info_len)?);
        }
        Some(RealTime { at, zones })
    }

    fn zone_report(&mut self, crosswalk_info_len: u8) -> Option<ZoneReport> {
        let (channel, region, count, occupancy) = (self.u8()?, self.region()?, self.u8()?, self.u16()?);
        let (mut waiting_s, mut up, mut down) = (0, 0, None);
        match region {
            // The published text gives every info four bytes; only the crosswalk's fields sum to five.
            Region::Waiting | Region::Other(_) => waiting_s = self.u8()?,
            Region::Crosswalk => {
                up = self.u8()?;
                if has_down(crosswalk_info_len) {
                    down = Some(self.u8()?);
                }
            }
        }
        self.chunk::<ZONE_RESERVED>()?;
        Some(ZoneReport { channel, region, count, occupancy, waiting_s, up, down })
    }

    pub(super) fn statistics(&mut self) -> Option<Statistics> {
        let (start, end) = (self.second()?, self.second()?);
        let number = usize::from(self.u8()?);
        let mut zones = Vec::with_capacity(number);
        for _ in 0..number {
            zones.push(self.zone_statistics()?);
        }
        Some(Statistics { start, end, zones })
    }

    fn zone_statistics(&mut self) -> Option<ZoneStatistics> {
        let (channel, region, total, occupancy) = (self.u8()?, self.region()?, self.u16()?, self.u16()?);
        let (mut wait_s, mut up, mut down) = (0, 0, 0);
        match region {
            Region::Waiting | Region::Other(_) => wait_s = self.u8()?,
            Region::Crosswalk => (up, down) = (self.u16()?, self.u16()?),
        }
        self.chunk::<ZONE_RESERVED>()?;
        Some(ZoneStatistics { channel, region, total, occupancy, wait_s, up, down })
    }

    pub(super) fn status(&mut self) -> Option<Status> {
        let at = self.time()?;
        let number = usize::from(self.u8()?);
        let mut channels = Vec::with_capacity(number);
        for _ in 0..number {
            channels.push((self.u8()?, self.flag()?));
            self.u16()?;
        }
        Some(Status { at, channels })
    }

    /// A byte that is 0 or 1.
    pub(super) fn flag(&mut self) -> Option<bool> {
        match self.u8()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    pub(super) fn serial(&mut self) -> Option<SerialParameters> {
        let [port, baud, data_bits, stop_bits, parity] = self.chunk()?;
        Some(SerialParameters { port, baud, data_bits, stop_bits, parity })
    }

    pub(super) fn config(&mut self) -> Option<DetectorConfig> {
        let config = DetectorConfig { realtime: self.u8()?, statistics_s: self.u16()? };
        self.chunk::<CONFIG_RESERVED>()?;
        Some(config)
    }
}

/// Whether a site's crosswalk records have room for the "down" count.
fn has_down(crosswalk_info_len: u8) -> bool {
    crosswalk_info_len > 4
}

fn region_code(region: Region) -> u8 {
    match region {
        Region::Waiting => 1,
        Region::Crosswalk => 2,
        Region::Other(raw) => raw,
    }
}

/// The number of records that are sent, as it stands on the wire.
fn number(records: usize) -> u8 {
    u8::try_from(records).unwrap_or(u8::MAX)
}

pub(super) fn put_time(out: &mut Vec<u8>, at: DeviceTime) {
    out.extend_from_slice(&at.s.to_le_bytes());
    out.extend_from_slice(&at.ms.to_le_bytes());
}

pub(super) fn put_second(out: &mut Vec<u8>, s: u32) {
    out.extend_from_slice(&s.to_le_bytes());
    out.extend_from_slice(&[0; 2]);
}

pub(super) fn put_real_time(out: &mut Vec<u8>, seen: &RealTime, crosswalk_info_len: u8) {
    out.reserve(7 + 15 * seen.zones.len());
    put_time(out, seen.at);
    out.push(number(seen.zones.len()));
    for zone in seen.zones.iter().take(MOST) {
        let [o0, o1] = zone.occupancy.to_le_bytes();
        out.extend_from_slice(&[zone.channel, region_code(zone.region), zone.count, o0, o1]);
        match zone.region {
            Region::Waiting | Region::Other(_) => out.push(zone.waiting_s),
            Region::Crosswalk => {
                out.push(zone.up);
                if has_down(crosswalk_info_len) {
                    out.push(zone.down.unwrap_or(0));
                }
            }
        }
        out.extend_from_slice(&[0; ZONE_RESERVED]);
    }
}

pub(super) fn put_statistics(out: &mut Vec<u8>, block: &Statistics) {
    put_second(out, block.start);
    put_second(out, block.end);
    out.push(number(block.zones.len()));
    for zone in block.zones.iter().take(MOST) {
        out.extend_from_slice(&[zone.channel, region_code(zone.region)]);
        out.extend_from_slice(&zone.total.to_le_bytes());
        out.extend_from_slice(&zone.occupancy.to_le_bytes());
        match zone.region {
            Region::Waiting | Region::Other(_) => out.push(zone.wait_s),
            Region::Crosswalk => {
                out.extend_from_slice(&zone.up.to_le_bytes());
                out.extend_from_slice(&zone.down.to_le_bytes());
            }
        }
        out.extend_from_slice(&[0; ZONE_RESERVED]);
    }
}

pub(super) fn put_status(out: &mut Vec<u8>, status: &Status) {
    put_time(out, status.at);
    out.push(number(status.channels.len()));
    for &(channel, abnormal) in status.channels.iter().take(MOST) {
        out.extend_from_slice(&[channel, u8::from(abnormal), 0, 0]);
    }
}

pub(super) fn put_serial(out: &mut Vec<u8>, serial: SerialParameters) {
    let SerialParameters { port, baud, data_bits, stop_bits, parity } = serial;
    out.extend_from_slice(&[port, baud, data_bits, stop_bits, parity]);
}

pub(super) fn put_config(out: &mut Vec<u8>, config: DetectorConfig) {
    out.push(config.realtime);
    out.extend_from_slice(&config.statistics_s.to_le_bytes());
    out.extend_from_slice(&[0; CONFIG_RESERVED]);
}
