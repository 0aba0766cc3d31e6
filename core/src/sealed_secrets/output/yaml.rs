//! YAML in blocks, keys sorted, long lines folded after 80 characters.

use std::cmp::Ordering;

use serde_json::Value;

use super::scalar::{Style, is_break, is_printable, style};

/// The object in YAML, without `---`.
pub fn to_yaml(object: &Value) -> String {
    let mut writer = Writer::default();
    writer.block(object, 0);
    writer.out
}

#[derive(Default)]
struct Writer {
    out: String,
    column: usize,
}

impl Writer {
    /// A mapping or a list that is not empty, or a scalar, from the start of a line.
    fn block(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                for (index, (key, value)) in sorted(map.iter().collect()).into_iter().enumerate() {
                    if index > 0 || self.column != indent {
                        self.line(indent);
                    }
                    self.entry(key, value, indent);
                }
            }
            Value::Array(items) if !items.is_empty() => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 || self.column != indent {
                        self.line(indent);
                    }
                    self.put("- ");
                    self.block(item, indent + STEP);
                }
            }
            scalar => self.value(scalar, indent),
        }
        if indent == 0 && !self.out.ends_with(is_break) {
            self.out.push('\n');
            self.column = 0;
        }
    }

    fn entry(&mut self, key: &str, value: &Value, indent: usize) {
        if key.len() > LONGEST_SIMPLE_KEY || key.contains(is_break) {
            self.put("? ");
            self.string(key, style(key), indent + STEP, true);
            self.line(indent);
        } else {
            self.string(key, style(key), indent, false);
        }
        self.put(":");
        match value {
            Value::Object(map) if !map.is_empty() => {
                self.line(indent + STEP);
                self.block(value, indent + STEP);
            }
            Value::Array(items) if !items.is_empty() => {
                self.line(indent);
                self.block(value, indent);
            }
            scalar => {
                self.put(" ");
                self.value(scalar, indent + STEP);
            }
        }
    }

    fn value(&mut self, value: &Value, indent: usize) {
        match value {
            Value::String(text) => self.string(text, style(text), indent, true),
            Value::Object(_) => self.put("{}"),
            Value::Array(_) => self.put("[]"),
            other => self.put(&other.to_string()),
        }
    }

    fn string(&mut self, text: &str, style: Style, indent: usize, folding: bool) {
        match style {
            Style::Plain => self.flowing(text, indent, folding, Style::Plain),
            Style::Single => {
                self.put("'");
                self.flowing(text, indent, folding, Style::Single);
                self.put("'");
            }
            Style::Double => self.double(text, indent, folding),
            Style::Literal => self.literal(text, indent),
        }
    }

    /// Plain and single-quoted text: folded at single blanks once a line is long enough.
    fn flowing(&mut self, text: &str, indent: usize, folding: bool, style: Style) {
        let (mut after_space, mut after_break) = (false, false);
        for (at, c) in text.char_indices() {
            let rest = &text[at + c.len_utf8()..];
            if c == ' ' {
                let inside = style == Style::Plain || at > 0 && !rest.is_empty();
                let fold = folding && !after_space && self.column > WIDTH && inside;
                if fold && !rest.starts_with(' ') {
                    self.line(indent);
                } else {
                    self.put(" ");
                }
                after_space = true;
            } else if is_break(c) {
                if !after_break && c == '\n' {
                    self.break_line('\n');
                }
                self.break_line(c);
                after_break = true;
            } else {
                if after_break {
                    self.indent(indent);
                }
                if c == '\'' && style == Style::Single {
                    self.put("'");
                }
                self.put_char(c);
                (after_space, after_break) = (false, false);
            }
        }
    }

    fn double(&mut self, text: &str, indent: usize, folding: bool) {
        self.put("\"");
        let mut after_space = false;
        for (at, c) in text.char_indices() {
            let rest = &text[at + c.len_utf8()..];
            if !is_printable(c) || is_break(c) || matches!(c, '"' | '\\') {
                self.escape(c);
                after_space = false;
            } else if c == ' ' {
                let inside = at > 0 && !rest.is_empty();
                if folding && !after_space && self.column > WIDTH && inside {
                    self.line(indent);
                    if rest.starts_with(' ') {
                        self.put("\\");
                    }
                } else {
                    self.put(" ");
                }
                after_space = true;
            } else {
                self.put_char(c);
                after_space = false;
            }
        }
        self.put("\"");
    }

    fn escape(&mut self, c: char) {
        let short = ESCAPES.iter().find(|(escaped, _)| *escaped == c);
        match (short, u32::from(c)) {
            (Some((_, letter)), _) => self.put(&format!("\\{letter}")),
            (None, code @ ..=0xff) => self.put(&format!("\\x{code:02X}")),
            (None, code @ ..=0xffff) => self.put(&format!("\\u{code:04X}")),
            (None, code) => self.put(&format!("\\U{code:08X}")),
        }
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.put("|");
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.put("2");
        }
        let mut from_the_end = text.chars().rev();
        match (
            from_the_end.next().is_some_and(is_break),
            from_the_end.next(),
        ) {
            (false, _) => self.put("-"),
            (true, None) => self.put("+"),
            (true, Some(before)) if is_break(before) => self.put("+"),
            _ => {}
        }
        self.break_line('\n');
        let mut after_break = true;
        for c in text.chars() {
            if is_break(c) {
                self.break_line(c);
                after_break = true;
            } else {
                if after_break {
                    self.indent(indent);
                }
                self.put_char(c);
                after_break = false;
            }
        }
    }

    /// Starts a line, unless one has just been started by a block scalar.
    fn line(&mut self, indent: usize) {
        if self.column > 0 || !self.out.ends_with(is_break) {
            self.break_line('\n');
        }
        self.indent(indent);
    }

    fn indent(&mut self, indent: usize) {
        while self.column < indent {
            self.put(" ");
        }
    }

    fn break_line(&mut self, c: char) {
        self.out.push(c);
        self.column = 0;
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    fn put_char(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }
}

/// Merges by [`natural`], which is no order: 99 < 9Z < 10Z < 99. The library's sorting may panic on
/// that; go-yaml's answer then depends on chance.
fn sorted<'v>(mut entries: Vec<(&'v String, &'v Value)>) -> Vec<(&'v String, &'v Value)> {
    if entries.len() < 2 {
        return entries;
    }
    let right = sorted(entries.split_off(entries.len() / 2));
    let left = sorted(entries);
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some((a, _)), Some((b, _))) = (left.peek(), right.peek()) {
        let first = match natural(a, b) {
            Ordering::Greater => right.next(),
            _ => left.next(),
        };
        out.extend(first);
    }
    out.extend(left);
    out.extend(right);
    out
}

/// The order of go-yaml: runs of digits as numbers, and letters after anything else.
fn natural(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(at) = a.iter().zip(&b).position(|(x, y)| x != y) else {
        return a.len().cmp(&b.len());
    };
    let (x, y) = (a[at], b[at]);
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x.cmp(&y),
        (false, false) => {}
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
    }
    // Zeros count only behind another digit of the same number.
    let before = a[..at].iter().rev().take_while(|c| c.is_ascii_digit());
    let behind_digit = (x == '0' || y == '0') && before.into_iter().any(|c| *c != '0');
    let run = |text: &[char]| {
        let digits = text[at..].iter().take_while(|c| c.is_ascii_digit());
        digits.fold((i64::from(behind_digit), 0usize), |(value, length), c| {
            let digit = i64::from(c.to_digit(10).unwrap_or(0));
            (value.wrapping_mul(10).wrapping_add(digit), length + 1)
        })
    };
    run(&a).cmp(&run(&b)).then(x.cmp(&y))
}

const STEP: usize = 2;
const WIDTH: usize = 80;
const LONGEST_SIMPLE_KEY: usize = 128;
const ESCAPES: [(char, char); 15] = [
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
    ('\u{a0}', '_'),
    ('\u{2028}', 'L'),
    ('\u{2029}', 'P'),
];
