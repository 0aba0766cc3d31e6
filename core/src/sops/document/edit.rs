//! The edits that turn plaintext into ciphertext and back: of the values concerned, and of the `sops` block.

use std::ops::Range;

use crate::manifest::lex::{first_on_line, line_end, line_start, next_line, skip_blanks};
use crate::manifest::{Edit, Format, Kind, Node, Stream, Style};
use crate::sops::close::ClosedText;
use crate::sops::error::SopsError;
use crate::sops::metadata::Metadata;
use crate::sops::value::Value;
use crate::sops::walk::Form;

use super::block;
use super::read::{BLOCK, Slot};
use super::text::{self, Spot};

/// Collects edits of one file.
pub(super) struct Editor<'s> {
    source: &'s str,
    json: bool,
    line_end: &'static str,
    pub(super) edits: Vec<Edit>,
}

impl<'s> Editor<'s> {
    /// Begins with room for `edits`.
    pub(super) fn new(stream: &'s Stream, edits: usize) -> Self {
        let source = stream.source();
        Self {
            source,
            json: stream.format() == Format::Json,
            line_end: if source.contains("\r\n") {
                "\r\n"
            } else {
                "\n"
            },
            edits: Vec::with_capacity(edits),
        }
    }

    /// Puts a ciphertext where its plaintext stands, in the quotes that it had, or else in those that stand there.
    /// True where a comment became an item again, which it was before.
    pub(super) fn close(&mut self, slot: &Slot<'s>, closed: &ClosedText) -> bool {
        let ClosedText { text, form } = closed;
        match slot {
            Slot::Comment { span, item, .. } => {
                let item = *item && *form == Some(Form::Item);
                let mark = if item { "- " } else { "#" };
                self.push(span.clone(), format!("{mark}{text}"));
                return item;
            }
            Slot::Scalar { node, flow, .. } => {
                let text = match (form, node.kind()) {
                    (Some(Form::Bare), _) if !flow => text.clone(),
                    (Some(Form::SingleQuoted), _) | (None, Kind::Scalar(Style::SingleQuoted)) => {
                        format!("'{text}'")
                    }
                    (None, Kind::Scalar(style)) if !flow && style != Style::DoubleQuoted => {
                        text.clone()
                    }
                    _ => format!("\"{text}\""),
                };
                self.scalar(*node, text);
            }
            Slot::None | Slot::Aliased { .. } => {}
        }
        false
    }

    /// Puts a value where its ciphertext stands; `false` where its file has no form for it.
    pub(super) fn open(&mut self, slot: &Slot<'s>, value: &Value) -> bool {
        let Slot::Scalar {
            node, flow, column, ..
        } = slot
        else {
            return true;
        };
        let Kind::Scalar(style) = node.kind() else {
            return false;
        };
        let spot = Spot {
            style,
            flow: *flow,
            column: *column,
            line_end: self.line_end,
        };
        let text = match self.json {
            true => text::json(value),
            false => Some(text::yaml(value, &spot)),
        };
        text.map(|text| self.scalar(*node, text)).is_some()
    }

    /// Puts a comment where its ciphertext stands, as a comment or as an item of a list.
    pub(super) fn open_comment(&mut self, slot: &Slot<'s>, comment: &str) -> bool {
        let text = format!("#{comment}");
        match slot {
            _ if comment.contains(['\n', '\r']) => return false,
            Slot::Comment { span, .. } => self.push(span.clone(), text),
            Slot::Scalar {
                node,
                flow: false,
                item: true,
                ..
            } => {
                let span = node.outer_span();
                let before = self.source[..span.start].trim_end_matches([' ', '\t']);
                if !before.ends_with('-') {
                    return false;
                }
                self.push(before.len() - 1..span.end, text);
            }
            _ => return false,
        }
        true
    }

    /// Writes the block into a document that has none.
    pub(super) fn insert_block(
        &mut self,
        root: Node<'s>,
        metadata: &Metadata,
    ) -> Result<(), SopsError> {
        if root.is_flow() {
            let last = root.children().last();
            let at = last.map_or(root.span().start + 1, |last| last.span().end);
            let comma = if last.is_some() { "," } else { "" };
            let text = format!("{comma}{}", self.flow_block(root, metadata));
            self.push(at..at, text);
            return Ok(());
        }
        let (at, ended) = self.document_end(root);
        let indent = indentation(self.source, root);
        let block = block::write(metadata, indent, self.line_end);
        let before = if ended { "" } else { self.line_end };
        self.push(at..at, format!("{before}{block}"));
        Ok(())
    }

    /// Writes the block anew where it stands.
    pub(super) fn replace_block(
        &mut self,
        root: Node<'s>,
        metadata: &Metadata,
    ) -> Result<(), SopsError> {
        let Some((key, value)) = entry(root) else {
            return Ok(());
        };
        if root.is_flow() {
            let flow = self.flow_block(root, metadata);
            self.push(
                key.outer_span().start..value.span().end,
                flow.trim_start().to_owned(),
            );
            return Ok(());
        }
        let indent = indentation(self.source, root);
        let block = block::write(metadata, indent, self.line_end);
        let end = line_end(self.source, value.span().end);
        let text = block.trim_end_matches(['\r', '\n'])[indent..].to_owned();
        self.push(key.outer_span().start..end, text);
        Ok(())
    }

    /// Takes the block out of a document.
    pub(super) fn remove_block(&mut self, root: Node<'s>) {
        let Some((key, value)) = entry(root) else {
            return;
        };
        let only = root.entries().count() == 1;
        let (start, end) = (key.outer_span().start, value.span().end);
        if root.is_flow() {
            let before = root
                .entries()
                .take_while(|(other, _)| other.span() != key.span())
                .last();
            let after = root.entries().find(|(other, _)| other.span().start > end);
            let span = match (before, after) {
                (Some((_, before)), _) => before.span().end..end,
                (None, Some((next, _))) => start..next.outer_span().start,
                (None, None) => root.span().start + 1..root.span().end - 1,
            };
            self.push(span, String::new());
        } else if first_on_line(self.source, start) {
            let span = line_start(self.source, start)..next_line(self.source, end);
            let text = if only {
                format!("{{}}{}", self.line_end)
            } else {
                String::new()
            };
            self.push(span, text);
        } else {
            // Behind `--- `.
            let text = if only { "{}" } else { "" };
            self.push(start..line_end(self.source, end), text.to_owned());
        }
    }

    /// Replaces a scalar and the tag that says what the old one was; an anchor stays.
    fn scalar(&mut self, node: Node<'s>, mut text: String) {
        let (outer, span) = (node.outer_span(), node.span());
        let Kind::Scalar(style) = node.kind() else {
            return;
        };
        let resolves = |tag: &str| tag.starts_with(CORE) && tag != STR;
        let start = if node.tag().is_some_and(resolves) {
            let anchor = node
                .anchor()
                .map(|name| format!("&{name} "))
                .unwrap_or_default();
            self.push(outer.start..span.start, anchor);
            span.start
        } else {
            span.start
        };
        if style.is_block() {
            // What follows the indicator on its line may be a comment, which has an edit of its own.
            let header = line_end(self.source, span.start).min(span.end);
            let indicator = self.source[start..header]
                .split([' ', '\t'])
                .next()
                .map_or(0, str::len);
            self.push(start..start + indicator, text);
            self.push(header..span.end, String::new());
        } else {
            // The lines of a block stand behind a comment on the line of its indicator.
            let first = text.find(['\r', '\n']).unwrap_or(text.len());
            let rest = text.split_off(first);
            self.push(start..span.end, text);
            if !rest.is_empty() {
                let at = line_end(self.source, span.end);
                self.push(at..at, rest);
            }
        }
    }

    fn push(&mut self, span: Range<usize>, text: String) {
        self.edits.push(Edit { span, text });
    }

    /// Where a document ends, comments behind it included, and whether a line ends there.
    fn document_end(&self, root: Node<'s>) -> (usize, bool) {
        let source = self.source;
        let mut end = next_line(source, root.span().end);
        let mut at = end;
        while at < source.len() {
            let line = &source[at..line_end(source, at)];
            let first = skip_blanks(source, at);
            if source[first..].starts_with('#') {
                end = next_line(source, at);
            } else if !line.trim().is_empty() {
                break;
            }
            at = next_line(source, at);
        }
        (end, source[..end].ends_with('\n'))
    }

    /// `"sops": {…}` with the indentation of the file, with what stands before its key.
    fn flow_block(&self, root: Node<'s>, metadata: &Metadata) -> String {
        let first = root.children().next().map(|node| node.outer_span().start);
        let lead = first.map_or("", |first| &self.source[root.span().start + 1..first]);
        let unit = lead
            .rsplit('\n')
            .next()
            .filter(|unit| lead.contains('\n') && unit.trim().is_empty());
        let mut block = Vec::new();
        let written = match unit {
            Some(unit) => {
                let formatter = serde_json::ser::PrettyFormatter::with_indent(unit.as_bytes());
                let mut writer = serde_json::Serializer::with_formatter(&mut block, formatter);
                serde::Serialize::serialize(metadata.raw(), &mut writer)
            }
            None => serde_json::to_writer(&mut block, metadata.raw()),
        };
        written.expect("a map of strings serializes into memory");
        // Flux decrypts only what holds these very bytes.
        let block = String::from_utf8_lossy(&block).replace("\"mac\":\"", "\"mac\": \"");
        match unit {
            Some(unit) => {
                let lines = block.replace('\n', &format!("{}{unit}", self.line_end));
                format!("{}{unit}\"{BLOCK}\": {lines}", self.line_end)
            }
            None => format!(" \"{BLOCK}\": {block}"),
        }
    }
}

/// The column of the keys of a block mapping, the first of which may stand behind a `? `.
fn indentation(source: &str, root: Node<'_>) -> usize {
    let start = root.span().start;
    let before = &source[line_start(source, start)..start];
    before.find('?').unwrap_or(before.len())
}

/// The entry of the block.
fn entry(root: Node<'_>) -> Option<(Node<'_>, Node<'_>)> {
    root.entries().find(|(key, _)| key.text() == Some(BLOCK))
}

const CORE: &str = "tag:yaml.org,2002:";
const STR: &str = "tag:yaml.org,2002:str";
