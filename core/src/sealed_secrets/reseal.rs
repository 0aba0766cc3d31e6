//! Opened values, sealed anew with another key for the place that they were sealed for.

use std::collections::BTreeMap;

use rand_core::CryptoRngCore;

use super::item::{SealItemError, SealedItem};
use super::public_key::RsaPublicKey;
use super::unseal::Unsealed;
use crate::names::KeyName;

impl Unsealed {
    /// Seals every value for `key`, under the label that it was opened with: nobody can have values
    /// sealed for another place by writing something else into the object or its template
    /// (CVE-2026-22728). Nothing is rendered.
    ///
    /// # Errors
    /// [`SealItemError`] by variant.
    pub fn reseal(
        &self,
        key: &RsaPublicKey,
        rng: &mut impl CryptoRngCore,
    ) -> Result<BTreeMap<KeyName, SealedItem>, SealItemError> {
        let seal = |(name, value): (&KeyName, _)| {
            Ok((
                name.clone(),
                SealedItem::seal(key, &self.label, value, rng)?,
            ))
        };
        self.values.iter().map(seal).collect()
    }
}
