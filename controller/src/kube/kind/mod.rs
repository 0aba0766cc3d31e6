//! The kinds of sealed resources: where they are on the API server, how their specs and statuses are written.
//!
//! Everything else of the controller is the same for all of them.

mod envelopes;
pub(super) mod restraint;
mod sealed_secrets;
mod sops_secrets;

use std::collections::BTreeMap;
use std::sync::Arc;

use bulla_core::names::KeyName;
use bulla_core::recipient::Fingerprint;
use bulla_core::sealed_secrets::{Label, SealedItem};
use serde::de::DeserializeOwned;
use serde_json::Value;

use self::restraint::Restraint;
use super::cluster::Cluster;
use super::mirror::{Annotations, Mirror, SeenResource};
use crate::engine::{Event, Request, RequestError, Status};

pub(crate) use envelopes::Envelopes;
pub(crate) use sealed_secrets::SealedSecrets;
pub(crate) use sops_secrets::SopsSecrets;

/// A kind of sealed resource.
pub(crate) trait Kind: Send + Sync + Sized + 'static {
    /// `apiVersion`.
    const API_VERSION: &'static str;
    /// `kind`.
    const KIND: &'static str;
    /// The plural, as paths have it.
    const COLLECTION: &'static str;
    /// Whether a resource is looked for by its uid, because its Secrets have other names.
    const BY_UID: bool = false;
    /// What [`Kind::whole`] makes of it.
    type Spec: DeserializeOwned;

    /// What is kept of a resource: its `spec`, and what stands beside that.
    fn whole(spec: Box<str>, sops: Option<&str>) -> Box<str> {
        let _ = sops;
        spec
    }

    /// What is known of them.
    fn mirror(cluster: &Cluster) -> &Arc<Mirror<SeenResource<Self>>>;

    /// For whom the values of this spec are closed, where it says so, and how many there are.
    fn count(spec: &str) -> (Box<[Fingerprint]>, u32);

    /// The annotations that say where values open.
    fn scope(annotations: &Annotations) -> BTreeMap<&'static str, Box<str>> {
        let _ = annotations;
        BTreeMap::new()
    }

    /// What flags ask to leave undone for resources of this kind.
    fn restraint(cluster: &Cluster) -> Option<&Restraint> {
        let _ = cluster;
        None
    }

    /// Reads `status`.
    fn read_status(wire: &str) -> Option<Status>;

    /// Writes `status`: every field by name, `null` where nothing belongs.
    fn write_status(status: &Status) -> Value;

    /// An Event in the words of the kind, where it has its own.
    fn event(event: &Event) -> Event {
        event.clone()
    }

    /// A value that no key opens where it is: the value, where it was found, and for where else it may have been sealed,
    /// the likeliest place first. Nothing where such a value says by itself for whom it is closed.
    fn suspect(seen: &SeenResource<Self>, value: &KeyName, cluster: &Cluster) -> Option<Suspect> {
        let _ = (seen, value, cluster);
        None
    }

    /// What the engine reconciles.
    ///
    /// # Errors
    /// [`RequestError`] when it has no identity.
    fn request(seen: &SeenResource<Self>) -> Result<Request, RequestError>;
}

/// A value that no key opens.
pub(crate) struct Suspect {
    pub(crate) item: SealedItem,
    pub(crate) found_in: Label,
    pub(crate) candidates: Vec<Label>,
}

/// The path of the collection within a namespace, or everywhere.
pub(super) fn collection<K: Kind>(namespace: Option<&str>) -> String {
    let (version, plural) = (K::API_VERSION, K::COLLECTION);
    match namespace {
        Some(namespace) => format!("/apis/{version}/namespaces/{namespace}/{plural}"),
        None => format!("/apis/{version}/{plural}"),
    }
}
