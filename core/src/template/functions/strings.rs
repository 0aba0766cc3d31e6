//! Sprig's functions on texts: searching, cutting, repeating, joining.

use std::collections::HashSet;

use super::Param::{Any, Int};
use super::search::{Finder, split};
use super::{Call, Function, Param, fixed, variadic};
use crate::template::error::TemplateFault as Fault;
use crate::template::format;
use crate::template::heap::Heap;
use crate::template::text::{Buffer, TEXT_BYTES, Text};
use crate::template::unicode;
use crate::template::value::{Element, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    fixed("hello", &[], |_| Ok(Value::text("Hello!"))),
    fixed("contains", TWO, |call| {
        test(call, |part, text| Finder::new(part).find(text).is_some())
    }),
    fixed("hasPrefix", TWO, |call| {
        test(call, |part, text| text.starts_with(part))
    }),
    fixed("hasSuffix", TWO, |call| {
        test(call, |part, text| text.ends_with(part))
    }),
    fixed("trim", ONE, |call| part(&call.text(0)?, trim_space)),
    fixed("trimall", TWO, trim_all),
    fixed("trimAll", TWO, trim_all),
    fixed("trimPrefix", TWO, |call| {
        let prefix = call.text(0)?;
        part(&call.text(1)?, |text| {
            text.strip_prefix(prefix.bytes()).unwrap_or(text)
        })
    }),
    fixed("trimSuffix", TWO, |call| {
        let suffix = call.text(0)?;
        part(&call.text(1)?, |text| {
            text.strip_suffix(suffix.bytes()).unwrap_or(text)
        })
    }),
    fixed("replace", &[TEXT, TEXT, TEXT], replace),
    fixed("repeat", &[Int, TEXT], repeat),
    fixed("indent", &[Int, TEXT], |call| indent(call, "")),
    fixed("nindent", &[Int, TEXT], |call| indent(call, "\n")),
    fixed("trunc", &[Int, TEXT], trunc),
    fixed("substr", &[Int, Int, TEXT], substr),
    fixed("plural", &[TEXT, TEXT, Int], |call| {
        call.any(usize::from(call.int(2)? != 1))
    }),
    variadic("quote", &[], Any, quote),
    variadic("squote", &[], Any, squote),
    variadic("cat", &[], Any, cat),
    fixed("toString", &[Any], |call| {
        let value = call.any(0)?;
        Ok(Value::Text(string_of(call.heap, &value)?))
    }),
    fixed("regexQuoteMeta", ONE, |call| {
        let mut out = Buffer::new();
        for byte in call.text(0)?.bytes() {
            if b"\\.+*?()|[]{}^$".contains(byte) {
                out.push(b'\\');
            }
            out.push(*byte);
        }
        Ok(Value::Text(out.finish()?))
    }),
];

const TEXT: Param = Param::Text;
const ONE: &[Param] = &[Param::Text];
const TWO: &[Param] = &[Param::Text, Param::Text];

/// Sprig's `strval`: a text is itself, so are bytes, and everything else is printed.
pub(super) fn string_of(heap: &mut Heap, value: &Value) -> Result<Text, Fault> {
    if let Value::Text(text) = value {
        return Ok(text.clone());
    }
    if let Value::List(list) = value
        && list.of == Element::Byte
    {
        heap.spend_items(list.len())?;
        return Ok(Text::from(heap.bytes_of(*list).as_slice()));
    }
    printed(heap, value)
}

fn printed(heap: &mut Heap, value: &Value) -> Result<Text, Fault> {
    if let Value::Text(text) = value {
        return Ok(text.clone());
    }
    let text = format::sprint(heap, std::slice::from_ref(value))?;
    heap.spend_bytes(text.len())?;
    Ok(text)
}

pub(super) fn trim_space(text: &[u8]) -> &[u8] {
    trim(text, unicode::is_space)
}

fn trim(mut text: &[u8], cut: impl Fn(char) -> bool) -> &[u8] {
    loop {
        let (c, width) = unicode::decode(text);
        if width == 0 || !cut(c) {
            break;
        }
        text = &text[width..];
    }
    loop {
        let (c, width) = unicode::decode_last(text);
        if width == 0 || !cut(c) {
            break;
        }
        text = &text[..text.len() - width];
    }
    text
}

fn test(call: &Call<'_>, test: impl Fn(&[u8], &[u8]) -> bool) -> Result<Value, Fault> {
    Ok(Value::Bool(test(
        call.text(0)?.bytes(),
        call.text(1)?.bytes(),
    )))
}

/// A part of a text; the whole is not copied.
fn part(text: &Text, cut: impl Fn(&[u8]) -> &[u8]) -> Result<Value, Fault> {
    let part = cut(text.bytes());
    Ok(if part.len() == text.len() {
        Value::Text(text.clone())
    } else {
        Value::text(part)
    })
}

/// `trimAll "$" text`
fn trim_all(call: &mut Call<'_>) -> Result<Value, Fault> {
    let cutset = call.text(0)?;
    // Each character is looked up in a table.
    call.heap
        .spend_bytes(4 * (cutset.len() + call.text(1)?.len()))?;
    let chars: HashSet<char> = unicode::chars(cutset.bytes()).map(|(_, c, _)| c).collect();
    part(&call.text(1)?, |text| trim(text, |c| chars.contains(&c)))
}

/// `replace old new text`
fn replace(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (old, new, text) = (call.text(0)?, call.text(1)?, call.text(2)?);
    if old == new {
        return Ok(Value::Text(text));
    }
    let mut out = Buffer::new();
    if old.len() == 0 {
        // Nothing is found before each character and at the end.
        for (at, _, width) in unicode::chars(text.bytes()) {
            out.extend(new.bytes());
            out.extend(&text.bytes()[at..at + width]);
        }
        out.extend(new.bytes());
    } else {
        for (n, piece) in split(text.bytes(), old.bytes(), usize::MAX).enumerate() {
            if n > 0 {
                out.extend(new.bytes());
            }
            out.extend(piece);
        }
    }
    Ok(Value::Text(out.finish()?))
}

/// `repeat 3 text`
fn repeat(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (count, text) = (call.int(0)?, call.text(1)?);
    let count = usize::try_from(count).map_err(|_| call.fail("the count is negative"))?;
    if text.len() == 0 {
        return Ok(Value::text(""));
    }
    if count.saturating_mul(text.len()) > TEXT_BYTES {
        return Err(Fault::TextTooLarge);
    }
    let mut out = Buffer::new();
    for _ in 0..count {
        out.extend(text.bytes());
    }
    Ok(Value::Text(out.finish()?))
}

/// `indent 4 text`: blanks before each line.
fn indent(call: &mut Call<'_>, before: &str) -> Result<Value, Fault> {
    let (count, text) = (call.int(0)?, call.text(1)?);
    let count = usize::try_from(count).map_err(|_| call.fail("the count is negative"))?;
    let mut out = Buffer::new();
    out.extend(before.as_bytes());
    out.pad(b' ', count);
    for byte in text.bytes() {
        out.push(*byte);
        if *byte == b'\n' {
            out.pad(b' ', count);
        }
    }
    Ok(Value::Text(out.finish()?))
}

/// `trunc 5 text`; a negative count keeps the end.
fn trunc(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (count, text) = (call.int(0)?, call.text(1)?);
    let keep = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    part(&text, |text| match text.len().checked_sub(keep) {
        Some(rest) if count < 0 && rest > 0 => &text[rest..],
        Some(_) if count >= 0 => &text[..keep],
        _ => text,
    })
}

/// `substr 0 5 text`
fn substr(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (start, end, text) = (call.int(0)?, call.int(1)?, call.text(2)?);
    let bytes = text.bytes();
    let (from, to) = (usize::try_from(start), usize::try_from(end));
    let found = match (from, to) {
        (Err(_), Ok(to)) => bytes.get(..to),
        (Err(_), Err(_)) => None,
        (Ok(from), Ok(to)) if to <= bytes.len() => bytes.get(from..to),
        (Ok(from), _) => bytes.get(from..),
    };
    found
        .map(Value::text)
        .ok_or_else(|| call.fail("the text is shorter"))
}

/// The arguments that are there as texts, each written by `write`, with blanks between.
fn joined(
    call: &mut Call<'_>,
    text_of: fn(&mut Heap, &Value) -> Result<Text, Fault>,
    write: impl Fn(&mut Buffer, &[u8]),
) -> Result<Value, Fault> {
    let mut out = Buffer::new();
    let args = std::mem::take(&mut call.args);
    for (n, value) in args.iter().filter(|value| !value.is_nil()).enumerate() {
        if n > 0 {
            out.push(b' ');
        }
        write(&mut out, text_of(call.heap, value)?.bytes());
    }
    Ok(Value::Text(out.finish()?))
}

fn quote(call: &mut Call<'_>) -> Result<Value, Fault> {
    joined(call, string_of, |out, text| {
        format::quote(out, text, '"', false)
    })
}

fn squote(call: &mut Call<'_>) -> Result<Value, Fault> {
    joined(call, printed, |out, text| {
        out.push(b'\'');
        out.extend(text);
        out.push(b'\'');
    })
}

fn cat(call: &mut Call<'_>) -> Result<Value, Fault> {
    joined(call, printed, |out, text| out.extend(text))
}
