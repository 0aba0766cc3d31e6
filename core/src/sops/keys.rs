//! The data key, closed for recipients and out of what was closed.

use rand_core::RngCore;
use zeroize::Zeroizing;

use crate::recipient::{Identity, KeyRing, Recipient, UnwrapError, armor, dearmor, unwrap, wrap};

use super::cipher::DataKey;
use super::error::SopsError;
use super::metadata::{AgeEntry, KeyGroup, Metadata};
use super::shamir;

/// Whoever opens what is closed for one recipient: identities here, plug-ins and key services elsewhere.
pub trait Opener {
    /// Opens the age file of an entry; `None` where it is for somebody else.
    ///
    /// # Errors
    ///
    /// Where it is for this opener, but damaged.
    fn open(&self, entry: &AgeEntry) -> Result<Option<Zeroizing<Vec<u8>>>, UnwrapError>;
}

/// Identities of age. One whose recipient the entry names is tried first and alone.
impl Opener for KeyRing {
    fn open(&self, entry: &AgeEntry) -> Result<Option<Zeroizing<Vec<u8>>>, UnwrapError> {
        let file = dearmor(&entry.enc).ok_or(UnwrapError::NotAge)?;
        let named = |identity: &&Identity| identity.recipient().as_str() == entry.recipient;
        if let Some(identity) = self.iter().find(named) {
            return unwrap(identity, &file, SHARE_BYTES_MAX).map(Some);
        }
        // The name is only a hint: a file may say another one.
        for identity in self.iter() {
            match unwrap(identity, &file, SHARE_BYTES_MAX) {
                Ok(share) => return Ok(Some(share)),
                Err(UnwrapError::NoMatch) => {}
                Err(_) => return Ok(None),
            }
        }
        Ok(None)
    }
}

impl Metadata {
    /// Opens the data key with what is at hand.
    ///
    /// # Errors
    ///
    /// `NoDataKey` where too few groups open, `AgeFile` where the only entry that is for us is damaged,
    /// `Shares` where what opens doesn't fit together.
    pub fn open_data_key(&self, opener: &impl Opener) -> Result<DataKey, SopsError> {
        let groups = self.key_groups();
        let needed = match groups.len() {
            1 => 1,
            all => self.shamir_threshold().unwrap_or(all),
        };
        let (mut shares, mut damaged) = (Vec::new(), None);
        for group in &groups {
            if shares.len() == needed {
                break;
            }
            shares.extend(open_group(group, opener, &mut damaged));
        }
        if shares.is_empty() || shares.len() < needed {
            return Err(damaged.unwrap_or_else(|| no_data_key(&groups)));
        }
        let key = match &shares[..] {
            [only] if groups.len() == 1 => DataKey::from_bytes(only),
            shares => shamir::combine(shares).and_then(|key| DataKey::from_bytes(&key)),
        };
        key.ok_or(SopsError::Shares)
    }

    /// Closes the data key for one group of recipients, or its shares for several.
    ///
    /// # Errors
    ///
    /// `Metadata` where a group is empty, the threshold is out of range, or other providers hold the key;
    /// `Wrap` where a recipient can't be closed for.
    pub fn close_data_key(
        &mut self,
        key: &DataKey,
        groups: &[Vec<Recipient>],
        threshold: Option<usize>,
        rng: &mut impl RngCore,
    ) -> Result<(), SopsError> {
        let fault = |field: &str, rule| SopsError::Metadata {
            field: field.to_owned(),
            rule,
        };
        if groups.is_empty() || groups.iter().any(Vec::is_empty) {
            return Err(fault("age", "must have a recipient in each group"));
        }
        if let Some(provider) = self
            .key_groups()
            .iter()
            .flat_map(|group| &group.others)
            .next()
        {
            return Err(fault(
                provider,
                "can't be closed for here: only the tool that has its key can",
            ));
        }
        let shares = match groups.len() {
            1 => vec![Zeroizing::new(key.bytes().to_vec())],
            parts => shamir::split(key.bytes(), parts, threshold.unwrap_or(parts), rng)
                .ok_or_else(|| {
                    fault(
                        "shamir_threshold",
                        "must be at least 2 and at most the number of groups",
                    )
                })?,
        };
        let entries: Result<Vec<Vec<AgeEntry>>, SopsError> = groups
            .iter()
            .zip(&shares)
            .map(|(group, share)| {
                group
                    .iter()
                    .map(|recipient| close(recipient, share))
                    .collect()
            })
            .collect();
        let threshold = threshold.filter(|_| groups.len() > 1);
        self.set_age(&entries?, threshold);
        Ok(())
    }
}

pub(super) fn close(recipient: &Recipient, share: &[u8]) -> Result<AgeEntry, SopsError> {
    let file = wrap(recipient, share).map_err(|source| SopsError::Wrap {
        recipient: beginning(recipient.as_str()),
        source,
    })?;
    Ok(AgeEntry {
        recipient: recipient.to_string(),
        enc: armor(&file),
    })
}

fn open_group(
    group: &KeyGroup,
    opener: &impl Opener,
    damaged: &mut Option<SopsError>,
) -> Option<Zeroizing<Vec<u8>>> {
    for (number, entry) in (1..).zip(&group.age) {
        match opener.open(entry) {
            Ok(Some(share)) => return Some(share),
            Ok(None) => {}
            Err(source) => *damaged = Some(SopsError::AgeFile { number, source }),
        }
    }
    None
}

fn no_data_key(groups: &[KeyGroup]) -> SopsError {
    let entries = groups.iter().flat_map(|group| &group.age);
    let others = groups.iter().flat_map(|group| &group.others);
    SopsError::NoDataKey {
        recipients: entries.map(|entry| beginning(&entry.recipient)).collect(),
        providers: others.cloned().collect(),
    }
}

fn beginning(recipient: &str) -> String {
    let shown = recipient.chars().take(20).flat_map(char::escape_debug);
    let cut = recipient.chars().nth(20).map(|_| '…');
    shown.chain(cut).collect()
}

/// A share is one byte longer than a data key.
const SHARE_BYTES_MAX: usize = 33;
