//! Private keys: made, read in the forms that sprig reads, written, and used to sign.

use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use zeroize::Zeroizing;

use super::der::{self, OCTET_STRING, OID, Reader, SEQUENCE};
use super::dsa;
use super::ecdsa::Ecdsa;
use super::pem::{self, Block};
use super::rsa::Rsa;
use crate::template::surroundings::Chance;
use crate::template::text::Text;

/// A private key that Go's `x509` knows.
pub(super) enum Private {
    Rsa(Box<Rsa>),
    Ecdsa(Ecdsa),
    Ed25519(Ed25519KeyPair, Zeroizing<Vec<u8>>),
    /// One that can be read, and that Go makes no certificate with: X25519, DSA.
    Other,
}

impl Private {
    pub(super) fn rsa(size: KeySize) -> Option<Self> {
        Rsa::generate(size).map(Box::new).map(Self::Rsa)
    }

    pub(super) fn p256() -> Option<Self> {
        Ecdsa::generate().map(Self::Ecdsa)
    }

    pub(super) fn ed25519(seed: &[u8]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        Some(Self::Ed25519(pair, Zeroizing::new(seed.to_vec())))
    }

    /// Reads a block of PEM.
    pub(super) fn read(block: &Block<'_>) -> Option<Self> {
        match block.label {
            b"PRIVATE KEY" => pkcs8(&block.bytes),
            b"RSA PRIVATE KEY" => pkcs1(&block.bytes),
            b"EC PRIVATE KEY" => Ecdsa::read(&block.bytes, None).map(Self::Ecdsa),
            b"DSA PRIVATE KEY" => dsa::is_key(&block.bytes).then_some(Self::Other),
            _ => None,
        }
    }

    /// The key in PEM, in the form that sprig writes.
    pub(super) fn show(&self) -> Option<Text> {
        match self {
            Self::Rsa(key) => Some(pem::encode("RSA PRIVATE KEY", key.pkcs1())),
            Self::Ecdsa(key) => Some(pem::encode("EC PRIVATE KEY", &key.sec1()?)),
            Self::Ed25519(_, seed) => {
                let seed = Zeroizing::new(der::element(OCTET_STRING, &[seed]));
                let key = Zeroizing::new(der::sequence(&[
                    &der::integer(&[]),
                    &der::sequence(&[&der::element(OID, &[ED25519])]),
                    &Zeroizing::new(der::element(OCTET_STRING, &[&seed])),
                ]));
                Some(pem::encode("PRIVATE KEY", &key))
            }
            Self::Other => None,
        }
    }

    /// The public half as certificates have it, and the bytes of the key alone.
    pub(super) fn public(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let (info, key) = match self {
            Self::Rsa(key) => {
                let null = der::element(0x05, &[]);
                let info = der::sequence(&[&der::element(OID, &[RSA]), &null]);
                (info, key.public())
            }
            Self::Ecdsa(key) => {
                let curve = der::element(OID, &[key.curve_oid()]);
                let info = der::sequence(&[&der::element(OID, &[EC]), &curve]);
                (info, key.point())
            }
            Self::Ed25519(pair, _) => {
                let info = der::sequence(&[&der::element(OID, &[ED25519])]);
                (info, pair.public_key().as_ref().to_vec())
            }
            Self::Other => return None,
        };
        Some((der::sequence(&[&info, &der::bit_string(&key)]), key))
    }

    /// The name of the algorithm that it signs with, as certificates have it.
    pub(super) fn algorithm(&self) -> Option<Vec<u8>> {
        Some(match self {
            Self::Rsa(..) => {
                let null = der::element(0x05, &[]);
                der::sequence(&[&der::element(OID, &[SHA256_WITH_RSA]), &null])
            }
            Self::Ecdsa(key) => der::sequence(&[&der::element(OID, &[key.signature_oid()])]),
            Self::Ed25519(..) => der::sequence(&[&der::element(OID, &[ED25519])]),
            Self::Other => return None,
        })
    }

    /// What a signature costs beyond what reading the key does.
    pub(super) fn steps(&self) -> usize {
        match self {
            Self::Rsa(key) => key.steps(),
            _ => 0,
        }
    }

    pub(super) fn sign(&self, message: &[u8], chance: &mut Chance) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(key) => key.sign(message, chance),
            Self::Ecdsa(key) => key.sign(message),
            Self::Ed25519(pair, _) => Some(pair.sign(message).as_ref().to_vec()),
            Self::Other => None,
        }
    }
}

/// `x509.ParsePKCS8PrivateKey`
fn pkcs8(bytes: &[u8]) -> Option<Private> {
    let mut outer = Reader::inside(bytes, SEQUENCE)?;
    outer.unsigned()?;
    let mut algorithm = Reader::new(outer.expect(SEQUENCE)?.inner);
    let key = outer.expect(OCTET_STRING)?.inner;
    let oid = algorithm.expect(OID)?.inner;
    match oid {
        RSA => pkcs1(key),
        EC => {
            // A curve that is not named here may be named inside.
            let curve = algorithm.optional(OID).map(|curve| curve.inner);
            Ecdsa::read(key, curve).map(Private::Ecdsa)
        }
        ED25519 | X25519 => {
            let mut inner = Reader::new(key);
            let seed = inner.expect(OCTET_STRING)?.inner;
            let seed: &[u8; 32] = seed.try_into().ok().filter(|_| algorithm.is_empty())?;
            if oid == X25519 {
                return Some(Private::Other);
            }
            Private::ed25519(seed)
        }
        _ => None,
    }
}

/// `x509.ParsePKCS1PrivateKey`
fn pkcs1(bytes: &[u8]) -> Option<Private> {
    Rsa::read(bytes).map(Box::new).map(Private::Rsa)
}

/// The seed of an Ed25519 key.
pub(super) fn seed(chance: &mut Chance) -> Zeroizing<[u8; 32]> {
    let mut seed = Zeroizing::new([0; 32]);
    chance.fill(&mut *seed);
    seed
}

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const SHA256_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const X25519: &[u8] = &[0x2b, 0x65, 0x6e];
