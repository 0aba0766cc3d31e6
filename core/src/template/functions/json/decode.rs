//! Reading JSON into lists, dicts, texts and `float64`s.

use std::collections::BTreeMap;

use crate::template::error::TemplateFault as Fault;
use crate::template::heap::Heap;
use crate::template::strconv::{float_steps, parse_float};
use crate::template::text::{Buffer, Text};
use crate::template::unicode;
use crate::template::value::{Element, Value};

/// What a text holds.
pub(super) struct Decoded {
    /// Nothing when the text is not JSON, and nothing in place of a number that is too large.
    pub(super) value: Value,
    pub(super) valid: bool,
}

/// Reads `text`.
pub(super) fn decode(heap: &mut Heap, text: &[u8]) -> Result<Decoded, Fault> {
    let mut decoder = Decoder {
        heap,
        text,
        at: 0,
        depth: 0,
        in_range: true,
    };
    let value = match decoder.document() {
        Ok(value) => value,
        Err(Stop::NotJson) => {
            return Ok(Decoded {
                value: Value::Nil,
                valid: false,
            });
        }
        Err(Stop::Bound(fault)) => return Err(fault),
    };
    Ok(Decoded {
        value,
        valid: decoder.in_range,
    })
}

/// Why reading ended early.
enum Stop {
    NotJson,
    Bound(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Bound(fault)
    }
}

struct Decoder<'d> {
    heap: &'d mut Heap,
    text: &'d [u8],
    at: usize,
    depth: usize,
    /// Whether every number fits a `float64`.
    in_range: bool,
}

impl Decoder<'_> {
    fn document(&mut self) -> Result<Value, Stop> {
        let value = self.value()?;
        self.blanks();
        if self.at == self.text.len() {
            Ok(value)
        } else {
            Err(Stop::NotJson)
        }
    }

    fn value(&mut self) -> Result<Value, Stop> {
        self.heap.spend(1)?;
        self.blanks();
        match self.peek() {
            Some(b'{') => self.nested(Self::dict),
            Some(b'[') => self.nested(Self::list),
            Some(b'"') => Ok(Value::Text(self.string()?)),
            Some(b't') => self.word(b"true", Value::Bool(true)),
            Some(b'f') => self.word(b"false", Value::Bool(false)),
            Some(b'n') => self.word(b"null", Value::Nil),
            _ => self.number(),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, Stop>) -> Result<Value, Stop> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Stop::Bound(Fault::TooDeep));
        }
        self.at += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn dict(&mut self) -> Result<Value, Stop> {
        let mut entries = BTreeMap::new();
        self.blanks();
        if !self.accept(b'}') {
            loop {
                self.blanks();
                let key = self.string()?;
                self.blanks();
                self.expect(b':')?;
                entries.insert(key, self.value()?);
                self.blanks();
                if !self.accept(b',') {
                    break;
                }
            }
            self.expect(b'}')?;
        }
        Ok(Value::Map(self.heap.map(false, entries)?))
    }

    fn list(&mut self) -> Result<Value, Stop> {
        let mut items = Vec::new();
        self.blanks();
        if !self.accept(b']') {
            loop {
                items.push(self.value()?);
                self.blanks();
                if !self.accept(b',') {
                    break;
                }
            }
            self.expect(b']')?;
        }
        Ok(Value::List(self.heap.appended(Element::Any, 0, items)?))
    }

    fn word(&mut self, word: &[u8], value: Value) -> Result<Value, Stop> {
        if !self.text[self.at..].starts_with(word) {
            return Err(Stop::NotJson);
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, Stop> {
        let start = self.at;
        self.accept(b'-');
        if !self.accept(b'0') {
            self.digits()?;
        }
        if self.accept(b'.') {
            self.digits()?;
        }
        if self.accept(b'e') || self.accept(b'E') {
            let _ = self.accept(b'+') || self.accept(b'-');
            self.digits()?;
        }
        let number = &self.text[start..self.at];
        self.heap.spend(float_steps(number))?;
        match parse_float(number) {
            Ok(number) => Ok(Value::Float(number)),
            Err(()) => {
                self.in_range = false;
                Ok(Value::Nil)
            }
        }
    }

    fn digits(&mut self) -> Result<(), Stop> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > start {
            Ok(())
        } else {
            Err(Stop::NotJson)
        }
    }

    fn string(&mut self) -> Result<Text, Stop> {
        self.expect(b'"')?;
        let mut out = Buffer::new();
        loop {
            let byte = self.peek().ok_or(Stop::NotJson)?;
            match byte {
                b'"' => {
                    self.at += 1;
                    return Ok(out.finish()?);
                }
                b'\\' => {
                    self.at += 1;
                    let c = self.escape()?;
                    out.push_char(c);
                }
                0..=0x1f => return Err(Stop::NotJson),
                _ => {
                    let (c, width) = unicode::decode(&self.text[self.at..]);
                    out.push_char(c);
                    self.at += width;
                }
            }
        }
    }

    /// The character of an escape, from behind the backslash.
    fn escape(&mut self) -> Result<char, Stop> {
        let byte = self.peek().ok_or(Stop::NotJson)?;
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.unit(self.at).ok_or(Stop::NotJson)?;
                self.at += 4;
                let pair = self.text[self.at..]
                    .starts_with(b"\\u")
                    .then(|| self.unit(self.at + 2));
                let pair = pair.flatten().and_then(|second| surrogates(first, second));
                if pair.is_some() {
                    self.at += 6;
                }
                pair.or_else(|| char::from_u32(first))
                    .unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return Err(Stop::NotJson),
        })
    }

    /// Four hexadecimal digits at `at`.
    fn unit(&self, at: usize) -> Option<u32> {
        let digits = self
            .text
            .get(at..at + 4)
            .filter(|d| d.iter().all(u8::is_ascii_hexdigit))?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), Stop> {
        if self.accept(byte) {
            Ok(())
        } else {
            Err(Stop::NotJson)
        }
    }
}

/// The character that two halves stand for.
fn surrogates(high: u32, low: u32) -> Option<char> {
    let fits = (0xd800..0xdc00).contains(&high) && (0xdc00..0xe000).contains(&low);
    let code = fits.then(|| 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
    code.and_then(char::from_u32)
}

/// How deeply lists and dicts may be nested.
const DEPTH: usize = 100;
