//! One sealed value: `bulla1.<data key id>.<base64url of nonce and ciphertext>` (FORMAT.md, "Values").

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand_core::CryptoRngCore;
use zeroize::Zeroize;

use super::data_key::ValueKey;
use super::error::EnvelopeError;
use super::limits::MAX_VALUE_BYTES;
use crate::names::{DataKeyId, KeyName};
use crate::plaintext::Plaintext;
use crate::scope::Place;

/// A value as it lies in the file: grammatical, not verified.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedValue {
    data_key: DataKeyId,
    /// Nonce, ciphertext and tag.
    sealed: Vec<u8>,
}

const PREFIX: &str = "bulla1.";
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const PADDING_BLOCK_BYTES: usize = 32;
/// The padding byte that ends the value; zeros follow it to the end of the block.
const PADDING_MARK: u8 = 0x80;

impl SealedValue {
    /// Reads the text of a value.
    ///
    /// # Errors
    /// [`EnvelopeError::NotSealed`] when it is something else, [`EnvelopeError::UnknownVersion`]
    /// for another `bulla…` version, [`EnvelopeError::DamagedValue`] when it breaks the grammar.
    pub fn parse(key: &KeyName, text: &str) -> Result<Self, EnvelopeError> {
        let damaged = || EnvelopeError::DamagedValue { key: key.clone() };
        let Some(rest) = text.strip_prefix(PREFIX) else {
            return Err(if is_other_version(text) {
                EnvelopeError::UnknownVersion { key: key.clone() }
            } else {
                EnvelopeError::NotSealed { key: key.clone() }
            });
        };
        let (id, body) = rest.split_once('.').ok_or_else(damaged)?;
        let data_key = id.parse().map_err(|_| damaged())?;
        let sealed = URL_SAFE_NO_PAD.decode(body).map_err(|_| damaged())?;
        let padded = sealed
            .len()
            .checked_sub(NONCE_BYTES + TAG_BYTES)
            .ok_or_else(damaged)?;
        let largest =
            MAX_VALUE_BYTES / PADDING_BLOCK_BYTES * PADDING_BLOCK_BYTES + PADDING_BLOCK_BYTES;
        if padded == 0 || padded % PADDING_BLOCK_BYTES != 0 || padded > largest {
            return Err(damaged());
        }
        Ok(Self { data_key, sealed })
    }

    /// The data key that it needs.
    pub fn data_key(&self) -> &DataKeyId {
        &self.data_key
    }

    pub(super) fn text_bytes(&self) -> usize {
        PREFIX.len() + 9 + self.sealed.len().div_ceil(3) * 4
    }

    /// `AES-256-GCM[value key](nonce, padded value, place and key)`.
    pub(super) fn seal(
        id: &DataKeyId,
        value_key: &ValueKey,
        place: &Place,
        key: &KeyName,
        plaintext: &Plaintext,
        rng: &mut impl CryptoRngCore,
    ) -> Self {
        // Revealed into the one buffer that is encrypted in place, exact from the start.
        let bytes = plaintext.reveal();
        let padded = (bytes.len() / PADDING_BLOCK_BYTES + 1) * PADDING_BLOCK_BYTES;
        let mut sealed = Vec::with_capacity(NONCE_BYTES + padded + TAG_BYTES);
        sealed.resize(NONCE_BYTES, 0);
        rng.fill_bytes(&mut sealed);
        let nonce: [u8; NONCE_BYTES] = sealed[..]
            .try_into()
            .expect("the buffer holds just the nonce");
        sealed.extend_from_slice(bytes);
        sealed.push(PADDING_MARK);
        sealed.resize(NONCE_BYTES + padded, 0);
        let tag = cipher(value_key)
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(associated_data(place, key)),
                &mut sealed[NONCE_BYTES..],
            )
            .expect("a value is far below the limit of AES-GCM");
        sealed.extend_from_slice(tag.as_ref());
        Self {
            data_key: id.clone(),
            sealed,
        }
    }

    /// Opens it for `place` and `key`; `None` when it does not verify there or is padded wrongly.
    pub(super) fn open(
        &self,
        value_key: &ValueKey,
        place: &Place,
        key: &KeyName,
    ) -> Option<Plaintext> {
        let (nonce, body) = self.sealed.split_at_checked(NONCE_BYTES)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut buffer = body.to_vec();
        let opened = cipher(value_key)
            .open_in_place(nonce, Aad::from(associated_data(place, key)), &mut buffer)
            .ok()
            .and_then(|padded| unpadded(padded))
            .map(Plaintext::from);
        buffer.zeroize();
        opened
    }
}

impl fmt::Display for SealedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{PREFIX}{}.{}",
            self.data_key,
            URL_SAFE_NO_PAD.encode(&self.sealed)
        )
    }
}

/// Shows the data key only: the length of the rest tells of the length of the value.
impl fmt::Debug for SealedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedValue({}…)", self.data_key)
    }
}

fn cipher(key: &ValueKey) -> LessSafeKey {
    let key = UnboundKey::new(&AES_256_GCM, key.bytes())
        .expect("a value key has the length of an AES-256 key");
    LessSafeKey::new(key)
}

/// Six fields joined by newlines; names can't hold one.
fn associated_data(place: &Place, key: &KeyName) -> String {
    let (scope, namespace, name) = (place.scope(), place.namespace(), place.name());
    format!("bulla.dev/envelope/v1\nvalue\n{scope}\n{namespace}\n{name}\n{key}")
}

/// Finds the end of the value; more padding than one block needs is refused.
fn unpadded(padded: &mut [u8]) -> Option<&[u8]> {
    let end = padded.iter().rposition(|byte| *byte != 0)?;
    (padded[end] == PADDING_MARK && padded.len() - end <= PADDING_BLOCK_BYTES)
        .then_some(&padded[..end])
}

/// `bulla`, digits, a dot: made by some other version of this format.
fn is_other_version(text: &str) -> bool {
    text.strip_prefix("bulla")
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(version, _)| {
            !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use rand_core::OsRng;
    use zeroize::Zeroizing;

    use super::super::data_key::DataKey;
    use super::*;
    use crate::scope::Scope;

    fn fixture() -> (DataKeyId, ValueKey, Place, KeyName) {
        let place = Place::new(
            Scope::Strict,
            &"shop".parse().unwrap(),
            &"db".parse().unwrap(),
        );
        let key = DataKey::from_bytes(Zeroizing::new([1; 32])).value_key();
        (
            "h7q2mzkd".parse().unwrap(),
            key,
            place,
            "password".parse().unwrap(),
        )
    }

    #[test]
    fn every_length_round_trips_and_is_hidden_in_its_block() {
        let (id, value_key, place, name) = fixture();
        for length in 0..100 {
            let plaintext = Plaintext::new(vec![0x80; length]);
            let sealed = SealedValue::seal(&id, &value_key, &place, &name, &plaintext, &mut OsRng);
            let text = sealed.to_string();
            let again = SealedValue::parse(&name, &text).unwrap();
            assert_eq!(again.open(&value_key, &place, &name).unwrap(), plaintext);
            let one_block = SealedValue::seal(
                &id,
                &value_key,
                &place,
                &name,
                &Plaintext::new(vec![]),
                &mut OsRng,
            );
            assert_eq!(text.len() == one_block.to_string().len(), length < 32);
            assert!(text.len() >= 96);
        }
    }

    #[test]
    fn another_key_name_does_not_open() {
        let (id, value_key, place, name) = fixture();
        let sealed = SealedValue::seal(
            &id,
            &value_key,
            &place,
            &name,
            &Plaintext::from(&b"x"[..]),
            &mut OsRng,
        );
        assert!(
            sealed
                .open(&value_key, &place, &"user".parse().unwrap())
                .is_none()
        );
    }

    #[test]
    fn padding_is_minimal_or_refused() {
        assert_eq!(
            unpadded(&mut [&[1u8, 2, 0x80][..], &[0; 29]].concat()),
            Some(&[1u8, 2][..])
        );
        assert_eq!(unpadded(&mut [0; 32]), None);
        assert_eq!(unpadded(&mut [1; 32]), None);
        assert_eq!(
            unpadded(&mut [&[0x80u8][..], &[0; 31]].concat()),
            Some(&[][..])
        );
        assert_eq!(
            unpadded(&mut [&[0x80u8][..], &[0; 63]].concat()),
            None,
            "a whole block too many"
        );
    }

    #[test]
    fn each_way_of_not_being_a_value_is_told_apart() {
        let name: KeyName = "k".parse().unwrap();
        let parse = |text: &str| SealedValue::parse(&name, text).unwrap_err();
        assert!(matches!(parse("hunter2"), EnvelopeError::NotSealed { .. }));
        assert!(matches!(parse("bulla."), EnvelopeError::NotSealed { .. }));
        assert!(matches!(
            parse("bulla2.h7q2mzkd.AAAA"),
            EnvelopeError::UnknownVersion { .. }
        ));
        assert!(matches!(
            parse("bulla1.h7q2mzkd"),
            EnvelopeError::DamagedValue { .. }
        ));
        assert!(matches!(
            parse("bulla1.H7q2mzkd.AAAA"),
            EnvelopeError::DamagedValue { .. }
        ));
        assert!(matches!(
            parse("bulla1.h7q2mzkd.AAAA"),
            EnvelopeError::DamagedValue { .. }
        ));
        assert!(matches!(
            parse(&format!("bulla1.h7q2mzkd.{}=", "A".repeat(80))),
            EnvelopeError::DamagedValue { .. }
        ));
    }
}
