//! Plaintext with its block beside it, for whoever edits both.

use crate::plaintext::Plaintext;

use super::error::SopsError;
use super::file::Store;
use super::metadata::Metadata;
use super::open::Outcome;

impl Store {
    /// Puts a block beside plaintext that has none. Binary files have no room for it.
    ///
    /// # Errors
    ///
    /// What is wrong with the file.
    pub fn with_block(self, plaintext: &[u8], metadata: &Metadata) -> Result<Plaintext, SopsError> {
        self.read(plaintext, |body| {
            if body.has_block() {
                return Err(SopsError::AlreadyEncrypted);
            }
            let nothing: Vec<_> = body.steps().iter().map(|_| None).collect();
            body.closed(&nothing, metadata).map(Plaintext::new)
        })
    }

    /// Takes the two apart again.
    ///
    /// # Errors
    ///
    /// `NotEncrypted` where there is no block; what is wrong with the file.
    pub fn without_block(self, file: &[u8]) -> Result<(Plaintext, Metadata), SopsError> {
        self.read(file, |body| {
            let metadata = body.metadata()?;
            let nothing: Vec<_> = body.steps().iter().map(|_| Outcome::Keep).collect();
            Ok((body.plaintext(&nothing)?, metadata))
        })
    }
}
