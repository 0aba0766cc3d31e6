//! Scalars as go-yaml 3 writes them, and floats as Go does.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::manifest::{Resolved, resolve};
use crate::sealed_secrets::{is_base_60, is_printable};
use crate::sops::document::yaml_float;
use crate::sops::value::{Kind, Value};

/// How a string is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// A value that is no string of several lines, on one line.
pub(super) fn value(value: &Value) -> Written<'_> {
    let Some(text) = value.as_text() else {
        let encoded = BASE64_STANDARD.encode(value.bytes());
        return Written::Line(format!("!!binary {encoded}"));
    };
    match value.kind() {
        Kind::Int | Kind::Time => Written::Line(text.to_owned()),
        Kind::Bool => Written::Line(text.to_ascii_lowercase()),
        Kind::Float => Written::Line(yaml_float(value.as_float().unwrap_or(f64::NAN))),
        _ if text == "<<" => Written::Line(key(text)),
        _ => match style(text) {
            Style::Literal => Written::Literal(text),
            style => Written::Line(line(text, style)),
        },
    }
}

/// A scalar that is about to be written.
pub(super) enum Written<'v> {
    Line(String),
    Literal(&'v str),
}

/// A key, on one line.
pub(super) fn key(text: &str) -> String {
    if text == "<<" {
        return "!!merge <<".to_owned();
    }
    match style(text) {
        Style::Literal => line(text, Style::Double),
        style => line(text, style),
    }
}

fn line(text: &str, style: Style) -> String {
    match style {
        Style::Plain | Style::Literal => text.to_owned(),
        Style::Single => format!("'{}'", text.replace('\'', "''")),
        Style::Double => double_quoted(text),
    }
}

/// The style that go-yaml finds for a text.
pub(super) fn style(text: &str) -> Style {
    let look = Look::at(text);
    let wanted = if text.contains('\n') {
        Style::Literal
    } else if is_not_a_string(text) {
        Style::Double
    } else if look.plain {
        Style::Plain
    } else {
        Style::Single
    };
    match wanted {
        Style::Single if !look.single => Style::Double,
        Style::Literal if !look.literal => Style::Double,
        other => other,
    }
}

fn is_not_a_string(text: &str) -> bool {
    let old = ["y", "Y", "n", "N"];
    let words = ["yes", "no", "on", "off"];
    let cased = |word: &&str| {
        let capital = text.get(1..).is_some_and(|rest| rest == &word[1..]);
        let upper = text.bytes().all(|b| b.is_ascii_uppercase());
        text.eq_ignore_ascii_case(word) && (capital || upper || text == *word)
    };
    resolve(text) != Resolved::Text
        || text == "<<"
        || old.contains(&text)
        || words.iter().any(cased)
        || is_base_60(text)
}

/// What go-yaml's analysis of a scalar allows.
struct Look {
    plain: bool,
    single: bool,
    literal: bool,
}

impl Look {
    fn at(text: &str) -> Self {
        let is_break = |c: char| matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}');
        let is_blank = |c: char| c == ' ' || c == '\t';
        let mut indicator = text.starts_with("---") || text.starts_with("...");
        let (mut special, mut tabs, mut breaks) = (false, false, false);
        let (mut space_break, mut break_space) = (false, false);
        let mut characters = text.chars().peekable();
        let mut previous = None;
        while let Some(c) = characters.next() {
            let blank_follows = characters
                .peek()
                .is_none_or(|c| is_blank(*c) || is_break(*c));
            indicator |= match (previous, c) {
                (None, '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>') => true,
                (None, '\'' | '"' | '%' | '@' | '`') => true,
                (None, '?' | '-') | (_, ':') => blank_follows,
                (Some(before), '#') => is_blank(before) || is_break(before),
                _ => false,
            };
            tabs |= c == '\t';
            special |= c != '\t' && !is_printable(c);
            breaks |= is_break(c);
            break_space |= c == ' ' && previous.is_some_and(is_break);
            space_break |= is_break(c) && previous == Some(' ');
            previous = Some(c);
        }
        let ends = |c: char| c == ' ' || is_break(c);
        let edges = text.starts_with(ends) || text.ends_with(ends);
        let single = !(break_space || space_break || tabs || special);
        Self {
            plain: single && !edges && !breaks && !indicator && !text.is_empty(),
            single,
            literal: !(space_break || special || text.ends_with(' ')),
        }
    }
}

fn double_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        let escape = ESCAPES.iter().find(|(escaped, _)| *escaped == c);
        match (escape, u32::from(c)) {
            (Some((_, letter)), _) => out.extend(['\\', *letter]),
            _ if is_printable(c) => out.push(c),
            (None, code @ ..=0xff) => out.push_str(&format!("\\x{code:02X}")),
            (None, code @ ..=0xffff) => out.push_str(&format!("\\u{code:04X}")),
            (None, code) => out.push_str(&format!("\\U{code:08X}")),
        }
    }
    out.push('"');
    out
}

const ESCAPES: [(char, char); 14] = [
    ('\0', '0'),
    ('\u{7}', 'a'),
    ('\u{8}', 'b'),
    ('\t', 't'),
    ('\n', 'n'),
    ('\u{b}', 'v'),
    ('\u{c}', 'f'),
    ('\r', 'r'),
    ('\u{1b}', 'e'),
    ('"', '"'),
    ('\\', '\\'),
    ('\u{85}', 'N'),
    ('\u{2028}', 'L'),
    ('\u{2029}', 'P'),
];
