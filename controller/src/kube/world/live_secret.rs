//! A Secret as the API server shows all of it: read only where a plan needs the content.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_core::plaintext::Plaintext;
use bulla_core::plan::{Controller, Live, OurMetadata};
use serde::Deserialize;
use serde_json::Value;

use crate::kube::FIELD_MANAGER;

/// The object, as far as it is compared.
#[derive(Deserialize)]
pub(crate) struct LiveSecret {
    metadata: Metadata,
    #[serde(rename = "type", default)]
    secret_type: String,
    #[serde(default)]
    immutable: Option<bool>,
    #[serde(default)]
    data: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    uid: String,
    resource_version: String,
    #[serde(default)]
    deletion_timestamp: Option<String>,
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
    #[serde(default)]
    owner_references: Option<Vec<Value>>,
    #[serde(default)]
    managed_fields: Option<Vec<ManagedFields>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ManagedFields {
    #[serde(default)]
    manager: String,
    #[serde(default)]
    time: Option<String>,
    #[serde(default)]
    fields_v1: Value,
}

/// What a patch of the Secret must know beside its [`Live`] form: names, never values.
#[derive(Debug, Default)]
pub(crate) struct Observed {
    /// The keys of its data.
    pub(crate) keys: Vec<String>,
    /// The labels and annotations that are ours.
    pub(crate) ours: OurMetadata,
    /// Its owner references, as they are.
    pub(crate) owner_references: Vec<Value>,
}

impl LiveSecret {
    /// The form that is planned with, and what a patch needs.
    pub(crate) fn into_parts(self) -> (Live, Observed) {
        let metadata = self.metadata;
        let fields = metadata.managed_fields.unwrap_or_default();
        let ours = ours(&fields);
        let owner_references = metadata.owner_references.unwrap_or_default();
        let mut annotations = metadata.annotations.unwrap_or_default();
        // It repeats the data.
        annotations.remove(LAST_APPLIED);
        let data: BTreeMap<_, _> = self
            .data
            .unwrap_or_default()
            .into_iter()
            .map(|(key, text)| {
                let text = Plaintext::from(text);
                // The API server sends nothing but base64; were it otherwise, the value would differ, and be healed.
                let value = STANDARD.decode(text.reveal()).unwrap_or_default();
                (key, Plaintext::new(value))
            })
            .collect();
        let observed = Observed {
            keys: data.keys().cloned().collect(),
            ours: ours.clone().unwrap_or_default(),
            owner_references,
        };
        let live = Live {
            uid: metadata.uid,
            resource_version: metadata.resource_version,
            secret_type: self.secret_type,
            immutable: self.immutable.unwrap_or(false),
            deleting: metadata.deletion_timestamp.is_some(),
            controller: observed.owner_references.iter().find_map(controller),
            owned: !observed.owner_references.is_empty(),
            labels: metadata.labels.unwrap_or_default(),
            annotations,
            data,
            ours,
            deformed: false,
            changed_by: changed_by(&fields),
        };
        (live, observed)
    }
}

fn controller(reference: &Value) -> Option<Controller> {
    let text = |name: &str| reference[name].as_str().unwrap_or_default().to_owned();
    (reference["controller"] == true).then(|| Controller {
        kind: text("kind"),
        name: text("name"),
        uid: text("uid"),
    })
}

/// The labels and annotations that our field manager owns; nothing when it never wrote the Secret.
fn ours(fields: &[ManagedFields]) -> Option<OurMetadata> {
    let mut entries = fields
        .iter()
        .filter(|entry| entry.manager == FIELD_MANAGER)
        .peekable();
    entries.peek()?;
    let mut ours = OurMetadata::default();
    for entry in entries {
        let metadata = &entry.fields_v1["f:metadata"];
        ours.labels.extend(names(&metadata["f:labels"]));
        ours.annotations.extend(names(&metadata["f:annotations"]));
    }
    Some(ours)
}

fn names(fields: &Value) -> impl Iterator<Item = String> {
    let fields = fields.as_object().into_iter().flatten();
    fields.filter_map(|(name, _)| name.strip_prefix("f:").map(str::to_owned))
}

/// Who wrote last, if it wasn't us.
fn changed_by(fields: &[ManagedFields]) -> Option<String> {
    // RFC 3339 in UTC, to the second: the order of the texts is the order of the times.
    let last = |ours: bool| {
        fields
            .iter()
            .filter(move |entry| (entry.manager == FIELD_MANAGER) == ours)
            .max_by_key(|entry| entry.time.as_deref().unwrap_or_default())
    };
    let other = last(false)?;
    let since_us = last(true).is_none_or(|ours| other.time >= ours.time);
    since_us.then(|| other.manager.clone())
}

pub(crate) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(managed_fields: Value) -> (Live, Observed) {
        let secret = json!({
            "metadata": {
                "uid": "u", "resourceVersion": "5", "labels": {"app": "shop"}, "managedFields": managed_fields,
                "annotations": {LAST_APPLIED: "{\"data\":{\"a\":\"aHVudGVyMg==\"}}"},
                "ownerReferences": [{"kind": "SecretEnvelope", "name": "db", "uid": "e", "controller": true}],
            },
            "type": "Opaque",
            "data": {"password": "aHVudGVyMg==", "empty": ""},
        });
        let secret: LiveSecret = serde_json::from_value(secret).expect("a Secret");
        secret.into_parts()
    }

    #[test]
    fn data_is_decoded_and_the_last_applied_copy_dropped() {
        let (live, observed) = read(json!([]));
        assert_eq!(live.data["password"].reveal(), b"hunter2");
        assert!(live.annotations.is_empty() && live.ours.is_none());
        assert_eq!(observed.keys, ["empty", "password"]);
        assert_eq!(live.controller.expect("an owner").uid, "e");
    }

    #[test]
    fn field_managers_say_what_is_ours_and_who_changed_it() {
        let entry = |manager: &str, time: &str| json!({"manager": manager, "time": time, "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:app": {}}}}});
        let ours = entry(FIELD_MANAGER, "2026-11-21T12:00:00Z");
        let (live, _) = read(json!([ours, entry("kubectl-edit", "2026-11-21T12:00:00Z")]));
        assert_eq!(live.changed_by.as_deref(), Some("kubectl-edit"));
        assert_eq!(live.ours.expect("written by us").labels, ["app"]);
        let (live, _) = read(json!([ours, entry("other", "2026-11-20T12:00:00Z")]));
        assert_eq!(live.changed_by, None, "our own write came after");
    }
}
