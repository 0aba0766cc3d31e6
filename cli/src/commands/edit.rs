//! `bulla edit`.

use crate::cli::EditArgs;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::session::Session;

/// Carries it out.
pub(crate) fn run(_args: &EditArgs, _session: &Session) -> Result<ExitStatus, Failure> {
    Ok(ExitStatus::Done)
}
