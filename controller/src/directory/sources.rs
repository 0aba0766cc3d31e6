//! The sealed resources in a folder of manifests, or in the work tree of a Git repository.
//!
//! Every `*.yaml`, `*.yml` and `*.json` file below it is read, but for hidden ones (`.git` too) and
//! for links: a link could lead out of what was reviewed. Other objects are passed over.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use bulla_core::api::{self, API_VERSION, SECRET_ENVELOPE, SecretEnvelope};
use bulla_core::envelope::EnvelopeError;
use bulla_core::manifest::{ManifestError, Object, Stream};
use bulla_core::names::{Namespace, ResourceName};

use super::error::Problem;

/// What one walk found.
#[derive(Default)]
pub(super) struct Sources {
    /// Each sealed resource, once.
    pub(super) resources: BTreeMap<(Namespace, ResourceName), Source>,
    /// Files and objects that could not be used and concern the store.
    pub(super) problems: Vec<Problem>,
    /// Files that are no manifests and do not look as if they held anything sealed: templates of
    /// charts, links. What was last defined in one of them is not gone.
    pub(super) skipped: Vec<PathBuf>,
    /// Something sealed could not be read: what seems to be gone may only be hidden in there.
    pub(super) incomplete: bool,
}

/// A sealed resource, with the file that defines it.
pub(super) struct Source {
    pub(super) wire: SecretEnvelope,
    pub(super) file: PathBuf,
    /// Why it must not be used as it stands.
    pub(super) refused: Option<EnvelopeError>,
}

/// No manifest that is read is larger; of a larger file it is only said whether it mentions anything sealed.
const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;
const DEPTH_MAX: usize = 64;

impl Sources {
    /// Reads everything below `root`, or the one file that it is. `store` is passed over where it
    /// lies inside: device and inode of the store's root.
    ///
    /// # Errors
    ///
    /// Only when `root` itself can't be read.
    pub(super) fn read(root: &Path, store: (u64, u64)) -> io::Result<Self> {
        let mut out = Self::default();
        if fs::metadata(root)?.is_dir() {
            let walk = Walk { root, store };
            for entry in sorted(root)? {
                out.visit(&walk, &entry, DEPTH_MAX);
            }
        } else {
            let name = root.file_name().map(PathBuf::from).unwrap_or_default();
            out.read_file(root, &name);
        }
        Ok(out)
    }

    fn visit(&mut self, walk: &Walk<'_>, path: &Path, depth: usize) {
        let shown = path.strip_prefix(walk.root).unwrap_or(path);
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let metadata = match fs::symlink_metadata(path) {
            _ if hidden => return,
            Ok(metadata) => metadata,
            // It went while we walked.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return self.unreadable(shown, &error),
        };
        if metadata.is_dir() {
            if (metadata.dev(), metadata.ino()) == walk.store {
                return;
            }
            if depth == 0 {
                return self.complain(shown, "nested deeper than 64 folders".to_owned());
            }
            match sorted(path) {
                Ok(entries) => {
                    for entry in entries {
                        self.visit(walk, &entry, depth - 1);
                    }
                }
                Err(error) => self.unreadable(shown, &error),
            }
        } else if metadata.is_file() && is_manifest(path) {
            self.read_file(path, shown);
        } else if is_manifest(path) {
            self.skipped.push(shown.to_owned());
        }
    }

    fn read_file(&mut self, path: &Path, shown: &Path) {
        match read_or_scan(path) {
            Ok(Content::Whole(bytes)) => self.read_bytes(&bytes, shown),
            Ok(Content::TooLarge { sealed: true }) => {
                self.complain(shown, "it is larger than 16 MiB: split it".to_owned());
            }
            Ok(Content::TooLarge { sealed: false }) => self.skipped.push(shown.to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.unreadable(shown, &error),
        }
    }

    fn read_bytes(&mut self, bytes: &[u8], shown: &Path) {
        let stream = match Stream::parse(bytes) {
            Ok(stream) => stream,
            Err(_) if !mentions_sealed(bytes) => return self.skipped.push(shown.to_owned()),
            Err(error) => return self.complain(shown, error.to_string()),
        };
        for object in stream.objects() {
            if object.is(API_VERSION, SECRET_ENVELOPE) {
                self.read_object(&object, shown);
            } else if object.kind() == Some(SECRET_ENVELOPE) {
                let place = object.node.place();
                self.complain(
                    shown,
                    format!("{place}: a SecretEnvelope of an unknown version"),
                );
            }
        }
    }

    fn read_object(&mut self, object: &Object<'_>, shown: &Path) {
        let place = object.node.place();
        let wire = match wire(object) {
            Ok(wire) => wire,
            Err(ObjectError::Manifest(error)) => return self.complain(shown, error.to_string()),
            Err(ObjectError::Envelope(error)) => {
                // The rest of the message names the field, so the object is enough of a place.
                return self.complain(shown, format!("{place}: {error}"));
            }
        };
        let name = |field: Option<&String>, what: &str| {
            let text = field.ok_or_else(|| format!("{place}: `metadata.{what}` is missing"))?;
            Ok::<_, String>(text.clone())
        };
        let names = name(wire.metadata.namespace.as_ref(), "namespace")
            .and_then(|text| {
                text.parse::<Namespace>()
                    .map_err(|e| format!("{place}: {e}"))
            })
            .and_then(|namespace| {
                let text = name(wire.metadata.name.as_ref(), "name")?;
                let name = text.parse::<ResourceName>();
                Ok((namespace, name.map_err(|e| format!("{place}: {e}"))?))
            });
        let names = match names {
            Ok(names) => names,
            Err(message) => return self.complain(shown, message),
        };
        if let Some(first) = self.resources.get_mut(&names) {
            first.refused = Some(twice());
            let (namespace, name) = names;
            let first = first.file.display();
            let message = format!("{place}: `{namespace}/{name}` is defined in `{first}`, too");
            return self.complain(shown, message);
        }
        let source = Source {
            wire,
            file: shown.to_owned(),
            refused: None,
        };
        self.resources.insert(names, source);
    }

    fn unreadable(&mut self, shown: &Path, error: &io::Error) {
        self.complain(shown, error.to_string());
    }

    fn complain(&mut self, shown: &Path, message: String) {
        self.incomplete = true;
        self.problems.push(Problem {
            file: shown.to_owned(),
            message,
        });
    }
}

struct Walk<'a> {
    root: &'a Path,
    store: (u64, u64),
}

enum ObjectError {
    Manifest(ManifestError),
    Envelope(EnvelopeError),
}

/// What a file holds, as far as it is read.
enum Content {
    Whole(Vec<u8>),
    /// More than any manifest has.
    TooLarge {
        /// It mentions a sealed resource.
        sealed: bool,
    },
}

fn read_or_scan(path: &Path) -> io::Result<Content> {
    let mut file = fs::File::open(path)?;
    let mut bytes = Vec::new();
    let limit = FILE_BYTES_MAX as u64 + 1;
    file.by_ref().take(limit).read_to_end(&mut bytes)?;
    if bytes.len() <= FILE_BYTES_MAX {
        return Ok(Content::Whole(bytes));
    }
    // Piece by piece; what may be the beginning of the mark stays for the next one.
    while !mentions_sealed(&bytes) {
        bytes.drain(..bytes.len() - SECRET_ENVELOPE.len());
        if file.by_ref().take(limit).read_to_end(&mut bytes)? == 0 {
            return Ok(Content::TooLarge { sealed: false });
        }
    }
    Ok(Content::TooLarge { sealed: true })
}

fn wire(object: &Object<'_>) -> Result<SecretEnvelope, ObjectError> {
    let value = object.node.to_value().map_err(ObjectError::Manifest)?;
    api::from_value(&value).map_err(ObjectError::Envelope)
}

fn twice() -> EnvelopeError {
    EnvelopeError::Field {
        path: "metadata.name".to_owned(),
        rule: "two manifests define this resource",
    }
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    Ok(entries)
}

fn is_manifest(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| matches!(extension, "yaml" | "yml" | "json"))
}

/// A file that breaks the grammar may still be meant to hold a sealed resource.
fn mentions_sealed(bytes: &[u8]) -> bool {
    let mark = SECRET_ENVELOPE.as_bytes();
    bytes.windows(mark.len()).any(|window| window == mark)
}
