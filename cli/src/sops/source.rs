//! The file that a command is about: its bytes, and how it is written.

use std::path::{Path, PathBuf};

use bulla_core::sops::{Metadata, Store};
use zeroize::Zeroizing;

use super::error::{CommandError, Ended, in_core};
use super::grammar::Flag;
use super::line::Line;
use crate::input;
use crate::located::InFile;
use crate::printer::Printer;
use crate::shown::Shown;

/// A file, or standard input.
pub(super) struct Source {
    /// Nothing for standard input.
    pub(super) path: Option<PathBuf>,
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// How it is written.
    pub(super) store: Store,
    /// How the result is to be written.
    pub(super) output: Store,
}

impl Source {
    /// The file that is named first.
    pub(super) fn of_file(line: &Line, path: PathBuf) -> Result<Self, Ended> {
        let (store, output) = stores(line, Some(&path))?;
        Ok(Self {
            bytes: read(&path)?,
            path: Some(path),
            store,
            output,
        })
    }

    /// Standard input.
    pub(super) fn of_stdin(line: &Line) -> Result<Self, Ended> {
        let (store, output) = stores(line, None)?;
        Ok(Self {
            bytes: read(Path::new("-"))?,
            path: None,
            store,
            output,
        })
    }

    /// Its block, with a key in it.
    pub(super) fn metadata(&self) -> Result<Metadata, Ended> {
        let failed = |error| in_core(error, false).inside(&self.shown());
        let metadata = self.store.metadata(&self.bytes).map_err(failed)?;
        must_have_keys(&metadata).map_err(|ended| ended.inside(&self.shown()))?;
        Ok(metadata)
    }

    /// How it is called in messages.
    pub(super) fn shown(&self) -> String {
        let path = self.path.as_deref().unwrap_or(Path::new("-"));
        Shown(path).to_string()
    }
}

/// A block without any key opens to nobody.
pub(super) fn must_have_keys(block: &Metadata) -> Result<(), Ended> {
    let groups = block.key_groups();
    match groups
        .iter()
        .all(|group| group.age.is_empty() && group.others.is_empty())
    {
        true => Err(CommandError::NoKeysInFile.into()),
        false => Ok(()),
    }
}

/// The file that is named first; others are passed over, as sops does.
pub(super) fn named(line: &Line, printer: &Printer) -> Result<PathBuf, Ended> {
    warn_of_others(line, printer);
    Ok(line.file().ok_or(CommandError::NoFile)?)
}

/// Says that only the first file counts.
pub(super) fn warn_of_others(line: &Line, printer: &Printer) {
    if line.words.len() > 1 {
        printer.warn("more than one positional argument provided: only the first one will be used");
    }
}

/// How input and output are written: by their types, or else by the name of the file.
pub(super) fn stores(line: &Line, path: Option<&Path>) -> Result<(Store, Store), Ended> {
    let name = line.path(Flag::FilenameOverride).or(path);
    let name = name.map(|name| name.to_string_lossy());
    let usual = Store::of_name(name.as_deref().unwrap_or(""));
    let typed = |flag| line.text(flag)?.map(store).transpose();
    let input = typed(Flag::InputType)?;
    // As in sops, the output goes by the name, unless it is told, too.
    let output = typed(Flag::OutputType)?.unwrap_or(usual);
    Ok((input.unwrap_or(usual), output))
}

fn store(name: &str) -> Result<Store, Ended> {
    Ok(match name {
        "yaml" => Store::Yaml,
        "json" => Store::Json,
        "dotenv" => Store::Dotenv,
        "ini" => Store::Ini,
        "binary" => Store::Binary,
        other => return Err(CommandError::Type(other.to_owned()).into()),
    })
}

/// Reads a file; one that can't be read ends with 2.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Ended> {
    let read = input::read(path, FILE_BYTES_MAX);
    Ok(read.map_err(|failure| Ended::from(failure).code(2))?.bytes)
}

/// A file that must be there before anything is looked for.
pub(super) fn must_exist(path: &Path) -> Result<(), Ended> {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(Ended::new(100, InFile::io("find", path, error)))
        }
        _ => Ok(()),
    }
}

/// Everything is held in memory, several times.
const FILE_BYTES_MAX: usize = 1 << 30;
