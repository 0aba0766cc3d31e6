//! SealedSecrets: sealed throughout by their shape, and as wide as the rule allows.
//!
//! Whom a value is sealed for can't be told without the private key, so that is not among the findings.

use super::envelope::at;
use super::secret::is_nothing;
use super::{
    FindingKind, Findings, FoundRule, called, entries, field, quoted, shown_key, template,
};
use crate::api;
use crate::envelope::EnvelopeError;
use crate::manifest::{Kind, Node, Object, Place};
use crate::policy::error::PolicyError;
use crate::policy::rule::{Format, Rule};
use crate::sealed_secrets::{
    CLUSTER_WIDE_ANNOTATION, ItemError, NAMESPACE_WIDE_ANNOTATION, SealedItem, SealedSecret,
    scope_annotation,
};

pub(super) fn check(object: &Object<'_>, rule: FoundRule<'_>, findings: &mut Findings<'_>) {
    template::check(object, None, findings);
    check_values(object, findings);
    check_stray_values(object, findings);
    check_annotations(object, findings);
    match read(object) {
        Ok(Some(sealed)) => {
            if object.namespace().is_none() {
                findings.add(
                    FindingKind::NoNamespace,
                    object.node.place(),
                    format!("SealedSecret {} names no namespace", called(object)),
                    "it opens only in the namespace that it was sealed for: write it down",
                );
            }
            check_rule(object, &sealed, rule, findings);
        }
        // Said by somebody else already.
        Ok(None) => {}
        Err((place, message)) => {
            let hint = "restore it from Git, or seal it anew: `bulla seal --format sealed-secret`";
            findings.add(FindingKind::DamagedEnvelope, place, message, hint);
        }
    }
}

/// Parses the resource. A namespace that is set later may be missing.
fn read(object: &Object<'_>) -> Result<Option<SealedSecret>, (Place, String)> {
    let value = match object.node.to_value() {
        Ok(value) => value,
        Err(error) => return Err((error.at(), error.to_string())),
    };
    let mut wire: api::SealedSecret = match api::from_value(&value) {
        Ok(wire) => wire,
        Err(EnvelopeError::Field { path, .. }) if STRAY.contains(&path.as_str()) => {
            return Ok(None);
        }
        Err(error) => {
            let place = match &error {
                EnvelopeError::Field { path, .. } => place_at(object, path),
                _ => object.node.place(),
            };
            return Err((place, error.to_string()));
        }
    };
    let namespace = &mut wire.metadata.namespace;
    namespace.get_or_insert_with(|| "default".to_owned());
    SealedSecret::try_from(&wire)
        .map(Some)
        .map_err(|error| (object.node.place(), error.to_string()))
}

/// Finds what is not sealed, by its shape: nothing else can be told without a key.
fn check_values(object: &Object<'_>, findings: &mut Findings<'_>) {
    let spec = field(object.node, "spec");
    let Some(data) = spec.and_then(|spec| field(spec, "encryptedData")) else {
        return;
    };
    if data.resolved().kind() != Kind::Mapping && !is_nothing(data) {
        let message = format!(
            "refusing plaintext: `encryptedData` of SealedSecret {} is no map of sealed values",
            called(object)
        );
        let place = data.place();
        let hint = "write each value as `KEY: SEALED-VALUE`";
        findings.add(FindingKind::PlaintextValue, place, message, hint);
    }
    for (key, value) in entries(data) {
        let name = key.text().unwrap_or_default();
        let hint = format!(
            "`bulla set {} {}` replaces it with a sealed one",
            quoted(findings.shown),
            shown_key(name)
        );
        let (kind, message) = match unsealed(value) {
            None => continue,
            Some(Unsealed::Nothing) => (
                FindingKind::DamagedEnvelope,
                format!("there is no value under `{}`", shown_key(name)),
            ),
            Some(Unsealed::TooLong) => (
                FindingKind::DamagedEnvelope,
                format!(
                    "the value of `{}` is longer than a Secret can be",
                    shown_key(name)
                ),
            ),
            Some(Unsealed::Plain) => (
                FindingKind::PlaintextValue,
                format!(
                    "refusing plaintext: the value of `{}` does not have the shape of a sealed one",
                    shown_key(name)
                ),
            ),
        };
        findings.add_key(kind, key.place(), name, message, hint);
    }
}

enum Unsealed {
    Nothing,
    TooLong,
    Plain,
}

fn unsealed(value: Node<'_>) -> Option<Unsealed> {
    if is_nothing(value) {
        return Some(Unsealed::Nothing);
    }
    match value.resolved().text().map(SealedItem::parse) {
        Some(Ok(item)) if item.is_of_known_size() => None,
        Some(Err(ItemError::TooLong)) => Some(Unsealed::TooLong),
        _ => Some(Unsealed::Plain),
    }
}

/// The places where people put values that belong under `encryptedData`, and the deprecated form.
fn check_stray_values(object: &Object<'_>, findings: &mut Findings<'_>) {
    let refuse = |findings: &mut Findings<'_>, node: Node<'_>, path: &str| {
        let message = format!(
            "refusing plaintext: SealedSecret {} has a readable `{path}`",
            called(object)
        );
        let hint = "seal what is in it: `bulla set FILE KEY`; then delete it";
        findings.add(FindingKind::PlaintextValue, node.place(), message, hint);
    };
    for path in STRAY {
        let mut node = Some(object.node);
        for part in path.split('.') {
            node = node.and_then(|node| field(node, part));
        }
        if let Some(node) = node.filter(|node| !is_nothing(*node)) {
            refuse(findings, node, path);
        }
    }
    let spec = field(object.node, "spec");
    match spec.and_then(|spec| field(spec, "data")) {
        Some(data) if is_nothing(data) => {}
        Some(data) if unsealed(data).is_some() => refuse(findings, data, "spec.data"),
        Some(data) => {
            let message = format!(
                "SealedSecret {} has the deprecated form `spec.data`: its keys can't be told, nor changed one by one",
                called(object)
            );
            let hint =
                "`bulla convert --to envelope` or, with the private key, sealing it anew mends it";
            findings.add(FindingKind::DeprecatedData, data.place(), message, hint);
        }
        None => {}
    }
}

/// `"True"`, `"1"`, `"yes"` mean nothing to Sealed Secrets.
fn check_annotations(object: &Object<'_>, findings: &mut Findings<'_>) {
    for name in [CLUSTER_WIDE_ANNOTATION, NAMESPACE_WIDE_ANNOTATION] {
        let annotations = object.metadata("annotations");
        let Some(node) = annotations.and_then(|all| all.get(name)) else {
            continue;
        };
        let text = node.text().unwrap_or_default();
        if text != "true" && !text.eq_ignore_ascii_case("false") {
            findings.add(
                FindingKind::ScopeAnnotation,
                node.place(),
                format!(
                    "the annotation `{name}` counts with the value `true` only: it is not in force"
                ),
                "write `\"true\"`, as it was sealed; or delete it",
            );
        }
    }
}

fn check_rule(
    object: &Object<'_>,
    sealed: &SealedSecret,
    rule: FoundRule<'_>,
    findings: &mut Findings<'_>,
) {
    let place = object.node.place();
    let rule: &Rule = match rule {
        None => return note_classic(object, findings),
        Some(Err(_)) if findings.has(FindingKind::NoRule) => return,
        Some(Err(error)) => {
            return findings.add(FindingKind::NoRule, place, error.to_string(), error.hint());
        }
        Some(Ok(rule)) => rule,
    };
    if rule.format() == Format::Envelope {
        let error = PolicyError::OtherFormat {
            rule: rule.path().to_string(),
            format: rule.format(),
        };
        let hint = format!(
            "`bulla convert --to envelope -i {}` turns it into one; or say `format: sealed-secret` in the rule",
            quoted(findings.shown)
        );
        findings.add(FindingKind::OtherFormat, place, error.to_string(), hint);
    }
    if let Err(error) = rule.allow_scope(Some(sealed.scope())) {
        let annotation = scope_annotation(sealed.scope());
        let node = annotation.and_then(|name| at(object, &["metadata", "annotations", name]));
        let place = node.map_or(place, Node::place);
        let (message, hint) = (error.to_string(), error.hint());
        findings.add(FindingKind::WideScope, place, message, hint);
    }
    if rule.post_quantum_required() {
        let message = format!(
            "sealed with an RSA key, not post-quantum: rule `{}` says `postQuantum: required`",
            rule.path()
        );
        let hint = "`bulla convert --to envelope` closes it for post-quantum keys; change values that may have been copied already";
        findings.add(FindingKind::NotPostQuantum, place, message, hint);
    } else {
        note_classic(object, findings);
    }
}

fn note_classic(object: &Object<'_>, findings: &mut Findings<'_>) {
    let message = format!(
        "SealedSecret {} is sealed with RSA, which is classic",
        called(object)
    );
    let hint = "`bulla convert --to envelope` closes it for post-quantum keys";
    let place = object.node.place();
    findings.add(FindingKind::ClassicRecipient, place, message, hint);
}

/// The innermost part of `path` that is there.
fn place_at(object: &Object<'_>, path: &str) -> Place {
    let mut node = object.node;
    for part in path.split('.') {
        match node.get(part) {
            Some(next) => node = next,
            None => break,
        }
    }
    node.place()
}

/// Where no SealedSecret has anything, and Secrets have their values.
const STRAY: [&str; 4] = [
    "data",
    "stringData",
    "spec.stringData",
    "spec.template.stringData",
];
