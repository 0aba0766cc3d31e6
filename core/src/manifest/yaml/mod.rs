//! YAML into the node tree: granit-parser's events, with what it gets wrong mended.
//!
//! It leaves the `|` and `>` lines out of the spans of block scalars, gives them a ragged end, and
//! adds a line break to a block scalar that ends the file without one; empty nodes come as `~` with
//! an empty span that stands anywhere.

mod block;
mod go;

use std::borrow::Cow;
use std::ops::Range;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, StructureStyle, Tag};
use zeroize::Zeroizing;

use crate::manifest::builder::{Builder, Role};
use crate::manifest::error::ManifestError;
use crate::manifest::lex::skip_trivia;
use crate::manifest::node::Style;
use crate::manifest::tree::{Content, MAX_DEPTH, Text, offset};
use go::Go;

/// Reads a whole stream.
pub(in crate::manifest) fn read(source: &str) -> Result<Builder<'_>, ManifestError> {
    read_as(source, None)
}

/// Reads a file of SOPS, as go-yaml does.
pub(in crate::manifest) fn read_sops(source: &str) -> Result<Builder<'_>, ManifestError> {
    read_as(source, Some(Go::new()))
}

fn read_as(source: &str, go: Option<Go>) -> Result<Builder<'_>, ManifestError> {
    let body = source.trim_start_matches('\u{feff}');
    let base = source.len() - body.len();
    let mut options = granit_parser::options! { emit_anchor_events: true };
    options.set_emit_comments(false);
    let mut reader = Reader {
        tree: Builder::new(source),
        base,
        cursor: base,
        anchors: Vec::new(),
        go,
    };
    for event in Parser::new_from_str_with_options(body, options) {
        let (event, span) = event.map_err(|error| reader.scan_error(&error))?;
        reader.take(event, &span)?;
    }
    reader.refuse_what_go_does_not_read()?;
    Ok(reader.tree)
}

struct Reader<'s> {
    tree: Builder<'s>,
    /// The length of the byte order mark.
    base: usize,
    /// Everything before it has been read.
    cursor: usize,
    /// The node of each anchor, by the parser's number.
    anchors: Vec<u32>,
    /// There in files of SOPS.
    go: Option<Go>,
}

impl<'s> Reader<'s> {
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), ManifestError> {
        let range = self.range(span);
        match event {
            Event::DocumentStart(..) => {
                self.tree.begin_document();
                self.cursor = self.cursor.max(range.end);
            }
            Event::DocumentEnd => self.tree.end_document(range.end.max(self.cursor)),
            Event::Alias(id) => {
                if let Role::Key { .. } = self.tree.role() {
                    return Err(ManifestError::Yaml {
                        at: self.tree.place(range.start),
                        reason: "an alias as a key".to_owned(),
                        hint: Some("write the key out"),
                    });
                }
                self.enter();
                let target = self.anchors.get(id).copied().unwrap_or(u32::MAX);
                if target == u32::MAX || self.tree.is_open(target) {
                    return Err(ManifestError::CyclicAlias {
                        at: self.tree.place(range.start),
                    });
                }
                self.cursor = range.end;
                self.tree.leaf(Content::Alias(target), range)?;
            }
            Event::Anchor(id, name) => {
                if !name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
                {
                    let reason = "an anchor whose name readers of YAML 1.1 end earlier";
                    return Err(self.refused(range.start, reason));
                }
                let node = self.tree.last_id();
                if self.anchors.len() <= id {
                    self.anchors.resize(id + 1, u32::MAX);
                }
                self.anchors[id] = node;
                self.cursor = self.cursor.max(range.end);
                self.tree.last_props(range).anchor = Some(name.into());
            }
            Event::Scalar(text, style, _, tag) => {
                self.scalar(text, style, range)?;
                self.tag(tag, span);
            }
            Event::SequenceStart(style, _, tag) => {
                let flow = style == StructureStyle::Flow;
                self.open(Content::Sequence { flow }, flow, range)?;
                self.tag(tag, span);
            }
            Event::MappingStart(style, _, tag) => {
                let flow = style == StructureStyle::Flow;
                self.open(Content::Mapping { flow }, flow, range)?;
                self.tag(tag, span);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let bracket = self.tree.source.as_bytes().get(range.start);
                let flow = !range.is_empty() && matches!(bracket, Some(b'}' | b']'));
                if flow {
                    self.cursor = range.end;
                }
                self.tree.close(flow.then_some(range.end))?;
            }
            _ => {}
        }
        Ok(())
    }

    fn open(
        &mut self,
        content: Content,
        flow: bool,
        range: Range<usize>,
    ) -> Result<(), ManifestError> {
        self.enter();
        let mut start = range.start;
        if flow {
            self.cursor = self.cursor.max(range.end);
        } else if matches!(content, Content::Sequence { .. }) {
            start = self.content_start();
        }
        self.tree.open(content, start)
    }

    /// Moves over the indicator that stands before the next node.
    fn enter(&mut self) {
        let indicators: &[u8] = match self.tree.role() {
            Role::Root => return,
            Role::Key { flow: true } => b",?",
            Role::Key { flow: false } => b"?",
            Role::Value => b":",
            Role::Item { flow: true } => b",",
            Role::Item { flow: false } => b"-",
        };
        for indicator in indicators {
            let at = skip_trivia(self.tree.source, self.cursor);
            if self.tree.source.as_bytes().get(at) == Some(indicator) {
                self.cursor = at + 1;
            }
        }
    }

    /// Where the next node starts, after its anchor and tag.
    fn content_start(&self) -> usize {
        let source = self.tree.source;
        let mut at = skip_trivia(source, self.cursor);
        while let Some(b'&' | b'!') = source.as_bytes().get(at) {
            let word = source[at..].find([' ', '\t', '\r', '\n']);
            at = skip_trivia(source, at + word.unwrap_or(source.len() - at));
        }
        at
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        range: Range<usize>,
    ) -> Result<(), ManifestError> {
        self.enter();
        let source = self.tree.source;
        let (style, range, text) = match style {
            ScalarStyle::Plain if range.is_empty() => {
                let at = self.cursor;
                self.refuse_bare_colon(at)?;
                (Style::Plain, at..at, Cow::Borrowed(""))
            }
            ScalarStyle::Plain => (Style::Plain, range, text),
            ScalarStyle::SingleQuoted => (Style::SingleQuoted, range, text),
            ScalarStyle::DoubleQuoted => (Style::DoubleQuoted, range, text),
            ScalarStyle::Literal => self.block(Style::Literal, text, range)?,
            ScalarStyle::Folded => self.block(Style::Folded, text, range)?,
        };
        self.cursor = self.cursor.max(range.end);
        let text = match self.go {
            Some(_) => self.as_go(style, &range, text)?,
            None => text,
        };
        let quoted = usize::from(matches!(style, Style::SingleQuoted | Style::DoubleQuoted));
        let inner = range.start + quoted..range.end.saturating_sub(quoted).max(range.start);
        let text = if source.get(inner.clone()) == Some(&*text) {
            Text::Source(offset(inner.start)..offset(inner.end))
        } else {
            Text::Decoded(Zeroizing::new(text.into_owned()))
        };
        self.tree.leaf(Content::Scalar(style, text), range)
    }

    /// `{a:}` has the key `a:` to YAML 1.1, and the key `a` to 1.2.
    fn refuse_bare_colon(&self, at: usize) -> Result<(), ManifestError> {
        let around = self.tree.source.as_bytes().get(at.saturating_sub(1)..=at);
        match around {
            Some([b':', b',' | b'}' | b']']) if self.tree.last_is_plain() => {
                Err(self.refused(at, "a key inside of braces without a blank after its colon"))
            }
            _ => Ok(()),
        }
    }

    fn tag(&mut self, tag: Option<Cow<'_, Tag>>, span: &Span) {
        let (Some(tag), Some(written)) = (tag, span.tag_span()) else {
            return;
        };
        let range = self.range(&written);
        self.cursor = self.cursor.max(range.end);
        let resolved = format!("{}{}", tag.handle(), tag.suffix());
        self.tree.last_props(range).tag = Some(resolved.into());
    }

    fn range(&self, span: &Span) -> Range<usize> {
        let range = span.byte_range().unwrap_or_default();
        range.start + self.base..range.end.max(range.start) + self.base
    }

    fn refused(&self, at: usize, reason: &str) -> ManifestError {
        ManifestError::Yaml {
            at: self.tree.place(at),
            reason: reason.to_owned(),
            hint: None,
        }
    }

    /// The parser's error without the character that it may quote.
    fn scan_error(&self, error: &ScanError) -> ManifestError {
        let at = self
            .tree
            .place(error.marker().byte_offset().unwrap_or_default() + self.base);
        let template = self.tree.source.contains("{{");
        let hint = template.then_some("a template of Helm is not YAML until it is rendered");
        match error.kind() {
            ErrorKind::RecursionLimitExceeded => ManifestError::TooDeep {
                at,
                limit: MAX_DEPTH,
            },
            ErrorKind::UnexpectedCharacter { .. } => ManifestError::Yaml {
                at,
                reason: "unexpected character".to_owned(),
                hint,
            },
            kind => ManifestError::Yaml {
                at,
                reason: kind.to_string(),
                hint,
            },
        }
    }
}
