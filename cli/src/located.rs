//! Errors with the file, and the place in it, that they are about.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::exit::Blame;
use crate::failure::Fault;
use crate::shown::Shown;

/// An error of one file: what was being done to it, and why it failed.
#[derive(Debug)]
pub(crate) struct InFile {
    doing: &'static str,
    file: PathBuf,
    source: Box<dyn Fault>,
}

impl InFile {
    /// Puts "failed to `doing` `file`" before `source`.
    pub(crate) fn new(doing: &'static str, file: &Path, source: impl Into<Box<dyn Fault>>) -> Self {
        Self {
            doing,
            file: file.to_owned(),
            source: source.into(),
        }
    }

    /// The same for an error of the operating system.
    pub(crate) fn io(doing: &'static str, file: &Path, source: io::Error) -> Self {
        Self::new(doing, file, Box::new(Io(source)) as Box<dyn Fault>)
    }
}

impl fmt::Display for InFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to {} {}", self.doing, Shown(&self.file))
    }
}

impl Error for InFile {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

impl Fault for InFile {
    fn blame(&self) -> Blame {
        self.source.blame()
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        self.source.hint()
    }
}

/// An error of one object, or of one key, inside of a file.
#[derive(Debug)]
pub(crate) struct InObject {
    what: String,
    source: Box<dyn Fault>,
}

impl InObject {
    /// Puts `what` (such as "line 3 (document 2), SecretEnvelope `shop/db`") before `source`.
    pub(crate) fn new(what: String, source: impl Into<Box<dyn Fault>>) -> Self {
        Self {
            what,
            source: source.into(),
        }
    }
}

impl fmt::Display for InObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for InObject {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

impl Fault for InObject {
    fn blame(&self) -> Blame {
        self.source.blame()
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        self.source.hint()
    }
}

/// An error of the operating system, with a hint where there is one.
#[derive(Debug, thiserror::Error)]
#[error("{}", without_number(.0))]
pub(crate) struct Io(io::Error);

impl Fault for Io {
    fn blame(&self) -> Blame {
        Blame::Machine
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self.0.kind() {
            io::ErrorKind::NotFound => "check the path",
            io::ErrorKind::PermissionDenied => {
                "check the permissions of the file and of its directory"
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "make room on the disk; nothing was changed"
            }
            io::ErrorKind::ReadOnlyFilesystem => {
                "the file system is read-only; nothing was changed"
            }
            io::ErrorKind::IsADirectory => {
                "name the files, or give `-R` to a command that reads directories"
            }
            _ => return None,
        }))
    }
}

impl<F: Fault> From<F> for Box<dyn Fault> {
    fn from(fault: F) -> Self {
        Box::new(fault)
    }
}

fn without_number(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(end) => text[..end].to_lowercase(),
        None => text,
    }
}
