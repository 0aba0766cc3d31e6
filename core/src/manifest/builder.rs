//! Builds the node tree, for the YAML and the JSON reader; keeps the limits, and refuses duplicate keys.

use std::collections::HashSet;
use std::ops::Range;

use super::error::{ManifestError, Place};
use super::node::Style;
use super::tree::{Content, DocumentData, MAX_DEPTH, NO_PARENT, NodeData, Props, offset, place};

/// Builds the tree in the order of the file.
pub(super) struct Builder<'s> {
    pub(super) source: &'s str,
    pub(super) nodes: Vec<NodeData>,
    pub(super) documents: Vec<DocumentData>,
    /// True where a key may stand twice.
    pub(super) duplicates: bool,
    open: Vec<Open>,
}

struct Open {
    node: u32,
    children: u32,
    /// The child that began last.
    last: u32,
}

/// What a new node will be to the collection that is open.
pub(super) enum Role {
    Root,
    Key { flow: bool },
    Value,
    Item { flow: bool },
}

impl<'s> Builder<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        // Mostly a key and a value in each line. A list that grows leaves copies behind, which are wiped one by one.
        let lines = source.bytes().filter(|b| *b == b'\n').count();
        let nodes = (2 * lines + FEW_NODES).min(source.len() / BYTES_A_NODE + FEW_NODES);
        Self {
            source,
            nodes: Vec::with_capacity(nodes.min(MAX_NODES)),
            documents: Vec::new(),
            duplicates: false,
            open: Vec::new(),
        }
    }

    pub(super) fn begin_document(&mut self) {
        let start = self.documents.last().map_or(0, |last| last.span.end);
        self.documents.push(DocumentData {
            root: None,
            span: start..self.source.len(),
            odd: None,
        });
    }

    pub(super) fn end_document(&mut self, at: usize) {
        if let Some(document) = self.documents.last_mut() {
            document.span.end = at;
        }
    }

    /// Adds a scalar or an alias.
    pub(super) fn leaf(
        &mut self,
        content: Content,
        span: Range<usize>,
    ) -> Result<(), ManifestError> {
        let id = self.push(content, span.start)?;
        self.nodes[id as usize].end = offset(span.end);
        Ok(())
    }

    /// Begins a collection.
    pub(super) fn open(&mut self, content: Content, start: usize) -> Result<(), ManifestError> {
        let node = self.push(content, start)?;
        if self.open.len() >= MAX_DEPTH {
            return Err(ManifestError::TooDeep {
                at: self.place(start),
                limit: MAX_DEPTH,
            });
        }
        self.open.push(Open {
            node,
            children: 0,
            last: node,
        });
        Ok(())
    }

    /// Ends a collection; a block collection ends with its last child and starts with its first.
    pub(super) fn close(&mut self, flow_end: Option<usize>) -> Result<(), ManifestError> {
        let Some(Open { node, last, .. }) = self.open.pop() else {
            return Ok(());
        };
        let next = offset(self.nodes.len());
        let first = self.nodes.get(node as usize + 1).map(|child| child.outer);
        let last_end = self.nodes[last as usize].end;
        let mapping = matches!(self.nodes[node as usize].content, Content::Mapping { .. });
        let data = &mut self.nodes[node as usize];
        data.next = next;
        data.end = flow_end.map_or(last_end, offset);
        if let (None, true, Some(first)) = (flow_end, mapping, first) {
            data.start = first;
            if data.props.is_none() {
                data.outer = first;
            }
        }
        if mapping && !self.duplicates {
            self.refuse_duplicates(node)
        } else {
            Ok(())
        }
    }

    /// Gives the last node that began an anchor or a tag, which stands before it.
    pub(super) fn last_props(&mut self, span: Range<usize>) -> &mut Props {
        let data = self.nodes.last_mut().expect("properties follow their node");
        if data.start == data.end && matches!(data.content, Content::Scalar(..)) {
            // An empty node stands after its properties.
            let first = data.props.is_none();
            data.outer = if first {
                offset(span.start)
            } else {
                data.outer.min(offset(span.start))
            };
            data.start = data.start.max(offset(span.end));
            data.end = data.start;
        }
        data.outer = data.outer.min(offset(span.start));
        data.props.get_or_insert_default()
    }

    /// What the next node will be.
    pub(super) fn role(&self) -> Role {
        let Some(open) = self.open.last() else {
            return Role::Root;
        };
        match self.nodes[open.node as usize].content {
            Content::Mapping { flow } if open.children % 2 == 0 => Role::Key { flow },
            Content::Mapping { .. } => Role::Value,
            Content::Sequence { flow } => Role::Item { flow },
            _ => Role::Root,
        }
    }

    pub(super) fn is_open(&self, node: u32) -> bool {
        self.open.iter().any(|open| open.node == node)
    }

    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    pub(super) fn last_is_plain(&self) -> bool {
        let last = self.nodes.last().map(|node| &node.content);
        matches!(last, Some(Content::Scalar(Style::Plain, _)))
    }

    pub(super) fn last_id(&self) -> u32 {
        offset(self.nodes.len()) - 1
    }

    pub(super) fn place(&self, at: usize) -> Place {
        place(self.source, at, self.documents.len())
    }

    fn push(&mut self, content: Content, start: usize) -> Result<u32, ManifestError> {
        let id = offset(self.nodes.len());
        if self.nodes.len() >= MAX_NODES {
            return Err(ManifestError::TooManyNodes {
                at: self.place(start),
                limit: MAX_NODES,
            });
        }
        let parent = match self.open.last_mut() {
            Some(open) => {
                open.children += 1;
                open.last = id;
                open.node
            }
            None => {
                if let Some(document) = self.documents.last_mut() {
                    document.root = Some(id);
                }
                NO_PARENT
            }
        };
        let start = offset(start);
        self.nodes.push(NodeData {
            outer: start,
            start,
            end: start,
            next: id + 1,
            parent,
            content,
            props: None,
        });
        Ok(id)
    }

    fn refuse_duplicates(&self, mapping: u32) -> Result<(), ManifestError> {
        let end = self.nodes[mapping as usize].next;
        let mut seen = HashSet::new();
        let mut few: [&str; FEW_KEYS] = [""; FEW_KEYS];
        let mut count = 0;
        let mut key = mapping + 1;
        while key < end {
            if let Some(text) = self.scalar(key) {
                let again = if count < FEW_KEYS {
                    few[count] = text;
                    few[..count].contains(&text)
                } else {
                    if count == FEW_KEYS {
                        seen.extend(few);
                    }
                    !seen.insert(text)
                };
                if again {
                    let at = self.place(self.nodes[key as usize].start as usize);
                    return Err(ManifestError::DuplicateKey { at });
                }
                count += 1;
            }
            let value = self.nodes[key as usize].next;
            key = self.nodes[value as usize].next;
        }
        Ok(())
    }

    fn scalar(&self, id: u32) -> Option<&str> {
        match &self.nodes[id as usize].content {
            Content::Scalar(_, text) => Some(text.get(self.source)),
            _ => None,
        }
    }
}

const MAX_NODES: usize = 1_000_000;
const FEW_NODES: usize = 16;
/// Nodes are hardly ever shorter, with what stands between them.
const BYTES_A_NODE: usize = 12;
const FEW_KEYS: usize = 12;
