//! `bulla seal`: Secrets in, envelopes out, every other byte as it was.

use std::borrow::Cow;
use std::path::Path;

use bulla_core::envelope::{Binding, Envelope, EnvelopeError};
use bulla_core::manifest::{Rewriter, Stream, emit, emit_json, read_secret};
use zeroize::Zeroizing;

use crate::atomic::{NewFile, Replacement, replace};
use crate::cli::{OutputFormat, SealArgs};
use crate::create;
use crate::exit::{Blame, ExitStatus};
use crate::failure::{Failure, Fault};
use crate::input::{self, MANIFEST_BYTES_MAX, Source, is_stdin};
use crate::located::InFile;
use crate::manifest;
use crate::progress::Progress;
use crate::recipients::{Chooser, Chosen};
use crate::secret::{Conversion, Manner};
use crate::session::Session;
use crate::shown::Shown;
use crate::stream_output;

/// Carries it out: everything is read and sealed before the first file is written.
pub(crate) fn run(args: &SealArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let chooser = Chooser::new(&session.configs, &args.recipients);
    let sealer = Sealer {
        args,
        session,
        chooser,
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
}

/// A file after sealing.
struct Sealed<'a> {
    path: &'a Path,
    text: Zeroizing<String>,
    /// One line for each Secret that became an envelope.
    notes: Vec<String>,
    /// Envelopes that it had already.
    before: usize,
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
}

impl Sealer<'_> {
    fn file<'s>(&self, source: &'s Source) -> Result<Option<Sealed<'s>>, Failure> {
        let path = &source.path;
        let bytes = input::read(path, MANIFEST_BYTES_MAX)?.bytes;
        self.chooser.check_asked(Some(self.seen(path)))?;
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
        }))
    }

    /// Seals the Secrets of one file. Whom for is asked only where there is one.
    fn stream(
        &self,
        path: &Path,
        stream: &Stream,
    ) -> Result<(Zeroizing<String>, Vec<String>, usize), Failure> {
        let (mut changes, mut notes, mut before) = (Vec::new(), Vec::new(), 0);
        let mut chosen = None;
        for object in stream.objects() {
            if manifest::is_envelope(&object) {
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
            let chosen = match &chosen {
                Some(chosen) => chosen,
                None => chosen.insert(self.choose(path)?),
            };
            let located = |error: Box<dyn Fault>| manifest::at(path, &object, None, error);
            let conversion = Conversion::new(secret, &self.manner(chosen)?)
                .map_err(|error| located(error.into()))?;
            let envelope = Envelope::seal(
                &conversion.request,
                &chosen.recipients,
                &mut self.session.rng(),
            )
            .map_err(|error| located(error.into()))?;
            notes.push(note(path, &envelope, chosen));
            let (resource, moves) = conversion.resource(&envelope);
            changes.push((object.index, resource, moves));
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

    /// An envelope that is there stays as it is; but nobody should believe that plaintext in it was sealed.
    fn look_at(
        &self,
        path: &Path,
        object: bulla_core::manifest::Object<'_>,
    ) -> Result<(), Failure> {
        let Ok(value) = object.node.to_value() else {
            return Ok(());
        };
        match manifest::domain(&value) {
            Err(error @ EnvelopeError::NotSealed { .. }) => {
                let node = manifest::node_of(&error);
                Err(manifest::at(
                    path,
                    &object,
                    node,
                    SealUsage::Plaintext(error),
                ))
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
        let chosen = self.choose(path)?;
        let conversion = Conversion::new(secret, &self.manner(&chosen)?)?;
        let envelope = Envelope::seal(
            &conversion.request,
            &chosen.recipients,
            &mut self.session.rng(),
        )?;
        let notes = vec![note(
            args.output_file.as_deref().unwrap_or(path),
            &envelope,
            &chosen,
        )];
        let (resource, _) = conversion.resource(&envelope);
        let text = match args.output {
            Some(OutputFormat::Json) => emit_json(&resource),
            _ => emit(&resource),
        };
        self.write(&[Sealed {
            path,
            text: text.into(),
            notes,
            before: 0,
        }])?;
        Ok(ExitStatus::Done)
    }

    fn choose(&self, path: &Path) -> Result<Chosen, Failure> {
        let seen = self.seen(path);
        let chosen = self.chooser.choose(Some(seen))?;
        chosen.warn_of_left_out(seen, &self.session.printer);
        Ok(chosen)
    }

    /// The path that rules see.
    fn seen<'p>(&'p self, path: &'p Path) -> &'p Path {
        let named = self.args.as_path.as_deref();
        named.or(self.args.output_file.as_deref()).unwrap_or(path)
    }

    fn manner(&self, chosen: &Chosen) -> Result<Manner, Failure> {
        let binding = if self.args.unbound_template {
            Binding::None
        } else {
            Binding::Template
        };
        let scope = chosen.scope(self.args.scope.map(Into::into))?;
        Ok(Manner {
            namespace: self.args.namespace.clone(),
            scope,
            binding,
        })
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
            let text = stream_output::joined(&texts, args.output)?;
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
        })
    }
}

fn note(path: &Path, envelope: &Envelope, chosen: &Chosen) -> String {
    let (namespace, name, values) = (envelope.namespace(), envelope.name(), envelope.data().len());
    let file = if is_stdin(path) {
        String::new()
    } else {
        format!("{}: ", Shown(path))
    };
    let plural = if values == 1 { "" } else { "s" };
    format!(
        "{file}Secret `{namespace}/{name}`, {values} value{plural}, for {}",
        chosen.names()
    )
}

fn already(before: usize) -> String {
    match before {
        0 => String::new(),
        1 => ": 1 envelope is sealed already".to_owned(),
        more => format!(": {more} envelopes are sealed already"),
    }
}

impl Fault for SealUsage {
    fn blame(&self) -> Blame {
        match self {
            Self::Plaintext(error) => error.blame(),
            _ => Blame::Caller,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::StdinInPlace => "leave out `-i`",
            Self::CreateFromManifest => "to add to an envelope: `bulla set FILE KEY`",
            Self::CreateInPlace => "`-w FILE` names the file that it is written to",
            Self::Plaintext(error) => return error.hint(),
        }))
    }
}
