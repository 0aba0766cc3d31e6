//! Aliases of what will be encrypted: written out first, since a ciphertext opens at one path only.

use crate::manifest::{Edit, Kind, Node, Resolved, double_quoted};
use crate::sops::selector::Selector;
use crate::sops::walk::{Step, Walk};

use super::read::{Pieces, Slot};

/// The edits that write out each alias that has something selected, in itself or in what it repeats.
pub(super) fn written_out(pieces: &Pieces<'_>, selector: &Selector) -> Vec<Edit> {
    let mut walk = Walk::new(Some(selector));
    let mut selected = Vec::with_capacity(pieces.steps.len());
    for step in &pieces.steps {
        selected.push(match step {
            Step::Open(key, _) => {
                walk.open(key.as_deref());
                false
            }
            Step::Close => {
                walk.close();
                false
            }
            Step::Comment(text, _) => {
                walk.comment(text);
                false
            }
            Step::Leaf(key, value, _) => {
                let selected = walk.enter(key.as_deref()) && value.is_some();
                walk.leave();
                selected
            }
        });
    }
    let mut closed = std::collections::HashSet::new();
    for (slot, selected) in pieces.slots.iter().zip(&selected) {
        if let (Slot::Scalar { node, .. }, true) = (slot, *selected) {
            closed.insert(node.span().start);
        }
    }
    let mut edits: Vec<Edit> = Vec::new();
    for (slot, selected) in pieces.slots.iter().zip(&selected) {
        if let Slot::Aliased { alias, target } = slot
            && (*selected || closed.contains(&target.span().start))
        {
            let span = alias.span();
            if edits.last().is_none_or(|edit| edit.span != span) {
                edits.push(Edit {
                    span,
                    text: flow(*alias),
                });
            }
        }
    }
    edits
}

/// A node on one line, as it reads.
fn flow(node: Node<'_>) -> String {
    let node = node.resolved();
    match node.kind() {
        Kind::Mapping => {
            let entry =
                |(key, value): (Node<'_>, Node<'_>)| format!("{}: {}", flow(key), flow(value));
            format!(
                "{{{}}}",
                node.entries().map(entry).collect::<Vec<_>>().join(", ")
            )
        }
        Kind::Sequence => format!(
            "[{}]",
            node.items().map(flow).collect::<Vec<_>>().join(", ")
        ),
        Kind::Scalar(_) | Kind::Alias => {
            let text = node.text().unwrap_or_default();
            match (node.resolve(), node.tag().filter(|tag| *tag != "!")) {
                (Some(Resolved::Text), _) => double_quoted(text),
                (Some(Resolved::Null), _) => "null".to_owned(),
                (Some(Resolved::Binary), _) => format!("!!binary {}", double_quoted(text)),
                (_, Some(tag)) => format!("!<{tag}> {}", double_quoted(text)),
                _ => text.to_owned(),
            }
        }
    }
}
