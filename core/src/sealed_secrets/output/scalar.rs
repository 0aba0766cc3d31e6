//! Which style `go-yaml` 2 writes a string in: what it finds by one look over its characters.

use super::resolve::is_not_a_string;

/// How a string is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// The style of `text`.
pub(super) fn style(text: &str) -> Style {
    let look = Look::at(text);
    let wanted = if text.contains('\n') {
        Style::Literal
    } else if is_not_a_string(text) {
        Style::Double
    } else if look.plain_allowed() {
        Style::Plain
    } else {
        Style::Single
    };
    match wanted {
        Style::Single if !look.single_allowed() => Style::Double,
        Style::Literal if !look.literal_allowed() => Style::Double,
        other => other,
    }
}

/// What matters about the characters of a string.
#[derive(Default)]
struct Look {
    indicator: bool,
    special: bool,
    any_break: bool,
    leading: bool,
    trailing_space: bool,
    trailing_break: bool,
    space_after_break: bool,
    break_after_space: bool,
}

impl Look {
    fn at(text: &str) -> Self {
        let mut look = Self {
            indicator: text.starts_with("---") || text.starts_with("..."),
            ..Self::default()
        };
        let mut characters = text.chars().peekable();
        let mut previous = None;
        while let Some(c) = characters.next() {
            let next = characters.peek().copied();
            let blank_follows = next.is_none_or(is_blank);
            look.indicator |= match (previous, c) {
                (None, '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>') => true,
                (None, '\'' | '"' | '%' | '@' | '`') => true,
                (None, '?' | '-') | (_, ':') => blank_follows,
                (Some(before), '#') => is_blank(before) || is_break(before),
                _ => false,
            };
            look.special |= !is_printable(c);
            if c == ' ' {
                look.leading |= previous.is_none();
                look.trailing_space |= next.is_none();
                look.space_after_break |= previous.is_some_and(is_break);
            } else if is_break(c) {
                look.any_break = true;
                look.leading |= previous.is_none();
                look.trailing_break |= next.is_none();
                look.break_after_space |= previous == Some(' ');
            }
            previous = Some(c);
        }
        look
    }

    fn plain_allowed(&self) -> bool {
        !(self.leading
            || self.trailing_space
            || self.trailing_break
            || self.any_break
            || self.indicator)
            && self.single_allowed()
    }

    fn single_allowed(&self) -> bool {
        !(self.space_after_break || self.break_after_space || self.special)
    }

    fn literal_allowed(&self) -> bool {
        !(self.trailing_space || self.break_after_space || self.special)
    }
}

pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

/// Neither tabs nor what lies beyond the basic plane.
pub(crate) fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}
