//! `bulla open`: the Secrets that the cluster gets, for whoever holds a key.

mod error;
mod shell;
mod sops;

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_core::api::{SEALED_SECRET, SECRET_ENVELOPE};
use bulla_core::manifest::{Format, Stream, emit, emit_json};
use bulla_core::names::KeyName;
use bulla_core::plaintext::Plaintext;
use bulla_core::secret::{Outline, SecretContent, SecretPolicy};
use bulla_core::template;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::atomic::{NewFile, Replacement, replace};
use crate::cli::{OpenArgs, OpenFormat, SelectArgs};
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::identities::Identities;
use crate::input::{self, Source};
use crate::manifest::{self, Found, Resource};
use crate::sealed_secret::FoundSealed;
use crate::sealed_secret::surroundings::surroundings;
use crate::session::Session;
use crate::sops_file;
use crate::sops_file::opening::SopsFile;

use error::OpenUsage;

/// Carries it out.
pub(crate) fn run(args: &OpenArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let to_terminal = args.output_file.is_none() && session.printer.to_terminal();
    if to_terminal && !args.reveal {
        return Err(OpenUsage::Terminal.into());
    }
    let sources = input::sources(
        args.inputs.iter().chain(&args.filename),
        args.recursive,
        &args.exclude.exclusion()?,
    )?;
    let key_text = args.key.as_deref();
    let (mut inputs, mut sops) = (Vec::new(), Vec::new());
    for (source, read) in sources.iter().zip(sops_file::read_all(&sources)) {
        let (bytes, store) = read?;
        if let Some(store) = store {
            sops.push((source, SopsFile::new(&source.path, bytes, store)));
            continue;
        }
        // In a directory most files have nothing to do with sealed resources.
        let says = |kind| input::mentions(&bytes, kind);
        let concerns = says(SECRET_ENVELOPE) || says(SEALED_SECRET);
        if source.found && !(concerns && input::is_manifest(&source.path)) {
            continue;
        }
        let stream = manifest::parse(&source.path, &bytes)?;
        if !source.found || stream.objects().iter().any(manifest::is_resource) {
            inputs.push((source, stream));
        }
    }
    let mut chosen = Vec::new();
    for (Source { path, found }, stream) in &inputs {
        let found = if *found {
            manifest::matching(path, stream, &args.select)?
        } else {
            manifest::selected(path, stream, &args.select)?
        };
        chosen.extend(
            found
                .into_iter()
                .map(|found| (path.as_path(), stream, found)),
        );
    }
    if chosen.is_empty() && sops.is_empty() {
        return Err(OpenUsage::Nothing.into());
    }
    let identities = Identities::load(&args.identities, &session.printer)?;
    let out = match (key_text, sops.is_empty()) {
        (Some(key), true) => one_value(&chosen, &manifest::key(key)?, &identities, to_terminal)?,
        (None, true) => secrets(&chosen, args.output, &identities)?,
        (key, false) => {
            let envelopes = match chosen.is_empty() {
                true => Zeroizing::default(),
                false => secrets(&chosen, args.output, &identities)?,
            };
            sops::open(&sops, key, envelopes, args, &identities, &session.printer)?
        }
    };
    match &args.output_file {
        Some(path) => {
            replace(&[Replacement {
                path,
                bytes: &out,
                new_file: NewFile::Private,
            }])?;
        }
        // Plaintext leaves here: the caller asked for it, and a terminal only with `--reveal`.
        None => session.printer.data(&out)?,
    }
    Ok(ExitStatus::Done)
}

type Chosen<'s> = (&'s Path, &'s Stream, Resource<'s>);

fn one_value(
    chosen: &[Chosen<'_>],
    key: &KeyName,
    identities: &Identities,
    to_terminal: bool,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let [(path, _, found)] = chosen else {
        return Err(OpenUsage::Several.into());
    };
    if !found.is_legacy() && !found.keys().contains(&key) {
        let error = manifest::ContentError::no_such_key(key, &found.keys());
        return Err(found.error(path, None, error));
    }
    let value = match found {
        Resource::Envelope(found) => value_of(found, path, key, identities)?,
        Resource::Sealed(sealed) => {
            let content = sealed_content(sealed, path, identities)?;
            let value = content.data().get(key).map(Plaintext::duplicate);
            let missing = || manifest::ContentError::no_such_key(key, &[]);
            value.ok_or_else(|| found.error(path, None, missing()))?
        }
    };
    // Revealed into the one buffer that is written out.
    let mut out = Zeroizing::new(Vec::with_capacity(value.reveal().len() + 1));
    out.extend_from_slice(value.reveal());
    if to_terminal && !out.ends_with(b"\n") {
        out.push(b'\n');
    }
    Ok(out)
}

fn value_of(
    found: &Found<'_>,
    path: &Path,
    key: &KeyName,
    identities: &Identities,
) -> Result<Plaintext, Failure> {
    let envelope = &found.envelope;
    let opened = if envelope.data().contains_key(key) {
        envelope.open_only(key, &identities.ring)
    } else {
        envelope.open(&identities.ring)
    };
    let opened = opened.map_err(|error| unopened(found, path, identities, error))?;
    match (
        opened.values().get(key),
        opened.template().get().data().get(key),
    ) {
        (Some(value), _) => Ok(value.duplicate()),
        (None, source) => template::parse(key, source.map_or("", String::as_str))
            .and_then(|template| template.render(opened.values()))
            .map_err(|error| found.error(path, None, error)),
    }
}

/// All Secrets of a file, as they would be printed.
pub(super) fn all_of(
    path: &Path,
    stream: &Stream,
    identities: &Identities,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let found = manifest::matching(path, stream, &SelectArgs::default())?;
    let chosen: Vec<_> = found
        .into_iter()
        .map(|found| (path, stream, found))
        .collect();
    secrets(&chosen, None, identities)
}

fn secrets(
    chosen: &[Chosen<'_>],
    format: Option<OpenFormat>,
    identities: &Identities,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let as_input = || {
        chosen
            .iter()
            .all(|(_, stream, _)| stream.format() == Format::Json)
    };
    let format = format.unwrap_or(if as_input() {
        OpenFormat::Json
    } else {
        OpenFormat::Yaml
    });
    let mut out = Zeroizing::new(String::new());
    let mut failures = Vec::new();
    for (path, _, found) in chosen {
        let content = match found {
            Resource::Envelope(found) => content(found, path, identities),
            Resource::Sealed(found) => sealed_content(found, path, identities),
        };
        let written = content.and_then(|content| {
            let text = match format {
                OpenFormat::Yaml => emit(&manifest_of(&content)),
                OpenFormat::Json => emit_json(&manifest_of(&content)),
                OpenFormat::Env => {
                    let values = content.data().iter();
                    // Into text that is wiped as the rest is.
                    let values = values.map(|(key, value)| (key.as_str(), value.reveal()));
                    assignments(values).map_err(|error| found.error(path, None, error))?
                }
            };
            Ok(Zeroizing::new(text))
        });
        match written {
            Ok(text) => {
                if format == OpenFormat::Yaml && !out.is_empty() {
                    out.push_str("---\n");
                }
                out.push_str(&text);
            }
            Err(failure) => failures.push(failure),
        }
    }
    Failure::all(failures)?;
    Ok(Zeroizing::new(std::mem::take(&mut *out).into_bytes()))
}

/// The Secret as the controller would make it.
fn content(
    found: &Found<'_>,
    path: &Path,
    identities: &Identities,
) -> Result<SecretContent, Failure> {
    let envelope = &found.envelope;
    let opened = envelope
        .open(&identities.ring)
        .map_err(|error| unopened(found, path, identities, error))?;
    let outline = Outline::new(
        envelope.namespace(),
        envelope.name(),
        opened.template().get(),
    );
    SecretContent::new(outline, opened, &policy()).map_err(|error| found.error(path, None, error))
}

/// The same for a SealedSecret.
fn sealed_content(
    found: &FoundSealed<'_>,
    path: &Path,
    identities: &Identities,
) -> Result<SecretContent, Failure> {
    let sealed = &found.sealed;
    let namespace = sealed.namespace();
    let namespace = namespace.ok_or_else(|| found.error(path, None, OpenUsage::NoNamespace))?;
    let unsealed = found
        .unseal(identities)
        .map_err(|error| found.error(path, None, error))?;
    let (name, mut surroundings) = (sealed.name(), surroundings());
    let surroundings = Some(&mut surroundings);
    SecretContent::of_sealed_secret_with(namespace, name, unsealed, &policy(), surroundings)
        .map_err(|error| found.error(path, None, error))
}

/// The Secret that a sealed resource holds, as a manifest in plaintext: texts as texts, where all of them are.
pub(crate) fn secret_of(
    resource: &Resource<'_>,
    path: &Path,
    identities: &Identities,
) -> Result<Value, Failure> {
    let content = match resource {
        Resource::Envelope(found) => content(found, path, identities)?,
        Resource::Sealed(found) => sealed_content(found, path, identities)?,
    };
    let mut manifest = manifest_of(&content);
    // The controller adds it, and nobody wrote it.
    if let Some(labels) = manifest["metadata"]["labels"].as_object_mut() {
        labels.retain(|name, value| name != MANAGED_BY || value != "bulla");
        if labels.is_empty()
            && let Some(metadata) = manifest["metadata"].as_object_mut()
        {
            metadata.remove("labels");
        }
    }
    let texts = content.data().iter().map(|(key, value)| {
        let text = std::str::from_utf8(value.reveal()).ok()?;
        Some((key.to_string(), Value::from(text)))
    });
    if let (Some(texts), Some(fields)) = (texts.collect(), manifest.as_object_mut()) {
        fields.remove("data");
        fields.insert("stringData".into(), Value::Object(texts));
    }
    Ok(manifest)
}

/// Nothing is made of it in a cluster.
fn policy() -> SecretPolicy {
    SecretPolicy {
        allow_special_types: true,
        ..SecretPolicy::default()
    }
}

fn unopened(
    found: &Found<'_>,
    path: &Path,
    identities: &Identities,
    error: bulla_core::envelope::OpenError,
) -> Failure {
    let node = manifest::node_of_open(found, &error);
    found.error(path, node, identities.explain(&found.envelope, error))
}

/// The manifest of a Secret, as `kubectl get -o yaml` would print it.
fn manifest_of(content: &SecretContent) -> Value {
    let outline = content.outline();
    let mut metadata = Map::new();
    metadata.insert("name".into(), outline.name().as_str().into());
    metadata.insert("namespace".into(), outline.namespace().as_str().into());
    for (field, map) in [
        ("labels", outline.labels()),
        ("annotations", outline.annotations()),
    ] {
        if !map.is_empty() {
            metadata.insert(field.into(), json!(map));
        }
    }
    let encode = |value: &Plaintext| Value::String(STANDARD.encode(value.reveal()));
    let data: Map<_, _> = content
        .data()
        .iter()
        .map(|(key, value)| (key.to_string(), encode(value)))
        .collect();
    let mut secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": outline.secret_type(),
        "data": data,
    });
    if outline.immutable() {
        secret["immutable"] = true.into();
    }
    secret
}

/// Keys and values as a shell reads them.
fn assignments<'v>(values: impl Iterator<Item = (&'v str, &'v [u8])>) -> Result<String, OpenUsage> {
    let mut out = String::new();
    for (key, value) in values {
        if !shell::is_variable(key) {
            return Err(OpenUsage::NotAVariable(key.to_owned()));
        }
        let text = std::str::from_utf8(value).ok();
        let text = text.filter(|text| !text.contains('\0'));
        let text = text.ok_or_else(|| OpenUsage::NotText(key.to_owned()))?;
        out.push_str(&shell::assignment(key, text));
    }
    Ok(out)
}

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
