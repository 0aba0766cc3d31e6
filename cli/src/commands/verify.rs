//! `bulla verify --against REV`: which values, recipients and templates a change touched, told without any key.

use crate::cli::VerifyArgs;
use crate::comparison::{self, Asked};
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::session::Session;

/// Carries it out.
pub(crate) fn run(args: &VerifyArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let asked = Asked {
        against: &args.against,
        inputs: &args.inputs,
        exclusion: args.exclude.exclusion()?,
        output: args.output,
        reveal: None,
    };
    comparison::run(&asked, session)
}
