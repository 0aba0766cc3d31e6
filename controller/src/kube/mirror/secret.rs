//! A live Secret as its metadata tells of it: name, uid, version. Never a value.

use serde::{Deserialize, Deserializer};

use super::{Meta, Mirrored};
use crate::kube::queue::Key;
use crate::kube::watch::Versioned;

/// What is kept of every Secret, ours or not. Whose it is stands in the Secret itself, which is read before any change.
#[derive(Debug, Clone)]
pub(crate) struct SeenSecret {
    pub(crate) namespace: Box<str>,
    pub(crate) name: Box<str>,
    pub(crate) uid: Box<str>,
    pub(crate) version: Box<str>,
}

impl From<Meta> for SeenSecret {
    fn from(meta: Meta) -> Self {
        Self {
            namespace: meta.namespace,
            name: meta.name,
            uid: meta.uid,
            version: meta.resource_version,
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
        Key {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }
}
