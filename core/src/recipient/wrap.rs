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
use super::header::{HYBRID_STANZA, SSH_ED25519_STANZA, SSH_RSA_STANZA};
use super::plugin::{Outside, PluginFault, PluginName};
use super::public::Key;
use super::ssh::{Ed25519Public, RsaPublic};
use super::unwrap::ClosedFile;
use super::{Recipient, UnwrapError, xwing};

/// The largest payload that is closed. With every header that age writes it stays below [`FILE_BYTES_MAX`](super::FILE_BYTES_MAX).
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
    /// Its plug-in is not at hand: nobody has said that its program may run.
    #[error(
        "closing for a recipient of plug-in `{name}` takes its program, which is not allowed here"
    )]
    NoPlugin {
        /// The plug-in.
        name: PluginName,
    },
    /// Its plug-in did not close it.
    #[error("plug-in `{name}` did not close for its recipient")]
    Plugin {
        /// The plug-in.
        name: PluginName,
        /// What it said, or what is wrong with what it said.
        #[source]
        source: PluginFault,
    },
    /// A plug-in closed in a way that is not opened here.
    #[error("plug-in `{name}` closed for its recipient in a way that can't be opened here")]
    Shape {
        /// The plug-in.
        name: PluginName,
        /// What would be said.
        #[source]
        source: UnwrapError,
    },
}

/// Closes `payload` for `recipient`: one binary age v1 file with exactly this recipient.
///
/// Draws its randomness from the operating system. Two calls never make the same file.
///
/// # Errors
///
/// [`WrapError::PayloadTooLarge`], [`WrapError::Age`] when the operating system has no randomness, and the variants
/// that name a plug-in.
pub fn wrap(recipient: &Recipient, payload: &[u8]) -> Result<Vec<u8>, WrapError> {
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err(WrapError::PayloadTooLarge);
    }
    match &recipient.key {
        Key::X25519(key) => close(key, payload),
        Key::MlKem768X25519(key) => close(&Hybrid(key), payload),
        Key::SshEd25519(key) => close(&SshEd25519(key), payload),
        Key::SshRsa(key) => close(&SshRsa(key), payload),
        Key::Plugin(plugin) => {
            let name = plugin.name.clone();
            let Some(runner) = &plugin.runner else {
                return Err(WrapError::NoPlugin { name });
            };
            let outside = Outside::new(&**runner, recipient.as_str());
            let closed = close(&outside, payload);
            if let Some(source) = outside.into_fault() {
                return Err(WrapError::Plugin { name, source });
            }
            let file = closed?;
            match ClosedFile::read(&file) {
                Ok(_) => Ok(file),
                Err(source) => Err(WrapError::Shape { name, source }),
            }
        }
    }
}

fn close(key: &dyn age::Recipient, payload: &[u8]) -> Result<Vec<u8>, WrapError> {
    let file = || {
        let mut writer =
            age::Encryptor::with_recipients([key].into_iter())?.wrap_output(Vec::new())?;
        writer.write_all(payload)?;
        Ok(writer.finish()?)
    };
    let file: Vec<u8> = file().map_err(WrapError::Age)?;
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

/// age's `ssh-ed25519` recipient.
struct SshEd25519<'a>(&'a Ed25519Public);

impl age::Recipient for SshEd25519<'_> {
    fn wrap_file_key(
        &self,
        file_key: &FileKey,
    ) -> Result<(Vec<Stanza>, HashSet<String>), age::EncryptError> {
        let mut scalar = Zeroizing::new([0; 32]);
        OsRng
            .try_fill_bytes(&mut *scalar)
            .map_err(std::io::Error::other)?;
        let (share, key) = self.0.share(scalar);
        let encode = |bytes: &[u8]| BASE64_STANDARD_NO_PAD.encode(bytes);
        let stanza = Stanza {
            tag: SSH_ED25519_STANZA.to_owned(),
            args: vec![encode(&self.0.tag()), encode(&share)],
            body: key.seal([0; 12], Zeroizing::new(file_key.expose_secret().to_vec())),
        };
        Ok((vec![stanza], HashSet::new()))
    }
}

/// age's `ssh-rsa` recipient.
struct SshRsa<'a>(&'a RsaPublic);

impl age::Recipient for SshRsa<'_> {
    fn wrap_file_key(
        &self,
        file_key: &FileKey,
    ) -> Result<(Vec<Stanza>, HashSet<String>), age::EncryptError> {
        let body = self.0.close(file_key.expose_secret());
        let stanza = Stanza {
            tag: SSH_RSA_STANZA.to_owned(),
            args: vec![BASE64_STANDARD_NO_PAD.encode(self.0.tag())],
            body: body.ok_or_else(|| std::io::Error::other("the library did not encrypt"))?,
        };
        Ok((vec![stanza], HashSet::new()))
    }
}

/// Keeps age from closing the same file for a recipient that is not post-quantum.
const POST_QUANTUM_LABEL: &str = "postquantum";
