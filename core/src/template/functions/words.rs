//! Sprig's functions on characters and words: case, initials, wrapping, abbreviations.

use super::{Call, Function, Param, fixed};
use crate::template::error::TemplateFault as Fault;
use crate::template::text::{Buffer, Text};
use crate::template::unicode;
use crate::template::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    fixed("upper", ONE, |call| {
        mapped(&call.text(0)?, unicode::to_upper)
    }),
    fixed("lower", ONE, |call| {
        mapped(&call.text(0)?, unicode::to_lower)
    }),
    fixed("title", ONE, title),
    fixed("untitle", ONE, untitle),
    fixed("swapcase", ONE, swapcase),
    fixed("nospace", ONE, nospace),
    fixed("initials", ONE, initials),
    fixed("abbrev", &[Param::Int, Param::Text], |call| {
        let (width, text) = (call.int(0)?, call.text(1)?);
        Ok(Value::Text(if width < 4 {
            text
        } else {
            abbreviated(call, &text, 0, width)?
        }))
    }),
    fixed(
        "abbrevboth",
        &[Param::Int, Param::Int, Param::Text],
        |call| {
            let (left, right, text) = (call.int(0)?, call.int(1)?, call.text(2)?);
            let short = right < 4 || (left > 0 && right < 7);
            Ok(Value::Text(if short {
                text
            } else {
                abbreviated(call, &text, left, right)?
            }))
        },
    ),
    fixed("wrap", &[Param::Int, Param::Text], |call| {
        wrap(&call.text(1)?, call.int(0)?, "\n".as_bytes(), false)
    }),
    fixed(
        "wrapWith",
        &[Param::Int, Param::Text, Param::Text],
        |call| {
            let separator = call.text(1)?;
            let separator = if separator.len() == 0 {
                b"\n"
            } else {
                separator.bytes()
            };
            wrap(&call.text(2)?, call.int(0)?, separator, true)
        },
    ),
];

const ONE: &[Param] = &[Param::Text];

/// `strings.Map`: what is not UTF-8 becomes U+FFFD.
fn mapped(text: &Text, mut map: impl FnMut(char) -> char) -> Result<Value, Fault> {
    if text.bytes().is_ascii() {
        let bytes = text
            .bytes()
            .iter()
            .map(|b| map(char::from(*b)) as u32 as u8);
        return Ok(Value::Text(Text::new(bytes.collect())));
    }
    let mut out = Buffer::new();
    for (_, c, _) in unicode::chars(text.bytes()) {
        out.push_char(map(c));
    }
    Ok(Value::Text(out.finish()?))
}

fn title(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut before = ' ';
    mapped(&call.text(0)?, |c| {
        let separated = match before {
            '0'..='9' | 'a'..='z' | 'A'..='Z' | '_' => false,
            c if c.is_ascii() => true,
            c => !unicode::is_letter(c) && !unicode::is_digit(c) && unicode::is_space(c),
        };
        before = c;
        if separated { unicode::to_title(c) } else { c }
    })
}

fn untitle(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut next = true;
    mapped(&call.text(0)?, |c| {
        let first = next && !unicode::is_space(c);
        next = unicode::is_space(c);
        if first { unicode::to_lower(c) } else { c }
    })
}

fn swapcase(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut blank = true;
    mapped(&call.text(0)?, |c| {
        let first = blank;
        blank = false;
        if unicode::is_upper(c) || unicode::is_title(c) {
            unicode::to_lower(c)
        } else if unicode::is_lower(c) {
            if first {
                unicode::to_title(c)
            } else {
                unicode::to_upper(c)
            }
        } else {
            blank = unicode::is_space(c);
            c
        }
    })
}

/// Goes by bytes, as sprig does: beyond ASCII it garbles what it changes.
fn nospace(call: &mut Call<'_>) -> Result<Value, Fault> {
    let text = call.text(0)?;
    if !text
        .bytes()
        .iter()
        .any(|b| unicode::is_space(char::from(*b)))
    {
        return Ok(Value::Text(text));
    }
    let mut out = Buffer::new();
    for c in text
        .bytes()
        .iter()
        .map(|b| char::from(*b))
        .filter(|c| !unicode::is_space(*c))
    {
        out.push_char(c);
    }
    Ok(Value::Text(out.finish()?))
}

/// Goes by bytes, too.
fn initials(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut out = Buffer::new();
    let mut gap = true;
    for c in call.text(0)?.bytes().iter().map(|b| char::from(*b)) {
        let space = unicode::is_space(c);
        if gap && !space {
            out.push_char(c);
        }
        gap = space;
    }
    Ok(Value::Text(out.finish()?))
}

/// At most `width` bytes of `text` from `offset` on, with `...` for what is left out.
fn abbreviated(call: &Call<'_>, text: &Text, offset: i64, width: i64) -> Result<Text, Fault> {
    let len = text.len() as i64;
    if len <= width || len == 0 {
        return Ok(text.clone());
    }
    let offset = offset.clamp(0, len);
    let offset = if len - offset < width - 3 {
        len - (width - 3)
    } else {
        offset
    };
    let bytes = |from: i64, to: i64| {
        let range = usize::try_from(from).ok()?..usize::try_from(to).ok()?;
        text.bytes().get(range)
    };
    let parts = if offset <= 4 {
        (&b""[..], bytes(0, width - 3), &b"..."[..])
    } else if width < 7 {
        (&b""[..], Some(&b""[..]), &b""[..])
    } else if offset + width - 3 < len {
        // The rest is abbreviated in turn, to the width less the dots.
        (&b"..."[..], bytes(offset, offset + width - 6), &b"..."[..])
    } else {
        (&b"..."[..], bytes(len - (width - 3), len), &b""[..])
    };
    let (before, kept, after) = parts;
    let mut out = Buffer::new();
    out.extend(before);
    out.extend(kept.ok_or_else(|| call.fail("the width is out of range"))?);
    out.extend(after);
    out.finish()
}

/// Breaks a line at blanks so that it has at most `width` bytes; `long` words are cut too.
fn wrap(text: &Text, width: i64, separator: &[u8], long: bool) -> Result<Value, Fault> {
    let width = usize::try_from(width).unwrap_or(1).max(1);
    let bytes = text.bytes();
    let mut out = Buffer::new();
    let mut at = 0;
    while bytes.len() - at > width && !out.is_over() {
        if bytes[at] == b' ' {
            at += 1;
            continue;
        }
        if let Some(blank) = bytes[at..at + width + 1].iter().rposition(|b| *b == b' ') {
            out.extend(&bytes[at..at + blank]);
            out.extend(separator);
            at += blank + 1;
        } else if long {
            out.extend(&bytes[at..at + width]);
            out.extend(separator);
            at += width;
        } else if let Some(blank) = bytes[at + width..].iter().position(|b| *b == b' ') {
            out.extend(&bytes[at..at + width + blank]);
            out.extend(separator);
            at += width + blank + 1;
        } else {
            out.extend(&bytes[at..]);
            at = bytes.len();
        }
    }
    out.extend(&bytes[at..]);
    Ok(Value::Text(out.finish()?))
}
