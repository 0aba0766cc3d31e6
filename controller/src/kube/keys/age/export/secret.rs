//! The exported Secret: what it should hold, and what it is on the API server.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_core::api::{API_VERSION, SEALING_KEY};
use bulla_core::recipient::{Fingerprint, identity_file_text};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;
use zeroize::Zeroizing;

use crate::engine::rfc3339;
use crate::kube::cluster::Cluster;
use crate::kube::keys::age::found::Found;

/// uid and resourceVersion.
pub(super) type Version = (Box<str>, Box<str>);

/// What the Secret should hold.
pub(super) struct Wanted {
    /// The `SealingKey`s.
    pub(super) names: Vec<Box<str>>,
    pub(super) fingerprints: Vec<Fingerprint>,
    pub(super) owners: Vec<serde_json::Value>,
    /// Identity files by the names that Flux looks for, in base64.
    pub(super) data: BTreeMap<Box<str>, Encoded>,
}

impl Wanted {
    /// Of all keys that open; a key that is retired or compromised is not among them.
    pub(super) fn of(found: &[Found]) -> Self {
        let mut wanted = Self {
            names: Vec::new(),
            fingerprints: Vec::new(),
            owners: Vec::new(),
            data: BTreeMap::new(),
        };
        for found in found {
            let Some(bound) = found.opens() else {
                continue;
            };
            let meta = &found.key.meta;
            // Into the Secret that the operator named: that is what the flag asks for.
            let text = identity_file_text(&bound.identity, &rfc3339(bound.not_before));
            let entry = format!("{}.{AGE_KEY}", meta.name).into();
            wanted.data.insert(entry, Encoded::of(text.as_bytes()));
            wanted.names.push(meta.name.clone());
            wanted.fingerprints.push(bound.identity.fingerprint());
            wanted.owners.push(json!({
                "apiVersion": API_VERSION, "kind": SEALING_KEY, "name": &*meta.name, "uid": &*meta.uid,
            }));
        }
        wanted
    }

    pub(super) fn is(&self, live: &Live) -> bool {
        let owners = &live.metadata.owner_references;
        let wanted = |uid: &serde_json::Value| owners.iter().any(|owner| *uid == *owner.uid);
        let labels = labels();
        let labelled = |(name, value): (&&str, &&str)| {
            let live = live.metadata.labels.get(*name);
            live.is_some_and(|live| **live == **value)
        };
        self.data == live.data
            && self.owners.iter().all(|owner| wanted(&owner["uid"]))
            && (self.owners.is_empty() || self.owners.len() == owners.len())
            && labels.iter().all(labelled)
            && live.metadata.annotations.is_empty()
    }
}

/// By the last one Flux looks again as soon as the keys have changed.
pub(super) fn labels() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        ("app.kubernetes.io/managed-by", "bulla"),
        ("app.kubernetes.io/part-of", "bulla"),
        ("reconcile.fluxcd.io/watch", "Enabled"),
    ])
}

/// The Secret on the API server. Its `Debug` is not there on purpose.
#[derive(Deserialize)]
pub(super) struct Live {
    pub(super) metadata: LiveMeta,
    /// Absent where metadata alone was read.
    #[serde(default, rename = "type")]
    secret_type: Option<Box<str>>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) data: BTreeMap<Box<str>, Encoded>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct LiveMeta {
    pub(super) uid: Box<str>,
    pub(super) resource_version: Box<str>,
    #[serde(deserialize_with = "nullable")]
    labels: BTreeMap<Box<str>, Box<str>>,
    #[serde(deserialize_with = "nullable")]
    pub(super) annotations: BTreeMap<Box<str>, IgnoredAny>,
    #[serde(deserialize_with = "nullable")]
    owner_references: Vec<Owner>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Owner {
    api_version: Box<str>,
    kind: Box<str>,
    uid: Box<str>,
    #[serde(default)]
    controller: Option<bool>,
}

impl Live {
    pub(super) fn version(&self) -> Version {
        let meta = &self.metadata;
        (meta.uid.clone(), meta.resource_version.clone())
    }

    /// True when one of the cluster's `SealingKey`s owns it, whatever its state, and nothing speaks against it.
    ///
    /// An owner reference can be written by whoever writes Secrets there, so that it alone is a weak sign: one that a
    /// controller keeps, or that has a type, is somebody else's, and would be read by somebody else.
    pub(super) fn is_owned(&self, cluster: &Cluster) -> bool {
        let keys = cluster.sealing_keys.all();
        let mut owners = self.metadata.owner_references.iter();
        if owners.any(|owner| owner.controller == Some(true)) {
            return false;
        }
        if self.secret_type.as_deref().unwrap_or(OPAQUE) != OPAQUE {
            return false;
        }
        self.metadata.owner_references.iter().any(|owner| {
            &*owner.api_version == API_VERSION
                && &*owner.kind == SEALING_KEY
                && keys.iter().any(|key| key.meta.uid == owner.uid)
        })
    }
}

/// `null` where the default belongs.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// A Secret as it is made, or what changes of one: `null` takes an entry away.
#[derive(Serialize)]
pub(super) struct SecretBody<'a> {
    pub(super) metadata: serde_json::Value,
    pub(super) data: BTreeMap<&'a str, Option<&'a str>>,
}

/// The text of an entry, in base64.
#[derive(PartialEq, Eq)]
pub(super) struct Encoded(Zeroizing<String>);

impl Encoded {
    fn of(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(STANDARD.encode(bytes)))
    }

    /// For the body of the write into the Secret, and nowhere else.
    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Encoded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

const AGE_KEY: &str = "agekey";
const OPAQUE: &str = "Opaque";
