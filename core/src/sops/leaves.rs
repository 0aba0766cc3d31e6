//! Values of a tree that is no file any more: a resource as an API server holds it, which keeps neither the order
//! of keys nor comments. Its MAC can't be verified there; each value is still what was closed under its path.

use crate::plaintext::Plaintext;

use super::cipher::{Cipher, ClosedValue, DataKey, is_closed};
use super::error::SopsError;
use super::selector::{Selector, SelectorKind};
use super::value::{Kind, ValueFault};
use super::walk::Walk;

/// Opens texts one by one, on a way through the tree that the caller leads.
pub struct Leaves<'s> {
    walk: Walk<'s>,
    cipher: Cipher,
    /// The selector looks at comments, which are gone: what is closed is opened.
    by_looks: bool,
}

/// A text out of the tree.
#[derive(Debug)]
pub struct Leaf {
    /// What it says.
    pub value: Plaintext,
    /// Whether it stood there closed under the data key, so that whoever wrote it had that.
    ///
    /// A selector is not authenticated: without this, anybody could replace a closed value by a plain one.
    pub was_closed: bool,
}

impl<'s> Leaves<'s> {
    /// Begins at the root.
    pub fn new(selector: &'s Selector, key: &DataKey) -> Self {
        let mut walk = Walk::new(Some(selector));
        walk.open(None);
        let by_looks = matches!(
            selector.kind(),
            SelectorKind::EncryptedCommentRegex | SelectorKind::UnencryptedCommentRegex
        );
        Self {
            walk,
            cipher: Cipher::new(key),
            by_looks,
        }
    }

    /// Goes into a map under a key, or into an item of a list.
    pub fn enter(&mut self, key: Option<&str>) {
        self.walk.open(key);
    }

    /// Leaves it.
    pub fn leave(&mut self) {
        self.walk.close();
    }

    /// Opens the text under `key`. One that the selector leaves out is taken as it is, unless it is a closed value:
    /// nobody means to have a ciphertext for a value.
    ///
    /// # Errors
    ///
    /// `Value` with its place: plaintext where a closed value belongs or the other way round, a value that does not
    /// open, and one that holds no text.
    pub fn text(&mut self, key: &str, text: &str) -> Result<Leaf, SopsError> {
        let selected = self.walk.enter(Some(key));
        let leaf = self.leaf(selected, text).map_err(|fault| SopsError::Value {
            at: self.walk.at(),
            fault,
        });
        self.walk.leave();
        leaf
    }

    fn leaf(&self, selected: bool, text: &str) -> Result<Leaf, ValueFault> {
        let closed = is_closed(text.trim());
        let plain = || Leaf {
            value: Plaintext::from(text.as_bytes()),
            was_closed: false,
        };
        if text.is_empty() || self.by_looks && !closed {
            return Ok(plain());
        }
        if !selected && !self.by_looks {
            return match closed {
                true => Err(ValueFault::NotSelected),
                false => Ok(plain()),
            };
        }
        let closed: ClosedValue = text.parse()?;
        let value = self.cipher.open(&closed, self.walk.path())?;
        match value.kind() {
            Kind::Str | Kind::Bytes => Ok(Leaf {
                value: Plaintext::from(value.bytes()),
                was_closed: true,
            }),
            other => Err(ValueFault::NotText(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_core::OsRng;

    use super::super::Value;
    use super::*;

    fn closed(key: &DataKey, value: &Value, path: &str) -> String {
        Cipher::new(key).close(value, path, &mut OsRng).to_string()
    }

    #[test]
    fn a_text_opens_at_its_path_and_positions_in_lists_do_not_count() {
        let key = DataKey::generate(&mut OsRng);
        let selector = Selector::new(SelectorKind::EncryptedSuffix, "Templates").expect("a suffix");
        let text = closed(&key, &Value::text("x"), "a:secretTemplates:name:");
        for item in 0..3 {
            let mut leaves = Leaves::new(&selector, &key);
            leaves.enter(Some("a"));
            leaves.enter(Some("secretTemplates"));
            for _ in 0..item {
                leaves.enter(None);
                leaves.leave();
            }
            leaves.enter(None);
            let leaf = leaves.text("name", &text).expect("it opens");
            assert!(leaf.was_closed && leaf.value == Plaintext::from(b"x".as_slice()));
            let error = leaves.text("nome", &text).expect_err("another key");
            let place = format!("`a.secretTemplates[{item}].nome`");
            assert!(error.to_string().starts_with(&place), "{error}");
        }
    }

    #[test]
    fn plaintext_ciphertext_and_types_in_the_wrong_place_are_refused() {
        let key = DataKey::generate(&mut OsRng);
        let here = |value: &Value| closed(&key, value, "a:");
        let suffix = |kind| Selector::new(kind, "a").expect("a suffix");
        let (in_, out) = (
            suffix(SelectorKind::EncryptedSuffix),
            suffix(SelectorKind::UnencryptedSuffix),
        );
        let comment = Selector::new(SelectorKind::EncryptedCommentRegex, "x").expect("compiles");
        let text = here(&Value::text("x"));
        for (selector, text, expected) in [
            (&in_, text.as_str(), Ok(true)),
            (&in_, "", Ok(false)),
            (&in_, "hunter2", Err(ValueFault::NotClosed)),
            (
                &in_,
                &here(&Value::int(5432)),
                Err(ValueFault::NotText(Kind::Int)),
            ),
            (&out, "hunter2", Ok(false)),
            (&out, &text, Err(ValueFault::NotSelected)),
            (&comment, &text, Ok(true)),
            (&comment, "hunter2", Ok(false)),
        ] {
            let found = Leaves::new(selector, &key).text("a", text);
            let found = found
                .map(|leaf| leaf.was_closed)
                .map_err(|error| match error {
                    SopsError::Value { fault, .. } => fault,
                    other => panic!("{other}"),
                });
            assert_eq!(found, expected, "{}", selector.kind().name());
        }
    }
}
