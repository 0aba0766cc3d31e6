//! What a rendering takes from outside: the time, and random bytes.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use super::time::{Time, Zone};

/// The time and the randomness of one rendering, for functions whose result changes from run to run.
///
/// Core reads no clock and draws nothing: whoever renders says what time it is, and gives 32 random bytes,
/// from which everything random is derived (HMAC-SHA-256 in counter mode). Keys of type `rsa`, `ecdsa` and
/// those of certificates are drawn by aws-lc-rs itself.
pub struct Surroundings {
    now: SystemTime,
    seed: Zeroizing<[u8; 32]>,
}

impl Surroundings {
    /// The surroundings of one rendering. `seed` must be random, and never be used twice.
    pub fn new(now: SystemTime, seed: [u8; 32]) -> Self {
        Self {
            now,
            seed: Zeroizing::new(seed),
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

impl From<Surroundings> for Chance {
    fn from(surroundings: Surroundings) -> Self {
        let since = surroundings.now.duration_since(UNIX_EPOCH);
        let (unix, nanos) = match since {
            Ok(since) => (since.as_secs() as i64, since.subsec_nanos()),
            // A clock before 1970 is wrong; to the second it is shown all the same.
            Err(before) => (-(before.duration().as_secs() as i64), 0),
        };
        Self {
            now: Time {
                unix,
                nanos,
                zone: Zone::Local,
                is_reading: true,
            },
            key: hmac::Key::new(hmac::HMAC_SHA256, &*surroundings.seed),
            counter: 0,
            rest: Zeroizing::new(Vec::new()),
        }
    }
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
