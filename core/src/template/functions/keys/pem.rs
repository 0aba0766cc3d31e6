//! PEM as Go's `encoding/pem` reads and writes it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::template::functions::encoding;
use crate::template::text::{Buffer, Text};

/// The first block of a text.
pub(super) struct Block<'t> {
    pub(super) label: &'t [u8],
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

/// Finds the first well-formed block; what is malformed is passed over.
pub(super) fn decode(text: &[u8]) -> Option<Block<'_>> {
    let mut rest = text;
    loop {
        let begin = starts(rest, BEGIN)?;
        rest = &rest[begin + BEGIN.len()..];
        let (line, after) = line(rest);
        let Some(label) = line.strip_suffix(DASHES) else {
            continue;
        };
        if let Some(block) = block(label, after) {
            return Some(block);
        }
    }
}

fn block<'t>(label: &'t [u8], mut rest: &'t [u8]) -> Option<Block<'t>> {
    // Headers come first.
    while let (head, after) = line(rest)
        && head.contains(&b':')
        && !after.is_empty()
    {
        rest = after;
    }
    // An empty block has no line of its own.
    let end = match rest.strip_prefix(END) {
        Some(_) => 0,
        None => starts(rest, END)?,
    };
    let trailer = rest[end + END.len()..]
        .strip_prefix(label)?
        .strip_prefix(DASHES)?;
    let (behind, _) = line(trailer);
    if !behind.is_empty() {
        return None;
    }
    let body: Vec<u8> = rest[..end]
        .iter()
        .copied()
        .filter(|b| !b" \t".contains(b))
        .collect();
    let body = Zeroizing::new(body);
    let mut bytes = Buffer::new();
    encoding::base64(&body, &mut bytes).ok()?;
    Some(Block {
        label,
        bytes: Zeroizing::new(bytes.into_bytes()),
    })
}

/// Where a line begins with `word`.
fn starts(text: &[u8], word: &[u8]) -> Option<usize> {
    let mut found = text.windows(word.len()).enumerate();
    found
        .find(|(at, window)| *window == word && (*at == 0 || text[at - 1] == b'\n'))
        .map(|(at, _)| at)
}

/// The first line without blanks at its end, and what follows it.
fn line(text: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = match text.iter().position(|b| *b == b'\n') {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[][..]),
    };
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let blanks = line.iter().rev().take_while(|b| b" \t".contains(b)).count();
    (&line[..line.len() - blanks], rest)
}

/// Writes a block, in lines of 64 characters.
pub(super) fn encode(label: &str, bytes: &[u8]) -> Text {
    let body = Zeroizing::new(STANDARD.encode(bytes));
    let mut out = Buffer::new();
    out.extend(format!("-----BEGIN {label}-----\n").as_bytes());
    for line in body.as_bytes().chunks(64) {
        out.extend(line);
        out.push(b'\n');
    }
    out.extend(format!("-----END {label}-----\n").as_bytes());
    Text::new(out.into_bytes())
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
