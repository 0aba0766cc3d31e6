//! A sealed resource as it is kept: its spec as one string, what is asked often beside it.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use bulla_core::api::{
    Condition, ConditionStatus, ObjectMeta, REQUESTED_AT_ANNOTATION, SUSPEND_ANNOTATION,
};
use bulla_core::recipient::Fingerprint;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{Meta, Mirrored};
use crate::engine::Status;
use crate::kube::kind::Kind;
use crate::kube::watch::Versioned;
use crate::kube::work::queue::Key;

/// A resource of kind `K` in memory: about as large as its JSON, where the typed form takes three times that.
pub(crate) struct SeenResource<K> {
    pub(crate) namespace: Box<str>,
    pub(crate) name: Box<str>,
    pub(crate) uid: Box<str>,
    pub(crate) version: Box<str>,
    pub(crate) generation: i64,
    pub(crate) deleting: bool,
    pub(crate) suspended: bool,
    pub(crate) requested_at: Option<Box<str>>,
    /// `app.kubernetes.io/instance`, for metrics.
    pub(crate) instance: Option<Box<str>>,
    /// The annotations by which the kind says where its values open; a change of them is a change of the resource.
    pub(crate) scope: BTreeMap<&'static str, Box<str>>,
    /// `spec`, as JSON. Whatever somebody wrote: it may hold plaintext, and is shown nowhere.
    spec: Box<str>,
    pub(crate) status: Status,
    /// For whom its values are closed, once each, where it says so.
    pub(crate) recipients: Box<[Fingerprint]>,
    /// How many values it has.
    pub(crate) values: u32,
    kind: PhantomData<K>,
}

impl<K: Kind> SeenResource<K> {
    /// Its namespace and name.
    pub(crate) fn key(&self) -> Key {
        Key {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }

    /// The same resource after a write of its status, to which the API server answered with `meta`.
    ///
    /// Nothing when somebody changed something else meanwhile: the answer has no spec, and the watch will tell.
    pub(crate) fn after_report(&self, meta: Meta, status: Status) -> Option<Self> {
        let same = meta.uid == self.uid
            && meta.generation == self.generation
            && meta.deletion_timestamp.is_some() == self.deleting
            && (meta.annotations.suspend.as_deref() == Some("true")) == self.suspended
            && meta.annotations.requested_at == self.requested_at
            && K::scope(&meta.annotations) == self.scope;
        same.then(|| Self {
            version: meta.resource_version,
            ..self.with_status(status)
        })
    }

    /// The same resource with a status that nobody has written.
    pub(crate) fn with_status(&self, status: Status) -> Self {
        Self {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            uid: self.uid.clone(),
            version: self.version.clone(),
            requested_at: self.requested_at.clone(),
            instance: self.instance.clone(),
            scope: self.scope.clone(),
            spec: self.spec.clone(),
            status,
            recipients: self.recipients.clone(),
            ..*self
        }
    }

    /// `metadata`, as far as the engine reads it.
    pub(crate) fn metadata(&self) -> ObjectMeta {
        let scope = self.scope.iter();
        let mut annotations: BTreeMap<String, String> = scope
            .map(|(name, value)| ((*name).to_owned(), value.to_string()))
            .collect();
        if self.suspended {
            annotations.insert(SUSPEND_ANNOTATION.to_owned(), "true".to_owned());
        }
        if let Some(requested_at) = &self.requested_at {
            annotations.insert(REQUESTED_AT_ANNOTATION.to_owned(), requested_at.to_string());
        }
        ObjectMeta {
            namespace: Some(self.namespace.to_string()),
            name: Some(self.name.to_string()),
            uid: Some(self.uid.to_string()),
            generation: Some(self.generation),
            annotations: Some(annotations),
            ..ObjectMeta::default()
        }
    }

    /// `spec`, unless it has another shape than the kind's, as after a downgrade of the definition.
    pub(crate) fn spec(&self) -> Option<K::Spec> {
        serde_json::from_str(&self.spec).ok()
    }

    /// The reason of the `Ready` condition, and whether it is true.
    pub(crate) fn ready(&self) -> (bool, &str) {
        self.ready_condition().map_or((false, "Unknown"), |ready| {
            (ready.status == ConditionStatus::True, &ready.reason)
        })
    }

    /// The status of the `Ready` condition, once there is one.
    pub(crate) fn ready_status(&self) -> Option<ConditionStatus> {
        Some(self.ready_condition()?.status)
    }

    fn ready_condition(&self) -> Option<&Condition> {
        let mut conditions = self.status.conditions.iter();
        conditions.find(|condition| condition.type_ == "Ready")
    }
}

/// Parsed without a tree in between: thousands come at once when the controller starts.
impl<'de, K: Kind> Deserialize<'de> for SeenResource<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            metadata: Meta,
            #[serde(default)]
            spec: Option<Box<RawValue>>,
            #[serde(default)]
            sops: Option<Box<RawValue>>,
            #[serde(default)]
            status: Option<Box<RawValue>>,
        }
        let wire = Wire::deserialize(deserializer)?;
        let meta = wire.metadata;
        let spec = wire.spec.map_or("null".into(), Box::<str>::from);
        let spec = K::whole(spec, wire.sops.as_deref().map(RawValue::get));
        let (recipients, values) = K::count(&spec);
        // A status that can't be read is one that nobody has written yet.
        let status = wire.status.and_then(|status| K::read_status(status.get()));
        Ok(Self {
            recipients,
            values,
            spec,
            status: status.unwrap_or_default(),
            suspended: meta.annotations.suspend.as_deref() == Some("true"),
            scope: K::scope(&meta.annotations),
            requested_at: meta.annotations.requested_at,
            instance: meta.labels.instance,
            namespace: meta.namespace,
            name: meta.name,
            uid: meta.uid,
            version: meta.resource_version,
            generation: meta.generation,
            deleting: meta.deletion_timestamp.is_some(),
            kind: PhantomData,
        })
    }
}

impl<K: Kind> Versioned for SeenResource<K> {
    fn version(&self) -> &str {
        &self.version
    }
}

impl<K: Kind> Mirrored for SeenResource<K> {
    fn key(&self) -> Key {
        Self::key(self)
    }

    fn is_report_on(&self, older: &Self) -> bool {
        self.uid == older.uid
            && self.generation == older.generation
            && self.deleting == older.deleting
            && self.suspended == older.suspended
            && self.requested_at == older.requested_at
            && self.scope == older.scope
    }

    fn mark(&self) -> Option<&str> {
        K::BY_UID.then_some(&self.uid)
    }
}

/// For the watch, which hands objects on by value.
impl<K> Clone for SeenResource<K> {
    fn clone(&self) -> Self {
        Self {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            uid: self.uid.clone(),
            version: self.version.clone(),
            requested_at: self.requested_at.clone(),
            instance: self.instance.clone(),
            scope: self.scope.clone(),
            spec: self.spec.clone(),
            status: self.status.clone(),
            recipients: self.recipients.clone(),
            ..*self
        }
    }
}

/// Shows which one it is, and nothing of its spec.
impl<K> fmt::Debug for SeenResource<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeenResource")
            .field("namespace", &self.namespace)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
