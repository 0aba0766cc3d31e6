//! The store's sealing keys: each a `SealingKey` in YAML and an age identity file beside it.
//!
//! `spec` belongs to people: change `state` in the file, and the next run acts on it. `status`
//! belongs to the store. A `SealingKey` without identity file asks for one; an identity file
//! without `SealingKey` is a key that was restored.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use bulla_core::api::SealingKey;
use bulla_core::names::ResourceName;
use bulla_core::rotation::{self, Timestamp};
use rustix::fs::FileType;

use super::error::Problem;
use super::folder::{Folder, PRIVATE_FILE, UNFINISHED};
use super::key::{KEY_FILE_BYTES_MAX, StoredKey, parse_resource};
use super::layout::{HOME, KEYS};

/// All of them, and what does not read.
pub(super) struct StoredKeys {
    pub(super) keys: Vec<StoredKey>,
    pub(super) problems: Vec<Problem>,
    /// Some file could not be used: no key is made on the strength of what the others say.
    pub(super) incomplete: bool,
}

impl StoredKeys {
    /// Reads every key; what is wrong with one does not keep the others from being used.
    pub(super) fn load(folder: &Folder, now: Timestamp) -> io::Result<Self> {
        let mut out = Self {
            keys: Vec::new(),
            problems: Vec::new(),
            incomplete: false,
        };
        let mut names = BTreeSet::new();
        for entry in folder.entries()? {
            let Some(file) = entry.name.to_str() else {
                continue;
            };
            if file.starts_with(UNFINISHED) {
                folder.remove_file(file)?;
                continue;
            }
            let Some((stem, extension @ ("yaml" | "txt"))) = file.rsplit_once('.') else {
                continue;
            };
            if entry.kind != FileType::RegularFile {
                out.complain(file, "it is not a file");
                continue;
            }
            if extension == "txt" && entry.mode & 0o077 != 0 {
                folder.set_mode(file, PRIVATE_FILE)?;
                let tightened = "others could read this private key: its mode is 0600 again";
                out.note(file, tightened);
            }
            match stem.parse::<ResourceName>() {
                Ok(name) => drop(names.insert(name)),
                Err(error) => out.complain(file, &error.to_string()),
            }
        }
        for name in names {
            match StoredKey::load(folder, &name, now) {
                Ok(key) => out.keys.push(key),
                Err((extension, message)) => out.complain(&format!("{name}.{extension}"), &message),
            }
        }
        Ok(out)
    }

    /// The keys as rotation sees them, in the same order.
    pub(super) fn facts(&self) -> Vec<rotation::Key> {
        self.keys.iter().map(StoredKey::facts).collect()
    }

    /// When the keys that somebody asked for were made.
    pub(super) fn asked(&self) -> Vec<Timestamp> {
        let asked = self.keys.iter().filter(|key| key.is_by_hand());
        asked.filter_map(|key| key.facts().not_before).collect()
    }

    fn note(&mut self, file: &str, message: &str) {
        self.problems.push(Problem {
            file: Path::new(HOME).join(KEYS).join(file),
            message: message.to_owned(),
        });
    }

    fn complain(&mut self, file: &str, message: &str) {
        self.incomplete = true;
        self.note(file, message);
    }
}

/// The public side of the keys in `folder`, read without the private one and without a lock; a file
/// that does not read is left out.
pub(super) fn published(folder: &Folder) -> io::Result<Vec<SealingKey>> {
    let mut keys = Vec::new();
    for entry in folder.entries()? {
        let file = entry.name.to_str().unwrap_or_default();
        if !file.ends_with(".yaml") || file.starts_with(UNFINISHED) {
            continue;
        }
        let bytes = folder.read(file, KEY_FILE_BYTES_MAX).ok().flatten();
        keys.extend(bytes.and_then(|bytes| parse_resource(&bytes).ok()));
    }
    Ok(keys)
}
