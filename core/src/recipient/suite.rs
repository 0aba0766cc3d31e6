//! The kinds of key that a data key can be closed for.

use std::fmt;
use std::str::FromStr;

/// The algorithms of a key pair, under the names that a `SealingKey` resource uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Suite {
    /// age's classic X25519, `age1…`.
    X25519,
    /// age's post-quantum hybrid of ML-KEM-768 and X25519 (X-Wing), `age1pq1…`.
    MlKem768X25519,
}

/// The text is not the name of a suite.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown suite: expected `MLKEM768-X25519` or `X25519`")]
pub struct SuiteError;

impl Suite {
    /// True when what is closed today stays closed for whoever has a quantum computer later.
    pub fn is_post_quantum(self) -> bool {
        match self {
            Self::X25519 => false,
            Self::MlKem768X25519 => true,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::X25519 => "X25519",
            Self::MlKem768X25519 => "MLKEM768-X25519",
        }
    }
}

impl FromStr for Suite {
    type Err = SuiteError;

    fn from_str(text: &str) -> Result<Self, SuiteError> {
        [Self::X25519, Self::MlKem768X25519]
            .into_iter()
            .find(|suite| suite.name() == text)
            .ok_or(SuiteError)
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for suite in [Suite::X25519, Suite::MlKem768X25519] {
            assert_eq!(suite.to_string().parse(), Ok(suite));
        }
        for bad in ["", "x25519", "RSA", "MLKEM768-X25519 "] {
            assert_eq!(bad.parse::<Suite>(), Err(SuiteError), "{bad}");
        }
    }

    #[test]
    fn only_the_hybrid_is_post_quantum() {
        assert!(Suite::MlKem768X25519.is_post_quantum());
        assert!(!Suite::X25519.is_post_quantum());
    }
}
