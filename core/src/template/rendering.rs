//! The templates of one resource, rendered within one account of work.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::exec::Run;
use super::heap::{Heap, STEPS};
use super::text::Text;
use super::value::Value;
use super::{MissingKeys, Rendered, Surroundings, Template, TemplateError};
use crate::names::KeyName;
use crate::plaintext::Plaintext;

/// The steps that renderings may take between them: 1,000,000.
///
/// A resource may have thousands of templates, so that a bound on each alone bounds nothing.
#[derive(Clone)]
pub struct Budget(Rc<Cell<usize>>);

impl Default for Budget {
    fn default() -> Self {
        Self(Rc::new(Cell::new(STEPS)))
    }
}

/// What the templates of one resource share: the values, and a [`Budget`].
pub struct Rendering {
    /// A copy, which is wiped with the last rendering.
    values: Rc<BTreeMap<Text, Value>>,
    budget: Budget,
    missing: MissingKeys,
}

impl Rendering {
    /// For templates over `values`, which are all that they see.
    pub fn new(values: &BTreeMap<KeyName, Plaintext>, missing: MissingKeys) -> Self {
        Self::within(&Budget::default(), values, missing)
    }

    /// The same within a budget that others take from too.
    pub fn within(
        budget: &Budget,
        values: &BTreeMap<KeyName, Plaintext>,
        missing: MissingKeys,
    ) -> Self {
        let entry = |(key, value): (&KeyName, &Plaintext)| {
            // Revealed to the engine, whose texts are wiped too.
            (Text::from(key.as_str()), Value::text(value.reveal()))
        };
        Self {
            values: Rc::new(values.iter().map(entry).collect()),
            budget: budget.clone(),
            missing,
        }
    }

    /// Renders one of the templates, to at most `room` bytes.
    ///
    /// # Errors
    ///
    /// As [`Template::render_with`]; `NoRoom` when the output exceeds a `room` that is smaller than the bound of
    /// every output, and `TooManySteps` when this template and those before it take too many.
    pub fn render(
        &mut self,
        template: &Template,
        room: usize,
        surroundings: Option<&mut Surroundings>,
    ) -> Result<Rendered, TemplateError> {
        let (values, steps) = (self.values.clone(), self.budget.0.clone());
        let strict = self.missing == MissingKeys::Refuse;
        let heap = Heap::new(values, steps, strict, surroundings.map(Surroundings::next));
        match Run::render(&template.bodies, template.key.as_str(), heap, room) {
            Ok((output, varies)) => Ok(Rendered {
                output: Plaintext::new(output),
                varies,
            }),
            Err((at, fault)) => {
                let source = template.source.as_bytes();
                Err(TemplateError::new(&template.key, source, at, fault))
            }
        }
    }
}
