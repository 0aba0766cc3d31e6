//! Labels and annotations as the API server validates them: what it would refuse is found before it is sealed.

use std::collections::BTreeMap;

use super::error::EnvelopeError;
use crate::names::{is_label, shown};

/// Checks what a Secret is to have.
///
/// # Errors
/// [`EnvelopeError::Metadata`] for the first one that the API server would refuse.
pub(super) fn check(
    labels: &BTreeMap<String, String>,
    annotations: &BTreeMap<String, String>,
) -> Result<(), EnvelopeError> {
    let wrong = |name: &str, rule| {
        Err(EnvelopeError::Metadata {
            name: shown(name),
            rule,
        })
    };
    for (name, value) in labels {
        if !is_qualified(name) {
            return wrong(name, NAME_RULE);
        }
        if !value.is_empty() && !is_word(value) {
            return wrong(name, VALUE_RULE);
        }
    }
    // Names of annotations may have capitals before the slash too.
    for name in annotations.keys() {
        if !is_qualified(&name.to_ascii_lowercase()) {
            return wrong(name, NAME_RULE);
        }
    }
    let sizes = annotations.iter().map(|(k, v)| k.len() + v.len());
    if sizes.sum::<usize>() > MAX_ANNOTATION_BYTES {
        return Err(EnvelopeError::TooMuch {
            what: "bytes of annotations",
            limit: MAX_ANNOTATION_BYTES,
        });
    }
    Ok(())
}

/// A word, with a DNS subdomain and a slash before it or not.
fn is_qualified(name: &str) -> bool {
    match name.split_once('/') {
        Some((prefix, word)) => {
            prefix.len() <= 253 && prefix.split('.').all(is_label) && is_word(word)
        }
        None => is_word(name),
    }
}

fn is_word(text: &str) -> bool {
    let bytes = text.as_bytes();
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    bytes.len() <= 63 && edge(bytes.first()) && edge(bytes.last()) && bytes.iter().all(inner)
}

const NAME_RULE: &str = "a name has at most 63 of A-Z, a-z, 0-9, `-`, `_` and `.`, with a letter or digit at both ends, and before it perhaps a domain and `/`";
const VALUE_RULE: &str = "the value of a label has at most 63 of A-Z, a-z, 0-9, `-`, `_` and `.`, with a letter or digit at both ends";
/// All annotations of an object, as the API server has it.
const MAX_ANNOTATION_BYTES: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, value: &str, label: bool) -> bool {
        let one = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let none = BTreeMap::new();
        let checked = if label {
            check(&one, &none)
        } else {
            check(&none, &one)
        };
        checked.is_err()
    }

    #[test]
    fn labels_and_annotations_follow_the_api_server() {
        for name in ["app", "a", "app.kubernetes.io/name", "x_y.Z-1", "a/B"] {
            assert!(
                !found(name, "v", true) && !found(name, "v", false),
                "{name}"
            );
        }
        let long = "a".repeat(64);
        let far = format!("{}a/b", "a.".repeat(127));
        for name in [
            "", "/", "a/", "/a", "a/b/c", "-a", "a-", "a b", "a..b/c", "ä", &long, &far,
        ] {
            assert!(found(name, "v", true) && found(name, "v", false), "{name}");
        }
        assert!(found("Example.org/a", "v", true) && !found("Example.org/a", "v", false));
        for value in ["", "v", "1.2_3-x"] {
            assert!(!found("a", value, true), "{value}");
        }
        for value in ["a b", "-", "v.", "a/b", "ä", &long] {
            assert!(
                found("a", value, true) && !found("a", value, false),
                "{value}"
            );
        }
        assert!(found("a", &"x".repeat(256 * 1024), false));
    }
}
