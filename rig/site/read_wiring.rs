//! `[geometry]`, `[wiring]` and `[conflicts]`: what is where, on which cable, at which address.

use emulators::cable::Duplex;
use emulators::time::{Line, Span};
use emulators::wire::gat508::Edition;
use emulators::wire::gbt43229::{Address, Crc};

use super::Geometry;
use super::check;
use super::document::{Entry, Section};
use super::file_error::FileError;
use super::quantity::{Complaint, area_dm2, length_mm, shown, signed_seconds, speed_mm_s};
use super::read_sense;
use super::wiring::{
    CableRole, CableWiring, CameraWiring, CountdownWiring, FeedbackWiring, LampWiring, ServiceWiring, Wiring,
};

/// People per square metre at which a zone is full (P40).
const PERSONS_PER_M2: u64 = 4;
/// Type of a controller and of a video detector in an address (GB/T 43229-2023).
const CONTROLLER_KIND: u16 = 0x0001;
const VIDEO_KIND: u16 = 0x0010;

pub(crate) const GEOMETRY_KEYS: &[&str] =
    &["width", "crosswalk_width", "lanes", "refuge", "waiting_area_a", "waiting_area_b", "design_speed"];

/// Reads `[geometry]`.
pub(crate) fn geometry(section: &Section<'_>) -> Result<Geometry, FileError> {
    let length = |key, low, high| {
        let entry = section.required(key, "write a length: `\"12.8 m\"`")?;
        within(&entry, entry.quantity(length_mm)?, low, high, "m")
    };
    let area = |key| {
        let entry = section.required(key, "write an area: `\"12 m2\"`")?;
        let area = entry.quantity(area_dm2)?;
        // Reuses the scale of thousandths for the message.
        within(&entry, area.saturating_mul(10), 250, 1_000_000, "m2").map(|_| area)
    };
    let lanes = section.required("lanes", "write how many lanes are crossed")?;
    let speed = match section.get("design_speed") {
        Some(entry) => within(&entry, entry.quantity(speed_mm_s)?, 300, 2_500, "m/s")?,
        // T08: GB 50647-2011.
        None => 1_000,
    };
    Ok(Geometry {
        width_mm: length("width", 2_000, 60_000)?,
        crosswalk_width_mm: length("crosswalk_width", 1_000, 30_000)?,
        lanes: lanes.number(1, 12)?,
        refuge: section.get("refuge").map_or(Ok(false), |entry| entry.boolean())?,
        waiting_area_dm2: [area("waiting_area_a")?, area("waiting_area_b")?],
        design_speed_mm_s: speed,
    })
}

/// Refuses what lies outside; values in thousandths of the unit.
fn within(entry: &Entry<'_>, value: u32, low: u32, high: u32, unit: &str) -> Result<u32, FileError> {
    if (low..=high).contains(&value) {
        return Ok(value);
    }
    let thousandths = |value: u32| super::quantity::write_speed(value).replace(" m/s", "");
    let hint = format!("write a value from {} to {} {unit}", thousandths(low), thousandths(high));
    let what = if value == 0 { "is zero" } else { "is not a measure of a crossing" };
    Err(entry.error(what, hint))
}

/// Refuses a site whose conflict table does not name the crossing itself.
pub(crate) fn conflicts(section: &Section<'_>) -> Result<(), FileError> {
    const GROUPS: [(&str, bool); 2] = [("vehicle", false), ("pedestrian", true)];
    let hint = "write `pairs = [[\"vehicle\", \"pedestrian\"]]`";
    let pairs = section.required("pairs", hint)?;
    let mut crossing = false;
    for pair in pairs.list()? {
        let items = pair.list()?;
        let [first, second] = items.as_slice() else {
            return Err(pair.error("is not a pair", hint));
        };
        let groups = (first.choice(&GROUPS)?, second.choice(&GROUPS)?);
        if groups.0 == groups.1 {
            return Err(pair.error("a group does not conflict with itself", hint));
        }
        crossing = true;
    }
    if crossing {
        return Ok(());
    }
    Err(pairs.error("the crossing is missing: vehicle and pedestrian must conflict", hint))
}

pub(crate) const WIRING_KEYS: &[&str] =
    &["controller", "camera-a", "camera-b", "lamps", "feedback", "countdown", "service", "sense"];
const CAMERA_KEYS: &[&str] = &[
    "line",
    "duplex",
    "address",
    "crc",
    "crosswalk_info_len",
    "waiting_channel",
    "crosswalk_channel",
    "period",
    "statistics_period",
    "clock_error",
];
const LAMP_KEYS: &[&str] = &["line", "vehicle", "pedestrian", "posts", "go_lasts", "stop_lasts"];
const FEEDBACK_KEYS: &[&str] = &["line", "unit", "vehicle_a", "vehicle_b", "pedestrian_a", "pedestrian_b"];
const COUNTDOWN_KEYS: &[&str] = &["line", "edition", "vehicle", "pedestrian"];
const SERVICE_KEYS: &[&str] = &["line", "unit", "period"];

/// Reads `[wiring]` and checks that no two things share an address.
pub(crate) fn wiring(section: &Section<'_>, geometry: &Geometry) -> Result<Wiring, FileError> {
    let need = |name: &'static str, known| {
        let found = section.section(name, known)?;
        found.ok_or_else(|| {
            section.error(format!("`[wiring.{name}]` is missing"), "every crossing has this cable")
        })
    };
    let own = section.required("controller", "write its address: `\"110112/0001/1\"`")?;
    let controller = address(&own, CONTROLLER_KIND)?;
    let cameras = [need("camera-a", CAMERA_KEYS)?, need("camera-b", CAMERA_KEYS)?];
    let countdown = need("countdown", COUNTDOWN_KEYS)?;
    let service = section.section("service", SERVICE_KEYS)?;
    let sense = section.section("sense", read_sense::KEYS)?;
    // Lamps that are switched by mains are seen by what the rig senses; only then can the bus be missing.
    let lamps = or_sensed(section, section.section("lamps", LAMP_KEYS)?, "lamps", sense.as_ref())?;
    let feedback =
        or_sensed(section, section.section("feedback", FEEDBACK_KEYS)?, "feedback", sense.as_ref())?;
    let mut cables = [None; CableRole::COUNT];
    for (role, section) in [(CableRole::CameraA, &cameras[0]), (CableRole::CameraB, &cameras[1])] {
        cables[role.index()] =
            Some(CableWiring { line: line(section, 19_200)?, duplex: camera_duplex(section)? });
    }
    let shared = |line| Some(CableWiring { line, duplex: Duplex::Shared });
    let full = |line| Some(CableWiring { line, duplex: Duplex::Full });
    if let Some(lamps) = &lamps {
        cables[CableRole::Lamps.index()] = shared(line(lamps, 19_200)?);
    }
    if let Some(feedback) = &feedback {
        cables[CableRole::Feedback.index()] = full(line(feedback, 19_200)?);
    }
    cables[CableRole::Countdown.index()] = shared(line(&countdown, 9_600)?);
    if let Some(service) = &service {
        cables[CableRole::Service.index()] = full(line(service, 19_200)?);
    }
    if let Some(sense) = &sense {
        cables[CableRole::Sense.index()] = shared(line(sense, 9_600)?);
    }
    check::camera_addresses(&own, &cameras)?;
    check::crosswalk_covered_once(&cameras)?;
    Ok(Wiring {
        controller,
        cables,
        cameras: [camera(&cameras[0], geometry, 0)?, camera(&cameras[1], geometry, 1)?],
        lamps: lamps.map_or(Ok(NO_LAMP_BUS), |section| lamp_bus(&section))?,
        feedback: feedback.map_or(Ok(NO_FEEDBACK), |section| feedback_module(&section))?,
        countdown: displays(&countdown)?,
        service: service.map(|section| service_port(&section)).transpose()?,
        sense: sense.map(|section| read_sense::module(&section)).transpose()?,
    })
}

/// What stands for a lamp bus that is not there.
const NO_LAMP_BUS: LampWiring = LampWiring {
    vehicle: [1, 2],
    pedestrian: [3, 4],
    posts: [5, 6],
    go_lasts: Span::from_ms(2_800),
    stop_lasts: Span::from_ms(2_600),
};
/// What stands for a feedback module that is not there.
const NO_FEEDBACK: FeedbackWiring =
    FeedbackWiring { unit: 1, vehicle: [[0, 1, 2], [3, 4, 5]], pedestrian: [[6, 7], [8, 9]] };

/// A cable that every crossing has, unless its lamps are sensed.
fn or_sensed<'a>(
    wiring: &Section<'a>,
    found: Option<Section<'a>>,
    name: &str,
    sense: Option<&Section<'a>>,
) -> Result<Option<Section<'a>>, FileError> {
    if found.is_some() || sense.is_some() {
        return Ok(found);
    }
    let hint =
        "every crossing has this cable, except where `[wiring.sense]` sees lamps that are switched by mains";
    Err(wiring.error(format!("`[wiring.{name}]` is missing"), hint))
}

fn camera_duplex(section: &Section<'_>) -> Result<Duplex, FileError> {
    const WORDS: [(&str, Duplex); 2] = [("full", Duplex::Full), ("half", Duplex::Shared)];
    section.get("duplex").map_or(Ok(Duplex::Full), |entry| entry.choice(&WORDS))
}

/// `"19200 8N1"`.
pub(crate) fn line(section: &Section<'_>, baud: u32) -> Result<Line, FileError> {
    match section.get("line") {
        None => Ok(Line::n81(baud)),
        Some(entry) => entry.quantity(read_line),
    }
}

/// Baud rate and character format; 8 data bits everywhere, as every protocol here is binary.
fn read_line(text: &str) -> Result<Line, Complaint> {
    let hint = "write it like `\"19200 8N1\"`: bits per second, then 8N1, 8E1, 8O1, 8N2";
    let fail = |what: &str| Complaint::new(format!("`{}` {what}", shown(text)), hint);
    let (baud, format) = text.trim().split_once(' ').ok_or_else(|| fail("is not a line"))?;
    let baud: u32 = baud.parse().map_err(|_| fail("has no baud rate"))?;
    if !(1_200..=1_000_000).contains(&baud) {
        return Err(fail("has a baud rate outside 1200 to 1000000"));
    }
    let bits = match format.trim() {
        "8N1" => 10,
        "8E1" | "8O1" | "8N2" => 11,
        "8E2" | "8O2" => 12,
        _ => return Err(fail("has an unknown character format")),
    };
    Ok(Line { baud, bits })
}

/// `"110112/0010/101"`: administrative code, type in hexadecimal, number.
fn address(entry: &Entry<'_>, kind: u16) -> Result<Address, FileError> {
    let address = entry.quantity(read_address)?;
    if address.number == u16::MAX {
        return Err(entry.error("is the broadcast address", "write a number from 0 to 65534"));
    }
    if address.kind != kind {
        let hint = format!(
            "the type must be {kind:04x} here: `\"{}/{kind:04x}/{}\"`",
            address.admin, address.number
        );
        return Err(entry.error(format!("type {:04x} is another kind of device", address.kind), hint));
    }
    Ok(address)
}

pub(crate) fn read_address(text: &str) -> Result<Address, Complaint> {
    let fail = |what: &str| {
        let hint = "write it like `\"110112/0010/101\"`: administrative code, type in hexadecimal, number";
        Complaint::new(format!("`{}` {what}", shown(text)), hint)
    };
    let parts: Vec<&str> = text.trim().split('/').collect();
    let [admin, kind, number] = parts.as_slice() else {
        return Err(fail("is not an address"));
    };
    let admin: u32 = admin
        .parse()
        .ok()
        .filter(|code| *code <= 999_999)
        .ok_or_else(|| fail("has no code of six digits"))?;
    let kind = u16::from_str_radix(kind, 16).map_err(|_| fail("has no type"))?;
    let number = number.parse().map_err(|_| fail("has no number up to 65535"))?;
    Ok(Address { admin, kind, number })
}

fn camera(section: &Section<'_>, geometry: &Geometry, side: usize) -> Result<CameraWiring, FileError> {
    const CRC: [(&str, Crc); 2] = [("modbus", Crc::Modbus), ("cms", Crc::Cms)];
    let own = section.required("address", "write its address: `\"110112/0010/101\"`")?;
    let crc = section
        .required("crc", "write `crc = \"modbus\"` or `crc = \"cms\"`: the standard leaves it open")?;
    let info = section.required("crosswalk_info_len", "write 4 or 5: the standard leaves it open")?;
    let waiting =
        section.required("waiting_channel", "write the channel that looks at the waiting area, 1 to 128")?;
    let waiting_channel = waiting.number(1, 128)?;
    let crosswalk = section.get("crosswalk_channel");
    let crosswalk_channel = crosswalk.as_ref().map(|entry| entry.number(1, 128)).transpose()?;
    if let Some(entry) = crosswalk.filter(|_| crosswalk_channel == Some(waiting_channel)) {
        return Err(entry.error("is the channel of the waiting area", "every zone has a channel of its own"));
    }
    let waiting_dm2 = u64::from(geometry.waiting_area_dm2[side]);
    let crosswalk_mm2 = u64::from(geometry.width_mm) * u64::from(geometry.crosswalk_width_mm);
    Ok(CameraWiring {
        address: address(&own, VIDEO_KIND)?,
        crc: crc.choice(&CRC)?,
        crosswalk_info_len: info.number(4, 5)?,
        waiting_channel,
        crosswalk_channel,
        period: camera_period(section)?,
        statistics_period: statistics_period(section)?,
        waiting_capacity: persons(waiting_dm2 * PERSONS_PER_M2 / 100),
        crosswalk_capacity: persons(crosswalk_mm2 * PERSONS_PER_M2 / 1_000_000),
        clock_error_s: section.get("clock_error").map_or(Ok(0), |entry| entry.quantity(signed_seconds))?,
    })
}

fn persons(number: u64) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX).max(1)
}

/// The wire carries it as 1 to 20 tenths of a second.
fn camera_period(section: &Section<'_>) -> Result<Span, FileError> {
    let Some(entry) = section.get("period") else {
        return Ok(Span::from_ms(500));
    };
    let period = entry.time(Span::from_ms(100))?;
    if period.as_us().is_multiple_of(100_000) && period <= Span::from_secs(2) {
        return Ok(period);
    }
    Err(entry.error("cannot be set over the wire", "write a multiple of 100ms up to 2s (GB/T 43229-2023)"))
}

/// The wire carries it as 2 to 3600 s.
fn statistics_period(section: &Section<'_>) -> Result<Span, FileError> {
    let Some(entry) = section.get("statistics_period") else {
        return Ok(Span::from_secs(60));
    };
    let period = entry.time(Span::from_secs(2))?;
    if period.as_us().is_multiple_of(1_000_000) && period <= Span::from_secs(3_600) {
        return Ok(period);
    }
    Err(entry.error("cannot be set over the wire", "write whole seconds from 2s to 1h (GB/T 43229-2023)"))
}

fn lamp_bus(section: &Section<'_>) -> Result<LampWiring, FileError> {
    let hint = "write the units at A and B: `[1, 2]`";
    let keys = ["vehicle", "pedestrian", "posts"];
    let entries = [
        section.required(keys[0], hint)?,
        section.required(keys[1], hint)?,
        section.required(keys[2], hint)?,
    ];
    check::no_two_alike("unit", &entries, 1, 247)?;
    let sentence = |key, default| match section.get(key) {
        Some(entry) => entry.time(Span::from_ms(100)),
        None => Ok(Span::from_ms(default)),
    };
    Ok(LampWiring {
        vehicle: entries[0].bytes(1, 247)?,
        pedestrian: entries[1].bytes(1, 247)?,
        posts: entries[2].bytes(1, 247)?,
        go_lasts: sentence("go_lasts", 2_800)?,
        stop_lasts: sentence("stop_lasts", 2_600)?,
    })
}

fn feedback_module(section: &Section<'_>) -> Result<FeedbackWiring, FileError> {
    let vehicle = "write the inputs of red, yellow and green: `[0, 1, 2]`";
    let pedestrian = "write the inputs of red and green: `[6, 7]`";
    let entries = [
        section.required("vehicle_a", vehicle)?,
        section.required("vehicle_b", vehicle)?,
        section.required("pedestrian_a", pedestrian)?,
        section.required("pedestrian_b", pedestrian)?,
    ];
    check::no_two_alike("input", &entries, 0, 63)?;
    Ok(FeedbackWiring {
        unit: section.required("unit", "write the module's unit, 1 to 247")?.number(1, 247)?,
        vehicle: [entries[0].bytes(0, 63)?, entries[1].bytes(0, 63)?],
        pedestrian: [entries[2].bytes(0, 63)?, entries[3].bytes(0, 63)?],
    })
}

fn displays(section: &Section<'_>) -> Result<CountdownWiring, FileError> {
    let entry = section.required("edition", "write `edition = 2014` or `edition = 2004`")?;
    // Display numbers have five bits in the 2014 edition, directions three in the 2004 edition.
    let (edition, highest) = match entry.integer(2_004, 2_014)? {
        2_014 => (Edition::Y2014, 31),
        2_004 => (Edition::Y2004, 7),
        _ => return Err(entry.error("there is no such edition of GA/T 508", "write 2014 or 2004")),
    };
    let hint = "write the displays' numbers at A and B: `[0, 1]`";
    let entries = [section.required("vehicle", hint)?, section.required("pedestrian", hint)?];
    check::no_two_alike("display", &entries, 0, highest)?;
    Ok(CountdownWiring {
        edition,
        vehicle: entries[0].bytes(0, highest)?,
        pedestrian: entries[1].bytes(0, highest)?,
    })
}

fn service_port(section: &Section<'_>) -> Result<ServiceWiring, FileError> {
    Ok(ServiceWiring {
        unit: section.required("unit", "write the controller's unit, 1 to 247")?.number(1, 247)?,
        period: section
            .get("period")
            .map_or(Ok(Span::from_ms(200)), |entry| entry.time(Span::from_ms(50)))?,
    })
}
