//! The node tree: one flat list in the order of the file.

use std::ops::Range;

use zeroize::Zeroizing;

use super::error::Place;
use super::lex::column;
use super::node::Style;

/// A node; its children follow it in the list, up to `next`.
pub(super) struct NodeData {
    /// Where its anchor or tag starts, or else the node.
    pub(super) outer: u32,
    pub(super) start: u32,
    pub(super) end: u32,
    /// The node after its last child.
    pub(super) next: u32,
    pub(super) parent: u32,
    pub(super) content: Content,
    pub(super) props: Option<Box<Props>>,
}

pub(super) enum Content {
    Scalar(Style, Text),
    Mapping {
        flow: bool,
    },
    Sequence {
        flow: bool,
    },
    /// Repeats the node of that number.
    Alias(u32),
}

/// A decoded scalar: a piece of the source where nothing needed decoding.
pub(super) enum Text {
    Source(Range<u32>),
    Decoded(Zeroizing<String>),
}

#[derive(Default, PartialEq, Eq)]
pub(super) struct Props {
    pub(super) anchor: Option<Box<str>>,
    /// With its handle resolved.
    pub(super) tag: Option<Box<str>>,
}

/// A document: from where the last one ended to where it ends itself.
pub(super) struct DocumentData {
    pub(super) root: Option<u32>,
    pub(super) span: Range<usize>,
    /// Where a character stands that YAML 1.1 and 1.2 read differently.
    pub(super) odd: Option<usize>,
}

impl Text {
    pub(super) fn get<'t>(&'t self, source: &'t str) -> &'t str {
        match self {
            Self::Source(range) => &source[range.start as usize..range.end as usize],
            Self::Decoded(text) => text,
        }
    }
}

/// The place of a byte.
pub(super) fn place(source: &str, at: usize, document: usize) -> Place {
    let mut at = at.min(source.len());
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    let line = source.as_bytes()[..at]
        .iter()
        .filter(|b| **b == b'\n')
        .count()
        + 1;
    Place {
        document: document.max(1),
        line,
        column: column(source, at) + 1,
    }
}

/// Offsets fit because the source is at most [`super::stream::MAX_BYTES`] long.
pub(super) fn offset(at: usize) -> u32 {
    u32::try_from(at).expect("sources are far shorter than 4 GiB")
}

pub(super) const NO_PARENT: u32 = u32::MAX;
pub(super) const MAX_DEPTH: usize = 256;
