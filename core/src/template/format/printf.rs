//! The directives of `fmt.Sprintf`.

use super::Printer;
use crate::template::unicode;
use crate::template::value::Value;

/// Where a format is being read, and which operand is next.
struct Cursor<'f> {
    format: &'f [u8],
    at: usize,
    next: usize,
    /// Whether operands were named by `[n]`, after which none counts as left over.
    reordered: bool,
    /// Whether the operand of this directive exists.
    good: bool,
    /// Whether `[n]` was the last thing read.
    after_index: bool,
}

impl Printer<'_> {
    /// Writes `format` with its directives replaced.
    pub(super) fn directives(&mut self, format: &[u8], values: &[Value]) {
        let mut cursor = Cursor {
            format,
            at: 0,
            next: 0,
            reordered: false,
            good: true,
            after_index: false,
        };
        loop {
            let rest = &format[cursor.at..];
            let text = rest.iter().position(|b| *b == b'%').unwrap_or(rest.len());
            self.out.extend(&rest[..text]);
            cursor.at += text + 1;
            if text == rest.len() || self.out.is_over() || self.fault.is_some() {
                break;
            }
            cursor.good = true;
            self.directive(&mut cursor, values);
        }
        if !cursor.reordered && cursor.next < values.len() {
            self.extra(&values[cursor.next..]);
        }
    }

    /// One directive, from behind the `%`.
    fn directive(&mut self, cursor: &mut Cursor<'_>, values: &[Value]) {
        self.clear();
        while let Some(b) = cursor.peek() {
            match b {
                b'#' => self.flags.sharp = true,
                b'0' => self.flags.zero = true,
                b'+' => self.flags.plus = true,
                b'-' => self.flags.minus = true,
                b' ' => self.flags.space = true,
                // A plain verb right behind the flags.
                b'a'..=b'z' if cursor.next < values.len() => {
                    cursor.at += 1;
                    cursor.next += 1;
                    return self.verb(&values[cursor.next - 1], char::from(b));
                }
                _ => break,
            }
            cursor.at += 1;
        }
        cursor.index(values.len());
        self.read_width(cursor, values);
        self.read_precision(cursor, values);
        if !cursor.after_index {
            cursor.index(values.len());
        }
        let (verb, size) = unicode::decode(cursor.rest());
        if size == 0 {
            return self.text("%!(NOVERB)");
        }
        cursor.at += size;
        match values.get(cursor.next) {
            _ if verb == '%' => self.out.push(b'%'),
            _ if !cursor.good => self.complaint(verb, "(BADINDEX)"),
            None => self.complaint(verb, "(MISSING)"),
            Some(value) => {
                cursor.next += 1;
                self.verb(value, verb);
            }
        }
    }

    fn verb(&mut self, value: &Value, verb: char) {
        if matches!(verb, 'v' | 'w') {
            self.flags.sharp_v = std::mem::take(&mut self.flags.sharp);
            self.flags.plus_v = std::mem::take(&mut self.flags.plus);
        }
        self.argument(value, verb);
    }

    fn read_width(&mut self, cursor: &mut Cursor<'_>, values: &[Value]) {
        if cursor.accept(b'*') {
            let width = cursor.operand(values);
            if width.is_none() {
                self.text("%!(BADWIDTH)");
            }
            if width.is_some_and(|w| w < 0) {
                self.flags.minus = true;
                self.flags.zero = false;
            }
            self.width = width.map(|w| w.unsigned_abs() as usize);
            cursor.after_index = false;
        } else {
            self.width = cursor.number();
            if cursor.after_index && self.width.is_some() {
                cursor.good = false;
            }
        }
    }

    fn read_precision(&mut self, cursor: &mut Cursor<'_>, values: &[Value]) {
        // A `.` that ends the format is the verb.
        if cursor.rest().len() < 2 || !cursor.accept(b'.') {
            return;
        }
        if cursor.after_index {
            cursor.good = false;
        }
        cursor.index(values.len());
        if cursor.accept(b'*') {
            let precision = cursor.operand(values).and_then(|p| usize::try_from(p).ok());
            if precision.is_none() {
                self.text("%!(BADPREC)");
            }
            self.precision = precision;
            cursor.after_index = false;
        } else {
            self.precision = Some(cursor.number().unwrap_or(0));
        }
    }

    fn complaint(&mut self, verb: char, what: &str) {
        self.text("%!");
        self.out.push_char(verb);
        self.text(what);
    }
}

impl<'f> Cursor<'f> {
    fn rest(&self) -> &'f [u8] {
        self.format.get(self.at..).unwrap_or(&[])
    }

    fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// A decimal number; one that is too large swallows the rest of the format.
    fn number(&mut self) -> Option<usize> {
        let mut number = None;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            let so_far = number.unwrap_or(0);
            if so_far > LARGEST {
                self.at = self.format.len();
                return None;
            }
            number = Some(so_far * 10 + usize::from(digit - b'0'));
            self.at += 1;
        }
        number
    }

    /// `[n]`: the operand to take next, counted from 1.
    fn index(&mut self, operands: usize) {
        self.after_index = false;
        if self.peek() != Some(b'[') {
            return;
        }
        self.reordered = true;
        let rest = self.rest();
        let Some(close) = rest
            .iter()
            .position(|b| *b == b']')
            .filter(|_| rest.len() >= 3)
        else {
            self.at += 1;
            self.good = false;
            return;
        };
        let digits = &rest[1..close];
        self.at += close + 1;
        let mut inner = Cursor {
            format: digits,
            at: 0,
            ..*self
        };
        let number = inner.number().filter(|_| inner.at == digits.len());
        self.after_index = number.is_some();
        match number {
            Some(n) if (1..=operands).contains(&n) => self.next = n - 1,
            _ => self.good = false,
        }
    }

    /// The operand of a `*`.
    fn operand(&mut self, values: &[Value]) -> Option<i64> {
        let number = match values.get(self.next)? {
            Value::Int(i) | Value::Int64(i) => Some(*i),
            Value::Byte(b) => Some(i64::from(*b)),
            _ => None,
        };
        self.next += 1;
        number.filter(|n| n.unsigned_abs() <= LARGEST as u64)
    }
}

/// The largest width and precision.
const LARGEST: usize = 1_000_000;
