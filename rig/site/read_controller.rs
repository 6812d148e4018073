//! `[controller]`: what the soft controller is told. The judge never sees it.

use emulators::cable::Duplex;
use emulators::controller::{
    CameraLink, Config, CountdownTarget, Detectors, FeedbackInputs, Geometry as ControllerGeometry,
    PolicyChoice, Ports, RedOut, Timing, Units, Voice,
};
use emulators::device::Port;
use emulators::time::{Line, Span};

use super::Geometry;
use super::document::{Entry, Section};
use super::file_error::FileError;
use super::quantity::{minutes_of_day, percent};
use super::wiring::{CableRole, Wiring};

pub(crate) const CONTROLLER_KEYS: &[&str] = &[
    "policy",
    "balanced",
    "fixed_time",
    "startup_flash",
    "startup_all_red",
    "yellow",
    "all_red",
    "green_min",
    "decision",
    "announcement",
    "walk",
    "walk_flash",
    "walk_max",
    "buffer",
    "extension_max",
    "extension_gap",
    "flash_half",
    "countdown_target",
    "count_lengthens_green",
    "red_out_extra",
    "red_out",
    "watchdog",
    "debounce",
    "hold",
    "silence",
    "stuck",
    "stuck_walks",
    "no_activity",
    "erratic_per_min",
    "jump_max",
    "bad_hold",
    "readmit",
    "recall",
    "fallback_cycle",
    "stop_repeat",
    "voice_from",
    "voice_to",
    "volume",
    "quiet_volume",
];

/// Reads `[controller]` and fills in what the other sections say.
pub(crate) fn read(section: &Section<'_>, geometry: &Geometry, wiring: &Wiring) -> Result<Config, FileError> {
    const RED_OUT: [(&str, RedOut); 2] = [("no_walk", RedOut::NoWalk), ("flash", RedOut::Flash)];
    let watchdog = section.get("watchdog").map_or(Ok(Span::from_secs(1)), |entry| {
        let span = entry.time(Span::from_ms(1))?;
        let fits = span.as_us().is_multiple_of(1_000) && span.as_ms() <= 60_000;
        if fits {
            Ok(span)
        } else {
            Err(entry.error("does not fit its register", "whole milliseconds up to 60s"))
        }
    })?;
    Ok(Config {
        address: wiring.controller,
        ports: ports(wiring),
        cameras: [camera(wiring, 0), camera(wiring, 1)],
        countdown_edition: wiring.countdown.edition,
        units: units(wiring),
        feedback: FeedbackInputs { vehicle: wiring.feedback.vehicle, pedestrian: wiring.feedback.pedestrian },
        watchdog_ms: watchdog.as_ms() as u16,
        geometry: ControllerGeometry {
            width_mm: geometry.width_mm,
            crosswalk_width_mm: geometry.crosswalk_width_mm,
            design_speed_mm_s: geometry.design_speed_mm_s,
        },
        // The conflict table was checked: a site without the crossing is refused.
        conflict: true,
        timing: timing(section)?,
        detectors: detectors(section)?,
        voice: voice(section, wiring)?,
        red_out: section.get("red_out").map_or(Ok(RedOut::NoWalk), |entry| entry.choice(&RED_OUT))?,
        policy: policy(section)?,
        // The scenario says what time it is and how long the controller has been running.
        clock: 0,
        uptime_ms: 0,
    })
}

fn line(wiring: &Wiring, role: CableRole) -> Option<(Port, Line)> {
    wiring.cables[role.index()].map(|cable| (Port(role.index() as u8), cable.line))
}

fn ports(wiring: &Wiring) -> Ports {
    // Every cable but service was required while reading the wiring; the fallback is never used.
    let always =
        |role: CableRole| line(wiring, role).unwrap_or((Port(role.index() as u8), Line::n81(19_200)));
    Ports {
        cameras: [always(CableRole::CameraA), always(CableRole::CameraB)],
        lamps: always(CableRole::Lamps),
        feedback: always(CableRole::Feedback),
        countdown: always(CableRole::Countdown),
        service: line(wiring, CableRole::Service),
    }
}

fn camera(wiring: &Wiring, side: usize) -> CameraLink {
    let camera = wiring.cameras[side];
    let duplex = wiring.cables[side].map(|cable| cable.duplex);
    CameraLink {
        address: camera.address,
        crc: camera.crc,
        crosswalk_info_len: camera.crosswalk_info_len,
        half_duplex: duplex == Some(Duplex::Shared),
        waiting_channel: camera.waiting_channel,
        crosswalk_channel: camera.crosswalk_channel,
        period: (camera.period.as_ms() / 100) as u8,
        waiting_capacity: camera.waiting_capacity,
        crosswalk_capacity: camera.crosswalk_capacity,
    }
}

fn units(wiring: &Wiring) -> Units {
    Units {
        vehicle: wiring.lamps.vehicle,
        pedestrian: wiring.lamps.pedestrian,
        posts: wiring.lamps.posts,
        feedback: wiring.feedback.unit,
        service: wiring.service.map_or(1, |service| service.unit),
        vehicle_displays: wiring.countdown.vehicle,
        pedestrian_displays: wiring.countdown.pedestrian,
    }
}

/// A duration that must be stated: where traffic is kept apart, a file says so itself.
fn stated(section: &Section<'_>, key: &'static str) -> Result<Span, FileError> {
    let hint = "a site states the durations that keep cars and people apart: `yellow`, `all_red`, `green_min`, `walk`, \
                `walk_flash`, `buffer`";
    section.required(key, hint)?.time(Span::from_us(1))
}

fn or(section: &Section<'_>, key: &'static str, default: Span, low: Span) -> Result<Span, FileError> {
    section.get(key).map_or(Ok(default), |entry| entry.time(low))
}

fn timing(section: &Section<'_>) -> Result<Timing, FileError> {
    const TARGETS: [(&str, CountdownTarget); 3] = [
        ("pedestrian_green", CountdownTarget::PedestrianGreen),
        ("vehicle_red", CountdownTarget::VehicleRed),
        ("vehicle_yellow", CountdownTarget::VehicleYellow),
    ];
    let shortest = Span::from_us(1);
    let time = |key, seconds| or(section, key, Span::from_secs(seconds), shortest);
    let timing = Timing {
        startup_flash: time("startup_flash", 10)?,
        startup_all_red: time("startup_all_red", 5)?,
        yellow: stated(section, "yellow")?,
        all_red: stated(section, "all_red")?,
        green_min: stated(section, "green_min")?,
        decision: or(section, "decision", Span::from_secs(20), Span::ZERO)?,
        announcement: time("announcement", 15)?,
        walk: stated(section, "walk")?,
        walk_flash: stated(section, "walk_flash")?,
        walk_max: time("walk_max", 30)?,
        buffer: stated(section, "buffer")?,
        extension_max: or(section, "extension_max", Span::from_secs(10), Span::ZERO)?,
        extension_gap: time("extension_gap", 1)?,
        flash_half: or(section, "flash_half", Span::from_ms(500), shortest)?,
        countdown_target: section
            .get("countdown_target")
            .map_or(Ok(CountdownTarget::PedestrianGreen), |entry| entry.choice(&TARGETS))?,
        count_lengthens_green: section
            .get("count_lengthens_green")
            .map_or(Ok(false), |entry| entry.boolean())?,
        red_out_extra: or(section, "red_out_extra", Span::from_secs(2), Span::ZERO)?,
    };
    check_timing(section, &timing)?;
    Ok(timing)
}

/// What no controller could do, whatever the norms say.
fn check_timing(section: &Section<'_>, timing: &Timing) -> Result<(), FileError> {
    let whole = |span: Span| span.as_us().is_multiple_of(1_000_000);
    let complain = |key: &'static str, message: &str, hint: &str| match section.get(key) {
        Some(entry) => Err(entry.error(message, hint)),
        None => Err(section.error(format!("{key} {message}"), hint)),
    };
    if timing.announcement < timing.yellow + timing.all_red {
        let hint = "yellow and all-red end the announcement: write at least their sum";
        return complain("announcement", "is shorter than yellow and all-red", hint);
    }
    if !whole(timing.announcement) {
        return complain("announcement", "is not whole seconds", "the displays count whole seconds");
    }
    if !whole(timing.walk + timing.walk_flash) {
        return complain(
            "walk_flash",
            "does not end on a whole second",
            "walk and walk_flash together are counted down",
        );
    }
    if timing.walk_max < timing.walk + timing.walk_flash {
        return complain("walk_max", "is shorter than walk and walk_flash", "write at least their sum");
    }
    Ok(())
}

fn detectors(section: &Section<'_>) -> Result<Detectors, FileError> {
    let time = |key, ms| or(section, key, Span::from_ms(ms), Span::from_us(1));
    let byte =
        |key, default: u8| section.get(key).map_or(Ok(default), |entry: Entry<'_>| entry.number(1, u8::MAX));
    Ok(Detectors {
        debounce: time("debounce", 1_000)?,
        hold: time("hold", 5_000)?,
        silence: time("silence", 3_000)?,
        stuck: time("stuck", 600_000)?,
        stuck_walks: byte("stuck_walks", 3)?,
        no_activity: time("no_activity", 4 * 3_600_000)?,
        erratic_per_min: section.get("erratic_per_min").map_or(Ok(120), |entry| entry.number(1, 10_000))?,
        jump_max: byte("jump_max", 10)?,
        bad_hold: time("bad_hold", 2_000)?,
        readmit: byte("readmit", 5)?,
        recall: time("recall", 60_000)?,
        fallback_cycle: time("fallback_cycle", 90_000)?,
    })
}

fn voice(section: &Section<'_>, wiring: &Wiring) -> Result<Voice, FileError> {
    let minutes = |key, default| section.get(key).map_or(Ok(default), |entry| entry.quantity(minutes_of_day));
    let percent = |key, default| section.get(key).map_or(Ok(default), |entry| entry.quantity(percent));
    Ok(Voice {
        go_lasts: wiring.lamps.go_lasts,
        stop_lasts: wiring.lamps.stop_lasts,
        stop_repeat: or(section, "stop_repeat", Span::from_secs(5), Span::from_ms(100))?,
        active: (minutes("voice_from", 7 * 60)?, minutes("voice_to", 21 * 60)?),
        volume: percent("volume", 80)?,
        quiet_volume: percent("quiet_volume", 0)?,
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum PolicyName {
    Observed,
    Balanced,
    FixedTime,
    PushButton,
}

fn policy(section: &Section<'_>) -> Result<PolicyChoice, FileError> {
    const NAMES: [(&str, PolicyName); 4] = [
        ("observed", PolicyName::Observed),
        ("balanced", PolicyName::Balanced),
        ("fixed_time", PolicyName::FixedTime),
        ("push_button", PolicyName::PushButton),
    ];
    let entry = section.required("policy", "write one of: observed, balanced, fixed_time, push_button")?;
    let name = entry.choice(&NAMES)?;
    for (key, owner) in [("balanced", PolicyName::Balanced), ("fixed_time", PolicyName::FixedTime)] {
        if let Some(stray) = section.get(key).filter(|_| name != owner) {
            return Err(stray
                .error("belongs to another policy", format!("write `policy = \"{key}\"` or leave it out")));
        }
    }
    match name {
        PolicyName::Observed => Ok(PolicyChoice::Observed),
        PolicyName::PushButton => Ok(PolicyChoice::PushButton),
        PolicyName::Balanced => {
            let known = &["weight", "flow", "saturation", "occupancy", "wait_cap"];
            let own = section.section("balanced", known)?;
            let hint = || format!("write that table with {}, or choose another policy", known.join(", "));
            own.map_or_else(
                || Err(entry.error("`[controller.balanced]` is missing", hint())),
                |own| balanced(&own),
            )
        }
        PolicyName::FixedTime => {
            let own = section.section("fixed_time", &["cycle"])?;
            let own = own.ok_or_else(|| {
                entry.error(
                    "`[controller.fixed_time]` is missing",
                    "write that table, with `cycle`, or choose another policy",
                )
            })?;
            Ok(PolicyChoice::FixedTime {
                cycle: own.required("cycle", "write its length: `\"90s\"`")?.time(Span::from_secs(30))?,
            })
        }
    }
}

fn balanced(section: &Section<'_>) -> Result<PolicyChoice, FileError> {
    let hint = "the policy weighs people against vehicles: it needs all of weight, flow, saturation, occupancy, wait_cap";
    // "120%": a second of a person on foot weighs 1.2 seconds of somebody in a vehicle.
    let share = |text: &str| super::quantity::decimal(text, &["%"], 0, "100%");
    let persons = |text: &str| super::quantity::decimal(text, &["persons"], 1, "1.5 persons");
    let weight = section.required("weight", hint)?;
    let occupancy = section.required("occupancy", hint)?;
    let in_range = |entry: &Entry<'_>, value: u32| match u16::try_from(value) {
        Ok(value) if (1..=10_000).contains(&value) => Ok(value),
        Ok(_) | Err(_) => Err(entry.error("is zero or too large", "write a positive value")),
    };
    Ok(PolicyChoice::Balanced {
        weight: in_range(&weight, weight.quantity(share)?)?,
        flow: section.required("flow", hint)?.numbers(0, 20_000)?,
        saturation: section.required("saturation", hint)?.number(100, 20_000)?,
        occupancy_tenths: in_range(&occupancy, occupancy.quantity(persons)?)?,
        wait_cap: section.required("wait_cap", hint)?.time(Span::from_secs(1))?,
    })
}
