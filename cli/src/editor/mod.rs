//! The user's editor, on a file, until it is closed.

pub(crate) mod view;

use std::borrow::Cow;
use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::exit::Blame;
use crate::failure::{Failure, Fault};
use crate::interrupt::Deferred;

/// An editor that did not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EditorError {
    /// It could not be started.
    #[error("failed to start the editor `{name}`")]
    Start {
        /// What was called.
        name: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It ended with an error.
    #[error("the editor `{0}` ended with an error")]
    Ended(String),
}

/// Opens `file` in `$VISUAL` or `$EDITOR`, and waits.
///
/// # Errors
/// [`EditorError`]; a signal that asks this program to end: the editor is told to end too.
pub(crate) fn edit(file: &Path, deferred: &Deferred) -> Result<(), Failure> {
    let editor = ["VISUAL", "EDITOR"]
        .into_iter()
        .filter_map(env::var_os)
        .find(|name| !name.is_empty());
    let editor = editor.unwrap_or_else(|| FALLBACK.into());
    edit_with(&editor, file, deferred)
}

/// Opens `file` in an editor, and waits.
///
/// # Errors
/// As for [`edit`].
pub(crate) fn edit_with(editor: &OsStr, file: &Path, deferred: &Deferred) -> Result<(), Failure> {
    let name = editor.to_string_lossy().into_owned();
    // The shell splits what may be a program with its flags, as git does it.
    let mut line = OsString::from(editor);
    line.push(" \"$@\"");
    let started = Command::new("sh")
        .arg("-c")
        .arg(line)
        .arg(editor)
        .arg(file)
        .spawn();
    let child = started.map_err(|source| EditorError::Start {
        name: name.clone(),
        source,
    })?;
    let success = wait(child, deferred)?;
    deferred.forget_typed();
    if success {
        Ok(())
    } else {
        Err(EditorError::Ended(name).into())
    }
}

fn wait(mut child: Child, deferred: &Deferred) -> Result<bool, Failure> {
    let failed = |source| EditorError::Start {
        name: "sh".to_owned(),
        source,
    };
    // Its handler does nothing but wake `poll`.
    let ended = signal_hook::flag::register(
        signal_hook::consts::SIGCHLD,
        Arc::new(AtomicBool::new(false)),
    );
    ended.map_err(failed)?;
    loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            return Ok(status.success());
        }
        if let Err(interrupted) = deferred.check_sent() {
            let _ = rustix::process::kill_process(
                rustix::process::Pid::from_child(&child),
                rustix::process::Signal::TERM,
            );
            let _ = child.wait();
            return Err(interrupted.into());
        }
        let _ = poll(&mut [], Some(&TICK));
    }
}

/// True where somebody can be asked.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks whether to go on.
///
/// # Errors
/// A signal.
pub(crate) fn wants_to_go_on(question: &str, deferred: &Deferred) -> Result<bool, Failure> {
    let stdin = io::stdin();
    let _ = write!(io::stderr().lock(), "{question} [Y/n] ");
    loop {
        deferred.check()?;
        let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
        if poll(&mut ready, Some(&TICK)).is_ok_and(|count| count > 0) {
            let mut answer = String::new();
            let read = stdin.lock().read_line(&mut answer).unwrap_or(0);
            return Ok(read > 0 && !answer.trim_start().starts_with(['n', 'N', 'q', 'Q']));
        }
    }
}

impl Fault for EditorError {
    fn blame(&self) -> Blame {
        Blame::Caller
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some("nothing was changed; `VISUAL` or `EDITOR` says which editor to use".into())
    }
}

const FALLBACK: &str = "vi";
const TICK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};
