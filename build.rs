//! Builds the sites and scenarios of `fixtures/` into the program, so that it runs anywhere by name.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Table in the generated code, folder it is made from.
const TABLES: [(&str, &str); 3] = [
    ("SITES", "fixtures/sites"),
    ("SCENARIOS", "fixtures/scenarios"),
    ("REGRESSIONS", "fixtures/regressions"),
];

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut code = String::from("use super::Embedded;\n");
    for (table, folder) in TABLES {
        let _ = writeln!(code, "pub(super) static {table}: &[Embedded] = &[");
        for path in toml_files(&root.join(folder))? {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let file = format!("{folder}/{name}.toml");
            let _ = writeln!(
                code,
                "    Embedded {{ name: {name:?}, file: {file:?}, text: include_str!({path:?}) }},"
            );
        }
        code.push_str("];\n");
        // A folder that does not exist would be new on every build.
        if root.join(folder).is_dir() {
            println!("cargo:rerun-if-changed={folder}");
        }
    }
    println!("cargo:rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("embedded.rs"), code)
}

/// The TOML files of a folder in the order of their names; none if there is no such folder.
fn toml_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
