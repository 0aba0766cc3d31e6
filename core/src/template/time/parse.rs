//! `time.ParseInLocation`, where the location is UTC.

use super::layout::{self, Offset, Part};
use super::{DAY, DAYS_BEFORE, MONTHS, Time, WEEKDAYS, Zone, days_before, is_leap};

/// What was read so far.
#[derive(Default)]
struct Found {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: u32,
    afternoon: Option<bool>,
    utc: bool,
    offset: Option<i32>,
    zone: String,
}

/// Reads `value` by `layout`.
pub(crate) fn parse(mut layout: &[u8], mut value: &[u8]) -> Option<Time> {
    let mut found = Found::default();
    loop {
        let (before, part, rest) = layout::next(layout);
        value = skip(value, before)?;
        layout = rest;
        match part {
            Some(part) => value = found.read(part, value, layout)?,
            None if value.is_empty() => return found.time(),
            None => return None,
        }
    }
}

impl Found {
    /// Reads one part off the value; `layout` is what comes behind it.
    fn read<'v>(&mut self, part: Part, value: &'v [u8], layout: &[u8]) -> Option<&'v [u8]> {
        let within = |n: i64, range: std::ops::Range<i64>| range.contains(&n).then_some(n);
        let mut rest = value;
        match part {
            Part::Year => {
                let year = signed(take(&mut rest, 2)?)?;
                self.year = year + if year >= 69 { 1900 } else { 2000 };
            }
            Part::LongYear => {
                let digits = take(&mut rest, 4).filter(|y| y[0].is_ascii_digit())?;
                self.year = signed(digits)?;
            }
            Part::Month | Part::LongMonth => {
                self.month = Some(1 + name(&mut rest, &MONTHS, part == Part::Month)?);
            }
            Part::Weekday | Part::LongWeekday => {
                name(&mut rest, &WEEKDAYS, part == Part::Weekday)?;
            }
            Part::NumMonth | Part::ZeroMonth => {
                let month = number(&mut rest, part == Part::ZeroMonth)?;
                self.month = Some(within(month, 1..13)?);
            }
            Part::Day | Part::UnderDay | Part::ZeroDay => {
                if part == Part::UnderDay {
                    rest = rest.strip_prefix(b" ").unwrap_or(rest);
                }
                self.day = Some(number(&mut rest, part == Part::ZeroDay)?);
            }
            Part::UnderYearDay | Part::ZeroYearDay => {
                for _ in 0..2 {
                    if part == Part::UnderYearDay {
                        rest = rest.strip_prefix(b" ").unwrap_or(rest);
                    }
                }
                let digits = rest
                    .iter()
                    .take(3)
                    .take_while(|b| b.is_ascii_digit())
                    .count();
                if digits == 0 || (part == Part::ZeroYearDay && digits != 3) {
                    return None;
                }
                self.year_day = Some(signed(take(&mut rest, digits)?)?);
            }
            Part::Hour => self.hour = within(number(&mut rest, false)?, 0..24)?,
            Part::Hour12 | Part::ZeroHour12 => {
                let hour = number(&mut rest, part == Part::ZeroHour12)?;
                self.hour = within(hour, 0..13)?;
            }
            Part::Minute | Part::ZeroMinute => {
                let minute = number(&mut rest, part == Part::ZeroMinute)?;
                self.minute = within(minute, 0..60)?;
            }
            Part::Second | Part::ZeroSecond => {
                let second = number(&mut rest, part == Part::ZeroSecond)?;
                self.second = within(second, 0..60)?;
                let expected = matches!(layout::next(layout).1, Some(Part::Fraction { .. }));
                // A fraction is read where the layout has none, too.
                if !expected && let Some(len) = fraction_len(rest) {
                    self.nanos = nanos(take(&mut rest, len)?)?;
                }
            }
            Part::UpperPm | Part::LowerPm => {
                let word = take(&mut rest, 2)?;
                let upper = part == Part::UpperPm;
                self.afternoon = Some(match word {
                    b"PM" if upper => true,
                    b"AM" if upper => false,
                    b"pm" if !upper => true,
                    b"am" if !upper => false,
                    _ => return None,
                });
            }
            Part::Offset(form) if form.z && value.starts_with(b"Z") => {
                self.utc = true;
                rest = &value[1..];
            }
            Part::Offset(form) => self.offset = Some(offset(&mut rest, form)?),
            Part::Zone if value.starts_with(b"UTC") => {
                self.utc = true;
                rest = &value[3..];
            }
            Part::Zone => {
                let name = take(&mut rest, zone_len(value)?)?;
                self.zone = String::from_utf8_lossy(name).into_owned();
            }
            Part::Fraction {
                digits,
                trims: false,
                ..
            } => {
                self.nanos = nanos(take(&mut rest, 1 + digits)?)?;
            }
            Part::Fraction { .. } => {
                if let Some(len) = fraction_len(value) {
                    self.nanos = nanos(take(&mut rest, len)?)?;
                }
            }
        }
        Some(rest)
    }

    fn time(mut self) -> Option<Time> {
        match self.afternoon {
            Some(true) if self.hour < 12 => self.hour += 12,
            Some(false) if self.hour == 12 => self.hour = 0,
            _ => {}
        }
        let (month, day) = self.date()?;
        let leap = is_leap(self.year.into());
        let length = DAYS_BEFORE[month as usize] - DAYS_BEFORE[month as usize - 1];
        let length = i64::from(length) + i64::from(month == 2 && leap);
        if !(1..=length).contains(&day) {
            return None;
        }
        let days = days_before(self.year.into(), month as usize - 1) + i128::from(day) - 1;
        let seconds = (self.hour * 60 + self.minute) * 60 + self.second;
        let local = (days * DAY) as i64 + seconds;
        let (unix, zone) = match self.offset {
            _ if self.utc => (local, Zone::Utc),
            Some(0) if matches!(&*self.zone, "" | "UTC") => (local, Zone::Local),
            Some(offset) => {
                let zone = Zone::Fixed(self.zone.as_str().into(), offset);
                (local - i64::from(offset), zone)
            }
            None if self.zone.is_empty() => (local, Zone::Local),
            None => {
                // A name alone says nothing about its offset, unless it is GMT with hours.
                let hours = self
                    .zone
                    .strip_prefix("GMT")
                    .filter(|rest| !rest.is_empty());
                let hours = hours.and_then(|rest| signed(rest.as_bytes())).unwrap_or(0);
                let zone = Zone::Fixed(self.zone.as_str().into(), hours as i32 * 3600);
                (local, zone)
            }
        };
        let time = Time::at(unix, zone);
        Some(Time {
            nanos: self.nanos,
            ..time
        })
    }

    /// Month and day, which the day of the year must agree with.
    fn date(&self) -> Option<(i64, i64)> {
        let Some(year_day) = self.year_day else {
            return Some((self.month.unwrap_or(1), self.day.unwrap_or(1)));
        };
        let leap = is_leap(self.year.into());
        let past = i64::from(leap && year_day > 60);
        let (month, day) = if leap && year_day == 60 {
            (2, 29)
        } else {
            let day = year_day - past;
            if !(1..=365).contains(&day) {
                return None;
            }
            let month = DAYS_BEFORE
                .iter()
                .rposition(|before| i64::from(*before) < day)?;
            (month as i64 + 1, day - i64::from(DAYS_BEFORE[month]))
        };
        let agrees = self.month.is_none_or(|m| m == month) && self.day.is_none_or(|d| d == day);
        agrees.then_some((month, day))
    }
}

/// What follows `prefix` in `value`; blanks stand for any number of blanks.
fn skip<'v>(mut value: &'v [u8], mut prefix: &[u8]) -> Option<&'v [u8]> {
    while let Some(first) = prefix.first() {
        if *first == b' ' {
            if value.first().is_some_and(|b| *b != b' ') {
                return None;
            }
            prefix = without_blanks(prefix);
            value = without_blanks(value);
            continue;
        }
        value = value.strip_prefix(&[*first])?;
        prefix = &prefix[1..];
    }
    Some(value)
}

fn without_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|b| **b == b' ').count();
    &text[blanks..]
}

fn take<'v>(rest: &mut &'v [u8], len: usize) -> Option<&'v [u8]> {
    let (head, tail) = rest.split_at_checked(len)?;
    *rest = tail;
    Some(head)
}

/// One or two digits; two where they are `fixed`.
fn number(rest: &mut &[u8], fixed: bool) -> Option<i64> {
    let digits = rest
        .iter()
        .take(2)
        .take_while(|b| b.is_ascii_digit())
        .count();
    if digits == 0 || (fixed && digits == 1) {
        return None;
    }
    signed(take(rest, digits)?)
}

fn signed(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    text.parse().ok()
}

/// One of the names, or of their first three letters, in any case.
fn name(rest: &mut &[u8], names: &[&str], short: bool) -> Option<i64> {
    for (n, name) in names.iter().enumerate() {
        let name = if short { &name[..3] } else { name };
        let head = rest.get(..name.len());
        if head.is_some_and(|head| head.eq_ignore_ascii_case(name.as_bytes())) {
            *rest = &rest[name.len()..];
            return Some(n as i64);
        }
    }
    None
}

/// A separator and at least one digit.
fn fraction_len(text: &[u8]) -> Option<usize> {
    let digits = text
        .get(1..)?
        .iter()
        .take_while(|b| b.is_ascii_digit())
        .count();
    (matches!(text[0], b'.' | b',') && digits > 0).then_some(1 + digits)
}

fn nanos(text: &[u8]) -> Option<u32> {
    let digits = text
        .strip_prefix(b".")
        .or_else(|| text.strip_prefix(b","))?;
    let digits = &digits[..digits.len().min(9)];
    let value = u32::try_from(signed(digits)?).ok()?;
    Some(value * 10u32.pow(9 - digits.len() as u32))
}

fn offset(rest: &mut &[u8], form: Offset) -> Option<i32> {
    let len = 3 + 2 * usize::from(form.minutes) + 2 * usize::from(form.seconds);
    let colons = if form.colons {
        usize::from(form.minutes) + usize::from(form.seconds)
    } else {
        0
    };
    let mut text = take(rest, len + colons)?;
    let negative = match take(&mut text, 1)? {
        b"+" => false,
        b"-" => true,
        _ => return None,
    };
    let mut total = 0;
    for (n, most) in [24, 60, 60].into_iter().enumerate() {
        let value = if text.is_empty() {
            0
        } else {
            if n > 0 && form.colons {
                take(&mut text, 1).filter(|colon| *colon == b":")?;
            }
            number(&mut text, true).filter(|value| *value <= most)?
        };
        total = total * 60 + value as i32;
    }
    Some(if negative { -total } else { total })
}

/// The length of what looks like the abbreviation of a zone.
fn zone_len(text: &[u8]) -> Option<usize> {
    let head = text.get(..3)?;
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if head == b"GMT" {
        return Some(3 + hours_len(&text[3..]));
    }
    if matches!(text[0], b'+' | b'-') {
        return Some(hours_len(text)).filter(|len| *len > 0);
    }
    match text
        .iter()
        .take(6)
        .take_while(|b| b.is_ascii_uppercase())
        .count()
    {
        3 => Some(3),
        4 if text[3] == b'T' || text.starts_with(b"WITA") => Some(4),
        5 if text[4] == b'T' => Some(5),
        _ => None,
    }
}

/// The length of a sign and up to 23 hours.
fn hours_len(text: &[u8]) -> usize {
    if !matches!(text.first(), Some(b'+' | b'-')) {
        return 0;
    }
    let digits = text[1..].iter().take_while(|b| b.is_ascii_digit()).count();
    let hours = signed(&text[1..1 + digits]);
    if hours.is_some_and(|hours| hours <= 23) {
        1 + digits
    } else {
        0
    }
}
