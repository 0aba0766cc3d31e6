//! Files below an open directory, one path component at a time and never through a link.
//!
//! Whoever can plant a link somewhere below the store can't make it read or write elsewhere: each
//! component is opened relative to the descriptor of the one before, with `O_NOFOLLOW`.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{self, AtFlags, Dir, FileType, Mode, OFlags, RenameFlags, Stat};
use zeroize::Zeroizing;

use super::flush::Flush;

/// An open directory.
#[derive(Debug)]
pub(super) struct Folder(OwnedFd);

/// One thing in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: OsString,
    pub(super) kind: FileType,
    /// Permission bits.
    pub(super) mode: u32,
}

/// Whether a file must be there after the power went.
#[derive(Clone, Copy)]
pub(super) enum Lasting<'f> {
    /// Yes: it is on the disk when the call returns.
    Certain,
    /// Yes: it is on the disk after the next flush, and nobody relies on it before.
    With(&'f Flush),
    /// What is lost is told anew; flushing the disk for it would only cost time.
    Likely,
}

/// Directories that only their owner sees.
pub(super) const PRIVATE_FOLDER: u32 = 0o700;
/// Files that only their owner sees.
pub(super) const PRIVATE_FILE: u32 = 0o600;
/// Names of what is not finished begin so; no namespace, name or key does.
pub(super) const UNFINISHED: &str = "..new-";

const OPEN_FOLDER: OFlags = OFlags::DIRECTORY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC)
    .union(OFlags::RDONLY);

impl Folder {
    /// Opens the directory that somebody named: here, links are followed.
    pub(super) fn open_root(path: &Path) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY;
        Ok(Self(fs::open(path, flags, Mode::empty())?))
    }

    /// The directory `name`; nothing when there is none.
    ///
    /// # Errors
    ///
    /// `ENOTDIR` or `ELOOP` when it is something else, a link too.
    pub(super) fn folder(&self, name: &str) -> io::Result<Option<Self>> {
        absent(fs::openat(&self.0, one(name)?, OPEN_FOLDER, Mode::empty())).map(|fd| fd.map(Self))
    }

    /// The directory `name`, made private where there is none, and then down on the disk.
    pub(super) fn make_folder(&self, name: &str) -> io::Result<Self> {
        if let Some(folder) = self.folder(name)? {
            return Ok(folder);
        }
        let folder = self.new_folder(name)?;
        self.sync()?;
        Ok(folder)
    }

    /// The same, flushed together with others.
    pub(super) fn make_folder_with(&self, name: &str, flush: &Flush) -> io::Result<Self> {
        if let Some(folder) = self.folder(name)? {
            return Ok(folder);
        }
        let folder = self.new_folder(name)?;
        self.flush_with(flush)?;
        Ok(folder)
    }

    /// The directory `name`, private, which may just have been made; the caller syncs this one.
    pub(super) fn new_folder(&self, name: &str) -> io::Result<Self> {
        step()?;
        match fs::mkdirat(&self.0, one(name)?, mode(PRIVATE_FOLDER)) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        self.folder(name)?
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// What is there, in the order of names.
    pub(super) fn entries(&self) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            let name = OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned();
            if name != "." && name != ".." {
                // It may be gone again.
                if let Some(stat) = absent(stat_of(&self.0, &name))? {
                    let (kind, mode) = kind_of(&stat);
                    entries.push(Entry { name, kind, mode });
                }
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// What `name` is; nothing when it is not there.
    pub(super) fn kind(&self, name: &str) -> io::Result<Option<FileType>> {
        let stat = absent(stat_of(&self.0, OsStr::new(one(name)?)))?;
        Ok(stat.map(|stat| kind_of(&stat).0))
    }

    /// Owner and permission bits of the directory itself.
    pub(super) fn owner_and_mode(&self) -> io::Result<(u32, u32)> {
        let stat = fs::fstat(&self.0)?;
        Ok((stat.st_uid, stat.st_mode & 0o7777))
    }

    /// Device and inode, to tell whether two directories are one.
    pub(super) fn identity(&self) -> io::Result<(u64, u64)> {
        let stat = fs::fstat(&self.0)?;
        Ok((stat.st_dev as u64, stat.st_ino))
    }

    /// The bytes of the regular file `name`; nothing when it is not there.
    ///
    /// # Errors
    ///
    /// `ELOOP` for a link, `InvalidData` for anything else that is no file, or is larger than `max`.
    pub(super) fn read(&self, name: &str, max: usize) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        // Without O_NONBLOCK a named pipe would hold the reader for ever.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Some(fd) = absent(fs::openat(&self.0, one(name)?, flags, Mode::empty()))? else {
            return Ok(None);
        };
        let stat = fs::fstat(&fd)?;
        let size = usize::try_from(stat.st_size).unwrap_or(usize::MAX);
        if kind_of(&stat).0 != FileType::RegularFile || size > max {
            return Err(io::ErrorKind::InvalidData.into());
        }
        // One more than its size, so that the buffer never grows and leaves a copy behind.
        let mut bytes = Zeroizing::new(vec![0; size + 1]);
        let mut file = File::from(fd);
        let mut length = 0;
        loop {
            match file.read(&mut bytes[length..])? {
                0 => break,
                count => length += count,
            }
            if length > size {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        bytes.truncate(length);
        Ok(Some(bytes))
    }

    /// Where the link `name` points to; nothing when it is no link.
    pub(super) fn link_target(&self, name: &str) -> io::Result<Option<OsString>> {
        match fs::readlinkat(&self.0, one(name)?, Vec::new()) {
            Ok(target) => Ok(Some(OsStr::from_bytes(target.as_bytes()).to_owned())),
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes a new private file, down to the disk; the caller syncs the directory.
    ///
    /// # Errors
    ///
    /// `AlreadyExists`, and whatever the file system says.
    pub(super) fn write_new(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let file = self.written(name, bytes)?;
        step()?;
        file.sync_all()
    }

    /// Writes a new private file that is flushed together with others.
    ///
    /// # Errors
    ///
    /// As for [`Self::write_new`].
    pub(super) fn write_new_with(&self, name: &str, bytes: &[u8], flush: &Flush) -> io::Result<()> {
        flush.add(self.written(name, bytes)?.into())
    }

    fn written(&self, name: &str, bytes: &[u8]) -> io::Result<File> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        step()?;
        let mut file = File::from(fs::openat(&self.0, one(name)?, flags, mode(PRIVATE_FILE))?);
        step()?;
        // Whatever the umask leaves of the mode, these are the bits.
        fs::fchmod(&file, mode(PRIVATE_FILE))?;
        file.write_all(bytes)?;
        Ok(file)
    }

    /// Replaces the private file `name`, or makes it: there is the old or the new one at every moment.
    pub(super) fn replace(&self, name: &str, bytes: &[u8], lasting: Lasting<'_>) -> io::Result<()> {
        let unfinished = unfinished_name();
        let written = match lasting {
            Lasting::With(flush) => self
                .write_new_with(&unfinished, bytes, flush)
                .and_then(|()| self.rename(&unfinished, name))
                .and_then(|()| self.flush_with(flush)),
            Lasting::Certain => self
                .write_new(&unfinished, bytes)
                .and_then(|()| self.rename(&unfinished, name))
                .and_then(|()| self.sync()),
            Lasting::Likely => self
                .written(&unfinished, bytes)
                .and_then(|_| self.rename(&unfinished, name)),
        };
        if written.is_err() {
            let _ = self.remove_file(&unfinished);
        }
        written
    }

    /// Makes a link; the caller syncs the directory.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` whatever is there.
    pub(super) fn link(&self, target: &str, name: &str) -> io::Result<()> {
        step()?;
        Ok(fs::symlinkat(target, &self.0, one(name)?)?)
    }

    /// Renames, over whatever file or link is there; the caller syncs the directory.
    pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        step()?;
        let none = RenameFlags::empty();
        Ok(fs::renameat_with(
            &self.0,
            one(from)?,
            &self.0,
            one(to)?,
            none,
        )?)
    }

    /// Sets the permission bits of the file `name`, which is no link.
    pub(super) fn set_mode(&self, name: &str, file_mode: u32) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = fs::openat(&self.0, one(name)?, flags, Mode::empty())?;
        Ok(fs::fchmod(fd, mode(file_mode))?)
    }

    /// Removes a file or a link; it may be gone already.
    pub(super) fn remove_file(&self, name: &str) -> io::Result<()> {
        step()?;
        absent(fs::unlinkat(&self.0, one(name)?, AtFlags::empty())).map(drop)
    }

    /// Removes an empty directory; says whether it is gone.
    pub(super) fn remove_empty(&self, name: &str) -> io::Result<bool> {
        step()?;
        match absent(fs::unlinkat(&self.0, one(name)?, AtFlags::REMOVEDIR)) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes the directory `name` with all that is in it, and no file that a link in it points to.
    pub(super) fn remove_tree(&self, name: &str) -> io::Result<()> {
        self.remove_tree_within(OsStr::new(one(name)?), TREE_DEPTH_MAX)
    }

    fn remove_tree_within(&self, name: &OsStr, depth: usize) -> io::Result<()> {
        if depth == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let opened = fs::openat(&self.0, name, OPEN_FOLDER, Mode::empty());
        let Some(folder) = absent(opened)?.map(Self) else {
            return Ok(());
        };
        for entry in folder.entries()? {
            if entry.kind == FileType::Directory {
                folder.remove_tree_within(&entry.name, depth - 1)?;
            } else {
                step()?;
                absent(fs::unlinkat(&folder.0, &entry.name, AtFlags::empty()))?;
            }
        }
        step()?;
        absent(fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)).map(drop)
    }

    /// Writes the directory itself down to the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        step()?;
        Ok(fs::fsync(&self.0)?)
    }

    /// Lets the directory itself be written down together with others.
    pub(super) fn flush_with(&self, flush: &Flush) -> io::Result<()> {
        flush.add(self.0.try_clone()?)
    }

    /// The descriptor, for a lock.
    pub(super) fn open_lock(&self, name: &str) -> io::Result<OwnedFd> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(fs::openat(&self.0, one(name)?, flags, mode(PRIVATE_FILE))?)
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A name that nothing else has.
pub(super) fn unfinished_name() -> String {
    format!("{UNFINISHED}{}", random_word())
}

/// 16 random hex digits.
pub(super) fn random_word() -> String {
    let mut bytes = [0; 8];
    getrandom::getrandom(&mut bytes).expect("the operating system has randomness");
    format!("{:016x}", u64::from_be_bytes(bytes))
}

/// One component of a path; names are newtypes before, this is the second fence.
fn one(name: &str) -> io::Result<&str> {
    if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
        Err(io::ErrorKind::InvalidInput.into())
    } else {
        Ok(name)
    }
}

fn stat_of(folder: &OwnedFd, name: &OsStr) -> rustix::io::Result<Stat> {
    fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)
}

fn kind_of(stat: &Stat) -> (FileType, u32) {
    (FileType::from_raw_mode(stat.st_mode), stat.st_mode & 0o7777)
}

/// Not being there is an answer, not an error.
fn absent<T>(result: rustix::io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(rustix::io::Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn mode(bits: u32) -> Mode {
    Mode::from_raw_mode(bits)
}

/// A generation is two levels deep; more was put there by somebody else.
const TREE_DEPTH_MAX: usize = 64;

/// Comes before every change of the disk: where a test ends the run as a kill would, or lets the
/// disk fail.
#[cfg(not(test))]
pub(super) fn step() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
pub(super) fn step() -> io::Result<()> {
    faults::step()
}

#[cfg(test)]
pub(super) mod faults;
