//! Sprig's lists.

use super::Param::{Any, Int};
use super::equal::deep_equal;
use super::{Call, Function, fixed, number, truth_of, variadic};
use crate::template::error::TemplateFault as Fault;
use crate::template::value::{Element, List, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    variadic("list", &[], Any, list),
    variadic("tuple", &[], Any, list),
    fixed("append", &[Any, Any], append),
    fixed("push", &[Any, Any], append),
    fixed("mustAppend", &[Any, Any], append),
    fixed("mustPush", &[Any, Any], append),
    fixed("prepend", &[Any, Any], prepend),
    fixed("mustPrepend", &[Any, Any], prepend),
    variadic("concat", &[], Any, concat),
    fixed("first", &[Any], first),
    fixed("mustFirst", &[Any], first),
    fixed("last", &[Any], last),
    fixed("mustLast", &[Any], last),
    fixed("rest", &[Any], |call| without_ends(call, 1, 0)),
    fixed("mustRest", &[Any], |call| without_ends(call, 1, 0)),
    fixed("initial", &[Any], |call| without_ends(call, 0, 1)),
    fixed("mustInitial", &[Any], |call| without_ends(call, 0, 1)),
    fixed("reverse", &[Any], reverse),
    fixed("mustReverse", &[Any], reverse),
    fixed("compact", &[Any], compact),
    fixed("mustCompact", &[Any], compact),
    fixed("uniq", &[Any], uniq),
    fixed("mustUniq", &[Any], uniq),
    variadic("without", &[Any], Any, without),
    variadic("mustWithout", &[Any], Any, without),
    fixed("has", &[Any, Any], has),
    fixed("mustHas", &[Any, Any], has),
    variadic("slice", &[Any], Any, slice),
    variadic("mustSlice", &[Any], Any, slice),
    fixed("chunk", &[Int, Any], chunk),
    fixed("mustChunk", &[Int, Any], chunk),
];

impl Call<'_> {
    /// The argument as a list, of whatever element type.
    fn list(&self, n: usize) -> Result<List, Fault> {
        match self.any(n)? {
            Value::List(list) => Ok(list),
            _ => Err(self.fail("the argument is not a list")),
        }
    }

    /// A copy of the items of a list.
    pub(super) fn items(&mut self, n: usize) -> Result<Vec<Value>, Fault> {
        let list = self.list(n)?;
        self.heap.spend_items(list.len())?;
        Ok(self.heap.items(list).to_vec())
    }

    /// A list whose items Go collects with `append`.
    fn collected(&mut self, items: Vec<Value>) -> Result<Value, Fault> {
        Ok(Value::List(self.heap.appended(Element::Any, 0, items)?))
    }

    fn made(&mut self, items: Vec<Value>) -> Result<Value, Fault> {
        Ok(Value::List(self.heap.list(Element::Any, items)?))
    }
}

fn list(call: &mut Call<'_>) -> Result<Value, Fault> {
    let items = std::mem::take(&mut call.args);
    call.made(items)
}

fn append(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut items = call.items(0)?;
    let exact = items.len();
    items.push(call.any(1)?);
    Ok(Value::List(call.heap.appended(
        Element::Any,
        exact,
        items,
    )?))
}

fn prepend(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut items = vec![call.any(1)?];
    items.append(&mut call.items(0)?);
    // Go appends all the others at once to a list of one.
    let capacity = match items.len() {
        1 => 1,
        len => Element::Any.grown(1, len),
    };
    Ok(Value::List(call.heap.list_of_capacity(
        Element::Any,
        items,
        capacity,
    )?))
}

fn concat(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut items = Vec::new();
    for n in 0..call.args.len() {
        items.append(&mut call.items(n)?);
    }
    if items.is_empty() {
        return Ok(Value::List(List::NIL));
    }
    call.collected(items)
}

fn first(call: &mut Call<'_>) -> Result<Value, Fault> {
    Ok(call.items(0)?.into_iter().next().unwrap_or(Value::Nil))
}

fn last(call: &mut Call<'_>) -> Result<Value, Fault> {
    Ok(call.items(0)?.pop().unwrap_or(Value::Nil))
}

/// A list without `front` items at the front and `back` at the end; nil when there was none.
fn without_ends(call: &mut Call<'_>, front: usize, back: usize) -> Result<Value, Fault> {
    let items = call.items(0)?;
    if items.is_empty() {
        return Ok(Value::List(List::NIL));
    }
    let kept = items[front..items.len() - back].to_vec();
    call.made(kept)
}

fn reverse(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut items = call.items(0)?;
    items.reverse();
    call.made(items)
}

fn compact(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut items = call.items(0)?;
    items.retain(|item| truth_of(call.heap, item));
    call.collected(items)
}

fn uniq(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut kept: Vec<Value> = Vec::new();
    for item in call.items(0)? {
        if !contains(call, &kept, &item)? {
            kept.push(item);
        }
    }
    call.collected(kept)
}

fn without(call: &mut Call<'_>) -> Result<Value, Fault> {
    let omitted = call.rest(1).to_vec();
    let mut kept = Vec::new();
    for item in call.items(0)? {
        if !contains(call, &omitted, &item)? {
            kept.push(item);
        }
    }
    call.collected(kept)
}

fn has(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (needle, haystack) = (call.any(0)?, call.any(1)?);
    if haystack.is_nil() {
        return Ok(Value::Bool(false));
    }
    let items = call.items(1)?;
    Ok(Value::Bool(contains(call, &items, &needle)?))
}

fn contains(call: &mut Call<'_>, items: &[Value], needle: &Value) -> Result<bool, Fault> {
    for item in items {
        if deep_equal(call.heap, needle, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `slice list from to`
fn slice(call: &mut Call<'_>) -> Result<Value, Fault> {
    let list = call.list(0)?;
    if list.len() == 0 {
        return Ok(Value::Nil);
    }
    let bound = |n: usize, or: usize| match call.args.get(n) {
        Some(value) => usize::try_from(number::to_int64(value)).ok(),
        None => Some(or),
    };
    let sliced = match (bound(1, 0), bound(2, list.len())) {
        (Some(from), Some(to)) => call.heap.slice(list, from, to),
        _ => None,
    };
    sliced
        .map(Value::List)
        .ok_or_else(|| call.fail("the bounds are out of range"))
}

/// `chunk 3 list`, with Go's arithmetic for sizes that make no sense.
fn chunk(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (size, items) = (call.int(0)?, call.items(1)?);
    let bad = "the size is out of range";
    let len = items.len() as i64;
    let count = ((len - 1) as f64 / size as f64).floor() + 1.0;
    if !(0.0..=items.len() as f64).contains(&count) {
        return Err(call.fail(bad));
    }
    let mut chunks = Vec::new();
    let count = count as i64;
    for n in 0..count {
        let rest = if n == count - 1 {
            (len as f64 % size as f64).floor() as i64
        } else {
            size
        };
        let taken = if rest == 0 { size } else { rest };
        let range = (n * size)..(n * size).saturating_add(taken);
        let range = usize::try_from(range.start)
            .ok()
            .zip(usize::try_from(range.end).ok());
        let chunk = range.and_then(|(from, to)| items.get(from..to));
        let chunk = chunk.ok_or_else(|| call.fail(bad))?.to_vec();
        chunks.push(Value::List(call.heap.list(Element::Any, chunk)?));
    }
    Ok(Value::List(call.heap.list(Element::List, chunks)?))
}
