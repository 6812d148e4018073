//! One action of a `[[do]]` table.

use emulators::crowd::{Habit, Kerb};
use emulators::lamps::{Lamp, LampFault};
use emulators::time::Span;
use emulators::{cable, camera, countdown, light_post};

use super::words::{CABLES, COLOURS, HEADS, KERBS, LAMPS, OPERATORS};
use super::{Head, Stimulus};
use crate::site::{Entry, FileError, Section, share_ppm, signed_seconds, speed_mm_s};

/// Reads the value of an action's key.
type ReadAction = fn(&Entry<'_>) -> Result<Deed, FileError>;

/// The actions there are; a `[[do]]` has exactly one.
pub(crate) const ACTIONS: [(&str, ReadAction); 13] = [
    ("arrive", arrive),
    ("leave", leave),
    ("camera", camera_action),
    ("cable", cable_action),
    ("lamp", lamp_action),
    ("sense", sense_action),
    ("display", display_action),
    ("post", post_action),
    ("power", power),
    ("dip", dip),
    ("operator", operator),
    ("stall", stall),
    ("service", service),
];

/// Most people that arrive or leave together (the crowd's own limit).
const PEOPLE_MAX: u16 = 10_000;
/// Walking speed where a file names none: the common free-flow mean is 1.34 m/s.
pub(crate) const SPEED_MM_S: u32 = 1_300;

/// What an action does at once, and what it does later.
pub(crate) struct Deed {
    pub(crate) now: Stimulus,
    pub(crate) later: Option<(Span, Stimulus)>,
}

impl From<Stimulus> for Deed {
    fn from(now: Stimulus) -> Deed {
        Deed { now, later: None }
    }
}

/// Reads the one action of a `[[do]]` table.
pub(crate) fn read(section: &Section<'_>) -> Result<Deed, FileError> {
    let mut actions = ACTIONS.iter().filter_map(|(name, read)| section.get(name).map(|entry| (read, entry)));
    let Some((read, entry)) = actions.next() else {
        return Err(section
            .error("does nothing", format!("write one of: {}", ACTIONS.map(|(name, _)| name).join(", "))));
    };
    if let Some((_, second)) = actions.next() {
        return Err(second.error("is a second action", "write a `[[do]]` of its own for each action"));
    }
    read(&entry)
}

fn leave(entry: &Entry<'_>) -> Result<Deed, FileError> {
    let section = entry.inline(&["kerb", "count"])?;
    Ok(Stimulus::Leave { kerb: kerb(&section)?, count: people(&section)? }.into())
}

fn power(entry: &Entry<'_>) -> Result<Deed, FileError> {
    Ok(Stimulus::Power(entry.choice(&[("on", true), ("off", false)])?).into())
}

fn dip(entry: &Entry<'_>) -> Result<Deed, FileError> {
    let length = entry.time(Span::from_us(1))?;
    Ok(Deed { now: Stimulus::Power(false), later: Some((length, Stimulus::Power(true))) })
}

fn operator(entry: &Entry<'_>) -> Result<Deed, FileError> {
    Ok(Stimulus::Operator(entry.choice(&OPERATORS)?).into())
}

/// `"2s"`, or `"begins"` and `"ends"` where the two are written apart.
fn stall(entry: &Entry<'_>) -> Result<Deed, FileError> {
    let bare = entry.text()?;
    if bare.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return Ok(Deed {
            now: Stimulus::Stall,
            later: Some((entry.time(Span::from_us(1))?, Stimulus::Resume)),
        });
    }
    let begins = entry.choice(&[("begins", true), ("ends", false)])?;
    Ok(if begins { Stimulus::Stall } else { Stimulus::Resume }.into())
}

fn service(entry: &Entry<'_>) -> Result<Deed, FileError> {
    let section = entry.inline(&["register", "value"])?;
    let register = section.required("register", "write the holding register")?.number(0, u16::MAX)?;
    let value = section.required("value", "write the value")?.number(0, u16::MAX)?;
    Ok(Stimulus::ServiceWrite { register, value }.into())
}

pub(crate) fn kerb(section: &Section<'_>) -> Result<Kerb, FileError> {
    section.required("kerb", "write `kerb = \"a\"` or `kerb = \"b\"`")?.choice(&KERBS)
}

fn people(section: &Section<'_>) -> Result<u16, FileError> {
    section.get("count").map_or(Ok(1), |entry| entry.number(1, PEOPLE_MAX))
}

/// A walking speed that is one: 0.1 to 5 m/s.
pub(crate) fn speed(entry: &Entry<'_>) -> Result<u32, FileError> {
    let speed = entry.quantity(speed_mm_s)?;
    if (100..=5_000).contains(&speed) {
        return Ok(speed);
    }
    Err(entry.error("is not a walking speed", "write `\"0.1 m/s\"` to `\"5.0 m/s\"`"))
}

/// Makes a habit of how long somebody waits, where that means anything.
type ReadHabit = fn(&Section<'_>) -> Result<Habit, FileError>;

const HABITS: [(&str, ReadHabit); 6] = [
    ("crosses", |_| Ok(Habit::Crosses)),
    ("runs-red", |section| {
        Ok(Habit::RunsRed(section.get("after").map_or(Ok(Span::ZERO), |entry| entry.time(Span::ZERO))?))
    }),
    ("gives-up", |section| {
        Ok(Habit::GivesUp(
            section.required("after", "write how long they wait: `\"10s\"`")?.time(Span::ZERO)?,
        ))
    }),
    ("turns-back", |_| Ok(Habit::TurnsBack)),
    ("starts-late", |_| Ok(Habit::StartsLate)),
    ("stands", |_| Ok(Habit::Stands)),
];

fn arrive(entry: &Entry<'_>) -> Result<Deed, FileError> {
    let section = entry.inline(&["kerb", "count", "speed", "habit", "after"])?;
    let habit = match section.get("habit") {
        None => Habit::Crosses,
        Some(word) => word.choice(&HABITS)?(&section)?,
    };
    if let (Some(stray), false) =
        (section.get("after"), matches!(habit, Habit::RunsRed(_) | Habit::GivesUp(_)))
    {
        return Err(stray.error("means nothing for this habit", "it belongs to runs-red and gives-up"));
    }
    let stimulus = Stimulus::Arrive {
        kerb: kerb(&section)?,
        count: people(&section)?,
        speed_mm_s: section.get("speed").map_or(Ok(SPEED_MM_S), |entry| speed(&entry))?,
        habit,
    };
    Ok(stimulus.into())
}

/// The parameters of a fault; each fault takes those it needs, and what is left over is refused.
pub(crate) struct Fault<'a> {
    section: Section<'a>,
    taken: Vec<&'static str>,
}

const PARAMETERS: [&str; 7] = ["share", "count", "per_hour", "lasts", "by", "value", "colour"];

impl<'a> Fault<'a> {
    fn take(&mut self, key: &'static str, hint: &str) -> Result<Entry<'a>, FileError> {
        self.taken.push(key);
        self.section.required(key, hint)
    }

    fn share(&mut self) -> Result<u32, FileError> {
        let entry = self.take("share", "write how often: `\"30%\"`")?;
        entry.quantity(share_ppm)
    }

    /// Cameras' probabilities are per mille.
    fn per_mille(&mut self) -> Result<u16, FileError> {
        let entry = self.take("share", "write how often: `\"30%\"`")?;
        let ppm = entry.quantity(share_ppm)?;
        if ppm.is_multiple_of(1_000) {
            return Ok((ppm / 1_000) as u16);
        }
        Err(entry.error("is finer than a camera's fault can be", "write a multiple of `\"0.1%\"`"))
    }

    fn span(&mut self, key: &'static str) -> Result<Span, FileError> {
        self.take(key, "write how long: `\"500ms\"`")?.time(Span::from_us(1))
    }

    fn number<T: TryFrom<i64>>(&mut self, key: &'static str, low: T, high: T) -> Result<T, FileError>
    where
        i64: TryFrom<T>,
    {
        self.take(key, "write a whole number")?.number(low, high)
    }

    /// Refuses a parameter that the fault does not know.
    fn done(&self) -> Result<(), FileError> {
        let stray =
            PARAMETERS.iter().filter(|key| !self.taken.contains(key)).find_map(|key| self.section.get(key));
        match stray {
            None => Ok(()),
            Some(entry) => Err(entry.error("means nothing for this fault", "leave it out")),
        }
    }
}

/// A table with `fails = "..."` and what that fault needs, or with `cure = true`: `None`.
fn read_fault<T>(
    section: &Section<'_>,
    cure: &'static str,
    words: &[(&'static str, ReadFault<T>)],
) -> Result<Option<T>, FileError> {
    match (section.get("fails"), section.get(cure)) {
        (Some(word), None) => {
            let mut fault = Fault { section: section.clone(), taken: Vec::new() };
            let kind = word.choice(words)?(&mut fault)?;
            fault.done()?;
            Ok(Some(kind))
        }
        (None, Some(cured)) => {
            cured.only_true()?;
            // What belongs to a fault means nothing here either.
            Fault { section: section.clone(), taken: Vec::new() }.done()?;
            Ok(None)
        }
        (Some(_), Some(cured)) => Err(cured.error("cannot stand beside `fails`", "write two `[[do]]`")),
        (None, None) => Err(section
            .error("says neither what fails nor what is well", format!("write `fails` or `{cure} = true`"))),
    }
}

/// Makes a fault of its parameters.
pub(crate) type ReadFault<T> = fn(&mut Fault<'_>) -> Result<T, FileError>;

pub(crate) const CAMERA_FAULTS: [(&str, ReadFault<camera::Fault>); 19] = [
    ("miss", |fault| Ok(camera::Fault::Miss(fault.per_mille()?))),
    ("clip", |fault| Ok(camera::Fault::Clip(fault.number("count", 0, PEOPLE_MAX)?))),
    ("ghosts", |fault| Ok(camera::Fault::Ghosts(fault.number("per_hour", 1, 3_600)?, fault.span("lasts")?))),
    ("flicker", |fault| Ok(camera::Fault::Flicker(fault.per_mille()?))),
    ("stuck", |fault| Ok(camera::Fault::Stuck(fault.number("count", 0, PEOPLE_MAX)?))),
    ("frozen", |_| Ok(camera::Fault::Frozen)),
    ("late", |fault| Ok(camera::Fault::Late(fault.span("by")?))),
    ("jitter", |fault| Ok(camera::Fault::Jitter(fault.span("by")?))),
    ("raw-count", |fault| Ok(camera::Fault::RawCount(fault.number("value", 0, u8::MAX)?))),
    ("clock-step", |fault| {
        let by = fault.take("by", "write how far: `\"1h\"`, `\"-1h\"`")?;
        Ok(camera::Fault::ClockStep(by.quantity(signed_seconds)?))
    }),
    ("reboot", |fault| Ok(camera::Fault::Reboot(fault.span("lasts")?))),
    ("silent", |_| Ok(camera::Fault::Silent)),
    ("no-heartbeat", |_| Ok(camera::Fault::NoHeartbeat)),
    ("bad-crc", |_| Ok(camera::Fault::BadCrc)),
    ("repeats", |_| Ok(camera::Fault::Repeats)),
    ("replays", |fault| Ok(camera::Fault::Replays(fault.span("by")?))),
    ("self-reported", |_| Ok(camera::Fault::SelfReported)),
    ("impostor", |_| Ok(camera::Fault::Impostor)),
    ("misdirected", |_| Ok(camera::Fault::Misdirected)),
];

fn camera_action(entry: &Entry<'_>) -> Result<Deed, FileError> {
    let known = ["kerb", "fails", "heals", "share", "count", "per_hour", "lasts", "by", "value"];
    let section = entry.inline(&known)?;
    let side = kerb(&section)?;
    Ok(match read_fault(&section, "heals", &CAMERA_FAULTS)? {
        Some(fault) => Stimulus::CameraFails(side, fault),
        None => Stimulus::CameraHeals(side),
    }
    .into())
}

pub(crate) const CABLE_FAULTS: [(&str, ReadFault<cable::Fault>); 12] = [
    ("drop", |fault| Ok(cable::Fault::Drop(fault.share()?))),
    ("flip", |fault| Ok(cable::Fault::Flip(fault.share()?))),
    ("duplicate", |fault| Ok(cable::Fault::Duplicate(fault.share()?))),
    ("delay", |fault| Ok(cable::Fault::Delay(fault.span("by")?))),
    ("jitter", |fault| Ok(cable::Fault::Jitter(fault.span("by")?))),
    ("stall", |fault| Ok(cable::Fault::Stall(fault.span("lasts")?))),
    ("split", |fault| Ok(cable::Fault::Split(fault.span("by")?))),
    ("merge", |fault| Ok(cable::Fault::Merge(fault.span("by")?))),
    ("garbage", |fault| Ok(cable::Fault::Garbage(fault.number("per_hour", 1, 1_000_000)?))),
    ("echo", |_| Ok(cable::Fault::Echo)),
    ("break", |_| Ok(cable::Fault::Break)),
    ("unplugged", |_| Ok(cable::Fault::Unplugged)),
];

fn cable_action(entry: &Entry<'_>) -> Result<Deed, FileError> {
    let section = entry.inline(&["name", "fails", "mended", "share", "per_hour", "lasts", "by"])?;
    let hint = "write which cable: camera-a, camera-b, lamps, feedback, countdown, service, sense";
    let role = section.required("name", hint)?.choice(&CABLES)?;
    Ok(match read_fault(&section, "mended", &CABLE_FAULTS)? {
        Some(fault) => Stimulus::CableFails(role, fault),
        None => Stimulus::CableMended(role),
    }
    .into())
}

fn head(section: &Section<'_>) -> Result<Head, FileError> {
    section
        .required("head", "write which head: vehicle-a, vehicle-b, pedestrian-a, pedestrian-b")?
        .choice(&HEADS)
}

const LAMP_FAULTS: [(&str, ReadFault<LampFault>); 3] = [
    ("out", |_| Ok(LampFault::Out)),
    ("stuck-on", |_| Ok(LampFault::StuckOn)),
    ("flicker", |fault| Ok(LampFault::Flicker(fault.span("by")?))),
];

/// A head, and a lamp that it has.
fn lamp_of_head(section: &Section<'_>) -> Result<(Head, Lamp), FileError> {
    let head = head(section)?;
    let word = section.required("lamp", "write which lamp: red, yellow, green")?;
    let lamp = word.choice(&LAMPS)?;
    if matches!(head, Head::Pedestrian(_)) && lamp == Lamp::Yellow {
        return Err(word.error("a pedestrian head has no yellow", "write red or green"));
    }
    Ok((head, lamp))
}

/// An input of the lamp-sense module reads this, whatever its lamp does.
const SENSE_FAULTS: [(&str, ReadFault<bool>); 2] = [("stuck-on", |_| Ok(true)), ("out", |_| Ok(false))];

fn sense_action(entry: &Entry<'_>) -> Result<Deed, FileError> {
    let section = entry.inline(&["head", "lamp", "fails", "mended"])?;
    let (head, lamp) = lamp_of_head(&section)?;
    Ok(match read_fault(&section, "mended", &SENSE_FAULTS)? {
        Some(lit) => Stimulus::SenseFails(head, lamp, lit),
        None => Stimulus::SenseMended(head, lamp),
    }
    .into())
}

fn lamp_action(entry: &Entry<'_>) -> Result<Deed, FileError> {
    let section = entry.inline(&["head", "lamp", "fails", "mended", "by"])?;
    let (head, lamp) = lamp_of_head(&section)?;
    Ok(match read_fault(&section, "mended", &LAMP_FAULTS)? {
        Some(fault) => Stimulus::LampFails(head, lamp, fault),
        None => Stimulus::LampMended(head, lamp),
    }
    .into())
}

pub(crate) const DISPLAY_FAULTS: [(&str, ReadFault<countdown::Fault>); 6] = [
    ("dark", |_| Ok(countdown::Fault::Dark)),
    ("frozen", |_| Ok(countdown::Fault::Frozen)),
    ("missing-segment", |_| Ok(countdown::Fault::MissingSegment)),
    ("wrong-colour", |fault| {
        let colour = fault.take("colour", "write which colour: dark, green, yellow, red")?;
        Ok(countdown::Fault::WrongColour(colour.choice(&COLOURS)?))
    }),
    ("lag", |fault| Ok(countdown::Fault::Lag(fault.span("by")?))),
    ("ignores-link-loss", |_| Ok(countdown::Fault::IgnoresLinkLoss)),
];

fn display_action(entry: &Entry<'_>) -> Result<Deed, FileError> {
    let section = entry.inline(&["head", "fails", "mended", "colour", "by"])?;
    let head = head(&section)?;
    Ok(match read_fault(&section, "mended", &DISPLAY_FAULTS)? {
        Some(fault) => Stimulus::DisplayFails(head, fault),
        None => Stimulus::DisplayMended(head),
    }
    .into())
}

pub(crate) const POST_FAULTS: [(&str, ReadFault<light_post::Fault>); 3] = [
    ("stuck-colour", |_| Ok(light_post::Fault::StuckColour)),
    ("mute", |_| Ok(light_post::Fault::Mute)),
    ("loops", |_| Ok(light_post::Fault::Loops)),
];

fn post_action(entry: &Entry<'_>) -> Result<Deed, FileError> {
    let section = entry.inline(&["kerb", "fails", "mended"])?;
    let side = kerb(&section)?;
    Ok(match read_fault(&section, "mended", &POST_FAULTS)? {
        Some(fault) => Stimulus::PostFails(side, fault),
        None => Stimulus::PostMended(side),
    }
    .into())
}
