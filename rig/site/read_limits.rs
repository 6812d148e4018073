//! `[limits]`: every bound at its default, unless the site sets it.

use emulators::time::{Line, Span};

use super::document::{Entry, Section};
use super::file_error::FileError;
use super::limit_table::{LIMITS, LimitRow, Origin, Unit};
use super::limits::{Limits, Quantity};
use super::quantity::{duration, minutes_of_day, percent};
use super::{CableRole, Geometry, Wiring};

/// The largest number without unit that a limit may be.
const COUNT_MAX: i64 = 1_000_000;

/// The names a `[limits]` section may have.
pub(crate) fn names() -> Vec<&'static str> {
    LIMITS.iter().map(|row| row.name).collect()
}

/// All limits of a site; `section` is `None` where the file has no `[limits]`.
pub(crate) fn read(
    section: Option<&Section<'_>>,
    geometry: &Geometry,
    wiring: &Wiring,
) -> Result<Limits, FileError> {
    let mut limits = Limits::default();
    let mut open = Vec::new();
    for row in LIMITS {
        match (section.and_then(|section| section.get(row.name)), row.origin) {
            (Some(entry), Origin::Computed) => {
                return Err(entry.error("is worked out from other limits", "set `announcement` instead"));
            }
            (Some(entry), Origin::Fixed(_) | Origin::Derived) => limits.set(row.name, value(&entry, row)?),
            (None, Origin::Fixed(default)) => limits.set(row.name, default),
            (None, Origin::Computed | Origin::Derived) => open.push(row.name),
        }
    }
    for name in open {
        if let Some(value) = derive(name, &limits, geometry, wiring) {
            limits.set(name, value);
        }
    }
    check_order(section, &limits)?;
    Ok(limits)
}

fn value(entry: &Entry<'_>, row: &LimitRow) -> Result<Quantity, FileError> {
    match row.unit {
        Unit::Time => Ok(Quantity::Time(entry.time(Span::from_us(1))?)),
        Unit::TimeOrZero => Ok(Quantity::Time(entry.time(Span::ZERO)?)),
        Unit::Count => Ok(Quantity::Number(entry.integer(1, COUNT_MAX)?)),
        Unit::Seconds => {
            let span = entry.time(Span::ZERO)?;
            if span.as_us().is_multiple_of(1_000_000) {
                Ok(Quantity::Number(span.as_secs() as i64))
            } else {
                Err(entry.error("is not whole seconds", "the displays count whole seconds: `\"5s\"`"))
            }
        }
        Unit::TimeOfDay => Ok(Quantity::Number(entry.quantity(minutes_of_day)?.into())),
        Unit::Percent => Ok(Quantity::Number(entry.quantity(percent)?.into())),
        Unit::Switch => Ok(Quantity::Number(entry.boolean()?.into())),
        Unit::Microseconds => Ok(Quantity::Number(entry.quantity(duration)?.as_us() as i64)),
    }
}

/// What geometry, wiring and the limits already set say; `None` where a site has no such cable.
fn derive(name: &str, limits: &Limits, geometry: &Geometry, wiring: &Wiring) -> Option<Quantity> {
    let line =
        |role: CableRole| wiring.cables[role.index()].map(|cable| cable.line.modbus_silence().as_us() as i64);
    // What has no cable is judged by nobody; the catalogue's names mean something all the same.
    let line_or_default = |role| line(role).unwrap_or(Line::n81(19_200).modbus_silence().as_us() as i64);
    let persons = |number: u16| Quantity::Number(number.into());
    match name {
        "announcement_s" => Some(Quantity::Number(limits.time("announcement")?.as_secs() as i64)),
        "manual_min" => limits.get("green_min"),
        "crossing_time" => Some(Quantity::Time(geometry.crossing_time())),
        "walk_flash_min" => {
            // Whole seconds, as the clearance is planned; at least one, or nothing would flash.
            let seconds = geometry.crossing_time().as_us().div_ceil(1_000_000);
            let rest = Span::from_secs(seconds).saturating_sub(limits.time("buffer")?);
            Some(Quantity::Time(rest.max(Span::from_secs(1))))
        }
        "waiting_capacity_a" => Some(persons(wiring.cameras[0].waiting_capacity)),
        "waiting_capacity_b" => Some(persons(wiring.cameras[1].waiting_capacity)),
        "crosswalk_capacity" => Some(persons(wiring.cameras[0].crosswalk_capacity)),
        "go_lasts" => Some(Quantity::Time(wiring.lamps.go_lasts)),
        "stop_lasts" => Some(Quantity::Time(wiring.lamps.stop_lasts)),
        "service_poll" => {
            let period = wiring.service.map(|service| service.period + Span::from_ms(200));
            Some(Quantity::Time(period.unwrap_or(Span::from_secs(1))))
        }
        "modbus_silence_lamps" => Some(Quantity::Number(line_or_default(CableRole::Lamps))),
        "modbus_silence_feedback" => Some(Quantity::Number(line_or_default(CableRole::Feedback))),
        "modbus_silence_service" => line(CableRole::Service).map(Quantity::Number),
        _ => None,
    }
}

/// Pairs of bounds that must not cross.
const ORDERED: &[(&str, &str)] = &[
    ("yellow_min", "yellow"),
    ("yellow", "yellow_max"),
    ("monitor_yellow_min", "yellow_min"),
    ("walk_min", "walk_total"),
    ("walk_total", "walk_total_max"),
    ("flash_period_min", "flash_period_max"),
    ("flash_on_min", "flash_on_max"),
    ("wait_target", "wait_max"),
    ("conflict_trip_min", "conflict_target"),
    ("conflict_target", "conflict_reaction"),
    ("dip_ride", "dip_boot"),
    ("heartbeat_min", "heartbeat_max"),
    ("recall", "wait_max"),
    ("fallback_cycle", "wait_max"),
    ("debounce", "hold"),
];

/// Tolerances, and the most that each may be: a longer one hides what is to be judged.
const TOLERANCES: &[(&str, Span)] = &[
    ("edge_tolerance", Span::from_ms(500)),
    ("skew", Span::from_ms(500)),
    ("twin_skew", Span::from_ms(500)),
    ("flash_tolerance", Span::from_ms(200)),
];

fn check_order(section: Option<&Section<'_>>, limits: &Limits) -> Result<(), FileError> {
    let Some(section) = section else {
        return Ok(());
    };
    for (name, most) in TOLERANCES {
        if let Some(entry) = section.get(name)
            && limits.time(name) > Some(*most)
        {
            let hint = format!("write at most `\"{}\"`", super::quantity::write_duration(*most));
            return Err(entry.error("is so long that it would hide what is to be judged", hint));
        }
    }
    for (lower, upper) in ORDERED {
        let crossed = limits.time(lower) > limits.time(upper);
        // Whichever of the two the file sets is the one to complain about.
        if let Some(entry) = crossed.then(|| section.get(lower).or_else(|| section.get(upper))).flatten() {
            let hint = format!("`{lower}` must not be longer than `{upper}`");
            let both = [lower, upper]
                .map(|name| super::quantity::write_duration(limits.time(name).unwrap_or_default()));
            return Err(entry.error(format!("`{lower}` is {}, `{upper}` is {}", both[0], both[1]), hint));
        }
    }
    if let (Some(entry), true) =
        (section.get("voice_from"), limits.number("voice_from") >= limits.number("voice_to"))
    {
        return Err(entry.error("is not before `voice_to`", "the voice is on within one day: 07:00 to 21:00"));
    }
    Ok(())
}
