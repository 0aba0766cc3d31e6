//! The one door from a SopsSecret to plaintext.

use std::collections::{BTreeMap, BTreeSet};

use super::error::SopsSecretError;
use super::opener::open_data_key;
use super::place::{self, PLACE_KEY};
use super::resource::{SopsSecret, Template};
use crate::names::{KeyName, ResourceName};
use crate::plaintext::Plaintext;
use crate::recipient::{Fingerprint, KeyRing};
use crate::sops::{DataKey, Leaf, Leaves, Selector};

/// Whether a resource must say where it belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PlaceRule {
    /// One without a place is refused.
    #[default]
    Require,
    /// One without a place opens anywhere, as with sops-secrets-operator. One that has a place opens there alone.
    Optional,
}

/// A SopsSecret whose place and values all opened. Only [`SopsSecret::open`] makes one.
#[derive(Debug)]
pub struct OpenedSopsSecret {
    templates: Vec<OpenedTemplate>,
    bound: bool,
    opened_with: Vec<Fingerprint>,
}

/// What one Secret is made of.
#[derive(Debug)]
pub struct OpenedTemplate {
    pub(crate) name: ResourceName,
    pub(crate) secret_type: Option<String>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) data: BTreeMap<KeyName, Plaintext>,
}

impl SopsSecret {
    /// Opens the place, and then everything, or nothing. Private operations are counted, also those of a failure.
    ///
    /// # Errors
    /// [`SopsSecretError`] by variant.
    pub fn open(
        &self,
        ring: &KeyRing,
        rule: PlaceRule,
        operations: &mut usize,
    ) -> Result<OpenedSopsSecret, SopsSecretError> {
        let place = self.places().next();
        if place.is_none() && rule == PlaceRule::Require {
            return Err(SopsSecretError::NoPlace);
        }
        let selector = self.metadata.selector()?;
        let (key, opened_with) = open_data_key(&self.metadata, ring, operations)?;
        if let Some((index, text)) = place {
            self.check_place(&mut leaves(&selector, &key, index), text)?;
        }
        let mut templates = Vec::with_capacity(self.templates.len());
        let mut names = BTreeSet::new();
        for (index, template) in self.templates.iter().enumerate() {
            let has_place = template.string_data.contains_key(PLACE_KEY);
            if has_place && template.string_data.len() + template.data.len() == 1 {
                continue;
            }
            let path = format!("spec.secretTemplates[{index}]");
            let mut leaves = leaves(&selector, &key, index);
            let opened = OpenedTemplate::open(template, &mut leaves, &path)?;
            if !names.insert(opened.name.clone()) {
                return Err(field(
                    &format!("{path}.name"),
                    "another template has this name",
                ));
            }
            templates.push(opened);
        }
        if templates.is_empty() {
            return Err(field(
                "spec.secretTemplates",
                "a template beside the place belongs there",
            ));
        }
        Ok(OpenedSopsSecret {
            templates,
            bound: place.is_some(),
            opened_with,
        })
    }

    fn check_place(&self, leaves: &mut Leaves<'_>, text: &str) -> Result<(), SopsSecretError> {
        leaves.enter(Some("stringData"));
        let Leaf { value, was_closed } = leaves.text(PLACE_KEY, text)?;
        // The selector is anybody's: what it leaves out says nothing.
        if !was_closed {
            return Err(SopsSecretError::PlainPlace);
        }
        let found_in = place::place(&self.namespace, &self.name);
        // To compare it; and for a message, if it is names and nothing else.
        if value.reveal() == found_in.as_bytes() {
            return Ok(());
        }
        let closed_for = match place::parse_place(value.reveal()) {
            Some((namespace, name)) => format!("`{}`", place::place(&namespace, &name)),
            None => "something that is no `namespace/name`".to_owned(),
        };
        Err(SopsSecretError::WrongPlace {
            closed_for,
            found_in,
        })
    }
}

impl OpenedSopsSecret {
    /// One for each Secret, in the order of the resource.
    pub fn templates(&self) -> &[OpenedTemplate] {
        &self.templates
    }

    /// The same, taken out.
    pub fn into_templates(self) -> Vec<OpenedTemplate> {
        self.templates
    }

    /// Whether it says where it belongs; it opened there, then.
    pub fn is_bound(&self) -> bool {
        self.bound
    }

    /// The identities that opened the data key: one, or one for each of its shares.
    pub fn opened_with(&self) -> &[Fingerprint] {
        &self.opened_with
    }
}

impl OpenedTemplate {
    fn open(
        template: &Template,
        leaves: &mut Leaves<'_>,
        path: &str,
    ) -> Result<Self, SopsSecretError> {
        let at = |name: &str| format!("{path}.{name}");
        let name = leaves.text("name", &template.name)?;
        let name = visible(name, &at("name"))?;
        // The name may have stood there closed: its text is not repeated.
        let name = name
            .parse()
            .map_err(|_| field(&at("name"), "no Secret can have this name"))?;
        let secret_type = match &template.secret_type {
            Some(text) => Some(visible(leaves.text("type", text)?, &at("type"))?),
            None => None,
        };
        let mut data = BTreeMap::new();
        for (part, texts) in [
            ("stringData", &template.string_data),
            ("data", &template.data),
        ] {
            let path = at(part);
            leaves.enter(Some(part));
            for (key, text) in texts {
                if key == PLACE_KEY {
                    continue;
                }
                let value = leaves.text(key, text)?.value;
                let value = match part {
                    "data" => decoded(&value)
                        .ok_or_else(|| field(&format!("{path}.{key}"), "base64 belongs there"))?,
                    _ => value,
                };
                let key: KeyName = key
                    .parse()
                    .map_err(|_| field(&path, "a key of it can be no key of a Secret"))?;
                if data.insert(key, value).is_some() {
                    return Err(field(&path, "a key of it stands in `stringData` too"));
                }
            }
            leaves.leave();
        }
        Ok(Self {
            name,
            secret_type: secret_type.filter(|text| !text.is_empty()),
            labels: metadata("labels", &template.labels, leaves, path)?,
            annotations: metadata("annotations", &template.annotations, leaves, path)?,
            data,
        })
    }

    /// The name of the Secret.
    pub fn name(&self) -> &ResourceName {
        &self.name
    }

    /// Its values.
    pub fn data(&self) -> &BTreeMap<KeyName, Plaintext> {
        &self.data
    }
}

fn leaves<'s>(selector: &'s Selector, key: &DataKey, index: usize) -> Leaves<'s> {
    let mut leaves = Leaves::new(selector, key);
    for step in ["spec", "secretTemplates"] {
        leaves.enter(Some(step));
    }
    // For messages; the position is no part of what is closed.
    for _ in 0..index {
        leaves.enter(None);
        leaves.leave();
    }
    leaves.enter(None);
    leaves
}

fn metadata(
    part: &str,
    texts: &BTreeMap<String, String>,
    leaves: &mut Leaves<'_>,
    path: &str,
) -> Result<BTreeMap<String, String>, SopsSecretError> {
    let path = format!("{path}.{part}");
    let mut opened = BTreeMap::new();
    leaves.enter(Some(part));
    for (name, text) in texts {
        // With one of them a Secret would pass for one that was adopted, or for a key.
        if name.starts_with("bulla.dev/") {
            return Err(field(
                &path,
                "names that begin with `bulla.dev/` are reserved",
            ));
        }
        let text = visible(leaves.text(name, text)?, &format!("{path}.{name}"))?;
        opened.insert(name.clone(), text);
    }
    leaves.leave();
    Ok(opened)
}

/// What a Secret shows of itself: its name, type, labels and annotations, although they may have been closed.
fn visible(leaf: Leaf, path: &str) -> Result<String, SopsSecretError> {
    String::from_utf8(leaf.value.reveal().to_vec()).map_err(|_| field(path, "a text belongs there"))
}

/// As Go reads it: line ends are passed over.
fn decoded(text: &Plaintext) -> Option<Plaintext> {
    use base64::Engine as _;
    // Decoded into the value that the Secret gets.
    let text = text.reveal().iter().filter(|byte| !b"\r\n".contains(byte));
    let text = Plaintext::new(text.copied().collect());
    let bytes = base64::engine::general_purpose::STANDARD.decode(text.reveal());
    bytes.ok().map(Plaintext::new)
}

fn field(path: &str, rule: &'static str) -> SopsSecretError {
    SopsSecretError::Field {
        path: path
            .chars()
            .take(300)
            .flat_map(char::escape_debug)
            .collect(),
        rule,
    }
}
