//! A SopsSecret as the API server holds it: shape and limits hold, nothing is opened.

use std::collections::BTreeMap;
use std::fmt;

use super::error::SopsSecretError;
use super::place::PLACE_KEY;
use crate::names::{Namespace, ResourceName};
use crate::sops::Metadata;

/// A SopsSecret. Which of its texts are closed is up to the selector of its block.
#[derive(Debug)]
pub struct SopsSecret {
    pub(super) namespace: Namespace,
    pub(super) name: ResourceName,
    pub(super) metadata: Metadata,
    pub(super) templates: Vec<Template>,
    suspended: bool,
    takes_over: bool,
}

/// What one Secret is made of, each text as it stands in the resource.
#[derive(Default)]
pub struct Template {
    /// The name of the Secret.
    pub name: String,
    /// Its type; `Opaque` when absent.
    pub secret_type: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Values in base64.
    pub data: BTreeMap<String, String>,
    /// Values as they are.
    pub string_data: BTreeMap<String, String>,
}

impl SopsSecret {
    /// Puts a resource together and checks what holds for every one of them.
    ///
    /// # Errors
    /// `Field` and `TooMuch`.
    pub fn new(
        (namespace, name): (Namespace, ResourceName),
        metadata: Metadata,
        templates: Vec<Template>,
    ) -> Result<Self, SopsSecretError> {
        if templates.is_empty() {
            return Err(SopsSecretError::Field {
                path: "spec.secretTemplates".to_owned(),
                rule: "at least one template belongs there",
            });
        }
        if templates.len() > MAX_SECRETS {
            return Err(SopsSecretError::TooMuch {
                what: "templates",
                limit: MAX_SECRETS,
            });
        }
        let groups = metadata.key_groups();
        if groups.iter().map(|group| group.age.len()).sum::<usize>() > MAX_AGE_ENTRIES {
            return Err(SopsSecretError::TooMuch {
                what: "age entries in the `sops` block",
                limit: MAX_AGE_ENTRIES,
            });
        }
        let resource = Self {
            namespace,
            name,
            metadata,
            templates,
            suspended: false,
            takes_over: false,
        };
        for (index, template) in resource.templates.iter().enumerate() {
            if template.data.contains_key(PLACE_KEY) {
                return Err(SopsSecretError::Field {
                    path: format!("spec.secretTemplates[{index}].data"),
                    rule: "the place belongs into `stringData`",
                });
            }
        }
        if resource.places().count() > 1 {
            return Err(SopsSecretError::Field {
                path: format!("spec.secretTemplates[].stringData.{PLACE_KEY}"),
                rule: "one place belongs into a resource",
            });
        }
        Ok(resource)
    }

    /// The same with `spec.suspend` and `spec.enforceOwnership`.
    #[must_use]
    pub fn with_switches(mut self, suspended: bool, takes_over: bool) -> Self {
        (self.suspended, self.takes_over) = (suspended, takes_over);
        self
    }

    /// The namespace of the object and of its Secrets.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The name of the object.
    pub fn name(&self) -> &ResourceName {
        &self.name
    }

    /// The `sops` block.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Its Secrets are to be left alone.
    pub fn suspended(&self) -> bool {
        self.suspended
    }

    /// It takes over Secrets of its names that nobody controls.
    pub fn takes_over(&self) -> bool {
        self.takes_over
    }

    /// Whether it says where it belongs; whether that is true is known once it is opened.
    pub fn has_place(&self) -> bool {
        self.places().next().is_some()
    }

    /// The places, each by the number of its template.
    pub(super) fn places(&self) -> impl Iterator<Item = (usize, &str)> {
        let templates = self.templates.iter().enumerate();
        templates.filter_map(|(index, template)| {
            Some((index, template.string_data.get(PLACE_KEY)?.as_str()))
        })
    }
}

/// Shows the names of keys alone: somebody may have put plaintext into the rest.
impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.data.keys().chain(self.string_data.keys());
        f.debug_set().entries(keys).finish()
    }
}

/// Secrets of one resource.
pub const MAX_SECRETS: usize = 256;
/// Recipients of one resource, in all groups.
const MAX_AGE_ENTRIES: usize = 256;
