//! The envelope: values closed by data keys, data keys closed for recipients (FORMAT.md).
//!
//! An [`Envelope`] is parsed and within its limits, but nothing in it has been verified: who can
//! write to Git can write one. [`Envelope::open`] is the one way from it to plaintext, and
//! [`Opened`] is the proof that place, commitment and template were checked.

mod canonical;
mod closed_key;
mod data_key;
mod error;
mod limits;
mod metadata;
mod open;
mod rewrap;
mod seal;
mod template;
mod value;

use std::collections::{BTreeMap, BTreeSet};

pub use closed_key::{Binding, ClosedKey};
pub use data_key::{Commitment, TemplateTag};
pub use error::{EnvelopeError, OpenError, SealError};
pub use limits::*;
pub use open::{Opened, TrustedTemplate};
pub use rewrap::Rewrapped;
pub use seal::{NamedRecipient, SealRequest};
pub use template::{OutputTemplate, RESERVED_PREFIXES};
pub use value::SealedValue;

use crate::names::{DataKeyId, KeyName, Namespace, RecipientName, ResourceName};
use crate::recipient::Fingerprint;
use crate::scope::{Place, Scope};

/// A parsed envelope: names valid, limits kept, every value with its data key and none unused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    namespace: Namespace,
    name: ResourceName,
    scope: Scope,
    data_keys: Vec<DataKeyEntry>,
    data: BTreeMap<KeyName, SealedValue>,
    template: OutputTemplate,
}

/// One data key of an envelope, as it lies in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataKeyEntry {
    /// Its id, unique in the envelope.
    pub id: DataKeyId,
    /// What the data key must derive before any value is opened.
    pub commitment: Commitment,
    /// The tag over the template; absent only when the data key was closed with [`Binding::None`].
    pub template_tag: Option<TemplateTag>,
    /// The data key, closed once for each recipient.
    pub closed_for: Vec<ClosedFor>,
    /// Recipients that held this data key once and keep whatever they saw.
    pub formerly: Vec<RecipientHint>,
}

/// A data key closed for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedFor {
    /// Who that is: hints, never authority.
    pub recipient: RecipientHint,
    /// The age file that holds the data key.
    pub key: ClosedKey,
}

/// The name and the fingerprint that stand beside a closed key. Anyone who writes the file can
/// write anything here, so nothing is ever closed for what a hint says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientHint {
    /// What people call the recipient.
    pub name: RecipientName,
    /// The fingerprint of its public key.
    pub fingerprint: Fingerprint,
}

impl Envelope {
    /// Puts an envelope together and checks what holds for every one of them.
    ///
    /// # Errors
    /// [`EnvelopeError`] by variant: a limit, a duplicate, a value without its data key, a data
    /// key without a value, a key that is both a value and a template.
    pub fn new(
        namespace: Namespace,
        name: ResourceName,
        scope: Scope,
        data_keys: Vec<DataKeyEntry>,
        data: BTreeMap<KeyName, SealedValue>,
        template: OutputTemplate,
    ) -> Result<Self, EnvelopeError> {
        let envelope = Self {
            namespace,
            name,
            scope,
            data_keys,
            data,
            template,
        };
        envelope.check()?;
        Ok(envelope)
    }

    fn check(&self) -> Result<(), EnvelopeError> {
        within(error::DATA_KEYS, self.data_keys.len(), MAX_DATA_KEYS)?;
        within("values", self.data.len(), MAX_VALUES)?;
        within("templated keys", self.template.data().len(), MAX_TEMPLATES)?;
        within("bytes of spec", self.approximate_bytes(), MAX_SPEC_BYTES)?;
        let mut ids = BTreeSet::new();
        for entry in &self.data_keys {
            if !ids.insert(&entry.id) {
                return Err(EnvelopeError::DuplicateDataKey {
                    id: entry.id.clone(),
                });
            }
            entry.check()?;
            if !self
                .data
                .values()
                .any(|value| value.data_key() == &entry.id)
            {
                return Err(EnvelopeError::UnusedDataKey {
                    id: entry.id.clone(),
                });
            }
        }
        for (key, value) in &self.data {
            if !ids.contains(value.data_key()) {
                let (key, id) = (key.clone(), value.data_key().clone());
                return Err(EnvelopeError::MissingDataKey { key, id });
            }
            if self.template.data().contains_key(key) {
                return Err(EnvelopeError::KeyInBoth { key: key.clone() });
            }
        }
        Ok(())
    }

    /// Counts what dominates the size; the API server has the exact figure.
    fn approximate_bytes(&self) -> usize {
        let values: usize = self
            .data
            .iter()
            .map(|(k, v)| k.as_str().len() + v.text_bytes())
            .sum();
        let keys: usize = self
            .data_keys
            .iter()
            .flat_map(|e| &e.closed_for)
            .map(|c| c.key.text_bytes())
            .sum();
        values + keys + self.template.canonical_json().len()
    }

    /// The namespace of the object.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The name of the object, and of the Secret that it makes.
    pub fn name(&self) -> &ResourceName {
        &self.name
    }

    /// How widely its values may be opened.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The place that its values are bound to.
    pub fn place(&self) -> Place {
        Place::new(self.scope, &self.namespace, &self.name)
    }

    /// Its data keys, in the order of the file.
    pub fn data_keys(&self) -> &[DataKeyEntry] {
        &self.data_keys
    }

    /// Its sealed values.
    pub fn data(&self) -> &BTreeMap<KeyName, SealedValue> {
        &self.data
    }

    /// Its template: not trusted, for showing and comparing only.
    pub fn template(&self) -> &OutputTemplate {
        &self.template
    }

    /// Takes values out, and the data keys that no value uses any more. No identity is needed.
    ///
    /// # Errors
    /// [`EnvelopeError::NoSuchKey`] when one of them is not there; nothing is changed then.
    pub fn unset(mut self, keys: &BTreeSet<KeyName>) -> Result<Self, EnvelopeError> {
        for key in keys {
            if self.data.remove(key).is_none() {
                return Err(EnvelopeError::NoSuchKey { key: key.clone() });
            }
        }
        self.drop_unused_data_keys();
        Ok(self)
    }

    fn drop_unused_data_keys(&mut self) {
        let used: BTreeSet<_> = self
            .data
            .values()
            .map(|value| value.data_key().clone())
            .collect();
        self.data_keys.retain(|entry| used.contains(&entry.id));
    }
}

impl DataKeyEntry {
    fn check(&self) -> Result<(), EnvelopeError> {
        within(
            "recipients of a data key",
            self.closed_for.len(),
            MAX_RECIPIENTS,
        )?;
        within(
            "former recipients of a data key",
            self.formerly.len(),
            MAX_FORMER_RECIPIENTS,
        )?;
        if self.closed_for.is_empty() {
            return Err(EnvelopeError::NoRecipient {
                id: self.id.clone(),
            });
        }
        let mut seen = BTreeSet::new();
        for closed in &self.closed_for {
            let fingerprint = closed.recipient.fingerprint;
            if !seen.insert(fingerprint) {
                return Err(EnvelopeError::DuplicateRecipient {
                    id: self.id.clone(),
                    fingerprint,
                });
            }
        }
        Ok(())
    }
}

fn within(what: &'static str, found: usize, limit: usize) -> Result<(), EnvelopeError> {
    if found <= limit {
        Ok(())
    } else {
        Err(EnvelopeError::TooMuch { what, limit })
    }
}
