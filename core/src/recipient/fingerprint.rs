//! The short name of a key, by which an envelope says which key opens it.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// `fp-` and the first 16 hex digits of SHA-256 over the recipient's canonical text.
///
/// A hint for finding a key, never authority: 64 bits can be collided on purpose.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; FINGERPRINT_BYTES]);

/// The text is not a fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid fingerprint: expected `fp-` and 16 digits of 0-9 and a-f")]
pub struct FingerprintError;

impl Fingerprint {
    /// The fingerprint of the recipient with this canonical text.
    pub(crate) fn of(canonical: &str) -> Self {
        let digest = Sha256::digest(canonical.as_bytes());
        let mut bytes = [0; FINGERPRINT_BYTES];
        bytes.copy_from_slice(&digest[..FINGERPRINT_BYTES]);
        Self(bytes)
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let digits = text.strip_prefix(PREFIX).ok_or(FingerprintError)?;
        let digits: &[u8; 2 * FINGERPRINT_BYTES] =
            digits.as_bytes().try_into().map_err(|_| FingerprintError)?;
        let mut bytes = [0; FINGERPRINT_BYTES];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

fn digit(character: u8) -> Result<u8, FingerprintError> {
    match character {
        b'0'..=b'9' => Ok(character - b'0'),
        b'a'..=b'f' => Ok(character - b'a' + 10),
        _ => Err(FingerprintError),
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const PREFIX: &str = "fp-";
const FINGERPRINT_BYTES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_read_back() {
        let fingerprint = Fingerprint::of("abc");
        assert_eq!(fingerprint.to_string(), "fp-ba7816bf8f01cfea");
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    }

    #[test]
    fn another_spelling_is_refused() {
        for bad in [
            "",
            "fp-",
            "ba7816bf8f01cfea",
            "fp-ba7816bf8f01cfe",
            "fp-ba7816bf8f01cfea0",
            "fp-BA7816BF8F01CFEA",
            "FP-ba7816bf8f01cfea",
            "fp-ba7816bf8f01cfeg",
            "fp-+a7816bf8f01cfea",
            "fp-ba7816bf8f01cfé",
            " fp-ba7816bf8f01cfea",
        ] {
            assert_eq!(bad.parse::<Fingerprint>(), Err(FingerprintError), "{bad}");
        }
    }
}
