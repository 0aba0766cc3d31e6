//! A `SealingKey` as it is kept.

use bulla_core::api::{KeyState, KeySuite, SealingKeyStatus};
use serde::{Deserialize, Deserializer};

use super::{Meta, Mirrored};
use crate::kube::watch::Versioned;
use crate::kube::work::queue::Key;

/// A `SealingKey`.
#[derive(Debug, Clone)]
pub(crate) struct SeenSealingKey {
    pub(crate) meta: Meta,
    /// What people say of it; `None` when it can't be read.
    pub(crate) spec: Option<Spec>,
    pub(crate) status: SealingKeyStatus,
}

/// Its `spec`.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Spec {
    pub(crate) suite: KeySuite,
    pub(crate) state: KeyState,
    /// The size of an RSA key.
    #[serde(default)]
    pub(crate) bits: Option<i32>,
}

impl SeenSealingKey {
    /// Whether it is one of Sealed Secrets' keys.
    pub(crate) fn is_rsa(&self) -> bool {
        self.spec.is_some_and(|spec| spec.suite == KeySuite::Rsa)
    }
}

impl<'de> Deserialize<'de> for SeenSealingKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            metadata: Meta,
            #[serde(default)]
            spec: serde_json::Value,
            #[serde(default)]
            status: serde_json::Value,
        }
        let wire = Wire::deserialize(deserializer)?;
        Ok(Self {
            meta: wire.metadata,
            spec: serde_json::from_value(wire.spec).ok(),
            status: serde_json::from_value(wire.status).unwrap_or_default(),
        })
    }
}

impl Versioned for SeenSealingKey {
    fn version(&self) -> &str {
        &self.meta.resource_version
    }
}

impl Mirrored for SeenSealingKey {
    fn key(&self) -> Key {
        Key {
            namespace: "".into(),
            name: self.meta.name.clone(),
        }
    }
}
