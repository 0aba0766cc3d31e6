//! `bulla unset`: values taken out; no key is needed.

use std::collections::BTreeSet;
use std::path::Path;

use bulla_core::envelope::Envelope;
use bulla_core::names::KeyName;
use bulla_core::template;

use crate::atomic::{NewFile, Replacement, replace};
use crate::cli::UnsetArgs;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::identities::Identities;
use crate::input::{self, MANIFEST_BYTES_MAX, is_stdin};
use crate::located::InFile;
use crate::manifest::{self, ContentError, Resource};
use crate::printer::Printer;
use crate::session::Session;
use crate::shown::Shown;
use crate::sops_file;
use crate::sops_file::change;
use crate::sops_file::error::SopsUsage;
use crate::sops_file::opening::SopsFile;
use crate::sops_file::value_site::ValueSite;

/// Carries it out.
pub(crate) fn run(args: &UnsetArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let (path, printer) = (args.file.as_path(), &session.printer);
    let input = input::read(path, MANIFEST_BYTES_MAX)?;
    if let Some(store) = sops_file::recognise(path, &input.bytes) {
        return unset_in_sops(args, session, &SopsFile::new(path, input.bytes, store));
    }
    let keys: BTreeSet<KeyName> = args
        .keys
        .iter()
        .map(|key| manifest::key(key))
        .collect::<Result<_, _>>()?;
    let stream = manifest::parse(path, &input.bytes)?;
    let found = manifest::one(path, &stream, &args.select)?;
    if let Resource::Sealed(found) = &found {
        found.refuse_legacy(path)?;
    }
    let is_there = |key: &KeyName| match &found {
        Resource::Envelope(found) => found.envelope.data().contains_key(key),
        Resource::Sealed(found) => found.has(key),
    };
    if let Some(key) = keys.iter().find(|key| !is_there(key)) {
        let error = ContentError::no_such_key(key, &found.keys());
        return Err(found.error(path, None, error));
    }
    let changes = match &found {
        Resource::Envelope(found) => {
            let envelope = found.envelope.clone().unset(&keys)?;
            warn_of_templates(&envelope, &keys, printer);
            [(found.object.index, found.with(&envelope))]
        }
        Resource::Sealed(found) => {
            found.warn_of_templates(&keys, printer);
            [(found.object.index, found.without(&keys))]
        }
    };
    let text = manifest::rewritten(path, &stream, &changes)?;
    match (args.dry_run, is_stdin(path)) {
        (true, _) => {}
        (false, true) => printer.data(text.as_bytes())?,
        (false, false) => {
            replace(&[Replacement {
                path,
                bytes: text.as_bytes(),
                new_file: NewFile::Public,
            }])?;
        }
    }
    let verb = if args.dry_run { "would take" } else { "took" };
    let names: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    printer.say(format_args!(
        "{verb} {} out of {} in {}",
        names.join(", "),
        found.title(),
        Shown(path)
    ));
    Ok(ExitStatus::Done)
}

/// The same for a file of SOPS, whose MAC is over what is left.
fn unset_in_sops(
    args: &UnsetArgs,
    session: &Session,
    file: &SopsFile,
) -> Result<ExitStatus, Failure> {
    let (path, printer) = (args.file.as_path(), &session.printer);
    let sites = args
        .keys
        .iter()
        .map(|key| ValueSite::of(file, key, &args.select));
    let sites = sites.collect::<Result<Vec<_>, _>>()?;
    if sites.iter().any(|site| !site.there) {
        return Err(InFile::new("change", path, SopsUsage::NothingThere).into());
    }
    let identities = Identities::load(&args.identities, printer)?;
    let bytes = change::unset(file, &sites, &identities, &mut session.rng())?;
    match (args.dry_run, is_stdin(path)) {
        (true, _) => {}
        (false, true) => printer.data(&bytes)?,
        (false, false) => {
            replace(&[Replacement {
                path,
                bytes: &bytes,
                new_file: NewFile::Public,
            }])?;
        }
    }
    let verb = if args.dry_run { "would take" } else { "took" };
    let names = args
        .keys
        .iter()
        .map(|key| Shown(Path::new(key)).to_string());
    let names = names.collect::<Vec<_>>().join(", ");
    printer.say(format_args!("{verb} {names} out of {}", Shown(path)));
    Ok(ExitStatus::Done)
}

/// A template that names a key which is no longer there does not render.
pub(crate) fn warn_of_templates(envelope: &Envelope, gone: &BTreeSet<KeyName>, printer: &Printer) {
    for (templated, source) in envelope.template().data() {
        let named = template::parse(templated, source)
            .map(|template| template.keys())
            .unwrap_or_default();
        for key in gone.iter().filter(|key| named.contains(key.as_str())) {
            printer.warn(format_args!(
                "the template of `{templated}` names `{key}`: no Secret is made of the envelope until it is set again"
            ));
        }
    }
}
