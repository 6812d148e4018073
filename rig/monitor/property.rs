//! Properties as they are written: `[[property]]` and `[[property.check]]` tables. Only their form is checked here;
//! what the texts mean is found out when an engine is made, with a vocabulary and a site's limits.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::parse::closest;

/// Why a property cannot be judged: where it is wrong, and what may have been meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyError {
    /// The file's name as given.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// The key whose value is wrong; empty if the document itself is.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What may have been meant.
    pub hint: Option<String>,
}

impl fmt::Display for PropertyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, " (hint: {hint})"))
    }
}

impl std::error::Error for PropertyError {}

/// A property of the catalogue or of a site file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// `P10`.
    pub id: String,
    /// A few words.
    pub title: String,
    /// What must be true, in a sentence.
    pub sentence: String,
    /// Where it comes from.
    pub source: String,
    /// Policies it applies to; empty: all.
    pub policies: Vec<String>,
    /// Cables without which it cannot be observed.
    pub needs: Vec<String>,
    /// Cables without which part of it cannot be observed: not exercised is then not observable.
    pub partly: Vec<String>,
    /// Whether it belongs to the core.
    pub core: bool,
    /// What is checked; the property's verdict is the worst check's. Empty for a pair and for what is left out.
    pub checks: Vec<Check>,
    /// Compares two runs instead (metamorphic): how the second differs from the first.
    pub pair: Option<String>,
    /// Why it is not judged; it is listed all the same.
    pub left_out: Option<String>,
    /// The file it was read from.
    pub file: Arc<str>,
    /// Its line there.
    pub line: u32,
}

/// One check of a property: one pattern with its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its line.
    pub line: u32,
    pub(super) shape: Shape,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: &'static str,
    pub(super) line: u32,
    pub(super) value: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Text(String),
    Number(i64),
    Flag(bool),
    List(Vec<String>),
}

/// The patterns, by the key that names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Never,
    Lasts,
    Responds,
    Held,
    Seen,
    Value,
    Steps,
    CountsTo,
    Transitions,
    Every,
    Agree,
    Share,
}

/// Key that names the pattern, pattern, the keys it must have, the keys it may have besides `while` and `tolerance`.
/// The first row that fits a table is its pattern.
type Form = (&'static str, Shape, &'static [&'static str], &'static [&'static str]);
const FORMS: [Form; 12] = [
    ("never", Shape::Never, &[], &["longer_than", "triggers"]),
    ("lasts", Shape::Lasts, &[], &["at_least", "at_most", "unless_then"]),
    ("when", Shape::Responds, &["then", "within"], &["unless"]),
    ("steps", Shape::Steps, &["by", "every"], &["last", "unless"]),
    ("counts_to", Shape::CountsTo, &["counter"], &["unless"]),
    ("transitions", Shape::Transitions, &["allow"], &[]),
    ("agree", Shape::Agree, &["within"], &["offset", "both_shown"]),
    ("share", Shape::Share, &["window", "at_least"], &[]),
    ("held", Shape::Held, &["at", "for"], &[]),
    ("seen", Shape::Seen, &["at", "within"], &[]),
    ("value", Shape::Value, &["at"], &["min", "max", "unit"]),
    ("every", Shape::Every, &[], &["at_most", "at_least"]),
];
const ANYWHERE: [&str; 3] = ["while", "tolerance", "says"];
const KEYS: [&str; 12] = [
    "id", "title", "sentence", "source", "policies", "needs", "partly", "core", "check", "note", "pair",
    "left_out",
];
/// Pairs of runs that a property without checks may compare.
const PAIRS: [&str; 5] = ["more_people", "swapped_kerbs", "noise", "repeats", "clock_step"];

/// Reads all `[[property]]` tables of a document.
///
/// # Errors
/// A document that is no TOML, or a table with a missing, unknown or ill-typed key.
pub fn load(text: &str, file_name: &str) -> Result<Vec<Property>, PropertyError> {
    let reader = Reader::new(file_name, text);
    let document = DeTable::parse(text).map_err(|error| {
        reader.error(error.span().unwrap_or(0..0), "", error.message().trim().to_owned(), None)
    })?;
    let mut found: Vec<Property> = Vec::new();
    for (key, value) in document.get_ref() {
        if key.get_ref() != "property" {
            return Err(reader.unknown(key.span(), key.get_ref(), &["property"]));
        }
        for table in reader.tables(value, "property")? {
            let property = reader.property(table)?;
            if let Some(same) = found.iter().find(|known| known.id == property.id) {
                let hint = format!("the other is at line {}", same.line);
                let message = format!("there are two properties `{}`", property.id);
                return Err(reader.error(table.span(), "id", message, Some(hint)));
            }
            found.push(property);
        }
    }
    Ok(found)
}

struct Reader {
    file: Arc<str>,
    /// Where the lines end: a catalogue asks for the line of each of its keys.
    newlines: Vec<usize>,
}

impl Reader {
    fn new(file_name: &str, text: &str) -> Reader {
        let newlines = text.match_indices('\n').map(|(place, _)| place).collect();
        Reader { file: Arc::from(file_name), newlines }
    }

    fn line(&self, span: &Range<usize>) -> u32 {
        1 + self.newlines.partition_point(|newline| *newline < span.start) as u32
    }

    fn error(&self, span: Range<usize>, key: &str, message: String, hint: Option<String>) -> PropertyError {
        let line = self.line(&span);
        PropertyError { file: self.file.clone(), line, key: key.to_owned(), message, hint }
    }

    fn unknown(&self, span: Range<usize>, key: &str, known: &[&'static str]) -> PropertyError {
        let hint = closest(key, known.iter().copied()).map_or_else(
            || format!("known here: {}", known.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        self.error(span, key, "unknown key".to_owned(), Some(hint))
    }

    fn tables<'t, 'i>(
        &self,
        value: &'t Spanned<DeValue<'i>>,
        key: &str,
    ) -> Result<Vec<&'t Spanned<DeValue<'i>>>, PropertyError> {
        let list = value.get_ref().as_array().filter(|list| list.iter().all(|one| one.get_ref().is_table()));
        let Some(list) = list else {
            let hint = Some(format!("write [[{key}]]"));
            return Err(self.error(value.span(), key, "wanted an array of tables".to_owned(), hint));
        };
        Ok(list.iter().collect())
    }

    fn property(&self, table: &Spanned<DeValue<'_>>) -> Result<Property, PropertyError> {
        let mut property = Property {
            id: String::new(),
            title: String::new(),
            sentence: String::new(),
            source: String::new(),
            policies: Vec::new(),
            needs: Vec::new(),
            partly: Vec::new(),
            core: false,
            checks: Vec::new(),
            pair: None,
            left_out: None,
            file: self.file.clone(),
            line: self.line(&table.span()),
        };
        for (key, value) in table.get_ref().as_table().into_iter().flatten() {
            let Some(name) = KEYS.iter().find(|known| **known == key.get_ref().as_ref()) else {
                return Err(self.unknown(key.span(), key.get_ref(), &KEYS));
            };
            if *name == "check" {
                for check in self.tables(value, "property.check")? {
                    property.checks.push(self.check(check)?);
                }
                continue;
            }
            match (*name, self.content(value, name)?) {
                ("id", Content::Text(text)) => property.id = text,
                ("title", Content::Text(text)) => property.title = text,
                ("sentence", Content::Text(text)) => property.sentence = text,
                ("source", Content::Text(text)) => property.source = text,
                ("note", Content::Text(_)) => {}
                ("pair", Content::Text(text)) => {
                    if !PAIRS.contains(&text.as_str()) {
                        let hint = Some(format!("one of: {}", PAIRS.join(", ")));
                        return Err(self.error(value.span(), name, format!("unknown pair `{text}`"), hint));
                    }
                    property.pair = Some(text);
                }
                ("left_out", Content::Text(text)) => property.left_out = Some(text),
                ("policies", Content::List(list)) => property.policies = list,
                ("needs", Content::List(list)) => property.needs = list,
                ("partly", Content::List(list)) => property.partly = list,
                ("core", Content::Flag(flag)) => property.core = flag,
                (_key, _other) => {
                    let kind = match *name {
                        "core" => "true or false",
                        "policies" | "needs" | "partly" => "a list of texts",
                        _text => "a text",
                    };
                    return Err(self.error(value.span(), name, format!("wanted {kind}"), None));
                }
            }
        }
        if property.id.is_empty() {
            let hint = Some("write id = \"P01\"".to_owned());
            return Err(self.error(table.span(), "id", "a property needs an id".to_owned(), hint));
        }
        let judged_otherwise = property.pair.is_some() || property.left_out.is_some();
        if property.checks.is_empty() != judged_otherwise {
            let message = format!("property `{}` needs either checks, or `pair` or `left_out`", property.id);
            let hint = Some("write a [[property.check]] below it".to_owned());
            return Err(self.error(table.span(), "check", message, hint));
        }
        Ok(property)
    }

    fn check(&self, table: &Spanned<DeValue<'_>>) -> Result<Check, PropertyError> {
        let keys = table.get_ref().as_table();
        let has = |name: &str| keys.is_some_and(|keys| keys.iter().any(|(key, _)| key.get_ref() == name));
        let Some((head, shape, must, may)) = FORMS.iter().find(|(head, ..)| has(head)) else {
            let heads: Vec<&'static str> = FORMS.iter().map(|(head, ..)| *head).collect();
            let hint = keys
                .into_iter()
                .flatten()
                .find_map(|(key, _)| closest(key.get_ref(), heads.iter().copied()))
                .map_or_else(
                    || format!("one of: {}", heads.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
            let message = "a check needs a key that names its pattern".to_owned();
            return Err(self.error(table.span(), "check", message, Some(hint)));
        };
        let known: Vec<&'static str> =
            [*head].iter().chain(*must).chain(*may).chain(&ANYWHERE).copied().collect();
        let mut entries = Vec::new();
        for (key, value) in keys.into_iter().flatten() {
            let Some(name) = known.iter().find(|known| **known == key.get_ref().as_ref()) else {
                return Err(self.unknown(key.span(), key.get_ref(), &known));
            };
            let value =
                Entry { key: name, line: self.line(&value.span()), value: self.content(value, name)? };
            entries.push(value);
        }
        if let Some(missing) = must.iter().find(|name| !has(name)) {
            let message = format!("`{head}` needs `{missing}`");
            return Err(self.error(table.span(), missing, message, None));
        }
        let either = match shape {
            Shape::Lasts | Shape::Every => Some(("at_least", "at_most")),
            Shape::Value => Some(("min", "max")),
            Shape::Never
            | Shape::Responds
            | Shape::Held
            | Shape::Seen
            | Shape::Steps
            | Shape::CountsTo
            | Shape::Transitions
            | Shape::Agree
            | Shape::Share => None,
        };
        if let Some((low, high)) = either.filter(|(low, high)| !has(low) && !has(high)) {
            let message = format!("`{head}` needs `{low}` or `{high}`");
            return Err(self.error(table.span(), low, message, None));
        }
        Ok(Check { line: self.line(&table.span()), shape: *shape, entries })
    }

    fn content(&self, value: &Spanned<DeValue<'_>>, key: &str) -> Result<Content, PropertyError> {
        let wrong = |what: &str| self.error(value.span(), key, what.to_owned(), None);
        match value.get_ref() {
            DeValue::String(text) => Ok(Content::Text(text.to_string())),
            DeValue::Boolean(flag) => Ok(Content::Flag(*flag)),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map(Content::Number)
                .map_err(|_| wrong("the number is too large")),
            DeValue::Array(list) => list
                .iter()
                .map(|one| one.get_ref().as_str().map(str::to_owned).ok_or_else(|| wrong("wanted texts")))
                .collect::<Result<_, _>>()
                .map(Content::List),
            DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => {
                Err(wrong("wanted a text, a whole number, true, false or a list of texts"))
            }
        }
    }
}

impl Check {
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}
