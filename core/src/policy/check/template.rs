//! Templates of a sealed resource: none is plaintext in disguise, and each can render.

use std::collections::{BTreeMap, BTreeSet};

use super::envelope::at;
use super::secret::is_nothing;
use super::{FindingKind, Findings, declared_plain, shown_key};
use crate::api::PLAIN_ANNOTATION;
use crate::manifest::{Node, Object};
use crate::names::KeyName;
use crate::plaintext::Plaintext;
use crate::template::{
    self, Budget, Functions, MissingKeys, Rendering, Template, TemplateError, TemplateFault,
};

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
    let mut probe = Probe::new(&findings.budget);
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
        let looked_at = template::parse_with(&parsed, source, functions).and_then(|template| {
            let is_constant = probe.is_constant(&template)?;
            Ok((template, is_constant))
        });
        match looked_at {
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
            Ok((_, true)) => {
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
            Ok((template, false)) => {
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

/// Two renderings over different values.
struct Probe {
    without: Rendering,
    with: Rendering,
}

impl Probe {
    fn new(budget: &Budget) -> Self {
        let one = "a"
            .parse()
            .map(|key| (key, Plaintext::from("b".to_owned())));
        let over = |values| Rendering::within(budget, &values, MissingKeys::Refuse);
        Self {
            without: over(BTreeMap::new()),
            with: over(one.into_iter().collect()),
        }
    }

    /// True when it says the same whatever the values are: then it holds nothing that was sealed.
    ///
    /// # Errors
    /// When finding out takes too long: nobody knows what it holds.
    fn is_constant(&mut self, template: &Template) -> Result<bool, TemplateError> {
        let output = |rendering: &mut Rendering| match rendering.render(template, usize::MAX, None)
        {
            Ok(rendered) => Ok(Some(rendered.output)),
            Err(error) if *error.fault() == TemplateFault::TooManySteps => Err(error),
            Err(_) => Ok(None),
        };
        // Nearly every template fails without values, and is not rendered twice.
        Ok(match output(&mut self.without)? {
            Some(without) => output(&mut self.with)?.is_some_and(|with| without == with),
            None => false,
        })
    }
}
