//! The Secret that a sealed resource makes, for planning and writing it.

mod policy;
mod types;

use std::collections::BTreeMap;

pub use policy::{AGE_IDENTITIES_LABEL, KEY_LABELS, REFUSED_TYPES, SecretPolicy};

use crate::envelope::{Opened, OutputTemplate};
use crate::names::{KeyName, Namespace, ResourceName};
use crate::plaintext::Plaintext;
use crate::reason::Reason;
use crate::sealed_secrets::{SecretTemplate, Unsealed};
use crate::sops_secret::OpenedTemplate;
use crate::template::{self, MissingKeys, Rendering, Surroundings, TemplateError, TemplateFault};

/// Everything about a Secret but its data: known without opening anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    namespace: Namespace,
    name: ResourceName,
    secret_type: String,
    immutable: bool,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    finalizers: Vec<String>,
}

/// A Secret as it should be. Only opened values make one, so that what is written was verified.
#[derive(Debug)]
pub struct SecretContent {
    outline: Outline,
    data: BTreeMap<KeyName, Plaintext>,
    varies: bool,
}

/// Opened values that make no Secret. No message holds a value or what a template made of one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// A template does not parse or render.
    #[error(transparent)]
    Template(TemplateError),
    /// A type whose Secrets give rights to their maker.
    #[error("refusing to make a Secret of type `{secret_type}`")]
    Type {
        /// The type.
        secret_type: &'static str,
    },
    /// A label that marks key material.
    #[error("refusing to make a Secret with the label `{label}`")]
    KeyLabel {
        /// The label.
        label: &'static str,
    },
    /// The name of a Secret that belongs to the controller itself.
    #[error(
        "refusing to make the Secret `{namespace}/{name}`: the controller keeps its keys there"
    )]
    KeySecret {
        /// The controller's namespace.
        namespace: Namespace,
        /// The name.
        name: ResourceName,
    },
    /// The type of a Secret asks for keys that are not there, or not well-formed.
    #[error("a Secret of type `{secret_type}` {rule}")]
    Incomplete {
        /// The type.
        secret_type: &'static str,
        /// What the API server expects.
        rule: &'static str,
    },
    /// More data than a Secret holds.
    #[error("the Secret would be larger than 1 MiB")]
    TooLarge,
}

/// The data of one Secret: the API server's own limit.
pub const MAX_SECRET_BYTES: usize = 1024 * 1024;
/// The label on every Secret that is written.
pub const MANAGED_BY_LABEL: &str = "app.kubernetes.io/managed-by";
/// Its value.
pub const MANAGED_BY: &str = "bulla";

impl Outline {
    /// What `template` says of the Secret `namespace`/`name`.
    ///
    /// Labels and annotations by which Argo CD and Flux track their objects are left out: with one
    /// of them, the tool would take the Secret for its own and delete it.
    pub fn new(namespace: &Namespace, name: &ResourceName, template: &OutputTemplate) -> Self {
        let mut labels = own(template.labels());
        labels.insert(MANAGED_BY_LABEL.to_owned(), MANAGED_BY.to_owned());
        Self {
            namespace: namespace.clone(),
            name: name.clone(),
            secret_type: template.secret_type().unwrap_or("Opaque").to_owned(),
            immutable: template.immutable().unwrap_or(false),
            labels,
            annotations: own(template.annotations()),
            finalizers: Vec::new(),
        }
    }

    /// What the template of a SealedSecret says of the Secret `namespace`/`name`.
    ///
    /// As for envelopes, tracking labels are left out. No label is added: the real controller would take one away, and
    /// a Secret would be written each time that one takes over from the other.
    pub fn of_sealed_secret(
        namespace: &Namespace,
        name: &ResourceName,
        template: &SecretTemplate,
    ) -> Self {
        Self {
            namespace: namespace.clone(),
            name: name.clone(),
            secret_type: template
                .secret_type
                .as_deref()
                .unwrap_or("Opaque")
                .to_owned(),
            immutable: template.immutable.unwrap_or(false),
            labels: own(&template.labels),
            annotations: own(&template.annotations),
            finalizers: template.finalizers.clone(),
        }
    }

    /// The namespace.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The name.
    pub fn name(&self) -> &ResourceName {
        &self.name
    }

    /// The type, `Opaque` where none was asked for.
    pub fn secret_type(&self) -> &str {
        &self.secret_type
    }

    /// Whether the API server shall refuse changes of the data.
    pub fn immutable(&self) -> bool {
        self.immutable
    }

    /// The labels; of an envelope's Secret [`MANAGED_BY_LABEL`] is among them.
    pub fn labels(&self) -> &BTreeMap<String, String> {
        &self.labels
    }

    /// The annotations.
    pub fn annotations(&self) -> &BTreeMap<String, String> {
        &self.annotations
    }

    /// The finalizers that it is created with; they are left alone from then on.
    pub fn finalizers(&self) -> &[String] {
        &self.finalizers
    }
}

fn own(map: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    map.iter()
        .filter(|(key, _)| !policy::is_tracking(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

impl SecretContent {
    /// Renders the templated keys and puts the Secret together.
    ///
    /// # Errors
    ///
    /// [`ContentError`] by variant; [`ContentError::reason`] is the word for it.
    pub fn new(
        outline: Outline,
        opened: Opened,
        policy: &SecretPolicy,
    ) -> Result<Self, ContentError> {
        policy.check(&outline)?;
        let (mut data, template) = opened.into_parts();
        let template = template.get().data();
        if !template.is_empty() {
            let mut rendering = Rendering::new(&data, MissingKeys::Refuse);
            let mut room = room(data.values())?;
            for (key, source) in template {
                let parsed = template::parse(key, source)?;
                let output = rendering.render(&parsed, room, None)?.output;
                room -= output.reveal().len();
                data.insert(key.clone(), output);
            }
        }
        Self::of(outline, data)
    }

    /// The same for a SealedSecret: its templates keep to the rules of Sealed Secrets.
    ///
    /// # Errors
    ///
    /// [`ContentError`] by variant; [`ContentError::reason`] is the word for it.
    pub fn of_sealed_secret(
        namespace: &Namespace,
        name: &ResourceName,
        unsealed: Unsealed,
        policy: &SecretPolicy,
    ) -> Result<Self, ContentError> {
        Self::of_sealed_secret_with(namespace, name, unsealed, policy, None)
    }

    /// The same with what its templates may take from outside; see [`SecretContent::varies`].
    ///
    /// # Errors
    ///
    /// [`ContentError`] by variant; [`ContentError::reason`] is the word for it.
    pub fn of_sealed_secret_with(
        namespace: &Namespace,
        name: &ResourceName,
        unsealed: Unsealed,
        policy: &SecretPolicy,
        surroundings: Option<&mut Surroundings>,
    ) -> Result<Self, ContentError> {
        let outline = Outline::of_sealed_secret(namespace, name, unsealed.template());
        policy.check(&outline)?;
        let rendered = unsealed.render_with(surroundings)?;
        Ok(Self {
            varies: rendered.varies,
            ..Self::of(outline, rendered.data)?
        })
    }

    /// One Secret of a SopsSecret. As for SealedSecrets, tracking labels are left out and no label is added.
    ///
    /// # Errors
    ///
    /// [`ContentError`] by variant; [`ContentError::reason`] is the word for it.
    pub fn of_sops_secret(
        namespace: &Namespace,
        template: OpenedTemplate,
        policy: &SecretPolicy,
    ) -> Result<Self, ContentError> {
        let outline = Outline {
            namespace: namespace.clone(),
            name: template.name,
            secret_type: template.secret_type.unwrap_or_else(|| "Opaque".to_owned()),
            immutable: false,
            labels: own(&template.labels),
            annotations: own(&template.annotations),
            finalizers: Vec::new(),
        };
        policy.check(&outline)?;
        Self::of(outline, template.data)
    }

    fn of(outline: Outline, data: BTreeMap<KeyName, Plaintext>) -> Result<Self, ContentError> {
        room(data.values())?;
        types::check(outline.secret_type(), &data)?;
        Ok(Self {
            outline,
            data,
            varies: false,
        })
    }

    /// Everything but the data.
    pub fn outline(&self) -> &Outline {
        &self.outline
    }

    /// The data.
    pub fn data(&self) -> &BTreeMap<KeyName, Plaintext> {
        &self.data
    }

    /// Whether the clock or chance had a part in the data: rendered again, it would be another one.
    pub fn varies(&self) -> bool {
        self.varies
    }
}

/// What `values` leave of the most that a Secret holds. Only lengths are added up.
fn room<'v>(values: impl Iterator<Item = &'v Plaintext>) -> Result<usize, ContentError> {
    let bytes: usize = values.map(|value| value.reveal().len()).sum();
    MAX_SECRET_BYTES
        .checked_sub(bytes)
        .ok_or(ContentError::TooLarge)
}

impl From<TemplateError> for ContentError {
    fn from(error: TemplateError) -> Self {
        match error.fault() {
            TemplateFault::NoRoom => Self::TooLarge,
            _ => Self::Template(error),
        }
    }
}

impl ContentError {
    /// The bounded word for conditions, Events and exit codes.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Template(_) => Reason::TemplateError,
            Self::Type { .. } | Self::KeyLabel { .. } | Self::KeySecret { .. } => {
                Reason::TypeRefused
            }
            Self::Incomplete { .. } => Reason::Malformed,
            Self::TooLarge => Reason::LimitExceeded,
        }
    }
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
