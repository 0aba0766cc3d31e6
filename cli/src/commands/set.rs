//! `bulla set`: one value sealed anew, with or without a key at hand.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use bulla_core::envelope::{Envelope, RESEAL_SUGGESTED_AT};
use bulla_core::manifest::Stream;
use bulla_core::names::KeyName;
use bulla_core::plaintext::Plaintext;

use crate::atomic::{NewFile, Replacement, replace};
use crate::cli::SetArgs;
use crate::exit::{Blame, ExitStatus};
use crate::failure::{Failure, Fault};
use crate::identities::Identities;
use crate::input::{self, MANIFEST_BYTES_MAX, is_stdin};
use crate::manifest::{self, Resource};
use crate::printer::Printer;
use crate::recipients::Chooser;
use crate::sealed_secret::{CertificateError, Certificates, FoundSealed};
use crate::session::Session;
use crate::shown::Shown;
use crate::sops_file;
use crate::sops_file::change;
use crate::sops_file::error::SopsUsage;
use crate::sops_file::opening::SopsFile;
use crate::sops_file::value_site::ValueSite;
use crate::value_source::ValueSource;
use crate::vouching;

/// Carries it out. Everything else is checked before anybody is asked for the value.
pub(crate) fn run(args: &SetArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let (path, printer) = (args.file.as_path(), &session.printer);
    if !args.stray_value.is_empty() || args.key.contains('=') {
        return Err(SetUsage::ValueInArguments.into());
    }
    if is_stdin(path) {
        return Err(SetUsage::StandardInput.into());
    }
    let input = input::read(path, MANIFEST_BYTES_MAX)?;
    if let Some(store) = sops_file::recognise(path, &input.bytes) {
        return set_in_sops(args, session, &SopsFile::new(path, input.bytes, store));
    }
    let key = manifest::key(&args.key).map_err(|_| SetUsage::NoKeyName)?;
    let stream = manifest::parse(path, &input.bytes)?;
    let found = match manifest::one(path, &stream, &args.select)? {
        Resource::Envelope(found) => found,
        Resource::Sealed(found) => return set_sealed(args, session, &stream, &found, &key),
    };
    if args.certificate.cert.is_some() {
        return Err(CertificateError::OtherFormat.into());
    }
    let chosen = Chooser::new(&session.configs, &args.recipients).choose(Some(path))?;
    chosen.warn_of_left_out(path, printer);
    vouching::allow_scope_of(&found.envelope, &chosen)?;
    let value = value(args, key.as_str(), printer)?;
    let fresh = !found.envelope.data().contains_key(&key);
    let envelope = found
        .envelope
        .clone()
        .set(
            &BTreeMap::from([(key.clone(), value)]),
            &chosen.recipients,
            &mut session.rng(),
        )
        .map_err(|error| found.error(path, manifest::node_of_seal(&found, &error), error))?;
    let changes = [(found.object.index, found.with(&envelope))];
    let text = manifest::rewritten(path, &stream, &changes)?;
    if !args.dry_run {
        replace(&[Replacement {
            path,
            bytes: text.as_bytes(),
            new_file: NewFile::Public,
        }])?;
    }
    let verb = if args.dry_run { "would set" } else { "set" };
    let new = if fresh { " (a new key)" } else { "" };
    printer.say(format_args!(
        "{verb} `{key}`{new} of {} in {}, for {}",
        found.title(),
        Shown(path),
        chosen.names()
    ));
    vouching::warn(&envelope, &chosen, printer);
    suggest_reseal(&envelope, path, printer);
    Ok(ExitStatus::Done)
}

/// The same for a SealedSecret: the certificate of the cluster is all that it takes.
fn set_sealed(
    args: &SetArgs,
    session: &Session,
    stream: &Stream,
    found: &FoundSealed<'_>,
    key: &KeyName,
) -> Result<ExitStatus, Failure> {
    let (path, printer) = (args.file.as_path(), &session.printer);
    found.refuse_legacy(path)?;
    let certificates = Certificates::new(&session.configs, &args.recipients, &args.certificate);
    let sealed_for = certificates.choose(path)?;
    sealed_for.warn_of_left_out(path, printer);
    sealed_for.scope(Some(found.sealed.scope()))?;
    let values = BTreeMap::from([(key.clone(), value(args, key.as_str(), printer)?)]);
    let resource = found
        .with_values(&values, &sealed_for, &mut session.rng())
        .map_err(|error| found.error(path, None, error))?;
    let text = manifest::rewritten(path, stream, &[(found.object.index, resource)])?;
    if !args.dry_run {
        replace(&[Replacement {
            path,
            bytes: text.as_bytes(),
            new_file: NewFile::Public,
        }])?;
    }
    let verb = if args.dry_run { "would set" } else { "set" };
    let new = if found.has(key) { "" } else { " (a new key)" };
    printer.say(format_args!(
        "{verb} `{key}`{new} of {} in {}, for {}",
        found.title(),
        Shown(path),
        sealed_for.name
    ));
    found.warn_of_scope(&sealed_for, printer);
    Ok(ExitStatus::Done)
}

/// The same for a file of SOPS: nobody sets a value there who can't open all of it.
fn set_in_sops(args: &SetArgs, session: &Session, file: &SopsFile) -> Result<ExitStatus, Failure> {
    let (path, printer) = (args.file.as_path(), &session.printer);
    let flags = [
        (args.certificate.cert.is_some(), "--cert"),
        (!args.recipients.recipients.is_empty(), "--for"),
    ];
    if let Some((_, flag)) = flags.into_iter().find(|(given, _)| *given) {
        return Err(SopsUsage::Flag(flag).into());
    }
    let mut site = ValueSite::of(file, &args.key, &args.select)?;
    site.takes_a_value(file)?;
    let identities = Identities::load(&args.identities, printer)?;
    change::must_open(file, &identities)?;
    let plaintext = value(args, &args.key, printer)?;
    let bytes = change::set(file, &mut site, &plaintext, &identities, &mut session.rng())?;
    if !args.dry_run {
        replace(&[Replacement {
            path,
            bytes: &bytes,
            new_file: NewFile::Public,
        }])?;
    }
    let verb = if args.dry_run { "would set" } else { "set" };
    let new = if site.there { "" } else { " (a new key)" };
    let key = Shown(Path::new(&args.key));
    printer.say(format_args!("{verb} {key}{new} in {}", Shown(path)));
    Ok(ExitStatus::Done)
}

fn value(args: &SetArgs, key: &str, printer: &Printer) -> Result<Plaintext, Failure> {
    let source = match (&args.literal, &args.from_file) {
        (Some(text), _) => ValueSource::Literal(text),
        (None, Some(file)) => ValueSource::File(file),
        (None, None) => ValueSource::Ask,
    };
    source.read(key, args.trim_newline, printer)
}

/// Each run that sets values adds a data key; `reseal` brings an envelope back to one.
pub(crate) fn suggest_reseal(envelope: &Envelope, path: &Path, printer: &Printer) {
    let keys = envelope.data_keys().len();
    if keys >= RESEAL_SUGGESTED_AT {
        printer.say(format_args!(
            "hint: {} has {keys} data keys: `bulla reseal` brings it back to one",
            Shown(path)
        ));
    }
}

/// A command line that can't be carried out.
#[derive(Debug, thiserror::Error)]
enum SetUsage {
    #[error("refusing a value on the command line: the shell remembers it, and others can see it")]
    ValueInArguments,
    #[error("the second argument, KEY, is not the name of a key")]
    NoKeyName,
    #[error("the file to change can't be standard input, which the value comes from")]
    StandardInput,
}

impl Fault for SetUsage {
    fn blame(&self) -> Blame {
        Blame::Caller
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::ValueInArguments => {
                "`bulla set FILE KEY` asks for it, or takes it from a pipe; `--literal VALUE` insists"
            }
            Self::NoKeyName => {
                "the usage is `bulla set FILE KEY`, and the value is asked for, or comes from a pipe"
            }
            Self::StandardInput => "name the file",
        }))
    }
}
