//! Sites and scenarios by name: in the folder you are in, or those built into the program.

use std::path::Path;

use super::closest::by_nearness;
use super::file_error::{FileError, read};
use super::{Site, stem};

mod embedded {
    //! `SITES`, `SCENARIOS`, `REGRESSIONS`: name, file, text. Written by `build.rs` from the folders of `fixtures/`.
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

/// A file built into the program.
pub(crate) struct Embedded {
    /// Its name, as on the command line.
    pub(crate) name: &'static str,
    /// Where it came from, relative to the repository's root.
    pub(crate) file: &'static str,
    /// Its text.
    pub(crate) text: &'static str,
}

/// What kind of file is meant by a name.
pub(crate) struct Shelf {
    noun: &'static str,
    folders: &'static [&'static str],
    embedded: &'static [&'static [Embedded]],
}

/// The shelf of sites.
pub(crate) const SITES: Shelf =
    Shelf { noun: "site", folders: &["fixtures/sites"], embedded: &[embedded::SITES] };

/// The shelf of scenarios; what the shrinker left behind is found by name too.
pub(crate) const SCENARIOS: Shelf = Shelf {
    noun: "scenario",
    folders: &["fixtures/scenarios", "fixtures/regressions"],
    embedded: &[embedded::SCENARIOS, embedded::REGRESSIONS],
};

impl Shelf {
    /// The names built in, in the order of the alphabet, shelf by shelf.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.embedded.iter().flat_map(|table| table.iter()).map(|file| file.name)
    }

    /// File name and text of `name_or_path`.
    pub(crate) fn find(&self, name_or_path: &str) -> Result<(String, String), FileError> {
        let is_path = name_or_path.contains(['/', '\\']) || name_or_path.ends_with(".toml");
        if is_path {
            return Ok((name_or_path.to_owned(), read(Path::new(name_or_path))?));
        }
        for folder in self.folders {
            let file = format!("{folder}/{name_or_path}.toml");
            if Path::new(&file).is_file() {
                let text = read(Path::new(&file))?;
                return Ok((file, text));
            }
        }
        let built_in =
            self.embedded.iter().flat_map(|table| table.iter()).find(|file| file.name == name_or_path);
        if let Some(embedded) = built_in {
            return Ok((embedded.file.to_owned(), embedded.text.to_owned()));
        }
        let known = by_nearness(name_or_path, self.names()).join(", ");
        let message = format!("there is no {} of this name", self.noun);
        Err(FileError::whole(
            name_or_path,
            message,
            Some(format!("known: {known}; a path contains `/` or ends with `.toml`")),
        ))
    }
}

/// The names of the sites built in.
#[must_use]
pub fn names() -> Vec<String> {
    SITES.names().map(str::to_owned).collect()
}

/// A site by name or path. A path (with `/` or ending with `.toml`) is read from disk; a name is looked for in
/// `./fixtures/sites`, then among the sites built in.
///
/// # Errors
/// If there is none, it cannot be read, or it is wrong.
pub fn find(name_or_path: &str) -> Result<Site, FileError> {
    let (file, text) = SITES.find(name_or_path)?;
    let site = Site::load(&text, &file)?;
    debug_assert_eq!(site.name, stem(&file));
    Ok(site)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_not_known_lists_the_nearest_first() {
        let error = find("yudaihe-beixiaoyan").expect_err("unknown");
        let hint = error.hint.expect("a hint");
        assert!(hint.starts_with("known: yudaihe-beixiaoyuan, "), "{hint}");
        assert_eq!(error.message, "there is no site of this name");
    }

    #[test]
    fn a_path_is_read_from_disk() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("copy.toml");
        std::fs::write(&path, embedded::SITES[0].text).expect("written");
        let site = find(&path.display().to_string()).expect("a site");
        assert_eq!(site.name, "copy");
        assert_eq!(find("none.toml").expect_err("missing").message, "no such file");
    }

    #[test]
    fn what_is_built_in_is_what_lies_in_the_folder() {
        for file in SITES.embedded.iter().chain(SCENARIOS.embedded).flat_map(|table| table.iter()) {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file.file);
            assert_eq!(std::fs::read_to_string(path).expect("the file"), file.text, "{}", file.name);
        }
    }
}
