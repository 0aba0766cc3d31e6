//! What readers take a scalar without quotes for.
//!
//! Kubernetes reads YAML 1.1 as go-yaml understands it, everyone else reads 1.2 or something between.
//! `Text` is what all of them call a string; where they differ, this says so instead of choosing.

use super::stream::Format;

/// A scalar without quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plain {
    /// A string for every reader.
    Text,
    Null,
    Bool(bool),
    /// A whole number for every reader, in this base.
    Int(u32),
    /// A number with a fraction for every reader.
    Float,
    /// A date to some, a string to Kubernetes and to YAML 1.2.
    Date,
    MergeKey,
    /// Readers differ: some take it for this.
    Disputed(&'static str),
}

impl Plain {
    /// The words for "is read as …".
    pub(super) fn described(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Float => "a number",
            Self::Date => "a date",
            Self::MergeKey => "a merge key",
            Self::Disputed(what) => what,
        }
    }
}

/// Says what readers take `text` for.
pub(super) fn classify(text: &str, format: Format) -> Plain {
    match text {
        "null" => return Plain::Null,
        "true" => return Plain::Bool(true),
        "false" => return Plain::Bool(false),
        _ if format.is_json() && is_decimal(text.as_bytes()) => return Plain::Int(10),
        _ if format.is_json() => return Plain::Float,
        "" | "~" | "Null" | "NULL" => return Plain::Null,
        "True" | "TRUE" => return Plain::Bool(true),
        "False" | "FALSE" => return Plain::Bool(false),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return BOOLEAN,
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return BOOLEAN,
        "<<" => return Plain::MergeKey,
        "=" => return Plain::Disputed("a default value"),
        _ => {}
    }
    match text.as_bytes()[0] {
        b'0'..=b'9' | b'+' | b'-' | b'.' => number(text.as_bytes()),
        // Inside of `{}` a question mark alone makes a key to YAML 1.1.
        b'?' => Plain::Disputed("a key"),
        _ => Plain::Text,
    }
}

/// Digits, dots and signs first: a number, a date, or a string.
fn number(text: &[u8]) -> Plain {
    let unsigned = text
        .strip_prefix(b"-")
        .or_else(|| text.strip_prefix(b"+"))
        .unwrap_or(text);
    if is_decimal(unsigned) {
        return Plain::Int(10);
    }
    if text
        .strip_prefix(b"0x")
        .is_some_and(|hex| all(hex, u8::is_ascii_hexdigit))
    {
        return Plain::Int(16);
    }
    if matches!(unsigned, b".inf" | b".Inf" | b".INF")
        || matches!(text, b".nan" | b".NaN" | b".NAN")
    {
        return Plain::Float;
    }
    if is_date(text) {
        return Plain::Date;
    }
    if is_float(unsigned, true) {
        return Plain::Float;
    }
    let bare: Vec<u8> = unsigned.iter().copied().filter(|b| *b != b'_').collect();
    let disputed = all(&bare, u8::is_ascii_digit)
        || prefixed(&bare, b'x', u8::is_ascii_hexdigit)
        || prefixed(&bare, b'o', |b| (b'0'..=b'7').contains(b))
        || prefixed(&bare, b'b', |b| matches!(b, b'0' | b'1'))
        || is_float(&bare, false)
        || is_sexagesimal(&bare);
    if disputed {
        Plain::Disputed("a number")
    } else {
        Plain::Text
    }
}

/// `0` or digits that don't start with `0`.
fn is_decimal(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    all(text, u8::is_ascii_digit) && (text.len() == 1 || text[0] != b'0')
}

fn prefixed(text: &[u8], letter: u8, digit: fn(&u8) -> bool) -> bool {
    matches!(text, [b'0', l, rest @ ..] if l.eq_ignore_ascii_case(&letter) && all(rest, digit))
}

/// `strict` is the form on which YAML 1.1 and 1.2 agree: with a dot, and a sign in the exponent.
fn is_float(text: &[u8], strict: bool) -> bool {
    let digits = |bytes: &[u8]| bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let whole = digits(text);
    let mut rest = &text[whole..];
    let mut fraction = 0;
    let dot = rest.first() == Some(&b'.');
    if dot {
        fraction = digits(&rest[1..]);
        rest = &rest[1 + fraction..];
    }
    if whole + fraction == 0 || (strict && !dot) {
        return false;
    }
    match rest {
        [] => dot,
        [b'e' | b'E', b'+' | b'-', exponent @ ..] => all(exponent, u8::is_ascii_digit),
        [b'e' | b'E', exponent @ ..] => !strict && all(exponent, u8::is_ascii_digit),
        _ => false,
    }
}

/// `12:30`, `1:02:03.5`: YAML 1.1 counts in sixties.
fn is_sexagesimal(text: &[u8]) -> bool {
    let mut parts = text.split(|b| *b == b':');
    let whole = parts
        .next()
        .is_some_and(|part| all(part, u8::is_ascii_digit));
    let sixties = |part: &[u8]| match part {
        [one] => one.is_ascii_digit(),
        [ten, one] => (b'0'..=b'5').contains(ten) && one.is_ascii_digit(),
        _ => false,
    };
    let rest: Vec<&[u8]> = parts.collect();
    let Some((last, middle)) = rest.split_last() else {
        return false;
    };
    let last = last.splitn(2, |b| *b == b'.').collect::<Vec<_>>();
    whole
        && middle.iter().all(|part| sixties(part))
        && sixties(last[0])
        && last
            .get(1)
            .is_none_or(|fraction| fraction.iter().all(u8::is_ascii_digit))
}

/// `2001-1-1`, alone or with a time after `T`, `t` or a blank.
fn is_date(text: &[u8]) -> bool {
    let mut parts = text.splitn(3, |b| *b == b'-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let day = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    year.len() == 4
        && all(year, u8::is_ascii_digit)
        && (1..=2).contains(&month.len())
        && all(month, u8::is_ascii_digit)
        && (1..=2).contains(&day)
        && matches!(rest.get(day), None | Some(b'T' | b't' | b' ' | b'\t'))
}

fn all(text: &[u8], digit: impl Fn(&u8) -> bool) -> bool {
    !text.is_empty() && text.iter().all(digit)
}

const BOOLEAN: Plain = Plain::Disputed("a boolean");

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Plain {
        classify(text, Format::Yaml)
    }

    #[test]
    fn strings_for_everyone() {
        let strings = [
            "abc",
            "yEs",
            "nULL",
            "127.0.0.1",
            "1.2.3",
            "10.0.0.1:8080",
            "2024-01",
            "1e",
            "0x",
            "0xg",
            "-",
            "+",
            ".",
            "..",
            "-.",
            "1:99",
            "555-1234",
            "v1",
            "_1",
            "12:34:56:zz",
            "10m",
            "1st",
            ".e1",
            "e1",
            "1e5e5",
            "<",
            "<<<",
            "==",
            "0b2",
            "1 000",
            "12-34",
            "2001-001-01",
            "-a",
            "infinity",
            "nan",
            "NaN",
            "inf",
        ];
        for text in strings {
            assert_eq!(read(text), Plain::Text, "{text}");
        }
    }

    #[test]
    fn not_strings_for_someone() {
        for text in [
            "y",
            "n",
            "Yes",
            "OFF",
            "0777",
            "1_000",
            "0x_1",
            "-0x1",
            "0o17",
            "0b101",
            "0B1",
            "12:30:45",
            "1:2",
            "1e3",
            "1E+3",
            "1.5e3",
            "=",
            "<<",
            "+1_0",
            "08",
            "1__0",
            "190:20:30.15",
            "-1:30",
        ] {
            assert!(
                matches!(read(text), Plain::Disputed(_) | Plain::MergeKey),
                "{text}"
            );
        }
        for text in [
            "2001-01-01",
            "2001-1-1",
            "2001-12-14t21:59:43.10-05:00",
            "2001-12-14 21:59:43",
        ] {
            assert_eq!(read(text), Plain::Date, "{text}");
        }
        for text in ["0", "-0", "1", "+12", "-7", "9223372036854775808"] {
            assert_eq!(read(text), Plain::Int(10), "{text}");
        }
        assert_eq!(read("0xFf"), Plain::Int(16));
        for text in [
            "1.5", ".5", "1.", "-1.5e+3", "01.5", ".inf", "-.INF", ".nan",
        ] {
            assert_eq!(read(text), Plain::Float, "{text}");
        }
        for text in ["", "~", "null", "NULL"] {
            assert_eq!(read(text), Plain::Null, "{text}");
        }
    }
}
