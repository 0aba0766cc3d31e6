//! Files as the real tool lays them out, for whoever wants its formatting, or another format.
//!
//! Where its own output would not read as what it stands for, this differs or is refused: `-0.0` keeps its point,
//! and several documents don't fit where there is room for one.

mod flat;
mod json;
mod scalar;
mod yaml;

use crate::manifest::Path;
use crate::plaintext::Plaintext;

use super::binary;
use super::error::SopsError;
use super::file::Store;
use super::metadata::Metadata;
use super::tree::{Child, Item, Tree};

/// How files are laid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Layout {
    /// Blanks of each level of YAML: 0 is 4, and what is not from 2 to 9 is 2.
    pub yaml_indent: usize,
    /// Blanks of each level of JSON; `None` is a tab.
    pub json_indent: Option<usize>,
    /// The same for binary files, which are JSON once they are encrypted.
    pub json_binary_indent: Option<usize>,
}

impl Layout {
    fn yaml_step(&self) -> usize {
        match self.yaml_indent {
            0 => 4,
            step @ 2..=9 => step,
            _ => 2,
        }
    }
}

impl Tree {
    /// The file in plaintext, as sops prints it: of several documents the first one, where the store has room for one.
    ///
    /// # Errors
    ///
    /// `Unwritable` where the store has no form for what is in the tree.
    pub fn write(&self, store: Store, layout: &Layout) -> Result<Plaintext, SopsError> {
        match store {
            Store::Binary => {
                let data = match self.get(&["data"].into()) {
                    Some(Item::Value(value)) => Some(value.bytes()),
                    _ => None,
                };
                let rule = "there is no `data` in it, as in what was a binary file";
                Ok(Plaintext::from(data.ok_or(unwritable(rule))?))
            }
            _ => self.text(store, None, layout).map(Plaintext::from),
        }
    }

    fn text(
        &self,
        store: Store,
        block: Option<&Metadata>,
        layout: &Layout,
    ) -> Result<String, SopsError> {
        // With one of several documents, its MAC would not match.
        let one = || match (&self.documents[..], block) {
            ([first, ..], None) | ([first], Some(_)) => Ok(first),
            _ => Err(unwritable("only one document has a form in this format")),
        };
        match store {
            Store::Yaml => Ok(yaml::documents(&self.documents, block, layout.yaml_step())),
            Store::Json => json::document(one()?, block, layout.json_indent),
            Store::Binary => json::document(one()?, block, layout.json_binary_indent),
            Store::Dotenv => flat::dotenv(one()?, block),
            Store::Ini => flat::ini(one()?, block),
        }
    }
}

impl Item {
    /// What sops prints for `--extract`: texts as they are, collections as files, the rest as the store writes it.
    ///
    /// # Errors
    ///
    /// `Unwritable` where the store has no form for it.
    pub fn write(&self, store: Store, layout: &Layout) -> Result<Plaintext, SopsError> {
        if let Self::Value(value) = self
            && value.kind() == super::Kind::Str
        {
            return Ok(Plaintext::from(value.bytes()));
        }
        let text = match store {
            Store::Yaml => yaml::item(self, layout.yaml_step()),
            Store::Json => json::item(self, layout.json_indent)?,
            Store::Dotenv => flat::dotenv(self, None)?,
            Store::Ini => flat::ini(self, None)?,
            Store::Binary => {
                return Err(unwritable("a binary file has nothing but `data` in it"));
            }
        };
        Ok(Plaintext::from(text))
    }
}

impl Store {
    /// An encrypted file as sops would lay it out, in this store or another one; values and MAC stay.
    ///
    /// # Errors
    ///
    /// What is wrong with the file; `Unwritable` where the store has no form for it.
    pub fn lay_out(
        self,
        encrypted: &[u8],
        output: Self,
        layout: &Layout,
    ) -> Result<Vec<u8>, SopsError> {
        let tabs = match output {
            Self::Binary => layout.json_binary_indent.is_none(),
            Self::Json => layout.json_indent.is_none(),
            _ => false,
        };
        if self == Self::Binary && tabs {
            return binary::replace_metadata(encrypted, &binary::metadata(encrypted)?);
        }
        let (tree, metadata) = self.read(encrypted, |body| {
            Ok((Tree::plain(body.steps()), body.metadata()?))
        })?;
        let text = tree.text(output, Some(&metadata), layout)?;
        // A tree that is called binary is one of JSON all the same.
        let reader = match output {
            Self::Binary => Self::Json,
            other => other,
        };
        let again = reader.tree(text.as_bytes())?;
        let same = tree.documents().len() == again.documents().len()
            && tree
                .documents()
                .iter()
                .zip(again.documents())
                .all(|(one, other)| alike(one, other));
        if !same {
            return Err(SopsError::NotFaithful {
                path: Path::default(),
            });
        }
        Ok(text.into_bytes())
    }
}

/// True when all values count the same, apart from their types and from comments.
fn alike(one: &Item, other: &Item) -> bool {
    match (one, other) {
        (Item::Value(one), Item::Value(other)) => one.bytes() == other.bytes(),
        (Item::Null, Item::Null) => true,
        (Item::Mapping(_), Item::Mapping(_)) | (Item::List(_), Item::List(_)) => {
            let mut others = other.entries();
            one.entries()
                .filter(|(_, item)| !is_comment(item))
                .all(|(key, one)| {
                    let other = others.by_ref().find(|(_, item)| !is_comment(item));
                    other.is_some_and(|(name, other)| name == key && alike(one, other))
                })
                && others.all(|(_, item)| is_comment(item))
        }
        // Lines have texts only.
        (Item::Null, Item::Value(value)) => value.bytes() == b"<nil>",
        _ => false,
    }
}

/// A ciphertext of a comment that is an item.
fn is_comment(item: &Item) -> bool {
    match item {
        Item::Value(value) => value.as_text().is_some_and(is_closed_comment),
        _ => false,
    }
}

fn is_closed_comment(text: &str) -> bool {
    super::is_closed(text) && text.ends_with(",type:comment]")
}

fn unwritable(rule: &'static str) -> SopsError {
    SopsError::Unwritable {
        path: Path::default(),
        rule,
    }
}

fn unwritable_at(path: Path, rule: &'static str) -> SopsError {
    SopsError::Unwritable { path, rule }
}

/// The children of a collection.
fn children(item: &Item) -> &[Child] {
    match item {
        Item::Mapping(children) | Item::List(children) => children,
        Item::Value(_) | Item::Null => &[],
    }
}
