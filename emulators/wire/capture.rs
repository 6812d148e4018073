//! Reads hex captures in tests.

/// The bytes of a capture: hex pairs between white space; `#` begins a comment that runs to the end of the line.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    text.lines()
        .flat_map(|line| line.split('#').next().unwrap_or_default().split_whitespace())
        .map(|pair| u8::from_str_radix(pair, 16).unwrap_or_else(|_| panic!("not a hex pair: {pair}")))
        .collect()
}
