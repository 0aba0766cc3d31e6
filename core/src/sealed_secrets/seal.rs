//! A Secret on its way into a SealedSecret, as `kubeseal` makes one of it.

use std::collections::BTreeMap;

use rand_core::CryptoRngCore;
use serde_json::{Map, Value, json};

use super::annotations::{
    CLUSTER_WIDE_ANNOTATION, NAMESPACE_WIDE_ANNOTATION, scope_annotation, scope_of,
};
use super::item::{SealItemError, SealedItem};
use super::label::Label;
use super::public_key::RsaPublicKey;
use crate::names::{KeyName, Namespace, ResourceName};
use crate::plaintext::Plaintext;
use crate::scope::Scope;

/// A Secret that is to be sealed.
#[derive(Debug)]
pub struct SecretToSeal {
    /// Its namespace; only what is sealed for the whole cluster may be without.
    pub namespace: Option<Namespace>,
    /// Its name.
    pub name: ResourceName,
    /// Its type.
    pub secret_type: Option<String>,
    /// Whether it is immutable.
    pub immutable: Option<bool>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations; those of the scope among them.
    pub annotations: BTreeMap<String, String>,
    /// Its finalizers.
    pub finalizers: Vec<String>,
    /// Its values.
    pub values: BTreeMap<KeyName, Plaintext>,
}

/// A Secret that can't be sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealSecretError {
    /// The label would say no place.
    #[error("secret must declare a namespace")]
    NoNamespace,
    /// A value that can't be sealed.
    #[error("failed to seal the value of key `{key}`")]
    Item {
        /// Its key.
        key: KeyName,
        /// Why.
        #[source]
        source: SealItemError,
    },
}

impl SecretToSeal {
    /// The scope that its annotations ask for.
    pub fn scope(&self) -> Scope {
        scope_of(&self.annotations)
    }

    /// Puts the annotation of `scope` in place of those that are there.
    pub fn set_scope(&mut self, scope: Scope) {
        self.annotations.remove(CLUSTER_WIDE_ANNOTATION);
        self.annotations.remove(NAMESPACE_WIDE_ANNOTATION);
        if let Some(name) = scope_annotation(scope) {
            self.annotations.insert(name.to_owned(), "true".to_owned());
        }
    }

    /// Seals its values for `key`; the scope is [`SecretToSeal::scope`].
    ///
    /// The object has `kubeseal`'s fields in `kubeseal`'s order: labels and annotations go into the
    /// template, only the annotation of the scope stands on the object too. Copies of the Secret that
    /// `kubectl apply` left in an annotation are dropped.
    ///
    /// # Errors
    /// [`SealSecretError`] by variant.
    pub fn seal(
        &self,
        key: &RsaPublicKey,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Value, SealSecretError> {
        let label = self.label()?;
        let mut encrypted = Map::new();
        for (name, value) in &self.values {
            let item = SealedItem::seal(key, &label, value, rng).map_err(|source| {
                SealSecretError::Item {
                    key: name.clone(),
                    source,
                }
            })?;
            encrypted.insert(name.as_str().to_owned(), item.to_string().into());
        }
        Ok(json!({
            "kind": "SealedSecret",
            "apiVersion": "bitnami.com/v1alpha1",
            "metadata": self.metadata(),
            "spec": {"template": self.template(), "encryptedData": encrypted},
        }))
    }

    /// The label that its values are sealed with.
    ///
    /// # Errors
    /// `NoNamespace`.
    pub fn label(&self) -> Result<Label, SealSecretError> {
        match (&self.namespace, self.scope()) {
            (Some(namespace), scope) => Ok(Label::new(scope, namespace, &self.name)),
            (None, Scope::Cluster) => Ok(Label::cluster()),
            (None, _) => Err(SealSecretError::NoNamespace),
        }
    }

    fn metadata(&self) -> Map<String, Value> {
        let mut metadata = self.names();
        if let Some(name) = scope_annotation(self.scope()) {
            metadata.insert("annotations".to_owned(), json!({name: "true"}));
        }
        metadata
    }

    fn template(&self) -> Map<String, Value> {
        let annotations: BTreeMap<_, _> = self
            .annotations
            .iter()
            .filter(|(name, _)| !LAST_APPLIED.contains(&name.as_str()))
            .collect();
        let mut metadata = self.names();
        if !self.labels.is_empty() {
            metadata.insert("labels".to_owned(), json!(self.labels));
        }
        if !annotations.is_empty() {
            metadata.insert("annotations".to_owned(), json!(annotations));
        }
        if !self.finalizers.is_empty() {
            metadata.insert("finalizers".to_owned(), json!(self.finalizers));
        }
        let mut template = Map::new();
        template.insert("metadata".to_owned(), metadata.into());
        if let Some(secret_type) = self.secret_type.as_deref().filter(|text| !text.is_empty()) {
            template.insert("type".to_owned(), secret_type.into());
        }
        if let Some(immutable) = self.immutable {
            template.insert("immutable".to_owned(), immutable.into());
        }
        template
    }

    fn names(&self) -> Map<String, Value> {
        let mut names = Map::new();
        names.insert("name".to_owned(), self.name.as_str().into());
        if let Some(namespace) = &self.namespace {
            names.insert("namespace".to_owned(), namespace.as_str().into());
        }
        names
    }
}

/// Where `kubectl apply` and kubecfg keep a whole copy of the Secret.
pub(super) const LAST_APPLIED: [&str; 2] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubecfg.ksonnet.io/last-applied-configuration",
];
