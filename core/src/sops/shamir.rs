//! Shamir's secret sharing over GF(2^8), as HashiCorp Vault and sops have it.
//!
//! A share is a `y` for each byte of the secret, and one `x` behind them. Tables are avoided: the
//! multiplication takes the same time for all factors.

use std::collections::BTreeSet;

use rand_core::RngCore;
use zeroize::Zeroizing;

/// Splits `secret` into shares, of which `threshold` give it back. Their `x` are 1, 2, 3, …
///
/// `None` unless 2 ≤ threshold ≤ parts ≤ 255.
pub(super) fn split(
    secret: &[u8],
    parts: usize,
    threshold: usize,
    rng: &mut impl RngCore,
) -> Option<Vec<Zeroizing<Vec<u8>>>> {
    let last = u8::try_from(parts).ok()?;
    if threshold < 2 || threshold > parts {
        return None;
    }
    let share = || Zeroizing::new(Vec::with_capacity(secret.len() + 1));
    let mut shares: Vec<_> = (0..parts).map(|_| share()).collect();
    let mut coefficients = Zeroizing::new(vec![0; threshold]);
    for byte in secret {
        rng.fill_bytes(&mut coefficients);
        coefficients[0] = *byte;
        for (x, share) in (1..=last).zip(&mut shares) {
            let y = coefficients.iter().rev();
            share.push(y.fold(0, |sum, coefficient| multiply(sum, x) ^ coefficient));
        }
    }
    for (x, share) in (1..=last).zip(&mut shares) {
        share.push(x);
    }
    Some(shares)
}

/// Puts shares together. Too few of them, or shares of different secrets, give something else.
///
/// `None` where they can't belong together.
pub(super) fn combine(shares: &[Zeroizing<Vec<u8>>]) -> Option<Zeroizing<Vec<u8>>> {
    let length = shares.first()?.len().checked_sub(1)?;
    let fit = shares.iter().all(|share| share.len() == length + 1);
    let xs: Vec<u8> = shares
        .iter()
        .filter_map(|share| share.last().copied())
        .collect();
    let distinct = xs.iter().collect::<BTreeSet<_>>().len() == xs.len();
    if shares.len() < 2 || !fit || !distinct || xs.contains(&0) {
        return None;
    }
    let mut secret = Zeroizing::new(vec![0; length]);
    for (share, x) in shares.iter().zip(&xs) {
        let others = xs.iter().filter(|other| *other != x);
        let weight = others.fold(1, |weight, other| {
            multiply(weight, multiply(*other, inverse(other ^ x)))
        });
        for (byte, y) in secret.iter_mut().zip(share.iter()) {
            *byte ^= multiply(*y, weight);
        }
    }
    Some(secret)
}

/// Modulo x^8 + x^4 + x^3 + x + 1, without a branch on the factors.
fn multiply(a: u8, b: u8) -> u8 {
    let (mut a, mut product) = (a, 0);
    for bit in 0..8 {
        product ^= a & 0u8.wrapping_sub((b >> bit) & 1);
        a = (a << 1) ^ (0x1b & 0u8.wrapping_sub(a >> 7));
    }
    product
}

/// a^254.
fn inverse(a: u8) -> u8 {
    let square = |a| multiply(a, a);
    (0..6).fold(square(a), |power, _| square(multiply(power, a)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_that_of_aes() {
        assert_eq!((multiply(0x57, 0x83), multiply(0x57, 0x13)), (0xc1, 0xfe));
        for a in 1..=255 {
            assert_eq!(multiply(a, inverse(a)), 1, "{a}");
        }
    }

    #[test]
    fn any_threshold_of_shares_gives_the_secret_and_fewer_do_not() {
        let secret = *b"0123456789abcdef0123456789abcdef";
        let shares = split(&secret, 5, 3, &mut rand_core::OsRng).expect("a fair split");
        for (a, b, c) in [(0, 1, 2), (4, 2, 0), (1, 3, 4)] {
            let some = [&shares[a], &shares[b], &shares[c]].map(Clone::clone);
            assert_eq!(
                combine(&some).as_deref().map(Vec::as_slice),
                Some(&secret[..])
            );
        }
        let two = [shares[0].clone(), shares[1].clone()];
        assert_ne!(
            combine(&two).as_deref().map(Vec::as_slice),
            Some(&secret[..])
        );
        let twice = [shares[0].clone(), shares[0].clone(), shares[1].clone()];
        assert!(combine(&twice).is_none());
        assert!(split(&secret, 2, 3, &mut rand_core::OsRng).is_none());
        assert!(split(&secret, 300, 3, &mut rand_core::OsRng).is_none());
    }
}
