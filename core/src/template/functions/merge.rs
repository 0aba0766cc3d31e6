//! Sprig's merging of dicts, by the rules of `dario.cat/mergo`.

use super::{Call, Function, Param, variadic};
use crate::template::error::TemplateFault as Fault;
use crate::template::heap::Heap;
use crate::template::object::Object;
use crate::template::value::{Map, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    variadic("merge", ONE, Param::Dict, |call| merge(call, false, false)),
    variadic("mergeOverwrite", ONE, Param::Dict, |call| {
        merge(call, true, false)
    }),
    variadic("mustMerge", ONE, Param::Dict, |call| {
        merge(call, false, true)
    }),
    variadic("mustMergeOverwrite", ONE, Param::Dict, |call| {
        merge(call, true, true)
    }),
];

const ONE: &[Param] = &[Param::Dict];

/// How a merge ends early.
enum End {
    /// With an error, which sprig turns into an empty text unless it must not.
    Error,
    Fault(Fault),
}

impl From<Fault> for End {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Merges the other dicts into the first one, which changes.
fn merge(call: &mut Call<'_>, overwrite: bool, must: bool) -> Result<Value, Fault> {
    let mut into = call.dict(0)?;
    for n in 1..call.args.len() {
        let from = call.dict(n)?;
        if into.is_nil() && !from.is_nil() {
            into = call.heap.map(false, Default::default())?;
        }
        let mut merger = Merger {
            heap: call.heap,
            name: call.name,
            overwrite,
        };
        match merger.maps(into, from, 0) {
            Ok(()) => {}
            Err(End::Error) if must => return Err(call.fail("two values do not merge")),
            Err(End::Error) => return Ok(Value::text("")),
            Err(End::Fault(fault)) => return Err(fault),
        }
    }
    Ok(Value::Map(into))
}

struct Merger<'a> {
    heap: &'a mut Heap,
    name: &'static str,
    overwrite: bool,
}

impl Merger<'_> {
    fn maps(&mut self, into: Map, from: Map, depth: usize) -> Result<(), End> {
        if depth > DEPTH {
            return Err(Fault::TooDeep.into());
        }
        if into.is_nil() || from.is_nil() {
            return Ok(());
        }
        let entries = self.heap.entries(from);
        self.heap.spend(1 + entries.len())?;
        for (key, value) in entries.clone() {
            self.heap.spend_bytes(key.len())?;
            let there = self.heap.entries(into).get(&key).cloned();
            if value.is_nil() {
                if self.overwrite {
                    self.set(into, from, key, value)?;
                }
                continue;
            }
            match &value {
                Value::Map(_) | Value::Object(_) => {
                    if let Some(there) = &there {
                        self.inside(there, &value, depth + 1)?;
                    }
                }
                Value::List(_) if into.of_text => return Err(self.panics().into()),
                _ => {}
            }
            let full = there.as_ref().is_some_and(|there| !self.is_empty(there));
            if full && let Value::List(_) = value {
                if self.overwrite {
                    self.set(into, from, key, value)?;
                }
                continue;
            }
            if full && matches!((&value, &there), (Value::Map(_), Some(Value::Map(_)))) {
                continue;
            }
            if self.overwrite || !full {
                self.set(into, from, key, value)?;
            }
        }
        Ok(())
    }

    /// Merges what stands in both under one key. Go changes nothing there but maps.
    fn inside(&mut self, there: &Value, value: &Value, depth: usize) -> Result<(), End> {
        match (there, value) {
            (Value::Map(into), Value::Map(from)) => self.maps(*into, *from, depth),
            // The fields of a certificate are asked for in what has none.
            (Value::Object(Object::Certificate(_)), Value::Map(_)) => Err(self.panics().into()),
            (Value::Object(Object::Certificate(_)), Value::Object(other)) if other.is_pointer() => {
                Err(self.panics().into())
            }
            (Value::Object(there), value) if there.is_pointer() && !self.overwrite => {
                let fits = match value {
                    Value::Object(other) => {
                        other.is_pointer() || there.type_name()[1..] == *other.type_name()
                    }
                    _ => false,
                };
                if fits { Ok(()) } else { Err(End::Error) }
            }
            _ => Ok(()),
        }
    }

    fn set(
        &mut self,
        into: Map,
        from: Map,
        key: crate::template::text::Text,
        value: Value,
    ) -> Result<(), End> {
        if into.of_text && !from.of_text {
            return Err(self.panics().into());
        }
        if let Some(entries) = self.heap.entries_mut(into) {
            entries.insert(key, value);
        }
        Ok(())
    }

    fn panics(&self) -> Fault {
        Fault::Function {
            name: self.name,
            why: "a value does not fit where it would go",
        }
    }

    fn is_empty(&self, value: &Value) -> bool {
        // Structs and complex numbers are never empty to mergo.
        !matches!(value, Value::Object(_) | Value::Complex(..))
            && !super::truth_of(self.heap, value)
    }
}

/// How deeply merged dicts may be nested.
const DEPTH: usize = 100;
