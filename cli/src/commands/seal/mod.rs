//! `bulla seal`: Secrets in, envelopes or SealedSecrets out, every other byte as it was.

mod create;
mod sops;
mod target;

use std::borrow::Cow;
use std::path::Path;

use bulla_core::envelope::EnvelopeError;
use bulla_core::manifest::{Object, Rewriter, Stream, emit, emit_json, read_secret};
use bulla_core::names::KeyName;
use bulla_core::reason::Reason;
use bulla_core::sealed_secrets::SealedData;
use zeroize::Zeroizing;

use crate::atomic::{NewFile, Replacement, replace};
use crate::cli::{OutputFormat, SealArgs, SealedFormat};
use crate::exit::{Blame, ExitStatus};
use crate::failure::{Failure, Fault};
use crate::input::{self, MANIFEST_BYTES_MAX, Source, is_stdin};
use crate::located::InFile;
use crate::manifest;
use crate::progress::Progress;
use crate::recipients::Chooser;
use crate::sealed_secret::{self, Certificates, is_sealed_secret};
use crate::session::Session;
use crate::shown::Shown;
use crate::sops_file;
use crate::sops_file::target::Targets;
use crate::stream_output;
use target::{SealedOne, Target};

/// Carries it out: everything is read and sealed before the first file is written.
pub(crate) fn run(args: &SealArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let chooser = Chooser::new(&session.configs, &args.recipients);
    let sealer = Sealer {
        args,
        session,
        chooser,
        targets: Targets::new(&session.configs, &args.recipients),
        certificates: Certificates::new(&session.configs, &args.recipients, &args.certificate),
    };
    if create::is_asked(&args.create) {
        return sealer.create();
    }
    let sources = input::sources(
        args.inputs.iter().chain(&args.filename),
        args.recursive,
        &args.exclude.exclusion()?,
    )?;
    if args.in_place && sources.iter().any(|source| is_stdin(&source.path)) {
        return Err(SealUsage::StdinInPlace.into());
    }
    let progress = Progress::new("sealing", sources.len(), &session.printer);
    let (mut done, mut failures) = (Vec::new(), Vec::new());
    for source in &sources {
        match sealer.file(source) {
            Ok(file) => done.extend(file),
            Err(failure) => failures.push(failure),
        }
        progress.step();
    }
    progress.finish();
    Failure::all(failures)?;
    sealer.write(&done)?;
    Ok(ExitStatus::Done)
}

struct Sealer<'a> {
    args: &'a SealArgs,
    session: &'a Session,
    chooser: Chooser<'a>,
    targets: Targets<'a>,
    certificates: Certificates<'a>,
}

/// A file after sealing.
struct Sealed<'a> {
    path: &'a Path,
    text: Zeroizing<String>,
    /// One line for each Secret that was sealed.
    notes: Vec<String>,
    /// Sealed resources that it had already.
    before: usize,
    /// It is a file of SOPS, which has its block for all of it.
    sops: bool,
}

/// Flags that don't go together, or with the input.
#[derive(Debug, thiserror::Error)]
enum SealUsage {
    #[error("standard input can't be replaced in place")]
    StdinInPlace,
    #[error("a new Secret is made from flags, and a manifest was named too")]
    CreateFromManifest,
    #[error("`--in-place` replaces manifests, and a new Secret is none")]
    CreateInPlace,
    #[error("the file holds an envelope with plaintext in it")]
    Plaintext(#[source] EnvelopeError),
    #[error(
        "the file holds a SealedSecret with plaintext in it: the value of key `{0}` is not sealed"
    )]
    PlaintextItem(KeyName),
}

impl Sealer<'_> {
    fn file<'s>(&self, source: &'s Source) -> Result<Option<Sealed<'s>>, Failure> {
        let path = &source.path;
        let bytes = input::read(path, MANIFEST_BYTES_MAX)?.bytes;
        let format = self.format(self.seen(path))?;
        if format == SealedFormat::Envelope {
            self.chooser.check_asked(Some(self.seen(path)))?;
        }
        if let Some(store) = sops_file::recognise(path, &bytes) {
            return self.sealed_by_sops(path, store, &bytes).map(Some);
        }
        if format == SealedFormat::Sops && self.is_for_sops(source, &bytes)? {
            return self.by_sops(path, &bytes).map(Some);
        }
        // Found in a directory for the sake of SOPS, and its rule is for nothing of that.
        if source.found && !input::is_manifest(path) {
            return Ok(None);
        }
        // In a directory most files have nothing to do with Secrets, and some are not even YAML.
        if source.found && !input::mentions(&bytes, "Secret") {
            return Ok(self
                .passes_through()
                .then(|| Sealed::untouched(path, &bytes))
                .flatten());
        }
        let stream = manifest::parse(path, &bytes)?;
        let (text, notes, before) = self.stream(path, &stream)?;
        Ok(Some(Sealed {
            path,
            text,
            notes,
            before,
            sops: false,
        }))
    }

    /// Seals the Secrets of one file. Whom for is asked only where there is one.
    fn stream(
        &self,
        path: &Path,
        stream: &Stream,
    ) -> Result<(Zeroizing<String>, Vec<String>, usize), Failure> {
        let (mut changes, mut notes, mut before) = (Vec::new(), Vec::new(), 0);
        let mut target = None;
        for object in stream.objects() {
            if manifest::is_resource(&object) {
                before += 1;
                self.look_at(path, object)?;
                continue;
            }
            if !manifest::is_secret(&object) {
                continue;
            }
            let secret = read_secret(&object).map_err(|error| InFile::new("seal", path, error))?;
            if secret.values.is_empty() {
                self.session.printer.say(format_args!(
                    "{}: a Secret without values is left as it is",
                    Shown(path)
                ));
                continue;
            }
            let target = match &target {
                Some(target) => target,
                None => target.insert(self.target(path)?),
            };
            let sealed = self.seal_one(secret, target).map_err(|failure| {
                failure.located(|error| manifest::at(path, &object, None, error))
            })?;
            notes.push(note(path, &sealed, target));
            changes.push((object.index, sealed.resource, sealed.moves));
        }
        let mut rewriter = Rewriter::new(stream);
        let edit = || {
            for (index, resource, moves) in &changes {
                rewriter.rewrite(*index, resource, moves)?;
            }
            rewriter.finish()
        };
        let text = edit().map_err(|error| InFile::new("seal", path, error))?;
        Ok((text, notes, before))
    }

    /// What is sealed stays as it is; but nobody should believe that plaintext in it was sealed.
    fn look_at(&self, path: &Path, object: Object<'_>) -> Result<(), Failure> {
        if is_sealed_secret(&object) {
            let Ok(found) = sealed_secret::read(path, object, self.args.namespace.as_ref()) else {
                return Ok(());
            };
            let SealedData::Items(items) = found.sealed.sealed() else {
                return Ok(());
            };
            let is_plain = |(_, item): &(_, &Result<_, bulla_core::sealed_secrets::ItemError>)| matches!(item, Err(error) if error.reason() == Reason::NotSealed);
            return match items.iter().find(is_plain) {
                Some((key, _)) => {
                    let error = SealUsage::PlaintextItem(key.clone());
                    Err(found.error(path, None, error))
                }
                None => Ok(()),
            };
        }
        let Ok(value) = object.node.to_value() else {
            return Ok(());
        };
        match manifest::domain(&value) {
            Err(error @ EnvelopeError::NotSealed { .. }) => {
                let node = manifest::node_of(&error);
                let error = SealUsage::Plaintext(error);
                Err(manifest::at(path, &object, node, error))
            }
            _ => Ok(()),
        }
    }

    /// A new Secret from flags.
    fn create(&self) -> Result<ExitStatus, Failure> {
        let args = self.args;
        if !args.inputs.is_empty() || !args.filename.is_empty() {
            return Err(SealUsage::CreateFromManifest.into());
        }
        if args.in_place {
            return Err(SealUsage::CreateInPlace.into());
        }
        let secret = create::secret(&args.create, args.namespace.as_ref())?;
        let path = Path::new("-");
        if self.format(self.seen(path))? == SealedFormat::Sops {
            let text = emit(&sops_file::seal::manifest_of(&secret));
            self.write(&[self.by_sops(path, text.as_bytes())?])?;
            return Ok(ExitStatus::Done);
        }
        let target = self.target(path)?;
        let sealed = self.seal_one(secret, &target)?;
        let file = args.output_file.as_deref().unwrap_or(path);
        let notes = vec![note(file, &sealed, &target)];
        let resource = sealed.resource;
        let text = match args.output {
            Some(OutputFormat::Json) => emit_json(&resource),
            _ => emit(&resource),
        };
        self.write(&[Sealed {
            path,
            text: text.into(),
            notes,
            before: 0,
            sops: false,
        }])?;
        Ok(ExitStatus::Done)
    }

    /// The path that rules see.
    fn seen<'p>(&'p self, path: &'p Path) -> &'p Path {
        let named = self.args.as_path.as_deref();
        named.or(self.args.output_file.as_deref()).unwrap_or(path)
    }

    /// True when files without Secrets belong into the output.
    fn passes_through(&self) -> bool {
        !self.args.in_place
    }

    fn write(&self, files: &[Sealed<'_>]) -> Result<(), Failure> {
        let (args, printer) = (self.args, &self.session.printer);
        let verb = if args.dry_run { "would seal" } else { "sealed" };
        if args.dry_run {
        } else if args.in_place {
            let replacements: Vec<_> = files
                .iter()
                .map(|file| Replacement {
                    path: file.path,
                    bytes: file.text.as_bytes(),
                    new_file: NewFile::Public,
                })
                .collect();
            replace(&replacements)?;
        } else {
            let texts: Vec<&str> = files.iter().map(|file| file.text.as_str()).collect();
            let text = match files.iter().any(|file| file.sops) {
                true => self.alone(files)?,
                false => stream_output::joined(&texts, args.output)?,
            };
            match &args.output_file {
                Some(path) => {
                    let new_file = NewFile::Public;
                    replace(&[Replacement {
                        path,
                        bytes: text.as_bytes(),
                        new_file,
                    }])?;
                }
                None => printer.data(text.as_bytes())?,
            }
        }
        for note in files.iter().flat_map(|file| &file.notes) {
            printer.say(format_args!("{verb} {note}"));
        }
        if files.iter().all(|file| file.notes.is_empty()) {
            let before: usize = files.iter().map(|file| file.before).sum();
            printer.say(format_args!("nothing to seal{}", already(before)));
        }
        Ok(())
    }
}

impl<'a> Sealed<'a> {
    fn untouched(path: &'a Path, bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes)
            .ok()
            .filter(|text| !text.trim().is_empty())?;
        Some(Self {
            path,
            text: Zeroizing::new(text.to_owned()),
            notes: vec![],
            before: 0,
            sops: false,
        })
    }
}

fn note(path: &Path, sealed: &SealedOne, target: &Target) -> String {
    let SealedOne { title, values, .. } = sealed;
    let file = if is_stdin(path) {
        String::new()
    } else {
        format!("{}: ", Shown(path))
    };
    let plural = if *values == 1 { "" } else { "s" };
    let into = match target {
        Target::Envelopes(_) => "",
        Target::SealedSecrets(_) => " into a SealedSecret",
    };
    format!(
        "{file}Secret {title}{into}, {values} value{plural}, for {}",
        target.names()
    )
}

fn already(before: usize) -> String {
    match before {
        0 => String::new(),
        1 => ": 1 resource is sealed already".to_owned(),
        more => format!(": {more} resources are sealed already"),
    }
}

impl Fault for SealUsage {
    fn blame(&self) -> Blame {
        match self {
            Self::Plaintext(error) => error.blame(),
            Self::PlaintextItem(_) => Blame::Policy,
            _ => Blame::Caller,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::StdinInPlace => "leave out `-i`",
            Self::CreateFromManifest => "to add to an envelope: `bulla set FILE KEY`",
            Self::CreateInPlace => "`-w FILE` names the file that it is written to",
            Self::Plaintext(error) => return error.hint(),
            Self::PlaintextItem(_) => Reason::NotSealed.hint(),
        }))
    }
}
