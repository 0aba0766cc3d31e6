//! Closes a payload for one recipient, as an age file that the public `age` tool opens too.

use std::collections::HashSet;
use std::io::Write;

use age_core::format::{FileKey, Stanza};
use age_core::secrecy::ExposeSecret;
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use rand_core::{OsRng, RngCore};
use zeroize::Zeroizing;

use super::derive::{HYBRID_INFO, HpkeContext};
use super::header::HYBRID_STANZA;
use super::public::Key;
use super::{FILE_BYTES_MAX, Recipient, xwing};

/// The largest payload that is closed. With every header that age writes it stays below [`FILE_BYTES_MAX`].
pub const PAYLOAD_BYTES_MAX: usize = 4 * 1024;

/// Why a payload was not closed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WrapError {
    /// More than [`PAYLOAD_BYTES_MAX`].
    #[error("the payload is larger than {PAYLOAD_BYTES_MAX} bytes")]
    PayloadTooLarge,
    /// age could not close it.
    #[error("failed to close a payload for a recipient")]
    Age(#[source] age::EncryptError),
}

/// Closes `payload` for `recipient`: one binary age v1 file with exactly this recipient.
///
/// Draws its randomness from the operating system. Two calls never make the same file.
///
/// # Errors
///
/// [`WrapError::PayloadTooLarge`], or [`WrapError::Age`] when the operating system has no randomness.
pub fn wrap(recipient: &Recipient, payload: &[u8]) -> Result<Vec<u8>, WrapError> {
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err(WrapError::PayloadTooLarge);
    }
    let key: &dyn age::Recipient = match &recipient.key {
        Key::X25519(key) => key,
        Key::MlKem768X25519(key) => &Hybrid(key),
    };
    let file = || {
        let mut writer =
            age::Encryptor::with_recipients([key].into_iter())?.wrap_output(Vec::new())?;
        writer.write_all(payload)?;
        Ok(writer.finish()?)
    };
    let file: Vec<u8> = file().map_err(WrapError::Age)?;
    debug_assert!(file.len() <= FILE_BYTES_MAX);
    Ok(file)
}

/// age's `mlkem768x25519` recipient.
struct Hybrid<'a>(&'a xwing::PublicKey);

impl age::Recipient for Hybrid<'_> {
    fn wrap_file_key(
        &self,
        file_key: &FileKey,
    ) -> Result<(Vec<Stanza>, HashSet<String>), age::EncryptError> {
        let mut randomness = Zeroizing::new([0; xwing::ENCAPSULATION_RANDOMNESS_BYTES]);
        OsRng
            .try_fill_bytes(&mut *randomness)
            .map_err(std::io::Error::other)?;
        let (encapsulated, shared) = self
            .0
            .encapsulate(&randomness)
            .map_err(|xwing::Unusable| std::io::Error::other("the recipient shares no secret"))?;
        let message = Zeroizing::new(file_key.expose_secret().to_vec());
        let stanza = Stanza {
            tag: HYBRID_STANZA.to_owned(),
            args: vec![BASE64_STANDARD_NO_PAD.encode(encapsulated)],
            body: HpkeContext::new(shared.as_bytes(), HYBRID_INFO).seal(message),
        };
        Ok((vec![stanza], HashSet::from([POST_QUANTUM_LABEL.to_owned()])))
    }
}

/// Keeps age from closing the same file for a recipient that is not post-quantum.
const POST_QUANTUM_LABEL: &str = "postquantum";
