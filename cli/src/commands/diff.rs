//! `bulla diff`: what is not committed yet, and for whoever holds a key what it does to the values.

use std::borrow::Cow;

use crate::cli::{DiffArgs, ReportFormat};
use crate::comparison::{self, Asked};
use crate::exit::{Blame, ExitStatus};
use crate::failure::{Failure, Fault};
use crate::identities::Identities;
use crate::session::Session;

/// Carries it out.
pub(crate) fn run(args: &DiffArgs, session: &Session) -> Result<ExitStatus, Failure> {
    if !args.reveal && !args.identities.identity.is_empty() {
        return Err(DiffUsage::NotRevealed.into());
    }
    if args.reveal && args.output == ReportFormat::Json {
        return Err(DiffUsage::RevealedJson.into());
    }
    let identities = || Identities::load(&args.identities, &session.printer);
    let asked = Asked {
        against: &args.against,
        inputs: &args.inputs,
        exclusion: args.exclude.exclusion()?,
        output: args.output,
        reveal: args.reveal.then(identities).transpose()?,
    };
    comparison::run(&asked, session)
}

/// Flags that don't go together.
#[derive(Debug, thiserror::Error)]
enum DiffUsage {
    #[error("a key opens nothing here without `--reveal`")]
    NotRevealed,
    #[error("`--reveal` shows values to people, and `-o json` has none")]
    RevealedJson,
}

impl Fault for DiffUsage {
    fn blame(&self) -> Blame {
        Blame::Caller
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::NotRevealed => "what differs is told without a key; `--reveal` shows the values",
            Self::RevealedJson => "leave one of them out",
        }))
    }
}
