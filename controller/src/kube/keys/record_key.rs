//! The key of the records in the status of resources: made once, kept in a Secret beside the sealing keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use crate::engine::RecordKey;
use crate::kube::FIELD_MANAGER;
use crate::kube::api::error::ApiError;
use crate::kube::api::rest::{View, Write, body};
use crate::kube::cluster::Cluster;

/// Reads the key, or makes it. Without the old one every resource is opened once, and nothing is lost.
///
/// # Errors
/// The API server's, and [`ApiError::Unreadable`] for a Secret of this name that holds something else.
pub(crate) async fn record_key(cluster: &Cluster) -> Result<RecordKeyBytes, ApiError> {
    let collection = format!("/api/v1/namespaces/{}/secrets", cluster.namespace);
    let path = format!("{collection}/{RECORD_KEY_SECRET}");
    match cluster.open.read::<Stored>(&path, View::Whole).await {
        Err(ApiError::NotFound) => {}
        stored => return stored?.key(),
    }
    let mut bytes = Zeroizing::new([0; RecordKey::BYTES]);
    getrandom::getrandom(&mut *bytes).map_err(|_| ApiError::Unreadable)?;
    let text = Zeroizing::new(STANDARD.encode(*bytes));
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": RECORD_KEY_SECRET,
            "namespace": cluster.namespace,
            "labels": {"app.kubernetes.io/managed-by": "bulla", "app.kubernetes.io/part-of": "bulla"},
        },
        "type": "bulla.dev/applied-key",
        "immutable": true,
        "data": {"key": &*text},
    });
    let path = format!("{collection}?fieldManager={FIELD_MANAGER}");
    let lease = cluster.fenced.lease()?;
    // Should another replica be faster, the next attempt reads its key.
    cluster
        .fenced
        .write::<serde::de::IgnoredAny>(lease, &path, Write::Create(body(&secret)?), View::Metadata)
        .await?;
    Ok(bytes)
}

/// What a [`RecordKey`] is made from.
pub(crate) type RecordKeyBytes = Zeroizing<[u8; RecordKey::BYTES]>;

#[derive(Deserialize)]
struct Stored {
    #[serde(default)]
    data: Data,
}

#[derive(Deserialize, Default)]
struct Data {
    #[serde(default)]
    key: String,
}

impl Stored {
    fn key(self) -> Result<RecordKeyBytes, ApiError> {
        let mut bytes = Zeroizing::new([0; RecordKey::BYTES]);
        let decoded = Zeroizing::new(
            STANDARD
                .decode(Zeroizing::new(self.data.key).as_bytes())
                .map_err(|_| ApiError::Unreadable)?,
        );
        if decoded.len() != bytes.len() {
            return Err(ApiError::Unreadable);
        }
        bytes.copy_from_slice(&decoded);
        Ok(bytes)
    }
}

/// The name of the Secret, in the controller's namespace.
pub(crate) const RECORD_KEY_SECRET: &str = "bulla-applied-key";
