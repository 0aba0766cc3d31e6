//! `SealingKey` on the wire.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Condition;
use crate::recipient::Suite;

/// A key pair of the cluster. The public half stands in the status, for everyone to close with;
/// the private half is a Secret in the controller's namespace.
#[derive(CustomResource, Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "bulla.dev",
    version = "v1alpha1",
    kind = "SealingKey",
    plural = "sealingkeys",
    singular = "sealingkey",
    shortname = "skey",
    category = "sealed",
    status = "SealingKeyStatus",
    derive = "PartialEq",
    printcolumn = r#"{"name":"Suite","type":"string","jsonPath":".spec.suite"}"#,
    printcolumn = r#"{"name":"State","type":"string","jsonPath":".spec.state"}"#,
    printcolumn = r#"{"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].status"}"#,
    printcolumn = r#"{"name":"Fingerprint","type":"string","jsonPath":".status.fingerprint"}"#,
    printcolumn = r#"{"name":"Used-By","type":"integer","jsonPath":".status.usedBy.resources"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct SealingKeySpec {
    /// The kind of key; it can't be changed.
    pub suite: KeySuite,
    /// The size of an RSA key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<i32>,
    /// What the key is still used for.
    pub state: KeyState,
}

/// The kind of a sealing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum KeySuite {
    /// Post-quantum: ML-KEM-768 and X25519 together.
    #[serde(rename = "MLKEM768-X25519")]
    MlKem768X25519,
    /// Classic age keys.
    X25519,
    /// The keys of Sealed Secrets.
    #[serde(rename = "RSA")]
    Rsa,
}

impl KeySuite {
    /// The suite of an age key; none for RSA.
    pub fn age(self) -> Option<Suite> {
        match self {
            Self::MlKem768X25519 => Some(Suite::MlKem768X25519),
            Self::X25519 => Some(Suite::X25519),
            Self::Rsa => None,
        }
    }
}

/// What a sealing key is still used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum KeyState {
    /// It may close and it opens.
    Active,
    /// It opens.
    OpenOnly,
    /// It neither closes nor opens, and may be deleted.
    Retired,
    /// Somebody else may have it: it neither closes nor opens, for good.
    Compromised,
}

impl KeyState {
    /// True for the states in which a key opens.
    pub fn opens(self) -> bool {
        matches!(self, Self::Active | Self::OpenOnly)
    }
}

/// What the controller knows of a sealing key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SealingKeyStatus {
    /// The generation that was last looked at; -1 before the controller has looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The age recipient to close for, or the PEM certificate of an RSA key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
    /// The fingerprint of the public key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// When it was made, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// Whether it is the one to close with: the newest `Active` key of its suite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<bool>,
    /// Which Secret holds the private half.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<KeySecretRef>,
    /// How much is closed for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_by: Option<KeyUse>,
    /// `Ready`, `Reconciling`, `Stalled`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}

/// The Secret that holds a private half, by uid: another Secret of the same name does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeySecretRef {
    /// Its name, in the controller's namespace.
    pub name: String,
    /// Its uid.
    pub uid: String,
}

/// How much is closed for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyUse {
    /// Resources with a data key closed for it; for an RSA key, SealedSecrets that it was seen to open.
    pub resources: i32,
    /// Values in them.
    pub values: i32,
}
