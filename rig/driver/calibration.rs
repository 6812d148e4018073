//! What was measured about ports goes into the ports file: the person's words, comments and order stay.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use emulators::time::Span;
use toml_edit::{DocumentMut, InlineTable, Item, Table, Value};

use crate::site::{CableRole, FileError};

/// One cable's measurement as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The cable.
    pub role: CableRole,
    /// Half of all messages took no longer there and back, the line's own time apart.
    pub p50: Span,
    /// As above, 99.9 % of them.
    pub p99_9: Span,
    /// The longest.
    pub worst: Span,
    /// How many there were.
    pub samples: u64,
    /// Day, `2026-11-25`.
    pub date: String,
    /// How.
    pub method: &'static str,
}

/// The text of a ports file with these measurements in its `[calibration]`; everything else stays as it was.
///
/// # Errors
/// If the text is no TOML, or its `calibration` is no table.
pub fn written(text: &str, file: &str, entries: &[Entry]) -> Result<String, FileError> {
    let fail = |what: String| FileError::whole(file, what, Some("`rig calibrate` wrote nothing".to_owned()));
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        fail(error.message().chars().map(|c| if c.is_control() { ' ' } else { c }).collect())
    })?;
    let section = document.entry("calibration").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(false);
        Item::Table(table)
    });
    let section = section.as_table_like_mut().ok_or_else(|| fail("`calibration` is no table".to_owned()))?;
    for entry in entries {
        let mut value = Value::InlineTable(inline(entry));
        if let Some(before) = section.get(entry.role.name()).and_then(Item::as_value) {
            *value.decor_mut() = before.decor().clone();
        }
        section.insert(entry.role.name(), Item::Value(value));
    }
    Ok(document.to_string())
}

fn inline(entry: &Entry) -> InlineTable {
    let us = |span: Span| Value::from(format!("{}us", span.as_us()));
    let mut table = InlineTable::new();
    table.insert("p50", us(entry.p50));
    table.insert("p99_9", us(entry.p99_9));
    table.insert("worst", us(entry.worst));
    table.insert("samples", Value::from(i64::try_from(entry.samples).unwrap_or(i64::MAX)));
    table.insert("date", Value::from(entry.date.as_str()));
    table.insert("method", Value::from(entry.method));
    table
}

/// Whether a file may be written, before anything is measured for it.
///
/// # Errors
/// What the system says.
pub fn writable(path: &Path) -> io::Result<()> {
    let real = fs::canonicalize(path)?;
    OpenOptions::new().append(true).open(&real)?;
    // What is new is written beside it first.
    drop(tempfile::Builder::new().prefix(".crossing-rig").tempfile_in(folder(&real))?);
    Ok(())
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Old or new, never half. The file keeps its permissions; a link stays one.
///
/// # Errors
/// What the system says.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let real = fs::canonicalize(path)?;
    let permissions = fs::metadata(&real)?.permissions();
    let mut new = tempfile::Builder::new().prefix(".crossing-rig").tempfile_in(folder(&real))?;
    new.write_all(text.as_bytes())?;
    new.as_file().set_permissions(permissions)?;
    new.as_file().sync_all()?;
    new.persist(&real).map_err(|error| error.error)?;
    // The name is in the folder only when the folder is on the disk.
    File::open(folder(&real))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::PortsFile;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn entry(role: CableRole, worst: u64) -> Entry {
        Entry {
            role,
            p50: Span::from_us(100),
            p99_9: Span::from_us(worst),
            worst: Span::from_us(worst),
            samples: 500,
            date: "2026-11-25".to_owned(),
            method: "answers",
        }
    }

    #[test]
    fn a_persons_words_stay_and_what_was_measured_is_read_again() {
        let text = "# my bench\nversion = 1\n\n[ports] # by the window\nservice   = \"/dev/ttyS0\"  # grey\n\
            lamps = \"/dev/ttyS1\"\n\n[calibration]\nservice = { worst = \"9ms\" } # before the move\n\n[actions]\n\
            power = \"none\"\n";
        let entries = [entry(CableRole::Service, 700), entry(CableRole::Lamps, 800)];
        let new = written(text, "x.toml", &entries).expect("written");
        for line in text.lines().filter(|line| !line.starts_with("service = {")) {
            assert!(new.lines().any(|other| other == line), "{line} is gone in\n{new}");
        }
        assert!(new.contains("} # before the move\n"), "{new}");
        let file = PortsFile::load(&new, "x.toml").expect("sound");
        assert_eq!(file.uncertainty(CableRole::Service), Span::from_us(700));
        assert_eq!(file.uncertainty(CableRole::Lamps), Span::from_us(800));
        assert_eq!(written(&new, "x.toml", &entries).expect("again"), new);
    }

    #[test]
    fn a_file_without_a_section_gets_one() {
        let text = "version = 1\n[ports]\nlamps = \"/dev/ttyS1\"\n";
        let new = written(text, "x.toml", &[entry(CableRole::Lamps, 800)]).expect("written");
        assert!(new.starts_with(text), "{new}");
        assert!(new.contains("\n[calibration]\nlamps = { p50 = \"100us\", "), "{new}");
    }

    #[test]
    fn a_file_is_replaced_through_a_link_and_keeps_its_permissions() {
        let folder = tempfile::tempdir().expect("a folder");
        let (real, link) = (folder.path().join("real.toml"), folder.path().join("link.toml"));
        fs::write(&real, "old").expect("written");
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("set");
        symlink(&real, &link).expect("linked");
        writable(&link).expect("it may be written");
        replace(&link, "new").expect("replaced");
        assert_eq!(fs::read_to_string(&real).expect("there"), "new");
        assert_eq!(fs::metadata(&real).expect("there").permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).expect("there").file_type().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
    }
}
