//! From a scenario file's text to its steps.

use emulators::time::{Instant, Span};

use super::words::CABLES;
use super::{Pair, Scenario, Stimulus, action, date, draw};
use crate::site::{Document, FileError, Section, duration, hash, signed_seconds, stem};

/// The longest scenario.
pub const LASTS_MAX: Span = Span::from_secs(48 * 3_600);
/// Most steps of a scenario, generators expanded.
pub const STEPS_MAX: usize = 100_000;

const POLICIES: [(&str, ()); 4] =
    [("observed", ()), ("balanced", ()), ("fixed_time", ()), ("push_button", ())];

impl Scenario {
    /// Reads a scenario file's text and expands its generators with `seed`; `file` is what it is called in complaints,
    /// and its stem is the scenario's name.
    ///
    /// # Errors
    /// If the text is no scenario file, or makes no sense; one fault at a time, the first that is found.
    pub fn load(text: &str, file: &str, seed: u64) -> Result<Scenario, FileError> {
        let document = Document::parse(text, file)?;
        let root = document.root(&[
            "version",
            "title",
            "starts_at",
            "lasts",
            "uptime",
            "must_exercise",
            "policies",
            "pair",
            "do",
            "arrivals",
            "burst",
        ])?;
        let title = root.required("title", "write one sentence for people")?.title()?.to_owned();
        let entry = root.required("lasts", "write how long it lasts: `\"3m\"`")?;
        let lasts = entry.time(Span::from_ms(100))?;
        if lasts > LASTS_MAX {
            return Err(entry.error("is longer than 48 h", "write at most `\"48h\"`"));
        }
        let uptime = root.get("uptime").map_or(Ok(Span::ZERO), |entry| entry.quantity(duration))?;
        Ok(Scenario {
            name: stem(file),
            title,
            file: file.to_owned(),
            clock_matters: root.get("starts_at").is_some(),
            starts_at: root
                .get("starts_at")
                .map_or_else(|| Ok(default_start()), |entry| entry.quantity(date::read))?,
            lasts,
            uptime_ms: uptime.as_ms(),
            must_exercise: must_exercise(&root)?,
            policies: policies(&root)?,
            pair: pair(&root)?,
            steps: steps(&root, lasts, seed)?,
            text: text.to_owned(),
            hash: hash(text),
        })
    }

    /// A scenario that was made, not read; its text is the file that would give it, with `why` as its first line.
    #[must_use]
    pub fn made(
        [title, why]: [&str; 2],
        must_exercise: Vec<String>,
        starts_at: u32,
        uptime_ms: u64,
        steps: Vec<(Instant, Stimulus)>,
        lasts: Span,
    ) -> Scenario {
        let mut scenario = Scenario {
            name: "made".to_owned(),
            title: title.to_owned(),
            file: "made".to_owned(),
            clock_matters: starts_at != default_start(),
            starts_at,
            lasts,
            uptime_ms,
            must_exercise,
            policies: Vec::new(),
            pair: None,
            steps,
            text: String::new(),
            hash: String::new(),
        };
        scenario.text = format!("# {why}\n{}", scenario.to_toml());
        scenario.hash = hash(&scenario.text);
        scenario
    }
}

/// Noon of the default day.
fn default_start() -> u32 {
    date::read("12:00").unwrap_or(0)
}

/// Ids of properties; whether there is such a property is the judge's to say.
fn must_exercise(root: &Section<'_>) -> Result<Vec<String>, FileError> {
    let Some(entry) = root.get("must_exercise") else {
        return Ok(Vec::new());
    };
    let mut ids: Vec<String> = Vec::new();
    for item in entry.list()? {
        let id = item.text()?;
        let fits = id.starts_with(|c: char| c.is_ascii_uppercase())
            && id.len() <= 40
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !fits {
            return Err(item.error("is not the id of a property", "write it like `\"P25\"`"));
        }
        if ids.iter().any(|known| known == id) {
            return Err(item.error(format!("{id} stands here twice"), "leave one out"));
        }
        ids.push(id.to_owned());
    }
    Ok(ids)
}

fn policies(root: &Section<'_>) -> Result<Vec<String>, FileError> {
    let Some(entry) = root.get("policies") else {
        return Ok(Vec::new());
    };
    let items = entry.list()?;
    if items.is_empty() {
        return Err(entry.error("names no policy", "leave it out: then the scenario is for all"));
    }
    items.iter().map(|item| item.choice(&POLICIES).and_then(|()| Ok(item.text()?.to_owned()))).collect()
}

fn pair(root: &Section<'_>) -> Result<Option<Pair>, FileError> {
    const WORDS: [(&str, Pair); 4] = [
        ("more-people", Pair::MorePeople),
        ("swapped-kerbs", Pair::SwappedKerbs),
        ("repeats", Pair::Repeats),
        ("damaged-frames", Pair::DamagedFrames),
    ];
    let Some(entry) = root.get("pair") else {
        return Ok(None);
    };
    if entry.is_text() {
        return entry.choice(&WORDS).map(Some);
    }
    let section = entry.inline(&["noise", "clock_step"])?;
    match (section.get("noise"), section.get("clock_step")) {
        (Some(cable), None) => Ok(Some(Pair::Noise(cable.choice(&CABLES)?))),
        (None, Some(step)) => match step.quantity(signed_seconds)? {
            0 => Err(step.error("compares a run with itself", "write a step: `\"1h\"`")),
            seconds => Ok(Some(Pair::ClockStep(seconds))),
        },
        (Some(_), Some(second)) => Err(second.error("is a second comparison", "a scenario has one `pair`")),
        (None, None) => {
            Err(entry.error("compares nothing", "write `{ noise = \"lamps\" }` or `{ clock_step = \"1h\" }`"))
        }
    }
}

/// All steps in order of time; at one instant in the order of the file.
fn steps(root: &Section<'_>, lasts: Span, seed: u64) -> Result<Vec<(Instant, Stimulus)>, FileError> {
    let mut placed: Vec<(usize, Vec<(Instant, Stimulus)>)> = Vec::new();
    let mut count = 0;
    let mut place = |section: &Section<'_>, steps: Vec<(Instant, Stimulus)>| {
        count += steps.len();
        placed.push((section.offset(), steps));
        if count <= STEPS_MAX {
            return Ok(());
        }
        Err(section.error(
            format!("makes more than {STEPS_MAX} steps in all"),
            "let fewer people come, or for a shorter time",
        ))
    };
    for section in root.array("do")? {
        place(&section, one(&section, lasts)?)?;
    }
    let (arrivals, bursts) = (root.array("arrivals")?, root.array("burst")?);
    if arrivals.len() + bursts.len() > draw::GENERATORS_MAX {
        let message = format!("has more than {} generators", draw::GENERATORS_MAX);
        return Err(root.error(message, "put several into one `[[arrivals]]`"));
    }
    for (index, section) in arrivals.iter().enumerate() {
        place(section, draw::arrivals(section, (seed, index), lasts, STEPS_MAX + 1)?)?;
    }
    for (index, section) in bursts.iter().enumerate() {
        place(section, draw::burst(section, (seed, draw::GENERATORS_MAX + index), lasts)?)?;
    }
    placed.sort_by_key(|(offset, _)| *offset);
    let mut steps: Vec<(Instant, Stimulus)> = placed.into_iter().flat_map(|(_, steps)| steps).collect();
    steps.sort_by_key(|(at, _)| *at);
    Ok(steps)
}

/// The steps of one `[[do]]`: one, or two where it has an end.
fn one(section: &Section<'_>, lasts: Span) -> Result<Vec<(Instant, Stimulus)>, FileError> {
    const KNOWN: [&str; 1 + action::ACTIONS.len()] = {
        let mut known = ["at"; 1 + action::ACTIONS.len()];
        let mut index = 0;
        while index < action::ACTIONS.len() {
            known[index + 1] = action::ACTIONS[index].0;
            index += 1;
        }
        known
    };
    section.only(&KNOWN)?;
    let entry = section.required("at", "write when: `\"40s\"`")?;
    let at = entry.time(Span::ZERO)?;
    let deed = action::read(section)?;
    let end = deed.later.as_ref().map_or(at, |(after, _)| at + *after);
    if end > lasts {
        let what = if at > lasts { "lies after the end" } else { "lasts beyond the end" };
        return Err(entry.error(what, "the scenario ends at `lasts`"));
    }
    let mut steps = vec![(Instant::ZERO + at, deed.now)];
    steps.extend(deed.later.map(|(after, stimulus)| (Instant::ZERO + at + after, stimulus)));
    Ok(steps)
}
