//! One generation of a Secret: a directory of files that is complete before anything points to it.

use std::collections::BTreeMap;
use std::io;

use aws_lc_rs::hmac;
use bulla_core::plaintext::Plaintext;
use bulla_core::plan::{Live, OurMetadata};
use bulla_core::secret::{MAX_SECRET_BYTES, Outline, SecretContent};
use rustix::fs::FileType;
use serde::{Deserialize, Serialize};

use super::flush::Flush;
use super::folder::{Folder, PRIVATE_FILE, PRIVATE_FOLDER};
use super::layout::{DATA, SECRET};

/// Everything about a Secret but its data, as `secret.yaml` says it.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    #[serde(rename = "type")]
    secret_type: String,
    immutable: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

/// What is on the disk of a generation.
pub(super) struct Found {
    manifest: Option<Manifest>,
    data: BTreeMap<String, Plaintext>,
    /// Something is there, or missing, that a generation never has.
    deformed: bool,
}

/// `secret.yaml` is made of a template, whose size the format bounds.
const MANIFEST_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Writes `content` as the generation `name` of the resource whose directory is `resource`.
///
/// All of it is on the disk after `flush`; before, nothing may point to it.
pub(super) fn write(
    resource: &Folder,
    name: &str,
    content: &SecretContent,
    flush: &Flush,
) -> io::Result<()> {
    let generation = resource.new_folder(name)?;
    let manifest = serde_saphyr::to_string(&Manifest::of(content.outline()))
        .map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    generation.write_new_with(SECRET, manifest.as_bytes(), flush)?;
    let data = generation.new_folder(DATA)?;
    for (key, value) in content.data() {
        // Revealed into the file that the Secret is: that is what the store is for.
        data.write_new_with(key.as_str(), value.reveal(), flush)?;
    }
    data.flush_with(flush)?;
    generation.flush_with(flush)?;
    resource.flush_with(flush)
}

/// Reads the generation `name`; nothing when it is not there.
pub(super) fn read(resource: &Folder, name: &str) -> io::Result<Option<Found>> {
    let Some(generation) = resource.folder(name)? else {
        return Ok(None);
    };
    let mut found = Found {
        manifest: None,
        data: BTreeMap::new(),
        deformed: false,
    };
    for entry in generation.entries()? {
        let expected = match entry.name.to_str() {
            Some(DATA) => entry.kind == FileType::Directory && entry.mode == PRIVATE_FOLDER,
            Some(SECRET) => entry.kind == FileType::RegularFile && entry.mode == PRIVATE_FILE,
            _ => false,
        };
        found.deformed |= !expected;
    }
    if let Ok(Some(bytes)) = generation.read(SECRET, MANIFEST_BYTES_MAX) {
        let text = std::str::from_utf8(&bytes).ok();
        found.manifest = text.and_then(|text| serde_saphyr::from_str(text).ok());
    }
    match generation.folder(DATA) {
        Ok(Some(data)) => found.read_data(&data)?,
        Ok(None) | Err(_) => found.deformed = true,
    }
    Ok(Some(found))
}

impl Found {
    /// Reads what could be data; anything else only counts as damage.
    fn read_data(&mut self, data: &Folder) -> io::Result<()> {
        let mut room = MAX_SECRET_BYTES;
        for entry in data.entries()? {
            let private = entry.kind == FileType::RegularFile && entry.mode == PRIVATE_FILE;
            self.deformed |= !private;
            if entry.kind != FileType::RegularFile {
                continue;
            }
            let Some(name) = entry.name.to_str() else {
                self.deformed = true;
                continue;
            };
            match data.read(name, room) {
                Ok(Some(bytes)) => {
                    room -= bytes.len();
                    self.data
                        .insert(name.to_owned(), Plaintext::from(bytes.as_slice()));
                }
                Ok(None) => {}
                // More than a Secret holds, or not readable: not what was written.
                Err(_) => self.deformed = true,
            }
        }
        Ok(())
    }

    /// A keyed digest that changes whenever any of it does: the resourceVersion of a directory.
    ///
    /// Times of files would be cheaper and can't tell two writes within one tick of the clock.
    pub(super) fn digest(&self, key: &hmac::Key) -> String {
        let mut mac = hmac::Context::with_key(key);
        let mut field = |bytes: &[u8]| {
            mac.update(&(bytes.len() as u64).to_be_bytes());
            mac.update(bytes);
        };
        let manifest = self.manifest.as_ref().map(serde_json::to_vec);
        field(&[u8::from(self.deformed)]);
        field(&manifest.and_then(Result::ok).unwrap_or_default());
        for (name, value) in &self.data {
            field(name.as_bytes());
            // Into a MAC, under a key that only the store has.
            field(value.reveal());
        }
        let tag = mac.sign();
        tag.as_ref().iter().map(|b| format!("{b:02x}")).collect()
    }

    /// As the engine sees it; the rest is up to the caller.
    pub(super) fn into_live(self) -> Live {
        let deformed = self.deformed || self.manifest.is_none();
        let manifest = self.manifest.unwrap_or_default();
        Live {
            secret_type: manifest.secret_type,
            immutable: manifest.immutable,
            ours: Some(OurMetadata {
                labels: manifest.labels.keys().cloned().collect(),
                annotations: manifest.annotations.keys().cloned().collect(),
            }),
            labels: manifest.labels,
            annotations: manifest.annotations,
            data: self.data,
            deformed,
            ..Live::default()
        }
    }
}

impl Manifest {
    fn of(outline: &Outline) -> Self {
        Self {
            secret_type: outline.secret_type().to_owned(),
            immutable: outline.immutable(),
            labels: outline.labels().clone(),
            annotations: outline.annotations().clone(),
        }
    }
}
