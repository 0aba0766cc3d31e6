//! `sops groups add` and `sops groups delete`: the same data key, shared out among other groups.

use bulla_core::recipient::Recipient;
use rand_core::OsRng;

use super::error::{CommandError, Ended, in_core};
use super::grammar::Flag;
use super::line::Line;
use super::source::Source;
use super::{keys, plan, recipients, reformat, result};
use crate::printer::Printer;

/// Carries out `groups add`.
pub(super) fn add(line: &Line, printer: &Printer) -> Result<(), Ended> {
    let group = recipients::of_line(line)?;
    change(line, printer, |groups| {
        groups.push(group);
        Ok(())
    })
}

/// Carries out `groups delete`.
pub(super) fn delete(line: &Line, printer: &Printer) -> Result<(), Ended> {
    let [index] = &line.words[..] else {
        return Err(CommandError::NoGroupIndex.into());
    };
    let index: Option<usize> = index.to_str().and_then(|index| index.parse().ok());
    change(line, printer, |groups| {
        let here = index.filter(|index| *index < groups.len());
        let index = here.ok_or(CommandError::NoSuchGroup(groups.len()))?;
        groups.remove(index);
        Ok(())
    })
}

fn change(
    line: &Line,
    printer: &Printer,
    change: impl FnOnce(&mut Vec<Vec<Recipient>>) -> Result<(), CommandError>,
) -> Result<(), Ended> {
    let path = line.path(Flag::File);
    let path = path.ok_or_else(|| Ended::from(CommandError::NoFile).code(2))?;
    let source = Source::of_file(line, path.to_owned())?;
    let shown = source.shown();
    let failed = |error| in_core(error, false).inside(&shown);
    let mut metadata = source.metadata()?;
    let mut groups = recipients::of_file(&metadata)?;
    let identities = keys::at_hand(printer)?;
    let key = metadata.open_data_key(&identities.ring);
    let key = key.map_err(|error| keys::explained(error, &identities).code(1).inside(&shown))?;
    change(&mut groups)?;
    if groups.is_empty() || groups.iter().any(Vec::is_empty) {
        return Err(CommandError::NoGroups.into());
    }
    let kept = metadata.shamir_threshold().unwrap_or(groups.len());
    let threshold = plan::threshold_of(line)?.unwrap_or(kept);
    if threshold > groups.len() {
        return Err(CommandError::Threshold(threshold, groups.len()).into());
    }
    let threshold = Some(threshold);
    metadata
        .close_data_key(&key, &groups, threshold, &mut OsRng)
        .map_err(|error| failed(error).code(1))?;
    let written = source.store.replace_metadata(&source.bytes, &metadata);
    let written = written.map_err(|error| failed(error).code(1))?;
    let written = reformat::encrypted(line, &source, written, printer)?;
    result::put(line, &source, &written, printer)
}
