//! `sops encrypt`.

use std::path::{Path, PathBuf};

use bulla_core::sops::Store;

use super::error::{CommandError, Ended};
use super::grammar::Flag;
use super::line::Line;
use super::plan::{self, Plan};
use super::source::{self, Source};
use super::{reformat, result};
use crate::printer::Printer;

/// Carries it out.
pub(super) fn run(line: &Line, printer: &Printer) -> Result<(), Ended> {
    source::warn_of_others(line, printer);
    let file = line.file();
    let name: Option<PathBuf> = line.path(Flag::FilenameOverride).map(Path::to_owned);
    if file.is_none() && line.old_style {
        return Err(CommandError::NoFile.into());
    }
    result::check(line, file.is_none())?;
    let name = match (name, &file) {
        (Some(name), _) => name,
        (None, Some(file)) => file.clone(),
        (None, None) => return Err(CommandError::NoName.into()),
    };
    if let Some(file) = &file {
        source::must_exist(file)?;
    }
    let plan = Plan::new(line, &name, printer)?;
    let source = Source::to_encrypt(line, file)?;
    result::check_type(line, &source)?;
    plan::warn_of_disguise(&name, source.store, printer);
    if source.store == Store::Yaml && source.bytes.is_empty() {
        return Err(CommandError::Empty.into());
    }
    let shown = source.shown();
    let closed = plan.close(source.store, &source.bytes);
    let closed = closed.map_err(|ended| ended.inside(&shown))?;
    let closed = reformat::encrypted(line, &source, closed, printer)?;
    result::put(line, &source, &closed, printer)
}
