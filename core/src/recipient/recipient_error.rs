//! What can be wrong with the text of a recipient.

use super::key_text::TextFault;
use super::public::KeyFault;
use crate::sealed_secrets::RsaKeyError;

/// A text that is not a recipient. The message shows at most its beginning, and nothing of what may be a private key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecipientError {
    /// The private half, or a reference to it, was given where the public half belongs.
    #[error("this is a private key, not a recipient: it must not be put here")]
    PrivateKey,
    /// A key of ssh that nothing can be closed for.
    #[error("`{kind}` keys can't be closed for: of ssh keys, only ssh-ed25519 and ssh-rsa can")]
    Unsupported {
        /// `sk-ssh-ed25519@openssh.com`, `ecdsa-sha2-nistp256`.
        kind: String,
    },
    /// An ssh key that is cut short, changed, or not in its one form.
    #[error("invalid `{kind}` recipient: {rule}")]
    Ssh {
        /// `ssh-ed25519`, `ssh-rsa`.
        kind: &'static str,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// An RSA key that is not used.
    #[error("invalid `ssh-rsa` recipient: {0}")]
    Rsa(RsaKeyError),
    /// Nothing that is known begins like this.
    #[error("not a recipient: expected `age1…`, `age1pq1…`, `ssh-ed25519 …` or `ssh-rsa …`")]
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

impl RecipientError {
    pub(super) fn of_text(text: &str, fault: TextFault) -> Self {
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

    pub(super) fn of_key(text: &str, fault: KeyFault) -> Self {
        let beginning = beginning(text);
        match fault {
            KeyFault::Point => Self::Point { beginning },
            KeyFault::EncapsulationKey => Self::EncapsulationKey { beginning },
        }
    }
}

/// Enough of a text to tell which recipient is meant.
pub(super) fn beginning(text: &str) -> String {
    let shown = text.chars().take(12).flat_map(char::escape_debug);
    shown.chain(['…']).collect()
}
