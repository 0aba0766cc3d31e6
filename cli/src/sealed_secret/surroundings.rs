//! The clock and chance, for templates of SealedSecrets: they may look at both, as in the cluster.

use std::time::SystemTime;

use bulla_core::template::Surroundings;
use rand_core::{OsRng, RngCore as _};

/// What a rendering on this machine may take from outside.
pub(crate) fn surroundings() -> Surroundings {
    let mut seed = [0; 32];
    OsRng.fill_bytes(&mut seed);
    Surroundings::new(SystemTime::now(), seed)
}
