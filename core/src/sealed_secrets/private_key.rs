//! RSA private keys, which open values. The library wipes them; what is read on the way is wiped here.

use std::fmt;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey,
};
use pkcs1::RsaPrivateKeyRef;
use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::{Decode as _, Encode as _};
use zeroize::Zeroizing;

use super::certificate::Certificate;
use super::error::RsaKeyError;
use super::pem;
use super::public_key::{RsaPublicKey, SshFingerprint, check_bits, kind_of};
use crate::recipient::Fingerprint;

/// The private half of a sealing key of Sealed Secrets.
pub struct RsaPrivateKey {
    oaep: OaepPrivateDecryptingKey,
    key: PrivateDecryptingKey,
    public: RsaPublicKey,
}

impl RsaPrivateKey {
    /// Reads the first private key of a PEM text: PKCS#1, as Sealed Secrets writes, or PKCS#8.
    ///
    /// The public half is derived from it, and the numbers are checked against each other.
    ///
    /// # Errors
    /// [`RsaKeyError`] by variant.
    pub fn from_pem(text: &[u8]) -> Result<Self, RsaKeyError> {
        let blocks = pem::blocks(text);
        let first = blocks.first().ok_or(RsaKeyError::NotPem)?;
        let block = blocks
            .iter()
            .find(|block| block.label.ends_with("PRIVATE KEY"))
            .ok_or_else(|| RsaKeyError::NoPrivateKey {
                found: first.label.clone(),
            })?;
        if block.has_headers || block.label.starts_with("ENCRYPTED") {
            return Err(RsaKeyError::Encrypted);
        }
        let der = block.der.as_ref().ok_or(MALFORMED)?;
        match block.label.as_str() {
            "RSA PRIVATE KEY" => Self::from_pkcs1(der),
            "PRIVATE KEY" => Self::from_pkcs8(der),
            other => Err(RsaKeyError::NotRsa {
                kind: other.trim_end_matches(" PRIVATE KEY").to_owned(),
            }),
        }
    }

    /// Makes a key.
    ///
    /// # Errors
    /// `Size` for a size that the library does not make, `Library`.
    pub fn generate(bits: u32) -> Result<Self, RsaKeyError> {
        let size = match bits {
            2048 => KeySize::Rsa2048,
            3072 => KeySize::Rsa3072,
            4096 => KeySize::Rsa4096,
            8192 => KeySize::Rsa8192,
            bits => return Err(RsaKeyError::Size { bits }),
        };
        Self::new(PrivateDecryptingKey::generate(size).map_err(|_| RsaKeyError::Library)?)
    }

    /// Reads `RSAPrivateKey` (RFC 8017), and checks the numbers against each other.
    pub(crate) fn from_pkcs1(der: &[u8]) -> Result<Self, RsaKeyError> {
        let numbers = RsaPrivateKeyRef::try_from(der).map_err(|_| MALFORMED)?;
        check_bits(numbers.modulus.as_bytes())?;
        // The library reads PKCS#8 only.
        let inner = OctetStringRef::new(der).map_err(|_| MALFORMED)?;
        let wrapped = PrivateKeyInfoRef::new(pkcs1::ALGORITHM_ID, inner)
            .to_der()
            .map(Zeroizing::new)
            .map_err(|_| MALFORMED)?;
        let key = PrivateDecryptingKey::from_pkcs8(&wrapped);
        Self::new(key.map_err(|_| RsaKeyError::Inconsistent)?)
    }

    /// Reads the same in its wrapper.
    pub(crate) fn from_pkcs8(der: &[u8]) -> Result<Self, RsaKeyError> {
        let info = PrivateKeyInfoRef::from_der(der).map_err(|_| MALFORMED)?;
        if info.algorithm.oid != pkcs1::ALGORITHM_OID {
            return Err(RsaKeyError::NotRsa {
                kind: kind_of(info.algorithm.oid),
            });
        }
        Self::from_pkcs1(info.private_key.as_bytes())
    }

    fn new(key: PrivateDecryptingKey) -> Result<Self, RsaKeyError> {
        let spki = key
            .public_key()
            .as_der()
            .map_err(|_| RsaKeyError::Library)?;
        Ok(Self {
            public: RsaPublicKey::from_spki(spki.as_ref())?,
            oaep: OaepPrivateDecryptingKey::new(key.clone()).map_err(|_| RsaKeyError::Library)?,
            key,
        })
    }

    /// The public half, derived from this one.
    pub fn public(&self) -> &RsaPublicKey {
        &self.public
    }

    /// Sealed Secrets' name of the key.
    pub fn ssh_fingerprint(&self) -> SshFingerprint {
        self.public.ssh_fingerprint()
    }

    /// Our short name of the key.
    pub fn fingerprint(&self) -> Fingerprint {
        self.public.fingerprint()
    }

    /// Checks that `certificate` is the one of this key.
    ///
    /// # Errors
    /// `Mismatch`.
    pub fn check_certificate(&self, certificate: &Certificate) -> Result<(), RsaKeyError> {
        if certificate.key() == &self.public {
            Ok(())
        } else {
            Err(RsaKeyError::Mismatch)
        }
    }

    /// Hands out the private key as `RSA PRIVATE KEY` in PEM, for writing a key Secret as Sealed
    /// Secrets does. The caller says in a comment why.
    ///
    /// # Errors
    /// `Library`.
    pub fn expose_pem(&self) -> Result<Zeroizing<String>, RsaKeyError> {
        let pkcs8 = self.pkcs8()?;
        let info = PrivateKeyInfoRef::from_der(&pkcs8).map_err(|_| RsaKeyError::Library)?;
        Ok(pem::encode("RSA PRIVATE KEY", info.private_key.as_bytes()))
    }

    pub(super) fn pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, RsaKeyError> {
        let der = self.key.as_der().map_err(|_| RsaKeyError::Library)?;
        Ok(Zeroizing::new(der.as_ref().to_vec()))
    }

    /// Opens RSA-OAEP[SHA-256, MGF1-SHA-256, label]; one private operation, in constant time.
    pub(crate) fn decrypt(&self, block: &[u8], label: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mut message = Zeroizing::new(vec![0; self.oaep.min_output_size()]);
        let length = self
            .oaep
            .decrypt(&OAEP_SHA256_MGF1SHA256, block, &mut message, Some(label))
            .ok()?
            .len();
        // Shortening leaves the spare part of the vector to be wiped with the rest.
        message.truncate(length);
        Some(message)
    }
}

impl fmt::Debug for RsaPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaPrivateKey(redacted {:?})", self.public)
    }
}

const MALFORMED: RsaKeyError = RsaKeyError::Malformed {
    what: "private key",
};
