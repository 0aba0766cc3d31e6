//! A SealedSecret in the editor: what was changed is sealed with the certificate, the rest stays.

use bulla_core::manifest::Stream;

use super::{in_editor, refuse_lost_update, summary};
use crate::atomic::{NewFile, Replacement, replace};
use crate::cli::EditArgs;
use crate::editor::view::{self, Known};
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::identities::Identities;
use crate::input::Input;
use crate::manifest;
use crate::sealed_secret::{Certificates, FoundSealed};
use crate::session::Session;
use crate::shown::Shown;

/// Carries it out.
pub(super) fn run(
    args: &EditArgs,
    session: &Session,
    input: &Input,
    stream: &Stream,
    found: &FoundSealed<'_>,
) -> Result<ExitStatus, Failure> {
    let (path, printer) = (args.file.as_path(), &session.printer);
    found.refuse_legacy(path)?;
    // Found out before anybody has typed anything.
    let certificates = Certificates::new(&session.configs, &args.recipients, &args.certificate);
    let sealed_for = certificates.choose(path)?;
    sealed_for.warn_of_left_out(path, printer);
    let known = match args.sealed {
        true => None,
        false => known(found, args, session)?,
    };
    let before = view::sealed_text(found, known.as_ref(), &Shown(path).to_string());
    let changed = in_editor(path, &before, session, |after| {
        let changes = view::sealed_changes_of(found, after, known.as_ref())?;
        let changes = changes.filter(|changes| !changes.is_empty());
        if changes
            .as_ref()
            .is_some_and(|changes| !changes.set.is_empty())
        {
            sealed_for.scope(Some(found.sealed.scope()))?;
        }
        Ok(changes)
    })?;
    let Some(changes) = changed else {
        printer.say("nothing was changed");
        return Ok(ExitStatus::Done);
    };
    let resource = found
        .with_values(&changes.set, &sealed_for, &mut session.rng())
        .map_err(|error| found.error(path, None, error))?;
    let resource = FoundSealed::without_keys(resource, &changes.unset);
    let text = manifest::rewritten(path, stream, &[(found.object.index, resource)])?;
    refuse_lost_update(path, input)?;
    replace(&[Replacement {
        path,
        bytes: text.as_bytes(),
        new_file: NewFile::Public,
    }])?;
    printer.say(format_args!(
        "{} in {}: {}",
        found.title(),
        Shown(path),
        summary(&changes, sealed_for.name.as_str())
    ));
    if !changes.set.is_empty() {
        found.warn_of_scope(&sealed_for, printer);
    }
    found.warn_of_templates(&changes.unset, printer);
    Ok(ExitStatus::Done)
}

/// The values, where a key at hand opens them.
fn known(
    found: &FoundSealed<'_>,
    args: &EditArgs,
    session: &Session,
) -> Result<Option<Known>, Failure> {
    if args.identities.identity.is_empty() {
        return Ok(None);
    }
    let identities = Identities::load(&args.identities, &session.printer)?;
    let unsealed = found
        .unseal(&identities)
        .map_err(|error| found.error(&args.file, None, error))?;
    let values = unsealed.values().iter();
    Ok(Some(
        values
            .map(|(key, value)| (key.clone(), value.duplicate()))
            .collect(),
    ))
}
