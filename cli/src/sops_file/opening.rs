//! Files of SOPS opened, one or many of them.

use std::path::{Path, PathBuf};

use bulla_core::manifest::{Stream, read_secret};
use bulla_core::plaintext::Plaintext;
use bulla_core::sops::{Decrypted, Item, MacPolicy, Metadata, Store};
use zeroize::Zeroizing;

use super::error::{SopsUsage, in_file, unopened};
use super::kept_keys::KeptKeys;
use super::value_site::path_in;
use crate::failure::Failure;
use crate::identities::Identities;
use crate::located::InFile;
use crate::manifest::is_secret;
use crate::many;
use crate::progress::Progress;

/// A file of SOPS that was read.
pub(crate) struct SopsFile {
    pub(crate) path: PathBuf,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    pub(crate) store: Store,
}

impl SopsFile {
    pub(crate) fn new(path: &Path, bytes: Zeroizing<Vec<u8>>, store: Store) -> Self {
        let path = path.to_owned();
        Self { path, bytes, store }
    }

    /// Opens it. Nothing leaves before every value and the MAC were verified.
    pub(crate) fn open(&self, identities: &Identities) -> Result<Decrypted, Failure> {
        self.store
            .decrypt(&self.bytes, &identities.ring, MacPolicy::Verify)
            .map_err(|error| unopened(&self.path, error, identities))
    }
}

/// Opens files side by side; each distinct data key is unwrapped once.
///
/// # Errors
/// Those of every file together.
pub(crate) fn all(
    files: &[&SopsFile],
    identities: &Identities,
    progress: &Progress,
) -> Result<Vec<Plaintext>, Failure> {
    let kept = KeptKeys::new(&identities.ring);
    let opened = many::each(files, Some(progress), |file| {
        let key = |block: &Metadata| block.open_data_key(&kept);
        file.store.plaintext(&file.bytes, MacPolicy::Verify, key)
    });
    let (mut plaintexts, mut failures) = (Vec::with_capacity(opened.len()), Vec::new());
    for (file, opened) in files.iter().zip(opened) {
        match opened {
            Ok(plaintext) => plaintexts.push(plaintext),
            Err(error) => failures.push(unopened(&file.path, error, identities)),
        }
    }
    Failure::all(failures)?;
    Ok(plaintexts)
}

/// One value of an opened file: of a Secret by its key, elsewhere by a path.
///
/// # Errors
/// [`SopsUsage`] by variant.
pub(crate) fn value_at(
    path: &Path,
    store: Store,
    plaintext: &Plaintext,
    key: &str,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let failed = |error| Failure::from(InFile::new("open", path, error));
    match store {
        Store::Binary => Err(failed(SopsUsage::NoKeys)),
        Store::Yaml | Store::Json => in_manifest(path, store, plaintext, key),
        Store::Dotenv | Store::Ini => {
            let plaintext = plaintext.reveal();
            let wanted = path_in(store, plaintext, key).map_err(failed)?;
            let tree = store.tree(plaintext);
            let tree = tree.map_err(|error| in_file("open", path, error))?;
            match tree.get(&wanted) {
                Some(Item::Value(value)) => Ok(Zeroizing::new(value.bytes().to_vec())),
                _ => Err(failed(SopsUsage::NothingThere)),
            }
        }
    }
}

fn in_manifest(
    path: &Path,
    store: Store,
    plaintext: &Plaintext,
    key: &str,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let missing = || Failure::from(InFile::new("open", path, SopsUsage::NothingThere));
    let stream = Stream::parse(plaintext.reveal());
    let stream = stream.map_err(|error| InFile::new("read", path, error))?;
    let objects = stream.objects();
    let mut secrets = objects.iter().filter(|object| is_secret(object));
    if let Some(object) = secrets.next() {
        let secret = read_secret(object).map_err(|error| InFile::new("read", path, error))?;
        let name = key.parse().map_err(|_| missing())?;
        let value = secret.values.get(&name).ok_or_else(missing)?;
        return Ok(Zeroizing::new(value.plaintext.reveal().to_vec()));
    }
    let wanted = path_in(store, plaintext.reveal(), key);
    let wanted = wanted.map_err(|error| InFile::new("open", path, error))?;
    let roots = stream.documents().filter_map(|document| document.root);
    let found = roots.filter_map(|root| root.find(&wanted)).next();
    let text = found.and_then(|node| node.text()).ok_or_else(missing)?;
    Ok(Zeroizing::new(text.as_bytes().to_vec()))
}
