//! Makes the crate of wrong controllers: copies of the soft controller's source, each with its patch, and a program that
//! lets the rig at them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use diffy::patch_set::{FileOperation, ParseOptions, PatchSet};

use super::defect::Defect;

/// The controller's folder in the repository: the only one that a defect may touch.
const CONTROLLER: &str = "emulators/controller";
/// Configuration belongs to the site, not to the controller: it stays what it is.
const CONFIG: &str = "config.rs";
/// The module of the generated crate that is the controller without a defect: what a defect does not touch is taken from there.
const SOUND: &str = "sound";

/// Why wrong controllers could not be made or tried. Never a controller's fault.
#[derive(Debug, thiserror::Error)]
pub enum TeethError {
    /// A file or folder.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A defect's file is not what it should be.
    #[error("{path}: {what}")]
    Defect {
        /// Which.
        path: PathBuf,
        /// What is wrong and what to do.
        what: String,
    },
    /// `cargo` cannot be started or does not build the crate.
    #[error("{0}")]
    Build(String),
    /// The generated program says something that is no result.
    #[error("{0}")]
    Program(String),
}

/// Where the sources are, and where the crate is made.
#[derive(Clone, Debug)]
pub struct Workshop {
    /// The repository.
    pub source: PathBuf,
    /// The crate's folder; made if it is not there.
    pub folder: PathBuf,
}

/// Up to so many defects are compiled nearly as well as the rig is (thin instead of fat link-time optimisation).
const FEW: usize = 4;

/// A controller's files by name relative to its folder.
type Sources = BTreeMap<String, String>;

impl Workshop {
    /// Writes the crate and builds it. Gives the program.
    ///
    /// # Errors
    /// If a patch does not apply, or cargo refuses.
    pub fn build(&self, defects: &[Defect]) -> Result<PathBuf, TeethError> {
        self.write(defects)?;
        let (built, says) = self.cargo(&["build", "--release"])?;
        if !built {
            return Err(TeethError::Build(format!(
                "{says}\ncargo could not build {}: a path above names the defect",
                self.folder.display()
            )));
        }
        Ok(self.folder.join("target/release/teeth"))
    }

    /// Takes out of `defects` what the compiler refuses; gives their names.
    ///
    /// # Errors
    /// If a patch does not apply, or cargo refuses something else.
    pub fn sift(&self, defects: &mut Vec<Defect>) -> Result<Vec<String>, TeethError> {
        let mut unviable = Vec::new();
        loop {
            self.write(defects)?;
            let (checked, says) = self.cargo(&["check", "--release", "--message-format", "short"])?;
            if checked {
                return Ok(unviable);
            }
            let blamed = blamed(&says);
            let before = defects.len();
            defects.retain(|defect| {
                let fits = !blamed.contains(&defect.module());
                if !fits {
                    unviable.push(defect.name.clone());
                }
                fits
            });
            if defects.len() == before {
                return Err(TeethError::Build(says));
            }
        }
    }

    /// Whether cargo did what it should, and what it said otherwise.
    fn cargo(&self, words: &[&str]) -> Result<(bool, String), TeethError> {
        let done = Command::new("cargo")
            .args(words)
            .args(["--quiet", "--color", "never", "--manifest-path"])
            .arg(self.folder.join("Cargo.toml"))
            .arg("--target-dir")
            .arg(self.folder.join("target"))
            .output()
            .map_err(|error| {
                TeethError::Build(format!(
                    "cargo: {error} (`rig teeth` builds wrong controllers: it needs the Rust toolchain)"
                ))
            })?;
        Ok((done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned()))
    }

    fn write(&self, defects: &[Defect]) -> Result<(), TeethError> {
        let sound = self.controller()?;
        let sources = self.folder.join("src");
        // What was there may belong to defects that are gone.
        match fs::remove_dir_all(&sources) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(TeethError::Io { path: sources, source });
            }
            Ok(()) | Err(_) => {}
        }
        for (name, text) in elsewhere(&sound, &BTreeSet::new()) {
            put(&sources.join(SOUND).join(name), &text)?;
        }
        for defect in defects {
            let wrong = patched(&sound, defect)?;
            let shared = untouched(&sound, &wrong);
            for (name, text) in elsewhere(&wrong, &shared) {
                put(&sources.join(defect.module()).join(name), &text)?;
            }
        }
        put(&sources.join("main.rs"), &program(defects))?;
        put(&self.folder.join("Cargo.toml"), &self.manifest(defects.len())?)?;
        // The same versions as the rig itself.
        let (from, to) = (self.source.join("Cargo.lock"), self.folder.join("Cargo.lock"));
        fs::copy(&from, to).map_err(|source| TeethError::Io { path: from, source })?;
        Ok(())
    }

    /// The controller's source, without its tests.
    fn controller(&self) -> Result<Sources, TeethError> {
        let root = self.source.join(CONTROLLER);
        let mut sources = Sources::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            let failed = |source| TeethError::Io { path: folder.clone(), source };
            for entry in fs::read_dir(&folder).map_err(failed)? {
                let path = entry.map_err(failed)?.path();
                let name = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().into_owned();
                if path.is_dir() {
                    if name != "tests" {
                        folders.push(path);
                    }
                } else if name.ends_with(".rs") {
                    let text = fs::read_to_string(&path).map_err(failed)?;
                    sources.insert(name, text);
                }
            }
        }
        Ok(sources)
    }

    /// The crate's manifest. Of many controllers each runs for seconds: compiling them well would cost more than it gives. A few
    /// are made to be searched for long.
    fn manifest(&self, defects: usize) -> Result<String, TeethError> {
        let (lto, units, own) = if defects <= FEW { ("thin", 4, 3) } else { ("off", 16, 1) };
        let root = fs::canonicalize(&self.source)
            .map_err(|source| TeethError::Io { path: self.source.clone(), source })?;
        let path = |name: &str| toml::Value::String(root.join(name).to_string_lossy().into_owned());
        Ok(format!(
            r#"# Generated by `rig teeth`.
[package]
name = "teeth"
version = "0.0.0"
edition = "2024"
publish = false

[workspace]

[dependencies]
crossing-rig = {{ path = {} }}
emulators = {{ path = {} }}

[profile.release]
debug = false
lto = "{lto}"
codegen-units = {units}

[profile.release.package.teeth]
opt-level = {own}
"#,
            path(""),
            path("emulators"),
        ))
    }
}

/// The modules that the compiler's short messages (`src/MODULE/file.rs:1:2: error: …`) name.
fn blamed(says: &str) -> BTreeSet<String> {
    let errors = says.lines().filter(|line| line.contains(": error"));
    let module = |line: &str| Some(line.split_once("src/")?.1.split_once('/')?.0.to_owned());
    errors.filter_map(module).collect()
}

fn put(path: &Path, text: &str) -> Result<(), TeethError> {
    let failed = |source| TeethError::Io { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, text).map_err(failed)
}

/// The controller's source with one defect.
fn patched(sound: &Sources, defect: &Defect) -> Result<Sources, TeethError> {
    let wrong =
        |what: String| TeethError::Defect { path: PathBuf::from(format!("{}.patch", defect.name)), what };
    let mut sources = sound.clone();
    for file in PatchSet::parse(&defect.patch, ParseOptions::gitdiff()) {
        let file = file.map_err(|error| wrong(error.to_string()))?;
        let FileOperation::Modify { modified, .. } = file.operation().strip_prefix(1) else {
            return Err(wrong("a defect changes files; it makes, deletes or renames none".to_owned()));
        };
        let name = modified.strip_prefix(CONTROLLER).and_then(|rest| rest.strip_prefix('/'));
        let known = name.filter(|name| *name != CONFIG).and_then(|name| sources.get_mut(name));
        let (Some(text), Some(patch)) = (known, file.patch().as_text()) else {
            return Err(wrong(format!(
                "{modified} is no source of the controller ({CONTROLLER}, its configuration excepted)"
            )));
        };
        *text = diffy::apply(text, patch).map_err(|error| {
            wrong(format!("does not apply to {modified}: {error}; the code has moved, make the patch anew"))
        })?;
    }
    if sources == *sound {
        return Err(wrong("changes nothing".to_owned()));
    }
    Ok(sources)
}

/// A part of the controller: a file of its folder, or a folder in it.
fn part(name: &str) -> &str {
    name.split_once('/').map_or_else(|| name.trim_end_matches(".rs"), |(folder, _)| folder)
}

/// Parts that are the same in both, and lean on nothing that is not: a wrong controller can use the sound one's.
fn untouched(sound: &Sources, wrong: &Sources) -> BTreeSet<String> {
    let parts: BTreeSet<&str> = sound.keys().map(|name| part(name)).filter(|part| *part != "mod").collect();
    let leans = |user: &str, used: &str| {
        wrong.iter().any(|(name, text)| part(name) == user && mentions(text, used))
        // A part whose types get methods in another one goes with it.
        || wrong.iter().any(|(name, text)| part(name) == used && extends(text, user))
    };
    let mut touched: BTreeSet<&str> = parts
        .iter()
        .copied()
        .filter(|part_| {
            wrong.iter().any(|(name, text)| part(name) == *part_ && sound.get(name) != Some(text))
        })
        .collect();
    loop {
        let more: Vec<&str> = parts
            .iter()
            .copied()
            .filter(|user| !touched.contains(user) && touched.iter().any(|used| leans(user, used)))
            .collect();
        if more.is_empty() {
            break;
        }
        touched.extend(more);
    }
    parts.difference(&touched).map(|part| (*part).to_owned()).collect()
}

/// Whether a source uses something of another part.
fn mentions(text: &str, part: &str) -> bool {
    text.match_indices("super::").any(|(at, word)| {
        text[at + word.len()..].strip_prefix(part).is_some_and(|rest| rest.starts_with([':', ';']))
    })
}

/// Whether a source gives methods to a type that another part defines (and imports by name).
fn extends(text: &str, part: &str) -> bool {
    let imported = text.lines().filter(|line| line.contains(&format!("super::{part}::")));
    let imported: String = imported.collect();
    text.lines()
        .filter_map(|line| line.strip_prefix("impl ")?.split([' ', '<']).next())
        .any(|name| imported.split(|c: char| !c.is_alphanumeric()).any(|word| word == name))
}

/// The sources as a module of another crate; `shared` parts are the sound controller's.
fn elsewhere(sources: &Sources, shared: &BTreeSet<String>) -> Sources {
    let own = sources.iter().filter(|(name, _)| *name != CONFIG && !shared.contains(part(name)));
    let mut copy: Sources =
        own.map(|(name, text)| (name.clone(), text.replace("pub(super)", "pub(crate)"))).collect();
    if let Some(text) = copy.get_mut("mod.rs") {
        *text = text
            .replace("mod config;", "use emulators::controller as config;")
            .replace("#[cfg(test)]\nmod tests;", "");
        for part in sources.keys().map(|name| part(name)).collect::<BTreeSet<_>>() {
            let (declared, used) = (format!("\nmod {part};"), format!("\nuse crate::{SOUND}::{part};"));
            let seen = format!("\npub(crate) mod {part};");
            *text = text.replace(&declared, if shared.contains(part) { &used } else { &seen });
        }
    }
    copy
}

fn program(defects: &[Defect]) -> String {
    let mut text = String::from(
        "//! Generated by `rig teeth`: wrong controllers, and a table of them.\n#![allow(warnings)]\n\n\
         pub use emulators::*;\n\n",
    );
    _ = writeln!(text, "mod {SOUND};");
    for defect in defects {
        _ = writeln!(text, "mod {};", defect.module());
    }
    text.push_str("\nfn main() -> std::process::ExitCode {\n    rig::campaign::teeth::serve(&[\n");
    for defect in defects {
        _ = writeln!(
            text,
            "        rig::campaign::teeth::Made {{ name: {:?}, make: |config, persisted| Box::new({}::Controller::new(config.clone(), persisted)) }},",
            defect.name,
            defect.module()
        );
    }
    text.push_str("    ])\n}\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workshop() -> Workshop {
        let source = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        Workshop { folder: source.join("target/nowhere"), source }
    }

    fn defect(patch: &str) -> Defect {
        let (name, what) = ("001-x".to_owned(), "wrong".to_owned());
        Defect { name, what, expected: Vec::new(), needs: None, patch: patch.to_owned() }
    }

    const PATCH: &str = "diff --git a/emulators/controller/mod.rs b/emulators/controller/mod.rs
--- a/emulators/controller/mod.rs
+++ b/emulators/controller/mod.rs
@@ -54,2 +54,2 @@
 /// A gap in the supply up to this long is ridden through (TS 2: 450 to 475 ms).
-const DIP: Span = Span::from_ms(450);
+const DIP: Span = Span::from_ms(1_500);
";

    #[test]
    fn a_copy_has_the_defect_and_stands_in_another_crate() {
        let sound = workshop().controller().expect("the controller's source");
        let wrong = patched(&sound, &defect(PATCH)).expect("a patch that applies");
        let shared = untouched(&sound, &wrong);
        let copy = elsewhere(&wrong, &shared);
        assert_eq!(copy.keys().collect::<Vec<_>>(), ["mod.rs"], "only the cabinet was touched");
        assert!(copy["mod.rs"].contains("Span::from_ms(1_500)"));
        assert!(copy["mod.rs"].contains("\nuse emulators::controller as config;"));
        assert!(copy["mod.rs"].contains("\nuse crate::sound::running;"));
        assert!(!copy["mod.rs"].contains("mod tests;"));
    }

    #[test]
    fn whom_the_compiler_blames_is_told_apart() {
        let says = "src/d001_x/plan.rs:7:9: error[E0308]: mismatched types: expected `u32`\n\
            src/d002_y/mod.rs:1:1: warning: unused\nerror: could not compile `teeth`\n";
        assert_eq!(blamed(says), BTreeSet::from(["d001_x".to_owned()]));
    }

    #[test]
    fn what_leans_on_a_defect_is_copied_with_it() {
        let sound = workshop().controller().expect("the controller's source");
        let mut wrong = sound.clone();
        wrong.entry("demand.rs".to_owned()).or_default().push_str("// another one\n");
        let shared = untouched(&sound, &wrong);
        for copied in ["demand", "running", "watch", "panel"] {
            assert!(!shared.contains(copied), "{copied}: {shared:?}");
        }
        for kept in ["clock", "interlock", "lamp_bus", "detector", "plan"] {
            assert!(shared.contains(kept), "{kept}: {shared:?}");
        }
    }

    #[test]
    fn a_patch_that_does_not_fit_is_refused() {
        let sound = workshop().controller().expect("the controller's source");
        let refused = |patch: &str| patched(&sound, &defect(patch)).expect_err("no such source").to_string();
        assert!(refused(&PATCH.replace("from_ms(450)", "from_ms(449)")).contains("does not apply"));
        assert!(refused(&PATCH.replace("controller/mod.rs", "controller/config.rs")).contains("no source"));
        assert!(refused(&PATCH.replace("controller/mod.rs", "wire/mod.rs")).contains("no source"));
    }

    #[test]
    fn the_catalogue_applies() {
        let workshop = workshop();
        let sound = workshop.controller().expect("the controller's source");
        let all = Defect::all(&workshop.source.join("fixtures/defects")).expect("readable defects");
        assert!(all.len() >= 80, "{} defects", all.len());
        for defect in all {
            patched(&sound, &defect).expect("a patch that applies");
        }
    }
}
