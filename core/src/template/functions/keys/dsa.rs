//! DSA keys of 2048 and 256 bits, which nothing here signs with.

use num_bigint::BigUint;
use zeroize::Zeroizing;

use super::der::{self, Reader, SEQUENCE};
use super::pem;
use crate::template::error::TemplateFault as Fault;
use crate::template::heap::Heap;
use crate::template::text::Text;

/// A fresh key in PEM.
pub(super) fn generate(heap: &mut Heap) -> Result<Text, Fault> {
    let (p, q) = parameters(heap)?;
    let one = BigUint::from(1u32);
    // The first power of a small number that generates the group of order q.
    let cofactor = (&p - &one) / &q;
    let mut h = BigUint::from(2u32);
    let g = loop {
        let g = h.modpow(&cofactor, &p);
        if g != one {
            break g;
        }
        h += 1u32;
    };
    let x = loop {
        let x = drawn(heap, Q_BYTES)?;
        if x < q && x > BigUint::ZERO {
            break x;
        }
    };
    let y = g.modpow(&x, &p);
    let fields = [BigUint::ZERO, p, q, g, y, x];
    let fields: Vec<_> = fields
        .iter()
        .map(|n| Zeroizing::new(der::integer(&Zeroizing::new(n.to_bytes_be()))))
        .collect();
    let parts: Vec<&[u8]> = fields.iter().map(|field| field.as_slice()).collect();
    let key = Zeroizing::new(der::sequence(&parts));
    Ok(pem::encode("DSA PRIVATE KEY", &key))
}

/// Whether `bytes` have the six numbers of a key.
pub(super) fn is_key(bytes: &[u8]) -> bool {
    let mut outer = Reader::new(bytes);
    let Some(key) = outer.expect(SEQUENCE) else {
        return false;
    };
    let mut fields = Reader::new(key.inner);
    (0..6).all(|_| {
        fields
            .expect(der::INTEGER)
            .is_some_and(|n| der::is_integer(n.inner))
    })
}

/// A prime of 2048 bits, and one of 256 that divides the number before it.
fn parameters(heap: &mut Heap) -> Result<(BigUint, BigUint), Fault> {
    let one = BigUint::from(1u32);
    loop {
        let mut q = drawn(heap, Q_BYTES)?;
        q.set_bit(0, true);
        q.set_bit(255, true);
        if !is_prime(heap, &q)? {
            continue;
        }
        let twice = &q * 2u32;
        for _ in 0..CANDIDATES {
            let mut p = drawn(heap, P_BYTES)?;
            p.set_bit(2047, true);
            let rest = &p % &twice;
            p = p - rest + &one;
            if p.bits() == 2048 && is_prime(heap, &p)? {
                return Ok((p, q));
            }
        }
    }
}

/// Miller and Rabin, with random bases.
fn is_prime(heap: &mut Heap, n: &BigUint) -> Result<bool, Fault> {
    let (zero, one) = (BigUint::ZERO, BigUint::from(1u32));
    if SMALL.iter().any(|small| n % *small == zero) {
        return Ok(false);
    }
    let less = n - &one;
    let twos = less.trailing_zeros().unwrap_or(0);
    let odd = &less >> twos;
    'rounds: for _ in 0..ROUNDS {
        let base = drawn(heap, n.bits().div_ceil(8) as usize)? % (n - 3u32) + 2u32;
        let mut power = base.modpow(&odd, n);
        if power == one || power == less {
            continue;
        }
        for _ in 1..twos {
            power = &power * &power % n;
            if power == less {
                continue 'rounds;
            }
        }
        return Ok(false);
    }
    Ok(true)
}

fn drawn(heap: &mut Heap, bytes: usize) -> Result<BigUint, Fault> {
    let mut buffer = Zeroizing::new(vec![0; bytes]);
    heap.chance()?.fill(&mut buffer);
    Ok(BigUint::from_bytes_be(&buffer))
}

/// Primes that most candidates are divisible by one of.
const SMALL: [u32; 53] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193,
    197, 199, 211, 223, 227, 229, 233, 239, 241, 251,
];

const Q_BYTES: usize = 32;
const P_BYTES: usize = 256;
/// How many candidates for p are tried before another q.
const CANDIDATES: usize = 8192;
const ROUNDS: usize = 64;
