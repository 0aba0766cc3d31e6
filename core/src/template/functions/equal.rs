//! `reflect.DeepEqual`, and what depends on types.

use super::Param::{Any, Text};
use super::{Call, Function, fixed};
use crate::template::error::TemplateFault as Fault;
use crate::template::heap::Heap;
use crate::template::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    fixed("deepEqual", &[Any, Any], |call| {
        let (a, b) = (call.any(0)?, call.any(1)?);
        Ok(Value::Bool(deep_equal(call.heap, &a, &b)?))
    }),
    fixed("typeOf", &[Any], |call| {
        Ok(Value::text(call.any(0)?.type_name()))
    }),
    fixed("kindOf", &[Any], |call| {
        Ok(Value::text(call.any(0)?.kind_name()))
    }),
    fixed("typeIs", &[Text, Any], |call| named(call, Value::type_name)),
    // A pointer is like what it points to.
    fixed("typeIsLike", &[Text, Any], |call| {
        let (name, value) = (call.text(0)?, call.any(1)?);
        let of = value.type_name();
        let names = [of, of.strip_prefix('*').unwrap_or(of)];
        Ok(Value::Bool(
            names.iter().any(|of| of.as_bytes() == name.bytes()),
        ))
    }),
    fixed("kindIs", &[Text, Any], |call| named(call, Value::kind_name)),
];

fn named(call: &Call<'_>, name: fn(&Value) -> &'static str) -> Result<Value, Fault> {
    Ok(Value::Bool(
        call.text(0)?.bytes() == name(&call.any(1)?).as_bytes(),
    ))
}

/// Whether types and contents agree, all the way down.
pub(super) fn deep_equal(heap: &Heap, a: &Value, b: &Value) -> Result<bool, Fault> {
    equal(heap, a, b, 0)
}

fn equal(heap: &Heap, a: &Value, b: &Value, depth: usize) -> Result<bool, Fault> {
    heap.spend(1)?;
    if depth > DEPTH {
        return Err(Fault::TooDeep);
    }
    Ok(match (a, b) {
        (Value::Nil | Value::NilInterface, Value::Nil | Value::NilInterface) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a), Value::Int(b)) | (Value::Int64(a), Value::Int64(b)) => a == b,
        (Value::Byte(a), Value::Byte(b)) => a == b,
        (Value::Uint(a), Value::Uint(b)) => a == b,
        (Value::Named(a, n), Value::Named(b, m)) => a == b && n == m,
        (Value::Object(a), Value::Object(b)) => {
            heap.spend_bytes(a.bytes())?;
            a.deep_equals(b)
        }
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Complex(a, b), Value::Complex(c, d)) => a == c && b == d,
        (Value::Text(a), Value::Text(b)) => {
            heap.spend_bytes(a.len())?;
            a == b
        }
        (Value::List(a), Value::List(b)) => {
            if a.of != b.of || a.is_nil() != b.is_nil() || a.len() != b.len() {
                return Ok(false);
            }
            if a == b {
                return Ok(true);
            }
            for n in 0..a.len() {
                if !equal(heap, &heap.items(*a)[n], &heap.items(*b)[n], depth + 1)? {
                    return Ok(false);
                }
            }
            true
        }
        (Value::Map(a), Value::Map(b)) => {
            let (all, other) = (heap.entries(*a), heap.entries(*b));
            if a.of_text != b.of_text || a.is_nil() != b.is_nil() || all.len() != other.len() {
                return Ok(false);
            }
            if a == b {
                return Ok(true);
            }
            for (key, a) in all {
                heap.spend_bytes(key.len())?;
                match other.get(key) {
                    Some(b) if equal(heap, a, b, depth + 1)? => {}
                    _ => return Ok(false),
                }
            }
            true
        }
        _ => false,
    })
}

/// How deeply compared values may be nested.
const DEPTH: usize = 100;
