//! The result of an edit, read again and compared node for node.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::manifest::error::ManifestError;
use crate::manifest::node::Node;
use crate::manifest::object::Object;
use crate::manifest::stream::Stream;
use crate::manifest::tree::{Content, NO_PARENT, NodeData};

/// The rewritten objects read as what was asked for, and everything else reads as before.
pub(super) fn verify(
    before: &Stream,
    objects: &[Object<'_>],
    desired: &BTreeMap<usize, &Value>,
    result: &str,
) -> Result<(), ManifestError> {
    let refused = |what| ManifestError::EditNotFaithful {
        at: before.place(0),
        what,
    };
    let after = Stream::parse_again(result, before.format()).map_err(|error| {
        ManifestError::EditNotFaithful {
            at: error.at(),
            what: "the result can't be read",
        }
    })?;
    let after_objects = after.objects();
    if before.documents().count() != after.documents().count() {
        return Err(refused("the documents are not the same"));
    }
    if objects.len() != after_objects.len() {
        return Err(refused("the objects are not the same"));
    }
    for (index, value) in desired {
        let at = objects[*index].node.place();
        let read = after_objects[*index].node.to_value();
        if read.as_ref().ok() != Some(*value) {
            let what = "the object does not read as asked for";
            return Err(ManifestError::EditNotFaithful { at, what });
        }
    }
    let mut rewritten: Vec<_> = desired
        .keys()
        .map(|index| (objects[*index].node.id, after_objects[*index].node.id))
        .collect();
    rewritten.sort_unstable();
    same_elsewhere(before, &after, &rewritten)
}

/// Walks both trees at once, past the objects that were rewritten.
fn same_elsewhere(
    before: &Stream,
    after: &Stream,
    rewritten: &[(u32, u32)],
) -> Result<(), ManifestError> {
    let mut skip = rewritten.iter().peekable();
    let (mut old, mut new) = (0, 0);
    // The new number of each old node, to compare parents.
    let mut renumbered = vec![NO_PARENT; before.nodes().len()];
    let end = |stream: &Stream| u32::try_from(stream.nodes().len()).unwrap_or(u32::MAX);
    while old < end(before) && new < end(after) {
        let (a, b) = (&before.nodes()[old as usize], &after.nodes()[new as usize]);
        if let Some((_, id)) = skip.next_if(|(id, _)| *id == old) {
            if *id != new {
                break;
            }
            (old, new) = (a.next, b.next);
            continue;
        }
        renumbered[old as usize] = new;
        let parent = renumbered
            .get(a.parent as usize)
            .copied()
            .unwrap_or(NO_PARENT);
        if parent != b.parent || !same(before, a, after, b) {
            let at = Node {
                stream: before,
                id: old,
            }
            .place();
            return Err(ManifestError::EditNotFaithful {
                at,
                what: "another object would change",
            });
        }
        (old, new) = (old + 1, new + 1);
    }
    if old == end(before) && new == end(after) && skip.next().is_none() {
        return Ok(());
    }
    Err(ManifestError::EditNotFaithful {
        at: before.place(0),
        what: "another object would change",
    })
}

fn same(before: &Stream, a: &NodeData, after: &Stream, b: &NodeData) -> bool {
    let content = match (&a.content, &b.content) {
        (Content::Scalar(style, text), Content::Scalar(other, other_text)) => {
            style == other && text.get(before.source()) == other_text.get(after.source())
        }
        (Content::Mapping { flow }, Content::Mapping { flow: other })
        | (Content::Sequence { flow }, Content::Sequence { flow: other }) => flow == other,
        (Content::Alias(target), Content::Alias(other)) => {
            let name = |stream: &Stream, id: u32| {
                let props = stream.nodes()[id as usize].props.as_ref();
                props.and_then(|props| props.anchor.clone())
            };
            name(before, *target) == name(after, *other)
        }
        _ => false,
    };
    content && a.props == b.props
}
