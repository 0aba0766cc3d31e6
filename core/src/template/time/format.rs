//! `Time.Format`.

use super::layout::{self, Offset, Part};
use super::{Civil, MONTHS, Time, WEEKDAYS};

pub(super) fn format(time: &Time, mut layout: &[u8]) -> Vec<u8> {
    let (civil, (offset, name)) = (time.civil(), time.offset());
    let mut out = Vec::new();
    loop {
        let (before, part, rest) = layout::next(layout);
        out.extend_from_slice(before);
        layout = rest;
        let text = match part {
            None => return out,
            Some(Part::Offset(form)) => show_offset(offset, form),
            Some(Part::Zone) if name.is_empty() => show_offset(offset, PLAIN),
            Some(Part::Zone) => name.clone(),
            Some(Part::Fraction {
                digits,
                separator,
                trims,
            }) => fraction(time.nanos, digits, separator, trims),
            Some(part) => by_calendar(&civil, part),
        };
        out.extend_from_slice(text.as_bytes());
    }
}

fn by_calendar(civil: &Civil, part: Part) -> String {
    let month = MONTHS[usize::from(civil.month) - 1];
    let weekday = WEEKDAYS[usize::from(civil.weekday)];
    let hour12 = if civil.hour.is_multiple_of(12) {
        12
    } else {
        civil.hour % 12
    };
    let afternoon = civil.hour >= 12;
    match part {
        Part::LongMonth => month.to_owned(),
        Part::Month => month[..3].to_owned(),
        Part::NumMonth => civil.month.to_string(),
        Part::ZeroMonth => format!("{:02}", civil.month),
        Part::LongWeekday => weekday.to_owned(),
        Part::Weekday => weekday[..3].to_owned(),
        Part::Day => civil.day.to_string(),
        Part::UnderDay => format!("{:2}", civil.day),
        Part::ZeroDay => format!("{:02}", civil.day),
        Part::UnderYearDay => format!("{:3}", civil.year_day),
        Part::ZeroYearDay => format!("{:03}", civil.year_day),
        Part::Hour => format!("{:02}", civil.hour),
        Part::Hour12 => hour12.to_string(),
        Part::ZeroHour12 => format!("{hour12:02}"),
        Part::Minute => civil.minute.to_string(),
        Part::ZeroMinute => format!("{:02}", civil.minute),
        Part::Second => civil.second.to_string(),
        Part::ZeroSecond => format!("{:02}", civil.second),
        Part::LongYear if civil.year < 0 => format!("-{:04}", civil.year.unsigned_abs()),
        Part::LongYear => format!("{:04}", civil.year),
        Part::Year => format!("{:02}", civil.year.max(0) % 100),
        Part::UpperPm => (if afternoon { "PM" } else { "AM" }).to_owned(),
        Part::LowerPm => (if afternoon { "pm" } else { "am" }).to_owned(),
        Part::Zone | Part::Offset(_) | Part::Fraction { .. } => String::new(),
    }
}

fn show_offset(offset: i32, form: Offset) -> String {
    if form.z && offset == 0 {
        return "Z".to_owned();
    }
    let minutes = (offset / 60).abs();
    let colon = if form.colons { ":" } else { "" };
    let sign = if offset / 60 < 0 { '-' } else { '+' };
    let mut out = format!("{sign}{:02}", minutes / 60);
    if form.minutes {
        out += &format!("{colon}{:02}", minutes % 60);
    }
    if form.seconds {
        let seconds = if offset / 60 < 0 { -offset } else { offset } % 60;
        out += &format!("{colon}{seconds:02}");
    }
    out
}

fn fraction(nanos: u32, digits: usize, separator: u8, trims: bool) -> String {
    if trims && nanos == 0 {
        return String::new();
    }
    let mut text = format!("{}{nanos:09}", char::from(separator));
    text.truncate(1 + digits.min(9));
    if trims {
        text.truncate(text.trim_end_matches('0').len());
        if text.len() == 1 {
            text.clear();
        }
    }
    text
}

const PLAIN: Offset = Offset {
    z: false,
    minutes: true,
    seconds: false,
    colons: false,
};
