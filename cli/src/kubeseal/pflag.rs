//! What pflag does and clap does not: `--flag=false`, values that begin with a dash, lists in CSV, durations of Go.

use std::str::FromStr;
use std::time::Duration;

use clap::{Arg, ArgAction};

/// How long a request may take; nothing is for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Timeout(pub(super) Option<Duration>);

/// Gives an argument pflag's conduct.
pub(super) fn conduct(arg: Arg) -> Arg {
    if arg.get_long().is_none() {
        return arg;
    }
    match arg.get_action() {
        ArgAction::SetTrue => arg
            .action(ArgAction::Set)
            .num_args(0..=1)
            .require_equals(true)
            .value_name("BOOL")
            .hide_possible_values(true)
            .default_value("false")
            .default_missing_value("true")
            .hide_default_value(true)
            .value_parser(boolean),
        _ => arg.allow_hyphen_values(true),
    }
}

/// Gives a flag its variable, where that is set to something.
pub(super) fn with_variable(arg: Arg) -> Arg {
    let Some(long) = arg.get_long() else {
        return arg;
    };
    let variable = format!("SEALED_SECRETS_{}", long.replace('-', "_").to_uppercase());
    match std::env::var_os(&variable) {
        Some(value) if !value.is_empty() => arg.env(variable).hide_env(true),
        _ => arg,
    }
}

/// A boolean as Go's `strconv` reads it.
fn boolean(text: &str) -> Result<bool, &'static str> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err("expected true or false"),
    }
}

/// `30s`, `1m30s`, or a bare number of seconds.
pub(super) fn request_timeout(text: &str) -> Result<Timeout, &'static str> {
    let wrong = "expected a duration such as 30s or 2m, or a number of seconds";
    let nanoseconds = match u64::from_str(text) {
        Ok(seconds) => u128::from(seconds) * 1_000_000_000,
        Err(_) => duration(text).ok_or(wrong)?,
    };
    let duration = Duration::from_nanos(u64::try_from(nanoseconds).map_err(|_| wrong)?);
    Ok(Timeout(
        Some(duration).filter(|duration| !duration.is_zero()),
    ))
}

/// Go's `time.ParseDuration`, without a sign, in nanoseconds.
fn duration(text: &str) -> Option<u128> {
    let (mut rest, mut total) = (text, 0u128);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(end);
        let end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let unit: u128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let digits = |text: &str| match text {
            "" => Some(0),
            text => text.parse::<u128>().ok(),
        };
        let scale = 10u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        let whole = digits(whole)?.checked_mul(unit)?;
        let fraction = digits(fraction)?.checked_mul(unit)? / scale;
        total = total.checked_add(whole)?.checked_add(fraction)?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

/// Items of one word of a flag that takes lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Items(pub(super) Vec<String>);

/// Reads such a word: a line of CSV, as pflag's `strings` are.
pub(super) fn items(word: &str) -> Result<Items, &'static str> {
    let wrong = "expected a list with commas, and quotes around what has commas or quotes in it";
    let mut items = Vec::new();
    let mut rest = word;
    while !word.is_empty() {
        let (item, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_item(quoted).ok_or(wrong)?,
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                let (item, after) = rest.split_at(end);
                if item.contains(['"', '\n']) {
                    return Err(wrong);
                }
                (item.to_owned(), after)
            }
        };
        items.push(item);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => break,
            None => return Err(wrong),
        }
    }
    Ok(Items(items))
}

/// An item after its opening quote, and what follows the closing one; `""` inside is one quote.
fn quoted_item(text: &str) -> Option<(String, &str)> {
    let (mut item, mut rest) = (String::new(), text);
    loop {
        let end = rest.find('"')?;
        item.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(more) => {
                item.push('"');
                rest = more;
            }
            None => return Some((item, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_gos_durations_or_seconds() {
        let read = |text| request_timeout(text).map(|timeout| timeout.0);
        let milliseconds = |n| Ok(Some(Duration::from_millis(n)));
        for (text, expected) in [
            ("0", Ok(None)),
            ("0s", Ok(None)),
            ("7", milliseconds(7000)),
            ("1m30s", milliseconds(90_000)),
            ("1.5s", milliseconds(1500)),
            (".5s", milliseconds(500)),
            ("1.s", milliseconds(1000)),
            ("250ms", milliseconds(250)),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        for text in ["", "s", ".s", "1", "1x", "-1s", "1s2", "99999999999999h"] {
            assert_eq!(read(text).is_err(), text != "1", "{text}");
        }
    }

    #[test]
    fn lists_are_csv() {
        let read = |word| items(word).map(|items| items.0);
        assert_eq!(read(""), Ok(vec![]));
        assert_eq!(read("a,b").unwrap(), ["a", "b"]);
        assert_eq!(read("\"a,\"\"b\",c").unwrap(), ["a,\"b", "c"]);
        assert_eq!(read("a,").unwrap(), ["a", ""]);
        for bad in ["a\"b", "\"a", "\"a\"b"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
