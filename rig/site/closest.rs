//! "Did you mean": the known word nearest to one that is not known.

/// The longest word that is compared, in characters: nobody mistypes more than that.
const LONGEST: usize = 64;

/// The candidate with the fewest single-character edits, if those are few enough to be a slip of the finger
/// (a third of the word, at least two).
pub(crate) fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().take(LONGEST).map(|c| c.to_ascii_lowercase()).collect();
    let most = (word.len() / 3).max(2);
    let rated = candidates.into_iter().map(|candidate| (edits(&word, candidate), candidate));
    rated.min_by_key(|(edits, _)| *edits).filter(|(edits, _)| *edits <= most).map(|(_, candidate)| candidate)
}

/// The candidates, nearest first; equally near ones keep their order.
pub(crate) fn by_nearness<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let word: Vec<char> = word.chars().take(LONGEST).map(|c| c.to_ascii_lowercase()).collect();
    let mut rated: Vec<(usize, &str)> = candidates.into_iter().map(|c| (edits(&word, c), c)).collect();
    rated.sort_by_key(|(edits, _)| *edits);
    rated.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Levenshtein distance, one row at a time.
fn edits(word: &[char], candidate: &str) -> usize {
    let mut row: Vec<usize> = (0..=word.len()).collect();
    for (i, c) in candidate.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, w) in word.iter().enumerate() {
            let changed = diagonal + usize::from(*w != c);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[word.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_the_word_meant() {
        assert_eq!(closest("yelow", ["green_min", "yellow", "walk"]), Some("yellow"));
        assert_eq!(closest("Camera_a", ["camera-a", "camera-b"]), Some("camera-a"));
        assert_eq!(closest("zebra", ["yellow", "walk_flash"]), None);
        assert_eq!(by_nearness("wlak", ["yellow", "walk"]), ["walk", "yellow"]);
    }
}
