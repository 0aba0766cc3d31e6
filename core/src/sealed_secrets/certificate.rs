//! Certificates: a public key, and until when values are to be sealed with it.

use std::fmt;

use x509_cert::Certificate as Parsed;
use x509_cert::der::Decode as _;
use x509_cert::time::Time;

use super::error::RsaKeyError;
use super::pem;
use super::public_key::RsaPublicKey;
use crate::rotation::Timestamp;

/// The certificate of a sealing key. Neither its signature nor its chain says anything here:
/// whoever hands it over is trusted for it, as Sealed Secrets does.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    key: RsaPublicKey,
    not_before: Timestamp,
    not_after: Timestamp,
    der: Vec<u8>,
}

/// A certificate that must not be sealed with any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the certificate has expired")]
pub struct Expired {
    /// When.
    pub not_after: Timestamp,
}

/// What is done about an expired certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Expiry {
    /// It is refused.
    #[default]
    Refuse,
    /// Somebody asked for it by a flag.
    Ignore,
}

impl Certificate {
    /// Reads the first certificate of a PEM text; more of them are a chain, and not looked at.
    ///
    /// # Errors
    /// [`RsaKeyError`] by variant.
    pub fn from_pem(text: &[u8]) -> Result<Self, RsaKeyError> {
        let blocks = pem::blocks(text);
        let first = blocks.first().ok_or(RsaKeyError::NotPem)?;
        let is_certificate = |block: &&pem::Block| block.label == LABEL && !block.has_headers;
        match blocks.iter().find(is_certificate) {
            Some(block) => Self::from_der(block.der.as_ref().ok_or(MALFORMED)?),
            None if first.label.ends_with("PRIVATE KEY") => Err(RsaKeyError::PrivateKeyGiven),
            None if first.label.ends_with("PUBLIC KEY") => Err(RsaKeyError::PlainPublicKey),
            None => Err(RsaKeyError::NoCertificate {
                found: first.label.clone(),
            }),
        }
    }

    pub(super) fn from_der(der: &[u8]) -> Result<Self, RsaKeyError> {
        let parsed = Parsed::from_der(der).map_err(|_| MALFORMED)?;
        let body = parsed.tbs_certificate();
        let validity = body.validity();
        Ok(Self {
            key: RsaPublicKey::from_info(body.subject_public_key_info())?,
            not_before: timestamp(&validity.not_before),
            not_after: timestamp(&validity.not_after),
            der: der.to_vec(),
        })
    }

    /// The key in it, whatever its dates are: opening never asks for them.
    pub fn key(&self) -> &RsaPublicKey {
        &self.key
    }

    /// The key in it, for sealing.
    ///
    /// # Errors
    /// [`Expired`] where `now` is past the last moment of the certificate.
    pub fn key_for_sealing(
        &self,
        now: Timestamp,
        expiry: Expiry,
    ) -> Result<&RsaPublicKey, Expired> {
        let Self { not_after, .. } = *self;
        if now > not_after && expiry == Expiry::Refuse {
            Err(Expired { not_after })
        } else {
            Ok(&self.key)
        }
    }

    /// From when on it is valid: orders the keys of a cluster.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// Until when values are to be sealed with it.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// The certificate alone, in PEM.
    pub fn to_pem(&self) -> String {
        pem::encode(LABEL, &self.der).to_string()
    }

    /// The certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("key", &self.key)
            .field("not_before", &self.not_before)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

fn timestamp(time: &Time) -> Timestamp {
    let seconds = time.to_unix_duration().as_secs();
    Timestamp(i64::try_from(seconds).unwrap_or(i64::MAX))
}

const LABEL: &str = "CERTIFICATE";
const MALFORMED: RsaKeyError = RsaKeyError::Malformed {
    what: "certificate",
};
