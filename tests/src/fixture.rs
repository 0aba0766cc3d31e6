//! Envelopes made by the library, for tests of what comes after sealing.

use std::collections::BTreeMap;

use bulla_core::{
    api::{SealingKey, SecretEnvelope},
    envelope::{Binding, Envelope, NamedRecipient, OutputTemplate, SealRequest},
    names::KeyName,
    plaintext::Plaintext,
    recipient::Recipient,
    scope::Scope,
};
use rand_core::OsRng;

/// What an envelope is to hold, in plaintext.
///
/// It can be sealed any number of times: as the same values under another name, or for other recipients.
#[derive(Clone, Debug)]
pub struct Draft {
    namespace: String,
    name: String,
    scope: Scope,
    values: BTreeMap<String, Vec<u8>>,
    secret_type: Option<String>,
    immutable: Option<bool>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    templated: BTreeMap<String, String>,
}

impl Draft {
    /// Begins an envelope of scope `Strict` without values.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            scope: Scope::Strict,
            values: BTreeMap::new(),
            secret_type: None,
            immutable: None,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            templated: BTreeMap::new(),
        }
    }

    /// Adds a value to close.
    #[must_use]
    pub fn value(mut self, key: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.values.insert(key.to_owned(), bytes.as_ref().to_vec());
        self
    }

    /// Adds a key that is made by a template.
    #[must_use]
    pub fn templated(mut self, key: &str, source: &str) -> Self {
        self.templated.insert(key.to_owned(), source.to_owned());
        self
    }

    /// Sets the type of the Secret.
    #[must_use]
    pub fn of_type(mut self, secret_type: &str) -> Self {
        self.secret_type = Some(secret_type.to_owned());
        self
    }

    /// Makes the Secret immutable.
    #[must_use]
    pub fn immutable(mut self) -> Self {
        self.immutable = Some(true);
        self
    }

    /// Adds a label of the Secret.
    #[must_use]
    pub fn label(mut self, name: &str, value: &str) -> Self {
        self.labels.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Adds an annotation of the Secret.
    #[must_use]
    pub fn annotation(mut self, name: &str, value: &str) -> Self {
        self.annotations.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Chooses where the values may be opened.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Returns the same for another name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// Returns the same for another namespace.
    #[must_use]
    pub fn in_namespace(mut self, namespace: &str) -> Self {
        self.namespace = namespace.to_owned();
        self
    }

    /// Returns the values in plaintext, without the templated ones: what the Secret has to hold.
    pub fn values(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.values
    }

    /// Closes it for `recipients`.
    ///
    /// # Panics
    ///
    /// If it cannot be sealed.
    pub fn seal_for(&self, recipients: &[Recipient]) -> SecretEnvelope {
        let sealed = self.try_seal_for(recipients);
        let envelope = sealed.unwrap_or_else(|error| panic!("failed to seal: {error}"));
        let mut wire = SecretEnvelope::new(&self.name, (&envelope).into());
        wire.metadata.namespace = Some(self.namespace.clone());
        wire
    }

    fn try_seal_for(
        &self,
        recipients: &[Recipient],
    ) -> Result<Envelope, Box<dyn std::error::Error>> {
        let mut values = BTreeMap::new();
        for (key, bytes) in &self.values {
            values.insert(key.parse::<KeyName>()?, Plaintext::from(bytes.as_slice()));
        }
        let mut templated = BTreeMap::new();
        for (key, source) in &self.templated {
            templated.insert(key.parse::<KeyName>()?, source.clone());
        }
        let request = SealRequest {
            namespace: self.namespace.parse()?,
            name: self.name.parse()?,
            scope: self.scope,
            values,
            template: OutputTemplate::new(
                self.secret_type.clone(),
                self.immutable,
                self.labels.clone(),
                self.annotations.clone(),
                templated,
            )?,
            binding: Binding::Template,
        };
        let mut named = Vec::new();
        for (index, recipient) in recipients.iter().enumerate() {
            named.push(NamedRecipient {
                name: format!("recipient-{index}").parse()?,
                recipient: recipient.clone(),
            });
        }
        Ok(Envelope::seal(&request, &named, &mut OsRng)?)
    }
}

/// Returns the public half of a sealing key, once the controller has published it.
///
/// # Panics
///
/// If what was published is no recipient.
pub(crate) fn recipient(key: &SealingKey) -> Option<Recipient> {
    let text = key.status.as_ref()?.public_key.as_ref()?;
    let recipient = text.parse();
    Some(recipient.unwrap_or_else(|error| panic!("`{text}` is no recipient: {error}")))
}
