//! The RSA keys that are at hand. A sealed value does not say which one opens it.

use std::fmt;
use std::sync::Arc;

use super::item::{Attempt, ItemError, SealedItem};
use super::label::Label;
use super::private_key::RsaPrivateKey;
use crate::plaintext::Plaintext;
use crate::recipient::Fingerprint;

/// Private keys in the order in which they are tried, newest first by convention. Cloning it shares them.
#[derive(Clone, Default)]
pub struct RsaKeyRing(Arc<[Arc<RsaPrivateKey>]>);

/// A search for keys over several values of one resource: what opened the last value is tried first
/// for the next, and every private operation is counted.
#[derive(Debug, Clone)]
pub struct Search {
    /// The keys that are tried first, the likeliest one first.
    preferred: Vec<Fingerprint>,
    operations: usize,
    budget: usize,
    /// Operations that were made when the first value turned out to open with no key.
    in_vain: Option<usize>,
}

impl RsaKeyRing {
    /// Takes over `keys`; one that is there twice stands where it was first.
    pub fn new(keys: Vec<RsaPrivateKey>) -> Self {
        Self::shared(keys.into_iter().map(Arc::new))
    }

    /// The same of keys that somebody else keeps too.
    pub fn shared(keys: impl IntoIterator<Item = Arc<RsaPrivateKey>>) -> Self {
        let mut kept: Vec<Arc<RsaPrivateKey>> = Vec::new();
        for key in keys {
            if kept.iter().all(|other| other.public() != key.public()) {
                kept.push(key);
            }
        }
        Self(kept.into())
    }

    /// The keys, in the order given.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &RsaPrivateKey> {
        self.0.iter().map(|key| &**key)
    }

    /// The key with this fingerprint.
    pub fn get(&self, fingerprint: Fingerprint) -> Option<&RsaPrivateKey> {
        self.iter().find(|key| key.fingerprint() == fingerprint)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Opens `item`, sealed for `label`, with the first key that does; says which one.
    ///
    /// # Errors
    /// `WrongBlockSize` when no key has the size that it was sealed with, `NoKey` when none of them opens it,
    /// `Damaged` when one opens the session key and the value was altered, `GivenUp` when the budget is spent, `Untried`
    /// when it is not worth going on.
    pub fn open(
        &self,
        item: &SealedItem,
        label: &Label,
        search: &mut Search,
    ) -> Result<(Plaintext, Fingerprint), ItemError> {
        let mut fits = false;
        for key in search.order(self) {
            if !item.fits(key) {
                continue;
            }
            fits = true;
            search.spend()?;
            match item.try_open(key, label) {
                Attempt::Opened(value) => {
                    search.prefer(key.fingerprint());
                    return Ok((value, key.fingerprint()));
                }
                // Only the right key and label give a session key, so no other key is worth a try.
                Attempt::Damaged => return Err(ItemError::Damaged),
                Attempt::OtherSize | Attempt::OtherKey => {}
            }
        }
        search.in_vain.get_or_insert(search.operations);
        Err(match fits {
            true => ItemError::NoKey,
            false => ItemError::WrongBlockSize {
                bits: item.block_bytes() * 8,
            },
        })
    }
}

impl Search {
    /// A search that tries the keys of `remembered` first, in that order, without a limit.
    pub fn new(remembered: &[Fingerprint]) -> Self {
        Self {
            preferred: remembered.to_vec(),
            operations: 0,
            budget: usize::MAX,
            in_vain: None,
        }
    }

    /// The same search with at most so many private operations, and few once a value has opened with no key: the
    /// resource is refused then, whatever the others are.
    #[must_use]
    pub fn within(mut self, operations: usize) -> Self {
        self.budget = operations;
        self
    }

    /// Private operations so far, in vain or not.
    pub fn operations(&self) -> usize {
        self.operations
    }

    fn spend(&mut self) -> Result<(), ItemError> {
        if self.operations >= self.budget {
            let operations = self.budget;
            return Err(ItemError::GivenUp { operations });
        }
        let is_bounded = self.budget != usize::MAX;
        let since = self.in_vain.map(|then| self.operations - then);
        if is_bounded && since.is_some_and(|since| since >= OPERATIONS_AFTER_FAILURE) {
            return Err(ItemError::Untried);
        }
        self.operations += 1;
        Ok(())
    }

    fn prefer(&mut self, fingerprint: Fingerprint) {
        self.preferred.retain(|other| *other != fingerprint);
        self.preferred.insert(0, fingerprint);
    }

    /// All keys, the preferred ones first.
    fn order<'r>(&self, ring: &'r RsaKeyRing) -> Vec<&'r RsaPrivateKey> {
        let rank = |key: &&RsaPrivateKey| {
            let place = self
                .preferred
                .iter()
                .position(|other| *other == key.fingerprint());
            place.unwrap_or(usize::MAX)
        };
        let mut keys: Vec<_> = ring.iter().collect();
        keys.sort_by_key(rank);
        keys
    }
}

impl Default for Search {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl fmt::Debug for RsaKeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Private operations that the opening of one resource may take in a cluster, where others wait: enough for as many values
/// as an envelope may have, each sealed with another one of 32 keys.
pub const MAX_OPENING_OPERATIONS: usize = 8192;
/// How many more there are once one value has opened with no key, for the message.
const OPERATIONS_AFTER_FAILURE: usize = 256;
