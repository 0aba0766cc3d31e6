//! What go-yaml 3 takes a scalar for: the reading that SOPS counts with.

use super::node::{Kind, Node, Style, TAG_STR};
use super::timestamp::Timestamp;

/// A scalar as go-yaml resolves it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Resolved {
    Null,
    Bool(bool),
    Int(i64),
    /// A whole number that fits into 64 bits without a sign only.
    Unsigned,
    Float(f64),
    Time(Timestamp),
    /// The text as it is.
    Text,
    /// The text is base64 of the value.
    Binary,
    /// The tag says what the text is not.
    Contradiction,
}

impl Node<'_> {
    /// Resolves a scalar, or what an alias repeats; `None` for collections.
    pub(crate) fn resolve(self) -> Option<Resolved> {
        let node = self.resolved();
        let (Kind::Scalar(style), Some(text)) = (node.kind(), node.text()) else {
            return None;
        };
        // `!` alone says nothing to go-yaml: quotes decide.
        let Some(tag) = node.tag().filter(|tag| *tag != "!") else {
            let plain = style == Style::Plain;
            return Some(if plain { resolve(text) } else { Resolved::Text });
        };
        let found = || match text {
            "" => Resolved::Null,
            text => resolve(text),
        };
        Some(match (tag.strip_prefix(CORE), found()) {
            _ if tag == TAG_STR => Resolved::Text,
            (Some("binary"), _) => Resolved::Binary,
            (Some("float"), Resolved::Int(number)) => Resolved::Float(number as f64),
            (Some("bool"), found @ Resolved::Bool(_))
            | (Some("int"), found @ (Resolved::Int(_) | Resolved::Unsigned))
            | (Some("float"), found @ Resolved::Float(_))
            | (Some("null"), found @ Resolved::Null)
            | (Some("timestamp"), found @ Resolved::Time(_)) => found,
            (Some("bool" | "int" | "float" | "null" | "timestamp"), _) => Resolved::Contradiction,
            _ => Resolved::Text,
        })
    }
}

/// Resolves a scalar without quotes and without a tag.
pub(crate) fn resolve(text: &str) -> Resolved {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        "true" | "True" | "TRUE" => return Resolved::Bool(true),
        "false" | "False" | "FALSE" => return Resolved::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Resolved::Float(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Resolved::Float(f64::NEG_INFINITY),
        _ => {}
    }
    match text.as_bytes()[0] {
        b'.' => {
            let bytes = text.as_bytes();
            let digit = |at: Option<usize>| {
                at.and_then(|at| bytes.get(at))
                    .is_some_and(u8::is_ascii_digit)
            };
            let between = |(at, _): (usize, &str)| digit(at.checked_sub(1)) && digit(Some(at + 1));
            match text.match_indices('_').all(between) {
                true => float(&text.replace('_', "")).unwrap_or(Resolved::Text),
                false => Resolved::Text,
            }
        }
        b'0'..=b'9' | b'+' | b'-' => {
            if let Some(time) = Timestamp::parse(text) {
                return Resolved::Time(time);
            }
            let plain = text.replace('_', "");
            integer(&plain)
                .or_else(|| float(&plain))
                .or_else(|| signed_behind_prefix(&plain))
                .unwrap_or(Resolved::Text)
        }
        _ => Resolved::Text,
    }
}

/// As Go's `strconv.ParseInt` and `ParseUint` with base 0 read it.
fn integer(text: &str) -> Option<Resolved> {
    let negative = text.starts_with('-');
    let signed = negative || text.starts_with('+');
    let digits = &text[usize::from(signed)..];
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let number = u128::from_str_radix(digits, radix).ok()?;
    let signed_number = i128::try_from(number)
        .ok()
        .map(|n| if negative { -n } else { n })?;
    match i64::try_from(signed_number) {
        Ok(number) => Some(Resolved::Int(number)),
        Err(_) if !signed && u64::try_from(number).is_ok() => Some(Resolved::Unsigned),
        Err(_) => None,
    }
}

/// `0b+01` and `0o-7`, which go-yaml cuts in two before it reads them.
fn signed_behind_prefix(text: &str) -> Option<Resolved> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (radix, digits) = match rest.split_at_checked(2)? {
        ("0b", digits) => (2, digits),
        ("0o", digits) => (8, digits),
        _ => return None,
    };
    if negative && digits.starts_with(['+', '-']) {
        return None;
    }
    let number = i64::from_str_radix(digits, radix).ok()?;
    Some(Resolved::Int(number))
}

/// Digits with a point, an exponent, both or neither; in the range of 64 bits.
fn float(text: &str) -> Option<Resolved> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    let shaped = digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    if !shaped || !exponent_fits {
        return None;
    }
    let number = text
        .parse::<f64>()
        .ok()
        .filter(|number| number.is_finite())?;
    Some(Resolved::Float(number))
}

const CORE: &str = "tag:yaml.org,2002:";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Stream;

    #[test]
    fn scalars_without_quotes_resolve_as_in_go() {
        for text in [
            "yes",
            "no",
            "on",
            "12:30:45",
            "0x",
            "1e",
            "1e999",
            "-",
            "+",
            ".",
            "..",
            "0o8",
            "a",
            "=",
            "<<",
            "2020-01-02 03:04:05 +07:00",
            "--5",
            "0x-5",
            "0b",
            "0b-",
            "-0b-1",
            "+0o+1",
            "0O-7",
            "0b+2",
            "._5",
        ] {
            assert_eq!(resolve(text), Resolved::Text, "{text}");
        }
        for (text, number) in [
            ("0x1F", 31),
            ("0o17", 15),
            ("017", 15),
            ("0b101", 5),
            ("1_000", 1000),
            ("+7", 7),
            ("-0x1f", -31),
            ("0o-7", -7),
            ("0b+01", 1),
            ("0b-_1", -1),
            ("-0", 0),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(resolve(text), Resolved::Int(number), "{text}");
        }
        for (text, number) in [
            ("1.50", 1.5),
            (".5", 0.5),
            ("5.", 5.0),
            ("1e3", 1e3),
            ("1_0.5", 10.5),
            ("08", 8.0),
            ("123456789012345678901234567890", 1.2345678901234568e29),
            ("-18446744073709551615", -18446744073709551615.0),
            (".inf", f64::INFINITY),
            ("-.INF", f64::NEG_INFINITY),
        ] {
            assert_eq!(resolve(text), Resolved::Float(number), "{text}");
        }
        assert_eq!(resolve("9223372036854775808"), Resolved::Unsigned);
        assert!(matches!(resolve("2020-1-2"), Resolved::Time(_)));
        assert_eq!(
            (resolve("~"), resolve("True")),
            (Resolved::Null, Resolved::Bool(true))
        );
    }

    #[test]
    fn tags_and_quotes_decide() {
        let source = "[!!str 5, '5', !!int '7', !!float 3, !!binary aGk=, !foo 5, !!int x, !!null '', \"\", !!bool 'true', ! 0x1F, ! '5', ! true]\n";
        let stream = Stream::parse(source.as_bytes()).expect("readable");
        let root = stream
            .documents()
            .next()
            .and_then(|d| d.root)
            .expect("a root");
        let found: Vec<_> = root.items().filter_map(Node::resolve).collect();
        assert_eq!(
            found,
            [
                Resolved::Text,
                Resolved::Text,
                Resolved::Int(7),
                Resolved::Float(3.0),
                Resolved::Binary,
                Resolved::Text,
                Resolved::Contradiction,
                Resolved::Null,
                Resolved::Text,
                Resolved::Bool(true),
                Resolved::Int(31),
                Resolved::Text,
                Resolved::Bool(true),
            ]
        );
    }
}
