//! The few things that spans leave out: blanks, comments, indicators, line ends.

use std::ops::Range;

/// The first byte at or after `from` that is neither blank, nor line break, nor comment.
pub(crate) fn skip_trivia(text: &str, from: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        match bytes.get(at) {
            Some(b' ' | b'\t' | b'\r' | b'\n') => at += 1,
            Some(b'#') if at == 0 || matches!(bytes[at - 1], b' ' | b'\t' | b'\n' | b'\r') => {
                at = line_end(text, at);
            }
            _ => return at,
        }
    }
}

/// The first byte at or after `from` that is not a blank.
pub(crate) fn skip_blanks(text: &str, from: usize) -> usize {
    let blanks = text.as_bytes()[from..]
        .iter()
        .take_while(|b| matches!(b, b' ' | b'\t'));
    from + blanks.count()
}

/// Where the line's content ends: before `\n` or `\r\n`, or at the end of the text.
pub(crate) fn line_end(text: &str, from: usize) -> usize {
    match text[from..].find('\n') {
        Some(0) => from,
        Some(length) if text.as_bytes()[from + length - 1] == b'\r' => from + length - 1,
        Some(length) => from + length,
        None => text.len(),
    }
}

/// Where the next line starts, or the end of the text.
pub(crate) fn next_line(text: &str, from: usize) -> usize {
    text[from..]
        .find('\n')
        .map_or(text.len(), |length| from + length + 1)
}

/// Where the line that holds `at` starts; a byte order mark is no part of the first one.
pub(crate) fn line_start(text: &str, at: usize) -> usize {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let mark = text[start..at].len() - text[start..at].trim_start_matches('\u{feff}').len();
    start + mark
}

/// The column of `at` in characters from 0.
pub(crate) fn column(text: &str, at: usize) -> usize {
    text[line_start(text, at)..at].chars().count()
}

/// True when only blanks stand before `at` on its line.
pub(crate) fn first_on_line(text: &str, at: usize) -> bool {
    text[line_start(text, at)..at].bytes().all(|b| b == b' ')
}

/// The first character that is a line break to YAML 1.1 alone, or a byte order mark not at the start of the file.
pub(crate) fn odd_character(text: &str, span: Range<usize>) -> Option<usize> {
    let piece = &text[span.clone()];
    if piece.is_ascii() {
        return None;
    }
    let odd = |(at, c): &(usize, char)| match c {
        '\u{85}' | '\u{2028}' | '\u{2029}' => true,
        '\u{feff}' => span.start + at > 0,
        _ => false,
    };
    piece
        .char_indices()
        .find(odd)
        .map(|(at, _)| span.start + at)
}
