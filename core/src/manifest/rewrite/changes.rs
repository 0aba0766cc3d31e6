//! What becomes of the elements of a collection.

use serde_json::{Map, Value};

use crate::manifest::emit::BlockWriter;
use crate::manifest::path::Path;

/// What happens to the elements of a collection, in the order of the result.
pub(super) enum Change<'v> {
    Keep(usize),
    Remove(usize),
    Insert(New<'v>),
}

/// A new entry or item.
pub(super) struct New<'v> {
    pub(super) key: Option<&'v str>,
    pub(super) number: usize,
    pub(super) value: &'v Value,
}

impl New<'_> {
    pub(super) fn path(&self, parent: &Path) -> Path {
        match self.key {
            Some(key) => parent.join(key),
            None => parent.join(self.number),
        }
    }

    pub(super) fn write(&self, writer: &mut BlockWriter<'_>, indent: usize, path: &Path) {
        match self.key {
            Some(key) => writer.entry(key, self.value, indent, path),
            None => writer.item(self.value, indent, path),
        }
    }

    pub(super) fn write_in_line(&self, writer: &mut BlockWriter<'_>, indent: usize, path: &Path) {
        match self.key {
            Some(key) => writer.entry_in_line(key, self.value, indent, path),
            None => writer.item_in_line(self.value, indent, path),
        }
    }
}

/// Old keys stay or go; new ones stand where the order of the others puts them, or at the end.
///
/// At the top of an object new fields take the place of one that goes, `place_of`.
pub(super) fn entry_changes<'v>(
    keys: &[String],
    old: &Map<String, Value>,
    new: &'v Map<String, Value>,
    place_of: Option<&str>,
) -> Vec<Change<'v>> {
    let stays = |key: &String| new.contains_key(key);
    let kept: Vec<&String> = keys.iter().filter(|key| stays(key)).collect();
    let mut added: Vec<(&str, &Value)> = new
        .iter()
        .filter(|(key, _)| !old.contains_key(*key))
        .map(|(key, value)| (key.as_str(), value))
        .collect();
    let place = place_of.and_then(|name| keys.iter().position(|key| key == name));
    let sorted = place.is_none() && kept.is_sorted();
    if sorted {
        added.sort_unstable_by_key(|(key, _)| *key);
    }
    let mut added = added.into_iter().peekable();
    let insert = |(key, value)| {
        Change::Insert(New {
            key: Some(key),
            number: 0,
            value,
        })
    };
    let mut changes = Vec::with_capacity(keys.len() + added.len());
    for (at, key) in keys.iter().enumerate() {
        if !stays(key) {
            changes.push(Change::Remove(at));
        } else {
            while let Some(new) = added.next_if(|(name, _)| sorted && *name < key.as_str()) {
                changes.push(insert(new));
            }
            changes.push(Change::Keep(at));
        }
        if place == Some(at) {
            changes.extend(added.by_ref().map(insert));
        }
    }
    changes.extend(added.map(insert));
    changes
}
