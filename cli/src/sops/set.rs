//! `sops set` and `sops unset`: one value of a file, and its MAC; every other byte stays.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use bulla_core::manifest::{self, Step};
use bulla_core::sops::{Changed, Setting, SopsError, Store};
use rand_core::OsRng;
use zeroize::Zeroizing;

use super::decrypt::mac_policy;
use super::error::{CommandError, Ended};
use super::extract;
use super::grammar::Flag;
use super::line::Line;
use super::source::{self, Source};
use super::{keys, plan, reformat, result};
use crate::printer::Printer;

/// Carries out `set`.
pub(super) fn set(line: &Line, printer: &Printer) -> Result<(), Ended> {
    if line.has(Flag::ValueFile) && line.has(Flag::ValueStdin) {
        return Err(CommandError::TwoValues.into());
    }
    let (file, path, value) = match line.old_style {
        true => old_setting(line, printer)?,
        false => setting(line)?,
    };
    // It may hold a value: of what is wrong with it, nothing is repeated.
    let value: serde_json::Value =
        serde_json::from_slice(&value).map_err(|_| CommandError::NotJson)?;
    if value.is_array() {
        return Err(CommandError::ListValue.into());
    }
    change(line, file, printer, |source, ring, setting| {
        refuse_block(source.store, &path)?;
        source
            .store
            .set(&source.bytes, ring, &path, &value, setting, &mut OsRng)
    })
}

/// The block of a file is nobody's to set.
fn refuse_block(store: Store, path: &manifest::Path) -> Result<(), SopsError> {
    let Some(Step::Key(key)) = path.0.first() else {
        return Ok(());
    };
    let block = match store {
        Store::Dotenv => key.starts_with("sops_"),
        _ => key == "sops",
    };
    match block {
        true => Err(SopsError::AlreadyEncrypted),
        false => Ok(()),
    }
}

/// Carries out `unset`.
pub(super) fn unset(line: &Line, printer: &Printer) -> Result<(), Ended> {
    let [file, index] = &line.words[..] else {
        return Err(CommandError::NoIndex.into());
    };
    let path = whole_path(index, "unset")?;
    let idempotent = line.has(Flag::Idempotent);
    let done = change(
        line,
        file.into(),
        printer,
        |source, ring, setting| match source.store.unset(
            &source.bytes,
            ring,
            &path,
            setting,
            &mut OsRng,
        ) {
            Err(SopsError::NoSuchPath { .. }) if idempotent => Ok(Changed {
                file: Vec::new(),
                changed: false,
            }),
            other => other,
        },
    );
    // Here sops has no code of its own for it.
    done.map_err(|ended| match ended.exit_code() {
        91 => ended.code(1),
        _ => ended,
    })
}

fn change(
    line: &Line,
    file: PathBuf,
    printer: &Printer,
    work: impl FnOnce(
        &Source,
        &bulla_core::recipient::KeyRing,
        Setting<'_>,
    ) -> Result<Changed, SopsError>,
) -> Result<(), Ended> {
    let source = Source::of_file(line, file)?;
    result::check_name(&source)?;
    source.metadata()?;
    let identities = keys::at_hand(printer)?;
    let setting = Setting {
        mac: mac_policy(line),
        now: &plan::now(),
    };
    let changed = work(&source, &identities.ring, setting);
    let changed = changed.map_err(|error| keys::explained(error, &identities));
    let changed = changed.map_err(|ended| ended.inside(&source.shown()))?;
    if line.has(Flag::Idempotent) && !changed.changed {
        return Ok(());
    }
    let closed = reformat::encrypted(line, &source, changed.file, printer)?;
    let path = source.path.as_deref().unwrap_or(Path::new("-"));
    result::write(path, &closed)
}

/// File, index and value of `sops set`.
fn setting(line: &Line) -> Result<(PathBuf, manifest::Path, Zeroizing<Vec<u8>>), Ended> {
    let (file, index, value) = match (&line.words[..], line.has(Flag::ValueStdin)) {
        ([file, index], true) => (file, index, source::read(Path::new("-"))?),
        ([file, index, name], false) if line.has(Flag::ValueFile) => {
            let value = source::read(Path::new(name));
            (file, index, value.map_err(|ended| ended.code(1))?)
        }
        ([file, index, value], false) => {
            let value = value.as_encoded_bytes().to_vec();
            (file, index, Zeroizing::new(value))
        }
        _ => return Err(CommandError::NoIndex.into()),
    };
    Ok((file.into(), whole_path(index, "set")?, value))
}

/// The same of `sops --set '["key"] JSON' FILE`.
fn old_setting(
    line: &Line,
    printer: &Printer,
) -> Result<(PathBuf, manifest::Path, Zeroizing<Vec<u8>>), Ended> {
    let file = source::named(line, printer)?;
    let text = line.os(Flag::Set).unwrap_or_default().to_string_lossy();
    let wrong = || CommandError::Index("set");
    let (path, value) = extract::path(&text).ok_or_else(wrong)?;
    let value = value.strip_prefix(' ').ok_or_else(wrong)?;
    Ok((file, path, Zeroizing::new(value.as_bytes().to_vec())))
}

fn whole_path(index: &OsStr, command: &'static str) -> Result<manifest::Path, Ended> {
    match index.to_str().and_then(extract::path) {
        Some((path, "")) => Ok(path),
        _ => Err(CommandError::Index(command).into()),
    }
}
