//! The embedded store: the controller without Kubernetes, on a directory.
//!
//! It reads sealed manifests from a folder, keeps its sealing keys, and writes each Secret as files
//! `<namespace>/<name>/<key>`. Where everything lies says the head of `layout.rs`.
//!
//! # Guarantees
//!
//! - `<namespace>/<name>` is a link that is swapped in one step: a reader sees all of the old
//!   values or all of the new ones, whenever the store is killed. The next pass takes leftovers away.
//! - What the store did not make is never changed or removed, only refused; no link is followed
//!   below the root, and nothing is written outside of it.
//! - What is private has mode 0600 in directories of mode 0700.
//! - A pass that finds nothing changed opens nothing and writes nothing.
//!
//! # Caveats
//!
//! - One process at a time, by a lock on the store.
//! - Whoever is root, or the same user, reads the Secrets: they are files.
//! - The owner of a file system that does not keep `fsync`'s promise loses what it loses.

mod error;
mod flush;
mod folder;
mod generation;
mod key;
mod keys;
mod layout;
mod pass;
mod report;
mod rotate;
mod sources;
mod state;
mod sweep;
mod watch;
mod world;

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use aws_lc_rs::hmac;
use bulla_core::api::SealingKey;
use bulla_core::names::{Namespace, ResourceName};
use bulla_core::recipient::{Recipient, Suite};
use bulla_core::rotation::{Policy, Timestamp};
use bulla_core::secret::SecretPolicy;
use rustix::fs::FlockOperation;
use zeroize::Zeroizing;

pub use error::{Problem, StoreError};
pub use report::{Report, Resource};
pub use watch::WatchOptions;

use crate::engine::{Engine, RecordKey};
use folder::{Folder, Lasting};
pub use layout::HOME;
use layout::{KEYS, LOCK, RECORD_KEY, RESOURCES, Roots, STATUS};

/// How a store works.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Which keys are made, and when.
    pub keys: Policy,
    /// Lets Secrets pass whose types give rights in a cluster.
    pub allow_special_types: bool,
}

/// A directory with Secrets in it, locked for this process.
#[derive(Debug)]
pub struct DirectoryStore {
    path: PathBuf,
    roots: Roots,
    keys: Folder,
    options: Options,
    engine: Engine,
    digest_key: hmac::Key,
    _lock: OwnedFd,
}

impl DirectoryStore {
    /// Opens the store at `root`, which must be a directory; makes what it needs in it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] by variant: `Open`, `Locked`, `Insecure`, `RecordKey`, `State`.
    pub fn open(root: &Path, options: Options) -> Result<Self, StoreError> {
        let path = root.to_owned();
        let open = |source| StoreError::Open {
            path: path.clone(),
            source,
        };
        let root = Folder::open_root(root).map_err(open)?;
        let home = root.make_folder(HOME).map_err(open)?;
        let (owner, mode) = home.owner_and_mode().map_err(open)?;
        if owner != rustix::process::geteuid().as_raw() || mode & 0o077 != 0 {
            return Err(StoreError::Insecure { path });
        }
        let lock = home.open_lock(LOCK).map_err(open)?;
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| StoreError::Locked { path: path.clone() })?;
        sweep::remove_unfinished(&home).map_err(open)?;
        let keys = home.make_folder(KEYS).map_err(open)?;
        let secret = record_key(&home)?;
        let policy = SecretPolicy {
            allow_special_types: options.allow_special_types,
            ..SecretPolicy::default()
        };
        Ok(Self {
            digest_key: hmac::Key::new(
                hmac::HMAC_SHA256,
                hmac::sign(
                    &hmac::Key::new(hmac::HMAC_SHA256, secret.as_slice()),
                    b"bulla.dev/directory/v1/digest",
                )
                .as_ref(),
            ),
            engine: Engine::new(RecordKey::new(secret), policy),
            roots: Roots { root, home },
            keys,
            options,
            path,
            _lock: lock,
        })
    }

    /// The root of the store.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where applications find a Secret.
    pub fn secret_path(&self, namespace: &Namespace, name: &ResourceName) -> PathBuf {
        self.path.join(namespace.as_str()).join(name.as_str())
    }

    /// Where people find what became of a resource.
    pub fn status_path(&self, namespace: &Namespace, name: &ResourceName) -> PathBuf {
        let resources = self.path.join(HOME).join(RESOURCES);
        resources
            .join(namespace.as_str())
            .join(name.as_str())
            .join(STATUS)
    }

    /// Where the sealing keys lie.
    pub fn keys_path(&self) -> PathBuf {
        self.path.join(HOME).join(KEYS)
    }

    /// All sealing keys, newest first; the first one is made if need be.
    ///
    /// # Errors
    ///
    /// `State` when they can't be read or written.
    pub fn sealing_keys(&mut self) -> Result<Vec<SealingKey>, StoreError> {
        Ok(self.rotate(crate::engine::now())?.resources)
    }

    /// All sealing keys of the store at `root`, as their files say it: without a lock, so that it
    /// works beside a process that watches, and without making any.
    ///
    /// # Errors
    ///
    /// `Open` when there is no store.
    pub fn published_keys(root: &Path) -> Result<Vec<SealingKey>, StoreError> {
        let absent = || io::Error::from(io::ErrorKind::NotFound);
        Folder::open_root(root)
            .and_then(|root| root.folder(HOME)?.ok_or_else(absent))
            .and_then(|home| home.folder(KEYS)?.ok_or_else(absent))
            .and_then(|folder| keys::published(&folder))
            .map_err(|source| StoreError::Open {
                path: root.to_owned(),
                source,
            })
    }

    /// The public keys to close for, one for each suite.
    ///
    /// # Errors
    ///
    /// `State` when the keys can't be read or written, `Blocked` when there is none.
    pub fn recipients(&mut self) -> Result<Vec<Recipient>, StoreError> {
        let keys = self.rotate(crate::engine::now())?;
        match keys.blocked {
            Some(block) if keys.recipients.is_empty() => Err(block.into()),
            _ => Ok(keys.recipients),
        }
    }

    /// Makes a new key now; older ones go on opening.
    ///
    /// # Errors
    ///
    /// `TooSoon`, `Blocked`, `UnreadableKey`, `State`.
    pub fn renew_now(&mut self) -> Result<SealingKey, StoreError> {
        rotate::make_by_hand(&self.keys, &self.options.keys, crate::engine::now())
    }

    /// Asks whoever works on the store at `root` for a new sealing key, without its lock: that process
    /// makes the key at its next pass, at most one an hour. Returns the name that it will have.
    ///
    /// # Errors
    ///
    /// `Open` when there is no store, `State` when the request can't be written.
    pub fn ask_for_key(root: &Path, suite: Suite) -> Result<ResourceName, StoreError> {
        let open = |source| StoreError::Open {
            path: root.to_owned(),
            source,
        };
        let absent = || io::Error::from(io::ErrorKind::NotFound);
        let folder = Folder::open_root(root)
            .and_then(|root| root.folder(HOME)?.ok_or_else(absent))
            .and_then(|home| home.folder(KEYS)?.ok_or_else(absent))
            .map_err(open)?;
        key::request(&folder, suite).map_err(StoreError::State)
    }

    fn rotate(&mut self, now: Timestamp) -> Result<rotate::Keys, StoreError> {
        rotate::rotate(&self.keys, &self.options.keys, now)
    }
}

/// The key of the records, made at the first start.
fn record_key(home: &Folder) -> Result<Zeroizing<[u8; RecordKey::BYTES]>, StoreError> {
    let mut key = Zeroizing::new([0; RecordKey::BYTES]);
    let there = home.read(RECORD_KEY, RecordKey::BYTES);
    let there = there.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => StoreError::RecordKey,
        _ => StoreError::State(error),
    })?;
    match there {
        Some(bytes) if bytes.len() == key.len() => key.copy_from_slice(&bytes),
        Some(_) => return Err(StoreError::RecordKey),
        None => {
            getrandom::getrandom(key.as_mut_slice())
                .map_err(|error| StoreError::State(io::Error::other(error)))?;
            home.replace(RECORD_KEY, key.as_slice(), Lasting::Certain)
                .map_err(StoreError::State)?;
        }
    }
    Ok(key)
}

#[cfg(test)]
mod tests;
