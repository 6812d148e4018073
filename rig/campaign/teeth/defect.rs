//! A defect as a file: a patch with a few lines on top.
//!
//! ```text
//! What: yellow lasts 2.6 s instead of 3 s.
//! Caught by: P10, P11
//! Needs: push_button
//!
//! diff --git a/emulators/controller/plan.rs b/emulators/controller/plan.rs
//! ```

use std::fs;
use std::path::Path;

use super::workshop::TeethError;

/// One wrong controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// The file's name without its ending.
    pub name: String,
    /// What this controller does wrong, in a sentence.
    pub what: String,
    /// Properties that ought to catch it.
    pub expected: Vec<String>,
    /// A policy, or `sensed`: the site on which it shows.
    pub needs: Option<String>,
    /// The patch itself.
    pub patch: String,
}

impl Defect {
    /// All of a folder, in the order of their names.
    ///
    /// # Errors
    /// If the folder or a file cannot be read, or a file has no head.
    pub fn all(folder: &Path) -> Result<Vec<Defect>, TeethError> {
        let failed = |source| TeethError::Io { path: folder.to_owned(), source };
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|extension| extension == "patch") {
                paths.push(path);
            }
        }
        paths.sort();
        paths.iter().map(|path| Defect::read(path)).collect()
    }

    fn read(path: &Path) -> Result<Defect, TeethError> {
        let text =
            fs::read_to_string(path).map_err(|source| TeethError::Io { path: path.to_owned(), source })?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Defect::parse(name, &text).map_err(|what| TeethError::Defect { path: path.to_owned(), what })
    }

    fn parse(name: String, text: &str) -> Result<Defect, String> {
        let begin =
            text.find("diff --git ").ok_or("there is no `diff --git` line: make it with `git diff`")?;
        let (head, patch) = text.split_at(begin);
        let (mut what, mut expected, mut needs) = (None, Vec::new(), None);
        for line in head.lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.split_once(':').map(|(key, value)| (key, value.trim())) {
                Some(("What", value)) if !value.is_empty() => what = Some(value.to_owned()),
                Some(("Caught by", value)) => {
                    expected = value.split(',').map(|id| id.trim().to_owned()).collect();
                }
                Some(("Needs", value)) => needs = Some(value.to_owned()),
                _ => {
                    return Err(format!(
                        "`{line}` is none of `What:`, `Caught by:`, `Needs:` (one line each, above the patch)"
                    ));
                }
            }
        }
        let what = what.ok_or("a line `What: …` must say what this controller does wrong")?;
        Ok(Defect { name, what, expected, needs, patch: patch.to_owned() })
    }

    /// The name as a module of the generated crate.
    pub(super) fn module(&self) -> String {
        let letters = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
        format!("d{}", self.name.chars().map(letters).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_patch_is_read() {
        let text = "What: yellow is short.\nCaught by: P10, P11\nNeeds: observed\n\ndiff --git a/x b/x\n";
        let defect = Defect::parse("001-short-yellow".to_owned(), text).expect("a head and a patch");
        assert_eq!(defect.what, "yellow is short.");
        assert_eq!(defect.expected, ["P10", "P11"]);
        assert_eq!(defect.needs.as_deref(), Some("observed"));
        assert!(defect.patch.starts_with("diff --git a/x"));
        assert_eq!(defect.module(), "d001_short_yellow");
    }

    #[test]
    fn a_patch_without_a_head_is_refused() {
        let refused = |text| Defect::parse("x".to_owned(), text).expect_err("no head");
        assert!(refused("Caught by: P10\ndiff --git a/x b/x\n").contains("What:"));
        assert!(refused("What: it is wrong.\n").contains("git diff"));
        assert!(refused("Subject: hello\ndiff --git a/x b/x\n").contains("Subject: hello"));
    }
}
