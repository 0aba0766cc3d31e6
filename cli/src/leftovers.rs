//! Temporary files beside their targets: their names, their locks, and what killed runs left of them.
//!
//! A run holds a lock on the first of its temporary files in each directory while it lives, so that another run can tell
//! its files from those of a run that was killed. The names of the others say which one that is: a run with thousands of
//! files needs one descriptor for each directory, not one for each file.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rand_core::{OsRng, RngCore};
use rustix::fs::OFlags;

/// The temporary files of one run in one directory.
///
/// The first one that is created holds the lock: it has to be the last one that goes.
#[derive(Debug)]
pub(crate) struct Temporaries {
    directory: PathBuf,
    /// What tells them from those of others, and the file that is locked.
    first: Option<(u64, File)>,
    others: usize,
}

impl Temporaries {
    /// None yet.
    pub(crate) fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            first: None,
            others: 0,
        }
    }

    /// Makes an empty file that only this user can read.
    pub(crate) fn create(&mut self) -> io::Result<(PathBuf, File)> {
        let Some((id, _)) = &self.first else {
            let (id, path, file) = locked(&self.directory)?;
            self.first = Some((id, file.try_clone()?));
            return Ok((path, file));
        };
        self.others += 1;
        let name = format!("{PREFIX}{id:016x}-{}{SUFFIX}", self.others);
        let path = self.directory.join(name);
        let file = empty(&path)?;
        Ok((path, file))
    }
}

fn locked(directory: &Path) -> io::Result<(u64, PathBuf, File)> {
    loop {
        let id = OsRng.next_u64();
        let path = directory.join(first(id));
        let file = match empty(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            other => other?,
        };
        // Another run may have come between and taken it for a leftover: then it is gone, and the
        // next name is tried.
        match file.try_lock() {
            Ok(()) if file.metadata()?.nlink() == 1 => return Ok((id, path, file)),
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            // No locks here: then no other run can have one either, and removes nothing.
            Err(TryLockError::Error(_)) => return Ok((id, path, file)),
        }
    }
}

fn empty(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Removes what killed runs left in `directory`. What can't be removed is left for another time.
pub(crate) fn sweep(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        if let Some(id) = entry.file_name().to_str().and_then(id_of) {
            remove_unless_alive(&entry.path(), &directory.join(first(id)));
        }
    }
}

fn remove_unless_alive(path: &Path, first: &Path) {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = OpenOptions::new()
        .write(true)
        .custom_flags(flags.bits() as i32)
        .open(first);
    // Held until the file is gone.
    let dead = match &opened {
        Ok(file) => {
            file.metadata().is_ok_and(|metadata| metadata.is_file()) && file.try_lock().is_ok()
        }
        // The first one goes last.
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    let is_file = || {
        path.symlink_metadata()
            .is_ok_and(|metadata| metadata.is_file())
    };
    if dead && is_file() {
        let _ = fs::remove_file(path);
    }
}

/// Out of `.bulla-ID.tmp` or `.bulla-ID-NUMBER.tmp`.
fn id_of(name: &str) -> Option<u64> {
    let middle = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let (id, number) = middle.split_once('-').unwrap_or((middle, "1"));
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let ours = id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit()) && digits;
    ours.then(|| u64::from_str_radix(id, 16).ok())?
}

fn first(id: u64) -> String {
    format!("{PREFIX}{id:016x}{SUFFIX}")
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
        let two = || {
            let mut temporaries = Temporaries::new(directory.path());
            let paths = [(); 2].map(|()| temporaries.create().unwrap().0);
            (temporaries, paths)
        };
        let (alive, living) = two();
        let (_, dead) = two();
        let (others, half_dead) = two();
        fs::remove_file(&half_dead[0]).unwrap();
        drop(others);
        for name in ["db.yaml", ".bulla-1.tmp", ".bulla.yaml"] {
            fs::write(at(name), "x").unwrap();
        }
        sweep(directory.path());
        assert!(living.iter().all(|path| path.exists()));
        assert!(
            dead.iter()
                .chain(&half_dead[1..])
                .all(|path| !path.exists())
        );
        assert!(
            at("db.yaml").exists() && at(".bulla-1.tmp").exists() && at(".bulla.yaml").exists()
        );
        drop(alive);
        sweep(directory.path());
        assert!(living.iter().all(|path| !path.exists()));
    }
}
