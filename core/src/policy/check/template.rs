//! Templates of a sealed resource: none is plaintext in disguise, and each can render.

use std::collections::{BTreeMap, BTreeSet};

use super::envelope::at;
use super::secret::is_nothing;
use super::{FindingKind, Findings, declared_plain, shown_key};
use crate::api::PLAIN_ANNOTATION;
use crate::manifest::{Node, Object};
use crate::names::KeyName;
use crate::plaintext::Plaintext;
use crate::template::{self, Functions, Template};

/// Looks at `spec.template.data`. `sealed` is where the sealed values stand; nothing where a template may name
/// keys that are not there, as those of Sealed Secrets may.
pub(super) fn check(object: &Object<'_>, sealed: Option<&[&str]>, findings: &mut Findings<'_>) {
    let plain = declared_plain(object);
    let may_miss = sealed.is_none();
    let sealed: BTreeSet<&str> = sealed
        .and_then(|path| at(object, path))
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
        let functions = match may_miss {
            true => Functions::All,
            false => Functions::default(),
        };
        match template::parse_with(&parsed, source, functions) {
            Err(error) => {
                let hint = match may_miss {
                    true => "mend the template",
                    false => "mend the template; then `bulla reseal` with an identity",
                };
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
                        "seal it; or, if everybody may read it, annotate the resource: `{PLAIN_ANNOTATION}: {shown}`"
                    );
                    findings.add_key(FindingKind::PlainTemplate, place, name, message, hint);
                }
            }
            Ok(_) if may_miss => {}
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
