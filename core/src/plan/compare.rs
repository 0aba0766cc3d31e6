//! In what a live Secret differs from the one that is wanted.

use std::collections::{BTreeMap, BTreeSet};

use super::{Live, Mode};
use crate::names::KeyName;
use crate::secret::{MANAGED_BY_LABEL, Outline, SecretContent};

/// Differences, by name; values are compared in constant time and never shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Keys that are there with another value.
    pub changed: Vec<KeyName>,
    /// Keys that are not there.
    pub missing: Vec<KeyName>,
    /// Keys that should not be there.
    pub foreign: Vec<String>,
    /// Labels or annotations differ.
    pub metadata: bool,
    /// The type differs.
    pub secret_type: bool,
    /// `immutable` differs.
    pub immutable: bool,
    /// The form differs in which it is kept.
    pub form: bool,
}

impl Changes {
    /// What a creation changes.
    pub(super) fn all(wanted: &SecretContent) -> Self {
        Self {
            missing: wanted.data().keys().cloned().collect(),
            ..Self::default()
        }
    }

    /// What an update changes.
    pub(super) fn between(wanted: &SecretContent, live: &Live, mode: Mode) -> Self {
        let mut changes = Self {
            metadata: !same_metadata(wanted.outline(), live),
            secret_type: wanted.outline().secret_type() != live_type(live),
            immutable: wanted.outline().immutable() != live.immutable,
            form: live.deformed,
            ..Self::default()
        };
        for (key, value) in wanted.data() {
            match live.data.get(key.as_str()) {
                None => changes.missing.push(key.clone()),
                Some(found) if found != value => changes.changed.push(key.clone()),
                Some(_) => {}
            }
        }
        if mode == Mode::Whole {
            let known: BTreeSet<&str> = wanted.data().keys().map(KeyName::as_str).collect();
            let foreign = live.data.keys().filter(|key| !known.contains(key.as_str()));
            changes.foreign = foreign.cloned().collect();
        }
        changes
    }

    /// True when there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// True when data differs.
    pub fn touch_data(&self) -> bool {
        !(self.changed.is_empty() && self.missing.is_empty() && self.foreign.is_empty())
    }

    /// The API server lets nobody change a type, nor the data of an immutable Secret, nor take
    /// `immutable` back.
    pub(super) fn need_replacement(&self, wanted: &SecretContent, live: &Live) -> bool {
        let frozen = live.immutable && (self.touch_data() || !wanted.outline().immutable());
        self.secret_type || frozen
    }
}

/// True when everything but the data of `live` is as `wanted` says. Nothing was opened for that.
pub fn matches_outline(wanted: &Outline, live: &Live) -> bool {
    wanted.secret_type() == live_type(live)
        && wanted.immutable() == live.immutable
        && !live.deformed
        && !live.deleting
        && same_metadata(wanted, live)
}

fn same_metadata(wanted: &Outline, live: &Live) -> bool {
    let ours = live.ours.clone().unwrap_or_default();
    // A Secret that another controller made is not written just to put our label on it.
    let counts = |name: &str| name != MANAGED_BY_LABEL || live.ours.is_some();
    let has = |wanted: &BTreeMap<String, String>, there: &BTreeMap<String, String>| {
        wanted
            .iter()
            .all(|(name, value)| !counts(name) || there.get(name) == Some(value))
    };
    let no_leftover = |ours: &[String], wanted: &BTreeMap<String, String>| {
        ours.iter()
            .all(|name| wanted.contains_key(name) || name.starts_with("bulla.dev/"))
    };
    has(wanted.labels(), &live.labels)
        && has(wanted.annotations(), &live.annotations)
        && no_leftover(&ours.labels, wanted.labels())
        && no_leftover(&ours.annotations, wanted.annotations())
}

/// An empty type is `Opaque`.
fn live_type(live: &Live) -> &str {
    if live.secret_type.is_empty() {
        "Opaque"
    } else {
        &live.secret_type
    }
}
