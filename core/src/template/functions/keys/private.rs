//! Private keys: made, read in the forms that sprig reads, written, and used to sign.

use aws_lc_rs::encoding::{AsBigEndian, AsDer, EcPrivateKeyBin, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use zeroize::Zeroizing;

use super::der::{self, OCTET_STRING, OID, Reader, SEQUENCE};
use super::{dsa, pem};
use crate::template::surroundings::Chance;
use crate::template::text::Text;

/// A private key that Go's `x509` knows.
pub(super) enum Private {
    /// With the key as PKCS #1 has it.
    Rsa(RsaKeyPair, Zeroizing<Vec<u8>>),
    Ecdsa(EcdsaKeyPair, &'static Curve),
    Ed25519(Ed25519KeyPair, Zeroizing<Vec<u8>>),
    /// One that can be read, but signs nothing: X25519, DSA, and what aws-lc-rs refuses.
    Other,
}

/// A curve, and how Go signs with it.
pub(super) struct Curve {
    oid: &'static [u8],
    bytes: usize,
    algorithm: &'static EcdsaSigningAlgorithm,
    /// `ecdsa-with-SHA…`
    signature: &'static [u8],
}

impl Private {
    pub(super) fn rsa(size: KeySize) -> Option<Self> {
        let pair = RsaKeyPair::generate(size).ok()?;
        let pkcs8: Pkcs8V1Der<'_> = pair.as_der().ok()?;
        let mut outer = Reader::inside(pkcs8.as_ref(), SEQUENCE)?;
        outer.unsigned()?;
        outer.expect(SEQUENCE)?;
        let pkcs1 = Zeroizing::new(outer.expect(OCTET_STRING)?.inner.to_vec());
        Some(Self::Rsa(pair, pkcs1))
    }

    pub(super) fn p256() -> Option<Self> {
        let pair = EcdsaKeyPair::generate(CURVES[0].algorithm).ok()?;
        Some(Self::Ecdsa(pair, &CURVES[0]))
    }

    pub(super) fn ed25519(seed: &[u8]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        Some(Self::Ed25519(pair, Zeroizing::new(seed.to_vec())))
    }

    /// Reads the first block of `text`.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let block = pem::decode(text)?;
        match block.label {
            b"PRIVATE KEY" => pkcs8(&block.bytes),
            b"RSA PRIVATE KEY" => pkcs1(&block.bytes),
            b"EC PRIVATE KEY" => sec1(&block.bytes, None),
            b"DSA PRIVATE KEY" => dsa::is_key(&block.bytes).then_some(Self::Other),
            _ => None,
        }
    }

    /// The key in PEM, in the form that sprig writes.
    pub(super) fn show(&self) -> Option<Text> {
        match self {
            Self::Rsa(_, pkcs1) => Some(pem::encode("RSA PRIVATE KEY", pkcs1)),
            Self::Ecdsa(pair, curve) => {
                let scalar: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().ok()?;
                let mut padded = Zeroizing::new(vec![0; curve.bytes]);
                let scalar = scalar.as_ref();
                padded[curve.bytes.checked_sub(scalar.len())?..].copy_from_slice(scalar);
                let public = der::bit_string(pair.public_key().as_ref());
                let key = Zeroizing::new(der::sequence(&[
                    &der::integer(&[1]),
                    &Zeroizing::new(der::element(OCTET_STRING, &[&padded])),
                    &der::element(0xa0, &[&der::element(OID, &[curve.oid])]),
                    &der::element(0xa1, &[&public]),
                ]));
                Some(pem::encode("EC PRIVATE KEY", &key))
            }
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
            Self::Rsa(pair, _) => {
                let key = pair.public_key().as_ref().to_vec();
                let null = der::element(0x05, &[]);
                (der::sequence(&[&der::element(OID, &[RSA]), &null]), key)
            }
            Self::Ecdsa(pair, curve) => {
                let curve = der::element(OID, &[curve.oid]);
                let info = der::sequence(&[&der::element(OID, &[EC]), &curve]);
                (info, pair.public_key().as_ref().to_vec())
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
            Self::Ecdsa(_, curve) => der::sequence(&[&der::element(OID, &[curve.signature])]),
            Self::Ed25519(..) => der::sequence(&[&der::element(OID, &[ED25519])]),
            Self::Other => return None,
        })
    }

    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair, _) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .ok()?;
                Some(signature)
            }
            Self::Ecdsa(pair, _) => Some(pair.sign(&random, message).ok()?.as_ref().to_vec()),
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
        EC => sec1(key, Some(algorithm.expect(OID)?.inner)),
        ED25519 | X25519 => {
            let mut seed = Reader::new(key);
            let seed = seed.expect(OCTET_STRING)?.inner;
            let fits = algorithm.is_empty() && seed.len() == 32;
            if oid == X25519 {
                return fits.then_some(Private::Other);
            }
            Private::ed25519(Some(seed).filter(|_| fits)?)
        }
        _ => None,
    }
}

/// `x509.ParsePKCS1PrivateKey`
fn pkcs1(bytes: &[u8]) -> Option<Private> {
    let mut fields = Reader::inside(bytes, SEQUENCE)?;
    for _ in 0..9 {
        fields.unsigned()?;
    }
    let pair = RsaKeyPair::from_der(bytes).ok()?;
    Some(Private::Rsa(pair, Zeroizing::new(bytes.to_vec())))
}

/// `x509.ParseECPrivateKey`; the curve is named around the key or in it.
fn sec1(bytes: &[u8], named: Option<&[u8]>) -> Option<Private> {
    let mut fields = Reader::inside(bytes, SEQUENCE)?;
    fields.unsigned().filter(|version| *version == [1])?;
    let mut scalar = fields.expect(OCTET_STRING)?.inner;
    let inner = fields.optional(0xa0);
    let inner = inner.and_then(|outer| Reader::new(outer.inner).expect(OID));
    let oid = named.or(inner.map(|oid| oid.inner))?;
    let curve = CURVES.iter().find(|curve| curve.oid == oid)?;
    while scalar.len() > curve.bytes {
        scalar = scalar.strip_prefix(&[0])?;
    }
    let mut padded = Zeroizing::new(vec![0; curve.bytes]);
    padded[curve.bytes - scalar.len()..].copy_from_slice(scalar);
    let plain = Zeroizing::new(der::sequence(&[
        &der::integer(&[1]),
        &Zeroizing::new(der::element(OCTET_STRING, &[&padded])),
        &der::element(0xa0, &[&der::element(OID, &[curve.oid])]),
    ]));
    let pair = EcdsaKeyPair::from_private_key_der(curve.algorithm, &plain).ok()?;
    Some(Private::Ecdsa(pair, curve))
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

static CURVES: [Curve; 3] = [
    Curve {
        oid: &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
        bytes: 32,
        algorithm: &ECDSA_P256_SHA256_ASN1_SIGNING,
        signature: &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2],
    },
    Curve {
        oid: &[0x2b, 0x81, 4, 0, 34],
        bytes: 48,
        algorithm: &ECDSA_P384_SHA384_ASN1_SIGNING,
        signature: &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3],
    },
    Curve {
        oid: &[0x2b, 0x81, 4, 0, 35],
        bytes: 66,
        algorithm: &ECDSA_P521_SHA512_ASN1_SIGNING,
        signature: &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4],
    },
];
