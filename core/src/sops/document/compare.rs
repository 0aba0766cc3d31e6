//! Every edit is read again, and compared with what it was meant to be, before it is handed out.

use crate::manifest::Path;
use crate::sops::error::SopsError;
use crate::sops::walk::{Shape, Step};

use super::read::Pieces;

/// What counts when two readings are compared.
#[derive(PartialEq)]
pub(in crate::sops) enum Part<'p> {
    Open(Option<&'p str>, Shape),
    Close,
    Leaf(Option<&'p str>, Option<&'p [u8]>),
}

impl<'p> Part<'p> {
    pub(in crate::sops) fn of(step: &'p Step<'_>) -> Option<Self> {
        match step {
            Step::Open(key, shape) => Some(Self::Open(key.as_deref(), *shape)),
            Step::Close => Some(Self::Close),
            Step::Comment(..) => None,
            Step::Leaf(key, value, _) => {
                let bytes = value.as_ref().map(|value| value.bytes());
                Some(Self::Leaf(key.as_deref(), bytes))
            }
        }
    }
}

/// Compares a reading with what it should be.
///
/// # Errors
///
/// `NotFaithful` with the key near which they first differ.
pub(super) fn compare<'p>(
    expected: impl Iterator<Item = Part<'p>>,
    found: &Pieces<'_>,
) -> Result<(), SopsError> {
    let mut found = found.steps.iter().filter_map(Part::of);
    let mut last = None;
    let refused = |last: Option<&str>| SopsError::NotFaithful {
        path: last.map_or_else(Path::default, |key| Path::from([key])),
    };
    for expected in expected {
        if let Part::Open(Some(key), _) | Part::Leaf(Some(key), _) = expected {
            last = Some(key);
        }
        if found.next() != Some(expected) {
            return Err(refused(last));
        }
    }
    match found.next() {
        Some(_) => Err(refused(last)),
        None => Ok(()),
    }
}
