//! A live Secret as its metadata tells of it: name, uid, version, whose it is. Never a value.

use bulla_core::api::SOPS_SECRET;
use serde::{Deserialize, Deserializer};

use super::meta::OwnerReference;
use super::{Meta, Mirrored};
use crate::kube::watch::Versioned;
use crate::kube::work::queue::Key;

/// What is kept of every Secret, ours or not. Whose it is stands in the Secret itself, which is read before any change.
#[derive(Debug, Clone)]
pub(crate) struct SeenSecret {
    pub(crate) namespace: Box<str>,
    pub(crate) name: Box<str>,
    pub(crate) uid: Box<str>,
    pub(crate) version: Box<str>,
    owner: Owner,
}

/// The uid of the resource that has several Secrets, of which this is one; found by it when the resource is looked at.
#[derive(Debug, Clone)]
enum Owner {
    Nobody,
    Controls(Box<str>),
    Adopted(Box<str>),
}

impl SeenSecret {
    /// It stays when its resource no longer names it.
    pub(crate) fn is_adopted(&self) -> bool {
        matches!(self.owner, Owner::Adopted(_))
    }
}

impl From<Meta> for SeenSecret {
    fn from(meta: Meta) -> Self {
        Self {
            namespace: meta.namespace,
            name: meta.name,
            uid: meta.uid,
            version: meta.resource_version,
            owner: Owner::of(meta.owner_references, meta.annotations.adopted_by),
        }
    }
}

impl Owner {
    fn of(references: Vec<OwnerReference>, adopted_by: Option<Box<str>>) -> Self {
        let controller = references
            .into_iter()
            .find(|it| it.controller == Some(true));
        match (controller, adopted_by) {
            // Every other kind of resource finds its Secret by its own name.
            (Some(controller), _) if &*controller.kind == SOPS_SECRET => {
                Self::Controls(controller.uid)
            }
            (None, Some(uid)) => Self::Adopted(uid),
            _ => Self::Nobody,
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

    fn mark(&self) -> Option<&str> {
        match &self.owner {
            Owner::Nobody => None,
            Owner::Controls(uid) | Owner::Adopted(uid) => Some(uid),
        }
    }
}
