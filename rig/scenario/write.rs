//! A scenario in the words of its file: what a trace shows of a stimulus is what one would write to repeat it.

use std::fmt::{self, Write as _};

use emulators::crowd::Habit;
use emulators::lamps::LampFault;
use emulators::{cable, camera, countdown, light_post};

use super::words::{CABLES, COLOURS, HEADS, KERBS, LAMPS, OPERATORS, word};
use super::{Head, Pair, Scenario, Side, Stimulus, date};
use crate::site::{CableRole, write_duration, write_share, write_speed};

impl fmt::Display for Stimulus {
    /// One line of TOML: `arrive = { kerb = "a", count = 3, speed = "1.2 m/s", habit = "crosses" }`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stimulus::Arrive { kerb, count, speed_mm_s, habit } => write!(
                f,
                "arrive = {{ kerb = \"{}\", count = {count}, speed = \"{}\", {} }}",
                word(&KERBS, kerb),
                write_speed(*speed_mm_s),
                HabitWords(*habit)
            ),
            Stimulus::Leave { kerb, count } => {
                write!(f, "leave = {{ kerb = \"{}\", count = {count} }}", word(&KERBS, kerb))
            }
            Stimulus::CameraFails(side, fault) => camera_fault(f, *side, fault),
            Stimulus::CameraHeals(side) => {
                write!(f, "camera = {{ kerb = \"{}\", heals = true }}", word(&KERBS, side))
            }
            Stimulus::CableFails(role, fault) => cable_fault(f, *role, fault),
            Stimulus::CableMended(role) => {
                write!(f, "cable = {{ name = \"{}\", mended = true }}", word(&CABLES, role))
            }
            Stimulus::LampFails(head, lamp, fault) => {
                write!(f, "lamp = {{ {}, lamp = \"{}\", fails = ", HeadWords(*head), word(&LAMPS, lamp))?;
                match fault {
                    LampFault::Out => f.write_str("\"out\" }"),
                    LampFault::StuckOn => f.write_str("\"stuck-on\" }"),
                    LampFault::Flicker(by) => write!(f, "\"flicker\", by = \"{}\" }}", write_duration(*by)),
                }
            }
            Stimulus::SenseFails(head, lamp, lit) => {
                let fault = if *lit { "stuck-on" } else { "out" };
                let (head, lamp) = (HeadWords(*head), word(&LAMPS, lamp));
                write!(f, "sense = {{ {head}, lamp = \"{lamp}\", fails = \"{fault}\" }}")
            }
            Stimulus::SenseMended(head, lamp) => {
                let (head, lamp) = (HeadWords(*head), word(&LAMPS, lamp));
                write!(f, "sense = {{ {head}, lamp = \"{lamp}\", mended = true }}")
            }
            Stimulus::LampMended(head, lamp) => {
                write!(
                    f,
                    "lamp = {{ {}, lamp = \"{}\", mended = true }}",
                    HeadWords(*head),
                    word(&LAMPS, lamp)
                )
            }
            Stimulus::DisplayFails(head, fault) => display_fault(f, *head, fault),
            Stimulus::DisplayMended(head) => write!(f, "display = {{ {}, mended = true }}", HeadWords(*head)),
            Stimulus::PostFails(side, fault) => {
                let fails = match fault {
                    light_post::Fault::StuckColour => "stuck-colour",
                    light_post::Fault::Mute => "mute",
                    light_post::Fault::Loops => "loops",
                };
                write!(f, "post = {{ kerb = \"{}\", fails = \"{fails}\" }}", word(&KERBS, side))
            }
            Stimulus::PostMended(side) => {
                write!(f, "post = {{ kerb = \"{}\", mended = true }}", word(&KERBS, side))
            }
            Stimulus::Power(on) => write!(f, "power = \"{}\"", if *on { "on" } else { "off" }),
            Stimulus::Operator(operator) => write!(f, "operator = \"{}\"", word(&OPERATORS, operator)),
            Stimulus::Stall => f.write_str("stall = \"begins\""),
            Stimulus::Resume => f.write_str("stall = \"ends\""),
            Stimulus::ServiceWrite { register, value } => {
                write!(f, "service = {{ register = {register}, value = {value} }}")
            }
        }
    }
}

struct HabitWords(Habit);

impl fmt::Display for HabitWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Habit::Crosses => f.write_str("habit = \"crosses\""),
            Habit::RunsRed(after) => write!(f, "habit = \"runs-red\", after = \"{}\"", write_duration(after)),
            Habit::GivesUp(after) => write!(f, "habit = \"gives-up\", after = \"{}\"", write_duration(after)),
            Habit::TurnsBack => f.write_str("habit = \"turns-back\""),
            Habit::StartsLate => f.write_str("habit = \"starts-late\""),
            Habit::Stands => f.write_str("habit = \"stands\""),
        }
    }
}

struct HeadWords(Head);

impl fmt::Display for HeadWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "head = \"{}\"", word(&HEADS, &self.0))
    }
}

fn camera_fault(f: &mut fmt::Formatter<'_>, side: Side, fault: &camera::Fault) -> fmt::Result {
    use camera::Fault;
    write!(f, "camera = {{ kerb = \"{}\", fails = ", word(&KERBS, &side))?;
    let share = |per_mille: u16| write_share(u32::from(per_mille) * 1_000);
    match fault {
        Fault::Miss(per_mille) => write!(f, "\"miss\", share = \"{}\"", share(*per_mille)),
        Fault::Clip(count) => write!(f, "\"clip\", count = {count}"),
        Fault::Ghosts(per_hour, lasts) => {
            write!(f, "\"ghosts\", per_hour = {per_hour}, lasts = \"{}\"", write_duration(*lasts))
        }
        Fault::Flicker(per_mille) => write!(f, "\"flicker\", share = \"{}\"", share(*per_mille)),
        Fault::Stuck(count) => write!(f, "\"stuck\", count = {count}"),
        Fault::Frozen => f.write_str("\"frozen\""),
        Fault::Late(by) => write!(f, "\"late\", by = \"{}\"", write_duration(*by)),
        Fault::Jitter(by) => write!(f, "\"jitter\", by = \"{}\"", write_duration(*by)),
        Fault::RawCount(value) => write!(f, "\"raw-count\", value = {value}"),
        Fault::ClockStep(seconds) => write!(f, "\"clock-step\", by = \"{seconds}s\""),
        Fault::Reboot(lasts) => write!(f, "\"reboot\", lasts = \"{}\"", write_duration(*lasts)),
        Fault::Silent => f.write_str("\"silent\""),
        Fault::NoHeartbeat => f.write_str("\"no-heartbeat\""),
        Fault::BadCrc => f.write_str("\"bad-crc\""),
        Fault::Repeats => f.write_str("\"repeats\""),
        Fault::Replays(by) => write!(f, "\"replays\", by = \"{}\"", write_duration(*by)),
        Fault::SelfReported => f.write_str("\"self-reported\""),
        Fault::Impostor => f.write_str("\"impostor\""),
        Fault::Misdirected => f.write_str("\"misdirected\""),
    }?;
    f.write_str(" }")
}

fn cable_fault(f: &mut fmt::Formatter<'_>, role: CableRole, fault: &cable::Fault) -> fmt::Result {
    use cable::Fault;
    write!(f, "cable = {{ name = \"{}\", fails = ", word(&CABLES, &role))?;
    match fault {
        Fault::Drop(ppm) => write!(f, "\"drop\", share = \"{}\"", write_share(*ppm)),
        Fault::Flip(ppm) => write!(f, "\"flip\", share = \"{}\"", write_share(*ppm)),
        Fault::Duplicate(ppm) => write!(f, "\"duplicate\", share = \"{}\"", write_share(*ppm)),
        Fault::Delay(by) => write!(f, "\"delay\", by = \"{}\"", write_duration(*by)),
        Fault::Jitter(by) => write!(f, "\"jitter\", by = \"{}\"", write_duration(*by)),
        Fault::Stall(lasts) => write!(f, "\"stall\", lasts = \"{}\"", write_duration(*lasts)),
        Fault::Split(by) => write!(f, "\"split\", by = \"{}\"", write_duration(*by)),
        Fault::Merge(by) => write!(f, "\"merge\", by = \"{}\"", write_duration(*by)),
        Fault::Garbage(per_hour) => write!(f, "\"garbage\", per_hour = {per_hour}"),
        Fault::Echo => f.write_str("\"echo\""),
        Fault::Break => f.write_str("\"break\""),
        Fault::Unplugged => f.write_str("\"unplugged\""),
    }?;
    f.write_str(" }")
}

fn display_fault(f: &mut fmt::Formatter<'_>, head: Head, fault: &countdown::Fault) -> fmt::Result {
    use countdown::Fault;
    write!(f, "display = {{ {}, fails = ", HeadWords(head))?;
    match fault {
        Fault::Dark => f.write_str("\"dark\""),
        Fault::Frozen => f.write_str("\"frozen\""),
        Fault::MissingSegment => f.write_str("\"missing-segment\""),
        Fault::WrongColour(colour) => write!(f, "\"wrong-colour\", colour = \"{}\"", word(&COLOURS, colour)),
        Fault::Lag(by) => write!(f, "\"lag\", by = \"{}\"", write_duration(*by)),
        Fault::IgnoresLinkLoss => f.write_str("\"ignores-link-loss\""),
    }?;
    f.write_str(" }")
}

impl Scenario {
    /// The scenario as a file that loads to the same steps: generators expanded, comments gone.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let list = |items: &[String]| {
            let quoted: Vec<String> = items.iter().map(|item| quoted(item)).collect();
            format!("[{}]", quoted.join(", "))
        };
        let mut out = format!("version = 1\ntitle = {}\n", quoted(&self.title));
        // Writing to a String never fails.
        let _ = writeln!(out, "starts_at = \"{}\"", date::write(self.starts_at));
        let _ = writeln!(out, "lasts = \"{}\"", write_duration(self.lasts));
        if self.uptime_ms > 0 {
            let uptime = emulators::time::Span::from_ms(self.uptime_ms);
            let _ = writeln!(out, "uptime = \"{}\"", write_duration(uptime));
        }
        let _ = writeln!(out, "must_exercise = {}", list(&self.must_exercise));
        if !self.policies.is_empty() {
            let _ = writeln!(out, "policies = {}", list(&self.policies));
        }
        if let Some(pair) = self.pair {
            let _ = match pair {
                Pair::MorePeople => writeln!(out, "pair = \"more-people\""),
                Pair::SwappedKerbs => writeln!(out, "pair = \"swapped-kerbs\""),
                Pair::Repeats => writeln!(out, "pair = \"repeats\""),
                Pair::DamagedFrames => writeln!(out, "pair = \"damaged-frames\""),
                Pair::Noise(role) => writeln!(out, "pair = {{ noise = \"{}\" }}", word(&CABLES, &role)),
                Pair::ClockStep(seconds) => writeln!(out, "pair = {{ clock_step = \"{seconds}s\" }}"),
            };
        }
        for (at, stimulus) in &self.steps {
            let at = emulators::time::Span::from_us(at.as_us());
            let _ = write!(out, "\n[[do]]\nat = \"{}\"\n{stimulus}\n", write_duration(at));
        }
        out
    }
}
