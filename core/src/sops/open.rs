//! From ciphertext to plaintext: every value, then the MAC, and only then anything at all.

use std::collections::{HashMap, VecDeque};

use super::cipher::{Cipher, ClosedValue, DataKey};
use super::error::SopsError;
use super::mac::{self, Mac};
use super::metadata::Metadata;
use super::value::{Kind, Value, ValueFault};
use super::walk::{Form, Scalar, Step, Walk};

/// Whether a file whose MAC doesn't match is opened all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MacPolicy {
    /// It is refused.
    #[default]
    Verify,
    /// It is opened; each value is still what was closed under its path.
    Ignore,
}

/// What becomes of one step.
pub(super) enum Outcome {
    /// It stays as it is.
    Keep,
    /// The value.
    Value(Value),
    /// A comment's text, for a comment or for an item of a list that holds one.
    Comment(Value),
}

impl Outcome {
    /// What becomes of a value that was opened.
    fn of(opened: Value) -> Self {
        match opened.kind() {
            Kind::Comment => Self::Comment(opened),
            _ => Self::Value(opened),
        }
    }
}

/// Values with the ciphertexts that they had, by their paths: what didn't change keeps its ciphertext.
#[derive(Clone, Default)]
pub struct Ciphertexts(HashMap<(String, Value), VecDeque<Known>>);

/// A ciphertext as text, and how it was written.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) text: String,
    pub(super) form: Form,
}

impl Ciphertexts {
    /// Another one with the same.
    pub(super) fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }

    /// Those of another version of the file come after those that are there.
    pub(super) fn append(&mut self, other: Self) {
        for (place, mut known) in other.0 {
            self.0.entry(place).or_default().append(&mut known);
        }
    }

    pub(super) fn add(&mut self, path: &str, value: &Value, known: Known) {
        let all = self.0.entry((path.to_owned(), value.clone())).or_default();
        all.push_back(known);
    }

    /// Each is given out once, so that equal values of a list don't become equal ciphertexts.
    ///
    /// A float without a fraction is written as a whole number: it stays the float that it was.
    pub(super) fn take(&mut self, path: &str, value: &Value) -> Option<Known> {
        if self.0.is_empty() {
            return None;
        }
        let same = self.take_same(path, value.clone());
        same.or_else(|| self.take_same(path, value.whole_as_float()?))
    }

    fn take_same(&mut self, path: &str, value: Value) -> Option<Known> {
        self.0.get_mut(&(path.to_owned(), value))?.pop_front()
    }
}

/// Opens all steps of a file whose block is `metadata`. Its ciphertexts go into `known`, where somebody wants them.
pub(super) fn open(
    steps: &[Step<'_>],
    metadata: &Metadata,
    key: &DataKey,
    policy: MacPolicy,
    mut known: Option<&mut Ciphertexts>,
) -> Result<Vec<Outcome>, SopsError> {
    let selector = metadata.selector()?;
    let cipher = Cipher::new(key);
    let mut walk = Walk::new(Some(&selector));
    let mut mac = Mac::new(metadata.mac_only_encrypted());
    let mut outcomes = Vec::with_capacity(steps.len());
    for step in steps {
        outcomes.push(match step {
            Step::Open(key, _) => {
                walk.open(key.as_deref());
                Outcome::Keep
            }
            Step::Close => {
                walk.close();
                Outcome::Keep
            }
            Step::Comment(text, _) => {
                let opened = open_comment(text, &walk, &cipher, known.as_deref_mut());
                walk.comment(text);
                opened.map_or(Outcome::Keep, Outcome::Comment)
            }
            Step::Leaf(key, value, form) => {
                let selected = walk.enter(key.as_deref());
                let outcome = match value {
                    Some(value) => {
                        let opened = open_value(value, selected, &walk, &cipher, &mut mac)?;
                        if let (Some(opened), Some(known)) = (&opened, known.as_deref_mut()) {
                            let form = match opened.kind() {
                                Kind::Comment => Form::Item,
                                _ => *form,
                            };
                            let text = value.as_text().unwrap_or_default().to_owned();
                            known.add(walk.path(), opened, Known { text, form });
                        }
                        opened.map_or(Outcome::Keep, Outcome::of)
                    }
                    None => Outcome::Keep,
                };
                match outcome {
                    Outcome::Comment(_) => walk.leave_comment(),
                    Outcome::Keep | Outcome::Value(_) => walk.leave(),
                }
                outcome
            }
        });
    }
    if policy == MacPolicy::Verify {
        let at = metadata.last_modified()?;
        mac::verify(&cipher, &mac.finish(), metadata.mac(), &at)?;
    }
    Ok(outcomes)
}

/// Opens a value that is selected, and counts it; `None` for what stays as it is.
pub(super) fn open_value(
    value: &Scalar<'_>,
    selected: bool,
    walk: &Walk<'_>,
    cipher: &Cipher,
    mac: &mut Mac,
) -> Result<Option<Value>, SopsError> {
    if !selected || value.bytes().is_empty() {
        mac.count(value.kind(), value.bytes(), selected);
        return Ok(None);
    }
    let fault = |fault| SopsError::Value {
        at: walk.at(),
        fault,
    };
    let text = value.as_text().filter(|_| value.kind() == Kind::Str);
    let closed: ClosedValue = text
        .ok_or_else(|| fault(ValueFault::NotClosed))?
        .parse()
        .map_err(fault)?;
    let opened = cipher.open_owned(closed, walk.path()).map_err(fault)?;
    mac.count(opened.kind(), opened.bytes(), selected);
    Ok(Some(opened))
}

/// A comment may have been counted to a level around; what opens nowhere was never closed, or is of another file.
fn open_comment(
    text: &str,
    walk: &Walk<'_>,
    cipher: &Cipher,
    known: Option<&mut Ciphertexts>,
) -> Option<Value> {
    let text = text.trim();
    let closed: ClosedValue = text.parse().ok()?;
    let (path, opened) = walk
        .paths_around()
        .find_map(|path| Some((path, cipher.open(&closed, path).ok()?)))?;
    if let Some(known) = known {
        let (text, form) = (text.to_owned(), Form::Bare);
        known.add(path, &opened, Known { text, form });
    }
    Some(opened)
}
