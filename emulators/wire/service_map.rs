//! Register map of the service port (public interface). The controller is the Modbus server.
//!
//! A state block is read with one request: input registers 0..=15. Log entries are read as a window: write the
//! number of the first entry wanted to [`LOG_CURSOR`], then read [`LOG_WINDOW`].

/// Input: mode, see [`Mode`].
pub const MODE: u16 = 0;
/// Input: 1 while kerb A's demand is registered.
pub const DEMAND_A: u16 = 1;
/// Input: 1 while kerb B's demand is registered.
pub const DEMAND_B: u16 = 2;
/// Input: remaining announcement in s, 0 when none runs.
pub const ANNOUNCEMENT: u16 = 3;
/// Input: code of the most recent fault that still stands, 0 when none.
pub const FAULT: u16 = 4;
/// Input: entries written since the log began, modulo 65536.
pub const LOG_COUNT: u16 = 5;
/// Input: code of the newest log entry.
pub const LOG_LAST_CODE: u16 = 6;
/// Input: argument of the newest log entry.
pub const LOG_LAST_ARG: u16 = 7;
/// Input: uptime of the newest log entry in ms, high word.
pub const LOG_LAST_MS_HI: u16 = 8;
/// Input: uptime of the newest log entry in ms, low word.
pub const LOG_LAST_MS_LO: u16 = 9;
/// Input: uptime in ms, high word.
pub const UPTIME_HI: u16 = 10;
/// Input: uptime in ms, low word.
pub const UPTIME_LO: u16 = 11;
/// Input: detector state of camera A (bits: 0 lost, 1 implausible, 2 stuck, 3 no activity, 4 erratic, 5 self-reported).
pub const DETECTOR_A: u16 = 12;
/// Input: detector state of camera B.
pub const DETECTOR_B: u16 = 13;
/// Input: policy (0 observed, 1 balanced, 2 fixed time, 3 push button).
pub const POLICY: u16 = 14;
/// Input: pedestrian stages served since start, modulo 65536.
pub const STAGES: u16 = 15;
/// Number of registers in the state block.
pub const STATE_LEN: u16 = 16;
/// Input: first of 8 log entries of [`LOG_ENTRY_LEN`] registers from [`LOG_CURSOR`] on; an entry that does not exist is all zero.
pub const LOG_WINDOW: u16 = 100;
/// Registers of a log entry: code, argument, uptime ms high, low, local seconds high, low.
pub const LOG_ENTRY_LEN: u16 = 6;

/// Holding: mode request, see [`Mode`] (2 normal, 4 flash, 5 manual, 6 off); anything else is refused.
pub const MODE_REQUEST: u16 = 0;
/// Holding: write 1 to acknowledge latched faults.
pub const FAULT_RESET: u16 = 1;
/// Holding: clock, local seconds since 1970-01-01, high word; takes effect with the low word.
pub const CLOCK_HI: u16 = 2;
/// Holding: clock, low word.
pub const CLOCK_LO: u16 = 3;
/// Holding: number (modulo 65536) of the first log entry in the window.
pub const LOG_CURSOR: u16 = 4;
/// Holding: write 1 to step in manual mode.
pub const MANUAL_STEP: u16 = 5;

/// What the controller is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Starting up.
    Boot = 1,
    /// Serving demands.
    Normal = 2,
    /// Both cameras lost: fixed plan.
    Fallback = 3,
    /// Flashing yellow.
    Flash = 4,
    /// Held by an operator.
    Manual = 5,
    /// Lamps off.
    Off = 6,
}

impl Mode {
    /// The mode of a register value.
    #[must_use]
    pub const fn of(value: u16) -> Option<Mode> {
        match value {
            1 => Some(Mode::Boot),
            2 => Some(Mode::Normal),
            3 => Some(Mode::Fallback),
            4 => Some(Mode::Flash),
            5 => Some(Mode::Manual),
            6 => Some(Mode::Off),
            _ => None,
        }
    }
}

/// Log codes. `arg` is given with each.
pub mod log {
    /// Power came; arg 0.
    pub const POWER_ON: u16 = 1;
    /// Mode changed; arg is the new mode.
    pub const MODE: u16 = 2;
    /// Operator action or service request; arg: 1 automatic, 2 manual, 3 step, 4 flash, 5 off, 6 reset.
    pub const OPERATOR: u16 = 3;
    /// The clock was set; arg 0.
    pub const CLOCK: u16 = 4;
    /// Extension of the clearance exhausted (P36); arg 0.
    pub const EXTENSION_EXHAUSTED: u16 = 5;
    /// Detector lost; arg 0 = A, 1 = B (also for the following; there 2 and 3 are the crosswalk as camera A and B
    /// see it. A crosswalk that is lost with its camera is not logged again).
    pub const DETECTOR_LOST: u16 = 10;
    /// Detector implausible.
    pub const DETECTOR_IMPLAUSIBLE: u16 = 11;
    /// Detector stuck.
    pub const DETECTOR_STUCK: u16 = 12;
    /// Detector without activity.
    pub const DETECTOR_NO_ACTIVITY: u16 = 13;
    /// Detector erratic.
    pub const DETECTOR_ERRATIC: u16 = 14;
    /// Detector reports itself abnormal.
    pub const DETECTOR_SELF_REPORTED: u16 = 15;
    /// Detector re-admitted.
    pub const DETECTOR_OK: u16 = 19;
    /// Green conflict sensed (latched).
    pub const CONFLICT: u16 = 20;
    /// All vehicle reds out (latched).
    pub const VEHICLE_REDS_OUT: u16 = 21;
    /// One of several vehicle reds out; arg is the head.
    pub const VEHICLE_RED_OUT: u16 = 22;
    /// Pedestrian red out; arg is the head.
    pub const PEDESTRIAN_RED_OUT: u16 = 23;
    /// Yellow or green lamp out; arg is head * 4 + lamp (0 red, 1 yellow, 2 green; pedestrian heads are 2 and 3).
    pub const LAMP_OUT: u16 = 24;
    /// A lamp is lit that was not commanded (latched if it makes a conflict or a dual indication); arg as `LAMP_OUT`.
    pub const LAMP_STUCK: u16 = 25;
    /// Red and green (or two aspects) of one head lit together (latched); arg is the head.
    pub const DUAL_INDICATION: u16 = 26;
    /// Command and feedback disagree (latched); arg is the head.
    pub const CORRESPONDENCE: u16 = 27;
    /// A lamp is whole again; arg as `LAMP_OUT`.
    pub const LAMP_OK: u16 = 29;
    /// A unit on the lamp bus does not answer; arg is its Modbus unit number (a lost head also leads to flash until a
    /// reset).
    pub const UNIT_LOST: u16 = 30;
    /// A unit answers again; arg is the unit.
    pub const UNIT_OK: u16 = 31;
    /// The feedback module does not answer (latched).
    pub const FEEDBACK_LOST: u16 = 32;
    /// The interlock refused a command (latched); arg, lower four bits: 1 no conflict table, 2 pedestrian green beside anything but
    /// vehicle red, 3 flashing yellow beside lit pedestrian heads, 4 order of aspects, 5 vehicle green too short,
    /// 6 yellow too short, 7 all-red before the walk too short, 8 clearance too short, 9 start-up red too short;
    /// the other twelve: one more than the hundredths of a second after which it was refused, 0 where no time is concerned.
    pub const INTERLOCK: u16 = 40;
    /// Faults acknowledged; arg 0.
    pub const RESET: u16 = 50;
}
