//! Identities: the private half of a key.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use aws_lc_rs::agreement;
use rand_core::CryptoRngCore;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::derive::{
    AeadKey, FILE_KEY_BYTES, FileKey, HYBRID_INFO, HpkeContext, Mismatch, TAG_BYTES,
};
use super::header::{HYBRID_STANZA, SSH_ED25519_STANZA, SSH_RSA_STANZA, Stanza, X25519_STANZA};
use super::key_text::{KeyText, TextFault};
use super::public::begins_ignoring_case;
use super::ssh::{Ed25519Secret, RsaSecret, ed25519_text};
use super::{Fingerprint, KeyKind, Recipient, Suite, xwing};

/// A private key of age, or of ssh. Wiped when it is dropped, redacted in `Debug`, and never written by accident:
/// its text leaves through [`Identity::expose_text`] only.
pub struct Identity {
    ready: Arc<Ready>,
    recipient: Recipient,
}

/// The secret, with what follows from it and costs more than opening itself.
enum Ready {
    X25519 {
        secret: Secret,
        scalar: agreement::PrivateKey,
        public: [u8; 32],
    },
    MlKem768X25519 {
        secret: Secret,
        key: xwing::SecretKey,
    },
    SshEd25519(Ed25519Secret),
    SshRsa(RsaSecret),
}

/// What the text of a key of age says.
type Secret = Box<Zeroizing<[u8; SECRET_BYTES]>>;

/// A text that is not an identity. No message holds any of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The public half.
    #[error(
        "this is a recipient, the public half of a key: the private half begins with `AGE-SECRET-KEY-`"
    )]
    Recipient,
    /// A key that a plug-in keeps, where one is needed that opens by itself.
    #[error("identities of plug-ins can't be used here")]
    Plugin,
    /// An identity of a plug-in that is cut short or mistyped, or names none.
    #[error("invalid identity of a plug-in")]
    PluginText,
    /// An ssh key, which has a file of its own.
    #[error("an ssh key has a file of its own: it can't stand among other keys")]
    Ssh,
    /// Nothing that is known begins like this.
    #[error("not an identity: expected `AGE-SECRET-KEY-1…` or `AGE-SECRET-KEY-PQ-1…`")]
    Unknown,
    /// Lower case, all over or here and there.
    #[error("invalid identity: it is written in capitals")]
    Case,
    /// A character that Bech32 does not have.
    #[error("invalid identity: one of its characters can't be part of an identity")]
    Character,
    /// Characters are missing, or there are too many.
    #[error("invalid identity: it has {found} characters instead of {expected}")]
    Length {
        /// Characters of an identity of this kind.
        expected: usize,
        /// Characters of this text.
        found: usize,
    },
    /// The right length and characters, but not what was once written.
    #[error("invalid identity: its checksum does not match, a character is wrong")]
    Checksum,
    /// A second spelling of a key.
    #[error("invalid identity: it is not in canonical form")]
    Padding,
}

/// Why a stanza gives no file key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum StanzaFault {
    /// It is for another identity, or of a type that this identity does not read.
    NoMatch,
    /// It breaks this rule of its type.
    Malformed(&'static str),
}

impl Identity {
    /// Makes a new key.
    pub fn generate(suite: Suite, rng: &mut impl CryptoRngCore) -> Self {
        let mut secret: Secret = Box::new(Zeroizing::new([0; SECRET_BYTES]));
        rng.fill_bytes(&mut **secret);
        Self::from_secret(suite, secret)
    }

    fn from_secret(suite: Suite, secret: Secret) -> Self {
        let (ready, recipient) = match suite {
            Suite::X25519 => {
                let public = PublicKey::from(&StaticSecret::from(**secret)).to_bytes();
                let scalar = agreement::PrivateKey::from_private_key(&agreement::X25519, &**secret)
                    .expect("any 32 bytes are a scalar");
                let ready = Ready::X25519 {
                    secret,
                    scalar,
                    public,
                };
                (ready, Recipient::from_x25519(&public))
            }
            Suite::MlKem768X25519 => {
                let key = xwing::SecretKey::from_seed(&secret);
                let recipient = Recipient::from_xwing(key.public());
                (Ready::MlKem768X25519 { secret, key }, recipient)
            }
        };
        Self::new(ready, recipient)
    }

    pub(super) fn from_ssh_ed25519(secret: Ed25519Secret) -> Self {
        let recipient = Recipient::from_ssh_ed25519(secret.public().clone());
        Self::new(Ready::SshEd25519(secret), recipient)
    }

    pub(super) fn from_ssh_rsa(secret: RsaSecret) -> Self {
        let recipient = Recipient::from_ssh_rsa(secret.public().clone());
        Self::new(Ready::SshRsa(secret), recipient)
    }

    fn new(ready: Ready, recipient: Recipient) -> Self {
        let ready = Arc::new(ready);
        Self { ready, recipient }
    }

    /// The public half.
    pub fn recipient(&self) -> &Recipient {
        &self.recipient
    }

    /// The short name of the key, the same as its recipient's.
    pub fn fingerprint(&self) -> Fingerprint {
        self.recipient.fingerprint()
    }

    /// What sort of key it is.
    pub fn kind(&self) -> KeyKind {
        self.recipient.kind()
    }

    /// The algorithms of a key of age itself.
    pub fn suite(&self) -> Option<Suite> {
        self.recipient.suite()
    }

    /// Makes a second holder of the same key, for whoever must own one.
    pub fn duplicate(&self) -> Self {
        Self {
            ready: Arc::clone(&self.ready),
            recipient: self.recipient.clone(),
        }
    }

    /// Hands out the private key as text, for writing a key file: a line, or PEM for ssh keys. The caller says in a
    /// comment why.
    pub fn expose_text(&self) -> Zeroizing<String> {
        match &*self.ready {
            Ready::X25519 { secret, .. } => X25519_TEXT.encode(&***secret),
            Ready::MlKem768X25519 { secret, .. } => XWING_TEXT.encode(&***secret),
            Ready::SshEd25519(secret) => ed25519_text(secret),
            Ready::SshRsa(secret) => secret.expose_pem().expect("a key that was read is written"),
        }
    }

    /// Takes the file key out of a stanza of an age header.
    pub(super) fn unwrap_stanza(&self, stanza: &Stanza<'_>) -> Result<FileKey, StanzaFault> {
        match &*self.ready {
            Ready::X25519 { scalar, public, .. } if stanza.kind == X25519_STANZA => {
                let share = stanza.only_argument()?;
                let mut body = file_key_body(stanza)?;
                let peer = agreement::UnparsedPublicKey::new(&agreement::X25519, &share);
                let low_order = StanzaFault::Malformed("the X25519 share must not be of low order");
                let key = agreement::agree(scalar, peer, low_order, |shared| {
                    Ok(AeadKey::x25519_wrapping(shared, &share, public))
                })?;
                open_file_key(key.open([0; 12], &mut *body))
            }
            Ready::MlKem768X25519 { key, .. } if stanza.kind == HYBRID_STANZA => {
                let encapsulated = stanza.only_argument()?;
                let mut body = file_key_body(stanza)?;
                let unusable = StanzaFault::Malformed("the encapsulated key must be usable");
                let shared = key.decapsulate(&encapsulated).map_err(|_| unusable)?;
                open_file_key(HpkeContext::new(shared.as_bytes(), HYBRID_INFO).open(&mut *body))
            }
            Ready::SshEd25519(secret) if stanza.kind == SSH_ED25519_STANZA => {
                secret.unwrap_stanza(stanza)
            }
            Ready::SshRsa(secret) if stanza.kind == SSH_RSA_STANZA => secret.unwrap_stanza(stanza),
            _ => Err(StanzaFault::NoMatch),
        }
    }
}

/// The length is checked first, so that no ciphertext can be made that opens for several keys.
pub(super) fn file_key_body(
    stanza: &Stanza<'_>,
) -> Result<Zeroizing<[u8; FILE_KEY_BYTES + TAG_BYTES]>, StanzaFault> {
    let body = stanza.body.as_slice().try_into();
    let body =
        body.map_err(|_| StanzaFault::Malformed("the body must be a closed file key of 32 bytes"))?;
    Ok(Zeroizing::new(body))
}

pub(super) fn open_file_key(opened: Result<&mut [u8], Mismatch>) -> Result<FileKey, StanzaFault> {
    let file_key = opened.and_then(|bytes| FileKey::new(bytes));
    file_key.map_err(|Mismatch| StanzaFault::NoMatch)
}

impl FromStr for Identity {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        let (suite, decoded) = if text.starts_with("AGE-SECRET-KEY-1") {
            (Suite::X25519, X25519_TEXT.decode(text)?)
        } else if text.starts_with("AGE-SECRET-KEY-PQ-1") {
            (Suite::MlKem768X25519, XWING_TEXT.decode(text)?)
        } else {
            return Err(IdentityError::of_other(text));
        };
        let mut secret: Secret = Box::new(Zeroizing::new([0; SECRET_BYTES]));
        secret.copy_from_slice(&decoded);
        Ok(Self::from_secret(suite, secret))
    }
}

impl IdentityError {
    fn of_other(text: &str) -> Self {
        let begins = |prefix| begins_ignoring_case(text, prefix);
        if begins("age1") {
            Self::Recipient
        } else if begins("AGE-SECRET-KEY-") {
            Self::Case
        } else if begins("AGE-PLUGIN-") {
            Self::Plugin
        } else if begins("-----BEGIN ") {
            Self::Ssh
        } else {
            Self::Unknown
        }
    }
}

impl From<TextFault> for IdentityError {
    fn from(fault: TextFault) -> Self {
        match fault {
            TextFault::Case => Self::Case,
            TextFault::Character(_) => Self::Character,
            TextFault::Length { expected, found } => Self::Length { expected, found },
            TextFault::Checksum => Self::Checksum,
            TextFault::Padding => Self::Padding,
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Identity(redacted {} {})",
            self.kind(),
            self.fingerprint()
        )
    }
}

const SECRET_BYTES: usize = 32;
const X25519_TEXT: KeyText = KeyText {
    prefix: "age-secret-key-",
    bytes: SECRET_BYTES,
    capitals: true,
};
const XWING_TEXT: KeyText = KeyText {
    prefix: "age-secret-key-pq-",
    bytes: SECRET_BYTES,
    capitals: true,
};
