//! Files of SOPS under Bulla's own commands, and what the `sops` personality shares with them.

pub(crate) mod change;
pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod error;
pub(crate) mod inspect;
mod kept_keys;
pub(crate) mod opening;
pub(crate) mod place;
pub(crate) mod rework;
pub(crate) mod seal;
pub(crate) mod target;
pub(crate) mod value_site;
pub(crate) mod wanted;

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use bulla_core::sops::{SopsError, Store};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::input::{self, MANIFEST_BYTES_MAX, Source, is_stdin, mentions};
use crate::many;

/// Reads files, side by side where there are many, and says which of them are of SOPS.
pub(crate) fn read_all(sources: &[Source]) -> Vec<Result<ReadFile, Failure>> {
    many::each(sources, None, |source| {
        let bytes = input::read(&source.path, MANIFEST_BYTES_MAX)?.bytes;
        let store = recognise(&source.path, &bytes);
        Ok((bytes, store))
    })
}

type ReadFile = (Zeroizing<Vec<u8>>, Option<Store>);

/// The store of a file, where it is one of SOPS. One that can't be read is one, too, if it looks like it.
pub(crate) fn recognise(path: &Path, bytes: &[u8]) -> Option<Store> {
    if !mentions(bytes, "sops") || !SIGNS.iter().any(|sign| mentions(bytes, sign)) {
        return None;
    }
    let store = store_of(path, bytes);
    match store.metadata(bytes) {
        Err(SopsError::NotEncrypted) => None,
        // Nobody knows what is in it; but what is no file of SOPS at all is left to the readers of manifests.
        Err(SopsError::Manifest(_) | SopsError::Store { .. }) => {
            let all = SIGNS[..2].iter().all(|sign| mentions(bytes, sign));
            all.then_some(store)
        }
        _ => Some(store),
    }
}

/// The store that sops takes for a file of this name. Standard input has none, and is what it looks like.
pub(crate) fn store_of(path: &Path, bytes: &[u8]) -> Store {
    if !is_stdin(path) {
        let name = path.file_name().unwrap_or_default();
        return Store::of_name(&name.to_string_lossy());
    }
    let text = bytes.trim_ascii_start();
    if text.starts_with(b"{") {
        Store::Json
    } else if mentions(bytes, "\nsops_") {
        Store::Dotenv
    } else if mentions(bytes, "[sops]") {
        Store::Ini
    } else {
        Store::Yaml
    }
}

/// What a store is called.
pub(crate) fn name_of(store: Store) -> &'static str {
    match store {
        Store::Yaml => "YAML",
        Store::Json => "JSON",
        Store::Dotenv => "dotenv",
        Store::Ini => "INI",
        Store::Binary => "binary",
    }
}

/// True for files of a directory that may be of SOPS although they are called like no manifest: for dotenv and INI
/// the name says it, other files begin as the JSON around binary files does.
pub(crate) fn may_be(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str);
    match extension {
        Some("env" | "ini") => true,
        _ => begins_like_binary(path),
    }
}

fn begins_like_binary(path: &Path) -> bool {
    let mut start = [0; PEEKED_BYTES];
    let read = File::open(path).and_then(|mut file| file.read(&mut start));
    let start = &start[..read.unwrap_or(0)];
    start.trim_ascii_start().starts_with(b"{") && mentions(start, "\"data\"")
}

/// What every encrypted file says somewhere, in whatever store.
const SIGNS: [&str; 3] = ["ENC[AES256_GCM", "lastmodified", "sops_"];
const PEEKED_BYTES: usize = 64;
/// What the block says of the tool that wrote it: readers decide by it what they can expect.
pub(crate) const SOPS_VERSION: &str = "3.13.3";
