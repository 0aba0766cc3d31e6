//! `snakecase`, `kebabcase` and `camelcase`, by the rules of xstrings 1.5.

use super::{Call, Function, Param, fixed};
use crate::template::error::TemplateFault as Fault;
use crate::template::text::Buffer;
use crate::template::unicode;
use crate::template::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    fixed("snakecase", ONE, |call| lower(call, b'_')),
    fixed("kebabcase", ONE, |call| lower(call, b'-')),
    fixed("camelcase", ONE, camel),
];

const ONE: &[Param] = &[Param::Text];

/// What a run of characters is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Invalid,
    Number,
    Upper,
    Alphabet,
    Connector,
    Punct,
    Other,
}

impl Kind {
    /// Whether a word of this kind is set off by no connector.
    fn stands_alone(self) -> bool {
        matches!(self, Self::Connector | Self::Punct)
    }
}

/// Cuts a text into words.
struct Words<'t> {
    rest: &'t [u8],
}

impl<'t> Words<'t> {
    fn next(&mut self) -> (Kind, &'t [u8]) {
        let (c, width) = next_valid(self.rest, char::REPLACEMENT_CHARACTER);
        if c == char::REPLACEMENT_CHARACTER {
            return self.take(Kind::Invalid, width);
        }
        if is_connector(c) {
            return self.run(Kind::Connector, width, is_connector);
        }
        if unicode::is_punct(c) {
            return self.run(Kind::Punct, width, unicode::is_punct);
        }
        if unicode::is_upper(c) {
            return self.upper(c, width);
        }
        if is_alphabet(c) {
            return self.run(Kind::Alphabet, width, is_small);
        }
        if unicode::is_number(c) {
            return self.run(Kind::Number, width, unicode::is_number);
        }
        self.run(Kind::Other, width, |c| {
            let known = is_connector(c) || is_alphabet(c) || unicode::is_number(c);
            !known && !unicode::is_punct(c)
        })
    }

    /// A word in capitals, or one that begins with a capital.
    fn upper(&mut self, first: char, width: usize) -> (Kind, &'t [u8]) {
        let (mut c, mut size) = next_valid(&self.rest[width..], first);
        if size == 0 {
            return self.take(Kind::Upper, width);
        }
        let mut end = width;
        if !unicode::is_upper(c) {
            return match is_alphabet(c) {
                true => self.run(Kind::Upper, width + size, is_small),
                false => self.take(Kind::Upper, width),
            };
        }
        let mut last = size;
        while end < self.rest.len() && unicode::is_upper(c) {
            last = size;
            end += size;
            (c, size) = next_valid(&self.rest[end..], c);
        }
        // The last capital begins the next word, as in `HTTPStatus`.
        if end < self.rest.len() && is_alphabet(c) {
            end -= last;
        }
        self.take(Kind::Upper, end)
    }

    /// Extends a word of `end` bytes as long as `belongs`.
    fn run(&mut self, kind: Kind, mut end: usize, belongs: fn(char) -> bool) -> (Kind, &'t [u8]) {
        let mut before = unicode::decode_last(&self.rest[..end]).0;
        while end < self.rest.len() {
            let (c, size) = next_valid(&self.rest[end..], before);
            if !belongs(c) {
                break;
            }
            before = c;
            end += size;
        }
        self.take(kind, end)
    }

    fn take(&mut self, kind: Kind, end: usize) -> (Kind, &'t [u8]) {
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        (kind, word)
    }
}

/// Joins words in lower case by `connector`.
fn lower(call: &mut Call<'_>, connector: u8) -> Result<Value, Fault> {
    let text = call.text(0)?;
    let mut out = Buffer::new();
    let mut words = Words { rest: text.bytes() };
    if text.len() == 0 {
        return Ok(Value::Text(text));
    }
    let (mut kind, mut word) = words.next();
    while !words.rest.is_empty() {
        if kind != Kind::Connector {
            write(&mut out, kind, word, connector);
        }
        let (before, last) = (kind, word);
        (kind, word) = words.next();
        match before {
            Kind::Number => {
                (kind, word) = glued(&mut out, &mut words, (kind, word), connector);
            }
            Kind::Connector => write(&mut out, before, last, connector),
            Kind::Punct => {}
            _ if kind != Kind::Number => {
                if !kind.stands_alone() {
                    out.push(connector);
                }
            }
            _ if words.rest.is_empty() => {}
            _ => {
                let number = word;
                (kind, word) = words.next();
                if kind == Kind::Alphabet {
                    // `HTTP2xx`: the number belongs to the small letters behind it.
                    out.push(connector);
                    write(&mut out, Kind::Number, number, connector);
                    (kind, word) = glued(&mut out, &mut words, (kind, word), connector);
                } else {
                    // `Bld4Floor`: the number belongs to the word before it.
                    write(&mut out, Kind::Number, number, connector);
                    if !kind.stands_alone() {
                        out.push(connector);
                    }
                }
            }
        }
    }
    write(&mut out, kind, word, connector);
    Ok(Value::Text(out.finish()?))
}

/// Writes small letters and numbers that follow a number, and a connector where another word does.
fn glued<'t>(
    out: &mut Buffer,
    words: &mut Words<'t>,
    mut next: (Kind, &'t [u8]),
    connector: u8,
) -> (Kind, &'t [u8]) {
    while matches!(next.0, Kind::Alphabet | Kind::Number) {
        write(out, next.0, next.1, connector);
        next = words.next();
    }
    if next.0 != Kind::Invalid && !next.0.stands_alone() {
        out.push(connector);
    }
    next
}

fn write(out: &mut Buffer, kind: Kind, word: &[u8], connector: u8) {
    if !matches!(kind, Kind::Upper | Kind::Connector) {
        out.extend(word);
        return;
    }
    for (_, c, _) in unicode::chars(word) {
        if is_connector(c) {
            out.push(connector);
        } else {
            out.push_char(if unicode::is_upper(c) {
                unicode::to_lower(c)
            } else {
                c
            });
        }
    }
}

/// `camelcase "some_words"`: `SomeWords`
fn camel(call: &mut Call<'_>) -> Result<Value, Fault> {
    let text = call.text(0)?;
    let mut out = Buffer::new();
    let mut chars = unicode::chars(text.bytes()).map(|(_, c, _)| c).peekable();
    // Connectors at the front stay.
    while let Some(c) = chars.next_if(|c| is_connector(*c)) {
        if chars.peek().is_none() {
            // Sprig repeats nothing here, but the last one counts as the only character.
            out.push_char(c);
        }
        out.push_char(c);
    }
    let Some(first) = chars.next() else {
        return Ok(Value::Text(out.finish()?));
    };
    let mut capitals = unicode::is_upper(first);
    let mut last = unicode::to_upper(first);
    for c in chars {
        let before = std::mem::replace(&mut last, c);
        if is_connector(c) && is_connector(before) {
            out.push_char(before);
        } else if is_connector(before) {
            capitals = unicode::is_upper(c);
            last = unicode::to_upper(c);
        } else {
            if capitals && unicode::is_upper(c) {
                last = unicode::to_lower(c);
            } else {
                capitals = false;
            }
            out.push_char(before);
        }
    }
    out.push_char(last);
    Ok(Value::Text(out.finish()?))
}

/// The next character that is UTF-8 and not U+FFFD, with all that was skipped; else `before`.
fn next_valid(text: &[u8], before: char) -> (char, usize) {
    let mut size = 0;
    for (_, c, width) in unicode::chars(text) {
        size += width;
        if c != char::REPLACEMENT_CHARACTER {
            return (c, size);
        }
    }
    (before, size)
}

fn is_connector(c: char) -> bool {
    c == '-' || c == '_' || unicode::is_space(c)
}

fn is_small(c: char) -> bool {
    is_alphabet(c) && !unicode::is_upper(c)
}

/// A letter that is not Chinese, Japanese or Korean.
fn is_alphabet(c: char) -> bool {
    let cjk =
        matches!(c, '\u{4e00}'..='\u{9fcc}' | '\u{3400}'..='\u{4d85}' | '\u{20000}'..='\u{2b81d}');
    unicode::is_letter(c) && !cjk
}
