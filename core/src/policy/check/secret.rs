//! Secrets: whatever is in them is plaintext, unless SOPS closed it.

use super::{
    FindingKind, Findings, FoundRule, called, declared_plain, entries, field, quoted, shown_key,
};
use crate::manifest::{Kind, Node, Object, Style};

pub(super) fn check(object: &Object<'_>, rule: FoundRule<'_>, findings: &mut Findings<'_>) {
    let plain = declared_plain(object);
    let sops =
        field(object.node, "sops").is_some_and(|node| node.resolved().kind() == Kind::Mapping);
    // No API server takes them, and Git shows them all the same: `stringdata`, for example.
    for (key, value) in entries(object.node) {
        let name = key.text().unwrap_or_default();
        let known = FIELDS.contains(&name) || (sops && name == "sops");
        if known || name == "<<" || is_nothing(value) {
            continue;
        }
        let message = format!(
            "refusing plaintext: Secret {} has `{}`, which no Secret has, and which is readable",
            called(object),
            shown_key(name)
        );
        findings.add_key(
            FindingKind::PlaintextSecret,
            key.place(),
            name,
            message,
            "mend the name of the field, or take it out; `data` and `stringData` hold values",
        );
    }
    for part in ["data", "stringData"] {
        let Some(values) = field(object.node, part) else {
            continue;
        };
        // A list, or a bare text: no API server takes it, and Git shows it all the same.
        if values.resolved().kind() != Kind::Mapping && !is_nothing(values) {
            let message = format!(
                "refusing plaintext: `{part}` of Secret {} is readable, and no map of values",
                called(object)
            );
            findings.add_key(
                FindingKind::PlaintextSecret,
                values.place(),
                part,
                message,
                hint(findings, rule),
            );
        }
        for (key, value) in entries(values) {
            let name = key.text().unwrap_or_default();
            if is_nothing(value)
                || (sops && is_closed_by_sops(value))
                || plain.iter().any(|p| p == name)
            {
                continue;
            }
            let message = format!(
                "refusing plaintext: Secret {} has a readable value under `{}`",
                called(object),
                shown_key(name)
            );
            findings.add_key(
                FindingKind::PlaintextSecret,
                key.place(),
                name,
                message,
                hint(findings, rule),
            );
        }
    }
}

fn hint(findings: &Findings<'_>, rule: FoundRule<'_>) -> String {
    let seal = format!("`bulla seal -i {}` closes it", quoted(findings.shown));
    match rule {
        Some(Err(_)) => format!("add a rule for this path to .bulla.yaml; then {seal}"),
        None => format!("`bulla init` writes a .bulla.yaml; then {seal}"),
        Some(Ok(_)) => seal,
    }
}

/// What a Secret has at its top.
const FIELDS: [&str; 7] = [
    "apiVersion",
    "kind",
    "metadata",
    "type",
    "immutable",
    "data",
    "stringData",
];

/// Null, or text of no length: it says nothing.
pub(super) fn is_nothing(node: Node<'_>) -> bool {
    let node = node.resolved();
    match node.kind() {
        Kind::Scalar(Style::Plain) => {
            matches!(
                node.text(),
                Some("" | "~" | "null" | "Null" | "NULL") | None
            )
        }
        Kind::Scalar(_) => node.text().is_none_or(str::is_empty),
        Kind::Mapping | Kind::Sequence => node.children().next().is_none(),
        Kind::Alias => false,
    }
}

fn is_closed_by_sops(node: Node<'_>) -> bool {
    node.text().is_some_and(|text| {
        let closed = text
            .trim_end()
            .strip_prefix("ENC[")
            .and_then(|rest| rest.strip_suffix(']'));
        closed.is_some_and(|inner| {
            ["data:", "iv:", "tag:"]
                .iter()
                .all(|part| inner.contains(part))
                && inner
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"_,:/+=".contains(&b))
        })
    })
}
