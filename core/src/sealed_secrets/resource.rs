//! The resource: a `SealedSecret` whose shape is in order. Nothing in it is verified.

use std::collections::BTreeMap;

use super::item::{ItemError, SealedItem};
use super::label::Label;
use super::template::SecretTemplate;
use crate::names::{KeyName, NameError, Namespace, ResourceName};
use crate::reason::Reason;
use crate::scope::Scope;

/// A parsed SealedSecret. An item that is wrong by itself does not take the others with it: it
/// carries its own error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecret {
    namespace: Option<Namespace>,
    name: ResourceName,
    scope: Scope,
    sealed: SealedData,
    template: SecretTemplate,
}

/// The two forms of sealed values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealedData {
    /// `spec.encryptedData`.
    Items(BTreeMap<KeyName, Result<SealedItem, ItemError>>),
    /// `spec.data`, deprecated since version 0.7: a whole Secret in one value.
    Legacy(Result<SealedItem, ItemError>),
}

/// A SealedSecret that can't be read. No text holds a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealedSecretError {
    /// A name breaks its rule.
    #[error("malformed field `{path}`")]
    Name {
        /// Where it stands.
        path: &'static str,
        /// Which rule it breaks.
        #[source]
        source: NameError,
    },
    /// A field is missing or of the wrong type.
    #[error("malformed field `{path}`: {rule}")]
    Field {
        /// Where it stands.
        path: String,
        /// What belongs there.
        rule: &'static str,
    },
    /// Both forms of sealed values at once.
    #[error("`spec.encryptedData` and the deprecated `spec.data` can't be used at the same time")]
    BothForms,
    /// More than can be made a Secret of.
    #[error("too many {what}: at most {limit}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much is allowed.
        limit: usize,
    },
    /// A label or annotation of the template that only our own controller may set.
    #[error("refusing the reserved label or annotation `{name}` in the template")]
    ReservedMetadata {
        /// Its name.
        name: String,
    },
}

impl SealedSecretError {
    /// The bounded word for conditions, Events and exit codes.
    pub fn reason(&self) -> Reason {
        match self {
            Self::TooMuch { .. } => Reason::LimitExceeded,
            _ => Reason::Malformed,
        }
    }
}

impl SealedSecret {
    /// Puts a resource together and checks what holds for every one of them. Only one of the scope
    /// `Cluster` may be without a namespace, which is where a file has yet to be applied.
    ///
    /// # Errors
    /// [`SealedSecretError`] by variant.
    pub fn new(
        namespace: Option<Namespace>,
        name: ResourceName,
        scope: Scope,
        sealed: SealedData,
        template: SecretTemplate,
    ) -> Result<Self, SealedSecretError> {
        if namespace.is_none() && scope != Scope::Cluster {
            return Err(SealedSecretError::Field {
                path: "metadata.namespace".to_owned(),
                rule: "it is missing",
            });
        }
        if let SealedData::Items(items) = &sealed
            && items.len() > MAX_ITEMS
        {
            return Err(SealedSecretError::TooMuch {
                what: "values",
                limit: MAX_ITEMS,
            });
        }
        template.check()?;
        Ok(Self {
            namespace,
            name,
            scope,
            sealed,
            template,
        })
    }

    /// The namespace of the object; nothing only in a file that names none.
    pub fn namespace(&self) -> Option<&Namespace> {
        self.namespace.as_ref()
    }

    /// The name of the object, and of the Secret that it makes.
    pub fn name(&self) -> &ResourceName {
        &self.name
    }

    /// How widely its values may be opened, by its annotations.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The label that all of its values must have been sealed with.
    pub fn label(&self) -> Label {
        match &self.namespace {
            Some(namespace) => Label::new(self.scope, namespace, &self.name),
            None => Label::cluster(),
        }
    }

    /// Its sealed values.
    pub fn sealed(&self) -> &SealedData {
        &self.sealed
    }

    /// The keys of `spec.encryptedData`.
    pub fn keys(&self) -> impl Iterator<Item = &KeyName> {
        let items = match &self.sealed {
            SealedData::Items(items) => Some(items.keys()),
            SealedData::Legacy(_) => None,
        };
        items.into_iter().flatten()
    }

    /// What the Secret gets besides: not trusted.
    pub fn template(&self) -> &SecretTemplate {
        &self.template
    }
}

/// Values of one resource: more than fit into 1.5 MiB, which is what etcd takes.
pub const MAX_ITEMS: usize = 4096;
