//! Where the result of a command goes: standard output, a file, or the input itself.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use super::error::{CommandError, Ended};
use super::grammar::Flag;
use super::line::Line;
use super::source::Source;
use crate::atomic::{self, NewFile, Replacement};
use crate::located::InFile;
use crate::printer::Printer;

/// Refuses two places for one result, before anything is done.
pub(super) fn check(line: &Line, from_stdin: bool) -> Result<(), Ended> {
    let in_place = line.has(Flag::InPlace);
    if in_place && line.path(Flag::Output).is_some() {
        return Err(CommandError::OutputAndInPlace.into());
    }
    if in_place && from_stdin {
        return Err(CommandError::InPlaceOfStdin.into());
    }
    Ok(())
}

/// Refuses to write another type into a file that keeps its name.
pub(super) fn check_type(line: &Line, source: &Source) -> Result<(), Ended> {
    match line.has(Flag::InPlace) && source.store != source.output {
        true => Err(CommandError::RetypedInPlace.into()),
        false => Ok(()),
    }
}

/// Puts the result where the flags say.
pub(super) fn put(
    line: &Line,
    source: &Source,
    bytes: &[u8],
    printer: &Printer,
) -> Result<(), Ended> {
    match (&source.path, line.path(Flag::Output)) {
        (Some(path), _) if line.has(Flag::InPlace) => write(path, bytes),
        (_, Some(output)) => write(output, bytes),
        _ => Ok(printer.data(bytes)?),
    }
}

/// Replaces a file whole; what can't be written ends with 3.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Ended> {
    // A pipe or a device has no bytes to replace.
    let special = fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir());
    if special {
        let written = OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|mut file| file.write_all(bytes));
        return written.map_err(|error| Ended::new(3, InFile::io("write", path, error)));
    }
    // Whoever may write to the directory could replace it all the same; but somebody made it read-only.
    match OpenOptions::new().append(true).open(path) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied && path.exists() => {
            return Err(Ended::new(3, InFile::io("write", path, error)));
        }
        _ => {}
    }
    let replacement = Replacement {
        path,
        bytes,
        new_file: NewFile::Public,
    };
    atomic::replace(&[replacement])
        .map(drop)
        .map_err(|failure| Ended::from(failure).code(3))
}
