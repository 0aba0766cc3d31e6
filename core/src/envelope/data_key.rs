//! Data keys and every derivation from them (FORMAT.md, "Derivations").
//!
//! A data key closes values only in the run that made it: [`FreshDataKey`] can seal and is made
//! from randomness alone; [`OpenedDataKey`] comes from a file, can open, and has no way to seal.
//! Whoever planted a data key in an envelope, or held it once, therefore never reads a new value.

use aws_lc_rs::{constant_time, hkdf, hmac};
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use super::canonical::tag_input;
use super::error::OpenError;
use super::template::OutputTemplate;
use crate::names::DataKeyId;

/// Bytes of a data key and of everything derived from it.
pub(super) const DATA_KEY_BYTES: usize = 32;

const INFO_VALUE: &[u8] = b"bulla.dev/envelope/v1/value";
const INFO_COMMITMENT: &[u8] = b"bulla.dev/envelope/v1/commitment";
const INFO_TEMPLATE: &[u8] = b"bulla.dev/envelope/v1/template";

/// The 32 random bytes themselves; never used as they are.
pub(super) struct DataKey(Zeroizing<[u8; DATA_KEY_BYTES]>);

/// The key that closes values: AES-256-GCM.
pub(super) struct ValueKey(Zeroizing<[u8; DATA_KEY_BYTES]>);

/// What a data key derives and an envelope carries in the open, so that two recipients can't be
/// given two different data keys under one id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commitment(pub [u8; DATA_KEY_BYTES]);

/// HMAC-SHA-256 of the template under a key that only holders of the data key have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TemplateTag(pub [u8; DATA_KEY_BYTES]);

impl DataKey {
    /// Takes over the bytes that a closed key held.
    pub(super) fn from_bytes(bytes: Zeroizing<[u8; DATA_KEY_BYTES]>) -> Self {
        Self(bytes)
    }

    /// The bytes, for closing them for a recipient.
    pub(super) fn bytes(&self) -> &[u8; DATA_KEY_BYTES] {
        &self.0
    }

    /// `HKDF-SHA-256[empty salt](data key, "…/value")`.
    pub(super) fn value_key(&self) -> ValueKey {
        ValueKey(self.derive(INFO_VALUE))
    }

    /// `HKDF-SHA-256[empty salt](data key, "…/commitment")`.
    pub(super) fn commitment(&self) -> Commitment {
        Commitment(*self.derive(INFO_COMMITMENT))
    }

    /// `HMAC-SHA-256[HKDF(data key, "…/template")](canonical JSON of the template)`.
    pub(super) fn template_tag(&self, template: &OutputTemplate) -> TemplateTag {
        let tag = hmac::sign(&self.template_key(), tag_input(template).as_bytes());
        let mut bytes = [0; DATA_KEY_BYTES];
        bytes.copy_from_slice(tag.as_ref());
        TemplateTag(bytes)
    }

    /// Compares with what the envelope commits to, in constant time.
    pub(super) fn verify_commitment(
        &self,
        id: &DataKeyId,
        expected: &Commitment,
    ) -> Result<(), OpenError> {
        let derived = self.commitment();
        constant_time::verify_slices_are_equal(&derived.0, &expected.0)
            .map_err(|_| OpenError::CommitmentMismatch { id: id.clone() })
    }

    /// Compares the tag of `template` with the one in the envelope, in constant time.
    pub(super) fn verify_template(
        &self,
        id: &DataKeyId,
        template: &OutputTemplate,
        expected: &TemplateTag,
    ) -> Result<(), OpenError> {
        hmac::verify(
            &self.template_key(),
            tag_input(template).as_bytes(),
            &expected.0,
        )
        .map_err(|_| OpenError::TemplateUntrusted { id: id.clone() })
    }

    fn template_key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.derive(INFO_TEMPLATE).as_slice())
    }

    fn derive(&self, info: &[u8]) -> Zeroizing<[u8; DATA_KEY_BYTES]> {
        let mut out = Zeroizing::new([0; DATA_KEY_BYTES]);
        hkdf::Salt::new(hkdf::HKDF_SHA256, &[])
            .extract(self.0.as_slice())
            .expand(&[info], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(out.as_mut_slice()))
            .expect("32 bytes are within what HKDF-SHA-256 can expand to");
        out
    }
}

impl ValueKey {
    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_slice()
    }
}

/// A data key made in this run, and so the only kind that closes values.
pub(super) struct FreshDataKey {
    pub(super) id: DataKeyId,
    pub(super) key: DataKey,
}

impl FreshDataKey {
    /// Draws a data key and an id that none of `taken` has.
    pub(super) fn generate<'a>(
        taken: impl Iterator<Item = &'a DataKeyId> + Clone,
        rng: &mut impl CryptoRngCore,
    ) -> Self {
        let mut bytes = Zeroizing::new([0; DATA_KEY_BYTES]);
        rng.fill_bytes(bytes.as_mut_slice());
        let id = loop {
            let id = random_id(rng);
            if taken.clone().all(|other| other != &id) {
                break id;
            }
        };
        Self {
            id,
            key: DataKey(bytes),
        }
    }
}

/// A data key out of a file: place, commitment and template were checked; it opens values only.
pub(super) struct OpenedDataKey {
    pub(super) key: DataKey,
    pub(super) value_key: ValueKey,
}

fn random_id(rng: &mut impl CryptoRngCore) -> DataKeyId {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    loop {
        let mut bytes = [0; 8];
        rng.fill_bytes(&mut bytes);
        let text: String = bytes
            .iter()
            .map(|b| char::from(ALPHABET[usize::from(b % 32)]))
            .collect();
        if let Ok(id) = text.parse() {
            return id;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_derivations_differ_from_each_other_and_from_the_key() {
        let key = DataKey(Zeroizing::new([7; 32]));
        let value = key.value_key();
        let commitment = key.commitment();
        assert_ne!(value.bytes(), commitment.0);
        assert_ne!(value.bytes(), [7; 32]);
        assert_ne!(key.template_tag(&OutputTemplate::default()).0, commitment.0);
    }
}
