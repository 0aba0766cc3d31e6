//! Finding `.sops.yaml`, for Bulla's own commands and for the `sops` personality.
//!
//! sops looks from the current directory upward. Bulla's own commands look from the file upward, and not above
//! the top of its Git work tree: a rule should be about the files that it lies beside.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use bulla_core::sops::config::{
    SOPS_CONFIG_FILE, SOPS_CONFIG_MISNAMED, SopsConfig, SopsConfigError, Strictness,
};

use crate::config::real_path;
use crate::exit::Blame;
use crate::failure::{Failure, Fault};
use crate::located::InFile;

/// What a search upward came upon.
#[derive(Debug, Default)]
pub(crate) struct Search {
    /// The nearest `.sops.yaml`.
    pub(crate) found: Option<PathBuf>,
    /// Files called `.sops.yml` on the way to it, which sops does not read: worth a warning.
    pub(crate) misnamed: Vec<PathBuf>,
}

/// A configuration, and the directory that its rules are relative to.
#[derive(Debug)]
pub(crate) struct LocatedSops {
    /// What it says.
    pub(crate) config: SopsConfig,
    /// The file.
    pub(crate) file: PathBuf,
}

/// A `.sops.yaml` that can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// The operating system says so.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is not obeyed.
    #[error(transparent)]
    Config(#[from] SopsConfigError),
}

/// Looks for the nearest `.sops.yaml` in `directory` and above, as far as `top`, which is the last one looked into.
pub(crate) fn search(directory: &Path, top: Option<&Path>) -> Search {
    let mut search = Search::default();
    for ancestor in directory.ancestors().take(LEVELS_MAX) {
        let file = ancestor.join(SOPS_CONFIG_FILE);
        if file.is_file() {
            search.found = Some(file);
            break;
        }
        let misnamed = ancestor.join(SOPS_CONFIG_MISNAMED);
        if misnamed.is_file() {
            search.misnamed.push(misnamed);
        }
        if Some(ancestor) == top {
            break;
        }
    }
    search
}

/// Reads a configuration.
///
/// # Errors
/// [`LoadError`] by variant.
pub(crate) fn load(file: &Path, strictness: Strictness) -> Result<LocatedSops, LoadError> {
    let bytes = fs::read(file)?;
    let config = SopsConfig::parse(&bytes, strictness)?;
    let file = file.to_owned();
    Ok(LocatedSops { config, file })
}

impl LocatedSops {
    /// The path of a file as rules see it, links resolved: what counts is where the bytes lie. A file that is not below
    /// the directory of the configuration keeps its whole path.
    ///
    /// # Errors
    /// A path that can't be followed.
    pub(crate) fn relative(&self, path: &Path) -> Result<String, Failure> {
        let root = real_path(self.root())?;
        Ok(slashed(&real_path(path)?, &root))
    }

    /// The same by names alone, as sops sees it from the directory `here`.
    pub(crate) fn relative_by_name(&self, path: &Path, here: &Path) -> String {
        let root = by_name(self.root(), here);
        slashed(&by_name(path, here), &root)
    }

    fn root(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }
}

/// A path without `.` and `..`, links not followed.
fn by_name(path: &Path, here: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in here.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(clean.pop()),
            part => clean.push(part),
        }
    }
    clean
}

fn slashed(path: &Path, root: &Path) -> String {
    let Ok(below) = path.strip_prefix(root) else {
        return path.to_string_lossy().into_owned();
    };
    let parts = below.iter().map(OsStr::to_string_lossy);
    parts.collect::<Vec<Cow<'_, str>>>().join("/")
}

impl LoadError {
    /// Says of which file it is.
    pub(crate) fn of(self, file: &Path) -> Failure {
        match self {
            Self::Io(error) => InFile::io("read", file, error).into(),
            Self::Config(error) => InFile::new("read", file, error).into(),
        }
    }
}

impl Fault for SopsConfigError {
    fn blame(&self) -> Blame {
        match self.exit_code() {
            5 => Blame::Policy,
            _ => Blame::Input,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(SopsConfigError::hint(self).into())
    }
}

/// As many directories upward as sops looks into.
const LEVELS_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_one_upward_is_found_and_misnamed_ones_are_told() {
        let tree = tempfile::tempdir().unwrap();
        let at = |path: &str| tree.path().join(path);
        fs::create_dir_all(at("a/b/c")).unwrap();
        fs::write(at(".sops.yaml"), "creation_rules: []\n").unwrap();
        fs::write(at("a/b/.sops.yml"), "").unwrap();
        let search = super::search(&at("a/b/c"), None);
        assert_eq!(search.found, Some(at(".sops.yaml")));
        assert_eq!(search.misnamed, [at("a/b/.sops.yml")]);
        assert_eq!(super::search(&at("a/b/c"), Some(&at("a"))).found, None);
        fs::write(at("a/b/.sops.yaml"), "").unwrap();
        let search = super::search(&at("a/b/c"), None);
        assert_eq!(search.found, Some(at("a/b/.sops.yaml")));
    }

    #[test]
    fn rules_see_paths_relative_to_the_configuration() {
        let tree = tempfile::tempdir().unwrap();
        let at = |path: &str| tree.path().join(path);
        fs::create_dir_all(at("a/b")).unwrap();
        fs::write(at("a/b/f.yaml"), "").unwrap();
        fs::write(at(".sops.yaml"), "creation_rules: []\n").unwrap();
        std::os::unix::fs::symlink("a/b/f.yaml", at("link.yaml")).unwrap();
        let located = load(&at(".sops.yaml"), Strictness::Strict).unwrap();
        let here = at("a/b");
        assert_eq!(located.relative(&at("link.yaml")).unwrap(), "a/b/f.yaml");
        for (path, expected) in [
            ("f.yaml", "a/b/f.yaml"),
            ("../x/./f.yaml", "a/x/f.yaml"),
            ("../../link.yaml", "link.yaml"),
            ("/etc/f.yaml", "/etc/f.yaml"),
        ] {
            let seen = located.relative_by_name(Path::new(path), &here);
            assert_eq!(seen, expected, "{path}");
        }
    }

    #[test]
    fn one_that_is_not_obeyed_says_where() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "creation_rulez: []\n").unwrap();
        let error = load(file.path(), Strictness::Strict).unwrap_err();
        assert!(error.to_string().starts_with("line 1, column 1: unknown"));
        let lenient = load(file.path(), Strictness::Lenient).unwrap();
        assert_eq!(lenient.config.warnings().len(), 1);
        assert!(load(Path::new("/nowhere/.sops.yaml"), Strictness::Strict).is_err());
    }
}
