//! Classes and escapes of Go's regular expressions.

use super::Parser;
use super::Wrong;
use crate::template::functions::regex::class::{self, Set};

impl Parser<'_> {
    /// `[a-z]` and its like.
    pub(super) fn class(&mut self) -> Result<Set, Wrong> {
        self.at += 1;
        let negated = self.take("^");
        let mut set = Set::default();
        let mut first = true;
        while first || !self.rest().starts_with(']') {
            first = false;
            if let Some(posix) = self.posix()? {
                set.join(&posix);
                continue;
            }
            if let Some(named) = self.named_set()? {
                set.join(&named);
                continue;
            }
            let low = self.class_char()?;
            let ranges = self.rest().starts_with('-') && !self.rest().starts_with("-]");
            let high = if ranges && self.rest().len() >= 2 {
                self.at += 1;
                self.class_char()?
            } else {
                low
            };
            if high < low {
                return Err(Wrong::Syntax);
            }
            let range = self.cased(Set::from(low..=high))?;
            set.join(&range);
            self.count(1)?;
        }
        self.at += 1;
        Ok(if negated { set.negated() } else { set })
    }

    fn class_char(&mut self) -> Result<u32, Wrong> {
        match self.peek() {
            None => Err(Wrong::Syntax),
            Some('\\') => self.escape(),
            Some(c) => {
                self.at += c.len_utf8();
                Ok(u32::from(c))
            }
        }
    }

    /// `[:alpha:]` or `[:^alpha:]`, within a class.
    fn posix(&mut self) -> Result<Option<Set>, Wrong> {
        let inner = self.rest().strip_prefix("[:");
        let Some((name, _)) = inner.and_then(|inner| inner.split_once(":]")) else {
            return Ok(None);
        };
        let len = name.len() + 4;
        let (negated, name) = match name.strip_prefix('^') {
            Some(name) => (true, name),
            None => (false, name),
        };
        let set = class::posix(name).ok_or(Wrong::Syntax)?;
        self.at += len;
        self.signed(set, negated).map(Some)
    }

    /// `\d`, `\pL`, `\p{Greek}` and their negations.
    pub(super) fn named_set(&mut self) -> Result<Option<Set>, Wrong> {
        let Some(rest) = self.rest().strip_prefix('\\') else {
            return Ok(None);
        };
        let Some(letter) = rest.bytes().next() else {
            return Ok(None);
        };
        if let Some(set) = class::perl(letter.to_ascii_lowercase()) {
            self.at += 2;
            return self.signed(set, letter.is_ascii_uppercase()).map(Some);
        }
        if !matches!(letter, b'p' | b'P') {
            return Ok(None);
        }
        let (name, len) = match rest[1..].strip_prefix('{') {
            Some(inner) => {
                let (name, _) = inner.split_once('}').ok_or(Wrong::Syntax)?;
                (name, name.len() + 4)
            }
            None => {
                let c = rest[1..].chars().next().ok_or(Wrong::Syntax)?;
                (&rest[1..1 + c.len_utf8()], 2 + c.len_utf8())
            }
        };
        let (caret, name) = match name.strip_prefix('^') {
            Some(name) => (true, name),
            None => (false, name),
        };
        let set = class::property(name, self.flags.fold).ok_or(Wrong::Syntax)?;
        self.count(set.len())?;
        self.at += len;
        let negated = caret != (letter == b'P');
        Ok(Some(if negated { set.negated() } else { set }))
    }

    /// Case is folded before a set is negated.
    fn signed(&mut self, set: Set, negated: bool) -> Result<Set, Wrong> {
        let set = self.cased(set)?;
        Ok(if negated { set.negated() } else { set })
    }

    /// The character that an escape stands for.
    pub(super) fn escape(&mut self) -> Result<u32, Wrong> {
        self.at += 1;
        let c = self.peek().ok_or(Wrong::Syntax)?;
        self.at += c.len_utf8();
        let code = match c {
            '0'..='7' => return self.octal(c),
            'x' => return self.hexadecimal(),
            'a' => 0x07,
            'f' => 0x0c,
            'n' => 0x0a,
            'r' => 0x0d,
            't' => 0x09,
            'v' => 0x0b,
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => u32::from(c),
            _ => return Err(Wrong::Syntax),
        };
        Ok(code)
    }

    /// Up to three digits; a single one other than 0 would be a reference to a group.
    fn octal(&mut self, first: char) -> Result<u32, Wrong> {
        let digit = |c: char| c.to_digit(8);
        if first != '0' && self.peek().and_then(digit).is_none() {
            return Err(Wrong::Syntax);
        }
        let mut code = first.to_digit(8).unwrap_or(0);
        for _ in 0..2 {
            let Some(next) = self.peek().and_then(digit) else {
                break;
            };
            code = code * 8 + next;
            self.at += 1;
        }
        Ok(code)
    }

    /// `\x7F` or `\x{10FFFF}`.
    fn hexadecimal(&mut self) -> Result<u32, Wrong> {
        let digits = match self.rest().strip_prefix('{') {
            Some(inner) => {
                let (digits, _) = inner.split_once('}').ok_or(Wrong::Syntax)?;
                let digits = digits.to_owned();
                self.at += digits.len() + 2;
                digits
            }
            None => {
                let digits: String = self.rest().chars().take(2).collect();
                self.at += digits.len();
                if digits.len() == 2 {
                    digits
                } else {
                    String::new()
                }
            }
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Wrong::Syntax);
        }
        let digits = digits.trim_start_matches('0');
        if digits.len() > 6 {
            return Err(Wrong::Syntax);
        }
        let code = if digits.is_empty() {
            Ok(0)
        } else {
            u32::from_str_radix(digits, 16)
        };
        code.ok()
            .filter(|code| *code <= 0x10_ffff)
            .ok_or(Wrong::Syntax)
    }
}
