//! Which files `check` looks at: of the work tree, of the index, of a directory, or those named.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use bulla_core::sops::Store;
use bulla_core::sops::config::is_disguised_dotenv;

use crate::cli::CheckArgs;
use crate::exclusion::Exclusion;
use crate::failure::Failure;
use crate::git::{Entry, WorkTree, from_here};
use crate::input::{self, MANIFEST_BYTES_MAX, is_manifest, is_stdin};
use crate::located::InFile;
use crate::sops_file;

/// The files to look at.
pub(super) struct Candidates {
    /// The work tree, where they are of one.
    pub(super) tree: Option<WorkTree>,
    /// What is staged, configurations too; empty unless that is looked at.
    pub(super) staged: Vec<Entry>,
    files: Vec<Candidate>,
}

/// One of them.
pub(super) struct Candidate {
    /// What it is called from the current directory.
    pub(super) shown: PathBuf,
    /// Its path from the top of the work tree.
    pub(super) in_tree: Option<PathBuf>,
    /// Somebody named it, and wants to hear of it whatever it is.
    pub(super) named: bool,
}

impl Candidates {
    /// Finds them; nothing is read yet.
    pub(super) fn find(args: &CheckArgs) -> Result<Self, Failure> {
        let exclusion = args.exclude.exclusion()?;
        let mut all = Self::find_all(args, &exclusion)?;
        // What somebody names is looked at whatever else is said.
        all.files
            .retain(|file| file.named || !exclusion.has(&file.shown, false));
        Ok(all)
    }

    fn find_all(args: &CheckArgs, exclusion: &Exclusion) -> Result<Self, Failure> {
        if args.staged {
            return Self::staged();
        }
        if args.inputs.is_empty() {
            return match WorkTree::here() {
                Ok(tree) => Self::of_tree(tree, &[]),
                Err(_) => Self::of_directory(Path::new("."), exclusion),
            };
        }
        let mut all = Self {
            tree: None,
            staged: vec![],
            files: vec![],
        };
        for path in &args.inputs {
            let found = Self::named(path, exclusion)?;
            all.tree = all.tree.or(found.tree);
            all.files.extend(found.files);
        }
        let mut seen = BTreeSet::new();
        all.files.retain(|file| seen.insert(file.shown.clone()));
        Ok(all)
    }

    fn staged() -> Result<Self, Failure> {
        let tree = WorkTree::here()?;
        let staged = tree.staged()?;
        let files = staged
            .iter()
            .filter(|entry| is_manifest(&entry.path) || is_called_so(&entry.path));
        let files = files
            .map(|entry| Candidate::in_tree(&tree, entry.path.clone()))
            .collect();
        Ok(Self {
            tree: Some(tree),
            staged,
            files,
        })
    }

    fn of_tree(tree: WorkTree, below: &[PathBuf]) -> Result<Self, Failure> {
        let files = tree.files(below)?.into_iter().filter(|path| {
            let real = || tree.top().join(path);
            is_manifest(path) || is_called_so(path) || sops_file::may_be(&real())
        });
        let files = files.map(|path| Candidate::in_tree(&tree, path)).collect();
        Ok(Self {
            tree: Some(tree),
            staged: vec![],
            files,
        })
    }

    /// A directory outside of Git.
    fn of_directory(directory: &Path, exclusion: &Exclusion) -> Result<Self, Failure> {
        let sources = input::sources([directory.to_owned()].iter(), true, exclusion)?;
        let bare = |path: PathBuf| path.strip_prefix("./").map(Path::to_owned).unwrap_or(path);
        let candidate = |source: input::Source| Candidate {
            shown: bare(source.path),
            in_tree: None,
            named: false,
        };
        Ok(Self {
            tree: None,
            staged: vec![],
            files: sources.into_iter().map(candidate).collect(),
        })
    }

    fn named(path: &Path, exclusion: &Exclusion) -> Result<Self, Failure> {
        if is_stdin(path) {
            let file = Candidate {
                shown: path.to_owned(),
                in_tree: None,
                named: true,
            };
            return Ok(Self {
                tree: None,
                staged: vec![],
                files: vec![file],
            });
        }
        let real = path
            .canonicalize()
            .map_err(|error| InFile::io("read", path, error))?;
        let tree = WorkTree::around(&real).map_err(|error| InFile::io("read", path, error))?;
        let in_tree = tree
            .as_ref()
            .and_then(|tree| real.strip_prefix(tree.top()).ok())
            .map(Path::to_owned);
        match (real.is_dir(), tree, in_tree) {
            (true, Some(tree), Some(below)) => Self::of_tree(tree, &[below]),
            (true, ..) => Self::of_directory(path, exclusion),
            (false, tree, in_tree) => {
                let file = Candidate {
                    shown: path.to_owned(),
                    in_tree,
                    named: true,
                };
                Ok(Self {
                    tree,
                    staged: vec![],
                    files: vec![file],
                })
            }
        }
    }

    /// Hands out each file with its bytes. What is gone since Git last looked, what is no file,
    /// and what is too large for a manifest is passed over, unless somebody named it.
    pub(super) fn each(
        &self,
        mut look_at: impl FnMut(&Candidate, &[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if let (Some(tree), false) = (&self.tree, self.staged.is_empty()) {
            let by_path: HashMap<_, _> = self
                .staged
                .iter()
                .map(|entry| (entry.path.as_path(), entry))
                .collect();
            let entry = |file: &Candidate| by_path.get(file.in_tree.as_deref()?).copied().cloned();
            let (files, entries): (Vec<_>, Vec<_>) = self
                .files
                .iter()
                .filter_map(|file| Some((file, entry(file)?)))
                .unzip();
            let contents = tree.contents(&entries, MANIFEST_BYTES_MAX)?;
            for (file, content) in files.into_iter().zip(contents) {
                if let Some(bytes) = content {
                    look_at(file, &bytes)?;
                }
            }
            return Ok(());
        }
        for file in &self.files {
            let is_file =
                || std::fs::symlink_metadata(&file.shown).is_ok_and(|metadata| metadata.is_file());
            if !file.named && !is_file() {
                continue;
            }
            match input::read(&file.shown, MANIFEST_BYTES_MAX) {
                Ok(input) => look_at(file, &input.bytes)?,
                Err(failure) if file.named => return Err(failure),
                Err(failure) => match std::fs::metadata(&file.shown) {
                    Ok(metadata) if metadata.len() > MANIFEST_BYTES_MAX as u64 => {}
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    // A file that can't be read may hold anything.
                    _ => return Err(failure),
                },
            }
        }
        Ok(())
    }
}

/// True for names of dotenv and INI, those included that sops does not take for dotenv.
fn is_called_so(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let by_name = matches!(Store::of_name(&name), Store::Dotenv | Store::Ini);
    by_name || is_disguised_dotenv(&name)
}

impl Candidate {
    fn in_tree(tree: &WorkTree, path: PathBuf) -> Self {
        Self {
            shown: from_here(tree.top(), &path),
            in_tree: Some(path),
            named: false,
        }
    }
}
