//! Files of SOPS: what go-yaml reads otherwise than YAML 1.2 has it, and what it does not read at all.
//!
//! U+0085, U+2028 and U+2029 break lines for it. In quotes that is read as it reads it; elsewhere it is refused, since
//! spans and comments here know the line ends of YAML 1.2 only.

use std::borrow::Cow;
use std::ops::Range;

use super::Reader;
use crate::manifest::builder::{Builder, Role};
use crate::manifest::error::ManifestError;
use crate::manifest::lex::{line_end, next_line};
use crate::manifest::node::Style;

/// What a file has in store that go-yaml reads in its own way.
pub(super) struct Go {
    /// The quoted scalars with line breaks of YAML 1.1 in them, in the order of the file.
    broken: Vec<Range<usize>>,
}

impl Go {
    pub(super) fn new() -> Self {
        Self { broken: Vec::new() }
    }
}

impl Reader<'_> {
    /// The text of a scalar as go-yaml has it.
    pub(super) fn as_go<'t>(
        &mut self,
        style: Style,
        range: &Range<usize>,
        text: Cow<'t, str>,
    ) -> Result<Cow<'t, str>, ManifestError> {
        let source = self.tree.source;
        let written = &source[range.clone()];
        match style {
            Style::Literal | Style::Folded => self.refuse_tab(range)?,
            Style::DoubleQuoted => self.refuse_escapes(range)?,
            Style::Plain | Style::SingleQuoted => {}
        }
        let quoted = matches!(style, Style::SingleQuoted | Style::DoubleQuoted);
        let key = matches!(self.tree.role(), Role::Key { .. });
        let Some(go) = &mut self.go else {
            return Ok(text);
        };
        if !quoted || key || !written.contains(is_odd_break) {
            return Ok(text);
        }
        let inner = &written[1..written.len() - 1];
        let Some(text) = folded(inner, style == Style::DoubleQuoted) else {
            return Ok(text);
        };
        go.broken.push(range.clone());
        Ok(Cow::Owned(text))
    }

    /// It takes a tab where blanks indent a block for a mistake.
    fn refuse_tab(&self, range: &Range<usize>) -> Result<(), ManifestError> {
        let source = self.tree.source;
        let header = &source[range.start..line_end(source, range.start).min(range.end)];
        let header = header.split('#').next().unwrap_or_default();
        if header.contains(|c: char| c.is_ascii_digit()) {
            return Ok(());
        }
        let mut at = next_line(source, range.start);
        while at < range.end {
            let line = source[at..range.end].trim_start_matches(' ');
            let first = range.end - line.len();
            match line.as_bytes().first() {
                Some(b'\t') => {
                    return Err(self.refused(first, "a tab that begins the lines of a block"));
                }
                Some(b'\r' | b'\n') => at = next_line(source, at),
                _ => break,
            }
        }
        Ok(())
    }

    /// It knows neither `\/` nor two halves of a character.
    fn refuse_escapes(&self, range: &Range<usize>) -> Result<(), ManifestError> {
        let bytes = &self.tree.source.as_bytes()[range.clone()];
        let mut at = 0;
        while let Some(length) = bytes[at..].iter().position(|b| *b == b'\\') {
            at += length;
            let half = |digits: &[u8]| {
                matches!(
                    digits,
                    [b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F', ..]
                )
            };
            let refused = match bytes.get(at + 1) {
                Some(b'/') => true,
                Some(b'u') => half(&bytes[at + 2..]),
                _ => false,
            };
            if refused {
                let reason = r"an escape that sops does not read: `\/`, or half of a character";
                return Err(self.refused(range.start + at, reason));
            }
            at += 2;
        }
        Ok(())
    }

    /// What stands between the scalars; at the end of the file.
    pub(super) fn refuse_what_go_does_not_read(&self) -> Result<(), ManifestError> {
        let Some(go) = &self.go else { return Ok(()) };
        let tree = &self.tree;
        if !tree.source.is_ascii() {
            let odd = tree.source.match_indices(is_odd_break).map(|(at, _)| at);
            let inside = |at: usize| {
                let next = go.broken.partition_point(|span| span.end <= at);
                go.broken.get(next).is_some_and(|span| span.start < at)
            };
            if let Some(at) = odd.into_iter().find(|at| !inside(*at)) {
                return Err(ManifestError::OddCharacter { at: tree.place(at) });
            }
        }
        if tree.source.contains('%') {
            refuse_directives(tree)?;
        }
        Ok(())
    }
}

/// It reads YAML 1.1 alone, and no directive that it does not know.
fn refuse_directives(tree: &Builder<'_>) -> Result<(), ManifestError> {
    for document in &tree.documents {
        let root = document
            .root
            .map(|id| tree.nodes[id as usize].outer as usize);
        let end = root.unwrap_or(document.span.end).min(tree.source.len());
        let mut at = document.span.start;
        while at < end {
            let line = &tree.source[at..line_end(tree.source, at)];
            let mut words = line.split_ascii_whitespace();
            let known = match (words.next(), words.next()) {
                (Some("%YAML"), version) => version == Some("1.1"),
                (Some(word), _) => word == "%TAG" || !word.starts_with('%'),
                (None, _) => true,
            };
            if !known && line.starts_with('%') {
                return Err(ManifestError::Yaml {
                    at: tree.place(at),
                    reason: "a directive other than `%YAML 1.1` and `%TAG`".to_owned(),
                    hint: Some("remove the line: sops reads YAML 1.1 alone"),
                });
            }
            at = next_line(tree.source, at);
        }
    }
    Ok(())
}

/// The inside of quotes with its lines folded as go-yaml folds them; `None` where it would end a document there.
///
/// A line break and the blanks around it become one blank, or the breaks behind the first one; U+2028 and U+2029 stay.
fn folded(inner: &str, double: bool) -> Option<String> {
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner.chars().peekable();
    loop {
        let mut lines = false;
        while let Some(c) = rest.next_if(|c| !is_blank(*c) && !is_break(*c)) {
            match c {
                '\'' if !double => {
                    rest.next();
                    out.push(c);
                }
                '\\' if double && rest.peek().is_some_and(|c| is_break(*c)) => {
                    take_break(&mut rest);
                    lines = true;
                    break;
                }
                '\\' if double => out.push(escaped(&mut rest)?),
                c => out.push(c),
            }
        }
        let (mut blanks, mut first, mut more) = (String::new(), None, String::new());
        while let Some(c) = rest
            .peek()
            .copied()
            .filter(|c| is_blank(*c) || is_break(*c))
        {
            if is_blank(c) {
                rest.next();
                if !lines {
                    blanks.push(c);
                }
                continue;
            }
            let found = take_break(&mut rest);
            if lines {
                more.push(found);
            } else {
                first = Some(found);
                lines = true;
            }
            let ahead: String = rest.clone().take(3).collect();
            if ahead == "---" || ahead == "..." {
                return None;
            }
        }
        match (lines, first) {
            (false, _) => out.push_str(&blanks),
            (true, Some('\n')) if more.is_empty() => out.push(' '),
            (true, Some('\n') | None) => out.push_str(&more),
            (true, Some(first)) => {
                out.push(first);
                out.push_str(&more);
            }
        }
        if rest.peek().is_none() {
            return Some(out);
        }
    }
}

type Chars<'c> = std::iter::Peekable<std::str::Chars<'c>>;

/// What a line break counts as.
fn take_break(rest: &mut Chars<'_>) -> char {
    match rest.next() {
        Some('\r') => {
            rest.next_if_eq(&'\n');
            '\n'
        }
        Some(c @ ('\u{2028}' | '\u{2029}')) => c,
        _ => '\n',
    }
}

/// What stands behind a backslash.
fn escaped(rest: &mut Chars<'_>) -> Option<char> {
    let digits = match rest.next()? {
        '0' => return Some('\0'),
        'a' => return Some('\u{7}'),
        'b' => return Some('\u{8}'),
        't' | '\t' => return Some('\t'),
        'n' => return Some('\n'),
        'v' => return Some('\u{b}'),
        'f' => return Some('\u{c}'),
        'r' => return Some('\r'),
        'e' => return Some('\u{1b}'),
        'N' => return Some('\u{85}'),
        '_' => return Some('\u{a0}'),
        'L' => return Some('\u{2028}'),
        'P' => return Some('\u{2029}'),
        'x' => 2,
        'u' => 4,
        'U' => 8,
        c => return Some(c),
    };
    let mut number = 0;
    for _ in 0..digits {
        number = number * 16 + rest.next()?.to_digit(16)?;
    }
    char::from_u32(number)
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n') || is_odd_break(c)
}

/// A line break to YAML 1.1 alone.
fn is_odd_break(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::folded;
    use crate::manifest::{Format, Stream};

    #[test]
    fn line_breaks_of_yaml_1_1_are_folded_in_quotes() {
        for (inner, text) in [
            ("x\u{2028}    y", "x\u{2028}y"),
            ("x \u{2029}y", "x\u{2029}y"),
            ("x\u{85}y", "x y"),
            ("x\u{85}\u{85}y", "x\ny"),
            ("x\u{2028}\n  y", "x\u{2028}\ny"),
            ("x\n\u{2028}y", "x\u{2028}y"),
            ("\u{2028} ", "\u{2028}"),
            ("a  b\u{85}", "a  b "),
        ] {
            for double in [true, false] {
                assert_eq!(folded(inner, double).as_deref(), Some(text), "{inner:?}");
            }
        }
        let double = "\\x41\\u00e9\\U0001f600\\\"\\\\ \\n\u{85}\\L\\ \u{85}\\\u{85}  z";
        let text = "Aé😀\"\\ \n \u{2028}  z";
        assert_eq!(folded(double, true).as_deref(), Some(text));
        assert_eq!(folded("it''s\u{85}x", false).as_deref(), Some("it's x"));
        assert_eq!(folded("a\u{2028}--- b", true), None);
    }

    #[test]
    fn what_go_yaml_does_not_read_is_refused_with_its_line() {
        for (source, line) in [
            ("a: 1\nb: x\u{2028}  y\n", 2),
            ("a: 1\n# x\u{85}y\n", 2),
            ("a: |\n  x\u{2029}y\n", 2),
            ("\"x\u{2028}y\": 1\n", 1),
            ("a: 1\nb: |\n  \tx\n", 3),
            ("a: |\n\n \n  \tx\n", 4),
            ("a: 1\nb: \"\\/\"\n", 2),
            ("a: \"\\ud83d\\ude00\"\n", 1),
            ("%YAML 1.2\n---\na: 1\n", 1),
            ("# c\n%FOO\n---\na: 1\n", 2),
        ] {
            let error = Stream::parse_sops(source.as_bytes(), Format::Yaml);
            let error = error.map(|_| ()).expect_err(source);
            assert_eq!(error.line(), line, "{source:?}: {error}");
            assert!(Stream::parse(source.as_bytes()).is_ok(), "{source:?}");
        }
        for source in [
            "%YAML 1.1\n---\na: 1\n",
            "%TAG ! tag:x,2020:\n---\na: \"100% \\\\/ \\u00e9\"\n",
            "a: |\n  x\n  \ty\n",
            "a: |2\n  \tx\n",
            "a: \"x\u{2028}y\" # c\nb: '\u{85}'\n",
        ] {
            let read = Stream::parse_sops(source.as_bytes(), Format::Yaml);
            assert!(read.is_ok(), "{source:?} {:?}", read.err());
        }
    }
}
