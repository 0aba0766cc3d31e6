//! Whether Sealed Secrets' own controller is still at work on the same keys.
//!
//! Both would write the same Secrets and make keys of their own. Its pods are known by the labels that its manifests and
//! its chart give them. Where its Deployment was given our image, pods of ours carry them too: those run the image that
//! this pod runs.

use serde::Deserialize;

use crate::kube::api::error::ApiError;
use crate::kube::api::rest::View;
use crate::kube::cluster::Cluster;

/// A pod of the other controller.
pub(super) struct Other {
    pub(super) name: String,
    pub(super) uid: String,
}

/// A pod of the other controller that is ready; nothing when there is none.
pub(super) async fn other_controller(cluster: &Cluster) -> Result<Option<Other>, ApiError> {
    let path = format!("/api/v1/namespaces/{}/pods", cluster.namespace);
    let own: Option<Pod> = {
        let path = format!("{path}/{}", own_name(cluster));
        match cluster.open.read(&path, View::Whole).await {
            Ok(pod) => Some(pod),
            Err(ApiError::NotFound) => None,
            Err(error) => return Err(error),
        }
    };
    for selector in THEIRS {
        let path = format!("{path}?labelSelector={selector}&limit={PODS_MAX}");
        let pods: Pods = cluster.open.read(&path, View::Whole).await?;
        let other = pods.items.into_iter().flatten().find(|pod| {
            let is_own = own.as_ref().is_some_and(|own| {
                own.metadata.name == pod.metadata.name || own.images() == pod.images()
            });
            pod.is_ready() && !is_own
        });
        if let Some(other) = other {
            let Named { name, uid } = other.metadata;
            return Ok(Some(Other { name, uid }));
        }
    }
    Ok(None)
}

/// The pod's name, without what tells two runs of it apart.
fn own_name(cluster: &Cluster) -> &str {
    let identity = &*cluster.identity;
    identity.rsplit_once('_').map_or(identity, |(name, _)| name)
}

#[derive(Deserialize)]
struct Pods {
    items: Option<Vec<Pod>>,
}

#[derive(Deserialize)]
struct Pod {
    metadata: Named,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    #[serde(default)]
    uid: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Spec {
    containers: Vec<Container>,
}

#[derive(Deserialize)]
struct Container {
    #[serde(default)]
    image: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Status {
    phase: String,
    conditions: Vec<Condition>,
}

#[derive(Deserialize)]
struct Condition {
    #[serde(rename = "type")]
    type_: String,
    status: String,
}

impl Pod {
    fn images(&self) -> Vec<&str> {
        let containers = self.spec.containers.iter();
        containers.map(|container| &*container.image).collect()
    }

    fn is_ready(&self) -> bool {
        let ended = ["Succeeded", "Failed"].contains(&&*self.status.phase);
        let mut conditions = self.status.conditions.iter();
        !ended
            && conditions.any(|condition| condition.type_ == "Ready" && condition.status == "True")
    }
}

/// By its own manifests, and by its chart.
const THEIRS: [&str; 2] = [
    "name%3Dsealed-secrets-controller",
    "app.kubernetes.io%2Fname%3Dsealed-secrets",
];
const PODS_MAX: u32 = 50;
