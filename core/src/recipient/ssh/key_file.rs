//! Private keys of ssh in their files, with and without a passphrase.

use std::fmt;

use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::Decode as _;
use pkcs8::spki::ObjectIdentifier;
use zeroize::Zeroizing;

use super::openssh::{Container, Lock, Secret, ed25519_container, read_private};
use super::{Ed25519Public, Ed25519Secret, KEY_BYTES_MAX, Reader, RsaPublic, RsaSecret};
use crate::recipient::{Identity, Recipient};
use crate::sealed_secrets::pem;
use crate::sealed_secrets::{RsaKeyError, RsaPrivateKey};

/// A private key of ssh, as its file has it.
#[derive(Debug)]
pub enum SshKey {
    /// Ready to open.
    Open(Identity),
    /// Under a passphrase. Whom it belongs to is known without it.
    Locked(LockedSshKey),
}

/// A private key under a passphrase.
pub struct LockedSshKey {
    recipient: Recipient,
    public: Vec<u8>,
    lock: Lock,
    private: Vec<u8>,
}

/// Why a file gives no ssh key. It shows nothing of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SshKeyError {
    /// More than any key has.
    #[error("the ssh key has more than {KEY_BYTES_MAX} bytes")]
    TooLarge,
    /// No private key in PEM.
    #[error("there is no private key in it")]
    NoKey,
    /// The public half.
    #[error("it is the public half of an ssh key, and the private one is needed")]
    Public,
    /// A key with which nothing can be closed.
    #[error("ssh keys of the kind {kind} can't open anything: only ssh-ed25519 and ssh-rsa can")]
    Kind {
        /// `ecdsa-sha2-nistp256`.
        kind: String,
    },
    /// An encryption that is not read.
    #[error("the ssh key is encrypted in a way that is not read: aes256-ctr and aes256-cbc are")]
    Cipher,
    /// An encryption of before 2014.
    #[error("the ssh key is encrypted in an old format")]
    OldEncryption,
    /// More work than a person would ask for.
    #[error("the passphrase of the ssh key takes too many rounds")]
    Rounds,
    /// Not the passphrase.
    #[error("the passphrase of the ssh key is another one")]
    Passphrase,
    /// Cut short, changed, or never a key.
    #[error("the ssh key is malformed")]
    Malformed,
    /// The public half in the file is that of another key.
    #[error("the private and the public half of the ssh key do not fit together")]
    Mismatch,
    /// An RSA key that is not used.
    #[error(transparent)]
    Rsa(RsaKeyError),
}

impl SshKey {
    /// True for what begins like a private key in PEM, of whatever kind.
    pub fn seems(text: &[u8]) -> bool {
        text.trim_ascii_start().starts_with(b"-----BEGIN ")
    }

    /// Reads a private key: OpenSSH's own format, or PKCS#1 and PKCS#8 without a passphrase.
    ///
    /// # Errors
    ///
    /// [`SshKeyError`] by variant.
    pub fn parse(text: &[u8]) -> Result<Self, SshKeyError> {
        if text.len() > KEY_BYTES_MAX {
            return Err(SshKeyError::TooLarge);
        }
        let blocks = pem::blocks(text);
        let Some(block) = blocks
            .iter()
            .find(|block| block.label.ends_with("PRIVATE KEY"))
        else {
            let public = text.starts_with(b"ssh-") || text.starts_with(b"ecdsa-");
            return Err(if public {
                SshKeyError::Public
            } else {
                SshKeyError::NoKey
            });
        };
        if block.has_headers || block.label == "ENCRYPTED PRIVATE KEY" {
            return Err(SshKeyError::OldEncryption);
        }
        let bytes = block.der.as_ref().ok_or(SshKeyError::Malformed)?;
        match block.label.as_str() {
            "OPENSSH PRIVATE KEY" => Self::of_container(bytes),
            "RSA PRIVATE KEY" => rsa(RsaPrivateKey::from_pkcs1(bytes)),
            "PRIVATE KEY" => pkcs8(bytes),
            label => Err(SshKeyError::unsupported(kind_of(label))),
        }
    }

    fn of_container(bytes: &[u8]) -> Result<Self, SshKeyError> {
        let Container {
            public,
            lock,
            private,
        } = Container::read(bytes)?;
        let Some(lock) = lock else {
            return read_private(private, public, false).map(|secret| Self::Open(identity(secret)));
        };
        Ok(Self::Locked(LockedSshKey {
            recipient: recipient(public)?,
            public: public.to_vec(),
            lock,
            private: private.to_vec(),
        }))
    }
}

impl LockedSshKey {
    /// The public half.
    pub fn recipient(&self) -> &Recipient {
        &self.recipient
    }

    /// Opens the key. It takes as long as whoever made the key wanted, a tenth of a second as a rule.
    ///
    /// # Errors
    ///
    /// [`SshKeyError::Passphrase`] for another one, and what is wrong with the key.
    pub fn unlock(&self, passphrase: &[u8]) -> Result<Identity, SshKeyError> {
        let private = self.lock.decrypt(&self.private, passphrase)?;
        read_private(&private, &self.public, true).map(identity)
    }
}

impl SshKeyError {
    pub(super) fn unsupported(kind: &[u8]) -> Self {
        let shown = String::from_utf8_lossy(kind);
        let kind = shown
            .chars()
            .take(40)
            .flat_map(char::escape_debug)
            .collect();
        Self::Kind { kind }
    }

    /// The command that helps.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Kind { .. } | Self::Rsa(_) => "make another one: `ssh-keygen -t ed25519`",
            Self::Cipher | Self::OldEncryption | Self::Rounds => {
                "`ssh-keygen -p -o -f FILE` writes the key anew, as ssh does today"
            }
            Self::Public => "name the file without `.pub`",
            _ => return None,
        })
    }
}

fn recipient(wire: &[u8]) -> Result<Recipient, SshKeyError> {
    let kind = Reader(wire).string().ok_or(SshKeyError::Malformed)?;
    match kind {
        b"ssh-ed25519" => Ed25519Public::of_wire(wire)
            .map(Recipient::from_ssh_ed25519)
            .ok_or(SshKeyError::Malformed),
        b"ssh-rsa" => RsaPublic::of_wire(wire)
            .ok_or(SshKeyError::Malformed)?
            .map(Recipient::from_ssh_rsa)
            .map_err(SshKeyError::Rsa),
        kind => Err(SshKeyError::unsupported(kind)),
    }
}

fn identity(secret: Secret) -> Identity {
    match secret {
        Secret::Ed25519(secret) => Identity::from_ssh_ed25519(secret),
        Secret::Rsa(secret) => Identity::from_ssh_rsa(secret),
    }
}

fn rsa(key: Result<RsaPrivateKey, RsaKeyError>) -> Result<SshKey, SshKeyError> {
    let key = key.map_err(SshKeyError::Rsa)?;
    Ok(SshKey::Open(Identity::from_ssh_rsa(RsaSecret::new(key))))
}

/// The other format that Ed25519 keys come in.
fn pkcs8(der: &[u8]) -> Result<SshKey, SshKeyError> {
    let info = PrivateKeyInfoRef::from_der(der).map_err(|_| SshKeyError::Malformed)?;
    if info.algorithm.oid != ED25519 {
        return rsa(RsaPrivateKey::from_pkcs8(der));
    }
    // An octet string within the octet string.
    let seed = info.private_key.as_bytes().strip_prefix(&[4, 32]);
    let seed: Option<[u8; 32]> = seed.and_then(|seed| seed.try_into().ok());
    let secret = seed.and_then(|seed| Ed25519Secret::of_seed(Zeroizing::new(seed)));
    let secret = secret.ok_or(SshKeyError::Malformed)?;
    Ok(SshKey::Open(Identity::from_ssh_ed25519(secret)))
}

fn kind_of(label: &str) -> &[u8] {
    label.trim_end_matches(" PRIVATE KEY").as_bytes()
}

/// Writes an Ed25519 key in OpenSSH's format, without a passphrase.
pub(crate) fn ed25519_text(secret: &Ed25519Secret) -> Zeroizing<String> {
    pem::encode("OPENSSH PRIVATE KEY", &ed25519_container(secret))
}

impl fmt::Debug for LockedSshKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LockedSshKey({:?})", self.recipient)
    }
}

const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
