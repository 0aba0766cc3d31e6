//! The `sops` block of a merged file: recipients as sets, every other field as one value.

use serde_json::{Map, Value as Json};

use crate::recipient::Recipient;
use crate::sops::cipher::DataKey;
use crate::sops::error::SopsError;
use crate::sops::keys;
use crate::sops::metadata::{AgeEntry, Metadata};

use super::{MergeError, Side};

/// Three blocks; without one of the base everything in the others is new.
pub(super) struct Blocks<'b> {
    pub(super) base: Option<&'b Metadata>,
    pub(super) ours: &'b Metadata,
    pub(super) theirs: &'b Metadata,
}

/// A merged block, in which recipients may be missing that the data key has still to be closed for.
pub(super) struct MergedBlock {
    pub(super) metadata: Metadata,
    missing: Vec<String>,
}

impl Blocks<'_> {
    /// Merges. Age files are taken from `holder`, whose data key the merged file has; `mixed` says that the other side
    /// has the same key, so that its age files serve too.
    ///
    /// # Errors
    ///
    /// `Block` for a field that both sides changed.
    pub(super) fn merge(
        &self,
        holder: Side,
        mixed: bool,
        favour: Option<Side>,
    ) -> Result<MergedBlock, MergeError> {
        // Under another selector a value that is a secret on one side could come out as plaintext.
        let chosen = |block: &Metadata| {
            let selector = block.selector().ok()?;
            Some((selector.kind(), selector.text().to_owned()))
        };
        let (ours, theirs) = (chosen(self.ours), chosen(self.theirs));
        if ours.is_none() || ours != theirs {
            let field = theirs.or(ours).map_or("selector", |(kind, _)| kind.name());
            return Err(MergeError::Block(field.to_owned()));
        }
        let empty = Map::new();
        let base = self.base.map_or(&empty, Metadata::raw);
        let (ours, theirs) = (self.ours.raw(), self.theirs.raw());
        let one_group = ![base, ours, theirs]
            .iter()
            .any(|raw| raw.contains_key("key_groups"));
        let added = theirs.keys().filter(|field| !ours.contains_key(*field));
        let mut raw = Map::new();
        for field in ours.keys().chain(added) {
            if field == "age" && one_group {
                raw.insert(field.clone(), Json::Array(Vec::new()));
                continue;
            }
            let [base, one, other] = [base, ours, theirs].map(|raw| raw.get(field));
            let value = match favour {
                // Written anew, or nobody's business.
                _ if matches!(field.as_str(), "mac" | "lastmodified") => one.or(other),
                _ if one == other || base == other => one,
                _ if base == one => other,
                Some(Side::Ours) => one,
                Some(Side::Theirs) => other,
                None if field == "version" => one,
                None => return Err(MergeError::Block(field.clone())),
            };
            raw.extend(value.map(|value| (field.clone(), value.clone())));
        }
        let mut merged = MergedBlock {
            metadata: Metadata::from_raw(raw, self.ours.written().map(Into::into)),
            missing: Vec::new(),
        };
        if one_group {
            let entries = self.recipients(holder, mixed, &mut merged.missing);
            merged.metadata.set_age(&[entries], None);
        } else if !mixed && self.groups(holder) != merged.metadata.raw().get("key_groups") {
            return Err(MergeError::Block("key_groups".to_owned()));
        }
        Ok(merged)
    }

    fn groups(&self, holder: Side) -> Option<&Json> {
        let held = match holder {
            Side::Ours => self.ours,
            Side::Theirs => self.theirs,
        };
        held.raw().get("key_groups")
    }

    /// Who is on a side now, and was not taken off by the other.
    fn recipients(&self, holder: Side, mixed: bool, missing: &mut Vec<String>) -> Vec<AgeEntry> {
        let list = |metadata: &Metadata| {
            let groups = metadata.key_groups().into_iter();
            groups.flat_map(|group| group.age).collect::<Vec<_>>()
        };
        let base = self.base.map(list).unwrap_or_default();
        let (ours, theirs) = (list(self.ours), list(self.theirs));
        let find = |entries: &[AgeEntry], recipient: &str| {
            let mut entries = entries.iter();
            entries.find(|entry| entry.recipient == recipient).cloned()
        };
        let added = theirs
            .iter()
            .filter(|entry| find(&ours, &entry.recipient).is_none());
        let mut merged = Vec::new();
        for entry in ours.iter().chain(added) {
            let recipient = &entry.recipient;
            let [was, one, other] = [&base, &ours, &theirs].map(|list| find(list, recipient));
            if was.is_some() && (one.is_none() || other.is_none()) {
                continue;
            }
            let (held, lent) = match holder {
                Side::Ours => (one, other),
                Side::Theirs => (other, one),
            };
            match held.or(lent.filter(|_| mixed)) {
                Some(entry) => merged.push(entry),
                None => missing.push(recipient.clone()),
            }
        }
        merged
    }
}

impl MergedBlock {
    /// Closes the data key for whoever came on the side that has another one.
    ///
    /// # Errors
    ///
    /// `Metadata` for a recipient that can't be read, `Wrap` for one that can't be closed for.
    pub(super) fn complete(mut self, key: &DataKey) -> Result<Metadata, SopsError> {
        let mut entries: Vec<AgeEntry> = Vec::new();
        for recipient in &self.missing {
            let recipient: Recipient = recipient.parse().map_err(|_| SopsError::Metadata {
                field: "age".to_owned(),
                rule: "has a recipient that can't be closed for here",
            })?;
            entries.push(keys::close(&recipient, key.bytes())?);
        }
        if !entries.is_empty() {
            let groups = self.metadata.key_groups().into_iter();
            let known = groups.flat_map(|group| group.age);
            let all: Vec<_> = known.chain(entries).collect();
            self.metadata.set_age(&[all], None);
        }
        Ok(self.metadata)
    }
}
