//! Files, directories and standard input, read whole and within a limit.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use zeroize::Zeroizing;

use crate::exclusion::Exclusion;
use crate::exit::Blame;
use crate::failure::{Failure, Fault};
use crate::located::InFile;
use crate::sops_file;
use crate::versions;

/// A file that was read, or standard input.
pub(crate) struct Input {
    /// Its bytes, plaintext perhaps.
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// Where it is; `-` is standard input.
    pub(crate) path: PathBuf,
    /// It was found in a directory, so nobody has said that it concerns this command.
    pub(crate) found: bool,
}

/// An input that can't be taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    /// Nothing was named, and nobody pipes anything in.
    #[error("no file was named")]
    Nothing,
    /// More than any manifest has.
    #[error("it has more than {} MiB", .limit >> 20)]
    TooLarge {
        /// In bytes.
        limit: usize,
    },
    /// Standard input named twice.
    #[error("standard input can be read only once")]
    StdinTwice,
    /// A directory where a file belongs.
    #[error("it is a directory")]
    Directory,
    /// A directory without anything to read.
    #[error("it holds no `.yaml`, `.yml` or `.json` file")]
    EmptyDirectory {
        /// Directories below it were looked into.
        recursive: bool,
    },
}

/// Reads a file, or standard input for `-`.
///
/// # Errors
/// Those of the operating system, [`InputError::TooLarge`], [`InputError::Directory`].
pub(crate) fn read(path: &Path, limit: usize) -> Result<Input, Failure> {
    let bytes = if is_stdin(path) {
        read_all(io::stdin().lock(), 0, limit)
    } else {
        File::open(path).and_then(|file| {
            let metadata = file.metadata()?;
            let expected = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
            match metadata.is_file() {
                _ if metadata.is_dir() => return Ok(Err(InputError::Directory)),
                true if expected > limit => return Ok(Err(InputError::TooLarge { limit })),
                true => versions::note(path, &metadata),
                // A pipe or a device has nothing that could be replaced.
                false => {}
            }
            read_all(file, expected.min(limit), limit)
        })
    };
    let failed = |error| InFile::io("read", path, error);
    let bytes = bytes
        .map_err(failed)?
        .map_err(|error| InFile::new("read", path, error))?;
    Ok(Input { bytes })
}

fn read_all(
    source: impl Read,
    expected: usize,
    limit: usize,
) -> io::Result<Result<Zeroizing<Vec<u8>>, InputError>> {
    // One byte more than expected, or the end could be found only by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(expected + 1));
    source.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(if bytes.len() > limit {
        Err(InputError::TooLarge { limit })
    } else {
        Ok(bytes)
    })
}

/// The files that `named` stands for: directories give their manifests, and nothing at all is
/// standard input when something is piped in.
///
/// Directories are read in the order of names; `.git`, links, what Git ignores and what `exclusion`
/// has are passed over.
///
/// # Errors
/// [`InputError`] by variant, and a directory that can't be read.
pub(crate) fn sources<'a>(
    named: impl Iterator<Item = &'a PathBuf>,
    recursive: bool,
    exclusion: &Exclusion,
) -> Result<Vec<Source>, Failure> {
    let mut sources: Vec<Source> = Vec::new();
    let mut any = false;
    for path in named {
        any = true;
        if !is_stdin(path) && path.is_dir() {
            let found = manifests_in(path, recursive, exclusion)?;
            if found.is_empty() && exclusion.is_empty() {
                return Err(
                    InFile::new("read", path, InputError::EmptyDirectory { recursive }).into(),
                );
            }
            sources.extend(found);
        } else if is_stdin(path) && sources.iter().any(|source| is_stdin(&source.path)) {
            return Err(InputError::StdinTwice.into());
        } else {
            sources.push(Source {
                path: path.clone(),
                found: false,
            });
        }
    }
    if !any {
        if io::stdin().is_terminal() {
            return Err(InputError::Nothing.into());
        }
        sources.push(Source {
            path: STDIN.into(),
            found: false,
        });
    }
    let mut seen = std::collections::HashSet::new();
    sources.retain(|source| seen.insert(source.path.clone()));
    Ok(sources)
}

fn manifests_in(
    directory: &Path,
    recursive: bool,
    exclusion: &Exclusion,
) -> Result<Vec<Source>, Failure> {
    let passed_over = exclusion.clone();
    let walk = WalkBuilder::new(directory)
        .hidden(false)
        .max_depth((!recursive).then_some(1))
        .sort_by_file_name(OsStr::cmp)
        .filter_entry(move |entry| {
            let is_directory = entry.file_type().is_some_and(|kind| kind.is_dir());
            entry.file_name() != ".git" && !passed_over.has(entry.path(), is_directory)
        })
        .build();
    let mut found = Vec::new();
    for entry in walk {
        let entry = entry.map_err(|error| {
            InFile::io(
                "read",
                directory,
                error
                    .into_io_error()
                    .unwrap_or_else(|| io::ErrorKind::Other.into()),
            )
        })?;
        let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
        if is_file && (is_manifest(entry.path()) || sops_file::may_be(entry.path())) {
            found.push(Source {
                path: entry.into_path(),
                found: true,
            });
        }
    }
    Ok(found)
}

/// True when the bytes hold that word. Whoever says what an object is says it in so many words.
pub(crate) fn mentions(bytes: &[u8], word: &str) -> bool {
    bytes
        .windows(word.len())
        .any(|window| window == word.as_bytes())
}

/// True for `-`.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new(STDIN)
}

/// True for what is called like a manifest, and is no configuration.
pub(crate) fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str);
    extension.is_some_and(|extension| ["yaml", "yml", "json"].contains(&extension))
        && !is_config(path)
}

/// True for what is called like a configuration of Bulla or sops.
pub(crate) fn is_config(path: &Path) -> bool {
    let mut names = CONFIG_FILES.iter();
    names.any(|name| path.file_name() == Some(OsStr::new(name)))
}

impl Fault for InputError {
    fn blame(&self) -> Blame {
        Blame::Caller
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Nothing => {
                "name a file, or pipe a manifest in: `kubectl get secret db -o yaml | bulla seal`"
            }
            Self::TooLarge { .. } => {
                "a manifest that the API server takes is far smaller: split the file"
            }
            Self::StdinTwice => "name `-` once",
            Self::Directory => "name a file",
            Self::EmptyDirectory { recursive: false } => "`-R` reads the directories below it too",
            Self::EmptyDirectory { recursive: true } => return None,
        }))
    }
}

const CONFIG_FILES: [&str; 2] = [
    bulla_core::policy::CONFIG_FILE,
    bulla_core::sops::config::SOPS_CONFIG_FILE,
];
const STDIN: &str = "-";
/// The largest manifest that is read; the parser has the same limit.
pub(crate) const MANIFEST_BYTES_MAX: usize = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_gives_its_manifests_in_order_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for name in ["sub", ".git"] {
            std::fs::create_dir(at(name)).unwrap();
        }
        for name in [
            "b.yaml",
            "a.yml",
            "c.json",
            "x.txt",
            ".bulla.yaml",
            "sub/d.yaml",
            ".git/e.yaml",
        ] {
            std::fs::write(at(name), "").unwrap();
        }
        std::os::unix::fs::symlink(at("b.yaml"), at("link.yaml")).unwrap();
        std::fs::write(at(".gitignore"), "a.yml\n").unwrap();
        let everything = crate::cli::ExcludeArgs::default().exclusion().unwrap();
        let names = |recursive| -> Vec<_> {
            let sources =
                sources([directory.path().to_owned()].iter(), recursive, &everything).unwrap();
            let relative = |s: Source| s.path.strip_prefix(directory.path()).unwrap().to_owned();
            sources.into_iter().map(relative).collect()
        };
        assert_eq!(names(false), ["b.yaml", "c.json"].map(PathBuf::from));
        assert_eq!(
            names(true),
            ["b.yaml", "c.json", "sub/d.yaml"].map(PathBuf::from)
        );
    }

    #[test]
    fn a_file_over_the_limit_is_not_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "12345").unwrap();
        assert!(read(file.path(), 4).is_err());
        assert_eq!(*read(file.path(), 5).unwrap().bytes, b"12345");
    }
}
