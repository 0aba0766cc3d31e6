//! Errors with the line of the file that they are about.

use std::path::Path;

use bulla_core::envelope::{EnvelopeError, OpenError, SealError};
use bulla_core::manifest::{Object, Path as NodePath};
use bulla_core::names::{DataKeyId, KeyName};

use super::Found;
use crate::failure::{Failure, Fault};
use crate::located::InObject;
use crate::shown::Shown;

/// Puts the file, the line and the name of the object before an error; the line is that of `node`
/// where the object has it.
pub(crate) fn at(
    path: &Path,
    object: &Object<'_>,
    node: Option<NodePath>,
    error: impl Into<Box<dyn Fault>>,
) -> Failure {
    let steps = node.map(|node| node.0).unwrap_or_default();
    // What is missing is reported where it should be.
    let found = (1..=steps.len())
        .rev()
        .find_map(|end| object.node.find(&NodePath(steps[..end].to_vec())));
    let node = found.unwrap_or(object.node);
    let (file, place) = (Shown(path), node.place());
    let kind = object.kind().unwrap_or("object");
    InObject::new(
        format!("{file}, {place}: {kind} {}", name_of(object)),
        error,
    )
    .into()
}

/// Where in an object the thing stands that an error is about.
pub(crate) fn node_of(error: &EnvelopeError) -> Option<NodePath> {
    match error {
        EnvelopeError::NotSealed { key }
        | EnvelopeError::UnknownVersion { key }
        | EnvelopeError::DamagedValue { key }
        | EnvelopeError::MissingDataKey { key, .. }
        | EnvelopeError::KeyInBoth { key } => Some(value_node(key)),
        EnvelopeError::Field { path, .. } | EnvelopeError::Name { path, .. } => Some(
            path.split('.')
                .take_while(|part| !part.contains('['))
                .collect(),
        ),
        _ => Some(NodePath::from(["spec"])),
    }
}

/// Where in an object the thing stands that did not open.
pub(crate) fn node_of_open(found: &Found<'_>, error: &OpenError) -> Option<NodePath> {
    match error {
        OpenError::WrongKeyName { key, .. } | OpenError::DamagedValue { key } => {
            Some(value_node(key))
        }
        OpenError::NoKey { id }
        | OpenError::DamagedKey { id, .. }
        | OpenError::UnknownVersion { id }
        | OpenError::CommitmentMismatch { id } => data_key_node(found, id),
        OpenError::TemplateUntrusted { .. } => Some(NodePath::from(["spec", "template"])),
        OpenError::WrongPlace { .. } => Some(NodePath::from(["metadata"])),
        OpenError::NoSuchKey { .. } => Some(NodePath::from(["spec", "data"])),
    }
}

/// Where in an object the thing stands that was not sealed.
pub(crate) fn node_of_seal(found: &Found<'_>, error: &SealError) -> Option<NodePath> {
    match error {
        SealError::Open(error) => node_of_open(found, error),
        SealError::Envelope(error) => node_of(error),
        SealError::ValueTooLarge { key } => Some(value_node(key)),
        _ => None,
    }
}

fn value_node(key: &KeyName) -> NodePath {
    NodePath::from(["spec", "data", key.as_str()])
}

fn data_key_node(found: &Found<'_>, id: &DataKeyId) -> Option<NodePath> {
    let nth = found
        .envelope
        .data_keys()
        .iter()
        .position(|entry| &entry.id == id)?;
    Some(NodePath::from(["spec", "dataKeys"]).join(nth))
}

fn name_of(object: &Object<'_>) -> String {
    let name = object.name().unwrap_or("without a name").escape_debug();
    match object.namespace() {
        Some(namespace) => format!("`{}/{name}`", namespace.escape_debug()),
        None => format!("`{name}`"),
    }
}
