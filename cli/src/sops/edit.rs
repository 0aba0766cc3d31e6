//! `sops edit`, and bare `sops FILE`: the file in an editor, in memory where there is such a place.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use bulla_core::plaintext::Plaintext;
use bulla_core::sops::Store;
use rand_core::OsRng;
use zeroize::Zeroizing;

use super::error::{CommandError, Ended, in_core};
use super::grammar::Flag;
use super::line::Line;
use super::plan::{self, Plan};
use super::source::{self, Source};
use super::{decrypt, keys, reformat, result};
use crate::editor;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::interrupt::Deferred;
use crate::located::InFile;
use crate::printer::Printer;
use crate::scratch::Scratch;

/// Carries it out.
pub(super) fn run(line: &Line, printer: &Printer) -> Result<(), Ended> {
    let path = source::named(line, printer)?;
    let missing =
        matches!(fs::metadata(&path), Err(error) if error.kind() == std::io::ErrorKind::NotFound);
    let (store, output) = source::stores(line, Some(&path))?;
    if store != output {
        return Err(CommandError::RetypedInPlace.into());
    }
    let closed = match missing {
        true => new(line, &path, store, printer)?,
        false => existing(line, path.clone(), printer)?,
    };
    let place = Source {
        path: Some(path.clone()),
        bytes: Zeroizing::default(),
        store,
        output,
    };
    let closed = reformat::encrypted(line, &place, closed, printer)?;
    result::write(&path, &closed)
}

/// A file that is not there yet begins as an example.
fn new(line: &Line, path: &Path, store: Store, printer: &Printer) -> Result<Vec<u8>, Ended> {
    let plan = Plan::new(line, path, printer)?;
    plan::warn_of_disguise(path, store, printer);
    let example = Plaintext::from(example(store).as_bytes());
    edited(path, &example, printer, |text| plan.close(store, text))
}

fn existing(line: &Line, path: PathBuf, printer: &Printer) -> Result<Vec<u8>, Ended> {
    let source = Source::of_file(line, path.clone())?;
    let shown = source.shown();
    let failed = |error| in_core(error, false).inside(&shown);
    let store = source.store;
    let opened = decrypt::open(line, &source, printer)?;
    let with_block = line.has(Flag::ShowMasterKeys) && store != Store::Binary;
    let text = match with_block {
        true => store
            .with_block(opened.plaintext.reveal(), &opened.metadata)
            .map_err(failed)?,
        false => opened.plaintext,
    };
    edited(&path, &text, printer, |text| {
        // Once for each attempt: closing uses the known ciphertexts up.
        let mut opened = decrypt::open(line, &source, printer)?;
        let without;
        let text = match with_block {
            true => {
                let (plaintext, metadata) = store.without_block(text).map_err(failed)?;
                // Whoever edits the block must not lock everybody out.
                metadata
                    .open_data_key(&keys::at_hand(printer)?.ring)
                    .map_err(failed)?;
                opened.metadata = metadata;
                without = plaintext;
                without.reveal()
            }
            false => text,
        };
        let closed = store.encrypt(
            text,
            &mut opened.metadata,
            &opened.data_key,
            &mut opened.ciphertexts,
            &plan::now(),
            &mut OsRng,
        );
        closed.map_err(|error| in_core(error, true).inside(&shown))
    })
}

/// Shows a text in the editor until what comes back can be closed.
fn edited(
    path: &Path,
    before: &Plaintext,
    printer: &Printer,
    close: impl Fn(&[u8]) -> Result<Vec<u8>, Ended>,
) -> Result<Vec<u8>, Ended> {
    let failed = |error| Failure::from(InFile::io("edit", path, error));
    let editor = choose().ok_or(CommandError::Editor)?;
    let deferred = Deferred::begin().map_err(failed)?;
    let name = path.file_name().unwrap_or(OsStr::new("file"));
    let scratch = Scratch::new(name).map_err(failed)?;
    if !scratch.is_in_memory() {
        printer.warn(
            "the plaintext lies on a disk while it is edited: there is no file system in memory",
        );
    }
    // To the editor of whoever holds a key.
    scratch.write(before.reveal()).map_err(failed)?;
    loop {
        if let Err(failure) = editor::edit_with(&editor, scratch.path(), &deferred) {
            return Err(match failure.status() {
                ExitStatus::Interrupted(_) => failure.into(),
                _ => CommandError::Editor.into(),
            });
        }
        // An editor that took the file away left nothing that could be read.
        let after = fs::read(scratch.path()).map_err(|error| Ended::from(failed(error)).code(2))?;
        let after = Zeroizing::new(after);
        if after.as_slice() == before.reveal() {
            return Err(unchanged(printer));
        }
        let wrong = match close(&after) {
            Ok(closed) => return Ok(closed),
            Err(wrong) => wrong,
        };
        if !editor::can_ask() {
            return Err(wrong);
        }
        wrong.print();
        if !editor::wants_to_go_on("Back to the editor?", &deferred)? {
            return Err(unchanged(printer));
        }
    }
}

/// No error, though its exit code is not 0.
fn unchanged(printer: &Printer) -> Ended {
    printer.say("File has not changed, exiting.");
    Ended::with(200)
}

/// `SOPS_EDITOR`, `EDITOR`, or what there is.
fn choose() -> Option<OsString> {
    let mut named = ["SOPS_EDITOR", "EDITOR"]
        .into_iter()
        .filter_map(env::var_os);
    let named = named.find(|name| !name.is_empty());
    named.or_else(|| {
        let search = env::var_os("PATH").unwrap_or_default();
        let found =
            |name: &&str| env::split_paths(&search).any(|folder| folder.join(name).is_file());
        ["vim", "nano", "vi"]
            .into_iter()
            .find(found)
            .map(OsString::from)
    })
}

/// What a new file shows.
fn example(store: Store) -> &'static str {
    match store {
        Store::Yaml => {
            "# An example: put your own values here.\nhello: world\nusers:\n    - alice\n    - bob\nport: 5432\nready: true\n"
        }
        Store::Json => {
            "{\n\t\"hello\": \"world\",\n\t\"users\": [\n\t\t\"alice\",\n\t\t\"bob\"\n\t],\n\t\"port\": 5432,\n\t\"ready\": true\n}\n"
        }
        Store::Dotenv => "# An example: put your own values here.\nHELLO=world\nPORT=5432\n",
        Store::Ini => {
            "; An example: put your own values here.\n[hello]\nname = world\nport = 5432\n"
        }
        Store::Binary => "An example: put your own bytes here.\n",
    }
}
