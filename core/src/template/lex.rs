//! The lexer: text, and the tokens between `{{` and `}}`, with Go's rules for trim markers.

use super::error::TemplateFault as Fault;
use super::unicode;

/// One token and the byte at which it begins.
#[derive(Clone, Copy)]
pub(crate) struct Token<'s> {
    pub(crate) kind: Kind,
    pub(crate) at: usize,
    pub(crate) text: &'s str,
}

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Text,
    LeftDelim,
    RightDelim,
    LeftParen,
    RightParen,
    Pipe,
    Assign,
    Declare,
    Comma,
    OtherChar,
    Space,
    Bool,
    Number,
    Complex,
    Char,
    Quoted,
    Raw,
    Field,
    Variable,
    Dot,
    Nil,
    Identifier,
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
    Eof,
}

/// Cuts `source` into tokens; the last one is `Eof`.
pub(crate) fn lex(source: &str) -> Result<Vec<Token<'_>>, (usize, Fault)> {
    let mut lexer = Lexer {
        source,
        at: 0,
        start: 0,
        parens: 0,
        tokens: Vec::new(),
    };
    lexer
        .text()
        .map_err(|rule| (lexer.start, Fault::Syntax(rule)))?;
    Ok(lexer.tokens)
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
    start: usize,
    parens: usize,
    tokens: Vec<Token<'s>>,
}

impl<'s> Lexer<'s> {
    /// Scans to the end, going into each action on the way.
    fn text(&mut self) -> Result<(), &'static str> {
        while let Some(n) = self.rest().find(LEFT) {
            let text = &self.rest()[..n];
            let inside = &self.rest()[n + LEFT.len()..];
            let kept = if trims_left(inside) {
                text.trim_end_matches(BLANKS).len()
            } else {
                n
            };
            self.at += kept;
            if kept > 0 {
                self.emit(Kind::Text);
            }
            self.at += n - kept;
            self.start = self.at;
            self.left_delim()?;
        }
        self.at = self.source.len();
        if self.at > self.start {
            self.emit(Kind::Text);
        }
        self.emit(Kind::Eof);
        Ok(())
    }

    fn left_delim(&mut self) -> Result<(), &'static str> {
        self.at += LEFT.len();
        let marker = if trims_left(self.rest()) { 2 } else { 0 };
        if self.rest()[marker..].starts_with("/*") {
            self.at += marker;
            return self.comment();
        }
        self.emit(Kind::LeftDelim);
        self.skip(marker);
        self.parens = 0;
        self.action()
    }

    fn comment(&mut self) -> Result<(), &'static str> {
        self.at += 2;
        let end = self.rest().find("*/").ok_or("unclosed comment")?;
        self.at += end + 2;
        let trims = self
            .at_right_delim()
            .ok_or("a comment ends before its closing `}}`")?;
        self.skip(RIGHT.len() + if trims { 2 } else { 0 });
        if trims {
            self.skip_blanks();
        }
        Ok(())
    }

    /// Scans what is inside an action, and its end.
    fn action(&mut self) -> Result<(), &'static str> {
        loop {
            if let Some(trims) = self.at_right_delim() {
                if self.parens > 0 {
                    return Err("unclosed left parenthesis");
                }
                self.skip(if trims { 2 } else { 0 });
                self.at += RIGHT.len();
                self.emit(Kind::RightDelim);
                if trims {
                    self.skip_blanks();
                }
                return Ok(());
            }
            self.token()?;
        }
    }

    fn token(&mut self) -> Result<(), &'static str> {
        let c = self.next().ok_or("unclosed action")?;
        let kind = match c {
            ' ' | '\t' | '\r' | '\n' => {
                // The blank before a trim marker belongs to the delimiter.
                while self.peek().is_some_and(is_blank) && self.at_right_delim().is_none() {
                    self.at += 1;
                }
                Kind::Space
            }
            '=' => Kind::Assign,
            ':' if self.next() == Some('=') => Kind::Declare,
            ':' => return Err("expected `:=`"),
            '|' => Kind::Pipe,
            '"' => self.quoted('"', Kind::Quoted, "unterminated quoted string")?,
            '\'' => self.quoted('\'', Kind::Char, "unterminated character constant")?,
            '`' => {
                let end = self
                    .rest()
                    .find('`')
                    .ok_or("unterminated raw quoted string")?;
                self.at += end + 1;
                Kind::Raw
            }
            '$' => self.word(Kind::Variable)?,
            '.' if !self.peek().is_some_and(|c| c.is_ascii_digit()) && !self.rest().is_empty() => {
                if self.at_terminator() {
                    Kind::Dot
                } else {
                    self.word(Kind::Field)?
                }
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.at -= 1;
                self.number()?
            }
            '(' => {
                self.parens += 1;
                Kind::LeftParen
            }
            ')' => {
                self.parens = self
                    .parens
                    .checked_sub(1)
                    .ok_or("unexpected right parenthesis")?;
                Kind::RightParen
            }
            c if is_alphanumeric(c) => {
                let kind = self.word(Kind::Identifier)?;
                debug_assert_eq!(kind, Kind::Identifier);
                keyword(&self.source[self.start..self.at])
            }
            ',' => Kind::Comma,
            '!'..='~' => Kind::OtherChar,
            _ => return Err("unrecognized character in action"),
        };
        self.emit(kind);
        Ok(())
    }

    /// Scans to the closing quote; what the escapes mean is checked later.
    fn quoted(
        &mut self,
        quote: char,
        kind: Kind,
        open: &'static str,
    ) -> Result<Kind, &'static str> {
        loop {
            match self.next() {
                Some('\\') => match self.next() {
                    None | Some('\n') => return Err(open),
                    Some(_) => {}
                },
                None | Some('\n') => return Err(open),
                Some(c) if c == quote => return Ok(kind),
                Some(_) => {}
            }
        }
    }

    /// Scans letters and digits up to a character that may follow a name.
    fn word(&mut self, kind: Kind) -> Result<Kind, &'static str> {
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        if self.at_terminator() {
            Ok(kind)
        } else {
            Err("bad character in a name")
        }
    }

    fn number(&mut self) -> Result<Kind, &'static str> {
        let bad = "bad number syntax";
        if !self.scan_number() {
            return Err(bad);
        }
        if !matches!(self.peek(), Some('+' | '-')) {
            return Ok(Kind::Number);
        }
        if self.scan_number() && self.source[..self.at].ends_with('i') {
            Ok(Kind::Complex)
        } else {
            Err(bad)
        }
    }

    /// Accepts what may be a number; its value is checked later.
    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let mut digits = "0123456789_";
        if self.accept("0") {
            digits = if self.accept("xX") {
                "0123456789abcdefABCDEF_"
            } else if self.accept("oO") {
                "01234567_"
            } else if self.accept("bB") {
                "01_"
            } else {
                digits
            };
        }
        let decimal = digits.len() == 11;
        while self.accept(digits) {}
        if self.accept(".") {
            while self.accept(digits) {}
        }
        if (decimal && self.accept("eE")) || (digits.len() == 23 && self.accept("pP")) {
            self.accept("+-");
            while self.accept("0123456789_") {}
        }
        self.accept("i");
        !self.peek().is_some_and(is_alphanumeric)
    }

    fn accept(&mut self, valid: &str) -> bool {
        let ok = self.peek().is_some_and(|c| valid.contains(c));
        if ok {
            self.at += 1;
        }
        ok
    }

    /// Whether a right delimiter is next, and whether a trim marker stands before it.
    fn at_right_delim(&self) -> Option<bool> {
        let rest = self.rest();
        if rest.starts_with(is_blank) && rest[1..].starts_with("-}}") {
            return Some(true);
        }
        rest.starts_with(RIGHT).then_some(false)
    }

    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some('.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(c) => is_blank(c) || self.rest().starts_with(RIGHT),
        }
    }

    fn rest(&self) -> &'s str {
        &self.source[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn skip_blanks(&mut self) {
        self.skip(self.rest().len() - self.rest().trim_start_matches(BLANKS).len());
    }

    fn skip(&mut self, bytes: usize) {
        self.at += bytes;
        self.start = self.at;
    }

    fn emit(&mut self, kind: Kind) {
        let text = &self.source[self.start..self.at];
        self.tokens.push(Token {
            kind,
            at: self.start,
            text,
        });
        self.start = self.at;
    }
}

fn keyword(word: &str) -> Kind {
    match word {
        "block" => Kind::Block,
        "break" => Kind::Break,
        "continue" => Kind::Continue,
        "define" => Kind::Define,
        "else" => Kind::Else,
        "end" => Kind::End,
        "if" => Kind::If,
        "nil" => Kind::Nil,
        "range" => Kind::Range,
        "template" => Kind::Template,
        "with" => Kind::With,
        "true" | "false" => Kind::Bool,
        _ => Kind::Identifier,
    }
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || unicode::is_letter(c) || unicode::is_digit(c)
}

fn is_blank(c: char) -> bool {
    BLANKS.contains(&c)
}

fn trims_left(inside: &str) -> bool {
    inside.starts_with('-') && inside[1..].starts_with(is_blank)
}

const LEFT: &str = "{{";
const RIGHT: &str = "}}";
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];
