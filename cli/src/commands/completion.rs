//! `bulla completion`: scripts for shells, and the program that kubectl asks.

use clap_complete::{Shell, generate};

use crate::cli::{Cli, CompletionArgs, CompletionShell, Program};
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::kubeseal;
use crate::session::Session;
use crate::sops;

/// Carries it out.
pub(crate) fn run(args: &CompletionArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let shell = match args.shell {
        CompletionShell::Bash => Shell::Bash,
        CompletionShell::Zsh => Shell::Zsh,
        CompletionShell::Fish => Shell::Fish,
        CompletionShell::Elvish => Shell::Elvish,
        CompletionShell::Powershell => Shell::PowerShell,
        CompletionShell::Kubectl => {
            session.printer.data(KUBECTL.as_bytes())?;
            return Ok(ExitStatus::Done);
        }
    };
    let mut script = Vec::new();
    let (mut grammar, name) = match args.program {
        Program::Bulla => (Cli::whole_grammar("bulla"), "bulla"),
        Program::Kubeseal => (kubeseal::grammar("kubeseal"), "kubeseal"),
        Program::Sops => (sops::grammar("sops"), "sops"),
    };
    generate(shell, &mut grammar, name, &mut script);
    session.printer.data(&script)?;
    Ok(ExitStatus::Done)
}

/// <https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/>: kubectl calls it with the words so far.
const KUBECTL: &str = "\
#!/bin/sh
# Completes `kubectl bulla`: install it as `kubectl_complete-bulla` in the PATH.
exec kubectl-bulla __complete \"$@\"
";
