//! GB/T 43229-2023, controller and pedestrian detector. Layout taken from the published text; see `wire.md` facts.

mod message;
mod packet;

pub use message::{
    DetectorConfig, DeviceTime, Message, RealTime, Region, SerialParameters, Statistics, Status, ZoneReport,
    ZoneStatistics,
};
pub use packet::{Address, Crc, Decoder, Packet};
