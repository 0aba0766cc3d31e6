//! Integers, characters and bytes in `fmt`'s verbs.

use super::Printer;
use super::quote::quote;
use crate::template::text::Buffer;
use crate::template::unicode;

/// An integer of either kind: its magnitude, whether it is negative, whether its type has a sign.
#[derive(Clone, Copy)]
pub(super) struct Integer {
    pub(super) magnitude: u64,
    pub(super) negative: bool,
    pub(super) signed: bool,
}

impl Integer {
    pub(super) fn signed(value: i64) -> Self {
        Self {
            magnitude: value.unsigned_abs(),
            negative: value < 0,
            signed: true,
        }
    }

    pub(super) fn unsigned(value: u64) -> Self {
        Self {
            magnitude: value,
            negative: false,
            signed: false,
        }
    }

    pub(super) fn byte(value: u8) -> Self {
        Self::unsigned(value.into())
    }

    /// The 64 bits as unsigned, for the verbs that take a character.
    fn code(self) -> u64 {
        if self.negative {
            self.magnitude.wrapping_neg()
        } else {
            self.magnitude
        }
    }

    fn char(self) -> char {
        // A negative number is no character either.
        let code = u32::try_from(self.code()).ok();
        code.and_then(char::from_u32)
            .unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

impl Printer<'_> {
    /// Writes `value` as `verb` wants it; `false` for a verb that integers don't have.
    pub(super) fn integer(&mut self, value: Integer, verb: char) -> bool {
        match verb {
            'v' if self.flags.sharp_v && !value.signed => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                self.digits(value, 16, verb, false);
                self.flags.sharp = sharp;
            }
            'v' | 'd' => self.digits(value, 10, verb, false),
            'b' => self.digits(value, 2, verb, false),
            'o' | 'O' => self.digits(value, 8, verb, false),
            'x' => self.digits(value, 16, verb, false),
            'X' => self.digits(value, 16, verb, true),
            'c' => self.padded(value.char().encode_utf8(&mut [0; 4]).as_bytes()),
            'q' => {
                let mut quoted = Buffer::new();
                let c = value.char();
                quote(
                    &mut quoted,
                    c.encode_utf8(&mut [0; 4]).as_bytes(),
                    '\'',
                    self.flags.plus,
                );
                self.padded(quoted.bytes());
            }
            'U' => self.unicode(value),
            _ => return false,
        }
        true
    }

    fn digits(&mut self, value: Integer, base: u64, verb: char, upper: bool) {
        let digits = match self.precision {
            Some(0) if value.magnitude == 0 => {
                let zero = std::mem::replace(&mut self.flags.zero, false);
                self.padding(self.width.unwrap_or(0));
                self.flags.zero = zero;
                return;
            }
            Some(precision) => precision,
            None => match self.width {
                Some(width) if self.flags.zero && !self.flags.minus => {
                    let sign = value.negative || self.flags.plus || self.flags.space;
                    width.saturating_sub(usize::from(sign))
                }
                _ => 0,
            },
        };
        let number = match base {
            2 => format!("{:b}", value.magnitude),
            8 => format!("{:o}", value.magnitude),
            16 if upper => format!("{:X}", value.magnitude),
            16 => format!("{:x}", value.magnitude),
            _ => value.magnitude.to_string(),
        };
        let mut out = Buffer::new();
        out.extend(match () {
            () if value.negative => b"-",
            () if self.flags.plus => b"+",
            () if self.flags.space => b" ",
            () => b"",
        });
        if verb == 'O' {
            out.extend(b"0o");
        }
        let zeros = digits.saturating_sub(number.len());
        if self.flags.sharp {
            match base {
                2 => out.extend(b"0b"),
                8 if zeros == 0 && !number.starts_with('0') => out.push(b'0'),
                16 => out.extend(if upper { b"0X" } else { b"0x" }),
                _ => {}
            }
        }
        out.pad(b'0', zeros);
        out.extend(number.as_bytes());
        self.padded_with_blanks(out.bytes());
    }

    /// `U+0041`, with `#` and the character behind it.
    fn unicode(&mut self, value: Integer) {
        let code = value.code();
        let digits = self.precision.unwrap_or(0).max(4);
        let number = format!("{code:X}");
        let mut out = Buffer::new();
        out.extend(b"U+");
        out.pad(b'0', digits.saturating_sub(number.len()));
        out.extend(number.as_bytes());
        let c = u32::try_from(code).ok().and_then(char::from_u32);
        if let Some(c) = c.filter(|c| self.flags.sharp && unicode::is_print(*c)) {
            out.extend(b" '");
            out.push_char(c);
            out.push(b'\'');
        }
        self.padded_with_blanks(out.bytes());
    }

    /// Writes the bytes of a string in hexadecimal.
    pub(super) fn hex(&mut self, bytes: &[u8], upper: bool) {
        let bytes = &bytes[..self.precision.unwrap_or(usize::MAX).min(bytes.len())];
        if bytes.is_empty() {
            self.padding(self.width.unwrap_or(0));
            return;
        }
        let prefix: &[u8] = if upper { b"0X" } else { b"0x" };
        let table: &[u8; 16] = if upper {
            b"0123456789ABCDEF"
        } else {
            b"0123456789abcdef"
        };
        let mut out = Buffer::new();
        for (n, byte) in bytes.iter().enumerate() {
            if n > 0 && self.flags.space {
                out.push(b' ');
            }
            if self.flags.sharp && (n == 0 || self.flags.space) {
                out.extend(prefix);
            }
            out.push(table[usize::from(byte >> 4)]);
            out.push(table[usize::from(byte & 15)]);
        }
        self.over_or(&out);
        self.padded(out.bytes());
    }

    /// Keeps the bound of a part in the whole.
    pub(super) fn over_or(&mut self, part: &Buffer) {
        if part.is_over() {
            self.fault = Some(crate::template::error::TemplateFault::TextTooLarge);
        }
    }
}
