//! The entries and items of a collection, with the lines and comments that are their own.

use std::ops::Range;

use super::notes::{foot_end, lead_start};
use crate::manifest::error::ManifestError;
use crate::manifest::lex::{column, first_on_line, line_start, skip_trivia};
use crate::manifest::node::{Kind, Node};

/// An entry of a mapping or an item of a sequence, as it stands in the text.
pub(super) struct Element<'s> {
    pub(super) number: usize,
    pub(super) key: Option<Node<'s>>,
    pub(super) value: Node<'s>,
    /// Where its key or its dash stands.
    pub(super) start: usize,
    /// Where its value ends.
    pub(super) end: usize,
    /// It is in a block, and only blanks stand before it on its line.
    pub(super) own_line: bool,
    /// Where the element before it ends.
    floor: usize,
}

impl<'s> Element<'s> {
    /// The children of a collection, block or flow.
    pub(super) fn all(
        text: &str,
        node: Node<'s>,
    ) -> impl Iterator<Item = Result<Self, ManifestError>> {
        let (mapping, block) = (node.kind() == Kind::Mapping, !node.is_flow());
        let mut children = node.children();
        let mut number = 0;
        let mut floor = node.span().start;
        std::iter::from_fn(move || {
            let first = children.next()?;
            let (key, value) = match mapping {
                true => (Some(first), children.next()?),
                false => (None, first),
            };
            let mut start = first.outer_span().start;
            if !mapping && block {
                start = skip_trivia(text, floor);
                if text.as_bytes().get(start) != Some(&b'-') {
                    return Some(Err(not_editable(
                        value,
                        "a list whose dashes are not found",
                    )));
                }
            }
            let before = || &text[line_start(text, start)..start];
            if mapping && block && before().trim_end().ends_with('?') {
                return Some(Err(not_editable(
                    first,
                    "a mapping with `? ` before its keys",
                )));
            }
            let end = value.span().end.max(first.span().end);
            let own_line = block && first_on_line(text, start);
            let element = Self {
                number,
                key,
                value,
                start,
                end,
                own_line,
                floor,
            };
            number += 1;
            floor = end;
            Some(Ok(element))
        })
    }

    /// Its lines with its own comments; for one that shares its line, from its first character on.
    pub(super) fn region(&self, text: &str) -> Range<usize> {
        let start = match self.own_line {
            true if self.number == 0 => lead_start(text, self.start, 0),
            true => lead_start(text, self.start, self.floor),
            false => self.start,
        };
        start..foot_end(text, self.end, column(text, self.start))
    }
}

/// Where the text after `:` or `-` of an element begins.
pub(super) fn entry_value_start(text: &str, element: &Element<'_>) -> Result<usize, ManifestError> {
    let Some(key) = element.key else {
        return Ok(element.start + 1);
    };
    let colon = skip_trivia(text, key.span().end);
    match text.as_bytes().get(colon) {
        Some(b':') => Ok(colon + 1),
        _ => Err(not_editable(key, "a key without a colon")),
    }
}

pub(super) fn not_editable(node: Node<'_>, what: &'static str) -> ManifestError {
    ManifestError::NotEditable {
        at: node.place(),
        what,
    }
}
