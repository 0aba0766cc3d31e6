//! Exit codes: documented, stable, and derived here only.

use std::process::ExitCode;

use bulla_core::reason::Reason;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ExitStatus {
    /// Done.
    Done,
    /// Findings, or differences.
    Findings,
    /// The command line or an input is wrong, or a file can't be read or written.
    Usage,
    /// Something can't be opened, or does not verify.
    Unopened,
    /// The cluster can't be reached.
    Unreachable,
    /// Refused by policy.
    Refused,
    /// What `kubeseal` ends with for any error but one in the command line.
    Failed,
    /// What `sops` ends with, by its own numbers, or the command that it ran.
    Code(u8),
    /// A signal ended it.
    Interrupted(i32),
}

/// Who has to act on an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blame {
    /// Whoever typed the command.
    Caller,
    /// Whoever wrote the input.
    Input,
    /// Whoever sealed it, or holds the keys.
    Sealed,
    /// Whoever runs the cluster.
    Cluster,
    /// Whoever decides the policy.
    Policy,
    /// The machine: a file, a disk, the network.
    Machine,
    /// A signal asked the run to end.
    Signal(i32),
}

impl From<Blame> for ExitStatus {
    fn from(blame: Blame) -> Self {
        match blame {
            Blame::Caller | Blame::Input | Blame::Machine => Self::Usage,
            Blame::Sealed => Self::Unopened,
            Blame::Cluster => Self::Unreachable,
            Blame::Policy => Self::Refused,
            Blame::Signal(signal) => Self::Interrupted(signal),
        }
    }
}

impl From<Reason> for Blame {
    fn from(reason: Reason) -> Self {
        match reason.exit_code() {
            3 => Self::Sealed,
            5 => Self::Policy,
            _ => Self::Input,
        }
    }
}

impl ExitStatus {
    /// The code that the shell sees. After a signal the run ends as that signal ends a program.
    pub(crate) fn leave(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Done => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Unopened => 3,
            Self::Unreachable => 4,
            Self::Refused => 5,
            Self::Failed => 1,
            Self::Code(code) => code,
            Self::Interrupted(signal) => {
                let _ = signal_hook::low_level::emulate_default_handler(signal);
                u8::try_from(128 + signal).unwrap_or(u8::MAX)
            }
        })
    }
}
