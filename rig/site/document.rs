//! A TOML document read key by key, where every complaint knows its line: unknown keys are refused with the nearest
//! known one, missing ones are named, quantities carry their units.

use std::ops::Range;

use emulators::time::Span;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::closest::closest;
use super::file_error::{FileError, check_size};
use super::quantity::{Complaint, shown};

/// The most characters of a title.
const TITLE_MAX: usize = 200;

/// The table whose key stands at `offset`, as complaints name it: `[geometry]`, `[[do]] #3`. A document that cannot be
/// parsed is looked at line by line.
fn table_before(text: &str, offset: usize) -> Option<String> {
    let name = |line: &str| line.chars().all(|c| c.is_alphanumeric() || "-_.[]".contains(c));
    let header = |line: &'_ str| {
        let line = line.split('#').next().unwrap_or_default().trim().to_owned();
        (line.starts_with('[') && line.ends_with(']') && name(&line)).then_some(line)
    };
    let before = &text[..text[..offset].rfind('\n')? + 1];
    let last = before.lines().rev().find_map(header)?;
    if !last.starts_with("[[") {
        return Some(last);
    }
    let number = before.lines().filter_map(header).filter(|other| *other == last).count();
    Some(format!("{last} #{number}"))
}

/// A parsed document; hands out its [`Section`]s.
pub(crate) struct Document<'t> {
    file: &'t str,
    text: &'t str,
    root: Spanned<DeTable<'t>>,
}

impl<'t> Document<'t> {
    /// Parses `text`; anything longer than the limit is refused unread.
    pub(crate) fn parse(text: &'t str, file: &'t str) -> Result<Document<'t>, FileError> {
        check_size(file, text)?;
        match DeTable::parse(text) {
            Ok(root) => Ok(Document { file, text, root }),
            Err(error) => {
                let place = error.span().unwrap_or(0..0);
                let twice = error.message().contains("duplicate key");
                let key = text.get(place.clone()).filter(|_| twice).map(shown).unwrap_or_default();
                let table = if key.is_empty() { None } else { table_before(text, place.start) };
                let key = table.map_or(key.clone(), |table| format!("{table} {key}"));
                let hint = if twice {
                    "a key stands once in its table"
                } else {
                    "the file is not TOML from here on"
                };
                Err(FileError::at(
                    file,
                    text,
                    &place,
                    key,
                    shown_message(error.message()),
                    Some(hint.to_owned()),
                ))
            }
        }
    }

    /// The document itself; refuses keys other than `known`, and a version other than 1.
    pub(crate) fn root(&self, known: &[&'static str]) -> Result<Section<'_>, FileError> {
        let section = Section {
            file: self.file,
            text: self.text,
            prefix: String::new(),
            place: 0..0,
            table: self.root.get_ref(),
        };
        // A later version may well have other keys: it is the version that is to blame for them.
        let version = section.get("version");
        if let Some(version) = version
            && version.integer(0, i64::MAX)? != 1
        {
            let hint = "this program reads `version = 1`; a newer one may read more";
            return Err(version.error("this version is not known here", hint));
        }
        section.only(known)?;
        section.required("version", "write `version = 1` as the first line")?;
        Ok(section)
    }
}

/// The parser's message on one line, without control characters.
fn shown_message(message: &str) -> String {
    message.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

/// A table of the document.
#[derive(Clone)]
pub(crate) struct Section<'a> {
    file: &'a str,
    text: &'a str,
    /// What stands before a key of this table in messages: empty, `[controller] `, `[[do]] #3 arrive.`.
    prefix: String,
    place: Range<usize>,
    table: &'a DeTable<'a>,
}

impl<'a> Section<'a> {
    /// Refuses every key that is not known, the first in the file first.
    pub(crate) fn only(&self, known: &[&'static str]) -> Result<(), FileError> {
        let unknown = self.table.iter().filter(|(key, _)| !known.contains(&&**key.get_ref()));
        let Some((key, _)) = unknown.min_by_key(|(key, _)| key.span().start) else {
            return Ok(());
        };
        let hint = match closest(key.get_ref(), known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.len() <= 20 => format!("known here: {}", known.join(", ")),
            None => "see the list of keys in the documentation of this section".to_owned(),
        };
        let path = format!("{}{}", self.prefix, shown(key.get_ref()));
        Err(FileError::at(self.file, self.text, &key.span(), path, "unknown key", Some(hint)))
    }

    /// A value, if the key is there.
    pub(crate) fn get(&self, key: &'static str) -> Option<Entry<'a>> {
        let (name, value) = self.table.iter().find(|(name, _)| name.get_ref() == key)?;
        Some(Entry {
            file: self.file,
            text: self.text,
            path: format!("{}{key}", self.prefix),
            key_place: name.span(),
            value,
        })
    }

    /// A value that must be there.
    pub(crate) fn required(&self, key: &'static str, hint: &str) -> Result<Entry<'a>, FileError> {
        self.get(key).ok_or_else(|| {
            let path = format!("{}{key}", self.prefix);
            FileError::at(self.file, self.text, &self.place, path, "is missing", Some(hint.to_owned()))
        })
    }

    /// A table below this one, written `[name]` or `[this.name]`; refuses keys other than `known`.
    pub(crate) fn section(
        &self,
        name: &'static str,
        known: &[&'static str],
    ) -> Result<Option<Section<'a>>, FileError> {
        let Some(entry) = self.get(name) else {
            return Ok(None);
        };
        let path = self.prefix.trim().trim_start_matches('[').trim_end_matches(']');
        let dot = if path.is_empty() { "" } else { "." };
        let section = entry.table(format!("[{path}{dot}{name}] "))?;
        section.only(known)?;
        Ok(Some(section))
    }

    /// The tables of an array `[[name]]`, each with the place where it begins.
    pub(crate) fn array(&self, name: &'static str) -> Result<Vec<Section<'a>>, FileError> {
        let Some(entry) = self.get(name) else {
            return Ok(Vec::new());
        };
        let DeValue::Array(items) = entry.value.get_ref() else {
            return Err(
                entry.error(entry.mistyped("a list of tables"), format!("write `[[{name}]]` above each"))
            );
        };
        let tables = items.iter().enumerate().map(|(index, value)| {
            let item = Entry { value, key_place: value.span(), ..entry.clone() };
            item.table(format!("[[{name}]] #{} ", index + 1))
        });
        tables.collect()
    }

    /// Where it begins in the file (byte offset).
    pub(crate) fn offset(&self) -> usize {
        self.place.start
    }

    /// A complaint about the table as a whole.
    pub(crate) fn error(&self, message: impl Into<String>, hint: impl Into<String>) -> FileError {
        let path = self.prefix.trim_end().trim_end_matches('.');
        FileError::at(self.file, self.text, &self.place, path, message, Some(hint.into()))
    }
}

/// A value with its key.
#[derive(Clone)]
pub(crate) struct Entry<'a> {
    file: &'a str,
    text: &'a str,
    path: String,
    key_place: Range<usize>,
    value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Entry<'a> {
    /// A complaint about this value.
    pub(crate) fn error(&self, message: impl Into<String>, hint: impl Into<String>) -> FileError {
        let place = if self.value.get_ref().is_table() { self.key_place.clone() } else { self.value.span() };
        FileError::at(self.file, self.text, &place, self.path.clone(), message, Some(hint.into()))
    }

    fn mistyped(&self, wanted: &str) -> String {
        format!("is {}, not {wanted}", self.value.get_ref().type_str())
    }

    /// A text.
    pub(crate) fn text(&self) -> Result<&'a str, FileError> {
        match self.value.get_ref() {
            DeValue::String(text) if text.contains(char::is_control) => {
                Err(self.error("holds a control character", "write plain text on one line"))
            }
            DeValue::String(text) => Ok(text),
            _ => Err(self.error(self.mistyped("a text"), "write it in quotes")),
        }
    }

    /// A text that people see on every page.
    pub(crate) fn title(&self) -> Result<&'a str, FileError> {
        let text = self.text()?;
        match text.trim().chars().count() {
            0 => Err(self.error("is empty", "write one line for people")),
            1..=TITLE_MAX => Ok(text),
            _ => Err(self.error("is too long for a title", format!("write at most {TITLE_MAX} characters"))),
        }
    }

    /// Whether it is a text.
    pub(crate) fn is_text(&self) -> bool {
        self.value.get_ref().is_str()
    }

    /// True or false.
    pub(crate) fn boolean(&self) -> Result<bool, FileError> {
        self.value
            .get_ref()
            .as_bool()
            .ok_or_else(|| self.error(self.mistyped("true or false"), "write `true` or `false`"))
    }

    /// The value `true`, where `false` would say nothing.
    pub(crate) fn only_true(&self) -> Result<(), FileError> {
        if self.boolean()? { Ok(()) } else { Err(self.error("can only be `true`", "leave the line out")) }
    }

    /// A whole number from `low` to `high`.
    pub(crate) fn integer(&self, low: i64, high: i64) -> Result<i64, FileError> {
        let DeValue::Integer(number) = self.value.get_ref() else {
            return Err(self.error(self.mistyped("a whole number"), "write a whole number without quotes"));
        };
        let range = format!("write a whole number from {low} to {high}");
        let digits = number.as_str().replace('_', "");
        match i64::from_str_radix(&digits, number.radix()) {
            Ok(value) if value < low => Err(self.error(format!("{value} is below {low}"), range)),
            Ok(value) if value > high => Err(self.error(format!("{value} is above {high}"), range)),
            Ok(value) => Ok(value),
            Err(_) => Err(self.error("is too large", range)),
        }
    }

    /// A whole number as the type it is kept in.
    pub(crate) fn number<T: TryFrom<i64>>(&self, low: T, high: T) -> Result<T, FileError>
    where
        i64: TryFrom<T>,
    {
        let bound = |bound: T, other: i64| i64::try_from(bound).unwrap_or(other);
        let value = self.integer(bound(low, i64::MIN), bound(high, i64::MAX))?;
        T::try_from(value).map_err(|_| self.error("is too large", "write a smaller number"))
    }

    /// A text read by `read`, whose complaint gets its place here.
    pub(crate) fn quantity<T>(&self, read: impl Fn(&str) -> Result<T, Complaint>) -> Result<T, FileError> {
        match self.value.get_ref() {
            DeValue::Integer(number) => {
                let bare = read(number.as_str()).err();
                Err(self.complaint(
                    bare.unwrap_or_else(|| {
                        Complaint::new("has no unit", "write it in quotes, with its unit")
                    }),
                ))
            }
            DeValue::Float(number) => {
                let bare = read(number.as_str()).err();
                Err(self.complaint(
                    bare.unwrap_or_else(|| {
                        Complaint::new("has no unit", "write it in quotes, with its unit")
                    }),
                ))
            }
            DeValue::String(text) => read(text).map_err(|complaint| self.complaint(complaint)),
            DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
                Err(self.error(self.mistyped("a quantity"), "write it in quotes, with its unit"))
            }
        }
    }

    fn complaint(&self, complaint: Complaint) -> FileError {
        self.error(complaint.message, complaint.hint)
    }

    /// A duration, at least `low`.
    pub(crate) fn time(&self, low: Span) -> Result<Span, FileError> {
        let span = self.quantity(super::quantity::duration)?;
        if span >= low {
            return Ok(span);
        }
        let least = super::quantity::write_duration(low);
        let message =
            if span == Span::ZERO { "is zero".to_owned() } else { format!("is shorter than {least}") };
        Err(self.error(message, format!("write at least `\"{least}\"`")))
    }

    /// One of some words.
    pub(crate) fn choice<T: Copy>(&self, words: &[(&'static str, T)]) -> Result<T, FileError> {
        let text = self.text()?;
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
            return Ok(*meaning);
        }
        let known = words.iter().map(|(word, _)| *word);
        let hint = match closest(text, known.clone()) {
            Some(near) => format!("did you mean `\"{near}\"`?"),
            None => format!("write one of: {}", known.collect::<Vec<_>>().join(", ")),
        };
        Err(self.error(format!("`{}` is not known here", shown(text)), hint))
    }

    /// The items of a list.
    pub(crate) fn list(&self) -> Result<Vec<Entry<'a>>, FileError> {
        match self.value.get_ref() {
            DeValue::Array(items) => Ok(items
                .iter()
                .map(|value| Entry { value, key_place: value.span(), ..self.clone() })
                .collect()),
            _ => Err(self.error(self.mistyped("a list"), "write it in square brackets")),
        }
    }

    /// A list of exactly `N` whole numbers.
    pub(crate) fn numbers<const N: usize>(&self, low: u16, high: u16) -> Result<[u16; N], FileError> {
        let items = self.list()?;
        if items.len() != N {
            return Err(
                self.error(format!("has {} items, not {N}", items.len()), format!("write {N} numbers"))
            );
        }
        let mut numbers = [0; N];
        for (number, item) in numbers.iter_mut().zip(&items) {
            *number = item.number(low, high)?;
        }
        Ok(numbers)
    }

    /// A list of exactly `N` bytes.
    pub(crate) fn bytes<const N: usize>(&self, low: u8, high: u8) -> Result<[u8; N], FileError> {
        Ok(self.numbers::<N>(low.into(), high.into())?.map(|number| number as u8))
    }

    /// A table written in braces; refuses keys other than `known`.
    pub(crate) fn inline(&self, known: &[&'static str]) -> Result<Section<'a>, FileError> {
        let section = self.table(format!("{}.", self.path))?;
        section.only(known)?;
        Ok(section)
    }

    fn table(&self, prefix: String) -> Result<Section<'a>, FileError> {
        match self.value.get_ref() {
            DeValue::Table(table) => {
                Ok(Section { file: self.file, text: self.text, prefix, place: self.key_place.clone(), table })
            }
            _ => Err(self.error(self.mistyped("a table"), "write it as a table with its own keys")),
        }
    }
}
