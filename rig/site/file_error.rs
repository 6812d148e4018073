//! What is wrong with somebody's file: which file, where in it, which key, what to write instead.
//! Shared by sites and scenarios (and by every other room that reads a file a person wrote).

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

/// The largest file that is read, in bytes (1 MiB; the longest file of ours has some 300 lines).
pub const FILE_LIMIT: usize = 1 << 20;

/// A fault in a file, or a file that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// The file, as it was named.
    pub file: String,
    /// Line, from 1; `None` where the fault is the file itself.
    pub line: Option<u32>,
    /// Column in characters, from 1.
    pub column: Option<u32>,
    /// The key: `version`, `[controller] yellow`, `[[do]] #3 arrive.kerb`; empty where there is none.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl FileError {
    /// A fault of the file as a whole.
    #[must_use]
    pub fn whole(file: &str, message: impl Into<String>, hint: Option<String>) -> FileError {
        FileError {
            file: file.to_owned(),
            line: None,
            column: None,
            key: String::new(),
            message: message.into(),
            hint,
        }
    }

    /// A fault at a place (byte range) of `text`.
    #[must_use]
    pub fn at(
        file: &str,
        text: &str,
        place: &Range<usize>,
        key: impl Into<String>,
        message: impl Into<String>,
        hint: Option<String>,
    ) -> FileError {
        let (line, column) = line_and_column(text, place.start);
        FileError {
            file: file.to_owned(),
            line: Some(line),
            column: Some(column),
            key: key.into(),
            message: message.into(),
            hint,
        }
    }
}

impl fmt::Display for FileError {
    /// `fixtures/sites/x.toml:17: [controller] yellow: no unit (hint: write a unit: "3s")`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " (hint: {hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FileError {}

/// Reads a file a person wrote: at most [`FILE_LIMIT`] bytes, UTF-8.
///
/// # Errors
/// If there is no such file, it is a folder, cannot be read, is too long or not UTF-8.
pub fn read(path: &Path) -> Result<String, FileError> {
    let file = path.display().to_string();
    let fail = |message: String, hint: &str| FileError::whole(&file, message, Some(hint.to_owned()));
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(fail("no such file".to_owned(), "paths are relative to the folder you are in"));
        }
        Err(error) => return Err(fail(format!("cannot be read: {error}"), "check who may read it")),
    };
    if metadata.is_dir() {
        return Err(fail("is a folder".to_owned(), "name a file in it"));
    }
    let mut bytes = Vec::new();
    // One byte more than allowed is enough to know; a device file or a pipe cannot fill the memory.
    let outcome = File::open(path).and_then(|open| open.take(FILE_LIMIT as u64 + 1).read_to_end(&mut bytes));
    if let Err(error) = outcome {
        return Err(fail(format!("cannot be read: {error}"), "check who may read it"));
    }
    let length = bytes.len();
    let text = String::from_utf8(bytes).or_else(|error| {
        // A character that the limit has cut is not wrong.
        if length > FILE_LIMIT && error.utf8_error().error_len().is_none() {
            let valid = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
            return Ok(format!("{text}{}", " ".repeat(length - valid)));
        }
        let (valid, bytes) = (error.utf8_error().valid_up_to(), error.as_bytes());
        let (line, column) = line_and_column(&String::from_utf8_lossy(&bytes[..valid]), valid);
        let message = format!("is not UTF-8 text: byte {:#04x} in column {column}", bytes[valid]);
        let hint = "save it as UTF-8; a site or scenario file is TOML";
        Err(FileError { line: Some(line), column: Some(column), ..fail(message, hint) })
    })?;
    check_size(&file, &text)?;
    Ok(text)
}

/// Refuses what is longer than [`FILE_LIMIT`], and names the place from which on it is no TOML anyway.
pub(crate) fn check_size(file: &str, text: &str) -> Result<(), FileError> {
    if text.len() <= FILE_LIMIT {
        return Ok(());
    }
    let hint = Some("a site or scenario file has a few hundred lines; is this the right file?".to_owned());
    let message = format!("is longer than {FILE_LIMIT} bytes");
    let end = (0..=FILE_LIMIT).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    // What the limit itself cuts is not wrong.
    let whole = text[..end].rfind('\n').unwrap_or(end);
    let wrong = toml::de::DeTable::parse(&text[..end]).err().and_then(|error| error.span());
    Err(match wrong.filter(|wrong| wrong.start < whole) {
        None => FileError::whole(file, message, hint),
        Some(wrong) => {
            let (_, column) = line_and_column(text, wrong.start);
            let message = format!("{message} and is no TOML from column {column} on");
            FileError::at(file, text, &wrong, "", message, hint)
        }
    })
}

/// A line or column; files are far smaller than the range.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Line and column (in characters), both from 1, of a byte offset; an offset inside a character counts as its start.
fn line_and_column(text: &str, offset: usize) -> (u32, u32) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (small(line), small(1 + before[start..].chars().count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_are_counted_in_characters_from_one() {
        assert_eq!(line_and_column("ab\ncd", 0), (1, 1));
        assert_eq!(line_and_column("ab\ncd", 4), (2, 2));
        assert_eq!(line_and_column("绿灯x", 6), (1, 3));
        assert_eq!(line_and_column("绿灯x", 1), (1, 1));
        assert_eq!(line_and_column("a", 99), (1, 2));
    }

    #[test]
    fn files_that_cannot_be_read_say_why() {
        let folder = tempfile::tempdir().expect("a folder");
        let missing = read(&folder.path().join("none.toml")).expect_err("missing");
        assert_eq!(missing.message, "no such file");
        assert_eq!(read(folder.path()).expect_err("folder").message, "is a folder");
        let latin = folder.path().join("latin.toml");
        std::fs::write(&latin, b"ok = 1\nx = \"\xe9\"\n").expect("written");
        let error = read(&latin).expect_err("not UTF-8");
        assert_eq!(error.message, "is not UTF-8 text: byte 0xe9 in column 6");
        assert_eq!((error.line, error.column), (Some(2), Some(6)));
        let long = folder.path().join("long.toml");
        std::fs::write(&long, vec![b'#'; FILE_LIMIT + 1]).expect("written");
        assert_eq!(read(&long).expect_err("too long").message, "is longer than 1048576 bytes");
        std::fs::write(&long, [vec![b'\n'; FILE_LIMIT], vec![0xff; 10]].concat()).expect("written");
        let error = read(&long).expect_err("neither short nor text");
        assert_eq!(error.line, Some(FILE_LIMIT as u32 + 1));
        std::fs::write(&long, "绿".repeat(FILE_LIMIT)).expect("written");
        assert_eq!(read(&long).expect_err("too long").message, "is longer than 1048576 bytes");
        std::fs::write(&long, vec![b'#'; FILE_LIMIT]).expect("written");
        assert!(read(&long).is_ok());
    }
}
