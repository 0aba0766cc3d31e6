//! The private half of a key: drawn, and put into its Secret.

use bulla_core::api::{KeyState, SEALING_KEY_LABEL};
use bulla_core::plaintext::Plaintext;
use bulla_core::recipient::{Identity, Suite, identity_file_text};
use bulla_core::rotation::{Timestamp, Why};
use rand_core::OsRng;
use serde::Serialize;
use serde_json::json;

use crate::engine::rfc3339;
use crate::kube::api::error::ApiError;
use crate::kube::cluster::Cluster;
use crate::kube::keys::gauges::state_text;
use crate::kube::keys::store::{STATE_ANNOTATION, create_secret};
use crate::kube::mirror::{KeySecret, SeenSealingKey};

/// Draws a key pair and stores the private half in a Secret of the controller's namespace.
///
/// The Secret has no owner reference: nothing that happens to the resource takes the private half along. Its name
/// follows from the resource's uid, so that an attempt that was cut off is found again and not repeated.
pub(super) async fn make_private_half(
    cluster: &Cluster,
    key: &SeenSealingKey,
    suite: Suite,
    why: Why,
    now: Timestamp,
) -> Result<(), ApiError> {
    let identity = Identity::generate(suite, &mut OsRng);
    let created = rfc3339(now);
    // Into the key Secret: the only place that a private half is written to.
    let text = Plaintext::from(identity_file_text(&identity, &created).as_bytes());
    let recipient = identity.recipient().as_str().to_owned();
    let uid_start: String = key.meta.uid.chars().take(8).collect();
    let secret = KeySecretBody {
        api_version: "v1",
        kind: "Secret",
        metadata: json!({
            "name": format!("{}-{uid_start}", key.meta.name),
            "namespace": cluster.namespace,
            "labels": {
                SEALING_KEY_LABEL: &*key.meta.name,
                "app.kubernetes.io/managed-by": "bulla",
                "app.kubernetes.io/part-of": "bulla",
            },
            "annotations": {
                "bulla.dev/sealing-key-uid": &*key.meta.uid,
                "bulla.dev/not-before": created,
                // Here and not in the resource, which whoever asks writes and may delete.
                "bulla.dev/made-for": why.as_str(),
                STATE_ANNOTATION: state_text(KeyState::Active),
            },
        }),
        secret_type: KEY_SECRET_TYPE,
        immutable: true,
        string_data: KeyData {
            identity: std::str::from_utf8(text.reveal()).expect("an identity is ASCII"),
            recipient: &recipient,
        },
    };
    let metadata = create_secret(cluster, &secret).await?;
    cluster
        .key_secrets
        .learn(KeySecret::written(metadata, text, recipient));
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeySecretBody<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: serde_json::Value,
    #[serde(rename = "type")]
    secret_type: &'static str,
    immutable: bool,
    string_data: KeyData<'a>,
}

#[derive(Serialize)]
struct KeyData<'a> {
    identity: &'a str,
    recipient: &'a str,
}

const KEY_SECRET_TYPE: &str = "bulla.dev/sealing-key";
