//! The place of a SopsSecret: what keeps a copy of the file from opening in another namespace.

use bulla_core::manifest::{Path, Step, Stream};
use bulla_core::sops::{Item, MacPolicy, Opener, Setting, SopsError, Store};
use bulla_core::sops_secret::{Placing, Stands, parse_place, place, placing};
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

/// The encrypted file with the place of its SopsSecret, under the data key that it has, where it has none.
///
/// # Errors
/// What is wrong with the file, or that nobody at hand opens it.
pub(super) fn added(
    file: &SopsFile,
    opener: &impl Opener,
    setting: Setting<'_>,
) -> Result<Option<Vec<u8>>, SopsError> {
    let Some(Placing::Put {
        path,
        value,
        there: None,
    }) = of(file.store, &file.bytes)
    else {
        return Ok(None);
    };
    let store = file.store;
    let changed = store.set(&file.bytes, opener, &path, &value, setting, &mut OsRng)?;
    Ok(Some(changed.file))
}

/// The place that [`added`] adds.
pub(super) fn missing(file: &SopsFile) -> Option<String> {
    let stream = Stream::parse(&file.bytes).ok()?;
    let first = stream.objects().into_iter().next()?;
    match of(file.store, &file.bytes)? {
        Placing::Put { there: None, .. } => {
            Some(format!("{}/{}", first.namespace()?, first.name()?))
        }
        _ => None,
    }
}

/// Whether the closed place is another one than the metadata says, which anybody could have changed: the MAC of SOPS is
/// over values without their boundaries, so that text can go from one plain value to the next.
///
/// # Errors
/// What is wrong with the file, or that nobody at hand opens it.
pub(super) fn moved(
    file: &SopsFile,
    opener: &impl Opener,
    policy: MacPolicy,
) -> Result<Option<SopsUsage>, SopsError> {
    let Some(Placing::Put {
        path,
        value,
        there: Some(Stands::Closed),
    }) = of(file.store, &file.bytes)
    else {
        return Ok(None);
    };
    let opened = file.store.decrypt_tree(&file.bytes, opener, policy)?;
    let text = match opened.tree.get(&path) {
        Some(Item::Value(text)) => text.bytes(),
        _ => &[],
    };
    let found_in = value.as_str().unwrap_or_default();
    if text == found_in.as_bytes() {
        return Ok(None);
    }
    Ok(Some(SopsUsage::OtherPlace {
        // What is no place might be anything, and is not shown.
        closed_for: match parse_place(text) {
            Some((namespace, name)) => format!("`{}`", place(&namespace, &name)),
            None => "something that is no place".to_owned(),
        },
        found_in: found_in.to_owned(),
        path: in_brackets(&path),
    }))
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

/// A path as `sops set` takes it.
fn in_brackets(path: &Path) -> String {
    let steps = path.0.iter().map(|step| match step {
        Step::Key(key) => format!("[{key:?}]"),
        Step::Index(index) => format!("[{index}]"),
    });
    steps.collect()
}

fn of(store: Store, bytes: &[u8]) -> Option<Placing> {
    match store {
        Store::Yaml | Store::Json => Some(placing(&Stream::parse(bytes).ok()?)),
        Store::Dotenv | Store::Ini | Store::Binary => None,
    }
}
