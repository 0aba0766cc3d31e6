//! `bulla git merge`: Git's merge driver.

use std::borrow::Cow;
use std::fmt;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use bulla_core::sops::{MergeError, Side, SopsError, Store, Versions};
use zeroize::Zeroizing;

use super::store_of;
use crate::cli::GitMergeArgs;
use crate::exit::{Blame, ExitStatus};
use crate::failure::{Failure, Fault};
use crate::git::GitError;
use crate::identities::Identities;
use crate::input::{self, MANIFEST_BYTES_MAX};
use crate::located::InFile;
use crate::session::Session;

/// Carries it out. The exit code tells Git whether there is a conflict.
pub(super) fn run(args: &GitMergeArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let read = |path| Ok::<_, Failure>(input::read(path, MANIFEST_BYTES_MAX)?.bytes);
    let (base, ours, theirs) = (read(&args.base)?, read(&args.ours)?, read(&args.theirs)?);
    let sealed = store_of(&args.path, &ours).filter(|store| store.metadata(&theirs).is_ok());
    let Some(store) = sealed else {
        return by_lines(args);
    };
    let three = Three {
        path: &args.path,
        store,
        base,
        ours,
        theirs,
    };
    let identities = Identities::load(&args.identities, &session.printer)?;
    match three.merge(&identities, None, session) {
        Ok(merged) => {
            write(&args.ours, &merged)?;
            Ok(ExitStatus::Done)
        }
        Err(failure) => {
            mark(args)?;
            Err(failure)
        }
    }
}

/// Three versions of a SOPS file.
pub(super) struct Three<'p> {
    pub(super) path: &'p Path,
    pub(super) store: Store,
    pub(super) base: Zeroizing<Vec<u8>>,
    pub(super) ours: Zeroizing<Vec<u8>>,
    pub(super) theirs: Zeroizing<Vec<u8>>,
}

impl Three<'_> {
    /// Merges by value, and says who can open the file now that could not on our side.
    pub(super) fn merge(
        &self,
        identities: &Identities,
        favour: Option<Side>,
        session: &Session,
    ) -> Result<Vec<u8>, Failure> {
        let versions = Versions {
            base: &self.base,
            ours: &self.ours,
            theirs: &self.theirs,
        };
        let now = jiff::Timestamp::now()
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string();
        let merged = self
            .store
            .merge(versions, &identities.ring, favour, &now, &mut session.rng())
            .map_err(|error| {
                let looked_in = identities.looked_in();
                let error = NotMerged::Merge(Stopped { error, looked_in });
                InFile::new("merge", self.path, error)
            })?;
        let before = self.recipients(&self.ours);
        for recipient in self.recipients(&merged) {
            if !before.contains(&recipient) {
                let path = crate::shown::Shown(self.path);
                let shown = recipient.escape_debug();
                session
                    .printer
                    .warn(format_args!("{path} opens for {shown}, by their side"));
            }
        }
        Ok(merged)
    }

    fn recipients(&self, file: &[u8]) -> Vec<String> {
        let groups = self.store.metadata(file).map(|block| block.key_groups());
        let groups = groups.unwrap_or_default().into_iter();
        groups
            .flat_map(|group| group.age)
            .map(|entry| entry.recipient)
            .collect()
    }
}

/// Merges a file that is no SOPS file as Git would. Envelopes hold one value on each line, so that serves them well.
fn by_lines(args: &GitMergeArgs) -> Result<ExitStatus, Failure> {
    let status = merge_file(args, false)?.status.code();
    Ok(match status {
        Some(0) => ExitStatus::Done,
        _ => ExitStatus::Findings,
    })
}

/// Leaves the usual marks in a file that could not be merged; our side as it was where lines alone show no conflict.
fn mark(args: &GitMergeArgs) -> Result<(), Failure> {
    let merged = merge_file(args, true)?;
    match merged.status.code() {
        Some(1..=127) => write(&args.ours, &merged.stdout),
        _ => Ok(()),
    }
}

fn merge_file(args: &GitMergeArgs, print: bool) -> Result<std::process::Output, Failure> {
    let mut command = Command::new("git");
    command
        .arg("merge-file")
        .arg(format!("--marker-size={}", args.marker_size));
    for label in ["ours", "base", "theirs"] {
        command.args(["-L", label]);
    }
    if print {
        command.arg("-p");
    }
    command
        .arg("--")
        .args([&args.ours, &args.base, &args.theirs]);
    let output = command.stdin(Stdio::null()).output();
    Ok(output.map_err(GitError::NotRun)?)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    Ok(fs::write(path, bytes).map_err(|error| InFile::io("write", path, error))?)
}

/// Why there is no merged file, or no opened one.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotMerged {
    #[error(transparent)]
    Merge(Stopped),
    #[error(transparent)]
    Open(#[from] SopsError),
}

/// A merge that stopped, and where keys were looked for.
#[derive(Debug)]
pub(super) struct Stopped {
    error: MergeError,
    looked_in: String,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Stopped {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

impl Fault for NotMerged {
    fn blame(&self) -> Blame {
        // Git takes any code up to 127 for a conflict.
        Blame::Sealed
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        let Self::Merge(Stopped { error, looked_in }) = self else {
            return None;
        };
        Some(match error {
            MergeError::Values(_) => Cow::Borrowed(
                "decide with `bulla git resolve FILE --take ours` or `--take theirs`, then `git add FILE`",
            ),
            MergeError::NoKey(_) => Cow::Owned(format!(
                "looked for keys in {looked_in}; whoever has one ends the merge with `bulla git resolve FILE`"
            )),
            MergeError::Recipients(_) => Cow::Borrowed(
                "let them in with `bulla git resolve FILE --take theirs`, or keep them out with `--take ours`, then `git add FILE`; values that both changed are taken from that side too",
            ),
            MergeError::Block(_) | MergeError::Layout | MergeError::Exposed(_) => Cow::Borrowed(
                "take one side with `git checkout --ours FILE` or `--theirs`, and make the other's changes again",
            ),
            _ => Cow::Borrowed("`git show :2:FILE` and `git show :3:FILE` print the two sides"),
        })
    }
}
