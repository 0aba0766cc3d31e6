//! For the message only: what a value was sealed for that no key opens where it lies.

use std::fmt;

use super::item::{Attempt, SealedItem};
use super::key_ring::RsaKeyRing;
use super::label::Label;
use crate::recipient::Fingerprint;

/// What came of the search for another place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// The place that it was sealed for, and the key; nothing when none of the candidates is it.
    pub sealed_for: Option<(Label, Fingerprint)>,
    /// Where it was found.
    pub found_in: Label,
    /// Private operations that it took.
    pub operations: usize,
    /// Every candidate was tried with every key of the size.
    pub complete: bool,
}

/// Tries other places with the keys at hand, with at most [`MAX_DIAGNOSIS_OPERATIONS`] private operations.
///
/// The caller gives the candidates, the likeliest one first: the other scopes of the place, the name and
/// namespace that the template has kept, namespaces that hold a resource of that name. Nothing that is
/// opened here leaves this function.
pub fn diagnose(
    item: &SealedItem,
    found_in: &Label,
    candidates: &[Label],
    ring: &RsaKeyRing,
) -> Diagnosis {
    let mut diagnosis = Diagnosis {
        sealed_for: None,
        found_in: found_in.clone(),
        operations: 0,
        complete: true,
    };
    let mut places: Vec<&Label> = Vec::new();
    for label in candidates {
        if label != found_in && !places.contains(&label) {
            places.push(label);
        }
    }
    // The newest key on every place first: most values are sealed with it.
    for key in ring.iter() {
        if !item.fits(key) {
            continue;
        }
        for label in &places {
            if diagnosis.operations >= MAX_DIAGNOSIS_OPERATIONS {
                diagnosis.complete = false;
                return diagnosis;
            }
            diagnosis.operations += 1;
            // Also a damaged value tells its place: only the right one gives its session key.
            if matches!(
                item.try_open(key, label),
                Attempt::Opened(_) | Attempt::Damaged
            ) {
                diagnosis.sealed_for = Some(((*label).clone(), key.fingerprint()));
                return diagnosis;
            }
        }
    }
    diagnosis
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.sealed_for {
            Some((label, _)) => write!(f, "sealed for {label}, found in {}", self.found_in),
            None => write!(
                f,
                "sealed with a key that is not at hand, or for another place than {}",
                self.found_in
            ),
        }
    }
}

/// Private operations that one diagnosis may take.
pub const MAX_DIAGNOSIS_OPERATIONS: usize = 32;
