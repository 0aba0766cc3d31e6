//! Closing values: whole envelopes, single values, and all of them anew.

use std::collections::BTreeMap;

use rand_core::CryptoRngCore;

use super::closed_key::{Binding, ClosedKey};
use super::data_key::FreshDataKey;
use super::error::SealError;
use super::limits::MAX_VALUE_BYTES;
use super::open::Opened;
use super::template::OutputTemplate;
use super::value::SealedValue;
use super::{ClosedFor, DataKeyEntry, Envelope, RecipientHint};
use crate::names::{KeyName, Namespace, RecipientName, ResourceName};
use crate::plaintext::Plaintext;
use crate::recipient::{KeyRing, Recipient};
use crate::scope::{Place, Scope};

/// A recipient with the name that the configuration gives it.
#[derive(Debug, Clone)]
pub struct NamedRecipient {
    /// What people call it.
    pub name: RecipientName,
    /// Its public key: from the configuration or the command line, never from an envelope.
    pub recipient: Recipient,
}

/// What a new envelope is to be.
#[derive(Debug)]
pub struct SealRequest {
    /// The namespace of the object.
    pub namespace: Namespace,
    /// The name of the object.
    pub name: ResourceName,
    /// How widely its values may be opened.
    pub scope: Scope,
    /// The values to close.
    pub values: BTreeMap<KeyName, Plaintext>,
    /// The Secret's type, metadata and templated keys.
    pub template: OutputTemplate,
    /// Whether the template is bound to the values.
    pub binding: Binding,
}

impl Envelope {
    /// Closes the values of `request` under one fresh data key for `recipients`.
    ///
    /// # Errors
    /// [`SealError`] by variant; a value that is too large is named by its key.
    pub fn seal(
        request: &SealRequest,
        recipients: &[NamedRecipient],
        rng: &mut impl CryptoRngCore,
    ) -> Result<Self, SealError> {
        let empty = Self {
            namespace: request.namespace.clone(),
            name: request.name.clone(),
            scope: request.scope,
            data_keys: Vec::new(),
            data: BTreeMap::new(),
            template: request.template.clone(),
        };
        empty.closed(&request.values, request.binding, recipients, rng)
    }

    /// Sets some values under a fresh data key of their own; no identity is needed, and every
    /// other value stays byte for byte as it was.
    ///
    /// The fresh key vouches for the template as it stands in the file. Other data keys in use
    /// go on vouching for it too, so a template that was altered before stays refused. It is
    /// bound even where the others are not: tags that somebody took off don't make new values unbound.
    ///
    /// # Errors
    /// [`SealError`] by variant.
    pub fn set(
        self,
        values: &BTreeMap<KeyName, Plaintext>,
        recipients: &[NamedRecipient],
        rng: &mut impl CryptoRngCore,
    ) -> Result<Self, SealError> {
        self.closed(values, Binding::Template, recipients, rng)
    }

    /// Closes every opened value anew, under one fresh data key for `recipients`.
    ///
    /// # Errors
    /// [`SealError`] by variant; [`SealError::NotItsValues`] when `opened` is not what this envelope holds.
    pub fn reseal(
        &self,
        opened: &Opened,
        recipients: &[NamedRecipient],
        rng: &mut impl CryptoRngCore,
    ) -> Result<Self, SealError> {
        if !opened.are_all_of(self) {
            return Err(SealError::NotItsValues);
        }
        let empty = Self {
            data_keys: Vec::new(),
            data: BTreeMap::new(),
            ..self.clone()
        };
        empty.closed(opened.values(), self.binding(), recipients, rng)
    }

    /// Closes every value anew and vouches for the template as it stands now, bound to the values.
    ///
    /// For a template that was changed in the file. Whoever changed it may have wanted a value
    /// copied to where they can read it, so the caller lets a person read it first. The opened
    /// values go from one sealed form to the other and nowhere else.
    ///
    /// # Errors
    /// [`SealError`] by variant.
    pub fn reseal_with_template(
        &self,
        ring: &KeyRing,
        recipients: &[NamedRecipient],
        rng: &mut impl CryptoRngCore,
    ) -> Result<Self, SealError> {
        let opened = self.open_for_reseal(ring)?;
        let empty = Self {
            data_keys: Vec::new(),
            data: BTreeMap::new(),
            ..self.clone()
        };
        empty.closed(opened.values(), Binding::Template, recipients, rng)
    }

    /// As the envelope shows it from outside: unbound when no data key carries a tag.
    pub fn binding(&self) -> Binding {
        let unbound = !self.data_keys.is_empty()
            && self
                .data_keys
                .iter()
                .all(|entry| entry.template_tag.is_none());
        if unbound {
            Binding::None
        } else {
            Binding::Template
        }
    }

    /// The same envelope with another template. Its data keys do not vouch for it: only
    /// [`Envelope::reseal`], or setting every value anew, makes it open again.
    ///
    /// # Errors
    /// [`SealError::Envelope`] when a templated key is also a value.
    pub fn with_template(mut self, template: OutputTemplate) -> Result<Self, SealError> {
        self.template = template;
        self.check()?;
        Ok(self)
    }

    fn closed(
        mut self,
        values: &BTreeMap<KeyName, Plaintext>,
        binding: Binding,
        recipients: &[NamedRecipient],
        rng: &mut impl CryptoRngCore,
    ) -> Result<Self, SealError> {
        if values.is_empty() {
            self.check()?;
            return Ok(self);
        }
        let place = self.place();
        let fresh = FreshDataKey::generate(self.data_keys.iter().map(|entry| &entry.id), rng);
        let value_key = fresh.key.value_key();
        for (key, plaintext) in values {
            // Only the length is looked at.
            if plaintext.reveal().len() > MAX_VALUE_BYTES {
                return Err(SealError::ValueTooLarge { key: key.clone() });
            }
            let sealed = SealedValue::seal(&fresh.id, &value_key, &place, key, plaintext, rng);
            self.data.insert(key.clone(), sealed);
        }
        let entry = fresh.close(&self.template, &place, binding, recipients)?;
        self.data_keys.push(entry);
        self.drop_unused_data_keys();
        self.check()?;
        Ok(self)
    }
}

impl FreshDataKey {
    fn close(
        self,
        template: &OutputTemplate,
        place: &Place,
        binding: Binding,
        recipients: &[NamedRecipient],
    ) -> Result<DataKeyEntry, SealError> {
        if recipients.is_empty() {
            return Err(SealError::NoRecipients);
        }
        let closed_for = recipients
            .iter()
            .map(|named| {
                let key = ClosedKey::close(&self.key, place, binding, &named.recipient)?;
                Ok(ClosedFor {
                    recipient: RecipientHint::from(named),
                    key,
                })
            })
            .collect::<Result<_, SealError>>()?;
        Ok(DataKeyEntry {
            commitment: self.key.commitment(),
            template_tag: (binding == Binding::Template).then(|| self.key.template_tag(template)),
            closed_for,
            formerly: Vec::new(),
            id: self.id,
        })
    }
}

impl From<&NamedRecipient> for RecipientHint {
    fn from(named: &NamedRecipient) -> Self {
        Self {
            name: named.name.clone(),
            fingerprint: named.recipient.fingerprint(),
        }
    }
}
