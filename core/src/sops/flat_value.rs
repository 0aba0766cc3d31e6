//! Values with types in stores that know texts only: dotenv and INI.

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::manifest::Path;

use super::document::yaml_float;
use super::error::At;
use super::selector::Selector;
use super::value::{Kind, Value};
use super::walk::{Scalar, Step, Walk};

/// A value as sops writes it; nothing for bytes that are no text.
pub(super) fn text(value: &Value) -> Option<Cow<'_, str>> {
    let text = value.as_text()?;
    Some(match value.kind() {
        Kind::Bool => text.to_ascii_lowercase().into(),
        Kind::Float => float(value.as_float().unwrap_or(f64::NAN)).into(),
        _ => text.into(),
    })
}

/// Go's shortest `G`, with a point wherever it would read as a whole number.
fn float(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let text = yaml_float(number).replace('e', "E");
    match text.contains(['.', 'E']) {
        true => text,
        false => text + ".0",
    }
}

/// The steps of a file into which `value` was put, as it was asked for at `path`: what is encrypted keeps its type, and
/// what is not is the text that stands there.
pub(super) fn typed<'s>(
    steps: &[Step<'s>],
    selector: &Selector,
    fresh: &At,
    path: &Path,
    value: &Json,
) -> Vec<Step<'s>> {
    let mut walk = Walk::new(Some(selector));
    let step = |step: &Step<'s>| {
        match step {
            Step::Open(key, _) => walk.open(key.as_deref()),
            Step::Close => walk.close(),
            Step::Comment(text, _) => drop(walk.comment(text)),
            Step::Leaf(key, _, form) => {
                let selected = walk.enter(key.as_deref());
                let here = selected && walk.is_below(fresh);
                walk.leave();
                // A section is given as a mapping.
                let given = match (value, key) {
                    (Json::Object(map), Some(key)) if path.0.len() == 1 => map.get(&**key),
                    (other, _) => Some(other),
                };
                if let Some(value) = given.filter(|_| here).and_then(number_or_truth) {
                    return Step::Leaf(key.clone(), Some(Scalar::Value(value)), *form);
                }
            }
        }
        step.clone()
    };
    steps.iter().map(step).collect()
}

fn number_or_truth(value: &Json) -> Option<Value> {
    match value {
        Json::Bool(truth) => Some(Value::bool(*truth)),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Some(Value::int(number)),
            None => number.as_f64().map(Value::float),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_go_does() {
        for (number, expected) in [
            (5.0, "5.0"),
            (1.5, "1.5"),
            (-0.0, "-0.0"),
            (1e30, "1E+30"),
            (1e-7, "1E-07"),
            (999_999.0, "999999.0"),
            (f64::INFINITY, "+Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(text(&Value::float(number)).as_deref(), Some(expected));
        }
        assert_eq!(text(&Value::bool(true)).as_deref(), Some("true"));
        assert_eq!(text(&Value::text([0xff])), None);
    }
}
