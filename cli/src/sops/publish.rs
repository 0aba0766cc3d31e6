//! `sops publish`: what the rules say is told; the places that they know are far away, and none is asked.

use std::path::Path;

use bulla_core::sops::config::Destination;

use super::decrypt;
use super::error::{CommandError, Ended};
use super::line::Line;
use super::rules::Rules;
use super::source::{self, Source};
use crate::failure::Failure;
use crate::located::InFile;
use crate::printer::Printer;
use crate::shown::Shown;

/// Carries it out as far as it goes: a file that does not open would not be published either.
pub(super) fn run(line: &Line, printer: &Printer) -> Result<(), Ended> {
    let rules = Rules::find(line, printer)?;
    let located = rules.located().ok_or(CommandError::NoConfig)?;
    let path = source::named(line, printer)?;
    if path.is_dir() {
        return Err(CommandError::Publish(
            Shown(&path).to_string(),
            "the destinations of its files".to_owned(),
        )
        .into());
    }
    let relative = located.relative_by_name(&path, rules.here());
    let rule = located.config.destination_for(&relative);
    let rule = rule.map_err(|error| {
        Failure::from(InFile::new("publish by", Path::new(&located.file), error))
    })?;
    let source = Source::of_file(line, path)?;
    decrypt::open(line, &source, printer)?;
    let names: Vec<String> = rule.destinations.iter().map(name).collect();
    Err(CommandError::Publish(source.shown(), names.join(" and ")).into())
}

fn name(destination: &Destination) -> String {
    match destination {
        Destination::S3(bucket, prefix) => format!("s3://{bucket}/{prefix}"),
        Destination::Gcs(bucket, prefix) => format!("gs://{bucket}/{prefix}"),
        Destination::Vault { address, path, .. } => format!("Vault at {address}, {path}"),
    }
}
