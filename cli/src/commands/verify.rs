//! `bulla verify --against REV`: which values, recipients and templates a change touched, told without any key.

mod pairs;
mod report;

use crate::cli::{ReportFormat, VerifyArgs};
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::report::json;
use crate::session::Session;
use pairs::Pairs;

/// Carries it out.
pub(crate) fn run(args: &VerifyArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let mut pairs = Pairs::find(args)?;
    let failures = std::mem::take(&mut pairs.failures);
    let changes = report::changes(&pairs);
    match args.output {
        ReportFormat::Json => session
            .printer
            .data(json(&report::as_json(&changes)).as_bytes())?,
        ReportFormat::Text => {
            let config = session.configs.of(None)?;
            let text = report::as_text(&changes, config.as_ref().map(|located| &located.config));
            session.printer.data(text.as_bytes())?;
            session
                .printer
                .say(report::summary(&changes, &pairs, &args.against));
        }
    }
    Failure::all(failures)?;
    Ok(if changes.is_empty() {
        ExitStatus::Done
    } else {
        ExitStatus::Findings
    })
}
