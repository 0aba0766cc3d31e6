//! Points in time as YAML writes them, read and written without any calendar but the length of months.

use std::fmt;

/// A point in time: what was written, in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Timestamp {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    nanosecond: u32,
    /// Minutes from UTC, with the sign in front.
    offset: (bool, u32),
}

impl Timestamp {
    /// Reads `Y-M-D`, `Y-M-DTh:m:s[.f]zone`, or `Y-M-D h:m:s[.f]`, as go-yaml does.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() < 8 || bytes[4] != b'-' || !bytes[..4].iter().all(u8::is_ascii_digit) {
            return None;
        }
        let year = text[..4].parse().ok()?;
        let end = text[5..].find(['T', 't', ' ']).map(|at| at + 5);
        let (month, day) = text.get(5..end.unwrap_or(text.len()))?.split_once('-')?;
        let (month, day) = (number(month)?, number(day)?);
        if !(1..=days(year, month)?).contains(&day) {
            return None;
        }
        let mut time = Self {
            year,
            month,
            day,
            hour: 0,
            minute: 0,
            second: 0,
            nanosecond: 0,
            offset: (false, 0),
        };
        match end {
            None => {}
            Some(end) if bytes[end] == b' ' => {
                time.read_clock(text[end..].trim_start_matches(' '))?
            }
            Some(end) => {
                let rest = &text[end + 1..];
                let zone = rest.find(['Z', '+', '-'])?;
                time.read_clock(&rest[..zone])?;
                time.offset = offset(&rest[zone..])?;
            }
        }
        Some(time)
    }

    /// True for the one form that a MAC is bound to: whole seconds in UTC.
    pub(crate) fn is_whole_utc_second(&self) -> bool {
        self.nanosecond == 0 && self.offset.1 == 0
    }

    /// True for a zone that RFC 3339 has no form for, a day or more from UTC.
    pub(crate) fn is_beyond_zones(&self) -> bool {
        self.offset.1 >= 24 * 60
    }

    fn read_clock(&mut self, text: &str) -> Option<()> {
        let (clock, fraction) = match text.find(['.', ',']) {
            Some(at) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        let mut parts = clock.split(':').map(number);
        (self.hour, self.minute, self.second) = (parts.next()??, parts.next()??, parts.next()??);
        if let Some(fraction) = fraction {
            if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let digits: String = fraction
                .chars()
                .chain("000000000".chars())
                .take(9)
                .collect();
            self.nanosecond = digits.parse().ok()?;
        }
        let fits = self.hour < 24 && self.minute < 60 && self.second < 60;
        (fits && parts.next().is_none()).then_some(())
    }
}

/// RFC 3339 with the fraction's digits that count.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
            nanosecond,
            offset,
        } = self;
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        if *nanosecond > 0 {
            let digits = format!("{nanosecond:09}");
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        match *offset {
            (_, 0) => f.write_str("Z"),
            (west, minutes) => {
                let sign = if west { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

fn offset(zone: &str) -> Option<(bool, u32)> {
    if zone == "Z" {
        return Some((false, 0));
    }
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let two = |part: &str, max| number(part).filter(|n| part.len() == 2 && *n <= max);
    let minutes = two(hours, 24)? * 60 + two(minutes, 60)?;
    (!zone.starts_with('Z')).then_some((zone.starts_with('-'), minutes))
}

fn days(year: u32, month: u32) -> Option<u32> {
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    match month {
        2 if leap => Some(29),
        2 => Some(28),
        4 | 6 | 9 | 11 => Some(30),
        1..=12 => Some(31),
        _ => None,
    }
}

/// One or two digits.
fn number(part: &str) -> Option<u32> {
    let fits = matches!(part.len(), 1 | 2) && part.bytes().all(|b| b.is_ascii_digit());
    part.parse().ok().filter(|_| fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_one_spelling() {
        for (text, written) in [
            ("2020-01-02", "2020-01-02T00:00:00Z"),
            ("2020-1-2", "2020-01-02T00:00:00Z"),
            ("2020-1-2 3:4:5", "2020-01-02T03:04:05Z"),
            ("2020-01-02   03:04:05.5", "2020-01-02T03:04:05.5Z"),
            ("2020-01-02t03:04:05.120Z", "2020-01-02T03:04:05.12Z"),
            (
                "2020-01-02T03:04:05.123456789+05:30",
                "2020-01-02T03:04:05.123456789+05:30",
            ),
            ("2020-01-02T03:04:05-00:00", "2020-01-02T03:04:05Z"),
            ("2024-02-29", "2024-02-29T00:00:00Z"),
        ] {
            let time = Timestamp::parse(text).map(|time| time.to_string());
            assert_eq!(time.as_deref(), Some(written), "{text}");
        }
    }

    #[test]
    fn what_go_yaml_takes_for_a_string_is_no_time() {
        for text in [
            "2020-01",
            "2020-13-01",
            "2023-02-29",
            "2020-01-02 03:04:05 +07:00",
            "2020-01-02 03:04:05Z",
            "2020-01-02 ",
            "2020-01-02\t03:04:05",
            "2020-01-02T03:04:05",
            "2020-01-02T24:00:00Z",
            "2020-01-02T03:04Z",
            "2020-01-02T03:04:05.Z",
            "20-01-02",
            "2020-001-02",
            "2020-01-02T03:04:05+7:00",
            "é020-01-02",
            "2020-01-02Té",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }
}
