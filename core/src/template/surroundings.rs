//! What a rendering takes from outside: the time, and random bytes.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use super::time::{Time, Zone};

/// The time and the randomness of renderings, for functions whose result changes from run to run.
///
/// Core reads no clock and draws nothing: whoever renders says what time it is, and gives 32 random bytes,
/// from which everything random is derived (HMAC-SHA-256 in counter mode), another part for each rendering.
/// Keys of type `rsa`, `ecdsa` and those of certificates are drawn by aws-lc-rs itself.
pub struct Surroundings {
    now: SystemTime,
    seed: hmac::Key,
    renderings: u64,
}

impl Surroundings {
    /// The surroundings of the templates of one Secret. `seed` must be random, and never be used twice.
    pub fn new(now: SystemTime, seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        Self {
            now,
            seed: hmac::Key::new(hmac::HMAC_SHA256, &*seed),
            renderings: 0,
        }
    }

    /// What the next rendering takes.
    pub(crate) fn next(&mut self) -> Chance {
        let key = hmac::sign(&self.seed, &self.renderings.to_be_bytes());
        self.renderings += 1;
        let (unix, nanos) = match self.now.duration_since(UNIX_EPOCH) {
            Ok(since) => (since.as_secs() as i64, since.subsec_nanos()),
            // A clock before 1970 is wrong; to the second it is shown all the same.
            Err(before) => (-(before.duration().as_secs() as i64), 0),
        };
        Chance {
            now: Time {
                unix,
                nanos,
                zone: Zone::Local,
                is_reading: true,
            },
            key: hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()),
            counter: 0,
            rest: Zeroizing::new(Vec::new()),
        }
    }
}

/// Surroundings in use.
pub(crate) struct Chance {
    now: Time,
    key: hmac::Key,
    counter: u64,
    rest: Zeroizing<Vec<u8>>,
}

impl Chance {
    pub(crate) fn now(&self) -> Time {
        self.now.clone()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        if let Some(byte) = self.rest.pop() {
            return byte;
        }
        let block = hmac::sign(&self.key, &self.counter.to_be_bytes());
        self.counter += 1;
        self.rest.extend_from_slice(block.as_ref());
        self.rest.pop().unwrap_or_default()
    }

    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.byte());
    }

    /// A number below `bound`, each as likely as the others.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let fair = u64::MAX - u64::MAX % bound.max(1);
        loop {
            let mut bytes = [0; 8];
            self.fill(&mut bytes);
            let drawn = u64::from_be_bytes(bytes);
            if drawn < fair {
                return drawn % bound.max(1);
            }
        }
    }
}
