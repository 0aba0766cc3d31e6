//! Sprig's numbers, and its conversions to them.

use super::Param::{Any, Float, Int, Text};
use super::{Call, Function, fixed, variadic};
use crate::template::error::TemplateFault as Fault;
use crate::template::format;
use crate::template::heap::Heap;
use crate::template::object::Named;
use crate::template::strconv::{NotInt, float_steps, parse_float, parse_int, to_int};
use crate::template::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    fixed("atoi", &[Text], |call| {
        Ok(Value::Int(match parse_int(call.text(0)?.bytes(), 10) {
            Ok(int) | Err(NotInt::Range(int)) => int,
            Err(NotInt::Syntax) => 0,
        }))
    }),
    fixed("int", &[Any], |call| {
        Ok(Value::Int(to_int64(&call.any(0)?)))
    }),
    fixed("int64", &[Any], |call| {
        Ok(Value::Int64(to_int64(&call.any(0)?)))
    }),
    fixed("float64", &[Any], |call| Ok(Value::Float(float(call, 0)?))),
    fixed("toDecimal", &[Any], |call| {
        let text = format::sprint(call.heap, &call.args)?;
        Ok(Value::Int64(parse_int(text.bytes(), 8).unwrap_or(0)))
    }),
    fixed("add1", &[Any], |call| {
        Ok(Value::Int64(to_int64(&call.any(0)?).wrapping_add(1)))
    }),
    variadic("add", &[], Any, |call| {
        fold(call, Some(0), i64::wrapping_add)
    }),
    variadic("mul", &[Any], Any, |call| {
        fold(call, None, i64::wrapping_mul)
    }),
    fixed("sub", &[Any, Any], |call| {
        fold(call, None, i64::wrapping_sub)
    }),
    fixed("div", &[Any, Any], |call| divided(call, i64::wrapping_div)),
    fixed("mod", &[Any, Any], |call| divided(call, i64::wrapping_rem)),
    variadic("max", &[Any], Any, |call| fold(call, None, i64::max)),
    variadic("biggest", &[Any], Any, |call| fold(call, None, i64::max)),
    variadic("min", &[Any], Any, |call| fold(call, None, i64::min)),
    variadic("maxf", &[Any], Any, |call| fold_floats(call, max)),
    variadic("minf", &[Any], Any, |call| {
        fold_floats(call, |a, b| -max(-a, -b))
    }),
    fixed("floor", &[Any], |call| {
        Ok(Value::Float(float(call, 0)?.floor()))
    }),
    fixed("ceil", &[Any], |call| {
        Ok(Value::Float(float(call, 0)?.ceil()))
    }),
    variadic("round", &[Any, Int], Float, round),
];

/// `cast.ToInt64`: what is no number is zero.
pub(super) fn to_int64(value: &Value) -> i64 {
    match value {
        Value::Int(int) | Value::Int64(int) => *int,
        Value::Byte(byte) => i64::from(*byte),
        Value::Uint(n) => *n as i64,
        // A duration is no number to `cast`.
        Value::Named(Named::Month | Named::Weekday, n) => *n,
        Value::Float(float) => to_int(*float),
        Value::Bool(b) => i64::from(*b),
        Value::Text(text) => parse_int(without_zeros(text.bytes()), 0).unwrap_or(0),
        _ => 0,
    }
}

/// `cast.ToFloat64`
pub(super) fn to_float64(heap: &Heap, value: &Value) -> Result<f64, Fault> {
    Ok(match value {
        Value::Float(float) => *float,
        Value::Uint(n) => *n as f64,
        Value::Text(text) => {
            heap.spend(float_steps(text.bytes()))?;
            parse_float(text.bytes()).unwrap_or(0.0)
        }
        value => to_int64(value) as f64,
    })
}

fn float(call: &Call<'_>, n: usize) -> Result<f64, Fault> {
    to_float64(call.heap, &call.any(n)?)
}

/// The text without a fraction of zeros, as in `8.00`.
fn without_zeros(text: &[u8]) -> &[u8] {
    let mut zero = false;
    for (at, byte) in text.iter().enumerate().rev() {
        match byte {
            b'0' => zero = true,
            b'.' if zero => return &text[..at],
            b'.' => {}
            _ => break,
        }
    }
    text
}

fn fold(call: &Call<'_>, start: Option<i64>, with: fn(i64, i64) -> i64) -> Result<Value, Fault> {
    let numbers = call.args.iter().map(to_int64);
    Ok(Value::Int64(
        start.into_iter().chain(numbers).reduce(with).unwrap_or(0),
    ))
}

fn divided(call: &Call<'_>, with: fn(i64, i64) -> i64) -> Result<Value, Fault> {
    match to_int64(&call.any(1)?) {
        0 => Err(call.fail("division by zero")),
        divisor => Ok(Value::Int64(with(to_int64(&call.any(0)?), divisor))),
    }
}

fn fold_floats(call: &Call<'_>, with: fn(f64, f64) -> f64) -> Result<Value, Fault> {
    let mut result = float(call, 0)?;
    for n in 1..call.args.len() {
        result = with(result, float(call, n)?);
    }
    Ok(Value::Float(result))
}

/// `math.Max`: infinity beats NaN, which beats everything else; +0 beats -0.
fn max(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        f64::INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a == b {
        if a.is_sign_negative() { b } else { a }
    } else {
        a.max(b)
    }
}

/// `round 3.14159 2`, with the fraction from which to round up as a third argument.
fn round(call: &mut Call<'_>) -> Result<Value, Fault> {
    let up_from = match call.args.get(2) {
        Some(Value::Float(float)) => *float,
        _ => 0.5,
    };
    let power = power_of_ten(call.int(1)?);
    let number = power * float(call, 0)?;
    // The fraction of an infinite number is NaN in Go, zero here: both leave it infinite.
    let up = number.fract() >= up_from;
    Ok(Value::Float(
        if up { number.ceil() } else { number.floor() } / power,
    ))
}

/// `math.Pow(10, n)`, with Go's rounding.
fn power_of_ten(n: i64) -> f64 {
    // 10 is 0.625 · 2^4.
    let (mut base, mut base_exponent) = (0.625, 4i64);
    let (mut result, mut exponent) = (1.0, 0i64);
    let mut rest = n.unsigned_abs();
    while rest != 0 {
        if base_exponent > 1 << 12 {
            exponent += base_exponent;
            break;
        }
        if rest & 1 == 1 {
            result *= base;
            exponent += base_exponent;
        }
        base *= base;
        base_exponent <<= 1;
        if base < 0.5 {
            base += base;
            base_exponent -= 1;
        }
        rest >>= 1;
    }
    if n < 0 {
        result = 1.0 / result;
        exponent = -exponent;
    }
    let half = exponent.clamp(-2200, 2200) / 2;
    let other = exponent.clamp(-2200, 2200) - half;
    result * 2f64.powi(half as i32) * 2f64.powi(other as i32)
}
