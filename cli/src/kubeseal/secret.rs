//! Secrets as `kubeseal` takes them in: what the API server would store, and numbers where a text belongs, if
//! every reader reads the same number.

use std::collections::BTreeMap;

use bulla_core::manifest::{Kind, ManifestError, Node, Place, Stream, decode_data};
use bulla_core::names::KeyName;
use bulla_core::plaintext::Plaintext;
use serde_json::Value;

use super::error::KubesealError;
use crate::failure::Failure;
use crate::printer::Printer;

/// A Secret to be sealed. Of its metadata it has what belongs into a template, and nothing that the API server wrote.
#[derive(Default)]
pub(super) struct Secret {
    /// Where it starts.
    pub(super) at: Option<Place>,
    /// `metadata.name`.
    pub(super) name: Option<String>,
    /// `metadata.generateName`.
    pub(super) generate_name: Option<String>,
    /// `metadata.namespace`.
    pub(super) namespace: Option<String>,
    /// `metadata.labels`.
    pub(super) labels: BTreeMap<String, String>,
    /// `metadata.annotations`.
    pub(super) annotations: BTreeMap<String, String>,
    /// `metadata.finalizers`.
    pub(super) finalizers: Vec<String>,
    /// `type`.
    pub(super) secret_type: Option<String>,
    /// `immutable`.
    pub(super) immutable: Option<bool>,
    /// `data` and `stringData`; where both have a key, the one of `stringData`.
    pub(super) values: BTreeMap<KeyName, Plaintext>,
}

/// Reads the Secrets of a stream; documents of comments only are passed over.
///
/// # Errors
/// `NoSecrets` where there is none, `NotASecret` and `NotAnObject` for anything else, and what can't be read
/// the same by everybody.
pub(super) fn read(stream: &Stream, printer: &Printer) -> Result<Vec<Secret>, Failure> {
    let mut secrets = Vec::new();
    for document in stream.documents() {
        let Some(root) = document.root else { continue };
        if is_null(root)? {
            continue;
        }
        secrets.push(secret(root, printer)?);
    }
    if secrets.is_empty() {
        return Err(KubesealError::NoSecrets.into());
    }
    Ok(secrets)
}

fn secret(root: Node<'_>, printer: &Printer) -> Result<Secret, Failure> {
    let at = root.place();
    if root.resolved().kind() != Kind::Mapping {
        return Err(KubesealError::NotAnObject { at }.into());
    }
    // What does not say what it is was meant as a Secret: `--merge-into` is fed like that.
    let said = |field| root.get(field).and_then(Node::text).unwrap_or_default();
    let (api_version, kind) = (said("apiVersion"), said("kind"));
    if !matches!(kind, "Secret" | "") || !matches!(api_version, "v1" | "") {
        let kind = match api_version {
            "v1" | "" => kind.to_owned(),
            other => format!("{other} {kind}"),
        };
        return Err(KubesealError::NotASecret { at, kind }.into());
    }
    let mut secret = Secret {
        at: Some(at),
        ..Secret::default()
    };
    let mut later = None;
    for (key, value) in root.entries() {
        match text(key)? {
            "apiVersion" | "kind" | "status" => {}
            "metadata" => secret.metadata(value)?,
            "type" => secret.secret_type = optional(value)?,
            "immutable" => secret.immutable = boolean(value)?,
            "data" => secret.values(value, decode_data)?,
            // It beats `data`, wherever it stands.
            "stringData" => later = Some(value),
            other => printer.warn(format_args!(
                "{at}: unknown field `{}` is left out",
                other.escape_debug()
            )),
        }
    }
    if let Some(value) = later {
        secret.values(value, |text| Some(Plaintext::from(text.as_bytes())))?;
    }
    Ok(secret)
}

impl Secret {
    fn metadata(&mut self, node: Node<'_>) -> Result<(), Failure> {
        for (key, value) in entries(node)? {
            match text(key)? {
                "name" => self.name = optional(value)?,
                "generateName" => self.generate_name = optional(value)?,
                "namespace" => self.namespace = optional(value)?,
                "labels" => self.labels = strings(value)?,
                "annotations" => self.annotations = strings(value)?,
                "finalizers" => {
                    let items = value.items().map(|item| Ok(text(item)?.to_owned()));
                    self.finalizers = items.collect::<Result<_, Failure>>()?;
                }
                // The API server's own, or nothing that a Secret is made with.
                _ => {}
            }
        }
        Ok(())
    }

    fn values(
        &mut self,
        node: Node<'_>,
        read: impl Fn(&str) -> Option<Plaintext>,
    ) -> Result<(), Failure> {
        for (key, value) in entries(node)? {
            let at = key.place();
            let name: KeyName = text(key)?
                .parse()
                .map_err(|source| KubesealError::Key { at, source })?;
            let plaintext = read(text(value)?).ok_or_else(|| ManifestError::Base64 {
                at: value.place(),
                path: value.path(),
            })?;
            self.values.insert(name, plaintext);
        }
        Ok(())
    }
}

/// A text; also a number or a boolean that every reader writes the way it stands there.
fn text(node: Node<'_>) -> Result<&str, ManifestError> {
    let refused = match node.as_plain_string() {
        Err(error @ ManifestError::Ambiguous { .. }) => error,
        text => return text,
    };
    let written = node.text().unwrap_or_default();
    let same = match node.to_value() {
        Ok(Value::Number(number)) => {
            let fraction = number.as_f64().filter(|_| number.is_f64());
            number.to_string() == written
                && fraction.is_none_or(|fraction| is_plain(fraction, written))
        }
        Ok(Value::Bool(truth)) => truth.to_string() == written,
        _ => false,
    };
    if same { Ok(written) } else { Err(refused) }
}

/// Whether Go writes a fraction as it stands there: not as a whole number, and without an exponent.
fn is_plain(fraction: f64, written: &str) -> bool {
    (1e-4..1e6).contains(&fraction.abs())
        && !written.ends_with('0')
        && !written.contains(['e', 'E'])
}

fn optional(node: Node<'_>) -> Result<Option<String>, Failure> {
    if is_null(node)? {
        return Ok(None);
    }
    let text = text(node)?;
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}

fn boolean(node: Node<'_>) -> Result<Option<bool>, Failure> {
    match node.to_value()? {
        Value::Null => Ok(None),
        Value::Bool(truth) => Ok(Some(truth)),
        _ => Err(expected(node, "true or false").into()),
    }
}

fn strings(node: Node<'_>) -> Result<BTreeMap<String, String>, Failure> {
    entries(node)?
        .map(|(key, value)| Ok((text(key)?.to_owned(), text(value)?.to_owned())))
        .collect()
}

/// The entries of a mapping; null has none.
fn entries<'s>(node: Node<'s>) -> Result<impl Iterator<Item = (Node<'s>, Node<'s>)>, Failure> {
    if node.resolved().kind() == Kind::Mapping || is_null(node)? {
        Ok(node.entries())
    } else {
        Err(expected(node, "a mapping").into())
    }
}

fn is_null(node: Node<'_>) -> Result<bool, ManifestError> {
    match node.resolved().kind() {
        Kind::Scalar(bulla_core::manifest::Style::Plain) if node.as_plain_string().is_err() => {
            Ok(node.to_value()? == Value::Null)
        }
        _ => Ok(false),
    }
}

fn expected(node: Node<'_>, expected: &'static str) -> ManifestError {
    ManifestError::Expected {
        at: node.place(),
        path: node.path(),
        expected,
    }
}
