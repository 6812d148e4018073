//! One action in a line of its own, as somebody types it: `arrive a 2 habit=runs-red`. The same words as in a file, and
//! what a file or a trace says may be typed as it stands: `arrive = { kerb = "a", count = 2 }`.

use std::fmt::Write as _;

use emulators::time::Span;

use super::{Stimulus, action};
use crate::site::{Document, FileError, closest};

/// What may be typed, for people.
pub const EXAMPLES: &str = "\
  arrive a 2                  two people come to kerb A; also speed=1.2m/s, habit=runs-red after=3s
  leave a 1                   the one who has waited longest goes away
  camera a silent             a camera fails: miss share=30%, stuck count=2, late by=2s, reboot lasts=5s, ...
  camera a heals
  lamp vehicle-a red out      a lamp fails: out, stuck-on, flicker by=200ms; mended
  display pedestrian-a lag by=1s    dark, frozen, missing-segment, wrong-colour colour=red, lag; mended
  post a mute                 stuck-colour, mute, loops; mended
  cable lamps drop share=1%   a cable fails: flip, duplicate, delay by=20ms, unplugged, ...; mended
  power off                   the supply of heads, displays, posts and modules; on; dip 300ms
";

/// Actions whose words come in this order; what else there is to say follows as `key=value`.
const ORDERS: [(&str, &[&str]); 9] = [
    ("arrive", &["kerb", "count"]),
    ("leave", &["kerb", "count"]),
    ("camera", &["kerb", "fails"]),
    ("cable", &["name", "fails"]),
    ("lamp", &["head", "lamp", "fails"]),
    ("sense", &["head", "lamp", "fails"]),
    ("display", &["head", "fails"]),
    ("post", &["kerb", "fails"]),
    ("service", &["register", "value"]),
];

/// Words that stand where a fault would, and say that it is over.
const CURES: [&str; 2] = ["heals", "mended"];

/// Reads a line: what happens now, and what follows after a time.
///
/// # Errors
/// In words, with a hint, if it is no action.
pub fn said(line: &str) -> Result<Vec<(Span, Stimulus)>, String> {
    let line = line.trim();
    if line.contains(char::is_control) {
        return Err("the line holds a control character".to_owned());
    }
    let name = line.split(|c: char| c.is_whitespace() || c == '=').next().unwrap_or_default();
    let rest = line[name.len()..].trim_start();
    let known = action::ACTIONS.map(|(known, _)| known);
    if !known.contains(&name) {
        let hint = match closest(name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", known.join(", ")),
        };
        return Err(format!("`{}` is no action (hint: {hint})", name.chars().take(40).collect::<String>()));
    }
    let action = if rest.starts_with('=') { line.to_owned() } else { written(name, rest)? };
    let text = format!("version = 1\n{action}\n");
    read(&text).map_err(|error| {
        let hint = error.hint.map(|hint| format!(" (hint: {hint})")).unwrap_or_default();
        format!("{}: {}{hint}", if error.key.is_empty() { name } else { &error.key }, error.message)
    })
}

/// The action as a file would have it.
fn written(name: &str, rest: &str) -> Result<String, String> {
    let Some((_, order)) = ORDERS.iter().find(|(action, _)| *action == name) else {
        return Ok(format!("{name} = {}", value(rest)));
    };
    let mut order = order.iter();
    let mut pairs = String::new();
    for word in rest.split_whitespace() {
        let (key, value) = match word.split_once('=') {
            Some((key_said, value_said)) => (key(key_said), value(value_said)),
            None if CURES.contains(&word) => (word.to_owned(), "true".to_owned()),
            None => match order.next() {
                Some(key) => ((*key).to_owned(), value(word)),
                None => return Err(format!("{name}: `{word}` is one word too many (hint: write key=value)")),
            },
        };
        let comma = if pairs.is_empty() { "" } else { ", " };
        // Writing to a String never fails.
        let _ = write!(pairs, "{comma}{key} = {value}");
    }
    Ok(format!("{name} = {{ {pairs} }}"))
}

/// A key, in quotes where it would be none otherwise.
fn key(said: &str) -> String {
    let bare =
        !said.is_empty() && said.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if bare { said.to_owned() } else { quoted(said) }
}

/// A whole number as it is, everything else in quotes.
fn value(said: &str) -> String {
    let number = !said.is_empty() && said.bytes().all(|byte| byte.is_ascii_digit());
    if number && !(said.len() > 1 && said.starts_with('0')) { said.to_owned() } else { quoted(said) }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn read(text: &str) -> Result<Vec<(Span, Stimulus)>, FileError> {
    const KNOWN: [&str; 1 + action::ACTIONS.len()] = {
        let mut known = ["version"; 1 + action::ACTIONS.len()];
        let mut index = 0;
        while index < action::ACTIONS.len() {
            known[index + 1] = action::ACTIONS[index].0;
            index += 1;
        }
        known
    };
    let document = Document::parse(text, "")?;
    let deed = action::read(&document.root(&KNOWN)?)?;
    Ok([(Span::ZERO, deed.now)].into_iter().chain(deed.later).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use emulators::crowd::{Habit, Kerb};

    #[test]
    fn what_is_typed_is_what_a_file_would_say() {
        for (typed, written) in [
            ("arrive a 2", "arrive = { kerb = \"a\", count = 2 }"),
            ("arrive b", "arrive = { kerb = \"b\" }"),
            (
                "arrive a 1 speed=1.2m/s habit=runs-red after=3s",
                "arrive = { kerb = \"a\", count = 1, speed = \"1.2 m/s\", habit = \"runs-red\", after = \"3s\" }",
            ),
            ("  leave   a  3 ", "leave = { kerb = \"a\", count = 3 }"),
            ("camera a silent", "camera = { kerb = \"a\", fails = \"silent\" }"),
            ("camera a miss share=30%", "camera = { kerb = \"a\", fails = \"miss\", share = \"30%\" }"),
            ("camera a heals", "camera = { kerb = \"a\", heals = true }"),
            ("lamp vehicle-a red out", "lamp = { head = \"vehicle-a\", lamp = \"red\", fails = \"out\" }"),
            ("lamp vehicle-a red mended", "lamp = { head = \"vehicle-a\", lamp = \"red\", mended = true }"),
            (
                "sense vehicle-b green out",
                "sense = { head = \"vehicle-b\", lamp = \"green\", fails = \"out\" }",
            ),
            ("cable lamps delay by=20ms", "cable = { name = \"lamps\", fails = \"delay\", by = \"20ms\" }"),
            ("display pedestrian-b dark", "display = { head = \"pedestrian-b\", fails = \"dark\" }"),
            ("post a mute", "post = { kerb = \"a\", fails = \"mute\" }"),
            ("power off", "power = \"off\""),
            ("dip 300ms", "dip = \"300ms\""),
            ("operator flash", "operator = \"flash\""),
            ("stall 2s", "stall = \"2s\""),
            ("service 0 5", "service = { register = 0, value = 5 }"),
        ] {
            assert_eq!(said(typed).expect(typed), said(written).expect(written), "{typed}");
        }
        let (count, speed_mm_s) = (2, 1_300);
        let arrive = Stimulus::Arrive { kerb: Kerb::A, count, speed_mm_s, habit: Habit::Crosses };
        assert_eq!(said("arrive a 2"), Ok(vec![(Span::ZERO, arrive)]));
        let dip = [(Span::ZERO, Stimulus::Power(false)), (Span::from_ms(300), Stimulus::Power(true))];
        assert_eq!(said("dip 300ms"), Ok(dip.to_vec()));
    }

    #[test]
    fn every_action_can_be_typed_and_every_example_is_one() {
        for (action, _) in action::ACTIONS {
            let one_word = ["power", "dip", "operator", "stall"].contains(&action);
            assert!(one_word || ORDERS.iter().any(|(ordered, _)| *ordered == action), "{action}");
        }
        for line in EXAMPLES.lines() {
            let typed = line.trim().split("  ").next().unwrap_or_default();
            assert!(said(typed).is_ok(), "{typed}: {:?}", said(typed));
        }
    }

    #[test]
    fn what_is_none_is_refused_with_what_would_be_one() {
        for (typed, part) in [
            ("arive a 2", "did you mean `arrive`?"),
            ("arrive", "kerb"),
            ("arrive c", "`c` is not known here"),
            ("arrive a 2 3", "one word too many"),
            ("arrive a two", "not a whole number"),
            ("arrive a 2 sped=1m/s", "did you mean `speed`?"),
            ("camera a silnt", "did you mean `\"silent\"`?"),
            ("camera a miss share=2", "unit"),
            ("lamp pedestrian-a yellow out", "no yellow"),
            ("dip 300", "unit"),
            ("power", "on"),
            ("version 2", "known here: arrive, leave"),
            ("arrive a 2\u{1b}[2J", "control character"),
            ("arrive = x", "TOML"),
            ("arrive a 2 = x", "one word too many"),
            ("= x", "is no action"),
        ] {
            let error = said(typed).expect_err(typed);
            assert!(error.contains(part), "{typed}: {error}");
        }
    }
}
