//! The room table in CONTRIBUTING.md is the architecture; this test holds the code to it.
//!
//! For every source file of a room it collects which other rooms the text names (`crate::x`, `super::x` does
//! not leave a room, `emulators::x`, `rig::x`) and checks them against the room's row. It reads text, so a name
//! in a comment counts too: a comment that names a forbidden room is worth a look as well.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

type Table = BTreeMap<String, BTreeSet<String>>;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Rows `| room | may look at | … |` between the markers in CONTRIBUTING.md; rooms in back ticks.
fn table() -> Table {
    let text = fs::read_to_string(root().join("CONTRIBUTING.md")).expect("CONTRIBUTING.md is there");
    let (_, rest) = text.split_once("<!-- rooms -->").expect("the room table has its opening marker");
    let (rows, _) = rest.split_once("<!-- /rooms -->").expect("the room table has its closing marker");
    let mut table = Table::new();
    for row in rows.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        for room in names(cells[0]) {
            table.insert(room, names(cells[1]).into_iter().collect());
        }
    }
    assert!(table.len() > 15, "the table has {} rows; its form must have changed", table.len());
    table
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a room is a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// `rig/monitor/engine.rs` is in room `monitor`; `emulators/wire/gat508/mod.rs` in `emulators::wire`.
fn room_of(path: &Path) -> Option<String> {
    let path = path.strip_prefix(root()).ok()?;
    let mut parts = path.iter().map(|part| part.to_string_lossy().into_owned());
    let top = parts.next()?;
    let name = parts.next()?;
    let name = name.strip_suffix(".rs").unwrap_or(&name).to_owned();
    if name == "lib" || name == "main" {
        return None;
    }
    Some(if top == "emulators" { format!("emulators::{name}") } else { name })
}

/// Names after `prefix` in the text, as identifiers; `{a, b::c}` groups are opened one level.
fn named(text: &str, prefix: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices(prefix) {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &text[at + prefix.len()..];
        let first = |part: &str| {
            part.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>()
        };
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut item = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 1 => {
                        found.insert(first(&item));
                        item.clear();
                        continue;
                    }
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
                item.push(c);
            }
            found.insert(first(&item));
        } else {
            found.insert(first(rest));
        }
    }
    found.remove("");
    found
}

fn looks_at(path: &Path, room: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(path).expect("a source file is UTF-8");
    let inside = room.starts_with("emulators::");
    let mut seen = BTreeSet::new();
    for name in named(&text, "crate::") {
        seen.insert(if inside { format!("emulators::{name}") } else { name });
    }
    for name in named(&text, "emulators::") {
        seen.insert(format!("emulators::{name}"));
    }
    seen
}

#[test]
fn every_room_looks_only_where_its_row_says() {
    let table = table();
    let mut files = Vec::new();
    sources(&root().join("rig"), &mut files);
    sources(&root().join("emulators"), &mut files);
    let mut wrong = Vec::new();
    let mut rooms = BTreeSet::new();
    for path in &files {
        let Some(room) = room_of(path) else { continue };
        rooms.insert(room.clone());
        let Some(allowed) = table.get(&room) else {
            wrong.push(format!("{}: room `{room}` has no row", path.display()));
            continue;
        };
        for seen in looks_at(path, &room) {
            // Names that are no rooms (macros at the crate root, items of the test itself) do not count.
            let is_room = table.contains_key(&seen);
            if is_room && seen != room && !allowed.contains(&seen) && !allowed.contains("*") {
                wrong.push(format!(
                    "{}: looks at `{seen}`, which the row of `{room}` does not allow",
                    path.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    let unused: Vec<_> = table.keys().filter(|room| !rooms.contains(*room)).collect();
    assert!(unused.is_empty(), "rows without a room: {unused:?}");
}

#[test]
fn the_reader_of_names_opens_groups_and_skips_longer_paths() {
    let text = "use crate::{site::Site, trace::{Record, What}};\nuse crate::bench;\nlet x = mycrate::no::y;";
    assert_eq!(named(text, "crate::"), ["bench", "site", "trace"].map(str::to_owned).into());
}
