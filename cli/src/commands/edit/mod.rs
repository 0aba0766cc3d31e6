//! `bulla edit`: a sealed resource in the user's editor, its plaintext never on a disk.

mod sealed;
mod sops;

use std::borrow::Cow;
use std::path::Path;

use bulla_core::envelope::{Envelope, OpenError};
use zeroize::Zeroizing;

use super::set::suggest_reseal;
use super::unset::warn_of_templates;
use crate::atomic::{NewFile, Replacement, replace};
use crate::cli::EditArgs;
use crate::editor;
use crate::editor::view::{self, Changes, Known};
use crate::exit::{Blame, ExitStatus};
use crate::failure::{Failure, Fault};
use crate::identities::Identities;
use crate::input::{self, Input, MANIFEST_BYTES_MAX, is_stdin};
use crate::interrupt::Deferred;
use crate::located::InFile;
use crate::manifest::{self, Found, Resource};
use crate::recipients::{Chooser, Chosen};
use crate::scratch::Scratch;
use crate::sealed_secret::CertificateError;
use crate::session::Session;
use crate::shown::Shown;
use crate::sops_file;
use crate::vouching;

/// Carries it out.
pub(crate) fn run(args: &EditArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let (path, printer) = (args.file.as_path(), &session.printer);
    if is_stdin(path) {
        return Err(EditUsage::StandardInput.into());
    }
    let input = input::read(path, MANIFEST_BYTES_MAX)?;
    if let Some(store) = sops_file::recognise(path, &input.bytes) {
        return sops::run(args, session, &input, store);
    }
    let stream = manifest::parse(path, &input.bytes)?;
    let found = match manifest::one(path, &stream, &args.select)? {
        Resource::Envelope(found) => found,
        Resource::Sealed(found) => return sealed::run(args, session, &input, &stream, &found),
    };
    if args.certificate.cert.is_some() {
        return Err(CertificateError::OtherFormat.into());
    }
    // Found out before anybody has typed anything.
    let chosen = Chooser::new(&session.configs, &args.recipients).choose(Some(path))?;
    chosen.warn_of_left_out(path, printer);
    let known = if args.sealed {
        None
    } else {
        known(&found, args, session)?
    };

    let before = view::text(&found, known.as_ref(), &Shown(path).to_string());
    let changed = in_editor(path, &before, session, |after| {
        outcome(&found, after, known.as_ref(), &chosen, session)
    })?;
    let Some((envelope, changes)) = changed else {
        printer.say("nothing was changed");
        return Ok(ExitStatus::Done);
    };
    let text = manifest::rewritten(
        path,
        &stream,
        &[(found.object.index, found.with(&envelope))],
    )?;
    refuse_lost_update(path, &input)?;
    replace(&[Replacement {
        path,
        bytes: text.as_bytes(),
        new_file: NewFile::Public,
    }])?;
    printer.say(format_args!(
        "{} in {}: {}",
        found.title(),
        Shown(path),
        summary(&changes, &chosen.names())
    ));
    warn_of_templates(&envelope, &changes.unset, printer);
    suggest_reseal(&envelope, path, printer);
    Ok(ExitStatus::Done)
}

/// The values, where a key at hand opens them.
fn known(found: &Found<'_>, args: &EditArgs, session: &Session) -> Result<Option<Known>, Failure> {
    let identities = Identities::load(&args.identities, &session.printer)?;
    match found.envelope.open(&identities.ring) {
        Ok(opened) => Ok(Some(opened.into_parts().0)),
        Err(OpenError::NoKey { .. }) if args.identities.identity.is_empty() => Ok(None),
        Err(error) => {
            let node = manifest::node_of_open(found, &error);
            Err(found.error(&args.file, node, identities.explain(&found.envelope, error)))
        }
    }
}

/// Lets the user edit `before` until `outcome` makes something of it, or until they give up.
fn in_editor<T>(
    path: &Path,
    before: &str,
    session: &Session,
    outcome: impl Fn(&[u8]) -> Result<Option<T>, Failure>,
) -> Result<Option<T>, Failure> {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("envelope.yaml");
    let failed = |error| Failure::from(InFile::io("edit", path, error));
    // Dropped in this order: first the file goes, then the signal ends the program.
    let deferred = Deferred::begin().map_err(failed)?;
    let scratch = Scratch::new(name).map_err(failed)?;
    if !scratch.is_in_memory() {
        session.printer.warn(
            "there is no file system in memory: the editor's file lies on a disk while it is open",
        );
    }
    scratch.write(before).map_err(failed)?;
    loop {
        editor::edit(scratch.path(), &deferred)?;
        deferred.check()?;
        let after: Zeroizing<Vec<u8>> = input::read(scratch.path(), MANIFEST_BYTES_MAX)?.bytes;
        if *after == before.as_bytes() {
            return Ok(None);
        }
        match outcome(&after) {
            Ok(outcome) => return Ok(outcome),
            Err(failure) if !editor::can_ask() => return Err(failure),
            Err(failure) => {
                failure.print();
                if !editor::wants_to_go_on("Edit again?", &deferred)? {
                    return Err(EditUsage::Dropped(failure.status()).into());
                }
            }
        }
    }
}

fn outcome(
    found: &Found<'_>,
    text: &[u8],
    known: Option<&Known>,
    chosen: &Chosen,
    session: &Session,
) -> Result<Option<(Envelope, Changes)>, Failure> {
    let changes = match view::changes_of(found, text, known)? {
        Some(changes) if !changes.is_empty() => changes,
        _ => return Ok(None),
    };
    if !changes.set.is_empty() {
        vouching::allow_scope_of(&found.envelope, chosen)?;
    }
    let mut envelope = found.envelope.clone().unset(&changes.unset)?;
    if let Some(template) = &changes.template {
        envelope = envelope.with_template(template.clone())?;
    }
    let envelope = envelope.set(&changes.set, &chosen.recipients, &mut session.rng())?;
    if !changes.set.is_empty() {
        vouching::warn(&envelope, chosen, &session.printer);
    }
    Ok(Some((envelope, changes)))
}

/// Somebody else may have written the file while the editor was open.
fn refuse_lost_update(path: &Path, input: &Input) -> Result<(), Failure> {
    if input::read(path, MANIFEST_BYTES_MAX)?.bytes == input.bytes {
        Ok(())
    } else {
        Err(InFile::new("write", path, EditUsage::ChangedMeanwhile).into())
    }
}

fn summary(changes: &Changes, names: &str) -> String {
    let list = |verb: &str, keys: Vec<String>| {
        (!keys.is_empty()).then(|| format!("{verb} {}", keys.join(", ")))
    };
    let quoted = |key: &bulla_core::names::KeyName| format!("`{key}`");
    let parts = [
        list("set", changes.set.keys().map(quoted).collect()),
        list("took out", changes.unset.iter().map(quoted).collect()),
        changes
            .template
            .as_ref()
            .map(|_| "changed the template".to_owned()),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    format!("{}, for {names}", parts.join("; "))
}

/// An edit that was not carried out.
#[derive(Debug, thiserror::Error)]
enum EditUsage {
    #[error("standard input can't be edited")]
    StandardInput,
    #[error("the file was changed by somebody else while it was open in the editor")]
    ChangedMeanwhile,
    #[error("the edit was dropped")]
    Dropped(ExitStatus),
}

impl Fault for EditUsage {
    fn blame(&self) -> Blame {
        match self {
            Self::Dropped(ExitStatus::Refused) => Blame::Policy,
            Self::Dropped(ExitStatus::Unopened) => Blame::Sealed,
            _ => Blame::Caller,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::StandardInput => "name a file",
            Self::ChangedMeanwhile => "nothing was written: run `bulla edit` again",
            Self::Dropped(_) => return None,
        }))
    }
}
