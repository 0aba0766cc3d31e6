//! What a change touched, told from two versions of a sealed resource and no key.
//!
//! Equal ciphertext under an equal commitment opens to an equal value: that is the proof that a
//! rotation changed no value. Other ciphertext may hold the same value or another one.

use std::collections::{BTreeMap, BTreeSet};

use crate::envelope::{DataKeyEntry, Envelope, OutputTemplate, RecipientHint};
use crate::names::{DataKeyId, KeyName};
use crate::recipient::Fingerprint;
use crate::scope::Place;
use crate::sealed_secrets::{ItemError, SealedData, SealedItem, SealedSecret, SecretTemplate};

/// The differences of two versions of an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// Every key of either version.
    pub values: BTreeMap<KeyName, ValueChange>,
    /// The data keys that differ, those of the older version first.
    pub data_keys: Vec<DataKeyChange>,
    /// The parts of the template that differ, as paths: `type`, `data.url`, `metadata.labels`.
    pub template: Vec<String>,
    /// The place before and after, when it is another one.
    pub place: Option<(Place, Place)>,
}

/// What happened to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ValueChange {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It was sealed anew: it may be another value.
    Resealed,
    /// It is byte for byte as it was, under the same data key.
    Untouched,
}

/// What happened to a data key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataKeyChange {
    /// Its id.
    pub id: DataKeyId,
    /// Whether it was there before, is there now, or both.
    pub presence: Presence,
    /// Who it is closed for now and was not before.
    pub added: Vec<RecipientHint>,
    /// Who it was closed for before and is not now. Whoever opened it may have kept it.
    pub removed: Vec<RecipientHint>,
    /// Who it is closed for as before, with other bytes: closed again.
    pub rewrapped: Vec<RecipientHint>,
    /// Recipients that left before and are no longer remembered: somebody took them out of `formerly`.
    pub forgotten: Vec<RecipientHint>,
    /// The id stands for another data key now.
    pub replaced: bool,
    /// It vouches for another template now, or for any.
    pub retagged: bool,
}

/// In which version a data key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Presence {
    /// In the newer one only.
    New,
    /// In the older one only.
    Gone,
    /// In both.
    Kept,
}

/// Compares two versions of an envelope.
pub fn compare(old: &Envelope, new: &Envelope) -> Comparison {
    let place = (old.place() != new.place()).then(|| (old.place(), new.place()));
    let keys: BTreeSet<_> = old.data().keys().chain(new.data().keys()).collect();
    let values = keys
        .into_iter()
        .map(|key| (key.clone(), value_change(old, new, key)))
        .collect();
    let mut data_keys = Vec::new();
    for before in old.data_keys() {
        let after = entry(new, &before.id);
        data_keys.extend(DataKeyChange::between(Some(before), after));
    }
    for after in new
        .data_keys()
        .iter()
        .filter(|after| entry(old, &after.id).is_none())
    {
        data_keys.extend(DataKeyChange::between(None, Some(after)));
    }
    Comparison {
        values,
        data_keys,
        template: template_parts(old.template(), new.template()),
        place,
    }
}

/// Compares two versions of a SealedSecret, by ciphertext. It has no data keys, and of the deprecated
/// form only one value is known.
pub fn compare_sealed(old: &SealedSecret, new: &SealedSecret) -> Comparison {
    let (was, is) = (items(old), items(new));
    let keys: BTreeSet<_> = was.keys().chain(is.keys()).collect();
    let change = |key: &&KeyName| match (was.get(*key), is.get(*key)) {
        (None, _) => ValueChange::Added,
        (_, None) => ValueChange::Removed,
        (before, after) if before == after => ValueChange::Untouched,
        _ => ValueChange::Resealed,
    };
    let values = keys.iter().map(|key| ((*key).clone(), change(key)));
    let place = |sealed: &SealedSecret| sealed.label().place().clone();
    Comparison {
        values: values.collect(),
        data_keys: Vec::new(),
        template: sealed_template_parts(old.template(), new.template()),
        place: (place(old) != place(new)).then(|| (place(old), place(new))),
    }
}

fn items(sealed: &SealedSecret) -> BTreeMap<KeyName, &Result<SealedItem, ItemError>> {
    match sealed.sealed() {
        SealedData::Items(items) => items
            .iter()
            .map(|(key, item)| (key.clone(), item))
            .collect(),
        SealedData::Legacy(item) => {
            let name = "spec.data".parse().expect("it is a valid key");
            BTreeMap::from([(name, item)])
        }
    }
}

fn sealed_template_parts(old: &SecretTemplate, new: &SecretTemplate) -> Vec<String> {
    let parts = [
        (old.secret_type != new.secret_type, "type"),
        (old.immutable != new.immutable, "immutable"),
        (old.labels != new.labels, "metadata.labels"),
        (old.annotations != new.annotations, "metadata.annotations"),
        (old.finalizers != new.finalizers, "metadata.finalizers"),
    ];
    let differing = parts.iter().filter(|(differs, _)| *differs);
    let mut parts: Vec<_> = differing.map(|(_, part)| (*part).to_owned()).collect();
    let keys: BTreeSet<_> = old.data.keys().chain(new.data.keys()).collect();
    let changed = keys
        .into_iter()
        .filter(|key| old.data.get(*key) != new.data.get(*key));
    parts.extend(changed.map(|key| format!("data.{key}")));
    parts
}

impl Comparison {
    /// True when nothing differs at all.
    pub fn is_empty(&self) -> bool {
        self.no_value_changed() && self.data_keys.is_empty() && self.template.is_empty()
    }

    /// True when every value is the one that it was, for everybody who can open both versions, at the same place.
    pub fn no_value_changed(&self) -> bool {
        self.place.is_none()
            && self
                .values
                .values()
                .all(|change| *change == ValueChange::Untouched)
    }

    /// True for a rotation of recipients and nothing else: no value changed, no template, no place.
    pub fn only_recipients_changed(&self) -> bool {
        let kept =
            |key: &DataKeyChange| key.presence == Presence::Kept && !key.replaced && !key.retagged;
        self.no_value_changed() && self.template.is_empty() && self.data_keys.iter().all(kept)
    }
}

impl DataKeyChange {
    fn between(before: Option<&DataKeyEntry>, after: Option<&DataKeyEntry>) -> Option<Self> {
        let (id, presence) = match (before, after) {
            (Some(before), Some(_)) => (&before.id, Presence::Kept),
            (Some(before), None) => (&before.id, Presence::Gone),
            (None, Some(after)) => (&after.id, Presence::New),
            (None, None) => return None,
        };
        let closed =
            |entry: Option<&DataKeyEntry>| -> BTreeMap<Fingerprint, (RecipientHint, String)> {
                let all = entry.into_iter().flat_map(|entry| &entry.closed_for);
                all.map(|c| {
                    (
                        c.recipient.fingerprint,
                        (c.recipient.clone(), c.key.to_string()),
                    )
                })
                .collect()
            };
        let (was, is) = (closed(before), closed(after));
        let only_in = |one: &BTreeMap<_, (RecipientHint, String)>, other: &BTreeMap<_, _>| {
            let mine = one
                .iter()
                .filter(|(fingerprint, _)| !other.contains_key(*fingerprint));
            mine.map(|(_, (hint, _))| hint.clone()).collect::<Vec<_>>()
        };
        let rewrapped = is
            .iter()
            .filter(|(f, (_, key))| was.get(*f).is_some_and(|(_, old)| old != key));
        let mut change = Self {
            id: id.clone(),
            presence,
            added: only_in(&is, &was),
            removed: only_in(&was, &is),
            rewrapped: rewrapped.map(|(_, (hint, _))| hint.clone()).collect(),
            forgotten: Vec::new(),
            replaced: false,
            retagged: false,
        };
        if let (Some(before), Some(after)) = (before, after) {
            change.replaced = before.commitment != after.commitment;
            change.retagged = before.template_tag != after.template_tag;
            let remembered = |hint: &&RecipientHint| {
                is.contains_key(&hint.fingerprint)
                    || after
                        .formerly
                        .iter()
                        .any(|known| known.fingerprint == hint.fingerprint)
            };
            let must = before.formerly.iter().chain(&change.removed);
            change.forgotten = must.filter(|hint| !remembered(hint)).cloned().collect();
        }
        let differs = presence != Presence::Kept
            || change.replaced
            || change.retagged
            || ![
                &change.added,
                &change.removed,
                &change.rewrapped,
                &change.forgotten,
            ]
            .iter()
            .all(|l| l.is_empty());
        differs.then_some(change)
    }
}

fn value_change(old: &Envelope, new: &Envelope, key: &KeyName) -> ValueChange {
    match (old.data().get(key), new.data().get(key)) {
        (None, _) => ValueChange::Added,
        (_, None) => ValueChange::Removed,
        (Some(before), Some(after)) => {
            let commitment = |envelope, id| entry(envelope, id).map(|entry| &entry.commitment);
            let same_key = commitment(old, before.data_key()) == commitment(new, after.data_key());
            match before == after && same_key {
                true => ValueChange::Untouched,
                false => ValueChange::Resealed,
            }
        }
    }
}

fn entry<'e>(envelope: &'e Envelope, id: &DataKeyId) -> Option<&'e DataKeyEntry> {
    envelope.data_keys().iter().find(|entry| entry.id == *id)
}

fn template_parts(old: &OutputTemplate, new: &OutputTemplate) -> Vec<String> {
    let mut parts = Vec::new();
    let mut note = |differs: bool, part: &str| {
        if differs {
            parts.push(part.to_owned());
        }
    };
    note(old.secret_type() != new.secret_type(), "type");
    note(old.immutable() != new.immutable(), "immutable");
    note(old.labels() != new.labels(), "metadata.labels");
    note(
        old.annotations() != new.annotations(),
        "metadata.annotations",
    );
    let keys: BTreeSet<_> = old.data().keys().chain(new.data().keys()).collect();
    for key in keys {
        note(
            old.data().get(key) != new.data().get(key),
            &format!("data.{key}"),
        );
    }
    parts
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
