//! Characters as Go's `unicode` and `unicode/utf8` see them, in Go's edition of Unicode.
//!
//! Rust's own answers differ: its edition is newer, `is_alphabetic` is wider than a letter, and
//! upper case may be several characters.

mod case;
mod category;
mod letter;
mod mapping;
mod print;
mod script;

pub(crate) use category::{ALIASES, CATEGORIES};
pub(crate) use script::SCRIPTS;

/// The first character of `bytes` and its width; U+FFFD of width 1 for what is not UTF-8, width 0 at the end.
pub(crate) fn decode(bytes: &[u8]) -> (char, usize) {
    let Some(&first) = bytes.first() else {
        return (char::REPLACEMENT_CHARACTER, 0);
    };
    if first < 0x80 {
        return (char::from(first), 1);
    }
    let width = match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return (char::REPLACEMENT_CHARACTER, 1),
    };
    bytes
        .get(..width)
        .and_then(|part| std::str::from_utf8(part).ok())
        .and_then(|part| part.chars().next())
        .map_or((char::REPLACEMENT_CHARACTER, 1), |c| (c, width))
}

/// The last character of `bytes` and its width, by the same rules.
pub(crate) fn decode_last(bytes: &[u8]) -> (char, usize) {
    for width in 1..=bytes.len().min(4) {
        let (c, n) = decode(&bytes[bytes.len() - width..]);
        if n == width && (c != char::REPLACEMENT_CHARACTER || width == 3) {
            return (c, width);
        }
    }
    (char::REPLACEMENT_CHARACTER, bytes.len().min(1))
}

/// The characters of `bytes` with the offset and width of each.
pub(crate) fn chars(bytes: &[u8]) -> impl Iterator<Item = (usize, char, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (c, width) = decode(&bytes[at..]);
        at += width;
        (width > 0).then_some((at - width, c, width))
    })
}

pub(crate) fn count(bytes: &[u8]) -> usize {
    chars(bytes).count()
}

pub(crate) fn is_letter(c: char) -> bool {
    within(letter::LETTER, c)
}

pub(crate) fn is_digit(c: char) -> bool {
    within(letter::DIGIT, c)
}

pub(crate) fn is_number(c: char) -> bool {
    within(letter::NUMBER, c)
}

pub(crate) fn is_punct(c: char) -> bool {
    within(letter::PUNCT, c)
}

pub(crate) fn is_print(c: char) -> bool {
    within(print::PRINT, c)
}

pub(crate) fn is_upper(c: char) -> bool {
    within(case::UPPER, c)
}

pub(crate) fn is_lower(c: char) -> bool {
    within(case::LOWER, c)
}

pub(crate) fn is_title(c: char) -> bool {
    within(case::TITLE, c)
}

pub(crate) fn is_space(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ' | '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}')
        || matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
        )
}

pub(crate) fn to_upper(c: char) -> char {
    mapped(c, 0)
}

pub(crate) fn to_lower(c: char) -> char {
    mapped(c, 1)
}

pub(crate) fn to_title(c: char) -> char {
    mapped(c, 2)
}

fn within(table: &[(u32, u32, u32)], c: char) -> bool {
    let c = u32::from(c);
    let n = table.partition_point(|(_, last, _)| *last < c);
    table
        .get(n)
        .is_some_and(|(first, _, step)| c >= *first && (c - first) % step == 0)
}

/// Simple case mapping: `to` is 0 for upper, 1 for lower, 2 for title case.
fn mapped(c: char, to: u32) -> char {
    let code = u32::from(c);
    let n = mapping::CASES.partition_point(|(_, last, ..)| *last < code);
    let Some(&(first, _, upper, lower, title)) = mapping::CASES.get(n) else {
        return c;
    };
    if code < first {
        return c;
    }
    let delta = [upper, lower, title][to as usize];
    let mapped = if delta == mapping::ALTERNATING {
        // Upper and title case stand first of each pair, lower case second.
        Some(first + ((code - first) & !1) + (to & 1))
    } else {
        code.checked_add_signed(delta)
    };
    mapped.and_then(char::from_u32).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_simple_as_in_go() {
        assert_eq!(to_upper('ß'), 'ß');
        assert_eq!(to_upper('ä'), 'Ä');
        assert_eq!(to_lower('Ā'), 'ā');
        assert_eq!(to_upper('ā'), 'Ā');
        assert_eq!(to_title('ǆ'), 'ǅ');
        assert_eq!(to_upper('ǆ'), 'Ǆ');
    }

    #[test]
    fn what_is_not_utf8_is_one_byte_wide() {
        assert_eq!(decode(b"\xff\xfe"), (char::REPLACEMENT_CHARACTER, 1));
        assert_eq!(decode(b"\xe2\x82"), (char::REPLACEMENT_CHARACTER, 1));
        assert_eq!(decode("€".as_bytes()), ('€', 3));
        assert_eq!(decode_last("a€".as_bytes()), ('€', 3));
        assert_eq!(decode_last(b"a\x82"), (char::REPLACEMENT_CHARACTER, 1));
        assert_eq!(decode_last("\u{fffd}".as_bytes()), ('\u{fffd}', 3));
    }
}
