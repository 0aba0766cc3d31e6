//! A live Secret as its metadata tells of it: name, uid, version, owner. Never a value.

use serde::{Deserialize, Deserializer};

use super::{Meta, Mirrored, Owner};
use crate::kube::queue::Key;
use crate::kube::watch::Versioned;

/// What is kept of every Secret, ours or not.
#[derive(Debug, Clone)]
pub(crate) struct SeenSecret {
    pub(crate) namespace: Box<str>,
    pub(crate) name: Box<str>,
    pub(crate) uid: Box<str>,
    pub(crate) version: Box<str>,
    /// The owner reference with `controller: true`.
    pub(crate) owner: Option<Box<Owner>>,
    /// Which resource may take the Secret over.
    pub(crate) adopt: Option<Box<str>>,
    /// It is on its way out, and waits for a finalizer.
    pub(crate) deleting: bool,
}

impl From<Meta> for SeenSecret {
    fn from(meta: Meta) -> Self {
        let owner = meta.controller().cloned().map(Box::new);
        Self {
            owner,
            namespace: meta.namespace,
            name: meta.name,
            uid: meta.uid,
            version: meta.resource_version,
            adopt: meta.annotations.adopt,
            deleting: meta.deletion_timestamp.is_some(),
        }
    }
}

impl<'de> Deserialize<'de> for SeenSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            metadata: Meta,
        }
        Wire::deserialize(deserializer).map(|wire| wire.metadata.into())
    }
}

impl Versioned for SeenSecret {
    fn version(&self) -> &str {
        &self.version
    }
}

impl Mirrored for SeenSecret {
    fn key(&self) -> Key {
        Key { namespace: self.namespace.clone(), name: self.name.clone() }
    }
}
