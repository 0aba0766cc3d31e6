//! Temporary files beside their targets: their names, their locks, and what killed runs left of them.
//!
//! A run holds a lock on each temporary file while it lives, so that another run can tell its files
//! from those of a run that was killed.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rand_core::{OsRng, RngCore};
use rustix::fs::OFlags;

/// Makes an empty file in `directory` that only this user can read, locked.
pub(crate) fn create(directory: &Path) -> io::Result<(PathBuf, File)> {
    loop {
        let path = directory.join(format!("{PREFIX}{:016x}{SUFFIX}", OsRng.next_u64()));
        let created = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        let file = match created {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            other => other?,
        };
        // Another run may have come between and taken it for a leftover: then it is gone, and the
        // next name is tried.
        if file.try_lock().is_ok() && file.metadata()?.nlink() == 1 {
            return Ok((path, file));
        }
    }
}

/// Removes what killed runs left in `directory`. What can't be removed is left for another time.
pub(crate) fn sweep(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().to_str().is_some_and(is_ours) {
            remove_unless_alive(&entry.path());
        }
    }
}

fn remove_unless_alive(path: &Path) {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = OpenOptions::new()
        .write(true)
        .custom_flags(flags.bits() as i32)
        .open(path);
    let Ok(file) = opened else { return };
    if file.metadata().is_ok_and(|metadata| metadata.is_file()) && file.try_lock().is_ok() {
        let _ = fs::remove_file(path);
    }
}

fn is_ours(name: &str) -> bool {
    name.strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_suffix(SUFFIX))
        .is_some_and(|middle| middle.len() == 16 && middle.bytes().all(|b| b.is_ascii_hexdigit()))
}

const PREFIX: &str = ".bulla-";
const SUFFIX: &str = ".tmp";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_go_and_files_of_the_living_and_of_others_stay() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let (alive, file) = create(directory.path()).unwrap();
        let (dead, _) = create(directory.path()).unwrap();
        for name in ["db.yaml", ".bulla-1.tmp", ".bulla.yaml"] {
            fs::write(at(name), "x").unwrap();
        }
        sweep(directory.path());
        assert!(alive.exists() && !dead.exists());
        assert!(
            at("db.yaml").exists() && at(".bulla-1.tmp").exists() && at(".bulla.yaml").exists()
        );
        drop(file);
        sweep(directory.path());
        assert!(!alive.exists());
    }
}
