//! Randomness for many nonces, asked for in larger pieces: asking the system takes longer than closing a short value.

use rand_core::{Error, RngCore, impls};

/// Gives out what `rng` gives, and asks it for many values at once.
pub(super) struct Drawn<'r> {
    rng: &'r mut dyn RngCore,
    bytes: [u8; BYTES],
    given: usize,
}

impl<'r> Drawn<'r> {
    pub(super) fn new(rng: &'r mut dyn RngCore) -> Self {
        Self {
            rng,
            bytes: [0; BYTES],
            given: BYTES,
        }
    }
}

impl RngCore for Drawn<'_> {
    fn next_u32(&mut self) -> u32 {
        impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, wanted: &mut [u8]) {
        if wanted.len() > BYTES {
            return self.rng.fill_bytes(wanted);
        }
        if self.given + wanted.len() > BYTES {
            self.rng.fill_bytes(&mut self.bytes);
            self.given = 0;
        }
        let end = self.given + wanted.len();
        wanted.copy_from_slice(&self.bytes[self.given..end]);
        self.given = end;
    }

    fn try_fill_bytes(&mut self, wanted: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(wanted);
        Ok(())
    }
}

const BYTES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts bytes, so that one that was given out twice would show.
    struct Counting(u64, usize);

    impl RngCore for Counting {
        fn next_u32(&mut self) -> u32 {
            impls::next_u32_via_fill(self)
        }

        fn next_u64(&mut self) -> u64 {
            impls::next_u64_via_fill(self)
        }

        fn fill_bytes(&mut self, wanted: &mut [u8]) {
            self.1 += 1;
            for word in wanted.chunks_mut(8) {
                self.0 += 1;
                word.copy_from_slice(&self.0.to_be_bytes()[..word.len()]);
            }
        }

        fn try_fill_bytes(&mut self, wanted: &mut [u8]) -> Result<(), Error> {
            self.fill_bytes(wanted);
            Ok(())
        }
    }

    #[test]
    fn nothing_is_given_out_twice_and_the_system_is_asked_rarely() {
        let mut rng = Counting(0, 0);
        let mut drawn = Drawn::new(&mut rng);
        let mut seen = std::collections::HashSet::new();
        for _ in 0..320 {
            let mut nonce = [0; 32];
            drawn.fill_bytes(&mut nonce);
            assert!(nonce.chunks(8).all(|word| seen.insert(word.to_vec())));
        }
        let mut large = vec![0; 8 * BYTES];
        drawn.fill_bytes(&mut large);
        assert!(large.chunks(8).all(|word| seen.insert(word.to_vec())));
        assert_eq!(rng.1, 11);
    }
}
