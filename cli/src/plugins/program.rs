//! The program of a plug-in: found, started, and ended whatever it does.

use std::env;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use bulla_core::recipient::PluginName;
use rustix::fs::{Access, access};
use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use super::PluginError;

/// A running plug-in. It is killed when it is dropped.
pub(super) struct Program {
    child: Child,
    pub(super) input: Option<ChildStdin>,
}

impl Program {
    pub(super) fn start(name: &PluginName, state_machine: &str) -> Result<Self, PluginError> {
        let path = find(name).ok_or_else(|| PluginError::NotFound(name.clone()))?;
        let failed = |error| PluginError::Start(name.clone(), error);
        let mut child = Command::new(path)
            .arg(format!("--age-plugin={state_machine}"))
            // What lies in a repository must not be found by a relative path.
            .current_dir(env::temp_dir())
            .env_remove("SOPS_AGE_KEY")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let input = child.stdin.take();
        Ok(Self { child, input })
    }

    /// What it writes. There once.
    pub(super) fn take_output(&mut self) -> ChildStdout {
        let output = self.child.stdout.take();
        output.expect("standard output is a pipe, and taken once")
    }

    /// How it ended, if it does within a moment: its output may be closed before it has.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        drop(self.input.take());
        let pid = Pid::from_child(&self.child);
        let (tell, ended) = mpsc::channel();
        // Only looked at: `try_wait` or `drop` collects it, so that its number is nobody else's until then.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        thread::spawn(move || {
            while matches!(waitid(WaitId::Pid(pid), options), Err(Errno::INTR)) {}
            let _ = tell.send(());
        });
        ended.recv_timeout(A_MOMENT).ok()?;
        self.child.try_wait().ok()?
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Absolute directories of the path only: an empty or relative one is wherever this program was started.
fn find(name: &PluginName) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let candidates = env::split_paths(&path)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(name.program()));
    candidates
        .filter(|program| program.is_file())
        .find(|program| access(program, Access::EXEC_OK).is_ok())
}

/// How long a plug-in whose output is closed may take to end.
const A_MOMENT: Duration = Duration::from_millis(500);
