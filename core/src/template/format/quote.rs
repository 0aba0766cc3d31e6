//! Go's `strconv.Quote` and its kin.

use crate::template::text::Buffer;
use crate::template::unicode;

/// Writes `text` between `mark`s, with Go's escapes; `ascii` escapes everything else too.
pub(crate) fn quote(out: &mut Buffer, text: &[u8], mark: char, ascii: bool) {
    out.push_char(mark);
    for (at, c, width) in unicode::chars(text) {
        if width == 1 && c == char::REPLACEMENT_CHARACTER {
            escape_byte(out, text[at]);
        } else {
            escape(out, c, mark, ascii);
        }
    }
    out.push_char(mark);
}

/// Whether `text` can stand between backquotes.
pub(super) fn can_backquote(text: &[u8]) -> bool {
    unicode::chars(text).all(|(_, c, width)| match c {
        '\u{feff}' => false,
        _ if width > 1 => true,
        char::REPLACEMENT_CHARACTER | '`' | '\u{7f}' => false,
        c => c >= ' ' || c == '\t',
    })
}

fn escape(out: &mut Buffer, c: char, mark: char, ascii: bool) {
    match c {
        c if c == mark || c == '\\' => {
            out.push(b'\\');
            out.push_char(c);
        }
        c if unicode::is_print(c) && (!ascii || c.is_ascii()) => out.push_char(c),
        '\u{7}' => out.extend(b"\\a"),
        '\u{8}' => out.extend(b"\\b"),
        '\u{c}' => out.extend(b"\\f"),
        '\n' => out.extend(b"\\n"),
        '\r' => out.extend(b"\\r"),
        '\t' => out.extend(b"\\t"),
        '\u{b}' => out.extend(b"\\v"),
        c if c < ' ' || c == '\u{7f}' => escape_byte(out, c as u8),
        c if u32::from(c) < 0x10000 => out.extend(format!("\\u{:04x}", u32::from(c)).as_bytes()),
        c => out.extend(format!("\\U{:08x}", u32::from(c)).as_bytes()),
    }
}

fn escape_byte(out: &mut Buffer, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| HEX[usize::from(nibble & 15)];
    out.extend(&[b'\\', b'x', digit(byte >> 4), digit(byte)]);
}
