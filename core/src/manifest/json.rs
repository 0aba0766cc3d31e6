//! JSON into the node tree: any number of values one after the other, each a document.

use std::ops::Range;

use zeroize::Zeroizing;

use super::builder::{Builder, Role};
use super::error::ManifestError;
use super::node::Style;
use super::tree::{Content, Text, offset};

/// Reads a whole stream. Keys that stand twice in an object are refused.
pub(super) fn read(source: &str) -> Result<Builder<'_>, ManifestError> {
    read_as(source, false)
}

/// Reads a file of SOPS: one value, in which a key may stand twice, and nothing that Go doesn't read.
pub(super) fn read_sops(source: &str) -> Result<Builder<'_>, ManifestError> {
    read_as(source, true)
}

fn read_as(source: &str, sops: bool) -> Result<Builder<'_>, ManifestError> {
    let base = source.len() - source.trim_start_matches('\u{feff}').len();
    let mut reader = Reader {
        bytes: source.as_bytes(),
        at: base,
        tree: Builder::new(source),
        sops,
    };
    reader.tree.duplicates = sops;
    if sops && base > 0 {
        reader.at = 0;
        return Err(reader.fault("a byte order mark"));
    }
    reader.skip_blanks();
    while reader.at < source.len() {
        reader.tree.begin_document();
        reader.value()?;
        while reader.tree.depth() > 0 {
            reader.next_in_collection()?;
        }
        reader.tree.end_document(reader.at);
        reader.skip_blanks();
        if sops && reader.at < source.len() {
            return Err(reader.fault("something behind the value, which sops drops"));
        }
    }
    Ok(reader.tree)
}

struct Reader<'s> {
    bytes: &'s [u8],
    at: usize,
    tree: Builder<'s>,
    sops: bool,
}

impl Reader<'_> {
    /// A scalar, or the beginning of a collection with its first child.
    fn value(&mut self) -> Result<(), ManifestError> {
        let start = self.at;
        match self.bytes.get(start) {
            Some(b'{') => {
                self.tree.open(Content::Mapping { flow: true }, start)?;
                self.at += 1;
                self.skip_blanks();
                if self.peek() == Some(b'}') {
                    self.close()
                } else {
                    self.key()
                }
            }
            Some(b'[') => {
                self.tree.open(Content::Sequence { flow: true }, start)?;
                self.at += 1;
                self.skip_blanks();
                if self.peek() == Some(b']') {
                    self.close()
                } else {
                    self.value()
                }
            }
            Some(b'"') => self.string(),
            _ => self.word(),
        }
    }

    /// What may follow a value inside of the innermost collection.
    fn next_in_collection(&mut self) -> Result<(), ManifestError> {
        self.skip_blanks();
        let mapping = matches!(self.tree.role(), Role::Key { .. });
        match (self.peek(), mapping) {
            (Some(b'}'), true) | (Some(b']'), false) => self.close(),
            (Some(b','), _) => {
                self.at += 1;
                self.skip_blanks();
                if mapping { self.key() } else { self.value() }
            }
            (Some(_), true) => Err(self.fault("expected `,` or `}`")),
            (Some(_), false) => Err(self.fault("expected `,` or `]`")),
            (None, _) => Err(self.fault("the file ends inside of a collection")),
        }
    }

    fn key(&mut self) -> Result<(), ManifestError> {
        if self.peek() != Some(b'"') {
            return Err(self.fault("expected a key in double quotes"));
        }
        self.string()?;
        self.skip_blanks();
        if self.peek() != Some(b':') {
            return Err(self.fault("expected `:`"));
        }
        self.at += 1;
        self.skip_blanks();
        self.value()
    }

    fn close(&mut self) -> Result<(), ManifestError> {
        self.at += 1;
        self.tree.close(Some(self.at))
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Result<(), ManifestError> {
        let start = self.at;
        let more = |b: &u8| b.is_ascii_alphanumeric() || b"+-.".contains(b);
        let length = self.bytes[start..].iter().take_while(|b| more(b)).count();
        let word = &self.bytes[start..start + length];
        if !matches!(word, b"true" | b"false" | b"null") && !is_number(word) {
            return Err(self.fault("expected a value"));
        }
        let number = std::str::from_utf8(word)
            .ok()
            .and_then(|word| word.parse().ok());
        if self.sops && number.is_some_and(f64::is_infinite) {
            return Err(self.fault("a number out of range"));
        }
        self.at += length;
        let text = Text::Source(offset(start)..offset(self.at));
        self.tree
            .leaf(Content::Scalar(Style::Plain, text), start..self.at)
    }

    fn string(&mut self) -> Result<(), ManifestError> {
        let start = self.at;
        let inner = self.find_quote(start + 1)?;
        self.at = inner.end + 1;
        let text = if self.bytes[inner.clone()].contains(&b'\\') {
            Text::Decoded(self.unescape(inner)?)
        } else {
            Text::Source(offset(inner.start)..offset(inner.end))
        };
        self.tree
            .leaf(Content::Scalar(Style::DoubleQuoted, text), start..self.at)
    }

    /// The inside of a string.
    fn find_quote(&mut self, start: usize) -> Result<Range<usize>, ManifestError> {
        // Nearly every string ends at the first quote. Looked at as a whole, it takes few steps.
        let first = self.tree.source[start..].find('"').unwrap_or_default();
        let special = |b: u8| (b < b' ') | (b == b'\\');
        let inner = &self.bytes[start..start + first];
        if first > 0 && !inner.iter().fold(false, |any, b| any | special(*b)) {
            return Ok(start..start + first);
        }
        let mut at = start;
        loop {
            match self.bytes.get(at) {
                Some(b'"') => return Ok(start..at),
                Some(b'\\') => at += 2,
                Some(b) if *b >= b' ' => at += 1,
                Some(_) => {
                    self.at = at;
                    return Err(self.fault("a line break or tab inside of a string"));
                }
                None => return Err(self.fault("the file ends inside of a string")),
            }
        }
    }

    fn unescape(&mut self, inner: Range<usize>) -> Result<Zeroizing<String>, ManifestError> {
        let source = self.tree.source;
        let mut text = Zeroizing::new(String::with_capacity(inner.len()));
        let mut at = inner.start;
        while let Some(length) = source[at..inner.end].find('\\') {
            text.push_str(&source[at..at + length]);
            self.at = at + length;
            let escape = self.bytes[self.at + 1];
            at = self.at + 2;
            text.push(match escape {
                b'"' | b'\\' | b'/' => char::from(escape),
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'u' => {
                    let (character, after) = self.unicode(at)?;
                    at = after;
                    character
                }
                _ => return Err(self.fault("an unknown escape")),
            });
        }
        text.push_str(&source[at..inner.end]);
        self.at = inner.end + 1;
        Ok(text)
    }

    /// The character of `\uXXXX` or of two of them, whose digits start at `at`.
    fn unicode(&self, at: usize) -> Result<(char, usize), ManifestError> {
        let unit = |at: usize| {
            let digits = self.tree.source.get(at..at + 4)?;
            let hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
            hex.then(|| u16::from_str_radix(digits, 16).ok())?
        };
        let first = unit(at).ok_or_else(|| self.fault("an escape without four digits"))?;
        let pair = [first, unit(at + 6).unwrap_or_default()];
        let paired = self.bytes.get(at + 4..at + 6) == Some(b"\\u".as_slice());
        let units = if (0xd800..0xdc00).contains(&first) && paired {
            &pair[..]
        } else {
            &pair[..1]
        };
        match char::decode_utf16(units.iter().copied()).next() {
            Some(Ok(character)) => Ok((character, at + units.len() * 6 - 2)),
            _ => Err(self.fault("half of a surrogate pair")),
        }
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn fault(&self, reason: &'static str) -> ManifestError {
        ManifestError::Json {
            at: self.tree.place(self.at),
            reason,
        }
    }
}

/// RFC 8259's grammar of numbers.
pub(super) fn is_number(word: &[u8]) -> bool {
    let digits = |bytes: &[u8]| bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let rest = word.strip_prefix(b"-").unwrap_or(word);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest[0] == b'0') {
        return false;
    }
    let mut rest = &rest[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let length = digits(fraction);
        if length == 0 {
            return false;
        }
        rest = &fraction[length..];
    }
    if let Some(exponent) = rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) {
        let exponent = exponent
            .strip_prefix(b"+")
            .or_else(|| exponent.strip_prefix(b"-"))
            .unwrap_or(exponent);
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_rfc() {
        for number in ["0", "-0", "10", "1.5", "-1.5e+10", "1E5", "0.0e-0"] {
            assert!(is_number(number.as_bytes()), "{number}");
        }
        for word in [
            "", "-", "01", "1.", ".5", "+1", "1e", "1e+", "0x1", "1_0", "NaN", "1.5.5", "--1",
        ] {
            assert!(!is_number(word.as_bytes()), "{word}");
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for source in [
            "{",
            "[1",
            "[1,]",
            "{\"a\" 1}",
            "{\"a\": 1,}",
            "{a: 1}",
            "[1 2]",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\ud800\\u0041\"",
            "\"\\udc00\"",
            "\"a\nb\"",
            "\"",
            "\"\\",
            "truely",
            "]",
            "[}",
            "{\"a\"}",
            "'a'",
            "\"\\u+123\"",
        ] {
            assert!(read(source).is_err(), "{source}");
        }
    }

    #[test]
    fn a_file_of_sops_is_one_value_that_go_reads() {
        for (source, reason, line) in [
            ("{\"a\": 1}\n{\"b\": 2}", "behind", 2),
            ("{\"a\": 1} x", "behind", 1),
            ("{\"a\":\n1E400}", "range", 2),
            ("\u{feff}{}", "byte order mark", 1),
        ] {
            let error = read_sops(source).map(|_| ()).expect_err(source);
            let text = error.to_string();
            assert!(text.contains(reason) && error.line() == line, "{text}");
        }
        for source in ["{\"a\": 1, \"a\": 1e308}\n", "{}"] {
            assert!(read_sops(source).is_ok(), "{source}");
        }
        assert!(read("{\"a\": 1}\n{\"b\": 1E400}").is_ok());
    }
}
