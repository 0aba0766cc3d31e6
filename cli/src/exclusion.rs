//! `--exclude`: what commands that go through directories pass over.

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};

use clap::Args;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::exit::Blame;
use crate::failure::{Failure, Fault};

/// Flags of commands that go through directories.
#[derive(Debug, Default, Args)]
pub(crate) struct ExcludeArgs {
    /// Pass over what is called so in directories, as a line of .gitignore has it: `*.tmpl.yaml`,
    /// `vendor/`, `/clusters/test/**` from the current directory on; several times for several
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
}

/// The patterns of one run.
#[derive(Debug, Clone)]
pub(crate) struct Exclusion {
    patterns: Gitignore,
    here: PathBuf,
}

/// Not a pattern.
#[derive(Debug, thiserror::Error)]
#[error("`{}` is not a pattern for `--exclude`", .0.escape_debug())]
pub(crate) struct PatternError(String);

impl ExcludeArgs {
    /// Reads the patterns.
    ///
    /// # Errors
    /// [`PatternError`].
    pub(crate) fn exclusion(&self) -> Result<Exclusion, Failure> {
        let mut builder = GitignoreBuilder::new("");
        for pattern in &self.exclude {
            let wrong = |_| PatternError(pattern.clone());
            builder.add_line(None, pattern).map_err(wrong)?;
        }
        Ok(Exclusion {
            patterns: builder.build().map_err(|_| PatternError(String::new()))?,
            here: std::env::current_dir().unwrap_or_default(),
        })
    }
}

impl Exclusion {
    /// True without any pattern.
    pub(crate) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// True for what is passed over; the path is as seen from the current directory.
    pub(crate) fn has(&self, path: &Path, is_directory: bool) -> bool {
        if self.is_empty() {
            return false;
        }
        let path = path.strip_prefix(&self.here).unwrap_or(path);
        let mut seen = PathBuf::new();
        for part in path.components() {
            match part {
                // Elsewhere: patterns from the current directory on have nothing to do with it.
                Component::RootDir | Component::Prefix(_) => seen.push(".."),
                Component::CurDir => {}
                part => seen.push(part),
            }
        }
        let found = self
            .patterns
            .matched_path_or_any_parents(&seen, is_directory);
        found.is_ignore()
    }
}

impl Fault for PatternError {
    fn blame(&self) -> Blame {
        Blame::Caller
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some("patterns are those of .gitignore; quote them, or the shell expands them".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excluded(patterns: &[&str], path: &str) -> bool {
        let exclude = patterns.iter().map(|text| (*text).to_owned()).collect();
        let exclusion = ExcludeArgs { exclude }.exclusion().unwrap();
        exclusion.has(Path::new(path), false)
    }

    #[test]
    fn patterns_are_those_of_gitignore() {
        for (pattern, path) in [
            ("*.tmpl.yaml", "clusters/a/x.tmpl.yaml"),
            ("vendor/", "a/vendor/b/x.yaml"),
            ("/clusters/test/**", "./clusters/test/b/x.yaml"),
            ("clusters/test", "clusters/test/b/x.yaml"),
            ("x.yaml", "../x.yaml"),
            ("x.yaml", "/srv/x.yaml"),
        ] {
            assert!(excluded(&[pattern], path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("/clusters/test/**", "clusters/prod/x.yaml"),
            ("/clusters/**", "../clusters/x.yaml"),
            ("/srv/**", "/srv/x.yaml"),
            ("vendor/", "vendor"),
        ] {
            assert!(!excluded(&[pattern], path), "{pattern} {path}");
        }
        assert!(!excluded(&["*.yaml", "!db.yaml"], "a/db.yaml"));
        assert!(!excluded(&[], "a/db.yaml"));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        let exclude = vec!["[z-a]".to_owned()];
        let error = ExcludeArgs { exclude }.exclusion().unwrap_err();
        assert_eq!(error.status(), crate::exit::ExitStatus::Usage);
    }
}
