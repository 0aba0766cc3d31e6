//! Which edits turn one value into another.

use std::ops::Range;

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::Move;
use super::align::{Step, align};
use super::changes::{Change, New, entry_changes};
use super::element::{Element, not_editable};
use super::layout::{block_layout, line_end};
use super::notes;
use super::replace::Slot;
use crate::manifest::emit::{BlockLayout, BlockWriter, Notebook};
use crate::manifest::error::ManifestError;
use crate::manifest::node::{Kind, Node};
use crate::manifest::object::Object;
use crate::manifest::path::{self, Path};
use crate::manifest::splice::Edit;
use crate::manifest::stream::Stream;
use crate::manifest::value::key_text;

/// Edits of one stream, not yet carried out.
pub(super) struct Plan<'s> {
    pub(super) stream: &'s Stream,
    /// The source, always with a line end at its end.
    pub(super) text: Zeroizing<String>,
    pub(super) edits: Vec<Edit>,
    pub(super) layout: BlockLayout,
    notes: Notebook,
    /// Nodes whose content changes.
    pub(super) touched: Vec<u32>,
    /// Nodes that go.
    pub(super) removed: Vec<Range<u32>>,
}

impl<'s> Plan<'s> {
    pub(super) fn new(stream: &'s Stream) -> Self {
        let source = stream.source();
        let line_end = line_end(source);
        let mut text = Zeroizing::new(String::with_capacity(source.len() + line_end.len()));
        text.push_str(source);
        if !text.ends_with('\n') {
            text.push_str(line_end);
        }
        Self {
            stream,
            text,
            edits: Vec::new(),
            layout: BlockLayout {
                line_end,
                step: 2,
                list_step: 0,
            },
            notes: Notebook::default(),
            touched: Vec::new(),
            removed: Vec::new(),
        }
    }

    /// Plans one object.
    pub(super) fn object(
        &mut self,
        object: &Object<'s>,
        old: &Value,
        new: &Value,
        moves: &[Move],
    ) -> Result<(), ManifestError> {
        let node = object.node;
        let (Value::Object(old_map), Value::Object(new_map)) = (old, new) else {
            return Err(node.expected("a mapping"));
        };
        self.layout = block_layout(self.stream, node);
        self.notes = notes::collect(&self.text, node, new, moves);
        if old == new {
            return Ok(());
        }
        if !old_map.keys().any(|key| new_map.contains_key(key)) {
            return Err(not_editable(
                node,
                "an object into one that shares no field with it",
            ));
        }
        let leaves = |key: &String| old_map.contains_key(key) && !new_map.contains_key(key);
        let first_moved = moves.iter().find_map(|step| match step.from.0.first() {
            Some(path::Step::Key(key)) if leaves(key) => Some(key.as_str()),
            _ => None,
        });
        let place =
            first_moved.or_else(|| old_map.keys().find(|key| leaves(key)).map(String::as_str));
        self.mapping(node, old_map, new_map, &Path::default(), place)
    }

    fn node(
        &mut self,
        slot: &Slot<'_, 's>,
        old: &Value,
        new: &Value,
        path: &Path,
    ) -> Result<(), ManifestError> {
        let node = slot.element.value;
        match (old, new) {
            _ if old == new => Ok(()),
            _ if node.kind() == Kind::Alias => self.replace(slot, new, path),
            (Value::Object(old), Value::Object(new_map))
                if old.keys().any(|key| new_map.contains_key(key)) =>
            {
                self.mapping(node, old, new_map, path, None)
            }
            (Value::Array(old), Value::Array(new_list)) => {
                let steps = align(old, new_list);
                if !steps.iter().any(|step| matches!(step, Step::Keep(..))) {
                    return self.replace(slot, new, path);
                }
                self.sequence(node, old, new_list, &steps, path)
            }
            _ => self.replace(slot, new, path),
        }
    }

    fn mapping(
        &mut self,
        node: Node<'s>,
        old: &Map<String, Value>,
        new: &Map<String, Value>,
        path: &Path,
        place_of: Option<&str>,
    ) -> Result<(), ManifestError> {
        let elements = Element::all(&self.text, node).collect::<Result<Vec<_>, _>>()?;
        let mut keys = Vec::with_capacity(elements.len());
        for element in &elements {
            keys.push(key_text(element.key.unwrap_or(element.value))?);
        }
        let changes = entry_changes(&keys, old, new, place_of);
        for (element, key) in elements.iter().zip(&keys) {
            if let (Some(old), Some(new)) = (old.get(key), new.get(key)) {
                self.node(
                    &Slot {
                        element,
                        parent: node,
                    },
                    old,
                    new,
                    &path.join(key.as_str()),
                )?;
            }
        }
        // After the children, so that lines at the end of the last child come first.
        self.change(node, &elements, &changes, path);
        Ok(())
    }

    fn sequence(
        &mut self,
        node: Node<'s>,
        old: &[Value],
        new: &[Value],
        steps: &[Step],
        path: &Path,
    ) -> Result<(), ManifestError> {
        let elements = Element::all(&self.text, node).collect::<Result<Vec<_>, _>>()?;
        let changes: Vec<_> = steps
            .iter()
            .map(|step| match *step {
                Step::Keep(at, _) => Change::Keep(at),
                Step::Remove(at) => Change::Remove(at),
                Step::Insert(at) => Change::Insert(New {
                    key: None,
                    number: at,
                    value: &new[at],
                }),
            })
            .collect();
        for step in steps {
            if let Step::Keep(at, to) = *step {
                let slot = Slot {
                    element: &elements[at],
                    parent: node,
                };
                self.node(&slot, &old[at], &new[to], &path.join(to))?;
            }
        }
        self.change(node, &elements, &changes, path);
        Ok(())
    }

    pub(super) fn change(
        &mut self,
        node: Node<'s>,
        elements: &[Element<'s>],
        changes: &[Change<'_>],
        path: &Path,
    ) {
        if changes
            .iter()
            .all(|change| matches!(change, Change::Keep(_)))
        {
            return;
        }
        self.touched.push(node.id);
        if node.is_flow() {
            self.change_flow(node, elements, changes);
        } else {
            self.change_block(elements, changes, path);
        }
    }

    pub(super) fn remove(&mut self, span: Range<usize>, element: &Element<'_>) {
        let first = element.key.unwrap_or(element.value);
        self.removed.push(first.id..element.value.data().next);
        self.edits.push(Edit {
            span,
            text: String::new(),
        });
    }

    pub(super) fn writer(&self) -> BlockWriter<'_> {
        BlockWriter::new(&self.layout, &self.notes)
    }
}
