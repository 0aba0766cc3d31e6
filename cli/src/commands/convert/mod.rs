//! `bulla convert`: SealedSecrets, envelopes and files of SOPS into each other. Values are opened here or not at all, and what can't be
//! converted stays as it is.

mod report;
mod sops;
mod to_envelope;
mod to_sealed_secret;

use std::borrow::Cow;
use std::path::Path;

use bulla_core::manifest::{Move, Object, Rewriter, Stream};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::atomic::{NewFile, Replacement, replace};
use crate::cli::{ConvertArgs, ReportFormat, SealedFormat};
use crate::exit::{Blame, ExitStatus};
use crate::failure::{Failure, Fault};
use crate::identities::Identities;
use crate::input::{self, MANIFEST_BYTES_MAX, Source, is_stdin};
use crate::located::InFile;
use crate::manifest;
use crate::progress::Progress;
use crate::recipients::Chooser;
use crate::sealed_secret::{Certificates, is_sealed_secret};
use crate::session::Session;
use crate::sops_file;
use crate::sops_file::target::Targets;
use crate::stream_output;
use report::{Done, Kept};

/// Carries it out: everything is read and converted before the first file is written.
pub(crate) fn run(args: &ConvertArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let only_report = args.in_place || args.dry_run;
    if args.output == ReportFormat::Json && !only_report {
        return Err(ConvertUsage::TwoOutputs.into());
    }
    if args.to != SealedFormat::SealedSecret && args.certificate.cert.is_some() {
        return Err(ConvertUsage::CertificateOfEnvelope.into());
    }
    let sources = input::sources(
        args.inputs.iter().chain(&args.filename),
        args.recursive,
        &args.exclude.exclusion()?,
    )?;
    if args.in_place && sources.iter().any(|source| is_stdin(&source.path)) {
        return Err(ConvertUsage::StdinInPlace.into());
    }
    let converter = Converter {
        args,
        session,
        identities: Identities::load(&args.identities, &session.printer)?,
        chooser: Chooser::new(&session.configs, &args.recipients),
        certificates: Certificates::new(&session.configs, &args.recipients, &args.certificate),
        targets: Targets::new(&session.configs, &args.recipients),
    };
    let progress = Progress::new("converting", sources.len(), &session.printer);
    let (mut files, mut failures) = (Vec::new(), Vec::new());
    for source in &sources {
        match converter.file(source) {
            Ok(file) => files.extend(file),
            Err(failure) => failures.push(failure),
        }
        progress.step();
    }
    progress.finish();
    Failure::all(failures)?;
    converter.write(&files)?;
    report::tell(&files, args, session)?;
    Ok(match files.iter().all(|file| file.kept.is_empty()) {
        true => ExitStatus::Done,
        false => ExitStatus::Findings,
    })
}

struct Converter<'a> {
    args: &'a ConvertArgs,
    session: &'a Session,
    identities: Identities,
    chooser: Chooser<'a>,
    certificates: Certificates<'a>,
    targets: Targets<'a>,
}

/// What became of a file.
struct File<'s> {
    path: &'s Path,
    /// All of it as it is to be; as it was where something in it is kept.
    text: Zeroizing<String>,
    done: Vec<Done>,
    kept: Vec<Kept>,
    /// Resources that have the format already.
    before: usize,
}

/// One object in its new form.
struct Converted {
    resource: Value,
    done: Done,
}

/// Flags that don't go together, or with the input.
#[derive(Debug, thiserror::Error)]
enum ConvertUsage {
    #[error("standard input can't be replaced in place")]
    StdinInPlace,
    #[error("manifests and a report can't both go to standard output")]
    TwoOutputs,
    #[error("a certificate seals SealedSecrets, and something else was asked for")]
    CertificateOfEnvelope,
    #[error("there is nothing to convert in it")]
    Nothing,
}

impl<'s> File<'s> {
    fn untouched(path: &'s Path, bytes: &[u8], kept: Vec<Kept>, before: usize) -> Self {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        Self {
            path,
            text: Zeroizing::new(text.to_owned()),
            done: vec![],
            kept,
            before,
        }
    }
}

impl Converter<'_> {
    fn file<'s>(&self, source: &'s Source) -> Result<Option<File<'s>>, Failure> {
        let path = source.path.as_path();
        let bytes = input::read(path, MANIFEST_BYTES_MAX)?.bytes;
        let untouched = |kept| Some(File::untouched(path, &bytes, kept, 0));
        if let Some(store) = sops_file::recognise(path, &bytes) {
            return self.of_sops(path, &bytes, store).map(Some);
        }
        // Found in a directory for the sake of SOPS.
        if source.found && !input::is_manifest(path) {
            return Ok(None);
        }
        let passes_through = !self.args.in_place && !bytes.trim_ascii().is_empty();
        // In a directory most files have nothing to do with Secrets, and some are not even YAML.
        if source.found && !input::mentions(&bytes, self.from()) {
            return Ok(passes_through.then(|| untouched(vec![])).flatten());
        }
        let stream = match manifest::parse(path, &bytes) {
            Ok(stream) => stream,
            Err(failure) if source.found => {
                return Ok(untouched(vec![Kept::of_file(path, &failure)]));
            }
            Err(failure) => return Err(failure),
        };
        let file = match self.args.to {
            SealedFormat::Sops if stream.objects().iter().any(manifest::is_resource) => {
                self.to_sops(path, &bytes, &stream)?
            }
            _ => self.stream(path, &stream)?,
        };
        if !source.found && file.done.is_empty() && file.kept.is_empty() && file.before == 0 {
            return Err(InFile::new("convert", path, ConvertUsage::Nothing).into());
        }
        Ok(Some(file))
    }

    /// Converts one file, or keeps all of it.
    fn stream<'s>(&self, path: &'s Path, stream: &Stream) -> Result<File<'s>, Failure> {
        let seen = self.args.as_path.as_deref().unwrap_or(path);
        let (mut changes, mut done, mut kept, mut before) = (vec![], vec![], vec![], 0);
        let (mut chosen, mut sealed_for) = (None, None);
        for object in stream.objects() {
            let (from, to) = match self.args.to {
                // Whole files go that way: `to_sops` has seen to it.
                SealedFormat::Sops => (false, false),
                SealedFormat::Envelope => {
                    (is_sealed_secret(&object), manifest::is_envelope(&object))
                }
                SealedFormat::SealedSecret => {
                    (manifest::is_envelope(&object), is_sealed_secret(&object))
                }
            };
            before += usize::from(to);
            if !from {
                continue;
            }
            let converted = match self.args.to {
                SealedFormat::Sops => continue,
                SealedFormat::Envelope => {
                    let chosen = match &chosen {
                        Some(chosen) => chosen,
                        None => {
                            let found = self.chooser.choose(Some(seen))?;
                            found.warn_of_left_out(seen, &self.session.printer);
                            chosen.insert(found)
                        }
                    };
                    self.to_envelope(path, object, chosen)
                }
                SealedFormat::SealedSecret => {
                    let sealed_for = match &sealed_for {
                        Some(sealed_for) => sealed_for,
                        None => {
                            let found = self.certificates.choose(seen)?;
                            found.warn_of_left_out(seen, &self.session.printer);
                            sealed_for.insert(found)
                        }
                    };
                    self.to_sealed_secret(path, object, sealed_for)
                }
            };
            match converted {
                Ok(converted) => {
                    done.push(converted.done);
                    changes.push((object.index, converted.resource));
                }
                Err(failure) => kept.push(Kept::of_object(path, &object, &failure)),
            }
        }
        let text = if kept.is_empty() {
            match self.rewritten(stream, &changes) {
                Ok(text) => text,
                Err(error) => {
                    let failure = InFile::new("edit", path, error).into();
                    kept.push(Kept::of_file(path, &failure));
                    Zeroizing::new(stream.source().to_owned())
                }
            }
        } else {
            Zeroizing::new(stream.source().to_owned())
        };
        if !kept.is_empty() {
            // What could be converted stays as well: a file is not left half done.
            kept.extend(done.drain(..).map(|done| done.kept_with_the_file()));
        }
        Ok(File {
            path,
            text,
            done,
            kept,
            before,
        })
    }

    fn rewritten(
        &self,
        stream: &Stream,
        changes: &[(usize, Value)],
    ) -> Result<Zeroizing<String>, bulla_core::manifest::ManifestError> {
        let mut rewriter = Rewriter::new(stream);
        let (from, to) = match self.args.to {
            SealedFormat::Envelope => ("encryptedData", "data"),
            SealedFormat::SealedSecret => ("data", "encryptedData"),
            SealedFormat::Sops => ("data", "data"),
        };
        let moves = [Move::new(["spec", from], ["spec", to])];
        for (index, resource) in changes {
            rewriter.rewrite(*index, resource, &moves)?;
        }
        rewriter.finish()
    }

    /// The kind that is converted.
    fn from(&self) -> &'static str {
        match self.args.to {
            SealedFormat::Envelope => bulla_core::api::SEALED_SECRET,
            SealedFormat::SealedSecret => bulla_core::api::SECRET_ENVELOPE,
            // Either of the two.
            SealedFormat::Sops => "Secret",
        }
    }

    fn write(&self, files: &[File<'_>]) -> Result<(), Failure> {
        if self.args.dry_run {
            return Ok(());
        }
        if !self.args.in_place {
            let texts: Vec<&str> = files.iter().map(|file| file.text.as_str()).collect();
            let text = stream_output::joined(&texts, None)?;
            return self.session.printer.data(text.as_bytes());
        }
        let changed = files.iter().filter(|file| !file.done.is_empty());
        let replacements: Vec<_> = changed
            .map(|file| Replacement {
                path: file.path,
                bytes: file.text.as_bytes(),
                new_file: NewFile::Public,
            })
            .collect();
        replace(&replacements).map(drop)
    }
}

/// The place of an object, for reports.
fn line_of(object: &Object<'_>) -> usize {
    object.node.place().line
}

impl Fault for ConvertUsage {
    fn blame(&self) -> Blame {
        match self {
            Self::Nothing => Blame::Input,
            _ => Blame::Caller,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::StdinInPlace => "leave out `-i`",
            Self::TwoOutputs => {
                "`-i` writes the files and leaves standard output to the report; `--dry-run` writes none"
            }
            Self::CertificateOfEnvelope => "leave out `--cert`, or say `--to sealed-secret`",
            Self::Nothing => "`bulla seal` turns Secrets into sealed resources",
        }))
    }
}
