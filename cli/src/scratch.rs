//! A place in memory for a file that an editor needs: nobody else can read it, and it is gone
//! whichever way the run ends. What a killed run left is removed by the next one.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rand_core::{OsRng, RngCore};

/// A directory of its own, so that the editor's own copies go with it.
#[derive(Debug)]
pub(crate) struct Scratch {
    directory: PathBuf,
    file: PathBuf,
    /// Tells a living run from a killed one.
    _lock: File,
    in_memory: bool,
}

impl Scratch {
    /// Makes an empty file of that name.
    pub(crate) fn new(name: impl AsRef<Path>) -> io::Result<Self> {
        let (base, in_memory) = base();
        Self::in_directory(&base, name.as_ref(), in_memory)
    }

    /// Makes no file: something else is to have that name.
    pub(crate) fn empty(name: impl AsRef<Path>) -> io::Result<Self> {
        let (base, in_memory) = base();
        Self::without_file(&base, name.as_ref(), in_memory)
    }

    fn without_file(base: &Path, name: &Path, in_memory: bool) -> io::Result<Self> {
        sweep(base);
        let (directory, lock) = locked(base)?;
        let file = directory.join(name);
        Ok(Self {
            directory,
            file,
            _lock: lock,
            in_memory,
        })
    }

    fn in_directory(base: &Path, name: &Path, in_memory: bool) -> io::Result<Self> {
        let scratch = Self::without_file(base, name, in_memory)?;
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&scratch.file)?;
        Ok(scratch)
    }

    /// Writes what the editor is to show.
    pub(crate) fn write(&self, text: impl AsRef<[u8]>) -> io::Result<()> {
        OpenOptions::new()
            .write(true)
            .truncate(true)
            .open(&self.file)?
            .write_all(text.as_ref())
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.file
    }

    /// False where there is no file system in memory, so that the file lies on a disk.
    pub(crate) fn is_in_memory(&self) -> bool {
        self.in_memory
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        remove(&self.directory);
    }
}

/// Makes a directory that only this user can read, locked.
fn locked(base: &Path) -> io::Result<(PathBuf, File)> {
    loop {
        let directory = base.join(format!("{PREFIX}{:016x}", OsRng.next_u64()));
        match DirBuilder::new().mode(0o700).create(&directory) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            made => made?,
        }
        // Another run may come between and take it for a leftover: then it is gone, or going, and the next name
        // is tried.
        let lock = match File::open(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            opened => opened?,
        };
        match lock.try_lock() {
            Ok(()) if lock.metadata()?.nlink() == 0 => {}
            Err(TryLockError::WouldBlock) => {}
            // Without locks no other run removes anything.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok((directory, lock)),
        }
    }
}

/// Removes what killed runs of this user left.
fn sweep(base: &Path) {
    let user = rustix::process::geteuid().as_raw();
    let Ok(entries) = fs::read_dir(base) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let ours = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX))
            .is_some_and(|rest| rest.len() == 16);
        if ours && let Some(_lock) = of_the_dead(&entry.path(), user) {
            remove(&entry.path());
        }
    }
}

/// The lock of a directory whose run has ended: while it is held, nobody else takes the directory for theirs.
fn of_the_dead(directory: &Path, user: u32) -> Option<File> {
    let metadata = directory.symlink_metadata().ok()?;
    let own = metadata.is_dir() && metadata.uid() == user;
    let lock = File::open(directory).ok().filter(|_| own)?;
    lock.try_lock().is_ok().then_some(lock)
}

/// On a disk the bytes would outlive the name of the file.
fn remove(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_file())
            && let Ok(metadata) = entry.metadata()
            && let Ok(mut file) = OpenOptions::new().write(true).open(entry.path())
        {
            let zeros = vec![0; usize::try_from(metadata.len()).unwrap_or(0)];
            let _ = file.write_all(&zeros);
        }
    }
    let _ = fs::remove_dir_all(directory);
}

/// The first file system in memory that takes a directory of ours, or the directory for temporary files.
fn base() -> (PathBuf, bool) {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let candidates = runtime.into_iter().chain([PathBuf::from("/dev/shm")]);
    let found = candidates
        .filter(|path| path.is_absolute() && is_memory(path))
        .find(|path| {
            rustix::fs::access(
                path,
                rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK,
            )
            .is_ok()
        });
    match found {
        Some(path) => (path, true),
        None => (std::env::temp_dir(), false),
    }
}

#[cfg(target_os = "linux")]
fn is_memory(path: &Path) -> bool {
    const TMPFS: rustix::fs::FsWord = 0x0102_1994;
    const RAMFS: rustix::fs::FsWord = 0x8584_58f6;
    rustix::fs::statfs(path).is_ok_and(|stat| [TMPFS, RAMFS].contains(&stat.f_type))
}

#[cfg(not(target_os = "linux"))]
fn is_memory(_: &Path) -> bool {
    false
}

const PREFIX: &str = "bulla-edit-";

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn it_is_private_and_gone_afterwards_with_all_that_an_editor_put_beside_it() {
        let scratch = Scratch::new("db.yaml").unwrap();
        scratch.write("x").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode(&scratch.directory), mode(scratch.path())),
            (0o700, 0o600)
        );
        fs::write(scratch.directory.join(".db.yaml.swp"), "x").unwrap();
        let directory = scratch.directory.clone();
        sweep(directory.parent().unwrap());
        assert!(directory.exists(), "another run leaves it alone");
        drop(scratch);
        assert!(!directory.exists());
    }

    #[test]
    fn runs_that_begin_at_once_leave_each_other_alone() {
        let base = tempfile::tempdir().unwrap();
        let begin = || {
            for _ in 0..500 {
                let scratch =
                    Scratch::in_directory(base.path(), Path::new("db.yaml"), true).unwrap();
                scratch.write("x").unwrap();
                assert_eq!(fs::read(scratch.path()).unwrap(), b"x");
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(begin);
            }
        });
        assert_eq!(fs::read_dir(base.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_killed_run_left_is_removed() {
        let base = tempfile::tempdir().unwrap();
        let left = base.path().join("bulla-edit-0123456789abcdef");
        fs::create_dir(&left).unwrap();
        fs::write(left.join("db.yaml"), "hunter2").unwrap();
        fs::create_dir(base.path().join("bulla-edit-other")).unwrap();
        sweep(base.path());
        assert!(!left.exists() && base.path().join("bulla-edit-other").exists());
    }
}
