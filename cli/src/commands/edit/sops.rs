//! A file of SOPS in the editor: what does not change keeps its ciphertext.

use std::cell::RefCell;

use bulla_core::sops::Store;

use super::{in_editor, refuse_lost_update};
use crate::atomic::{NewFile, Replacement, replace};
use crate::cli::EditArgs;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::identities::Identities;
use crate::input::Input;
use crate::located::InFile;
use crate::session::Session;
use crate::shown::Shown;
use crate::sops_file::error::{SopsUsage, in_file};
use crate::sops_file::opening::SopsFile;
use crate::sops_file::seal::now;

/// Carries it out.
pub(super) fn run(
    args: &EditArgs,
    session: &Session,
    input: &Input,
    store: Store,
) -> Result<ExitStatus, Failure> {
    let path = args.file.as_path();
    let flags = [
        (args.sealed, "--sealed"),
        (args.certificate.cert.is_some(), "--cert"),
        (!args.recipients.recipients.is_empty(), "--for"),
    ];
    if let Some((_, flag)) = flags.into_iter().find(|(given, _)| *given) {
        return Err(SopsUsage::Flag(flag).into());
    }
    let file = SopsFile::new(path, input.bytes.clone(), store);
    let identities = Identities::load(&args.identities, &session.printer)?;
    let opened = file.open(&identities)?;
    let before = std::str::from_utf8(opened.plaintext.reveal());
    let before = before.map_err(|_| InFile::new("edit", path, SopsUsage::NotText))?;
    let known = RefCell::new(opened.ciphertexts);
    let changed = in_editor(path, before, session, |after| {
        let mut metadata = opened.metadata.clone();
        let mut known = known.borrow_mut().clone();
        store
            .encrypt(
                after,
                &mut metadata,
                &opened.data_key,
                &mut known,
                &now(),
                &mut session.rng(),
            )
            .map(Some)
            .map_err(|error| in_file("encrypt", path, error))
    })?;
    let Some(bytes) = changed else {
        session.printer.say("nothing was changed");
        return Ok(ExitStatus::Done);
    };
    refuse_lost_update(path, input)?;
    replace(&[Replacement {
        path,
        bytes: &bytes,
        new_file: NewFile::Public,
    }])?;
    session.printer.say(format_args!("changed {}", Shown(path)));
    Ok(ExitStatus::Done)
}
