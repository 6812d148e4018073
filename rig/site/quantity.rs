//! Quantities as people write them, in whole numbers: `"3s"`, `"12.8 m"`, `"1.0 m/s"`, `"12 m2"`, `"30%"`, `"07:00"`.
//! A number without its unit is refused: nobody can see whether 300 is seconds or milliseconds.

use emulators::time::Span;

/// The longest duration a file may name: no counter of ours needs more, and sums of many never overflow.
const LONGEST: Span = Span::from_secs(1_000 * 86_400);

/// What is wrong with a quantity, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) message: String,
    pub(crate) hint: String,
}

impl Complaint {
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Complaint {
        Complaint { message: message.into(), hint: hint.into() }
    }
}

/// At most 40 characters of somebody's text, for messages.
pub(crate) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    if text.chars().nth(40).is_some() {
        short.push_str("...");
    }
    short
}

/// A duration with its unit: `"3s"`, `"500ms"`, `"1m 30s"`, `"2h"`; whole microseconds, not negative.
pub(crate) fn duration(text: &str) -> Result<Span, Complaint> {
    let bare = text.trim();
    if bare.starts_with('-') {
        return Err(Complaint::new(format!("`{}` is negative", shown(bare)), "a duration is never negative"));
    }
    if !bare.is_empty() && bare.chars().all(|c| c.is_ascii_digit() || c == '.') {
        let unit = format!("write a unit: `\"{}s\"`", shown(bare));
        return Err(Complaint::new(format!("`{}` has no unit", shown(bare)), unit));
    }
    let parsed = if bare.len() > 64 { None } else { humantime::parse_duration(bare).ok() };
    let Some(parsed) = parsed else {
        return Err(Complaint::new(
            format!("`{}` is not a duration", shown(bare)),
            "write a number and a unit (us, ms, s, m, h, d), for example `\"500ms\"`",
        ));
    };
    if !parsed.subsec_nanos().is_multiple_of(1_000) {
        let message = format!("`{}` is not a whole number of microseconds", shown(bare));
        return Err(Complaint::new(message, "write whole microseconds: `\"250us\"`"));
    }
    let span = u64::try_from(parsed.as_micros()).ok().map(Span::from_us).filter(|span| *span <= LONGEST);
    span.ok_or_else(|| {
        Complaint::new(format!("`{}` is longer than 1000 days", shown(bare)), "write a shorter one")
    })
}

/// A duration in whole seconds that may be negative: `"-1h"`.
pub(crate) fn signed_seconds(text: &str) -> Result<i32, Complaint> {
    let bare = text.trim();
    let (sign, rest) = bare.strip_prefix('-').map_or((1, bare), |rest| (-1, rest));
    let span = duration(rest)?;
    if !span.as_us().is_multiple_of(1_000_000) {
        return Err(Complaint::new(
            format!("`{}` is not whole seconds", shown(bare)),
            "write whole seconds: `\"-3600s\"`",
        ));
    }
    let seconds = i32::try_from(span.as_secs()).unwrap_or(i32::MAX);
    Ok(sign * seconds)
}

/// `digits[.digits] unit`, in steps of 10^-`decimals` of the unit.
pub(crate) fn decimal(text: &str, units: &[&str], decimals: u32, example: &str) -> Result<u32, Complaint> {
    let bare = text.trim();
    let hint = format!("write it like `\"{example}\"`");
    let end = bare.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(bare.len());
    let (number, unit) = (bare[..end].trim(), bare[end..].trim());
    if number.starts_with('-') {
        return Err(Complaint::new(format!("`{}` is negative", shown(bare)), hint));
    }
    if unit.is_empty() && !number.is_empty() {
        let message = format!("`{}` has no unit", shown(bare));
        return Err(Complaint::new(message, format!("write a unit: `\"{}{}\"`", shown(number), units[0])));
    }
    if !units.contains(&unit) {
        return Err(Complaint::new(format!("`{}` is not in {}", shown(bare), units[0]), hint));
    }
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty()
        || !digits(whole)
        || !digits(fraction)
        || (fraction.is_empty() && number.contains('.'))
    {
        return Err(Complaint::new(format!("`{}` is not a number", shown(number)), hint));
    }
    if fraction.len() > decimals as usize {
        let message = format!("`{}` has more than {decimals} decimals", shown(number));
        return Err(Complaint::new(message, hint));
    }
    let scaled = format!("{whole}{fraction:0<width$}", width = decimals as usize);
    scaled.parse().map_err(|_| Complaint::new(format!("`{}` is too large", shown(number)), hint))
}

/// A length in mm: `"12.8 m"`.
pub(crate) fn length_mm(text: &str) -> Result<u32, Complaint> {
    decimal(text, &["m"], 3, "12.8 m")
}

/// A speed in mm/s: `"1.0 m/s"`.
pub(crate) fn speed_mm_s(text: &str) -> Result<u32, Complaint> {
    decimal(text, &["m/s"], 3, "1.0 m/s")
}

/// An area in 0.01 m2: `"12 m2"`.
pub(crate) fn area_dm2(text: &str) -> Result<u32, Complaint> {
    decimal(text, &["m2", "m²"], 2, "12 m2")
}

/// A share in millionths: `"30%"`, `"0.1%"`.
pub(crate) fn share_ppm(text: &str) -> Result<u32, Complaint> {
    let ppm = decimal(text, &["%"], 4, "30%")?;
    if ppm > 1_000_000 {
        return Err(Complaint::new(
            format!("`{}` is more than everything", shown(text)),
            "write at most `\"100%\"`",
        ));
    }
    Ok(ppm)
}

/// A share in whole percent, 0 to 100: `"40%"`.
pub(crate) fn percent(text: &str) -> Result<u8, Complaint> {
    let percent = decimal(text, &["%"], 0, "40%")?;
    let fits = u8::try_from(percent).ok().filter(|percent| *percent <= 100);
    fits.ok_or_else(|| {
        Complaint::new(format!("`{}` is more than everything", shown(text)), "write at most `\"100%\"`")
    })
}

/// A time of day in minutes after midnight: `"07:00"`; `"24:00"` is the end of the day.
pub(crate) fn minutes_of_day(text: &str) -> Result<u16, Complaint> {
    let bad =
        || Complaint::new(format!("`{}` is not a time of day", shown(text)), "write it like `\"07:00\"`");
    let (hours, minutes) = text.trim().split_once(':').ok_or_else(bad)?;
    let two = |part: &str| if part.len() == 2 { part.parse::<u16>().ok() } else { None };
    match (two(hours), two(minutes)) {
        (Some(hours), Some(minutes)) if minutes < 60 && hours * 60 + minutes <= 24 * 60 => {
            Ok(hours * 60 + minutes)
        }
        _ => Err(bad()),
    }
}

/// A duration in the words [`duration`] reads: `40s`, `40s 500ms`, `0s`.
pub(crate) fn write_duration(span: Span) -> String {
    let us = span.as_us();
    let parts = [(us / 1_000_000, "s"), (us / 1_000 % 1_000, "ms"), (us % 1_000, "us")];
    let words: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number}{unit}"))
        .collect();
    if words.is_empty() { "0s".to_owned() } else { words.join(" ") }
}

/// A share of millionths in the words [`share_ppm`] reads.
pub(crate) fn write_share(ppm: u32) -> String {
    let (whole, rest) = (ppm / 10_000, ppm % 10_000);
    if rest == 0 {
        return format!("{whole}%");
    }
    format!("{whole}.{}%", format!("{rest:04}").trim_end_matches('0'))
}

/// A speed in the words [`speed_mm_s`] reads.
pub(crate) fn write_speed(mm_s: u32) -> String {
    let fraction = format!("{:03}", mm_s % 1_000);
    let fraction = fraction.trim_end_matches('0');
    format!("{}.{} m/s", mm_s / 1_000, if fraction.is_empty() { "0" } else { fraction })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit_and_whole_microseconds() {
        assert_eq!(duration("3s"), Ok(Span::from_secs(3)));
        assert_eq!(duration("1m 30s"), Ok(Span::from_secs(90)));
        assert_eq!(duration("2.7s"), Ok(Span::from_ms(2_700)));
        assert_eq!(duration("3").expect_err("bare").hint, "write a unit: `\"3s\"`");
        assert_eq!(duration("-3s").expect_err("negative").message, "`-3s` is negative");
        assert!(duration("10ns").expect_err("small").message.contains("whole number of microseconds"));
        assert!(duration("5 years").expect_err("long").message.contains("longer than"));
        assert!(duration("").is_err() && duration("s").is_err() && duration("3 s x").is_err());
    }

    #[test]
    fn lengths_speeds_areas_and_shares_are_whole_numbers_inside() {
        assert_eq!(length_mm("12.8 m"), Ok(12_800));
        assert_eq!(length_mm("9m"), Ok(9_000));
        assert_eq!(speed_mm_s("1.07 m/s"), Ok(1_070));
        assert_eq!(area_dm2("12 m2"), Ok(1_200));
        assert_eq!(share_ppm("0.1%"), Ok(1_000));
        assert_eq!(length_mm("12.8").expect_err("bare").hint, "write a unit: `\"12.8m\"`");
        assert_eq!(length_mm("-1 m").expect_err("negative").message, "`-1 m` is negative");
        assert!(
            length_mm("1.2345 m").is_err()
                && length_mm("99999999999 m").is_err()
                && length_mm("1. m").is_err()
        );
        assert!(share_ppm("101%").is_err() && speed_mm_s("4 km/h").is_err());
    }

    #[test]
    fn times_of_day_are_minutes_after_midnight() {
        assert_eq!(minutes_of_day("07:00"), Ok(420));
        assert_eq!(minutes_of_day("24:00"), Ok(1_440));
        assert!(
            minutes_of_day("24:01").is_err()
                && minutes_of_day("7").is_err()
                && minutes_of_day("99:00").is_err()
        );
    }

    #[test]
    fn what_is_written_is_read_back() {
        for us in [0, 1, 999, 1_000, 300_000, 40_000_000, 40_500_001] {
            assert_eq!(duration(&write_duration(Span::from_us(us))), Ok(Span::from_us(us)));
        }
        for ppm in [0, 1, 1_000, 300_000, 123_456, 1_000_000] {
            assert_eq!(share_ppm(&write_share(ppm)), Ok(ppm));
        }
        for mm_s in [100, 1_000, 1_234, 1_070] {
            assert_eq!(speed_mm_s(&write_speed(mm_s)), Ok(mm_s));
        }
    }
}
