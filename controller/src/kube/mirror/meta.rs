//! The metadata that is looked at; the rest is passed over while it is read, and never kept.

use serde::{Deserialize, Deserializer};

/// What an object's `metadata` says, as far as anything here asks for it.
///
/// `managedFields` and `kubectl`'s last-applied annotation are most of an object's size, and the latter holds the
/// values of a Secret: they are skipped in the parser, not dropped afterwards.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Meta {
    pub(crate) name: Box<str>,
    pub(crate) namespace: Box<str>,
    pub(crate) uid: Box<str>,
    pub(crate) resource_version: Box<str>,
    pub(crate) generation: i64,
    pub(crate) creation_timestamp: Option<Box<str>>,
    pub(crate) deletion_timestamp: Option<Box<str>>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) finalizers: Vec<Box<str>>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) owner_references: Vec<OwnerReference>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) annotations: Annotations,
    #[serde(deserialize_with = "nullable")]
    pub(crate) labels: Labels,
}

/// Whose an object is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct OwnerReference {
    pub(crate) kind: Box<str>,
    pub(crate) uid: Box<str>,
    pub(crate) controller: Option<bool>,
}

/// The annotations that mean something to the controller.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Annotations {
    #[serde(rename = "bulla.dev/suspend")]
    pub(crate) suspend: Option<Box<str>>,
    #[serde(rename = "bulla.dev/adopted-by")]
    pub(crate) adopted_by: Option<Box<str>>,
    #[serde(rename = "reconcile.fluxcd.io/requestedAt")]
    pub(crate) requested_at: Option<Box<str>>,
    #[serde(rename = "bulla.dev/sealing-key-uid")]
    pub(crate) sealing_key_uid: Option<Box<str>>,
    #[serde(rename = "bulla.dev/made-for")]
    pub(crate) made_for: Option<Box<str>>,
    #[serde(rename = "bulla.dev/delete-compromised")]
    pub(crate) delete_compromised: Option<Box<str>>,
    #[serde(rename = "bulla.dev/not-before")]
    pub(crate) not_before: Option<Box<str>>,
    #[serde(rename = "bulla.dev/sealing-key-state")]
    pub(crate) sealing_key_state: Option<Box<str>>,
    #[serde(rename = "sealedsecrets.bitnami.com/cluster-wide")]
    pub(crate) cluster_wide: Option<Box<str>>,
    #[serde(rename = "sealedsecrets.bitnami.com/namespace-wide")]
    pub(crate) namespace_wide: Option<Box<str>>,
}

/// The labels that mean something to the controller.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Labels {
    #[serde(rename = "bulla.dev/sealing-key")]
    pub(crate) sealing_key: Option<Box<str>>,
    #[serde(rename = "sealedsecrets.bitnami.com/sealed-secrets-key")]
    pub(crate) sealed_secrets_key: Option<Box<str>>,
    #[serde(rename = "app.kubernetes.io/instance")]
    pub(crate) instance: Option<Box<str>>,
}

/// `null` where the default belongs.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_applied_annotation_is_not_kept() {
        let json = r#"{"name": "db", "namespace": "shop", "uid": "u", "resourceVersion": "5", "labels": null,
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{\"data\":{\"a\":\"aHVudGVyMg==\"}}",
                            "bulla.dev/suspend": "true"},
            "managedFields": [{"manager": "kubectl"}]}"#;
        let meta: Meta = serde_json::from_str(json).expect("metadata");
        assert_eq!(meta.annotations.suspend.as_deref(), Some("true"));
        assert!(!format!("{meta:?}").contains("aHVudGVyMg"));
    }
}
