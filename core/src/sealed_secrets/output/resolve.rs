//! What `go-yaml` 2 would take an unquoted text for.

/// True when the text would not be read back as a string.
pub(super) fn is_not_a_string(text: &str) -> bool {
    let Some(first) = text.bytes().next() else {
        return true;
    };
    if WORDS.contains(&text) {
        return true;
    }
    match first {
        b'.' => {
            let digit = |at: Option<usize>| {
                at.and_then(|at| text.as_bytes().get(at))
                    .is_some_and(u8::is_ascii_digit)
            };
            let between = |(at, _): (usize, &str)| digit(at.checked_sub(1)) && digit(Some(at + 1));
            text.match_indices('_').all(between) && is_float(&text.replace('_', ""))
        }
        b'0'..=b'9' | b'+' | b'-' => {
            let plain = text.replace('_', "");
            is_timestamp(text) || is_integer(&plain) || is_float(&plain) || is_base_60(text)
        }
        _ => false,
    }
}

/// As Go's `strconv.ParseInt` and `ParseUint` with base 0 read it, in 64 bits.
fn is_integer(text: &str) -> bool {
    let negative = text.starts_with('-');
    let signed = text.starts_with(['+', '-']);
    let digits = if signed { &text[1..] } else { text };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.as_str() {
        "0" => (10, "0"),
        _ if lower.starts_with("0x") => (16, &lower[2..]),
        _ if lower.starts_with("0b") => (2, &lower[2..]),
        _ if lower.starts_with("0o") => (8, &lower[2..]),
        _ if lower.starts_with('0') => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if digits.starts_with('+') {
        return false;
    }
    let limit = match (negative, signed) {
        (true, _) => 1 << 63,
        (false, true) => (1 << 63) - 1,
        (false, false) => u128::from(u64::MAX),
    };
    u128::from_str_radix(digits, radix).is_ok_and(|number| number <= limit)
}

/// Digits with a point and an exponent, or either; within the range of 64 bits.
fn is_float(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(at) => (&digits[..at], Some(&digits[at + 1..])),
        None => (digits, None),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && all_digits(digits)
    });
    all_digits(whole)
        && all_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent_fits
        && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// `12:30:45`, which YAML 1.1 takes for a number: quoted for the sake of other readers.
pub(crate) fn is_base_60(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = digits.split(':');
    let Some(first) = parts.next() else {
        return false;
    };
    let rest: Vec<&str> = parts.collect();
    let Some((last, middle)) = rest.split_last() else {
        return false;
    };
    let sixty = |part: &str| {
        let bytes = part.as_bytes();
        bytes.iter().all(u8::is_ascii_digit)
            && (bytes.len() == 1 || bytes.len() == 2 && bytes[0] <= b'5')
    };
    let (last, fraction) = last.split_once('.').unwrap_or((last, ""));
    first.starts_with(|c: char| c.is_ascii_digit())
        && first
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
        && middle.iter().all(|part| sixty(part))
        && sixty(last)
        && fraction
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
}

/// `2006-1-2`, with a time of day after `T`, `t` or a blank.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 5 || bytes[4] != b'-' || !bytes[..4].iter().all(u8::is_ascii_digit) {
        return false;
    }
    let end = text[5..].find(['T', 't', ' ']).map(|at| at + 5);
    let (date, time) = match end {
        Some(end) => (&text[5..end], Some((bytes[end], &text[end + 1..]))),
        None => (&text[5..], None),
    };
    let Some((month, day)) = date.split_once('-') else {
        return false;
    };
    let (Some(month), Some(day)) = (number(month), number(day)) else {
        return false;
    };
    let year: u32 = text[..4].parse().unwrap_or(0);
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
        && match time {
            None => true,
            Some((b' ', time)) => is_time_of_day(time),
            Some((_, time)) => {
                let zone = time.find(['Z', '+', '-']);
                zone.is_some_and(|zone| is_time_of_day(&time[..zone]) && is_zone(&time[zone..]))
            }
        }
}

fn is_time_of_day(time: &str) -> bool {
    let (clock, fraction) = match time.find(['.', ',']) {
        Some(at) => (&time[..at], Some(&time[at + 1..])),
        None => (time, None),
    };
    let parts: Vec<_> = clock.split(':').map(number).collect();
    let [Some(hour), Some(minute), Some(second)] = parts[..] else {
        return false;
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    hour < 24 && minute < 60 && second < 60 && fraction.is_none_or(digits)
}

fn is_zone(zone: &str) -> bool {
    if zone == "Z" {
        return true;
    }
    let Some((hours, minutes)) = zone[1..].split_once(':') else {
        return false;
    };
    let two = |part: &str, limit| part.len() == 2 && number(part).is_some_and(|n| n <= limit);
    !zone.starts_with('Z') && two(hours, 24) && two(minutes, 60)
}

/// One or two digits.
fn number(part: &str) -> Option<u32> {
    let fits = matches!(part.len(), 1 | 2) && part.bytes().all(|byte| byte.is_ascii_digit());
    part.parse().ok().filter(|_| fits)
}

const WORDS: [&str; 38] = [
    "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", "n", "N", "no", "No",
    "NO", "false", "False", "FALSE", "off", "Off", "OFF", "~", "null", "Null", "NULL", ".nan",
    ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF",
];
