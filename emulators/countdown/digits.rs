//! What people read when a segment of every digit is missing.

/// `seconds` read on a display whose upper right segments are dark.
pub(super) fn without_upper_right(seconds: u16) -> u16 {
    let mut read = 0;
    let (mut rest, mut place) = (seconds, 1);
    while rest > 0 {
        let digit = match rest % 10 {
            8 => 6,
            9 => 5,
            whole => whole,
        };
        read += digit * place;
        rest /= 10;
        // The fifth digit of a u16 is its last; its place must not overflow on the way out.
        place = if rest > 0 { place * 10 } else { place };
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_reads_six_and_nine_reads_five() {
        assert_eq!([8, 9, 18, 98, 80, 189].map(without_upper_right), [6, 5, 16, 56, 60, 165]);
    }

    #[test]
    fn other_digits_are_read_as_they_were_told() {
        assert_eq!(
            [0, 1, 23, 45, 67, 700, u16::MAX].map(without_upper_right),
            [0, 1, 23, 45, 67, 700, u16::MAX]
        );
    }
}
