//! Edits of JSON and of flow collections: entries come and go with their comma.

use serde_json::Value;

use super::changes::{Change, New};
use super::element::Element;
use super::layout::line_end;
use super::plan::Plan;
use crate::manifest::emit::{FlowLines, FlowStyle, string_in_style};
use crate::manifest::lex::{skip_blanks, skip_trivia};
use crate::manifest::node::{Kind, Node, Style};
use crate::manifest::splice::Edit;
use crate::manifest::stream::Stream;
use crate::manifest::tree::NO_PARENT;

impl FlowStyle {
    /// The style that a collection is written in, by its first entry and its first comma.
    pub(super) fn of(text: &str, node: Node<'_>) -> Self {
        let json = node.stream.format().is_json();
        let mut children = node.children();
        let first = children.next();
        let opening = indent_of_line(text, node.stream, node.span().start);
        let mut style = Self {
            quoted: json,
            colon: ": ",
            comma: ", ",
            lines: None,
        };
        let lines = |unit| {
            Some(FlowLines {
                line_end: line_end(text),
                unit,
                indent: opening.clone(),
            })
        };
        let Some(first) = first else {
            style.lines = nearest_unit(text, node).filter(|_| json).and_then(lines);
            return style;
        };
        let start = first.outer_span().start;
        style.quoted |=
            first.kind() == Kind::Scalar(Style::DoubleQuoted) && node.kind() == Kind::Mapping;
        if let (Kind::Mapping, Some(value)) = (node.kind(), children.next())
            && !value.outer_span().is_empty()
            && text.get(first.span().end..value.outer_span().start) == Some(":")
        {
            style.colon = ":";
        }
        let mut elements = Element::all(text, node).filter_map(Result::ok);
        let compact = match (elements.next(), elements.next()) {
            (Some(first), Some(second)) => text.get(first.end..second.start) == Some(","),
            _ => style.colon == ":" || (json && nearest_unit(text, node).is_none()),
        };
        if compact {
            style.comma = ",";
        }
        if text[node.stream.line_start(start)..start].trim().is_empty() {
            let indent = indent_of_line(text, node.stream, start);
            style.lines = lines(
                indent
                    .strip_prefix(opening.as_str())
                    .unwrap_or("  ")
                    .to_owned(),
            );
        }
        style
    }

    /// A value inside of a collection of this style.
    pub(super) fn value_text(&self, old: Node<'_>, new: &Value) -> String {
        match (old.kind(), new) {
            (
                Kind::Scalar(style @ (Style::SingleQuoted | Style::DoubleQuoted)),
                Value::String(text),
            ) if !self.quoted => string_in_style(text, style, true),
            _ => self.inner().text(new),
        }
    }

    /// The style one level deeper.
    fn inner(&self) -> Self {
        let mut inner = self.clone();
        if let Some(lines) = &mut inner.lines {
            lines.indent.push_str(&lines.unit);
        }
        inner
    }
}

impl<'s> Plan<'s> {
    /// Carries out changes to a flow collection of which at least one element stays.
    pub(super) fn change_flow(
        &mut self,
        node: Node<'s>,
        elements: &[Element<'s>],
        changes: &[Change<'_>],
    ) {
        let style = FlowStyle::of(&self.text, node);
        let inner = style.inner();
        let separator = match &inner.lines {
            Some(lines) => format!(
                "{}{}{}",
                style.comma.trim_end(),
                lines.line_end,
                lines.indent
            ),
            None => style.comma.to_owned(),
        };
        // The element that stays next after each change, if any.
        let mut nexts = Vec::with_capacity(changes.len());
        let mut next = None;
        for change in changes.iter().rev() {
            if let Change::Keep(at) = change {
                next = Some(*at);
            }
            nexts.push(next);
        }
        let mut before: Option<usize> = None;
        for (change, next) in changes.iter().zip(nexts.into_iter().rev()) {
            match change {
                Change::Keep(at) => before = Some(*at),
                Change::Insert(new) => {
                    let entry = flow_entry(&inner, new);
                    let (at, text) = match (before, next) {
                        (Some(before), _) => {
                            // `{a:,` would be a key `a:` to some.
                            let bare = self.text[..elements[before].end].ends_with(':');
                            let blank = if bare { " " } else { "" };
                            (elements[before].end, format!("{blank}{separator}{entry}"))
                        }
                        (None, Some(next)) => (elements[next].start, format!("{entry}{separator}")),
                        (None, None) => continue,
                    };
                    self.edits.push(Edit { span: at..at, text });
                }
                Change::Remove(at) => {
                    let element = &elements[*at];
                    let span = match next {
                        Some(_) => element.start..elements[at + 1].start,
                        None => elements[at - 1].end..element.end,
                    };
                    self.remove(span, element);
                }
            }
        }
    }
}

fn flow_entry(style: &FlowStyle, new: &New<'_>) -> String {
    match new.key {
        Some(key) => style.entry(key, new.value),
        None => style.text(new.value),
    }
}

/// The blanks that the line of `at` starts with.
fn indent_of_line(text: &str, stream: &Stream, at: usize) -> String {
    let start = stream.line_start(at);
    text[start..skip_blanks(text, start)].to_owned()
}

/// One level of indentation, by the nearest collection around that has one entry in each line.
fn nearest_unit(text: &str, node: Node<'_>) -> Option<String> {
    let mut node = node;
    while node.data().parent != NO_PARENT {
        node = Node {
            id: node.data().parent,
            ..node
        };
        let first = skip_trivia(text, node.span().start + 1);
        if text[node.stream.line_start(first)..first].trim().is_empty() {
            let opening = indent_of_line(text, node.stream, node.span().start);
            let indent = indent_of_line(text, node.stream, first);
            return Some(
                indent
                    .strip_prefix(opening.as_str())
                    .unwrap_or("  ")
                    .to_owned(),
            );
        }
    }
    None
}
