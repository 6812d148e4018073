//! Operations and objects as numbers.

/// Query.
pub const QUERY: u8 = 0x80;
/// Set.
pub const SET: u8 = 0x81;
/// Upload.
pub const UPLOAD: u8 = 0x82;
/// Reply to a query.
pub const QUERY_REPLY: u8 = 0x83;
/// Reply to a set.
pub const SET_REPLY: u8 = 0x84;
/// Reply to an upload.
pub const UPLOAD_REPLY: u8 = 0x85;
/// Error reply.
pub const ERROR_REPLY: u8 = 0x86;

/// Connection and heartbeat.
pub const CONNECTION: u16 = 0x0101;
/// Device time.
pub const TIME: u16 = 0x0201;
/// Serial parameters.
pub const SERIAL: u16 = 0x0202;
/// Detector configuration.
pub const CONFIG: u16 = 0x0204;
/// Detector status.
pub const STATUS: u16 = 0x0205;
/// Pedestrians now.
pub const REAL_TIME: u16 = 0x0801;
/// Pedestrians in a period.
pub const STATISTICS: u16 = 0x0802;
/// Pedestrians in earlier periods.
pub const HISTORY: u16 = 0x0803;
