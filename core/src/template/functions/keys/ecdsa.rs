//! Keys on the curves that Go's `x509` knows.

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair,
};
use p224::ecdsa::signature::hazmat::PrehashSigner;
use p224::ecdsa::{Signature, SigningKey};
use zeroize::Zeroizing;

use super::der::{self, OCTET_STRING, OID, Reader, SEQUENCE};

/// A curve, and how Go signs with it.
pub(super) struct Curve {
    oid: &'static [u8],
    bytes: usize,
    /// `ecdsa-with-SHA…`
    signature: &'static [u8],
    /// Nothing for the one that aws-lc-rs leaves out.
    algorithm: Option<&'static EcdsaSigningAlgorithm>,
}

/// A private key on a curve.
pub(super) struct Ecdsa {
    curve: &'static Curve,
    signer: Signer,
}

enum Signer {
    Library(EcdsaKeyPair),
    P224(SigningKey),
}

impl Ecdsa {
    /// A fresh key on P-256.
    pub(super) fn generate() -> Option<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).ok()?;
        let scalar: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().ok()?;
        Self::new(&CURVES[1], scalar.as_ref())
    }

    /// `x509.ParseECPrivateKey`; the curve is named around the key or in it.
    pub(super) fn read(bytes: &[u8], named: Option<&[u8]>) -> Option<Self> {
        let mut fields = Reader::inside(bytes, SEQUENCE)?;
        fields.unsigned().filter(|version| *version == [1])?;
        let scalar = fields.expect(OCTET_STRING)?.inner;
        let inner = fields.optional(0xa0);
        let inner = inner.and_then(|outer| Reader::new(outer.inner).expect(OID));
        let oid = named.or(inner.map(|oid| oid.inner))?;
        let curve = CURVES.iter().find(|curve| curve.oid == oid)?;
        Self::new(curve, scalar)
    }

    /// The key with this number, which may have zeros in front, or lack them.
    fn new(curve: &'static Curve, mut scalar: &[u8]) -> Option<Self> {
        while scalar.len() > curve.bytes {
            scalar = scalar.strip_prefix(&[0])?;
        }
        let mut padded = Zeroizing::new(vec![0; curve.bytes]);
        padded[curve.bytes - scalar.len()..].copy_from_slice(scalar);
        let signer = match curve.algorithm {
            Some(algorithm) => {
                let plain = Zeroizing::new(der::sequence(&[
                    &der::integer(&[1]),
                    &Zeroizing::new(der::element(OCTET_STRING, &[&padded])),
                    &der::element(0xa0, &[&der::element(OID, &[curve.oid])]),
                ]));
                let pair = EcdsaKeyPair::from_private_key_der(algorithm, &plain);
                Signer::Library(pair.ok()?)
            }
            None => Signer::P224(SigningKey::from_slice(&padded).ok()?),
        };
        Some(Self { curve, signer })
    }

    /// The key as `x509.MarshalECPrivateKey` writes it.
    pub(super) fn sec1(&self) -> Option<Zeroizing<Vec<u8>>> {
        let mut padded = Zeroizing::new(vec![0; self.curve.bytes]);
        match &self.signer {
            Signer::Library(pair) => {
                let scalar: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().ok()?;
                let scalar = scalar.as_ref();
                padded[self.curve.bytes.checked_sub(scalar.len())?..].copy_from_slice(scalar);
            }
            Signer::P224(key) => padded.copy_from_slice(&Zeroizing::new(key.to_bytes())),
        }
        Some(Zeroizing::new(der::sequence(&[
            &der::integer(&[1]),
            &Zeroizing::new(der::element(OCTET_STRING, &[&padded])),
            &der::element(0xa0, &[&der::element(OID, &[self.curve.oid])]),
            &der::element(0xa1, &[&der::bit_string(&self.point())]),
        ])))
    }

    /// The public half, not compressed.
    pub(super) fn point(&self) -> Vec<u8> {
        match &self.signer {
            Signer::Library(pair) => pair.public_key().as_ref().to_vec(),
            Signer::P224(key) => key
                .verifying_key()
                .to_encoded_point(false)
                .as_bytes()
                .to_vec(),
        }
    }

    /// Which curve it is.
    pub(super) fn curve_oid(&self) -> &'static [u8] {
        self.curve.oid
    }

    /// How Go signs with it.
    pub(super) fn signature_oid(&self) -> &'static [u8] {
        self.curve.signature
    }

    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match &self.signer {
            Signer::Library(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message).ok()?;
                Some(signature.as_ref().to_vec())
            }
            Signer::P224(key) => {
                let digest = digest::digest(&digest::SHA256, message);
                let signature: Signature = key.sign_prehash(digest.as_ref()).ok()?;
                let (r, s) = signature.split_bytes();
                Some(der::sequence(&[&der::integer(&r), &der::integer(&s)]))
            }
        }
    }
}

const WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];

static CURVES: [Curve; 4] = [
    Curve {
        oid: &[0x2b, 0x81, 4, 0, 33],
        bytes: 28,
        signature: WITH_SHA256,
        algorithm: None,
    },
    Curve {
        oid: &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
        bytes: 32,
        signature: WITH_SHA256,
        algorithm: Some(&ECDSA_P256_SHA256_ASN1_SIGNING),
    },
    Curve {
        oid: &[0x2b, 0x81, 4, 0, 34],
        bytes: 48,
        signature: &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3],
        algorithm: Some(&ECDSA_P384_SHA384_ASN1_SIGNING),
    },
    Curve {
        oid: &[0x2b, 0x81, 4, 0, 35],
        bytes: 66,
        signature: &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4],
        algorithm: Some(&ECDSA_P521_SHA512_ASN1_SIGNING),
    },
];
