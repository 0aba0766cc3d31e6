//! Results in another type than the input's, or in the formatting of the real sops.

use bulla_core::plaintext::Plaintext;
use bulla_core::sops::{Decrypted, Item};

use super::error::{CommandError, Ended};
use super::line::Line;
use super::source::Source;

/// What is to be encrypted, where it is not the file as it is.
pub(super) fn before_encrypting(_line: &Line, source: &Source) -> Result<Option<Plaintext>, Ended> {
    if source.store != source.output {
        return Err(CommandError::RetypedInPlace.into());
    }
    Ok(None)
}

/// What was encrypted.
pub(super) fn encrypted(_line: &Line, _source: &Source, file: Vec<u8>) -> Result<Vec<u8>, Ended> {
    Ok(file)
}

/// What was decrypted.
pub(super) fn decrypted(
    _line: &Line,
    source: &Source,
    opened: Decrypted,
) -> Result<Plaintext, Ended> {
    if source.store != source.output {
        return Err(CommandError::RetypedInPlace.into());
    }
    Ok(opened.plaintext)
}

/// A part of a file.
pub(super) fn item(item: &Item, _source: &Source) -> Result<Plaintext, Ended> {
    match item {
        Item::Value(value) => Ok(Plaintext::from(value.bytes())),
        _ => Err(CommandError::RetypedInPlace.into()),
    }
}
