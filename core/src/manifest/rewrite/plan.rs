//! Which edits turn one value into another.

use std::ops::Range;

use serde_json::{Map, Value};

use super::Move;
use super::align::{Step, align};
use super::block::{Element, entry_value_start, not_editable};
use super::layout::{block_layout, line_end};
use super::notes::{self, trail};
use crate::manifest::emit::{
    BlockLayout, BlockWriter, FlowStyle, Notebook, scalar_text, string_in_style,
};
use crate::manifest::error::ManifestError;
use crate::manifest::lex;
use crate::manifest::node::{Kind, Node, Style};
use crate::manifest::object::Object;
use crate::manifest::path::{self, Path};
use crate::manifest::splice::Edit;
use crate::manifest::stream::Stream;
use crate::manifest::tree::Content;
use crate::manifest::value::key_text;

/// Edits of one stream, not yet carried out.
pub(super) struct Plan<'s> {
    stream: &'s Stream,
    /// The source, always with a line end at its end.
    pub(super) text: String,
    pub(super) edits: Vec<Edit>,
    layout: BlockLayout,
    notes: Notebook,
    /// Nodes whose content changes.
    touched: Vec<u32>,
    /// Nodes that go.
    removed: Vec<Range<u32>>,
}

/// What happens to the elements of a collection, in the order of the result.
pub(super) enum Change<'v> {
    Keep(usize),
    Remove(usize),
    Insert(New<'v>),
}

/// A new entry or item.
pub(super) struct New<'v> {
    pub(super) key: Option<&'v str>,
    pub(super) number: usize,
    pub(super) value: &'v Value,
}

impl New<'_> {
    pub(super) fn path(&self, parent: &Path) -> Path {
        match self.key {
            Some(key) => parent.join(key),
            None => parent.join(self.number),
        }
    }

    pub(super) fn write(&self, writer: &mut BlockWriter<'_>, indent: usize, path: &Path) {
        match self.key {
            Some(key) => writer.entry(key, self.value, indent, path),
            None => writer.item(self.value, indent, path),
        }
    }

    pub(super) fn write_in_line(&self, writer: &mut BlockWriter<'_>, indent: usize, path: &Path) {
        match self.key {
            Some(key) => writer.entry_in_line(key, self.value, indent, path),
            None => writer.item_in_line(self.value, indent, path),
        }
    }
}

impl<'s> Plan<'s> {
    pub(super) fn new(stream: &'s Stream) -> Self {
        let mut text = stream.source().to_owned();
        let line_end = line_end(&text);
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
        let changes = entry_changes(&keys, new, place_of);
        self.change(node, &elements, &changes, path);
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
        self.change(node, &elements, &changes, path);
        for step in steps {
            if let Step::Keep(at, to) = *step {
                let slot = Slot {
                    element: &elements[at],
                    parent: node,
                };
                self.node(&slot, &old[at], &new[to], &path.join(to))?;
            }
        }
        Ok(())
    }

    fn change(
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

    /// Writes a value anew.
    fn replace(
        &mut self,
        slot: &Slot<'_, 's>,
        new: &Value,
        path: &Path,
    ) -> Result<(), ManifestError> {
        let node = slot.element.value;
        let start = entry_value_start(&self.text, slot.element)?;
        let collection = matches!(node.kind(), Kind::Mapping | Kind::Sequence);
        let block = collection && !node.is_flow();
        let mut span = node.outer_span();
        let text = if slot.parent.is_flow() {
            let text = FlowStyle::of(&self.text, slot.parent).value_text(node, new);
            if span.is_empty() {
                format!(" {text}")
            } else {
                text
            }
        } else if let Some(text) = self.one_line(node, new) {
            match node.kind() {
                Kind::Scalar(Style::Literal | Style::Folded) => self.with_trail(slot, text),
                _ if block => {
                    span = start..lex::line_end(&self.text, span.end);
                    format!(" {}", self.with_trail(slot, text))
                }
                _ if span.is_empty() => format!(" {text}"),
                _ => text,
            }
        } else {
            let indent = lex::column(&self.text, slot.element.start);
            let comment = trail(&self.text, slot.element);
            let mut writer = self.writer();
            writer.value(new, indent, path, comment.as_deref());
            let mut text = writer.finish();
            text.truncate(text.len() - self.layout.line_end.len());
            span = start..lex::line_end(&self.text, span.end);
            text
        };
        let ids = node.id..node.data().next;
        self.touched.push(ids.start);
        self.removed.push(ids);
        self.edits.push(Edit { span, text });
        Ok(())
    }

    /// The new value, if it fits into the line of its key, in the quotes of the old one.
    fn one_line(&self, node: Node<'_>, new: &Value) -> Option<String> {
        match (node.kind(), new) {
            (Kind::Scalar(Style::Literal | Style::Folded), Value::String(text))
                if text.contains('\n') =>
            {
                None
            }
            (
                Kind::Scalar(style @ (Style::SingleQuoted | Style::DoubleQuoted)),
                Value::String(text),
            ) => Some(string_in_style(text, style, false)),
            (Kind::Mapping | Kind::Sequence, Value::Array(_) | Value::Object(_))
                if node.is_flow() && node.children().next().is_some() =>
            {
                Some(FlowStyle::of(&self.text, node).text(new))
            }
            (_, Value::String(text)) if text.contains('\n') => None,
            _ => scalar_text(new, false),
        }
    }

    fn with_trail(&self, slot: &Slot<'_, 's>, text: String) -> String {
        match trail(&self.text, slot.element) {
            Some(comment) => format!("{text} {comment}"),
            None => text,
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

    /// An alias that stays repeats what stays, unchanged.
    pub(super) fn refuse_used_anchors(&self) -> Result<(), ManifestError> {
        let gone = |id: u32| self.removed.iter().any(|range| range.contains(&id));
        for (id, node) in self.stream.nodes().iter().enumerate() {
            let Content::Alias(target) = node.content else {
                continue;
            };
            let inside = target..self.stream.nodes()[target as usize].next;
            let changed = gone(target) || self.touched.iter().any(|id| inside.contains(id));
            let id = u32::try_from(id).unwrap_or(u32::MAX);
            if changed && !gone(id) {
                let at = Node {
                    stream: self.stream,
                    id: target,
                }
                .place();
                return Err(ManifestError::AnchorInUse { at });
            }
        }
        Ok(())
    }
}

/// A value in the collection that it stands in.
struct Slot<'e, 's> {
    element: &'e Element<'s>,
    parent: Node<'s>,
}

/// Old keys stay or go; new ones stand where the order of the others puts them, or at the end.
///
/// At the top of an object new fields take the place of one that goes.
fn entry_changes<'v>(
    keys: &[String],
    new: &'v Map<String, Value>,
    place_of: Option<&str>,
) -> Vec<Change<'v>> {
    let stays = |key: &String| new.contains_key(key);
    let mut changes: Vec<(&str, Change<'v>)> = Vec::with_capacity(keys.len());
    for (at, key) in keys.iter().enumerate() {
        changes.push((
            key,
            if stays(key) {
                Change::Keep(at)
            } else {
                Change::Remove(at)
            },
        ));
    }
    let kept = keys.iter().filter(|key| stays(key));
    let sorted = kept.clone().zip(kept.skip(1)).all(|(a, b)| a < b);
    let mut place = place_of.and_then(|name| keys.iter().position(|key| key == name));
    for (key, value) in new.iter().filter(|(key, _)| !keys.contains(key)) {
        let at = match &mut place {
            Some(place) => {
                *place += 1;
                *place
            }
            None if sorted => {
                let before = |(name, change): &(&str, Change<'_>)| {
                    !matches!(change, Change::Remove(_)) && *name < key.as_str()
                };
                changes
                    .iter()
                    .rposition(before)
                    .map_or(0, |before| before + 1)
            }
            None => changes.len(),
        };
        let insert = Change::Insert(New {
            key: Some(key),
            number: 0,
            value,
        });
        changes.insert(at, (key, insert));
    }
    changes.into_iter().map(|(_, change)| change).collect()
}
