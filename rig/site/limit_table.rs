//! The names a site's `[limits]` may set: unit, default, source.
//!
//! Sources are given as in the field: the norm and clause *from which the number was taken* (no conformity with it is
//! claimed), `project` where no norm stands behind it, and the T number of the parameter table where it has one.
//! A monitor's property names a limit as `$name`.

use emulators::time::Span;

use super::limits::Quantity;

/// How a limit is written and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A duration (`"3s"`), kept as a time.
    Time,
    /// A duration that may be zero.
    TimeOrZero,
    /// A whole number (`10`): persons, cameras' frames, changes per minute.
    Count,
    /// A duration in whole seconds (`"5s"`, also zero), kept as a number of seconds.
    Seconds,
    /// A time of day (`"07:00"`), kept as minutes after midnight.
    TimeOfDay,
    /// A duration (`"1823us"`), kept as a number of microseconds.
    Microseconds,
    /// A share in whole percent (`"40%"`), kept as that number.
    Percent,
    /// `true` or `false`, kept as 1 or 0.
    Switch,
}

/// Where a value comes from that the site does not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This value.
    Fixed(Quantity),
    /// Worked out from the site's geometry, wiring or other limits; may be set.
    Derived,
    /// Worked out from other limits; must not be set.
    Computed,
}

/// A limit that a site may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitRow {
    /// Its name.
    pub name: &'static str,
    /// How it is written.
    pub unit: Unit,
    /// Its value where a site sets none.
    pub origin: Origin,
    /// Where the number comes from.
    pub source: &'static str,
}

const fn ms(name: &'static str, ms: u64, source: &'static str) -> LimitRow {
    LimitRow { name, unit: Unit::Time, origin: Origin::Fixed(Quantity::Time(Span::from_ms(ms))), source }
}

const fn s(name: &'static str, s: u64, source: &'static str) -> LimitRow {
    ms(name, s * 1_000, source)
}

const fn count(name: &'static str, count: i64, source: &'static str) -> LimitRow {
    LimitRow { name, unit: Unit::Count, origin: Origin::Fixed(Quantity::Number(count)), source }
}

const fn derived(name: &'static str, unit: Unit, source: &'static str) -> LimitRow {
    LimitRow { name, unit, origin: Origin::Derived, source }
}

const fn or_zero(row: LimitRow) -> LimitRow {
    LimitRow { unit: Unit::TimeOrZero, ..row }
}

const fn time_of_day(name: &'static str, minutes: i64, source: &'static str) -> LimitRow {
    LimitRow { name, unit: Unit::TimeOfDay, origin: Origin::Fixed(Quantity::Number(minutes)), source }
}

/// Every limit there is.
pub const LIMITS: &[LimitRow] = &[
    // Tolerances of the judge.
    ms("edge_tolerance", 100, "T38, project: tolerance of a lamp edge"),
    or_zero(ms("skew", 50, "P01, project: heads of one command may differ by a bus round")),
    ms("twin_skew", 100, "P06; EN 12675 intent"),
    // Sequence and durations.
    s("all_red_min", 2, "T05; UK period 3 (1..3 s)"),
    s("buffer", 5, "T09; UK period 5; MUTCD at least 3 s"),
    s("green_min", 25, "T12, project (UK 20..60 s fixed time)"),
    s("yellow", 3, "T03; GB 14886-2016 4.3.4 (3..5 s)"),
    s("yellow_min", 3, "T03; GB 14886-2016 4.3.4"),
    s("yellow_max", 5, "T03; GB 14886-2016 4.3.4"),
    ms("monitor_yellow_min", 2_700, "T04; NEMA TS 2 monitors: shortest yellow"),
    s("walk_min", 7, "T06; MUTCD: steady walk at least 7 s"),
    s("walk_total", 15, "T06; as observed: green is 15 s, steady and flashing together"),
    s("walk_total_max", 30, "P35, project: cap when the count lengthens the green"),
    derived(
        "walk_flash_min",
        Unit::Time,
        "T07, P12; GB/T 51439-2021 9.2: width / design speed, rounded up, less the buffer",
    ),
    s("extension_max", 10, "T10; UK period 6 (0..22 s)"),
    s("extension_gap", 1, "P36, project: crosswalk empty for this long ends an extension"),
    derived("crossing_time", Unit::Time, "P03, T08: width / design speed (GB 50647-2011: 1.0 m/s)"),
    derived(
        "manual_min",
        Unit::Time,
        "P52; GB 25280: automatic to manual keeps the minimum green (= green_min)",
    ),
    ms("flash_period_min", 923, "T11; GB 14886-2016 4.3.5: 65 per minute"),
    ms("flash_period_max", 1_091, "T11; GB 14886-2016 4.3.5: 55 per minute"),
    ms("flash_tolerance", 30, "P13, project: a lamp write waits for its turn on the bus"),
    ms("flash_on_min", 400, "P13: on and off 1:1, within 10 %"),
    ms("flash_on_max", 600, "P13: on and off 1:1, within 10 %"),
    s("startup_flash", 10, "T01; GB 25280 5.4.2"),
    s("boot_within", 3, "P46, project: from power to the first flashing yellow"),
    s("startup_all_red", 5, "T02; GB 25280 5.4.2"),
    // Demand and response.
    or_zero(s("decision", 20, "T13; as observed: about 20 s after the first arrival")),
    s("announcement", 15, "T14; as observed: both countdowns show 15 s"),
    LimitRow {
        name: "announcement_s",
        unit: Unit::Seconds,
        origin: Origin::Computed,
        source: "T14: `announcement` as the number that the displays show first",
    },
    s(
        "wait_target",
        45,
        "T15: formula Wmax = clearance + max(green_min, decision) + announcement, no one before",
    ),
    s("wait_max", 90, "T16; GB/T 51439-2021 9.2 and Beijing: 90 s"),
    s("debounce", 1, "T26: a camera estimates intent after 1 s"),
    s("hold", 5, "T27; UK IPX/PDX principle, measured"),
    ms("register", 500, "P26, project: presence to registered demand"),
    s(
        "decision_max",
        38,
        "P25, project: latest decision under `balanced`; limit endurance 52.8 s less the announcement",
    ),
    s("starve_window", 120, "P33, project"),
    LimitRow {
        name: "count_lengthens_green",
        unit: Unit::Switch,
        origin: Origin::Fixed(Quantity::Number(0)),
        source: "P35: whether the number of people waiting lengthens the green here",
    },
    // Cameras.
    s("camera_silence", 3, "T29, project"),
    ms("lost_within", 500, "P38, project"),
    s("recall", 60, "P38, project: a kerb without a detector is served this often, at most wait_max"),
    s("fallback_cycle", 90, "P39: fixed plan within wait_max"),
    s("fixed_cycle", 80, "P70, project: cycle of the fixed plan, where nobody lengthens the clearance"),
    s("fallback_grace", 5, "P39, project: detection, on top of fallback_cycle"),
    s("flap_min", 10, "P45: no two changes of mode faster"),
    count("jump_max", 10, "P40, project: believable change between successive frames"),
    derived("waiting_capacity_a", Unit::Count, "P40: 4 persons per m2 of waiting area"),
    derived("waiting_capacity_b", Unit::Count, "P40: 4 persons per m2 of waiting area"),
    derived("crosswalk_capacity", Unit::Count, "P40: 4 persons per m2 of crosswalk"),
    s("bad_hold", 2, "P40, project: the last good count is held this long"),
    s("stuck", 600, "T30; ST900 1..254 min"),
    count("stuck_walks", 3, "P41, project"),
    count("readmit", 5, "T33; ST900: 5 passed tests"),
    count("erratic_per_min", 120, "T32; NTCIP 1202 0..255 per minute"),
    s("no_activity", 4 * 3_600, "T31; ST900 1..254 h"),
    // Countdown.
    LimitRow {
        name: "countdown_offset",
        unit: Unit::Seconds,
        origin: Origin::Fixed(Quantity::Number(0)),
        source: "P19: D = pedestrian less vehicle countdown; 0 as observed (the same 15 s)",
    },
    s("count_step_every", 1, "T17; GA/T 508-2014"),
    s("display_dark", 2, "T18; GA/T 508-2014: dark after loss of communication"),
    ms("display_early_dark", 100, "T19; GA/T 508-2014: dark after the 1 of a prolonged phase"),
    ms("display_gap", 1_200, "P24; GA/T 508-2014: at least one message per second"),
    ms("display_skew", 200, "P19, P21, project"),
    // Faults.
    ms("conflict_trip_min", 200, "T22; NEMA TS 2: shorter must not trip"),
    ms("conflict_reaction", 450, "T22; NEMA TS 2: longer must trip"),
    ms("conflict_target", 300, "T22; MMU manuals and VDE 0832"),
    s("no_aspect", 1, "T23; NEMA TS 2: red fail at 1000 ms"),
    ms("dual", 450, "T24; NEMA TS 2"),
    s("lamp_watchdog", 1, "P48: without a valid write for this long a head flashes by itself"),
    s("red_out_extra", 2, "P50; UK: longer all-red while one of several vehicle reds is out"),
    s("red_out", 1, "P50; GB 25280: at once"),
    ms("dip_ride", 450, "T25; NEMA TS 2: ridden through"),
    s("dip_boot", 1, "T25; NEMA TS 2: full start above 1000 ms"),
    s("stall_flash", 2, "P48: 1 s without a sign of life, flash within 1 s more"),
    s("log_within", 1, "P53, project"),
    // Voice and posts.
    s("voice_within", 1, "T35, project"),
    s("stop_within", 1, "T36, project"),
    s("stop_repeat", 5, "P56, project"),
    derived("go_lasts", Unit::Time, "P55: length of the go sentence (the posts' wiring says it)"),
    derived("stop_lasts", Unit::Time, "P56: length of the stop sentence (the posts' wiring says it)"),
    ms("post_within", 200, "P59, project"),
    ms("twin_voice", 300, "P58, project"),
    s("trip_memory", 2, "P57, project: a stop sentence starts only so long after a trip"),
    LimitRow {
        name: "voice_volume",
        unit: Unit::Percent,
        origin: Origin::Fixed(Quantity::Number(80)),
        source: "P60, project: quietest prompt from voice_from to voice_to",
    },
    LimitRow {
        name: "quiet_volume",
        unit: Unit::Percent,
        origin: Origin::Fixed(Quantity::Number(40)),
        source: "P60, project: loudest prompt outside voice_from to voice_to",
    },
    time_of_day("voice_from", 7 * 60, "P60; Fuzhou practice: 07-21 h"),
    time_of_day("voice_to", 21 * 60, "P60; Fuzhou practice: 07-21 h"),
    // Sessions and buses.
    s("connect_reply", 3, "P61; GB/T 43229-2023: reply within 3..5 s"),
    ms("heartbeat_min", 4_500, "P62; GB/T 43229-2023: every 5 s"),
    ms("heartbeat_max", 5_500, "P62; GB/T 43229-2023: every 5 s"),
    s("ack", 3, "P63; GB/T 43229-2023: reply within 3..5 s"),
    derived(
        "service_poll",
        Unit::Time,
        "period of the service readings and 200 ms; what lies between two is not seen",
    ),
    derived(
        "modbus_silence_lamps",
        Unit::Microseconds,
        "P65; MODBUS over serial line 1.02 2.5.1.1: 3.5 characters",
    ),
    derived(
        "modbus_silence_feedback",
        Unit::Microseconds,
        "P65; MODBUS over serial line 1.02 2.5.1.1: 3.5 characters",
    ),
    derived(
        "modbus_silence_service",
        Unit::Microseconds,
        "P65; MODBUS over serial line 1.02 2.5.1.1: 3.5 characters",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_has_one_row_and_a_source() {
        for (index, row) in LIMITS.iter().enumerate() {
            assert!(!row.source.is_empty(), "{}", row.name);
            assert!(LIMITS[..index].iter().all(|other| other.name != row.name), "{} twice", row.name);
        }
    }
}
