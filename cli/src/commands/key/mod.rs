//! `bulla key`: key pairs, and the public keys that the configuration pins.

mod certificate;
mod fetch;
mod generate;
mod list;
mod pin;
mod show;

use crate::cli::{KeyArgs, KeyCommand};
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::session::Session;

pub(super) use fetch::of_cluster;

/// Carries it out.
pub(crate) fn run(args: &KeyArgs, session: &Session) -> Result<ExitStatus, Failure> {
    match &args.command {
        KeyCommand::Generate(args) => generate::run(args, session),
        KeyCommand::Show(args) => show::run(args, session),
        KeyCommand::List(args) => list::run(args, session),
        KeyCommand::Fetch(args) => fetch::run(args, session),
    }
}
