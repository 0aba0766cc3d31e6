//! Sprig's lists of texts and of integers.

use super::Param::{Any, Int, Text};
use super::search::split;
use super::strings::string_of;
use super::{Call, Function, fixed, variadic};
use crate::template::error::TemplateFault as Fault;
use crate::template::format;
use crate::template::text::Buffer;
use crate::template::value::{Element, List, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    fixed("join", &[Text, Any], join),
    fixed("splitList", &[Text, Text], split_list),
    fixed("toStrings", &[Any], |call| {
        Ok(Value::List(strings(call, &call.any(0)?)?))
    }),
    fixed("sortAlpha", &[Any], sort_alpha),
    fixed("until", &[Int], |call| {
        let end = call.int(0)?;
        integers(call, 0, end, if end < 0 { -1 } else { 1 })
    }),
    fixed("untilStep", &[Int, Int, Int], |call| {
        let (start, end, step) = (call.int(0)?, call.int(1)?, call.int(2)?);
        integers(call, start, end, step)
    }),
    variadic("seq", &[], Int, seq),
];

/// Sprig's `strslice`: the items as texts, without those that are nothing.
pub(super) fn strings(call: &mut Call<'_>, value: &Value) -> Result<List, Fault> {
    let (items, capacity) = match value {
        Value::List(list) if list.of == Element::Text => return Ok(*list),
        Value::List(list) => {
            call.heap.spend_items(list.len())?;
            (call.heap.items(*list).to_vec(), list.len())
        }
        value if value.is_nil() => (Vec::new(), 0),
        value => (vec![value.clone()], 1),
    };
    let mut texts = Vec::new();
    for item in items.iter().filter(|item| !item.is_nil()) {
        texts.push(Value::Text(string_of(call.heap, item)?));
    }
    call.heap.list_of_capacity(Element::Text, texts, capacity)
}

fn join(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (separator, list) = (call.text(0)?, call.any(1)?);
    let texts = strings(call, &list)?;
    call.heap.spend_items(texts.len())?;
    let mut out = Buffer::new();
    for (n, item) in call.heap.items(texts).iter().enumerate() {
        if n > 0 {
            out.extend(separator.bytes());
        }
        if let Value::Text(text) = item {
            out.extend(text.bytes());
        }
    }
    Ok(Value::Text(out.finish()?))
}

fn split_list(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (separator, text) = (call.text(0)?, call.text(1)?);
    let mut texts = Vec::new();
    for piece in split(text.bytes(), separator.bytes(), usize::MAX) {
        call.heap.spend(1)?;
        texts.push(Value::text(piece));
    }
    Ok(Value::List(call.heap.list(Element::Text, texts)?))
}

/// Sorts a list of texts in place, as sprig does, and any other one as a copy.
fn sort_alpha(call: &mut Call<'_>) -> Result<Value, Fault> {
    let value = call.any(0)?;
    let Value::List(_) = value else {
        let text = string_of(call.heap, &value)?;
        return Ok(Value::List(
            call.heap.list(Element::Text, vec![Value::Text(text)])?,
        ));
    };
    let list = strings(call, &value)?;
    // Sorting reads each text about as often as the length of the list has digits.
    let digits = (usize::BITS - list.len().leading_zeros()) as usize;
    call.heap.spend_items(list.len() * digits)?;
    for item in call.heap.items(list) {
        if let Value::Text(text) = item {
            call.heap.spend_bytes(text.len() * digits)?;
        }
    }
    call.heap.items_mut(list).sort_by(|a, b| match (a, b) {
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        _ => std::cmp::Ordering::Equal,
    });
    Ok(Value::List(list))
}

/// The integers from `start` up or down to `end`, without it.
fn numbers(call: &mut Call<'_>, start: i64, end: i64, step: i64) -> Result<Vec<Value>, Fault> {
    let mut found = Vec::new();
    let (mut n, down) = (start, end < start);
    if (down && step >= 0) || (!down && step <= 0) {
        return Ok(found);
    }
    while (down && n > end) || (!down && n < end) {
        call.heap.spend(1)?;
        found.push(Value::Int(n));
        n = n.wrapping_add(step);
    }
    Ok(found)
}

fn integers(call: &mut Call<'_>, start: i64, end: i64, step: i64) -> Result<Value, Fault> {
    let found = numbers(call, start, end, step)?;
    Ok(Value::List(call.heap.appended(Element::Int, 0, found)?))
}

/// `seq end`, `seq start end` or `seq start step end`, as text; the end is included.
fn seq(call: &mut Call<'_>) -> Result<Value, Fault> {
    let params: Result<Vec<i64>, Fault> = (0..call.args.len()).map(|n| call.int(n)).collect();
    let (start, step, end) = match params?.as_slice() {
        [end] => (1, None, *end),
        [start, end] => (*start, None, *end),
        [start, step, end] => (*start, Some(*step), *end),
        _ => return Ok(Value::text("")),
    };
    let direction = if end < start { -1 } else { 1 };
    let step = step.unwrap_or(direction);
    if direction < 0 && step > 0 {
        return Ok(Value::text(""));
    }
    let found = numbers(call, start, end.wrapping_add(direction), step)?;
    let mut out = Buffer::new();
    for (n, number) in found.iter().enumerate() {
        if n > 0 {
            out.push(b' ');
        }
        format::print(call.heap, number, &mut out)?;
    }
    Ok(Value::Text(out.finish()?))
}
