//! A file as a tree of typed values, apart from how any store writes it.

use crate::manifest::{self, Path};

use super::open::Outcome;
use super::value::Value;
use super::walk::{Line, Scalar, Shape, Step};

/// The documents of a file. They hold plaintext, wiped when it is dropped.
#[derive(Default)]
pub struct Tree {
    pub(super) documents: Vec<Item>,
}

/// A node of the tree. `Debug` shows no value.
#[derive(Debug)]
pub enum Item {
    /// Keys with values, in the order of the file.
    Mapping(Vec<Child>),
    /// Items.
    List(Vec<Child>),
    /// A value with its type.
    Value(Value),
    /// Nothing.
    Null,
}

/// What stands in a mapping or a list.
#[derive(Debug)]
pub enum Child {
    /// A comment: what stands after its mark.
    Comment(Comment),
    /// An entry, which has a key in a mapping.
    Entry(Option<String>, Item),
}

/// A comment.
#[derive(Debug)]
pub struct Comment {
    /// What stands after its mark.
    pub text: Value,
    pub(super) line: Line,
}

impl Tree {
    /// The documents, in their order.
    pub fn documents(&self) -> &[Item] {
        &self.documents
    }

    /// True when both say the same, apart from comments. A float without a fraction is the whole number that it is
    /// written as, and a text without a form of its own in a store is that text.
    pub fn same_values(&self, other: &Self) -> bool {
        self.documents.len() == other.documents.len()
            && self
                .documents
                .iter()
                .zip(&other.documents)
                .all(|(one, other)| one.same(other))
    }

    /// What stands at a path of the first document, as sops has it for `--extract`.
    pub fn get(&self, path: &Path) -> Option<&Item> {
        self.documents.first()?.get(path)
    }

    /// The tree of a file of any bytes.
    pub(super) fn binary(bytes: &[u8]) -> Self {
        let data = Child::Entry(Some("data".to_owned()), Item::Value(Value::text(bytes)));
        Self {
            documents: vec![Item::Mapping(vec![data])],
        }
    }

    /// The tree of steps that are not encrypted.
    pub(super) fn plain(steps: &[Step<'_>]) -> Self {
        Self::grow(steps.iter().map(|step| match step {
            Step::Open(key, shape) => Part::Open(key.as_deref(), *shape),
            Step::Close => Part::Close,
            Step::Comment(text, line) => Part::Comment(Value::comment(text), *line),
            Step::Leaf(key, value, _) => {
                Part::Leaf(key.as_deref(), value.as_ref().map(Scalar::to_value))
            }
        }))
    }

    /// The tree of what was opened.
    pub(super) fn opened(steps: &[Step<'_>], outcomes: &[Outcome]) -> Self {
        let steps = steps.iter().zip(outcomes);
        Self::grow(steps.map(|(step, outcome)| match (step, outcome) {
            (_, Outcome::Comment(text)) => Part::Comment(text.clone(), Line::Own),
            (Step::Leaf(key, ..), Outcome::Value(value)) => {
                Part::Leaf(key.as_deref(), Some(value.clone()))
            }
            (Step::Open(key, shape), _) => Part::Open(key.as_deref(), *shape),
            (Step::Close, _) => Part::Close,
            (Step::Comment(text, line), _) => Part::Comment(Value::comment(text), *line),
            (Step::Leaf(key, value, _), _) => {
                Part::Leaf(key.as_deref(), value.as_ref().map(Scalar::to_value))
            }
        }))
    }

    pub(super) fn grow<'p>(parts: impl Iterator<Item = Part<'p>>) -> Self {
        let mut documents = Vec::new();
        let mut open: Vec<(Option<String>, Shape, Vec<Child>)> = Vec::new();
        for part in parts {
            let child = match part {
                Part::Open(key, shape) => {
                    open.push((key.map(str::to_owned), shape, Vec::new()));
                    continue;
                }
                Part::Close => match open.pop() {
                    Some((key, shape, children)) => Child::Entry(key, Item::of(shape, children)),
                    None => continue,
                },
                Part::Comment(text, line) => Child::Comment(Comment { text, line }),
                Part::Leaf(key, value) => {
                    let item = value.map_or(Item::Null, Item::Value);
                    Child::Entry(key.map(str::to_owned), item)
                }
            };
            match (open.last_mut(), child) {
                (Some((.., children)), child) => children.push(child),
                (None, Child::Entry(_, item)) => documents.push(item),
                (None, Child::Comment(_)) => {}
            }
        }
        // Stores without nesting leave the end out.
        documents.extend(open.into_iter().map(|(_, shape, all)| Item::of(shape, all)));
        Self { documents }
    }
}

/// What a tree grows from.
pub(super) enum Part<'p> {
    Open(Option<&'p str>, Shape),
    Close,
    Comment(Value, Line),
    Leaf(Option<&'p str>, Option<Value>),
}

impl Item {
    fn of(shape: Shape, children: Vec<Child>) -> Self {
        match shape {
            Shape::Mapping => Self::Mapping(children),
            Shape::List => Self::List(children),
        }
    }

    /// Keys and values, or items; comments are left out.
    pub fn entries(&self) -> impl Iterator<Item = (Option<&str>, &Item)> {
        let children: &[Child] = match self {
            Self::Mapping(children) | Self::List(children) => children,
            Self::Value(_) | Self::Null => &[],
        };
        children.iter().filter_map(|child| match child {
            Child::Entry(key, item) => Some((key.as_deref(), item)),
            Child::Comment(_) => None,
        })
    }

    /// What stands at a path below it. Of keys that stand twice the first counts, and comments of lists count not.
    pub fn get(&self, path: &Path) -> Option<&Item> {
        path.0
            .iter()
            .try_fold(self, |item, step| match (item, step) {
                (Self::Mapping(_), manifest::Step::Key(name)) => {
                    let mut named = item
                        .entries()
                        .filter(|(key, _)| *key == Some(name.as_str()));
                    named.next().map(|(_, item)| item)
                }
                (Self::List(_), manifest::Step::Index(index)) => {
                    item.entries().nth(*index).map(|(_, item)| item)
                }
                _ => None,
            })
    }

    /// True when both say the same, comments apart.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Value(one), Self::Value(other)) => one.same(other),
            (Self::Null, Self::Null) => true,
            (Self::Mapping(_), Self::Mapping(_)) | (Self::List(_), Self::List(_)) => {
                let (mut ones, mut others) = (self.entries(), other.entries());
                loop {
                    match (ones.next(), others.next()) {
                        (None, None) => return true,
                        (Some((a, one)), Some((b, other))) if a == b && one.same(other) => {}
                        _ => return false,
                    }
                }
            }
            _ => false,
        }
    }

    /// The value in JSON: numbers as numbers, times and bytes as text; nothing wipes it but the allocator.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Null => Json::Null,
            Self::Value(value) => value.to_json(),
            Self::List(_) => self.entries().map(|(_, item)| item.to_json()).collect(),
            Self::Mapping(_) => self
                .entries()
                .map(|(key, item)| (key.unwrap_or_default().to_owned(), item.to_json()))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }
}
