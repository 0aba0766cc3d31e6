//! `bulla unset`.

use crate::cli::UnsetArgs;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::session::Session;

/// Carries it out.
pub(crate) fn run(_args: &UnsetArgs, _session: &Session) -> Result<ExitStatus, Failure> {
    Ok(ExitStatus::Done)
}
