//! Wire types out of a file: unknown fields refused, and no error quotes what it read.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::envelope::EnvelopeError;

/// Reads `T` from `value` and refuses a field that `T` does not have.
///
/// An API server drops unknown fields; in a file one is most likely a typing error, or something
/// that its author believes to be in force. `status` is let through: some people commit it.
///
/// # Errors
/// [`EnvelopeError::Field`] with the path of the first wrong field.
pub fn from_value<T: DeserializeOwned + Serialize>(value: &Value) -> Result<T, EnvelopeError> {
    let wrong = |path: String, rule| EnvelopeError::Field { path, rule };
    // The inner error quotes the value: only its path is kept.
    let parsed: T = serde_path_to_error::deserialize(value).map_err(|error| {
        wrong(
            error.path().to_string(),
            "it is missing or of the wrong type",
        )
    })?;
    let known =
        serde_json::to_value(&parsed).map_err(|_| wrong(String::new(), "it does not serialize"))?;
    for part in ["metadata", "spec"] {
        if let Some(path) = value
            .get(part)
            .and_then(|given| unknown(given, known.get(part), part))
        {
            return Err(wrong(path, "this field is not known"));
        }
    }
    Ok(parsed)
}

/// The path of the first field of `given` that `known` lacks; nulls and empty parts may be absent.
fn unknown(given: &Value, known: Option<&Value>, path: &str) -> Option<String> {
    match (given, known) {
        (Value::Null, _) => None,
        (Value::Object(map), known) => map.iter().find_map(|(key, value)| {
            unknown(
                value,
                known.and_then(|known| known.get(key)),
                &format!("{path}.{key}"),
            )
        }),
        (Value::Array(items), known) => items.iter().enumerate().find_map(|(index, item)| {
            unknown(
                item,
                known.and_then(|known| known.get(index)),
                &format!("{path}[{index}]"),
            )
        }),
        (_, Some(_)) => None,
        (_, None) => Some(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::SealingKey;
    use super::*;

    fn key(spec: Value) -> Result<SealingKey, EnvelopeError> {
        from_value(
            &json!({"apiVersion": "bulla.dev/v1alpha1", "kind": "SealingKey", "metadata": {"name": "k"}, "spec": spec}),
        )
    }

    #[test]
    fn an_unknown_field_is_named_by_its_path() {
        assert!(key(json!({"suite": "X25519", "state": "Active"})).is_ok());
        let error = key(json!({"suite": "X25519", "state": "Active", "sate": "x"}))
            .unwrap_err()
            .to_string();
        assert!(error.contains("`spec.sate`"), "{error}");
    }

    #[test]
    fn a_wrong_type_is_not_quoted() {
        let error = key(json!({"suite": "hunter2", "state": "Active"})).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(
            text.contains("spec.suite") && !text.contains("hunter2"),
            "{text}"
        );
    }
}
