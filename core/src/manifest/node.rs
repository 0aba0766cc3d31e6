//! A node of the tree, as its readers see it.

use std::fmt;
use std::ops::Range;

use super::error::{ManifestError, Place};
use super::lex::odd_character;
use super::path::{Path, Step};
use super::plain::{Plain, classify};
use super::stream::Stream;
use super::tree::{Content, NO_PARENT, NodeData};

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes; in JSON a number, `true`, `false` or `null`.
    Plain,
    /// In `'`.
    SingleQuoted,
    /// In `"`; every string of JSON.
    DoubleQuoted,
    /// A block after `|`.
    Literal,
    /// A block after `>`.
    Folded,
}

impl Style {
    /// True for blocks after `|` and `>`.
    pub fn is_block(self) -> bool {
        matches!(self, Self::Literal | Self::Folded)
    }
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text, a number, a boolean, null.
    Scalar(Style),
    /// Keys and values.
    Mapping,
    /// A list.
    Sequence,
    /// Repeats an anchored node.
    Alias,
}

/// A node: cheap to copy, valid as long as its [`Stream`].
#[derive(Clone, Copy)]
pub struct Node<'s> {
    pub(super) stream: &'s Stream,
    pub(super) id: u32,
}

impl<'s> Node<'s> {
    /// What it is.
    pub fn kind(self) -> Kind {
        match self.data().content {
            Content::Scalar(style, _) => Kind::Scalar(style),
            Content::Mapping { .. } => Kind::Mapping,
            Content::Sequence { .. } => Kind::Sequence,
            Content::Alias(_) => Kind::Alias,
        }
    }

    /// The bytes it takes, without its anchor, its tag and the line break after it; empty for a null without text.
    pub fn span(self) -> Range<usize> {
        self.data().start as usize..self.data().end as usize
    }

    /// The bytes it takes with its anchor and tag.
    pub fn outer_span(self) -> Range<usize> {
        self.data().outer as usize..self.data().end as usize
    }

    /// Where it starts.
    pub fn place(self) -> Place {
        self.stream.place(self.data().start as usize)
    }

    /// The decoded text of a scalar, or of the scalar that an alias repeats; possibly a secret.
    pub fn text(self) -> Option<&'s str> {
        match &self.resolved().data().content {
            Content::Scalar(_, text) => Some(text.get(self.stream.source())),
            _ => None,
        }
    }

    /// The text, where every reader takes it for a string.
    ///
    /// # Errors
    ///
    /// `Ambiguous`, `Null`, `Tag`, `Expected` and `OddCharacter`, each with its place and path.
    pub fn as_plain_string(self) -> Result<&'s str, ManifestError> {
        let node = self.resolved();
        let Content::Scalar(style, text) = &node.data().content else {
            return Err(self.expected("a string"));
        };
        let text = text.get(self.stream.source());
        let (at, path) = (|| self.place(), || self.path());
        let tagged = node.tag().is_some();
        if node.tag().is_some_and(|tag| tag != TAG_STR) {
            return Err(ManifestError::Tag {
                at: at(),
                path: path(),
            });
        }
        if *style == Style::Plain && (!tagged || text.is_empty()) {
            match classify(text, self.stream.format()) {
                Plain::Text => {}
                Plain::Null => {
                    return Err(ManifestError::Null {
                        at: at(),
                        path: path(),
                    });
                }
                other => {
                    let read_as = other.described();
                    return Err(ManifestError::Ambiguous {
                        at: at(),
                        path: path(),
                        read_as,
                    });
                }
            }
        }
        if let Some(odd) = odd_character(self.stream.source(), node.span()) {
            return Err(ManifestError::OddCharacter {
                at: self.stream.place(odd),
            });
        }
        Ok(text)
    }

    /// The resolved tag, where one is written.
    pub fn tag(self) -> Option<&'s str> {
        self.data().props.as_ref()?.tag.as_deref()
    }

    /// The name of its anchor.
    pub fn anchor(self) -> Option<&'s str> {
        self.data().props.as_ref()?.anchor.as_deref()
    }

    /// The node that an alias repeats; any other node itself.
    pub fn resolved(self) -> Self {
        match self.data().content {
            Content::Alias(id) => Self { id, ..self },
            _ => self,
        }
    }

    /// True for `{…}` and `[…]`.
    pub fn is_flow(self) -> bool {
        matches!(
            self.data().content,
            Content::Mapping { flow: true } | Content::Sequence { flow: true }
        )
    }

    /// The children in the order of the file: items, or keys and values by turns.
    pub fn children(self) -> impl Iterator<Item = Node<'s>> {
        let end = self.data().next;
        let collection = matches!(self.kind(), Kind::Mapping | Kind::Sequence);
        let mut id = if collection { self.id + 1 } else { end };
        std::iter::from_fn(move || {
            let node = (id < end).then_some(Node {
                stream: self.stream,
                id,
            })?;
            id = node.data().next;
            Some(node)
        })
    }

    /// Keys and values of a mapping; nothing for other nodes. An alias is followed.
    pub fn entries(self) -> impl Iterator<Item = (Node<'s>, Node<'s>)> {
        let node = self.resolved();
        let mut children = node.children();
        let mapping = node.kind() == Kind::Mapping;
        std::iter::from_fn(move || match mapping {
            true => Some((children.next()?, children.next()?)),
            false => None,
        })
    }

    /// The items of a sequence; nothing for other nodes. An alias is followed.
    pub fn items(self) -> impl Iterator<Item = Node<'s>> {
        let node = self.resolved();
        let sequence = node.kind() == Kind::Sequence;
        node.children().take_while(move |_| sequence)
    }

    /// The value of a key.
    pub fn get(self, key: &str) -> Option<Node<'s>> {
        self.entries()
            .find(|(name, _)| name.text() == Some(key))
            .map(|(_, value)| value)
    }

    /// The node at the end of a path.
    pub fn find(self, path: &Path) -> Option<Node<'s>> {
        path.0.iter().try_fold(self, |node, step| match step {
            Step::Key(key) => node.get(key),
            Step::Index(index) => node.items().nth(*index),
        })
    }

    /// The way to it from the top of its document.
    pub fn path(self) -> Path {
        let mut steps = Vec::new();
        let mut node = self;
        while node.data().parent != NO_PARENT {
            let parent = Self {
                id: node.data().parent,
                ..node
            };
            steps.push(match parent.kind() {
                Kind::Mapping => {
                    let entry = parent
                        .entries()
                        .find(|(key, value)| key.id == node.id || value.id == node.id);
                    Step::Key(
                        entry
                            .and_then(|(key, _)| key.text())
                            .unwrap_or("?")
                            .to_owned(),
                    )
                }
                _ => Step::Index(parent.items().take_while(|item| item.id != node.id).count()),
            });
            node = parent;
        }
        steps.reverse();
        Path(steps)
    }

    pub(super) fn data(self) -> &'s NodeData {
        &self.stream.nodes()[self.id as usize]
    }

    pub(crate) fn expected(self, expected: &'static str) -> ManifestError {
        ManifestError::Expected {
            at: self.place(),
            path: self.path(),
            expected,
        }
    }

    /// A null without text, `~` or `null`.
    pub(super) fn is_null(self) -> bool {
        let node = self.resolved();
        node.kind() == Kind::Scalar(Style::Plain)
            && node.tag().is_none()
            && node
                .text()
                .is_some_and(|text| classify(text, self.stream.format()) == Plain::Null)
    }
}

/// Shows where and what it is, never its text.
impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("kind", &self.kind())
            .field("place", &self.place())
            .finish_non_exhaustive()
    }
}

pub(super) const TAG_STR: &str = "tag:yaml.org,2002:str";
