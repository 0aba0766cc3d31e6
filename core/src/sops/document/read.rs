//! A YAML or JSON file as steps, and where each of them stands.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::manifest::lex::column;
use crate::manifest::{Format, Kind, ManifestError, Node, Resolved, Stream, Style};
use crate::sops::error::SopsError;
use crate::sops::value::{Value, ValueFault};
use crate::sops::walk::{Form, Line, Scalar, Shape, Step, Walk};

use super::comments::{Comment, Comments};

/// Where a step stands.
#[derive(Clone)]
pub(super) enum Slot<'s> {
    /// Nowhere that is edited.
    None,
    /// A comment, from its `#` on.
    Comment {
        span: Range<usize>,
        /// It has a line of its own, where the dash of an item would stand.
        item: bool,
        /// Every reader counts it to this level.
        clear: bool,
    },
    /// A scalar.
    Scalar {
        node: Node<'s>,
        flow: bool,
        /// The column of its key or dash.
        column: usize,
        /// Its sequence is written with dashes.
        item: bool,
    },
    /// A scalar that stands elsewhere, and is repeated here by this alias.
    Aliased { alias: Node<'s>, target: Node<'s> },
}

/// A file taken to pieces.
pub(super) struct Pieces<'s> {
    pub(super) steps: Vec<Step<'s>>,
    pub(super) slots: Vec<Slot<'s>>,
    /// The root of each document that has one.
    pub(super) roots: Vec<Node<'s>>,
    /// The value of `sops` in each of these documents.
    pub(super) blocks: Vec<Option<Node<'s>>>,
}

/// Takes a file to pieces.
pub(super) fn read(stream: &Stream) -> Result<Pieces<'_>, SopsError> {
    // Most nodes are keys and their values.
    let leaves = stream.len() / 2;
    let mut reader = Reader {
        source: stream.source(),
        format: stream.format(),
        pieces: Pieces {
            steps: Vec::with_capacity(leaves),
            slots: Vec::with_capacity(leaves),
            roots: Vec::new(),
            blocks: Vec::new(),
        },
        walk: Walk::new(None),
        alias: None,
        budget: ALIASED_NODES_MAX,
    };
    let ends: Vec<_> = stream.documents().map(|document| document.span).collect();
    let mut begins = 0;
    for (nth, document) in stream.documents().enumerate() {
        let Some(root) = document.root else { continue };
        if root.resolved().kind() != Kind::Mapping {
            return Err(root
                .expected("a mapping: SOPS has no lists or scalars at the top")
                .into());
        }
        let end = match ends.get(nth + 1) {
            None => stream.source().len(),
            // A comment above the mark of the next document is the last of this one.
            Some(_) => next_mark(stream.source(), document.span.end),
        };
        let start = document.span.start.max(begins);
        begins = end;
        let mut comments = match stream.format() {
            Format::Yaml => Comments::find(stream.source(), start..end, root, nth == 0),
            Format::Json => Comments::none(stream.source()),
        };
        let block = root.get(BLOCK);
        reader.pieces.roots.push(root);
        reader.pieces.blocks.push(block);
        reader.collection(root, None, None, end, block, &mut comments)?;
    }
    Ok(reader.pieces)
}

struct Reader<'s> {
    source: &'s str,
    format: Format,
    pieces: Pieces<'s>,
    walk: Walk<'s>,
    /// The alias that is being followed.
    alias: Option<Node<'s>>,
    budget: usize,
}

impl<'s> Reader<'s> {
    /// A mapping or sequence within one that starts in the column `outer`; the next node after it starts at `limit`. The
    /// entry `block` is passed over.
    fn collection(
        &mut self,
        node: Node<'s>,
        key: Option<&'s str>,
        outer: Option<usize>,
        limit: usize,
        block: Option<Node<'s>>,
        comments: &mut Comments<'s>,
    ) -> Result<(), SopsError> {
        let node = node.resolved();
        let shape = match node.kind() {
            Kind::Sequence => Shape::List,
            _ => Shape::Mapping,
        };
        self.push(Step::Open(key.map(Cow::Borrowed), shape), Slot::None);
        self.walk.open(key);
        let flow = node.is_flow();
        // Columns mean nothing in flow style, where they may be far from the start of their line.
        let start = match flow {
            true => 0,
            false => column(self.source, node.span().start),
        };
        if flow && let Some(comment) = comments.take_inline(node.span().end, false) {
            // sops counts what follows a flow collection to its inside.
            self.comment(&comment, None, Line::Shared);
        }
        let mapping = node.kind() == Kind::Mapping;
        let dashes = (!mapping && !flow).then_some(start);
        let mut children = node.children().peekable();
        while let Some(first) = children.next() {
            self.comments_before(first.outer_span().start, 0, comments, dashes);
            let (key, value) = match mapping {
                true => (Some(first), children.next().unwrap_or(first)),
                false => (None, first),
            };
            let next = children.peek().map(|next| next.outer_span().start);
            let next = next.unwrap_or(limit);
            let is_block = block.is_some_and(|block| block.span() == value.span());
            if is_block {
                let end = value.span().end;
                while comments.take_next(end, 0).is_some() {}
                continue;
            }
            let text = key.map(|key| self.key(key)).transpose()?;
            // As with tags, sops looks at the first document only.
            let merges = |key: Node<'_>| {
                text == Some("<<")
                    && key.kind() == Kind::Scalar(Style::Plain)
                    && key.place().document == 1
            };
            if key.is_some_and(merges) {
                merged(value)?;
            }
            if let Some(key) = key
                && let Some(comment) = comments.take_inline(key.span().end, false)
            {
                self.comment(&comment, None, Line::Shared);
            }
            self.value(value, text, (flow, start, !mapping), next, comments)?;
        }
        if flow {
            self.comments_before(node.span().end, 0, comments, None);
        } else {
            // Behind a list whose dashes stand below its key, go-yaml counts a comment to what comes next.
            let inside = start + usize::from(outer == Some(start));
            self.comments_before(limit, inside, comments, dashes);
        }
        self.push(Step::Close, Slot::None);
        self.walk.close();
        Ok(())
    }

    fn value(
        &mut self,
        node: Node<'s>,
        key: Option<&'s str>,
        (flow, column, item): (bool, usize, bool),
        limit: usize,
        comments: &mut Comments<'s>,
    ) -> Result<(), SopsError> {
        let target = node.resolved();
        let outer = self.alias;
        if node.kind() == Kind::Alias {
            if let Some(comment) = comments.take_inline(node.span().end, false) {
                self.comment(&comment, None, Line::Shared);
            }
            self.alias = outer.or(Some(node));
        }
        if let Some(alias) = self.alias {
            self.budget = self
                .budget
                .checked_sub(1)
                .ok_or(ManifestError::AliasBudget {
                    at: alias.place(),
                    limit: ALIASED_NODES_MAX,
                })?;
        }
        if let Kind::Mapping | Kind::Sequence = target.kind() {
            // The comments of what an alias repeats stand where it is written.
            let mut none = Comments::none(self.source);
            let aliased = self.alias.is_some();
            let comments = if aliased { &mut none } else { comments };
            self.collection(node, key, Some(column), limit, None, comments)?;
        } else {
            if outer.is_none() && node.kind() != Kind::Alias {
                let block = matches!(node.kind(), Kind::Scalar(style) if style.is_block());
                let end = if block {
                    node.span().start
                } else {
                    node.span().end
                };
                if let Some(comment) = comments.take_inline(end, block) {
                    self.comment(&comment, None, Line::Shared);
                }
            }
            self.walk.enter(key);
            let value = self.scalar(target);
            self.walk.leave();
            let slot = match self.alias {
                Some(alias) => Slot::Aliased { alias, target },
                None => Slot::Scalar {
                    node,
                    flow,
                    column,
                    item,
                },
            };
            let form = match target.kind() {
                Kind::Scalar(Style::SingleQuoted) => Form::SingleQuoted,
                Kind::Scalar(Style::DoubleQuoted) => Form::DoubleQuoted,
                _ => Form::Bare,
            };
            self.push(Step::Leaf(key.map(Cow::Borrowed), value?, form), slot);
        }
        self.alias = outer;
        Ok(())
    }

    fn scalar(&self, node: Node<'s>) -> Result<Option<Scalar<'s>>, SopsError> {
        let text = node.text().unwrap_or_default();
        let json = self.format == Format::Json;
        let fault = |fault| SopsError::Value {
            at: self.walk.at(),
            fault,
        };
        Ok(Some(Scalar::Value(match node.resolve() {
            None | Some(Resolved::Null) => return Ok(None),
            Some(Resolved::Text) => return Ok(Some(Scalar::Text(text))),
            Some(Resolved::Bool(truth)) => Value::bool(truth),
            Some(Resolved::Int(number)) => Value::int(number),
            Some(Resolved::Float(number)) => Value::float(number),
            Some(Resolved::Time(time)) if time.is_beyond_zones() => {
                return Err(fault(ValueFault::Zone));
            }
            Some(Resolved::Time(time)) => Value::time(&time),
            // JSON has numbers of one kind, and sops reads what doesn't fit as Go does.
            Some(Resolved::Unsigned) if json => Value::float(text.parse().unwrap_or(f64::NAN)),
            Some(Resolved::Unsigned) => return Err(fault(ValueFault::Unsigned)),
            Some(Resolved::Contradiction) => return Err(fault(ValueFault::Tag)),
            Some(Resolved::Binary) => {
                let packed: String = text.split_ascii_whitespace().collect();
                let bytes = BASE64_STANDARD.decode(packed);
                Value::text(bytes.map_err(|_| fault(ValueFault::Tag))?)
            }
        })))
    }

    fn key(&self, key: Node<'s>) -> Result<&'s str, SopsError> {
        match (key.resolve(), key.text()) {
            (Some(Resolved::Text), Some(text)) => Ok(text),
            _ => Err(ManifestError::KeyNotString { at: key.place() }.into()),
        }
    }

    fn comments_before(
        &mut self,
        limit: usize,
        column: usize,
        comments: &mut Comments<'s>,
        dashes: Option<usize>,
    ) {
        while let Some(comment) = comments.take_next(limit, column) {
            self.comment(&comment, dashes, Line::Own);
        }
    }

    /// A comment, in a list whose dashes stand in the column `dashes`.
    fn comment(&mut self, comment: &Comment, dashes: Option<usize>, line: Line) {
        let text = &self.source[comment.span.start + 1..comment.span.end];
        let slot = Slot::Comment {
            span: comment.span.clone(),
            item: dashes == Some(comment.column),
            clear: comment.clear,
        };
        self.push(Step::Comment(Cow::Borrowed(text), line), slot);
    }

    fn push(&mut self, step: Step<'s>, slot: Slot<'s>) {
        self.pieces.steps.push(step);
        self.pieces.slots.push(slot);
    }
}

/// The start of the next line that begins a document, or this place.
fn next_mark(source: &str, at: usize) -> usize {
    let rest = &source[at..];
    match rest.starts_with("---") {
        true => at,
        false => rest.find("\n---").map_or(at, |found| at + found + 1),
    }
}

/// What go-yaml merges: mappings, or a list of them.
fn merged(value: Node<'_>) -> Result<(), ManifestError> {
    let node = value.resolved();
    let mut items = node.items();
    let mapping = |node: Node<'_>| node.resolved().kind() == Kind::Mapping;
    match node.kind() {
        Kind::Mapping => Ok(()),
        Kind::Sequence if items.all(mapping) => Ok(()),
        _ => Err(value.expected("a mapping or a list of them, which a merge key takes")),
    }
}

pub(super) const BLOCK: &str = "sops";
const ALIASED_NODES_MAX: usize = 10_000;
