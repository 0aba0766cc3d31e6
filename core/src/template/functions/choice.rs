//! Sprig's defaults and conditions.

use super::Param::{Any, Bool, Text};
use super::{Call, Function, fixed, truth_of, variadic};
use crate::template::error::TemplateFault as Fault;
use crate::template::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    variadic("default", &[Any], Any, |call| {
        let given = call.args.get(1).filter(|given| truth_of(call.heap, given));
        given.cloned().map_or_else(|| call.any(0), Ok)
    }),
    fixed("empty", &[Any], |call| {
        Ok(Value::Bool(!truth_of(call.heap, &call.any(0)?)))
    }),
    variadic("coalesce", &[], Any, |call| {
        let mut present = call.args.iter().filter(|value| truth_of(call.heap, value));
        Ok(present.next().cloned().unwrap_or(Value::Nil))
    }),
    variadic("all", &[], Any, |call| {
        Ok(Value::Bool(
            call.args.iter().all(|value| truth_of(call.heap, value)),
        ))
    }),
    variadic("any", &[], Any, |call| {
        Ok(Value::Bool(
            call.args.iter().any(|value| truth_of(call.heap, value)),
        ))
    }),
    fixed("ternary", &[Any, Any, Bool], |call| {
        call.any(usize::from(!call.bool(2)?))
    }),
    fixed("fail", &[Text], |_: &mut Call<'_>| Err(Fault::Failed)),
];
