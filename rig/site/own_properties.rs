//! A site's own `[[property]]` tables as a document of their own, for the monitor to read.

use toml::Table;

/// The `[[property]]` tables of a document that parses. Lines keep their numbers where possible, so that a complaint
/// about a property names the line of the site file.
pub(crate) fn only(text: &str) -> String {
    let Ok(mut table) = text.parse::<Table>() else {
        return String::new();
    };
    table.retain(|key, _| key == "property");
    let kept = blank_the_rest(text);
    // A list or a text over several lines may look like a header: then the lines are given up, not the meaning.
    match kept.parse::<Table>() {
        Ok(same) if same == table => kept,
        Ok(_) | Err(_) => toml::to_string(&table).unwrap_or_default(),
    }
}

/// Every line that is not below a `[[property]]` header, emptied.
fn blank_the_rest(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut inside = false;
    for line in text.lines() {
        let header = line.trim_start().trim_start_matches('[');
        if header.len() < line.trim_start().len() {
            inside = header.trim_start().starts_with("property");
        }
        if inside {
            kept.push_str(line);
        }
        kept.push('\n');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_properties_keep_their_lines() {
        let text = "version = 1\n[limits]\nx = 1\n[[property]]\nid = \"S1\"\n[[property.check]]\nnever = \"VA=Y\"\n[geometry]\n";
        let only = only(text);
        assert_eq!(only.lines().position(|line| line == "id = \"S1\""), Some(4));
        assert!(!only.contains("limits") && !only.contains("geometry") && only.contains("never"));
    }

    #[test]
    fn a_list_that_looks_like_a_header_loses_lines_but_not_meaning() {
        let text = "[[property]]\nid = \"S1\"\npolicies = [\n  [1],\n]\n";
        let only: Table = only(text).parse().expect("TOML");
        assert_eq!(only, text.parse::<Table>().expect("TOML"));
    }
}
