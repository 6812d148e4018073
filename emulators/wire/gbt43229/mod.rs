//! GB/T 43229-2023, controller and pedestrian detector: layout taken from the published text.
//!
//! [`Packet`] is what the bytes say, [`Message`] what that means; both print anything. Two points of the layout
//! are open and therefore the site's to say, never constants here: which of two checksums ([`Crc`]), and whether
//! a crosswalk record of an 0801 upload has 4 or 5 bytes of info (`crosswalk_info_len`). Nothing here knows about
//! sessions or time; the camera device is a detector that speaks this.

pub mod codes;
mod content;
mod decoder;
mod display;
mod message;
mod packet;

pub use decoder::{Damage, Decoder};
pub use message::{
    DetectorConfig, DeviceTime, Message, RealTime, Region, SerialParameters, Statistics, Status, ZoneReport,
    ZoneStatistics,
};
pub use packet::{Address, Crc, Packet, VERSION};

#[cfg(test)]
mod tests;
