//! Files replaced whole: readers, and runs that are killed, see the old bytes or the new ones.
//!
//! All files of a run are staged before the first one is replaced, so that a full disk or a
//! read-only directory is found out while every file is still as it was.

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use crate::exit::Blame;
use crate::failure::{Failure, Fault};
use crate::interrupt::Deferred;
use crate::leftovers;
use crate::located::InFile;

/// A file and what it is to hold.
pub(crate) struct Replacement<'a> {
    /// The file; a link is followed.
    pub(crate) path: &'a Path,
    /// All of its bytes.
    pub(crate) bytes: &'a [u8],
    /// Who may read a file that is not there yet. One that is there keeps its mode and owner.
    pub(crate) new_file: NewFile,
}

/// The mode of a file that is not there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NewFile {
    /// As the umask says.
    Public,
    /// Nobody but this user: it holds plaintext.
    Private,
}

/// Something stands where a file should be.
#[derive(Debug, thiserror::Error)]
#[error("it is not a regular file")]
pub(crate) struct NotAFile;

/// Replaces files, and returns those whose bytes were others before. Nothing is written to a file
/// that already holds its bytes.
///
/// # Errors
/// The first file that can't be staged: none has been replaced then. A signal: what has been
/// replaced by then stays.
pub(crate) fn replace<'a>(files: &[Replacement<'a>]) -> Result<Vec<&'a Path>, Failure> {
    let mut replaced = Vec::new();
    let mut swept = BTreeSet::new();
    // Each staged file holds a lock, and so a file descriptor.
    for batch in files.chunks(FILES_AT_A_TIME) {
        let deferred = Deferred::begin().map_err(|error| failed(batch[0].path, error))?;
        let mut staged = Vec::with_capacity(batch.len());
        for file in batch {
            deferred.check()?;
            staged.extend(Staged::new(file, &mut swept)?);
        }
        for file in &staged {
            deferred.check()?;
            file.sync().map_err(|error| failed(file.path, error))?;
        }
        let mut directories = BTreeSet::new();
        for file in staged {
            deferred.check()?;
            let (path, directory) = (file.path, file.directory().to_owned());
            file.rename().map_err(|error| failed(path, error))?;
            directories.insert(directory);
            replaced.push(path);
        }
        for directory in directories {
            sync_directory(&directory).map_err(|error| failed(&directory, error))?;
        }
    }
    Ok(replaced)
}

fn failed(path: &Path, error: io::Error) -> Failure {
    InFile::io("write", path, error).into()
}

/// The new bytes beside their target; removed again unless they are renamed.
struct Staged<'a> {
    path: &'a Path,
    target: PathBuf,
    temporary: PathBuf,
    file: File,
}

impl<'a> Staged<'a> {
    /// Writes the new bytes, or returns nothing when the file holds them already.
    fn new(
        replacement: &Replacement<'a>,
        swept: &mut BTreeSet<PathBuf>,
    ) -> Result<Option<Self>, Failure> {
        let Replacement {
            path,
            bytes,
            new_file,
        } = *replacement;
        let failed = |error| failed(path, error);
        let before = match fs::metadata(path) {
            Ok(metadata) if !metadata.is_file() => {
                return Err(InFile::new("write", path, NotAFile).into());
            }
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        let target = match before {
            // The link stays, and what it leads to is replaced.
            Some(_) => fs::canonicalize(path).map_err(failed)?,
            None => path.to_owned(),
        };
        if before
            .as_ref()
            .is_some_and(|metadata| holds(&target, metadata, bytes))
        {
            return Ok(None);
        }
        let directory = directory_of(&target);
        if swept.insert(directory.to_owned()) {
            leftovers::sweep(directory);
        }
        let (temporary, file) = leftovers::create(directory).map_err(failed)?;
        let mut staged = Self {
            path,
            target,
            temporary,
            file,
        };
        staged
            .fill(bytes, before.as_ref(), new_file)
            .map_err(failed)?;
        Ok(Some(staged))
    }

    fn fill(
        &mut self,
        bytes: &[u8],
        before: Option<&Metadata>,
        new_file: NewFile,
    ) -> io::Result<()> {
        self.file.write_all(bytes)?;
        match (before, new_file) {
            (Some(before), _) => self.take_after(before),
            (None, NewFile::Public) => {
                let umask = rustix::process::umask(rustix::fs::Mode::empty());
                rustix::process::umask(umask);
                self.file
                    .set_permissions(Permissions::from_mode(0o666 & !umask.bits() as u32))
            }
            (None, NewFile::Private) => Ok(()),
        }
    }

    /// Takes over owner and mode. Who may replace a file but not give it away becomes its owner.
    fn take_after(&self, before: &Metadata) -> io::Result<()> {
        let ours = self.file.metadata()?;
        if (before.uid(), before.gid()) != (ours.uid(), ours.gid()) {
            let _ = fchown(&self.file, Some(before.uid()), Some(before.gid()))
                .or_else(|_| fchown(&self.file, None, Some(before.gid())));
        }
        self.file
            .set_permissions(Permissions::from_mode(before.mode() & 0o7777))
    }

    fn directory(&self) -> &Path {
        directory_of(&self.target)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    fn rename(self) -> io::Result<()> {
        fs::rename(&self.temporary, &self.target)
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        // After the rename there is nothing to remove.
        let _ = fs::remove_file(&self.temporary);
    }
}

impl Fault for NotAFile {
    fn blame(&self) -> Blame {
        Blame::Caller
    }
}

fn holds(path: &Path, metadata: &Metadata, bytes: &[u8]) -> bool {
    metadata.len() == bytes.len() as u64 && fs::read(path).is_ok_and(|found| found == bytes)
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Makes the renames last. Some file systems have no such thing for directories.
fn sync_directory(directory: &Path) -> io::Result<()> {
    match File::open(directory)?.sync_all() {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        done => done,
    }
}

const FILES_AT_A_TIME: usize = 256;
