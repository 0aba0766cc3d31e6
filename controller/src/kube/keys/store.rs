//! Writes of sealing keys: the resource, its Secret, its status.

use bulla_core::api::{
    API_VERSION, GROUP, KeySecretRef, KeyState, SEALING_KEY, SealingKeySpec, SealingKeyStatus,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::gauges::state_text;
use crate::kube::FIELD_MANAGER;
use crate::kube::api::error::ApiError;
use crate::kube::api::rest::{View, Write, body};
use crate::kube::cluster::Cluster;
use crate::kube::mirror::{KeySecret, Meta, SeenSealingKey};

/// Makes a `SealingKey`; its private half follows, or is there already.
pub(super) async fn create(
    cluster: &Cluster,
    name: &str,
    spec: &SealingKeySpec,
) -> Result<SeenSealingKey, ApiError> {
    let object = json!({
        "apiVersion": API_VERSION,
        "kind": SEALING_KEY,
        "metadata": {
            "name": name,
            "finalizers": [FINALIZER],
        },
        "spec": spec,
    });
    let path = format!("{COLLECTION}?fieldManager={FIELD_MANAGER}");
    let lease = cluster.fenced.lease()?;
    let key: SeenSealingKey = cluster
        .fenced
        .write(lease, &path, Write::Create(body(&object)?), View::Whole)
        .await?;
    cluster.sealing_keys.learn(key.clone());
    Ok(key)
}

/// Creates a key Secret in the controller's namespace, and returns its metadata.
pub(super) async fn create_secret(
    cluster: &Cluster,
    secret: &(impl Serialize + Sync),
) -> Result<Meta, ApiError> {
    let path = format!(
        "/api/v1/namespaces/{}/secrets?fieldManager={FIELD_MANAGER}",
        cluster.namespace
    );
    let lease = cluster.fenced.lease()?;
    let answer: Answer = cluster
        .fenced
        .write(lease, &path, Write::Create(body(secret)?), View::Metadata)
        .await?;
    Ok(answer.metadata)
}

/// Writes the whole status; false when somebody was faster, and the watch will tell.
pub(super) async fn report(
    cluster: &Cluster,
    key: &SeenSealingKey,
    status: &SealingKeyStatus,
) -> Result<bool, ApiError> {
    let patch = json!({
        "metadata": {"uid": &*key.meta.uid},
        "status": {
            "observedGeneration": status.observed_generation,
            "publicKey": status.public_key,
            "fingerprint": status.fingerprint,
            "notBefore": status.not_before,
            "closes": status.closes,
            "secret": status.secret,
            "usedBy": status.used_by,
            "conditions": status.conditions,
        },
    });
    let path = format!(
        "{COLLECTION}/{}/status?fieldManager={FIELD_MANAGER}",
        key.meta.name
    );
    change(cluster, &path, &patch).await
}

/// What has become of a key's finalizer.
pub(super) enum Guard {
    /// It is there.
    Kept,
    /// It was taken off, and the resource goes.
    Released,
    /// Somebody else changed the resource meanwhile: the watch will tell.
    Overtaken,
}

/// Puts the finalizer on a key, or takes it off one that may go.
pub(super) async fn guard(
    cluster: &Cluster,
    key: &SeenSealingKey,
    may_go: bool,
) -> Result<Guard, ApiError> {
    let meta = &key.meta;
    let finalizers = meta.finalizers.iter().map(|name| &**name);
    let mut finalizers: Vec<&str> = finalizers.filter(|name| *name != FINALIZER).collect();
    let guarded = finalizers.len() < meta.finalizers.len();
    if guarded && may_go {
        tracing::info!(
            sealing_key = &*meta.name,
            "let a sealing key go; its Secret stays"
        );
        return Ok(match set_finalizers(cluster, key, &finalizers).await? {
            true => Guard::Released,
            false => Guard::Overtaken,
        });
    }
    if !guarded && meta.deletion_timestamp.is_none() {
        finalizers.push(FINALIZER);
        set_finalizers(cluster, key, &finalizers).await?;
    }
    Ok(Guard::Kept)
}

/// Sets the finalizers; false when somebody else changed the resource meanwhile.
async fn set_finalizers(
    cluster: &Cluster,
    key: &SeenSealingKey,
    finalizers: &[&str],
) -> Result<bool, ApiError> {
    let patch = json!({"metadata": {
        "uid": &*key.meta.uid,
        "resourceVersion": &*key.meta.resource_version,
        "finalizers": finalizers,
    }});
    change_key(cluster, key, &patch).await
}

/// Says that a key is compromised, because somebody has said so with Sealed Secrets' label. No other spec is ever
/// written.
pub(super) async fn compromise(cluster: &Cluster, key: &SeenSealingKey) -> Result<bool, ApiError> {
    let patch = json!({
        "metadata": {"uid": &*key.meta.uid},
        "spec": {"state": KeyState::Compromised},
    });
    change_key(cluster, key, &patch).await
}

async fn change_key(
    cluster: &Cluster,
    key: &SeenSealingKey,
    patch: &serde_json::Value,
) -> Result<bool, ApiError> {
    let path = format!(
        "{COLLECTION}/{}?fieldManager={FIELD_MANAGER}",
        key.meta.name
    );
    change(cluster, &path, patch).await
}

/// Notes on a key Secret what people say of its key, for the case that the Secret alone is restored.
pub(super) async fn note_state(
    cluster: &Cluster,
    secret: &KeySecret,
    state: KeyState,
) -> Result<(), ApiError> {
    let annotations = json!({STATE_ANNOTATION: state_text(state)});
    let metadata = json!({"uid": &*secret.uid, "annotations": annotations});
    note(cluster, &secret.name, &metadata).await
}

/// Changes the metadata of a key Secret; one that was changed or deleted meanwhile is left to the watch.
pub(super) async fn note(
    cluster: &Cluster,
    name: &str,
    metadata: &serde_json::Value,
) -> Result<(), ApiError> {
    let patch = json!({"metadata": metadata});
    let namespace = &cluster.namespace;
    let path =
        format!("/api/v1/namespaces/{namespace}/secrets/{name}?fieldManager={FIELD_MANAGER}");
    let lease = cluster.fenced.lease()?;
    let patch = Write::Merge(body(&patch)?);
    let noted = cluster
        .fenced
        .write::<Answer>(lease, &path, patch, View::Metadata)
        .await;
    match noted {
        Ok(_) | Err(ApiError::NotFound | ApiError::Conflict) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Asks the API server itself whether one of these key Secrets is there.
pub(super) async fn any_secret_exists(
    cluster: &Cluster,
    named: &[&KeySecretRef],
) -> Result<bool, ApiError> {
    for named in named {
        if secret_exists(cluster, named).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Another one of its name is not it.
async fn secret_exists(cluster: &Cluster, named: &KeySecretRef) -> Result<bool, ApiError> {
    let (namespace, name) = (&cluster.namespace, &named.name);
    let path = format!("/api/v1/namespaces/{namespace}/secrets/{name}");
    match cluster.open.read::<Answer>(&path, View::Metadata).await {
        Ok(answer) => Ok(*answer.metadata.uid == *named.uid),
        Err(ApiError::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn change(
    cluster: &Cluster,
    path: &str,
    patch: &serde_json::Value,
) -> Result<bool, ApiError> {
    let lease = cluster.fenced.lease()?;
    let written = cluster
        .fenced
        .write::<SeenSealingKey>(lease, path, Write::Merge(body(patch)?), View::Whole)
        .await;
    match written {
        Ok(key) => {
            cluster.sealing_keys.learn(key);
            Ok(true)
        }
        // The watch tells what came between.
        Err(ApiError::NotFound | ApiError::Conflict) => Ok(false),
        Err(error) => Err(error),
    }
}

/// True when it is being deleted and nothing is lost by that: nobody closes for a retired key any more, and nobody
/// ever could for one without a private half. That a key is compromised is worth remembering, so that somebody has
/// to say that it is not; its Secret remembers it all the same.
pub(super) fn may_go(key: &SeenSealingKey, has_private_half: bool) -> bool {
    let meta = &key.meta;
    let never_was = key.status.public_key.is_none() && !has_private_half;
    let done_with = match key.spec.map(|spec| spec.state) {
        Some(KeyState::Retired) => true,
        Some(KeyState::Compromised) => {
            meta.annotations.delete_compromised.as_deref() == Some("true")
        }
        _ => false,
    };
    meta.deletion_timestamp.is_some() && (done_with || never_was)
}

#[derive(Deserialize)]
struct Answer {
    metadata: Meta,
}

pub(super) const STATE_ANNOTATION: &str = "bulla.dev/sealing-key-state";
/// On every `SealingKey`: it can be deleted only when it is retired.
pub(super) const FINALIZER: &str = "bulla.dev/sealing-key";
const COLLECTION: &str = "/apis/bulla.dev/v1alpha1/sealingkeys";

const _: () = assert!(
    GROUP.len() == "bulla.dev".len(),
    "the paths above name the group"
);
