//! One sealed value: an item of `spec.encryptedData`.
//!
//! `base64(u16 k ‖ RSA-OAEP[SHA-256, label](session key) ‖ AES-256-GCM[session key, nonce 0](value))`, where
//! k is the length of the RSA block and the session key is 32 fresh bytes. Nothing else is in it.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use super::error::{MAX_RSA_BITS, MIN_RSA_BITS};
use super::label::Label;
use super::private_key::RsaPrivateKey;
use super::public_key::RsaPublicKey;
use crate::go_base64::{Illegal, decode};
use crate::plaintext::Plaintext;
use crate::reason::Reason;

/// A sealed value whose outer shape is in order.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedItem {
    bytes: Vec<u8>,
    block_bytes: usize,
}

/// A sealed value that does not open. No variant says anything of what is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ItemError {
    /// A number, a boolean, a list where the text of a sealed value belongs.
    #[error("it is not a text")]
    NotText,
    /// Not base64. The sentence is Sealed Secrets' own.
    #[error("illegal base64 data at input byte {at}")]
    NotBase64 {
        /// The first illegal byte of the text, from 0.
        at: usize,
    },
    /// It ends before what its own beginning announces.
    #[error("it is too short for a sealed value")]
    TooShort,
    /// More than a Secret could hold.
    #[error("it is longer than a Secret can be")]
    TooLong,
    /// There is no key of the size that it was sealed with.
    #[error("it is sealed with a key of {bits} bits, and none of that size is at hand")]
    WrongBlockSize {
        /// Eight times the length of its RSA block.
        bits: usize,
    },
    /// None of the keys opens it here: sealed with another key, or for another place.
    #[error("no key could decrypt it: it is sealed with another key or for another place")]
    NoKey,
    /// The search was given up: others wait.
    #[error("no key was found within {operations} private operations")]
    GivenUp {
        /// How many were allowed.
        operations: usize,
    },
    /// Not every key was tried, since another value opens with none of them.
    #[error("not every key was tried on it, since others do not open")]
    Untried,
    /// A key opens its session key, and the rest is not what was sealed.
    #[error("it is damaged")]
    Damaged,
}

impl ItemError {
    /// The bounded word for conditions, Events and exit codes.
    pub fn reason(&self) -> Reason {
        match self {
            Self::NotText | Self::NotBase64 { .. } | Self::TooShort => Reason::NotSealed,
            Self::TooLong => Reason::LimitExceeded,
            Self::WrongBlockSize { .. } | Self::NoKey | Self::GivenUp { .. } | Self::Untried => {
                Reason::NoKey
            }
            Self::Damaged => Reason::Damaged,
        }
    }
}

impl SealedItem {
    /// Reads the text of an item.
    ///
    /// # Errors
    /// `NotBase64`, `TooShort`, `TooLong`.
    pub fn parse(text: &str) -> Result<Self, ItemError> {
        if text.len() > MAX_ITEM_TEXT_BYTES {
            return Err(ItemError::TooLong);
        }
        let bytes =
            decode(text.as_bytes()).map_err(|Illegal { at }| ItemError::NotBase64 { at })?;
        let [high, low, ..] = bytes[..] else {
            return Err(ItemError::TooShort);
        };
        let block_bytes = usize::from(u16::from_be_bytes([high, low]));
        if bytes.len() < PREFIX_BYTES + block_bytes + TAG_BYTES {
            return Err(ItemError::TooShort);
        }
        Ok(Self { bytes, block_bytes })
    }

    /// Seals a value for `key`, to be opened at `label` only. Empty and binary values are values.
    ///
    /// # Errors
    /// [`SealItemError`] by variant.
    pub fn seal(
        key: &RsaPublicKey,
        label: &Label,
        value: &Plaintext,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Self, SealItemError> {
        // It goes into the ciphertext, and its length is looked at.
        let value = value.reveal();
        if value.len() > MAX_ITEM_BYTES {
            return Err(SealItemError::TooLarge);
        }
        let mut session_key = Zeroizing::new([0; SESSION_KEY_BYTES]);
        rng.fill_bytes(&mut *session_key);
        let block = key
            .encrypt(&*session_key, &label.bytes())
            .ok_or(SealItemError::Library)?;
        let length = u16::try_from(block.len()).map_err(|_| SealItemError::Library)?;
        let mut sealed = Zeroizing::new(Vec::with_capacity(value.len() + TAG_BYTES));
        sealed.extend_from_slice(value);
        gcm(&session_key)
            .seal_in_place_append_tag(zero_nonce(), Aad::empty(), &mut *sealed)
            .map_err(|_| SealItemError::Library)?;
        Ok(Self {
            block_bytes: block.len(),
            bytes: [&length.to_be_bytes()[..], &block, &sealed].concat(),
        })
    }

    /// Bytes of the RSA block: those of the modulus of the key that it was sealed with, unless zeros in front are missing.
    pub fn block_bytes(&self) -> usize {
        self.block_bytes
    }

    /// True when its RSA block is as long as that of a key which anybody uses. Text in base64 that
    /// happens to be long enough is hardly ever.
    pub fn is_of_known_size(&self) -> bool {
        (MIN_RSA_BITS..=MAX_RSA_BITS).contains(&(self.block_bytes * 8))
    }

    /// True when the key has the size that it was sealed with. Go opens a block that came without its leading zeros,
    /// too: each of them missing takes 256 times as many attempts at sealing, so that nobody makes one that lacks more.
    pub(super) fn fits(&self, key: &RsaPrivateKey) -> bool {
        let whole = key.public().block_bytes();
        (whole.saturating_sub(MISSING_ZEROS_MAX)..=whole).contains(&self.block_bytes)
    }

    /// Tries one key: one private operation, if the key is of the right size.
    pub(super) fn try_open(&self, key: &RsaPrivateKey, label: &Label) -> Attempt {
        if !self.fits(key) {
            return Attempt::OtherSize;
        }
        let (block, rest) = self.bytes[PREFIX_BYTES..].split_at(self.block_bytes);
        let mut whole = vec![0; key.public().block_bytes() - block.len()];
        whole.extend_from_slice(block);
        let session_key = key
            .decrypt(&whole, &label.bytes())
            .and_then(|message| <[u8; SESSION_KEY_BYTES]>::try_from(&message[..]).ok())
            .map(Zeroizing::new);
        let Some(session_key) = session_key else {
            return Attempt::OtherKey;
        };
        let mut buffer = Zeroizing::new(rest.to_vec());
        match gcm(&session_key).open_in_place(zero_nonce(), Aad::empty(), &mut buffer) {
            Ok(value) => Attempt::Opened(Plaintext::from(&*value)),
            Err(_) => Attempt::Damaged,
        }
    }
}

/// What came of trying a key.
pub(super) enum Attempt {
    Opened(Plaintext),
    /// Not of the size of the RSA block: nothing was computed.
    OtherSize,
    OtherKey,
    Damaged,
}

/// A value that can't be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealItemError {
    /// Over the limit.
    #[error("it is over the limit of 1 MiB")]
    TooLarge,
    /// The library did not do its work: memory or randomness was missing.
    #[error("failed to encrypt")]
    Library,
}

/// The text of the resource: padded base64 on one line.
impl fmt::Display for SealedItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(&self.bytes))
    }
}

impl fmt::Debug for SealedItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedItem")
            .field("block_bytes", &self.block_bytes)
            .finish_non_exhaustive()
    }
}

fn gcm(session_key: &[u8; SESSION_KEY_BYTES]) -> LessSafeKey {
    let key = UnboundKey::new(&AES_256_GCM, session_key).expect("32 bytes are a key of AES-256");
    LessSafeKey::new(key)
}

/// The session key closes one value, so that its nonce may be known.
fn zero_nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

const MISSING_ZEROS_MAX: usize = 8;
/// Bytes of a value: what a Secret holds at most.
pub const MAX_ITEM_BYTES: usize = 1024 * 1024;
/// A value of that size under the largest key, in base64, broken after every 16 characters.
const MAX_ITEM_TEXT_BYTES: usize = (MAX_ITEM_BYTES + 2048) / 3 * 4 / 8 * 9;
const PREFIX_BYTES: usize = 2;
const SESSION_KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
