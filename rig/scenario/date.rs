//! Local date and time as a scenario writes them: `"17:40"`, `"17:40:00"`, `"2019-06-03 17:40:00"`.

use crate::site::{Complaint, shown};

/// Days from 1970-01-01 to the day of a scenario that names none: 2019-06-03, a Monday in the year of the report.
const DEFAULT_DAY: u32 = 18_050;
const DAY_S: u32 = 86_400;

/// Seconds since 1970-01-01, local time.
pub(crate) fn read(text: &str) -> Result<u32, Complaint> {
    let bad = || {
        let hint = "write it like `\"17:40:00\"` or `\"2019-06-03 17:40:00\"`";
        Complaint::new(format!("`{}` is not a time", shown(text)), hint)
    };
    let text = text.trim();
    let (day, time) = match text.split_once(' ') {
        Some((date, time)) => (read_date(date).ok_or_else(bad)?, time),
        None => (DEFAULT_DAY, text),
    };
    let parts: Vec<u32> = time.split(':').map(two_digits).collect::<Option<_>>().ok_or_else(bad)?;
    let (hours, minutes, seconds) = match parts.as_slice() {
        [hours, minutes] => (*hours, *minutes, 0),
        [hours, minutes, seconds] => (*hours, *minutes, *seconds),
        _ => return Err(bad()),
    };
    if hours > 23 || minutes > 59 || seconds > 59 {
        return Err(bad());
    }
    Ok(day * DAY_S + hours * 3_600 + minutes * 60 + seconds)
}

fn two_digits(part: &str) -> Option<u32> {
    if part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()) { part.parse().ok() } else { None }
}

/// Days since 1970-01-01 of a date from 1970 to 2099.
fn read_date(text: &str) -> Option<u32> {
    let [year, month, day] = text.split('-').collect::<Vec<_>>().try_into().ok()?;
    let year: u32 = if year.len() == 4 { year.parse().ok()? } else { return None };
    let (month, day) = (two_digits(month)?, two_digits(day)?);
    if !(1_970..2_100).contains(&year) || !(1..=12).contains(&month) || day == 0 || day > days_of(year, month)
    {
        return None;
    }
    let years: u32 = (1_970..year).map(|year| 365 + u32::from(leap(year))).sum();
    let months: u32 = (1..month).map(|month| days_of(year, month)).sum();
    Some(years + months + day - 1)
}

/// Every fourth year, as 2000 was one and 2100 lies outside.
const fn leap(year: u32) -> bool {
    year.is_multiple_of(4)
}

const fn days_of(year: u32, month: u32) -> u32 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// In the form that [`read`] reads, with its date.
pub(crate) fn write(seconds: u32) -> String {
    let (mut days, time) = (seconds / DAY_S, seconds % DAY_S);
    let mut year = 1_970;
    while days >= 365 + u32::from(leap(year)) {
        days -= 365 + u32::from(leap(year));
        year += 1;
    }
    let mut month = 1;
    while days >= days_of(year, month) {
        days -= days_of(year, month);
        month += 1;
    }
    let (hours, minutes, seconds) = (time / 3_600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{:02} {hours:02}:{minutes:02}:{seconds:02}", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_a_date_is_on_the_default_day() {
        assert_eq!(read("17:40"), read("2019-06-03 17:40:00"));
        assert_eq!(write(DEFAULT_DAY * DAY_S), "2019-06-03 00:00:00");
    }

    #[test]
    fn dates_are_days_since_1970() {
        assert_eq!(read("1970-01-01 00:00"), Ok(0));
        assert_eq!(read("2025-10-09 08:53:20"), Ok(1_760_000_000));
        for seconds in [0, 951_782_400, 1_760_000_000, 4_102_444_799] {
            assert_eq!(read(&write(seconds)), Ok(seconds));
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in
            ["", "17", "7:40", "24:00", "17:60", "2019-02-29 10:00", "2019-13-01 10:00", "2100-01-01 00:00"]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
