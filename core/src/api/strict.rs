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
    // Beside the parts that are compared, a whole part would be lost, and be readable in Git: `stringData` at the top.
    let top = value.as_object().into_iter().flatten();
    if let Some((field, _)) = top
        .filter(|(_, value)| !value.is_null())
        .find(|(field, _)| !TOP.contains(&field.as_str()))
    {
        return Err(wrong(field.clone(), "this field is not known"));
    }
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

/// What a resource has at its top.
const TOP: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];

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
    fn an_unknown_field_at_the_top_is_refused() {
        let with = |field: &str, value: Value| {
            let mut object = json!({"apiVersion": "bulla.dev/v1alpha1", "kind": "SealingKey", "metadata": {"name": "k"},
                "spec": {"suite": "X25519", "state": "Active"}, "status": {}});
            object[field] = value;
            from_value::<SealingKey>(&object)
        };
        let error = with("stringData", json!({"password": "hunter2"}))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`stringData`") && !error.contains("hunter2"),
            "{error}"
        );
        for empty in [json!({}), json!("")] {
            assert!(with("data", empty).is_err());
        }
        assert!(with("data", Value::Null).is_ok());
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
