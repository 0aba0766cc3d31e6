//! `bulla git resolve`: ends a merge that stopped.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use bulla_core::sops::Side;

use super::merge::Three;
use super::store_of;
use crate::atomic::{NewFile, Replacement, replace};
use crate::cli::{GitResolveArgs, SideArg};
use crate::exit::{Blame, ExitStatus};
use crate::failure::{Failure, Fault};
use crate::git::WorkTree;
use crate::identities::Identities;
use crate::input::MANIFEST_BYTES_MAX;
use crate::located::InFile;
use crate::session::Session;
use crate::shown::Shown;

/// Carries it out: all files, or none.
pub(super) fn run(args: &GitResolveArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let identities = Identities::load(&args.identities, &session.printer)?;
    let favour = args.take.map(|take| match take {
        SideArg::Ours => Side::Ours,
        SideArg::Theirs => Side::Theirs,
    });
    let (mut merged, mut failures) = (Vec::new(), Vec::new());
    for file in &args.files {
        match resolve(file, favour, &identities, session) {
            Ok(bytes) => merged.push((file, bytes)),
            Err(failure) => failures.push(failure),
        }
    }
    Failure::all(failures)?;
    let replacements = merged.iter().map(|(path, bytes)| Replacement {
        path,
        bytes,
        new_file: NewFile::Public,
    });
    replace(&replacements.collect::<Vec<_>>())?;
    for (path, _) in &merged {
        let path = Shown(path);
        session
            .printer
            .say(format_args!("{path}: merged; `git add` it"));
    }
    Ok(ExitStatus::Done)
}

fn resolve(
    file: &Path,
    favour: Option<Side>,
    identities: &Identities,
    session: &Session,
) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::from(InFile::new("merge", file, error));
    let tree = WorkTree::around(file).map_err(|error| InFile::io("find", file, error))?;
    let tree = tree.ok_or_else(|| failed(Unresolved::NoMerge))?;
    let path = inside(&tree, file)?;
    let mut versions = tree.unmerged(&path, MANIFEST_BYTES_MAX)?;
    let [base, ours, theirs] = [1, 2, 3].map(|stage| versions.remove(&stage));
    let (Some(ours), Some(theirs)) = (ours, theirs) else {
        return Err(failed(Unresolved::NoMerge));
    };
    let store = store_of(&path, &ours).filter(|store| store.metadata(&theirs).is_ok());
    let store = store.ok_or_else(|| failed(Unresolved::NotSops))?;
    let three = Three {
        path: file,
        store,
        base: base.unwrap_or_default().into(),
        ours: ours.into(),
        theirs: theirs.into(),
    };
    three.merge(identities, favour, session)
}

/// The path as the index has it.
fn inside(tree: &WorkTree, file: &Path) -> Result<PathBuf, Failure> {
    let real = file
        .canonicalize()
        .map_err(|error| InFile::io("find", file, error))?;
    let path = real.strip_prefix(tree.top()).map(Path::to_owned);
    path.map_err(|_| InFile::new("merge", file, Unresolved::NoMerge).into())
}

/// What can't be resolved.
#[derive(Debug, thiserror::Error)]
enum Unresolved {
    #[error("there is no merge of it that stopped with two sides")]
    NoMerge,
    #[error("it is no SOPS file on both sides")]
    NotSops,
}

impl Fault for Unresolved {
    fn blame(&self) -> Blame {
        Blame::Caller
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::NoMerge => "`git status` lists the files of a merge that stopped",
            Self::NotSops => {
                "envelopes hold a value on each line: settle them by the marks in the file"
            }
        }))
    }
}
