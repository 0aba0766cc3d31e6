//! Backups of sealing keys, for recovery: what people were told to keep, in every form.
//!
//! A private key in PEM; a Secret in YAML or JSON; several of them, as documents, in a list, or as the
//! documentation of Sealed Secrets has it: a list, `---`, and the one key of old.

use super::certificate::Certificate;
use super::error::RsaKeyError;
use super::private_key::RsaPrivateKey;
use crate::manifest::{ManifestError, Object, Stream, read_secret};
use crate::rotation::Timestamp;

/// The keys of a backup, newest first as far as their certificates tell, and what was no key.
#[derive(Debug, Default)]
pub struct KeyBackup {
    /// The keys.
    pub keys: Vec<RsaPrivateKey>,
    /// Objects without a usable key, by kind and name.
    pub skipped: Vec<(String, SkippedKey)>,
}

/// Why an object of a backup gives no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SkippedKey {
    /// Another kind than Secret.
    #[error("it is no Secret")]
    NoSecret,
    /// The Secret does not read.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The Secret has no private key.
    #[error("it has no key `tls.key`")]
    NoTlsKey,
    /// The private key is not usable.
    #[error("its `tls.key` is not usable")]
    Key(#[from] RsaKeyError),
}

/// A backup without any key.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Neither PEM nor a manifest.
    #[error("it is neither a private key in PEM nor a manifest")]
    Manifest(#[source] ManifestError),
    /// PEM, without a usable key.
    #[error("failed to read the private key")]
    Key(#[from] RsaKeyError),
    /// A manifest, without a usable key.
    #[error("there is no sealing key in it{}", first(.0))]
    NoKeys(Vec<(String, SkippedKey)>),
}

impl KeyBackup {
    /// Reads a backup.
    ///
    /// # Errors
    /// [`BackupError`] when it holds no key at all; a part without one is in `skipped`.
    pub fn parse(bytes: &[u8]) -> Result<Self, BackupError> {
        let text = bytes.trim_ascii_start();
        if text.starts_with(b"-----BEGIN") {
            return Ok(Self {
                keys: vec![RsaPrivateKey::from_pem(text)?],
                ..Self::default()
            });
        }
        let stream = match Stream::parse(bytes) {
            Ok(stream) => stream,
            // OpenSSL puts attributes before the block.
            Err(error) => {
                return match RsaPrivateKey::from_pem(bytes) {
                    Err(RsaKeyError::NotPem) => Err(BackupError::Manifest(error)),
                    key => Ok(Self {
                        keys: vec![key?],
                        ..Self::default()
                    }),
                };
            }
        };
        let mut dated = Vec::new();
        let mut skipped = Vec::new();
        for object in stream.objects() {
            match key_of(&object) {
                Ok(found) => dated.push(found),
                Err(why) => {
                    let kind = object.kind().unwrap_or("object");
                    let name = object.name().unwrap_or("without a name");
                    skipped.push((format!("{kind} {name}"), why));
                }
            }
        }
        if dated.is_empty() {
            return Err(BackupError::NoKeys(skipped));
        }
        dated.sort_by_key(|(not_before, _)| std::cmp::Reverse(*not_before));
        let keys = dated.into_iter().map(|(_, key)| key).collect();
        Ok(Self { keys, skipped })
    }
}

fn key_of(object: &Object<'_>) -> Result<(Option<Timestamp>, RsaPrivateKey), SkippedKey> {
    if object.kind() != Some("Secret") {
        return Err(SkippedKey::NoSecret);
    }
    let secret = read_secret(object)?;
    let value = |wanted: &str| {
        let found = secret.values.iter().find(|(key, _)| key.as_str() == wanted);
        found.map(|(_, value)| &value.plaintext)
    };
    // Into the key, which is wiped as well.
    let key = RsaPrivateKey::from_pem(value("tls.key").ok_or(SkippedKey::NoTlsKey)?.reveal())?;
    // The certificate is public; without one the key opens all the same.
    let certificate = value("tls.crt").and_then(|pem| Certificate::from_pem(pem.reveal()).ok());
    Ok((certificate.map(|certificate| certificate.not_before()), key))
}

fn first(skipped: &[(String, SkippedKey)]) -> String {
    let shown =
        |text: &str| -> String { text.chars().take(64).flat_map(char::escape_debug).collect() };
    match skipped.first() {
        Some((name, why)) => format!(": {}: {why}", shown(name)),
        None => String::new(),
    }
}
