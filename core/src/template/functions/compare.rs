//! Go's comparisons: `eq`, `ne`, `lt`, `le`, `gt`, `ge`.

use super::{Call, Function, Param, fixed, variadic};
use crate::template::error::TemplateFault as Fault;
use crate::template::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    variadic("eq", &[Param::Reflect], Param::Reflect, |call| {
        equal(call).map(Value::Bool)
    }),
    fixed("ne", TWO, |call| equal(call).map(|same| Value::Bool(!same))),
    fixed("lt", TWO, |call| less(call).map(Value::Bool)),
    fixed("le", TWO, |call| less_or_equal(call).map(Value::Bool)),
    fixed("gt", TWO, |call| {
        less_or_equal(call).map(|le| Value::Bool(!le))
    }),
    fixed("ge", TWO, |call| less(call).map(|lt| Value::Bool(!lt))),
];

const TWO: &[Param] = &[Param::Reflect, Param::Reflect];

/// Whether the first argument equals one of the others.
fn equal(call: &Call<'_>) -> Result<bool, Fault> {
    let first = call.any(0)?.inside();
    if call.args.len() < 2 {
        return Err(Fault::ArgumentCount(call.name));
    }
    for other in call.rest(1) {
        if same(call, &first, &other.clone().inside())? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn same(call: &Call<'_>, a: &Value, b: &Value) -> Result<bool, Fault> {
    let incompatible = || call.fail("values of these types cannot be compared");
    Ok(match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Complex(a, b), Value::Complex(c, d)) => a == c && b == d,
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::Nil, Value::Nil) => true,
        (Value::List(list), Value::Nil) | (Value::Nil, Value::List(list)) => list.is_nil(),
        (Value::Map(map), Value::Nil) | (Value::Nil, Value::Map(map)) => map.is_nil(),
        (Value::Nil, _) | (_, Value::Nil) => false,
        (Value::Object(a), Value::Object(b)) => a.equals(b),
        // Lists and maps compare with nil only.
        (Value::List(a), Value::List(b)) if a.is_nil() || b.is_nil() => a.is_nil() == b.is_nil(),
        (Value::Map(a), Value::Map(b)) if a.is_nil() || b.is_nil() => a.is_nil() == b.is_nil(),
        _ => match (integer(a), integer(b)) {
            (Some(a), Some(b)) => a == b,
            _ => return Err(incompatible()),
        },
    })
}

fn less(call: &Call<'_>) -> Result<bool, Fault> {
    let (a, b) = (call.any(0)?.inside(), call.any(1)?.inside());
    match (&a, &b) {
        (Value::Float(a), Value::Float(b)) => Ok(a < b),
        (Value::Text(a), Value::Text(b)) => Ok(a < b),
        _ => match (integer(&a), integer(&b)) {
            (Some(a), Some(b)) => Ok(a < b),
            _ => Err(call.fail("values of these types have no order")),
        },
    }
}

fn less_or_equal(call: &Call<'_>) -> Result<bool, Fault> {
    Ok(less(call)? || equal(call)?)
}

/// Integers compare with each other whatever their width and sign.
fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::Int(i) | Value::Int64(i) | Value::Named(_, i) => Some(i128::from(*i)),
        Value::Uint(n) => Some(i128::from(*n)),
        Value::Byte(b) => Some(i128::from(*b)),
        _ => None,
    }
}
