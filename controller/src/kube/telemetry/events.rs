//! Events (events.k8s.io/v1), for people: what has become of a resource, on transitions only.

use serde::de::IgnoredAny;
use serde_json::json;

use crate::engine::Event;
use crate::kube::api::error::ApiError;
use crate::kube::api::rest::{View, Write, body};
use crate::kube::cluster::Cluster;

/// The resource of ours that an Event is about.
pub(crate) struct Regarding<'a> {
    pub(crate) api_version: &'static str,
    pub(crate) kind: &'static str,
    /// Nothing for a resource of the whole cluster.
    pub(crate) namespace: Option<&'a str>,
    pub(crate) name: &'a str,
    pub(crate) uid: &'a str,
}

/// Writes one. The caller counts a failure, and goes on: an Event may be lost.
///
/// # Errors
/// The API server's.
pub(crate) async fn write_event(
    cluster: &Cluster,
    regarding: &Regarding<'_>,
    event: &Event,
) -> Result<(), ApiError> {
    let mut suffix = [0; 8];
    // Without randomness the name may be taken; then there is one Event less.
    let _ = getrandom::getrandom(&mut suffix);
    let stem: String = regarding.name.chars().take(STEM_MAX).collect();
    // The API server keeps Events about resources without a namespace in this one, and takes them in no other.
    let namespace = regarding.namespace.unwrap_or("default");
    let object = json!({
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {
            "namespace": namespace,
            "name": format!("{stem}.{:016x}", u64::from_le_bytes(suffix)),
        },
        "eventTime": format!("{:.6}", jiff::Timestamp::now()),
        "type": event.kind.as_str(),
        "reason": event.reason,
        "action": event.action,
        "note": event.note,
        "reportingController": REPORTING_CONTROLLER,
        "reportingInstance": cluster.identity,
        "regarding": {
            "apiVersion": regarding.api_version,
            "kind": regarding.kind,
            "namespace": regarding.namespace,
            "name": regarding.name,
            "uid": regarding.uid,
        },
    });
    let path = format!("/apis/events.k8s.io/v1/namespaces/{namespace}/events");
    let fenced = &cluster.fenced;
    let create = Write::Create(body(&object)?);
    let _: IgnoredAny = fenced
        .write(fenced.lease()?, &path, create, View::Metadata)
        .await?;
    Ok(())
}

const REPORTING_CONTROLLER: &str = "bulla.dev/controller";
/// A name has at most 253 characters, and the suffix takes 17.
const STEM_MAX: usize = 236;
