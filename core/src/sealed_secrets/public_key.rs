//! RSA public keys, which close values, and their fingerprints.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use aws_lc_rs::rsa::{
    OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey as LibraryKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use pkcs1::RsaPublicKeyRef;
use sha2::{Digest as _, Sha256};
use x509_cert::der::asn1::BitStringRef;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};

use super::error::{MAX_RSA_BITS, MIN_RSA_BITS, RsaKeyError};
use crate::recipient::Fingerprint;

/// The public half of a sealing key of Sealed Secrets. Cheap to clone.
#[derive(Clone)]
pub struct RsaPublicKey(Arc<Parts>);

struct Parts {
    key: OaepPublicEncryptingKey,
    spki: Vec<u8>,
    ssh_text: String,
    ssh_wire: Vec<u8>,
    ssh: SshFingerprint,
    fingerprint: Fingerprint,
    bits: usize,
}

/// `SHA256:` and unpadded base64 of SHA-256 over the key in the form that ssh sends: the name of a
/// key in Sealed Secrets, and in `ssh-keygen -l`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SshFingerprint([u8; 32]);

/// The text is not a fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid fingerprint: expected `SHA256:` and 43 characters of base64")]
pub struct SshFingerprintError;

impl RsaPublicKey {
    /// Takes the key out of a certificate or of what the library gives.
    pub(super) fn from_spki(spki: &[u8]) -> Result<Self, RsaKeyError> {
        let malformed = |_| RsaKeyError::Malformed { what: "public key" };
        let info = SubjectPublicKeyInfoRef::from_der(spki).map_err(malformed)?;
        if info.algorithm.oid != pkcs1::ALGORITHM_OID {
            return Err(RsaKeyError::NotRsa {
                kind: kind_of(info.algorithm.oid),
            });
        }
        let bytes = info.subject_public_key.raw_bytes();
        let numbers = RsaPublicKeyRef::try_from(bytes)
            .map_err(|_| RsaKeyError::Malformed { what: "public key" })?;
        let (n, e) = (
            numbers.modulus.as_bytes(),
            numbers.public_exponent.as_bytes(),
        );
        let bits = check_bits(n)?;
        let key = LibraryKey::from_der(spki)
            .ok()
            .and_then(|key| OaepPublicEncryptingKey::new(key).ok())
            .ok_or(RsaKeyError::Inconsistent)?;
        let wire = ssh_wire(n, e);
        let ssh_text = format!("ssh-rsa {}", STANDARD.encode(&wire));
        Ok(Self(Arc::new(Parts {
            key,
            spki: spki.to_vec(),
            ssh: SshFingerprint(Sha256::digest(&wire).into()),
            fingerprint: Fingerprint::of(&ssh_text),
            ssh_text,
            ssh_wire: wire,
            bits,
        })))
    }

    /// Takes modulus and exponent, both positive and without zeros before them.
    pub(crate) fn from_numbers(modulus: &[u8], exponent: &[u8]) -> Result<Self, RsaKeyError> {
        const MALFORMED: RsaKeyError = RsaKeyError::Malformed { what: "public key" };
        check_bits(modulus)?;
        let number = |bytes| pkcs1::UintRef::new(bytes).map_err(|_| MALFORMED);
        let key = RsaPublicKeyRef {
            modulus: number(modulus)?,
            public_exponent: number(exponent)?,
        };
        let der = key.to_der().map_err(|_| MALFORMED)?;
        let info = SubjectPublicKeyInfoRef {
            algorithm: pkcs1::ALGORITHM_ID,
            subject_public_key: BitStringRef::from_bytes(&der).map_err(|_| MALFORMED)?,
        };
        Self::from_spki(&info.to_der().map_err(|_| MALFORMED)?)
    }

    pub(super) fn from_info(info: &SubjectPublicKeyInfoOwned) -> Result<Self, RsaKeyError> {
        let der = info
            .to_der()
            .map_err(|_| RsaKeyError::Malformed { what: "public key" })?;
        Self::from_spki(&der)
    }

    /// Bits of the modulus, from 2048 to 8192.
    pub fn bits(&self) -> usize {
        self.0.bits
    }

    /// Bytes of what it encrypts to: the modulus'.
    pub fn block_bytes(&self) -> usize {
        self.0.bits.div_ceil(8)
    }

    /// Sealed Secrets' name of the key.
    pub fn ssh_fingerprint(&self) -> SshFingerprint {
        self.0.ssh
    }

    /// Our short name of the key: that of the age recipient `ssh-rsa …` of the same key.
    pub fn fingerprint(&self) -> Fingerprint {
        self.0.fingerprint
    }

    /// The key as ssh and age write it: `ssh-rsa` and base64.
    pub fn ssh_text(&self) -> &str {
        &self.0.ssh_text
    }

    /// The key as ssh sends it.
    pub(crate) fn ssh_wire(&self) -> &[u8] {
        &self.0.ssh_wire
    }

    /// The key as a certificate holds it (SubjectPublicKeyInfo, DER).
    pub(super) fn spki(&self) -> &[u8] {
        &self.0.spki
    }

    /// RSA-OAEP[SHA-256, MGF1-SHA-256, label](message); the randomness is the library's own.
    pub(crate) fn encrypt(&self, message: &[u8], label: &[u8]) -> Option<Vec<u8>> {
        let mut block = vec![0; self.block_bytes()];
        let written = self
            .0
            .key
            .encrypt(&OAEP_SHA256_MGF1SHA256, message, &mut block, Some(label))
            .ok()?
            .len();
        (written == block.len()).then_some(block)
    }
}

impl PartialEq for RsaPublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.ssh == other.0.ssh
    }
}

impl Eq for RsaPublicKey {}

impl fmt::Debug for RsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaPublicKey({} bits, {})", self.bits(), self.0.ssh)
    }
}

impl fmt::Display for SshFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", STANDARD_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for SshFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for SshFingerprint {
    type Err = SshFingerprintError;

    fn from_str(text: &str) -> Result<Self, SshFingerprintError> {
        text.strip_prefix(PREFIX)
            .and_then(|digest| STANDARD_NO_PAD.decode(digest).ok())
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or(SshFingerprintError)
    }
}

/// The size of a modulus, if it is one that is used.
pub(super) fn check_bits(modulus: &[u8]) -> Result<usize, RsaKeyError> {
    let unused = modulus.first().map_or(0, |first| first.leading_zeros());
    match (modulus.len() * 8).saturating_sub(unused as usize) {
        bits if bits < MIN_RSA_BITS => Err(RsaKeyError::TooSmall { bits }),
        bits if bits > MAX_RSA_BITS => Err(RsaKeyError::TooLarge { bits }),
        bits => Ok(bits),
    }
}

/// What people call the algorithm of a key that is not RSA.
pub(super) fn kind_of(oid: ObjectIdentifier) -> String {
    match oid.to_string().as_str() {
        "1.2.840.10045.2.1" => "EC".to_owned(),
        "1.3.101.112" => "Ed25519".to_owned(),
        "1.3.101.113" => "Ed448".to_owned(),
        "1.2.840.10040.4.1" => "DSA".to_owned(),
        "1.2.840.113549.1.1.10" => "RSA-PSS, which only signs".to_owned(),
        other => other.to_owned(),
    }
}

/// RFC 4253, section 6.6: the key type and two positive integers, each after its length.
fn ssh_wire(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(modulus.len() + 32);
    let mut part = |bytes: &[u8], sign: bool| {
        let pad = sign && bytes.first().is_some_and(|first| first & 0x80 != 0);
        let length = u32::try_from(bytes.len() + usize::from(pad)).expect("RSA numbers are short");
        wire.extend_from_slice(&length.to_be_bytes());
        if pad {
            wire.push(0);
        }
        wire.extend_from_slice(bytes);
    };
    part(b"ssh-rsa", false);
    part(exponent, true);
    part(modulus, true);
    wire
}

const PREFIX: &str = "SHA256:";
