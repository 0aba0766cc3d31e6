//! `sops filestatus`: whether a file is encrypted, told in JSON and without any key.

use bulla_core::sops::SopsError;

use super::error::Ended;
use super::line::Line;
use super::source::{self, Source};
use crate::printer::Printer;

/// Carries it out.
pub(super) fn run(line: &Line, printer: &Printer) -> Result<(), Ended> {
    let source = Source::of_file(line, source::named(line, printer)?);
    let source = source.map_err(|ended| ended.code(1))?;
    let encrypted = match source.store.metadata(&source.bytes) {
        Err(SopsError::NotEncrypted) => false,
        _ => {
            let block = source.metadata();
            block.map_err(|ended| ended.inside("cannot check file status").code(1))?;
            true
        }
    };
    Ok(printer.data(format!("{{\"encrypted\":{encrypted}}}\n").as_bytes())?)
}
