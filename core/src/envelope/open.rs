//! The one door from an envelope to plaintext.

use std::collections::{BTreeMap, BTreeSet};

use super::closed_key::{Binding, ClosedKey, MAX_PAYLOAD_BYTES};
use super::data_key::{Commitment, DataKey, OpenedDataKey};
use super::error::OpenError;
use super::template::OutputTemplate;
use super::{ClosedFor, DataKeyEntry, Envelope};
use crate::names::{DataKeyId, KeyName};
use crate::plaintext::Plaintext;
use crate::recipient::{Fingerprint, KeyRing};
use crate::scope::Place;

/// Values out of an envelope whose place, commitments and template were checked.
///
/// Only [`Envelope::open`] and [`Envelope::open_only`] make one.
#[derive(Debug)]
pub struct Opened {
    values: BTreeMap<KeyName, Plaintext>,
    template: TrustedTemplate,
    opened_with: Vec<Fingerprint>,
    /// The place that was checked, and the data keys that were opened there.
    of: (Place, Vec<(DataKeyId, Commitment)>),
}

/// A template that every data key in use vouches for (or that was sealed unbound, knowingly).
#[derive(Debug, Clone)]
pub struct TrustedTemplate(OutputTemplate);

impl Opened {
    /// The values.
    pub fn values(&self) -> &BTreeMap<KeyName, Plaintext> {
        &self.values
    }

    /// The values, handed over.
    pub fn into_parts(self) -> (BTreeMap<KeyName, Plaintext>, TrustedTemplate) {
        (self.values, self.template)
    }

    /// The template that may be rendered with them.
    pub fn template(&self) -> &TrustedTemplate {
        &self.template
    }

    /// True when these are all values of `envelope`, as it stands.
    pub(super) fn are_all_of(&self, envelope: &Envelope) -> bool {
        let keys = envelope.data_keys.iter();
        let keys = keys.map(|entry| (entry.id.clone(), entry.commitment));
        self.of == (envelope.place(), keys.collect()) && self.values.keys().eq(envelope.data.keys())
    }

    /// The identity that opened each data key, in the order of the envelope: as many private
    /// operations as there are entries.
    pub fn opened_with(&self) -> &[Fingerprint] {
        &self.opened_with
    }
}

impl TrustedTemplate {
    /// The template.
    pub fn get(&self) -> &OutputTemplate {
        &self.0
    }
}

impl Envelope {
    /// Opens all values, or none.
    ///
    /// One private operation for each data key, the identity found by fingerprint.
    ///
    /// # Errors
    /// [`OpenError`] by variant: no key, another place, damage, a data key that breaks its
    /// commitment, a template that is not the sealed one, a value under another key's name.
    pub fn open(&self, ring: &KeyRing) -> Result<Opened, OpenError> {
        self.open_counted(ring, &mut 0)
    }

    /// The same, and adds to `operations` the operations with a private key that it took, also of a failure.
    ///
    /// # Errors
    /// As for [`Envelope::open`].
    pub fn open_counted(
        &self,
        ring: &KeyRing,
        operations: &mut usize,
    ) -> Result<Opened, OpenError> {
        self.open_some(ring, |_| true, Check::Template, operations)
    }

    /// Opens the value of one key, and only the data key that it needs.
    ///
    /// # Errors
    /// As for [`Envelope::open`], and [`OpenError::NoSuchKey`].
    pub fn open_only(&self, key: &KeyName, ring: &KeyRing) -> Result<Opened, OpenError> {
        if !self.data.contains_key(key) {
            return Err(OpenError::NoSuchKey { key: key.clone() });
        }
        self.open_some(ring, |candidate| candidate == key, Check::Template, &mut 0)
    }

    /// Opens all values for sealing them anew, although the template may not be the sealed one.
    /// They must not be rendered, nor leave this module otherwise than sealed.
    pub(super) fn open_for_reseal(&self, ring: &KeyRing) -> Result<Opened, OpenError> {
        self.open_some(ring, |_| true, Check::PlaceAndCommitment, &mut 0)
    }

    fn open_some(
        &self,
        ring: &KeyRing,
        wanted: impl Fn(&KeyName) -> bool,
        check: Check,
        operations: &mut usize,
    ) -> Result<Opened, OpenError> {
        let place = self.place();
        let chosen: Vec<_> = self.data.iter().filter(|(key, _)| wanted(key)).collect();
        let needed: BTreeSet<&DataKeyId> =
            chosen.iter().map(|(_, value)| value.data_key()).collect();
        let mut opened_with = Vec::with_capacity(needed.len());
        let mut data_keys = Vec::with_capacity(needed.len());
        let mut keys = BTreeMap::new();
        for entry in self
            .data_keys
            .iter()
            .filter(|entry| needed.contains(&entry.id))
        {
            let (key, binding, fingerprint) = entry.open_key(&place, ring, operations)?;
            if check == Check::Template {
                entry.verify_template(&key.key, binding, &self.template)?;
            }
            opened_with.push(fingerprint);
            data_keys.push((entry.id.clone(), entry.commitment));
            keys.insert(&entry.id, key);
        }
        let mut values = BTreeMap::new();
        for (key, value) in chosen {
            let data_key = keys
                .get(value.data_key())
                .expect("an envelope has the data key of each value");
            let plaintext = value
                .open(&data_key.value_key, &place, key)
                .ok_or_else(|| self.diagnose(key, data_key, &place))?;
            values.insert(key.clone(), plaintext);
        }
        Ok(Opened {
            values,
            template: TrustedTemplate(self.template.clone()),
            opened_with,
            of: (place, data_keys),
        })
    }

    /// Tells a value under another key's name from a damaged one, for the message only.
    fn diagnose(&self, key: &KeyName, data_key: &OpenedDataKey, place: &Place) -> OpenError {
        let value = &self.data[key];
        let sealed_for = self
            .data
            .keys()
            .find(|other| value.open(&data_key.value_key, place, other).is_some());
        match sealed_for {
            Some(sealed_for) => OpenError::WrongKeyName {
                key: key.clone(),
                sealed_for: sealed_for.clone(),
            },
            None => OpenError::DamagedValue { key: key.clone() },
        }
    }
}

/// What must hold before anything is opened with a data key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    /// Place, commitment and template.
    Template,
    /// The same but for the template, which a person vouches for anew.
    PlaceAndCommitment,
}

impl DataKeyEntry {
    /// Opens the data key with the first identity of `ring` that is among its recipients, and
    /// checks place, commitment and template before anything is opened with it.
    pub(super) fn open(
        &self,
        place: &Place,
        template: &OutputTemplate,
        ring: &KeyRing,
    ) -> Result<(OpenedDataKey, Fingerprint), OpenError> {
        let (key, binding, fingerprint) = self.open_key(place, ring, &mut 0)?;
        self.verify_template(&key.key, binding, template)?;
        Ok((key, fingerprint))
    }

    fn open_key(
        &self,
        place: &Place,
        ring: &KeyRing,
        operations: &mut usize,
    ) -> Result<(OpenedDataKey, Binding, Fingerprint), OpenError> {
        let at_hand = self
            .closed_for
            .iter()
            .find_map(|closed| Some((closed, ring.get(&closed.recipient.fingerprint)?)));
        let (closed, (key, binding)) = match at_hand {
            Some((closed, identity)) => {
                *operations += 1;
                (closed, closed.key.open(&self.id, identity, place)?)
            }
            None => self.open_from_reserve(place, ring, operations)?,
        };
        key.verify_commitment(&self.id, &self.commitment)?;
        let value_key = key.value_key();
        Ok((
            OpenedDataKey { key, value_key },
            binding,
            closed.recipient.fingerprint,
        ))
    }

    /// What is in reserve knows by itself what it opens, whatever the hints say.
    fn open_from_reserve(
        &self,
        place: &Place,
        ring: &KeyRing,
        operations: &mut usize,
    ) -> Result<(&ClosedFor, (DataKey, Binding)), OpenError> {
        let files = self.closed_for.iter();
        let files: Vec<_> = files
            .map(|closed| closed.key.closed(closed.recipient.fingerprint))
            .collect();
        let id = || self.id.clone();
        let opened = ring
            .open_from_reserve(&files, MAX_PAYLOAD_BYTES)
            .map_err(|(_, source)| OpenError::DamagedKey {
                id: id(),
                source: Some(source),
            })?
            .ok_or_else(|| OpenError::NoKey { id: id() })?;
        *operations += 1;
        let closed = self.closed_for.get(opened.place);
        let closed = closed.ok_or_else(|| OpenError::NoKey { id: id() })?;
        let payload = ClosedKey::read_payload(&opened.payload, &self.id, place)?;
        Ok((closed, payload))
    }

    fn verify_template(
        &self,
        key: &DataKey,
        binding: Binding,
        template: &OutputTemplate,
    ) -> Result<(), OpenError> {
        match (binding, &self.template_tag) {
            (Binding::Template, Some(tag)) => key.verify_template(&self.id, template, tag),
            (Binding::None, None) => Ok(()),
            // A tag that was taken away, or put where the sealer wanted none.
            _ => Err(OpenError::TemplateUntrusted {
                id: self.id.clone(),
            }),
        }
    }

    /// Its binding once opened; see [`DataKeyEntry::open`].
    pub(super) fn binding(&self) -> Binding {
        if self.template_tag.is_some() {
            Binding::Template
        } else {
            Binding::None
        }
    }
}
