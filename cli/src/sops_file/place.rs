//! The places of SopsSecrets: what keeps a copy of a file from opening in another namespace.

use bulla_core::manifest::{Path, Step, Stream};
use bulla_core::sops::{Item, MacPolicy, Opener, Setting, SopsError, Store};
use bulla_core::sops_secret::{Placing, PutPlace, Stands, parse_place, place, placings};
use rand_core::OsRng;
use zeroize::Zeroizing;

use super::error::SopsUsage;
use super::opening::SopsFile;

/// The plaintext file with the places of its SopsSecrets, where it has some that know theirs.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn placed(store: Store, bytes: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, SopsError> {
    let mut placed = None;
    for PutPlace { at, value, .. } in puts(store, bytes) {
        let bytes = placed
            .as_ref()
            .map_or(bytes, |placed: &Zeroizing<Vec<u8>>| placed);
        placed = Some(store.put(bytes, &at, &value)?);
    }
    Ok(placed)
}

/// The encrypted file with the places of those of its SopsSecrets that have none, under the data key that it has.
///
/// # Errors
/// What is wrong with the file, or that nobody at hand opens it.
pub(super) fn added(
    file: &SopsFile,
    opener: &impl Opener,
    setting: Setting<'_>,
) -> Result<Option<Vec<u8>>, SopsError> {
    let (store, mut added) = (file.store, None);
    for PutPlace {
        at, value, there, ..
    } in puts(store, &file.bytes)
    {
        if there.is_none() {
            let bytes = added.as_deref().unwrap_or(file.bytes.as_slice());
            let changed = store.set(bytes, opener, &at, &value, setting, &mut OsRng)?;
            added = Some(changed.file);
        }
    }
    Ok(added)
}

/// The places that [`added`] adds.
pub(super) fn missing(file: &SopsFile) -> Vec<String> {
    let missing = puts(file.store, &file.bytes).into_iter();
    let missing = missing.filter(|put| put.there.is_none());
    missing.map(|put| put.place).collect()
}

/// Whether a closed place is another one than the metadata says, which anybody could have changed: the MAC of SOPS is
/// over values without their boundaries, so that text can go from one plain value to the next.
///
/// # Errors
/// What is wrong with the file, or that nobody at hand opens it.
pub(super) fn moved(
    file: &SopsFile,
    opener: &impl Opener,
    policy: MacPolicy,
) -> Result<Option<SopsUsage>, SopsError> {
    let mut closed = puts(file.store, &file.bytes);
    closed.retain(|put| put.there == Some(Stands::Closed));
    if closed.is_empty() {
        return Ok(None);
    }
    let opened = file.store.decrypt_tree(&file.bytes, opener, policy)?;
    for put in closed {
        let document = opened.tree.documents().get(put.at.document - 1);
        let text = match document.and_then(|document| document.get(&put.at.path)) {
            Some(Item::Value(text)) => text.bytes(),
            _ => &[],
        };
        if text == put.place.as_bytes() {
            continue;
        }
        return Ok(Some(SopsUsage::OtherPlace {
            // What is no place might be anything, and is not shown.
            closed_for: match parse_place(text) {
                Some((namespace, name)) => format!("`{}`", place(&namespace, &name)),
                None => "something that is no place".to_owned(),
            },
            // Only the first document is one that `sops set` changes.
            path: (put.at.document == 1).then(|| in_brackets(&put.at.path)),
            found_in: put.place,
        }));
    }
    Ok(None)
}

/// Refuses an encrypted file with a place that anybody could change.
///
/// # Errors
/// [`SopsUsage::PlainPlace`].
pub(super) fn check(store: Store, bytes: &[u8]) -> Result<(), SopsUsage> {
    let is_plain = |put: &PutPlace| put.there == Some(Stands::Plain);
    match puts(store, bytes).iter().any(is_plain) {
        true => Err(SopsUsage::PlainPlace),
        false => Ok(()),
    }
}

/// True where a SopsSecret says nowhere where it belongs, because it names no namespace.
pub(crate) fn is_unknown(store: Store, bytes: &[u8]) -> bool {
    of(store, bytes).iter().any(|placing| placing.put.is_none())
}

/// A path as `sops set` takes it.
fn in_brackets(path: &Path) -> String {
    let steps = path.0.iter().map(|step| match step {
        Step::Key(key) => format!("[{key:?}]"),
        Step::Index(index) => format!("[{index}]"),
    });
    steps.collect()
}

fn puts(store: Store, bytes: &[u8]) -> Vec<PutPlace> {
    let placings = of(store, bytes).into_iter();
    placings.filter_map(|placing| placing.put).collect()
}

fn of(store: Store, bytes: &[u8]) -> Vec<Placing> {
    match store {
        Store::Yaml | Store::Json => Stream::parse(bytes)
            .map(|stream| placings(&stream))
            .unwrap_or_default(),
        Store::Dotenv | Store::Ini | Store::Binary => Vec::new(),
    }
}
