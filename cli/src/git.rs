//! What Git knows, by way of the `git` program: it honours worktrees, sparse checkouts and hooks.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::exit::Blame;
use crate::failure::{Failure, Fault};

/// A Git work tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WorkTree {
    top: PathBuf,
}

/// A file of a revision, or of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its path, relative to the top.
    pub(crate) path: PathBuf,
    /// The name of its content.
    pub(crate) id: String,
}

/// Git did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GitError {
    /// There is no such program.
    #[error("failed to run `git`")]
    NotRun(#[source] io::Error),
    /// No work tree around.
    #[error("{} is not in a Git work tree", crate::shown::Shown(.0))]
    NoWorkTree(PathBuf),
    /// Not a revision.
    #[error("`{}` is not a revision of this repository", .0.escape_debug())]
    NoRevision(String),
    /// It ended with an error.
    #[error("`git {command}` failed: {said}")]
    Failed {
        /// The subcommand.
        command: &'static str,
        /// The first line of what it said.
        said: String,
    },
}

impl WorkTree {
    /// The work tree that a path lies in. No program is run.
    ///
    /// # Errors
    /// The path can't be resolved.
    pub(crate) fn around(path: &Path) -> io::Result<Option<Self>> {
        let path = if path == Path::new("") {
            Path::new(".")
        } else {
            path
        };
        let real = path.canonicalize()?;
        let top = real
            .ancestors()
            .find(|ancestor| ancestor.join(".git").exists());
        Ok(top.map(|top| Self {
            top: top.to_owned(),
        }))
    }

    /// The work tree of the current directory.
    ///
    /// # Errors
    /// [`GitError::NoWorkTree`].
    pub(crate) fn here() -> Result<Self, Failure> {
        let here = Path::new(".");
        let around = Self::around(here).map_err(GitError::NotRun)?;
        Ok(around.ok_or_else(|| GitError::NoWorkTree(here.to_owned()))?)
    }

    /// Its top directory.
    pub(crate) fn top(&self) -> &Path {
        &self.top
    }

    /// True for a file below it that is tracked, or new and not ignored.
    pub(crate) fn takes(&self, file: &Path) -> bool {
        let real = file.canonicalize().ok();
        let relative = real
            .as_deref()
            .and_then(|real| real.strip_prefix(&self.top).ok());
        relative.is_some_and(|path| {
            self.files(&[path.to_owned()])
                .is_ok_and(|files| !files.is_empty())
        })
    }

    /// Files that are tracked, or new and not ignored, below some paths relative to the top.
    pub(crate) fn files(&self, below: &[PathBuf]) -> Result<Vec<PathBuf>, GitError> {
        let mut arguments = vec![
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
            "--deduplicate",
            "--",
        ]
        .into_iter()
        .map(OsString::from)
        .collect::<Vec<_>>();
        arguments.extend(below.iter().map(|path| literal(path)));
        let out = self.run("ls-files", &arguments)?;
        Ok(split(&out)
            .map(|path| PathBuf::from(OsStr::from_bytes(path)))
            .collect())
    }

    /// Files as they are staged.
    pub(crate) fn staged(&self) -> Result<Vec<Entry>, GitError> {
        let out = self.run("ls-files", &["-z", "--stage"].map(OsString::from))?;
        Ok(entries(&out, |words| (words.next(), words.next())))
    }

    /// Files of a revision, below some paths relative to the top.
    pub(crate) fn tree(&self, revision: &str, below: &[PathBuf]) -> Result<Vec<Entry>, GitError> {
        let commit = self.commit(revision)?;
        let mut arguments: Vec<_> = ["-r", "-z", "--full-tree"].map(OsString::from).into();
        arguments.extend([OsString::from(commit), "--".into()]);
        // `ls-tree` takes its paths literally.
        arguments.extend(
            below
                .iter()
                .filter(|path| *path != Path::new(""))
                .map(|path| path.clone().into_os_string()),
        );
        let out = self.run("ls-tree", &arguments)?;
        Ok(entries(&out, |words| {
            let mode = words.next();
            words.next();
            (mode, words.next())
        }))
    }

    /// The versions of a file whose merge has stopped, by Git's stages: 1 base, 2 ours, 3 theirs.
    pub(crate) fn unmerged(
        &self,
        path: &Path,
        limit: usize,
    ) -> Result<BTreeMap<u8, Vec<u8>>, GitError> {
        let arguments = ["-z".into(), "--unmerged".into(), "--".into(), literal(path)];
        let out = self.run("ls-files", &arguments)?;
        let stages = split(&out).filter_map(|line| {
            let mut words = std::str::from_utf8(line).ok()?.split_whitespace();
            let id = words.nth(1)?.to_owned();
            let path = path.to_owned();
            Some((words.next()?.parse().ok()?, Entry { path, id }))
        });
        let stages: Vec<(u8, Entry)> = stages.collect();
        let (numbers, entries): (Vec<u8>, Vec<Entry>) = stages.into_iter().unzip();
        let contents = self.contents(&entries, limit)?;
        let found = numbers.into_iter().zip(contents);
        Ok(found
            .filter_map(|(stage, content)| Some((stage, content?)))
            .collect())
    }

    /// Where Git keeps a file of its own, whatever its configuration and linked work trees say.
    pub(crate) fn git_path(&self, name: &Path) -> Result<PathBuf, GitError> {
        let out = self.run("rev-parse", &["--git-path".into(), name.into()])?;
        let path = out.strip_suffix(b"\n").unwrap_or(&out);
        Ok(self.top.join(OsStr::from_bytes(path)))
    }

    /// Asks or changes the configuration, by the arguments of `git config`.
    pub(crate) fn config(&self, arguments: &[&str]) -> Result<String, GitError> {
        let arguments: Vec<_> = arguments.iter().map(OsString::from).collect();
        let out = self.run("config", &arguments)?;
        Ok(String::from_utf8_lossy(&out).trim_end().to_owned())
    }

    /// The contents of files; nothing for one that is larger than `limit`.
    pub(crate) fn contents(
        &self,
        entries: &[Entry],
        limit: usize,
    ) -> Result<Vec<Option<Vec<u8>>>, GitError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let mut child = self
            .command("cat-file")
            .arg("--batch")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(GitError::NotRun)?;
        let lost = |said: &str| GitError::Failed {
            command: "cat-file",
            said: said.to_owned(),
        };
        let (Some(mut asking), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(lost("it has no input or output"));
        };
        let mut answers = BufReader::new(answers);
        let mut contents = Vec::with_capacity(entries.len());
        // One question, one answer: neither side ever waits for the other.
        let mut exchange = |id: &str| -> io::Result<Option<Vec<u8>>> {
            writeln!(asking, "{id}")?;
            let mut header = String::new();
            answers.read_line(&mut header)?;
            let size = header
                .split_whitespace()
                .nth(2)
                .and_then(|size| size.parse::<usize>().ok());
            let size = size.ok_or(io::ErrorKind::InvalidData)?;
            let kept = size <= limit;
            let mut content = Vec::new();
            if kept {
                content = vec![0; size];
                answers.read_exact(&mut content)?;
            } else {
                io::copy(&mut (&mut answers).take(size as u64), &mut io::sink())?;
            }
            answers.read_exact(&mut [0])?;
            Ok(kept.then_some(content))
        };
        for entry in entries {
            let content = exchange(&entry.id).map_err(|_| lost("it did not answer"))?;
            contents.push(content);
        }
        drop(asking);
        let _ = child.wait();
        Ok(contents)
    }

    fn commit(&self, revision: &str) -> Result<String, GitError> {
        let arguments = [
            "--verify",
            "--quiet",
            "--end-of-options",
            &format!("{revision}^{{commit}}"),
        ];
        match self.run("rev-parse", &arguments.map(OsString::from)) {
            Ok(id) => Ok(String::from_utf8_lossy(&id).trim().to_owned()),
            Err(GitError::Failed { said, .. }) if said.is_empty() => {
                Err(GitError::NoRevision(revision.to_owned()))
            }
            Err(error) => Err(error),
        }
    }

    fn run(&self, command: &'static str, arguments: &[OsString]) -> Result<Vec<u8>, GitError> {
        let output = self
            .command(command)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .map_err(GitError::NotRun)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().next().unwrap_or_default();
        let said = said.chars().flat_map(|c| {
            if c.is_control() {
                c.escape_debug().collect()
            } else {
                vec![c]
            }
        });
        Err(GitError::Failed {
            command,
            said: said.collect(),
        })
    }

    fn command(&self, command: &'static str) -> Command {
        let mut git = Command::new("git");
        // Looking never writes: no refreshed index, no lock.
        git.env("GIT_OPTIONAL_LOCKS", "0")
            .arg("-C")
            .arg(&self.top)
            .arg(command);
        git
    }
}

/// A path as seen from the current directory, for showing and for opening.
pub(crate) fn from_here(top: &Path, path: &Path) -> PathBuf {
    let Ok(here) = std::env::current_dir() else {
        return top.join(path);
    };
    let Ok(inside) = here.strip_prefix(top) else {
        return top.join(path);
    };
    let shared = inside
        .components()
        .zip(path.components())
        .take_while(|(a, b)| a == b)
        .count();
    let up = inside.components().skip(shared).map(|_| Path::new(".."));
    up.chain(
        path.components()
            .skip(shared)
            .map(|part| Path::new(part.as_os_str())),
    )
    .collect()
}

/// A pathspec that means just this path.
fn literal(path: &Path) -> OsString {
    let mut spec = OsString::from(":(top,literal)");
    spec.push(path);
    spec
}

fn split(out: &[u8]) -> impl Iterator<Item = &[u8]> {
    out.split(|byte| *byte == 0).filter(|part| !part.is_empty())
}

/// Lines of `… <tab> path`; `pick` finds mode and id. Links and submodules are no files.
fn entries<'o>(
    out: &'o [u8],
    pick: impl Fn(&mut std::str::SplitWhitespace<'o>) -> (Option<&'o str>, Option<&'o str>),
) -> Vec<Entry> {
    let entry = |line: &'o [u8]| {
        let tab = line.iter().position(|byte| *byte == b'\t')?;
        let (mode, id) = pick(&mut std::str::from_utf8(&line[..tab]).ok()?.split_whitespace());
        let path = PathBuf::from(OsString::from_vec(line[tab + 1..].to_vec()));
        mode?.starts_with("100").then_some(Entry {
            path,
            id: id?.to_owned(),
        })
    };
    split(out).filter_map(entry).collect()
}

impl Fault for GitError {
    fn blame(&self) -> Blame {
        match self {
            Self::NoWorkTree(_) | Self::NoRevision(_) => Blame::Caller,
            Self::NotRun(_) | Self::Failed { .. } => Blame::Machine,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::NotRun(_) => "install Git; this command asks it for files and revisions",
            Self::NoWorkTree(_) => "run it in a clone of the repository",
            Self::NoRevision(name) if name == "HEAD" => {
                "there is no commit yet: `bulla inspect` and `bulla check` look at the files themselves"
            }
            Self::NoRevision(_) => {
                "`git fetch` brings branches of the remote; a shallow clone in CI may lack them"
            }
            Self::Failed { .. } => return None,
        }))
    }
}
