//! Manifests on the way in and out: files parsed, envelopes found in them, objects changed.

mod error;
mod places;
mod resource;
pub(crate) mod secret;

use std::path::Path;

use bulla_core::api::{self, SecretEnvelope, SecretEnvelopeSpec};
use bulla_core::envelope::{Envelope, EnvelopeError};
use bulla_core::manifest::{Kind, Node, Object, Path as NodePath, Rewriter, Stream, Style};
use bulla_core::names::KeyName;
use serde_json::Value;
use zeroize::Zeroizing;

pub(crate) use error::{ContentError, KeyArgument};
pub(crate) use places::{at, node_of, node_of_open, node_of_seal};
pub(crate) use resource::{Resource, is_resource, matching, one, selected};

use crate::failure::{Failure, Fault};
use crate::located::{InFile, InObject};
use crate::sealed_secret::is_sealed_secret;

/// An envelope in a file.
pub(crate) struct Found<'s> {
    /// The object that it is.
    pub(crate) object: Object<'s>,
    /// All of it as it stands in the file.
    pub(crate) value: Value,
    /// What it says.
    pub(crate) envelope: Envelope,
}

/// Parses a file.
///
/// # Errors
/// [`ManifestError`](bulla_core::manifest::ManifestError) with its place, [`ContentError::Empty`].
pub(crate) fn parse(path: &Path, bytes: &[u8]) -> Result<Stream, Failure> {
    let stream = Stream::parse(bytes).map_err(|error| InFile::new("read", path, error))?;
    if is_empty(&stream) {
        return Err(InFile::new("read", path, ContentError::Empty).into());
    }
    for document in stream.documents() {
        let Some(root) = document.root else { continue };
        let list = root.get("kind").and_then(|kind| kind.text()) == Some("SecretList");
        let mut items = root
            .get("items")
            .into_iter()
            .flat_map(|items| items.items());
        if let Some(item) = items.find(|item| list && item.get("kind").is_none()) {
            let what = InObject::new(item.place().to_string(), ContentError::ItemWithoutKind);
            return Err(InFile::new("read", path, what).into());
        }
    }
    Ok(stream)
}

/// Nothing, or comments only; a document that is begun and holds nothing is read as null.
pub(crate) fn is_empty(stream: &Stream) -> bool {
    let is_null =
        |root: Node<'_>| root.kind() == Kind::Scalar(Style::Plain) && root.text() == Some("");
    stream
        .documents()
        .all(|document| document.root.is_none_or(is_null))
}

/// True for an object that says it is an envelope, in whatever version.
pub(crate) fn is_envelope(object: &Object<'_>) -> bool {
    object.kind() == Some(api::SECRET_ENVELOPE)
        && object
            .api_version()
            .is_some_and(|version| group(version) == api::GROUP)
}

/// True for a Secret.
pub(crate) fn is_secret(object: &Object<'_>) -> bool {
    object.is("v1", "Secret")
}

/// Reads one object as an envelope.
///
/// # Errors
/// [`ContentError::UnknownVersion`], [`ManifestError`](bulla_core::manifest::ManifestError) and [`EnvelopeError`], each with its place.
pub(crate) fn read<'s>(path: &Path, object: Object<'s>) -> Result<Found<'s>, Failure> {
    if object.api_version() != Some(api::API_VERSION) {
        let error =
            ContentError::UnknownVersion(object.api_version().unwrap_or_default().to_owned());
        return Err(at(path, &object, None, error));
    }
    let value = object
        .node
        .to_value()
        .map_err(|error| InFile::new("read", path, error))?;
    let envelope = domain(&value).map_err(|error| at(path, &object, node_of(&error), error))?;
    Ok(Found {
        object,
        value,
        envelope,
    })
}

/// The envelope that a value is.
pub(crate) fn domain(value: &Value) -> Result<Envelope, EnvelopeError> {
    let wire: SecretEnvelope = api::from_value(value)?;
    Envelope::try_from(&wire)
}

/// Every envelope of a file.
///
/// # Errors
/// As for [`read`], and [`ContentError::NoEnvelope`].
pub(crate) fn envelopes<'s>(path: &Path, stream: &'s Stream) -> Result<Vec<Found<'s>>, Failure> {
    let objects = stream.objects();
    let found: Vec<_> = objects
        .iter()
        .filter(|object| is_envelope(object))
        .collect();
    if found.is_empty() {
        let error = ContentError::NoEnvelope {
            plaintext: objects.iter().any(is_secret),
            sealed: objects.iter().any(is_sealed_secret),
        };
        return Err(InFile::new("use", path, error).into());
    }
    found
        .into_iter()
        .map(|object| read(path, *object))
        .collect()
}

impl Found<'_> {
    /// The object with another content; everything else of it stays.
    pub(crate) fn with(&self, envelope: &Envelope) -> Value {
        let mut value = self.value.clone();
        let spec = serde_json::to_value(SecretEnvelopeSpec::from(envelope))
            .expect("a spec is made of text");
        value["spec"] = kept_empty(&self.value["spec"], spec);
        value
    }

    /// Puts file and place before an error about it.
    pub(crate) fn error(
        &self,
        path: &Path,
        node: Option<NodePath>,
        error: impl Into<Box<dyn Fault>>,
    ) -> Failure {
        at(path, &self.object, node, error)
    }

    /// `SecretEnvelope `shop/db``, for telling people.
    pub(crate) fn title(&self) -> String {
        format!("`{}/{}`", self.envelope.namespace(), self.envelope.name())
    }
}

/// Carries out changes of whole objects; every other byte stays.
///
/// # Errors
/// [`ManifestError`](bulla_core::manifest::ManifestError): an edit that can't be made, or would not be faithful.
pub(crate) fn rewritten(
    path: &Path,
    stream: &Stream,
    changes: &[(usize, Value)],
) -> Result<Zeroizing<String>, Failure> {
    let mut rewriter = Rewriter::new(stream);
    let edit = || {
        for (index, desired) in changes {
            rewriter.rewrite(*index, desired, &[])?;
        }
        rewriter.finish()
    };
    edit().map_err(|error| InFile::new("edit", path, error).into())
}

/// Parts that are written out although they are empty stay so.
fn kept_empty(old: &Value, mut new: Value) -> Value {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    match (old, &mut new) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in old {
                match new.get_mut(key) {
                    Some(kept) => *kept = kept_empty(value, kept.take()),
                    None if is_empty(value) => drop(new.insert(key.clone(), value.clone())),
                    None => {}
                }
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for item in new {
                let same = old
                    .iter()
                    .find(|old| old.get("id").is_some_and(|id| Some(id) == item.get("id")));
                if let Some(same) = same {
                    *item = kept_empty(same, item.take());
                }
            }
        }
        _ => {}
    }
    new
}

fn group(api_version: &str) -> &str {
    api_version.split('/').next().unwrap_or_default()
}

/// A key as somebody typed it. Where a key belongs people type values by mistake, so what is no key
/// is not repeated.
///
/// # Errors
/// [`KeyArgument`].
pub(crate) fn key(text: &str) -> Result<KeyName, KeyArgument> {
    text.parse().map_err(|_| KeyArgument)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn empty_parts_that_are_written_out_stay() {
        let old = json!({"dataKeys": [{"id": "a", "formerly": []}, {"id": "b", "formerly": [1]}], "template": {}});
        let new = json!({"dataKeys": [{"id": "b"}, {"id": "a"}, {"id": "c"}]});
        let kept = json!({"dataKeys": [{"id": "b"}, {"id": "a", "formerly": []}, {"id": "c"}], "template": {}});
        assert_eq!(kept_empty(&old, new), kept);
    }

    #[test]
    fn what_may_be_a_value_is_not_repeated() {
        for text in ["password=hunter2", "hunter2 ", "", "..hunter2"] {
            let error = key(text).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_list_whose_items_have_no_kind_is_refused() {
        let text = "apiVersion: v1\nkind: SecretList\nitems:\n- metadata: {name: a}\n";
        let error = parse(Path::new("x"), text.as_bytes()).unwrap_err();
        assert_eq!(error.status(), crate::exit::ExitStatus::Usage);
    }
}
