//! Files replaced whole: readers, and runs that are killed, see the old bytes or the new ones.
//!
//! All files of a run are staged before the first one is replaced, so that a full disk or a
//! read-only directory is found out while every file is still as it was.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::exit::Blame;
use crate::failure::{Failure, Fault};
use crate::interrupt::Deferred;
use crate::leftovers::{self, Temporaries};
use crate::located::InFile;
use crate::many;

/// A file and what it is to hold.
pub(crate) struct Replacement<'a> {
    /// The file; a link is followed.
    pub(crate) path: &'a Path,
    /// All of its bytes.
    pub(crate) bytes: &'a [u8],
    /// Who may read it.
    pub(crate) new_file: NewFile,
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NewFile {
    /// Those who could before; of a new one, whom the umask says.
    Public,
    /// Nobody but this user, whoever could before: it holds plaintext.
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
/// The first file that can't be staged, or a signal until then: none has been replaced then. Once all
/// are staged, only a rename can fail; what has been replaced by then stays.
pub(crate) fn replace<'a>(files: &[Replacement<'a>]) -> Result<Vec<&'a Path>, Failure> {
    let Some(first) = files.first() else {
        return Ok(vec![]);
    };
    let deferred = Deferred::begin().map_err(|error| failed(first.path, error))?;
    let mut directories = BTreeMap::new();
    let mut all = Vec::with_capacity(files.len());
    // Written first and then flushed, as many at a time as may well be open.
    for batch in files.chunks(files_at_a_time(files.len())) {
        let mut batch_staged = Vec::with_capacity(batch.len());
        for file in batch {
            deferred.check()?;
            batch_staged.extend(Staged::new(file, &mut directories)?);
        }
        deferred.check()?;
        // Side by side: a file system that keeps a journal writes it once for all that wait for it.
        let synced = many::each_on(SYNCED_AT_A_TIME, &batch_staged, |(_, file)| file.sync_all());
        for ((staged, _), synced) in batch_staged.into_iter().zip(synced) {
            synced.map_err(|error| failed(staged.path, error))?;
            all.push(staged);
        }
    }
    deferred.check()?;
    let mut replaced = Vec::with_capacity(all.len());
    // The first one in a directory stands for all of them, and so goes last.
    while let Some(staged) = all.pop() {
        let path = staged.path;
        staged.rename().map_err(|error| failed(path, error))?;
        replaced.push(path);
    }
    replaced.reverse();
    for directory in directories.keys() {
        sync_directory(directory).map_err(|error| failed(directory, error))?;
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
}

impl<'a> Staged<'a> {
    /// Writes the new bytes, or returns nothing when the file holds them already.
    fn new(
        replacement: &Replacement<'a>,
        directories: &mut BTreeMap<PathBuf, Temporaries>,
    ) -> Result<Option<(Self, File)>, Failure> {
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
        let finished = |metadata: &Metadata| {
            holds(&target, metadata, bytes) && (new_file == NewFile::Public || is_private(metadata))
        };
        if before.as_ref().is_some_and(finished) {
            return Ok(None);
        }
        let directory = directory_of(&target);
        if !directories.contains_key(directory) {
            leftovers::sweep(directory);
        }
        let temporaries = directories
            .entry(directory.to_owned())
            .or_insert_with(|| Temporaries::new(directory));
        let (temporary, mut file) = temporaries.create().map_err(failed)?;
        let staged = Self {
            path,
            target,
            temporary,
        };
        fill(&mut file, bytes, before.as_ref(), new_file).map_err(failed)?;
        Ok(Some((staged, file)))
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

fn fill(
    file: &mut File,
    bytes: &[u8],
    before: Option<&Metadata>,
    new_file: NewFile,
) -> io::Result<()> {
    file.write_all(bytes)?;
    match (new_file, before) {
        // As it was made: whoever could read the old file must not read plaintext.
        (NewFile::Private, _) => Ok(()),
        (NewFile::Public, Some(before)) => take_after(file, before),
        (NewFile::Public, None) => {
            let umask = rustix::process::umask(rustix::fs::Mode::empty());
            rustix::process::umask(umask);
            file.set_permissions(Permissions::from_mode(0o666 & !umask.bits() as u32))
        }
    }
}

/// Takes over owner and mode. Who may replace a file but not give it away becomes its owner.
fn take_after(file: &File, before: &Metadata) -> io::Result<()> {
    let ours = file.metadata()?;
    if (before.uid(), before.gid()) != (ours.uid(), ours.gid()) {
        let _ = fchown(file, Some(before.uid()), Some(before.gid()))
            .or_else(|_| fchown(file, None, Some(before.gid())));
    }
    file.set_permissions(Permissions::from_mode(before.mode() & 0o7777))
}

fn is_private(metadata: &Metadata) -> bool {
    metadata.mode() & 0o077 == 0 && metadata.uid() == rustix::process::geteuid().as_raw()
}

/// The more files are flushed together, the fewer times the disk is waited for. Each of them takes a descriptor, and so
/// does the lock of each directory. Where no more are allowed, staging fails, and nothing is replaced.
fn files_at_a_time(files: usize) -> usize {
    if files <= FILES_WITHOUT_ASKING {
        return FILES_WITHOUT_ASKING;
    }
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.or(Some(OPEN_FILES_WITHOUT_LIMIT));
    let raised = Rlimit {
        current: wanted,
        maximum: limit.maximum,
    };
    let allowed = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => wanted,
        Err(_) => limit.current,
    };
    let half = allowed.map_or(FILES_AT_A_TIME_MAX, |allowed| {
        usize::try_from(allowed / 2).unwrap_or(FILES_AT_A_TIME_MAX)
    });
    half.clamp(FILES_WITHOUT_ASKING, FILES_AT_A_TIME_MAX)
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

const FILES_AT_A_TIME_MAX: usize = 500;
/// With as many directories, fewer than any system allows to be open.
const FILES_WITHOUT_ASKING: usize = 100;
const SYNCED_AT_A_TIME: usize = 64;
/// What macOS takes for no limit at all.
const OPEN_FILES_WITHOUT_LIMIT: u64 = 10_240;
