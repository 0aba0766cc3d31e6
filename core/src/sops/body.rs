//! What every store makes of a file: steps, and the file again with other values in it.

use zeroize::Zeroizing;

use crate::plaintext::Plaintext;

use super::close::Closed;
use super::error::{At, SopsError};
use super::metadata::Metadata;
use super::open::Outcome;
use super::walk::Step;

/// A file that was taken to pieces.
pub(super) trait Body {
    /// Its values and comments in their order, without those of the block.
    fn steps(&self) -> &[Step<'_>];

    /// The block of its first document.
    ///
    /// # Errors
    ///
    /// `NotEncrypted`, and what is wrong with the block.
    fn metadata(&self) -> Result<Metadata, SopsError>;

    /// True where any document has a block, readable or not.
    fn has_block(&self) -> bool;

    /// The file without its block, with the values that were opened.
    fn plaintext(&self, outcomes: &[Outcome]) -> Result<Plaintext, SopsError>;

    /// The file with the values that were closed, and with this block in place of its own.
    fn closed(&self, closed: &[Closed], metadata: &Metadata) -> Result<Vec<u8>, SopsError>;
}

/// An encrypted file in which plaintext was put somewhere, or something was taken out.
pub(super) struct Put {
    pub(super) file: Zeroizing<Vec<u8>>,
    /// Where; positions count all items, comments that are items too.
    pub(super) at: At,
}
