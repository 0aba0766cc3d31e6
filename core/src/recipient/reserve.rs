//! Keys that cost something to have: a passphrase, a program, a touch.

use zeroize::Zeroizing;

use super::{Fingerprint, UnwrapError};

/// An age file that is to be opened, and what is said of its recipient. Anybody can have written that.
#[derive(Debug, Clone, Copy)]
pub struct Closed<'a> {
    /// The binary file.
    pub file: &'a [u8],
    /// Whose it is said to be.
    pub recipient: Hint<'a>,
}

/// What is said of a recipient.
#[derive(Debug, Clone, Copy)]
pub enum Hint<'a> {
    /// The short name of its key.
    Fingerprint(Fingerprint),
    /// Its text.
    Text(&'a str),
}

/// What was opened.
pub struct FromReserve {
    /// The place of the file among those given.
    pub place: usize,
    /// What it holds.
    pub payload: Zeroizing<Vec<u8>>,
}

/// Keys that are fetched only when those at hand open nothing. A key that could not be had is no error here: it is
/// remembered, and told once nothing has worked.
pub trait Reserve: Send + Sync {
    /// Opens one of `files`, which hold the same or shares of the same.
    ///
    /// # Errors
    ///
    /// The place of a file that is for a key in reserve, but damaged.
    fn open(
        &self,
        files: &[Closed<'_>],
        max_payload: usize,
    ) -> Result<Option<FromReserve>, (usize, UnwrapError)>;

    /// What kept keys from being had so far, a line each, without a secret.
    fn troubles(&self) -> Vec<String>;
}
