//! Literals: quoted strings and numbers, read as Go's `strconv` reads them.

use super::error::TemplateFault as Fault;
use super::strconv::{parse_float, parse_int, parse_unsigned, to_int};
use super::unicode;

/// A number of a template, under each type that can hold it, as with Go's untyped constants.
pub(crate) struct Number {
    pub(crate) int: Option<i64>,
    pub(crate) float: Option<f64>,
    pub(crate) ideal: Ideal,
}

/// The type that a number has where nothing asks for one.
pub(crate) enum Ideal {
    Int(i64),
    Float(f64),
    Complex(f64, f64),
    /// An integer that only an unsigned type holds.
    Overflow(u64),
}

impl Number {
    /// Reads a number, for instance `0x1F`, `1_000`, `1e3` or `2i`.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        if let Some(imaginary) = text.strip_suffix('i')
            && let Ok(f) = parse_float(imaginary.as_bytes())
        {
            return Ok(Self::complex(0.0, f));
        }
        let bytes = text.as_bytes();
        let unsigned = parse_unsigned(bytes, 0).ok();
        let int = parse_int(bytes, 0).ok();
        if let Some(i) = int {
            return Ok(Self {
                int,
                float: Some(i as f64),
                ideal: Ideal::Int(i),
            });
        }
        if let Some(u) = unsigned {
            return Ok(Self {
                int,
                float: Some(u as f64),
                ideal: Ideal::Overflow(u),
            });
        }
        let f = parse_float(bytes).map_err(|_| Fault::Syntax("illegal number syntax"))?;
        if !text.contains(['.', 'e', 'E', 'p', 'P']) {
            return Err(Fault::Syntax("integer overflow"));
        }
        let int = Some(to_int(f)).filter(|i| *i as f64 == f);
        // A hexadecimal integer never gets here, so that every `e` and `p` is an exponent.
        Ok(Self {
            int,
            float: Some(f),
            ideal: Ideal::Float(f),
        })
    }

    /// Reads a complex number such as `1+2i`.
    pub(crate) fn parse_complex(text: &str) -> Result<Self, Fault> {
        let bad = Fault::Syntax("illegal number syntax");
        let text = text.strip_suffix('i').ok_or_else(|| bad.clone())?;
        let split = text
            .char_indices()
            .rev()
            .find(|(n, c)| {
                matches!(c, '+' | '-') && *n > 0 && !text[..*n].ends_with(['e', 'E', 'p', 'P'])
            })
            .map(|(n, _)| n)
            .ok_or_else(|| bad.clone())?;
        let part = |text: &str| parse_float(text.as_bytes()).map_err(|_| bad.clone());
        Ok(Self::complex(part(&text[..split])?, part(&text[split..])?))
    }

    /// Reads a character constant such as `'a'` or `'\n'`.
    pub(crate) fn parse_char(text: &str) -> Result<Self, Fault> {
        let (c, _, rest) = unquote_char(&text.as_bytes()[1..], b'\'')
            .filter(|(_, _, rest)| *rest == b"'")
            .ok_or(Fault::Syntax("malformed character constant"))?;
        debug_assert_eq!(rest, b"'");
        let int = i64::from(c);
        Ok(Self {
            int: Some(int),
            float: Some(int as f64),
            ideal: Ideal::Int(int),
        })
    }

    /// As an unsigned integer, if it is one.
    pub(crate) fn unsigned(&self) -> Option<u64> {
        match (self.ideal_unsigned(), self.int) {
            (Some(n), _) => Some(n),
            (None, Some(int)) => u64::try_from(int).ok(),
            (None, None) => {
                let float = self
                    .float
                    .filter(|f| (0.0..18_446_744_073_709_551_616.0).contains(f));
                float.filter(|f| f.fract() == 0.0).map(|f| f as u64)
            }
        }
    }

    fn ideal_unsigned(&self) -> Option<u64> {
        match self.ideal {
            Ideal::Overflow(n) => Some(n),
            _ => None,
        }
    }

    fn complex(real: f64, imaginary: f64) -> Self {
        let float = Some(real).filter(|_| imaginary == 0.0);
        let int = float.map(to_int).filter(|i| *i as f64 == real);
        Self {
            int,
            float,
            ideal: Ideal::Complex(real, imaginary),
        }
    }
}

/// Takes the quotes off a token, and resolves escapes between `"`.
pub(crate) fn unquote(token: &str) -> Result<Box<[u8]>, Fault> {
    let inner = &token.as_bytes()[1..token.len() - 1];
    if token.starts_with('`') {
        return Ok(inner.iter().copied().filter(|b| *b != b'\r').collect());
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while !rest.is_empty() {
        let (c, wide, tail) =
            unquote_char(rest, b'"').ok_or(Fault::Syntax("invalid escape in a quoted string"))?;
        match u8::try_from(c) {
            Ok(byte) if !wide || byte < 0x80 => out.push(byte),
            _ => {
                let c = char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        rest = tail;
    }
    Ok(out.into())
}

/// One character of a literal: its code, whether it is a character rather than a byte, and what follows.
fn unquote_char(text: &[u8], quote: u8) -> Option<(u32, bool, &[u8])> {
    let first = *text.first().filter(|b| **b != quote)?;
    if first >= 0x80 {
        let (c, width) = unicode::decode(text);
        return Some((c.into(), true, &text[width..]));
    }
    if first != b'\\' {
        return Some((first.into(), false, &text[1..]));
    }
    let (code, rest) = (*text.get(1)?, &text[2..]);
    let simple = |c: u8| Some((u32::from(c), false, rest));
    match code {
        b'a' => simple(7),
        b'b' => simple(8),
        b'f' => simple(12),
        b'n' => simple(b'\n'),
        b'r' => simple(b'\r'),
        b't' => simple(b'\t'),
        b'v' => simple(11),
        b'\\' => simple(b'\\'),
        b'\'' | b'"' if code == quote => simple(code),
        b'x' | b'u' | b'U' => {
            let digits = match code {
                b'x' => 2,
                b'u' => 4,
                _ => 8,
            };
            let hex = rest
                .get(..digits)
                .filter(|d| d.iter().all(u8::is_ascii_hexdigit))?;
            let value = u32::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?;
            let wide = code != b'x';
            (!wide || char::from_u32(value).is_some()).then_some((value, wide, &rest[digits..]))
        }
        b'0'..=b'7' => {
            let octal = text
                .get(1..4)
                .filter(|d| d.iter().all(|b| (b'0'..=b'7').contains(b)))?;
            let value = octal.iter().fold(0, |n, b| n * 8 + u32::from(b - b'0'));
            (value <= 255).then_some((value, false, &text[4..]))
        }
        _ => None,
    }
}
