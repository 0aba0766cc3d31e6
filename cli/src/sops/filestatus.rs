//! `sops filestatus`: whether a file is encrypted, told in JSON and without any key.

use bulla_core::sops::SopsError;

use super::error::{Ended, in_core};
use super::line::Line;
use super::source::{self, Source};
use crate::printer::Printer;

/// Carries it out.
pub(super) fn run(line: &Line, printer: &Printer) -> Result<(), Ended> {
    let source = Source::of_file(line, source::named(line, printer)?);
    let source = source.map_err(|ended| ended.code(1))?;
    let encrypted = match source.store.metadata(&source.bytes) {
        Ok(_) => true,
        Err(SopsError::NotEncrypted) => false,
        Err(error) => {
            let ended = in_core(error, false).inside(&source.shown());
            return Err(ended.inside("cannot check file status").code(1));
        }
    };
    Ok(printer.data(format!("{{\"encrypted\":{encrypted}}}\n").as_bytes())?)
}
