//! Scalars that every reader of YAML 1.1 and 1.2 reads alike.

use serde_json::Value;

use crate::manifest::node::Style;
use crate::manifest::plain::{Plain, classify};
use crate::manifest::stream::Format;

/// A scalar on one line; `None` for a collection that is not empty.
pub(in crate::manifest) fn scalar_text(value: &Value, flow: bool) -> Option<String> {
    match value {
        Value::Null => Some("null".to_owned()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(number_text(&number.to_string())),
        Value::String(text) if is_plain(text, flow) => Some(text.clone()),
        Value::String(text) => Some(double_quoted(text)),
        Value::Array(items) if items.is_empty() => Some("[]".to_owned()),
        Value::Object(map) if map.is_empty() => Some("{}".to_owned()),
        _ => None,
    }
}

/// A key: plain where that is safe, or else in double quotes.
pub(in crate::manifest) fn key_text(key: &str, flow: bool) -> String {
    if is_plain(key, flow) {
        key.to_owned()
    } else {
        double_quoted(key)
    }
}

/// A string in the quotes that stand there already, where they can hold it on one line.
pub(crate) fn string_in_style(text: &str, style: Style, flow: bool) -> String {
    match style {
        Style::SingleQuoted if text.chars().all(is_printable) => {
            format!("'{}'", text.replace('\'', "''"))
        }
        Style::DoubleQuoted => double_quoted(text),
        _ => key_text(text, flow),
    }
}

/// A string of several lines that a `|` block holds as it is, for every reader and editor.
pub(crate) fn fits_literal(text: &str) -> bool {
    let lines = text.strip_suffix('\n').unwrap_or(text);
    text.contains('\n')
        && !lines.is_empty()
        && lines
            .chars()
            .all(|c| c == '\n' || c == '\t' || is_printable(c))
        && !lines.starts_with([' ', '\t', '\n'])
        && !lines.ends_with('\n')
        && lines
            .split('\n')
            .all(|line| !line.ends_with([' ', '\t']) && !line.starts_with('\t'))
}

/// Conservative: what this says no to is quoted, which is never wrong.
fn is_plain(text: &str, flow: bool) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    let safe_first = match first {
        b'_' | b'/' => true,
        b'.' => bytes.get(1).is_some_and(u8::is_ascii_alphabetic),
        b'0'..=b'9' => bytes
            .iter()
            .any(|b| NEVER_IN_NUMBERS.contains(&b.to_ascii_lowercase())),
        letter => letter.is_ascii_alphabetic(),
    };
    let safe = |b: &u8| match b {
        b' ' | b':' => !flow,
        b'_' | b'-' | b'.' | b'/' | b'@' | b'+' | b'=' | b'$' | b'%' | b'*' | b'(' | b')'
        | b';' | b'~' | b'^' => true,
        other => other.is_ascii_alphanumeric(),
    };
    safe_first
        && bytes.iter().all(safe)
        && !matches!(last, b' ' | b':')
        && !text.contains(": ")
        && !text.contains("  ")
        && classify(text, Format::Yaml) == Plain::Text
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// In escapes that YAML 1.1, YAML 1.2 and JSON share.
pub(crate) fn double_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_printable(c) => out.push(c),
            // Everything beyond the first plane is printable, so four digits are enough.
            c => out.push_str(&format!("\\u{:04x}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

/// What may stand in a line as it is, by YAML 1.1 and 1.2, and doesn't look like something else.
fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
        && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A fraction as YAML 1.1 and 1.2 both read it: with a dot, and a sign in the exponent.
fn number_text(number: &str) -> String {
    let Some((mantissa, exponent)) = number.split_once('e') else {
        return number.to_owned();
    };
    let dot = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['-', '+']) {
        ""
    } else {
        "+"
    };
    format!("{mantissa}{dot}e{sign}{exponent}")
}

/// Words that some readers know in any case.
const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// Letters that occur in no number, date or base of any reader.
const NEVER_IN_NUMBERS: &[u8] = b"ghjklmpqrsuvw";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_every_reader_calls_a_string_is_plain() {
        for text in [
            "abc",
            "v1",
            "bulla.dev/v1alpha1",
            "a b",
            "postgres://x@y/z",
            ".dockerconfigjson",
            "10m",
            "a-b_c",
            "YWdl+/==",
        ] {
            assert!(is_plain(text, false), "{text}");
        }
        for text in [
            "",
            " a",
            "a ",
            "a:",
            "a: b",
            "a #b",
            "no",
            "Y",
            "null",
            "~",
            "1",
            "1.5",
            "0x1f",
            "1e3",
            "2001-01-01",
            "-a",
            "- a",
            "? a",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a",
            "'a",
            "\"a",
            "{a",
            "[a",
            "|",
            ">",
            "a\nb",
            "ä",
            "10.0.0.1",
            "a,b",
            "a#b",
            "a\tb",
            "=",
            "<<",
            "1_0",
        ] {
            assert!(!is_plain(text, false), "{text}");
        }
        assert!(!is_plain("a:b", true) && is_plain("a:b", false));
    }

    #[test]
    fn strings_keep_their_quotes() {
        assert_eq!(
            string_in_style("it's", Style::SingleQuoted, false),
            "'it''s'"
        );
        assert_eq!(
            string_in_style("a\nb", Style::SingleQuoted, false),
            "\"a\\nb\""
        );
        assert_eq!(string_in_style("a", Style::DoubleQuoted, false), "\"a\"");
        assert_eq!(
            double_quoted("\u{7}\u{85}\u{2028}\u{feff}é😀"),
            "\"\\u0007\\u0085\\u2028\\ufeffé😀\""
        );
    }

    #[test]
    fn numbers_have_one_reading() {
        assert_eq!(number_text("1e21"), "1.0e+21");
        assert_eq!(number_text("1.5e-7"), "1.5e-7");
        assert_eq!(number_text("17"), "17");
    }
}
