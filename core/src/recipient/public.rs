//! Recipients: the public half of a key, and the only text it has.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use x25519_dalek::{PublicKey, StaticSecret};

use super::key_text::{KeyText, TextFault};
use super::{Fingerprint, Suite, xwing};

/// Whom a payload is closed for. Cheap to clone.
#[derive(Clone)]
pub struct Recipient {
    pub(super) key: Key,
    text: Arc<str>,
    fingerprint: Fingerprint,
}

/// The public key itself, checked.
#[derive(Clone)]
pub(super) enum Key {
    X25519(age::x25519::Recipient),
    MlKem768X25519(Arc<xwing::PublicKey>),
}

/// A text that is not a recipient. The message shows at most its beginning, and nothing of what may be a private key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecipientError {
    /// The private half, or a reference to it, was given where the public half belongs.
    #[error("this is a private key, not a recipient: it must not be put here")]
    PrivateKey,
    /// A kind of recipient that age knows and Bulla does not yet.
    #[error("`{kind}` recipients are not supported yet")]
    Unsupported {
        /// `ssh-ed25519`, `age1yubikey`.
        kind: String,
    },
    /// Nothing that is known begins like this.
    #[error("not a recipient: expected `age1…` or `age1pq1…`")]
    Unknown,
    /// Capitals, all over or here and there.
    #[error("invalid recipient `{beginning}`: it is written in lower case")]
    Case {
        /// How the text begins.
        beginning: String,
    },
    /// A character that Bech32 does not have.
    #[error("invalid recipient `{beginning}`: its character {place} can't be part of a recipient")]
    Character {
        /// How the text begins.
        beginning: String,
        /// Counted from 1.
        place: usize,
    },
    /// Characters are missing, or there are too many.
    #[error("invalid recipient `{beginning}`: it has {found} characters instead of {expected}")]
    Length {
        /// How the text begins.
        beginning: String,
        /// Characters of a recipient of this kind.
        expected: usize,
        /// Characters of this text.
        found: usize,
    },
    /// The right length and characters, but not what was once written: a typing mistake.
    #[error("invalid recipient `{beginning}`: its checksum does not match, a character is wrong")]
    Checksum {
        /// How the text begins.
        beginning: String,
    },
    /// A second spelling of a key, which nobody writes by accident.
    #[error("invalid recipient `{beginning}`: it is not in canonical form")]
    Padding {
        /// How the text begins.
        beginning: String,
    },
    /// The curve point is of low order, or not the reduced form of one: nobody could open what is closed for it.
    #[error("invalid recipient `{beginning}`: its X25519 key is not usable")]
    Point {
        /// How the text begins.
        beginning: String,
    },
    /// The check of FIPS 203, section 7.2: a coefficient is not reduced.
    #[error("invalid recipient `{beginning}`: its ML-KEM-768 key is malformed")]
    EncapsulationKey {
        /// How the text begins.
        beginning: String,
    },
}

impl Recipient {
    pub(super) fn from_x25519(point: &[u8; 32]) -> Self {
        let text = X25519_TEXT.encode(point);
        let key = text
            .parse()
            .expect("the text of any 32 bytes parses in age");
        Self::new(Key::X25519(key), &text)
    }

    pub(super) fn from_xwing(key: xwing::PublicKey) -> Self {
        let text = XWING_TEXT.encode(key.as_bytes());
        Self::new(Key::MlKem768X25519(Arc::new(key)), &text)
    }

    fn new(key: Key, text: &str) -> Self {
        let fingerprint = Fingerprint::of(text);
        Self {
            key,
            text: text.into(),
            fingerprint,
        }
    }

    /// The algorithms of the key.
    pub fn suite(&self) -> Suite {
        match &self.key {
            Key::X25519(_) => Suite::X25519,
            Key::MlKem768X25519(_) => Suite::MlKem768X25519,
        }
    }

    /// The short name of the key.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The canonical text, as `Display` writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Recipient {
    type Err = RecipientError;

    fn from_str(text: &str) -> Result<Self, RecipientError> {
        if seems_private(text) {
            return Err(RecipientError::PrivateKey);
        }
        let fault = |fault| RecipientError::of_text(text, fault);
        if text.starts_with("age1pq1") {
            let bytes = XWING_TEXT.decode(text).map_err(fault)?;
            let key = xwing::PublicKey::new(&bytes)
                .map_err(|fault| RecipientError::of_key(text, fault))?;
            Ok(Self::new(Key::MlKem768X25519(Arc::new(key)), text))
        } else if text.starts_with("age1") {
            if let Some(kind) = other_age_kind(text) {
                return Err(RecipientError::Unsupported { kind });
            }
            let bytes = X25519_TEXT.decode(text).map_err(fault)?;
            check_point(&bytes).map_err(|fault| RecipientError::of_key(text, fault))?;
            let key = text.parse().map_err(|_| fault(TextFault::Checksum))?;
            Ok(Self::new(Key::X25519(key), text))
        } else if let Some(kind) = SSH_KINDS.iter().find(|kind| text.starts_with(**kind)) {
            let kind = kind.trim_end().to_owned();
            Err(RecipientError::Unsupported { kind })
        } else if begins_ignoring_case(text, "age1") {
            Err(fault(TextFault::Case))
        } else {
            Err(RecipientError::Unknown)
        }
    }
}

/// What is wrong with a public key whose text is in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyFault {
    Point,
    EncapsulationKey,
}

/// Refuses points that leave no secret to share, and second spellings of a point: age mixes the spelling into the
/// key, so that the owner, who knows the reduced one, could not open the file.
pub(super) fn check_point(point: &[u8]) -> Result<(), KeyFault> {
    let point: [u8; 32] = point.try_into().map_err(|_| KeyFault::Point)?;
    let reduced = point[31] < 0x7f
        || point[31] == 0x7f && (point[1..31].iter().any(|byte| *byte != 0xff) || point[0] < 0xed);
    // Any scalar serves: all of them are multiples of the cofactor.
    let shared = StaticSecret::from([1; 32]).diffie_hellman(&PublicKey::from(point));
    if reduced && shared.was_contributory() {
        Ok(())
    } else {
        Err(KeyFault::Point)
    }
}

impl RecipientError {
    fn of_text(text: &str, fault: TextFault) -> Self {
        let beginning = beginning(text);
        match fault {
            TextFault::Case => Self::Case { beginning },
            TextFault::Character(place) => Self::Character { beginning, place },
            TextFault::Length { expected, found } => Self::Length {
                beginning,
                expected,
                found,
            },
            TextFault::Checksum => Self::Checksum { beginning },
            TextFault::Padding => Self::Padding { beginning },
        }
    }

    fn of_key(text: &str, fault: KeyFault) -> Self {
        let beginning = beginning(text);
        match fault {
            KeyFault::Point => Self::Point { beginning },
            KeyFault::EncapsulationKey => Self::EncapsulationKey { beginning },
        }
    }
}

/// True for identities of age and its plug-ins and for PEM private keys, wherever in the text they stand.
fn seems_private(text: &str) -> bool {
    ["SECRET-KEY", "AGE-PLUGIN-", "PRIVATE KEY"]
        .iter()
        .any(|mark| {
            let mut windows = text.as_bytes().windows(mark.len());
            windows.any(|window| window.eq_ignore_ascii_case(mark.as_bytes()))
        })
}

/// The kind of a recipient `age1NAME1…` of a plug-in or of hardware, `age1NAME`.
fn other_age_kind(text: &str) -> Option<String> {
    let (kind, _) = text.rsplit_once('1')?;
    let name = kind.strip_prefix("age1")?;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-._".contains(&b);
    // An X25519 recipient in which a letter was read as the digit 1 has another separator, too.
    let mistyped = text.len() == X25519_TEXT_CHARACTERS;
    let named = (1..=32).contains(&name.len()) && name.bytes().all(plain);
    (named && !mistyped).then(|| kind.to_owned())
}

/// Enough of a text to tell which recipient is meant.
fn beginning(text: &str) -> String {
    let shown = text.chars().take(12).flat_map(char::escape_debug);
    shown.chain(['…']).collect()
}

pub(super) fn begins_ignoring_case(text: &str, prefix: &str) -> bool {
    let beginning = text.as_bytes().get(..prefix.len());
    beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(prefix.as_bytes()))
}

impl PartialEq for Recipient {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Recipient {}

impl Hash for Recipient {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({} {})", self.suite(), self.fingerprint)
    }
}

const X25519_TEXT_CHARACTERS: usize = 62;
const X25519_TEXT: KeyText = KeyText {
    prefix: "age",
    bytes: 32,
    capitals: false,
};
const XWING_TEXT: KeyText = KeyText {
    prefix: "age1pq",
    bytes: xwing::PUBLIC_KEY_BYTES,
    capitals: false,
};
const SSH_KINDS: [&str; 4] = [
    "ssh-ed25519",
    "ssh-rsa",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
];
