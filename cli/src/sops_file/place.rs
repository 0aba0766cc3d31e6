//! The place of a SopsSecret: what keeps a copy of the file from opening in another namespace.

use bulla_core::manifest::Stream;
use bulla_core::sops::{Opener, Setting, SopsError, Store};
use bulla_core::sops_secret::{Placing, Stands, placing};
use rand_core::OsRng;
use zeroize::Zeroizing;

use super::error::SopsUsage;
use super::opening::SopsFile;

/// The plaintext file with the place of its SopsSecret, where it is one that knows it.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn placed(store: Store, bytes: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, SopsError> {
    match of(store, bytes) {
        Some(Placing::Put { path, value, .. }) => store.put(bytes, &path, &value).map(Some),
        _ => Ok(None),
    }
}

/// The encrypted file with the place of its SopsSecret, under the data key that it has.
///
/// # Errors
/// What is wrong with the file, or that nobody at hand opens it.
pub(super) fn replaced(
    file: &SopsFile,
    opener: &impl Opener,
    setting: Setting<'_>,
) -> Result<Option<Vec<u8>>, SopsError> {
    let Some(Placing::Put { path, value, .. }) = of(file.store, &file.bytes) else {
        return Ok(None);
    };
    let store = file.store;
    let changed = store.set(&file.bytes, opener, &path, &value, setting, &mut OsRng)?;
    Ok(Some(changed.file))
}

/// Refuses an encrypted file whose place anybody could change.
///
/// # Errors
/// [`SopsUsage::PlainPlace`].
pub(super) fn check(store: Store, bytes: &[u8]) -> Result<(), SopsUsage> {
    match of(store, bytes) {
        Some(Placing::Put {
            there: Some(Stands::Plain),
            ..
        }) => Err(SopsUsage::PlainPlace),
        _ => Ok(()),
    }
}

/// True where a SopsSecret says nowhere where it belongs, because it names no namespace.
pub(crate) fn is_unknown(store: Store, bytes: &[u8]) -> bool {
    of(store, bytes) == Some(Placing::Unknown)
}

fn of(store: Store, bytes: &[u8]) -> Option<Placing> {
    match store {
        Store::Yaml | Store::Json => Some(placing(&Stream::parse(bytes).ok()?)),
        Store::Dotenv | Store::Ini | Store::Binary => None,
    }
}
