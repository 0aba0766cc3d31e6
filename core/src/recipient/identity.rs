//! Identities: the private half of a key.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::agreement;
use rand_core::CryptoRngCore;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::derive::{
    AeadKey, FILE_KEY_BYTES, FileKey, HYBRID_INFO, HpkeContext, Mismatch, TAG_BYTES,
};
use super::header::{HYBRID_STANZA, Stanza, X25519_STANZA};
use super::key_text::{KeyText, TextFault};
use super::public::begins_ignoring_case;
use super::{Fingerprint, Recipient, Suite, xwing};

/// A private key of age. Wiped when it is dropped, redacted in `Debug`, and never written by accident:
/// its text leaves through [`Identity::expose_text`] only.
pub struct Identity {
    secret: Box<Zeroizing<[u8; SECRET_BYTES]>>,
    ready: Ready,
    recipient: Recipient,
}

/// What follows from the secret and costs more than opening itself.
enum Ready {
    X25519 {
        scalar: agreement::PrivateKey,
        public: [u8; 32],
    },
    MlKem768X25519(xwing::SecretKey),
}

/// A text that is not an identity. No message holds any of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The public half.
    #[error(
        "this is a recipient, the public half of a key: the private half begins with `AGE-SECRET-KEY-`"
    )]
    Recipient,
    /// A kind of private key that age knows and Bulla does not yet.
    #[error("{kind} are not supported yet")]
    Unsupported {
        /// `plug-in identities`, `ssh keys`.
        kind: &'static str,
    },
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
        let mut secret = Box::new(Zeroizing::new([0; SECRET_BYTES]));
        rng.fill_bytes(&mut **secret);
        Self::from_secret(suite, secret)
    }

    fn from_secret(suite: Suite, secret: Box<Zeroizing<[u8; SECRET_BYTES]>>) -> Self {
        let (ready, recipient) = match suite {
            Suite::X25519 => {
                let public = PublicKey::from(&StaticSecret::from(**secret)).to_bytes();
                let scalar = agreement::PrivateKey::from_private_key(&agreement::X25519, &**secret)
                    .expect("any 32 bytes are a scalar");
                (
                    Ready::X25519 { scalar, public },
                    Recipient::from_x25519(&public),
                )
            }
            Suite::MlKem768X25519 => {
                let key = xwing::SecretKey::from_seed(&secret);
                let recipient = Recipient::from_xwing(key.public());
                (Ready::MlKem768X25519(key), recipient)
            }
        };
        Self {
            secret,
            ready,
            recipient,
        }
    }

    /// The public half.
    pub fn recipient(&self) -> &Recipient {
        &self.recipient
    }

    /// The short name of the key, the same as its recipient's.
    pub fn fingerprint(&self) -> Fingerprint {
        self.recipient.fingerprint()
    }

    /// The algorithms of the key.
    pub fn suite(&self) -> Suite {
        self.recipient.suite()
    }

    /// Makes a second copy, for a holder that must own it.
    pub fn duplicate(&self) -> Self {
        Self::from_secret(self.suite(), self.secret.clone())
    }

    /// Hands out the private key as text, for writing a key file. The caller says in a comment why.
    pub fn expose_text(&self) -> Zeroizing<String> {
        let text = match self.suite() {
            Suite::X25519 => &X25519_TEXT,
            Suite::MlKem768X25519 => &XWING_TEXT,
        };
        text.encode(&**self.secret)
    }

    /// Takes the file key out of a stanza of an age header.
    pub(super) fn unwrap_stanza(&self, stanza: &Stanza<'_>) -> Result<FileKey, StanzaFault> {
        match &self.ready {
            Ready::X25519 { scalar, public } if stanza.kind == X25519_STANZA => {
                let share = stanza.only_argument()?;
                let mut body = file_key_body(stanza)?;
                let peer = agreement::UnparsedPublicKey::new(&agreement::X25519, &share);
                let low_order = StanzaFault::Malformed("the X25519 share must not be of low order");
                let key = agreement::agree(scalar, peer, low_order, |shared| {
                    Ok(AeadKey::x25519_wrapping(shared, &share, public))
                })?;
                open_file_key(key.open([0; 12], &mut *body))
            }
            Ready::MlKem768X25519(key) if stanza.kind == HYBRID_STANZA => {
                let encapsulated = stanza.only_argument()?;
                let mut body = file_key_body(stanza)?;
                let unusable = StanzaFault::Malformed("the encapsulated key must be usable");
                let shared = key.decapsulate(&encapsulated).map_err(|_| unusable)?;
                open_file_key(HpkeContext::new(shared.as_bytes(), HYBRID_INFO).open(&mut *body))
            }
            _ => Err(StanzaFault::NoMatch),
        }
    }
}

/// The length is checked first, so that no ciphertext can be made that opens for several keys.
fn file_key_body(
    stanza: &Stanza<'_>,
) -> Result<Zeroizing<[u8; FILE_KEY_BYTES + TAG_BYTES]>, StanzaFault> {
    let body = stanza.body.as_slice().try_into();
    let body =
        body.map_err(|_| StanzaFault::Malformed("the body must be a closed file key of 32 bytes"))?;
    Ok(Zeroizing::new(body))
}

fn open_file_key(opened: Result<&mut [u8], Mismatch>) -> Result<FileKey, StanzaFault> {
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
        let mut secret = Box::new(Zeroizing::new([0; SECRET_BYTES]));
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
            Self::Unsupported {
                kind: "plug-in identities",
            }
        } else if begins("-----BEGIN ") {
            Self::Unsupported { kind: "PEM keys" }
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
            self.suite(),
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
