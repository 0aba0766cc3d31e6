//! Envelopes: well-formed, sealed throughout, and closed for whom the rule names.

use std::collections::BTreeSet;

use super::{FindingKind, Findings, FoundRule, called, quoted, template};
use crate::api::{self, SecretEnvelope};
use crate::envelope::{
    Binding, DataKeyEntry, Envelope, EnvelopeError, RESEAL_SUGGESTED_AT, SealedValue,
};
use crate::manifest::{ManifestError, Node, Object, Path, Place};
use crate::names::KeyName;
use crate::policy::config::Config;
use crate::policy::error::PolicyError;
use crate::policy::rule::Rule;
use crate::recipient::{Fingerprint, KeyKind};

pub(super) fn check(
    object: &Object<'_>,
    config: Option<&Config>,
    rule: FoundRule<'_>,
    findings: &mut Findings<'_>,
) {
    template::check(object, Some(&["spec", "data"]), findings);
    let unsealed = check_values(object, findings);
    match read(object) {
        Ok(envelope) => {
            let looked_at = LookedAt {
                object,
                envelope: &envelope,
                config,
            };
            looked_at.check(rule, findings);
        }
        // Each of them has been found above, with its own place.
        Err(Unread::Envelope(error)) if unsealed && is_about_a_value(&error) => {}
        Err(Unread::Envelope(error)) => {
            let place = place_of(object, &error);
            let hint = error.reason().hint();
            let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
            let message = format!("{error}{}", source.unwrap_or_default());
            findings.add(FindingKind::DamagedEnvelope, place, message, hint);
        }
        Err(Unread::Manifest(error)) => {
            let found = super::Finding::unreadable(findings.shown, &error);
            findings.all.push(found);
        }
    }
}

enum Unread {
    Manifest(ManifestError),
    Envelope(EnvelopeError),
}

/// Parses the envelope. A namespace that is set later, by kustomize or by the one who applies it, may be missing.
fn read(object: &Object<'_>) -> Result<Envelope, Unread> {
    let value = object.node.to_value().map_err(Unread::Manifest)?;
    let mut wire: SecretEnvelope = api::from_value(&value).map_err(Unread::Envelope)?;
    wire.metadata
        .namespace
        .get_or_insert_with(|| "default".to_owned());
    Envelope::try_from(&wire).map_err(Unread::Envelope)
}

/// Finds values that are not sealed. True when there are any.
fn check_values(object: &Object<'_>, findings: &mut Findings<'_>) -> bool {
    let before = findings.all.len();
    let data = at(object, &["spec", "data"]);
    for (key, value) in data.into_iter().flat_map(Node::entries) {
        let name = key.text().unwrap_or_default();
        let Ok(parsed) = name.parse::<KeyName>() else {
            continue;
        };
        let hint = format!(
            "`bulla set {} {name}` replaces it with a sealed one",
            quoted(findings.shown)
        );
        let place = key.place();
        match SealedValue::parse(&parsed, value.text().unwrap_or_default()) {
            Ok(_) => {}
            Err(error @ EnvelopeError::NotSealed { .. }) => {
                findings.add_key(
                    FindingKind::PlaintextValue,
                    place,
                    name,
                    error.to_string(),
                    hint,
                );
            }
            Err(error) => {
                findings.add_key(
                    FindingKind::DamagedEnvelope,
                    place,
                    name,
                    error.to_string(),
                    hint,
                );
            }
        }
    }
    findings.all.len() > before
}

fn is_about_a_value(error: &EnvelopeError) -> bool {
    matches!(
        error,
        EnvelopeError::NotSealed { .. }
            | EnvelopeError::UnknownVersion { .. }
            | EnvelopeError::DamagedValue { .. }
    )
}

struct LookedAt<'a> {
    object: &'a Object<'a>,
    envelope: &'a Envelope,
    config: Option<&'a Config>,
}

impl LookedAt<'_> {
    fn check(&self, rule: FoundRule<'_>, findings: &mut Findings<'_>) {
        let place = self.object.node.place();
        let count = self.envelope.data_keys().len();
        if count >= RESEAL_SUGGESTED_AT {
            findings.add(
                FindingKind::ManyDataKeys,
                self.data_keys_place(),
                format!("envelope {} has {count} data keys", called(self.object)),
                format!(
                    "`bulla reseal {}` brings them back to one",
                    quoted(findings.shown)
                ),
            );
        }
        if self.object.namespace().is_none() {
            findings.add(
                FindingKind::NoNamespace,
                place,
                format!("envelope {} names no namespace", called(self.object)),
                "it opens only in the namespace that it was sealed for: write it down",
            );
        }
        if self.envelope.binding() == Binding::None {
            findings.add(
                FindingKind::UnboundTemplate,
                place,
                format!(
                    "the template of {} is not bound to its values: whoever can write it decides what is made of them",
                    called(self.object)
                ),
                "seal it anew without `--unbound-template`, unless this is meant",
            );
        }
        self.check_closed_keys(findings);
        match rule {
            None => {}
            Some(Err(_)) if findings.has(FindingKind::NoRule) => {}
            Some(Err(error)) => {
                findings.add(FindingKind::NoRule, place, error.to_string(), error.hint());
            }
            Some(Ok(rule)) => self.check_rule(rule, findings),
        }
        self.check_suites(rule.and_then(|rule| rule.as_ref().ok()).copied(), findings);
    }

    /// A closed key that is no age file for one recipient opens for nobody.
    fn check_closed_keys(&self, findings: &mut Findings<'_>) {
        for (nth, entry) in self.envelope.data_keys().iter().enumerate() {
            for (inner, closed) in entry.closed_for.iter().enumerate() {
                if let Err(error) = closed.key.kind() {
                    let who =
                        self.name_of(closed.recipient.fingerprint, closed.recipient.name.as_str());
                    findings.add(
                        FindingKind::DamagedEnvelope,
                        self.place_in_data_keys(nth, Some(inner)),
                        format!("data key `{}` is not closed for {who}: {error}", entry.id),
                        "restore it from Git, or `bulla rewrap` it with a key that opens it",
                    );
                }
            }
        }
    }

    fn check_rule(&self, rule: &Rule, findings: &mut Findings<'_>) {
        if let Err(error) = rule.allow_scope(Some(self.envelope.scope())) {
            let place = at(self.object, &["spec", "scope"])
                .unwrap_or(self.object.node)
                .place();
            let (message, hint) = (error.to_string(), error.hint());
            findings.add(FindingKind::WideScope, place, message, hint);
        }
        let expected = match rule.recipients() {
            Ok(recipients) => recipients,
            Err(error) => {
                let kind = match &error {
                    // The configuration itself names a classic recipient: that is said once, below or there.
                    PolicyError::NotPostQuantum { .. } => FindingKind::NotPostQuantum,
                    PolicyError::OtherFormat { .. } => FindingKind::OtherFormat,
                    _ => FindingKind::UnsupportedRule,
                };
                let place = self.object.node.place();
                findings.add(kind, place, error.to_string(), error.hint());
                return;
            }
        };
        let expected: BTreeSet<Fingerprint> = expected
            .iter()
            .map(|named| named.recipient.fingerprint())
            .collect();
        for (nth, entry) in self.envelope.data_keys().iter().enumerate() {
            if let Some(wrong) = self.wrong_recipients(entry, &expected) {
                let hint = format!(
                    "`bulla rewrap {}` closes it for whom rule `{}` names",
                    quoted(findings.shown),
                    rule.path()
                );
                let message = format!("data key `{}` is closed {wrong}", entry.id);
                let place = self.place_in_data_keys(nth, None);
                findings.add(FindingKind::WrongRecipients, place, message, hint);
            }
        }
    }

    /// For whom a data key is closed and should not be, and the other way round.
    fn wrong_recipients(
        &self,
        entry: &DataKeyEntry,
        expected: &BTreeSet<Fingerprint>,
    ) -> Option<String> {
        let closed_for = entry.closed_for.iter().map(|closed| &closed.recipient);
        let found: BTreeSet<_> = closed_for.clone().map(|hint| hint.fingerprint).collect();
        let names = |fingerprints: Vec<&Fingerprint>| {
            let names = fingerprints.into_iter().map(|fingerprint| {
                let hint = closed_for
                    .clone()
                    .find(|hint| hint.fingerprint == *fingerprint);
                self.name_of(*fingerprint, hint.map_or("", |hint| hint.name.as_str()))
            });
            names.collect::<Vec<_>>().join(", ")
        };
        let missing: Vec<_> = expected.difference(&found).collect();
        let extra: Vec<_> = found.difference(expected).collect();
        let mut wrong = Vec::new();
        if !missing.is_empty() {
            wrong.push(format!("not for {}", names(missing)));
        }
        if !extra.is_empty() {
            wrong.push(format!("for {}, whom the rule does not name", names(extra)));
        }
        (!wrong.is_empty()).then(|| wrong.join(" and "))
    }

    /// Looks at what the data keys are really closed with, whatever the hints say.
    fn check_suites(&self, rule: Option<&Rule>, findings: &mut Findings<'_>) {
        let required = rule.is_some_and(Rule::post_quantum_required);
        let mut classic: Vec<(String, Place)> = Vec::new();
        for (nth, entry) in self.envelope.data_keys().iter().enumerate() {
            for (inner, closed) in entry.closed_for.iter().enumerate() {
                // A damaged one is told elsewhere; what only a plug-in knows is not counted on.
                match closed.key.kind() {
                    Err(_) => continue,
                    Ok(kind) if kind.is_some_and(KeyKind::is_post_quantum) => continue,
                    Ok(_) => {}
                }
                let name =
                    self.name_of(closed.recipient.fingerprint, closed.recipient.name.as_str());
                if !classic.iter().any(|(known, _)| *known == name) {
                    classic.push((name, self.place_in_data_keys(nth, Some(inner))));
                }
            }
        }
        let Some((_, place)) = classic.first() else {
            return;
        };
        let names: Vec<_> = classic.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(", ");
        if let (true, Some(rule)) = (required, rule) {
            let message = format!(
                "closed for {names}, not post-quantum: rule `{}` says `postQuantum: required`",
                rule.path()
            );
            let hint = "replace the key in .bulla.yaml, rewrap, and change values that may have been copied already";
            findings.add(FindingKind::NotPostQuantum, *place, message, hint);
        } else {
            let message = format!(
                "the weakest recipient of {} is classic: {names}",
                called(self.object)
            );
            let hint = "`bulla key generate` makes post-quantum keys";
            findings.add(FindingKind::ClassicRecipient, *place, message, hint);
        }
    }

    /// The name by the configuration; the one in the file only where that knows none.
    fn name_of(&self, fingerprint: Fingerprint, in_file: &str) -> String {
        match self.config.and_then(|config| config.party_of(&fingerprint)) {
            Some((party, _)) => format!("`{}` ({fingerprint})", party.name),
            None if in_file.is_empty() || in_file == fingerprint.to_string() => {
                format!("`{fingerprint}`")
            }
            None => format!("`{fingerprint}` (called `{in_file}` in the file)"),
        }
    }

    fn data_keys_place(&self) -> Place {
        at(self.object, &["spec", "dataKeys"])
            .unwrap_or(self.object.node)
            .place()
    }

    fn place_in_data_keys(&self, nth: usize, inner: Option<usize>) -> Place {
        let mut path = Path::from(["spec", "dataKeys"]).join(nth).join("closedFor");
        if let Some(inner) = inner {
            path = path.join(inner);
        }
        self.object
            .node
            .find(&path)
            .map_or_else(|| self.data_keys_place(), Node::place)
    }
}

pub(super) fn at<'s>(object: &Object<'s>, path: &[&str]) -> Option<Node<'s>> {
    object.node.find(&path.iter().copied().collect())
}

/// The most exact place that the error names.
fn place_of(object: &Object<'_>, error: &EnvelopeError) -> Place {
    use EnvelopeError::*;
    let keys = || at(object, &["spec", "dataKeys"]);
    let node = match error {
        NotSealed { key }
        | UnknownVersion { key }
        | DamagedValue { key }
        | MissingDataKey { key, .. } => at(object, &["spec", "data", key.as_str()]),
        KeyInBoth { key } => at(object, &["spec", "template", "data", key.as_str()]),
        DamagedClosedKey { id }
        | DuplicateDataKey { id }
        | DuplicateRecipient { id, .. }
        | NoRecipient { id }
        | UnusedDataKey { id } => {
            let is_it = |node: &Node<'_>| node.get("id").and_then(Node::text) == Some(id.as_str());
            keys().and_then(|keys| keys.items().filter(is_it).last())
        }
        Field { path, .. } | Name { path, .. } => {
            let mut node = Some(object.node);
            for part in path.split('.') {
                let (name, index) = part
                    .split_once('[')
                    .map_or((part, None), |(name, rest)| (name, Some(rest)));
                let next = node.and_then(|node| node.get(name));
                let index = index.map(|rest| rest.trim_end_matches(']').parse().unwrap_or(0));
                match index.map_or(next, |nth| next.and_then(|list| list.items().nth(nth))) {
                    Some(found) => node = Some(found),
                    None => break,
                }
            }
            node
        }
        _ => None,
    };
    node.unwrap_or(object.node).place()
}
