//! The one search: everything that may be read by somebody who may not read Secrets.

use bulla_core::api::{SealingKey, SecretEnvelope};
use bulla_tests::{Canary, Cluster, Controller, cluster::AuditEvent};
use k8s_openapi::api::{coordination::v1::Lease, core::v1, events::v1::Event};
use kube::{Api, Client, api::ListParams};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// A place, and what is written there.
pub(super) type Haystack = (&'static str, Vec<u8>);

/// Collects all that can be searched.
pub(super) async fn haystacks(cluster: &Cluster, controllers: &[&Controller]) -> Vec<Haystack> {
    let client = cluster.client().await;
    let logs = controllers
        .iter()
        .map(|controller| controller.log())
        .collect::<String>();
    let metrics: String = controllers
        .iter()
        .filter_map(|controller| controller.get("/metrics"))
        .map(|(_, text)| text)
        .collect();
    let audit = std::fs::read(cluster.audit_log()).expect("there is an audit log");
    vec![
        ("the logs", logs.into_bytes()),
        ("the metrics", metrics.into_bytes()),
        ("the audit log", audit),
        ("Events", all::<Event>(&client).await),
        ("Events of the core group", all::<v1::Event>(&client).await),
        (
            "envelopes and their status",
            all::<SecretEnvelope>(&client).await,
        ),
        (
            "sealing keys and their status",
            all::<SealingKey>(&client).await,
        ),
        ("Leases", all::<Lease>(&client).await),
        ("metadata of Secrets", secrets(&client).await),
    ]
}

/// Names the places where a canary is found.
pub(super) fn sightings(canary: &Canary, haystacks: &[Haystack]) -> Vec<&'static str> {
    let found = |(place, text): &Haystack| (!canary.find(text).is_empty()).then_some(*place);
    haystacks.iter().filter_map(found).collect()
}

/// Keeps of the audit log what a controller asked for, without the API server's answers: for secrets that somebody
/// wrote where they can be read, and that nobody is to repeat.
pub(super) fn requests(events: &[AuditEvent], controller: &Controller) -> Vec<u8> {
    let asked = events.iter().filter(|event| controller.asked(event));
    let lines = asked.map(|event| {
        let body = event
            .request_object
            .as_ref()
            .map_or_else(String::new, Value::to_string);
        format!("{} {}\n{body}\n", event.verb, event.request_uri)
    });
    lines.collect::<String>().into_bytes()
}

async fn all<K>(client: &Client) -> Vec<u8>
where
    K: kube::Resource<DynamicType = ()> + Clone + std::fmt::Debug + Serialize + DeserializeOwned,
{
    let objects = Api::<K>::all(client.clone())
        .list(&ListParams::default())
        .await;
    let objects = objects.expect("the objects can be listed").items;
    serde_json::to_vec_pretty(&objects).expect("objects are JSON")
}

/// What a reader of metadata sees of a Secret: an annotation can hold a value too.
async fn secrets(client: &Client) -> Vec<u8> {
    let secrets = Api::<v1::Secret>::all(client.clone())
        .list_metadata(&ListParams::default())
        .await;
    serde_json::to_vec_pretty(&secrets.expect("they can be listed").items)
        .expect("objects are JSON")
}
