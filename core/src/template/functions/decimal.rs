//! Sprig's arithmetic on decimals, which `shopspring/decimal` does: exact but for division.

use num_bigint::{BigInt, Sign};

use super::number::to_float64;
use super::{Call, Function, Param, fixed, variadic};
use crate::template::error::TemplateFault as Fault;
use crate::template::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    fixed("add1f", &[Param::Any], |call| {
        call.args.push(Value::Int(1));
        fold(call, None, Decimal::plus)
    }),
    variadic("addf", &[], Param::Any, |call| {
        fold(call, Some(0.0), Decimal::plus)
    }),
    variadic("subf", &[Param::Any], Param::Any, |call| {
        fold(call, None, |a, b| a.plus(&b.negated()))
    }),
    variadic("mulf", &[Param::Any], Param::Any, |call| {
        fold(call, None, Decimal::times)
    }),
    variadic("divf", &[Param::Any], Param::Any, |call| {
        fold(call, None, Decimal::over)
    }),
];

/// `digits` · 10^`exponent`
#[derive(Clone)]
struct Decimal {
    digits: BigInt,
    exponent: i64,
}

impl Decimal {
    /// The shortest decimal that reads as `float`.
    fn of(float: f64) -> Option<Self> {
        if !float.is_finite() {
            return None;
        }
        let text = format!("{float:e}");
        let (mantissa, exponent) = text.split_once('e')?;
        let fraction = mantissa
            .split_once('.')
            .map_or(0, |(_, digits)| digits.len());
        Some(Self {
            digits: mantissa.replace('.', "").parse().ok()?,
            exponent: exponent.parse::<i64>().ok()? - fraction as i64,
        })
    }

    /// The nearest float.
    fn float(&self) -> f64 {
        let text = format!("{}e{}", self.digits, self.exponent);
        text.parse().unwrap_or(0.0)
    }

    fn scaled(&self, exponent: i64) -> BigInt {
        &self.digits * power_of_ten(self.exponent - exponent)
    }

    fn plus(&self, other: &Self) -> Option<Self> {
        let exponent = self.exponent.min(other.exponent);
        Some(Self {
            digits: self.scaled(exponent) + other.scaled(exponent),
            exponent,
        })
    }

    fn negated(&self) -> Self {
        Self {
            digits: -&self.digits,
            exponent: self.exponent,
        }
    }

    fn times(&self, other: &Self) -> Option<Self> {
        Some(Self {
            digits: &self.digits * &other.digits,
            exponent: self.exponent + other.exponent,
        })
    }

    /// The quotient to sixteen places, halves rounded away from zero.
    fn over(&self, other: &Self) -> Option<Self> {
        if other.digits.sign() == Sign::NoSign {
            return None;
        }
        let shift = self.exponent - other.exponent + PLACES;
        let (over, under) = if shift < 0 {
            (self.digits.clone(), &other.digits * power_of_ten(-shift))
        } else {
            (&self.digits * power_of_ten(shift), other.digits.clone())
        };
        let (mut quotient, rest) = (&over / &under, &over % &under);
        if rest.magnitude() * 2u32 >= *under.magnitude() {
            let away = if over.sign() == under.sign() { 1 } else { -1 };
            quotient += away;
        }
        Some(Self {
            digits: quotient,
            exponent: -PLACES,
        })
    }

    /// How long the digits are, for the account of work.
    fn words(&self) -> usize {
        1 + (self.digits.bits() / 64) as usize
    }
}

fn power_of_ten(exponent: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(exponent).unwrap_or(0))
}

fn fold(
    call: &mut Call<'_>,
    start: Option<f64>,
    with: fn(&Decimal, &Decimal) -> Option<Decimal>,
) -> Result<Value, Fault> {
    let floats = call.args.iter().map(|value| to_float64(call.heap, value));
    let numbers = start.map(Ok).into_iter().chain(floats);
    let mut sum: Option<Decimal> = None;
    for float in numbers {
        let next = Decimal::of(float?).ok_or_else(|| call.fail("a number is not finite"))?;
        let Some(last) = &sum else {
            sum = Some(next);
            continue;
        };
        call.heap.spend(1 + last.words() / 16)?;
        sum = Some(with(last, &next).ok_or_else(|| call.fail("division by zero"))?);
    }
    Ok(Value::Float(sum.map_or(0.0, |sum| sum.float())))
}

/// The places of a quotient.
const PLACES: i64 = 16;
