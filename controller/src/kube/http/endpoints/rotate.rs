//! A SealedSecret with its values sealed for the newest key, and all else as it was.

use bulla_core::api::{self, SEALED_SECRET, SEALED_SECRETS_API_VERSION};
use bulla_core::sealed_secrets::{
    RsaPublicKey, SealItemError, SealedData, SealedSecret, SecretTemplate, Unsealed,
};
use rand_core::OsRng;
use serde_json::{Map, Value, json};

/// Puts the object together: names, labels and annotations as they came, and with them the scope; the template as it
/// came, templates and all; fresh ciphertext under the label that the values were opened with.
///
/// What a server has added to the object is left out, as is its status. An object of the deprecated form becomes one of
/// the other form, with the template that was in it.
///
/// # Errors
/// The library does not do its work.
pub(super) fn rotated(
    wire: &api::SealedSecret,
    sealed: &SealedSecret,
    unsealed: &Unsealed,
    key: &RsaPublicKey,
) -> Result<Value, SealItemError> {
    let items = unsealed.reseal(key, &mut OsRng)?;
    let encrypted: Map<String, Value> = items
        .iter()
        .map(|(name, item)| (name.to_string(), item.to_string().into()))
        .collect();
    let mut spec = Map::new();
    let template = match sealed.sealed() {
        SealedData::Items(_) => wire.spec.template.as_ref().map(|template| json!(template)),
        SealedData::Legacy(_) => Some(template_of(wire, unsealed.template())),
    };
    if let Some(template) = template {
        spec.insert("template".to_owned(), template);
    }
    spec.insert("encryptedData".to_owned(), encrypted.into());
    Ok(json!({
        "kind": SEALED_SECRET,
        "apiVersion": SEALED_SECRETS_API_VERSION,
        "metadata": metadata(wire),
        "spec": spec,
    }))
}

/// What people write into metadata; the rest comes from a server, and is out of date in a file.
fn metadata(wire: &api::SealedSecret) -> Value {
    let mut metadata = json!(wire.metadata);
    if let Some(fields) = metadata.as_object_mut() {
        fields.retain(|name, _| WRITTEN.contains(&name.as_str()));
        if let Some(annotations) = fields.get_mut("annotations").and_then(Value::as_object_mut) {
            // It holds the object as it was.
            annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
            if annotations.is_empty() {
                fields.remove("annotations");
            }
        }
    }
    metadata
}

fn template_of(wire: &api::SealedSecret, template: &SecretTemplate) -> Value {
    let mut metadata = Map::new();
    let names = [
        ("name", &wire.metadata.name),
        ("namespace", &wire.metadata.namespace),
    ];
    for (field, name) in names {
        if let Some(name) = name {
            metadata.insert(field.to_owned(), name.as_str().into());
        }
    }
    for (field, pairs) in [
        ("labels", &template.labels),
        ("annotations", &template.annotations),
    ] {
        if !pairs.is_empty() {
            metadata.insert(field.to_owned(), json!(pairs));
        }
    }
    if !template.finalizers.is_empty() {
        metadata.insert("finalizers".to_owned(), json!(template.finalizers));
    }
    let template = api::SecretTemplateSpec {
        metadata: Some(metadata),
        type_: template.secret_type.clone(),
        immutable: template.immutable,
        data: None,
    };
    json!(template)
}

const WRITTEN: [&str; 6] = [
    "name",
    "namespace",
    "labels",
    "annotations",
    "finalizers",
    "ownerReferences",
];
