//! Templates of an envelope: none is plaintext in disguise, and each can render.

use std::collections::{BTreeMap, BTreeSet};

use super::envelope::at;
use super::secret::is_nothing;
use super::{FindingKind, Findings, declared_plain, shown_key};
use crate::api::PLAIN_ANNOTATION;
use crate::manifest::{Node, Object};
use crate::names::KeyName;
use crate::plaintext::Plaintext;
use crate::template::{self, Template};

pub(super) fn check(object: &Object<'_>, findings: &mut Findings<'_>) {
    let plain = declared_plain(object);
    let sealed: BTreeSet<&str> = at(object, &["spec", "data"])
        .into_iter()
        .flat_map(Node::entries)
        .filter_map(|(key, _)| key.text())
        .collect();
    let data = at(object, &["spec", "template", "data"]);
    for (key, value) in data.into_iter().flat_map(Node::entries) {
        let (Some(name), Some(source)) = (key.text(), value.text()) else {
            continue;
        };
        let Ok(parsed) = name.parse::<KeyName>() else {
            continue;
        };
        if is_nothing(value) {
            continue;
        }
        let (place, shown) = (key.place(), shown_key(name));
        match template::parse(&parsed, source) {
            Err(error) => {
                let hint = "mend the template; then `bulla reseal` with an identity";
                findings.add_key(
                    FindingKind::BrokenTemplate,
                    place,
                    name,
                    error.to_string(),
                    hint,
                );
            }
            Ok(template) if is_constant(&template) => {
                if !plain.iter().any(|declared| declared == name) {
                    let message = format!(
                        "refusing plaintext: `template.data` has `{shown}`, which takes nothing from sealed values"
                    );
                    let hint = format!(
                        "seal it; or, if everybody may read it, annotate the envelope: `{PLAIN_ANNOTATION}: {shown}`"
                    );
                    findings.add_key(FindingKind::PlainTemplate, place, name, message, hint);
                }
            }
            Ok(template) => {
                for missing in template
                    .keys()
                    .iter()
                    .filter(|key| !sealed.contains(key.as_str()))
                {
                    let missing = shown_key(missing);
                    let message = format!(
                        "the template of `{shown}` names `{missing}`, and no sealed value is called that"
                    );
                    let hint =
                        format!("`bulla set FILE {missing}` seals one; or mend the template");
                    findings.add_key(FindingKind::BrokenTemplate, place, name, message, hint);
                }
            }
        }
    }
}

/// True when it says the same whatever the values are: then it holds nothing that was sealed.
fn is_constant(template: &Template) -> bool {
    let one = ("a".parse(), Plaintext::from("b".to_owned()));
    let some = match one {
        (Ok(key), value) => BTreeMap::from([(key, value)]),
        _ => return false,
    };
    match (template.render(&BTreeMap::new()), template.render(&some)) {
        (Ok(without), Ok(with)) => without == with,
        _ => false,
    }
}
