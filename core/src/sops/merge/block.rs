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
    /// Merges. Where both sides have the same data key, age files are taken from `holder` first and then from the other
    /// side; without a holder the merged file gets a data key of its own, which is still to be closed for everybody.
    ///
    /// # Errors
    ///
    /// `Recipients` for those that only their side names, as long as nobody decided for a side. `Block` for a field that
    /// both sides changed, and for one by which their side could let others in.
    pub(super) fn merge(
        &self,
        holder: Option<Side>,
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
                // Whoever can write to their branch must not open what our side adds.
                _ if base == one && (field == "version" || adds_nothing(field, one, other)) => {
                    other
                }
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
            let entries = self.recipients(holder, favour, &mut merged.missing)?;
            let nobody = entries.is_empty() && merged.missing.is_empty();
            merged.metadata.set_age(&[entries], None);
            let groups = merged.metadata.key_groups();
            let others = groups.iter().any(|group| !group.others.is_empty());
            // Other providers can't be closed for here.
            if (nobody && !others) || (others && holder.is_none()) {
                return Err(MergeError::Block("age".to_owned()));
            }
        } else if holder.is_none() {
            return Err(MergeError::Block("key_groups".to_owned()));
        }
        Ok(merged)
    }

    /// Who is on a side now, and was not taken off by the other.
    fn recipients(
        &self,
        holder: Option<Side>,
        favour: Option<Side>,
        missing: &mut Vec<String>,
    ) -> Result<Vec<AgeEntry>, MergeError> {
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
        let (mut merged, mut strangers) = (Vec::new(), Vec::new());
        for entry in ours.iter().chain(added) {
            let recipient = &entry.recipient;
            let [was, one, other] = [&base, &ours, &theirs].map(|list| find(list, recipient));
            if was.is_some() && (one.is_none() || other.is_none()) {
                continue;
            }
            if one.is_none() {
                match favour {
                    Some(Side::Theirs) => {}
                    Some(Side::Ours) => continue,
                    None => {
                        strangers.push(recipient.clone());
                        continue;
                    }
                }
            }
            let entry = match holder {
                Some(Side::Ours) => one.or(other),
                Some(Side::Theirs) => other.or(one),
                None => None,
            };
            match entry {
                Some(entry) => merged.push(entry),
                None => missing.push(recipient.clone()),
            }
        }
        match strangers.is_empty() {
            true => Ok(merged),
            false => Err(MergeError::Recipients(strangers)),
        }
    }
}

/// True where a field of theirs is empty, or a part of ours: nobody gets in by it.
fn adds_nothing(field: &str, ours: Option<&Json>, theirs: Option<&Json>) -> bool {
    // Fewer groups need fewer shares.
    if matches!(field, "key_groups" | "shamir_threshold") {
        return false;
    }
    let list = |value: Option<&Json>| match value {
        None | Some(Json::Null) => Some(Vec::new()),
        Some(Json::Array(items)) => Some(items.clone()),
        Some(_) => None,
    };
    match (list(ours), list(theirs)) {
        (None, Some(theirs)) => theirs.is_empty(),
        (Some(ours), Some(theirs)) => theirs.iter().all(|item| ours.contains(item)),
        _ => false,
    }
}

impl MergedBlock {
    /// Closes the data key for whoever has no age file with it yet.
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
