//! Comments: whose they are, and where they go.

use serde_json::Value;

use super::Move;
use super::element::{Element, entry_value_start};
use crate::manifest::emit::{Notebook, Notes};
use crate::manifest::lex::{column, line_end, line_start, next_line, skip_blanks};
use crate::manifest::node::{Kind, Node, Style};
use crate::manifest::path::{Path, Step};

/// Collects the comments of what goes away, under the paths that the moves give them.
pub(super) fn collect(text: &str, object: Node<'_>, desired: &Value, moves: &[Move]) -> Notebook {
    let mut notebook = Notebook::default();
    for Move { from, to } in moves {
        if object.find(from).is_some() && !exists(desired, from) {
            walk(text, object, &Path::default(), from, to, &mut notebook);
        }
    }
    notebook
}

fn walk(text: &str, node: Node<'_>, path: &Path, from: &Path, to: &Path, notebook: &mut Notebook) {
    if node.is_flow() || !matches!(node.kind(), Kind::Mapping | Kind::Sequence) {
        return;
    }
    for element in Element::all(text, node) {
        let Ok(element) = element else { return };
        let path = match &element.key {
            Some(key) => path.join(key.text().unwrap_or_default()),
            None => path.join(element.number),
        };
        if let Some(rest) = path.below(from) {
            let target = Path([to.0.as_slice(), rest].concat());
            add(text, &element, notebook.0.entry(target).or_default());
        }
        if path.below(from).is_some() || from.below(&path).is_some() {
            walk(text, element.value, &path, from, to, notebook);
        }
    }
}

/// Several sources of one entry: all lines above, the first comment at the end of a line.
fn add(text: &str, element: &Element<'_>, notes: &mut Notes) {
    let region = element.region(text);
    let own_line = line_start(text, element.start);
    if element.own_line {
        let above = text[region.start..own_line].lines();
        notes.lead.extend(
            above
                .map(|line| line.trim().to_owned())
                .filter(|line| !line.is_empty()),
        );
    }
    notes.trail = notes.trail.take().or_else(|| trail(text, element));
    let below = text[next_line(text, element.end).min(region.end)..region.end].lines();
    notes.foot.extend(
        below
            .map(|line| line.trim().to_owned())
            .filter(|line| !line.is_empty()),
    );
}

/// The comment in the line of an entry: behind its value, or behind its key where the value is a block.
pub(super) fn trail(text: &str, element: &Element<'_>) -> Option<String> {
    let value = element.value;
    let from = match value.kind() {
        Kind::Scalar(Style::Literal | Style::Folded) => {
            let start = value.span().start;
            let word = text[start..].find([' ', '\t', '\r', '\n']);
            start + word.unwrap_or(text.len() - start)
        }
        Kind::Mapping | Kind::Sequence if !value.is_flow() => {
            let start = entry_value_start(text, element).ok()?;
            // An anchor or a tag may stand before the comment.
            let end = line_end(text, start)
                .min(value.outer_span().start)
                .max(start);
            let line = &text[start..end];
            start + line.find(" #").map_or(line.len(), |at| at + 1)
        }
        _ => element.end,
    };
    let end = line_end(text, from);
    let comment = text[skip_blanks(text, from).min(end)..end].trim_end();
    comment.starts_with('#').then(|| comment.to_owned())
}

/// Where the comment lines right above a line start, that stand in the same column.
pub(super) fn lead_start(text: &str, start: usize, floor: usize) -> usize {
    let own_column = column(text, start);
    let mut top = line_start(text, start);
    while text[..top].ends_with('\n') {
        let above = line_start(text, top - 1);
        let content = skip_blanks(text, above);
        let comment = text.as_bytes().get(content) == Some(&b'#');
        if !comment || above < floor || column(text, content) != own_column {
            break;
        }
        top = above;
    }
    top
}

/// Where the comment lines end that stand deeper than the entry, after its last line.
pub(super) fn foot_end(text: &str, end: usize, own_column: usize) -> usize {
    let mut bottom = next_line(text, end);
    let mut at = bottom;
    while at < text.len() {
        let content = skip_blanks(text, at);
        if text.as_bytes()[content..].first() == Some(&b'#') {
            if column(text, content) <= own_column {
                break;
            }
            bottom = next_line(text, at);
        } else if content != line_end(text, at) {
            break;
        }
        at = next_line(text, at);
    }
    bottom
}

fn exists(value: &Value, path: &Path) -> bool {
    let found = path.0.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get(key),
        Step::Index(index) => value.get(index),
    });
    found.is_some()
}
