//! Finding `.bulla.yaml`: the outermost one of the Git work tree, and only that.
//!
//! A configuration decides who can read what is sealed, so where it may come from is narrow:
//!
//! - In a Git work tree the outermost one counts. One further down is refused: it would escape the
//!   review of the root's.
//! - Elsewhere the outermost one counts that lies in directories of this user, and belongs to this
//!   user itself, up to the home directory. A file that somebody else put into `/tmp` never counts.
//! - `--config FILE` names one; rules are then relative to its directory.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use bulla_core::policy::{CONFIG_BYTES_MAX, CONFIG_FILE, Config, ConfigError, PolicyError};

use crate::exit::Blame;
use crate::failure::{Failure, Fault};
use crate::git::from_here;
use crate::input;
use crate::located::InFile;
use crate::shown::Shown;

/// A configuration, and the directory that its rules are relative to.
#[derive(Debug)]
pub(crate) struct Located {
    /// What it says.
    pub(crate) config: Config,
    /// The file.
    pub(crate) file: PathBuf,
    root: PathBuf,
}

/// Looks configurations up, each directory and each file once.
#[derive(Debug, Default)]
pub(crate) struct Configs {
    named: Option<PathBuf>,
    by_directory: RefCell<HashMap<PathBuf, Option<Rc<Located>>>>,
    by_file: RefCell<HashMap<PathBuf, Rc<Located>>>,
}

/// A configuration that must not count.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookupError {
    /// A second one, below the first.
    #[error("refusing {}: it lies below {}", Shown(.nested), Shown(.outer))]
    Nested {
        /// The one that would escape review.
        nested: PathBuf,
        /// The one that counts.
        outer: PathBuf,
    },
    /// A file that no rule of the named configuration can be about.
    #[error("{} is not below the directory of {}", Shown(.path), Shown(.file))]
    Outside {
        /// The file that is worked on.
        path: PathBuf,
        /// The configuration.
        file: PathBuf,
    },
    /// Not UTF-8.
    #[error("it is not UTF-8")]
    NotText,
}

impl Configs {
    /// Looks in the usual places, or in `named` alone.
    pub(crate) fn new(named: Option<PathBuf>) -> Self {
        Self {
            named,
            ..Self::default()
        }
    }

    /// The one that `--config` names.
    pub(crate) fn named(&self) -> Option<&Path> {
        self.named.as_deref()
    }

    /// The configuration for a file, which need not be there yet; for the current directory when
    /// no file is meant.
    ///
    /// # Errors
    /// A configuration that can't be read, [`ConfigError`], [`LookupError::Nested`].
    pub(crate) fn of(&self, path: Option<&Path>) -> Result<Option<Rc<Located>>, Failure> {
        if let Some(named) = &self.named {
            let root = real_directory(named)?;
            return self.load(named.clone(), root).map(Some);
        }
        let directory = real_directory(path.unwrap_or(Path::new("-")))?;
        if let Some(known) = self.by_directory.borrow().get(&directory) {
            return Ok(known.clone());
        }
        let found = match outermost(&directory)? {
            Some(root) => Some(self.load(from_here(&root, Path::new(CONFIG_FILE)), root)?),
            None => None,
        };
        self.by_directory
            .borrow_mut()
            .insert(directory, found.clone());
        Ok(found)
    }

    fn load(&self, file: PathBuf, root: PathBuf) -> Result<Rc<Located>, Failure> {
        if let Some(known) = self.by_file.borrow().get(&file) {
            return Ok(known.clone());
        }
        let bytes = input::read(&file, CONFIG_BYTES_MAX)?.bytes;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| InFile::new("read", &file, LookupError::NotText))?;
        let config = Config::parse(text).map_err(|error| InFile::new("read", &file, error))?;
        let located = Rc::new(Located {
            config,
            file: file.clone(),
            root,
        });
        self.by_file.borrow_mut().insert(file, located.clone());
        Ok(located)
    }
}

impl Located {
    /// A file that the configuration names: it lies relative to it.
    pub(crate) fn beside(&self, file: &str) -> PathBuf {
        let directory = self.file.parent().unwrap_or(Path::new(""));
        directory.join(file)
    }

    /// The path of a file as rules see it.
    ///
    /// # Errors
    /// [`LookupError::Outside`].
    pub(crate) fn relative(&self, path: &Path) -> Result<String, Failure> {
        let outside = || LookupError::Outside {
            path: path.to_owned(),
            file: self.file.clone(),
        };
        let real = real_path(path)?;
        let relative = real.strip_prefix(&self.root).map_err(|_| outside())?;
        let parts: Vec<_> = relative
            .components()
            .map(|part| part.as_os_str().to_string_lossy())
            .collect();
        Ok(parts.join("/"))
    }
}

/// The path of a file, links resolved: what counts is where the bytes lie. What is still to be made
/// is kept as named.
pub(crate) fn real_path(path: &Path) -> Result<PathBuf, Failure> {
    let mut existing = path;
    let mut missing = Vec::new();
    loop {
        match fs::canonicalize(if existing == Path::new("") {
            Path::new(".")
        } else {
            existing
        }) {
            Ok(real) => {
                return Ok(missing
                    .iter()
                    .rev()
                    .fold(real, |path, part| path.join(part)));
            }
            Err(error) => match (existing.file_name(), existing.parent()) {
                (Some(name), Some(parent)) if error.kind() == io::ErrorKind::NotFound => {
                    missing.push(name.to_owned());
                    existing = parent;
                }
                _ => return Err(InFile::io("find", path, error).into()),
            },
        }
    }
}

/// The directory that a file lies in, or would lie in.
fn real_directory(path: &Path) -> Result<PathBuf, Failure> {
    let mut real = real_path(path)?;
    real.pop();
    Ok(real)
}

/// The directory of the outermost configuration at or above `directory`.
fn outermost(directory: &Path) -> Result<Option<PathBuf>, Failure> {
    let work_tree = directory
        .ancestors()
        .find(|ancestor| ancestor.join(".git").exists());
    let candidates: Vec<&Path> = match work_tree {
        Some(top) => directory
            .ancestors()
            .take_while(|ancestor| ancestor.starts_with(top))
            .collect(),
        None => own_ancestors(directory),
    };
    let mut with_file = candidates
        .into_iter()
        .rev()
        .filter(|ancestor| ancestor.join(CONFIG_FILE).is_file());
    let Some(outer) = with_file.next() else {
        return Ok(None);
    };
    match with_file.next() {
        Some(nested) => Err(LookupError::Nested {
            nested: nested.join(CONFIG_FILE),
            outer: outer.join(CONFIG_FILE),
        }
        .into()),
        None => Ok(Some(outer.to_owned())),
    }
}

/// `directory` and those above it that belong to this user, as far as the home directory.
fn own_ancestors(directory: &Path) -> Vec<&Path> {
    let user = rustix::process::geteuid().as_raw();
    let own = |path: &Path| fs::symlink_metadata(path).is_ok_and(|metadata| metadata.uid() == user);
    let home = std::env::home_dir().and_then(|home| fs::canonicalize(home).ok());
    let mut ancestors = Vec::new();
    for ancestor in directory
        .ancestors()
        .skip_while(|ancestor| !ancestor.exists())
    {
        let file = ancestor.join(CONFIG_FILE);
        if !own(ancestor) || (file.exists() && !own(&file)) {
            break;
        }
        ancestors.push(ancestor);
        if Some(ancestor) == home.as_deref() {
            break;
        }
    }
    ancestors
}

impl Fault for LookupError {
    fn blame(&self) -> Blame {
        match self {
            Self::Nested { .. } => Blame::Policy,
            Self::Outside { .. } => Blame::Caller,
            Self::NotText => Blame::Input,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Nested { .. } => {
                "move its rules into the outer one, where they are reviewed together"
            }
            Self::Outside { .. } => "`--as-path` says which path the rules should see",
            Self::NotText => return None,
        }))
    }
}

impl Fault for ConfigError {
    fn blame(&self) -> Blame {
        Blame::Input
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(ConfigError::hint(self).into())
    }
}

impl Fault for PolicyError {
    fn blame(&self) -> Blame {
        match self.exit_code() {
            5 => Blame::Policy,
            _ => Blame::Caller,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(PolicyError::hint(self).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for file in files {
            let path = directory.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        directory
    }

    #[test]
    fn the_one_at_the_top_of_the_work_tree_counts() {
        let tree = tree(&["repo/.git/HEAD", "repo/.bulla.yaml", "repo/a/b/db.yaml"]);
        let file = tree.path().join("repo/a/b/db.yaml");
        let located = Configs::default().of(Some(&file)).unwrap().unwrap();
        assert_eq!(located.relative(&file).unwrap(), "a/b/db.yaml");
        let new = tree.path().join("repo/a/new/deep/x.yaml");
        assert_eq!(located.relative(&new).unwrap(), "a/new/deep/x.yaml");
        assert!(located.relative(Path::new("/etc/passwd")).is_err());
    }

    #[test]
    fn one_outside_of_the_work_tree_does_not_count() {
        let tree = tree(&[".bulla.yaml", "repo/.git", "repo/db.yaml"]);
        let found = Configs::default()
            .of(Some(&tree.path().join("repo/db.yaml")))
            .unwrap();
        assert!(found.is_none());
    }

    #[test]
    fn a_nested_one_is_refused() {
        let tree = tree(&[
            "repo/.git",
            "repo/.bulla.yaml",
            "repo/a/.bulla.yaml",
            "repo/a/db.yaml",
        ]);
        let error = Configs::default()
            .of(Some(&tree.path().join("repo/a/db.yaml")))
            .unwrap_err();
        assert_eq!(error.status(), crate::exit::ExitStatus::Refused);
    }

    #[test]
    fn a_link_is_where_it_leads_to() {
        let tree = tree(&[
            "repo/.git",
            "repo/.bulla.yaml",
            "repo/real/db.yaml",
            "repo/links/.keep",
        ]);
        let link = tree.path().join("repo/links/other.yaml");
        std::os::unix::fs::symlink("../real/db.yaml", &link).unwrap();
        let located = Configs::default().of(Some(&link)).unwrap().unwrap();
        assert_eq!(located.relative(&link).unwrap(), "real/db.yaml");
    }
}
