//! Reads golden captures (`fixtures/captures/*.hex`): pairs of hex digits; `#` begins a comment.

/// The bytes of a capture.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    text.lines()
        .flat_map(|line| line.split('#').next().unwrap_or_default().split_whitespace())
        .map(|pair| u8::from_str_radix(pair, 16).unwrap_or_else(|_| panic!("not a hex byte: {pair}")))
        .collect()
}

#[test]
fn a_capture_is_hex_bytes_with_comments() {
    assert_eq!(bytes("# where from\nC0 0a # start\n\n  ff#end"), [0xc0, 0x0a, 0xff]);
}
