//! The work tree that the paths on the command line are in.

use std::path::PathBuf;

use crate::config::real_path;
use crate::failure::Failure;
use crate::git::{GitError, WorkTree};

/// The work tree of the first path, which need not be there any more, or of the current directory.
pub(super) fn work_tree(inputs: &[PathBuf]) -> Result<WorkTree, Failure> {
    let Some(path) = inputs.first() else {
        return WorkTree::here();
    };
    let around = real_path(path)?;
    let existing = around
        .ancestors()
        .find(|path| path.exists())
        .unwrap_or(&around);
    let found = WorkTree::around(existing).map_err(GitError::NotRun)?;
    Ok(found.ok_or_else(|| GitError::NoWorkTree(path.clone()))?)
}

/// The paths from the top of the work tree on.
pub(super) fn inside(tree: &WorkTree, inputs: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let below = inputs.iter().map(|path| {
        let real = real_path(path)?;
        let inside = real
            .strip_prefix(tree.top())
            .map_err(|_| GitError::NoWorkTree(path.clone()))?;
        Ok(inside.to_owned())
    });
    below.collect()
}
