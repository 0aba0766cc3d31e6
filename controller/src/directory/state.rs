//! What the store remembers of a resource: that its Secret is the store's own, and its status.

use std::io;
use std::path::PathBuf;

use bulla_core::api::SecretEnvelopeStatus;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::flush::Flush;
use super::folder::{Folder, Lasting};
use super::layout::{OWNER, SOURCE, STATUS};
use crate::engine::{Request, Status};

/// Proof that the Secret of a resource was made here; without it a link is somebody else's.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ownership {
    pub(super) kind: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) uid: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusFile<'a> {
    api_version: &'a str,
    kind: &'a str,
    metadata: Metadata<'a>,
    status: SecretEnvelopeStatus,
}

#[derive(Serialize)]
struct Metadata<'a> {
    namespace: &'a str,
    name: &'a str,
}

/// Only what is read back; people may add what they like.
#[derive(Deserialize)]
struct StatusOnly {
    #[serde(default)]
    status: SecretEnvelopeStatus,
}

const STATE_BYTES_MAX: usize = 1024 * 1024;

impl Ownership {
    pub(super) fn of(request: &Request) -> Self {
        let owner = request.owner();
        Self {
            kind: owner.kind.clone(),
            namespace: request.namespace().to_string(),
            name: owner.name.to_string(),
            uid: owner.uid.clone(),
        }
    }

    /// The record in a resource's directory; one that does not read is none.
    pub(super) fn read(resource: &Folder) -> Option<Self> {
        read(resource, OWNER)
    }

    /// Writes it, where it does not stand there already; nothing may rely on it before `flush`.
    pub(super) fn write(&self, resource: &Folder, flush: &Flush) -> io::Result<()> {
        if Self::read(resource).as_ref() == Some(self) {
            return Ok(());
        }
        write(resource, OWNER, self, Lasting::With(flush))
    }
}

/// The manifest that a resource was last read from. Where that does not read any more, the resource
/// is not gone.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LastSource {
    pub(super) file: PathBuf,
}

impl LastSource {
    pub(super) fn read(resource: &Folder) -> Option<Self> {
        read(resource, SOURCE)
    }

    /// Writes it, where it does not stand there already.
    pub(super) fn write(&self, resource: &Folder) -> io::Result<()> {
        if Self::read(resource).as_ref() == Some(self) {
            return Ok(());
        }
        write(resource, SOURCE, self, Lasting::Likely)
    }
}

/// The status of the last run; an empty one where it does not read.
pub(super) fn read_status(resource: &Folder) -> Status {
    read(resource, STATUS)
        .map(|file: StatusOnly| file.status.into())
        .unwrap_or_default()
}

pub(super) fn write_status(
    resource: &Folder,
    request: &Request,
    status: &Status,
) -> io::Result<()> {
    let owner = request.owner();
    let file = StatusFile {
        api_version: &owner.api_version,
        kind: &owner.kind,
        metadata: Metadata {
            namespace: request.namespace().as_str(),
            name: owner.name.as_str(),
        },
        status: status.clone().into(),
    };
    // Without it, the resource is opened once more.
    write(resource, STATUS, &file, Lasting::Likely)
}

fn read<T: DeserializeOwned>(folder: &Folder, name: &str) -> Option<T> {
    let bytes = folder.read(name, STATE_BYTES_MAX).ok()??;
    serde_saphyr::from_str(std::str::from_utf8(&bytes).ok()?).ok()
}

fn write(
    folder: &Folder,
    name: &str,
    content: &impl Serialize,
    lasting: Lasting<'_>,
) -> io::Result<()> {
    let text = serde_saphyr::to_string(content)
        .map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    folder.replace(name, text.as_bytes(), lasting)
}
