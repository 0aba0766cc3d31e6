//! The data key, closed for recipients and out of what was closed.

use rand_core::RngCore;
use zeroize::Zeroizing;

use crate::recipient::{
    Closed, Hint, Identity, KeyRing, Recipient, UnwrapError, armor, dearmor, unwrap,
    without_comment, wrap,
};

use super::cipher::DataKey;
use super::error::SopsError;
use super::metadata::{AgeEntry, KeyGroup, Metadata};
use super::open::MacPolicy;
use super::shamir;

/// Whoever opens what is closed for one recipient: identities here, plug-ins and key services elsewhere.
pub trait Opener {
    /// Opens the age file of an entry; `None` where it is for somebody else.
    ///
    /// # Errors
    ///
    /// Where it is for this opener, but damaged.
    fn open(&self, entry: &AgeEntry) -> Result<Option<Zeroizing<Vec<u8>>>, UnwrapError>;

    /// Opens one of the entries of a group, which all hold the same.
    ///
    /// # Errors
    ///
    /// The place of an entry that is damaged, where none opens.
    fn open_any(
        &self,
        entries: &[AgeEntry],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, (usize, UnwrapError)> {
        first(entries, |entry| self.open(entry))
    }
}

/// Identities of age. One whose recipient the entry names is tried first and alone; what is in reserve is asked for
/// when nothing at hand opens any entry.
impl Opener for KeyRing {
    fn open(&self, entry: &AgeEntry) -> Result<Option<Zeroizing<Vec<u8>>>, UnwrapError> {
        match open_at_hand(self, entry)? {
            Some(share) => Ok(Some(share)),
            None => {
                open_from_reserve(self, std::slice::from_ref(entry)).map_err(|(_, error)| error)
            }
        }
    }

    fn open_any(
        &self,
        entries: &[AgeEntry],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, (usize, UnwrapError)> {
        let named = first(entries, |entry| match named(self, entry) {
            Some(identity) => open_named(identity, entry).map(Some),
            None => Ok(None),
        });
        let at_hand = match named {
            Ok(None) => first(entries, |entry| open_at_hand(self, entry)),
            named => named,
        };
        match at_hand {
            Ok(None) => open_from_reserve(self, entries),
            at_hand => at_hand,
        }
    }
}

fn open_at_hand(
    ring: &KeyRing,
    entry: &AgeEntry,
) -> Result<Option<Zeroizing<Vec<u8>>>, UnwrapError> {
    if let Some(identity) = named(ring, entry) {
        return open_named(identity, entry).map(Some);
    }
    // The name is only a hint: a file may say another one.
    let file = dearmor(&entry.enc).ok_or(UnwrapError::NotAge)?;
    for identity in ring.iter() {
        match unwrap(identity, &file, SHARE_BYTES_MAX) {
            Ok(share) => return Ok(Some(share)),
            Err(UnwrapError::NoMatch) => {}
            Err(_) => return Ok(None),
        }
    }
    Ok(None)
}

/// The identity at hand whose recipient an entry names.
fn named<'r>(ring: &'r KeyRing, entry: &AgeEntry) -> Option<&'r Identity> {
    let recipient = without_comment(&entry.recipient);
    ring.iter()
        .find(|identity| identity.recipient().as_str() == recipient)
}

fn open_named(identity: &Identity, entry: &AgeEntry) -> Result<Zeroizing<Vec<u8>>, UnwrapError> {
    let file = dearmor(&entry.enc).ok_or(UnwrapError::NotAge)?;
    unwrap(identity, &file, SHARE_BYTES_MAX)
}

fn open_from_reserve(
    ring: &KeyRing,
    entries: &[AgeEntry],
) -> Result<Option<Zeroizing<Vec<u8>>>, (usize, UnwrapError)> {
    let dearmored = |(place, entry): (usize, &AgeEntry)| Some((place, dearmor(&entry.enc)?));
    let files: Vec<(usize, Vec<u8>)> = entries.iter().enumerate().filter_map(dearmored).collect();
    let closed = files.iter().map(|(place, file)| Closed {
        file,
        recipient: Hint::Text(&entries[*place].recipient),
    });
    let closed: Vec<Closed<'_>> = closed.collect();
    match ring.open_from_reserve(&closed, SHARE_BYTES_MAX) {
        Ok(opened) => Ok(opened.map(|opened| opened.payload)),
        Err((nth, error)) => Err((files.get(nth).map_or(0, |(place, _)| *place), error)),
    }
}

/// The first entry that opens; where none does, one that is damaged.
fn first(
    entries: &[AgeEntry],
    open: impl Fn(&AgeEntry) -> Result<Option<Zeroizing<Vec<u8>>>, UnwrapError>,
) -> Result<Option<Zeroizing<Vec<u8>>>, (usize, UnwrapError)> {
    let mut damaged = None;
    for (place, entry) in entries.iter().enumerate() {
        match open(entry) {
            Ok(Some(share)) => return Ok(Some(share)),
            Ok(None) => {}
            Err(error) => damaged = Some((place, error)),
        }
    }
    damaged.map_or(Ok(None), Err)
}

impl Metadata {
    /// The same for a file that is verified then: what can't be right in the block is told before any key is looked for,
    /// as the real tool does.
    ///
    /// # Errors
    ///
    /// Those of [`Metadata::last_modified`] and [`Metadata::open_data_key`].
    pub fn open_data_key_to(
        &self,
        policy: MacPolicy,
        opener: &impl Opener,
    ) -> Result<DataKey, SopsError> {
        if policy == MacPolicy::Verify {
            self.last_modified()?;
        }
        self.open_data_key(opener)
    }

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
        let existing = self.key_groups();
        if let Some(provider) = existing.iter().flat_map(|group| &group.others).next() {
            return Err(fault(
                provider,
                "can't be closed for here: only the tool that has its key can",
            ));
        }
        if groups.is_empty() || groups.iter().any(Vec::is_empty) {
            return Err(fault("age", "must have a recipient in each group"));
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
        let threshold = (groups.len() > 1).then(|| threshold.unwrap_or(groups.len()));
        self.set_age(&entries?, threshold);
        Ok(())
    }
}

fn fault(field: &str, rule: &'static str) -> SopsError {
    SopsError::Metadata {
        field: field.to_owned(),
        rule,
    }
}

pub(super) fn close(recipient: &Recipient, share: &[u8]) -> Result<AgeEntry, SopsError> {
    let file = wrap(recipient, share).map_err(|source| SopsError::Wrap {
        recipient: beginning(recipient.as_str()),
        source: Box::new(source),
    })?;
    Ok(AgeEntry {
        recipient: recipient.with_comment(),
        enc: armor(&file),
    })
}

fn open_group(
    group: &KeyGroup,
    opener: &impl Opener,
    damaged: &mut Option<SopsError>,
) -> Option<Zeroizing<Vec<u8>>> {
    match opener.open_any(&group.age) {
        Ok(share) => share,
        Err((place, source)) => {
            let number = place + 1;
            *damaged = Some(SopsError::AgeFile { number, source });
            None
        }
    }
}

fn no_data_key(groups: &[KeyGroup]) -> SopsError {
    let entries = groups.iter().flat_map(|group| &group.age);
    let others = groups.iter().flat_map(|group| &group.others);
    SopsError::NoDataKey {
        recipients: entries.map(|entry| beginning(&entry.recipient)).collect(),
        providers: others.cloned().collect(),
    }
}

pub(super) fn beginning(recipient: &str) -> String {
    let shown = recipient.chars().take(20).flat_map(char::escape_debug);
    let cut = recipient.chars().nth(20).map(|_| '…');
    shown.chain(cut).collect()
}

/// A share is one byte longer than a data key.
const SHARE_BYTES_MAX: usize = 33;
