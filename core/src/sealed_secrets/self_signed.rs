//! The certificate of a new key, byte for byte as Sealed Secrets' controller makes it.

use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rand_core::CryptoRngCore;
use sha2::{Digest as _, Sha256};
use x509_cert::der::asn1::{GeneralizedTime, UtcTime};
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::spki::SubjectPublicKeyInfoRef;
use x509_cert::time::Time;

use super::certificate::Certificate;
use super::error::RsaKeyError;
use super::private_key::RsaPrivateKey;
use crate::rotation::Timestamp;

/// What the certificate of a new key says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRequest {
    /// The common name of issuer and subject; empty by default, and then there is no name at all.
    pub common_name: String,
    /// From when on.
    pub not_before: Timestamp,
    /// Until when.
    pub not_after: Timestamp,
}

impl CertificateRequest {
    /// Signs a certificate for `key` with `key`: X.509 v3, SHA-256 with RSA, a random serial number
    /// below 2^128, key usage encipherOnly (critical), CA, subject key identifier.
    ///
    /// # Errors
    /// `Unwritable` for a time outside of 1970 to 9999 or a common name over 64 characters, `Library`.
    pub fn sign(
        &self,
        key: &RsaPrivateKey,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Certificate, RsaKeyError> {
        let mut serial = [0; 16];
        rng.fill_bytes(&mut serial);
        self.sign_with_serial(key, &serial)
    }

    fn sign_with_serial(
        &self,
        key: &RsaPrivateKey,
        serial: &[u8; 16],
    ) -> Result<Certificate, RsaKeyError> {
        let body = self.body(key, serial)?;
        let signer = RsaKeyPair::from_pkcs8(&key.pkcs8()?).map_err(|_| RsaKeyError::Library)?;
        let mut signature = vec![0; signer.public_modulus_len()];
        signer
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                &body,
                &mut signature,
            )
            .map_err(|_| RsaKeyError::Library)?;
        let der = sequence(&[&body, &SHA256_WITH_RSA, &bit_string(&signature)]);
        Certificate::from_der(&der)
    }

    fn body(&self, key: &RsaPrivateKey, serial: &[u8; 16]) -> Result<Vec<u8>, RsaKeyError> {
        let name = name(&self.common_name)?;
        let validity = sequence(&[&time(self.not_before)?, &time(self.not_after)?]);
        let spki = key.public().spki();
        let info = SubjectPublicKeyInfoRef::from_der(spki).map_err(|_| RsaKeyError::Library)?;
        // RFC 7093, method 1: the first 160 bits of SHA-256, as Go does since 1.25.
        let identifier = Sha256::digest(info.subject_public_key.raw_bytes());
        let identifier = tlv(OCTET_STRING, &[&tlv(OCTET_STRING, &[&identifier[..20]])]);
        let extensions = sequence(&[
            &KEY_USAGE_ENCIPHER_ONLY,
            &BASIC_CONSTRAINTS_CA,
            &sequence(&[&SUBJECT_KEY_IDENTIFIER, &identifier]),
        ]);
        Ok(sequence(&[
            &VERSION_3,
            &integer(serial),
            &SHA256_WITH_RSA,
            &name,
            &validity,
            &name,
            spki,
            &tlv(EXPLICIT_3, &[&extensions]),
        ]))
    }
}

/// RDNSequence of a common name, or of nothing.
fn name(common_name: &str) -> Result<Vec<u8>, RsaKeyError> {
    if common_name.is_empty() {
        return Ok(sequence(&[]));
    }
    // RFC 5280: ub-common-name.
    if common_name.chars().count() > 64 {
        return Err(RsaKeyError::Unwritable {
            what: "common name",
        });
    }
    let printable = |c: char| c.is_ascii_alphanumeric() || " '()+,-./:=?".contains(c);
    let tag = if common_name.chars().all(printable) {
        PRINTABLE_STRING
    } else {
        UTF8_STRING
    };
    let pair = sequence(&[&COMMON_NAME, &tlv(tag, &[common_name.as_bytes()])]);
    Ok(sequence(&[&tlv(SET, &[&pair])]))
}

/// UTCTime through 2049, GeneralizedTime from then on (RFC 5280, section 4.1.2.5).
fn time(at: Timestamp) -> Result<Vec<u8>, RsaKeyError> {
    let unwritable = RsaKeyError::Unwritable { what: "time" };
    let seconds = u64::try_from(at.0).map_err(|_| unwritable.clone())?;
    let since = Duration::from_secs(seconds);
    let time = UtcTime::from_unix_duration(since)
        .map(Time::UtcTime)
        .or_else(|_| GeneralizedTime::from_unix_duration(since).map(Time::GeneralTime));
    time.and_then(|time| time.to_der()).map_err(|_| unwritable)
}

/// A positive INTEGER in its shortest form.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = &bytes[start.min(bytes.len() - 1)..];
    let sign: &[u8] = if digits[0] & 0x80 == 0 { &[] } else { &[0] };
    tlv(INTEGER, &[sign, digits])
}

fn bit_string(bytes: &[u8]) -> Vec<u8> {
    tlv(BIT_STRING, &[&[0], bytes])
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(SEQUENCE, parts)
}

/// Tag, length, content.
fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let bytes = length.to_be_bytes();
    let digits = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    let mut out = vec![tag];
    match digits {
        [] => out.push(0),
        [short] if *short < 0x80 => out.push(*short),
        long => {
            out.push(0x80 | u8::try_from(long.len()).expect("at most eight digits"));
            out.extend_from_slice(long);
        }
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const EXPLICIT_3: u8 = 0xa3;
/// `[0] INTEGER 2`.
const VERSION_3: [u8; 5] = [0xa0, 3, INTEGER, 1, 2];
/// 1.2.840.113549.1.1.11 with null parameters.
const SHA256_WITH_RSA: [u8; 15] = [
    SEQUENCE, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0b, 5, 0,
];
/// 2.5.4.3.
const COMMON_NAME: [u8; 5] = [6, 3, 0x55, 4, 3];
/// 2.5.29.15, critical, bit 7.
const KEY_USAGE_ENCIPHER_ONLY: [u8; 16] = [
    SEQUENCE,
    14,
    6,
    3,
    0x55,
    0x1d,
    0x0f,
    1,
    1,
    0xff,
    OCTET_STRING,
    4,
    BIT_STRING,
    2,
    0,
    1,
];
/// 2.5.29.19, critical, cA true.
const BASIC_CONSTRAINTS_CA: [u8; 17] = [
    SEQUENCE,
    15,
    6,
    3,
    0x55,
    0x1d,
    0x13,
    1,
    1,
    0xff,
    OCTET_STRING,
    5,
    SEQUENCE,
    3,
    1,
    1,
    0xff,
];
/// 2.5.29.14.
const SUBJECT_KEY_IDENTIFIER: [u8; 5] = [6, 3, 0x55, 0x1d, 0x0e];

#[cfg(test)]
mod tests;
