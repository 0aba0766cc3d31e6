//! What `reseal` and `rewrap` have in common: every envelope, SealedSecret and file of SOPS among many, and all of it
//! read and worked on before the first file is written.

use std::path::Path;

use bulla_core::envelope::Envelope;
use zeroize::Zeroizing;

use crate::atomic::{NewFile, Replacement, replace};
use crate::cli::ReworkArgs;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::identities::Identities;
use crate::input::{self, Source, is_stdin};
use crate::manifest::{self, Found};
use crate::progress::Progress;
use crate::recipients::{Chooser, Chosen};
use crate::sealed_secret::{self, Certificates, Renewal};
use crate::session::Session;
use crate::sops_file;
use crate::sops_file::opening::SopsFile;
use crate::sops_file::rework::{Action, Reworked};
use crate::sops_file::target::Targets;

/// The work on one envelope: the new one, or nothing where it can stay, and notes for people.
pub(crate) trait Work {
    /// What is being done, for the progress bar.
    const DOING: &'static str;
    /// What that means for files of SOPS.
    const ACTION: Action;

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

    /// Says what was done, or would be; `others` is the number of files of SOPS.
    fn report(&self, session: &Session, dry_run: bool, others: usize);
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
    let targets = Targets::new(&session.configs, &args.recipients);
    let progress = Progress::new(doing(&work), sources.len(), &session.printer);
    let (mut done, mut failures, mut sops) = (Vec::new(), Vec::new(), Vec::new());
    for (source, read) in sources.iter().zip(sops_file::read_all(&sources)) {
        let result = read.and_then(|(bytes, store)| match store {
            Some(store) => {
                let file = SopsFile::new(&source.path, bytes, store);
                let seen = args.as_path.as_deref().unwrap_or(&source.path);
                sops.push((file, targets.choose(seen, &session.printer)?));
                Ok(None)
            }
            None => {
                progress.step();
                file(
                    source,
                    &bytes,
                    args,
                    session,
                    &chooser,
                    &identities,
                    &mut work,
                )
            }
        });
        match result {
            Ok(text) => done.extend(text.map(|text| (source.path.as_path(), text))),
            Err(failure) => failures.push(failure),
        }
    }
    let mut reworked = Vec::with_capacity(sops.len());
    let results = sops_file::rework::all(&sops, action(&work), &identities, &progress);
    for ((file, target), result) in sops.iter().zip(results) {
        target.warn_of_left_out(&file.path, &session.printer);
        match result {
            Ok(result) => reworked.push((file.path.as_path(), result)),
            Err(failure) => failures.push(failure),
        }
    }
    progress.finish();
    let failed = Failure::all(failures);
    if !args.keep_going {
        failed?;
        return finish(args, session, &work, &done, &reworked);
    }
    let status = finish(args, session, &work, &done, &reworked)?;
    failed.map(|()| status)
}

fn finish<W: Work>(
    args: &ReworkArgs,
    session: &Session,
    work: &W,
    done: &[(&Path, Zeroizing<String>)],
    reworked: &[(&Path, Reworked)],
) -> Result<ExitStatus, Failure> {
    if !args.dry_run {
        let texts = done.iter().map(|(path, text)| (*path, text.as_bytes()));
        let files = reworked.iter().filter_map(|(path, reworked)| {
            let bytes = reworked.bytes.as_ref().or(reworked.passed_on.as_deref());
            Some((*path, bytes?.as_slice()))
        });
        write(&texts.chain(files).collect::<Vec<_>>(), session)?;
    }
    let all = reworked.iter().map(|(path, reworked)| (*path, reworked));
    sops_file::rework::report(all, W::ACTION, args.dry_run, &session.printer);
    work.report(session, args.dry_run, reworked.len());
    Ok(ExitStatus::Done)
}

/// Files in place, and standard input to standard output.
fn write(done: &[(&Path, &[u8])], session: &Session) -> Result<(), Failure> {
    let files = done.iter().filter(|(path, _)| !is_stdin(path));
    let new_file = NewFile::Public;
    let replacements: Vec<_> = files
        .map(|(path, bytes)| Replacement {
            path,
            bytes,
            new_file,
        })
        .collect();
    replace(&replacements)?;
    for (_, bytes) in done.iter().filter(|(path, _)| is_stdin(path)) {
        session.printer.data(bytes)?;
    }
    Ok(())
}

fn file<W: Work>(
    source: &Source,
    bytes: &[u8],
    args: &ReworkArgs,
    session: &Session,
    chooser: &Chooser<'_>,
    identities: &Identities,
    work: &mut W,
) -> Result<Option<Zeroizing<String>>, Failure> {
    let path = &source.path;
    let seen = args.as_path.as_deref().unwrap_or(path);
    chooser.check_asked(Some(seen))?;
    let kinds = [
        bulla_core::api::SECRET_ENVELOPE,
        bulla_core::api::SEALED_SECRET,
    ];
    let concerns = kinds.iter().any(|kind| input::mentions(bytes, kind));
    if source.found && !(concerns && input::is_manifest(path)) {
        return Ok(None);
    }
    let stream = manifest::parse(path, bytes)?;
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

fn action<W: Work>(_: &W) -> Action {
    W::ACTION
}
