//! One file for each command; what some of them share is in `rework` and `told`.

mod check;
mod complete;
mod completion;
mod convert;
mod demo;
mod diff;
mod edit;
mod git;
mod init;
mod inspect;
mod install;
mod key;
mod man;
mod open;
mod reseal;
mod rework;
mod rewrap;
mod seal;
mod set;
mod store;
pub(crate) mod told;
mod unset;
mod verify;

use crate::cli::{Cli, Command};
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::printer::Printer;
use crate::session::Session;

/// Reads the command line and carries it out.
pub(crate) fn run(invocation: &Invocation) -> Result<ExitStatus, Failure> {
    if let Some((_, words)) = invocation
        .arguments
        .split_first()
        .filter(|(word, _)| *word == complete::WORD)
    {
        Printer::default().data(complete::complete(words).as_bytes())?;
        return Ok(ExitStatus::Done);
    }
    let cli = match Cli::read(invocation) {
        Ok(cli) => cli,
        Err(error) => return told::told(invocation, &error),
    };
    let session = Session::new(&cli.global);
    match &cli.command {
        Command::Seal(args) => seal::run(args, &session),
        Command::Convert(args) => convert::run(args, &session),
        Command::Open(args) => open::run(args, &session),
        Command::Set(args) => set::run(args, &session),
        Command::Unset(args) => unset::run(args, &session),
        Command::Edit(args) => edit::run(args, &session),
        Command::Reseal(args) => reseal::run(args, &session),
        Command::Rewrap(args) => rewrap::run(args, &session),
        Command::Inspect(args) => inspect::run(args, &session),
        Command::Check(args) => check::run(args, &session),
        Command::Diff(args) => diff::run(args, &session),
        Command::Verify(args) => verify::run(args, &session),
        Command::Key(args) => key::run(args, &session),
        Command::Git(args) => git::run(args, &session),
        Command::Init(args) => init::run(args, &session),
        Command::Install(args) => install::run(args, &session),
        Command::Store(args) => store::run(args, &session),
        Command::Demo(args) => demo::run(args, &session),
        Command::Completion(args) => completion::run(args, &session),
        Command::Man(args) => man::run(args, &session),
    }
}
