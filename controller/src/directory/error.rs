//! What stops a store, and what only one file is to blame for.

use std::fmt;
use std::io;
use std::path::PathBuf;

use bulla_core::rotation::{Block, Timestamp};

use crate::engine::rfc3339;

/// The store can't work at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The root is not there, is no directory, or is not writable.
    #[error("failed to open the store `{}`", path.display())]
    Open {
        /// The root.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another process works on the store.
    #[error("another process works on the store `{}`", path.display())]
    Locked {
        /// The root.
        path: PathBuf,
    },
    /// The store's own directory belongs to, or can be written by, somebody else.
    #[error("refusing the store `{}`: its directory `.bulla` must belong to this user alone", path.display())]
    Insecure {
        /// The root.
        path: PathBuf,
    },
    /// The key of the records is not 32 bytes.
    #[error("`.bulla/record.key` is damaged: remove it, and every resource is opened once more")]
    RecordKey,
    /// The store's own files can't be read or written.
    #[error("failed to work on the files of the store")]
    State(#[source] io::Error),
    /// The folder of manifests can't be read. Nothing was removed.
    #[error("failed to read the manifests in `{}`", path.display())]
    Sources {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A key was asked for too soon after another.
    #[error("a key was asked for less than an hour ago: the next may be made at {}", rfc3339(*until))]
    TooSoon {
        /// When the next one may be made.
        until: Timestamp,
    },
    /// No key may be made.
    #[error(transparent)]
    Blocked(#[from] Block),
    /// A key can't be made while another one does not read: it may be the one that is needed.
    #[error("a sealing key in `.bulla/keys` does not read: mend or remove it first")]
    UnreadableKey,
    /// File events can't be had.
    #[error("failed to watch files")]
    Watch(#[source] notify::Error),
}

/// One file, or one object in it, that could not be used. The others were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, below the folder of manifests or below the root of the store.
    pub file: PathBuf,
    /// What is wrong; it holds a place in the file where there is one, and never a value.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.file.display(), self.message)
    }
}
