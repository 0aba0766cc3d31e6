//! RSA keys of any size that Go's `x509` reads, and signs with.

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use num_bigint::BigUint;
use zeroize::Zeroizing;

use super::der::{self, INTEGER, OCTET_STRING, Reader, SEQUENCE};
use crate::template::surroundings::Chance;

/// An RSA key as Go has checked it.
pub(super) struct Rsa {
    numbers: Numbers,
    /// What signs, where aws-lc-rs takes the key.
    pair: Option<RsaKeyPair>,
    /// The key as Go writes it.
    pkcs1: Zeroizing<Vec<u8>>,
}

struct Numbers {
    n: BigUint,
    e: BigUint,
    d: BigUint,
}

impl Rsa {
    pub(super) fn generate(size: KeySize) -> Option<Self> {
        let pair = RsaKeyPair::generate(size).ok()?;
        let pkcs8: Pkcs8V1Der<'_> = pair.as_der().ok()?;
        let mut outer = Reader::inside(pkcs8.as_ref(), SEQUENCE)?;
        outer.unsigned()?;
        outer.expect(SEQUENCE)?;
        Self::read(outer.expect(OCTET_STRING)?.inner)
    }

    /// `x509.ParsePKCS1PrivateKey`, which checks the numbers against each other.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > BYTES_MAX {
            return None;
        }
        let mut fields = Reader::inside(bytes, SEQUENCE)?;
        let version = fields.expect(INTEGER)?.inner;
        // Go takes versions below nought.
        let known = matches!(version, [0 | 1] | [0x80..=0xff, ..]) && version.len() <= 8;
        if !known || !der::is_integer(version) {
            return None;
        }
        let n = positive(&mut fields)?;
        let e = positive(&mut fields).filter(|e| e.bits() < 32 && e.bit(0))?;
        let d = positive(&mut fields)?;
        let (p, q) = (positive(&mut fields)?, positive(&mut fields)?);
        let (dp, dq, inverse) = (
            optional(&mut fields)?,
            optional(&mut fields)?,
            optional(&mut fields)?,
        );
        let mut more = Vec::new();
        if let Some(list) = fields.optional(SEQUENCE) {
            let mut list = Reader::new(list.inner);
            while !list.is_empty() {
                let mut prime = Reader::new(list.expect(SEQUENCE)?.inner);
                more.push(positive(&mut prime)?);
                // Exponent and coefficient, which Go computes itself.
                prime.integer()?;
                prime.integer()?;
            }
        }
        let one = BigUint::from(1u32);
        if !n.bit(0) || e == one || d >= n {
            return None;
        }
        let numbers = Numbers { n, e, d };
        let pkcs1 = if more.is_empty() {
            let given = dp.zip(dq).zip(inverse);
            numbers.of_two(&p, &q, given)?
        } else {
            numbers.of_many(&p, &q, &more)?
        };
        // Three primes, other sizes and small exponents are beyond the library.
        let pair = RsaKeyPair::from_der(&pkcs1).ok();
        Some(Self {
            numbers,
            pair,
            pkcs1,
        })
    }

    pub(super) fn pkcs1(&self) -> &[u8] {
        &self.pkcs1
    }

    /// The public half as PKCS #1 has it.
    pub(super) fn public(&self) -> Vec<u8> {
        let Numbers { n, e, .. } = &self.numbers;
        der::sequence(&[&integer(n), &integer(e)])
    }

    /// What a signature costs, in steps of a rendering.
    pub(super) fn steps(&self) -> usize {
        let kibibits = self.numbers.n.bits().div_ceil(1024) as usize;
        match self.pair {
            Some(_) => 0,
            None => kibibits.saturating_pow(3).saturating_mul(SLOW_STEPS),
        }
    }

    /// RSASSA-PKCS1-v1_5[SHA-256](message)
    pub(super) fn sign(&self, message: &[u8], chance: &mut Chance) -> Option<Vec<u8>> {
        let Some(pair) = &self.pair else {
            return self.numbers.sign(message, chance);
        };
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            message,
            &mut signature,
        )
        .ok()?;
        Some(signature)
    }
}

impl Numbers {
    /// Go's checks of a key of two primes, and its PKCS #1; what is not given of the rest is computed.
    fn of_two(
        &self,
        p: &BigUint,
        q: &BigUint,
        given: Option<((BigUint, BigUint), BigUint)>,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let Self { n, e, d } = self;
        let one = BigUint::from(1u32);
        if p <= &one || q <= &one || p >= n || q >= n || p * q % n != BigUint::ZERO {
            return None;
        }
        let (below_p, below_q) = (p - &one, q - &one);
        let ((dp, dq), inverse) = match given {
            Some(given) => given,
            None => ((d % &below_p, d % &below_q), q.modinv(p)?),
        };
        // One modulo 1 is nought, so that primes of 2 fall out here, too.
        let fits =
            |exponent: &BigUint, below: &BigUint| exponent < below && exponent * e % below == one;
        let is_consistent = fits(&dp, &below_p)
            && fits(&dq, &below_q)
            && inverse < *p
            && q * &inverse % p == one
            && d % &below_p == dp
            && d % &below_q == dq;
        let apart = if p > q { p - q } else { q - p };
        // Primes next to each other, and small exponents, are given away by the public half.
        let is_strong = p != q && apart.bits() + 100 > n.bits() / 2 && d.bits() > n.bits() / 2;
        (is_consistent && is_strong).then(|| encode(0, &[n, e, d, p, q, &dp, &dq, &inverse], &[]))
    }

    /// The same of a key of more primes, of which Go checks little.
    fn of_many(&self, p: &BigUint, q: &BigUint, more: &[BigUint]) -> Option<Zeroizing<Vec<u8>>> {
        let Self { n, e, d } = self;
        let one = BigUint::from(1u32);
        if [p, q].into_iter().chain(more).any(|prime| prime <= &one) {
            return None;
        }
        let (dp, dq, inverse) = (d % (p - &one), d % (q - &one), q.modinv(p)?);
        let mut product = p * q;
        let mut primes = Vec::new();
        for prime in more {
            let coefficient = product.modinv(prime)?;
            let parts = [prime, &(d % (prime - &one)), &coefficient].map(integer);
            primes.push(Zeroizing::new(der::sequence(
                &parts.each_ref().map(|part| part.as_slice()),
            )));
            product *= prime;
        }
        Some(encode(1, &[n, e, d, p, q, &dp, &dq, &inverse], &primes))
    }

    /// The signature of a key that aws-lc-rs does not take, and Go does: mostly one of RSA-1024.
    ///
    /// The power is of a number that nobody knows, so that the time it takes says nothing of the message; it does say
    /// how many bits the exponent has.
    fn sign(&self, message: &[u8], chance: &mut Chance) -> Option<Vec<u8>> {
        let Self { n, e, d } = self;
        if !(BITS_MIN..=BITS_MAX).contains(&n.bits()) {
            return None;
        }
        let bytes = n.bits().div_ceil(8) as usize;
        let digest = digest::digest(&digest::SHA256, message);
        let padding = bytes.checked_sub(3 + SHA256_INFO.len() + digest.as_ref().len())?;
        let padded = [
            &[0, 1][..],
            &vec![0xff; padding],
            &[0],
            SHA256_INFO,
            digest.as_ref(),
        ];
        let block = BigUint::from_bytes_be(&padded.concat());
        let (factor, inverse) = loop {
            let mut drawn = Zeroizing::new(vec![0; bytes]);
            chance.fill(&mut drawn);
            let factor = BigUint::from_bytes_be(&drawn) % n;
            if let Some(inverse) = factor.modinv(n) {
                break (factor, inverse);
            }
        };
        let blinded = &block * factor.modpow(e, n) % n;
        let signature = blinded.modpow(d, n) * inverse % n;
        // An exponent of another key.
        if signature.modpow(e, n) != block {
            return None;
        }
        let short = signature.to_bytes_be();
        let mut out = vec![0; bytes.checked_sub(short.len())?];
        out.extend(short);
        Some(out)
    }
}

/// A number above nought.
fn positive(fields: &mut Reader<'_>) -> Option<BigUint> {
    fields.unsigned().map(number).filter(|n| *n > BigUint::ZERO)
}

/// A number that may be missing, but not be nought.
#[expect(clippy::option_option, reason = "missing, and wrong, are two things")]
fn optional(fields: &mut Reader<'_>) -> Option<Option<BigUint>> {
    let mut ahead = *fields;
    if ahead.expect(INTEGER).is_none() {
        return Some(None);
    }
    positive(fields).map(Some)
}

fn number(bytes: &[u8]) -> BigUint {
    BigUint::from_bytes_be(bytes)
}

fn integer(n: &BigUint) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(der::integer(&Zeroizing::new(n.to_bytes_be())))
}

fn encode(version: u8, fields: &[&BigUint], primes: &[Zeroizing<Vec<u8>>]) -> Zeroizing<Vec<u8>> {
    let version = der::integer(&[version]);
    let fields: Vec<_> = fields.iter().map(|n| integer(n)).collect();
    let primes: Vec<&[u8]> = primes.iter().map(|prime| prime.as_slice()).collect();
    let primes = Zeroizing::new(der::sequence(&primes));
    let mut parts: Vec<&[u8]> = vec![&version];
    parts.extend(fields.iter().map(|field| field.as_slice()));
    if primes.len() > 2 {
        parts.push(&primes);
    }
    Zeroizing::new(der::sequence(&parts))
}

/// What names SHA-256 in front of a digest (RFC 8017, 9.2).
const SHA256_INFO: &[u8] = &[
    0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20,
];
/// Go signs with nothing smaller.
const BITS_MIN: u64 = 1024;
/// A bound on work.
const BITS_MAX: u64 = 8192;
/// Keys of 8192 bits have fewer, those of three primes, too.
const BYTES_MAX: usize = 6 * 1024;
/// Of a key of 1024 bits; the work grows with the third power.
const SLOW_STEPS: usize = 1000;
