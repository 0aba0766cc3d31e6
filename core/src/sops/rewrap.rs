//! The recipients of a file beside those that a rule names, and the way from the one to the other.

use std::collections::HashSet;

use rand_core::RngCore;

use crate::recipient::{Recipient, without_comment};

use super::cipher::DataKey;
use super::error::SopsError;
use super::keys::close;
use super::metadata::Metadata;

/// What keeps the recipients of a file from being those of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Recipients of the rule that can't open the file.
    pub missing: Vec<String>,
    /// Recipients of the file that the rule does not name.
    pub surplus: Vec<String>,
    /// The same people, in other groups or with another threshold.
    pub regrouped: bool,
}

impl Difference {
    /// True where there is none.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl Metadata {
    /// Compares the age recipients with those of a rule. Entries of other providers are not looked at.
    pub fn difference(&self, groups: &[Vec<Recipient>], threshold: Option<usize>) -> Difference {
        let own = self.key_groups();
        let texts = |group: &[Recipient]| -> HashSet<String> {
            group.iter().map(|one| bare(one.as_str())).collect()
        };
        let names = |group: &super::metadata::KeyGroup| -> HashSet<String> {
            group
                .age
                .iter()
                .map(|entry| bare(&entry.recipient))
                .collect()
        };
        let wanted: HashSet<String> = groups.iter().flat_map(|group| texts(group)).collect();
        let found: HashSet<String> = own.iter().flat_map(names).collect();
        let mut missing = Vec::new();
        for one in groups.iter().flatten().map(|one| one.as_str().to_owned()) {
            if !found.contains(&bare(&one)) && !missing.contains(&one) {
                missing.push(one);
            }
        }
        let mut surplus = Vec::new();
        for entry in own.iter().flat_map(|group| &group.age) {
            if !wanted.contains(&bare(&entry.recipient)) && !surplus.contains(&entry.recipient) {
                surplus.push(entry.recipient.clone());
            }
        }
        let several = own.len() > 1 || groups.len() > 1;
        let needed = |threshold: Option<usize>, all| threshold.unwrap_or(all);
        let same_groups = own.len() == groups.len()
            && own
                .iter()
                .zip(groups)
                .all(|(own, group)| names(own) == texts(group))
            && needed(self.shamir_threshold(), own.len()) == needed(threshold, groups.len());
        Difference {
            regrouped: several && !same_groups && missing.is_empty() && surplus.is_empty(),
            missing,
            surplus,
        }
    }

    /// Closes the same data key for those that are missing. Entries that are there, and those of other providers, stay
    /// byte for byte where there is one group; shares of several groups are all made anew.
    ///
    /// # Errors
    ///
    /// As for [`Metadata::close_data_key`].
    pub fn add_recipients(
        &mut self,
        key: &DataKey,
        groups: &[Vec<Recipient>],
        threshold: Option<usize>,
        rng: &mut impl RngCore,
    ) -> Result<(), SopsError> {
        let own = self.key_groups();
        let ([own], [group]) = (&own[..], groups) else {
            return self.close_data_key(key, groups, threshold, rng);
        };
        let mut entries = own.age.clone();
        for recipient in group {
            let there = |text: &str| bare(text) == bare(recipient.as_str());
            if !entries.iter().any(|entry| there(&entry.recipient)) {
                entries.push(close(recipient, key.bytes())?);
            }
        }
        self.set_age(&[entries], None);
        Ok(())
    }

    /// Makes the age recipients those of `group`, in its order, where the whole key is closed for one group. Entries that
    /// are there stay byte for byte, and so do those of other providers, which hold the same key.
    ///
    /// # Errors
    ///
    /// `Shares` for a file of several groups; `Wrap` where a recipient can't be closed for.
    pub fn exchange_recipients(
        &mut self,
        key: &DataKey,
        group: &[Recipient],
    ) -> Result<(), SopsError> {
        let own = self.key_groups();
        let [own] = &own[..] else {
            return Err(SopsError::Shares);
        };
        let entries = group.iter().map(|recipient| {
            let there = |text: &str| bare(text) == bare(recipient.as_str());
            match own.age.iter().find(|entry| there(&entry.recipient)) {
                Some(entry) => Ok(entry.clone()),
                None => close(recipient, key.bytes()),
            }
        });
        let entries = entries.collect::<Result<_, _>>()?;
        self.set_age(&[entries], None);
        Ok(())
    }
}

/// A recipient without the comment that a key of ssh may end with.
fn bare(recipient: &str) -> String {
    without_comment(recipient).to_owned()
}
