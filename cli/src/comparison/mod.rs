//! The sealed resources of a revision beside those of the work tree: for `verify` and for `diff`.

mod pairs;
mod report;
mod sops;
mod sops_values;
mod tree;
mod values;

use std::path::PathBuf;

use crate::cli::ReportFormat;
use crate::exclusion::Exclusion;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::identities::Identities;
use crate::report::json;
use crate::session::Session;
use pairs::Pairs;
use values::Values;

/// What is compared, and how it is told.
pub(crate) struct Asked<'a> {
    /// The revision.
    pub(crate) against: &'a str,
    /// Files or directories; the whole work tree without any.
    pub(crate) inputs: &'a [PathBuf],
    /// What is passed over in directories.
    pub(crate) exclusion: Exclusion,
    /// For whom it is told.
    pub(crate) output: ReportFormat,
    /// Who opens the values of both sides, where they are to be shown.
    pub(crate) reveal: Option<Identities>,
}

/// Compares, and tells what differs; exit code 1 when something does.
///
/// # Errors
/// Git, and files of the work tree that can't be read, after everything else was told.
pub(crate) fn run(asked: &Asked<'_>, session: &Session) -> Result<ExitStatus, Failure> {
    let mut pairs = Pairs::find(asked)?;
    let mut failures = std::mem::take(&mut pairs.failures);
    let changes = report::changes(&pairs);
    match asked.output {
        ReportFormat::Json => session
            .printer
            .data(json(&report::as_json(&changes, &pairs)).as_bytes())?,
        ReportFormat::Text => {
            let config = session.configs.of(None)?;
            let config = config.as_ref().map(|located| &located.config);
            for change in &changes {
                session
                    .printer
                    .data(report::as_text(change, config).as_bytes())?;
                if let Some(identities) = &asked.reveal {
                    match Values::of(change.pair(), identities) {
                        // Plaintext leaves here: somebody asked for it by name.
                        Ok(values) => session.printer.data(values.text().as_bytes())?,
                        Err(failure) => failures.push(failure),
                    }
                }
            }
            for pair in &pairs.sops {
                session.printer.data(pair.text(config).as_bytes())?;
                if let Some(identities) = &asked.reveal {
                    match pair.values_text(identities) {
                        Ok(values) => session.printer.data(values.as_bytes())?,
                        Err(failure) => failures.push(failure),
                    }
                }
            }
            session
                .printer
                .say(report::summary(&changes, &pairs, asked.against));
        }
    }
    Failure::all(failures)?;
    Ok(if changes.is_empty() && pairs.sops.is_empty() {
        ExitStatus::Done
    } else {
        ExitStatus::Findings
    })
}
