//! SealedSecrets made of values: new ones, and one value more in one that is there.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bulla_core::api;
use bulla_core::names::{KeyName, Namespace, ResourceName};
use bulla_core::plaintext::Plaintext;
use bulla_core::scope::Scope;
use bulla_core::sealed_secrets::{
    CLUSTER_WIDE_ANNOTATION, Label, NAMESPACE_WIDE_ANNOTATION, RsaPublicKey, SealItemError,
    SealedItem, SecretTemplate, scope_annotation,
};
use rand_core::CryptoRngCore;
use serde_json::{Map, Value, json};

use crate::exit::Blame;
use crate::failure::Fault;

/// What a SealedSecret is made of.
pub(crate) struct Making<'a> {
    /// Its namespace.
    pub(crate) namespace: &'a Namespace,
    /// Its name.
    pub(crate) name: &'a ResourceName,
    /// How widely its values may be opened.
    pub(crate) scope: Scope,
    /// Labels, annotations and the rest of its own metadata, without an annotation of a scope.
    pub(crate) metadata: Map<String, Value>,
    /// The values to seal.
    pub(crate) values: &'a BTreeMap<KeyName, Plaintext>,
    /// What the Secret gets besides.
    pub(crate) template: &'a SecretTemplate,
}

/// A value that was not sealed.
#[derive(Debug, thiserror::Error)]
#[error("failed to seal the value of key `{key}`")]
pub(crate) struct MakeError {
    key: KeyName,
    #[source]
    source: SealItemError,
}

impl Making<'_> {
    /// Seals the values; the fields stand in `kubeseal`'s order.
    ///
    /// # Errors
    /// [`MakeError`] with the first value that can't be sealed.
    pub(crate) fn seal(
        self,
        key: &RsaPublicKey,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Value, MakeError> {
        let label = Label::new(self.scope, self.namespace, self.name);
        let mut encrypted = Map::new();
        for (name, value) in self.values {
            let item = Self::item(key, &label, name, value, rng)?;
            encrypted.insert(name.to_string(), item.into());
        }
        let mut metadata = self.metadata;
        metadata.insert("name".into(), self.name.as_str().into());
        metadata.insert("namespace".into(), self.namespace.as_str().into());
        if let Some(name) = scope_annotation(self.scope) {
            let annotations = metadata.entry("annotations").or_insert_with(|| json!({}));
            annotations[name] = "true".into();
        }
        Ok(json!({
            "apiVersion": api::SEALED_SECRETS_API_VERSION,
            "kind": api::SEALED_SECRET,
            "metadata": metadata,
            "spec": {
                "encryptedData": encrypted,
                "template": template_of(self.template, self.name, self.namespace),
            },
        }))
    }

    /// One value, as it stands in `encryptedData`.
    ///
    /// # Errors
    /// [`MakeError`].
    pub(crate) fn item(
        key: &RsaPublicKey,
        label: &Label,
        name: &KeyName,
        value: &Plaintext,
        rng: &mut impl CryptoRngCore,
    ) -> Result<String, MakeError> {
        let item = SealedItem::seal(key, label, value, rng);
        item.map(|item| item.to_string())
            .map_err(|source| MakeError {
                key: name.clone(),
                source,
            })
    }
}

/// The template as `kubeseal` writes it: with the names, which count nowhere.
fn template_of(template: &SecretTemplate, name: &ResourceName, namespace: &Namespace) -> Value {
    let mut metadata = Map::new();
    metadata.insert("name".into(), name.as_str().into());
    metadata.insert("namespace".into(), namespace.as_str().into());
    for (field, map) in [
        ("labels", &template.labels),
        ("annotations", &template.annotations),
    ] {
        if !map.is_empty() {
            metadata.insert(field.into(), json!(map));
        }
    }
    if !template.finalizers.is_empty() {
        metadata.insert("finalizers".into(), json!(template.finalizers));
    }
    let mut out = Map::new();
    out.insert("metadata".into(), metadata.into());
    if let Some(secret_type) = &template.secret_type {
        out.insert("type".into(), secret_type.as_str().into());
    }
    if let Some(immutable) = template.immutable {
        out.insert("immutable".into(), immutable.into());
    }
    if !template.data.is_empty() {
        let data: Map<_, _> = template
            .data
            .iter()
            .map(|(key, source)| (key.to_string(), json!(source)))
            .collect();
        out.insert("data".into(), data.into());
    }
    out.into()
}

/// The annotations of a resource without those that say a scope of Sealed Secrets, and without the copy that
/// `kubectl apply` keeps.
pub(crate) fn cleared_annotations(annotations: &mut Map<String, Value>) {
    for name in [
        CLUSTER_WIDE_ANNOTATION,
        NAMESPACE_WIDE_ANNOTATION,
        "kubectl.kubernetes.io/last-applied-configuration",
    ] {
        annotations.remove(name);
    }
}

impl Fault for MakeError {
    fn blame(&self) -> Blame {
        match self.source {
            SealItemError::TooLarge => Blame::Input,
            SealItemError::Library => Blame::Machine,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self.source {
            SealItemError::TooLarge => Some("a Secret holds 1 MiB at most: split it".into()),
            SealItemError::Library => None,
        }
    }
}
