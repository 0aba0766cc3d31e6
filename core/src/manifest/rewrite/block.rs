//! Edits of block collections: whole lines come and go.

use std::ops::Range;

use super::changes::Change;
use super::notes::{foot_end, lead_start};
use super::plan::Plan;
use crate::manifest::error::ManifestError;
use crate::manifest::lex::{
    column, first_on_line, line_end, line_start, next_line, skip_blanks, skip_trivia,
};
use crate::manifest::node::{Kind, Node};
use crate::manifest::path::Path;
use crate::manifest::splice::Edit;

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
        let mapping = node.kind() == Kind::Mapping;
        let mut children = node.children().peekable();
        let mut number = 0;
        let mut floor = node.span().start;
        std::iter::from_fn(move || {
            let first = children.next()?;
            let (key, value) = match mapping {
                true => (Some(first), children.next()?),
                false => (None, first),
            };
            let mut start = first.outer_span().start;
            if !mapping && !node.is_flow() {
                start = skip_trivia(text, floor);
                if text.as_bytes().get(start) != Some(&b'-') {
                    return Some(Err(not_editable(
                        value,
                        "a list whose dashes are not found",
                    )));
                }
            }
            let block = !node.is_flow();
            if mapping
                && block
                && text[line_start(text, start)..start]
                    .trim_end()
                    .ends_with('?')
            {
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

impl<'s> Plan<'s> {
    /// Carries out changes to a block collection of which at least one element stays, each followed by its line end.
    pub(super) fn change_block(
        &mut self,
        elements: &[Element<'s>],
        changes: &[Change<'_>],
        path: &Path,
    ) {
        let indent = column(&self.text, elements[0].start);
        let mut after: Option<usize> = None;
        for (nth, change) in changes.iter().enumerate() {
            match change {
                Change::Keep(at) => after = Some(elements[*at].region(&self.text).end),
                Change::Remove(at) => {
                    let moves_up = matches!(changes.get(nth + 1), Some(Change::Keep(_)));
                    after = Some(self.remove_lines(elements, *at, moves_up));
                }
                Change::Insert(new) => {
                    let path = new.path(path);
                    let mut writer = self.writer();
                    let in_line = after.is_none() && !elements[0].own_line;
                    if in_line {
                        new.write_in_line(&mut writer, indent, &path);
                    } else {
                        new.write(&mut writer, indent, &path);
                    }
                    let mut text = writer.finish();
                    if in_line {
                        // It takes the place in the line of a dash; what was there gets a line of its own.
                        text.extend(std::iter::repeat_n(' ', indent));
                    }
                    let first = || {
                        if in_line {
                            elements[0].start
                        } else {
                            elements[0].region(&self.text).start
                        }
                    };
                    let at = after.unwrap_or_else(first);
                    self.insert(at, text);
                }
            }
        }
    }

    /// Returns where the line after it starts.
    fn remove_lines(&mut self, elements: &[Element<'s>], at: usize, moves_up: bool) -> usize {
        let text = &self.text;
        let element = &elements[at];
        let mut span = element.region(text);
        let after = span.end;
        if element.own_line {
            if is_blank_above(text, span.start) && is_blank_line(text, span.end) {
                span.end = next_line(text, span.end);
            }
            self.remove(span.clone(), element);
            return span.end;
        }
        // In the line of a dash: the next element moves up, unless comments stand between.
        let next = elements.get(at + 1).filter(|next| {
            moves_up && next.own_line && next.region(text).start == line_start(text, next.start)
        });
        let span = match next {
            Some(next) => element.start..next.start,
            None => text[..element.start].trim_end_matches(' ').len()..line_end(text, element.end),
        };
        self.remove(span, element);
        after
    }

    fn insert(&mut self, at: usize, text: String) {
        self.edits.push(Edit { span: at..at, text });
    }
}

fn is_blank_line(text: &str, start: usize) -> bool {
    start < text.len() && skip_blanks(text, start) == line_end(text, start)
}

fn is_blank_above(text: &str, start: usize) -> bool {
    !text[..start].ends_with('\n') || is_blank_line(text, line_start(text, start - 1))
}
