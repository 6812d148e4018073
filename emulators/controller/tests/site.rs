//! The default site.

use super::super::{
    CameraLink, Config, CountdownTarget, Detectors, FeedbackInputs, Geometry, PolicyChoice, Ports, RedOut,
    Timing, Units, Voice,
};
use super::street;
use crate::device::Port;
use crate::time::{Line, Span};
use crate::wire::gat508::Edition;
use crate::wire::gbt43229::{Address, Crc};

const S: fn(u64) -> Span = Span::from_secs;

/// Tongzhou, as reported: 20 s, 15 s, 15 s.
pub(super) fn config() -> Config {
    let line = Line::n81(19_200);
    let camera = |number: u16, crosswalk_channel: Option<u8>| CameraLink {
        address: Address { admin: 110_112, kind: 0x0010, number },
        crc: Crc::Modbus,
        crosswalk_info_len: 5,
        half_duplex: false,
        waiting_channel: 1,
        crosswalk_channel,
        period: 5,
        waiting_capacity: 60,
        crosswalk_capacity: 200,
    };
    Config {
        address: Address { admin: 110_112, kind: 0x0001, number: 1 },
        ports: Ports {
            cameras: [(Port(0), line), (Port(1), line)],
            lamps: (street::LAMPS, line),
            feedback: (street::FEEDBACK, line),
            countdown: (street::COUNTDOWN, Line::n81(9_600)),
            service: Some((street::SERVICE, line)),
        },
        cameras: [camera(101, Some(2)), camera(102, None)],
        countdown_edition: Edition::Y2014,
        units: Units {
            vehicle: [1, 2],
            pedestrian: [3, 4],
            posts: [5, 6],
            feedback: 7,
            service: 9,
            vehicle_displays: [1, 2],
            pedestrian_displays: [3, 4],
        },
        feedback: FeedbackInputs { vehicle: [[0, 1, 2], [3, 4, 5]], pedestrian: [[6, 7], [8, 9]] },
        watchdog_ms: 1_000,
        geometry: Geometry { width_mm: 12_800, crosswalk_width_mm: 5_000, design_speed_mm_s: 1_000 },
        conflict: true,
        timing: timing(),
        detectors: detectors(),
        voice: Voice {
            go_lasts: Span::from_ms(2_800),
            stop_lasts: Span::from_ms(2_800),
            stop_repeat: S(5),
            active: (7 * 60, 21 * 60),
            volume: 70,
            quiet_volume: 0,
        },
        red_out: RedOut::NoWalk,
        policy: PolicyChoice::Observed,
        clock: 1_760_000_000 - 1_760_000_000 % 86_400 + 17 * 3_600,
        uptime_ms: 0,
    }
}

fn timing() -> Timing {
    Timing {
        startup_flash: S(10),
        startup_all_red: S(5),
        yellow: S(3),
        all_red: S(2),
        green_min: S(25),
        decision: S(20),
        announcement: S(15),
        walk: S(7),
        walk_flash: S(8),
        walk_max: S(30),
        buffer: S(5),
        extension_max: S(10),
        extension_gap: S(1),
        flash_half: Span::from_ms(500),
        countdown_target: CountdownTarget::PedestrianGreen,
        count_lengthens_green: false,
        red_out_extra: S(2),
    }
}

fn detectors() -> Detectors {
    Detectors {
        debounce: S(1),
        hold: S(5),
        silence: S(3),
        stuck: S(600),
        stuck_walks: 3,
        no_activity: S(4 * 3_600),
        erratic_per_min: 120,
        jump_max: 10,
        bad_hold: S(2),
        readmit: 5,
        recall: S(75),
        fallback_cycle: S(90),
    }
}
