//! A value written anew in the place of another one.

use serde_json::Value;

use super::element::{Element, entry_value_start};
use super::notes::trail;
use super::plan::Plan;
use crate::manifest::emit::{FlowStyle, scalar_text, string_in_style};
use crate::manifest::error::ManifestError;
use crate::manifest::lex;
use crate::manifest::node::{Kind, Node, Style};
use crate::manifest::path::Path;
use crate::manifest::splice::Edit;

/// A value in the collection that it stands in.
pub(super) struct Slot<'e, 's> {
    pub(super) element: &'e Element<'s>,
    pub(super) parent: Node<'s>,
}

impl<'s> Plan<'s> {
    /// Writes a value anew.
    pub(super) fn replace(
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
                    span = start..self.last_line_end(slot);
                    format!(" {}", self.with_trail(slot, text))
                }
                _ if span.is_empty() => format!(" {text}"),
                _ => text,
            }
        } else {
            let indent = lex::column(&self.text, slot.element.start);
            let comment = trail(&self.text, slot.element);
            let mut writer = self.writer();
            match slot.element.key {
                Some(_) => writer.value(new, indent, path, comment.as_deref()),
                None => writer.item_value(new, indent, path, comment.as_deref()),
            }
            let mut text = writer.finish();
            text.truncate(text.len() - self.layout.line_end.len());
            span = start..if block {
                self.last_line_end(slot)
            } else {
                lex::line_end(&self.text, span.end)
            };
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

    /// The end of the last line of an entry, without its line end; comments below its last child go with it.
    fn last_line_end(&self, slot: &Slot<'_, 's>) -> usize {
        let end = slot.element.region(&self.text).end;
        self.text[..end]
            .strip_suffix(self.layout.line_end)
            .map_or(end, str::len)
    }

    fn with_trail(&self, slot: &Slot<'_, 's>, text: String) -> String {
        match trail(&self.text, slot.element) {
            Some(comment) => format!("{text} {comment}"),
            None => text,
        }
    }
}
