//! What files were when this run read them, so that it replaces none that somebody else has changed since.
//!
//! Whatever reads a file takes note here, and [`crate::atomic::replace`] asks: no command can forget to. Files have no
//! version of their own; what stands for it is what changes with every way of writing one: the inode for a file that is
//! replaced, the time and the size for one that is written in place.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

static READ: Mutex<BTreeMap<PathBuf, Version>> = Mutex::new(BTreeMap::new());

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Version {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

/// Takes note of what is about to be read, from the open file. The first time counts.
pub(crate) fn note(path: &Path, metadata: &Metadata) {
    let version = Version::of(metadata);
    read().entry(path.to_owned()).or_insert(version);
}

/// True where a file was read under this name, and is another one now, or none.
pub(crate) fn changed(path: &Path) -> bool {
    let known = read().get(path).copied();
    known.is_some_and(|known| {
        fs::metadata(path).map_or(true, |metadata| Version::of(&metadata) != known)
    })
}

/// For a file that this run has replaced itself.
pub(crate) fn forget(path: &Path) {
    read().remove(path);
}

impl Version {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

fn read() -> MutexGuard<'static, BTreeMap<PathBuf, Version>> {
    READ.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_replaced_written_or_removed_is_another_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        let noted = || {
            fs::write(&path, "x").unwrap();
            forget(&path);
            note(&path, &fs::metadata(&path).unwrap());
            assert!(!changed(&path));
        };
        noted();
        let other = directory.path().join("b");
        fs::write(&other, "x").unwrap();
        fs::rename(other, &path).unwrap();
        assert!(changed(&path));
        noted();
        fs::write(&path, "xy").unwrap();
        assert!(changed(&path));
        noted();
        fs::remove_file(&path).unwrap();
        assert!(changed(&path));
        assert!(!changed(&directory.path().join("never read")));
    }
}
