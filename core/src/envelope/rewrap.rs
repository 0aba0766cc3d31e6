//! Closing the same data keys for other recipients: every value stays byte for byte as it was.

use super::closed_key::ClosedKey;
use super::error::SealError;
use super::seal::NamedRecipient;
use super::{ClosedFor, DataKeyEntry, Envelope, RecipientHint};
use crate::recipient::KeyRing;

/// An envelope closed for other recipients, and who came and went.
#[derive(Debug)]
pub struct Rewrapped {
    /// The envelope; only `closedFor` and `formerly` differ.
    pub envelope: Envelope,
    /// Recipients that some data key was closed for now.
    pub added: Vec<RecipientHint>,
    /// Recipients that some data key is no longer closed for. Whoever held the data key keeps
    /// it: only values changed at their source, and resealed, are out of their reach.
    pub removed: Vec<RecipientHint>,
    /// Private operations that it took.
    pub private_operations: usize,
}

impl Envelope {
    /// Closes its data keys for `recipients`. A data key that already is for just those is left
    /// alone and not opened; an entry of a recipient that stays is kept byte for byte.
    ///
    /// # Errors
    /// [`SealError`] by variant. A data key is closed for others only after its place,
    /// commitment and template were checked.
    pub fn rewrap(
        &self,
        ring: &KeyRing,
        recipients: &[NamedRecipient],
    ) -> Result<Rewrapped, SealError> {
        if recipients.is_empty() {
            return Err(SealError::NoRecipients);
        }
        let mut out = Rewrapped {
            envelope: self.clone(),
            added: vec![],
            removed: vec![],
            private_operations: 0,
        };
        let place = self.place();
        for entry in &mut out.envelope.data_keys {
            let before = entry.clone();
            entry.closed_for.clear();
            for closed in before.closed_for.iter() {
                match recipients
                    .iter()
                    .map(RecipientHint::from)
                    .find(|hint| hint.same_key(&closed.recipient))
                {
                    Some(recipient) => entry.closed_for.push(ClosedFor {
                        recipient,
                        key: closed.key.clone(),
                    }),
                    None => {
                        note(&mut out.removed, &closed.recipient);
                        note(&mut entry.formerly, &closed.recipient);
                    }
                }
            }
            let missing: Vec<_> = recipients
                .iter()
                .filter(|named| !before.is_closed_for(named))
                .collect();
            if missing.is_empty() {
                continue;
            }
            out.private_operations += 1;
            let key = before.open(&place, &self.template, ring)?.0.key;
            for named in missing {
                let recipient = RecipientHint::from(named);
                note(&mut out.added, &recipient);
                let key = ClosedKey::close(&key, &place, entry.binding(), &named.recipient)?;
                entry.closed_for.push(ClosedFor { recipient, key });
            }
        }
        out.envelope.check()?;
        Ok(out)
    }
}

impl DataKeyEntry {
    fn is_closed_for(&self, named: &NamedRecipient) -> bool {
        let hint = RecipientHint::from(named);
        self.closed_for
            .iter()
            .any(|closed| closed.recipient.same_key(&hint))
    }
}

impl RecipientHint {
    fn same_key(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }
}

fn note(list: &mut Vec<RecipientHint>, hint: &RecipientHint) {
    if !list.iter().any(|known| known.same_key(hint)) {
        list.push(hint.clone());
    }
}
