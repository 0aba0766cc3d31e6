//! The one door from a SealedSecret to plaintext.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::item::{Attempt, ItemError, SealedItem};
use super::key_ring::{RsaKeyRing, Search};
use super::label::Label;
use super::legacy::{self, LegacyFault};
use super::private_key::RsaPrivateKey;
use super::resource::{SealedData, SealedSecret};
use super::template::SecretTemplate;
use crate::names::KeyName;
use crate::plaintext::Plaintext;
use crate::reason::Reason;
use crate::recipient::Fingerprint;

/// Values out of a SealedSecret, all of them sealed for its place. Only [`SealedSecret::unseal`] makes one.
///
/// The template beside them is whatever stands in the object: nothing vouches for it.
#[derive(Debug)]
pub struct Unsealed {
    pub(super) values: BTreeMap<KeyName, Plaintext>,
    pub(super) template: SecretTemplate,
    /// What they were sealed with: they are sealed anew for this and nothing else.
    pub(super) label: Label,
    opened_with: Vec<Fingerprint>,
}

/// Whether the deprecated `spec.data` is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LegacyData {
    /// It is, as Sealed Secrets' controller does by default.
    #[default]
    Accept,
    /// It is an error, as for `kubeseal`.
    Refuse,
}

/// A SealedSecret that does not open. No text says anything of a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnsealError {
    /// Some values do not open; each says why.
    #[error("{0}")]
    Items(ItemErrors),
    /// The one value of the deprecated form does not open.
    #[error("`spec.data`: {0}")]
    Legacy(ItemError),
    /// It opens, and holds no Secret.
    #[error("`spec.data` opens, but {0}")]
    NoSecret(LegacyFault),
    /// The deprecated form, where it is switched off.
    #[error("the deprecated `spec.data` is switched off: use `spec.encryptedData`")]
    LegacyRefused,
}

/// What is wrong with each of some values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemErrors(pub BTreeMap<KeyName, ItemError>);

impl SealedSecret {
    /// Opens all values, or none. The search counts the private operations, also of a failure; the
    /// key that opened one value is tried first for the next.
    ///
    /// # Errors
    /// [`UnsealError`] by variant; every value that does not open is named.
    pub fn unseal(
        &self,
        ring: &RsaKeyRing,
        search: &mut Search,
        legacy: LegacyData,
    ) -> Result<Unsealed, UnsealError> {
        let label = self.label();
        let mut opened_with = Vec::new();
        let mut open = |item: &Result<SealedItem, ItemError>| {
            let item = item.as_ref().map_err(Clone::clone)?;
            let (value, fingerprint) = ring.open(item, &label, search)?;
            if !opened_with.contains(&fingerprint) {
                opened_with.push(fingerprint);
            }
            Ok(value)
        };
        let (values, template) = match self.sealed() {
            SealedData::Items(items) => {
                let mut values = BTreeMap::new();
                let mut errors = BTreeMap::new();
                for (key, item) in items {
                    match open(item) {
                        Ok(value) => drop(values.insert(key.clone(), value)),
                        Err(error) => drop(errors.insert(key.clone(), error)),
                    }
                }
                if !errors.is_empty() {
                    return Err(UnsealError::Items(ItemErrors(errors)));
                }
                (values, self.template().clone())
            }
            SealedData::Legacy(_) if legacy == LegacyData::Refuse => {
                return Err(UnsealError::LegacyRefused);
            }
            SealedData::Legacy(item) => {
                let blob = open(item).map_err(UnsealError::Legacy)?;
                let (values, mut template) = legacy::read(&blob).map_err(UnsealError::NoSecret)?;
                // Whether the Secret is owned is asked of the object, as theirs does.
                template.inherit_owner_choice(self.template());
                (values, template)
            }
        };
        Ok(Unsealed {
            values,
            template,
            label,
            opened_with,
        })
    }
}

impl SealedSecret {
    /// The values of `spec.encryptedData` that this key opens where they lie.
    pub fn sealed_with(&self, key: &RsaPrivateKey) -> BTreeSet<KeyName> {
        let SealedData::Items(items) = self.sealed() else {
            return BTreeSet::new();
        };
        let label = self.label();
        let opens = |item: &SealedItem| matches!(item.try_open(key, &label), Attempt::Opened(_));
        let items = items.iter();
        items
            .filter(|(_, item)| item.as_ref().is_ok_and(opens))
            .map(|(name, _)| name.clone())
            .collect()
    }
}

impl Unsealed {
    /// Values that are about to be sealed, as they will come out again.
    pub(super) fn new(
        values: BTreeMap<KeyName, Plaintext>,
        template: SecretTemplate,
        label: Label,
    ) -> Self {
        Self {
            values,
            template,
            label,
            opened_with: Vec::new(),
        }
    }

    /// The values as they were sealed; nothing is rendered.
    pub fn values(&self) -> &BTreeMap<KeyName, Plaintext> {
        &self.values
    }

    /// What the Secret gets besides: not trusted.
    pub fn template(&self) -> &SecretTemplate {
        &self.template
    }

    /// The keys that opened the values, in the order of first use: to be remembered.
    pub fn opened_with(&self) -> &[Fingerprint] {
        &self.opened_with
    }
}

impl UnsealError {
    /// The bounded word for conditions, Events and exit codes; of several the gravest.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Items(errors) => {
                let reasons: Vec<_> = errors.0.values().map(ItemError::reason).collect();
                [Reason::Damaged, Reason::NotSealed, Reason::LimitExceeded]
                    .into_iter()
                    .find(|reason| reasons.contains(reason))
                    .unwrap_or(Reason::NoKey)
            }
            Self::Legacy(error) => error.reason(),
            Self::NoSecret(_) | Self::LegacyRefused => Reason::Malformed,
        }
    }
}

/// One sentence for all keys with the same trouble, as Sealed Secrets groups them. It has a bound, however many
/// values there are: the status of the resource has to hold it.
impl fmt::Display for ItemErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
        for (key, error) in &self.0 {
            let text = error.to_string();
            match groups.iter_mut().find(|(other, _)| *other == text) {
                Some((_, keys)) => keys.push(key.as_str()),
                None => groups.push((text, vec![key.as_str()])),
            }
        }
        let left_out: usize = groups.iter().skip(GROUPS).map(|(_, keys)| keys.len()).sum();
        for (index, (text, keys)) in groups.iter().take(GROUPS).enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            let noun = if keys.len() == 1 { "value" } else { "values" };
            let shown: Vec<_> = keys
                .iter()
                .take(SHOWN)
                .map(|key| format!("`{key}`"))
                .collect();
            write!(f, "{noun} {}", shown.join(", "))?;
            if keys.len() > SHOWN {
                write!(f, " and {} more", keys.len() - SHOWN)?;
            }
            write!(f, ": {text}")?;
        }
        if left_out > 0 {
            write!(f, "; and {left_out} more")?;
        }
        Ok(())
    }
}

/// Keys that a message names for one kind of trouble.
const SHOWN: usize = 10;
/// Kinds of trouble that a message names.
const GROUPS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_a_bound_whatever_is_wrong_with_how_many_values() {
        let error = |n: usize| match n % 2 {
            0 => ItemError::NotBase64 { at: n },
            _ => ItemError::NoKey,
        };
        let key = |n: usize| format!("{n:0200}").parse().unwrap();
        let all = (0..4000).map(|n| (key(n), error(n))).collect();
        let text = ItemErrors(all).to_string();
        assert!(text.len() < 8 * 1024, "{}", text.len());
        // Seven of the first kind, the first ten of the second.
        assert!(text.ends_with("; and 1993 more"), "{text}");
        assert!(
            text.contains(" and 1990 more: no key could decrypt it"),
            "{text}"
        );
    }
}
