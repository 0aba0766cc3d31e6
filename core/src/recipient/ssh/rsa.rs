//! `ssh-rsa`: the file key under RSA-OAEP[SHA-256, MGF1-SHA-256, "age-encryption.org/v1/ssh-rsa"].

use num_bigint::BigUint;
use pkcs1::UintRef;
use pkcs8::der::Encode as _;
use zeroize::Zeroizing;

use super::super::derive::FileKey;
use super::super::header::Stanza;
use super::super::identity::StanzaFault;
use super::{Reader, Tag, tag_of};
use crate::sealed_secrets::{RsaKeyError, RsaPrivateKey, RsaPublicKey};

/// A checked public key.
#[derive(Clone)]
pub(crate) struct RsaPublic {
    key: RsaPublicKey,
    tag: Tag,
}

/// A private key.
pub(crate) struct RsaSecret {
    key: RsaPrivateKey,
    public: RsaPublic,
}

impl RsaPublic {
    /// `None` for what is not the one form of an RSA key.
    pub(crate) fn of_wire(wire: &[u8]) -> Option<Result<Self, RsaKeyError>> {
        let mut reader = Reader(wire);
        let kind = reader.string()?;
        let (exponent, modulus) = (reader.positive()?, reader.positive()?);
        if kind != KIND.as_bytes() || !reader.0.is_empty() || exponent.len() > EXPONENT_BYTES_MAX {
            return None;
        }
        Some(RsaPublicKey::from_numbers(modulus, exponent).map(|key| {
            let tag = tag_of(wire);
            Self { key, tag }
        }))
    }

    pub(crate) fn text(&self) -> &str {
        self.key.ssh_text()
    }

    pub(crate) fn tag(&self) -> Tag {
        self.tag
    }

    pub(super) fn wire(&self) -> &[u8] {
        self.key.ssh_wire()
    }

    /// Closes a file key; the randomness is the library's own.
    pub(crate) fn close(&self, file_key: &[u8]) -> Option<Vec<u8>> {
        self.key.encrypt(file_key, LABEL)
    }
}

impl RsaSecret {
    pub(crate) fn new(key: RsaPrivateKey) -> Self {
        let wire = key.public().ssh_wire();
        let public = RsaPublic {
            key: key.public().clone(),
            tag: tag_of(wire),
        };
        Self { key, public }
    }

    /// Puts together what an OpenSSH file leaves out: the private exponent, reduced for each prime.
    pub(super) fn of_numbers(numbers: &RsaNumbers<'_>) -> Result<Self, RsaKeyError> {
        const MALFORMED: RsaKeyError = RsaKeyError::Malformed {
            what: "private key",
        };
        let reduced = |prime: &[u8]| {
            let order = BigUint::from_bytes_be(prime) - 1_u8;
            // A prime of 1 would divide by zero.
            let zero = order == BigUint::ZERO;
            let exponent = BigUint::from_bytes_be(numbers.private_exponent);
            (!zero).then(|| Zeroizing::new((exponent % order).to_bytes_be()))
        };
        let exponent1 = reduced(numbers.prime1).ok_or(MALFORMED)?;
        let exponent2 = reduced(numbers.prime2).ok_or(MALFORMED)?;
        let number = |bytes| UintRef::new(bytes).map_err(|_| MALFORMED);
        let key = pkcs1::RsaPrivateKeyRef {
            modulus: number(numbers.modulus)?,
            public_exponent: number(numbers.exponent)?,
            private_exponent: number(numbers.private_exponent)?,
            prime1: number(numbers.prime1)?,
            prime2: number(numbers.prime2)?,
            exponent1: number(&exponent1)?,
            exponent2: number(&exponent2)?,
            coefficient: number(numbers.coefficient)?,
            other_prime_infos: None,
        };
        let der = key.to_der().map(Zeroizing::new).map_err(|_| MALFORMED)?;
        RsaPrivateKey::from_pkcs1(&der).map(Self::new)
    }

    pub(crate) fn public(&self) -> &RsaPublic {
        &self.public
    }

    pub(crate) fn expose_pem(&self) -> Result<Zeroizing<String>, RsaKeyError> {
        self.key.expose_pem()
    }

    pub(crate) fn unwrap_stanza(&self, stanza: &Stanza<'_>) -> Result<FileKey, StanzaFault> {
        let tag: Tag = stanza.only_argument()?;
        if tag != self.public.tag {
            return Err(StanzaFault::NoMatch);
        }
        if !BLOCK_BYTES.contains(&stanza.body.len()) {
            let rule = "the body must be a closed file key of 256 to 1024 bytes";
            return Err(StanzaFault::Malformed(rule));
        }
        // Another key may have the same tag, and another size.
        if stanza.body.len() != self.public.key.block_bytes() {
            return Err(StanzaFault::NoMatch);
        }
        let opened = self.key.decrypt(&stanza.body, LABEL);
        let opened = opened.ok_or(StanzaFault::NoMatch)?;
        FileKey::new(&opened)
            .map_err(|_| StanzaFault::Malformed("the closed file key must have 16 bytes"))
    }
}

/// The numbers of an RSA key as an OpenSSH file has them.
pub(super) struct RsaNumbers<'a> {
    pub(super) modulus: &'a [u8],
    pub(super) exponent: &'a [u8],
    pub(super) private_exponent: &'a [u8],
    pub(super) coefficient: &'a [u8],
    pub(super) prime1: &'a [u8],
    pub(super) prime2: &'a [u8],
}

const KIND: &str = "ssh-rsa";
const LABEL: &[u8] = b"age-encryption.org/v1/ssh-rsa";
/// What ssh and Go read.
const EXPONENT_BYTES_MAX: usize = 4;
/// Keys of 2048 to 8192 bits.
const BLOCK_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;
