//! `--recovery-unseal`: SealedSecrets into Secrets with private keys at hand, offline.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_core::manifest::Stream;
use bulla_core::names::KeyName;
use bulla_core::plaintext::Plaintext;
use bulla_core::scope::Scope;
use bulla_core::sealed_secrets::{
    BackupError, Diagnosis, ItemError, KeyBackup, Label, LegacyData, RsaKeyRing, RsaPrivateKey,
    SealedData, SealedSecret, Search, SecretTemplate, UnsealError, diagnose,
};
use serde_json::{Map, Value, json};

use super::args::Args;
use super::output::Output;
use super::sealed::{self, Found, Others};
use crate::atomic::NewFile;
use crate::exit::Blame;
use crate::failure::{Failure, Fault};
use crate::input::{self, MANIFEST_BYTES_MAX};
use crate::located::InFile;
use crate::printer::Printer;
use crate::sealed_secret::surroundings::surroundings;
use crate::shown::Shown;

/// A SealedSecret that does not open, or keys that can't be read.
#[derive(Debug, thiserror::Error)]
enum RecoveryError {
    #[error("there is no private key to open it with")]
    NoKeys,
    #[error(transparent)]
    Backup(BackupError),
    #[error("{text}")]
    Closed {
        /// Each trouble with its keys.
        text: String,
        /// What came of looking for the place that it was sealed for.
        diagnosis: Option<Diagnosis>,
    },
    #[error("unable to unseal")]
    Other(#[source] UnsealError),
}

/// Opens every SealedSecret of a stream and writes the Secrets.
///
/// # Errors
/// The first one that does not open; nothing is written then.
pub(super) fn run(
    stream: &Stream,
    args: &Args,
    output: &Output<'_>,
    printer: &Printer,
) -> Result<(), Failure> {
    let found = sealed::find(stream, Others::Refuse)?;
    let files = args.recovery_private_keys();
    if files.is_empty() {
        return Err(RecoveryError::NoKeys.into());
    }
    let mut keys = Vec::new();
    for file in files {
        keys.extend(keys_in(Path::new(file), printer)?);
    }
    let ring = RsaKeyRing::new(keys);
    let mut search = Search::default();
    let several = found.len() > 1;
    let mut secrets = Vec::new();
    for sealed in &found {
        let opened = open(sealed, &ring, &mut search, args);
        secrets.push(match opened {
            Err(failure) if several => return Err(failure.inside(&sealed.describe())),
            opened => opened?,
        });
    }
    output.resources(&secrets, NewFile::Private)
}

/// The keys of a file, in whatever form it was kept. What is in it besides is told.
fn keys_in(path: &Path, printer: &Printer) -> Result<Vec<RsaPrivateKey>, Failure> {
    let bytes = input::read(path, MANIFEST_BYTES_MAX)?.bytes;
    let backup = KeyBackup::parse(&bytes)
        .map_err(|error| InFile::new("read", path, RecoveryError::Backup(error)))?;
    for (object, why) in &backup.skipped {
        let object = object.escape_debug();
        printer.warn(format_args!("{}: {object}: {why}", Shown(path)));
    }
    Ok(backup.keys)
}

fn open(
    sealed: &Found<'_>,
    ring: &RsaKeyRing,
    search: &mut Search,
    args: &Args,
) -> Result<Value, Failure> {
    let namespace = Some(args.namespace.as_str()).filter(|namespace| !namespace.is_empty());
    let domain = sealed.domain(namespace)?;
    let unsealed = domain
        .unseal(ring, search, LegacyData::Accept)
        .map_err(|error| closed(error, &domain, &sealed.value, ring))?;
    let rendered = unsealed.render_with(Some(&mut surroundings()))?;
    let (values, template) = (rendered.data, rendered.template);
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), domain.name().as_str().into());
    let prefix = sealed.value.pointer("/spec/template/metadata/generateName");
    if let Some(prefix) = prefix.filter(|prefix| prefix.is_string()) {
        metadata.insert("generateName".to_owned(), prefix.clone());
    }
    if let Some(namespace) = domain.namespace() {
        metadata.insert("namespace".to_owned(), namespace.as_str().into());
    }
    Ok(secret(metadata, &values, &template))
}

/// The Secret, its fields in the order of Kubernetes' types.
fn secret(
    mut metadata: Map<String, Value>,
    values: &BTreeMap<KeyName, Plaintext>,
    template: &SecretTemplate,
) -> Value {
    if !template.labels.is_empty() {
        metadata.insert("labels".to_owned(), json!(template.labels));
    }
    if !template.annotations.is_empty() {
        metadata.insert("annotations".to_owned(), json!(template.annotations));
    }
    if !template.finalizers.is_empty() {
        metadata.insert("finalizers".to_owned(), json!(template.finalizers));
    }
    let mut secret = Map::new();
    secret.insert("kind".to_owned(), "Secret".into());
    secret.insert("apiVersion".to_owned(), "v1".into());
    secret.insert("metadata".to_owned(), metadata.into());
    if let Some(immutable) = template.immutable {
        secret.insert("immutable".to_owned(), immutable.into());
    }
    if !values.is_empty() {
        // The output is the Secret itself: that is what was asked for.
        let encoded = values
            .iter()
            .map(|(key, value)| (key.to_string(), STANDARD.encode(value.reveal()).into()));
        secret.insert("data".to_owned(), encoded.collect::<Map<_, _>>().into());
    }
    if let Some(secret_type) = &template.secret_type {
        secret.insert("type".to_owned(), secret_type.as_str().into());
    }
    secret.into()
}

/// In Sealed Secrets' words where it has some: each trouble with its keys in parentheses.
fn closed(
    error: UnsealError,
    sealed: &SealedSecret,
    value: &Value,
    ring: &RsaKeyRing,
) -> RecoveryError {
    let UnsealError::Items(items) = &error else {
        return RecoveryError::Other(error);
    };
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for (key, error) in &items.0 {
        let text = match error {
            ItemError::NoKey
            | ItemError::WrongBlockSize { .. }
            | ItemError::GivenUp { .. }
            | ItemError::Untried => "no key could decrypt secret".to_owned(),
            other => other.to_string(),
        };
        match groups.iter_mut().find(|(other, _)| *other == text) {
            Some((_, keys)) => keys.push(key.as_str()),
            None => groups.push((text, vec![key.as_str()])),
        }
    }
    let lines = groups
        .iter()
        .map(|(text, keys)| format!("{text} ({})", keys.join(", ")));
    let unopened = items
        .0
        .iter()
        .find(|(_, error)| **error == ItemError::NoKey);
    let item = unopened.and_then(|(key, _)| match sealed.sealed() {
        SealedData::Items(items) => items.get(key)?.as_ref().ok(),
        SealedData::Legacy(_) => None,
    });
    RecoveryError::Closed {
        text: lines.collect::<Vec<_>>().join("\n"),
        diagnosis: item
            .map(|item| diagnose(item, &sealed.label(), &candidates(sealed, value), ring)),
    }
}

/// Places that it may have been sealed for: the scopes of where it is, and of where its template says it was.
fn candidates(sealed: &SealedSecret, value: &Value) -> Vec<Label> {
    let of_template = |field: &str| {
        let path = format!("/spec/template/metadata/{field}");
        value.pointer(&path).and_then(Value::as_str)
    };
    let names = [
        Some(sealed.name().clone()),
        of_template("name").and_then(|name| name.parse().ok()),
    ];
    let namespaces = [
        sealed.namespace().cloned(),
        of_template("namespace").and_then(|namespace| namespace.parse().ok()),
    ];
    let mut labels = Vec::new();
    for namespace in namespaces.iter().flatten() {
        for name in names.iter().flatten() {
            for scope in [Scope::Strict, Scope::Namespace] {
                labels.push(Label::new(scope, namespace, name));
            }
        }
    }
    labels.push(Label::cluster());
    labels
}

impl Fault for RecoveryError {
    fn blame(&self) -> Blame {
        Blame::Sealed
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::NoKeys => "`--recovery-private-key FILE` names them",
            Self::Closed {
                diagnosis: Some(diagnosis),
                ..
            } => return Some(diagnosis.to_string().into()),
            Self::Backup(BackupError::Key(error)) => return error.hint().map(Cow::Borrowed),
            Self::Backup(_) => {
                "a backup is what `kubectl get secret -n kube-system -l sealedsecrets.bitnami.com/sealed-secrets-key -o yaml` prints"
            }
            Self::Closed { .. } | Self::Other(_) => return None,
        }))
    }
}
