//! Go's layouts: the reference time, cut into pieces.

/// A piece of a layout that stands for a part of a time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperPm,
    LowerPm,
    Zone,
    Offset(Offset),
    /// Digits behind a separator; `trims` where zeros at the end are left out.
    Fraction {
        digits: usize,
        separator: u8,
        trims: bool,
    },
}

/// A numeric offset: `-07:00` and its like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Offset {
    /// `Z` stands for none.
    pub(super) z: bool,
    pub(super) minutes: bool,
    pub(super) seconds: bool,
    pub(super) colons: bool,
}

/// What stands before the first part, the part, and what follows it.
pub(super) fn next(layout: &[u8]) -> (&[u8], Option<Part>, &[u8]) {
    for at in 0..layout.len() {
        if let Some((skip, part, len)) = part(&layout[at..]) {
            return (&layout[..at + skip], Some(part), &layout[at + skip + len..]);
        }
    }
    (layout, None, &[])
}

/// The part that `text` begins with: bytes before it, the part, its length.
fn part(text: &[u8]) -> Option<(usize, Part, usize)> {
    let begins = |word: &str| text.starts_with(word.as_bytes());
    let no_word_goes_on = |at: usize| !text.get(at).is_some_and(u8::is_ascii_lowercase);
    let found = match text[0] {
        b'J' if begins("January") => (Part::LongMonth, 7),
        b'J' if begins("Jan") && no_word_goes_on(3) => (Part::Month, 3),
        b'M' if begins("Monday") => (Part::LongWeekday, 6),
        b'M' if begins("Mon") && no_word_goes_on(3) => (Part::Weekday, 3),
        b'M' if begins("MST") => (Part::Zone, 3),
        b'0' => match text.get(1)? {
            b'1' => (Part::ZeroMonth, 2),
            b'2' => (Part::ZeroDay, 2),
            b'3' => (Part::ZeroHour12, 2),
            b'4' => (Part::ZeroMinute, 2),
            b'5' => (Part::ZeroSecond, 2),
            b'6' => (Part::Year, 2),
            b'0' if begins("002") => (Part::ZeroYearDay, 3),
            _ => return None,
        },
        b'1' if begins("15") => (Part::Hour, 2),
        b'1' => (Part::NumMonth, 1),
        b'2' if begins("2006") => (Part::LongYear, 4),
        b'2' => (Part::Day, 1),
        b'_' if begins("_2006") => return Some((1, Part::LongYear, 4)),
        b'_' if begins("_2") => (Part::UnderDay, 2),
        b'_' if begins("__2") => (Part::UnderYearDay, 3),
        b'3' => (Part::Hour12, 1),
        b'4' => (Part::Minute, 1),
        b'5' => (Part::Second, 1),
        b'P' if begins("PM") => (Part::UpperPm, 2),
        b'p' if begins("pm") => (Part::LowerPm, 2),
        b'-' | b'Z' => {
            let word = OFFSETS
                .iter()
                .find(|word| text[1..].starts_with(word.as_bytes()))?;
            let offset = Offset {
                z: text[0] == b'Z',
                minutes: word.len() > 2,
                seconds: word.len() > 5,
                colons: word.contains(':'),
            };
            (Part::Offset(offset), 1 + word.len())
        }
        b'.' | b',' => {
            let digit = *text.get(1).filter(|b| matches!(b, b'0' | b'9'))?;
            let digits = text[1..].iter().take_while(|b| **b == digit).count();
            if text.get(1 + digits).is_some_and(u8::is_ascii_digit) {
                return None;
            }
            let fraction = Part::Fraction {
                digits,
                separator: text[0],
                trims: digit == b'9',
            };
            (fraction, 1 + digits)
        }
        _ => return None,
    };
    Some((0, found.0, found.1))
}

/// Numeric offsets, the longest spelling first.
const OFFSETS: &[&str] = &["070000", "07:00:00", "0700", "07:00", "07"];
