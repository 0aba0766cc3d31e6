//! What `reseal` and `rewrap` have in common: every envelope and SealedSecret of many files, and all of it read and
//! worked on before the first file is written.

use std::path::Path;

use bulla_core::envelope::Envelope;
use zeroize::Zeroizing;

use crate::atomic::{NewFile, Replacement, replace};
use crate::cli::ReworkArgs;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::identities::Identities;
use crate::input::{self, MANIFEST_BYTES_MAX, Source, is_stdin};
use crate::manifest::{self, Found};
use crate::progress::Progress;
use crate::recipients::{Chooser, Chosen};
use crate::sealed_secret::{self, Certificates, Renewal};
use crate::session::Session;

/// The work on one envelope: the new one, or nothing where it can stay, and notes for people.
pub(crate) trait Work {
    /// What is being done, for the progress bar.
    const DOING: &'static str;

    /// Does it.
    fn on(
        &mut self,
        path: &Path,
        found: &Found<'_>,
        chosen: &Chosen,
        identities: &Identities,
    ) -> Result<Option<Envelope>, Failure>;

    /// How much of a SealedSecret is sealed anew.
    const RENEWAL: Renewal;

    /// Takes note of a SealedSecret: of its new values, or that it can stay.
    fn on_sealed(&mut self, path: &Path, title: &str, how: Option<&str>);

    /// Says what was done, or would be.
    fn report(&self, session: &Session, dry_run: bool);
}

/// Carries it out on all inputs.
///
/// # Errors
/// Those of every input together; nothing is written then.
pub(crate) fn run(
    args: &ReworkArgs,
    session: &Session,
    mut work: impl Work,
) -> Result<ExitStatus, Failure> {
    let sources = input::sources(
        args.inputs.iter(),
        args.recursive,
        &args.exclude.exclusion()?,
    )?;
    let identities = Identities::load(&args.identities, &session.printer)?;
    let chooser = Chooser::new(&session.configs, &args.recipients);
    let progress = Progress::new(doing(&work), sources.len(), &session.printer);
    let (mut done, mut failures) = (Vec::new(), Vec::new());
    for source in &sources {
        match file(source, args, session, &chooser, &identities, &mut work) {
            Ok(text) => done.extend(text.map(|text| (source.path.as_path(), text))),
            Err(failure) => failures.push(failure),
        }
        progress.step();
    }
    progress.finish();
    Failure::all(failures)?;
    if !args.dry_run {
        write(&done, session)?;
    }
    work.report(session, args.dry_run);
    Ok(ExitStatus::Done)
}

/// Files in place, and standard input to standard output.
fn write(done: &[(&Path, Zeroizing<String>)], session: &Session) -> Result<(), Failure> {
    let files = done.iter().filter(|(path, _)| !is_stdin(path));
    let new_file = NewFile::Public;
    let replacements: Vec<_> = files
        .map(|(path, text)| Replacement {
            path,
            bytes: text.as_bytes(),
            new_file,
        })
        .collect();
    replace(&replacements)?;
    for (_, text) in done.iter().filter(|(path, _)| is_stdin(path)) {
        session.printer.data(text.as_bytes())?;
    }
    Ok(())
}

fn file<W: Work>(
    source: &Source,
    args: &ReworkArgs,
    session: &Session,
    chooser: &Chooser<'_>,
    identities: &Identities,
    work: &mut W,
) -> Result<Option<Zeroizing<String>>, Failure> {
    let path = &source.path;
    let bytes = input::read(path, MANIFEST_BYTES_MAX)?.bytes;
    let seen = args.as_path.as_deref().unwrap_or(path);
    chooser.check_asked(Some(seen))?;
    let kinds = [
        bulla_core::api::SECRET_ENVELOPE,
        bulla_core::api::SEALED_SECRET,
    ];
    if source.found && !kinds.iter().any(|kind| input::mentions(&bytes, kind)) {
        return Ok(None);
    }
    let stream = manifest::parse(path, &bytes)?;
    let sealed = sealed_secret::all(path, &stream)?;
    let has_envelopes = stream.objects().iter().any(manifest::is_envelope);
    if source.found && !has_envelopes && sealed.is_empty() {
        return Ok(None);
    }
    let mut changes = Vec::new();
    if has_envelopes || sealed.is_empty() {
        let all = manifest::envelopes(path, &stream)?;
        let chosen = chooser.choose(Some(seen))?;
        chosen.warn_of_left_out(seen, &session.printer);
        for found in &all {
            if let Some(envelope) = work.on(path, found, &chosen, identities)? {
                changes.push((found.object.index, found.with(&envelope)));
            }
        }
    }
    if !sealed.is_empty() && args.controller.controller {
        changes.extend(sealed_secret::by_controller(
            &stream,
            &args.controller,
            session,
        )?);
        for found in &sealed {
            work.on_sealed(path, &found.title(), Some("by the controller"));
        }
    } else if !sealed.is_empty() {
        let certificates = Certificates::new(&session.configs, &args.recipients, &args.certificate);
        let sealed_for = certificates.choose(seen)?;
        sealed_for.warn_of_left_out(seen, &session.printer);
        for found in &sealed {
            let renewed = found.renewed(path, W::RENEWAL, &sealed_for, identities, session)?;
            let how = renewed
                .is_some()
                .then(|| format!("for {}", sealed_for.name));
            work.on_sealed(path, &found.title(), how.as_deref());
            changes.extend(renewed.map(|value| (found.object.index, value)));
        }
    }
    changes.sort_by_key(|(index, _)| *index);
    if changes.is_empty() && !is_stdin(path) {
        return Ok(None);
    }
    manifest::rewritten(path, &stream, &changes).map(Some)
}

fn doing<W: Work>(_: &W) -> &'static str {
    W::DOING
}
