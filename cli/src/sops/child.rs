//! The command of `exec-env` and `exec-file`: its signals, and how it ended.

use std::ffi::OsStr;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::event::{Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};

use super::error::{CommandError, Ended};
use crate::interrupt::Deferred;

/// The shell with the command.
pub(super) fn shell(command: &OsStr) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command);
    shell
}

/// Waits for the command. What asks this program to end is passed on to it, and its exit code is ours.
pub(super) fn wait(mut child: Child, deferred: &Deferred) -> Result<(), Ended> {
    let failed = |source| CommandError::Run {
        what: "the command",
        source,
    };
    // Its handler does nothing but wake `poll`.
    let woken = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGCHLD, woken).map_err(failed)?;
    let mut told = false;
    loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            // Ctrl-C was meant for the command, which has had it from the terminal, too.
            deferred.forget_typed();
            return end(status);
        }
        if !told && deferred.check_sent().is_err() {
            let _ = kill_process(Pid::from_child(&child), Signal::TERM);
            told = true;
        }
        let _ = poll(&mut [], Some(&TICK));
    }
}

fn end(status: ExitStatus) -> Result<(), Ended> {
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(()),
        (Some(code), _) => Err(Ended::with(u8::try_from(code).unwrap_or(1))),
        // As sops has it.
        (None, _) => Err(Ended::with(255)),
    }
}

const TICK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};
