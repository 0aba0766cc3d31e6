//! One file for each command.

mod edit;
mod open;
mod reseal;
mod rewrap;
mod seal;
mod set;
mod unset;

use crate::cli::{Cli, Command};
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::session::Session;

/// Reads the command line and carries it out.
pub(crate) fn run(invocation: &Invocation) -> Result<ExitStatus, Failure> {
    let cli = match Cli::read(invocation) {
        Ok(cli) => cli,
        Err(error) => return Ok(told(&error)),
    };
    let session = Session::new(&cli.global);
    match &cli.command {
        Command::Seal(args) => seal::run(args, &session),
        Command::Open(args) => open::run(args, &session),
        Command::Set(args) => set::run(args, &session),
        Command::Unset(args) => unset::run(args, &session),
        Command::Edit(args) => edit::run(args, &session),
        Command::Reseal(args) => reseal::run(args, &session),
        Command::Rewrap(args) => rewrap::run(args, &session),
    }
}

/// Prints clap's answer: help and version to standard output, complaints to standard error.
fn told(error: &clap::Error) -> ExitStatus {
    let _ = error.print();
    if error.use_stderr() {
        ExitStatus::Usage
    } else {
        ExitStatus::Done
    }
}
