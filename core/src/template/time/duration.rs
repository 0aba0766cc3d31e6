//! Go's `time.Duration`: nanoseconds.

/// `time.ParseDuration`
pub(crate) fn parse_duration(text: &[u8]) -> Option<i64> {
    let (negative, mut rest) = match text.first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == b"0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut sum = 0u64;
    while !rest.is_empty() {
        let (whole, digits) = leading(rest)?;
        rest = &rest[digits..];
        let (mut fraction, mut scale, mut behind) = (0, 1.0, 0);
        if let [b'.', after @ ..] = rest {
            (fraction, scale, behind) = leading_fraction(after);
            rest = &after[behind..];
        }
        if digits + behind == 0 {
            return None;
        }
        let is_number = |b: &u8| *b == b'.' || b.is_ascii_digit();
        let end = rest.iter().position(is_number).unwrap_or(rest.len());
        let unit: u64 = match &rest[..end] {
            b"ns" => 1,
            b"us" | b"\xc2\xb5s" | b"\xce\xbcs" => 1000,
            b"ms" => 1_000_000,
            b"s" => 1_000_000_000,
            b"m" => 60_000_000_000,
            b"h" => 3_600_000_000_000,
            _ => return None,
        };
        rest = &rest[end..];
        let mut value = whole.checked_mul(unit).filter(|v| *v <= LIMIT)?;
        if fraction > 0 {
            value += (fraction as f64 * (unit as f64 / scale)) as u64;
        }
        sum = sum
            .checked_add(value)
            .filter(|v| *v <= LIMIT && value <= LIMIT)?;
    }
    if negative {
        return Some((sum as i64).wrapping_neg());
    }
    i64::try_from(sum).ok()
}

/// The number that `text` begins with, and how many digits it has.
fn leading(text: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0u64;
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    for digit in &text[..digits] {
        value = value
            .checked_mul(10)?
            .checked_add(u64::from(digit - b'0'))?;
        if value > LIMIT {
            return None;
        }
    }
    Some((value, digits))
}

/// The digits behind a point, as far as they matter, what they count in, and how many there are.
fn leading_fraction(text: &[u8]) -> (u64, f64, usize) {
    let (mut value, mut scale, mut over) = (0u64, 1.0, false);
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    for digit in &text[..digits] {
        if over || value > (LIMIT - 1) / 10 {
            over = true;
            continue;
        }
        let next = value * 10 + u64::from(digit - b'0');
        if next > LIMIT {
            over = true;
            continue;
        }
        (value, scale) = (next, scale * 10.0);
    }
    (value, scale, digits)
}

/// `Duration.String`
pub(crate) fn show_duration(duration: i64) -> String {
    let size = duration.unsigned_abs();
    let sign = if duration < 0 { "-" } else { "" };
    let text = match size {
        0 => return "0s".to_owned(),
        1..1000 => format!("{size}ns"),
        1000..1_000_000 => decimal(size, 1000, 3) + "µs",
        1_000_000..1_000_000_000 => decimal(size, 1_000_000, 6) + "ms",
        _ => {
            let minutes = size / 60_000_000_000;
            let seconds = decimal(size % 60_000_000_000, 1_000_000_000, 9) + "s";
            match (minutes / 60, minutes % 60) {
                (0, 0) => seconds,
                (0, minutes) => format!("{minutes}m{seconds}"),
                (hours, minutes) => format!("{hours}h{minutes}m{seconds}"),
            }
        }
    };
    format!("{sign}{text}")
}

fn decimal(size: u64, unit: u64, digits: usize) -> String {
    let text = format!("{}.{:0digits$}", size / unit, size % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `Duration.Round`: halves away from zero.
pub(crate) fn rounded(duration: i64, unit: i64) -> i64 {
    if unit <= 0 {
        return duration;
    }
    let rest = duration % unit;
    let down = duration - rest;
    if rest.unsigned_abs() * 2 < unit as u64 {
        return down;
    }
    down.saturating_add(unit * rest.signum())
}

const LIMIT: u64 = 1 << 63;
