//! The kinds of key that something can be closed for.

use std::fmt;

use super::Suite;
use super::header::{HYBRID_STANZA, SSH_ED25519_STANZA, SSH_RSA_STANZA, X25519_STANZA};

/// What sort of key a recipient is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// A key of age itself.
    Native(Suite),
    /// `ssh-ed25519 …`
    SshEd25519,
    /// `ssh-rsa …`
    SshRsa,
    /// `age1NAME1…`: what it is, only its plug-in knows.
    Plugin,
}

impl KeyKind {
    /// True when what is closed today stays closed for whoever has a quantum computer later.
    /// Nobody can tell of a plug-in's key, so it is not counted on.
    pub fn is_post_quantum(self) -> bool {
        match self {
            Self::Native(suite) => suite.is_post_quantum(),
            Self::SshEd25519 | Self::SshRsa | Self::Plugin => false,
        }
    }

    /// The suite of a key of age itself, which `SealingKey` resources have, too.
    pub fn suite(self) -> Option<Suite> {
        match self {
            Self::Native(suite) => Some(suite),
            _ => None,
        }
    }

    /// The kind whose stanzas are of this type. `None` is what only a plug-in, or nobody, knows.
    pub(super) fn of_stanza(kind: &str) -> Option<Self> {
        Some(match kind {
            X25519_STANZA => Self::Native(Suite::X25519),
            HYBRID_STANZA => Self::Native(Suite::MlKem768X25519),
            SSH_ED25519_STANZA => Self::SshEd25519,
            SSH_RSA_STANZA => Self::SshRsa,
            _ => return None,
        })
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Native(suite) => suite.fmt(f),
            Self::SshEd25519 => f.pad("ssh-ed25519"),
            Self::SshRsa => f.pad("ssh-rsa"),
            Self::Plugin => f.pad("plug-in"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hybrid_is_counted_as_post_quantum() {
        let kinds = [
            KeyKind::Native(Suite::X25519),
            KeyKind::Native(Suite::MlKem768X25519),
            KeyKind::SshEd25519,
            KeyKind::SshRsa,
            KeyKind::Plugin,
        ];
        let strong = kinds.map(KeyKind::is_post_quantum);
        assert_eq!(strong, [false, true, false, false, false]);
    }
}
