//! The data key, opened with the identities at hand; each private operation counted.

use std::cell::{Cell, RefCell};

use zeroize::Zeroizing;

use crate::recipient::{Fingerprint, Identity, KeyRing, UnwrapError, dearmor, kind_of, unwrap};
use crate::sops::{AgeEntry, DataKey, Metadata, Opener, SopsError};

/// Opens the data key: with the identity that an entry names, so by one private operation. Only where no entry names
/// one at hand are others tried, a bounded number of times: the name in a file is a hint.
pub(super) fn open_data_key(
    metadata: &Metadata,
    ring: &KeyRing,
    operations: &mut usize,
) -> Result<(DataKey, Vec<Fingerprint>), SopsError> {
    let opener = Counting {
        ring,
        anybody: Cell::new(false),
        operations: Cell::new(0),
        opened_with: RefCell::default(),
    };
    let mut opened = metadata.open_data_key(&opener);
    if matches!(opened, Err(SopsError::NoDataKey { .. })) {
        opener.anybody.set(true);
        opened = metadata.open_data_key(&opener);
    }
    *operations += opener.operations.get();
    Ok((opened?, opener.opened_with.into_inner()))
}

struct Counting<'r> {
    ring: &'r KeyRing,
    anybody: Cell<bool>,
    operations: Cell<usize>,
    opened_with: RefCell<Vec<Fingerprint>>,
}

impl Counting<'_> {
    fn unwrap(
        &self,
        identity: &Identity,
        file: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, UnwrapError> {
        self.operations.set(self.operations.get() + 1);
        match unwrap(identity, file, SHARE_BYTES_MAX) {
            Ok(share) => {
                let mut opened_with = self.opened_with.borrow_mut();
                opened_with.push(identity.fingerprint());
                Ok(Some(share))
            }
            Err(UnwrapError::NoMatch) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Opener for Counting<'_> {
    fn open(&self, entry: &AgeEntry) -> Result<Option<Zeroizing<Vec<u8>>>, UnwrapError> {
        // Also for entries that name ours: a block may do so as often as it likes.
        if self.operations.get() >= OPERATIONS_MAX {
            return Ok(None);
        }
        let named = |identity: &&Identity| identity.recipient().as_str() == entry.recipient;
        let file = || dearmor(&entry.enc).ok_or(UnwrapError::NotAge);
        match self.ring.iter().find(named) {
            Some(identity) => return self.unwrap(identity, &file()?),
            None if !self.anybody.get() => return Ok(None),
            None => {}
        }
        // It is for somebody else, most likely: what is wrong with it is not ours to tell.
        let Ok(file) = file() else { return Ok(None) };
        let Ok(Some(kind)) = kind_of(&file) else {
            return Ok(None);
        };
        for identity in self.ring.iter().filter(|key| key.kind() == kind) {
            if self.operations.get() >= OPERATIONS_MAX {
                break;
            }
            if let Ok(Some(share)) = self.unwrap(identity, &file) {
                return Ok(Some(share));
            }
        }
        Ok(None)
    }
}

/// A share is one byte longer than a data key.
const SHARE_BYTES_MAX: usize = 33;
/// Nobody gets more private operations than this out of one resource.
const OPERATIONS_MAX: usize = 64;
