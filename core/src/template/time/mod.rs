//! Go's `time.Time`, for templates that may look at the clock.

mod duration;
mod format;
mod layout;
mod parse;
mod zone;

pub(crate) use duration::{parse_duration, rounded, show_duration};
pub(crate) use parse::parse;
pub(crate) use zone::Zone;

/// A moment, and the zone that it is shown in.
#[derive(Clone)]
pub(crate) struct Time {
    /// Seconds since 1970.
    pub(crate) unix: i64,
    pub(crate) nanos: u32,
    pub(crate) zone: Zone,
    /// Whether it comes from the clock; Go shows the monotonic part of such a time.
    pub(crate) is_reading: bool,
}

/// A moment by the calendar.
#[derive(Clone, Copy)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: u8,
    pub(crate) day: u8,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    pub(crate) second: u8,
    /// From 1.
    pub(crate) year_day: u16,
    /// From Sunday, 0.
    pub(crate) weekday: u8,
}

impl Time {
    pub(crate) fn at(unix: i64, zone: Zone) -> Self {
        Self {
            unix,
            nanos: 0,
            zone,
            is_reading: false,
        }
    }

    /// Go's zero: the year 1.
    pub(crate) fn zero() -> Self {
        Self::at(-YEAR_1_TO_1970, Zone::Utc)
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.unix == -YEAR_1_TO_1970 && self.nanos == 0
    }

    /// Seconds since the year 1, as Go keeps them.
    pub(crate) fn since_year_1(&self) -> i64 {
        self.unix.wrapping_add(YEAR_1_TO_1970)
    }

    pub(crate) fn within(&self, zone: Zone) -> Self {
        Self {
            zone,
            is_reading: false,
            ..self.clone()
        }
    }

    /// Offset from UTC in seconds, and the name of the zone.
    pub(crate) fn offset(&self) -> (i32, String) {
        self.zone.at(self.unix)
    }

    pub(crate) fn civil(&self) -> Civil {
        let (offset, _) = self.offset();
        // Go counts from a far year in 64 bits without sign, and wraps around.
        let absolute = (self.unix as u64)
            .wrapping_add(offset as i64 as u64)
            .wrapping_add(ABSOLUTE_TO_1970 as u64);
        civil(i128::from(absolute) - i128::from(ABSOLUTE_TO_1970))
    }

    /// Later by `duration` nanoseconds.
    pub(crate) fn plus(&self, duration: i64) -> Self {
        let nanos = i64::from(self.nanos) + duration % SECOND;
        Self {
            unix: self
                .unix
                .wrapping_add(duration / SECOND)
                .wrapping_add(nanos.div_euclid(SECOND)),
            nanos: nanos.rem_euclid(SECOND) as u32,
            ..self.clone()
        }
    }

    /// The nanoseconds since `other`, as far as they go.
    pub(crate) fn since(&self, other: &Self) -> i64 {
        let seconds = i128::from(self.unix) - i128::from(other.unix);
        let nanos = seconds * i128::from(SECOND) + i128::from(self.nanos) - i128::from(other.nanos);
        nanos.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }

    /// The same clock time, so many years, months and days later.
    pub(crate) fn plus_date(&self, years: i64, months: i64, days: i64) -> Self {
        let civil = self.civil();
        let seconds = (i64::from(civil.hour) * 60 + i64::from(civil.minute)) * 60;
        let month = i128::from(civil.month) - 1 + i128::from(months);
        let year = i128::from(civil.year) + i128::from(years) + month.div_euclid(12);
        let days = days_before(year, month.rem_euclid(12) as usize)
            + i128::from(civil.day - 1)
            + i128::from(days);
        let local = days * DAY + i128::from(seconds) + i128::from(civil.second);
        Self {
            unix: self.zone.instant(local as i64),
            is_reading: false,
            ..self.clone()
        }
    }

    /// At a multiple of `unit` nanoseconds since the year 1: the one before, or where it `rounds` the nearest.
    pub(crate) fn at_multiple(&self, unit: i64, rounds: bool) -> Self {
        let mut time = self.within(self.zone.clone());
        if unit > 0 {
            let seconds = i128::from(self.unix) + i128::from(YEAR_1_TO_1970);
            let nanos = seconds * i128::from(SECOND) + i128::from(self.nanos);
            let rest = nanos.rem_euclid(unit.into()) as i64;
            let up = rounds && rest >= unit - rest;
            time = time.plus(if up { unit - rest } else { -rest });
        }
        time
    }

    /// As Go's syntax has it.
    pub(crate) fn show_go(&self) -> String {
        let c = self.civil();
        let month = MONTHS[usize::from(c.month) - 1];
        let zone = match &self.zone {
            Zone::Utc => "time.UTC".to_owned(),
            Zone::Local => "time.Local".to_owned(),
            zone => format!("time.Location({:?})", zone.name()),
        };
        let clock = format!("{}, {}, {}, {}", c.hour, c.minute, c.second, self.nanos);
        format!(
            "time.Date({}, time.{month}, {}, {clock}, {zone})",
            c.year, c.day
        )
    }

    /// Whether two are the same moment.
    pub(crate) fn is(&self, other: &Self) -> bool {
        (self.unix, self.nanos) == (other.unix, other.nanos)
    }

    /// As Go prints it.
    pub(crate) fn show(&self) -> String {
        let mut text = self.format("2006-01-02 15:04:05.999999999 -0700 MST");
        if self.is_reading {
            // Core knows no process and no start of it.
            text += " m=+0.000000001";
        }
        text
    }

    /// As JSON has it, where the year has four digits.
    pub(crate) fn show_json(&self) -> Option<String> {
        let has_minutes = self.offset().0.abs() < 24 * 3600;
        let fits = (0..=9999).contains(&self.civil().year) && has_minutes;
        fits.then(|| self.format("2006-01-02T15:04:05.999999999Z07:00"))
    }

    pub(crate) fn format(&self, layout: &str) -> String {
        String::from_utf8_lossy(&self.format_bytes(layout.as_bytes())).into_owned()
    }

    /// `Time.Format`
    pub(crate) fn format_bytes(&self, layout: &[u8]) -> Vec<u8> {
        format::format(self, layout)
    }
}

/// The calendar at so many seconds after 1970.
fn civil(seconds: i128) -> Civil {
    let (days, rest) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    // Eras of 400 years that begin in March.
    let shifted = days + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i128::from(month <= 2);
    Civil {
        year: year as i64,
        month: month as u8,
        day: day as u8,
        hour: (rest / 3600) as u8,
        minute: (rest / 60 % 60) as u8,
        second: (rest % 60) as u8,
        year_day: (days - days_before(year, 0) + 1) as u16,
        weekday: (days + 4).rem_euclid(7) as u8,
    }
}

/// The days from 1970 to the first of a month, which counts from 0.
fn days_before(year: i128, month: usize) -> i128 {
    let past = year - 1;
    let leaps = past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400);
    let leap = i128::from(month > 1 && is_leap(year));
    past * 365 + leaps - 719_162 + i128::from(DAYS_BEFORE[month]) + leap
}

pub(super) fn is_leap(year: i128) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The names of the months.
pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The names of the days of the week.
pub(crate) const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// Days of a common year before each month.
const DAYS_BEFORE: [u16; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

pub(crate) const SECOND: i64 = 1_000_000_000;
const DAY: i128 = 86_400;
const YEAR_1_TO_1970: i64 = 62_135_596_800;
/// From the year that Go counts from, in seconds.
const ABSOLUTE_TO_1970: i64 = (730_692_556 * 146_097 + 306) * 86_400 + YEAR_1_TO_1970;
