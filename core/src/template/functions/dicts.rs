//! Sprig's dicts. Where Go's order is random, the keys are sorted.

use std::collections::BTreeMap;

use super::Param::{Any, Dict, Int, Text as Word};
use super::search::split;
use super::strings::string_of;
use super::{Call, Function, fixed, variadic};
use crate::template::error::TemplateFault as Fault;
use crate::template::heap::Heap;
use crate::template::text::Text;
use crate::template::value::{Element, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    variadic("dict", &[], Any, dict),
    fixed("get", &[Dict, Word], |call| {
        let (dict, key) = (call.dict(0)?, call.text(1)?);
        Ok(call
            .heap
            .entries(dict)
            .get(&key)
            .cloned()
            .unwrap_or_else(|| Value::text("")))
    }),
    fixed("set", &[Dict, Word, Any], set),
    fixed("unset", &[Dict, Word], |call| {
        let (dict, key) = (call.dict(0)?, call.text(1)?);
        if let Some(entries) = call.heap.entries_mut(dict) {
            entries.remove(&key);
        }
        Ok(Value::Map(dict))
    }),
    fixed("hasKey", &[Dict, Word], |call| {
        let (dict, key) = (call.dict(0)?, call.text(1)?);
        Ok(Value::Bool(call.heap.entries(dict).contains_key(&key)))
    }),
    variadic("pluck", &[Word], Dict, pluck),
    variadic("keys", &[], Dict, keys),
    fixed("values", &[Dict], values),
    variadic("pick", &[Dict], Word, |call| filtered(call, true)),
    variadic("omit", &[Dict], Word, |call| filtered(call, false)),
    variadic("dig", &[], Any, dig),
    fixed("deepCopy", &[Any], deep_copy),
    fixed("mustDeepCopy", &[Any], deep_copy),
    fixed("split", &[Word, Word], |call| {
        let (separator, text) = (call.text(0)?, call.text(1)?);
        numbered(call, text.bytes(), separator.bytes(), usize::MAX)
    }),
    fixed("splitn", &[Word, Int, Word], |call| {
        let (separator, limit, text) = (call.text(0)?, call.int(1)?, call.text(2)?);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        numbered(call, text.bytes(), separator.bytes(), limit)
    }),
];

/// `dict "a" 1 "b" 2`; a key without a value gets an empty text.
fn dict(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut entries = BTreeMap::new();
    let args = std::mem::take(&mut call.args);
    for pair in args.chunks(2) {
        let key = string_of(call.heap, &pair[0])?;
        entries.insert(key, pair.get(1).cloned().unwrap_or_else(|| Value::text("")));
    }
    Ok(Value::Map(call.heap.map(false, entries)?))
}

fn set(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (dict, key, value) = (call.dict(0)?, call.text(1)?, call.any(2)?);
    match call.heap.entries_mut(dict) {
        Some(entries) => entries.insert(key, value),
        None => return Err(call.fail("there is no dict")),
    };
    Ok(Value::Map(dict))
}

/// The values that dicts have for one key.
fn pluck(call: &mut Call<'_>) -> Result<Value, Fault> {
    let key = call.text(0)?;
    let mut found = Vec::new();
    for n in 1..call.args.len() {
        call.heap.spend_bytes(key.len())?;
        found.extend(call.heap.entries(call.dict(n)?).get(&key).cloned());
    }
    Ok(Value::List(call.heap.appended(Element::Any, 0, found)?))
}

fn keys(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut found = Vec::new();
    for n in 0..call.args.len() {
        let entries = call.heap.entries(call.dict(n)?);
        call.heap.spend_items(entries.len())?;
        found.extend(entries.keys().cloned().map(Value::Text));
    }
    Ok(Value::List(call.heap.appended(Element::Text, 0, found)?))
}

fn values(call: &mut Call<'_>) -> Result<Value, Fault> {
    let entries = call.heap.entries(call.dict(0)?);
    call.heap.spend_items(entries.len())?;
    let found = entries.values().cloned().collect();
    Ok(Value::List(call.heap.appended(Element::Any, 0, found)?))
}

/// A dict of the entries whose keys are listed, or of the others.
fn filtered(call: &mut Call<'_>, listed: bool) -> Result<Value, Fault> {
    let dict = call.dict(0)?;
    let listing: Result<Vec<Text>, Fault> = (1..call.args.len()).map(|n| call.text(n)).collect();
    let mut listing = listing?;
    let all = call.heap.entries(dict);
    let copied = |(key, value): (&Text, &Value)| (key.clone(), value.clone());
    let entries: BTreeMap<_, _> = if listed {
        let found = listing.iter().filter_map(|key| all.get_key_value(key));
        found.map(copied).collect()
    } else {
        listing.sort();
        for key in all.keys() {
            call.heap.spend(1)?;
            call.heap.spend_bytes(key.len())?;
        }
        let kept = all
            .iter()
            .filter(|(key, _)| listing.binary_search(key).is_err());
        kept.map(copied).collect()
    };
    Ok(Value::Map(call.heap.map(false, entries)?))
}

/// `dig "a" "b" default dict`
fn dig(call: &mut Call<'_>) -> Result<Value, Fault> {
    let not_a_dict = "a step leads to something that is not a dict";
    let [steps @ .., default, last] = call.args.as_slice() else {
        return Err(call.fail("it takes at least three arguments"));
    };
    let mut found = last.clone();
    if steps.is_empty() {
        return Err(call.fail("it takes at least three arguments"));
    }
    if !matches!(found, Value::Map(map) if !map.of_text) {
        return Err(call.fail(not_a_dict));
    }
    if steps.iter().any(|step| !matches!(step, Value::Text(_))) {
        return Err(call.fail("a step is not a string"));
    }
    for step in steps {
        let (Value::Text(key), Value::Map(map)) = (step, &found) else {
            return Err(call.fail(not_a_dict));
        };
        match call.heap.entries(*map).get(key) {
            _ if map.of_text => return Err(call.fail(not_a_dict)),
            Some(next) => found = next.clone(),
            None => return Ok(default.clone()),
        }
    }
    Ok(found)
}

fn deep_copy(call: &mut Call<'_>) -> Result<Value, Fault> {
    let value = call.any(0)?;
    if value.is_nil() {
        return Err(call.fail("there is nothing to copy"));
    }
    copied(call.heap, &value, 0)
}

fn copied(heap: &mut Heap, value: &Value, depth: usize) -> Result<Value, Fault> {
    heap.spend(1)?;
    if depth > DEPTH {
        return Err(Fault::TooDeep);
    }
    match value {
        Value::List(list) if !list.is_nil() => {
            heap.spend(list.len())?;
            let items = heap.items(*list).to_vec();
            let items: Result<_, _> = items
                .iter()
                .map(|item| copied(heap, item, depth + 1))
                .collect();
            let copy = heap.list_of_capacity(list.of, items?, list.capacity())?;
            Ok(Value::List(copy))
        }
        Value::Map(map) if !map.is_nil() => {
            heap.spend(heap.entries(*map).len())?;
            let entries = heap.entries(*map).clone();
            let entries: Result<BTreeMap<_, _>, _> = entries
                .into_iter()
                .map(|(key, item)| Ok::<_, Fault>((key, copied(heap, &item, depth + 1)?)))
                .collect();
            let copy = heap.map(map.of_text, entries?)?;
            Ok(Value::Map(copy))
        }
        Value::Object(object) => Ok(Value::Object(object.copied())),
        value => Ok(value.clone()),
    }
}

/// The pieces of a split text under the keys `_0`, `_1` and so on.
fn numbered(
    call: &mut Call<'_>,
    text: &[u8],
    separator: &[u8],
    limit: usize,
) -> Result<Value, Fault> {
    let key = |n: usize| Text::from(format!("_{n}").as_str());
    let mut entries = BTreeMap::new();
    for (n, piece) in split(text, separator, limit).enumerate() {
        call.heap.spend(1)?;
        entries.insert(key(n), Value::text(piece));
    }
    Ok(Value::Map(call.heap.map(true, entries)?))
}

/// How deeply copied values may be nested.
const DEPTH: usize = 100;
