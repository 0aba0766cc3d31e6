//! `sops decrypt`.

use bulla_core::plaintext::Plaintext;
use bulla_core::sops::{DataKey, Decrypted, MacPolicy, Metadata, SopsError, Tree};

use super::error::{CommandError, Ended, in_core};
use super::grammar::Flag;
use super::line::Line;
use super::source::{self, Source};
use super::{extract, keys, reformat, result};
use crate::printer::Printer;

/// Carries it out.
pub(super) fn run(line: &Line, printer: &Printer) -> Result<(), Ended> {
    source::warn_of_others(line, printer);
    let file = line.file();
    if file.is_none() && line.old_style {
        return Err(CommandError::NoFile.into());
    }
    result::check(line, file.is_none())?;
    let path = extract::path_of(line)?;
    if path.is_some() && line.has(Flag::InPlace) {
        return Err(CommandError::ExtractInPlace.into());
    }
    let source = match file {
        Some(file) => {
            source::must_exist(&file)?;
            Source::of_file(line, file)?
        }
        None => Source::of_stdin(line)?,
    };
    result::check_type(line, &source)?;
    let plaintext = match path {
        Some(path) => {
            let tree = tree(line, &source, printer)?;
            let missing = || CommandError::NotThere(path.clone());
            let item = tree.get(&path).ok_or_else(missing)?;
            reformat::item(line, &source, item, printer)?
        }
        None => whole(line, &source, printer)?,
    };
    // To whoever asked for it.
    result::put(line, &source, plaintext.reveal(), printer)
}

/// The plaintext of a file, as the flags want it.
pub(super) fn whole(line: &Line, source: &Source, printer: &Printer) -> Result<Plaintext, Ended> {
    match reformat::is_wanted(line, source)? {
        true => reformat::decrypted(line, source, &tree(line, source, printer)?, printer),
        false => {
            let opened = source
                .store
                .plaintext(&source.bytes, mac_policy(line), |block| {
                    data_key(block, mac_policy(line), printer)
                });
            opened.map_err(|NotOpened(ended)| ended.inside(&source.shown()))
        }
    }
}

/// The data key of a block, opened with the identities at hand. What is no file of sops needs no key to say so.
fn data_key(block: &Metadata, policy: MacPolicy, printer: &Printer) -> Result<DataKey, NotOpened> {
    source::must_have_keys(block).map_err(NotOpened)?;
    let identities = keys::at_hand(printer).map_err(NotOpened)?;
    let key = block.open_data_key_to(policy, &identities.ring);
    key.map_err(|error| NotOpened(keys::explained(error, &identities)))
}

/// How a command ends whose file did not open.
struct NotOpened(Ended);

impl From<SopsError> for NotOpened {
    fn from(error: SopsError) -> Self {
        Self(in_core(error, false))
    }
}

/// The values of a file, opened with the identities at hand.
pub(super) fn tree(line: &Line, source: &Source, printer: &Printer) -> Result<Tree, Ended> {
    source.metadata()?;
    let identities = keys::at_hand(printer)?;
    let opened = source
        .store
        .decrypt_tree(&source.bytes, &identities.ring, mac_policy(line));
    let opened = opened.map_err(|error| keys::explained(error, &identities));
    Ok(opened.map_err(|ended| ended.inside(&source.shown()))?.tree)
}

/// Opens a file with the identities at hand.
pub(super) fn open(line: &Line, source: &Source, printer: &Printer) -> Result<Decrypted, Ended> {
    // What is no file of sops needs no key to say so.
    source.metadata()?;
    let identities = keys::at_hand(printer)?;
    let opened = source
        .store
        .decrypt(&source.bytes, &identities.ring, mac_policy(line));
    let opened = opened.map_err(|error| keys::explained(error, &identities));
    opened.map_err(|ended| ended.inside(&source.shown()))
}

/// What `--ignore-mac` says.
pub(super) fn mac_policy(line: &Line) -> MacPolicy {
    match line.has(Flag::IgnoreMac) {
        true => MacPolicy::Ignore,
        false => MacPolicy::Verify,
    }
}
