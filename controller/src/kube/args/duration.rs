//! Durations as flags spell them: `30d`, `12h`, `90s`, `1h30m`, `500ms`, `0`.

use std::time::Duration;

/// Reads a duration.
///
/// # Errors
/// A sentence about the spelling, or a duration of more than a century.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || {
        "a number with a unit belongs here, such as 30d, 12h, 90s, 1h30m or 500ms; or 0".to_owned()
    };
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = text;
    let mut milliseconds = 0_u64;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at(digits);
        let letters = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, tail) = tail.split_at(letters);
        let unit = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(wrong)?;
        let number: u64 = number.parse().map_err(|_| wrong())?;
        milliseconds = number
            .checked_mul(unit.1)
            .and_then(|part| milliseconds.checked_add(part))
            .filter(|sum| *sum <= CENTURY_MILLISECONDS)
            .ok_or("at most 100 years belong here")?;
        rest = tail;
    }
    if text.is_empty() {
        Err(wrong())
    } else {
        Ok(Duration::from_millis(milliseconds))
    }
}

const UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];
const CENTURY_MILLISECONDS: u64 = 36_500 * 86_400_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, seconds) in [
            ("0", 0.0),
            ("30d", 2_592_000.0),
            ("1h30m", 5400.0),
            ("500ms", 0.5),
            ("5s", 5.0),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_secs_f64(seconds)),
                "{text}"
            );
        }
        for bad in [
            "",
            "30",
            "d",
            "5 s",
            "-5s",
            "1.5h",
            "5y",
            "99999999999d",
            "5sx",
        ] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
