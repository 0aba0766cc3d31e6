//! Go's own functions: `index`, `len`, `print`, `html` and so on.

use super::{Call, Function, Param, Run, fixed, variadic};
use crate::template::error::TemplateFault as Fault;
use crate::template::format;
use crate::template::heap::Heap;
use crate::template::text::{Buffer, Text};
use crate::template::unicode;
use crate::template::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "and",
        fixed: &[Param::Reflect],
        rest: Some(Param::Reflect),
        run: Run::And,
    },
    Function {
        name: "or",
        fixed: &[Param::Reflect],
        rest: Some(Param::Reflect),
        run: Run::Or,
    },
    fixed("not", &[Param::Reflect], |call| {
        Ok(Value::Bool(!truth(call, &call.any(0)?)))
    }),
    // No value is a function.
    variadic("call", &[Param::Reflect], Param::Reflect, |call| {
        Err(call.fail("the value is not a function"))
    }),
    variadic("index", &[Param::Reflect], Param::Reflect, index),
    fixed("len", &[Param::Reflect], len),
    variadic("print", &[], Param::Any, |call| {
        Ok(Value::Text(format::sprint(call.heap, &call.args)?))
    }),
    variadic("println", &[], Param::Any, |call| {
        Ok(Value::Text(format::sprintln(call.heap, &call.args)?))
    }),
    variadic("printf", &[Param::Text], Param::Any, |call| {
        let directives = call.text(0)?;
        Ok(Value::Text(format::sprintf(
            call.heap,
            directives.bytes(),
            call.rest(1),
        )?))
    }),
    variadic("html", &[], Param::Any, |call| escaped(call, html)),
    variadic("js", &[], Param::Any, |call| escaped(call, js)),
    variadic("urlquery", &[], Param::Any, |call| escaped(call, urlquery)),
];

/// Go's truth: not the zero of its type, nor empty.
pub(crate) fn truth_of(heap: &Heap, value: &Value) -> bool {
    match value {
        Value::Nil | Value::NilInterface => false,
        Value::Bool(b) => *b,
        Value::Int(i) | Value::Int64(i) => *i != 0,
        Value::Uint(n) => *n != 0,
        Value::Named(_, n) => *n != 0,
        Value::Byte(b) => *b != 0,
        Value::Float(f) => *f != 0.0,
        Value::Complex(a, b) => *a != 0.0 || *b != 0.0,
        Value::Text(text) => text.len() > 0,
        Value::List(list) => list.len() > 0,
        Value::Map(map) => !heap.entries(*map).is_empty(),
        Value::Object(_) => true,
    }
}

fn truth(call: &Call<'_>, value: &Value) -> bool {
    truth_of(call.heap, value)
}

/// `index x 1 "a"`: x[1]["a"]
fn index(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut item = call.any(0)?.inside();
    if item.is_nil() {
        return Err(call.fail("nothing to index"));
    }
    for index in call.rest(1) {
        let index = index.clone().inside();
        item = match item.inside() {
            Value::Text(text) => {
                let n = position(call, &index, text.len())?;
                let byte = text
                    .bytes()
                    .get(n)
                    .ok_or_else(|| call.fail("index out of range"))?;
                Value::Byte(*byte)
            }
            Value::List(list) => {
                let n = position(call, &index, list.len())?;
                call.heap
                    .element(list, n)
                    .ok_or_else(|| call.fail("index out of range"))?
            }
            Value::Map(map) => {
                let Value::Text(key) = index else {
                    return Err(call.fail("a map is indexed by strings"));
                };
                match call.heap.entries(map).get(&key) {
                    Some(value) => value.element(),
                    None if call.heap.strict && map == call.heap.root => {
                        return Err(Fault::MissingKey(None));
                    }
                    None if map.of_text => Value::text(""),
                    None => Value::NilInterface,
                }
            }
            _ => return Err(call.fail("values of this type cannot be indexed")),
        };
    }
    Ok(item)
}

/// An index from 0 up to the length.
fn position(call: &Call<'_>, index: &Value, len: usize) -> Result<usize, Fault> {
    let n = match index {
        Value::Int(i) | Value::Int64(i) => *i,
        Value::Byte(b) => i64::from(*b),
        Value::Uint(n) => i64::try_from(*n).unwrap_or(-1),
        Value::Named(_, n) => *n,
        _ => return Err(call.fail("an index must be an integer")),
    };
    let n = usize::try_from(n).ok().filter(|n| *n <= len);
    n.ok_or_else(|| call.fail("index out of range"))
}

fn len(call: &mut Call<'_>) -> Result<Value, Fault> {
    let len = match call.any(0)?.inside() {
        Value::Text(text) => text.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => call.heap.entries(map).len(),
        _ => return Err(call.fail("values of this type have no length")),
    };
    Ok(Value::Int(len as i64))
}

/// Escapes the text of the arguments together.
fn escaped(call: &mut Call<'_>, escape: fn(&[u8], &mut Buffer)) -> Result<Value, Fault> {
    if call.heap.strict && call.args.iter().any(Value::is_nil) {
        return Err(Fault::NoValue);
    }
    // Nothing at all is printed as it would be by itself.
    let shown: Vec<Value> = call.args.iter().cloned().map(no_value).collect();
    let text: Text = match shown.as_slice() {
        [Value::Text(text)] => text.clone(),
        values => format::sprint(call.heap, values)?,
    };
    let mut out = Buffer::new();
    escape(text.bytes(), &mut out);
    Ok(Value::Text(out.finish()?))
}

fn no_value(value: Value) -> Value {
    if value.is_nil() {
        Value::text("<no value>")
    } else {
        value
    }
}

fn html(text: &[u8], out: &mut Buffer) {
    for byte in text {
        match byte {
            0 => out.extend("\u{fffd}".as_bytes()),
            b'"' => out.extend(b"&#34;"),
            b'\'' => out.extend(b"&#39;"),
            b'&' => out.extend(b"&amp;"),
            b'<' => out.extend(b"&lt;"),
            b'>' => out.extend(b"&gt;"),
            byte => out.push(*byte),
        }
    }
}

fn js(text: &[u8], out: &mut Buffer) {
    for (at, c, width) in unicode::chars(text) {
        match c {
            '\\' => out.extend(b"\\\\"),
            '\'' => out.extend(b"\\'"),
            '"' => out.extend(b"\\\""),
            '<' | '>' | '&' | '=' | '\0'..='\u{1f}' => {
                out.extend(format!("\\u{:04X}", u32::from(c)).as_bytes());
            }
            c if c.is_ascii() || unicode::is_print(c) => out.extend(&text[at..at + width]),
            c => out.extend(format!("\\u{:04X}", u32::from(c)).as_bytes()),
        }
    }
}

/// `url.QueryEscape`
fn urlquery(text: &[u8], out: &mut Buffer) {
    for byte in text {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(*byte),
            b' ' => out.push(b'+'),
            byte => out.extend(format!("%{byte:02X}").as_bytes()),
        }
    }
}
