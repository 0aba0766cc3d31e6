//! A child process with its output in files, which ends with the value that stands for it.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{reaper, wait};

/// A running child process. Dropping it ends it: SIGTERM first, SIGKILL when that did not help.
///
/// It does not outlive the test process either, however that one ends.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    status: Option<ExitStatus>,
    stdout: PathBuf,
    stderr: PathBuf,
    grace: Duration,
}

impl Process {
    /// Starts `command` with an empty input and its output appended to `<name>.stdout` and `<name>.stderr` in
    /// `logs`.
    ///
    /// # Panics
    ///
    /// If the program or its logs cannot be opened.
    pub fn start(name: &str, mut command: Command, logs: &Path) -> Self {
        let [stdout, stderr] = ["stdout", "stderr"].map(|end| logs.join(format!("{name}.{end}")));
        let append = |path: &Path| {
            let file = File::options().create(true).append(true).open(path);
            file.unwrap_or_else(|error| panic!("failed to open {}: {error}", path.display()))
        };
        let child = command
            .stdin(Stdio::null())
            .stdout(append(&stdout))
            .stderr(append(&stderr))
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "failed to start {name} ({}): {error}",
                    command.get_program().display()
                )
            });
        reaper::watch(child.id());
        Self {
            name: name.to_owned(),
            child,
            status: None,
            stdout,
            stderr,
            grace: DEFAULT_GRACE,
        }
    }

    /// Sets how long the process may take to end by SIGTERM when it is dropped.
    #[must_use]
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Sends SIGTERM: the process may end in its own way.
    pub fn term(&mut self) {
        self.signal(Signal::TERM);
    }

    /// Sends SIGKILL: the process ends as by a crash.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
    }

    /// Sends SIGSTOP: the process stands still, its connections and leases stay as they are.
    pub fn stop(&mut self) {
        self.signal(Signal::STOP);
    }

    /// Sends SIGCONT: a process that stands still goes on.
    pub fn cont(&mut self) {
        self.signal(Signal::CONT);
    }

    /// Sends any signal; does nothing when the process has ended.
    pub fn signal(&mut self, signal: Signal) {
        if self.exit_status().is_some() {
            return;
        }
        // Until it has been waited for, the id is this child's and no other's.
        kill_process(Pid::from_child(&self.child), signal)
            .unwrap_or_else(|error| panic!("failed to send {signal:?} to {}: {error}", self.name));
    }

    /// Returns the exit status, once the process has ended.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() && self.has_ended() {
            reaper::forget(self.child.id());
            let status = self.child.wait();
            self.status = Some(
                status.unwrap_or_else(|error| panic!("failed to wait for {}: {error}", self.name)),
            );
        }
        self.status
    }

    /// Waits for the end of the process.
    ///
    /// # Panics
    ///
    /// If it has not ended before the deadline.
    pub fn wait(&mut self, deadline: Duration) -> ExitStatus {
        let what = format!("{} ends", self.name);
        wait::eventually_blocking(&what, deadline, || self.exit_status())
    }

    /// Waits for a line of the output, of either stream, that contains `part`, and returns the line.
    ///
    /// # Panics
    ///
    /// If there is none before the deadline, or the process ends without one; the message quotes the output's end.
    pub fn wait_for_line(&mut self, part: &str, deadline: Duration) -> String {
        let find = |log: String| {
            log.lines()
                .find(|line| line.contains(part))
                .map(str::to_owned)
        };
        let found = wait::poll(deadline, &mut || {
            let ended = self.exit_status().is_some();
            match find(self.output()) {
                Some(line) => Some(Some(line)),
                None => ended.then_some(None),
            }
        });
        found.flatten().unwrap_or_else(|| {
            panic!(
                "{} did not say `{part}` within {deadline:?}; its end:\n{}",
                self.name,
                self.tail()
            )
        })
    }

    /// Returns the process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns the file of the standard output.
    pub fn stdout(&self) -> &Path {
        &self.stdout
    }

    /// Returns the file of the standard error.
    pub fn stderr(&self) -> &Path {
        &self.stderr
    }

    /// Returns all that was written so far: the standard output, then the standard error.
    pub fn output(&self) -> String {
        let bytes = [&self.stdout, &self.stderr].map(|path| fs::read(path).unwrap_or_default());
        String::from_utf8_lossy(&bytes.concat()).into_owned()
    }

    /// Returns the last lines of the output.
    pub fn tail(&self) -> String {
        let output = self.output();
        let lines: Vec<_> = output.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }

    /// Tells whether the child has ended, without taking its status: its id is not free for reuse yet.
    fn has_ended(&self) -> bool {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let ended = waitid(WaitId::Pid(Pid::from_child(&self.child)), options);
        matches!(ended, Ok(Some(_)) | Err(_))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.exit_status().is_some() {
            return;
        }
        // A process that stands still sees SIGTERM only once it goes on.
        for signal in [Signal::TERM, Signal::CONT] {
            let _ = kill_process(Pid::from_child(&self.child), signal);
        }
        if wait::poll(self.grace, &mut || self.exit_status()).is_none() {
            let _ = self.child.kill();
            let _ = wait::poll(DEFAULT_GRACE, &mut || self.exit_status());
        }
    }
}

/// Runs a program to its end with the given input.
///
/// # Panics
///
/// If it cannot be started. Whether it succeeded is the caller's question.
pub fn run(mut command: Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!(
                "failed to start {}: {error}",
                command.get_program().display()
            )
        });
    let mut stdin = child.stdin.take().expect("its standard input is a pipe");
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // A program may end without having read its input.
            let _ = stdin.write_all(input);
        });
        child.wait_with_output()
    })
    .unwrap_or_else(|error| {
        panic!(
            "failed to wait for {}: {error}",
            command.get_program().display()
        )
    })
}

const DEFAULT_GRACE: Duration = Duration::from_secs(5);
const TAIL_LINES: usize = 20;

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn shell(script: &str) -> (Process, tempfile::TempDir) {
        let logs = tempfile::tempdir().expect("there is a temporary directory");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        (Process::start("shell", command, logs.path()), logs)
    }

    #[test]
    fn collects_the_output_of_both_streams() {
        let (mut process, _logs) = shell("echo out; echo err >&2; exit 3");
        assert_eq!(process.wait(DEFAULT_GRACE).code(), Some(3));
        assert_eq!(process.output(), "out\nerr\n");
    }

    #[test]
    fn waits_for_a_line_and_ends_a_process_that_stands_still() {
        let (mut process, _logs) =
            shell("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done");
        assert_eq!(process.wait_for_line("read", DEFAULT_GRACE), "ready");
        process.stop();
        process.term();
        assert_eq!(process.exit_status(), None);
        process.cont();
        assert_eq!(process.wait(DEFAULT_GRACE).code(), Some(0));
        assert!(process.output().ends_with("bye\n"));
    }

    #[test]
    fn kills_a_process_that_does_not_end_when_it_is_dropped() {
        let (mut process, logs) =
            shell("trap '' TERM; echo ready; while :; do sleep 0.01; done; echo never");
        process.wait_for_line("ready", DEFAULT_GRACE);
        let pid = Pid::from_child(&process.child);
        drop(process.with_grace(Duration::from_millis(50)));
        assert!(rustix::process::test_kill_process(pid).is_err());
        let output = fs::read_to_string(logs.path().join("shell.stdout")).expect("the log stays");
        assert_eq!(output, "ready\n");
    }

    #[test]
    #[should_panic(expected = "did not say `never`")]
    fn gives_up_on_a_line_when_the_process_has_ended() {
        let (mut process, _logs) = shell("echo something else");
        process.wait_for_line("never", Duration::from_secs(600));
    }

    #[test]
    fn sees_death_by_a_signal() {
        let (mut process, _logs) = shell("while :; do sleep 0.01; done");
        process.kill();
        assert_eq!(process.wait(DEFAULT_GRACE).signal(), Some(9));
    }
}
